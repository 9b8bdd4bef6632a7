package federation_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// Whoever sent a case back without saying why is asked, and the card counts against
// them; whoever got it back did nothing.
//
// Rules: 5.9.
func TestBareReturnAsksWhoeverReturned(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town := f.Hub(), f.Township(0)
	for _, at := range []struct {
		node *federationtest.Node
		item string
		by   func(c *casework.Case) identity.Actor
		desk ledger.Desk
	}{
		{hub, atTheCounty, func(c *casework.Case) identity.Actor {
			return f.Person(federationtest.Code, c.Department, identity.DepartmentLeader)
		}, ledger.Desk{Division: federationtest.Code, Department: f.Item(atTheCounty).Department, Verb: ledger.VerbDecide}},
		{town, "TB-XZRZ-005", func(c *casework.Case) identity.Actor {
			return f.Person(town.Division, "", identity.TownshipLeader)
		}, ledger.Desk{Division: town.Division, Verb: ledger.VerbDecide}},
	} {
		c := f.Submit(at.node, at.item)
		for _, v := range []ledger.Verb{ledger.VerbAccept, ledger.VerbPreReview, ledger.VerbReview} {
			if step, _ := f.Case(at.node, c.ID).Current(); step.Verb == v {
				f.Act(at.node, c.ID, v)
			}
		}
		leader := at.by(c)
		waits := f.Case(at.node, c.ID)
		if step, _ := waits.Current(); step.Verb != ledger.VerbDecide {
			t.Fatalf("waits at %s", step.Verb)
		}
		if _, err := f.TryDo(at.node, leader, c.ID, &ledger.CaseReturnV1{ToStep: waits.Step - 1, Reason: "退回"}); err != nil {
			t.Fatal(err)
		}
		f.Settle()
		var card *supervision.Card
		f.Eventually("a card", func() bool {
			f.Advance(11 * time.Second)
			card = hasCard(t, hub, c.ID, supervision.BareReturn)
			return card != nil
		})
		if card.To.Staff != leader.Staff || card.Against() != leader.Staff || card.Desk != at.desk {
			t.Errorf("asks %+v at %+v, counts against %q; want %s at %+v", card.To, card.Desk, card.Against(), leader.Staff, at.desk)
		}
	}
}
