package api

import (
	"context"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The county's divisions and calendar:
//
//	GET  /api/v1/divisions         ListDivisions
//	POST /api/v1/divisions/import  ImportDivisions
//	GET  /api/v1/calendar          GetCalendar
//	POST /api/v1/calendar/import   ImportCalendar

// ListDivisions lists the divisions, or those directly below one.
func (s *Server) ListDivisions(ctx context.Context, in gen.ListDivisionsRequestObject) (gen.ListDivisionsResponseObject, error) {
	all, err := s.store.Divisions(ctx)
	if err != nil {
		return nil, err
	}
	if p := in.Params.Parent; p != "" {
		all = slices.DeleteFunc(all, func(d division.Division) bool { return d.Code.Parent() != p })
	}
	return gen.ListDivisions200JSONResponse{Divisions: all}, nil
}

// ImportDivisions adds the divisions of a file and renames those it has, and says how many
// it does not have: they stay, for cases and people are there.
func (s *Server) ImportDivisions(ctx context.Context, in gen.ImportDivisionsRequestObject) (gen.ImportDivisionsResponseObject, error) {
	actor, err := as(ctx, identity.DivisionImport, identity.Target{})
	if err != nil {
		return nil, err
	}
	divisions, err := division.ParseFile(requestOf(ctx).file)
	if err != nil {
		return nil, err
	}
	known, err := s.store.Divisions(ctx)
	if err != nil {
		return nil, err
	}
	listed := make(map[division.Code]bool, len(divisions))
	for _, d := range divisions {
		listed[d.Code] = true
	}
	kept := 0
	for _, d := range known {
		if !listed[d.Code] {
			kept++
		}
	}
	recorded, err := s.recordSame(ctx, Action{Actor: actor, Kind: ledger.DivisionImport, Body: &ledger.DivisionImportV1{Divisions: divisions}, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return gen.ImportDivisions200JSONResponse{ImportedAnswerJSONResponse: gen.ImportedAnswerJSONResponse{Count: len(divisions), Recorded: recorded, Kept: kept}}, nil
}

// GetCalendar shows the working days of the years that are known.
func (s *Server) GetCalendar(ctx context.Context, in gen.GetCalendarRequestObject) (gen.GetCalendarResponseObject, error) {
	years, err := s.store.CalendarYears(ctx)
	if err != nil {
		return nil, err
	}
	if in.Params.Year != 0 {
		years = slices.DeleteFunc(years, func(y calendar.Year) bool { return y.Year != in.Params.Year })
	}
	return gen.GetCalendar200JSONResponse{Years: years}, nil
}

// ImportCalendar sets the working days of whole years from a file.
func (s *Server) ImportCalendar(ctx context.Context, in gen.ImportCalendarRequestObject) (gen.ImportCalendarResponseObject, error) {
	actor, err := as(ctx, identity.CalendarImport, identity.Target{})
	if err != nil {
		return nil, err
	}
	years, err := calendar.ParseFile(requestOf(ctx).file)
	if err != nil {
		return nil, err
	}
	recorded, err := s.recordSame(ctx, Action{Actor: actor, Kind: ledger.CalendarImport, Body: &ledger.CalendarImportV1{Years: years}, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return gen.ImportCalendar200JSONResponse{ImportedAnswerJSONResponse: gen.ImportedAnswerJSONResponse{Count: len(years), Recorded: recorded}}, nil
}
