package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/statistics"
)

// This file makes joint matters (联办件) of their entries. One submission opens
// the joint matter and every department's case, or nothing. What the cases tell
// each other is not written by entries of their own: after each change of one,
// settleJoint computes it anew from all of them.

// prepareJoint decides an entry of a joint matter's own.
func (a *applier) prepareJoint(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	if b, ok := body.(*ledger.PackageSubmitV1); ok {
		return a.prepareHandIn(e, b, from)
	}
	c, err := a.jointByID(e.Case)
	if err != nil {
		return nil, err
	}
	if c != nil && e.Scope != c.Division {
		return nil, refuse("scope", "条目的可见范围与办件不符", "the entry's scope is not its case's division")
	}
	switch b := body.(type) {
	case *ledger.PackageWithdrawV1:
		return func() error { return nil }, a.mayWithdrawAll(c, e, b)
	case *ledger.PackageSupplementV1:
		if err := a.jointGoesOn(e.Case); err != nil {
			return nil, err
		}
		return a.prepareJointSupplement(c, e, b)
	}
	if c == nil || e.Prev != c.Head {
		return nil, a.outOfTurn(e)
	}
	if err := a.jointGoesOn(c.ID); err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.PackageNoticeV1); ok && a.desk {
		if err := a.noticeWhole(c, b); err != nil {
			return nil, err
		}
		days, err := a.workingDays()
		if err != nil {
			return nil, err
		}
		if err := casework.CheckTermBy(days, e, b.Before); err != nil {
			return nil, err
		}
	}
	next, err := a.applyJoint(c, e, body, from.Place)
	if err != nil {
		return nil, err
	}
	return func() error { return a.settleJoint(next) }, nil
}

func (a *applier) applyJoint(c *joint.Case, e *ledger.Entry, body ledger.Body, from casework.Place) (*joint.Case, error) {
	members, itemOf, err := a.membersAndItems(c)
	if err != nil {
		return nil, err
	}
	return joint.Apply(c, e, body, from, members, itemOf)
}

// noticeWhole tells the person at the desk what the one notice leaves out; how
// far the cases have come elsewhere is not known everywhere at the same time.
func (a *applier) noticeWhole(c *joint.Case, b *ledger.PackageNoticeV1) error {
	members, itemOf, err := a.membersAndItems(c)
	if err != nil {
		return err
	}
	return c.CheckWhole(b, members, itemOf)
}

func (a *applier) membersAndItems(c *joint.Case) ([]*casework.Case, func(*casework.Case) *catalog.Item, error) {
	members, err := a.membersOf(c)
	if err != nil {
		return nil, nil, err
	}
	items := map[string]*catalog.Item{}
	for _, m := range members {
		if items[m.ID], err = a.itemOf(m); err != nil {
			return nil, nil, err
		}
	}
	return members, func(m *casework.Case) *catalog.Item { return items[m.ID] }, nil
}

// opened is what a submission makes: the joint matter and its cases.
type opened struct {
	joint *joint.Case
	cases []*casework.Case
	// files are those that each case is about, in the order of cases.
	files [][]catalog.AttachmentRef
	// corrects is the refused hand-in that this one is for.
	corrects string
}

