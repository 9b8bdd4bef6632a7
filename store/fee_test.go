package store_test

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A township charges, the county's one counter takes the money, the township
// issues: every node has the same account, and a repeat changes nothing.
func TestFeesAcrossTiers(t *testing.T) {
	items := storetest.Items(t)
	for i := range items {
		if items[i].Code == birth {
			items[i].Fee = catalog.Fee{Charged: true, Standard: "登记单10元/份"}
		}
	}
	c := storetest.NewCounty(t, storetest.WithItems(items))
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.Submit(birth)
	c.Settle()
	about := storetest.About{Case: opened.ID, Scope: opened.Division}
	charge := &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}
	clerk, leader, counter := townNode.Actor(identity.TownshipClerk), townNode.Actor(identity.TownshipLeader), hub.DepartmentActor(identity.DepartmentWindow, "县财政局")
	_, err := townNode.Do(clerk, charge, about)
	wantRefused(t, "before acceptance", err, "not_accepted_yet")
	village.Advance(opened.ID)
	c.Settle()
	_, err = townNode.Do(clerk, &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1001}}}, about)
	wantRefused(t, "above the standard", err, "fee_above_standard")
	_, err = townNode.Do(leader, charge, about)
	wantRefused(t, "by who may not charge", err, "not_authorised")
	made, err := townNode.Do(clerk, charge, about)
	if err != nil {
		t.Fatal(err)
	}
	townNode.Advance(opened.ID)
	_, err = townNode.Step(opened.ID, storetest.BodyFor(townNode.MustCase(opened.ID), ledger.VerbIssue))
	wantRefused(t, "issued before it is paid for", err, "fee_outstanding")
	c.Settle()
	_, err = hub.Do(counter, &ledger.FeePayV1{Charge: made.ID, Amount: 1, Method: "cash", Bill: "1"}, about)
	wantRefused(t, "another amount", err, "amount")
	hub.MustDo(counter, &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000001"}, about)
	_, err = hub.Do(counter, &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000001"}, about)
	wantRefused(t, "paid twice", err, "charge_settled")
	c.Settle()
	townNode.Advance(opened.ID)
	_, err = hub.Do(counter, &ledger.FeeRefundV1{Charge: made.ID, Amount: 1000, Reason: "多收"}, about)
	wantRefused(t, "paid back by who took the money", err, "not_authorised")
	if _, err := townNode.Do(leader, &ledger.FeeRefundV1{Charge: made.ID, Amount: 400, Reason: "多收"}, about); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		account, err := n.FeeAccount(ctx, n.MustCase(opened.ID))
		if err != nil || len(account) != 1 || account[0].State != fee.Refunded || account[0].Paid != 1000 || account[0].Returned != 400 {
			t.Errorf("%s: %+v, %v", n.ID(), account, err)
		}
	}
	charged, err := hub.ChargedCases(ctx, storetest.Code, 10)
	if err != nil || len(charged) != 1 || charged[0].ID != opened.ID {
		t.Errorf("%+v, %v", charged, err)
	}
}

