package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// takeIn hands in a case for somebody who comes with papers, one in fifteen with
// one too few.
func (o *office) takeIn() {
	code := o.w.shelf.pick(o.tier, o.chance)
	now := o.w.county.Clock.UnixMilli()
	version, err := o.node.ItemInForce(context.Background(), code, now)
	if err != nil { // withdrawn
		o.turned["withdrawn"]++
		return
	}
	item := o.w.shelf.item(code, version.Version)
	b := o.submission(item, version.Version)
	if len(b.Materials) > 1 && o.chance.IntN(15) == 0 {
		b.Materials = slices.Delete(b.Materials, len(b.Materials)-1, len(b.Materials))
		b.Lacking = true
	}
	o.handIn(b)
}

func (o *office) submission(item *catalog.Item, version int) *ledger.CaseSubmitV1 {
	person := 1 + o.chance.IntN(90_000)
	b := &ledger.CaseSubmitV1{Item: item.Code, ItemVersion: version, Department: item.Department, Division: o.node.Division(), HandedInAt: o.node.Division(),
		Form: storetest.Form(*item, person), Materials: storetest.Materials(*item), Steps: casework.Plan(item, o.tier)}
	b.Applicant = applicant(item, b.Form, person)
	// A matter that is looked at further down belongs to a village there.
	for _, s := range b.Steps {
		if s.Tier.Rank() < o.tier.Rank() {
			b.Division = o.villageBelow()
			break
		}
	}
	return b
}

// applicant is who fills in a form: generated, and fit for the item.
func applicant(item *catalog.Item, form []catalog.FieldValue, person int) ledger.Applicant {
	a := ledger.Applicant{Type: "person", Name: "申请人" + generated(person), Phone: fmt.Sprintf("138%08d", person)}
	if item.Subject == catalog.SubjectLegal {
		a.Type, a.Name = "organisation", "申请单位"+generated(person)
	}
	for _, v := range form {
		switch {
		case v.Key == catalog.KeyIDNumber && a.Type == "person":
			a.IDNumber = v.Value
		case v.Key == catalog.KeyUSCC:
			a.Type, a.Name, a.IDNumber = "organisation", "申请单位"+generated(person), v.Value
		}
	}
	return a
}

// generated is a number written in the ten stems.
func generated(n int) string {
	var text []rune
	for ; n > 0; n /= 10 {
		text = append(text, []rune("甲乙丙丁戊己庚辛壬癸")[n%10])
	}
	return string(text)
}

func (o *office) villageBelow() (at division.Code) {
	var below []division.Code
	for _, v := range o.w.below {
		if v.tier == node.Village && o.node.Division().Contains(v.node.Division()) {
			below = append(below, v.node.Division())
		}
	}
	if len(below) == 0 {
		return o.node.Division()
	}
	return below[o.chance.IntN(len(below))]
}

// number is the next number of a case here. One that was given out a moment ago
// need not be recorded yet.
func (o *office) number() string {
	prefix := o.node.Number(1)[:22]
	last, err := o.node.LastCounter(context.Background(), prefix)
	o.w.must(err, "counter")
	o.counters[prefix] = max(o.counters[prefix], last) + 1
	return o.node.Number(o.counters[prefix])
}

func (o *office) handIn(b *ledger.CaseSubmitV1) {
	b.Number = o.number()
	id, err := o.record(o.who(ledger.VerbAccept, b.Department), b, storetest.About{Scope: b.Division})
	if err != nil {
		return
	}
	o.handedIn = append(o.handedIn, id)
	if b.Corrects != "" {
		o.corrected[b.Corrects] = true
	}
	c := o.caseOf(id)
	o.pass(c)
	o.voice(c, id)
	if o.chance.IntN(100) == 0 {
		o.post(o.node.Division(), task{at: o.soon(3), do: (*office).withdraw, caseID: id})
	}
}

// pass leaves a case to whoever holds it now: most do what they have to within
// a day or two, a few after weeks.
func (o *office) pass(c *casework.Case) {
	step, open := c.Current()
	if !open {
		return
	}
	days := 0.7
	switch {
	case c.Instant:
		days = 0.1
	case step.Verb == ledger.VerbDeliver:
		days = 2
	case o.chance.IntN(40) == 0:
		days = 8
	}
	o.post(c.Holder, task{at: o.soon(days), do: (*office).step, caseID: c.ID})
}

