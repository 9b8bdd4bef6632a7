package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
)

// What offices were told to put right:
//
//	GET  /api/v1/rectifications                   ListRectifications
//	POST /api/v1/rectifications/{rating}/answers  AnswerRectification
//	GET  /api/v1/rectifications/{rating}/notice   GetRectificationNotice

// ListRectifications lists the notices to the caller's office.
func (s *Server) ListRectifications(ctx context.Context, in gen.ListRectificationsRequestObject) (gen.ListRectificationsResponseObject, error) {
	f, _, err := s.officeFilter(ctx, identity.RatingOrders, in.Params.Division, "", in.Params.Cursor, in.Params.Limit)
	if err != nil {
		return nil, err
	}
	f.Open = in.Params.Open
	list, err := s.store.Rectifications(ctx, f)
	if err != nil {
		return nil, err
	}
	today := calendar.DateOf(s.o.Now())
	out := gen.ListRectifications200JSONResponse{Rectifications: []gen.Rectification{}}
	for i := range list {
		if i == f.Limit-1 {
			out.NextCursor = cursor(list[i-1].OrderedMS, list[i-1].Rating)
			break
		}
		out.Rectifications = append(out.Rectifications, shownRectification(&list[i], today))
	}
	return out, nil
}

func shownRectification(r *rating.Rectification, today calendar.Date) gen.Rectification {
	return gen.Rectification{Rating: r.Rating, Division: r.Division, Department: r.Department, What: r.What, Before: r.Before, OrderedAt: r.OrderedMS,
		Overdue: r.DoneMS == 0 && today.After(r.Before), Done: r.Done, DoneAt: r.DoneMS, Contest: r.Contest, ContestAt: r.ContestMS}
}

// AnswerRectification says what an office has put right, or why it holds the
// rating to be wrong.
func (s *Server) AnswerRectification(ctx context.Context, in gen.AnswerRectificationRequestObject) (gen.AnswerRectificationResponseObject, error) {
	fix, err := s.store.Rectification(ctx, in.Rating)
	if err != nil {
		return nil, found(err)
	}
	actor, err := as(ctx, identity.RatingAnswer, identity.Target{Division: fix.Division, Department: fix.Department})
	if err != nil {
		return nil, errNotFound // of another office
	}
	a := Action{Actor: actor, Kind: ledger.RatingRectify, Body: &ledger.RatingRectifyV1{Rating: fix.Rating, Done: in.Body.Text}, Key: in.Params.IdempotencyKey}
	if in.Body.Kind == gen.AnswerContest {
		a.Kind, a.Body = ledger.RatingContest, &ledger.RatingContestV1{Rating: fix.Rating, Reason: in.Body.Text}
	}
	recorded, err := s.record(ctx, a)
	if err != nil {
		return nil, err
	}
	return gen.AnswerRectification200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// GetRectificationNotice prints a notice (整改通知).
func (s *Server) GetRectificationNotice(ctx context.Context, in gen.GetRectificationNoticeRequestObject) (gen.GetRectificationNoticeResponseObject, error) {
	fix, err := s.store.Rectification(ctx, in.Rating)
	if err != nil {
		return nil, found(err)
	}
	if _, err := as(ctx, identity.RatingOrders, identity.Target{Division: fix.Division, Department: fix.Department}); err != nil {
		return nil, errNotFound
	}
	to := fix.Department
	if to == "" {
		known, err := s.places(ctx)
		if err != nil {
			return nil, err
		}
		to = known.centre(fix.Division, string(fix.Division))
	}
	d := document.Rectify(fix, to, document.Issuer{Centre: s.name(ctx), Supervision: s.o.SupervisionPhone})
	if asPage(string(in.Params.Format)) {
		return printedPage(printPage(d)), nil
	}
	return gen.GetRectificationNotice200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

func (p printedPage) VisitGetRectificationNoticeResponse(w http.ResponseWriter) error {
	return p.write(w)
}
func (p printedPage) VisitGetComplaintNoticeResponse(w http.ResponseWriter) error { return p.write(w) }

func ignoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
