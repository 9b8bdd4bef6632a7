package store_test

import (
	"testing"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A view made at a village is read at the county, by place, case and person,
// page by page; one that the county refuses is not forgotten.
//
// Rules: 9.13.
func TestReveals(t *testing.T) {
	c := storetest.NewCounty(t)
	village, other := c.Village(here), c.Village(next)
	mine, theirs := village.Submit(birth), other.Submit(birth)
	look := func(n *storetest.Node, id, what string) {
		t.Helper()
		n.MustDo(n.Actor(identity.VillageWorker), &ledger.CaseRevealV1{What: []string{what}, Why: "核对"}, storetest.About{Case: id, Scope: n.Division()})
	}
	look(village, mine.ID, ledger.RevealCase)
	look(village, mine.ID, ledger.RevealTimeline)
	look(other, theirs.ID, ledger.RevealCase)
	c.Settle()
	count := func(f store.RevealFilter) int {
		t.Helper()
		list, err := c.Hub().Reveals(ctx, f)
		must(t, err)
		for _, e := range list {
			if e.Kind != ledger.CaseReveal || e.Index == 0 {
				t.Errorf("%+v", e)
			}
		}
		return len(list)
	}
	for _, row := range []struct {
		name string
		f    store.RevealFilter
		want int
	}{
		{"all", store.RevealFilter{}, 3},
		{"of the county", store.RevealFilter{Within: "330523"}, 3},
		{"of a village", store.RevealFilter{Within: here}, 2},
		{"of another township", store.RevealFilter{Within: division.Code("330523111")}, 0},
		{"of a case", store.RevealFilter{Case: theirs.ID}, 1},
		{"by a person", store.RevealFilter{Staff: village.Actor(identity.VillageWorker).Staff}, 2},
		{"by nobody", store.RevealFilter{Staff: "nobody"}, 0},
		{"later", store.RevealFilter{SinceMS: c.Clock.Now().UnixMilli() + 1}, 0},
		{"a page", store.RevealFilter{Limit: 2}, 2},
	} {
		if got := count(row.f); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
	first, err := c.Hub().Reveals(ctx, store.RevealFilter{Limit: 2})
	must(t, err)
	last := first[1]
	if got := count(store.RevealFilter{BeforeMS: last.OccurredAt, BeforeID: last.ID}); got != 1 {
		t.Errorf("the second page has %d", got)
	}
	// Somebody from elsewhere looked: refused by the county, and not forgotten.
	e := other.Entry(3, other.Actor(identity.VillageWorker), &ledger.CaseRevealV1{What: []string{ledger.RevealCase}}, storetest.About{Case: mine.ID, Scope: here})
	r := c.Propose(other.Raw(e))[0]
	if r.Outcome != ledger.Refused {
		t.Errorf("%+v", r)
	}
	if got := count(store.RevealFilter{Case: mine.ID}); got != 3 {
		t.Errorf("of the case, with the one refused: %d", got)
	}
	// What is seen changes nothing about the case.
	if now := c.Hub().MustCase(mine.ID); now.Head != mine.Head {
		t.Errorf("head %s, want %s", now.Head, mine.Head)
	}
}
