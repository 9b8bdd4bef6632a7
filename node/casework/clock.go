package casework

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// LimitKind names a limit on a case.
type LimitKind string

// The limits. Which moment starts each, also when a line was down, is part of
// its rule: see Rules.
const (
	LimitNotice    LimitKind = "notice"    // 一次性告知时限
	LimitPromised  LimitKind = "promised"  // 承诺时限
	LimitStatutory LimitKind = "statutory" // 法定时限
	LimitService   LimitKind = "service"   // 送达时限
	LimitRenewal   LimitKind = "renewal"   // 延续决定时限
	LimitStep      LimitKind = "step"      // 环节时限
)

// Rule says what a limit counts, for a clerk and an applicant to read.
type Rule struct {
	Kind   LimitKind
	ZH, EN string
}

// Rules are the limits of a case and what starts, stops and ends each. A line
// that was down never moves a start: the case was in the state's hands from the
// moment its village took it in. What a line costs is shown beside the limit
// and counted against nobody.
var Rules = []Rule{
	{LimitNotice, "自收件之日起5个工作日内一次性告知补正，逾期未告知的自收件之日起视为受理（行政许可法第三十二条）；以村、乡镇窗口收件时间为准，网络中断不顺延；网上申请以县中心收到之日为收件之日，在非工作日提交的，以下一工作日为收件之日；联办件中须待其他事项办结的，自其办结之日起计算",
		"what is missing is told within 5 working days of hand-in, else the case counts as accepted on that day (art. 32); hand-in is when the desk took the papers, whatever the line; what is handed in online counts on the day the county has it, and on a day off as received on the next working day; a case of a joint matter that waits for another counts as received when that is done"},
	{LimitPromised, "自受理之日起计算，特别程序期间不计入；以受理窗口操作时间为准，在非工作日受理的也自该日起，其后第一个工作日为第一日",
		"from acceptance, without the time of special procedures; acceptance is when the desk accepted, whatever the line, on a day off too: the first working day after it is day one"},
	{LimitStatutory, "自受理之日起计算（行政许可法第四十二条），在非工作日受理的也自该日起，其后第一个工作日为第一日；法律规定的特别程序期间不计入（第四十五条），经批准可延长一次",
		"from acceptance (art. 42), on a day off too: the first working day after it is day one; without the special procedures that the law names (art. 45), extended at most once"},
	{LimitService, "自作出决定之日起10个工作日内制发并送达（行政许可法第四十四条）；等待缴费不停止计时",
		"issued and delivered within 10 working days of the decision (art. 44); waiting for a payment stops no clock"},
	{LimitRenewal, "有效期届满三十日前申请延续的，在有效期届满前作出决定，逾期未作决定的视为准予延续（行政许可法第五十条）；特别程序不停止计时",
		"a renewal that was asked for thirty days before is decided before what it renews expires, or counts as granted (art. 50); no special procedure stops it"},
	{LimitStep, "受理后各环节的内部时限，为承诺时限的一部分：事项写明天数的从其规定，未写明的平均分摊；与承诺时限同样起算、停止和延长，材料在途时间不顺延；下级行政机关的初审自受理之日起不超过20个工作日（行政许可法第四十三条）；仅作提醒，不单独发牌",
		"a step's own part of the promise: the days that the item states for it, else an even share; it starts, stops and is prolonged as the promise is, and the way between offices is not left out; a first review below the deciding office ends within 20 working days of acceptance (art. 43); it reminds, and makes no card of its own"},
}

// The working days that the law sets for every item.
const (
	noticeDays  = 5
	serviceDays = 10
)

// Limit is one limit of a case, computed anew from the calendar there is.
type Limit struct {
	Kind LimitKind
	// Done is the day on which what it limits was done; none while it is open.
	Done calendar.Date
	// Told is the due date that the applicant was told, where one was. It stands
	// although a later calendar may make Result.Due another.
	Told   calendar.Date
	Result calendar.Result
}

// Due is the last day: the one that the applicant was told, where one was.
func (l Limit) Due() calendar.Date {
	if !l.Told.IsZero() {
		return l.Told
	}
	return l.Result.Due
}

// Limits are the limits that have begun for a case, in the order of Rules. The
// errors are those of calendar.Due: a year that the calendar lacks is one of
// them, and never guessed.
func (c *Case) Limits(item *catalog.Item, cal *calendar.Calendar) ([]Limit, error) {
	var limits []Limit
	var periods []calendar.Period
	if received := c.receivedOn(); !received.IsZero() {
		limits = append(limits, Limit{Kind: LimitNotice, Done: c.noticeDone()})
		periods = append(periods, calendar.Period{Start: received, Days: noticeDays})
	}
	if !c.AcceptedOn.IsZero() {
		decided := moment(c.DecidedMS, c.TerminatedMS)
		limits = append(limits, Limit{Kind: LimitPromised, Done: decided, Told: c.Told.Promised}, Limit{Kind: LimitStatutory, Done: decided, Told: c.Told.Statutory})
		periods = append(periods, c.period(item.PromisedWorkingDays, false), c.period(item.StatutoryWorkingDays, true))
	}
	if c.DecidedMS != 0 {
		limits = append(limits, Limit{Kind: LimitService, Done: moment(c.DeliveredMS)})
		periods = append(periods, calendar.Period{Start: moment(c.DecidedMS), Days: serviceDays})
	}
	if c.renewsInTime() {
		limits = append(limits, Limit{Kind: LimitRenewal, Done: moment(c.DecidedMS, c.RejectedMS, c.TerminatedMS), Result: calendar.Result{Due: c.Renews.Until}})
	}
	for i, p := range periods {
		var err error
		if limits[i].Result, err = cal.Due(p); err != nil {
			return nil, err
		}
	}
	capPromise(limits)
	for i := range limits {
		c.within(&limits[i])
	}
	return limits, nil
}

