package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
)

// An applicant's own complaints, suggestions and inquiries, with their replies:
//
//	GET  /api/v1/my/complaints  ListMyComplaints
//	POST /api/v1/my/complaints  OpenMyComplaint

// myComplaints is how many are listed.
const myComplaints = 50

// OpenMyComplaint makes a complaint from an account, which is shown the reply.
func (s *Server) OpenMyComplaint(ctx context.Context, in gen.OpenMyComplaintRequestObject) (gen.OpenMyComplaintResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.openComplaint(ctx, in.Body, in.Params.IdempotencyKey, v)
	if err != nil {
		return nil, err
	}
	return gen.OpenMyComplaint201JSONResponse(*out), nil
}

// ListMyComplaints lists what one complained of from this account.
func (s *Server) ListMyComplaints(ctx context.Context, _ gen.ListMyComplaintsRequestObject) (gen.ListMyComplaintsResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.store.ComplaintsOf(ctx, v.ID, myComplaints)
	if err != nil {
		return nil, err
	}
	out := gen.ListMyComplaints200JSONResponse{Complaints: []gen.ComplaintOutcome{}}
	for i := range list {
		outcome, err := s.outcomeOf(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		out.Complaints = append(out.Complaints, *outcome)
	}
	return out, nil
}