// step does what a case asks of this office.
func (o *office) step(t task) bool {
	c := o.caseOf(t.caseID)
	if c == nil {
		return false // not here yet
	}
	step, open := c.Current()
	if !open {
		return true
	}
	if c.Holder != o.node.Division() {
		return t.tries > 20 // it has gone on, or has yet to come
	}
	if t.ref != "" {
		if _, err := o.node.Store.Entry(context.Background(), t.ref); err != nil {
			return false // the applicant brought something that is still on its way
		}
	} else if c.Status == casework.Supplementing {
		return true // it waits for the applicant
	}
	verb, body := o.choose(c, step.Verb, t)
	if body == nil {
		return true
	}
	o.foretell(c, body, o.who(verb, c.Department))
	id, err := o.record(o.who(verb, c.Department), body, storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
	if err != nil {
		o.w.must(o.tolerable(err), fmt.Sprintf("%s of %s (%s, %s) at %s", storetest.KindOf(body), c.ID, c.Item, c.Status, o.node.ID()))
		return false
	}
	after := o.caseOf(c.ID)
	switch b := body.(type) {
	case *ledger.CaseRequestSupplementV1:
		o.noticed(after, b)
		return true
	case *ledger.RefusalTellV1:
		o.said.intents++
		if o.chance.IntN(2) == 0 {
			o.post(c.HandedInAt, task{at: o.soon(1), do: (*office).state, caseID: c.ID, ref: id})
		}
	}
	o.pass(after)
	if verb == ledger.VerbDeliver {
		o.voice(after, id)
	}
	return true
}

// met are the refusals that come of an applicant who acts meanwhile.
var met = []string{"withdrawal_asked", "withdrawal_pending", "withdrawal_unasked", "supplement_came", "case_ended", "decided"}

// tolerable is nil for a refusal that a person can meet with.
func (o *office) tolerable(err error) error {
	var no *store.Refused
	if o.idle != 0 || errors.As(err, &no) && slices.Contains(met, no.Code) {
		return nil // whoever works here was dismissed, or waits for what the applicant wants
	}
	return err
}

// choose is what whoever has a case does with it, and as whom.
func (o *office) choose(c *casework.Case, verb ledger.Verb, t task) (ledger.Verb, ledger.Body) {
	today := o.today()
	chance := func(one, in int) bool { return o.chance.IntN(in) < one }
	switch verb {
	case ledger.VerbRelay:
		return verb, &ledger.CaseRelayV1{Opinion: "材料齐全，转报"}
	case ledger.VerbAccept:
		return verb, o.acceptance(c, t)
	case ledger.VerbPreReview, ledger.VerbReview:
		if back := c.Step - 1; chance(1, 25) && back >= 0 && c.Steps[back].Verb != ledger.VerbCollect {
			return verb, &ledger.CaseReturnV1{ToStep: back, Reason: "表述不清，请核实后再报"}
		}
		return verb, &ledger.CaseReviewV1{Opinion: "符合条件"}
	case ledger.VerbDecide:
		// A hearing has steps of its own, which nobody asks for here.
		procedures := slices.DeleteFunc(slices.Clone(o.item(c).SpecialProcedures), func(p catalog.SpecialProcedure) bool { return p.Name == casework.ProcedureHearing })
		for _, s := range c.Suspensions {
			if s.Open(today) && today.Before(s.Until) && t.tries < 400 {
				o.post(o.node.Division(), task{at: o.w.tick + len(ticks), do: (*office).step, caseID: c.ID, tries: t.tries})
				return verb, nil
			}
			if s.Open(today) {
				return verb, &ledger.CaseResumeV1{Procedure: s.Procedure, On: today, Result: "已完成"}
			}
		}
		if len(procedures) > 0 && len(c.Suspensions) == 0 && chance(1, 3) {
			p := procedures[0]
			suspend := &ledger.CaseSuspendV1{Procedure: p.Name, Lawful: casework.Excluded(o.item(c), p.Name), Until: today.AddDays(max(p.TypicalDays, 1)), Reason: "依法开展" + p.Name}
			if p.Name == casework.ProcedureVisit {
				suspend.Officers = []string{"勘验员甲", "勘验员乙"}
			}
			return verb, suspend
		}
		if chance(1, 60) && c.ExtendedBy == 0 && !today.After(c.Told.Statutory) {
			return verb, &ledger.CaseExtendV1{Days: min(5, o.item(c).StatutoryWorkingDays), Reason: "案情复杂"}
		}
		o.bringTolerated(c)
		return verb, o.decision(c, t)
	case ledger.VerbIssue:
		b := &ledger.CaseIssueV1{Documents: []ledger.IssuedDocument{{Name: casework.Issuable(o.item(c), c.Decision)[0], Number: c.Number}}}
		if o.item(c).Fee.Charged && c.Decision == casework.Granted {
			b.Free = "首次申领免费"
		}
		return verb, b
	}
	return verb, &ledger.CaseDeliverV1{Recipient: c.Applicant.Name, Method: "direct"}
}

// acceptance is what a window does with papers: accept, ask for what is missing,
// leave it for later, or send elsewhere.
func (o *office) acceptance(c *casework.Case, t task) ledger.Body {
	item := o.item(c)
	lacks := c.Lacking
	switch {
	case t.ref != "":
		return &ledger.CaseAcceptV1{Note: "予以受理", Supplements: []string{t.ref}}
	case c.AcceptedMS != 0: // it was returned
		return &ledger.CaseAcceptV1{Note: "已核实"}
	case len(lacks) > 0 && o.chance.IntN(3) == 0 && tolerable(item, lacks):
		b := &ledger.CaseAcceptV1{Note: "容缺受理"}
		for _, name := range lacks {
			b.Tolerated = append(b.Tolerated, ledger.ToleratedMaterial{Material: name, Before: o.today().AddDays(min(10, item.StatutoryWorkingDays))})
		}
		return b
	case len(lacks) > 0:
		return notice(item, lacks, ledger.ProblemMissing, o.today())
	case o.chance.IntN(40) == 0 && len(c.Materials) > 0:
		return notice(item, []string{c.Materials[0].Name}, ledger.ProblemUnclear, o.today())
	case o.chance.IntN(60) == 0 && o.tier != node.Village:
		return &ledger.CaseRejectV1{Reason: "不属于本机关职权范围", Ground: ledger.RejectCompetence, Authority: "上级主管部门"}
	}
	return &ledger.CaseAcceptV1{Note: "予以受理"}
}

// bringTolerated takes in what the applicant was left for later.
func (o *office) bringTolerated(c *casework.Case) {
	if len(c.Tolerated) == 0 {
		return
	}
	item := *o.item(c)
	item.Materials = slices.DeleteFunc(slices.Clone(item.Materials), func(m catalog.Material) bool {
		return !slices.ContainsFunc(c.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Material == m.Name })
	})
	for i := range item.Materials {
		item.Materials[i].Required = true
	}
	_, err := o.record(o.who(ledger.VerbAccept, c.Department), &ledger.CaseSupplementV1{Materials: storetest.Materials(item)}, storetest.About{Case: c.ID, Scope: c.Division})
	o.w.must(o.tolerable(err), "what was left for later at "+o.node.ID())
}

