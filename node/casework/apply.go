package casework

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// Open makes a case of its submission, under the version of the item that it
// names. It checks everything a desk can check, so that a submission that
// passed offline passes at the county too.
func Open(e *ledger.Entry, b *ledger.CaseSubmitV1, item *catalog.Item, from Place, limits catalog.Limits) (*Case, error) {
	if err := checkSubmission(e, b, item, from, limits); err != nil {
		return nil, err
	}
	c := &Case{
		ID:          e.Case,
		Number:      b.Number,
		Item:        b.Item,
		ItemVersion: b.ItemVersion,
		ItemName:    item.Name,
		Department:  item.Department,
		Instant:     item.Instant,
		Division:    b.Division,
		HandedInAt:  b.HandedInAt,
		Status:      HandedIn,
		Steps:       b.Steps,
		Applicant:   b.Applicant,
		Agent:       b.Agent,
		Form:        b.Form,
		Materials:   b.Materials,
		Applying:    b.Applying,
		HandedInMS:  e.OccurredAt,
		Corrects:    b.Corrects,
		Authority:   b.Authority,
		Online:      b.Online,
		Renews:      b.Renews,
		Head:        e.ID,
	}
	c.First = firstAsked(e, b)
	if b.Lacking {
		c.Lacking = catalog.Lacking(*item, b.Form, b.Materials, b.Applying)
		if lacksAuthority(b) {
			c.Lacking = append(c.Lacking, AuthorityPaper)
		}
	}
	if c.Steps[0].Verb == ledger.VerbCollect {
		c.Step = 1 // handing in is the collecting
	}
	c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
	c.markSkew(e)
	c.touch(e.Actor)
	return c, nil
}

// firstAsked is who was asked first: whom the hand-in names, or else whoever took
// it in.
func firstAsked(e *ledger.Entry, b *ledger.CaseSubmitV1) ledger.NamedPerson {
	if b.First.Staff != "" {
		return b.First
	}
	by := Answerable(e.Actor)
	return ledger.NamedPerson{Staff: by.Staff, Name: by.Name}
}

// Aside shows a submission that the county refused, or that is held until it
// speaks, as a case that waits for nobody: whoever may read cases may read what
// was handed in. It lies with the desk that took it in.
func Aside(e *ledger.Entry, b *ledger.CaseSubmitV1, refused bool) *Case {
	c := &Case{
		ID: e.ID, Number: b.Number, Item: b.Item, ItemVersion: b.ItemVersion, Department: b.Department,
		Division: b.Division, HandedInAt: b.HandedInAt, Holder: b.HandedInAt, Status: Held, Steps: b.Steps,
		Applicant: b.Applicant, Agent: b.Agent, Form: b.Form, Materials: b.Materials, Applying: b.Applying,
		HandedInMS: e.OccurredAt, Corrects: b.Corrects, Authority: b.Authority, Online: b.Online, Renews: b.Renews, Head: e.ID,
	}
	if refused {
		c.Status = Refused
	}
	c.markSkew(e)
	return c
}

func checkSubmission(e *ledger.Entry, b *ledger.CaseSubmitV1, item *catalog.Item, from Place, limits catalog.Limits) error {
	if e.Case != e.ID {
		return refuse("case_id", "提交材料与办件编号不一致，请重新提交", "a submission opens the case of its own id")
	}
	if e.Scope != b.Division || b.HandedInAt != from.Division {
		return refuse("case_division", "收件地点与本机不符，请在收件的窗口重新提交", "the case was not handed in at the node that recorded it")
	}
	tier := from.Division.Tier()
	if tier != node.County && !from.Division.Contains(b.Division) {
		return refuse("case_division", "该事项不属于本辖区，请到所属乡镇或县中心办理", "the matter belongs to a division outside this one")
	}
	if tier == node.Village && b.Division != from.Division {
		return refuse("case_division", "村级只能受理本村的事项", "a village takes in its own matters only")
	}
	plan := Plan(item, tier)
	if b.Online.Account != "" {
		if err := checkOnline(e, b, item, tier); err != nil {
			return err
		}
		plan = PlanOnline(item)
	} else if !TakesIn(item, tier, b.Corrects != "") {
		return refuse("tier_not_accepting", "该事项不在本级收件，请到事项指南所列地点办理", "this item is not taken in at this tier; see its guide for where")
	}
	number, err := ParseNumber(b.Number)
	if err != nil {
		return refuse("case_number", "办件编号有误，请重新提交", "the case number is not valid")
	}
	today := calendar.DateOf(time.UnixMilli(e.OccurredAt))
	if number.Division() != from.Division || number.Ordinal() != from.Ordinal || number.Date() != today {
		return refuse("case_number", "办件编号与本机不符，请重新提交", "the case number does not belong to the node that recorded it, or not to that day")
	}
	if b.Item != item.Code || b.Department != item.Department {
		return refuse("item_mismatch", "办件与事项不符，请重新选择事项", "the case does not fit its item")
	}
	if !slices.Equal(b.Steps, plan) {
		return refuse("steps", "办理环节与事项不符，请重新提交", "the steps are not those of the item at this tier")
	}
	for _, s := range b.Steps {
		if _, ok := holderOf(s, b.Division, b.HandedInAt); !ok {
			return refuse("case_division", "该事项需乡镇或村初审，请填写事项所属的乡镇、村", "the item needs a step below the county; name the township or village the matter belongs to")
		}
	}
	faults := CheckApplicant(b, item, today)
	faults = append(faults, catalog.ValidateForm(*item, b.Form, today)...)
	faults = append(faults, catalog.CheckMaterials(*item, b.Materials, b.Applying, limits)...)
	faults = append(faults, catalog.CheckDates(b.Materials, today)...)
	faults = append(faults, checkAuthority(b, limits)...)
	if b.Lacking {
		faults = slices.DeleteFunc(faults, func(f catalog.Fault) bool { return f.Code == catalog.FaultMissing })
	}
	if len(faults) > 0 {
		return &Incomplete{Faults: faults}
	}
	return nil
}

