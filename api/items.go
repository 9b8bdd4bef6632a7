package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
)

// What reads the catalog:
//
//	GET /api/v1/items                  ListItems
//	GET /api/v1/life-events            ListLifeEvents
//	GET /api/v1/items/{code}           GetItem
//	GET /api/v1/items/{code}/versions  ListItemVersions
//	GET /api/v1/items/{code}/diff      DiffItem
//	GET /api/v1/drafts                 ListDrafts
//	GET /api/v1/editions               ListEditions

// ListItems finds items by code, name or department.
func (s *Server) ListItems(ctx context.Context, in gen.ListItemsRequestObject) (gen.ListItemsResponseObject, error) {
	p := in.Params
	if p.Cursor != "" && !catalog.IsCode(p.Cursor) {
		return nil, errCursor
	}
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := s.listed(ctx, view, p.Status)
	if err != nil {
		return nil, err
	}
	listed = slices.DeleteFunc(listed, func(v store.ItemVersion) bool {
		return !catalog.Match(v.Item, p.Query) || p.Department != "" && v.Department != p.Department ||
			p.Tier != "" && !slices.Contains(v.AcceptTiers, p.Tier) || p.Life != "" && !slices.Contains(v.LifeEvents, p.Life)
	})
	rank := map[string]int{}
	for i := range listed {
		rank[listed[i].Code], _ = catalog.Rank(&listed[i].Item, p.Query)
	}
	slices.SortStableFunc(listed, func(a, b store.ItemVersion) int {
		return cmp.Or(cmp.Compare(rank[a.Code], rank[b.Code]), strings.Compare(a.Code, b.Code))
	})
	out := gen.ListItems200JSONResponse{Items: []gen.ItemSummary{}, Total: len(listed)}
	from := 0
	if p.Cursor != "" {
		if from = 1 + slices.IndexFunc(listed, func(v store.ItemVersion) bool { return v.Code == p.Cursor }); from == 0 {
			return nil, errCursor // it is in force no more: the list is read anew
		}
	}
	for _, v := range listed[from:] {
		if len(out.Items) == limitOf(p.Limit) {
			out.NextCursor = out.Items[len(out.Items)-1].Code
			break
		}
		out.Items = append(out.Items, gen.ItemSummary{
			Code: v.Code, Name: v.Name, Type: string(v.Type), Department: v.Department, AcceptTiers: v.AcceptTiers, DecideTier: v.DecideTier,
			PromisedWorkingDays: v.PromisedWorkingDays, Instant: v.Instant, Version: v.Version, Status: view.status(v),
		})
	}
	return out, nil
}

