package casework

import (
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

func tell(t *testing.T, before string) *ledger.HearingTellV1 {
	return &ledger.HearingTellV1{Matter: "临近住宅", Before: date(t, before), Parties: []string{"梅溪村"}}
}

func convene(t *testing.T, day, presider string) *ledger.HearingConveneV1 {
	return &ledger.HearingConveneV1{On: date(t, day), Time: "09:30", Place: "听证室", Presider: ledger.NamedPerson{Staff: presider, Name: presider}}
}

// domain.md section 2, hearing (art. 45 to 48): told, convened, recorded; who
// looked into the case does not chair it; its time does not count; the case is
// decided by its record.
func TestHearing(t *testing.T) {
	c := received(t, "TB-SCJG-005", "2026-11-16")
	record := func(day string, held bool) *ledger.HearingRecordV1 {
		return &ledger.HearingRecordV1{On: date(t, day), Held: held, Summary: "已质证"}
	}
	c = live(t, c,
		act{"2026-11-16", "a", tell(t, "2026-11-23"), "not_accepted_yet"},
		act{"2026-11-16", "a", &ledger.CaseAcceptV1{}, ""},
		act{"2026-11-16", "a", tell(t, "2026-11-16"), "date_past"},
		act{"2026-11-16", "a", tell(t, "2026-11-23"), ""},
		act{"2026-11-17", "a", tell(t, "2026-11-24"), "hearing_told"},
		act{"2026-11-17", "r", &ledger.CaseReviewV1{Opinion: "符合"}, ""},
		act{"2026-11-18", "r", record("2026-11-18", true), "hearing_unconvened"},
		act{"2026-11-18", "d", convene(t, "2026-11-30", "a"), "presider"},
		act{"2026-11-18", "d", convene(t, "2026-11-30", "r"), "presider"},
		act{"2026-11-18", "d", convene(t, "2026-11-18", "p"), "procedure_days"},
		act{"2026-11-18", "d", convene(t, "2026-11-30", "p"), ""},
		act{"2026-11-18", "d", convene(t, "2026-12-07", "p"), "hearing_convened"},
		act{"2026-11-18", "d", &ledger.CaseSuspendV1{Procedure: "听证", Lawful: true, Until: date(t, "2026-12-01"), Reason: "x"}, "hearing_own"},
		act{"2026-11-18", "d", &ledger.CaseResumeV1{Procedure: "听证", On: date(t, "2026-11-18"), Result: "x"}, "hearing_own"},
		act{"2026-11-25", "p", record("2026-11-25", true), "hearing_day"},
		act{"2026-12-01", "d", record("2026-11-30", true), ""})
	if s := c.Suspensions[0]; s.Procedure != ProcedureHearing || !s.Lawful || s.From != date(t, "2026-11-18") || s.End != date(t, "2026-11-30") {
		t.Errorf("%+v", s)
	}
	if h := c.Hearing; h.HeldOn != date(t, "2026-11-30") || h.Summary == "" || h.Matter == "" {
		t.Errorf("%+v", h)
	}
	live(t, c, act{"2026-12-01", "d", convene(t, "2026-12-14", "p"), "hearing_held"})
}

// What is decided follows the record: not before there is one, nor by whoever
// chaired the hearing. One that was not held can be convened anew.
func TestDecidedByTheRecordOfTheHearing(t *testing.T) {
	c := received(t, "TB-SCJG-005", "2026-11-16")
	c = live(t, c, act{"2026-11-16", "a", &ledger.CaseAcceptV1{}, ""})
	for step, _ := c.Current(); step.Verb != ledger.VerbDecide; step, _ = c.Current() {
		c = live(t, c, act{"2026-11-17", "r", &ledger.CaseReviewV1{Opinion: "符合"}, ""})
	}
	decide := &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}
	c = live(t, c,
		act{"2026-11-18", "d", convene(t, "2026-11-27", "p"), ""},
		act{"2026-11-30", "d", decide, "hearing_open"}, // the notice has run out, and there is no record
		act{"2026-11-30", "d", &ledger.HearingRecordV1{On: date(t, "2026-11-27"), Summary: "申请人撤回"}, ""},
		act{"2026-11-30", "d", convene(t, "2026-12-10", "p"), ""},
		act{"2026-12-11", "d", &ledger.HearingRecordV1{On: date(t, "2026-12-10"), Held: true, Summary: "已质证"}, ""},
		act{"2026-12-11", "p", decide, "presider"},
		act{"2026-12-11", "d", decide, ""})
	if c.Status != Granted {
		t.Errorf("%s", c.Status)
	}
}