// TakesIn tells whether an item is handed in at a tier. What had been handed in
// where the item is taken in, and was refused, may be handed in again for the
// applicant at any tier above: the desk below may have lost its machine, and the
// applicant has done their part. That it was is for the caller to see.
func TakesIn(item *catalog.Item, at node.Tier, again bool) bool {
	return slices.ContainsFunc(item.AcceptTiers, func(t node.Tier) bool { return t == at || again && t.Rank() < at.Rank() })
}

// Incomplete is everything that is missing or wrong in a submission, told at
// once (一次性告知, Administrative Licence Law art. 32).
type Incomplete struct{ Faults []catalog.Fault }

func (i *Incomplete) Error() string {
	return "incomplete: " + i.Faults[0].EN
}

// Apply is what one entry of the chain makes of a case, whose item is given in
// the version it is bound to. The case given is not changed. A *Refusal is
// returned when the entry may not happen.
func Apply(c *Case, item *catalog.Item, e *ledger.Entry, body ledger.Body, from Place) (*Case, error) {
	if e.Prev != c.Head {
		return nil, refuse("stale", "办件已有新的进展，请刷新后再办", "the case has moved on since; look at it again")
	}
	if err := c.May(kindOf(body)); err != nil {
		return nil, err
	}
	if c.Holder != from.Division && (kindOf(body) != ledger.CaseDeliver || !c.HandsOver(from.Division)) {
		return nil, refuse("not_holder", "办件现不在本处办理，请联系当前办理单位", "another office holds the case now")
	}
	next := *c
	next.Holder = from.Division
	next.Flags = slices.Clone(c.Flags)
	next.Suspensions = slices.Clone(c.Suspensions)
	next.Head = e.ID
	next.markSkew(e)
	if err := next.happen(item, e, body); err != nil {
		return nil, err
	}
	next.touch(e.Actor)
	return &next, nil
}

// happen makes the change; that it can happen at this step and in this status
// has been checked.
func (c *Case) happen(item *catalog.Item, e *ledger.Entry, body ledger.Body) error {
	switch b := body.(type) {
	case *ledger.CaseRelayV1:
		c.pass()
	case *ledger.CaseReviewV1:
		if err := c.chairs(e); err != nil {
			return err
		}
		if !slices.Contains(c.Reviewers, e.Actor.Staff) {
			c.Reviewers = append(slices.Clip(c.Reviewers), e.Actor.Staff)
		}
		c.pass()
	case *ledger.HearingTellV1:
		return c.tellHearing(e, b)
	case *ledger.HearingConveneV1:
		return c.conveneHearing(e, b)
	case *ledger.HearingRecordV1:
		return c.recordHearing(e, b)
	case *ledger.RefusalTellV1:
		return c.tellRefusal(e, b)
	case *ledger.CaseRequestSupplementV1:
		return c.requestSupplement(item, e, b)
	case *ledger.CaseAcceptV1:
		return c.accept(item, e, b)
	case *ledger.CaseRejectV1:
		if !reasoned(b.Reason) {
			return errReason
		}
		if err := checkGround(b); err != nil {
			return err
		}
		c.Status, c.RejectedMS, c.Reason, c.Ground, c.RightAuthority = NotAccepted, e.OccurredAt, b.Reason, b.Ground, b.Authority
	case *ledger.CaseReturnV1:
		return c.sendBack(b)
	case *ledger.CaseSuspendV1:
		return c.suspend(item, e, b)
	case *ledger.CaseResumeV1:
		return c.resume(e, b)
	case *ledger.CaseExtendV1:
		return c.extend(item, e, b)
	case *ledger.CaseTerminateV1:
		return c.terminate(e, b)
	case *ledger.CaseDecideV1:
		return c.decide(e, b)
	case *ledger.CaseCorrectV1:
		return c.correct(item, e, b)
	case *ledger.CaseIssueV1:
		return c.issue(item, e, b)
	case *ledger.CaseDeliverV1:
		return c.deliver(e, b)
	}
	return nil
}

