// Package result is what becomes of what a case ended in: the licences and
// certificates that were issued, until when they hold, and that they were put
// right, made out again, revoked or cancelled. It is pure.
//
// What happens stands beside the case and adds up: the file of a case is what
// its entries make, in the order of the ledger. The case itself stays as it was
// decided; its clock has ended and nothing here starts it again.
package result

import (
	"slices"
	"strconv"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// State is what a result is worth.
type State string

// The states of a result.
const (
	Valid      State = "valid"      // 有效
	Superseded State = "superseded" // 已更正，由新件取代
	Reissued   State = "reissued"   // 已补发，原件作废
	Revoked    State = "revoked"    // 已撤销
	Cancelled  State = "cancelled"  // 已注销
	// Expired and DeemedRenewed follow from the day alone; see StateOn.
	Expired       State = "expired"        // 已过有效期
	DeemedRenewed State = "deemed_renewed" // 逾期未作决定，视为准予延续
)

// Result is one result of a case.
type Result struct {
	// ID is its place among those that were issued, from 1, or the entry that made
	// it.
	ID     string `json:"id"`
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
	// From is the day it was made out, Until the last day on which it holds; none
	// where it has no end.
	From  calendar.Date `json:"from"`
	Until calendar.Date `json:"until,omitzero"`
	State State         `json:"state"`
	// EndedOn is the day on which it was superseded, made out again, revoked or
	// cancelled, Why the reason, By what takes its place.
	EndedOn calendar.Date `json:"ended_on,omitzero"`
	Why     string        `json:"why,omitempty"`
	By      string        `json:"replaced_by,omitempty"`
}

// Proposal is a measure that was proposed, with what came of it.
type Proposal struct {
	ID string `json:"id"`
	ledger.ResultProposeV1
	AtMS       int64          `json:"at_ms"`
	ProposedBy identity.Actor `json:"proposed_by"`
	Statements []Statement    `json:"statements,omitempty"`
	// Decision is nil while it is open.
	Decision *Decision `json:"decision,omitempty"`
}

// Statement is what the holder said of it.
type Statement struct {
	AtMS   int64          `json:"at_ms"`
	By     identity.Actor `json:"by"` // whose desk took it
	Text   string         `json:"text"`
	Waived bool           `json:"waived,omitempty"`
}

// Decision is what the authority's leader decided.
type Decision struct {
	Entry   string         `json:"entry"`
	AtMS    int64          `json:"at_ms"`
	By      identity.Actor `json:"by"`
	Agreed  bool           `json:"agreed"`
	Reasons string         `json:"reasons"`
	// Served is nil while it was not served.
	Served *Served `json:"served,omitempty"`
}

// Served is how the decision was served, and by whom.
type Served struct {
	Entry     string         `json:"entry"`
	AtMS      int64          `json:"at_ms"`
	By        identity.Actor `json:"by"`
	Recipient string         `json:"recipient"`
	Method    string         `json:"method"`
	Relation  string         `json:"relation,omitempty"`
	Witness   string         `json:"witness,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Since     calendar.Date  `json:"since,omitzero"`
}

// File is all that is known of a case's results.
type File struct {
	Results   []Result   `json:"results"`
	Proposals []Proposal `json:"proposals"`
}

// Kinds are the kinds of entries that make a file.
var Kinds = []ledger.Kind{ledger.ResultPropose, ledger.ResultState, ledger.ResultDecide, ledger.ResultReissue, ledger.ResultServe}

// Of is the file of a case to which nothing has happened since it was issued.
func Of(c *casework.Case) File {
	var f File
	for i, d := range c.Documents {
		f.Results = append(f.Results, Result{ID: strconv.Itoa(i + 1), Name: d.Name, Number: d.Number, From: day(c.IssuedMS), Until: until(d), State: Valid})
	}
	return f
}

// Authority is the division that decided a case and answers for its results,
// wherever it was handed over.
func Authority(c *casework.Case) division.Code { return c.HolderAt(ledger.VerbDecide) }

// Apply is what one entry makes of a file. The file given is not changed. The
// error is a *casework.Refusal.
func Apply(f File, c *casework.Case, e *ledger.Entry, body ledger.Body, from division.Code) (File, error) {
	next := File{slices.Clone(f.Results), slices.Clone(f.Proposals)}
	if !anywhere(body) && from != Authority(c) {
		return f, refuse("not_authority", "只有作出决定的机关可以更正、补发、撤销或注销", "only the authority that decided the case does anything about its results")
	}
	var err error
	switch b := body.(type) {
	case *ledger.ResultProposeV1:
		err = next.propose(c, e, b)
	case *ledger.ResultStateV1:
		err = next.state(e, b)
	case *ledger.ResultDecideV1:
		err = next.decide(e, b)
	case *ledger.ResultReissueV1:
		err = next.reissue(e, b)
	case *ledger.ResultServeV1:
		err = next.serve(c, e, b)
	}
	if err != nil {
		return f, err
	}
	return next, nil
}

// anywhere reports whether something is done at any desk: what the holder says, and what
// is handed to them.
func anywhere(body ledger.Body) bool {
	switch body.(type) {
	case *ledger.ResultStateV1, *ledger.ResultServeV1:
		return true
	}
	return false
}

func (f *File) propose(c *casework.Case, e *ledger.Entry, b *ledger.ResultProposeV1) error {
	r, err := f.standing(b.Result)
	if err != nil {
		return err
	}
	today := day(e.OccurredAt)
	switch {
	case f.open(r.ID) != nil:
		return errOpen
	case b.Measure != ledger.ResultCorrect && c.Decision != casework.Granted:
		return refuse("not_granted", "未准予的事项没有可以撤销、注销的结果", "nothing was granted that could be revoked or cancelled")
	case b.Measure == ledger.ResultCorrect && b.Replacement.Name != r.Name:
		return refuse("correction_name", "更正的是“"+r.Name+"”，名称不能改变；应发其他证照的请重新办理", "a correction makes out the same kind of document: "+r.Name)
	case b.Measure == ledger.ResultCorrect && b.Replacement.Number == r.Number:
		return refuse("same_number", "更正后须用新的编号，原件才能区别", "what takes its place needs another number, so that the two can be told apart")
	case b.Measure == ledger.ResultCorrect && f.numbered(b.Replacement):
		return casework.NumberTaken(b.Replacement)
	case b.Ground == ledger.GroundExpired && (r.Until.IsZero() || !today.After(r.Until)):
		return refuse("not_expired", "有效期尚未届满，不能以此注销", "it has not expired")
	}
	if ledger.Heard(b.Measure) {
		if err := casework.CheckHeardDays(b.Before, today); err != nil {
			return err
		}
	}
	f.Proposals = append(f.Proposals, Proposal{ID: e.ID, ResultProposeV1: *b, AtMS: e.OccurredAt, ProposedBy: e.Actor})
	return nil
}

func (f *File) state(e *ledger.Entry, b *ledger.ResultStateV1) error {
	p, err := f.proposal(b.Proposal)
	if err != nil {
		return err
	}
	if p.ProposedBy.Staff == e.Actor.Staff {
		return refuse("statement_by_proposer", "提出人不能代持有人登记意见，请由其他人员登记", "whoever proposed it does not take down what the holder says; somebody else does")
	}
	if err := casework.CheckWaiver(e.Actor, b.Waived, b.Proof); err != nil {
		return err
	}
	p.Statements = append(slices.Clip(p.Statements), Statement{e.OccurredAt, e.Actor, b.Text, b.Waived})
	return nil
}

func (f *File) decide(e *ledger.Entry, b *ledger.ResultDecideV1) error {
	p, err := f.proposal(b.Proposal)
	if err != nil {
		return err
	}
	r, err := f.standing(p.Result)
	if err != nil && b.Agreed {
		return err
	}
	switch {
	case p.ProposedBy.Staff == e.Actor.Staff:
		return refuse("same_person", "提出人不能自行决定，请由其他有权人员决定", "whoever proposed it does not decide it")
	case b.Agreed && ledger.Heard(p.Measure) && len(p.Statements) == 0 && !day(e.OccurredAt).After(p.Before):
		return refuse("holder_unheard", "持有人陈述申辩的期限到 "+p.Before.String()+"，期满或听取意见后才能决定", "the holder may state and defend until "+p.Before.String()+"; decide after that, or after hearing them")
	}
	p.Decision = &Decision{Entry: e.ID, AtMS: e.OccurredAt, By: e.Actor, Agreed: b.Agreed, Reasons: b.Reasons}
	if !b.Agreed {
		return nil
	}
	if p.Measure == ledger.ResultCorrect && f.numbered(p.Replacement) {
		return casework.NumberTaken(p.Replacement)
	}
	r.EndedOn, r.Why = day(e.OccurredAt), p.Reason
	switch p.Measure {
	case ledger.ResultCorrect:
		r.State, r.By = Superseded, e.ID
		f.Results = append(f.Results, Result{ID: e.ID, Name: p.Replacement.Name, Number: p.Replacement.Number, From: day(e.OccurredAt), Until: until(p.Replacement), State: Valid})
	case ledger.ResultRevoke:
		r.State = Revoked
	case ledger.ResultCancel:
		r.State = Cancelled
	}
	return nil
}

func (f *File) serve(c *casework.Case, e *ledger.Entry, b *ledger.ResultServeV1) error {
	i := slices.IndexFunc(f.Proposals, func(p Proposal) bool { return p.ID == b.Proposal })
	switch {
	case i < 0:
		return refuse("proposal_unknown", "没有这项拟办决定，请核对后再办", "there is no such proposal in this case; look it up again")
	case f.Proposals[i].Decision == nil || !f.Proposals[i].Decision.Agreed:
		return refuse("result_undecided", "没有作出更正、撤销或注销的决定，没有可以送达的决定书", "nothing was decided that could be served")
	case f.Proposals[i].Decision.Served != nil:
		return refuse("result_served", "该决定书已送达", "the decision was served already")
	}
	d := *f.Proposals[i].Decision
	if err := c.CheckService(e, b.Delivery(), d.AtMS); err != nil {
		return err
	}
	d.Served = &Served{e.ID, e.OccurredAt, e.Actor, b.Recipient, b.Method, b.Relation, b.Witness, b.Reason, b.Since}
	f.Proposals[i].Decision = &d
	return nil
}

func (f *File) reissue(e *ledger.Entry, b *ledger.ResultReissueV1) error {
	r, err := f.standing(b.Result)
	today := day(e.OccurredAt)
	switch {
	case err != nil:
		return err
	case f.open(r.ID) != nil:
		return errOpen
	case b.Number == r.Number:
		return refuse("same_number", "补发须用新的编号，原件才能作废", "what is made out again needs another number, so that the lost one is void")
	case f.numbered(ledger.IssuedDocument{Name: r.Name, Number: b.Number}):
		return casework.NumberTaken(ledger.IssuedDocument{Name: r.Name, Number: b.Number})
	case r.StateOn(today, nil) == Expired:
		return refuse("result_expired", "已过有效期，不能补发，请申请延续或重新办理", "it has expired and is not made out again; apply for it anew")
	}
	fresh := Result{ID: e.ID, Name: r.Name, Number: b.Number, From: today, Until: r.Until, State: Valid}
	r.State, r.EndedOn, r.Why, r.By = Reissued, today, b.Reason, e.ID
	f.Results = append(f.Results, fresh)
	return nil
}

// numbered reports whether a result of the same kind has the same number.
func (f *File) numbered(d ledger.IssuedDocument) bool {
	return slices.ContainsFunc(f.Results, func(r Result) bool { return r.Name == d.Name && r.Number == d.Number })
}

// Worst is what the results of a number are worth on a day: where there are
// several, the one that is worth least is told; nil for none.
func (f *File) Worst(number string, on calendar.Date, renewals []*casework.Case) *Result {
	var worst *Result
	for i := range f.Results {
		if r := &f.Results[i]; r.Number == number && (worst == nil || rank(r.StateOn(on, renewals)) < rank(worst.StateOn(on, renewals))) {
			worst = r
		}
	}
	return worst
}

// rank orders the states by what they are worth, the least first.
func rank(s State) int {
	return slices.Index([]State{Revoked, Cancelled, Superseded, Reissued, Expired, DeemedRenewed, Valid}, s)
}

// standing finds a result that holds.
func (f *File) standing(id string) (*Result, error) {
	for i := range f.Results {
		switch r := &f.Results[i]; {
		case r.ID != id:
		case r.State != Valid:
			return r, refuse("result_ended", "该证照已更正、补发、撤销或注销", "it was superseded, made out again, revoked or cancelled already")
		default:
			return r, nil
		}
	}
	return nil, refuse("result_unknown_id", "没有这份结果，请核对后再办", "the case has no such result; look it up again")
}

// open is the proposal about a result that is not decided; nil for none.
func (f *File) open(id string) *Proposal {
	for i := range f.Proposals {
		if p := &f.Proposals[i]; p.Result == id && p.Decision == nil {
			return p
		}
	}
	return nil
}

// Open is the first proposal that is not decided; nil for none.
func (f *File) Open() *Proposal {
	for i := range f.Results {
		if p := f.open(f.Results[i].ID); p != nil {
			return p
		}
	}
	return nil
}

// Heard reports whether the holder said something of a measure that is not decided.
func (f *File) Heard() bool {
	return slices.ContainsFunc(f.Proposals, func(p Proposal) bool {
		return p.Decision == nil && slices.ContainsFunc(p.Statements, func(s Statement) bool { return !s.Waived })
	})
}

// proposal finds one that is not decided.
func (f *File) proposal(id string) (*Proposal, error) {
	for i := range f.Proposals {
		switch p := &f.Proposals[i]; {
		case p.ID != id:
		case p.Decision != nil:
			return nil, refuse("proposal_decided", "已作出决定", "it was decided already")
		default:
			return p, nil
		}
	}
	return nil, refuse("proposal_unknown", "没有这项拟办决定，请核对后再办", "there is no such proposal in this case; look it up again")
}

// Ended is the day on which the last result that held was revoked or cancelled,
// with the state and the reason; no day while one holds.
func (f *File) Ended() (on calendar.Date, state State, why string) {
	for i := range f.Results {
		switch r := &f.Results[i]; r.State {
		case Valid:
			return calendar.Date{}, Valid, ""
		case Revoked, Cancelled:
			if !r.EndedOn.Before(on) {
				on, state, why = r.EndedOn, r.State, r.Why
			}
		}
	}
	return on, state, why
}

// Unserved are the decisions that were not served yet, by what proposed them.
func (f *File) Unserved() (ids []string) {
	for i := range f.Proposals {
		if d := f.Proposals[i].Decision; d != nil && d.Agreed && d.Served == nil {
			ids = append(ids, f.Proposals[i].ID)
		}
	}
	return ids
}

// Last is the last proposal of a measure; nil for none.
func (f *File) Last(measures ...ledger.ResultMeasure) (p *Proposal, nth int) {
	for i := range f.Proposals {
		if slices.Contains(measures, f.Proposals[i].Measure) {
			p, nth = &f.Proposals[i], nth+1
		}
	}
	return p, nth
}

// Find is the result of an id; nil for none.
func (f *File) Find(id string) *Result {
	for i := range f.Results {
		if f.Results[i].ID == id {
			return &f.Results[i]
		}
	}
	return nil
}

var errOpen = refuse("proposal_open", "该证照已有拟办的更正、撤销或注销，请先作出决定", "a measure about it is proposed; decide on that first")

func until(d ledger.IssuedDocument) calendar.Date {
	on, err := calendar.Parse(d.ValidUntil)
	if err != nil {
		return calendar.Date{}
	}
	return on
}

func day(ms int64) calendar.Date { return calendar.DateOf(time.UnixMilli(ms)) }

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