// Art. 47: a hearing is asked for within five working days of being told; while it
// can be, or was and none was held, nothing is decided.
//
// Rules: 2.17.
func TestHeardFirst(t *testing.T) {
	c := &Case{Status: Accepted, Hearing: &Hearing{ToldOn: date(t, "2026-11-16"), Before: date(t, "2026-11-23"), Parties: []string{"梅溪村"}}}
	ask := func(id, party string, interested, waived bool) Ask {
		return Ask{id, ledger.HearingAskV2{Party: party, Interested: interested, Waived: waived}}
	}
	for _, x := range []struct {
		what, day, want string
		asks            []Ask
	}{
		{"in time to ask", "2026-11-23", "hearing_wait", nil},
		{"after it", "2026-11-24", "", nil},
		{"asked", "2026-12-24", "hearing_asked", []Ask{ask("q1", "梅溪村", true, false)}},
		{"the applicant gave it up", "2026-11-18", "hearing_wait", []Ask{ask("q1", "王芳", false, true)}},
		{"all gave it up", "2026-11-18", "", []Ask{ask("q1", "王芳", false, true), ask("q2", "梅溪村", true, true)}},
		{"asked, then gave it up", "2026-11-24", "", []Ask{ask("q1", "王芳", false, false), ask("q2", "王芳", false, true)}},
		{"gave it up, then asked", "2026-11-24", "hearing_asked", []Ask{ask("q1", "王芳", false, true), ask("q2", "王芳女士", false, false)}},
		{"gave it up for another", "2026-11-24", "hearing_asked", []Ask{ask("q1", "梅溪村", true, false), ask("q2", "王芳", false, true)}},
	} {
		if got := code(c.HeardFirst(x.asks, date(t, x.day))); got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
	}
	c.Hearing.Asked, c.Hearing.HeldOn = []string{"q1"}, date(t, "2026-12-10")
	for _, asks := range [][]Ask{{ask("q1", "梅溪村", true, false)}, {ask("q1", "梅溪村", true, false), ask("q2", "王芳", false, false)}} {
		if err := c.HeardFirst(asks, date(t, "2026-12-11")); err != nil {
			t.Errorf("a hearing was held, and %+v keeps it from being decided: %v", asks, err)
		}
	}
	for day, want := range map[string]string{"2026-11-23": "", "2026-11-24": "hearing_late"} {
		err := c.MayAsk(&ledger.Entry{OccurredAt: on(t, day)}, &ledger.HearingAskV2{Party: "王芳"})
		if (err == nil) != (want == "") || err != nil && code(err) != want {
			t.Errorf("%s: %v", day, err)
		}
	}
	if err := (&Case{Status: Accepted}).MayAsk(&ledger.Entry{OccurredAt: on(t, "2026-11-23")}, &ledger.HearingAskV2{Party: "王芳"}); code(err) != "hearing_untold" {
		t.Errorf("%v", err)
	}
}

