package joint

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

// Whatever the departments add to their own cases, the law adds fifteen working days to
// the whole at most (art. 42), and the promise keeps to that.
//
// Rules: 2.11.
func TestFifteenMoreAtMost(t *testing.T) {
	cal := calendartest.Calendar(t)
	for added, want := range map[int]string{0: "2026-11-13", 5: "2026-11-27", 10: "2026-12-04"} { // 45, 55 and 60 working days; of twice ten only fifteen count
		c := &Case{Promise: 80, Members: []Member{{Case: "a", Stage: 1, Promise: 40}, {Case: "b", Stage: 2, Promise: 40, After: []string{"a"}}}}
		var members []*casework.Case
		for _, m := range c.Members {
			members = append(members, &casework.Case{ID: m.Case, Status: casework.Accepted, AcceptedOn: calendartest.Date(t, "2026-09-07"), ExtendedBy: added, Package: &casework.Joined{ID: "j"}})
		}
		limits, err := c.Limits(members, cal)
		if err != nil || limits[1].Result.Due.String() != want || limits[0].Result.Due.String() != want {
			t.Errorf("%d each: promised %s, statutory %s, %v; want %s", added, limits[0].Result.Due, limits[1].Result.Due, err, want)
		}
	}
}

// Two offices without a line each took up the last case that it knew of: neither could
// tell when the whole is due, so what makes it complete does, once. What came after that
// changes nothing in it.
//
// Rules: 2.11.
func TestCompleteTellsWhatNobodyCould(t *testing.T) {
	cal := calendartest.Calendar(t)
	day := func(s string) calendar.Date { return calendartest.Date(t, s) }
	c := &Case{Promise: 4, Members: []Member{{Case: "a", Stage: 1, Promise: 2}, {Case: "b", Stage: 1, Promise: 4}}}
	a := &casework.Case{ID: "a", Status: casework.Accepted, AcceptedOn: day("2026-09-18"), AcceptedMS: 100, Package: &casework.Joined{ID: "j"}}
	b := &casework.Case{ID: "b", Status: casework.HandedIn, Package: &casework.Joined{ID: "j"}}
	members := []*casework.Case{a, b}
	complete := func() casework.JointDue {
		if err := c.Complete(members, cal); err != nil {
			t.Fatal(err)
		}
		return c.LastTold(members)
	}
	if got := complete(); got.AtMS != 0 {
		t.Errorf("one of two: %+v", got)
	}
	b.Status, b.AcceptedOn, b.AcceptedMS = casework.Accepted, day("2026-09-18"), 200
	want := casework.JointDue{Promised: day("2026-09-23"), Statutory: day("2026-11-26"), AtMS: 200}
	if got := complete(); got != want || c.FirstTold(members) != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if due := c.Settle(members); len(due) != 2 || due[0].Package.Due != want {
		t.Errorf("the cases do not know: %+v", due)
	}
	b.Suspensions = []casework.Suspension{{Procedure: "公示", From: day("2026-09-22"), Until: day("2026-09-25")}}
	if got := complete(); got != want {
		t.Errorf("what came after moved it: %+v", got)
	}
	if p, _, err := c.Foretell(members, b, cal); err != nil || !p.IsZero() {
		t.Errorf("told again: %s, %v", p, err)
	}
	a.Package.Tells = casework.JointDue{Promised: day("2026-10-09"), Statutory: day("2026-12-01"), AtMS: 300}
	if got := complete(); got != a.Package.Tells || c.FirstTold(members) != want {
		t.Errorf("an extension told later counts: %+v", got)
	}
	// The refusal of the last case makes it complete as well.
	c, b.Status, b.AcceptedOn, b.AcceptedMS, b.Suspensions, a.Package.Tells = &Case{Promise: 4, Members: c.Members}, casework.NotAccepted, calendar.Date{}, 0, nil, casework.JointDue{}
	if got := complete(); got.Promised != want.Promised || got.AtMS != 100 {
		t.Errorf("the last was refused: %+v", got)
	}
	// Where an acceptance told, that is what was told.
	c, a.Package.Tells = &Case{Promise: 4, Members: c.Members}, want
	if got := complete(); got != want || c.Completed.AtMS != 0 {
		t.Errorf("%+v %+v", got, c.Completed)
	}
}

