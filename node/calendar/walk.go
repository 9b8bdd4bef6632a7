package calendar

import "slices"

// walk goes through the days of one period, from the first to the last, and
// writes down what each of them was.
type walk struct {
	calendar *Calendar
	period   Period
	result   Result
	day      Date
}

func (w *walk) run() error {
	if err := w.start(); err != nil {
		return err
	}
	if w.period.Unit == NaturalDays {
		return w.natural()
	}
	return w.working()
}

// start finds the starting day: the first working day for what came in online,
// and for a limit of no days, which ends on the day it starts.
func (w *walk) start() error {
	w.day = w.period.Start
	for w.period.Online || w.result.Limit == 0 {
		mark, name, err := w.look()
		if err != nil {
			return err
		}
		if mark.working() {
			break
		}
		w.note(Day{Date: w.day, Mark: mark, Name: name})
		w.day = w.day.AddDays(1)
	}
	w.result.Start = w.day
	w.note(Day{Date: w.day, Mark: MarkStart})
	return nil
}

// working counts the working days that are not suspended until the limit is
// full or an open suspension takes hold.
func (w *walk) working() error {
	open := openSince(w.period.Suspensions)
	for w.result.Counted < w.result.Limit {
		if !open.IsZero() && !w.day.Before(open) {
			w.result.Suspended = open
			return nil
		}
		w.day = w.day.AddDays(1)
		mark, name, err := w.look()
		if err != nil {
			return err
		}
		day := Day{Date: w.day, Mark: mark, Name: name}
		if s, suspended := covering(w.period.Suspensions, w.day); suspended && mark.working() {
			day.Mark, day.Name = MarkSuspended, s.Reason
		} else if mark.working() {
			w.result.Counted++
			day.Count = w.result.Counted
		}
		w.note(day)
	}
	w.result.Due = w.day
	return nil
}

// natural counts every day; when the last one is no working day, the period
// ends on the next that is (民法典 art. 203). Only from the last day on does it
// matter what kind of day it is.
func (w *walk) natural() error {
	for w.result.Counted < w.result.Limit-1 {
		w.day = w.day.AddDays(1)
		w.result.Counted++
		w.note(Day{Date: w.day, Mark: MarkCounted, Count: w.result.Counted})
	}
	if w.result.Limit == 0 {
		w.result.Due = w.day
		return nil
	}
	w.result.Counted++
	for count := w.result.Counted; w.result.Due.IsZero(); count = 0 {
		w.day = w.day.AddDays(1)
		mark, name, err := w.look()
		if err != nil {
			return err
		}
		if mark.working() {
			w.result.Due = w.day
			if count == 0 {
				mark, name = MarkMoved, ""
			}
		}
		w.note(Day{Date: w.day, Mark: mark, Name: name, Count: count})
	}
	return nil
}

// look tells what the present day is and remembers years that may still change.
func (w *walk) look() (Mark, string, error) {
	mark, name, err := w.calendar.look(w.day)
	if year := w.day.Year(); err == nil && w.calendar.IsProvisional(year) && !slices.Contains(w.result.Provisional, year) {
		w.result.Provisional = append(w.result.Provisional, year)
	}
	return mark, name, err
}

func (w *walk) note(day Day) { w.result.Days = append(w.result.Days, day) }

// openSince returns the earliest start of a suspension that has no end yet.
func openSince(suspensions []Suspension) Date {
	var since Date
	for _, s := range suspensions {
		if s.End.IsZero() && (since.IsZero() || s.Start.Before(since)) {
			since = s.Start
		}
	}
	return since
}

// covering returns the first suspension that leaves d out: Start < d <= End.
func covering(suspensions []Suspension, d Date) (Suspension, bool) {
	for _, s := range suspensions {
		if s.Start.Before(d) && (s.End.IsZero() || !s.End.Before(d)) {
			return s, true
		}
	}
	return Suspension{}, false
}