// firstReviewDays are the working days that a lower authority has for its first
// review (art. 43).
const firstReviewDays = 20

// StepLimit is the limit of the step that the case waits at, from its acceptance to
// its decision; false at any other. The errors are those of Limits.
func (c *Case) StepLimit(item *catalog.Item, cal *calendar.Calendar) (Limit, bool, error) {
	if _, open := c.Current(); !open || c.Status != Accepted || c.AcceptedOn.IsZero() {
		return Limit{}, false, nil
	}
	// The step that examines, or the next one where the case is on its way there.
	n, at := 0, ledger.Step{}
	for i, s := range c.Steps {
		if !slices.Contains([]ledger.Verb{ledger.VerbPreReview, ledger.VerbReview, ledger.VerbDecide}, s.Verb) {
			continue
		}
		n, at = n+1, s
		if i >= c.Step {
			break
		}
	}
	limit := Limit{Kind: LimitStep}
	var err error
	if limit.Result, err = cal.Due(c.period(item.StepDue(n), false)); err != nil {
		return limit, false, err
	}
	bounds := []calendar.Period{c.period(item.StatutoryWorkingDays, true)}
	if at.Verb == ledger.VerbPreReview && item.Type == catalog.Licence && at.Tier != item.DecideTier {
		first := c.period(firstReviewDays, true)
		first.Extension = calendar.Extension{}
		bounds = append(bounds, first)
	}
	for _, b := range bounds {
		r, err := cal.Due(b)
		if err != nil {
			return limit, false, err
		}
		if !r.Due.IsZero() && limit.Result.Due.After(r.Due) {
			limit.Result = r
		}
	}
	if c.Package != nil && !c.Package.Due.Promised.IsZero() && limit.Result.Due.After(c.Package.Due.Promised) {
		limit.Result.Due = c.Package.Due.Promised
	}
	return limit, true, nil
}

// capPromise keeps the promise from being later than the law allows, which a
// procedure that stops the promise alone would make it.
func capPromise(limits []Limit) {
	find := func(k LimitKind) int { return slices.IndexFunc(limits, func(l Limit) bool { return l.Kind == k }) }
	p, s := find(LimitPromised), find(LimitStatutory)
	if p >= 0 && s >= 0 && !limits[s].Result.Due.IsZero() && limits[p].Result.Due.After(limits[s].Result.Due) {
		limits[p].Result = limits[s].Result
	}
}

// Dues are the dates by which a case must be decided.
func (c *Case) Dues(item *catalog.Item, cal *calendar.Calendar) (ledger.Dues, error) {
	var d ledger.Dues
	limits, err := c.Limits(item, cal)
	for _, l := range limits {
		switch l.Kind {
		case LimitPromised:
			d.Promised = l.Result.Due
		case LimitStatutory:
			d.Statutory = l.Result.Due
		}
	}
	return d, err
}

// period is the time there is for the decision.
func (c *Case) period(days int, statutory bool) calendar.Period {
	p := calendar.Period{Start: c.AcceptedOn, Days: days, Extension: calendar.Extension{Days: c.ExtendedBy, Approved: c.ExtendedOn}}
	if !statutory {
		// The promise is the centre's own: it may be prolonged after it passed.
		p.Days, p.Extension = days+c.ExtendedBy, calendar.Extension{}
	}
	for _, s := range c.Suspensions {
		if statutory && !s.Lawful {
			continue
		}
		end := s.End
		if end.IsZero() || end.After(s.Until) {
			end = s.Until // no longer than the applicant was told
		}
		p.Suspensions = append(p.Suspensions, calendar.Suspension{Start: s.From, End: end, Reason: s.Procedure})
	}
	return p
}

// noticeDone is the day on which the applicant was told what becomes of the
// papers.
func (c *Case) noticeDone() calendar.Date {
	if n := c.told(); n != nil {
		return n.On
	}
	return moment(c.AcceptedMS, c.RejectedMS, c.TerminatedMS)
}

// Overdue are the limits that are open and whose last day has passed.
func Overdue(limits []Limit, today calendar.Date) []Limit {
	return slices.DeleteFunc(slices.Clone(limits), func(l Limit) bool {
		return !l.Done.IsZero() || l.Due().IsZero() || !today.After(l.Due())
	})
}

// moment is the day of the first of several moments that has come.
func moment(ms ...int64) calendar.Date {
	for _, m := range ms {
		if m != 0 {
			return calendar.DateOf(time.UnixMilli(m))
		}
	}
	return calendar.Date{}
}

// EndedOn is the day on which the case ended; no day before.
func (c *Case) EndedOn() calendar.Date {
	if !c.Status.Ended() {
		return calendar.Date{}
	}
	return moment(c.DeliveredMS, c.TerminatedMS, c.RejectedMS)
}

// WorkingDays is how many working days the decision took: those after the day of
// acceptance up to that of the decision, without special procedures. Errors are
// those of calendar.WorkingDaysBetween; a case that is not decided has none.
func (c *Case) WorkingDays(cal *calendar.Calendar) (int, error) {
	if c.DecidedMS == 0 || c.AcceptedOn.IsZero() {
		return 0, &calendar.DateError{}
	}
	return cal.WorkingDaysBetween(c.AcceptedOn, moment(c.DecidedMS), c.period(0, false).Suspensions...)
}
