package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// leaving are two entries by which the county's two operators take each other's
// role at the same moment, each at another hub.
func leaving(c *storetest.County, body func(staff string) ledger.Body) (raws [2][]byte) {
	at := c.Clock.UnixMilli()
	for i, by := range []identity.Actor{c.Operator(), c.SecondOperator()} {
		whom := []string{storetest.SecondOperatorID, storetest.OperatorID}[i]
		raws[i] = c.Hub().Raw(c.Hub().Entry(0, by, body(whom), storetest.About{Scope: storetest.Code, At: at}))
	}
	c.Clock.Advance(time.Second)
	return raws
}

// From level 2 on the ledger itself keeps the county's last operator, whoever is
// asked at the same moment at another hub; before, it was judged as ever.
func TestLastOperatorIsKeptByTheLedger(t *testing.T) {
	for name, body := range map[string]func(string) ledger.Body{
		"roles": func(s string) ledger.Body {
			return &ledger.StaffRolesV1{Staff: s, Roles: []identity.Role{identity.Auditor}}
		},
		"disabled": func(s string) ledger.Body { return &ledger.StaffDisableV1{Staff: s, Disabled: true, Reason: "调离"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := storetest.NewCounty(t)
			for _, r := range c.Propose(pair(leaving(c, body))...) {
				if r.Outcome != ledger.Applied {
					t.Errorf("at level 1: %+v", r)
				}
			}
			c = storetest.NewCounty(t)
			c.Hub().MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: 2})
			results := c.Propose(pair(leaving(c, body))...)
			if results[0].Outcome != ledger.Applied || results[1].Status != store.Rejected || results[1].Code != "last_operator" {
				t.Errorf("at level 2: %+v", results)
			}
			people, err := c.Hub().StaffAt(ctx, storetest.Code)
			must(t, err)
			left := 0
			for i := range people {
				if people[i].Now().Holds(identity.CountyOperator) {
					left++
				}
			}
			if left != 1 {
				t.Errorf("%d operators are left", left)
			}
			// Whoever is not the last goes, and the last keeps what else changes.
			c.Hub().MustDo(c.Operator(), c.StaffAdd("operator-3", storetest.Code, "", identity.CountyOperator))
			c.Hub().MustDo(identity.Actor{Staff: "operator-3", Role: identity.CountyOperator, Node: storetest.HubID}, body(storetest.OperatorID))
			c.Hub().MustDo(identity.Actor{Staff: "operator-3", Role: identity.CountyOperator, Node: storetest.HubID},
				&ledger.StaffRolesV1{Staff: "operator-3", Roles: []identity.Role{identity.CountyOperator, identity.Auditor}})
		})
	}
}

func pair(raws [2][]byte) [][]byte { return raws[:] }

// What came before the county's level was raised is judged as ever, what comes
// after strictly, however the hubs cut it into batches.
func TestLevelInTheMiddle(t *testing.T) {
	roles := func(s string) ledger.Body {
		return &ledger.StaffRolesV1{Staff: s, Roles: []identity.Role{identity.Auditor}}
	}
	var digests []string
	for _, batch := range []int{1, 3, 5} {
		c := storetest.NewCounty(t)
		hub, before := c.Hub(), c.Clock.UnixMilli()
		first := leaving(c, roles)
		all := append(pair(first), hub.Raw(hub.Entry(0, c.Operator(), &ledger.LevelRaiseV1{Level: 2}, storetest.About{At: before})),
			hub.Raw(hub.Entry(0, c.Operator(), &ledger.StaffRolesV1{Staff: storetest.SecondOperatorID, Roles: []identity.Role{identity.CountyOperator}}, storetest.About{Scope: storetest.Code, At: before})))
		c.Clock.Advance(time.Minute)
		all = append(all, hub.Raw(hub.Entry(0, c.SecondOperator(), roles(storetest.SecondOperatorID), storetest.About{Scope: storetest.Code})))
		var results []store.Result
		for len(all) > 0 {
			n := min(batch, len(all))
			results = append(results, c.Propose(all[:n]...)...)
			all = all[n:]
		}
		for i, want := range []string{"applied", "applied", "applied", "applied", "last_operator"} {
			if got := results[i]; got.Code != want && string(got.Outcome) != want {
				t.Errorf("batches of %d: entry %d is %+v, want %s", batch, i, got, want)
			}
		}
		digests = append(digests, storetest.Digest(t, hub.Store, "entries", "staff"))
	}
	if digests[0] != digests[1] || digests[1] != digests[2] {
		t.Errorf("the states differ: %v", digests)
	}
}

