// Package joint is the life of a joint matter (联办件, 一件事): what people see as
// one thing and several departments decide. It is handed in once and becomes one
// case for each department; those run side by side where nothing depends on
// anything, and in order where the package says so. What is missing is told once
// for all, there is one due date and one result, and each department still
// answers for its own. It is pure, like casework.
//
// A joint matter has a chain of its own, which the place that leads it writes.
// Everything else about it follows from its departments' cases: whether one may
// be taken up yet, how far the whole has come and what becomes of the others
// when one is refused.
package joint

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// Case is a joint matter from hand-in until the last of its cases has ended.
type Case struct {
	// ID is the id of the submission that opened it.
	ID      string `json:"id"`
	Number  string `json:"number"`
	Package string `json:"package"`
	Version int    `json:"version"`
	Name    string `json:"name"`
	// Department leads it. Holder is the division whose node writes its chain.
	Department string           `json:"department"`
	Division   division.Code    `json:"division"`
	HandedInAt division.Code    `json:"handed_in_at"`
	Holder     division.Code    `json:"holder"`
	Applicant  ledger.Applicant `json:"applicant"`
	Agent      ledger.Agent     `json:"agent,omitzero"`
	// Online is set when the applicant handed it in from home.
	Online ledger.Online `json:"online,omitzero"`
	// Materials are the papers as they were collected, once for all.
	Materials []catalog.SubmittedMaterial `json:"materials"`
	Members   []Member                    `json:"members"`
	// Promise is the promise for the whole in working days, for the items asked
	// for.
	Promise    int   `json:"promise"`
	HandedInMS int64 `json:"handed_in_ms"`
	// Notice is the one notice of what is missing, NoticeMembers what it says of each
	// case, and Notices how many there were: the law knows but one.
	Notice        *casework.Notice      `json:"notice,omitempty"`
	NoticeMembers []ledger.MemberPoints `json:"notice_members,omitempty"`
	Notices       int                   `json:"notices,omitempty"`
	Flags         []string              `json:"flags,omitempty"`
	// Completed are the dates of the whole where it was complete without an entry that
	// could tell them.
	Completed casework.JointDue `json:"completed,omitzero"`
	// Head is the last entry of its chain.
	Head string `json:"head"`
}

// Member is a department's case of a joint matter.
type Member struct {
	Case       string `json:"case"`
	Number     string `json:"number"`
	Item       string `json:"item"`
	Version    int    `json:"item_version"`
	ItemName   string `json:"item_name"`
	Department string `json:"department"`
	Stage      int    `json:"stage"`
	// Promise is that of its item, in working days.
	Promise int `json:"promise"`
	// After are the cases it waits for; Makes those of them that must have made
	// out their result, which is one of this case's papers.
	After []string `json:"after,omitempty"`
	Makes []string `json:"makes,omitempty"`
}

// BelongsTo reports whether a joint matter is an account's own, as its cases are.
func (c *Case) BelongsTo(a *account.Account) bool {
	return (&casework.Case{Applicant: c.Applicant, Online: c.Online}).BelongsTo(a)
}

// MemberID is the id of a department's case: the same wherever the hand-in is
// read.
func MemberID(submission, item string) string { return ledger.IDFromKey(submission, "package", item) }

// Open makes a joint matter and all its departments' cases of one hand-in, or
// none: the error lists everything that is wrong with any of them. items are
// those that the hand-in names, in its order, each in the version it names.
func Open(e *ledger.Entry, b *ledger.PackageSubmitV1, p *catalog.Package, items []catalog.Item, from casework.Place, limits catalog.Limits) (*Case, []*casework.Case, error) {
	if err := checkHandIn(e, b, p, items, from); err != nil {
		return nil, nil, err
	}
	j := catalog.NewJoint(p, items)
	c := &Case{ID: e.ID, Number: b.Number, Package: p.Code, Version: b.Version, Name: p.Name, Department: p.LeadDepartment,
		Division: b.Division, HandedInAt: b.HandedInAt, Applicant: b.Applicant, Agent: b.Agent, Online: b.Online, Materials: b.Materials,
		Promise: j.Promise(), HandedInMS: e.OccurredAt, Head: e.ID}
	faults := j.Stray(b.Form, b.Materials, b.Applying)
	asked := make([]string, len(items))
	for i := range items {
		asked[i] = items[i].Code
	}
	cases := make([]*casework.Case, 0, len(items))
	for i := range items {
		member, wrong, err := openMember(e, b, j, i, from, limits)
		if err != nil {
			return nil, nil, err
		}
		faults = addFaults(faults, wrong)
		if member == nil {
			continue
		}
		m := Member{Case: member.ID, Number: member.Number, Item: member.Item, Version: member.ItemVersion, ItemName: member.ItemName,
			Department: member.Department, Stage: p.StageOf(member.Item), Promise: items[i].PromisedWorkingDays}
		for _, code := range p.After(member.Item, asked) {
			m.After = append(m.After, MemberID(e.ID, code))
			if p.Gives(code, member.Item) {
				m.Makes = append(m.Makes, MemberID(e.ID, code))
			}
		}
		member.Package = &casework.Joined{ID: c.ID, Number: c.Number, Package: c.Package, After: m.After, Internal: internalOf(e.ID, j, member.Item)}
		c.Members = append(c.Members, m)
		cases = append(cases, member)
	}
	if len(faults) > 0 {
		return nil, nil, &casework.Incomplete{Faults: faults}
	}
	c.Holder = leads(cases, b)
	if e.SkewMS != 0 {
		c.flag(casework.FlagClockSkew)
	}
	return c, cases, nil
}

