package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store/storetest"
)

// issued is a case that a township decided and a village handed over, with one
// result that holds until a day.
func issued(t *testing.T, c *storetest.County, until string) (id string, about storetest.About) {
	t.Helper()
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(birth)
	for range 20 {
		for _, n := range []*storetest.Node{village, townNode, c.Hub()} {
			x, err := n.Case(ctx, opened.ID)
			if err != nil || x.Status.Ended() || x.Holder != n.Division() {
				continue
			}
			step, _ := x.Current()
			body := storetest.BodyFor(x, step.Verb)
			if b, ok := body.(*ledger.CaseIssueV1); ok {
				b.Documents[0].Number, b.Documents[0].ValidUntil = "S-1", until
			}
			n.MustStep(opened.ID, body)
		}
		c.Settle()
	}
	if x := c.Hub().MustCase(opened.ID); x.Status != casework.Closed {
		t.Fatalf("the case is %s", x.Status)
	}
	return opened.ID, storetest.About{Case: opened.ID, Scope: opened.Division}
}

// What a township granted is put right and revoked by the township alone, with
// the line down too; every node has the same results, and a refused entry leaves
// them as they were.
func TestResultsAcrossTiers(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	id, about := issued(t, c, "2027-03-01")
	clerk, leader := townNode.Actor(identity.TownshipClerk), townNode.Actor(identity.TownshipLeader)
	name := townNode.MustCase(id).Documents[0].Name
	fix := &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "姓名录入有误", Replacement: ledger.IssuedDocument{Name: name, Number: "S-2", ValidUntil: "2027-03-01"}}
	_, err := village.Do(village.Actor(identity.VillageWorker), fix, about)
	wantRefused(t, "proposed by a village", err, "not_authorised")
	_, err = townNode.Do(leader, fix, about)
	wantRefused(t, "proposed by who decides", err, "not_authorised")
	proposed, err := townNode.Do(clerk, fix, about)
	must(t, err)
	_, err = townNode.Do(clerk, &ledger.ResultDecideV1{Proposal: proposed.ID, Agreed: true, Reasons: "属实"}, about)
	wantRefused(t, "decided by a clerk", err, "not_authorised")
	decided, err := townNode.Do(leader, &ledger.ResultDecideV1{Proposal: proposed.ID, Agreed: true, Reasons: "属实"}, about)
	must(t, err)
	c.Settle()
	before := calendar.DateOf(c.Clock.Now()).AddDays(casework.HeardDays)
	taken, err := townNode.Do(clerk, &ledger.ResultProposeV1{Result: decided.ID, Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "冒用身份", Before: before}, about)
	must(t, err)
	_, err = townNode.Do(leader, &ledger.ResultDecideV1{Proposal: taken.ID, Agreed: true, Reasons: "属实"}, about)
	wantRefused(t, "revoked unheard", err, "holder_unheard")
	c.Settle()
	_, err = village.Do(village.Actor(identity.VillageWorker), &ledger.ResultStateV1{Proposal: taken.ID, Text: "系他人冒用"}, about)
	must(t, err)
	c.Settle()
	_, err = townNode.Do(leader, &ledger.ResultDecideV1{Proposal: taken.ID, Agreed: true, Reasons: "属实"}, about)
	must(t, err)
	c.Settle()
	dump := storetest.Dump(t, hub.Store, "results")
	for _, n := range []*storetest.Node{village, townNode, hub} {
		f, err := n.Results(ctx, n.MustCase(id))
		must(t, err)
		if on, state, why := f.Ended(); on.IsZero() || state != result.Revoked || why != "冒用身份" || len(f.Results) != 2 || f.Results[0].State != result.Superseded {
			t.Errorf("%s: %+v", n.ID(), f)
		}
		if got := storetest.Dump(t, n.Store, "results"); got != dump {
			t.Errorf("%s has other results:\n%s\nthe hub:\n%s", n.ID(), got, dump)
		}
		if holding, ended, _, err := n.EndedResults(ctx, id); err != nil || holding != 0 || ended != "revoked" {
			t.Errorf("%s: %d hold, %s, %v", n.ID(), holding, ended, err)
		}
	}
}

