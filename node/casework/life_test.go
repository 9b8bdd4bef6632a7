package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// on is ten in the morning of a day in Beijing.
func on(tb testing.TB, text string) int64 {
	return calendartest.Date(tb, text).Midnight().Add(10 * time.Hour).UnixMilli()
}

// act is one entry on a day, by somebody.
type act struct {
	day, by string
	body    ledger.Body
	want    string // the code of the refusal
}

// roleOf are the roles of those who act, where it matters.
var roleOf = map[string]identity.Role{"b": identity.DepartmentLeader, "l": identity.DepartmentLeader, "r": identity.DepartmentReviewer, "w": identity.DepartmentWindow}

// live lets a case live through acts; a refused one must change nothing.
func live(tb testing.TB, c *Case, acts ...act) *Case {
	tb.Helper()
	for i, a := range acts {
		e := entry(c, fmt.Sprintf("%s-%d", c.Head, i))
		e.OccurredAt, e.Actor.Staff, e.Actor.Role = on(tb, a.day), a.by, roleOf[a.by]
		before := mustJSON(tb, c)
		next, err := apply(c, e, a.body, holder(c))
		if code(err) != a.want {
			tb.Fatalf("act %d (%T on %s): %v, want %q", i, a.body, a.day, err, a.want)
		}
		if mustJSON(tb, c) != before {
			tb.Fatalf("act %d changed the case it was given", i)
		}
		if err == nil {
			c = next
		}
	}
	return c
}

// received is a case handed in on a day at the county, with what is missing.
func received(tb testing.TB, code, day string, missing ...string) *Case {
	tb.Helper()
	item := catalogItems()[code]
	return &Case{ID: "e0", Head: "e0", Item: code, Division: county, HandedInAt: county, Holder: county, Status: HandedIn,
		Steps: Plan(item, county.Tier()), HandedInMS: on(tb, day), Lacking: missing}
}

var (
	hukou    = ledger.SupplementPoint{Material: "户口簿", Problem: ledger.ProblemMissing, How: "请提交复印件"}
	accepted = &ledger.CaseAcceptV1{}
	granted  = &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}
)

// material is one of an item's that may, or may not, be left for later.
func material(tb testing.TB, code string, tolerable bool) string {
	tb.Helper()
	for _, m := range catalogItems()[code].Materials {
		if m.Tolerable() == tolerable {
			return m.Name
		}
	}
	tb.Fatalf("%s has no such material", code)
	return ""
}

// Licence law art. 32 no. 4: everything that is missing is told once.
//
// Rules: 2.4, 2.6, 4.5.
func TestToldOnce(t *testing.T) {
	const item = "TB-XFJY-001"
	lacks := material(t, item, false)
	notice := &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: lacks, Problem: ledger.ProblemMissing, How: "请提交"}}, Before: calendartest.Date(t, "2026-11-27")}
	again := &ledger.CaseRequestSupplementV1{Points: notice.Points, Again: "补交的材料已过期", Before: calendartest.Date(t, "2026-11-30")}
	c := live(t, received(t, item, "2026-11-16", lacks),
		act{"2026-11-17", "a", accepted, "papers_lacking"},
		act{"2026-11-17", "a", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{hukou}}, "not_required"},
		act{"2026-11-17", "a", notice, ""},
		act{"2026-11-17", "a", notice, "told_already"},
		act{"2026-11-18", "a", accepted, "papers_lacking"},
		act{"2026-11-18", "a", &ledger.CaseAcceptV1{Deemed: true}, "told_in_time"},
		act{"2026-11-18", "a", granted, "wrong_step"},
		act{"2026-11-20", "a", &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented, Reason: "逾期"}, "supplement_open"})
	if c.Status != Supplementing || c.Notice.On != calendartest.Date(t, "2026-11-17") || len(c.Flags) != 0 {
		t.Fatalf("after the notice: %+v", c)
	}
	c = live(t, c, act{"2026-11-19", "a", again, ""})
	if !slices.Equal(c.Flags, []string{FlagSecondNotice}) || c.Notice.On != calendartest.Date(t, "2026-11-17") || len(c.Notice.Points) != 2 {
		t.Errorf("the second notice: %+v", c)
	}
	done := live(t, c, act{"2026-11-23", "a", &ledger.CaseAcceptV1{Supplements: []string{"s1"}}, ""})
	if done.Status != Accepted || done.AcceptedOn != calendartest.Date(t, "2026-11-23") {
		t.Errorf("supplemented: %+v", done)
	}
	ended := live(t, c, act{"2026-12-01", "a", &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented, Reason: "逾期"}, ""})
	if ended.Status != Terminated || !ended.Status.Ended() || ended.Decision != "" {
		t.Errorf("never supplemented: %+v", ended)
	}
}

