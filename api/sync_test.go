package api

import (
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
)

// TestSilentLag: a node that is not heard any more is not said to be up to date
// because it was when it last spoke.
func TestSilentLag(t *testing.T) {
	now := time.UnixMilli(10_000_000)
	for _, c := range []struct {
		name        string
		state       gen.SyncState
		entries, ms int64
	}{
		{"nothing came since", gen.SyncState{Tier: "village", Head: 40, Cursor: 40, LastContactMs: 9_000_000}, 0, 0},
		{"it was up to date", gen.SyncState{Tier: "village", Head: 50, Cursor: 40, LastContactMs: 9_000_000}, 10, 1_000_000},
		{"it was behind", gen.SyncState{Tier: "township", Head: 50, Cursor: 40, LagEntries: 5, LagMs: 500, LastContactMs: 9_000_000}, 10, 1_000_500},
		{"it never spoke", gen.SyncState{Tier: "village", Head: 50}, 50, 0},
		{"a hub has another measure", gen.SyncState{Tier: "county", Head: 50, Cursor: 40, LastContactMs: 9_000_000}, 0, 0},
	} {
		silentLag(&c.state, now)
		if c.state.LagEntries != c.entries || c.state.LagMs != c.ms {
			t.Errorf("%s: %d entries, %d ms", c.name, c.state.LagEntries, c.state.LagMs)
		}
	}
}
