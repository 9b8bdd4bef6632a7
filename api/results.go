package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store"
)

// What becomes of what was issued:
//
//	GET  /api/v1/cases/{id}/results  GetCaseResults
//	POST /api/v1/cases/{id}/results  ActOnCaseResults
//	GET  /api/v1/results/expiring    ListExpiring
//	POST /api/v1/verify/result       VerifyResult

// GetCaseResults shows what became of a case's results.
func (s *Server) GetCaseResults(ctx context.Context, in gen.GetCaseResultsRequestObject) (gen.GetCaseResultsResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	out, err := s.results(ctx, c)
	return gen.GetCaseResults200JSONResponse(out), err
}

// ActOnCaseResults proposes, decides, or makes out again.
func (s *Server) ActOnCaseResults(ctx context.Context, in gen.ActOnCaseResultsRequestObject) (gen.ActOnCaseResultsResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kind, body, err := resultBody(in.Body)
	if err != nil {
		return nil, err
	}
	if err := s.proofHere(ctx, body); err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.ResultServeV1); ok {
		if err := s.resultServed(ctx, c, b); err != nil {
			return nil, err
		}
	}
	recorded, err := s.recordOf(ctx, c, kind, body, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	out, err := s.results(ctx, c)
	return gen.ActOnCaseResults200JSONResponse{Results: out, Recorded: recorded}, err
}

// resultBody is what a request about a result says.
func resultBody(in *gen.ResultAction) (ledger.Kind, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.ResultActPropose:
		need.text("result", in.Result)
		need.text("measure", string(in.Measure))
		need.text("reason", in.Reason)
		ground := in.Ground
		switch in.Measure {
		case ledger.ResultCorrect:
			ground = ledger.GroundClerical
			need.text("replacement.name", in.Replacement.Name)
			need.text("replacement.number", in.Replacement.Number)
			if until := in.Replacement.ValidUntil; until != "" {
				_, err := calendar.Parse(until)
				need.that("replacement.valid_until", err == nil)
			}
		case ledger.ResultRevoke:
			need.text("ground", string(ground))
			need.that("before", !in.Before.IsZero())
		case ledger.ResultCancel:
			need.text("ground", string(ground))
		}
		b := &ledger.ResultProposeV1{Result: in.Result, Measure: in.Measure, Ground: ground, Reason: in.Reason, Replacement: in.Replacement, Before: in.Before}
		if len(need) == 0 && b.Check() != nil {
			need.that("ground", false)
		}
		return ledger.ResultPropose, b, need.err()
	case gen.ResultActState:
		need.text("proposal", in.Proposal)
		need.text("text", in.Text)
		return ledger.ResultState, &ledger.ResultStateV1{Proposal: in.Proposal, Text: in.Text, Waived: in.Waived, Proof: in.Proof}, need.err()
	case gen.ResultActDecide:
		need.text("proposal", in.Proposal)
		need.text("reasons", in.Reasons)
		need.that("agreed", in.Agreed != nil)
		return ledger.ResultDecide, &ledger.ResultDecideV1{Proposal: in.Proposal, Agreed: value(in.Agreed), Reasons: in.Reasons}, need.err()
	case gen.ResultActServe:
		need.text("proposal", in.Proposal)
		need.text("recipient", in.Recipient)
		need.text("method", string(in.Method))
		return ledger.ResultServe, &ledger.ResultServeV1{Proposal: in.Proposal, Recipient: in.Recipient, Method: string(in.Method), Proof: in.Proof, Relation: in.Relation, Witness: in.Witness, Reason: in.Reason, Since: in.Since, Consent: in.Consent}, need.err()
	case gen.ResultActReissue:
		need.text("result", in.Result)
		need.text("number", in.Number)
		need.text("reason", in.Reason)
		return ledger.ResultReissue, &ledger.ResultReissueV1{Result: in.Result, Number: in.Number, Reason: in.Reason}, need.err()
	}
	return "", nil, errInvalid
}