// What a charged item's paper waits for is paid before any desk hands it over, not
// only where it was made out: a charge that was known late keeps it too.
func TestPaidBeforeHandedOver(t *testing.T) {
	items := storetest.Items(t)
	for i := range items {
		if items[i].Code == birth {
			items[i].Fee = catalog.Fee{Charged: true, Standard: "登记单10元/份"}
		}
	}
	c := storetest.NewCounty(t, storetest.WithItems(items))
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.Submit(birth)
	c.Settle()
	village.Advance(opened.ID)
	c.Settle()
	for townNode.MustCase(opened.ID).Status != casework.Granted {
		townNode.Advance(opened.ID)
	}
	issue := storetest.BodyFor(townNode.MustCase(opened.ID), ledger.VerbIssue).(*ledger.CaseIssueV1)
	_, err := townNode.Step(opened.ID, issue)
	wantRefused(t, "made out while nothing was charged", err, "fee_uncharged")
	issue.Free = "首次申领免费"
	if got := townNode.MustStep(opened.ID, issue); got.Free != issue.Free {
		t.Errorf("%+v", got)
	}
	about := storetest.About{Case: opened.ID, Scope: opened.Division}
	made, err := townNode.Do(townNode.Actor(identity.TownshipClerk), &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}, about)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	at := c.Node(townNode.MustCase(opened.ID).Holder)
	deliver := storetest.BodyFor(at.MustCase(opened.ID), ledger.VerbDeliver)
	_, err = at.Step(opened.ID, deliver)
	wantRefused(t, "handed over before it is paid for", err, "fee_outstanding")
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, "县财政局"), &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000002"}, about)
	c.Settle()
	if _, err := at.Step(opened.ID, deliver); err != nil {
		t.Errorf("paid: %v", err)
	}
}

// Section 5: a fee above its standard, which a node below had let pass, is refused at
// the county, has the case looked at and gets its card.
func TestFeeAboveStandardIsSeen(t *testing.T) {
	w := newWatched(t)
	opened := w.village.Submit("TB-XZRZ-005")
	w.Settle()
	last, _, err := w.town.LastSeq(ctx, w.town.ID())
	if err != nil {
		t.Fatal(err)
	}
	charge := w.town.Entry(last+1, w.town.Actor(identity.TownshipClerk), &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记费", Quantity: 1, Amount: 100000}}}, storetest.About{Case: opened.ID, Scope: here})
	if r := w.hub.Take(w.town.Raw(charge)); r[0].Outcome != ledger.Refused {
		t.Fatalf("%+v", r)
	}
	if seen, err := w.hub.SeenRules(ctx, opened.ID); err != nil || !slices.Equal(seen, []supervision.Rule{supervision.FeeAbove}) {
		t.Errorf("seen %v, %v", seen, err)
	}
	due, err := w.hub.LooksDue(ctx, w.today, store.Look{}, 100)
	if err != nil || !slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == opened.ID && l.Head == charge.ID }) {
		t.Errorf("%+v, %v", due, err)
	}
}

// A desk refuses a charge above the list before it is an entry; that it was tried is
// one, at whatever tier, for which the case is looked at. Nothing is charged by it.
func TestRefusedChargeIsSeen(t *testing.T) {
	w := newWatched(t)
	opened := w.village.Submit("TB-XZRZ-005")
	w.Settle()
	clerk, about := w.town.Actor(identity.TownshipClerk), storetest.About{Case: opened.ID, Scope: here}
	dear := []ledger.FeeLine{{Rate: "登记费", Quantity: 1, Amount: 100000}}
	_, err := w.town.Do(clerk, &ledger.FeeChargeV1{Lines: dear}, about)
	if err == nil {
		t.Fatal("charged for a free item")
	}
	_, err = w.town.Do(w.leader, &ledger.FeeExcessV1{Lines: dear}, about)
	wantRefused(t, "said by who cannot charge", err, "not_authorised")
	made, err := w.town.Do(clerk, &ledger.FeeExcessV1{Lines: dear}, about)
	if err != nil {
		t.Fatal(err)
	}
	w.Settle()
	if seen, err := w.hub.SeenRules(ctx, opened.ID); err != nil || !slices.Equal(seen, []supervision.Rule{supervision.FeeAbove}) {
		t.Errorf("seen %v, %v", seen, err)
	}
	due, err := w.hub.LooksDue(ctx, w.today, store.Look{}, 100)
	if err != nil || !slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == opened.ID && l.Head == made.ID }) {
		t.Errorf("%+v, %v", due, err)
	}
	if account, err := w.hub.FeeAccount(ctx, w.hub.MustCase(opened.ID)); err != nil || len(account) != 0 {
		t.Errorf("%+v, %v", account, err)
	}
}