func tolerable(item *catalog.Item, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		i := slices.IndexFunc(item.Materials, func(m catalog.Material) bool { return m.Name == name })
		return i < 0 || !item.Materials[i].Tolerable()
	})
}

func notice(item *catalog.Item, names []string, problem ledger.Problem, today calendar.Date) *ledger.CaseRequestSupplementV1 {
	b := &ledger.CaseRequestSupplementV1{Before: today.AddDays(20)}
	for _, name := range names {
		p := ledger.SupplementPoint{Field: name, Problem: problem, How: "请按办事指南补齐"}
		if slices.ContainsFunc(item.Materials, func(m catalog.Material) bool { return m.Name == name }) {
			p.Material, p.Field = name, ""
		}
		b.Points = append(b.Points, p)
	}
	return b
}

// noticed is what an applicant does who was told what is missing: most bring it,
// some give up in words, some never come again.
func (o *office) noticed(c *casework.Case, b *ledger.CaseRequestSupplementV1) {
	switch x := o.chance.IntN(20); {
	case x < 17:
		o.post(c.HandedInAt, task{at: o.soon(3), do: (*office).supplement, caseID: c.ID})
	case x < 18:
		o.post(c.HandedInAt, task{at: o.soon(3), do: (*office).withdraw, caseID: c.ID})
	}
	late := int(b.Before.DaysSince(o.today())+2) * len(ticks)
	o.post(o.node.Division(), task{at: o.w.tick + late, do: (*office).giveUp, caseID: c.ID})
}

// supplement takes in, where the case was handed in, what was missing.
func (o *office) supplement(t task) bool {
	c := o.caseOf(t.caseID)
	switch {
	case c == nil || c.Status.Ended() || t.tries > 200:
		return true
	case c.Status != casework.Supplementing:
		return c.Status == casework.Accepted // else the notice is not here yet
	}
	item := o.item(c)
	b := &ledger.CaseSupplementV1{Note: "申请人补交"}
	for _, p := range c.Notice.Points {
		for _, m := range storetest.Materials(*item) {
			if m.Name == p.Material {
				b.Materials = append(b.Materials, m)
			}
		}
		for _, v := range storetest.Form(*item, 1) {
			if v.Key == p.Field {
				b.Form = append(b.Form, v)
			}
		}
	}
	if len(b.Materials)+len(b.Form) == 0 {
		return true
	}
	id, err := o.record(o.who(ledger.VerbAccept, c.Department), b, storetest.About{Case: c.ID, Scope: c.Division})
	if err != nil {
		o.w.must(o.tolerable(err), "supplement at "+o.node.ID())
		return false
	}
	o.post(c.Holder, task{at: o.soon(0.5), do: (*office).step, caseID: c.ID, ref: id})
	return true
}

