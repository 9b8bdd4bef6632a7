package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// veil is what hides the people of a case from whoever has not asked to see
// them.
func (s *Server) veil(ctx context.Context, c *casework.Case) (*privacy.Veil, error) {
	content := contentOf(c)
	var err error
	if content.Parties, err = s.store.Parties(ctx, c); err != nil {
		return nil, err
	}
	return s.veilOf(ctx, c.Item, c.ItemVersion, content)
}

// veilOfSubmission is the veil of a submission that may not have become a case.
func (s *Server) veilOfSubmission(ctx context.Context, b *ledger.CaseSubmitV1) (*privacy.Veil, error) {
	return s.veilOf(ctx, b.Item, b.ItemVersion, privacy.OfSubmission(b))
}

func (s *Server) veilOf(ctx context.Context, code string, version int, c privacy.Content) (*privacy.Veil, error) {
	item, err := s.store.Item(ctx, code, version)
	if errors.Is(err, store.ErrNotFound) {
		return privacy.New(catalog.Item{}, c), nil
	}
	if err != nil {
		return nil, err
	}
	return privacy.New(item.Item, c), nil
}

func contentOf(c *casework.Case) privacy.Content {
	return privacy.Content{Applicant: c.Applicant, Agent: c.Agent, Form: c.Form, Materials: c.Materials, Applying: c.Applying, Documents: c.Documents}
}
