package result

import (
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// Whom a decided case is for is put right only after what was issued was, which
// takes two people; each time anew.
func TestApplicantAfterTheDecision(t *testing.T) {
	c := licence()
	open := *c
	if err := MayCorrectApplicant(Of(&open), &open); err != nil {
		t.Errorf("before the decision: %v", err)
	}
	c.DecidedMS = at("2026-11-16")
	agreed := func(measure ledger.ResultMeasure, yes bool) File {
		f := Of(c)
		f.Proposals = []Proposal{{ID: "p1", ResultProposeV1: ledger.ResultProposeV1{Result: "1", Measure: measure}, Decision: &Decision{AtMS: at("2026-12-02"), Agreed: yes}}}
		return f
	}
	proposed := agreed(ledger.ResultCorrect, true)
	proposed.Proposals[0].Decision = nil
	for name, f := range map[string]File{"nothing": Of(c), "proposed": proposed, "not agreed": agreed(ledger.ResultCorrect, false), "revoked": agreed(ledger.ResultRevoke, true)} {
		if MayCorrectApplicant(f, c) == nil {
			t.Errorf("%s: the applicant was put right", name)
		}
	}
	if err := MayCorrectApplicant(agreed(ledger.ResultCorrect, true), c); err != nil {
		t.Error(err)
	}
	c.CorrectedMS = at("2026-12-03")
	if MayCorrectApplicant(agreed(ledger.ResultCorrect, true), c) == nil {
		t.Error("one correction of the document let the applicant be put right twice")
	}
}
