package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
)

// What the public reads of ratings, and a complainant of their complaint:
//
//	GET  /api/v1/public/ratings            ListPublicRatings
//	POST /api/v1/public/complaints/lookup  LookUpComplaint

// ListPublicRatings publishes the ratings of a month by office: of one that is
// over, and of no office with so few that somebody could tell who said what.
func (s *Server) ListPublicRatings(ctx context.Context, in gen.ListPublicRatingsRequestObject) (gen.ListPublicRatingsResponseObject, error) {
	month := in.Params.Month
	if month >= calendar.DateOf(s.o.Now()).String()[:7] {
		return nil, errFigureMonth
	}
	rules, err := s.store.ServiceRules(ctx)
	if err != nil {
		return nil, err
	}
	f := store.OfficeFilter{From: month, To: month}
	figures, err := s.store.RatingFigures(ctx, f, false)
	if err != nil {
		return nil, err
	}
	if err := s.addClosed(ctx, f, figures); err != nil {
		return nil, err
	}
	names, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListPublicRatings200JSONResponse{Month: month, Least: rules.LeastShown, Offices: []gen.PublicRating{}}
	for u, n := range figures {
		if n.Rated < int64(rules.LeastShown) {
			continue
		}
		out.Offices = append(out.Offices, gen.PublicRating{Division: string(u.Division), Place: names[u.Division].Name, Department: u.Department, Rated: n.Rated, Satisfied: n.Satisfied,
			Bad: n.Bad, Rectified: n.Rectified, Closed: n.Closed, SatisfactionPermille: n.Satisfaction(), RectificationPermille: n.Rectification()})
	}
	slices.SortFunc(out.Offices, func(a, b gen.PublicRating) int {
		return strings.Compare(a.Division+"\x00"+a.Department, b.Division+"\x00"+b.Department)
	})
	return out, nil
}

// LookUpComplaint tells a complainant what became of their complaint. A try that
// fails does not tell by its time whether there is such a number.
func (s *Server) LookUpComplaint(ctx context.Context, in gen.LookUpComplaintRequestObject) (gen.LookUpComplaintResponseObject, error) {
	floor := time.NewTimer(lookupFloor)
	defer floor.Stop()
	number := strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(in.Body.Number), "-", ""))
	right, err := s.try(requestOf(ctx).http, number)
	if err != nil {
		return nil, err
	}
	var above gen.ComplaintOutcome
	c, err := s.complaintOf(ctx, number, in.Body.Code)
	if errors.Is(err, errLookup) {
		err = s.elsewhere(ctx, number, complaintLookupPath, "", in.Body, &above)
	}
	if errors.Is(err, errLookup) || errors.Is(err, errElsewhere) {
		select {
		case <-floor.C:
		case <-ctx.Done():
		}
	} else {
		right()
	}
	if errors.Is(err, errHandedOn) {
		return gen.LookUpComplaint200JSONResponse(above), nil
	}
	if err != nil {
		return nil, err
	}
	out, err := s.outcomeOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return gen.LookUpComplaint200JSONResponse(*out), nil
}

// outcomeOf is what became of a complaint, as whoever made it is told.
func (s *Server) outcomeOf(ctx context.Context, c *complaint.Complaint) (*gen.ComplaintOutcome, error) {
	hide := func(text string) string {
		if c.Name != "" {
			text = strings.ReplaceAll(text, c.Name, identifier.MaskName(c.Name))
		}
		return privacy.Text(text)
	}
	out := &gen.ComplaintOutcome{Number: c.Number, Type: c.Type, State: gen.ComplaintOutcomeState(c.State()), OpenedAt: c.OpenedMS, Text: hide(c.Text)}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return nil, err
	}
	if out.Due, err = c.Due(clock.rules, clock.days); err != nil && lifeProblem(err) == nil {
		return nil, err
	}
	if c.RepliedMS == 0 {
		return out, nil
	}
	known, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	out.Upheld, out.Reply, out.Measures, out.RepliedAt = c.Upheld, hide(c.Reply), hide(c.Measures), c.RepliedMS
	out.RemedyZh, out.RemedyEn = complaint.Remedy(known.government(s.self.County()))
	return out, nil
}

// complaintOf is the complaint of a number with its code; errLookup whichever is
// wrong.
func (s *Server) complaintOf(ctx context.Context, number, code string) (*complaint.Complaint, error) {
	c, err := s.store.Complaint(ctx, number)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	opened := "none"
	if c != nil {
		opened = c.Entry
	}
	e, err := s.store.Entry(ctx, opened)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var by *ledger.Entry
	if e != nil {
		by = &e.Entry
	}
	if !proof.CheckQueryCode(by, code) {
		return nil, errLookup
	}
	return c, nil
}

// visitsOf are the visits of a case that its applicant can rate. Whether one was
// rated is not said: the code is known at the desk, too, where it was printed.
func (s *Server) visitsOf(ctx context.Context, c *casework.Case) ([]gen.LookupVisit, error) {
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	var visits []gen.LookupVisit
	for _, e := range entries {
		if !slices.Contains(rating.Occasions, e.Kind) {
			continue
		}
		v := gen.LookupVisit{KindZh: kindZH[e.Kind], At: e.OccurredAt}
		if n, err := s.store.Node(ctx, e.Origin); err == nil {
			v.Place = names[n.Division].Name
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		visits = append(visits, v)
	}
	return visits, nil
}
