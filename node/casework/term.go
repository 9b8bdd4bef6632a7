package casework

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
)

// SupplementDays is for how many working days at least an applicant may bring what
// a notice asks for, and for how many where it names no day *(convention)*.
const SupplementDays = 5

// CheckTerm refuses a notice that leaves the applicant too little time. Without a
// calendar it counts days of any kind, of which there are never fewer than working
// days; the desk counts those (SupplementTerm).
func CheckTerm(e *ledger.Entry, before calendar.Date) error {
	if !before.IsZero() && before.DaysSince(dayOf(e)) < SupplementDays {
		return errTerm("")
	}
	return nil
}

// SupplementTerm is the first last day that a notice of a day may name. The error
// is calendar's.
func SupplementTerm(cal *calendar.Calendar, on calendar.Date) (calendar.Date, error) {
	r, err := cal.Due(calendar.Period{Start: on, Days: SupplementDays})
	return r.Due, err
}

// CheckTermBy holds the last day of a notice against the calendar there is.
func CheckTermBy(cal *calendar.Calendar, e *ledger.Entry, before calendar.Date) error {
	if before.IsZero() {
		return nil // nothing lapses
	}
	least, err := SupplementTerm(cal, dayOf(e))
	if err != nil {
		return refuse("calendar_year", "缺少所需年份的节假日安排，无法计算补正期限，请先导入日历", "the calendar lacks a year that the term is counted in; import it first")
	}
	if before.Before(least) {
		return errTerm("，最早到 " + least.String())
	}
	return nil
}

func errTerm(least string) error {
	return refuse("supplement_term", "补正期限不得少于五个工作日"+least, "the applicant has five working days at least to bring what is missing")
}

// lapsed reports whether the day that a notice of what is missing set has passed.
// Where none was set none passes.
func (c *Case) lapsed(today calendar.Date) bool {
	n := c.told()
	return n != nil && !n.Before.IsZero() && today.After(n.Before)
}

// Unbrought are the names of what the notice asked for and nothing of what came has
// brought.
func (c *Case) Unbrought(brought func(name string) bool) []string {
	var names []string
	if n := c.told(); n != nil {
		for _, p := range n.Points {
			if name := p.Material + p.Field; !brought(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// CheckEnd refuses to end a case for what did not come when all of it has, or as
// withdrawn when nobody asked for that.
func (c *Case) CheckEnd(b *ledger.CaseTerminateV1, withdrawn bool, brought func(name string) bool) error {
	switch {
	case b.Cause == ledger.CauseWithdrawn && !withdrawn:
		return refuse("withdrawal_unasked", "没有申请人的撤回申请，不能以撤回终止；申请人当面提出的，请先登记撤回", "nobody asked to withdraw; record the applicant's wish first, where they made it in person")
	case b.Cause == ledger.CauseNotSupplemented && c.told() == nil:
		return refuse("not_told", "尚未告知补正，不能以逾期未补正终止", "nobody was told what is missing; the case cannot end for want of it")
	case b.Cause == ledger.CauseNotSupplemented && len(c.Unbrought(brought)) == 0:
		return refuse("supplement_came", "告知补正的内容均已补交，不能以逾期未补正终止", "all that was asked for has come; the case cannot end for want of it")
	}
	return nil
}

// MayBring refuses what is brought to a case that has ended.
func (c *Case) MayBring() error {
	if c.Status.Ended() {
		return ErrEnded
	}
	return nil
}

// ErrEnded refuses what comes after the end.
var ErrEnded = refuse("case_ended", "办件已办结，不能再办理", "the case has ended")

// MayWithdraw refuses a wish to withdraw, or to take that back, which comes too late
// or a second time. pending: one is on record and not answered.
func (c *Case) MayWithdraw(takenBack, pending bool) error {
	switch {
	case c.Status.Ended():
		return c.MayBring()
	case c.Decision != "":
		return refuse("decided", "办件已作出决定，不能再进行此操作", "the case has been decided; this can no longer be done")
	}
	return MayAskAgain(takenBack, pending)
}

// MayAskAgain refuses to ask a second time for what is on record, and to take back
// what nobody asked for.
func MayAskAgain(takenBack, pending bool) error {
	switch {
	case takenBack && !pending:
		return refuse("withdrawal_none", "没有待处理的撤回申请", "there is no wish to withdraw that could be taken back")
	case !takenBack && pending:
		return refuse("withdrawal_pending", "已有待处理的撤回申请，无需重复提出", "the wish to withdraw is on record already")
	}
	return nil
}

// Despite are the kinds of the chain that can happen to a case whose applicant's wish
// to withdraw is on record: the end by it, and a name put right, so that the notice of
// the end names whom it should.
var Despite = []ledger.Kind{ledger.CaseTerminate, ledger.CaseCorrect}

// CheckWithdrawn refuses what would go on with a case whose applicant's wish to
// withdraw is on record. What was decided before it came, or has ended, is not held up
// by it.
func (c *Case) CheckWithdrawn(body ledger.Body) error {
	if c.Decision != "" || c.Status.Ended() {
		return nil
	}
	switch b := body.(type) {
	case *ledger.CaseCorrectV1:
		return nil
	case *ledger.CaseTerminateV1:
		if b.Cause == ledger.CauseWithdrawn {
			return nil
		}
	}
	return ErrWithdrawalAsked
}

// ErrWithdrawalAsked refuses to go on with what an applicant wants to withdraw.
var ErrWithdrawalAsked = refuse("withdrawal_asked", "申请人已申请撤回：请以撤回终止办理，或由申请人收回撤回申请后再办理", "the applicant asked to withdraw: end the case as withdrawn, or have them take it back before anything else is done")
