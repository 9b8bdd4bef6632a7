package feed

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store"
)

func villageNumber(i int) store.Follower {
	return store.Follower{Node: fmt.Sprintf("n-%d", i), Division: division.Code(fmt.Sprintf("330523%03d%03d", 100+i/100, 200+i%100))}
}

func heap() (inUse, stacks uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse, m.StackInuse
}

// What one idle follower costs a hub: heap and stacks of both ends in this
// process, over plain HTTP/1.1, and of the server's part alone.
func BenchmarkIdleFollowers(b *testing.B) {
	for b.Loop() {
		r := newRealm(b)
		s, url := serve(b, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: time.Hour})
		head := mustHead(b, r.Hub().Store)
		const many = 1000
		clients := make([]*bareClient, many)
		h0, s0 := heap()
		for i := range clients {
			clients[i] = dialBare(b, url, villageNumber(i), head)
		}
		eventually(b, "all to be there", func() bool { return s.Stats().Followers == many })
		h1, s1 := heap()
		b.ReportMetric(float64(h1-h0+s1-s0)/many, "B/follower")
		b.ReportMetric(float64(s1-s0)/many, "stackB/follower")
		for _, c := range clients {
			c.conn.Close()
		}
		s.Close()
	}
}

// How soon a change of the catalog is at five hundred followers, and what
// each of them costs on the wire.
func BenchmarkFanOut(b *testing.B) {
	const many = 500
	r := newRealm(b)
	s, url := serve(b, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: time.Hour})
	at := mustHead(b, r.Hub().Store)
	clients := make([]*bareClient, many)
	for i := range clients {
		clients[i] = dialBare(b, url, villageNumber(i), at)
		clients[i].readBlocks(b, 1)
	}
	var latencies []time.Duration
	var mu sync.Mutex
	edition, wire, packed, began := 2, 0, 0, s.Stats().BytesOut
	item := r.Item("TB-MZJ-004")
	for b.Loop() {
		var wg sync.WaitGroup
		before := s.Stats()
		var published time.Time
		got := make([]time.Time, many)
		for i, c := range clients {
			wg.Add(1)
			go func() {
				defer wg.Done()
				n := 0
				got[i], n = c.readPage(b)
				mu.Lock()
				wire += n
				mu.Unlock()
			}()
		}
		published = time.Now()
		r.ApproveItem(item, edition) // one entry that everybody sees, with the whole item
		edition++
		wg.Wait()
		for _, at := range got {
			latencies = append(latencies, at.Sub(published))
		}
		if made := s.Stats().Compressions - before.Compressions; made != 1 {
			b.Fatalf("%d compressions", made)
		}
		packed = len(s.cache.order.Front().Value.(*frame).data)
		for _, c := range clients {
			c.readBlocks(b, 1) // the heartbeat after it
		}
	}
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(wire)/float64(len(latencies)), "pageB/follower")
	b.ReportMetric(float64(packed), "frameB")
	b.ReportMetric(float64(s.Stats().BytesOut-began)/float64(len(latencies)), "allB/follower")
}

// Packing and opening a full page, as a follower far behind gets it.
func BenchmarkPage(b *testing.B) {
	r := newRealm(b)
	page, err := r.Hub().Feed(b.Context(), villageNumber(1), 0, 256<<10)
	if err != nil {
		b.Fatal(err)
	}
	frame, size := packLines(page.Lines)
	payload := bytes.Join([][]byte{mustJSON(pageHeader{UpTo: page.UpTo, Head: page.Head, Lines: len(page.Lines), Size: size}), frame}, []byte("\n"))
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			packLines(page.Lines)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportMetric(float64(len(payload)), "B")
		for b.Loop() {
			if _, _, err := openPage(payload, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}
