package casework

import (
	"slices"

	"github.com/tongban/tongban/node/ledger"
)

// Lets reports whether what a case went through leaves room for an entry of a kind
// that May lets happen: nothing ends that is not under way, and what the law has
// once is not had twice. It is for what a case offers; apply refuses by itself.
func (c *Case) Lets(k ledger.Kind) bool {
	switch k {
	case ledger.CaseResume:
		return len(c.Procedures()) > 0
	case ledger.CaseExtend:
		return c.ExtendedBy == 0
	case ledger.HearingTell:
		return c.Hearing == nil
	case ledger.HearingConvene:
		return !c.Hearing.pending() && (c.Hearing == nil || c.Hearing.HeldOn.IsZero())
	case ledger.HearingRecord:
		return c.Hearing.pending()
	}
	return true
}

// Procedures are the special procedures that are under way, and whose end is told
// by its result: a hearing's is its record.
func (c *Case) Procedures() []string {
	var names []string
	for _, s := range c.Suspensions {
		if s.End.IsZero() && s.Procedure != ProcedureHearing && !slices.Contains(names, s.Procedure) {
			names = append(names, s.Procedure)
		}
	}
	return names
}
