package store

import (
	"errors"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
)

// This file is how a node below the county makes a joint matter anew, when the
// county refused an entry that had been applied here or entries came out of
// their order.

// rebuild makes anew what an entry of a chain is about.
func (a *applier) rebuild(e *ledger.Entry) error {
	if info, _ := ledger.Lookup(e.Kind, e.V); info.Joint {
		return a.rebuildJoint(e.Case)
	}
	return a.rebuildCase(e.Case)
}

// adoptJoint brings a joint matter in line with the county's word on an entry of
// its chain that was not applied here.
func (a *applier) adoptJoint(e *ledger.Entry, was ledger.Outcome) error {
	c, err := a.jointByID(e.Case)
	if err != nil {
		return err
	}
	if was == "" && (c == nil && e.Kind == ledger.PackageSubmit || c != nil && c.Head == e.Prev) {
		return a.project(e)
	}
	return a.rebuildJoint(e.Case)
}

// rebuildJoint makes a joint matter and its cases anew from the entries that
// stand.
func (a *applier) rebuildJoint(id string) error {
	if err := a.uncorrect(id); err != nil {
		return err
	}
	next, open, err := a.standing(id)
	if err != nil {
		return err
	}
	members, err := a.memberIDs(id)
	if err != nil {
		return err
	}
	if open == nil {
		if err := a.holdRest(next); err != nil {
			return err
		}
		if err := a.w.exec(a.ctx, `DELETE FROM joint_cases WHERE id = ?`, id); err != nil {
			return err
		}
		for _, m := range members {
			if err := a.rebuildCase(m); err != nil {
				return err
			}
		}
		return a.w.exec(a.ctx, `DELETE FROM joint_members WHERE joint = ?`, id)
	}
	o, err := a.reopenJoint(open)
	if err != nil || o == nil {
		return err
	}
	if err := errors.Join(a.correct(&open.Entry, o.corrects), a.keepMissing(&open.Entry, o)); err != nil {
		return err
	}
	for _, m := range o.cases {
		if err := a.rebuildCase(m.ID); err != nil {
			return err
		}
	}
	c := o.joint
	for e := next[c.Head]; e != nil; e = next[c.Head] {
		folded, err := a.foldJoint(c, e)
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
	return a.settleJoint(c)
}

// keepMissing writes the joint matter and those of its cases that are not here.
func (a *applier) keepMissing(e *ledger.Entry, o *opened) error {
	missing := &opened{joint: o.joint}
	for i, c := range o.cases {
		is, err := a.caseByID(c.ID)
		if err != nil {
			return err
		}
		if is == nil {
			missing.cases, missing.files = append(missing.cases, c), append(missing.files, o.files[i])
		}
	}
	return a.keepOpened(e, missing)
}

func (a *applier) foldJoint(c *joint.Case, e *chained) (*joint.Case, error) {
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
	next, err := a.applyJoint(c, &e.Entry, body, from.Place)
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	if err != nil {
		return nil, err
	}
	return next, a.stands(e, body)
}

// reopenJoint makes a joint matter of its submission again; nil when that does
// not fit what this node knows.
func (a *applier) reopenJoint(e *chained) (*opened, error) {
	body, err := e.body()
	if errors.Is(err, ledger.ErrMalformed) {
		return nil, a.unfit(e, &Refused{Code: "malformed", ZH: "数据格式有误", EN: err.Error()})
	}
	if err != nil {
		return nil, err
	}
	b, ok := body.(*ledger.PackageSubmitV1)
	if !ok {
		return nil, nil
	}
	from, err := a.originOf(&e.Entry, b)
	if err != nil && refusalOf(err) == nil {
		return nil, err
	}
	o, err := a.openJoint(&e.Entry, b, from.Place)
	if no := refusalOf(err); no != nil {
		return nil, a.unfit(e, no)
	}
	if err != nil {
		return nil, err
	}
	for i, m := range b.Members {
		was, err := a.caseByID(o.cases[i].ID)
		if err != nil {
			return nil, err
		}
		changed := was != nil && slices.Contains(was.Flags, casework.FlagItemChanged)
		if was == nil {
			if changed, err = a.memberChanged(m, a.now); err != nil {
				return nil, err
			}
		}
		if changed {
			o.cases[i].Flag(casework.FlagItemChanged)
		}
	}
	return o, a.w.exec(a.ctx, `UPDATE entries SET status = 'applied', code = '', reason = '' WHERE n = ?`, e.n)
}

// reopenMember is one case of a joint matter as its submission made it.
func (a *applier) reopenMember(e *chained, _ *ledger.PackageSubmitV1, id string) (*casework.Case, error) {
	o, err := a.reopenJoint(e)
	if err != nil || o == nil {
		return nil, err
	}
	for _, c := range o.cases {
		if c.ID == id {
			return c, nil
		}
	}
	return nil, nil
}

// openingOf is the submission that opened a case as part of a joint matter; nil
// when none that stands did.
func (a *applier) openingOf(id string) (*chained, error) {
	var joint string
	n, err := a.w.number(a.ctx, `SELECT count(*) FROM joint_members WHERE case_id = ?`, id)
	if err != nil || n == 0 {
		return nil, err
	}
	if err := a.w.row(a.ctx, `SELECT joint FROM joint_members WHERE case_id = ?`, id).Scan(&joint); err != nil {
		return nil, storage("read joint matter", err)
	}
	_, open, err := a.standing(joint)
	return open, err
}

func (a *applier) memberIDs(id string) ([]string, error) {
	rows, err := a.w.query(a.ctx, `SELECT case_id FROM joint_members WHERE joint = ? ORDER BY case_id`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var m string
		if err := rows.Scan(&m); err != nil {
			return nil, storage("read joint matter", err)
		}
		ids = append(ids, m)
	}
	return ids, storage("read joint matter", rows.Err())
}

// reflagJoint judges the items' versions by the moment the county recorded the
// submission, as reflag does.
func (a *applier) reflagJoint(e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return err
	}
	b, ok := body.(*ledger.PackageSubmitV1)
	if !ok {
		return nil
	}
	// Again, in the county's order, as reflag does.
	if err := a.correct(e, b.Corrects); err != nil {
		return err
	}
	for _, m := range b.Members {
		changed, err := a.memberChanged(m, a.now)
		if err != nil {
			return err
		}
		c, err := a.caseByID(joint.MemberID(e.ID, m.Item))
		if err != nil {
			return err
		}
		if c == nil || slices.Contains(c.Flags, casework.FlagItemChanged) == changed {
			continue
		}
		c.Flags = slices.DeleteFunc(slices.Clone(c.Flags), func(f string) bool { return f == casework.FlagItemChanged })
		if changed {
			c.Flag(casework.FlagItemChanged)
		}
		if err := a.saveCase(c); err != nil {
			return err
		}
	}
	return nil
}
