package federation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// atTheCounty is an item that departments at the county handle alone.
const atTheCounty = "TB-SCJG-010"

// issued counts, in a hub's ledger, the cards and rises of each case and rule.
func issued(t *testing.T, hub *federationtest.Node, cases ...string) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, id := range cases {
		entries, err := hub.Store.Timeline(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			switch body, err := entries[i].Decode(); b := body.(type) {
			case *ledger.CardIssueV1:
				n[id+" "+b.Rule]++
			case *ledger.CardRiseV1:
				n[fmt.Sprintf("%s %s %d", id, b.Card, b.Level)]++
			default:
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return n
}

func hasCard(t *testing.T, hub *federationtest.Node, id string, rule supervision.Rule) *supervision.Card {
	t.Helper()
	c, err := hub.Store.Card(t.Context(), supervision.CardID(id, rule))
	if err != nil {
		return nil
	}
	return c
}

// Whatever becomes of the leader while days pass, a case gets each of its cards
// once, each rises a step at a time, and all hubs have the same.
func TestCardsOnceAcrossLeaders(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3, Townships: nil, Villages: nil})
	hub := f.Hub()
	var cases []string
	for range 3 {
		c := f.Submit(hub, atTheCounty)
		f.Act(hub, c.ID, ledger.VerbAccept)
		cases = append(cases, c.ID)
	}
	random := rand.New(rand.NewPCG(3, 14))
	down := (*federationtest.Node)(nil)
	for range 10 {
		f.Advance(time.Duration(random.IntN(60)) * time.Hour)
		switch leader := f.Leader(); {
		case down != nil:
			f.Restart(down)
			down = nil
		case random.IntN(3) > 0:
			f.Kill(leader)
			down = leader
		}
	}
	if down != nil {
		f.Restart(down)
	}
	f.Advance(20 * 24 * time.Hour)
	leader := f.Leader()
	f.Eventually("the worst card of each case, risen to the leader in charge", func() bool {
		for _, id := range cases {
			c := hasCard(t, leader, id, supervision.PromisePassed)
			if c == nil || c.Level != supervision.InCharge || hasCard(t, leader, id, supervision.PromiseFar) == nil {
				f.Advance(time.Hour)
				return false
			}
		}
		return true
	})
	f.Settle()
	trees := map[string]bool{}
	for _, h := range f.Hubs() {
		for what, n := range issued(t, h, cases...) {
			if n != 1 {
				t.Errorf("%s has %d of %s", h.ID, n, what)
			}
		}
		head, err := h.Store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tree, err := h.Store.Tree(t.Context(), head)
		if err != nil {
			t.Fatal(err)
		}
		trees[tree.Hash.String()] = true
	}
	if len(trees) != 1 {
		t.Errorf("the hubs' ledgers differ: %v", trees)
	}
	c := hasCard(t, leader, cases[0], supervision.PromisePassed)
	item := f.Item(atTheCounty)
	if want := f.Person(federationtest.Code, item.Department, identity.DepartmentLeader).Staff; c.To.Staff != want || c.Head.Staff != f.Person(federationtest.Code, item.Department, identity.DepartmentReviewer).Staff {
		t.Errorf("asks %+v, head %+v, want the leader %s", c.To, c.Head, want)
	}
}

// A township whose line is down gets its card from what the county knows; the
// hours without a line are recorded, shown apart, and make it count against
// nobody.
//
// Rules: 5.11.
func TestLineDownCountsAgainstNobody(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	c := f.Submit(village, "TB-XZRZ-005")
	f.Confirmed(village)
	f.CaughtUp()
	f.Act(village, c.ID, ledger.VerbAccept)
	f.Confirmed(village)
	f.Eventually("the case to lie at the township", func() bool { return f.Case(hub, c.ID).Holder == town.Division })
	f.Eventually("the county to hear the township", func() bool {
		reports, err := hub.Reports(t.Context())
		return err == nil && len(reports) > 1
	})
	f.Advance(11 * time.Second) // the county notes whom it heard
	f.Cut(town.ID, "*")
	f.Cut(village.ID, "*")
	f.Advance(48 * time.Hour)
	var card *supervision.Card
	f.Eventually("a card", func() bool {
		card = hasCard(t, hub, c.ID, supervision.PromisePassed)
		return card != nil
	})
	if !card.Excused || card.LineDown < 8*60 || card.Against() != "" || card.State() != supervision.Noted || card.Desk.Division != town.Division {
		t.Errorf("%+v", card)
	}
	f.HealAll()
	f.Eventually("the outage to be recorded", func() bool {
		f.Advance(11 * time.Second)
		outages, err := hub.Store.Outages(t.Context(), town.Division, 0)
		return err == nil && len(outages) == 1
	})
	f.Settle()
	f.Eventually("the township to see the card and the outage", func() bool {
		seen, err := town.Store.Card(t.Context(), card.ID)
		outages, failed := town.Store.Outages(t.Context(), town.Division, 0)
		return err == nil && failed == nil && seen.Excused && len(outages) == 1
	})
	if _, err := village.Store.Card(t.Context(), card.ID); err == nil {
		t.Error("the village has the township's card")
	}
}

// A charge above the list has its card, once, for whoever tried it and not for who has
// the case (handbook, section 5).
//
// Rules: 5.7.
func TestFeeAboveAsksWhoCharged(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub := f.Hub()
	c := f.Submit(hub, atTheCounty)
	f.Act(hub, c.ID, ledger.VerbAccept)
	clerk := f.Whose(hub, f.Case(hub, c.ID), ledger.VerbAccept)
	for range 2 {
		if _, err := f.TryDo(hub, clerk, c.ID, &ledger.FeeExcessV1{Lines: []ledger.FeeLine{{Rate: "手续费", Quantity: 1, Amount: 100}}}); err != nil {
			t.Fatal(err)
		}
	}
	var card *supervision.Card
	f.Eventually("a card", func() bool {
		f.Advance(11 * time.Second)
		card = hasCard(t, hub, c.ID, supervision.FeeAbove)
		return card != nil
	})
	if card.Colour != supervision.Yellow || card.Asked[0].Staff != clerk.Staff || card.Desk.Department != f.Item(atTheCounty).Department || card.Desk.Verb != ledger.VerbAccept {
		t.Errorf("%+v", card)
	}
	if got := issued(t, hub, c.ID); got[c.ID+" "+string(supervision.FeeAbove)] != 1 {
		t.Errorf("%+v", got)
	}
}