// openMember opens one department's case, as if its part had been handed in by
// itself.
func openMember(e *ledger.Entry, b *ledger.PackageSubmitV1, j *catalog.Joint, i int, from casework.Place, limits catalog.Limits) (*casework.Case, []catalog.Fault, error) {
	m := b.Members[i]
	item := j.Member(m.Item)
	form, papers, applying := j.Split(m.Item, b.Form, b.Materials, b.Applying)
	own := *e
	own.ID = MemberID(e.ID, m.Item)
	own.Case = own.ID
	own.Kind = ledger.CaseSubmit
	plan := casework.Plan(item, from.Division.Tier())
	if b.Online.Account != "" {
		plan = casework.PlanOnline(item)
	}
	part := &ledger.CaseSubmitV1{Number: m.Number, Item: m.Item, ItemVersion: m.ItemVersion, Department: item.Department, Division: b.Division,
		Applicant: b.Applicant, Agent: b.Agent, Form: form, Materials: papers, Applying: applying,
		Steps: plan, HandedInAt: b.HandedInAt, Lacking: b.Lacking, Corrects: b.Corrects, Authority: b.Authority, Online: b.Online}
	c, err := casework.Open(&own, part, item, from, limits)
	if incomplete, ok := err.(*casework.Incomplete); ok {
		return nil, incomplete.Faults, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c.Head = e.ID
	return c, nil, nil
}

// addFaults adds what is wrong with one part: what is said of several is told
// once.
func addFaults(all, more []catalog.Fault) []catalog.Fault {
	for _, f := range more {
		if !slices.ContainsFunc(all, func(have catalog.Fault) bool { return have.Code == f.Code && have.ZH == f.ZH }) {
			all = append(all, f)
		}
	}
	return all
}

func internalOf(submission string, j *catalog.Joint, code string) []casework.InternalPaper {
	var papers []casework.InternalPaper
	for _, r := range j.Package.Internal {
		asked := slices.ContainsFunc(j.Items, func(i catalog.Item) bool { return i.Code == r.Producer })
		if asked && slices.Contains(r.Consumers, code) {
			papers = append(papers, casework.InternalPaper{Material: r.Result, From: MemberID(submission, r.Producer)})
		}
	}
	return papers
}

// leads is the division that leads a joint matter: the desk that took it in,
// where all of its cases are taken up there, so that it can go on without a
// line; else the county.
func leads(cases []*casework.Case, b *ledger.PackageSubmitV1) division.Code {
	for _, c := range cases {
		step, _ := c.Current()
		if step.Verb != ledger.VerbAccept || c.Holder != b.HandedInAt {
			return b.Division.County()
		}
	}
	return b.HandedInAt
}

// takesIn tells whether a package is handed in at a tier; one that was refused may
// be handed in again at any tier above where it is taken in, as a single case may.
func takesIn(p *catalog.Package, at node.Tier, again bool) bool {
	return slices.ContainsFunc(p.AcceptTiers, func(t node.Tier) bool { return t == at || again && t.Rank() < at.Rank() })
}

func checkHandIn(e *ledger.Entry, b *ledger.PackageSubmitV1, p *catalog.Package, items []catalog.Item, from casework.Place) error {
	if e.Case != e.ID {
		return refuse("case_id", "提交材料与办件编号不一致，请重新提交", "a submission opens the case of its own id")
	}
	if b.Package != p.Code || b.Department != p.LeadDepartment {
		return refuse("package_mismatch", "收件与一件事不符，请重新选择", "the hand-in does not fit its package")
	}
	if b.Online.Account == "" && !takesIn(p, from.Division.Tier(), b.Corrects != "") {
		return refuse("tier_not_accepting", "该一件事不在本级收件，请到办事指南所列地点办理", "this package is not taken in at this tier; see its guide for where")
	}
	number, err := casework.ParseNumber(b.Number)
	if err != nil || number.Division() != from.Division || number.Ordinal() != from.Ordinal || number.Date() != calendar.DateOf(time.UnixMilli(e.OccurredAt)) {
		return refuse("case_number", "联办编号与本机不符，请重新提交", "the number of the joint matter does not belong to the node that recorded it, or not to that day")
	}
	var asked []string
	for i := range items {
		if items[i].Code != b.Members[i].Item || !slices.Contains(p.Items, items[i].Code) {
			return refuse("package_items", "所选事项不在该一件事之内，请重新选择", "an item is not part of the package")
		}
		asked = append(asked, items[i].Code)
	}
	want := slices.DeleteFunc(slices.Clone(p.Items), func(code string) bool { return p.Optional(code) && !slices.Contains(asked, code) })
	if !slices.Equal(want, asked) {
		return refuse("package_items", "缺少必办事项，或事项顺序与一件事不符，请重新选择", "an item that is not optional is left out, or they are in another order than the package's")
	}
	return nil
}

// Apply is what one entry of its chain makes of a joint matter. The case given
// is not changed. members are its departments' cases as they are.
func Apply(c *Case, e *ledger.Entry, body ledger.Body, from casework.Place, members []*casework.Case, itemOf func(*casework.Case) *catalog.Item) (*Case, error) {
	if e.Prev != c.Head {
		return nil, refuse("stale", "办件已有新的进展，请刷新后再办", "the case has moved on since; look at it again")
	}
	if c.Holder != from.Division {
		return nil, refuse("not_holder", "联办件不由本处牵头，请联系牵头单位", "another office leads the joint matter")
	}
	if Concluded(members) {
		return nil, refuse("case_ended", "联办件已全部办结，不能再办理", "the joint matter has ended")
	}
	next := *c
	next.Flags = slices.Clone(c.Flags)
	next.Head = e.ID
	if e.SkewMS != 0 {
		next.flag(casework.FlagClockSkew)
	}
	switch b := body.(type) {
	case *ledger.PackageNoticeV1:
		return &next, next.notify(e, b, members, itemOf)
	}
	return nil, refuse("wrong_kind", "该操作不适用于联办件", "this entry is not a step of a joint matter")
}

// notify tells the applicant everything that is missing in all cases, once.
func (c *Case) notify(e *ledger.Entry, b *ledger.PackageNoticeV1, members []*casework.Case, itemOf func(*casework.Case) *catalog.Item) error {
	for _, m := range b.Members {
		i := slices.IndexFunc(members, func(c *casework.Case) bool { return c.ID == m.Case })
		if i < 0 {
			return refuse("not_a_member", "所列办件不属于本联办件", "a case of the notice is not part of the joint matter")
		}
		if err := casework.CheckPoints(casework.Asks(itemOf(members[i]), members[i].Agent), m.Points); err != nil {
			return err
		}
	}
	if err := casework.CheckTerm(e, b.Before); err != nil {
		return err
	}
	if c.Notice != nil && b.Again == "" {
		return refuse("told_already", "补正材料只能一次性告知，不能再次要求；确需再次告知的须说明原因", "what is missing is told once; a second notice needs a reason, and supervision sees it")
	}
	notice := casework.Notice{On: dayOf(e), Before: b.Before, By: e.Actor}
	if c.Notice != nil {
		notice.On = c.Notice.On // the law limits the first
		c.flag(casework.FlagSecondNotice)
	}
	all := slices.Clone(c.NoticeMembers)
	for _, m := range b.Members {
		if i := slices.IndexFunc(all, func(have ledger.MemberPoints) bool { return have.Case == m.Case }); i >= 0 {
			all[i].Points = append(slices.Clone(all[i].Points), m.Points...)
		} else {
			all = append(all, m)
		}
	}
	for _, m := range all {
		notice.Points = append(notice.Points, m.Points...)
	}
	c.Notice, c.NoticeMembers = &notice, all
	c.Notices++
	return nil
}

// CheckWhole refuses a first notice that leaves out what was missing at hand-in in
// a case that is still to be taken up: everything is told at once (art. 32 no. 4).
// What may be tolerated is for each window to leave for later, by a date.
func (c *Case) CheckWhole(b *ledger.PackageNoticeV1, members []*casework.Case, itemOf func(*casework.Case) *catalog.Item) error {
	if c.Notice != nil || len(b.Supplements) > 0 {
		return nil
	}
	for _, m := range members {
		if m.AcceptedMS != 0 || m.Status.Ended() {
			continue
		}
		item, own := itemOf(m), &ledger.CaseRequestSupplementV1{}
		for _, told := range b.Members {
			if told.Case == m.ID {
				own.Points = told.Points
			}
		}
		minor := func(name string) bool {
			return slices.ContainsFunc(item.Materials, func(p catalog.Material) bool { return p.Name == name && p.Tolerable() })
		}
		if err := m.CheckNotice(item, own, minor); err != nil {
			return err
		}
	}
	return nil
}

// flag marks the joint matter once, in order.
func (c *Case) flag(flag string) {
	if at, found := slices.BinarySearch(c.Flags, flag); !found {
		c.Flags = slices.Insert(c.Flags, at, flag)
	}
}

func dayOf(e *ledger.Entry) calendar.Date { return calendar.DateOf(time.UnixMilli(e.OccurredAt)) }

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