// Who may ask, in which state and by when; from home nobody but the applicant.
func TestMayAsk(t *testing.T) {
	told := Hearing{ToldOn: date(t, "2026-11-16"), Before: date(t, "2026-11-23")}
	held := told
	held.Before, held.HeldOn = date(t, "2026-12-20"), date(t, "2026-12-10")
	home, desk := identity.Actor{Staff: "a1", Role: identity.Applicant}, identity.Actor{Staff: "s1", Role: identity.DepartmentWindow}
	own, other, neighbour := ledger.HearingAskV2{Party: "王芳"}, ledger.HearingAskV2{Party: "李强"}, ledger.HearingAskV2{Party: "梅溪村", Interested: true}
	for _, x := range []struct {
		what, day string
		c         Case
		by        identity.Actor
		ask       ledger.HearingAskV2
		want      string
	}{
		{"from home, on the last day", "2026-11-23", Case{Status: Accepted, Hearing: &told}, home, own, ""},
		{"from home, a day late", "2026-11-24", Case{Status: Accepted, Hearing: &told}, home, own, "hearing_late"},
		{"from home, never told", "2026-11-20", Case{Status: Accepted}, home, own, "hearing_untold"},
		{"from home, given up", "2026-11-20", Case{Status: Accepted, Hearing: &told}, home, ledger.HearingAskV2{Party: "王芳", Waived: true}, ""},
		{"from home, for a neighbour", "2026-11-20", Case{Status: Accepted, Hearing: &told}, home, neighbour, "hearing_party"},
		{"from home, in another name", "2026-11-20", Case{Status: Accepted, Hearing: &told}, home, other, "hearing_party"},
		{"at a desk, for a neighbour", "2026-11-20", Case{Status: Accepted, Hearing: &told}, desk, neighbour, ""},
		{"from home, decided", "2026-11-20", Case{Status: Granted, Decision: Granted, Hearing: &told}, home, own, "decided"},
		{"from home, withdrawn", "2026-11-20", Case{Status: Terminated, Hearing: &told}, home, own, "decided"},
		{"on the day of the hearing", "2026-12-10", Case{Status: Accepted, Hearing: &held}, home, own, ""},
		{"after the hearing", "2026-12-11", Case{Status: Accepted, Hearing: &held}, home, own, "hearing_held"},
	} {
		x.c.Applicant.Name = "王芳"
		err := x.c.MayAsk(&ledger.Entry{OccurredAt: on(t, x.day), Actor: x.by}, &x.ask)
		if (err == nil) != (x.want == "") || err != nil && code(err) != x.want {
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
}

// The days of a hearing are working days (art. 82): five to ask, seven of notice,
// twenty to hold it. Of National Day's make-up days the calendar knows.
//
// Rules: 2.17, 2.18, 2.19, 2.22.
func TestDaysOfAHearing(t *testing.T) {
	cal := calendartest.Calendar(t)
	for _, x := range []struct {
		day  string
		body ledger.Body
		want string
	}{
		{"2026-09-29", tell(t, "2026-10-11"), "hearing_days"},
		{"2026-09-29", tell(t, "2026-10-12"), ""},
		{"2026-11-18", convene(t, "2026-11-26", "p"), "hearing_days"},
		{"2026-11-18", convene(t, "2026-11-27", "p"), ""},
		{"2036-11-18", convene(t, "2036-11-27", "p"), "calendar_year"},
		{"2026-11-18", &ledger.CaseAcceptV1{}, ""},
	} {
		err := CheckHearing(cal, &ledger.Entry{OccurredAt: on(t, x.day)}, x.body)
		if (err == nil) != (x.want == "") || err != nil && code(err) != x.want {
			t.Errorf("%s %+v: %v, want %q", x.day, x.body, err, x.want)
		}
	}
	due, err := HearingDue(cal, date(t, "2026-09-29"))
	if err != nil || due != date(t, "2026-11-02") {
		t.Errorf("%s %v", due, err)
	}
	late := convene(t, "2026-12-31", "p")
	late.HeldBefore = date(t, "2026-12-10")
	c := live(t, received(t, "TB-SCJG-005", "2026-11-16"), act{"2026-11-16", "a", &ledger.CaseAcceptV1{}, ""}, act{"2026-11-17", "d", late, ""})
	if len(c.Flags) != 1 || c.Flags[0] != FlagHearingLate {
		t.Errorf("%v", c.Flags)
	}
}

// Art. 50: a renewal asked for in time is decided before what it renews expires;
// after that the law has renewed it, and it can no longer be declined.
//
// Rules: 2.23.
func TestRenewalIsDecidedBeforeItExpires(t *testing.T) {
	item := mustItem(t, "TB-SCJG-005")
	renews := func(handedIn, until string) *Case {
		c := received(t, "TB-SCJG-005", handedIn)
		c.Renews = ledger.Renewal{Case: "c-0", Result: "1", Until: date(t, until)}
		c = live(t, c, act{handedIn, "a", &ledger.CaseAcceptV1{}, ""})
		for step, _ := c.Current(); step.Verb != ledger.VerbDecide; step, _ = c.Current() {
			c = live(t, c, act{handedIn, "r", &ledger.CaseReviewV1{Opinion: "符合"}, ""})
		}
		return c
	}
	no := &ledger.CaseDecideV1{Opinion: "不符合条件"}
	live(t, renews("2026-11-16", "2026-12-16"), act{"2026-12-16", "d", no, ""})
	live(t, renews("2026-11-16", "2026-12-16"), act{"2026-12-17", "d", no, "renewed_by_law"})
	live(t, renews("2026-11-16", "2026-12-16"), act{"2026-12-17", "d", &ledger.CaseDecideV1{Granted: true, Opinion: "准予延续"}, ""})
	live(t, renews("2026-11-16", "2026-12-15"), act{"2026-12-17", "d", no, ""}) // asked for too late to be protected
	limits, err := renews("2026-11-16", "2026-12-16").Limits(item, calendartest.Calendar(t))
	if err != nil {
		t.Fatal(err)
	}
	var due calendar.Date
	for _, l := range limits {
		if l.Kind == LimitRenewal {
			due = l.Due()
		}
	}
	if due != date(t, "2026-12-16") {
		t.Errorf("the renewal is due on %s", due)
	}
}
