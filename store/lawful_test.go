package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Nobody decides a case whose applicant wants to withdraw, until they took that
// back; it ends as withdrawn only on their wish, and after the end nothing more is
// taken in.
func TestWithdrawalComesBeforeTheDecision(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	atDecision := func() string {
		opened := hub.Submit("TB-SCJG-010")
		for {
			now := hub.MustCase(opened.ID)
			if step, _ := now.Current(); step.Verb == ledger.VerbDecide {
				return opened.ID
			}
			hub.Advance(opened.ID)
		}
	}
	id := atDecision()
	decide := &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}
	asks, back := &ledger.CaseWithdrawV1{Reason: "不再需要"}, &ledger.CaseWithdrawV1{Reason: "仍要办理", TakenBack: true}
	end := &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true}
	step := func(what string, body ledger.Body, want string) {
		t.Helper()
		_, err := hub.Step(id, body)
		if want != "" {
			wantRefused(t, what, err, want)
		} else if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	step("ended as withdrawn by nobody", end, "withdrawal_unasked")
	step("taken back before it was asked", back, "withdrawal_none")
	step("asked", asks, "")
	step("asked twice", asks, "withdrawal_pending")
	step("decided all the same", decide, "withdrawal_asked")
	step("taken back", back, "")
	step("ended although it was taken back", end, "withdrawal_unasked")
	step("decided", decide, "")
	step("withdrawn after the decision", asks, "decided")

	id = atDecision()
	step("asked", asks, "")
	step("ended", end, "")
	step("asked after the end", asks, "case_ended")
	step("brought after the end", &ledger.CaseSupplementV1{Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}}, "case_ended")
	if got := hub.MustCase(id); got.Status != casework.Terminated || got.TerminatedBy == nil {
		t.Errorf("%+v", got)
	}
}

// What a village takes in with the line cut comes late: the county judges it by
// what it knows then, and the desk is shown what it refused.
func TestLateWithdrawal(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(birth)
	c.Settle()
	for now := townNode.MustCase(opened.ID); now.DecidedMS == 0; now = townNode.MustCase(opened.ID) {
		c.Node(now.Holder).Advance(opened.ID)
		c.Settle()
		if now := townNode.MustCase(opened.ID); now.Holder == here {
			village.Advance(opened.ID)
			c.Settle()
		}
		if step, _ := townNode.MustCase(opened.ID).Current(); step.Verb == ledger.VerbDecide {
			// The applicant comes to the village while the township decides.
			c.Clock.Advance(time.Minute)
			townNode.Advance(opened.ID)
			c.Clock.Advance(time.Minute)
			late, err := village.Step(opened.ID, &ledger.CaseWithdrawV1{Reason: "不再需要"})
			if err != nil {
				t.Fatal(err)
			}
			c.Settle()
			e, err := village.Store.Entry(ctx, late.ID)
			if err != nil {
				t.Fatal(err)
			}
			switch e.Status {
			case ledger.Refused: // the decision was first in the county's ledger
				if e.Code != "decided" {
					t.Errorf("refused for %s", e.Code)
				}
			case ledger.Applied: // the decision was made before, and stands
			default:
				t.Errorf("%+v", e)
			}
			if got := village.MustCase(opened.ID); got.Decision != casework.Granted {
				t.Errorf("%+v", got)
			}
			return
		}
	}
	t.Fatal("never came to be decided")
}

// A notice leaves the applicant five working days, and the case does not end for
// papers that came.
func TestTermAndWhatCame(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	opened := hub.Submit("TB-SCJG-010", func(b *ledger.CaseSubmitV1) { b.Materials, b.Lacking = b.Materials[1:], true })
	paper := opened.Lacking[0]
	today := calendar.DateOf(c.Clock.Now())
	notice := func(before calendar.Date) *ledger.CaseRequestSupplementV1 {
		return &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: paper, Problem: ledger.ProblemMissing, How: "请提交"}}, Before: before}
	}
	for _, days := range []int{-1, 0, 4, 6} {
		_, err := hub.Step(opened.ID, notice(today.AddDays(days)))
		wantRefused(t, "too short", err, "supplement_term")
	}
	hub.MustStep(opened.ID, notice(today.AddDays(7)))
	end := &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented, Reason: "逾期未补正", PapersReturned: true}
	_, err := hub.Step(opened.ID, end)
	wantRefused(t, "in time still", err, "supplement_open")
	var brought []catalog.SubmittedMaterial
	for _, m := range storetest.Materials(c.Item("TB-SCJG-010")) {
		if m.Name == paper {
			brought = append(brought, m)
		}
	}
	if _, err := hub.Step(opened.ID, &ledger.CaseSupplementV1{Materials: brought}); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(10 * 24 * time.Hour)
	_, err = hub.Step(opened.ID, end)
	wantRefused(t, "it came", err, "supplement_came")
}

// A paper that was left for later comes before the case is granted, to whichever
// desk.
func TestLeftForLaterComesFirst(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	const code = "TB-SFJ-001"
	minor := ""
	for _, m := range c.Item(code).Materials {
		if m.Required && m.Tolerable() {
			minor = m.Name
		}
	}
	var paper catalog.SubmittedMaterial
	opened := hub.Submit(code, func(b *ledger.CaseSubmitV1) {
		b.Lacking = true
		for i, m := range b.Materials {
			if m.Name == minor {
				paper, b.Materials = m, append(b.Materials[:i:i], b.Materials[i+1:]...)
				return
			}
		}
	})
	hub.MustStep(opened.ID, &ledger.CaseAcceptV1{Tolerated: []ledger.ToleratedMaterial{{Material: minor, Before: calendar.DateOf(c.Clock.Now()).AddDays(2)}}})
	for step, _ := hub.MustCase(opened.ID).Current(); step.Verb != ledger.VerbDecide; step, _ = hub.MustCase(opened.ID).Current() {
		hub.Advance(opened.ID)
	}
	_, err := hub.Step(opened.ID, &ledger.CaseDecideV1{Granted: true, Opinion: "准予"})
	wantRefused(t, "granted without it", err, "tolerated_missing")
	if _, err := hub.Step(opened.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{paper}}); err != nil {
		t.Fatal(err)
	}
	hub.MustStep(opened.ID, &ledger.CaseDecideV1{Granted: true, Opinion: "准予"})
}
