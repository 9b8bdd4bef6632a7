package supervision

import (
	"cmp"
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
)

// Outage is a time during which the county did not hear a division, Unix
// milliseconds by the county's clock. It is recorded and shown beside the
// limits, and never counts against a person.
type Outage struct {
	From, Until int64
}

// Merge is the time of several lists of outages, each moment once, the earliest
// first. The lists given are not changed.
func Merge(lists ...[]Outage) []Outage {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b Outage) int { return cmp.Compare(a.From, b.From) })
	var merged []Outage
	for _, o := range all {
		if last := len(merged) - 1; last >= 0 && o.From <= merged[last].Until {
			merged[last].Until = max(merged[last].Until, o.Until)
			continue
		}
		merged = append(merged, o)
	}
	return merged
}

// Business is how many minutes of an outage lie in hours of business, and on
// how many working days there were enough of them to be recorded. Only what
// lies from one day to another is counted.
func (t Thresholds) Business(outages []Outage, from, until calendar.Date, cal *calendar.Calendar) (minutes, days int, err error) {
	if len(outages) == 0 {
		return 0, 0, nil
	}
	for day := from; !day.After(until); day = day.AddDays(1) {
		on := 0
		opens, closes := day.Midnight().Add(time.Duration(t.Opens)*time.Minute), day.Midnight().Add(time.Duration(t.Closes)*time.Minute)
		for _, o := range outages {
			begin, end := max(o.From, opens.UnixMilli()), min(o.Until, closes.UnixMilli())
			if end > begin {
				on += int((end - begin) / time.Minute.Milliseconds())
			}
		}
		if on == 0 {
			continue
		}
		working, err := cal.IsWorkingDay(day)
		if err != nil {
			return 0, 0, err
		}
		if !working {
			continue
		}
		minutes += on
		if on >= t.LineMinutes {
			days++
		}
	}
	return minutes, days, nil
}

// Worth reports whether an outage is long enough to be recorded.
func (t Thresholds) Worth(o Outage, cal *calendar.Calendar) (bool, error) {
	minutes, _, err := t.Business([]Outage{o}, calendar.DateOf(time.UnixMilli(o.From)), calendar.DateOf(time.UnixMilli(o.Until)), cal)
	return minutes >= t.LineMinutes, err
}

// Excuses reports whether a case is late by no more than the working days on
// which the line was down. What is not about a limit is not excused by a line.
func Excuses(f Finding, downDays int, cal *calendar.Calendar, t Thresholds) (bool, error) {
	if downDays == 0 || f.Due.IsZero() || f.Colour == Amber {
		return false, nil
	}
	left, err := cal.WorkingDaysBetween(f.AsOf, f.Due)
	if err != nil {
		return false, err
	}
	over := -left - downDays
	if f.Rule == PromiseFar {
		return over < t.RedOver, nil
	}
	return over <= 0, nil
}
