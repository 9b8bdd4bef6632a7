package supervision

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
)

// NextLook is the first day on which a look at the case finds something that
// has no card yet; none while nothing will be found before the case changes. It
// asks Look itself about each day that can matter, so that the two cannot
// differ, and a case is looked at on that day and no other.
func NextLook(c *casework.Case, limits []casework.Limit, cal *calendar.Calendar, t Thresholds, cards []Card, seen ...Rule) (calendar.Date, error) {
	days, err := candidates(c, limits, cal, t)
	if err != nil {
		return calendar.Date{}, err
	}
	for _, c := range cards {
		if c.Excused { // by what a line cost until then
			days = append(days, c.On.AddDays(1))
		}
	}
	slices.SortFunc(days, calendar.Date.Compare)
	for _, day := range days {
		found, err := Look(c, limits, cal, Moment{Today: day, Closed: true}, t, cards, seen...)
		if err != nil {
			return calendar.Date{}, err
		}
		if slices.ContainsFunc(found, func(f Finding) bool { unjudged, _ := f.unjudged(cards); return unjudged }) {
			return day, nil
		}
	}
	return calendar.Date{}, nil
}

// candidates are the days on which what is found can change, in their order.
func candidates(c *casework.Case, limits []casework.Limit, cal *calendar.Calendar, t Thresholds) ([]calendar.Date, error) {
	days := []calendar.Date{calendar.DateOf(time.UnixMilli(c.HandedInMS))} // what is found whatever the day
	for _, s := range c.Suspensions {
		days = append(days, s.Until.AddDays(1))
	}
	for _, l := range limits {
		due := l.Due()
		if due.IsZero() {
			continue
		}
		days = append(days, due, due.AddDays(1))
		if l.Kind != casework.LimitPromised || !l.Done.IsZero() {
			continue
		}
		near, err := stepDays(cal, due, -1, t.AmberLeft)
		if err != nil {
			return nil, err
		}
		far, err := stepDays(cal, due, 1, t.RedOver)
		if err != nil {
			return nil, err
		}
		days = append(days, near, far)
		if c.Instant {
			days = append(days, c.AcceptedOn)
		}
	}
	slices.SortFunc(days, calendar.Date.Compare)
	return slices.Compact(days), nil
}

// stepDays is the first day on which no more than so many working days are left
// until a day (step -1), or on which so many have passed since it (step 1).
func stepDays(cal *calendar.Calendar, from calendar.Date, step, working int) (calendar.Date, error) {
	for day, n := from, 0; ; {
		passed := day // the day that a step back leaves behind
		if step > 0 {
			passed = day.AddDays(1)
		}
		works, err := cal.IsWorkingDay(passed)
		if err != nil {
			return day, err
		}
		if works {
			n++
		}
		switch {
		case step < 0 && n > working:
			return day, nil
		case step > 0 && n >= working:
			return passed, nil
		}
		day = day.AddDays(step)
	}
}
