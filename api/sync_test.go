package api

import (
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
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

// TestLineIsWhatItIs: a line that was never tried in vain is no broken one, and one that
// hangs is none that is up.
func TestLineIsWhatItIs(t *testing.T) {
	for _, c := range []struct {
		name   string
		report federation.Report
		want   gen.Line
	}{
		{"just enrolled", federation.Report{Tier: node.Village}, gen.Line{State: gen.LineConnecting}},
		{"enrolled, and nothing above answers", federation.Report{Tier: node.Village, ProblemCode: "unreachable"}, gen.Line{State: gen.LineDown}},
		{"heard", federation.Report{Tier: node.Village, LineUp: true, LineSince: 5, LastContact: 9}, gen.Line{State: gen.LineUp, SinceMs: 5}},
		{"cut", federation.Report{Tier: node.Village, LineSince: 9, LastContact: 9}, gen.Line{State: gen.LineDown, SinceMs: 9}},
		{"hangs", federation.Report{Tier: node.Township, LineSince: 9, LastContact: 9, UnansweredMS: 6000, ProblemCode: "upstream_unanswered"}, gen.Line{State: gen.LineDown, SinceMs: 9, UnansweredMs: 6000}},
		{"a hub that starts", federation.Report{Tier: node.County}, gen.Line{State: gen.LineDown}},
	} {
		if got := lineOf(c.report); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
