package store_test

import (
	"fmt"
	"testing"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// BenchmarkCommit applies 64 submissions of a village per proposal at a hub.
func BenchmarkCommit(b *testing.B) {
	c := storetest.NewCounty(b)
	village := c.Village(here)
	clerk := storetest.NewClerk(village.Store)
	hub := c.Hub()
	const batch = 64
	var proposals [][][]byte
	seq := 0
	for range b.N {
		var raws [][]byte
		for range batch {
			seq++
			e, err := clerk.Entry(ledger.IDFromKey("bench", "", fmt.Sprint(seq)), welfare, uint64(seq), seq)
			must(b, err)
			raws = append(raws, village.Raw(e))
		}
		proposals = append(proposals, raws)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, raws := range proposals {
		results, err := hub.Commit(ctx, []store.Proposal{{RaftIndex: hub.Applied() + 1, At: c.Clock.UnixMilli(), Entries: raws}})
		must(b, err)
		if results[0][0].Outcome != ledger.Applied {
			b.Fatalf("%+v", results[0][0])
		}
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/entry")
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
