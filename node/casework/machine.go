package casework

import (
	"slices"

	"github.com/tongban/tongban/node/ledger"
)

// Transition says when an entry may happen to a case, and what the case may be
// after it.
type Transition struct {
	Kind ledger.Kind
	// At is the step that the case waits at; any step where there is none.
	At   []ledger.Verb
	From []Status
	To   []Status
}

// Transitions are the whole life of a case: what is not in here cannot happen.
// Who may do it is in identity.Grants.
var Transitions = []Transition{
	{ledger.CaseRelay, at(ledger.VerbRelay), in(HandedIn, Accepted), in(HandedIn, Accepted)},

	{ledger.CaseRequestSupplement, at(ledger.VerbAccept), in(HandedIn, Supplementing), in(Supplementing)},
	{ledger.CaseReject, at(ledger.VerbAccept), in(HandedIn, Supplementing), in(NotAccepted)},
	// A case that was returned is accepted again; its clock runs on. One that
	// waits to be passed on can only be deemed accepted.
	{ledger.CaseAccept, at(ledger.VerbAccept, ledger.VerbRelay), in(HandedIn, Supplementing, Accepted), in(Accepted)},

	{ledger.CaseReview, at(ledger.VerbPreReview, ledger.VerbReview), in(Accepted), in(Accepted)},
	{ledger.CaseReturn, nil, in(HandedIn, Accepted), in(HandedIn, Accepted)},
	{ledger.CaseSuspend, nil, in(Accepted), in(Accepted)},
	{ledger.CaseResume, nil, in(Accepted), in(Accepted)},
	{ledger.CaseExtend, nil, in(Accepted), in(Accepted)},
	// The right to a hearing, the notice of it and its record (art. 46 to 48).
	{ledger.HearingTell, nil, in(Accepted), in(Accepted)},
	{ledger.HearingConvene, nil, in(Accepted), in(Accepted)},
	{ledger.HearingRecord, nil, in(Accepted), in(Accepted)},
	// That a refusal is intended is told before, with time to be heard (art. 7, 36).
	{ledger.RefusalTell, nil, in(Accepted), in(Accepted)},
	{ledger.CaseTerminate, nil, in(HandedIn, Supplementing, Accepted), in(Terminated)},

	// A name or number that was mistyped is put right at any time, for the case may
	// lie in another person's account because of it.
	{ledger.CaseCorrect, nil, Statuses, Statuses},

	{ledger.CaseDecide, at(ledger.VerbDecide), in(Accepted), in(Granted, Declined)},
	{ledger.CaseIssue, at(ledger.VerbIssue), in(Granted, Declined), in(Issued)},
	{ledger.CaseDeliver, at(ledger.VerbDeliver), in(Issued), in(Closed)},
}

func at(verbs ...ledger.Verb) []ledger.Verb { return verbs }
func in(statuses ...Status) []Status        { return statuses }

// May tells whether an entry of a kind can happen to the case as it is, as far
// as its step and its status say. The error is a *Refusal.
func (c *Case) May(k ledger.Kind) error {
	step, open := c.Current()
	if !open && (k != ledger.CaseCorrect || c.Status.Aside()) {
		return refuse("case_ended", "办件已办结，不能再办理", "the case has ended")
	}
	i := slices.IndexFunc(Transitions, func(t Transition) bool { return t.Kind == k })
	if i < 0 {
		return refuse("wrong_kind", "该操作不适用于办件", "this entry is not a step of a case")
	}
	switch t := Transitions[i]; {
	case len(t.At) > 0 && !slices.Contains(t.At, step.Verb):
		return wrongStep(step)
	case slices.Contains(t.From, c.Status):
		return nil
	case c.Decision != "":
		return refuse("decided", "办件已作出决定，不能再进行此操作", "the case has been decided; this can no longer be done")
	case c.Status == Accepted:
		return refuse("accepted", "办件已受理，不能再进行此操作", "the case has been accepted; this can no longer be done")
	}
	return refuse("not_accepted_yet", "办件尚未受理，请先受理", "the case has not been accepted yet; accept it first")
}

// Possible are the kinds of entries that can happen to the case as it is, in
// the order of Transitions.
func (c *Case) Possible() []ledger.Kind {
	var kinds []ledger.Kind
	step, _ := c.Current()
	for _, t := range Transitions {
		if t.Kind == ledger.CaseAccept && step.Verb == ledger.VerbRelay {
			continue // the law's own doing
		}
		if c.May(t.Kind) == nil {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}

func wrongStep(step ledger.Step) error {
	return refuse("wrong_step", "办件当前环节不是该操作："+VerbZH(step.Verb), "the case waits at another step: "+string(step.Verb))
}