// A fiscal bill is for one payment. From level 2 on whoever sits at a desk is
// refused another under its number by the ledger; money that was taken below
// meanwhile stays taken, and somebody looks at it.
func TestBillIsForOnePayment(t *testing.T) {
	for _, level := range []int{1, 2} {
		items := storetest.Items(t)
		for i := range items {
			if items[i].Code == birth {
				items[i].Fee = catalog.Fee{Charged: true, Standard: "登记单10元/份"}
			}
		}
		c := storetest.NewCounty(t, storetest.WithItems(items))
		village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
		hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: level})
		c.Settle()
		clerk, counter := townNode.Actor(identity.TownshipClerk), hub.Actor(identity.FeeCounter)
		var abouts []storetest.About
		var pays []*ledger.FeePayV1
		for range 4 {
			opened := village.Submit(birth)
			village.Advance(opened.ID)
			c.Settle()
			about := storetest.About{Case: opened.ID, Scope: opened.Division}
			made, err := townNode.Do(clerk, &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "登记单", Quantity: 1, Amount: 1000}}}, about)
			must(t, err)
			c.Settle()
			abouts = append(abouts, about)
			pays = append(pays, &ledger.FeePayV1{Charge: made.ID, Amount: 1000, Method: "cash", Bill: "33000009"})
		}
		results := c.Propose(hub.Raw(hub.Entry(0, counter, pays[0], abouts[0])), hub.Raw(hub.Entry(0, counter, pays[1], abouts[1])))
		if results[0].Outcome != ledger.Applied || level == 1 && results[1].Outcome != ledger.Applied || level == 2 && results[1].Code != "bill_used" {
			t.Errorf("level %d, at two hubs: %+v", level, results)
		}
		// The township has not heard of it, and takes money of its own.
		_, err := townNode.Do(clerk, pays[2], abouts[2])
		must(t, err)
		if _, err := townNode.Do(clerk, pays[3], abouts[3]); level == 2 {
			wantRefused(t, "at the township, twice", err, "bill_used")
		}
		c.Settle()
		account, err := hub.FeeAccount(ctx, hub.MustCase(abouts[2].Case))
		if err != nil || len(account) != 1 || account[0].State != fee.Paid {
			t.Errorf("level %d: what was paid below is %+v, %v", level, account, err)
		}
		waits, err := hub.AttentionList(ctx, storetest.Code, false)
		must(t, err)
		if n := len(waits); n != level-1 || n == 1 && waits[0].Code != "bill_used" {
			t.Errorf("level %d: %+v", level, waits)
		}
		// Another number is another bill.
		pays[1].Bill = "33000010"
		if level == 2 {
			hub.MustDo(counter, pays[1], abouts[1])
		}
	}
}

// From level 2 on the ledger itself keeps a decision that was served, and one that
// another authority made out, from being declared void; before, it was judged as
// ever.
func TestVoidIsHeldByTheLedger(t *testing.T) {
	for _, level := range []int{1, 2} {
		want := func(what string, err error, code string) {
			t.Helper()
			if level == 1 {
				must(t, err)
			} else {
				wantRefused(t, what, err, code)
			}
		}
		c, townNode, hub, elsewhere := granted(t)
		hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: level})
		c.Settle()
		is := hub.MustCase(elsewhere)
		void := &ledger.CaseVoidV1{Kind: string(document.GrantDecision), Number: "准", Hash: storetest.Attachment("paper").Hash, Reason: "有误"}
		about := storetest.About{Case: is.ID, Scope: is.Division}
		_, err := hub.Do(hub.DepartmentActor(identity.DepartmentWindow, is.Department), void, about)
		want("a township's, at the county", err, "document_elsewhere")
		_, err = townNode.Do(townNode.Actor(identity.TownshipClerk), void, about)
		must(t, err)

		id := decidedAtTheCounty(t, hub)
		key := storetest.SealKey("first")
		hub.MustDo(c.Operator(), storetest.SealOf(hub, hub.MustCase(id).Department, 1, key))
		hub.Advance(id)
		grant := storetest.SealedPaper(t, document.GrantDecision, hub.MustCase(id), key)
		must(t, err2(hub.Step(id, grant)))
		own := &ledger.CaseVoidV1{Kind: grant.Kind, Number: grant.Number, Hash: grant.Hash, Reason: "有误"}
		must(t, err2(hub.Step(id, own)))
		must(t, err2(hub.Step(id, storetest.SealedPaper(t, document.GrantDecision, hub.MustCase(id), key))))
		for hub.MustCase(id).Status != "closed" {
			hub.Advance(id)
		}
		want("served", err2(hub.Step(id, own)), "decision_served")
	}
}

