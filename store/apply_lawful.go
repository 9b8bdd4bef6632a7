package store

import (
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// lawfully holds a step of a case against what stands beside it: what was issued
// in it, what the applicant brought, whether they want it at all. What the county
// has spoken on is not judged again.
func (a *applier) lawfully(c *casework.Case, e *ledger.Entry, body ledger.Body) error {
	if a.told {
		return nil
	}
	switch b := body.(type) {
	case *ledger.CaseCorrectV1:
		return a.resultCorrected(c)
	case *ledger.CaseDecideV1:
		if !a.desk || len(c.Tolerated) == 0 {
			return nil
		}
		// What comes later comes by itself, to any desk: the one that decides is told.
		came, err := a.broughtTo(c, 0)
		if err != nil {
			return err
		}
		return c.CheckTolerated(e, b, func(name string) bool { return slices.Contains(came, name) })
	case *ledger.CaseAcceptV1:
		if !a.desk || c.AgainMS == 0 {
			return nil
		}
		came, err := a.broughtTo(c, c.AgainMS)
		if err != nil {
			return err
		}
		return c.CheckSecondNotice(b, func(name string) bool { return slices.Contains(came, name) })
	case *ledger.CaseSuspendV1:
		if !a.desk {
			return nil
		}
		item, err := a.itemOf(c)
		if err != nil {
			return err
		}
		days, err := a.workingDays()
		if err != nil {
			return err
		}
		return casework.CheckProcedure(days, item, e, b)
	case *ledger.CaseTerminateV1:
		return a.mayEnd(c, b)
	case *ledger.CaseRequestSupplementV1:
		if !a.desk {
			return nil
		}
		days, err := a.workingDays()
		if err != nil {
			return err
		}
		return casework.CheckTermBy(days, e, b.Before)
	}
	return nil
}

// resultCorrected refuses to put right whom a decided case is for before what was
// issued in it is.
func (a *applier) resultCorrected(c *casework.Case) error {
	if c.DecidedMS == 0 {
		return nil
	}
	f, err := a.resultsOf(c, "")
	if err != nil {
		return err
	}
	return result.MayCorrectApplicant(f, c)
}

// mayEnd holds the cause for which a case ends against what is on record.
func (a *applier) mayEnd(c *casework.Case, b *ledger.CaseTerminateV1) error {
	switch b.Cause {
	case ledger.CauseWithdrawn:
		asked, err := a.withdrawal(c)
		if err != nil {
			return err
		}
		return c.CheckEnd(b, asked != nil, nil)
	case ledger.CauseNotSupplemented:
		came, err := a.broughtTo(c, 0)
		if err != nil {
			return err
		}
		return c.CheckEnd(b, false, func(name string) bool { return slices.Contains(came, name) })
	}
	return nil
}

// mayAskToWithdraw refuses a wish about a case that comes too late or twice.
func (a *applier) mayAskToWithdraw(c *casework.Case, e *ledger.Entry, b *ledger.CaseWithdrawV1) error {
	if a.told {
		return nil
	}
	own, err := a.lastWish(c.ID, e.ID)
	if err != nil {
		return err
	}
	return c.MayWithdraw(b.TakenBack, own != nil)
}

// goesOn refuses to go on with a case whose applicant wants to withdraw. Whoever does it
// is told; and what a node did although it knew the wish is refused above too. What was
// done elsewhere before the wish came stays, but for a decision made after it.
func (a *applier) goesOn(c *casework.Case, e *ledger.Entry, body ledger.Body) error {
	if c == nil || a.told {
		return nil
	}
	no := c.CheckWithdrawn(body)
	if no == nil {
		return nil
	}
	asked, err := a.withdrawal(c)
	if err != nil || asked == nil {
		return err
	}
	knew := a.desk || asked.Origin == e.Origin && asked.Seq < e.Seq
	if e.Kind == ledger.CaseDecide {
		knew = knew || asked.OccurredAt-asked.SkewMS <= e.OccurredAt-e.SkewMS
	}
	if knew {
		return no
	}
	return nil
}

// jointGoesOn is goesOn of what is done for all of a joint matter.
func (a *applier) jointGoesOn(id string) error {
	if a.told || !a.desk {
		return nil
	}
	asked, err := a.lastWish(id, "")
	if err == nil && asked != nil {
		err = casework.ErrWithdrawalAsked
	}
	return err
}

// withdrawal is the wish to withdraw a case, or all of the joint matter it is part
// of, that was not taken back; nil for none.
func (a *applier) withdrawal(c *casework.Case) (*ledger.Entry, error) {
	own, err := a.lastWish(c.ID, "")
	if own != nil || err != nil || c.Package == nil {
		return own, err
	}
	return a.lastWish(c.Package.ID, "")
}

// lastWish is the wish to withdraw that stands beside a case, without one entry;
// nil where there is none, or it was taken back.
func (a *applier) lastWish(id, without string) (*ledger.Entry, error) {
	wishes, err := a.past(besideOf+`AND kind IN ('case.withdraw', 'package.withdraw')`, id, without)
	if err != nil || len(wishes) == 0 {
		return nil, err
	}
	last := &wishes[len(wishes)-1].e
	body, err := last.Decode()
	switch b := body.(type) {
	case *ledger.CaseWithdrawV1:
		if b.TakenBack {
			return nil, err
		}
	case *ledger.PackageWithdrawV1:
		if b.TakenBack {
			return nil, err
		}
	}
	return last, err
}

// besideOf finds what stands beside a case, without one entry.
const besideOf = `case_id = ? AND case_id <> '' AND case_id <> id AND status = 'applied' AND id <> ? `

// broughtTo are the materials and fields that were brought to a case after it was
// handed in, for itself or for all of the joint matter it is part of; since a moment,
// Unix milliseconds.
func (a *applier) broughtTo(c *casework.Case, since int64) ([]string, error) {
	ids := []string{c.ID}
	if c.Package != nil {
		ids = append(ids, c.Package.ID)
	}
	var names []string
	for _, id := range ids {
		entries, err := a.past(besideOf+`AND kind IN ('case.supplement', 'package.supplement')`, id, "")
		if err != nil {
			return nil, err
		}
		for i := range entries {
			body, err := entries[i].e.Decode()
			if err != nil {
				return nil, err
			}
			if entries[i].e.OccurredAt < since {
				continue
			}
			names = append(names, broughtBy(body)...)
		}
	}
	return names, nil
}

// broughtBy are the names of what a supplement brings.
func broughtBy(body ledger.Body) []string {
	var materials []catalog.SubmittedMaterial
	var form []catalog.FieldValue
	switch b := body.(type) {
	case *ledger.CaseSupplementV1:
		materials, form = b.Materials, b.Form
	case *ledger.PackageSupplementV1:
		materials, form = b.Materials, b.Form
	}
	var names []string
	for _, m := range materials {
		names = append(names, m.Name)
	}
	for _, v := range form {
		names = append(names, v.Key)
	}
	return names
}

// mayWithdrawAll refuses a wish about all of a joint matter that comes too late or
// twice.
func (a *applier) mayWithdrawAll(c *joint.Case, e *ledger.Entry, b *ledger.PackageWithdrawV1) error {
	if c == nil || a.told {
		return nil
	}
	members, _, err := a.membersAndItems(c)
	if err != nil {
		return err
	}
	if joint.Concluded(members) {
		return casework.ErrEnded
	}
	asked, err := a.lastWish(c.ID, e.ID)
	if err != nil {
		return err
	}
	return casework.MayAskAgain(b.TakenBack, asked != nil)
}
