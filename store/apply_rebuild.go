package store

import (
	"encoding/json"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// rebuildCase makes a case anew from the entries that stand, in the order of
// their chain. It is used below the county, when the county refused an entry
// that had been applied here, or when entries came out of their order.
func (a *applier) rebuildCase(id string) error {
	next, open, err := a.standing(id)
	if err != nil {
		return err
	}
	if open == nil {
		if err := a.w.exec(a.ctx, `DELETE FROM attachments WHERE case_id = ?`, id); err != nil {
			return err
		}
		return a.w.exec(a.ctx, `DELETE FROM cases WHERE id = ?`, id)
	}
	b, err := open.body()
	if err != nil {
		return err
	}
	submission, ok := b.(*ledger.CaseSubmitV1)
	if !ok {
		return nil
	}
	c, err := a.reopen(open, submission)
	if err != nil || c == nil {
		return err
	}
	for e := next[c.Head]; e != nil; e = next[c.Head] {
		folded, err := a.fold(c, e)
		if err != nil {
			return err
		}
		if folded == nil {
			break
		}
		c = folded
	}
	return a.saveCase(c)
}

// chained is an entry of a case with how it stands.
type chained struct {
	ledger.Entry
	n         int64
	confirmed bool
}

func (c *chained) body() (ledger.Body, error) { return c.Decode() }

// standing reads the entries of a case that are not refused: the submission,
// and the others by the entry they follow. Where two follow the same one, the
// one the county confirmed stands.
func (a *applier) standing(id string) (next map[string]*chained, open *chained, err error) {
	rows, err := a.w.query(a.ctx, `SELECT n, idx IS NOT NULL, entry FROM entries WHERE case_id = ? AND status <> 'refused' ORDER BY idx IS NULL, idx, n`, id)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	next = map[string]*chained{}
	for rows.Next() {
		var e chained
		var raw []byte
		if err := rows.Scan(&e.n, &e.confirmed, &raw); err != nil {
			return nil, nil, storage("read case entries", err)
		}
		if err := json.Unmarshal(raw, &e.Entry); err != nil {
			return nil, nil, storage("read case entries", err)
		}
		info, _ := ledger.Lookup(e.Kind, e.V)
		switch {
		case info.Beside:
		case e.Kind == ledger.CaseSubmit:
			open = &e
		case next[e.Prev] == nil:
			next[e.Prev] = &e
		}
	}
	return next, open, storage("read case entries", rows.Err())
}

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
	c, err := casework.Open(&e.Entry, b, item, from.Place, a.s.limits)
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	return c, err
}

// fold applies the next entry of the chain; nil ends the chain there.
func (a *applier) fold(c *casework.Case, e *chained) (*casework.Case, error) {
	body, err := e.body()
	if err != nil {
		return nil, err
	}
	from, err := a.originOf(&e.Entry, body)
	if err != nil && refusalOf(err) == nil {
		return nil, err
	}
	next, err := casework.Apply(c, &e.Entry, body, from.Place)
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	if err != nil {
		return nil, err
	}
	return next, a.w.exec(a.ctx, `UPDATE entries SET status = 'applied', code = '', reason = '' WHERE n = ?`, e.n)
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

// undo takes back an entry outside a case that was applied here and that the
// county refused: what it changed is made anew from the entries that stand.
func (a *applier) undo(e *ledger.Entry) error {
	if !strings.HasPrefix(string(e.Kind), "staff.") {
		return nil // the others are overwritten by the next that stands
	}
	body, err := e.Decode()
	if err != nil {
		return err
	}
	b, ok := body.(*ledger.StaffPasswordV1)
	if !ok {
		return nil
	}
	rows, err := a.w.query(a.ctx, `SELECT entry, recorded_at FROM entries WHERE kind LIKE 'staff.%' AND status = 'applied' AND json_extract(entry, '$.body.staff') = ? ORDER BY idx IS NULL, idx, n`, b.Staff)
	if err != nil {
		return err
	}
	type past struct {
		e  ledger.Entry
		at int64
	}
	var all []past
	for rows.Next() {
		var raw []byte
		var p past
		if err := rows.Scan(&raw, &p.at); err != nil {
			rows.Close()
			return storage("read staff entries", err)
		}
		if err := json.Unmarshal(raw, &p.e); err != nil {
			rows.Close()
			return storage("read staff entries", err)
		}
		all = append(all, p)
	}
	if err := rows.Close(); err != nil {
		return storage("read staff entries", err)
	}
	if err := a.w.exec(a.ctx, `DELETE FROM staff WHERE id = ?`, b.Staff); err != nil {
		return err
	}
	now := a.now
	defer func() { a.now = now }()
	for _, p := range all {
		a.now = p.at
		if err := a.project(&p.e); err != nil {
			return err
		}
	}
	return nil
}
