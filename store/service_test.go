package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func rate(n *storetest.Node, caseID, visit string, grade ledger.Grade) (store.Result, error) {
	return n.Do(n.System(), &ledger.RatingGiveV1{Case: caseID, Occasion: visit, At: n.Division(), Institution: grade, Means: ledger.RatedOnDevice}, storetest.About{})
}

// A visit is rated once, on the spot and with the line down; a bad rating is
// contacted, ordered, rectified by the township's leader, reported and graded
// anew. Each step only when its turn has come, and none by whoever was rated.
func TestBadRating(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	opened := village.Submit(birth)
	given, err := rate(village, opened.ID, opened.ID, 1)
	must(t, err)
	_, err = rate(village, opened.ID, opened.ID, 5)
	wantRefused(t, "the same visit a second time", err, "rated_already")
	_, err = rate(village, opened.ID, given.ID, 5)
	wantRefused(t, "a visit that was none", err, "occasion_unknown")
	_, err = village.Do(village.Actor(identity.VillageWorker), &ledger.RatingGiveV1{Case: opened.ID, Occasion: opened.ID, At: here, Institution: 5, Means: ledger.RatedOnDevice}, storetest.About{})
	wantRefused(t, "by the desk", err, "not_authorised")
	c.Settle()
	if n, err := village.Count(ctx, village.ID()); err != nil || n.Outbox != 0 {
		t.Fatalf("not confirmed: %+v, %v", n, err)
	}

	state := func(want rating.State) *store.RatingView {
		t.Helper()
		v, err := hub.Rating(ctx, given.ID)
		must(t, err)
		if v.State() != want {
			t.Fatalf("state %q, want %q", v.State(), want)
		}
		return v
	}
	v := state(rating.Opened)
	if v.Division != here || v.Staff != village.Actor(identity.VillageWorker).Staff || v.Item != birth || v.Department != "" {
		t.Errorf("%+v", v.Rating)
	}
	supervisor, leader := hub.Actor(identity.Supervisor), townNode.Actor(identity.TownshipLeader)
	later := calendar.DateOf(c.Clock.Now()).AddDays(5)
	order := &ledger.RatingOrderV1{Rating: given.ID, Division: here, What: "一次性告知", Before: later}
	do := func(n *storetest.Node, by identity.Actor, body ledger.Body, code string) {
		t.Helper()
		_, err := n.Do(by, body, storetest.About{})
		if code == "" {
			must(t, err)
			c.Settle()
			return
		}
		wantRefused(t, string(storetest.KindOf(body)), err, code)
	}
	do(hub, supervisor, order, "rating_step")
	do(hub, supervisor, &ledger.RatingReportV1{Rating: given.ID, Note: "x"}, "rating_step")
	do(hub, hub.Actor(identity.CountyOperator), &ledger.RatingContactV1{Rating: given.ID, Note: "x"}, "not_authorised")
	do(hub, supervisor, &ledger.RatingContactV1{Rating: given.ID, Reached: true, Verified: true, Note: "属实"}, "")
	do(hub, supervisor, &ledger.RatingReportV1{Rating: given.ID, Note: "x"}, "rating_unrectified")
	do(hub, supervisor, &ledger.RatingOrderV1{Rating: given.ID, Division: next, What: "x", Before: later}, "rating_office")
	do(hub, supervisor, order, "")
	if _, err := village.Rectification(ctx, given.ID); err != nil {
		t.Errorf("the notice has not come to the office: %v", err)
	}
	do(townNode, townNode.Actor(identity.TownshipClerk), &ledger.RatingRectifyV1{Rating: given.ID, Done: "x"}, "not_authorised")
	do(townNode, leader, &ledger.RatingContestV1{Rating: given.ID, Reason: "材料未带齐"}, "")
	do(townNode, leader, &ledger.RatingRectifyV1{Rating: given.ID, Done: "已张贴一次性告知单"}, "")
	do(townNode, leader, &ledger.RatingRectifyV1{Rating: given.ID, Done: "再报一次"}, "rating_step")
	do(hub, supervisor, &ledger.RatingMarkV1{Rating: given.ID, Malicious: true, Reason: "查无此事"}, "")
	do(hub, supervisor, &ledger.RatingReportV1{Rating: given.ID, Note: "已告知整改", Again: 4}, "")
	v = state(rating.Reported)
	if v.Rectification.Contest == "" || v.Mark == nil || v.Report.Again != 4 || v.Institution != 1 {
		t.Errorf("%+v %+v", v.Rating, v.Rectification)
	}
	do(hub, supervisor, &ledger.RatingReportV1{Rating: given.ID, Note: "x"}, "rating_finished")

	figures, err := hub.RatingFigures(ctx, store.OfficeFilter{}, false)
	must(t, err)
	f := figures[store.RatedUnit{Division: here}]
	if f == nil || f.Rated != 1 || f.Bad != 1 || f.Rectified != 1 || f.Malicious != 1 || f.Satisfaction() != 0 || f.Rectification() != 1000 {
		t.Errorf("%+v", f)
	}
	// The township has what was done at it, and neither the case's entries nor
	// its feed tell who rated.
	if entries, err := hub.Timeline(ctx, opened.ID); err != nil || slices.ContainsFunc(entries, func(e store.EntryView) bool { return e.Kind == ledger.RatingGive }) {
		t.Errorf("the case's entries tell of the rating (%v)", err)
	}
	if kept := storetest.Dump(t, townNode.Store, "rectifications"); kept != storetest.Dump(t, hub.Store, "rectifications") {
		t.Errorf("the township has another notice:\n%s", kept)
	}
}

