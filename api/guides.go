package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/guide"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// Whoever was asked first stays responsible (首问负责):
//
//	GET  /api/v1/guides                  ListGuides
//	POST /api/v1/guides                  OpenGuide
//	POST /api/v1/guides/{guide}/actions  ActOnGuide

// OpenGuide records a question at a window: whoever asks the node is responsible.
func (s *Server) OpenGuide(ctx context.Context, in gen.OpenGuideRequestObject) (gen.OpenGuideResponseObject, error) {
	own, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.GuideDo, identity.Target{Division: s.self.Division, Department: own.Department})
	if err != nil {
		return nil, err
	}
	b := &ledger.GuideOpenV1{Guide: s.node.ActionID(actor.Staff, "guide "+in.Params.IdempotencyKey), Division: s.self.Division, Department: own.Department, About: in.Body.About, Item: in.Body.Item}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.GuideOpen, Body: b, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	out, err := s.guideReceipt(ctx, b.Guide, recorded)
	return gen.OpenGuide201JSONResponse(out), err
}

// ActOnGuide takes the visitor on, accepts them, or ends it.
func (s *Server) ActOnGuide(ctx context.Context, in gen.ActOnGuideRequestObject) (gen.ActOnGuideResponseObject, error) {
	g, err := s.store.Guide(ctx, in.Guide)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	if !s.readsGuide(ctx, g) {
		return nil, errNotFound
	}
	kind, body, err := guideBody(in.Guide, in.Body)
	if err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.GuideHandV1); ok {
		places, err := s.places(ctx)
		if err != nil {
			return nil, err
		}
		if _, known := places[b.To]; !known && b.To != s.self.County() {
			return nil, errInvalid.with(fault("to", "unknown"))
		}
	}
	if b, ok := body.(*ledger.GuideCloseV1); ok && b.Case != "" {
		c, err := s.readableCase(ctx, b.Case)
		if err != nil {
			return nil, err
		}
		b.Case = c.ID
	}
	own, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.GuideDo, store.GuideTarget(g, body, own.Department))
	if err != nil {
		return nil, err
	}
	if kind == ledger.GuideAccept { // a window takes over, and not whoever reviews or decides behind it
		if _, err := as(ctx, identity.CaseSubmit, store.GuideTarget(g, body, own.Department)); err != nil {
			return nil, err
		}
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: kind, Body: body, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	out, err := s.guideReceipt(ctx, in.Guide, recorded)
	return gen.ActOnGuide200JSONResponse(out), err
}

func guideBody(id string, in *gen.GuideAction) (ledger.Kind, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.GuideActHand:
		need.that("to", in.To != "")
		return ledger.GuideHand, &ledger.GuideHandV1{Guide: id, To: in.To, Department: in.Department, Note: in.Note}, need.err()
	case gen.GuideActAccept:
		return ledger.GuideAccept, &ledger.GuideAcceptV1{Guide: id}, nil
	case gen.GuideActClose:
		need.that("answer", in.Answer != "" || in.Case != "")
		return ledger.GuideClose, &ledger.GuideCloseV1{Guide: id, Answer: in.Answer, Case: in.Case}, need.err()
	}
	return "", nil, errInvalid
}

// readsGuide reports whether the caller may see a question: whose desk it is or was
// taken to, and supervision.
func (s *Server) readsGuide(ctx context.Context, g *guide.Guide) bool {
	for _, d := range []guide.Desk{g.At, g.To, g.Asked} {
		if d == (guide.Desk{}) {
			continue
		}
		actor, err := actorOf(ctx)
		if err != nil {
			return false
		}
		t := identity.Target{Division: d.Division, Department: d.Department}
		if t.Department == "" {
			t.Department = actor.Department
		}
		if _, err := as(ctx, identity.GuideRead, t); err == nil {
			return true
		}
	}
	return false
}

func (s *Server) guideReceipt(ctx context.Context, id string, recorded gen.Recorded) (gen.GuideReceipt, error) {
	g, err := s.store.Guide(ctx, id)
	if err != nil {
		return gen.GuideReceipt{}, found(err)
	}
	shown, err := s.shownGuide(ctx, g)
	return gen.GuideReceipt{Guide: shown, Recorded: recorded}, err
}

