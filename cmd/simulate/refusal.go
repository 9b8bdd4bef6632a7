package main

import (
	"context"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A leader who finds that a case is not to be granted tells of it first, mostly; those
// who were told state their case or let the days pass, and some are granted after all.

// decision is what a leader makes of a case; nil where they wait for those who may
// still speak.
func (o *office) decision(c *casework.Case, t task) ledger.Body {
	grant := &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}
	refuse := &ledger.CaseDecideV1{Opinion: "不符合规定条件"}
	if o.stated(c) {
		grant.Weighed, refuse.Weighed = "陈述的事实成立，予以采纳", "陈述的理由不成立，不予采纳"
	}
	intent := c.Intended()
	switch {
	case intent == nil && o.chance.IntN(20) > 0:
		return grant
	case intent == nil && o.chance.IntN(4) == 0:
		return refuse
	case intent == nil:
		return &ledger.RefusalTellV1{Reason: "所报条件与规定不符", Before: o.today().AddDays(casework.HeardDays)}
	case !o.today().After(intent.Before):
		o.post(o.node.Division(), task{at: o.w.tick + len(ticks), do: (*office).step, caseID: c.ID, tries: t.tries})
		return nil
	case o.chance.IntN(5) == 0:
		return grant
	}
	return refuse
}

// stated reports whether this office knows of a statement that is to be weighed.
func (o *office) stated(c *casework.Case) bool {
	open, err := o.node.Voices(context.Background(), c)
	o.w.must(err, "statements at "+o.node.ID())
	return slices.Contains(open, casework.VoiceStatement)
}

// state takes in, where the case was handed in, what its applicant says to an intended
// refusal.
func (o *office) state(t task) bool {
	c := o.caseOf(t.caseID)
	switch {
	case c == nil || c.Status.Ended() || c.Decision != "" || t.tries > 200:
		return true
	case c.Intended() == nil || c.Intended().Entry != t.ref:
		return false // they were told, and it has yet to come down
	}
	b := &ledger.RefusalStateV1{Proposal: t.ref, Party: c.Applicant.Name, Text: "申请人认为符合条件，请予核实"}
	if _, err := o.record(o.who(ledger.VerbAccept, c.Department), b, storetest.About{Case: c.ID, Scope: c.Division}); err != nil {
		o.w.must(o.tolerable(err), "statement at "+o.node.ID())
		return o.idle == 0
	}
	o.said.statements++
	return true
}
