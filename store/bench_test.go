package store_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/statistics"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// BenchmarkCommit applies a village's submissions at a hub, so many a proposal.
func BenchmarkCommit(b *testing.B) {
	for _, batch := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) { benchmarkCommit(b, batch) })
	}
}

func benchmarkCommit(b *testing.B, batch int) {
	c := storetest.NewCounty(b)
	village := c.Village(here)
	clerk := storetest.NewClerk(village.Store)
	hub := c.Hub()
	var proposals [][][]byte
	for seq := 1; seq <= b.N; {
		var raws [][]byte
		for ; len(raws) < batch && seq <= b.N; seq++ {
			e, err := clerk.Entry(ledger.IDFromKey("bench", "", fmt.Sprint(seq)), welfare, uint64(seq), seq)
			must(b, err)
			raws = append(raws, village.Raw(e))
		}
		proposals = append(proposals, raws)
	}
	b.ReportAllocs()
	b.ResetTimer()
	spent := processorTime()
	for _, raws := range proposals {
		results, err := hub.Commit(ctx, []store.Proposal{{RaftIndex: hub.Applied() + 1, At: c.Clock.UnixMilli(), Entries: raws}})
		must(b, err)
		if results[0][0].Outcome != ledger.Applied {
			b.Fatalf("%+v", results[0][0])
		}
	}
	b.ReportMetric(float64((processorTime()-spent).Microseconds())/float64(b.N), "CPU-µs/op")
}

// processorTime is what this process has used, which says more than the clock on
// a machine that does other things too.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecord hands in cases at a village one after the other, each on
// disk before the next.
func BenchmarkRecord(b *testing.B) {
	c := storetest.NewCounty(b)
	village := c.Village(here)
	village.Actor(identity.VillageWorker)
	clerk := storetest.NewClerk(village.Store)
	b.ResetTimer()
	for i := range b.N {
		_, err := village.Record(ctx, clerk.Draft(ledger.IDFromKey("bench", "", fmt.Sprint(i)), welfare))
		must(b, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkFollow applies confirmations at a village.
func BenchmarkFollow(b *testing.B) {
	c := storetest.NewCounty(b)
	village := c.Village(here)
	clerk := storetest.NewClerk(village.Store)
	for i := range b.N {
		_, err := village.Record(ctx, clerk.Draft(ledger.IDFromKey("bench", "", fmt.Sprint(i)), welfare))
		must(b, err)
	}
	for range b.N/1000 + 1 {
		village.Push(c.Hub())
	}
	b.ResetTimer()
	village.Pull(c.Hub())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkPassOn has a township take what a village sends, and then what the
// county says of it.
func BenchmarkPassOn(b *testing.B) {
	c := storetest.NewCounty(b)
	township, village := c.Township(division.Code(here).Township()), c.Village(here)
	clerk := storetest.NewClerk(village.Store)
	township.Pull(c.Hub())
	var batches [][]ledger.Entry
	for seq := 1; seq <= b.N; {
		var some []ledger.Entry
		for ; len(some) < 512 && seq <= b.N; seq++ {
			e, err := clerk.Entry(ledger.IDFromKey("bench", "", fmt.Sprint(seq)), welfare, uint64(seq), seq)
			must(b, err)
			must(b, e.Sign(village.Key))
			some = append(some, e)
		}
		batches = append(batches, some)
	}
	b.ResetTimer()
	spent := processorTime()
	for _, some := range batches {
		results, err := township.Receive(ctx, some)
		must(b, err)
		if results[0].Outcome != ledger.Applied {
			b.Fatalf("%+v", results[0])
		}
	}
	b.ReportMetric(float64((processorTime()-spent).Microseconds())/float64(b.N), "CPU-µs/taken")
	b.StopTimer()
	for range b.N/1000 + 1 {
		township.Push(c.Hub())
	}
	b.StartTimer()
	spent = processorTime()
	township.Pull(c.Hub())
	b.ReportMetric(float64((processorTime()-spent).Microseconds())/float64(b.N), "CPU-µs/confirmed")
}

// BenchmarkStatistics asks for pages over the counts of a million cases: 226
// items at 216 offices over two years.
func BenchmarkStatistics(b *testing.B) {
	c := storetest.NewCounty(b)
	hub := c.Hub()
	random := rand.New(rand.NewPCG(1, 1))
	offices := []string{string(storetest.Code)}
	for i := range 15 {
		offices = append(offices, fmt.Sprintf("330523%03d", 100+i))
		for j := range 13 {
			offices = append(offices, fmt.Sprintf("330523%03d%03d", 100+i, 200+j))
		}
	}
	const cases, batch = 1_000_000, 50_000
	for range cases / batch {
		var shares []statistics.Share
		for range batch {
			days := int64(random.IntN(20))
			item := random.IntN(226)
			k := statistics.Key{Month: fmt.Sprintf("%d-%02d", 2025+random.IntN(2), 1+random.IntN(12)), Division: division.Code(offices[random.IntN(len(offices))]),
				Item: fmt.Sprintf("TB-%03d", item), Department: fmt.Sprintf("部门%02d", item%30), Channel: statistics.Desk}
			shares = append(shares, statistics.Share{Key: k, Cell: statistics.Cell{Counts: statistics.Counts{HandedIn: 1, TakenUp: 1, Granted: 1, OnTime: 1, Timed: 1, Days: days},
				Took: statistics.Histogram{{Days: days, Cases: 1}}}})
		}
		must(b, store.CountShares(ctx, hub.Store, shares))
	}
	for _, q := range []struct {
		name string
		f    store.StatisticsFilter
	}{
		{"all", store.StatisticsFilter{}},
		{"items", store.StatisticsFilter{By: store.ByItem}},
		{"divisions", store.StatisticsFilter{By: store.ByDivision}},
		{"months", store.StatisticsFilter{By: store.ByMonth}},
		{"department", store.StatisticsFilter{By: store.ByItem, Department: "部门07"}},
		{"department by division", store.StatisticsFilter{By: store.ByDivision, Department: "部门07"}},
		{"township by item", store.StatisticsFilter{By: store.ByItem, Within: "330523107"}},
		{"item by division", store.StatisticsFilter{By: store.ByDivision, Item: "TB-007"}},
		{"hub by department", store.StatisticsFilter{By: store.ByDepartment, At: storetest.Code}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if rows, err := hub.Statistics(ctx, q.f); err != nil || len(rows) == 0 {
					b.Fatalf("%d rows, %v", len(rows), err)
				}
			}
		})
	}
}
