package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Art. 32 no. 4: whoever is told what is missing has the time to bring it, and the
// case does not end for it before that has passed.
func TestTermOfANotice(t *testing.T) {
	const item = "TB-XFJY-001"
	lacks := material(t, item, false)
	notice := func(before string) ledger.Body {
		b := &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: lacks, Problem: ledger.ProblemMissing, How: "请提交"}}}
		if before != "" {
			b.Before = calendartest.Date(t, before)
		}
		return b
	}
	end := &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented, Reason: "逾期未补正"}
	open := received(t, item, "2026-11-16", lacks)
	live(t, open,
		act{"2026-11-17", "a", notice("2026-11-16"), "supplement_term"},
		act{"2026-11-17", "a", notice("2026-11-17"), "supplement_term"},
		act{"2026-11-17", "a", notice("2026-11-21"), "supplement_term"},
		act{"2026-11-17", "a", notice("2026-11-24"), ""},
		act{"2026-11-17", "a", end, "supplement_open"},
		act{"2026-11-24", "a", end, "supplement_open"},
		act{"2026-11-25", "a", end, ""})
	live(t, open, act{"2026-11-17", "a", notice(""), ""}, act{"2027-11-17", "a", end, "supplement_open"})
	live(t, open, act{"2026-11-16", "a", &ledger.CaseAcceptV1{Supplements: []string{"s1"}}, ""}, act{"2027-11-17", "a", end, "accepted"})

	cal := calendartest.Calendar(t)
	for day, want := range map[string]string{"2026-11-17": "2026-11-24", "2026-09-29": "2026-10-12"} { // over National Day
		e := &ledger.Entry{OccurredAt: on(t, day)}
		least := calendartest.Date(t, want)
		if got, err := SupplementTerm(cal, calendartest.Date(t, day)); err != nil || got != least {
			t.Errorf("of %s: %s, %v", day, got, err)
		}
		if err := CheckTermBy(cal, e, least); err != nil {
			t.Error(err)
		}
		if err := CheckTermBy(cal, e, least.AddDays(-1)); code(err) != "supplement_term" {
			t.Errorf("of %s: %v", day, err)
		}
	}
}

// Domain: section 3, 终止办理通知书. A case ends as withdrawn on the applicant's
// wish, for what did not come when something is missing still, and as moot, once it
// was accepted, by leave of whoever heads the authority.
//
// Rules: 3.11.
func TestWhatEndsACase(t *testing.T) {
	const item = "TB-XFJY-001"
	moot := &ledger.CaseTerminateV1{Cause: ledger.CauseMoot, Reason: "申请人已注销"}
	c := live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "a", accepted, ""}, act{"2026-11-17", "a", moot, "leader_only"})
	e := entry(c, "x")
	e.OccurredAt, e.Actor = on(t, "2026-11-17"), identity.Actor{Staff: "l", Name: "李局", Role: identity.DepartmentLeader}
	ended, err := apply(c, e, moot, holder(c))
	if err != nil || ended.Status != Terminated || ended.TerminatedBy.Staff != "l" {
		t.Errorf("%+v, %v", ended, err)
	}
	live(t, received(t, item, "2026-11-16"), act{"2026-11-17", "a", moot, ""})

	none := func(string) bool { return false }
	if err := c.CheckEnd(&ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn}, false, none); code(err) != "withdrawal_unasked" {
		t.Errorf("withdrawn by nobody: %v", err)
	}
	if err := c.CheckEnd(&ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn}, true, none); err != nil {
		t.Error(err)
	}
	told := &Case{Status: Supplementing, Notice: &Notice{Points: []ledger.SupplementPoint{{Material: "户口簿"}, {Field: "phone"}}}}
	late := &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented}
	for _, row := range []struct {
		came []string
		want string
	}{{nil, ""}, {[]string{"户口簿"}, ""}, {[]string{"户口簿", "phone"}, "supplement_came"}} {
		if err := told.CheckEnd(late, false, func(name string) bool { return slices.Contains(row.came, name) }); code(err) != row.want {
			t.Errorf("%q came: %v, want %q", row.came, err, row.want)
		}
	}
}

// A wish to withdraw is asked for once, can be taken back, and comes before the
// decision and the end.
func TestMayWithdraw(t *testing.T) {
	for _, row := range []struct {
		c               Case
		takenBack, asks bool
		want            string
	}{
		{Case{Status: Accepted}, false, false, ""},
		{Case{Status: Accepted}, false, true, "withdrawal_pending"},
		{Case{Status: Accepted}, true, false, "withdrawal_none"},
		{Case{Status: Accepted}, true, true, ""},
		{Case{Status: Granted, Decision: Granted}, false, false, "decided"},
		{Case{Status: Closed, Decision: Granted}, false, false, "case_ended"},
		{Case{Status: Terminated}, false, false, "case_ended"},
		{Case{Status: NotAccepted}, true, true, "case_ended"},
	} {
		if err := row.c.MayWithdraw(row.takenBack, row.asks); code(err) != row.want {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

// Nobody was told what is missing: a case does not end for want of it, and the reason
// is not that it came.
func TestEndUntold(t *testing.T) {
	c := &Case{}
	end := &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented}
	if err := c.CheckEnd(end, false, func(string) bool { return false }); code(err) != "not_told" {
		t.Errorf("%v", err)
	}
}