// results are a case's results as the caller may see them: what people wrote is
// masked like the rest of the case.
func (s *Server) results(ctx context.Context, c *casework.Case) (gen.CaseResults, error) {
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return gen.CaseResults{}, err
	}
	renewals, err := s.store.Renewals(ctx, c.ID)
	if err != nil {
		return gen.CaseResults{}, err
	}
	veil, err := s.veil(ctx, c)
	if err != nil {
		return gen.CaseResults{}, err
	}
	out := gen.CaseResults{Case: c.ID, Number: printed(c.Number), ItemName: c.ItemName, Results: []gen.CaseResult{}, Proposals: []gen.ResultProposal{}, Renewals: []string{}, Actions: []gen.ResultActionKind{}}
	for i := range f.Results {
		r := s.shownResult(&f.Results[i], renewals)
		r.Why = veilText(veil, r.Why)
		out.Results = append(out.Results, r)
	}
	for _, p := range f.Proposals {
		p.Reason = veilText(veil, p.Reason)
		p.Statements = append([]result.Statement(nil), p.Statements...)
		for i := range p.Statements {
			p.Statements[i].Text = veilText(veil, p.Statements[i].Text)
		}
		if p.Decision != nil {
			d := *p.Decision
			d.Reasons = veilText(veil, d.Reasons)
			p.Decision = &d
		}
		out.Proposals = append(out.Proposals, p)
	}
	for _, r := range renewals {
		out.Renewals = append(out.Renewals, printed(r.Number))
	}
	out.Actions = s.resultActions(ctx, c, &f)
	return out, nil
}

// resultActions are what the caller may do about a case's results.
func (s *Server) resultActions(ctx context.Context, c *casework.Case, f *result.File) []gen.ResultActionKind {
	actions := []gen.ResultActionKind{}
	actor, err := actorOf(ctx)
	if err != nil || len(f.Results) == 0 {
		return actions
	}
	can := func(a identity.Action) bool { _, err := actor.As(a, targetOf(c)); return err == nil }
	here, open := result.Authority(c) == actor.Division, f.Open() != nil
	if here && can(identity.ResultPropose) {
		actions = append(actions, gen.ResultActPropose)
	}
	if open && can(identity.CaseSubmit) {
		actions = append(actions, gen.ResultActState)
	}
	if open && here && can(identity.ResultDecide) {
		actions = append(actions, gen.ResultActDecide)
	}
	if len(f.Unserved()) > 0 && can(identity.CaseDeliver) {
		actions = append(actions, gen.ResultActServe)
	}
	if here && can(identity.CaseIssue) {
		actions = append(actions, gen.ResultActReissue)
	}
	return actions
}

// shownResult is a result as it stands today.
func (s *Server) shownResult(r *result.Result, renewals []*casework.Case) gen.CaseResult {
	state := r.StateOn(calendar.DateOf(s.o.Now()), renewals)
	out := gen.CaseResult{Id: r.ID, Name: r.Name, Number: r.Number, From: r.From, Until: r.Until, State: state, StateZh: resultZH[state], EndedOn: r.EndedOn, Why: r.Why, ReplacedBy: r.By}
	if state == result.DeemedRenewed {
		out.RenewedUntil = r.RenewedUntil(renewals)
	}
	return out
}

var resultZH = map[result.State]string{result.Valid: "有效", result.Superseded: "已更正，由新件取代", result.Reissued: "已补发，原件作废", result.Revoked: "已撤销",
	result.Cancelled: "已注销", result.Expired: "已过有效期", result.DeemedRenewed: "逾期未作决定，视为准予延续"}

// expiringAround is for how many days before and after today what expires is
// listed, where no days are given.
const expiringAround = 60

// ListExpiring lists results that expire.
func (s *Server) ListExpiring(ctx context.Context, in gen.ListExpiringRequestObject) (gen.ListExpiringResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, ok := actor.Reach(identity.CaseRead)
	if !ok {
		return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.CaseRead, Why: "role"}
	}
	today := calendar.DateOf(s.o.Now())
	from, until := in.Params.From, in.Params.Until
	if from.IsZero() {
		from = today.AddDays(-expiringAround)
	}
	if until.IsZero() {
		until = today.AddDays(expiringAround)
	}
	found, err := s.store.Expiring(ctx, within, department, from, until, limitOf(in.Params.Limit))
	if err != nil {
		return nil, err
	}
	out := gen.ListExpiring200JSONResponse{Results: []gen.ExpiringResult{}}
	for i := range found {
		c := &found[i].Case
		f, err := s.store.Results(ctx, c)
		if err != nil {
			return nil, err
		}
		renewals, err := s.store.Renewals(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		r := f.Find(found[i].Result)
		if r == nil {
			continue
		}
		x := gen.ExpiringResult{Case: c.ID, Number: printed(c.Number), ItemName: c.ItemName, Department: c.Department, Division: c.Division,
			Applicant: privacy.Applicant(c.Applicant).Name, Result: s.shownResult(r, renewals)}
		for _, n := range renewals {
			if n.Renews.Result == r.ID {
				x.Renewals = append(x.Renewals, printed(n.Number))
			}
		}
		out.Results = append(out.Results, x)
	}
	return out, nil
}