// A number that a township gave to a result is given to no other of its kind, when
// it is issued, put right or made out again; another township may have it.
func TestResultNumbersAreGivenOnce(t *testing.T) {
	c := storetest.NewCounty(t)
	townNode := c.Township(town)
	c.Settle()
	first, _ := issued(t, c, "2027-03-01")
	number := townNode.MustCase(first).Documents[0].Number
	second := c.Village(here).Submit(birth)
	var about storetest.About
	for range 20 {
		for _, n := range []*storetest.Node{c.Village(here), townNode, c.Hub()} {
			x, err := n.Case(ctx, second.ID)
			if err != nil || x.Status.Ended() || x.Holder != n.Division() {
				continue
			}
			step, _ := x.Current()
			body := storetest.BodyFor(x, step.Verb)
			if b, ok := body.(*ledger.CaseIssueV1); ok {
				free := b.Documents[0].Number
				b.Documents[0].Number = number
				_, err := n.Step(second.ID, b)
				wantRefused(t, "issued under a number in use", err, "result_number_taken")
				b.Documents[0].Number = free
			}
			n.MustStep(second.ID, body)
		}
		c.Settle()
	}
	x := townNode.MustCase(second.ID)
	about = storetest.About{Case: second.ID, Scope: x.Division}
	clerk := townNode.Actor(identity.TownshipClerk)
	_, err := townNode.Do(clerk, &ledger.ResultReissueV1{Result: "1", Number: number, Reason: "遗失"}, about)
	wantRefused(t, "made out again under it", err, "result_number_taken")
	_, err = townNode.Do(clerk, &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "有误", Replacement: ledger.IssuedDocument{Name: x.Documents[0].Name, Number: number}}, about)
	wantRefused(t, "put right under it", err, "result_number_taken")
	_, err = townNode.Do(clerk, &ledger.ResultReissueV1{Result: "1", Number: number + "-2", Reason: "遗失"}, about)
	must(t, err)
}

// A decision that the county refuses, for its leader was no longer one, changes
// nothing there, and is taken back at the township.
func TestRefusedDecisionAboutAResultIsTakenBack(t *testing.T) {
	c := storetest.NewCounty(t)
	townNode, hub := c.Township(town), c.Hub()
	c.Settle()
	id, about := issued(t, c, "")
	clerk, leader := townNode.Actor(identity.TownshipClerk), townNode.Actor(identity.TownshipLeader)
	proposed, err := townNode.Do(clerk, &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCancel, Ground: ledger.GroundWish, Reason: "申请注销"}, about)
	must(t, err)
	c.Settle()
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: leader.Staff, Disabled: true, Reason: "调离"})
	c.Clock.Advance(3 * time.Minute)
	_, err = townNode.Do(leader, &ledger.ResultDecideV1{Proposal: proposed.ID, Agreed: true, Reasons: "同意"}, about)
	must(t, err)
	if holding, _, _, err := townNode.EndedResults(ctx, id); err != nil || holding != 0 {
		t.Fatalf("%d hold at the township, %v", holding, err)
	}
	c.Settle()
	if a, b := storetest.Dump(t, townNode.Store, "results"), storetest.Dump(t, hub.Store, "results"); a != b {
		t.Errorf("the township:\n%s\nthe hub:\n%s", a, b)
	}
	if holding, _, _, err := townNode.EndedResults(ctx, id); err != nil || holding != 1 {
		t.Errorf("%d hold, %v", holding, err)
	}
}

// A renewal is found from what it renews, only its holder hands it in, and what
// expires is listed.
//
// Rules: 2.23.
func TestRenewals(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	c.Settle()
	today := calendar.DateOf(c.Clock.Now())
	until := today.AddDays(45)
	id, _ := issued(t, c, until.String())
	old := village.MustCase(id)
	renews := ledger.Renewal{Case: id, Result: "1", Number: "S-1", Until: until}
	_, err := village.TrySubmit(birth, func(b *ledger.CaseSubmitV1) {
		b.Renews = renews
		b.Renews.Number = "S-9"
	})
	wantRefused(t, "another number", err, "renewal_mismatch")
	_, err = village.TrySubmit(birth, func(b *ledger.CaseSubmitV1) {
		b.Renews = renews
		b.Renews.Case = "unknown"
	})
	wantRefused(t, "another case", err, "renewal_unknown")
	opened := village.Submit(birth, func(b *ledger.CaseSubmitV1) { b.Renews = renews })
	c.Settle()
	for _, n := range c.Nodes() {
		if n.Division() != storetest.Code && n.Division() != town && n.Division() != here {
			continue
		}
		cases, err := n.Renewals(ctx, id)
		if err != nil || len(cases) != 1 || cases[0].ID != opened.ID {
			t.Errorf("%s: %v, %v", n.ID(), cases, err)
		}
	}
	found, err := hub.Expiring(ctx, storetest.Code, "", today, until, 10)
	if err != nil || len(found) != 1 || found[0].Case.ID != old.ID || found[0].Result != "1" {
		t.Errorf("%+v, %v", found, err)
	}
	for _, x := range []struct{ department, from, until string }{{"县无此局", today.String(), until.String()}, {"", today.String(), until.AddDays(-1).String()}, {"", until.AddDays(1).String(), "2099-01-01"}} {
		from, _ := calendar.Parse(x.from)
		to, _ := calendar.Parse(x.until)
		if found, err := hub.Expiring(ctx, storetest.Code, x.department, from, to, 10); err != nil || len(found) != 0 {
			t.Errorf("%+v: %+v, %v", x, found, err)
		}
	}
}