// Licence law art. 32 no. 4: the one notice names everything that is known to be
// missing, but what may come later and what has come.
//
// Rules: 2.4.
func TestToldWhole(t *testing.T) {
	const code = "TB-SCJG-001"
	item := catalogItems()[code]
	minor, major, field := material(t, code, true), material(t, code, false), item.Form[0]
	about := func(p ledger.SupplementPoint) ledger.SupplementPoint {
		p.Problem, p.How = ledger.ProblemMissing, "请提交"
		return p
	}
	papers, answer := about(ledger.SupplementPoint{Material: major}), about(ledger.SupplementPoint{Field: field.Key})
	later := []ledger.ToleratedMaterial{{Material: minor, Before: calendartest.Date(t, "2026-11-20")}}
	notice := func(points ...ledger.SupplementPoint) *ledger.CaseRequestSupplementV1 {
		return &ledger.CaseRequestSupplementV1{Points: points}
	}
	c := received(t, code, "2026-11-16", minor, major, field.Key)
	live(t, c,
		act{"2026-11-16", "a", notice(papers), "papers_left_out"},
		act{"2026-11-16", "a", notice(papers, answer), "papers_left_out"},
		act{"2026-11-16", "a", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{papers, answer}, Tolerated: []ledger.ToleratedMaterial{{Material: major, Before: later[0].Before}}}, "not_tolerable"},
		act{"2026-11-16", "a", notice(papers, answer, about(ledger.SupplementPoint{Material: minor})), ""})
	live(t, c, act{"2026-11-16", "a", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{papers}, Supplements: []string{"s1"}}, ""})

	told := live(t, c, act{"2026-11-16", "a", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{papers, answer}, Tolerated: later}, ""})
	if !slices.Equal(told.Tolerated, later) {
		t.Errorf("tolerated: %+v", told.Tolerated)
	}
	live(t, told, act{"2026-11-23", "a", accepted, "papers_lacking"}, act{"2026-11-18", "a", &ledger.CaseAcceptV1{Supplements: []string{"s1"}}, ""})

	err := c.CheckNotice(item, notice(papers), func(string) bool { return false })
	var no *Refusal
	if !errors.As(err, &no) || !strings.Contains(no.ZH, minor+"、"+field.Label) || strings.Contains(no.ZH, major) {
		t.Errorf("it does not name what is left out: %v", no)
	}
}

// What is issued is what the item's results say; to whoever was refused, the
// refusal.
func TestIssuedIsWhatTheItemSays(t *testing.T) {
	const licence = "TB-XFJY-001"
	item := catalogItems()[licence]
	own, refusal := item.Results[0].Name, RefusalTitle(item)
	issue := func(name string) ledger.Body {
		return &ledger.CaseIssueV1{Documents: []ledger.IssuedDocument{{Name: name}}}
	}
	for _, row := range []struct {
		decision   Status
		name, want string
	}{
		{Granted, own, ""}, {Granted, "结婚证", "result_unknown"}, {Granted, own + " ", "result_unknown"}, {Granted, refusal, "result_unknown"},
		{Declined, refusal, ""}, {Declined, own, "result_unknown"},
	} {
		c := received(t, licence, "2026-11-16")
		c.Status, c.Decision, c.Step = row.decision, row.decision, slices.IndexFunc(c.Steps, func(s ledger.Step) bool { return s.Verb == ledger.VerbIssue })
		e := entry(c, "x")
		next, err := Apply(c, item, e, issue(row.name), holder(c))
		if got := code(err); got != row.want {
			t.Errorf("%s %q: %s, want %s", row.decision, row.name, got, row.want)
		}
		var no *Refusal
		if errors.As(err, &no) && !strings.Contains(no.ZH, Issuable(item, row.decision)[0]) {
			t.Errorf("the refusal does not name what can be issued: %s", no.ZH)
		}
		if err == nil && (next.Status != Issued || next.Documents[0].Name != row.name) {
			t.Errorf("%+v", next)
		}
	}
}