// openJoint makes a joint matter of its submission.
func (a *applier) openJoint(e *ledger.Entry, b *ledger.PackageSubmitV1, from casework.Place) (*opened, error) {
	p, err := a.packageAt(b.Package, b.Version)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, refuse("package_unknown", "事项目录中没有该一件事的这一版本", "the catalog does not have this version of the package")
	}
	items := make([]catalog.Item, len(b.Members))
	for i, m := range b.Members {
		item, err := a.item(m.Item, m.ItemVersion)
		if err != nil {
			return nil, err
		}
		if item == nil {
			return nil, refuse("item_unknown", "事项目录中没有该事项的这一版本："+m.Item, "the catalog does not have this version of the item "+m.Item)
		}
		items[i] = *item
	}
	numbers := []string{b.Number}
	for _, m := range b.Members {
		numbers = append(numbers, m.Number)
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	taken, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM json_each(?1) n WHERE EXISTS (SELECT 1 FROM joint_cases WHERE number = n.value AND id <> ?2)
		OR EXISTS (SELECT 1 FROM cases c WHERE c.number = n.value AND NOT EXISTS (SELECT 1 FROM joint_members WHERE case_id = c.id AND joint = ?2)))`, string(list), e.ID)
	if err != nil {
		return nil, err
	}
	if taken != 0 {
		return nil, numberTaken
	}
	o := &opened{corrects: b.Corrects}
	if o.joint, o.cases, err = joint.Open(e, b, p, items, from, a.limits()); err != nil {
		return nil, err
	}
	for _, c := range o.cases {
		o.files = append(o.files, append(archive.Scans(c.Materials), c.Authority...))
	}
	return o, nil
}

func (a *applier) prepareHandIn(e *ledger.Entry, b *ledger.PackageSubmitV1, from origin) (func() error, error) {
	o, err := a.openJoint(e, b, from.Place)
	if err != nil {
		return nil, err
	}
	if err := a.checkOnFile(e, b.Applicant, b.Materials); err != nil {
		return nil, err
	}
	if err := a.mayCorrectJoint(e, b, from); err != nil {
		return nil, err
	}
	if a.desk {
		version, withdrawn, err := a.inForce(b.Package, e.OccurredAt-e.SkewMS)
		if err != nil {
			return nil, err
		}
		if withdrawn || version != b.Version {
			return nil, refuse("package_not_in_force", "该一件事已调整或停办，请刷新后按现行的办理", "this version of the package is not in force; load it again")
		}
	}
	for i, m := range b.Members {
		if a.desk {
			changed, err := a.memberChanged(m, e.OccurredAt-e.SkewMS)
			if err != nil {
				return nil, err
			}
			if changed {
				return nil, refuse("item_not_in_force", "一件事中的事项已调整或停办（"+m.Item+"），请刷新后办理，或联系县中心", "an item of the package ("+m.Item+") was changed or withdrawn; load it again, or ask the county")
			}
		}
		changed, err := a.memberChanged(m, a.now)
		if err != nil {
			return nil, err
		}
		if changed {
			o.cases[i].Flag(casework.FlagItemChanged)
		}
	}
	return func() error { return errors.Join(a.correct(e, b.Corrects), a.keepOpened(e, o)) }, nil
}

func (a *applier) memberChanged(m ledger.PackageMember, at int64) (bool, error) {
	version, withdrawn, err := a.inForce(m.Item, at)
	return withdrawn || version != m.ItemVersion, err
}

// keepOpened writes a joint matter with all its cases.
func (a *applier) keepOpened(e *ledger.Entry, o *opened) error {
	if err := a.countCase(o.joint.Number); err != nil {
		return err
	}
	for i, c := range o.cases {
		if err := a.w.exec(a.ctx, `INSERT OR IGNORE INTO joint_members (case_id, joint) VALUES (?, ?)`, c.ID, e.ID); err != nil {
			return err
		}
		if err := errors.Join(a.nameFor(c.ID, e, o.files[i]), a.bindOnFile(c.ID, e.ID, c.Materials)); err != nil {
			return err
		}
		if err := a.countCase(c.Number); err != nil {
			return err
		}
		a.own(c)
		if err := a.saveRow(c); err != nil {
			return err
		}
	}
	return a.settleJoint(o.joint)
}

// nameFor notes files that an entry of a joint matter brings to one of its cases.
func (a *applier) nameFor(caseID string, e *ledger.Entry, refs []catalog.AttachmentRef) error {
	own := *e
	own.Case = caseID
	return a.nameAttachments(&own, refs)
}

// prepareJointSupplement decides what an applicant brings for all: each paper
// goes to the cases that want it.
func (a *applier) prepareJointSupplement(c *joint.Case, e *ledger.Entry, b *ledger.PackageSupplementV1) (func() error, error) {
	if c == nil {
		return func() error { return nil }, nil
	}
	j, err := a.layOut(c)
	if err != nil {
		return nil, err
	}
	proof, materials := casework.ProofAmong(b.Materials, c.Agent)
	if faults := j.Stray(b.Form, materials, nil); len(faults) > 0 {
		return nil, &Refused{Code: "incomplete", ZH: "补交的内容有误，请按清单更正", EN: "what was brought is not right; everything wrong is listed", Faults: faults}
	}
	type part struct {
		id    string
		files []catalog.AttachmentRef
	}
	var parts []part
	for _, m := range c.Members {
		form, papers, _ := j.Split(m.Item, b.Form, materials, nil)
		papers = append(papers, proof...)
		if err := casework.CheckSupplement(casework.Asks(j.Member(m.Item), c.Agent), e, &ledger.CaseSupplementV1{Materials: papers, Form: form}, a.limits()); err != nil {
			return nil, err
		}
		parts = append(parts, part{m.Case, archive.Scans(papers)})
	}
	return func() error {
		for _, p := range parts {
			if err := a.nameFor(p.id, e, p.files); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// layOut is what the package asked for, in the versions that the joint matter is
// bound to.
func (a *applier) layOut(c *joint.Case) (*catalog.Joint, error) {
	p, err := a.packageAt(c.Package, c.Version)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fmt.Errorf("store: joint matter %s is of a package that is not here: %s version %d", c.ID, c.Package, c.Version)
	}
	items := make([]catalog.Item, 0, len(c.Members))
	for _, m := range c.Members {
		item, err := a.item(m.Item, m.Version)
		if err != nil {
			return nil, err
		}
		if item == nil {
			return nil, fmt.Errorf("store: joint matter %s is of an item that is not here: %s version %d", c.ID, m.Item, m.Version)
		}
		items = append(items, *item)
	}
	return catalog.NewJoint(p, items), nil
}

// settleJoint writes a joint matter, and tells its cases what follows from each
// other: after one of them or the joint matter itself has changed.
func (a *applier) settleJoint(c *joint.Case) error {
	members, err := a.membersOf(c)
	if err != nil {
		return err
	}
	days, err := a.workingDays()
	if err != nil {
		return err
	}
	if err := c.Complete(members, days); err != nil {
		return err
	}
	for _, m := range c.Settle(members) {
		was := members[slices.IndexFunc(members, func(is *casework.Case) bool { return is.ID == m.ID })]
		if was.Gate() != m.Gate() {
			a.regated = append(a.regated, m.Head)
		}
		if err := a.saveRow(m); err != nil {
			return err
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("store: joint matter %s: %w", c.ID, err)
	}
	papers := c.Papers(members)
	return a.w.exec(a.ctx, `INSERT INTO joint_cases (id, number, package, department, division, holder, status, handed_in, body, month, demanded, asked, reused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, status = excluded.status, body = excluded.body,
			month = excluded.month, demanded = excluded.demanded, asked = excluded.asked, reused = excluded.reused`,
		c.ID, c.Number, c.Package, c.Department, string(c.Division), string(c.Holder), string(c.StatusOf(members)), c.HandedInMS, body,
		statistics.Month(c.HandedInMS), papers.Demanded, papers.Asked, papers.Reused)
}

// settleOf does the same after one of its cases has changed.
func (a *applier) settleOf(id string) error {
	c, err := a.jointByID(id)
	if err != nil || c == nil {
		return err
	}
	return a.settleJoint(c)
}

func (a *applier) jointByID(id string) (*joint.Case, error) {
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM joint_cases WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read joint matter", err)
	}
	var c joint.Case
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, storage("read joint matter "+id, err)
	}
	return &c, nil
}

// membersOf reads the cases of a joint matter, in its order.
func (a *applier) membersOf(c *joint.Case) ([]*casework.Case, error) {
	members := make([]*casework.Case, 0, len(c.Members))
	for _, m := range c.Members {
		is, err := a.caseByID(m.Case)
		if err != nil {
			return nil, err
		}
		if is != nil {
			members = append(members, is)
		}
	}
	return members, nil
}

// gated refuses to take a case up before what it waits for is done. Entries of
// different nodes may overtake each other, so one from elsewhere waits until it
// is; the person at the desk is told.
func (a *applier) gated(c *casework.Case, body ledger.Body) error {
	if _, accepts := body.(*ledger.CaseAcceptV1); !accepts || a.told {
		return nil
	}
	err := c.MayAccept()
	if c.Gate() == casework.GateWaiting && !a.desk {
		return errWaiting
	}
	return err
}

// jointTarget is a joint matter for the permission table: the department that
// leads it answers for it.
func (a *applier) jointTarget(e *ledger.Entry, from origin) (identity.Target, error) {
	c, err := a.jointByID(e.Case)
	if err != nil {
		return identity.Target{}, err
	}
	if c == nil {
		return identity.Target{Division: e.Scope, Department: from.subject.Department}, nil
	}
	return identity.Target{Division: c.Division, Department: c.Department}, nil
}

// prepareFinding takes what a window found, beside its case of a joint matter.
func (a *applier) prepareFinding(c *casework.Case, e *ledger.Entry, b *ledger.PackageFindingV1) (func() error, error) {
	if c == nil {
		return func() error { return nil }, nil
	}
	if c.Package == nil {
		return nil, refuse("not_joint", "本件不是联办件，请直接一次性告知补正", "the case is not part of a joint matter; tell the applicant directly")
	}
	if a.desk && (c.AcceptedMS != 0 || c.Status.Ended()) {
		return nil, refuse("accepted", "办件已受理或已办结，不能再提出补正", "the case has been accepted or has ended; nothing more can be asked for")
	}
	if a.desk {
		if err := a.goesOn(c, e, b); err != nil {
			return nil, err
		}
	}
	item, err := a.itemOf(c)
	if err != nil {
		return nil, err
	}
	if err := casework.CheckPoints(casework.Asks(item, c.Agent), b.Points); err != nil {
		return nil, err
	}
	return func() error { return nil }, nil
}