// A hearing in a township's case: its right told, asked for at the village, held;
// nothing is decided before (Administrative Licence Law art. 46 to 48).
func TestHearingAcrossTiers(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	c.Settle()
	opened := village.Submit("TB-XZRZ-005")
	for range 8 {
		c.Settle()
		for _, n := range []*storetest.Node{village, townNode} {
			x, err := n.Case(ctx, opened.ID)
			if err != nil || x.Holder != n.Division() {
				continue
			}
			if step, _ := x.Current(); step.Verb != ledger.VerbDecide {
				n.MustStep(opened.ID, storetest.BodyFor(x, step.Verb))
			}
		}
	}
	if step, _ := townNode.MustCase(opened.ID).Current(); step.Verb != ledger.VerbDecide {
		t.Fatalf("it waits at %s", step.Verb)
	}
	today := calendar.DateOf(c.Clock.Now())
	about := storetest.About{Case: opened.ID, Scope: opened.Division}
	decide := storetest.BodyFor(townNode.MustCase(opened.ID), ledger.VerbDecide)
	_, err := village.Do(village.Actor(identity.VillageWorker), &ledger.HearingAskV1{Party: "王芳"}, about)
	wantRefused(t, "before it was told", err, "hearing_untold")
	_, err = townNode.Step(opened.ID, &ledger.HearingTellV1{Matter: "临近住宅", Before: today.AddDays(3)})
	wantRefused(t, "three days to ask", err, "hearing_days")
	townNode.MustStep(opened.ID, &ledger.HearingTellV1{Matter: "临近住宅", Before: today.AddDays(14)})
	_, err = townNode.Step(opened.ID, decide)
	wantRefused(t, "decided while a hearing can be asked for", err, "hearing_wait")
	c.Settle()
	for what, b := range map[string]*ledger.HearingAskV1{"a stranger in the applicant's place": {Party: "过路人", Waived: true}, "given up by who was never told": {Party: "过路人", Interested: true, Waived: true}} {
		_, err := village.Do(village.Actor(identity.VillageWorker), b, about)
		wantRefused(t, what, err, "statement_party")
	}
	asked, err := village.Do(village.Actor(identity.VillageWorker), &ledger.HearingAskV1{Party: "邻居", Interested: true}, about)
	must(t, err)
	c.Settle()
	c.Clock.Advance(16 * 24 * time.Hour)
	_, err = townNode.Step(opened.ID, decide)
	wantRefused(t, "decided although a hearing was asked for", err, "hearing_asked")
	_, err = village.Do(village.Actor(identity.VillageWorker), &ledger.HearingAskV1{Party: "王芳"}, about)
	wantRefused(t, "asked too late", err, "hearing_late")
	today = calendar.DateOf(c.Clock.Now())
	notice := &ledger.HearingConveneV1{Asked: []string{asked.ID}, On: today.AddDays(5), Time: "09:30", Place: "听证室", Presider: ledger.NamedPerson{Staff: "p", Name: "周平"}}
	_, err = townNode.Step(opened.ID, notice)
	wantRefused(t, "five days of notice", err, "hearing_days")
	notice.On = today.AddDays(14)
	townNode.MustStep(opened.ID, notice)
	_, err = townNode.Step(opened.ID, decide)
	wantRefused(t, "decided without its record", err, "hearing_open")
	c.Clock.Advance(15 * 24 * time.Hour)
	townNode.MustStep(opened.ID, &ledger.HearingRecordV1{On: notice.On, Held: true, Summary: "已质证"})
	townNode.MustStep(opened.ID, decide)
	c.Settle()
	if x := c.Hub().MustCase(opened.ID); x.Decision != casework.Granted || x.Hearing == nil || x.Hearing.HeldOn != notice.On || x.Suspensions[0].End != notice.On {
		t.Errorf("%s, %+v, %+v", x.Decision, x.Hearing, x.Suspensions)
	}
}
