package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// Personal data shown unmasked, and who saw it:
//
//	GET /api/v1/reveals  ListReveals

// sameView is how long seeing the same thing again, with no other reason, is
// the same view: a page that is reloaded, a file that is read in pieces.
const sameView = 15 * time.Minute

// view is what somebody saw of a case, and why, by its hash.
type view struct {
	staff, caseID, what string
	why                 [sha256.Size]byte
}

// reveal checks that the caller may see a case unmasked and has it in the
// ledger that they do, before anything is shown: what is not recorded is not
// shown.
func (s *Server) reveal(ctx context.Context, c *casework.Case, what string, why gen.Why) error {
	return s.revealAs(ctx, c.ID, targetOf(c), what, why)
}

func (s *Server) revealAs(ctx context.Context, id string, target identity.Target, what string, why gen.Why) error {
	actor, err := as(ctx, identity.CaseReveal, target)
	if err != nil {
		return err
	}
	reason, err := url.PathUnescape(why)
	if err != nil || !utf8.ValidString(reason) {
		return errInvalid.with(fault("Tongban-Why", "format"))
	}
	if faults := blankText("Tongban-Why", reason, false); len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	v := view{actor.Staff, id, what, sha256.Sum256([]byte(reason))}
	now := s.o.Now()
	if at, seen := s.views.get(v); seen && now.Sub(at) < sameView && !now.Before(at) {
		return nil
	}
	if _, err := s.record(ctx, Action{Actor: actor, Kind: ledger.CaseReveal, Case: id, Body: &ledger.CaseRevealV1{What: []string{what}, Why: reason}}); err != nil {
		return err
	}
	s.views.set(v, now)
	// What a page then shows by itself, as a picture in it, has no reason of its own.
	v.why = sha256.Sum256(nil)
	s.views.set(v, now)
	return nil
}

// ListReveals lists who looked at personal data unmasked.
func (s *Server) ListReveals(ctx context.Context, in gen.ListRevealsRequestObject) (gen.ListRevealsResponseObject, error) {
	within, err := s.within(ctx, identity.RevealRead, in.Params.Division)
	if err != nil {
		return nil, err
	}
	f := store.RevealFilter{Within: within, Staff: in.Params.Staff, SinceMS: in.Params.Since}
	if in.Params.Case != "" {
		c, err := s.readableCase(ctx, in.Params.Case)
		if err != nil {
			return nil, err
		}
		f.Case = c.ID
	}
	if f.BeforeMS, f.BeforeID, err = cursorOf(in.Params.Cursor); err != nil {
		return nil, err
	}
	f.Limit = limitOf(in.Params.Limit) + 1 // one more tells whether there is a next page
	list, err := s.store.Reveals(ctx, f)
	if err != nil {
		return nil, err
	}
	out := gen.ListReveals200JSONResponse{Reveals: []gen.Reveal{}}
	for i := range list {
		if i == f.Limit-1 {
			out.NextCursor = cursor(list[i-1].OccurredAt, list[i-1].ID)
			break
		}
		r, err := s.revealed(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		out.Reveals = append(out.Reveals, r)
	}
	return out, nil
}

func (s *Server) revealed(ctx context.Context, e *store.EntryView) (gen.Reveal, error) {
	w := s.word(e, nil)
	out := gen.Reveal{Entry: e.ID, Case: e.Case, Division: e.Scope, Actor: e.Actor, At: e.OccurredAt, What: []string{}, Index: int64(e.Index), Word: w, WordZh: wordZH[w]}
	hide := privacy.Text
	c, err := s.store.Case(ctx, e.Case)
	switch {
	case err == nil:
		veil, err := s.veil(ctx, c)
		if err != nil {
			return out, err
		}
		out.Number, hide = printed(c.Number), veil.Text
	case !errors.Is(err, store.ErrNotFound):
		return out, err
	}
	if body, err := e.Decode(); err == nil {
		if b, ok := body.(*ledger.CaseRevealV1); ok {
			out.What, out.Why = slices.Clone(b.What), hide(b.Why)
		}
	}
	return out, nil
}
