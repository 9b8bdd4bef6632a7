package store_test

import (
	"slices"
	"testing"
	"time"

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
	clerk, leader, counter := townNode.Actor(identity.TownshipClerk), townNode.Actor(identity.TownshipLeader), hub.Actor(identity.FeeCounter)
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
	_, err = townNode.Do(clerk, &ledger.FeeRefundV1{Charge: made.ID, Amount: 1000, Reason: "多收"}, about)
	wantRefused(t, "paid back by the window that charged", err, "not_authorised")
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

// A township takes back what it charged by mistake, and it counts as never due at every
// node; the same is charged anew. Whoever takes the money, or leads, does not.
func TestChargeCancelledAcrossTiers(t *testing.T) {
	c, townNode, hub, id := granted(t)
	is := townNode.MustCase(id)
	about := storetest.About{Case: id, Scope: is.Division}
	clerk, leader, counter := townNode.Actor(identity.TownshipClerk), townNode.Actor(identity.TownshipLeader), hub.Actor(identity.FeeCounter)
	charge := &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}
	made, err := townNode.Do(clerk, charge, about)
	if err != nil {
		t.Fatal(err)
	}
	cancel := &ledger.FeeCancelV1{Charge: made.ID, Reason: "开错件"}
	_, err = townNode.Do(clerk, &ledger.FeeCancelV1{Charge: made.ID, Reason: "无"}, about)
	wantRefused(t, "without a reason", err, "cancel_reason")
	_, err = townNode.Do(leader, cancel, about)
	wantRefused(t, "by who does not charge", err, "not_authorised")
	_, err = hub.Do(counter, cancel, about)
	wantRefused(t, "by who takes the money", err, "not_authorised")
	_, err = townNode.Do(clerk, &ledger.FeeCancelV1{Charge: "e-none", Reason: "开错件"}, about)
	wantRefused(t, "of nothing", err, "charge_unknown")
	if _, err := townNode.Do(clerk, cancel, about); err != nil {
		t.Fatal(err)
	}
	_, err = townNode.Do(clerk, cancel, about)
	wantRefused(t, "twice", err, "charge_cancelled")
	c.Settle()
	village := c.Village(here)
	for _, n := range []*storetest.Node{village, townNode, hub} {
		account, err := n.FeeAccount(ctx, n.MustCase(id))
		if err != nil || len(account) != 1 || account[0].State != fee.Cancelled || account.Outstanding() != 0 {
			t.Errorf("%s: %+v, %v", n.ID(), account, err)
		}
	}
	_, err = hub.Do(counter, &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000010"}, about)
	wantRefused(t, "paid after it was cancelled", err, "charge_cancelled")
	again, err := townNode.Do(clerk, charge, about)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	hub.MustDo(counter, &ledger.FeePayV1{Charge: again.ID, Amount: 1000, Method: "cash", Bill: "33000011"}, about)
	_, err = hub.Do(hub.DepartmentActor(identity.DepartmentWindow, is.Department), &ledger.FeeCancelV1{Charge: again.ID, Reason: "开错件"}, about)
	wantRefused(t, "of what was paid", err, "charge_begun")
	c.Settle()
	townNode.Advance(id)
}

// The county's counter took the money while a township without a line took the charge
// back: the money stands, the township's word does not, and it is told so. The other way
// round the payment does not stand, and whoever took the money is told to give it back.
func TestPaidWhileItWasCancelled(t *testing.T) {
	c, townNode, hub, id := granted(t)
	is := townNode.MustCase(id)
	about := storetest.About{Case: id, Scope: is.Division}
	clerk := townNode.Actor(identity.TownshipClerk)
	charge := &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}
	charged := func() string {
		made, err := townNode.Do(clerk, charge, about)
		if err != nil {
			t.Fatal(err)
		}
		c.Settle()
		return made.ID
	}
	same := func(what string, code string, want ...fee.State) {
		c.Settle()
		for _, n := range []*storetest.Node{townNode, hub} {
			account, err := n.FeeAccount(ctx, n.MustCase(id))
			if err != nil || len(account) != len(want) {
				t.Fatalf("%s, %s: %+v, %v", what, n.ID(), account, err)
			}
			for i := range want {
				if account[i].State != want[i] {
					t.Errorf("%s, %s: %+v", what, n.ID(), account)
				}
			}
			open, err := n.AttentionList(ctx, storetest.Code, false)
			if err != nil || !slices.ContainsFunc(open, func(a store.Attention) bool { return a.Code == code }) {
				t.Errorf("%s, %s: %+v, %v", what, n.ID(), open, err)
			}
		}
	}
	window := hub.DepartmentActor(identity.DepartmentWindow, is.Department)
	first := charged()
	hub.MustDo(window, &ledger.FeeCancelV1{Charge: first, Reason: "开错件"}, about)
	if _, err := townNode.Do(clerk, &ledger.FeePayV1{Charge: first, Amount: 1000, Method: "cash", Bill: "33000012"}, about); err != nil {
		t.Fatal(err) // it does not know
	}
	same("cancelled first", "charge_cancelled", fee.Cancelled)
	second := charged()
	hub.MustDo(window, &ledger.FeePayV1{Charge: second, Amount: 1000, Method: "cash", Bill: "33000013"}, about)
	if _, err := townNode.Do(clerk, &ledger.FeeCancelV1{Charge: second, Reason: "开错件"}, about); err != nil {
		t.Fatal(err)
	}
	same("paid first", "charge_begun", fee.Cancelled, fee.Paid)
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
	hub.MustDo(hub.Actor(identity.FeeCounter), &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000002"}, about)
	c.Settle()
	if _, err := at.Step(opened.ID, deliver); err != nil {
		t.Errorf("paid: %v", err)
	}
}

// granted is a case of a charged item that was granted at the township.
func granted(t *testing.T) (c *storetest.County, townNode, hub *storetest.Node, id string) {
	items := storetest.Items(t)
	for i := range items {
		if items[i].Code == birth {
			items[i].Fee = catalog.Fee{Charged: true, Standard: "登记单10元/份"}
		}
	}
	c = storetest.NewCounty(t, storetest.WithItems(items))
	townNode, hub = c.Township(town), c.Hub()
	village := c.Village(here)
	c.Settle()
	opened := village.Submit(birth)
	c.Settle()
	village.Advance(opened.ID)
	c.Settle()
	for townNode.MustCase(opened.ID).Status != casework.Granted {
		townNode.Advance(opened.ID)
	}
	c.Settle()
	return c, townNode, hub, opened.ID
}

// A township without a line makes out what the county has charged for meanwhile: the
// county judges it when it records it, and the case waits at the township for the
// money. When it is there, it is made out again.
func TestUnpaidIsJudgedWhereItIsRecorded(t *testing.T) {
	c, townNode, hub, id := granted(t)
	is := townNode.MustCase(id)
	about := storetest.About{Case: id, Scope: is.Division}
	made := hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, is.Department), &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}, about)
	c.Clock.Advance(time.Minute)
	issue := storetest.BodyFor(is, ledger.VerbIssue).(*ledger.CaseIssueV1)
	issue.Free = "首次申领免费"
	townNode.MustStep(id, issue) // it does not know
	c.Settle()
	for _, n := range []*storetest.Node{townNode, hub} {
		if got := n.MustCase(id); got.Status != casework.Granted {
			t.Errorf("%s: %+v", n.ID(), got)
		}
		open, err := n.AttentionList(ctx, storetest.Code, false)
		if err != nil || len(open) != 1 || open[0].Code != "fee_outstanding" {
			t.Errorf("%s: %+v, %v", n.ID(), open, err)
		}
	}
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, is.Department), &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000003"}, about)
	c.Settle()
	issue.Free = ""
	townNode.MustStep(id, issue)
	c.Settle()
	if got := hub.MustCase(id); got.Status != casework.Issued {
		t.Errorf("paid: %+v", got)
	}
}