// A call-back says by which way and when. One that reached nobody is listed and leaves
// the rating to be contacted; one in the future or before the rating is refused.
func TestCallBack(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: 3})
	opened := village.Submit(birth)
	given, err := rate(village, opened.ID, opened.ID, 1)
	must(t, err)
	c.Settle()
	supervisor := hub.Actor(identity.Supervisor)
	call := func(reached bool, after time.Duration) *ledger.RatingContactV2 {
		return &ledger.RatingContactV2{Rating: given.ID, Channel: ledger.ByPhone, AtMS: c.Clock.Now().Add(after).UnixMilli(), Reached: reached, Verified: reached, Note: "无人接听"}
	}
	refused := func(what string, body ledger.Body, code string) {
		t.Helper()
		_, err := hub.Do(supervisor, body, storetest.About{})
		wantRefused(t, what, err, code)
	}
	refused("tomorrow", call(true, 24*time.Hour), "contact_time")
	refused("before the rating", call(true, -24*time.Hour), "contact_time")
	unknown := call(true, 0)
	unknown.Rating = opened.ID
	refused("of none", unknown, "rating_unknown")
	_, err = hub.Do(hub.Actor(identity.CountyOperator), call(true, 0), storetest.About{})
	wantRefused(t, "by an operator", err, "not_authorised")

	tried := hub.Raw(hub.Entry(0, supervisor, call(false, 0), storetest.About{Scope: storetest.Code}))
	for _, r := range c.Propose(tried, tried) {
		if r.Outcome != ledger.Applied {
			t.Fatalf("an attempt, and its repeat: %+v", r)
		}
	}
	c.Clock.Advance(24 * time.Hour)
	hub.MustDo(supervisor, call(false, 0))
	v, err := hub.Rating(ctx, given.ID)
	must(t, err)
	if v.State() != rating.Opened || len(v.Attempts) != 2 || v.Attempts[0].Channel != ledger.ByPhone || v.Attempts[0].AtMS == 0 || v.Attempts[0].By.Staff != supervisor.Staff {
		t.Errorf("%s, %+v", v.State(), v.Attempts)
	}
	refused("told before anybody was reached", &ledger.RatingReportV1{Rating: given.ID, Note: "x"}, "rating_step")
	hub.MustDo(supervisor, call(false, 0))
	hub.MustDo(supervisor, call(true, 0))
	refused("a second time", call(true, 0), "rating_step")
	v, err = hub.Rating(ctx, given.ID)
	must(t, err)
	if v.State() != rating.Contacted || len(v.Attempts) != 3 || v.Contact.AtMS == 0 || !v.Contact.Verified {
		t.Errorf("%s, %+v", v.State(), v.Contact)
	}
	// It is the supervisors' alone: nothing of it goes down.
	for _, n := range []*storetest.Node{village, c.Township(town)} {
		if dump := storetest.Dump(t, n.Store, "ratings"); strings.Contains(dump, "无人接听") {
			t.Errorf("%s has the call-backs: %s", n.ID(), dump)
		}
	}
}

// A supervisor who was rated at a desk has no hand in the rating; good ratings
// ask for nothing.
func TestGoodRating(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	opened := village.Submit(birth)
	given, err := rate(village, opened.ID, opened.ID, 4)
	must(t, err)
	c.Settle()
	_, err = hub.Do(hub.Actor(identity.Supervisor), &ledger.RatingContactV1{Rating: given.ID, Note: "x"}, storetest.About{})
	wantRefused(t, "contact after a good rating", err, "rating_not_bad")
}

