package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// deem records that the law accepted a case, as the node itself.
func deem(n *storetest.Node, c *casework.Case, answerable identity.Actor) (string, error) {
	r, err := n.Do(identity.Actor{Staff: "system", Role: identity.System, Node: n.ID()}, &ledger.CaseAcceptV1{Deemed: true, Answerable: answerable},
		storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
	return r.ID, err
}

// Licence law art. 32 no. 4: the node that holds a case says that the law
// accepted it, after the limit and not before, once, and names who owed the
// notice.
//
// Rules: 2.5.
func TestDeemedAcceptanceIsTheHoldersOwn(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	worker := village.Actor(identity.VillageWorker)
	opened := village.Submit(welfare)
	c.Settle()
	if _, err := deem(village, opened, worker); codeOf(err) != "notice_open" {
		t.Errorf("before the limit: %v", err)
	}
	c.Clock.Advance(8 * 24 * time.Hour) // past 2026-11-30, the fifth working day
	if _, err := deem(village, opened, identity.Actor{Staff: "x", Role: identity.VillageWorker}); codeOf(err) != "answerable" {
		t.Errorf("somebody else is answerable: %v", err)
	}
	if _, err := deem(c.Hub(), opened, worker); codeOf(err) != "not_holder" {
		t.Errorf("by who does not hold it: %v", err)
	}
	if _, err := deem(village, opened, worker); err != nil {
		t.Fatal(err)
	}
	if _, err := deem(village, village.MustCase(opened.ID), worker); codeOf(err) == "" {
		t.Error("a second time")
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, c.Hub()} {
		got := n.MustCase(opened.ID)
		if got.AcceptedOn.String() != "2026-11-23" || got.Status != casework.Accepted || got.AcceptedBy.Role != identity.System || len(got.Flags) != 1 || got.Flags[0] != casework.FlagDeemed {
			t.Errorf("at %s: %+v", n.ID(), got)
		}
	}
	if ids, err := village.Untold(ctx, here, c.Clock.UnixMilli()); err != nil || len(ids) != 0 {
		t.Errorf("still untold: %v, %v", ids, err)
	}
}

// A clock that is ahead makes no limit pass: the county refuses, the case is as
// it was, and when the day has come it is accepted all the same.
func TestDeemedByAClockThatIsAhead(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	worker := village.Actor(identity.VillageWorker)
	opened := village.Submit(welfare)
	c.Settle()
	village.SkewMS = (10 * 24 * time.Hour).Milliseconds()
	if _, err := deem(village, opened, worker); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := village.MustCase(opened.ID); got.Status != casework.HandedIn {
		t.Errorf("the county took it: %+v", got)
	}
	if list, err := c.Hub().AttentionList(ctx, storetest.Code, false); err != nil || len(list) != 1 || list[0].Code != "notice_open" {
		t.Errorf("%+v, %v", list, err)
	}
	village.SkewMS = 0
	c.Clock.Advance(8 * 24 * time.Hour)
	if _, err := deem(village, village.MustCase(opened.ID), worker); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := c.Hub().MustCase(opened.ID); got.Status != casework.Accepted {
		t.Errorf("%+v", got)
	}
}
