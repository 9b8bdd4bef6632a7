package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// term is the last day that a notice of what is missing names: the one given, else
// the first that leaves the applicant the time they have. A repeat says the same as
// the first time.
func (s *Server) term(ctx context.Context, given calendar.Date, key string) (calendar.Date, error) {
	if !given.IsZero() {
		return given, nil
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return given, err
	}
	first, err := s.store.Entry(ctx, s.node.ActionID(actor.Staff, key))
	if err == nil {
		switch b, _ := first.Decode(); b := b.(type) {
		case *ledger.CaseRequestSupplementV1:
			return b.Before, nil
		case *ledger.PackageNoticeV1:
			return b.Before, nil
		}
		return given, nil // recording it says that the key was used for something else
	}
	if !errors.Is(err, store.ErrNotFound) {
		return given, err
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return given, err
	}
	return casework.SupplementTerm(days, calendar.DateOf(s.o.Now()))
}