// The visit at which a joint matter was handed in is rated once, whichever of its
// cases the rating names, and is a visit to the desk about the joint matter.
func TestJointVisitRated(t *testing.T) {
	c := storetest.NewCounty(t)
	c.ApprovePackage(inOrder(), 1)
	c.Publish(2, catalog.EditionItem{Code: inOrder().Code, Version: 1})
	village, hub := c.Village(here), c.Hub()
	village.Pull(hub)
	first, second, third := village.MustHandIn(village.HandIn(inOrder())), village.MustHandIn(village.HandIn(inOrder())), village.MustHandIn(village.HandIn(inOrder()))
	for _, m := range first.Members[1:] {
		_, err := rate(village, m.Case, second.ID, 5)
		wantRefused(t, "a visit about another joint matter", err, "occasion_unknown")
	}
	byMember, err := rate(village, first.Members[1].Case, first.ID, 2)
	must(t, err)
	for _, of := range []string{first.ID, first.Members[0].Case, first.Members[1].Case} {
		_, err := rate(village, of, first.ID, 5)
		wantRefused(t, "the same visit under "+of, err, "rated_already")
	}
	byMatter, err := rate(village, second.ID, second.ID, 4)
	must(t, err)
	_, err = rate(village, second.Members[0].Case, second.ID, 4)
	wantRefused(t, "the same visit under a case", err, "rated_already")

	// Two places rate one visit under different cases: the county keeps one.
	c.Settle()
	_, err = rate(hub, third.Members[0].Case, third.ID, 5)
	must(t, err)
	_, err = rate(village, third.Members[2].Case, third.ID, 1)
	must(t, err)
	c.Settle()
	if list, err := hub.Ratings(ctx, store.OfficeFilter{}); err != nil || len(list) != 3 {
		t.Errorf("the county has %+v, %v", list, err)
	}
	for given, of := range map[string]string{byMember.ID: first.Members[1].Case, byMatter.ID: second.ID} {
		r, err := hub.Rating(ctx, given)
		must(t, err)
		if r.Case != of || r.Item != inOrder().Code || r.Division != here {
			t.Errorf("%+v", r.Rating)
		}
	}
}

// Two places rate the same visit while the line is down: the county keeps the
// first it hears of, and the other place takes its word.
//
// Rules: 6.2.
func TestVisitRatedTwice(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(birth)
	c.Settle()
	first, err := rate(townNode, opened.ID, opened.ID, 5)
	must(t, err)
	_, err = rate(village, opened.ID, opened.ID, 1)
	must(t, err)
	townNode.Push(c.Hub())
	village.Push(c.Hub())
	c.Settle()
	for _, n := range []*storetest.Node{c.Hub(), townNode} {
		list, err := n.Ratings(ctx, store.OfficeFilter{})
		must(t, err)
		if len(list) != 1 || list[0].ID != first.ID {
			t.Errorf("%s: %+v", n.ID(), list)
		}
	}
	if list, err := village.Ratings(ctx, store.OfficeFilter{}); err != nil || len(list) != 0 {
		t.Errorf("the village keeps a rating that was refused: %+v, %v", list, err)
	}
}

