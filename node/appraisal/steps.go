package appraisal

import (
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// State is how far an appraisal has come.
type State string

// The states.
const (
	Drafted   State = "draft"     // 拟稿
	Signed    State = "signed"    // 已复核签字
	Published State = "published" // 已公布
)

// Appraisal is one edition of a month.
type Appraisal struct {
	Month   string                `json:"month"`
	Edition int                   `json:"edition"`
	Reason  string                `json:"reason,omitempty"`
	Hash    string                `json:"hash"`
	Card    Scorecard             `json:"card"`
	Rows    []ledger.AppraisalRow `json:"rows"`
	Drafted Step                  `json:"drafted"`
	Signed  *Step                 `json:"signed,omitempty"`
	Public  *Step                 `json:"public,omitempty"`
}

// Step is who did something, when (Unix milliseconds).
type Step struct {
	By identity.Actor `json:"by"`
	At int64          `json:"at"`
}

// StepOf is what an entry did.
func StepOf(e *ledger.Entry) Step { return Step{By: e.Actor, At: e.OccurredAt} }

// State is how far it has come.
func (a *Appraisal) State() State {
	switch {
	case a.Public != nil:
		return Published
	case a.Signed != nil:
		return Signed
	}
	return Drafted
}

// EnteredSince reports whether what people enter by hand, points and attendance,
// makes other figures now than those that were drafted.
func (a *Appraisal) EnteredSince(now []ledger.AppraisalRow) bool {
	type entered struct{ plus, minus, halfDays, present int64 }
	of := func(f *ledger.AppraisalFigures) entered { return entered{f.Plus, f.Minus, f.HalfDays, f.Present} }
	drafted := map[ledger.Appraised]entered{}
	for i := range a.Rows {
		drafted[a.Rows[i].Of] = of(&a.Rows[i].Figures)
	}
	return slices.ContainsFunc(now, func(r ledger.AppraisalRow) bool { return drafted[r.Of] != of(&r.Figures) })
}

// Unchanged refuses to sign or publish a draft after whose making points or attendance
// were entered; now are the figures as they are.
func (a *Appraisal) Unchanged(now []ledger.AppraisalRow) error {
	if a.EnteredSince(now) {
		return refuse("appraisal_changed", "拟稿后加减分或考勤已有变动，请重新拟稿", "points or attendance were entered since the draft; draft it again")
	}
	return nil
}

// MayMark refuses points for a month that was published, where they would not count.
// last is its last edition, nil for none.
func MayMark(last *Appraisal) error {
	if last != nil && last.State() == Published {
		return refuse("appraisal_closed", "该月考核结果已公布，加减分不再计入", "the month has been published; points given now would not count")
	}
	return nil
}

// MonthOf is the month of a moment (Unix milliseconds), as 2026-11.
func MonthOf(ms int64) string { return calendar.DateOf(time.UnixMilli(ms)).String()[:7] }

// MayDraft tells whether an edition can be drafted: of a month that is over; the
// first one, one that is not published yet, or one that corrects what was
// published. last is the last edition there is, nil for none.
func MayDraft(b *ledger.AppraisalDraftV1, last *Appraisal, at int64) error {
	if b.Month >= MonthOf(at) {
		return refuse("appraisal_month", "该月尚未结束，月末后再考核", "the month is not over; appraise it afterwards")
	}
	next := 1
	if last != nil {
		next = last.Edition
		if last.State() == Published {
			next++
		}
	}
	if b.Edition != next {
		return refuse("appraisal_edition", "考核结果已公布或已有新稿，请刷新；公布后的更正须另出新版并说明理由", "it was published, or drafted anew; load it again. What was published is corrected by a new edition with its reason")
	}
	return nil
}

// MaySign tells whether a draft can be signed: by a second person, who saw this
// draft and no other.
func MaySign(hash string, a *Appraisal, by string) error {
	switch {
	case a == nil:
		return unknown
	case a.State() != Drafted:
		return refuse("appraisal_signed", "考核结果已签字", "it has been signed already")
	case a.Hash != hash:
		return stale
	case a.Drafted.By.Staff == by:
		return refuse("appraisal_own", "须由拟稿人以外的第二人复核签字", "a second person signs, not whoever drafted it")
	}
	return nil
}

// MayPublish tells whether an appraisal can be published.
func MayPublish(hash string, a *Appraisal) error {
	switch {
	case a == nil:
		return unknown
	case a.State() == Published:
		return refuse("appraisal_published", "考核结果已公布", "it has been published already")
	case a.State() != Signed:
		return refuse("appraisal_unsigned", "须先由第二人签字", "a second person signs it first")
	case a.Hash != hash:
		return stale
	}
	return nil
}

var (
	unknown = refuse("appraisal_unknown", "没有这一期考核", "there is no such appraisal")
	stale   = refuse("appraisal_stale", "考核数据已有变动，请重新拟稿", "the figures have changed since; draft it again")
)

// Objection is what a person said against their appraisal, and the answer.
type Objection struct {
	Month      string         `json:"month"`
	Division   division.Code  `json:"division"`
	Department string         `json:"department,omitempty"`
	By         identity.Actor `json:"by"`
	At         int64          `json:"at"`
	Text       string         `json:"text"`
	Answer     *Answer        `json:"answer,omitempty"`
}

// Answer is what became of an objection.
type Answer struct {
	Step
	Upheld bool   `json:"upheld"`
	Text   string `json:"text"`
}

// MayObject tells whether a person can object: once, to what was published of
// them.
func MayObject(known *Objection, published bool) error {
	switch {
	case !published:
		return refuse("appraisal_unpublished", "该月考核结果尚未公布，或不含本人", "nothing was published of you for this month")
	case known != nil:
		return refuse("appraisal_objected", "对同一月考核只能申诉一次", "you have objected to this month already; it is done once")
	}
	return nil
}

// MayAnswer tells whether an objection can be answered: by somebody else, once.
func MayAnswer(o *Objection, by string) error {
	switch {
	case o == nil:
		return refuse("appraisal_no_objection", "没有这条申诉", "there is no such objection")
	case o.Answer != nil:
		return refuse("appraisal_answered", "申诉已答复", "it has been answered")
	case o.By.Staff == by:
		return refuse("appraisal_own", "不得答复本人的申诉", "nobody answers their own objection")
	}
	return nil
}

// Offices are the rows that are not persons'.
func (a *Appraisal) Offices() []ledger.AppraisalRow {
	return slices.DeleteFunc(slices.Clone(a.Rows), func(r ledger.AppraisalRow) bool { return r.Of.Kind == "person" })
}

// Persons are the rows of a division's persons.
func (a *Appraisal) Persons(of division.Code) []ledger.AppraisalRow {
	return slices.DeleteFunc(slices.Clone(a.Rows), func(r ledger.AppraisalRow) bool { return r.Of.Kind != "person" || r.Of.Division != of })
}

// Divisions are those that have persons in it, in order.
func (a *Appraisal) Divisions() []division.Code {
	var all []division.Code
	for i := range a.Rows {
		if r := &a.Rows[i]; r.Of.Kind == "person" && !slices.Contains(all, r.Of.Division) {
			all = append(all, r.Of.Division)
		}
	}
	slices.Sort(all)
	return all
}

// ResultID is the id of the entry that brings a division its persons' results:
// the same at every hub, so that a repeat is the same entry.
func ResultID(month string, edition int, of division.Code) string {
	return ledger.IDFromKey("appraisal", month, fmt.Sprint(edition)+" "+string(of))
}
