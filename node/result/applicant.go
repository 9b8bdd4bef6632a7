package result

import (
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// MayCorrectApplicant refuses to put right whom a decided case is for before what
// was issued in it is: that takes two people, of whom one decides, and whoever
// holds the document is told. f is the file of the case.
func MayCorrectApplicant(f File, c *casework.Case) error {
	if c.DecidedMS == 0 {
		return nil
	}
	for i := range f.Proposals {
		p := &f.Proposals[i]
		if p.Measure == ledger.ResultCorrect && p.Decision != nil && p.Decision.Agreed && p.Decision.AtMS > c.CorrectedMS {
			return nil
		}
	}
	return refuse("result_first", "办件已作出决定：请先对已制发的证照文书提出更正，由另一名有权人员决定后，再更正申请人", "the case was decided: first have what was issued in it corrected, which another person decides; then the applicant can be put right")
}
