package casework

import (
	"slices"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// correct puts right whom the case is for, and says the same in the answers of
// its form that repeat it. Once it was accepted, or has ended, it stays with the
// person it was then: what was looked at was theirs, so that only a slip of the
// pen is put right, however often.
func (c *Case) correct(item *catalog.Item, e *ledger.Entry, b *ledger.CaseCorrectV1) error {
	was := c.Applicant
	switch {
	case c.Package != nil:
		return refuse("package_applicant", "本件属于联办件，申请人须在联办件上统一更正：请终止后重新收件", "the case is part of a joint matter, which is one form for all: end it and take it in anew")
	case c.Online.Account != "":
		return refuse("applicant_verified", "网上申请的申请人取自实名账户，不能在此更正", "it was handed in from an account, whose name and number were looked at in person")
	case b.Name == was.Name && b.IDNumber == was.IDNumber:
		return refuse("applicant_unchanged", "姓名和证件号码与办件一致，无需更正", "the name and the number are those of the case already")
	}
	if c.AcceptedMS != 0 || c.Status.Ended() {
		first := was
		if c.FirstApplicant != nil {
			first = *c.FirstApplicant
		}
		if !sameApplicant(first, ledger.Applicant{Name: b.Name, IDNumber: b.IDNumber}) {
			return refuse("applicant_other", "办件受理后只能更正录入笔误（姓名不变、号码差一两位，或号码不变、姓名差一个字），不能改为他人；确属他人的，请终止本件后重新收件",
				"once it was accepted only a slip of the pen is put right: the same name with a number a digit or two off, or the same number with a name a character off; for another person, end the case and take it in anew")
		}
		c.FirstApplicant, c.CorrectedMS = &first, e.OccurredAt
		c.Flag(FlagCorrected)
	}
	c.Applicant.Name, c.Applicant.IDNumber = b.Name, b.IDNumber
	c.Form = slices.Clone(c.Form)
	for i, v := range c.Form {
		switch {
		case v.Value == "":
		case v.Value == was.IDNumber:
			c.Form[i].Value = b.IDNumber
		case v.Value == was.Name:
			c.Form[i].Value = b.Name
		}
	}
	if faults := CheckApplicant(&ledger.CaseSubmitV1{Applicant: c.Applicant, Agent: c.Agent, Form: c.Form}, item, dayOf(e)); len(faults) > 0 {
		return &Incomplete{Faults: faults}
	}
	return nil
}