// A charge that was made after it was made out is not held against it, and one that was
// paid by the time the county has it neither.
func TestWhatWasPaidOrChargedMeanwhile(t *testing.T) {
	c, townNode, hub, id := granted(t)
	is := townNode.MustCase(id)
	about := storetest.About{Case: id, Scope: is.Division}
	issue := storetest.BodyFor(is, ledger.VerbIssue).(*ledger.CaseIssueV1)
	issue.Free = "首次申领免费"
	townNode.MustStep(id, issue)
	c.Clock.Advance(time.Minute)
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, is.Department), &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}, about)
	c.Settle()
	if got := hub.MustCase(id); got.Status != casework.Issued {
		t.Errorf("charged afterwards: %+v", got)
	}

	c, townNode, hub, id = granted(t)
	is = townNode.MustCase(id)
	counter := hub.DepartmentActor(identity.DepartmentWindow, is.Department)
	made := hub.MustDo(counter, &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}, storetest.About{Case: id, Scope: is.Division})
	c.Clock.Advance(time.Minute)
	townNode.MustStep(id, issue)
	hub.MustDo(counter, &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000004"}, storetest.About{Case: id, Scope: is.Division})
	c.Settle()
	if got := hub.MustCase(id); got.Status != casework.Issued {
		t.Errorf("paid meanwhile: %+v", got)
	}
}

