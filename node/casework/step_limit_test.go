package casework

import (
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// Each step between acceptance and decision has its part of the promise, by the
// item or an even share; it stops and is prolonged as the promise is, and is never
// later than promise and law.
//
// Rules: 2.12, 4.10.
func TestStepLimit(t *testing.T) {
	cal := calendartest.Calendar(t)
	even := *mustItem(t, "TB-MZJ-004") // village accepts, township pre-reviews, county decides
	even.PromisedWorkingDays, even.StatutoryWorkingDays = 5, 30
	stated := even
	stated.ReviewSteps = append([]catalog.ReviewStep{}, even.ReviewSteps...)
	stated.ReviewSteps[1].WorkingDays, stated.ReviewSteps[2].WorkingDays = 1, 4
	long := even
	long.Type, long.PromisedWorkingDays, long.StatutoryWorkingDays = catalog.Licence, 60, 60
	confirmed := long
	confirmed.Type = catalog.Confirmation
	tight := even
	tight.StatutoryWorkingDays = 2
	at := func(step int, change func(*Case)) *Case {
		c := &Case{Status: Accepted, Steps: Plan(&even, node.Village), Step: step, AcceptedOn: date(t, "2026-09-29")}
		if change != nil {
			change(c)
		}
		return c
	}
	for _, row := range []struct {
		what string
		c    *Case
		item *catalog.Item
		want string
	}{
		{"first of two: three of five days", at(1, nil), &even, "2026-10-09"},
		{"the last is due with the promise", at(2, nil), &even, "2026-10-12"},
		{"sent back to acceptance, the next examines", at(0, nil), &even, "2026-10-09"},
		{"as the item states", at(1, nil), &stated, "2026-09-30"},
		{"as the item states, the last", at(2, nil), &stated, "2026-10-12"},
		{"prolonged", at(2, func(c *Case) { c.ExtendedBy, c.ExtendedOn = 2, date(t, "2026-10-09") }), &even, "2026-10-14"},
		{"stopped", at(1, func(c *Case) {
			c.Suspensions = []Suspension{{Procedure: "公示", From: date(t, "2026-09-29"), Until: date(t, "2026-10-08")}}
		}), &even, "2026-10-12"},
		{"no later than the law", at(2, nil), &tight, "2026-10-08"},
		{"art. 43: a lower office's first review of a licence", at(1, nil), &long, "2026-11-02"},
		{"its decision", at(2, nil), &long, "2026-12-28"},
		{"art. 43 is of licences", at(1, nil), &confirmed, "2026-11-16"},
		{"in a joint matter", at(2, func(c *Case) { c.Package = &Joined{Due: JointDue{Promised: date(t, "2026-10-10")}} }), &even, "2026-10-10"},
	} {
		l, runs, err := row.c.StepLimit(row.item, cal)
		if err != nil || !runs || l.Kind != LimitStep || l.Due().String() != row.want {
			t.Errorf("%s: %s %v %v, want %s", row.what, l.Due(), runs, err, row.want)
		}
	}
	for _, c := range []*Case{{Status: HandedIn, Steps: Plan(&even, node.Village)}, at(3, func(c *Case) { c.Status, c.Decision = Granted, Granted }), at(4, func(c *Case) { c.Status = Closed })} {
		if l, runs, err := c.StepLimit(&even, cal); runs || err != nil {
			t.Errorf("%s: %+v %v", c.Status, l, err)
		}
	}
	if _, _, err := at(1, func(c *Case) { c.AcceptedOn = date(t, "2040-01-02") }).StepLimit(&even, cal); err == nil {
		t.Error("a year that the calendar lacks was guessed")
	}
}

// Whatever an item of the catalog promises, its steps are due one after the other, the
// last with the promise.
func TestStepsFillThePromise(t *testing.T) {
	for code, item := range catalogItems() {
		last := 0
		for n := 1; n < len(item.ReviewSteps); n++ {
			due := item.StepDue(n)
			if due < last || due < 1 {
				t.Errorf("%s: step %d is due on day %d, the one before on %d", code, n, due, last)
			}
			last = due
		}
		if last != item.PromisedWorkingDays {
			t.Errorf("%s: the last step is due on day %d of %d", code, last, item.PromisedWorkingDays)
		}
	}
	if KindOf(ledger.VerbDecide) != ledger.CaseDecide {
		t.Error("the last step decides")
	}
}