// A supplement is what was missing and no whole application: that it does not
// say who applies is not held against it, for no item that asks.
func TestSupplementOfOnePaper(t *testing.T) {
	for code, item := range catalogItems() {
		for _, m := range item.Materials {
			b := &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{
				{Name: m.Name, Form: catalog.SubmittedOriginal, Copies: m.Copies}, {Name: m.Name, Form: catalog.SubmittedCopy, Copies: m.Copies}}}
			if err := CheckSupplement(item, &ledger.Entry{OccurredAt: on(t, "2026-11-17")}, b, catalog.DefaultLimits()); err != nil {
				t.Errorf("%s %s: %v", code, m.Name, err)
			}
		}
	}
}

// 容缺受理: a minor paper may come later, by a day; what only the applicant can
// say may not.
func TestTolerance(t *testing.T) {
	const item = "TB-SCJG-001"
	minor, major := material(t, item, true), material(t, item, false)
	tolerate := func(name, day string) ledger.Body {
		return &ledger.CaseAcceptV1{Tolerated: []ledger.ToleratedMaterial{{Material: name, Before: calendartest.Date(t, day)}}}
	}
	c := live(t, received(t, item, "2026-11-16", minor),
		act{"2026-11-16", "a", tolerate(major, "2026-11-20"), "not_tolerable"},
		act{"2026-11-16", "a", tolerate("没有的材料", "2026-11-20"), "not_tolerable"},
		act{"2026-11-16", "a", tolerate(minor, "2026-11-13"), "date_past"},
		act{"2026-11-16", "a", tolerate(minor, "2026-11-20"), ""})
	if c.Status != Accepted || len(c.Tolerated) != 1 {
		t.Errorf("%+v", c)
	}
	// Sent back, it is accepted again: what it lacked was looked at the first time.
	c = live(t, c,
		act{"2026-11-17", "b", &ledger.CaseReturnV1{ToStep: 0, Reason: "请核实"}, ""},
		act{"2026-11-18", "a", accepted, ""})
	if c.AcceptedOn != calendartest.Date(t, "2026-11-16") || len(c.Tolerated) != 1 {
		t.Errorf("accepted again: %+v", c)
	}
	live(t, received(t, item, "2026-11-16", minor, major), act{"2026-11-16", "a", tolerate(minor, "2026-11-20"), "papers_lacking"})
}

