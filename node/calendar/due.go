package calendar

import (
	"errors"
	"fmt"
)

// maxDays bounds a period: ten years, far beyond any limit in the law.
const maxDays = 3660

// Unit says what a period counts.
type Unit string

// The units.
const (
	WorkingDays Unit = "working_days" // 工作日; the empty Unit means the same
	NaturalDays Unit = "natural_days" // 自然日, as the 60 days for reconsideration
)

// Period is a time limit to be computed.
type Period struct {
	// Start is the day the limit begins: acceptance, or receipt of the papers.
	// It is not counted (民法典 art. 201): day 1 comes after it.
	Start Date `json:"start"`
	Days  int  `json:"days"` // 0 is the starting day itself
	Unit  Unit `json:"unit,omitempty"`

	// Online says that the papers came in over the network: on a non-working day
	// they count as received on the next working day (convention).
	Online bool `json:"online,omitempty"`

	Suspensions []Suspension `json:"suspensions,omitempty"`
	Extension   Extension    `json:"extension,omitzero"`
}

// Suspension is time that does not count (行政许可法 art. 45): hearing,
// inspection, expert review and the like. Working days after Start and up to End
// are left out. Start itself, the day the notice is issued, counts. Overlapping
// suspensions leave a day out once.
type Suspension struct {
	Start  Date   `json:"start"`
	End    Date   `json:"end,omitzero"` // the day the result came; no date while it is open
	Reason string `json:"reason,omitempty"`
}

// Extension is more time granted by the authority's head (行政许可法 art. 42).
// It must be approved on or before the day that was due without it.
type Extension struct {
	Days     int  `json:"days"`
	Approved Date `json:"approved"`
}

// LongestExtension is by how many working days the head of the authority may extend a
// limit of so many, once: 10, and 15 where several handle it jointly in 45 (行政许可法
// art. 42).
func LongestExtension(days int) int {
	if days == 45 {
		return 15
	}
	return 10
}

// Result is the answer to a Period.
type Result struct {
	// Due is the last day, until the close of business. There is no date while
	// an open suspension holds the clock.
	Due   Date `json:"due,omitzero"`
	Start Date `json:"start"` // the starting day that was used
	Limit int  `json:"limit"` // days to count, extension included

	// Counted is how many days count up to Due, or up to the last day before
	// the open suspension took hold.
	Counted   int  `json:"counted"`
	Suspended Date `json:"suspended_since,omitzero"` // start of the open suspension that holds the clock

	// Provisional are the years used whose arrangement is not announced yet:
	// warn, and compute again when it is.
	Provisional []int `json:"provisional_years,omitempty"`
	Days        []Day `json:"days"` // every day from the first to the last, for a clerk to see
}

// The refusals of Due; each says in Chinese and English what is wrong.
var (
	ErrDays              = fmt.Errorf("天数应为 0 至 %d (the number of days must be from 0 to %d)", maxDays, maxDays)
	ErrUnit              = errors.New("期限单位应为工作日或自然日 (the unit must be working_days or natural_days)")
	ErrNaturalSuspended  = errors.New("自然日期限不能中止计时 (a period of natural days cannot be suspended)")
	ErrSuspensionDates   = errors.New("特别程序的开始日期缺失或晚于结束日期 (a suspension has no start or ends before it starts)")
	ErrExtensionApproval = errors.New("延长期限没有批准日期，或批准日期早于起始日期 (the extension has no approval date or one before the start)")
	ErrExtensionLate     = errors.New("延长期限须在到期日当天或之前批准 (the extension was approved after the due date)")
)

// Due computes when the period ends. Errors are those above, a *DateError for
// no starting day, and a *MissingYearError when a needed year is not in the
// calendar.
func (c *Calendar) Due(p Period) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	if p.Extension.Days > 0 {
		if err := c.checkExtension(p); err != nil {
			return Result{}, err
		}
	}
	limit := p.Days + p.Extension.Days
	w := walk{calendar: c, period: p, result: Result{Limit: limit, Days: make([]Day, 0, min(limit+limit/2+2, 64))}}
	if err := w.run(); err != nil {
		return Result{}, err
	}
	return w.result, nil
}

func (p Period) check() error {
	if p.Start.IsZero() {
		return &DateError{}
	}
	if p.Days < 0 || p.Extension.Days < 0 || p.Days > maxDays || p.Extension.Days > maxDays-p.Days {
		return ErrDays
	}
	switch p.Unit {
	case "", WorkingDays:
	case NaturalDays:
		if len(p.Suspensions) > 0 {
			return ErrNaturalSuspended
		}
	default:
		return ErrUnit
	}
	for _, s := range p.Suspensions {
		if s.Start.IsZero() || !s.End.IsZero() && s.End.Before(s.Start) {
			return ErrSuspensionDates
		}
	}
	return nil
}

// checkExtension computes the due date without the extension; approval after it
// comes too late. While that date is still open, no approval is late.
func (c *Calendar) checkExtension(p Period) error {
	extension := p.Extension
	if extension.Approved.IsZero() || extension.Approved.Before(p.Start) {
		return ErrExtensionApproval
	}
	p.Extension = Extension{}
	before, err := c.Due(p)
	if err != nil {
		return err
	}
	if !before.Due.IsZero() && extension.Approved.After(before.Due) {
		return ErrExtensionLate
	}
	return nil
}