// withdraw takes the applicant's word that they no longer want it.
func (o *office) withdraw(t task) bool {
	c := o.caseOf(t.caseID)
	if c == nil || c.Status.Ended() || c.DecidedMS != 0 {
		return true
	}
	id, err := o.record(o.who(ledger.VerbAccept, c.Department), &ledger.CaseWithdrawV1{Reason: "不再需要"}, storetest.About{Case: c.ID, Scope: c.Division})
	if err != nil {
		o.w.must(o.tolerable(err), "withdrawal at "+o.node.ID())
		return false
	}
	o.post(c.Holder, task{at: o.soon(0.5), do: (*office).end, caseID: c.ID, ref: id})
	return true
}

// end ends a case whose applicant withdrew.
func (o *office) end(t task) bool {
	return o.terminate(t, ledger.CauseWithdrawn, "申请人撤回申请")
}

// giveUp ends a case whose applicant was told what is missing and never came.
func (o *office) giveUp(t task) bool {
	c := o.caseOf(t.caseID)
	if c == nil || c.Status != casework.Supplementing || c.Holder != o.node.Division() {
		return true
	}
	if c.Notice != nil && !o.today().After(c.Notice.Before) {
		return false
	}
	return o.terminate(t, ledger.CauseNotSupplemented, "逾期未补正")
}

func (o *office) terminate(t task, cause ledger.Cause, reason string) bool {
	c := o.caseOf(t.caseID)
	if c == nil {
		return t.tries > 200
	}
	if c.Status.Ended() || c.DecidedMS != 0 {
		return true
	}
	if c.Holder != o.node.Division() {
		if t.tries > 20 { // it went on meanwhile
			o.post(c.Holder, task{at: o.w.tick + 1, do: (*office).end, caseID: c.ID, ref: t.ref})
			return true
		}
		return false
	}
	if t.ref != "" {
		if _, err := o.node.Store.Entry(context.Background(), t.ref); err != nil {
			return false
		}
	}
	_, err := o.record(o.who(ledger.VerbAccept, c.Department), &ledger.CaseTerminateV1{Cause: cause, Reason: reason, PapersReturned: true},
		storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
	if err != nil {
		o.w.must(o.tolerable(err), "termination at "+o.node.ID())
		return false
	}
	return true
}

// foretell puts the due dates that a notice tells into its body, as the desk's
// software does.
func (o *office) foretell(c *casework.Case, body ledger.Body, by identity.Actor) {
	var dues *ledger.Dues
	switch b := body.(type) {
	case *ledger.CaseAcceptV1:
		dues = &b.Dues
	case *ledger.CaseSuspendV1:
		dues = &b.Dues
	case *ledger.CaseResumeV1:
		dues = &b.Dues
	case *ledger.CaseExtendV1:
		dues = &b.Dues
	default:
		return
	}
	e := &ledger.Entry{ID: "foretold", Case: c.ID, Prev: c.Head, OccurredAt: o.w.county.Clock.UnixMilli(), Actor: by}
	next, err := casework.Apply(c, o.item(c), e, body, casework.Place{Division: o.node.Division(), Ordinal: o.node.Credential.Ordinal})
	if err != nil {
		return // recording it says so
	}
	told, err := next.Dues(o.item(c), o.w.days)
	o.w.must(err, "due dates")
	*dues = told
}

func (o *office) today() calendar.Date {
	return calendar.DateOf(time.UnixMilli(o.w.county.Clock.UnixMilli()))
}

// sweep finds the cases that this office holds and nobody thinks of: what was
// done with them did not stand.
func (o *office) sweep() {
	thought := map[string]bool{}
	for _, t := range o.queue {
		thought[t.caseID] = true
	}
	held, err := o.node.Cases(context.Background(), store.CaseFilter{Holder: o.node.Division(), Limit: 100_000,
		Statuses: []casework.Status{casework.HandedIn, casework.Accepted, casework.Granted, casework.Declined, casework.Issued}})
	o.w.must(err, "cases of "+o.node.ID())
	for i := range held {
		if !thought[held[i].ID] {
			o.pass(&held[i])
		}
	}
}