// A complaint has its number with the line down; its handler is named, is not
// whoever it is about, and alone replies (handbook section 7).
func TestComplaint(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	opened := village.Submit(birth)
	leader, supervisor := townNode.Actor(identity.TownshipLeader), hub.Actor(identity.Supervisor)
	open := func(n *storetest.Node, by identity.Actor, change func(*ledger.ComplaintOpenV1)) (string, error) {
		b := &ledger.ComplaintOpenV1{Number: n.ComplaintNumber(), Type: ledger.Complaint, At: n.Division(), Division: here, Text: "跑了两趟"}
		if change != nil {
			change(b)
		}
		_, err := n.Do(by, b, storetest.About{})
		return b.Number, err
	}
	first, err := open(village, village.System(), nil)
	must(t, err)
	second, err := open(village, village.System(), func(b *ledger.ComplaintOpenV1) { b.Case = opened.ID; b.Staff = leader.Staff })
	must(t, err)
	if first == second || len(first) != 30 {
		t.Fatalf("numbers %s and %s", first, second)
	}
	_, err = open(village, village.System(), func(b *ledger.ComplaintOpenV1) { b.Number = first })
	wantRefused(t, "a number that is taken", err, "number_taken")
	_, err = open(village, village.System(), func(b *ledger.ComplaintOpenV1) { b.Number = "T" + townNode.Number(1) })
	wantRefused(t, "another node's number", err, "complaint_number")
	c.Settle()
	if n, err := village.Count(ctx, village.ID()); err != nil || n.Outbox != 0 {
		t.Fatalf("not confirmed: %+v, %v", n, err)
	}
	do := func(n *storetest.Node, by identity.Actor, body ledger.Body, code string) {
		t.Helper()
		_, err := n.Do(by, body, storetest.About{})
		if code != "" {
			wantRefused(t, string(storetest.KindOf(body)), err, code)
			return
		}
		must(t, err)
		c.Settle()
	}
	do(townNode, leader, &ledger.ComplaintReplyV1{Complaint: first, Reply: "x"}, "complaint_unassigned")
	do(townNode, leader, &ledger.ComplaintAssignV1{Complaint: first, Handler: leader.Staff}, "not_authorised")
	do(hub, supervisor, &ledger.ComplaintAssignV1{Complaint: first, Handler: village.Actor(identity.VillageWorker).Staff}, "complaint_handler")
	do(hub, supervisor, &ledger.ComplaintAssignV1{Complaint: second, Handler: leader.Staff}, "complaint_concerned")
	do(hub, supervisor, &ledger.ComplaintAssignV1{Complaint: second, Handler: "nobody"}, "staff_unknown")
	do(hub, supervisor, &ledger.ComplaintAssignV1{Complaint: first, Handler: leader.Staff}, "")
	do(hub, supervisor, &ledger.ComplaintReplyV1{Complaint: first, Reply: "x"}, "complaint_handler")
	do(townNode, leader, &ledger.ComplaintRevealV1{Complaint: second}, "complaint_concerned")
	do(townNode, leader, &ledger.ComplaintRevealV1{Complaint: first}, "")
	do(townNode, leader, &ledger.ComplaintReplyV1{Complaint: first, Upheld: true, Reply: "属实", Measures: "已整改"}, "")
	do(townNode, leader, &ledger.ComplaintReplyV1{Complaint: first, Reply: "再答"}, "complaint_replied")
	do(hub, supervisor, &ledger.ComplaintAssignV1{Complaint: first, Handler: supervisor.Staff}, "complaint_replied")
	got, err := hub.Complaint(ctx, first)
	must(t, err)
	if got.State() != complaint.Replied || got.Handler != leader.Staff || !got.Upheld {
		t.Errorf("%+v", got)
	}
	for _, n := range []*storetest.Node{village, townNode} {
		if mine := storetest.Dump(t, n.Store, "complaints"); mine != storetest.Dump(t, hub.Store, "complaints") {
			t.Errorf("%s has others:\n%s", n.ID(), mine)
		}
	}
	open2, err := hub.Complaints(ctx, store.OfficeFilter{Open: true, Within: town}, "")
	must(t, err)
	if len(open2) != 1 || open2[0].Number != second {
		t.Errorf("open: %+v", open2)
	}
}

// Whoever acted on a case is concerned by a complaint about it that names
// nobody.
func TestComplaintAboutACase(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	opened := village.Submit(welfare)
	c.Settle()
	for !townNode.MustCase(opened.ID).Status.Ended() {
		for _, n := range []*storetest.Node{village, townNode, hub} {
			if n.MustCase(opened.ID).Holder == n.Division() && !n.MustCase(opened.ID).Status.Ended() {
				n.Advance(opened.ID)
				c.Settle()
			}
		}
	}
	decider := hub.MustCase(opened.ID).DecidedBy
	b := &ledger.ComplaintOpenV1{Number: village.ComplaintNumber(), Type: ledger.Complaint, At: here, Case: opened.ID, Division: storetest.Code, Department: opened.Department, Text: "久拖不决"}
	_, err := village.Do(village.System(), b, storetest.About{})
	must(t, err)
	c.Settle()
	_, err = hub.Do(hub.Actor(identity.Supervisor), &ledger.ComplaintAssignV1{Complaint: b.Number, Handler: decider.Staff}, storetest.About{})
	wantRefused(t, "whoever decided the case", err, "complaint_concerned")
}

// The county's limits are an entry that everybody has.
func TestServiceRules(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	rules := ledger.ServiceRulesV1{ContactDays: 2, FinishDays: 7, ReplyDays: 10, LeastShown: 8}
	if got, err := village.ServiceRules(ctx); err != nil || got != rating.DefaultRules {
		t.Errorf("before: %+v, %v", got, err)
	}
	c.Hub().MustDo(c.Operator(), &rules)
	c.Settle()
	if got, err := village.ServiceRules(ctx); err != nil || got != rules {
		t.Errorf("after: %+v, %v", got, err)
	}
	_, err := village.Do(village.Actor(identity.VillageWorker), &rules, storetest.About{})
	wantRefused(t, "set by a village", err, "not_authorised")
}
