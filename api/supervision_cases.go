package api

import (
	"context"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
)

// What is behind the board:
//
//	GET /api/v1/supervision/cases  ListBoardCases

// boardColours are the colours of cases, by the rank of their worst card.
var boardColours = []gen.BoardCaseColour{gen.BoardCaseGreen, gen.BoardCaseAmber, gen.BoardCaseYellow, gen.BoardCaseRed}

// ListBoardCases lists the open cases that the board counts.
func (s *Server) ListBoardCases(ctx context.Context, in gen.ListBoardCasesRequestObject) (gen.ListBoardCasesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	p := in.Params
	f := store.OpenCasesFilter{Exactly: p.At != "", Department: p.Department, Verb: p.Verb, Rank: -1, Limit: limitOf(p.Limit)}
	asked := p.Division
	if f.Exactly {
		asked = p.At
	}
	if f.Within, err = s.within(ctx, identity.SupervisionRead, asked); err != nil {
		return nil, err
	}
	if _, own, _ := actor.Reach(identity.SupervisionRead); own != "" {
		if f.Department != "" && f.Department != own {
			return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.SupervisionRead, Why: "department"}
		}
		f.Department = own
	}
	if p.Colour != "" {
		f.Rank = slices.Index(boardColours, gen.BoardCaseColour(p.Colour))
	}
	open, total, err := s.store.OpenCases(ctx, f)
	if err != nil {
		return nil, err
	}
	d, err := s.newDeadlines(ctx)
	if err != nil {
		return nil, err
	}
	var failed error
	answers := s.answerableAt(ctx, &failed)
	out := gen.ListBoardCases200JSONResponse{Cases: []gen.BoardCase{}, Total: total}
	for i := range open {
		shown, err := s.summary(ctx, &open[i].Case)
		if err != nil {
			return nil, err
		}
		if deadline, runs, err := d.of(ctx, &open[i].Case); err != nil {
			return nil, err
		} else if runs {
			shown.Deadline = deadline
		}
		row := gen.BoardCase{Case: shown, Colour: boardColours[open[i].Rank]}
		desk, _ := supervision.DeskOf(&open[i].Case, "")
		row.Answerable = answers(desk)
		out.Cases = append(out.Cases, row)
	}
	return out, failed
}
