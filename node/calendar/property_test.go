package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
)

// reference computes a due date the slow way, from the rule's own words: collect
// every counted day, take the n-th.
func reference(t *rapid.T, c *calendar.Calendar, p calendar.Period) calendar.Date {
	var counted []calendar.Date
	for d := p.Start.AddDays(1); len(counted) < p.Days && d.Year() <= 2027; d = d.AddDays(1) {
		working, err := c.IsWorkingDay(d)
		if err != nil {
			t.Fatal(err)
		}
		excluded := false
		for _, s := range p.Suspensions {
			afterStart, upToEnd := d.DaysSince(s.Start) > 0, s.End.IsZero() || d.DaysSince(s.End) <= 0
			excluded = excluded || afterStart && upToEnd
		}
		if working && !excluded {
			counted = append(counted, d)
		}
	}
	if len(counted) < p.Days {
		return calendar.Date{}
	}
	return counted[p.Days-1]
}

// Rules: 2.32.
func TestDueProperties(t *testing.T) {
	c := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		p := drawPeriod(t)
		result, err := c.Due(p)
		if err != nil {
			t.Fatal(err)
		}
		if want := reference(t, c, p); result.Due != want {
			t.Fatalf("due %s, reference %s\n%s", result.Due, want, result.Explanation())
		}
		checkDays(t, c, result)
		if result.Due.IsZero() {
			if result.Suspended.IsZero() || result.Counted >= result.Limit {
				t.Fatalf("no due date without an open suspension: %+v", result)
			}
			return
		}
		if result.Counted != result.Limit || !result.Suspended.IsZero() {
			t.Fatalf("a due date after %d of %d days, suspended %q", result.Counted, result.Limit, result.Suspended)
		}
		if working, err := c.IsWorkingDay(result.Due); err != nil || !working {
			t.Fatalf("due on %s, no working day", result.Due)
		}
	})
}

// checkDays holds the explanation against the result: no day is missing, and
// the days that count are numbered 1, 2, 3 and so on.
func checkDays(t *rapid.T, c *calendar.Calendar, result calendar.Result) {
	count := 0
	for i, day := range result.Days {
		if i > 0 && day.Date.DaysSince(result.Days[i-1].Date) != 1 {
			t.Fatalf("days %s and %s follow each other", result.Days[i-1].Date, day.Date)
		}
		if day.Count > 0 {
			count++
			if day.Count != count {
				t.Fatalf("%s is number %d after %d days", day.Date, day.Count, count-1)
			}
		}
	}
	if count != result.Counted {
		t.Fatalf("%d days explained, %d counted", count, result.Counted)
	}
	if last := result.Days[len(result.Days)-1].Date; !result.Due.IsZero() && last != result.Due {
		t.Fatalf("explained to %s, due %s", last, result.Due)
	}
}

// One day more is later; one more suspension is never earlier; a later start is
// never due earlier.
func TestDueMonotonic(t *testing.T) {
	c := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		p := drawPeriod(t)
		due := dueOf(t, c, p)
		longer, later, held := p, p, p
		longer.Days++
		later.Start = p.Start.AddDays(1)
		held.Suspensions = append(held.Suspensions[:len(held.Suspensions):len(held.Suspensions)], drawSuspension(t, p.Start, "one more"))
		if next := dueOf(t, c, longer); !next.IsZero() && !next.After(due) {
			t.Fatalf("one day more: %s, before %s", next, due)
		}
		if next := dueOf(t, c, later); !next.IsZero() && next.Before(due) {
			t.Fatalf("a day later: %s, before %s", next, due)
		}
		if next := dueOf(t, c, held); !next.IsZero() && next.Before(due) {
			t.Fatalf("one suspension more: %s, before %s", next, due)
		}
	})
}

// Overlapping suspensions leave a day out once: any two that overlap do what
// the one that spans both does, in any order.
//
// Rules: 2.34.
func TestOverlappingSuspensionsCountOnce(t *testing.T) {
	c := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		p := drawPeriod(t)
		a := drawSuspension(t, p.Start, "a")
		b := a
		if !a.End.IsZero() {
			b.Start = a.Start.AddDays(rapid.IntRange(0, a.End.DaysSince(a.Start)).Draw(t, "b starts in a"))
			b.End = b.Start.AddDays(rapid.IntRange(0, 40).Draw(t, "b lasts"))
		}
		span := a
		if b.End.After(a.End) {
			span.End = b.End
		}
		var dues [3]calendar.Date
		for i, suspensions := range [][]calendar.Suspension{{a, b}, {b, a, b}, {span}} {
			p.Suspensions = suspensions
			dues[i] = dueOf(t, c, p)
		}
		if dues[0] != dues[1] || dues[1] != dues[2] {
			t.Fatalf("%+v and %+v: %v", a, b, dues)
		}
	})
}

func TestNaturalProperties(t *testing.T) {
	c := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		p := calendar.Period{Start: drawStart(t), Days: rapid.IntRange(0, 90).Draw(t, "days"), Unit: calendar.NaturalDays}
		result, err := c.Due(p)
		if err != nil {
			t.Fatal(err)
		}
		last, err := c.NextWorkingDay(p.Start.AddDays(p.Days))
		if err != nil || result.Due != last {
			t.Fatalf("due %s, want %s, %v", result.Due, last, err)
		}
		checkDays(t, c, result)
	})
}

// What is left splits at any day in between, and turns its sign with its ends.
func TestWorkingDaysBetweenProperties(t *testing.T) {
	c := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		a, m, b := drawStart(t), drawStart(t), drawStart(t)
		between := func(from, to calendar.Date) int {
			n, err := c.WorkingDaysBetween(from, to)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if between(a, b) != between(a, m)+between(m, b) || between(a, b) != -between(b, a) {
			t.Fatalf("%s, %s, %s: %d, %d, %d", a, m, b, between(a, m), between(m, b), between(a, b))
		}
	})
}

func drawPeriod(t *rapid.T) calendar.Period {
	p := calendar.Period{Start: drawStart(t), Days: rapid.IntRange(1, 60).Draw(t, "days")}
	for range rapid.IntRange(0, 3).Draw(t, "suspensions") {
		p.Suspensions = append(p.Suspensions, drawSuspension(t, p.Start, "suspension"))
	}
	return p
}

func drawStart(t *rapid.T) calendar.Date {
	first, err := calendar.Parse("2024-01-01")
	if err != nil {
		t.Fatal(err)
	}
	return first.AddDays(rapid.IntRange(0, 1000).Draw(t, "start"))
}

func drawSuspension(t *rapid.T, start calendar.Date, label string) calendar.Suspension {
	s := calendar.Suspension{Start: start.AddDays(rapid.IntRange(-10, 60).Draw(t, label+" starts"))}
	if rapid.IntRange(0, 5).Draw(t, label+" open") > 0 {
		s.End = s.Start.AddDays(rapid.IntRange(0, 40).Draw(t, label+" lasts"))
	}
	return s
}

func dueOf(t *rapid.T, c *calendar.Calendar, p calendar.Period) calendar.Date {
	result, err := c.Due(p)
	if err != nil {
		t.Fatal(err)
	}
	return result.Due
}
