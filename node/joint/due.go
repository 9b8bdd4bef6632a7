package joint

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// This file is the one due date of a joint matter, which is the only one that its
// applicant hears. It follows from the cases alone:
//
//   - It runs from the day on which the last of the cases that wait for nothing was
//     taken up: then the joint matter is accepted, and its applicant is told once.
//   - There are as many working days as its stages take one after the other, each as
//     long as the longest of its cases. What a department's leader adds to a case
//     counts where the stage grows by it, so that the date never lies before one of
//     a department that keeps to its own time.
//   - The time of a special procedure of any of its cases is left out, once for what
//     runs at the same time.
//
// A department keeps its own date for its own case. That is never later than the
// joint one: a case that is taken up late, because of those before it, is done by
// the joint date all the same (casework.Joined.Due).

// JointDays is what the law gives departments that handle a matter jointly, in
// working days (Administrative Licence Law art. 42).
const JointDays = 45

// JointExtension is what may be added to that, however much its departments add to
// their own cases (art. 42).
const JointExtension = 15

// TakenUpOn is the day on which the joint matter was taken up as a whole: the last
// of those on which the cases that wait for nothing were, once each of them was or
// has ended. No day before that, and none where all of them ended.
func (c *Case) TakenUpOn(members []*casework.Case) calendar.Date {
	var last calendar.Date
	for _, m := range c.Members {
		if len(m.After) > 0 {
			continue
		}
		is := find(members, m.Case)
		switch {
		case is == nil || is.AcceptedOn.IsZero() && !is.Status.Ended():
			return calendar.Date{}
		case !is.AcceptedOn.IsZero() && (last.IsZero() || is.AcceptedOn.After(last)):
			last = is.AcceptedOn
		}
	}
	return last
}

// Days are the working days that the whole may take, with what leaders added.
func (c *Case) Days(members []*casework.Case) int {
	longest := map[int]int{}
	sum := 0
	for _, m := range c.Members {
		days := m.Promise
		if is := find(members, m.Case); is != nil {
			days += is.ExtendedBy
		}
		if more := days - longest[m.Stage]; more > 0 {
			longest[m.Stage] += more
			sum += more
		}
	}
	return sum
}

// Added are the working days by which the whole is longer for the extensions of its
// cases.
func (c *Case) Added(members []*casework.Case) int { return c.Days(members) - c.Promise }

// Limits are the limits of the whole: its promise, which is no later than the law
// allows, and the law's 45 working days with what was added, fifteen at most. The errors are those of
// calendar.Due.
func (c *Case) Limits(members []*casework.Case, cal *calendar.Calendar) ([]casework.Limit, error) {
	from := c.TakenUpOn(members)
	if from.IsZero() {
		return nil, nil
	}
	promised := calendar.Period{Start: from, Days: c.Days(members)}
	statutory := calendar.Period{Start: from, Days: JointDays + min(c.Added(members), JointExtension)}
	for _, m := range members {
		for _, s := range m.Suspensions {
			end := s.End
			if end.IsZero() || end.After(s.Until) {
				end = s.Until
			}
			stop := calendar.Suspension{Start: s.From, End: end, Reason: s.Procedure}
			promised.Suspensions = append(promised.Suspensions, stop)
			if s.Lawful {
				statutory.Suspensions = append(statutory.Suspensions, stop)
			}
		}
	}
	done, told := c.decidedOn(members), c.LastTold(members)
	limits := []casework.Limit{{Kind: casework.LimitPromised, Done: done, Told: told.Promised}, {Kind: casework.LimitStatutory, Done: done, Told: told.Statutory}}
	for i, p := range []calendar.Period{promised, statutory} {
		var err error
		if limits[i].Result, err = cal.Due(p); err != nil {
			return nil, err
		}
	}
	if !limits[1].Result.Due.IsZero() && limits[0].Result.Due.After(limits[1].Result.Due) {
		limits[0].Result = limits[1].Result
	}
	return limits, nil
}

// Told are the dates of the whole that its applicant was told last, with whichever
// of the cases moved them; no dates while none were. What is told later counts, and
// at one moment what was told with the case of the greater id: every node that has
// the cases says the same.
func Told(members []*casework.Case) casework.JointDue {
	var last casework.JointDue
	by := ""
	for _, m := range members {
		if m.Package == nil || m.Package.Tells.AtMS == 0 {
			continue
		}
		if t := m.Package.Tells; cmp.Or(cmp.Compare(t.AtMS, last.AtMS), cmp.Compare(m.ID, by)) > 0 {
			last, by = t, m.ID
		}
	}
	return last
}

// LastTold are the dates that hold for the applicant: those told last by an entry, or
// those of the moment when the whole was complete where no entry told any.
func (c *Case) LastTold(members []*casework.Case) casework.JointDue {
	if told := Told(members); told.AtMS != 0 {
		return told
	}
	return c.Completed
}