// Joint handling takes 45 working days (Administrative Licence Law art. 42), the
// promise the stages one after the other; both run from the day on which the last of
// the cases that wait for nothing was taken up, without special procedures.
//
// Rules: 2.11.
func TestOneDueDate(t *testing.T) {
	cal := calendartest.Calendar(t)
	day := func(s string) calendar.Date { return calendartest.Date(t, s) }
	c := &Case{Promise: 6, Members: []Member{{Case: "a", Stage: 1, Promise: 2}, {Case: "b", Stage: 1, Promise: 4}, {Case: "c", Stage: 2, Promise: 2, After: []string{"a"}}}}
	accepted := func(id, on string) *casework.Case {
		return &casework.Case{ID: id, Status: casework.Accepted, AcceptedOn: day(on), Package: &casework.Joined{ID: "j"}}
	}
	waiting := func(id string) *casework.Case {
		return &casework.Case{ID: id, Status: casework.HandedIn, Package: &casework.Joined{ID: "j"}}
	}
	refused := &casework.Case{ID: "b", Status: casework.NotAccepted, Package: &casework.Joined{ID: "j"}}
	longer := accepted("a", "2026-09-18")
	longer.ExtendedBy = 1
	much := accepted("b", "2026-09-18")
	much.ExtendedBy = 3
	stopped, lawful := accepted("a", "2026-09-18"), accepted("a", "2026-09-18")
	stopped.Suspensions = []casework.Suspension{{Procedure: "公示", From: day("2026-09-18"), Until: day("2026-09-21")}}
	lawful.Suspensions = []casework.Suspension{{Procedure: "专家评审", Lawful: true, From: day("2026-09-18"), Until: day("2026-09-21")}}
	for name, row := range map[string]struct {
		members             []*casework.Case
		promised, statutory string
	}{
		"nobody took anything up":           {[]*casework.Case{waiting("a"), waiting("b"), waiting("c")}, "", ""},
		"one of two that wait for nothing":  {[]*casework.Case{accepted("a", "2026-09-18"), waiting("b"), waiting("c")}, "", ""},
		"both at once":                      {[]*casework.Case{accepted("a", "2026-09-18"), accepted("b", "2026-09-18"), waiting("c")}, "2026-09-28", "2026-11-26"},
		"the later of the two":              {[]*casework.Case{accepted("a", "2026-09-18"), accepted("b", "2026-09-21"), waiting("c")}, "2026-09-30", "2026-11-30"},
		"what comes in its turn moves none": {[]*casework.Case{accepted("a", "2026-09-18"), accepted("b", "2026-09-18"), accepted("c", "2026-09-24")}, "2026-09-28", "2026-11-26"},
		"one that was refused holds none":   {[]*casework.Case{accepted("a", "2026-09-18"), refused, waiting("c")}, "2026-09-28", "2026-11-26"},
		"more time where there is room":     {[]*casework.Case{longer, accepted("b", "2026-09-18"), waiting("c")}, "2026-09-28", "2026-11-26"},
		"more time where there is none":     {[]*casework.Case{accepted("a", "2026-09-18"), much, waiting("c")}, "2026-10-08", "2026-12-01"},
		"a procedure the law leaves out":    {[]*casework.Case{lawful, accepted("b", "2026-09-18"), waiting("c")}, "2026-09-30", "2026-11-30"},
		"one that stops the promise alone":  {[]*casework.Case{stopped, accepted("b", "2026-09-18"), waiting("c")}, "2026-09-30", "2026-11-26"},
	} {
		limits, err := c.Limits(row.members, cal)
		got := [2]string{"", ""}
		for i := range limits {
			got[i] = limits[i].Result.Due.String()
		}
		if err != nil || got != [2]string{row.promised, row.statutory} {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	// The promise is no later than the law allows.
	long := &Case{Promise: 60, Members: []Member{{Case: "a", Stage: 1, Promise: 60}}}
	limits, err := long.Limits([]*casework.Case{accepted("a", "2026-09-18")}, cal)
	if err != nil || limits[0].Result.Due != limits[1].Result.Due {
		t.Errorf("%+v %v", limits, err)
	}
}

// What the applicant was told stands until something moves it, and is told then,
// whatever the calendar says meanwhile.
func TestTheDueDateIsToldOnce(t *testing.T) {
	cal := calendartest.Calendar(t)
	on := calendartest.Date(t, "2026-09-18")
	c := &Case{Promise: 4, Members: []Member{{Case: "a", Stage: 1, Promise: 2}, {Case: "b", Stage: 2, Promise: 2, After: []string{"a"}}}}
	a := &casework.Case{ID: "a", Status: casework.HandedIn, Package: &casework.Joined{ID: "j"}}
	b := &casework.Case{ID: "b", Status: casework.HandedIn, Package: &casework.Joined{ID: "j", After: []string{"a"}}}
	taken := *a
	taken.Status, taken.AcceptedOn = casework.Accepted, on
	promised, statutory, err := c.Foretell([]*casework.Case{a, b}, &taken, cal)
	if err != nil || promised.IsZero() || !statutory.After(promised) {
		t.Fatalf("%s %s %v", promised, statutory, err)
	}
	told := taken
	told.Package = &casework.Joined{ID: "j", Tells: casework.JointDue{Promised: promised, Statutory: statutory, AtMS: 5}}
	later := *b
	later.Status, later.AcceptedOn = casework.Accepted, on.AddDays(5)
	if p, s, err := c.Foretell([]*casework.Case{&told, b}, &later, cal); err != nil || !p.IsZero() || !s.IsZero() {
		t.Errorf("told again: %s %s %v", p, s, err)
	}
	more := told
	more.ExtendedBy = 3
	moved, _, err := c.Foretell([]*casework.Case{&told, b}, &more, cal)
	if err != nil || !moved.After(promised) {
		t.Errorf("%s after %s, %v", moved, promised, err)
	}
	// Every case hears of it, and the later word counts.
	later.Package = &casework.Joined{ID: "j", Tells: casework.JointDue{Promised: moved, Statutory: statutory, AtMS: 9}}
	for _, order := range [][]*casework.Case{{&told, &later}, {&later, &told}} {
		for _, m := range settled(c, order) {
			if m.Package.Due.Promised != moved {
				t.Errorf("%s hears %+v", m.ID, m.Package.Due)
			}
		}
		limits, err := c.Limits(order, cal)
		if err != nil || limits[0].Due() != moved {
			t.Errorf("%+v %v", limits, err)
		}
	}
}

// inTime is a joint matter whose departments each use up their own time, and its
// cases with their items: those of a stage wait for all of the stages before.
func inTime(t *rapid.T, cal *calendar.Calendar) (*Case, []*casework.Case, []*catalog.Item) {
	start := calendartest.Date(t, "2026-03-02").AddDays(rapid.IntRange(0, 200).Draw(t, "start"))
	c := &Case{ID: "j"}
	var members []*casework.Case
	var items []*catalog.Item
	taken := start
	for stage := 1; stage <= rapid.IntRange(1, 3).Draw(t, "stages"); stage++ {
		var before []string
		last := taken
		for _, m := range c.Members {
			before = append(before, m.Case)
		}
		longest := 0
		for range rapid.IntRange(1, 3).Draw(t, "cases") {
			item := &catalog.Item{PromisedWorkingDays: rapid.IntRange(1, 8).Draw(t, "promise"), StatutoryWorkingDays: 20}
			m := Member{Case: fmt.Sprint("c", len(members)), Stage: stage, Promise: item.PromisedWorkingDays, After: before}
			is := &casework.Case{ID: m.Case, Status: casework.Accepted, HandedInMS: start.Midnight().UnixMilli(), AcceptedMS: 1, AcceptedOn: taken, Package: &casework.Joined{ID: "j", After: before}}
			if stage == 1 && rapid.Bool().Draw(t, "taken up later") {
				is.AcceptedOn = start.AddDays(rapid.IntRange(0, 9).Draw(t, "later"))
			}
			if rapid.Bool().Draw(t, "extended") {
				is.ExtendedBy, is.ExtendedOn = rapid.IntRange(1, 10).Draw(t, "by"), is.AcceptedOn
			}
			if rapid.Bool().Draw(t, "suspended") {
				from := is.AcceptedOn.AddDays(rapid.IntRange(0, 5).Draw(t, "from"))
				is.Suspensions = []casework.Suspension{{Procedure: "公示", Lawful: rapid.Bool().Draw(t, "lawful"), From: from, Until: from.AddDays(rapid.IntRange(0, 12).Draw(t, "for"))}}
			}
			longest = max(longest, item.PromisedWorkingDays)
			c.Members, members, items = append(c.Members, m), append(members, is), append(items, item)
			limits, err := is.Limits(item, cal)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range limits {
				if l.Kind == casework.LimitPromised && l.Due().After(last) {
					last = l.Due()
				}
			}
		}
		c.Promise += longest
		taken = last // whoever keeps to their own time hands on by then
	}
	return c, members, items
}

// While every department keeps to its own date nobody is late for the joint one; and
// where somebody before them was late, no department's own date is later than it.
func TestNoDepartmentsDateIsLaterThanTheWhole(t *testing.T) {
	cal := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		c, members, items := inTime(t, cal)
		whole, err := c.Limits(members, cal)
		if err != nil || len(whole) != 2 {
			t.Fatalf("%v %v", whole, err)
		}
		own := func(m *casework.Case) map[casework.LimitKind]calendar.Date {
			limits, err := m.Limits(items[slices.IndexFunc(members, func(is *casework.Case) bool { return is.ID == m.ID })], cal)
			if err != nil {
				t.Fatal(err)
			}
			dues := map[casework.LimitKind]calendar.Date{}
			for _, l := range limits {
				dues[l.Kind] = l.Due()
			}
			return dues
		}
		if whole[0].Result.Due != whole[1].Result.Due { // the law's limit did not cut the promise
			for _, m := range members {
				if due := own(m)[casework.LimitPromised]; due.After(whole[0].Result.Due) {
					t.Fatalf("%s is due on %s, the whole on %s", m.ID, due, whole[0].Result.Due)
				}
			}
		}
		members[0].Package.Tells = casework.JointDue{Promised: whole[0].Result.Due, Statutory: whole[1].Result.Due, AtMS: 1}
		late := members[len(members)-1]
		if len(late.Package.After) > 0 {
			late.AcceptedOn = late.AcceptedOn.AddDays(rapid.IntRange(0, 40).Draw(t, "late"))
			if late.ExtendedBy > 0 {
				late.ExtendedOn = late.AcceptedOn
			}
		}
		for _, m := range settled(c, members) {
			dues := own(m)
			if dues[casework.LimitPromised].After(whole[0].Result.Due) || dues[casework.LimitStatutory].After(whole[1].Result.Due) {
				t.Fatalf("%s is due on %v, the whole on %s and %s", m.ID, dues, whole[0].Result.Due, whole[1].Result.Due)
			}
		}
	})
}

