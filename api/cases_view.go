package api

import (
	"context"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
)

// summary is a case as a list shows it; always masked.
func (s *Server) summary(ctx context.Context, c *casework.Case) (gen.CaseSummary, error) {
	submitted, err := s.store.Entry(ctx, c.ID)
	if err != nil {
		return gen.CaseSummary{}, err
	}
	return s.summaryAs(ctx, c, s.word(submitted, c)), nil
}

// summaryAs is the summary of a case whose submission has come as far as w.
func (s *Server) summaryAs(ctx context.Context, c *casework.Case, w gen.Word) gen.CaseSummary {
	out := gen.CaseSummary{
		Id: c.ID, Number: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: c.Department,
		Division: c.Division, HandedInAt: c.HandedInAt, Holder: c.Holder, Status: c.Status, StatusZh: statusZH[c.Status],
		ApplicantName: privacy.Applicant(c.Applicant).Name, HandedInMs: c.HandedInMS, Word: w, WordZh: wordZH[w], Flags: c.Flags,
	}
	if step, open := c.Current(); open {
		out.WaitsFor = step
	}
	if actor, err := actorOf(ctx); err == nil {
		out.WaitingForMe = waitsFor(actor, c)
	}
	return out
}

// detail is a case with everything in it.
func (s *Server) detail(ctx context.Context, c *casework.Case, revealed bool) (gen.Case, error) {
	summary, err := s.summary(ctx, c)
	if err != nil {
		return gen.Case{}, err
	}
	out := gen.Case{
		Summary: summary, ItemVersion: c.ItemVersion, Steps: c.Steps, Step: c.Step, Applicant: c.Applicant, Agent: c.Agent, Form: c.Form,
		Materials: c.Materials, Applying: c.Applying, Documents: c.Documents, Corrects: c.Corrects, Head: c.Head, Revealed: revealed,
		AcceptedMs: c.AcceptedMS, DecidedMs: c.DecidedMS, IssuedMs: c.IssuedMS, DeliveredMs: c.DeliveredMS,
		AcceptedBy: value(c.AcceptedBy), DecidedBy: value(c.DecidedBy), Actions: actionsNow(ctx, c),
	}
	if !revealed {
		veil, err := s.veil(ctx, c)
		if err != nil {
			return gen.Case{}, err
		}
		shown := veil.Content(contentOf(c))
		out.Applicant, out.Agent, out.Form, out.Materials, out.Applying, out.Documents = shown.Applicant, shown.Agent, shown.Form, shown.Materials, shown.Applying, shown.Documents
	}
	if out.Attachments, err = s.caseAttachments(ctx, c); err != nil {
		return out, err
	}
	return out, s.background(ctx, c, &out)
}

// background adds who handed a case in, and why it is none, if it is not.
func (s *Server) background(ctx context.Context, c *casework.Case, out *gen.Case) error {
	submitted, err := s.store.Entry(ctx, c.ID)
	if err != nil {
		return err
	}
	out.HandedInBy = submitted.Actor
	if c.Status.Aside() {
		if out.Setback, err = s.setback(ctx, c, out.Revealed); err != nil {
			return err
		}
	}
	others, err := s.readableAside(ctx, c.Number)
	for i := range others {
		if id := others[i].Row; id != c.ID {
			out.Also = append(out.Also, id)
		}
	}
	return err
}

func (s *Server) caseAttachments(ctx context.Context, c *casework.Case) ([]gen.CaseAttachment, error) {
	files, err := s.store.AttachmentsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	var out []gen.CaseAttachment
	for _, f := range files {
		if slices.ContainsFunc(out, func(a gen.CaseAttachment) bool { return a.Hash == f.Hash }) {
			continue
		}
		here, err := s.blobs.Has(f.Hash)
		if err != nil {
			return nil, err
		}
		out = append(out, gen.CaseAttachment{Hash: f.Hash, Here: here, AtCounty: f.Confirmed})
	}
	return out, nil
}

// actionsNow are the kinds of action the caller may take on a case as it is.
func actionsNow(ctx context.Context, c *casework.Case) []gen.CaseActionKind {
	actions := []gen.CaseActionKind{}
	actor, err := actorOf(ctx)
	if err != nil {
		return actions
	}
	if c.Status.Aside() {
		return actions
	}
	can := func(a identity.Action) bool { _, err := actor.As(a, targetOf(c)); return err == nil }
	if step, open := c.Current(); open && c.Holder == actor.Division {
		if kind, ok := stepKinds[step.Verb]; ok && can(stepActions[step.Verb]) {
			actions = append(actions, kind)
		}
		if step.Verb == ledger.VerbAccept && c.Status == casework.HandedIn && can(identity.CaseReject) {
			actions = append(actions, gen.ActReject)
		}
		undecided := c.Status == casework.HandedIn || c.Status == casework.Accepted
		back := slices.ContainsFunc(c.Steps[:c.Step], func(s ledger.Step) bool { return s.Verb != ledger.VerbCollect })
		if undecided && back && can(identity.CaseReturn) {
			actions = append(actions, gen.ActReturn)
		}
	}
	if can(identity.CaseComment) {
		actions = append(actions, gen.ActComment)
	}
	return actions
}

var stepKinds = map[ledger.Verb]gen.CaseActionKind{
	ledger.VerbRelay: gen.ActRelay, ledger.VerbAccept: gen.ActAccept, ledger.VerbPreReview: gen.ActReview, ledger.VerbReview: gen.ActReview,
	ledger.VerbDecide: gen.ActDecide, ledger.VerbIssue: gen.ActIssue, ledger.VerbDeliver: gen.ActDeliver,
}