// Complete notes the dates of the whole where it is complete and nobody could tell
// them: each of two offices without a line took up the last case that it knew of, or
// the last one was refused. They follow from the cases as they were then and stay as
// they were told; there are none where the calendar lacks a year.
func (c *Case) Complete(members []*casework.Case, cal *calendar.Calendar) error {
	from := c.TakenUpOn(members)
	if from.IsZero() {
		c.Completed = casework.JointDue{}
	}
	if from.IsZero() || c.Completed.AtMS != 0 || Told(members).AtMS != 0 {
		return nil
	}
	var at int64
	then := make([]*casework.Case, len(members))
	for i, m := range members {
		is := *m
		if is.ExtendedOn.After(from) {
			is.ExtendedBy = 0
		}
		is.Suspensions = slices.DeleteFunc(slices.Clone(m.Suspensions), func(s casework.Suspension) bool { return s.From.After(from) })
		then[i], at = &is, max(at, m.AcceptedMS)
	}
	limits, err := c.Limits(then, cal)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		return nil
	}
	if err == nil && !limits[0].Result.Due.IsZero() {
		c.Completed = casework.JointDue{Promised: limits[0].Result.Due, Statutory: limits[1].Result.Due, AtMS: at}
	}
	return err
}

// FirstTold are the dates of the whole that its applicant was told when it was taken
// up: with the first acceptance that told any.
func (c *Case) FirstTold(members []*casework.Case) casework.JointDue {
	var first casework.JointDue
	by := ""
	for _, m := range members {
		d := m.FirstTold
		if d.JointPromised.IsZero() {
			continue
		}
		if by == "" || cmp.Or(cmp.Compare(m.AcceptedMS, first.AtMS), cmp.Compare(m.ID, by)) < 0 {
			first, by = casework.JointDue{Promised: d.JointPromised, Statutory: d.JointStatutory, AtMS: m.AcceptedMS}, m.ID
		}
	}
	if by == "" {
		return c.Completed
	}
	return first
}

// ExtensionTold are the dates of the whole that were told with the last extension of
// one of its cases; none where that moved none.
func ExtensionTold(members []*casework.Case) casework.JointDue {
	var told casework.JointDue
	var last calendar.Date
	for _, m := range members {
		d := m.ExtendTold
		switch {
		case m.ExtendedBy == 0 || m.ExtendedOn.Before(last):
			continue
		case m.ExtendedOn != last:
			last, told = m.ExtendedOn, casework.JointDue{}
		}
		if d.JointPromised.After(told.Promised) { // of one day the one that moved it further
			told = casework.JointDue{Promised: d.JointPromised, Statutory: d.JointStatutory}
		}
	}
	return told
}

// Foretell is what the applicant is told of the whole when one of its cases becomes
// next: the dates as they will be, where that changes them or they were never told;
// else none. The errors are those of calendar.Due.
func (c *Case) Foretell(members []*casework.Case, next *casework.Case, cal *calendar.Calendar) (promised, statutory calendar.Date, err error) {
	before, err := c.Limits(members, cal)
	if err != nil {
		return promised, statutory, err
	}
	as := slices.Clone(members)
	if i := slices.IndexFunc(as, func(m *casework.Case) bool { return m.ID == next.ID }); i >= 0 {
		as[i] = next
	}
	after, err := c.Limits(as, cal)
	if err != nil || len(after) == 0 {
		return promised, statutory, err
	}
	same := len(before) > 0 && !before[0].Told.IsZero() && before[0].Result.Due == after[0].Result.Due && before[1].Result.Due == after[1].Result.Due
	if same {
		return promised, statutory, nil
	}
	return after[0].Result.Due, after[1].Result.Due, nil
}

// Deem is the acceptance that the law itself makes of one of the cases today, as
// casework.Case.Deem has it, with the dates of the whole where it moves those: they
// are told with it as with an acceptance by a window. Where the calendar lacks a year
// none are told.
func (c *Case) Deem(members []*casework.Case, m *casework.Case, item *catalog.Item, cal *calendar.Calendar, today calendar.Date, answerable identity.Actor) (*ledger.CaseAcceptV1, error) {
	b, err := m.Deem(item, cal, today, answerable)
	if err != nil || b == nil {
		return nil, err
	}
	b.Dues.JointPromised, b.Dues.JointStatutory, err = c.Foretell(members, m.Deemed(), cal)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		b.Dues.JointPromised, b.Dues.JointStatutory, err = calendar.Date{}, calendar.Date{}, nil
	}
	return b, err
}

func find(members []*casework.Case, id string) *casework.Case {
	if i := slices.IndexFunc(members, func(m *casework.Case) bool { return m.ID == id }); i >= 0 {
		return members[i]
	}
	return nil
}