// In whatever order the departments act, the applicant hears once that all was
// accepted and once that there is a result, and of every refusal as it comes.
func TestTheApplicantHearsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _ := drawn(t)
		happened := map[string][]ledger.Kind{}
		did := func(id string, kinds ...ledger.Kind) bool {
			return slices.ContainsFunc(kinds, func(k ledger.Kind) bool { return slices.Contains(happened[id], k) })
		}
		heard := map[notice.Kind]int{}
		refusals, accepted, decided, granted := 0, 0, 0, 0
		say := func(id string, k ledger.Kind, body ledger.Body) {
			happened[id] = append(happened[id], k)
			own, _, _ := notice.Of(body)
			kind, whole, told := c.Tell(body, own, did)
			if !whole {
				t.Fatalf("%s is told of one case", k)
			}
			// That it was accepted is said by the first entry that could say it.
			if told && (kind != notice.Accepted || heard[kind] == 0) {
				heard[kind]++
			}
		}
		type turn struct {
			id   string
			fate string
		}
		var turns []turn
		for _, m := range c.Members {
			fate := rapid.SampledFrom([]string{"granted", "declined", "rejected", "terminated"}).Draw(t, "fate")
			if len(m.After) > 0 && fate == "rejected" {
				fate = "granted"
			}
			turns = append(turns, turn{m.Case, fate})
		}
		// Everything is taken up in its turn, then decided in any order.
		for _, x := range turns {
			switch x.fate {
			case "rejected":
				say(x.id, ledger.CaseReject, &ledger.CaseRejectV1{})
				refusals++
			default:
				accepted++
				say(x.id, ledger.CaseAccept, &ledger.CaseAcceptV1{})
			}
		}
		for _, x := range rapid.Permutation(turns).Draw(t, "order") {
			switch x.fate {
			case "granted", "declined":
				decided++
				say(x.id, ledger.CaseDecide, &ledger.CaseDecideV1{Granted: x.fate == "granted"})
				if x.fate == "granted" {
					granted++
				}
			case "terminated":
				say(x.id, ledger.CaseTerminate, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite})
			}
		}
		for _, x := range turns {
			if x.fate == "granted" || x.fate == "declined" {
				say(x.id, ledger.CaseIssue, &ledger.CaseIssueV1{})
			}
		}
		if heard[notice.Accepted] > 1 || heard[notice.Ready] > 1 || decided > 0 && heard[notice.Ready] != 1 {
			t.Fatalf("%v of %v", heard, turns)
		}
		// One for each refusal and at most one for the end of all.
		if most := decided - granted + 1; heard[notice.Decided] > most || heard[notice.Ended] > 1 || heard[notice.NotAccepted] > refusals {
			t.Fatalf("%v of %v", heard, turns)
		}
	})
}

