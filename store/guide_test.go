package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/guide"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// First-asked responsibility (domain: section 4) over tiers: asked at a village with
// the line down, taken to the township, accepted there, ended; every node says the
// same of who answers for it.
func TestGuidesAcrossTiers(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	worker, clerk := village.Actor(identity.VillageWorker), townNode.Actor(identity.TownshipClerk)
	open := &ledger.GuideOpenV1{Guide: "g-1", Division: here, About: "低保怎么办"}
	_, err := village.Do(worker, &ledger.GuideOpenV1{Guide: "g-0", Division: town, About: "x"}, storetest.About{})
	wantRefused(t, "at another office", err, "not_authorised")
	_, err = village.Do(worker, open, storetest.About{})
	must(t, err)
	_, err = village.Do(worker, open, storetest.About{})
	wantRefused(t, "opened twice", err, "guide_known")
	_, err = village.Do(worker, &ledger.GuideHandV1{Guide: "g-9", To: town}, storetest.About{Scope: here})
	wantRefused(t, "unknown", err, "guide_unknown")
	_, err = village.Do(worker, &ledger.GuideHandV1{Guide: "g-1", To: town, Note: "已陪同"}, storetest.About{})
	must(t, err)
	c.Settle()
	mine, err := townNode.Guides(ctx, store.GuideFilter{Within: town, Open: true, Limit: 10})
	if err != nil || len(mine) != 1 || mine[0].State != guide.Handed || mine[0].Responsible.Staff != worker.Staff {
		t.Fatalf("%+v, %v", mine, err)
	}
	_, err = townNode.Do(clerk, &ledger.GuideCloseV1{Guide: "g-1", Answer: "x"}, storetest.About{})
	wantRefused(t, "ended before it was accepted", err, "guide_elsewhere")
	_, err = townNode.Do(clerk, &ledger.GuideAcceptV1{Guide: "g-1"}, storetest.About{})
	must(t, err)
	opened := townNode.Submit("TB-XZRZ-005", func(b *ledger.CaseSubmitV1) {
		b.Division, b.Guide, b.First = here, "g-1", ledger.NamedPerson{Staff: worker.Staff, Name: worker.Name}
	})
	_, err = townNode.TrySubmit("TB-XZRZ-005", func(b *ledger.CaseSubmitV1) {
		b.Division, b.Guide, b.First = here, "g-1", ledger.NamedPerson{Staff: clerk.Staff, Name: clerk.Name}
	})
	wantRefused(t, "another person was asked first", err, "guide_first")
	_, err = townNode.Do(clerk, &ledger.GuideCloseV1{Guide: "g-1", Case: opened.ID}, storetest.About{})
	must(t, err)
	c.Settle()
	dump := storetest.Dump(t, hub.Store, "guides")
	for _, n := range []*storetest.Node{village, townNode, hub} {
		if got := storetest.Dump(t, n.Store, "guides"); got != dump {
			t.Errorf("%s says\n%s\nthe hub\n%s", n.ID(), got, dump)
		}
		g, err := n.Guide(ctx, "g-1")
		if err != nil || g.State != guide.Closed || g.First.Staff != worker.Staff || g.Responsible.Staff != clerk.Staff || g.Case != opened.ID {
			t.Errorf("%s: %+v, %v", n.ID(), g, err)
		}
	}
	if x := hub.MustCase(opened.ID); x.First.Staff != worker.Staff {
		t.Errorf("first asked: %+v", x.First)
	}
	if x := village.Submit(welfare); x.First.Staff == "" || x.First.Name == "" {
		t.Errorf("whoever took it in is not named: %+v", x.First)
	}
}

// What the county refuses, for its actor had left, is taken back: whoever was
// responsible before is again.
func TestRefusedGuideIsTakenBack(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	worker, clerk := village.Actor(identity.VillageWorker), townNode.Actor(identity.TownshipClerk)
	for _, b := range []ledger.Body{&ledger.GuideOpenV1{Guide: "g-1", Division: here, About: "x"}, &ledger.GuideHandV1{Guide: "g-1", To: town}} {
		_, err := village.Do(worker, b, storetest.About{})
		must(t, err)
	}
	c.Settle()
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: clerk.Staff, Disabled: true, Reason: "调离"})
	c.Clock.Advance(3 * time.Minute)
	_, err := townNode.Do(clerk, &ledger.GuideAcceptV1{Guide: "g-1"}, storetest.About{})
	must(t, err)
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		g, err := n.Guide(ctx, "g-1")
		if err != nil || g.State != guide.Handed || g.Responsible.Staff != worker.Staff {
			t.Errorf("%s: %+v, %v", n.ID(), g, err)
		}
	}
}
