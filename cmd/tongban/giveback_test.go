package main

import "testing"

// Memory is given back once a burst is over, not while it lasts, and not again
// for what a quiet node allocates.
func TestGivesBackAfterABurst(t *testing.T) {
	var g garbage
	now := uint64(0)
	for i, row := range []struct {
		allocated uint64
		want      bool
	}{
		{1 << 20, false},  // quiet from the start
		{64 << 20, false}, // a login is under way
		{0, true},         // it is over
		{0, false},
		{3 << 20, false}, // heartbeats
		{20 << 20, false},
		{30 << 20, false}, // a queue drains
		{1 << 20, true},
	} {
		now += row.allocated
		got := g.over(now)
		if got {
			g.freed(now)
		}
		if got != row.want {
			t.Errorf("look %d: %v, want %v", i, got, row.want)
		}
	}
}

func TestAllocated(t *testing.T) {
	before := allocated()
	kept = make([]byte, 1<<20)
	if after := allocated(); before == 0 || after-before < 1<<20 {
		t.Errorf("%d, then %d", before, after)
	}
}

var kept []byte
