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
	submitted, err := s.store.Entry(ctx, c.OpenedBy())
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
	if c.Package != nil {
		out.Joint, out.Gate = printed(c.Package.Number), gen.CaseSummaryGate(c.Gate())
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
		Lacking: c.Lacking, Notice: value(c.Notice), Tolerated: c.Tolerated, AcceptedOn: c.AcceptedOn, Suspensions: c.Suspensions,
		ExtendedBy: c.ExtendedBy, Told: c.Told, Cause: string(c.Cause), TerminatedMs: c.TerminatedMS,
		AcceptedBy: value(c.AcceptedBy), DecidedBy: value(c.DecidedBy), Actions: actionsNow(ctx, c), Package: value(c.Package),
	}
	out.Renews, out.Hearing, out.FirstAsked = c.Renews, value(c.Hearing), c.First
	out.Intents, out.Weighed = c.Intents, c.Weighed
	if out.Summary.Voices, err = s.store.Voices(ctx, c); err != nil {
		return out, err
	}
	out.Authority, out.Online, out.ReceivedOn = c.Authority, c.Online.Account != "", c.Online.ReceivedOn
	if !revealed {
		veil, err := s.veil(ctx, c)
		if err != nil {
			return gen.Case{}, err
		}
		out.Authority = veil.Files(c.Authority)
		shown := veil.Content(contentOf(c))
		out.Applicant, out.Agent, out.Form, out.Materials, out.Applying, out.Documents = shown.Applicant, shown.Agent, shown.Form, shown.Materials, shown.Applying, shown.Documents
	}
	if err := s.later(ctx, c, &out); err != nil {
		return out, err
	}
	if out.Attachments, err = s.caseAttachments(ctx, c); err != nil {
		return out, err
	}
	return out, s.background(ctx, c, &out)
}

// later adds what the applicant brought after hand-in, masked like the rest.
func (s *Server) later(ctx context.Context, c *casework.Case, out *gen.Case) error {
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	out.Supplements, out.WithdrawalAsked = supplements(entries)
	if out.WithdrawalAsked {
		out.Actions = despite(c, out.Actions)
	}
	if out.Supplements, err = s.broughtForAll(ctx, c, entries, out.Supplements); err != nil {
		return err
	}
	if !c.Status.Ended() {
		if out.Awaited, err = s.awaited(ctx, c, out.Supplements, nil); err != nil {
			return err
		}
	}
	out.Opened = opened(entries)
	if out.HearingWishes, err = hearingWishes(entries); err != nil {
		return err
	}
	if out.Statements, err = statementsIn(entries); err != nil {
		return err
	}
	service, err := s.store.Service(ctx, c)
	if err != nil {
		return err
	}
	out.ElectronicService = service == ledger.ServiceElectronic
	if out.Revealed {
		return nil
	}
	veil, err := s.veil(ctx, c)
	if err != nil {
		return err
	}
	for i, b := range out.Supplements {
		out.Supplements[i].Materials, out.Supplements[i].Form = veil.Materials(b.Materials), veil.Form(b.Form)
	}
	out.Hearing.Matter, out.Hearing.Summary = veilText(veil, out.Hearing.Matter), veilText(veil, out.Hearing.Summary)
	veilStatements(veil, out)
	for i, w := range out.HearingWishes {
		out.HearingWishes[i].Party, out.HearingWishes[i].Reason, out.HearingWishes[i].Proof = veil.Party(w.Party, w.Interested), veilText(veil, w.Reason), veil.Files(w.Proof)
	}
	out.Hearing.Parties = veil.Parties(out.Hearing.Parties)
	out.Notice.Points = slices.Clone(out.Notice.Points)
	for i, p := range out.Notice.Points {
		out.Notice.Points[i].How = veil.Text(p.How)
	}
	if n := out.Package.Notice; n != nil {
		shown := *n
		shown.Points = slices.Clone(n.Points)
		for i, p := range shown.Points {
			shown.Points[i].How = veil.Text(p.How)
		}
		out.Package.Notice = &shown
	}
	return nil
}

