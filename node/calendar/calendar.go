package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Calendar answers which days are working days, for the years it holds and for
// no others: a year it does not hold is an error and never guessed. It is made
// once and never changes; a new arrangement makes a new calendar.
type Calendar struct {
	years map[int]*table
}

// table is one year ready for look-up.
type table struct {
	provisional bool
	days        [367]dayKind // by day of the year; ordinary days are kindOrdinary
	names       map[Date]string
}

type dayKind uint8

const (
	kindOrdinary dayKind = iota
	kindHoliday
	kindMakeup
)

// New makes a calendar of the years. Each is checked as in a file; the error is
// an importfile.Faults for a faulty year.
func New(years []Year) (*Calendar, error) {
	c := &Calendar{years: make(map[int]*table, len(years))}
	for _, y := range years {
		if err := y.Check(fmt.Sprintf("years[%d]", y.Year)).Err(); err != nil {
			return nil, fmt.Errorf("make calendar: %w", err)
		}
		if c.years[y.Year] != nil {
			return nil, fmt.Errorf("make calendar: %d 年重复 (the year %d is given twice)", y.Year, y.Year)
		}
		c.years[y.Year] = newTable(y)
	}
	return c, nil
}

func newTable(y Year) *table {
	t := &table{provisional: y.Status == Provisional, names: make(map[Date]string, len(y.Names))}
	for _, d := range y.Holidays {
		t.days[d.yearDay()] = kindHoliday
	}
	for _, d := range y.Workdays {
		t.days[d.yearDay()] = kindMakeup
	}
	for _, n := range y.Names {
		t.names[n.Date] = n.Name
	}
	return t
}

// Years returns the years the calendar holds, ascending.
func (c *Calendar) Years() []int {
	years := make([]int, 0, len(c.years))
	for y := range c.years {
		years = append(years, y)
	}
	slices.Sort(years)
	return years
}

// IsWorkingDay reports whether d is a working day: a make-up working day is,
// a holiday is not, otherwise Monday to Friday are. The error is a
// *MissingYearError when the calendar does not hold the year.
func (c *Calendar) IsWorkingDay(d Date) (bool, error) {
	mark, _, err := c.look(d)
	return mark.working(), err
}

// IsProvisional reports whether the year's arrangement is not yet announced, so
// that due dates in it may still move. A year the calendar does not hold is not
// provisional; asking for its days is an error.
func (c *Calendar) IsProvisional(year int) bool {
	t := c.years[year]
	return t != nil && t.provisional
}

// NextWorkingDay returns d when it is a working day, otherwise the first working
// day after it. The day on which papers handed in online count as received is
// the NextWorkingDay of the day they came in.
func (c *Calendar) NextWorkingDay(d Date) (Date, error) {
	for ; ; d = d.AddDays(1) {
		working, err := c.IsWorkingDay(d)
		if err != nil {
			return Date{}, fmt.Errorf("find next working day: %w", err)
		}
		if working {
			return d, nil
		}
	}
}

// WorkingDaysBetween returns how many working days d lie in from < d <= to: what
// is left of a period at the end of the day from. It is negative when to is
// before from: that many working days the due date to has been passed.
// Suspended days are left out.
func (c *Calendar) WorkingDaysBetween(from, to Date, suspensions ...Suspension) (int, error) {
	if from.IsZero() || to.IsZero() {
		return 0, fmt.Errorf("count working days: %w", &DateError{})
	}
	sign := 1
	if to.Before(from) {
		from, to, sign = to, from, -1
	}
	n := 0
	for d := from; d != to; {
		d = d.AddDays(1)
		working, err := c.IsWorkingDay(d)
		if err != nil {
			return 0, fmt.Errorf("count working days: %w", err)
		}
		if _, suspended := covering(suspensions, d); working && !suspended {
			n++
		}
	}
	return sign * n, nil
}

// look tells what a day is by the calendar alone.
func (c *Calendar) look(d Date) (mark Mark, name string, err error) {
	if d.IsZero() {
		return "", "", &DateError{}
	}
	t := c.years[d.Year()]
	if t == nil {
		return "", "", &MissingYearError{Year: d.Year()}
	}
	switch kind, day := t.days[d.yearDay()], d.Weekday(); {
	case kind == kindHoliday:
		return MarkHoliday, t.names[d], nil
	case kind == kindMakeup:
		return MarkMakeup, t.names[d], nil
	case day == time.Saturday || day == time.Sunday:
		return MarkWeekend, "", nil
	}
	return MarkCounted, "", nil
}

func (d Date) yearDay() int { return int(d.day) - daysBefore(d.Year()) }

// MissingYearError says that a year is needed which the calendar does not hold.
type MissingYearError struct{ Year int }

// Error says in Chinese and English what to do.
func (e *MissingYearError) Error() string {
	return fmt.Sprintf("缺少 %d 年的节假日安排，请先导入日历 (no calendar for the year %d; import it first)", e.Year, e.Year)
}