// The rows of what the applicant hears of a joint matter.
func TestWhatIsToldOfTheWhole(t *testing.T) {
	c := &Case{Members: []Member{{Case: "a"}, {Case: "b"}, {Case: "c", After: []string{"a"}}}}
	const accept, reject, decide, issue, end = ledger.CaseAccept, ledger.CaseReject, ledger.CaseDecide, ledger.CaseIssue, ledger.CaseTerminate
	for name, row := range map[string]struct {
		did         map[string][]ledger.Kind // the entry itself included
		body        ledger.Body
		kind        notice.Kind
		whole, told bool
	}{
		"the first acceptance":                 {map[string][]ledger.Kind{"a": {accept}}, &ledger.CaseAcceptV1{}, notice.Accepted, true, false},
		"the last of those that wait for none": {map[string][]ledger.Kind{"a": {accept}, "b": {accept}}, &ledger.CaseAcceptV1{}, notice.Accepted, true, true},
		"after the other was refused":          {map[string][]ledger.Kind{"a": {accept}, "b": {reject}}, &ledger.CaseAcceptV1{}, notice.Accepted, true, true},
		"one is refused":                       {map[string][]ledger.Kind{"b": {reject}}, &ledger.CaseRejectV1{}, notice.NotAccepted, true, true},
		"all are refused":                      {map[string][]ledger.Kind{"a": {reject}, "b": {reject}, "c": {end}}, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite}, notice.Ended, true, false},
		"all are withdrawn":                    {map[string][]ledger.Kind{"a": {end}, "b": {end}, "c": {end}}, &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn}, notice.Ended, true, true},
		"the last waited, all else made out":   {map[string][]ledger.Kind{"a": {accept, decide, issue}, "b": {accept, decide, issue}, "c": {end}}, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite}, notice.Ready, true, true},
		"one is granted":                       {map[string][]ledger.Kind{"a": {accept, decide}, "b": {accept}}, &ledger.CaseDecideV1{Granted: true}, notice.Decided, true, false},
		"one is declined":                      {map[string][]ledger.Kind{"a": {accept, decide}, "b": {accept}}, &ledger.CaseDecideV1{}, notice.Decided, true, true},
		"what waited for it ends":              {map[string][]ledger.Kind{"a": {accept, decide}, "b": {accept}, "c": {end}}, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite}, notice.Ended, true, false},
		"one ends for another cause":           {map[string][]ledger.Kind{"b": {end}}, &ledger.CaseTerminateV1{Cause: ledger.CauseNotSupplemented}, notice.Ended, true, true},
		"the last is decided":                  {map[string][]ledger.Kind{"a": {accept, decide, issue}, "b": {accept, decide}, "c": {end}}, &ledger.CaseDecideV1{Granted: true}, notice.Decided, true, true},
		"one is made out":                      {map[string][]ledger.Kind{"a": {accept, decide, issue}, "b": {accept}}, &ledger.CaseIssueV1{}, notice.Ready, true, false},
		"the last is made out":                 {map[string][]ledger.Kind{"a": {accept, decide, issue}, "b": {accept, decide, issue}, "c": {end}}, &ledger.CaseIssueV1{}, notice.Ready, true, true},
		"one is extended":                      {map[string][]ledger.Kind{}, &ledger.CaseExtendV1{}, notice.Extended, true, true},
		"one has a special procedure":          {map[string][]ledger.Kind{}, &ledger.CaseSuspendV1{}, notice.Suspended, false, true},
	} {
		own, _, _ := notice.Of(row.body)
		kind, whole, told := c.Tell(row.body, own, func(id string, kinds ...ledger.Kind) bool {
			return slices.ContainsFunc(kinds, func(k ledger.Kind) bool { return slices.Contains(row.did[id], k) })
		})
		if whole != row.whole || told != row.told || told && kind != row.kind {
			t.Errorf("%s: %s, of the whole %t, told %t", name, kind, whole, told)
		}
	}
}
