package casework

import (
	"errors"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Deemed acceptance (视为受理, Administrative Licence Law art. 32 no. 4): papers
// were received, and nobody told within the limit what is missing. The case then
// counts as accepted on the day of receipt, whatever it lacks and wherever it has
// come to. A case that waits to be passed on is accepted where it waits, and
// goes on from there.

// Untold reports whether the applicant has not been told yet what becomes of the
// papers, at a step where somebody owes it.
func (c *Case) Untold() bool {
	step, open := c.Current()
	return open && c.Status == HandedIn && c.told() == nil && c.Gate() == GateOpen && (step.Verb == ledger.VerbAccept || step.Verb == ledger.VerbRelay)
}

// NoticeDue is the last day on which the applicant may be told what is missing.
func (c *Case) NoticeDue(cal *calendar.Calendar) (calendar.Date, error) {
	return noticeDue(cal, c.receivedOn())
}

func noticeDue(cal *calendar.Calendar, received calendar.Date) (calendar.Date, error) {
	r, err := cal.Due(calendar.Period{Start: received, Days: noticeDays})
	return r.Due, err
}

// UntoldBefore is the first day on which papers may have been received and still
// be in time today: all that came before it, and of which nobody has been told,
// count as accepted. The error is calendar's.
func UntoldBefore(cal *calendar.Calendar, today calendar.Date) (calendar.Date, error) {
	day := today
	for {
		due, err := noticeDue(cal, day.AddDays(-1))
		if err != nil || today.After(due) {
			return day, err
		}
		day = day.AddDays(-1)
	}
}

// Deem is the acceptance that the law itself makes of a case today; nil while
// there is none. answerable is who owed the notice: whoever took the papers in
// is the first who was asked (首问负责).
func (c *Case) Deem(item *catalog.Item, cal *calendar.Calendar, today calendar.Date, answerable identity.Actor) (*ledger.CaseAcceptV1, error) {
	if !c.Untold() {
		return nil, nil
	}
	due, err := c.NoticeDue(cal)
	if err != nil || !today.After(due) {
		return nil, err
	}
	b := &ledger.CaseAcceptV1{Deemed: true, Answerable: answerable}
	b.Dues, err = c.Deemed().Dues(item, cal)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		b.Dues, err = ledger.Dues{}, nil // no date is told; that keeps no case from being accepted
	}
	return b, err
}

// Deemed is the case as the law's acceptance leaves it, as far as its dates go.
func (c *Case) Deemed() *Case {
	accepted := *c
	accepted.AcceptedOn, accepted.Status = c.receivedOn(), Accepted
	return &accepted
}

// Answerable is who owed the notice, of whoever handed a case in: nobody by name
// where that was the applicant, from home, and the desk had it before any person.
func Answerable(handedIn identity.Actor) identity.Actor {
	if handedIn.Role == identity.Applicant || handedIn.Role == identity.System {
		return identity.Actor{}
	}
	return handedIn
}

// CheckDeemed holds a deemed acceptance against the limit that must have passed
// before, by the calendar there is. at is when it was made, Unix milliseconds.
func (c *Case) CheckDeemed(cal *calendar.Calendar, at int64) error {
	due, err := c.NoticeDue(cal)
	if err != nil {
		return refuse("calendar_year", "缺少所需年份的节假日安排，无法认定告知期限是否已过，请先导入日历", "the calendar lacks a year, so whether the time for the notice has passed cannot be told; import it first")
	}
	if !calendar.DateOf(time.UnixMilli(at)).After(due) {
		return refuse("notice_open", "一次性告知的期限到 "+due.String()+"，期满前不能视为受理", "the applicant can be told what is missing until "+due.String()+"; a case is deemed accepted only after it")
	}
	return nil
}