var errNoResult = &problem{http.StatusNotFound, "result_unknown_pair", "there is no such licence or certificate in this case", "没有该办件的这一证照", "请核对证照与决定书上的编号", nil, 0}

// VerifyResult tells the public whether a licence or certificate holds. Tries are
// throttled as look-ups are, and wrong numbers of either kind answered alike.
func (s *Server) VerifyResult(ctx context.Context, in gen.VerifyResultRequestObject) (gen.VerifyResultResponseObject, error) {
	var r *result.Result
	var renewals []*casework.Case
	c, err := guarded(ctx, s, in.Body.Case, errNoResult, func(number string) (*casework.Case, error) {
		c, err := s.store.Case(ctx, number)
		if errors.Is(err, store.ErrNotFound) || err == nil && c.Number != number {
			return nil, errNoResult
		}
		if err != nil {
			return nil, err
		}
		f, err := s.store.Results(ctx, c)
		if err != nil {
			return nil, err
		}
		if renewals, err = s.store.Renewals(ctx, c.ID); err != nil {
			return nil, err
		}
		if r = f.Worst(in.Body.Number, calendar.DateOf(s.o.Now()), renewals); r == nil {
			return nil, errNoResult
		}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, found(err)
	}
	asOf, err := s.asOf(ctx)
	shown := s.shownResult(r, renewals)
	out := gen.VerifyResult200JSONResponse{Name: r.Name, Number: r.Number, State: shown.State, StateZh: shown.StateZh, From: r.From, Until: r.Until, EndedOn: r.EndedOn, AsOf: asOf}
	if !shown.RenewedUntil.IsZero() {
		out.Until = shown.RenewedUntil
	}
	if catalog.PublicityOf(&item.Item, c.Applicant.Type != "organisation") == catalog.Public {
		out.Holder = privacy.Applicant(c.Applicant).Name
	}
	return out, err
}

// former is the case that something was issued in which is to be renewed, as far as
// whoever asks may know of it: staff by their reach, an applicant their own.
func (s *Server) former(ctx context.Context, idOrNumber string) (*casework.Case, error) {
	if requestOf(ctx).visitor != nil {
		_, c, err := s.ownCase(ctx, idOrNumber)
		return c, err
	}
	return s.readableCase(ctx, idOrNumber)
}

// checkRenewal holds what a hand-in renews against what was issued, as recording it
// would.
func (s *Server) checkRenewal(ctx context.Context, b *ledger.CaseSubmitV1) error {
	if b.Renews == (ledger.Renewal{}) {
		return nil
	}
	c, err := s.former(ctx, b.Renews.Case)
	if err != nil {
		return err
	}
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return err
	}
	asked, err := s.store.Renewals(ctx, c.ID)
	if err != nil {
		return err
	}
	return result.CheckRenewal(f, c, asked, b, s.today())
}

// renewed fills in what a hand-in renews, from the case that it was issued in.
func (s *Server) renewed(ctx context.Context, in gen.RenewalRequest) (ledger.Renewal, error) {
	if in == (gen.RenewalRequest{}) {
		return ledger.Renewal{}, nil
	}
	c, err := s.former(ctx, in.Case)
	if errors.Is(err, errNotFound) {
		return ledger.Renewal{}, &store.Refused{Code: "renewal_unknown", ZH: "本机没有原办件，请到县中心或原办理地点申请延续", EN: "the case it was issued in is not known here; hand it in at the county, or where that case was"}
	}
	if err != nil {
		return ledger.Renewal{}, err
	}
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return ledger.Renewal{}, err
	}
	r := f.Find(in.Result)
	if r == nil || r.Until.IsZero() {
		return ledger.Renewal{}, &store.Refused{Code: "renewal_no_end", ZH: "没有这份有有效期限的证照，请核对后再办", EN: "the case has no such result with an end; look it up again"}
	}
	return ledger.Renewal{Case: c.ID, Result: r.ID, Number: r.Number, Until: r.Until}, nil
}