// shownGuide is a question as it is shown: numbers that somebody wrote into it are
// masked.
func (s *Server) shownGuide(ctx context.Context, g *guide.Guide) (gen.GuideView, error) {
	out := gen.GuideView{Guide: *g}
	out.Guide.About, out.Guide.Answer = privacy.Text(g.About), privacy.Text(g.Answer)
	out.Guide.Moves = append([]guide.Move(nil), g.Moves...)
	for i := range out.Guide.Moves {
		out.Guide.Moves[i].Note = privacy.Text(out.Guide.Moves[i].Note)
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return out, err
	}
	out.Due, err = g.Due(days)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		return out, nil // no day is told that nobody knows
	}
	out.Overdue = !out.Due.IsZero() && calendar.DateOf(s.o.Now()).After(out.Due)
	return out, err
}

// ListGuides lists questions at windows: those that the caller answers for, those of
// their desk, or those that are late.
func (s *Server) ListGuides(ctx context.Context, in gen.ListGuidesRequestObject) (gen.ListGuidesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, ok := actor.Reach(identity.GuideRead)
	if !ok {
		return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.GuideRead, Why: "role"}
	}
	f := store.GuideFilter{Within: within, Department: department, Open: in.Params.View != gen.GuidesAll, Limit: limitOf(in.Params.Limit)}
	if in.Params.View == "" || in.Params.View == gen.GuidesMine {
		f.Staff = actor.Staff
	}
	guides, err := s.store.Guides(ctx, f)
	if err != nil {
		return nil, err
	}
	out := gen.ListGuides200JSONResponse{Guides: []gen.GuideView{}, Cases: []gen.CaseSummary{}}
	for i := range guides {
		shown, err := s.shownGuide(ctx, &guides[i])
		if err != nil {
			return nil, err
		}
		if in.Params.View == gen.GuidesOverdue && !shown.Overdue {
			continue
		}
		out.Guides = append(out.Guides, shown)
	}
	if f.Staff == "" {
		return out, nil
	}
	out.Cases, err = s.guidedCases(ctx, actor)
	return out, err
}

// guidedCases are the cases of which the caller was asked first and that no desk has
// taken up yet.
func (s *Server) guidedCases(ctx context.Context, actor *Actor) ([]gen.CaseSummary, error) {
	out := []gen.CaseSummary{}
	within, department, ok := actor.Reach(identity.CaseRead)
	if !ok {
		return out, nil
	}
	cases, err := s.store.Cases(ctx, store.CaseFilter{Within: within, Department: department, Statuses: []casework.Status{casework.HandedIn, casework.Supplementing}, Limit: 1000})
	if err != nil {
		return nil, err
	}
	for i := range cases {
		if cases[i].First.Staff != actor.Staff {
			continue
		}
		summary, err := s.summary(ctx, &cases[i])
		if err != nil {
			return nil, err
		}
		out = append(out, summary)
	}
	return out, nil
}

// firstAsked fills in whom a hand-in names as asked first: whoever answered the
// question that it came of.
func (s *Server) firstAsked(ctx context.Context, id string, b *ledger.CaseSubmitV1) error {
	if id == "" {
		return nil
	}
	g, err := s.store.Guide(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.readsGuide(ctx, g) {
		return &store.Refused{Code: "guide_unknown", ZH: "没有这条咨询，请核对后再办", EN: "there is no such question; look it up again"}
	}
	if err != nil {
		return err
	}
	b.Guide, b.First = g.ID, ledger.NamedPerson{Staff: g.First.Staff, Name: g.First.Name}
	return nil
}

// becameCase ends the question that a hand-in came of, once.
func (s *Server) becameCase(ctx context.Context, b *ledger.CaseSubmitV1, receipt gen.CaseReceipt, key string) error {
	if b.Guide == "" {
		return nil
	}
	g, err := s.store.Guide(ctx, b.Guide)
	if err != nil || g.State == guide.Closed {
		return err
	}
	own, err := actorOf(ctx)
	if err != nil {
		return err
	}
	body := &ledger.GuideCloseV1{Guide: b.Guide, Case: receipt.Case.Id}
	actor, err := as(ctx, identity.GuideDo, store.GuideTarget(g, body, own.Department))
	var denied *identity.Denied
	if errors.As(err, &denied) {
		return nil // another desk answers for it, and ends it
	}
	if err != nil {
		return err
	}
	_, err = s.record(ctx, Action{Actor: actor, Kind: ledger.GuideClose, Body: body, Key: key + " guide"})
	var refused *store.Refused
	if errors.As(err, &refused) {
		return nil // it was ended meanwhile; the case is handed in all the same
	}
	return err
}
