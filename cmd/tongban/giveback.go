package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store/nativeheap"
)

// When memory is given back to the system. The runtime would do so by itself,
// minutes later and not all of it; a village's machine has other work.
const (
	// settled is how long after its start a node has read what it reads once:
	// its settings, the API's document, its keys.
	settled = 2 * time.Second
	// lookEvery is how often it is looked for the end of a burst: a login,
	// whose hash takes 64 MB, the first synchronisation, a queue that drains.
	lookEvery = 5 * time.Second
	// burst is what has to have been allocated since the last time to be worth
	// it, quiet what may be between two looks when a burst is over.
	burst = 16 << 20
	quiet = 4 << 20
)

// collecting has a node collect its garbage as its place asks for. A village's
// machine is small and the node does little, so that collecting early costs
// nothing and its heap stays half as large. A hub works for the whole county on
// a server, and what lives in its heap is small beside what passes through it.
// What the operator says in GOGC stands.
func collecting(t node.Tier) {
	if t == node.Village {
		nativeheap.Few()
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	switch t {
	case node.Village:
		debug.SetGCPercent(50)
	case node.County:
		debug.SetGCPercent(300)
	}
}

// freeMemory returns what nobody uses, of Go's heap and of the C library's.
func freeMemory() {
	debug.FreeOSMemory()
	nativeheap.GiveBack()
}

// giveBack returns the memory that a burst of work took and running does not
// need, until ctx ends.
func giveBack(ctx context.Context) {
	first := time.NewTimer(settled)
	defer first.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var g garbage
	for {
		select {
		case <-ctx.Done():
			return
		case <-first.C:
			freeMemory()
			g.freed(allocated())
		case <-look.C:
			if now := allocated(); g.over(now) {
				freeMemory()
				g.freed(now)
			}
		}
	}
}

// garbage follows how much has been allocated, in bytes since the start.
type garbage struct{ atFree, atLook uint64 }

// over tells whether a burst has come to its end.
func (g *garbage) over(now uint64) bool {
	since := now - g.atLook
	g.atLook = now
	return since < quiet && now-g.atFree >= burst
}

func (g *garbage) freed(at uint64) { g.atFree = at }

// allocated is what has been allocated on the heap since the start.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
