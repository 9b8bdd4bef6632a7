package joint

import (
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

// Did tells whether an entry of one of some kinds has happened to a case, by the
// county's ledger.
type Did func(id string, kinds ...ledger.Kind) bool

// Tell is what the applicant hears of the whole when something happens to one of its
// cases: that it was accepted and that there is a result once for all, and each
// refusal, each case that ended otherwise and each extension as it comes. A case
// that ends because what it waited for was refused, or because the applicant
// withdrew it, is part of the result. Not told is what they hear later, with
// another case. whole is false for what is about one case alone: its special
// procedures and its fees.
func (c *Case) Tell(body ledger.Body, own notice.Kind, did Did) (k notice.Kind, whole, told bool) {
	switch b := body.(type) {
	case *ledger.CaseAcceptV1:
		return notice.Accepted, true, c.accepts(did)
	case *ledger.CaseRejectV1:
		if c.concluded(did) {
			return c.result(did), true, true
		}
		return notice.NotAccepted, true, true
	case *ledger.CaseDecideV1:
		if c.concluded(did) {
			return c.result(did), true, true
		}
		return notice.Decided, true, !b.Granted
	case *ledger.CaseTerminateV1:
		if k := c.result(did); c.concluded(did) {
			// The refusal that it follows was told.
			return k, true, b.Cause != ledger.CausePrerequisite || k == notice.Ready
		}
		return notice.Ended, true, b.Cause != ledger.CausePrerequisite && b.Cause != ledger.CauseWithdrawn
	case *ledger.CaseIssueV1:
		return notice.Ready, true, c.concluded(did) && c.result(did) == notice.Ready
	case *ledger.CaseExtendV1:
		return notice.Extended, true, true
	}
	return own, false, true
}

// accepts reports whether everything that waits for nothing was taken up, or has
// ended while something was taken up.
func (c *Case) accepts(did Did) bool {
	some := false
	for _, m := range c.Members {
		if len(m.After) > 0 {
			continue
		}
		accepted := did(m.Case, ledger.CaseAccept)
		if !accepted && !did(m.Case, ledger.CaseReject, ledger.CaseTerminate) {
			return false
		}
		some = some || accepted
	}
	return some
}

func (c *Case) concluded(did Did) bool {
	for _, m := range c.Members {
		if !did(m.Case, ledger.CaseDecide, ledger.CaseReject, ledger.CaseTerminate) {
			return false
		}
	}
	return true
}

// result is what there is to tell when every case has come to its conclusion.
func (c *Case) result(did Did) notice.Kind {
	k := notice.NotAccepted
	for _, m := range c.Members {
		switch {
		case did(m.Case, ledger.CaseDecide):
			if !did(m.Case, ledger.CaseIssue) {
				return notice.Decided
			}
			k = notice.Ready
		case k == notice.NotAccepted && did(m.Case, ledger.CaseTerminate):
			k = notice.Ended
		}
	}
	return k
}
