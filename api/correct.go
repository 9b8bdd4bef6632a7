package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// samePerson keeps a correction from making another person's case of one: whoever's
// it is sees all that was handed in. What is held against the correction is who handed
// it in, so that two corrections do not do what one may not; after acceptance the
// ledger's own rule is stricter.
func (s *Server) samePerson(ctx context.Context, c *casework.Case, a Action) error {
	b, ok := a.Body.(*ledger.CaseCorrectV1)
	if !ok || s.recordedBefore(ctx, a) {
		return nil
	}
	was := c.Applicant
	e, err := s.store.Entry(ctx, c.OpenedBy())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		if body, err := e.Decode(); err == nil {
			if first, ok := body.(*ledger.CaseSubmitV1); ok {
				was = first.Applicant
			}
		}
	}
	return casework.CheckCorrection(was, ledger.Applicant{Name: b.Name, IDNumber: b.IDNumber})
}

// recordedBefore reports whether an action is the repeat of one.
func (s *Server) recordedBefore(ctx context.Context, a Action) bool {
	_, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key))
	return err == nil
}

// asSeen holds what stands beside a case's chain against the case as its author saw it.
func (s *Server) asSeen(ctx context.Context, c *casework.Case, head string, a Action) error {
	if head == "" || head == c.Head || s.recordedBefore(ctx, a) {
		return nil
	}
	return &store.Refused{Code: "stale", ZH: "办件已有新的进展，请刷新后再办", EN: "the case has moved on since; look at it again"}
}