// ListLifeEvents lists the life events with how many items in force belong to each.
func (s *Server) ListLifeEvents(ctx context.Context, in gen.ListLifeEventsRequestObject) (gen.ListLifeEventsResponseObject, error) {
	items, err := s.store.ItemsInForce(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	events := catalog.Lives()
	for i := range events {
		for _, v := range items {
			if slices.Contains(v.LifeEvents, events[i].Event) && (in.Params.Tier == "" || slices.Contains(v.AcceptTiers, in.Params.Tier)) {
				events[i].Items++
			}
		}
	}
	return gen.ListLifeEvents200JSONResponse{Events: events}, nil
}

// GetItem shows an item at a version, as an office offers it.
func (s *Server) GetItem(ctx context.Context, in gen.GetItemRequestObject) (gen.GetItemResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.itemAt(ctx, in.Code, in.Params.Version)
	if err != nil {
		return nil, err
	}
	overlays, err := s.store.Overlays(ctx, v.Code)
	if err != nil {
		return nil, err
	}
	office := in.Params.Office
	if office == "" {
		office = s.self.Division
	}
	out := gen.GetItem200JSONResponse{Version: v.Version, Hash: v.Hash, Status: view.status(*v)}
	if in.Params.Plain {
		overlays = nil
	}
	offered := v.Item.With(chain(overlays, office)...)
	out.Item = offered.Item
	if offered.Office != "" {
		out.Overlay = catalog.Overlay{Office: offered.Office, Item: v.Code, Window: offered.Window, Hours: offered.Hours,
			Phone: offered.Item.Phone, Location: offered.Item.Location}
	}
	return out, nil
}

// ListItemVersions lists the versions of an item, the newest first.
func (s *Server) ListItemVersions(ctx context.Context, in gen.ListItemVersionsRequestObject) (gen.ListItemVersionsResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := s.store.ItemVersions(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, errNotFound
	}
	slices.Reverse(versions)
	return gen.ListItemVersions200JSONResponse{Versions: view.versions(versions)}, nil
}

// DiffItem shows what changed between two versions of an item.
func (s *Server) DiffItem(ctx context.Context, in gen.DiffItemRequestObject) (gen.DiffItemResponseObject, error) {
	from, err := s.store.Item(ctx, in.Code, in.Params.From)
	if err != nil {
		return nil, found(err)
	}
	to, err := s.store.Item(ctx, in.Code, in.Params.To)
	if err != nil {
		return nil, found(err)
	}
	changes := catalog.Diff(from.Item, to.Item)
	if changes == nil {
		changes = []catalog.Change{}
	}
	return gen.DiffItem200JSONResponse{Code: in.Code, From: from.Version, To: to.Version, Changes: changes}, nil
}

// ListDrafts lists the versions that are in no edition yet.
func (s *Server) ListDrafts(ctx context.Context, _ gen.ListDraftsRequestObject) (gen.ListDraftsResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	latest, err := s.store.LatestItems(ctx)
	if err != nil {
		return nil, err
	}
	latest = slices.DeleteFunc(latest, func(v store.ItemVersion) bool { return view.published(v.Code, v.Version) != nil })
	packages, err := s.store.LatestPackages(ctx)
	if err != nil {
		return nil, err
	}
	packages = slices.DeleteFunc(packages, func(p store.PackageVersion) bool { return view.published(p.Code, p.Version) != nil })
	return gen.ListDrafts200JSONResponse{Versions: append(view.versions(latest), view.packageVersions(packages)...)}, nil
}

// ListEditions lists the editions of the catalog, the newest first.
func (s *Server) ListEditions(ctx context.Context, _ gen.ListEditionsRequestObject) (gen.ListEditionsResponseObject, error) {
	editions, err := s.store.Editions(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(editions)
	return gen.ListEditions200JSONResponse{Editions: editions}, nil
}

// itemAt finds a version of an item: the one asked for, else the one in
// force. Drafts are for those who draft.
func (s *Server) itemAt(ctx context.Context, code string, version int) (*store.ItemVersion, error) {
	if version == 0 {
		v, err := s.store.ItemInForce(ctx, code, s.o.Now().UnixMilli())
		if errors.Is(err, store.ErrNotFound) {
			return nil, s.notInForce(ctx, code, errNotFound)
		}
		return v, err
	}
	v, err := s.store.Item(ctx, code, version)
	if err != nil {
		return nil, found(err)
	}
	if actor, err := actorOf(ctx); v.Approver == "" && (err != nil || !actor.Can(identity.ItemRead)) {
		return nil, errNotFound
	}
	return v, nil
}

// notInForce is why nobody can be offered an item: that it was withdrawn, when and by which
// edition, with the one that brings it back; otherwise where it was never in force.
func (s *Server) notInForce(ctx context.Context, code string, otherwise error) error {
	view, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	terms := view.terms[code]
	term, ok := terms.At(view.now)
	if !ok || !term.Withdrawn {
		return otherwise
	}
	zh := fmt.Sprintf("该事项已由第 %d 期目录自 %s 起下架", term.Edition, instant(term.From))
	en := fmt.Sprintf("the item is withdrawn since %s, by edition %d", instant(term.From), term.Edition)
	if i := slices.IndexFunc(terms, func(t catalog.Term) bool { return t.From > view.now && !t.Withdrawn }); i >= 0 {
		zh += fmt.Sprintf("，第 %d 期目录自 %s 起恢复", terms[i].Edition, instant(terms[i].From))
		en += fmt.Sprintf("; edition %d brings it back from %s on", terms[i].Edition, instant(terms[i].From))
	}
	return &problem{http.StatusNotFound, "item_withdrawn", en, zh, nextWithdrawn, nil, 0}
}

// listed is the version to list of each item of a status.
func (s *Server) listed(ctx context.Context, view *catalogView, status gen.ListItemsParamsStatus) ([]store.ItemVersion, error) {
	if status == "" || status == gen.ItemsInForce {
		return s.store.ItemsInForce(ctx, view.now)
	}
	var out []store.ItemVersion
	for code, terms := range view.terms {
		term, ok := terms.At(view.now)
		ok = ok && term.Withdrawn
		if status == gen.ItemsComing {
			coming := terms.After(view.now)
			i := slices.IndexFunc(coming, func(t catalog.Term) bool { return !t.Withdrawn })
			if ok = i >= 0; ok {
				term = coming[i]
			}
		}
		if !ok {
			continue
		}
		v, err := s.store.Item(ctx, code, term.Version)
		if errors.Is(err, store.ErrNotFound) {
			continue // the edition came before its text; it follows
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *v)
	}
	return out, nil
}

// catalogView tells what the editions make of each version at one moment.
type catalogView struct {
	editions []catalog.Edition
	terms    map[string]catalog.Terms
	now      int64
}

func (s *Server) catalog(ctx context.Context) (*catalogView, error) {
	editions, err := s.store.Editions(ctx)
	return &catalogView{editions: editions, terms: catalog.TermsOf(editions), now: s.o.Now().UnixMilli()}, err
}

// published is the last term that names a version, nil when none does.
func (c *catalogView) published(code string, version int) *catalog.Term {
	terms := c.terms[code]
	for i := len(terms) - 1; i >= 0; i-- {
		if terms[i].Version == version {
			return &terms[i]
		}
	}
	return nil
}

func (c *catalogView) status(v store.ItemVersion) gen.ItemStatus {
	term := c.published(v.Code, v.Version)
	switch version, ok := c.terms[v.Code].InForce(c.now); {
	case term == nil && v.Approver == "":
		return gen.StatusDraft
	case term == nil:
		return gen.StatusApproved
	case ok && version == v.Version:
		return gen.StatusInForce
	case term.From > c.now && !term.Withdrawn:
		return gen.StatusComing
	case !ok:
		return gen.StatusWithdrawn
	}
	return gen.StatusReplaced
}

func (c *catalogView) versions(all []store.ItemVersion) []gen.ItemVersion {
	out := make([]gen.ItemVersion, 0, len(all))
	for _, v := range all {
		g := gen.ItemVersion{Code: v.Code, Name: v.Name, Version: v.Version, Hash: v.Hash, Status: c.status(v),
			DraftedBy: v.Drafter, ApprovedBy: v.Approver}
		if e := c.published(v.Code, v.Version); e != nil {
			g.Edition, g.EffectiveFrom = e.Edition, e.From
		}
		out = append(out, g)
	}
	return out
}

// chain is the overlays of an office and of those above it, the highest
// first, as they are to be laid over the item.
func chain(overlays []catalog.Overlay, office division.Code) []catalog.Overlay {
	out := slices.DeleteFunc(slices.Clone(overlays), func(o catalog.Overlay) bool { return !o.Office.Contains(office) })
	slices.SortFunc(out, func(a, b catalog.Overlay) int { return len(a.Office) - len(b.Office) })
	return out
}
