package api

import (
	"context"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store"
)

// What is published of cases, as far as this node has them:
//
//	GET /api/v1/public/cases   ListPublicCases
//	GET /api/v1/public/relief  ListRelief

// ListPublicCases lists cases that were taken up or decided.
func (s *Server) ListPublicCases(ctx context.Context, in gen.ListPublicCasesRequestObject) (gen.ListPublicCasesResponseObject, error) {
	page, next, err := s.publicPage(ctx, in.Params.Stage == gen.ListPublicCasesParamsStage("decided"), in.Params.Limit, in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	asOf, err := s.asOf(ctx)
	return gen.ListPublicCases200JSONResponse{Cases: page, NextCursor: next, AsOf: asOf}, err
}

// publicPage reads a page of what may be published, going on where a case may
// not, but not without end.
func (s *Server) publicPage(ctx context.Context, decided bool, limit int, from string) (page []gen.PublicCase, next string, err error) {
	const rounds = 20
	f := store.PublishedFilter{Decided: decided, Limit: limitOf(limit) + 1}
	if f.BeforeMS, f.BeforeID, err = cursorOf(from); err != nil {
		return nil, "", err
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, "", err
	}
	page, items := []gen.PublicCase{}, itemCache{}
	for range rounds {
		found, err := s.store.Published(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for i := range found {
			if len(page) == f.Limit-1 {
				return page, cursor(f.BeforeMS, f.BeforeID), nil
			}
			c := &found[i]
			f.BeforeMS, f.BeforeID = c.AtMS, c.ID
			item, err := s.cachedItem(ctx, items, &c.Case)
			if err != nil {
				return nil, "", err
			}
			if catalog.PublicityOf(item, c.Applicant.Type != "organisation") == catalog.Public {
				p := publicCase(c, places)
				if err := s.endedSince(ctx, c, &p); err != nil {
					return nil, "", err
				}
				page = append(page, p)
			}
		}
		if len(found) < f.Limit {
			return page, "", nil
		}
	}
	return page, cursor(f.BeforeMS, f.BeforeID), nil
}

type itemCache map[string]*catalog.Item

func (s *Server) cachedItem(ctx context.Context, known itemCache, c *casework.Case) (*catalog.Item, error) {
	if item := known[c.Item]; item != nil {
		return item, nil
	}
	v, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, err
	}
	known[c.Item] = &v.Item
	return &v.Item, nil
}

// publicCase is what the public reads of a case.
func publicCase(c *store.PublishedCase, places places) gen.PublicCase {
	out := gen.PublicCase{Number: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: places.authority(c.Department, c.Division),
		Place: places[c.Division].Name, Applicant: c.Applicant.Name, Status: string(casework.Accepted), AcceptedOn: c.AcceptedOn, At: c.AtMS}
	if c.Applicant.Type != "organisation" {
		out.Applicant = identifier.MaskName(c.Applicant.Name)
	}
	if c.Decision != "" {
		out.Status, out.DecidedOn = string(c.Decision), calendar.DateOf(time.UnixMilli(c.DecidedMS))
	}
	out.StatusZh = statusZH[casework.Status(out.Status)]
	return out
}

// endedSince says of a published decision that what it granted was revoked or
// cancelled since, and when.
func (s *Server) endedSince(ctx context.Context, c *store.PublishedCase, out *gen.PublicCase) error {
	if c.Decision != casework.Granted {
		return nil
	}
	holding, ended, on, err := s.store.EndedResults(ctx, c.ID)
	if err != nil || holding > 0 || ended == "" {
		return err
	}
	out.Ended = gen.PublicCaseEnded(ended)
	out.StatusZh += "（" + resultZH[result.State(ended)] + "）"
	out.EndedOn, err = calendar.Parse(on)
	return err
}

// maxRelief bounds what is posted at once.
const maxRelief = 1000

// ListRelief lists relief that is posted for objections today.
func (s *Server) ListRelief(ctx context.Context, _ gen.ListReliefRequestObject) (gen.ListReliefResponseObject, error) {
	asOf, err := s.asOf(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListRelief200JSONResponse{Relief: []gen.ReliefPosting{}, AsOf: asOf}
	versions, err := s.store.LatestItems(ctx)
	if err != nil {
		return nil, err
	}
	var codes []string
	for i := range versions {
		if catalog.PublicityOf(&versions[i].Item, true) == catalog.Relief {
			codes = append(codes, versions[i].Code)
		}
	}
	cases, err := s.store.Posted(ctx, codes, maxRelief)
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	today, items := calendar.DateOf(s.o.Now()), itemCache{}
	for i := range cases {
		item, err := s.cachedItem(ctx, items, &cases[i])
		if err != nil {
			return nil, err
		}
		if p, posted := posting(&cases[i], item, places, today); posted {
			out.Relief = append(out.Relief, p)
		}
	}
	return out, nil
}

// posting is what is posted of a case on a day: the name, the village, the kind
// and the amount, and never more (domain: section 9).
func posting(c *casework.Case, item *catalog.Item, places places, on calendar.Date) (gen.ReliefPosting, bool) {
	if c.Applicant.Type == "organisation" || catalog.PublicityOf(item, true) != catalog.Relief {
		return gen.ReliefPosting{}, false
	}
	for _, s := range c.Suspensions {
		if s.Procedure != catalog.Posting || !s.Open(on) || on.Before(s.From) {
			continue
		}
		p := gen.ReliefPosting{Name: c.Applicant.Name, Village: places[c.Division].Name, Kind: c.ItemName, From: s.From, Until: s.Until}
		for _, f := range c.Form {
			if f.Key == "requested_amount" || f.Key == "amount" {
				p.Amount = f.Value
			}
		}
		return p, true
	}
	return gen.ReliefPosting{}, false
}
