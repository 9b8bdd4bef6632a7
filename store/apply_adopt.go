package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// This file is how a node below the county takes the county's word.

// adopt brings the state in line with the county's word on an entry. was is
// this node's own, empty when the entry is new here.
func (a *applier) adopt(e *ledger.Entry, was, now ledger.Outcome) error {
	info, ok := ledger.Lookup(e.Kind, e.V)
	if !ok {
		return fmt.Errorf("%w: %s v%d needs a newer tongban", ledger.ErrUnknownKind, e.Kind, e.V)
	}
	chained := info.Case && !info.Beside
	switch {
	case now == ledger.Refused && was != "" && was != ledger.Refused:
		if chained {
			return a.rebuild(e)
		}
		return a.undo(e)
	case now != ledger.Applied:
		return nil
	case supervises(e.Kind):
		return a.remakeCards(e.Case)
	case !chained:
		if e.Kind == ledger.AccountOpen {
			return a.adoptOpening(e)
		}
		// Applied again in the county's order, so that a later word of the
		// county is not overwritten by an earlier one of this node's.
		if err := a.project(e); err != nil {
			return err
		}
		return a.reapplyPending(e)
	case was == ledger.Applied && e.Kind == ledger.CaseSubmit:
		return a.reflag(e)
	case was == ledger.Applied && e.Kind == ledger.PackageSubmit:
		return a.reflagJoint(e)
	case was == ledger.Applied:
		return nil
	}
	if info.Joint {
		return a.adoptJoint(e, was)
	}
	c, err := a.caseByID(e.Case)
	if err != nil {
		return err
	}
	if was == "" && (c == nil && e.Kind == ledger.CaseSubmit || c != nil && c.Head == e.Prev) {
		return a.project(e)
	}
	return a.rebuildCase(e.Case)
}

// adoptOpening takes an account's opening at the county's word. Which of two
// offices that opened one for the same number gave it its id is for the county's
// order to say.
func (a *applier) adoptOpening(e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return err
	}
	if b, ok := body.(*ledger.AccountOpenV1); ok {
		known, err := a.account(`type = ? AND number = ?`, b.Type, b.Number)
		if err != nil {
			return err
		}
		if known != nil && known.ID != b.Account {
			return a.anew(redoable(e.Kind), body)
		}
	}
	if err := a.project(e); err != nil {
		return err
	}
	return a.reapplyPending(e)
}

func (a *applier) adoptLate(r ledger.Resolution) error {
	known, err := a.find(`id = ?`, r.ID)
	if err != nil {
		return err
	}
	if known == nil {
		return nil // outside this node's scope
	}
	e, err := a.entry(r.ID)
	if err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `UPDATE entries SET status = ?, code = ?, reason = ? WHERE n = ?`, string(r.Outcome), r.Code, r.Reason, known.n); err != nil {
		return err
	}
	if err := a.adopt(e, known.status, r.Outcome); err != nil || r.Outcome != ledger.Applied {
		return err
	}
	return a.notify(e, nil, r.Index)
}

// project applies an entry on the county's word, without judging its
// authority again: this node may not know all that the county knows.
func (a *applier) project(e *ledger.Entry) error {
	body, err := a.body(e)
	if err != nil {
		return err
	}
	from, err := a.originOf(e, body)
	if err != nil && refusalOf(err) == nil {
		return err
	}
	told := a.told
	a.told = true
	defer func() { a.told = told }()
	effect, err := a.prepareBody(e, body, from)
	if no := refusalOf(err); no != nil {
		return a.diverged(e, no)
	}
	if err != nil {
		return err
	}
	return effect()
}

// diverged marks an entry that the county applied and this node cannot: its
// state is not the county's, and a person must look.
func (a *applier) diverged(e *ledger.Entry, no *Refused) error {
	a.s.log.Error("this node's state differs from the county's", "entry", e.ID, "kind", string(e.Kind), "code", no.Code)
	return a.attend(e, 0, AttentionDiverged, no.Reason(), a.now)
}

// AttentionDiverged is the code of what this node alone has to look at: the county
// applied an entry that this node could not.
const AttentionDiverged = "diverged"

// SettleDivergence closes such a matter here. The county knows nothing of it, so that
// no entry could say it.
func (s *Store) SettleDivergence(ctx context.Context, entry, staff, note string, at time.Time) error {
	return s.write(ctx, func(w *writer) error {
		return w.exec(ctx, `UPDATE attention SET resolved_by = ?, resolved_at = ?, note = ? WHERE entry = ? AND code = ? AND resolved_by = ''`, staff, at.UnixMilli(), note, entry, AttentionDiverged)
	})
}

// reapplyPending applies anew what this node recorded of a subject and the
// county has not seen yet, on top of the county's word on it.
func (a *applier) reapplyPending(e *ledger.Entry) error {
	if len(redoable(e.Kind)) == 0 || e.Kind == ledger.RatingGive || e.Kind == ledger.ComplaintOpen {
		return nil // those two make rows of their own, on which nothing pending stands
	}
	pending, err := a.past(`idx IS NULL AND case_id = '' AND status = 'applied'`)
	if err != nil {
		return err
	}
	for _, p := range pending {
		if err := a.project(&p.e); err != nil {
			return err
		}
	}
	return nil
}

// reflag judges the item's version by the moment the county recorded the
// submission: that, and not what this node knew, is what the county flagged.
func (a *applier) reflag(e *ledger.Entry) error {
	// Thousands are confirmed at once when a line is back, and hardly one is
	// flagged otherwise than here: the case is not read whole to see that. A
	// form that has the word in it is looked at closely in vain.
	body, err := a.body(e)
	if err != nil {
		return err
	}
	b, ok := body.(*ledger.CaseSubmitV1)
	if !ok {
		return nil
	}
	// Again, in the county's order: what it said of the refused one before
	// stands under this.
	if err := a.correct(e, b.Corrects); err != nil {
		return err
	}
	changed, err := a.itemChanged(b, a.now)
	if err != nil {
		return err
	}
	flagged, err := a.w.number(a.ctx, `SELECT instr(body, '"`+casework.FlagItemChanged+`"') FROM cases WHERE id = ?`, e.Case)
	if err != nil || flagged == 0 && !changed {
		return err
	}
	c, err := a.caseByID(e.Case)
	if err != nil || c == nil {
		return err
	}
	if slices.Contains(c.Flags, casework.FlagItemChanged) == changed {
		return nil
	}
	c.Flags = slices.DeleteFunc(c.Flags, func(f string) bool { return f == casework.FlagItemChanged })
	if changed {
		c.Flag(casework.FlagItemChanged)
	}
	return a.saveCase(c)
}
