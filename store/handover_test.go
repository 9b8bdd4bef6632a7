package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// issuedFor is a case that a village took in and whose result is made out.
func issuedFor(c *storetest.County, item string) string {
	id := c.Village(here).Submit(item).ID
	c.Settle()
	for c.Hub().MustCase(id).Status != casework.Issued {
		c.Node(c.Hub().MustCase(id).Holder).Advance(id)
		c.Settle()
	}
	return id
}

// What a village took in is handed over there or at any office above it in its line,
// once; nothing else is done there but by whoever holds the case.
func TestHandedOverAtAnyTier(t *testing.T) {
	c := storetest.NewCounty(t)
	hand := func(id string) ledger.Body { return storetest.BodyFor(c.Hub().MustCase(id), ledger.VerbDeliver) }
	for name, at := range map[string]struct {
		item string
		node *storetest.Node
	}{
		"where it was handed in": {birth, c.Village(here)},
		"at the township":        {birth, c.Township(town)},
		"at the county":          {"TB-YBJ-003", c.Hub()},
	} {
		id := issuedFor(c, at.item)
		if _, err := at.node.Step(id, hand(id)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.Settle()
		for _, n := range []*storetest.Node{c.Hub(), c.Village(here), c.Township(town)} {
			if got := n.MustCase(id); got.Status != casework.Closed || got.Recipient == "" || document.By(document.ServiceReceipt, got) != at.node.Division() {
				t.Errorf("%s: %s has it as %s by %s", name, n.ID(), got.Status, got.Holder)
			}
			_, err := n.Step(id, storetest.BodyFor(n.MustCase(id), ledger.VerbDeliver))
			wantRefused(t, "twice", err, "case_ended")
		}
	}

	// With both lines down each hands it over by what it knows: the county takes the
	// first that comes, and the other desk is shown that it was not.
	id := issuedFor(c, birth)
	c.Clock.Advance(time.Minute)
	above, err := c.Township(town).Step(id, hand(id))
	if err != nil {
		t.Fatal(err)
	}
	below, err := c.Village(here).Step(id, hand(id))
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	stood := map[division.Code]ledger.Outcome{}
	for at, entry := range map[*storetest.Node]string{c.Township(town): above.ID, c.Village(here): below.ID} {
		e, err := at.Store.Entry(ctx, entry)
		if err != nil {
			t.Fatal(err)
		}
		stood[at.Division()] = e.Status
		if got := at.MustCase(id); got.Status != casework.Closed || got.Head != c.Hub().MustCase(id).Head {
			t.Errorf("%s has it as %s", at.ID(), got.Status)
		}
	}
	if (stood[town] == ledger.Applied) == (stood[here] == ledger.Applied) {
		t.Errorf("handed over %v", stood)
	}

	id = c.Village(here).Submit("TB-YBJ-003").ID
	c.Settle()
	_, err = c.Hub().Step(id, &ledger.CaseAcceptV1{Note: "予以受理"})
	wantRefused(t, "accepted by who does not hold it", err, "not_holder")
}
