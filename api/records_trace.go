package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/onfile"
)

// One form, filled once, as whose papers they are sees it, and whoever looks after
// what was done with them:
//
//	GET  /api/v1/my/record             GetMyRecord
//	POST /api/v1/my/record/consents    GiveMyConsent
//	POST /api/v1/my/record/withdrawal  WithdrawMyConsent

// tracedLooks is how many looks a trace has, the latest.
const tracedLooks = 200

// GetMyRecord shows an applicant what is on file of them.
func (s *Server) GetMyRecord(ctx context.Context, in gen.GetMyRecordRequestObject) (gen.GetMyRecordResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	consents, err := s.store.Consents(ctx, v.Type, v.Number)
	if err != nil {
		return nil, err
	}
	cases, err := s.store.CasesOf(ctx, v.Type, v.Number, func(name string) bool { return v.Is(v.Type, v.Number, name) }, recordCases)
	if err != nil {
		return nil, err
	}
	trace, err := s.traceOf(ctx, v.Type, v.Number, consents, cases)
	if err != nil {
		return nil, err
	}
	out := gen.GetMyRecord200JSONResponse{Consents: trace.Consents, Uses: trace.Uses, Looks: trace.Looks, Papers: []gen.PaperOnFile{}}
	papers, err := s.onFileOf(ctx, cases)
	if err != nil {
		return nil, err
	}
	now := s.o.Now().UnixMilli()
	numbers := map[string]string{}
	for i := range cases {
		numbers[cases[i].ID] = printed(cases[i].Number)
	}
	add := func(name string, p *onfile.Paper) {
		use := onfile.Use{Type: v.Type, Number: v.Number, Name: p.Name, AtMS: now, Attachments: p.Attachments}
		shown := shownPaper(name, p, onfile.Check(p, consents, use))
		shown.Case = numbers[p.Case]
		out.Papers = append(out.Papers, shown)
	}
	if in.Params.Item == "" && in.Params.Package == "" {
		for i := range papers {
			add(papers[i].Material, &papers[i])
		}
		return out, nil
	}
	asks, err := s.askingOf(ctx, in.Params.Item, in.Params.Package, in.Params.Items)
	if err != nil {
		return nil, err
	}
	for _, p := range asks.papers {
		if is := best(papers, p, now); is != nil {
			add(p.name, is)
		}
	}
	return out, nil
}

// GiveMyConsent records an applicant's own consent.
func (s *Server) GiveMyConsent(ctx context.Context, in gen.GiveMyConsentRequestObject) (gen.GiveMyConsentResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	id := s.node.ActionID(v.ID, in.Params.IdempotencyKey)
	out, err := s.consented(ctx, Action{Actor: v.actor(), Kind: ledger.RecordConsent, Key: in.Params.IdempotencyKey,
		Body: &ledger.RecordConsentV1{Consent: id, Type: v.Type, Number: v.Number, Name: v.Name, Division: v.Home, Purposes: purposesOf(in.Body.Purposes), Until: s.consentEnd(in.Body.Until)}})
	return gen.GiveMyConsent201JSONResponse(out), err
}

// WithdrawMyConsent withdraws all that an applicant agreed to.
func (s *Server) WithdrawMyConsent(ctx context.Context, in gen.WithdrawMyConsentRequestObject) (gen.WithdrawMyConsentResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	consents, err := s.store.Consents(ctx, v.Type, v.Number)
	if err != nil {
		return nil, err
	}
	if len(consents) == 0 {
		return nil, errNoConsentKnown
	}
	out, err := s.withdrawn(ctx, v.actor(), consents, in.Body.Reason, in.Params.IdempotencyKey)
	return gen.WithdrawMyConsent200JSONResponse(out), err
}