// From level 3 on the ledger itself keeps an appraisal from being signed or published
// after points were entered that its draft does not have, wherever that was asked at the
// same moment, and takes no points for a month that was published; before, it was judged
// as ever.
func TestAppraisalIsHeldByTheLedger(t *testing.T) {
	for _, level := range []int{2, 3} {
		w := newWatched(t)
		w.hub.MustDo(w.Operator(), &ledger.LevelRaiseV1{Level: level})
		c := w.village.Submit(birth)
		w.Settle()
		w.through(c.ID)
		w.Clock.Set(w.Clock.Now().AddDate(0, 0, 10))
		about := storetest.About{Scope: storetest.Code}
		mark := func() ledger.Body {
			return &ledger.AppraisalMarkV1{Month: november, Of: ledger.Appraised{Kind: "person", Division: town, Staff: w.town.Actor(identity.TownshipClerk).Staff}, Points: -50, Reason: "迟到"}
		}
		drafted := func() string {
			_, _, hash, err := w.hub.Appraise(ctx, november)
			must(t, err)
			w.hub.MustDo(w.supervisor, &ledger.AppraisalDraftV1{Month: november, Edition: 1, Hash: hash})
			return hash
		}
		// together are points and what follows from the draft, asked at two hubs at once.
		together := func(what string, by identity.Actor, body ledger.Body) {
			t.Helper()
			at := about
			if storetest.KindOf(body) == ledger.AppraisalPublish {
				at.Scope = ""
			}
			results := w.Propose(w.hub.Raw(w.hub.Entry(0, w.supervisor, mark(), about)), w.hub.Raw(w.hub.Entry(0, by, body, at)))
			if results[0].Outcome != ledger.Applied || level == 2 && results[1].Outcome != ledger.Applied || level == 3 && results[1].Code != "appraisal_changed" {
				t.Errorf("level %d, %s: %+v", level, what, results)
			}
		}
		hash := drafted()
		together("signed", w.other, &ledger.AppraisalSignV1{Month: november, Edition: 1, Hash: hash})
		hash = drafted()
		w.hub.MustDo(w.other, &ledger.AppraisalSignV1{Month: november, Edition: 1, Hash: hash})
		publish := func() *ledger.AppraisalPublishV1 {
			x, err := w.hub.Appraisal(ctx, november, 1)
			must(t, err)
			return &ledger.AppraisalPublishV1{Month: november, Edition: 1, Hash: x.Hash, Criteria: x.Card.Offices, Offices: x.Offices()}
		}
		together("published", w.supervisor, publish())
		if level == 3 {
			hash = drafted()
			w.hub.MustDo(w.other, &ledger.AppraisalSignV1{Month: november, Edition: 1, Hash: hash})
			w.hub.MustDo(w.supervisor, publish())
		}
		if _, err := w.hub.Do(w.supervisor, mark(), about); level == 2 {
			must(t, err)
		} else {
			wantRefused(t, "points for a month that was published", err, "appraisal_closed")
		}
		w.readAgain(t)
	}
}

// From level 3 on the ledger itself holds the day by which a bad rating is put right
// within its limit, and a mark as malicious against the call-back.
func TestRatingIsHeldByTheLedger(t *testing.T) {
	for _, level := range []int{2, 3} {
		c := storetest.NewCounty(t)
		village, hub := c.Village(here), c.Hub()
		hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: level})
		supervisor := hub.Actor(identity.Supervisor)
		var given []string
		for range 2 {
			opened := village.Submit(birth)
			r, err := rate(village, opened.ID, opened.ID, 1)
			must(t, err)
			c.Settle()
			hub.MustDo(supervisor, &ledger.RatingContactV1{Rating: r.ID, Reached: true, Verified: true, Note: "属实"})
			given = append(given, r.ID)
		}
		held := func(what, code string, body ledger.Body) {
			t.Helper()
			_, err := hub.Do(supervisor, body, storetest.About{})
			if level == 2 {
				must(t, err)
			} else {
				wantRefused(t, what, err, code)
			}
		}
		today := calendar.DateOf(c.Clock.Now())
		order := func(of string, days int) ledger.Body {
			return &ledger.RatingOrderV1{Rating: of, Division: here, What: "一次性告知", Before: today.AddDays(days)}
		}
		held("by a day that has gone by", "order_day", order(given[0], -1))
		held("after the limit", "order_day", order(given[1], 60))
		held("taken back without being there", "rating_unmarked", &ledger.RatingMarkV1{Rating: given[0], Reason: "标错了"})
		held("marked although it is so", "rating_verified", &ledger.RatingMarkV1{Rating: given[0], Malicious: true, Reason: "查无此事"})
		if level == 3 {
			hub.MustDo(supervisor, order(given[0], 1))
		}
	}
}
