package feed

import (
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A refused entry is seen by the same nodes whether it is served from memory
// or from the database: where it came from and above, below there only what
// was meant for it, and nowhere else whatever scope it claims.
func TestRefusedEntries(t *testing.T) {
	const town, mine, other = division.Code("330523110"), division.Code("330523110200"), division.Code("330523110201")
	c := storetest.NewCounty(t)
	village, township := c.Village(mine), c.Township(town)
	opened := village.Submit("TB-MZJ-004")
	c.Settle()
	recent := &tail{st: c.Hub().Store}
	if _, err := recent.now(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := mustHead(t, c.Hub().Store)
	remark := func(n *storetest.Node, seq uint64, role identity.Role, scope division.Code) string {
		e := n.Entry(seq, n.Actor(role), &ledger.CaseCommentV1{Text: "越权"}, storetest.About{Case: opened.ID, Scope: scope})
		if r := n.County.Propose(n.Raw(e)); r[0].Outcome != ledger.Refused {
			t.Fatalf("a remark of %s for %s: %s", n.ID(), scope, storetest.Codes(r))
		}
		return e.ID
	}
	seen := map[string][]division.Code{
		remark(village, 2, identity.VillageWorker, other):     {town, mine},
		remark(village, 3, identity.VillageWorker, ""):        {town, mine},
		remark(village, 4, identity.VillageWorker, town):      {town, mine},
		remark(township, 1, identity.TownshipClerk, other):    {town, other},
		remark(township, 2, identity.TownshipClerk, "330523"): {town},
	}
	for _, at := range []division.Code{town, mine, other, "330523111"} {
		f := store.Follower{Node: "follower", Division: at}
		fromDatabase, err := c.Hub().Feed(t.Context(), f, before, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, line := range fromDatabase.Lines {
			var l store.FeedLine
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			got[l.Entry.ID] = true
		}
		v, err := recent.now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fromMemory := map[string]bool{}
		for _, r := range v.recs {
			if r.head.Index > before && r.visible(at) {
				fromMemory[r.id] = true
			}
		}
		for id, who := range seen {
			want := false
			for _, d := range who {
				want = want || d == at
			}
			if got[id] != want || fromMemory[id] != want {
				t.Errorf("entry for %v at %s: from the database %v, from memory %v", who, at, got[id], fromMemory[id])
			}
		}
	}
}
