package store

import (
	"errors"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// rebuildCase makes a case anew from the entries that stand, in the order of
// their chain. It is used below the county, when the county refused an entry
// that had been applied here, or when entries came out of their order.
//
// The files that a refused entry names stay named: this disk may hold the only
// copy, and they go up like all others.
func (a *applier) rebuildCase(id string) error {
	if err := a.uncorrect(id); err != nil {
		return err
	}
	next, open, err := a.standing(id)
	if err != nil {
		return err
	}
	was, err := a.caseByID(id)
	if err != nil {
		return err
	}
	if open == nil {
		// A case of a joint matter was opened by that one's submission.
		if open, err = a.openingOf(id); err != nil {
			return err
		}
	}
	if open == nil {
		if err := a.holdRest(next); err != nil {
			return err
		}
		a.s.recent.remove(id)
		if err := errors.Join(a.unpublish(id), a.forgetEnd(id), a.disown(was), a.forgetResults(id), a.forgetArchive(id)); err != nil {
			return err
		}
		if err := a.recount(was, nil); err != nil {
			return err
		}
		return a.w.exec(a.ctx, `DELETE FROM cases WHERE id = ?`, id)
	}
	b, err := open.body()
	if errors.Is(err, ledger.ErrMalformed) {
		return a.unfit(open, &Refused{Code: "malformed", ZH: "数据格式有误", EN: err.Error()})
	}
	if err != nil {
		return err
	}
	var c *casework.Case
	switch b := b.(type) {
	case *ledger.CaseSubmitV1:
		c, err = a.reopen(open, b)
	case *ledger.PackageSubmitV1:
		c, err = a.reopenMember(open, b, id)
	}
	if err != nil || c == nil {
		return err
	}
	opened := c
	for e := next[c.Head]; e != nil; e = next[c.Head] {
		folded, err := a.fold(c, e)
		if err != nil {
			return err
		}
		delete(next, e.Prev)
		if folded == nil {
			break
		}
		c = folded
	}
	if err := a.holdRest(next); err != nil {
		return err
	}
	for _, before := range []*casework.Case{was, opened} {
		if before != nil && before.Applicant != c.Applicant { // corrected, or not any more
			if err := a.ownAnew(before, c); err != nil {
				return err
			}
		}
	}
	return a.saveCase(c)
}

// holdRest marks what this node had applied after an entry that no longer
// stands: the county has not spoken on it yet.
func (a *applier) holdRest(rest map[string]*chained) error {
	for _, e := range rest {
		if e.confirmed || e.status != ledger.Applied {
			continue
		}
		no := refusalOf(previousRefused)
		if err := a.w.exec(a.ctx, `UPDATE entries SET status = ?, code = ?, reason = ? WHERE n = ?`, string(statusHeld), no.Code, no.Reason(), e.n); err != nil {
			return err
		}
	}
	return nil
}

// chained is an entry of a case with how it stands.
type chained struct {
	ledger.Entry
	n         int64
	confirmed bool
	status    ledger.Outcome
}

func (c *chained) body() (ledger.Body, error) { return c.Decode() }

// standing reads the entries of a case that are not refused: the submission,
// and the others by the entry they follow. Where two follow the same one, the
// one the county confirmed stands.
func (a *applier) standing(id string) (next map[string]*chained, open *chained, err error) {
	rows, err := a.w.query(a.ctx, selectStanding, id)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	next = map[string]*chained{}
	for rows.Next() {
		var e chained
		var raw []byte
		if err := rows.Scan(&e.n, &e.confirmed, &e.status, &raw); err != nil {
			return nil, nil, storage("read case entries", err)
		}
		if e.Entry, err = ledger.ParseEntry(raw); err != nil {
			return nil, nil, storage("read case entries", err)
		}
		info, _ := ledger.Lookup(e.Kind, e.V)
		switch {
		case info.Beside:
		case e.Kind.Opens():
			open = &e
		case next[e.Prev] == nil:
			next[e.Prev] = &e
		}
	}
	return next, open, storage("read case entries", rows.Err())
}

const selectStanding = `SELECT e.n, e.idx IS NOT NULL, e.status, e.entry FROM entries e WHERE ` + ofCase + ` AND e.status <> 'refused' ORDER BY e.idx IS NULL, e.idx, e.n`

func (a *applier) reopen(e *chained, b *ledger.CaseSubmitV1) (*casework.Case, error) {
	item, err := a.item(b.Item, b.ItemVersion)
	if err != nil {
		return nil, err
	}
	if item == nil {
		return nil, a.diverged(&e.Entry, &Refused{Code: "item_unknown", ZH: "本机没有该事项版本", EN: "this node does not have the item's version"})
	}
	from, err := a.originOf(&e.Entry, b)
	if err != nil && refusalOf(err) == nil {
		return nil, err
	}
	taken, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM cases WHERE number = ? AND id <> ?)`, b.Number, e.Case)
	if err != nil {
		return nil, err
	}
	if taken != 0 {
		return nil, a.unfit(e, refusalOf(numberTaken))
	}
	c, err := casework.Open(&e.Entry, b, item, from.Place, a.limits())
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	if err != nil {
		return nil, err
	}
	was, err := a.caseByID(e.Case)
	if err != nil {
		return nil, err
	}
	changed := was != nil && slices.Contains(was.Flags, casework.FlagItemChanged)
	if was == nil {
		if changed, err = a.itemChanged(b, a.now); err != nil {
			return nil, err
		}
	}
	if changed {
		c.Flag(casework.FlagItemChanged)
	}
	if err := a.countCase(b.Number); err != nil {
		return nil, err
	}
	if err := a.correct(&e.Entry, b.Corrects); err != nil {
		return nil, err
	}
	a.own(c)
	return c, errors.Join(a.noteRenewal(c), a.stands(e, b))
}

// stands marks an entry as part of its case.
func (a *applier) stands(e *chained, body ledger.Body) error {
	if err := a.nameFiles(&e.Entry, body); err != nil {
		return err
	}
	return a.w.exec(a.ctx, `UPDATE entries SET status = 'applied', code = '', reason = '' WHERE n = ?`, e.n)
}

// fold applies the next entry of the chain; nil ends the chain there.
func (a *applier) fold(c *casework.Case, e *chained) (*casework.Case, error) {
	body, err := e.body()
	if errors.Is(err, ledger.ErrMalformed) {
		return nil, a.unfit(e, &Refused{Code: "malformed", ZH: "数据格式有误", EN: err.Error()})
	}
	if err != nil {
		return nil, err
	}
	from, err := a.originOf(&e.Entry, body)
	if err != nil && refusalOf(err) == nil {
		return nil, err
	}
	item, err := a.itemOf(c)
	if err != nil {
		return nil, err
	}
	next, err := casework.Apply(c, item, &e.Entry, body, from.Place)
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	if err != nil {
		return nil, err
	}
	return next, a.stands(e, body)
}

// unfit handles an entry that does not fit the case as it now stands. One of
// the county's means that this node diverged; one that the county has not
// seen is held until it speaks.
func (a *applier) unfit(e *chained, no *Refused) error {
	if e.confirmed {
		return a.diverged(&e.Entry, no)
	}
	return a.w.exec(a.ctx, `UPDATE entries SET status = ?, code = ?, reason = ? WHERE n = ?`, string(statusHeld), no.Code, no.Reason(), e.n)
}