// TraceRecord shows those who read who looked at what what was done with the
// papers of one number, within their area.
func (s *Server) TraceRecord(ctx context.Context, in gen.TraceRecordRequestObject) (gen.TraceRecordResponseObject, error) {
	within, err := s.within(ctx, identity.RevealRead, "")
	if err != nil {
		return nil, err
	}
	kind, number := string(in.Body.Type), plainNumber(in.Body.Number)
	all, err := s.store.Consents(ctx, kind, number)
	if err != nil {
		return nil, err
	}
	var consents []onfile.Consent
	for _, c := range all {
		if within == "" || within.Contains(c.Division) {
			consents = append(consents, c)
		}
	}
	if len(consents) == 0 {
		return nil, errNoConsentKnown
	}
	known := func(name string) bool {
		for _, c := range consents {
			if account.SameName(c.Name, name) {
				return true
			}
		}
		return false
	}
	cases, err := s.store.CasesOf(ctx, kind, number, known, recordCases)
	if err != nil {
		return nil, err
	}
	var here []casework.Case
	for i := range cases {
		if within == "" || within.Contains(cases[i].Division) {
			here = append(here, cases[i])
		}
	}
	trace, err := s.traceOf(ctx, kind, number, consents, here)
	return gen.TraceRecord200JSONResponse(trace), err
}

// traceOf is what was done with somebody's papers: of these consents, for these
// cases.
func (s *Server) traceOf(ctx context.Context, kind, number string, consents []onfile.Consent, cases []casework.Case) (gen.RecordTrace, error) {
	out := gen.RecordTrace{Consents: []gen.ConsentState{}, Uses: []gen.PaperUse{}, Looks: []gen.RecordLook{}}
	now := s.o.Now().UnixMilli()
	ids := map[string]bool{}
	for _, c := range consents {
		ids[c.ID] = true
		state := gen.ConsentState{Consent: c.ID, Division: string(c.Division), Purposes: []gen.Purpose{}, GivenMs: c.GivenMS, Until: c.Until, By: c.By, WithdrawnMs: c.WithdrawnMS, WithdrawnBy: c.WithdrawnBy}
		for _, p := range c.Purposes {
			state.Purposes = append(state.Purposes, gen.Purpose(p))
			is, err := onfile.Agreed(consents, c.Name, p, now)
			state.InForce = state.InForce || err == nil && is.ID == c.ID
		}
		out.Consents = append(out.Consents, state)
	}
	for i := range cases {
		if err := s.usesOf(ctx, &cases[i], consents, &out); err != nil {
			return out, err
		}
	}
	looks, err := s.store.RecordLooks(ctx, kind, number, tracedLooks)
	if err != nil {
		return out, err
	}
	for i := range looks {
		body, err := looks[i].Decode()
		if err != nil {
			return out, err
		}
		if b, ok := body.(*ledger.RecordLookV1); ok && ids[b.Consent] {
			out.Looks = append(out.Looks, gen.RecordLook{At: looks[i].OccurredAt, For: b.For, By: looks[i].Actor, Division: string(looks[i].Scope)})
		}
	}
	return out, nil
}

// usesOf adds the papers on file that a case names.
func (s *Server) usesOf(ctx context.Context, c *casework.Case, consents []onfile.Consent, out *gen.RecordTrace) error {
	for _, m := range c.Materials {
		if m.OnFile == (catalog.OnFile{}) {
			continue
		}
		use := gen.PaperUse{Material: m.Name, Case: printed(c.Number), ItemName: c.ItemName, At: c.HandedInMS}
		if source, err := s.store.Case(ctx, m.OnFile.Case); err == nil {
			use.Source = printed(source.Number)
		}
		submitted, err := s.store.Entry(ctx, c.OpenedBy())
		if err != nil {
			return err
		}
		use.By = submitted.Actor
		if _, err := onfile.Agreed(consents, c.Applicant.Name, ledger.ConsentPapers, submitted.OccurredAt-submitted.SkewMS); err != nil {
			use.AfterWithdrawal = true
		}
		out.Uses = append(out.Uses, use)
	}
	return nil
}
