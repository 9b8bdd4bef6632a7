package casework

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
)

// renewalDays is how long before it expires a licence's renewal is applied for
// (Administrative Licence Law art. 50).
const renewalDays = 30

// RenewBy is the last day on which the renewal of what holds until a day is asked
// for in time.
func RenewBy(until calendar.Date) calendar.Date { return until.AddDays(-renewalDays) }

// RenewalInTime reports whether a renewal that is handed in on a day is in time:
// only then must it be decided before what it renews expires.
func RenewalInTime(on, until calendar.Date) bool { return until.DaysSince(on) >= renewalDays }

// renewsInTime reports whether the case is a renewal that must be decided before
// what it renews expires.
func (c *Case) renewsInTime() bool {
	return c.Renews.Case != "" && RenewalInTime(moment(c.HandedInMS), c.Renews.Until)
}

// RenewedByLaw reports whether, on a day, the law takes for renewed what this
// case asks to have renewed: it was asked for in time, and no decision was made
// before it expired (art. 50). A case that was never taken up, or that its
// applicant ended, renews nothing.
func (c *Case) RenewedByLaw(on calendar.Date) bool {
	if !c.renewsInTime() || !on.After(c.Renews.Until) || c.Status == NotAccepted || c.Status == Terminated && !moment(c.TerminatedMS).After(c.Renews.Until) {
		return false
	}
	return c.DecidedMS == 0 || moment(c.DecidedMS).After(c.Renews.Until)
}

// declinesRenewed refuses to decline what the law has renewed already.
func (c *Case) declinesRenewed(e *ledger.Entry, b *ledger.CaseDecideV1) error {
	if b.Granted || !c.RenewedByLaw(dayOf(e)) {
		return nil
	}
	return refuse("renewed_by_law", "有效期届满前未作出决定，依法视为准予延续（行政许可法第五十条），不能再不予延续；确应撤销的请依法撤销",
		"it was not decided before it expired, so that the law takes it for renewed (art. 50) and it can no longer be declined; revoke it where there is a ground")
}