// kindOf is the kind of entry that a body is of; empty for what is no step of a
// case.
func kindOf(body ledger.Body) ledger.Kind {
	switch body.(type) {
	case *ledger.CaseRelayV1:
		return ledger.CaseRelay
	case *ledger.CaseRequestSupplementV1:
		return ledger.CaseRequestSupplement
	case *ledger.CaseAcceptV1:
		return ledger.CaseAccept
	case *ledger.CaseRejectV1:
		return ledger.CaseReject
	case *ledger.CaseReviewV1:
		return ledger.CaseReview
	case *ledger.CaseReturnV1:
		return ledger.CaseReturn
	case *ledger.CaseSuspendV1:
		return ledger.CaseSuspend
	case *ledger.CaseResumeV1:
		return ledger.CaseResume
	case *ledger.CaseExtendV1:
		return ledger.CaseExtend
	case *ledger.CaseTerminateV1:
		return ledger.CaseTerminate
	case *ledger.HearingTellV1:
		return ledger.HearingTell
	case *ledger.HearingConveneV1:
		return ledger.HearingConvene
	case *ledger.HearingRecordV1:
		return ledger.HearingRecord
	case *ledger.RefusalTellV1:
		return ledger.RefusalTell
	case *ledger.CaseDecideV1:
		return ledger.CaseDecide
	case *ledger.CaseCorrectV1:
		return ledger.CaseCorrect
	case *ledger.CaseIssueV1:
		return ledger.CaseIssue
	case *ledger.CaseDeliverV1:
		return ledger.CaseDeliver
	}
	return ""
}

// pass completes the current step and hands the case to whoever holds the next.
func (c *Case) pass() {
	c.Step++
	if c.Step < len(c.Steps) {
		c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
	}
}

func (c *Case) sendBack(b *ledger.CaseReturnV1) error {
	if b.ToStep >= c.Step || c.Steps[b.ToStep].Verb == ledger.VerbCollect {
		return refuse("wrong_step", "只能退回到之前的办理环节", "a case is sent back to an earlier step")
	}
	if Bare(b) {
		c.Flag(FlagBareReturn)
	}
	c.Step = b.ToStep
	c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
	return nil
}

// Bare reports whether a case is sent back without a reason that says anything.
func Bare(b *ledger.CaseReturnV1) bool { return !SaysSomething(b.Reason) }

// SaysSomething reports whether a reason is one: it has words beside those that
// only say that there is something.
func SaysSomething(reason string) bool {
	for _, empty := range emptyWords {
		reason = strings.ReplaceAll(reason, empty, "")
	}
	return strings.ContainsFunc(reason, unicode.IsLetter)
}

// minReason is how many letters or Chinese characters the reason of a refusal has at
// least *(convention)*.
const minReason = 5

// reasoned reports whether a text can be the reason of a refusal (art. 32 and 38).
func reasoned(reason string) bool {
	n := 0
	for _, r := range reason {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n >= minReason && SaysSomething(reason)
}

var errReason = refuse("reason_short", "不予受理、不予许可须写明事实和理由，不得少于五个字", "a refusal states its facts and reasons, in a sentence and not a word or two")

var emptyWords = []string{"退回", "退件", "无理由", "无", "略", "见上", "同上"}

func (c *Case) markSkew(e *ledger.Entry) {
	if e.SkewMS != 0 {
		c.Flag(FlagClockSkew)
	}
}

// Flag marks the case once. Flags are kept in order, for nodes may come to know
// of them in different ones.
func (c *Case) Flag(flag string) {
	if at, found := slices.BinarySearch(c.Flags, flag); !found {
		c.Flags = slices.Insert(c.Flags, at, flag)
	}
}

// VerbZH is a step's name as it is printed.
func VerbZH(v ledger.Verb) string {
	switch v {
	case ledger.VerbCollect:
		return "代收"
	case ledger.VerbRelay:
		return "转报"
	case ledger.VerbAccept:
		return "受理"
	case ledger.VerbPreReview:
		return "初审"
	case ledger.VerbReview:
		return "审核"
	case ledger.VerbDecide:
		return "审批"
	case ledger.VerbIssue:
		return "制发"
	case ledger.VerbDeliver:
		return "送达"
	}
	return string(v)
}

// KindOf is the kind of entry that completes a step.
func KindOf(v ledger.Verb) ledger.Kind {
	switch v {
	case ledger.VerbRelay:
		return ledger.CaseRelay
	case ledger.VerbAccept:
		return ledger.CaseAccept
	case ledger.VerbPreReview, ledger.VerbReview:
		return ledger.CaseReview
	case ledger.VerbDecide:
		return ledger.CaseDecide
	case ledger.VerbIssue:
		return ledger.CaseIssue
	case ledger.VerbDeliver:
		return ledger.CaseDeliver
	}
	return ""
}