// Licence law art. 42 and 45: what stops and what prolongs the clock.
//
// Rules: 2.9, 2.15, 5.10.
func TestProceduresAndExtension(t *testing.T) {
	const item = "TB-XFJY-001"
	suspend := func(p string, lawful bool, until string) ledger.Body {
		return &ledger.CaseSuspendV1{Procedure: p, Lawful: lawful, Until: calendartest.Date(t, until), Reason: "需要"}
	}
	resume := func(p, day string) ledger.Body {
		return &ledger.CaseResumeV1{Procedure: p, On: calendartest.Date(t, day), Result: "通过"}
	}
	extend := &ledger.CaseExtendV1{Days: 10, Reason: "情况复杂", Dues: ledger.Dues{Statutory: calendartest.Date(t, "2026-12-20")}}
	c := live(t, received(t, item, "2026-11-16"),
		act{"2026-11-16", "a", suspend("检疫", true, "2026-12-01"), "not_accepted_yet"},
		act{"2026-11-16", "a", &ledger.CaseAcceptV1{Dues: ledger.Dues{Promised: calendartest.Date(t, "2026-11-20"), Statutory: calendartest.Date(t, "2026-11-30")}}, ""},
		act{"2026-11-17", "b", suspend("喝茶", true, "2026-12-01"), "procedure_unknown"},
		act{"2026-11-17", "b", suspend("检疫", false, "2026-12-01"), "procedure_lawful"},
		act{"2026-11-17", "b", suspend("公示", true, "2026-12-01"), "procedure_lawful"},
		act{"2026-11-17", "b", suspend("检疫", true, "2026-11-16"), "procedure_days"},
		act{"2026-11-17", "b", suspend("检疫", true, "2028-12-31"), "procedure_days"},
		act{"2026-11-17", "b", suspend("检疫", true, "2026-11-20"), ""},
		act{"2026-11-18", "b", suspend("检疫", true, "2026-11-24"), "procedure_open"},
		act{"2026-11-18", "b", suspend("公示", false, "2026-11-24"), ""},
		act{"2026-11-18", "b", resume("鉴定", "2026-11-18"), "procedure_unknown"},
		act{"2026-11-18", "b", resume("检疫", "2026-11-19"), "procedure_days"},
		act{"2026-11-18", "b", resume("检疫", "2026-11-16"), "procedure_days"})
	for c.Steps[c.Step].Verb != ledger.VerbDecide {
		c = live(t, c, act{"2026-11-19", "r", &ledger.CaseReviewV1{Opinion: "符合"}, ""})
	}
	c = live(t, c,
		act{"2026-11-19", "d", granted, "suspended"},
		act{"2026-11-26", "b", resume("检疫", "2026-11-25"), ""}, // five days late
		act{"2026-11-26", "l", extend, ""},
		act{"2026-11-27", "l", extend, "extended"},
		act{"2026-11-27", "a", granted, "same_person"},
		act{"2026-11-27", "d", granted, ""}, // 公示 was told until 11-24: the clock goes on by itself
		act{"2026-11-27", "l", extend, "decided"},
		act{"2026-11-27", "d", suspend("检疫", true, "2026-12-20"), "decided"})
	if !slices.Equal(c.Flags, []string{FlagLateResult}) || c.Told.Statutory != calendartest.Date(t, "2026-12-20") || c.ExtendedOn != calendartest.Date(t, "2026-11-26") {
		t.Errorf("%+v", c)
	}
	late := live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "a", &ledger.CaseAcceptV1{Dues: ledger.Dues{Statutory: calendartest.Date(t, "2026-11-30")}}, ""})
	live(t, late, act{"2026-12-01", "l", extend, "extension_late"})
}

func TestWithdrawal(t *testing.T) {
	terminate := &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true}
	live(t, received(t, "TB-XFJY-001", "2026-11-16"), act{"2026-11-17", "a", terminate, ""}, act{"2026-11-17", "a", terminate, "case_ended"})
	c := live(t, received(t, "TB-XFJY-001", "2026-11-16"), act{"2026-11-16", "a", accepted, ""}, act{"2026-11-17", "a", terminate, ""})
	if c.Status != Terminated || c.TerminatedMS == 0 || c.Cause != ledger.CauseWithdrawn {
		t.Errorf("%+v", c)
	}
}