// background adds who handed a case in, and why it is none, if it is not.
func (s *Server) background(ctx context.Context, c *casework.Case, out *gen.Case) error {
	submitted, err := s.store.Entry(ctx, c.OpenedBy())
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
	if _, open := c.Current(); open && c.Holder == actor.Division {
		for _, k := range c.Possible() {
			info, _ := ledger.Lookup(k, 1)
			if act, ok := actOf[k]; ok && can(info.Action) && (k != ledger.CaseReturn || returnable(c)) && c.Lets(k) && jointLets(c, k) {
				actions = append(actions, act)
			}
		}
	}
	if c.Holder != actor.Division && c.HandsOver(actor.Division) && can(identity.CaseDeliver) {
		actions = append(actions, gen.ActDeliver)
	}
	if c.Package != nil && c.Holder == actor.Division && c.AcceptedMS == 0 && !c.Status.Ended() && can(identity.CaseAccept) {
		actions = append(actions, gen.ActFinding)
	}
	if c.Holder == actor.Division && c.May(ledger.CaseCorrect) == nil && c.Package == nil && c.Online.Account == "" && can(identity.CaseCorrect) {
		actions = append(actions, gen.ActCorrect)
	}
	if !c.Status.Ended() && can(identity.CaseSubmit) {
		actions = append(actions, gen.ActSupplement, gen.ActWithdraw)
	}
	if h := c.Hearing; h != nil && !h.ToldOn.IsZero() && c.Decision == "" && !c.Status.Ended() && can(identity.CaseSubmit) {
		actions = append(actions, gen.ActAskHearing)
	}
	if c.Hears() && can(identity.CaseSubmit) {
		actions = append(actions, gen.ActState)
	}
	if can(identity.CaseComment) {
		actions = append(actions, gen.ActComment)
	}
	return actions
}

// despite are those of some actions that are left while the applicant's wish to withdraw
// is on record: the end, a slip put right, the wish taken back, and a note of it.
func despite(c *casework.Case, actions []gen.CaseActionKind) []gen.CaseActionKind {
	if c.Decision != "" || c.Status.Ended() {
		return actions
	}
	kept := []gen.CaseActionKind{gen.ActWithdraw, gen.ActComment, gen.ActCorrect}
	for _, k := range casework.Despite {
		kept = append(kept, actOf[k])
	}
	return slices.DeleteFunc(actions, func(k gen.CaseActionKind) bool { return !slices.Contains(kept, k) })
}

// jointLets reports whether a joint matter leaves a step to its case: what is
// missing is told once for all, and what waits is not taken up.
func jointLets(c *casework.Case, k ledger.Kind) bool {
	switch k {
	case ledger.CaseRequestSupplement:
		return c.Package == nil
	case ledger.CaseAccept:
		return c.Gate() == casework.GateOpen
	}
	return true
}

// returnable reports whether there is an earlier step to send a case back to.
func returnable(c *casework.Case) bool {
	return slices.ContainsFunc(c.Steps[:c.Step], func(s ledger.Step) bool { return s.Verb != ledger.VerbCollect })
}

// actOf names the kinds of the chain as requests do.
var actOf = map[ledger.Kind]gen.CaseActionKind{
	ledger.CaseRelay: gen.ActRelay, ledger.CaseAccept: gen.ActAccept, ledger.CaseReject: gen.ActReject, ledger.CaseReview: gen.ActReview,
	ledger.CaseReturn: gen.ActReturn, ledger.CaseDecide: gen.ActDecide, ledger.CaseIssue: gen.ActIssue, ledger.CaseDeliver: gen.ActDeliver,
	ledger.CaseRequestSupplement: gen.ActRequestSupplement, ledger.CaseTerminate: gen.ActTerminate, ledger.CaseSuspend: gen.ActSuspend,
	ledger.HearingTell: gen.ActTellHearing, ledger.HearingConvene: gen.ActConveneHearing, ledger.HearingRecord: gen.ActRecordHearing,
	ledger.CaseResume: gen.ActResume, ledger.CaseExtend: gen.ActExtend, ledger.RefusalTell: gen.ActTellRefusal,
}