// The catalog charged and gave no figure: the case is charged by the figure that the
// operator publishes, though it stays bound to its version, and issued when it is paid.
func TestChargedByWhatWasPublishedSince(t *testing.T) {
	items := storetest.Items(t)
	i := slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == birth })
	items[i].Fee = catalog.Fee{Charged: true, Standard: "按省级公布标准收取"}
	c := storetest.NewCounty(t, storetest.WithItems(items))
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.Submit(birth)
	c.Settle()
	village.Advance(opened.ID)
	c.Settle()
	about := storetest.About{Case: opened.ID, Scope: opened.Division}
	charge := &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}
	clerk := townNode.Actor(identity.TownshipClerk)
	_, err := townNode.Do(clerk, charge, about)
	wantRefused(t, "without a figure", err, "no_tariff")
	priced := items[i]
	priced.Fee.Rates = []catalog.FeeRate{{Name: "登记单", Unit: "份", AmountFen: 1000, Basis: "某规定第三条"}}
	c.Clock.Advance(time.Minute)
	c.ApproveItem(priced, 2)
	c.Publish(2, catalog.EditionItem{Code: birth, Version: 2})
	c.Clock.Advance(time.Minute)
	c.Settle()
	_, err = townNode.Do(clerk, &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1001}}}, about)
	wantRefused(t, "above the figure", err, "fee_above_standard")
	made, err := townNode.Do(clerk, charge, about)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	hub.MustDo(hub.Actor(identity.FeeCounter), &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000005"}, about)
	c.Settle()
	for _, n := range []*storetest.Node{townNode, hub} {
		is := n.MustCase(opened.ID)
		account, err := n.FeeAccount(ctx, is)
		if err != nil || len(account) != 1 || account[0].State != fee.Paid || is.ItemVersion != 1 {
			t.Errorf("%s: %+v, %v", n.ID(), account, err)
		}
	}
	for townNode.MustCase(opened.ID).Status != casework.Issued {
		townNode.Advance(opened.ID)
	}
}

// A node whose program was tampered with is not asked: what it made out with nothing
// charged, and no reason given, does not stand.
func TestUnchargedFromBelowDoesNotStand(t *testing.T) {
	_, townNode, hub, id := granted(t)
	is := townNode.MustCase(id)
	last, _, err := townNode.LastSeq(ctx, townNode.ID())
	if err != nil {
		t.Fatal(err)
	}
	issue := townNode.Entry(last+1, townNode.Actor(identity.TownshipClerk), storetest.BodyFor(is, ledger.VerbIssue), storetest.About{Case: id, Scope: is.Division, Prev: is.Head})
	if r := hub.Take(townNode.Raw(issue)); r[0].Outcome != ledger.Refused || r[0].Code != "fee_uncharged" {
		t.Errorf("%+v", r)
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