// The handbook's worked vectors, as limits of a case.
//
// Rules: 2.4, 2.8, 2.10, 2.16, 2.21.
func TestLimits(t *testing.T) {
	cal := calendartest.Calendar(t)
	item := catalog.Item{PromisedWorkingDays: 5, StatutoryWorkingDays: 20}
	dues := func(c *Case) string {
		t.Helper()
		limits, err := c.Limits(&item, cal)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, l := range limits {
			text += fmt.Sprintf("%s %s;", l.Kind, l.Result.Due)
		}
		return text
	}
	day := func(s string) calendar.Date { return calendartest.Date(t, s) }
	for _, row := range []struct {
		what string
		c    Case
		want string
	}{
		{"accepted on a day before a Sunday that is worked", Case{HandedInMS: on(t, "2026-09-18"), AcceptedOn: day("2026-09-18")},
			"notice 2026-09-24;promised 2026-09-24;statutory 2026-10-22;"},
		{"over National Day", Case{HandedInMS: on(t, "2026-09-29"), AcceptedOn: day("2026-09-29")},
			"notice 2026-10-12;promised 2026-10-12;statutory 2026-11-02;"},
		{"extended by ten", Case{HandedInMS: on(t, "2026-09-29"), AcceptedOn: day("2026-09-29"), ExtendedBy: 10, ExtendedOn: day("2026-10-30")},
			"notice 2026-10-12;promised 2026-10-26;statutory 2026-11-16;"},
		{"expert review", Case{HandedInMS: on(t, "2026-04-24"), AcceptedOn: day("2026-04-24"),
			Suspensions: []Suspension{{Procedure: "专家评审", Lawful: true, From: day("2026-04-28"), Until: day("2026-05-20"), End: day("2026-05-12")}}},
			"notice 2026-05-06;promised 2026-05-15;statutory 2026-06-05;"},
		{"publicity stops the promise only", Case{HandedInMS: on(t, "2026-04-24"), AcceptedOn: day("2026-04-24"),
			Suspensions: []Suspension{{Procedure: "公示", From: day("2026-04-28"), Until: day("2026-05-12"), End: day("2026-05-12")}}},
			"notice 2026-05-06;promised 2026-05-15;statutory 2026-05-26;"},
		{"publicity of many weeks: promised no later than the law allows", Case{HandedInMS: on(t, "2026-04-24"), AcceptedOn: day("2026-04-24"),
			Suspensions: []Suspension{{Procedure: "公示", From: day("2026-04-28"), Until: day("2026-07-12")}}},
			"notice 2026-05-06;promised 2026-05-26;statutory 2026-05-26;"},
		{"no result by the day that was told: the clock goes on", Case{HandedInMS: on(t, "2026-04-24"), AcceptedOn: day("2026-04-24"),
			Suspensions: []Suspension{{Procedure: "专家评审", Lawful: true, From: day("2026-04-28"), Until: day("2026-05-12")}}},
			"notice 2026-05-06;promised 2026-05-15;statutory 2026-06-05;"},
		{"nobody told: deemed accepted on receipt", Case{HandedInMS: on(t, "2026-02-11"), AcceptedOn: day("2026-02-11")},
			"notice 2026-02-25;promised 2026-02-25;statutory 2026-03-17;"},
		{"decided", Case{HandedInMS: on(t, "2026-09-18"), AcceptedOn: day("2026-09-18"), AcceptedMS: on(t, "2026-09-18"), DecidedMS: on(t, "2026-09-29")},
			"notice 2026-09-24;promised 2026-09-24;statutory 2026-10-22;service 2026-10-19;"},
	} {
		if got := dues(&row.c); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.what, got, row.want)
		}
	}
	c := Case{HandedInMS: on(t, "2028-02-11")}
	if _, err := c.Limits(&item, cal); err == nil {
		t.Error("a year that the calendar lacks was guessed")
	}
}

func TestOverdue(t *testing.T) {
	cal := calendartest.Calendar(t)
	item := catalog.Item{PromisedWorkingDays: 5, StatutoryWorkingDays: 20}
	c := Case{HandedInMS: on(t, "2026-09-18"), AcceptedMS: on(t, "2026-09-18"), AcceptedOn: calendartest.Date(t, "2026-09-18")}
	limits, err := c.Limits(&item, cal)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]int{"2026-09-24": 0, "2026-09-25": 1, "2026-10-22": 1, "2026-10-23": 2} {
		if got := Overdue(limits, calendartest.Date(t, day)); len(got) != want {
			t.Errorf("on %s: %d overdue, want %d", day, len(got), want)
		}
	}
}
