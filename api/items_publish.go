package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/staffing"
	"github.com/tongban/tongban/store"
)

// What changes the catalog, at the county:
//
//	POST /api/v1/items/validate         ValidateItems
//	POST /api/v1/items/import           ImportItems
//	POST /api/v1/items/{code}/draft     DraftItem
//	POST /api/v1/items/approve          ApproveItems
//	POST /api/v1/editions               PublishEdition
//	POST /api/v1/editions/{number}/cancel  CancelEdition
//	POST /api/v1/items/{code}/withdraw  WithdrawItem
//	PUT  /api/v1/items/{code}/overlay   SetOverlay, at every tier

// ValidateItems reports everything that is wrong with an import file.
func (s *Server) ValidateItems(ctx context.Context, _ gen.ValidateItemsRequestObject) (gen.ValidateItemsResponseObject, error) {
	items, ruled, faults := catalog.ParseItemsRuled(requestOf(ctx).file)
	if faults == nil {
		faults = []catalog.Fault{}
	}
	warnings, err := s.unstaffed(ctx, items)
	return gen.ValidateItems200JSONResponse{Ok: len(faults) == 0, Count: len(items), Faults: faults, Ruled: ruled, Warnings: warnings}, err
}

// ImportItems drafts the next version of every item of a file that changed.
// Everything is checked before the first entry is made.
func (s *Server) ImportItems(ctx context.Context, in gen.ImportItemsRequestObject) (gen.ImportItemsResponseObject, error) {
	items, ruled, faults := catalog.ParseItemsRuled(requestOf(ctx).file)
	if len(faults) > 0 {
		return nil, errFile.with(faults...)
	}
	latest, err := s.latest(ctx)
	if err != nil {
		return nil, err
	}
	drafts := make([]Action, 0, len(items))
	out := gen.ImportItems200JSONResponse{Drafted: []gen.ItemRef{}, Ruled: ruled}
	if out.Warnings, err = s.unstaffed(ctx, items); err != nil {
		return nil, err
	}
	for _, item := range items {
		a, changed, err := s.draft(ctx, item, latest, partKey(in.Params.IdempotencyKey, item.Code))
		if err != nil {
			return nil, err
		}
		if !changed {
			out.Unchanged++
			continue
		}
		drafts = append(drafts, a)
	}
	if err := s.recordBatch(ctx, in.Params.IdempotencyKey, ledger.ItemDraft, drafts); err != nil {
		return nil, err
	}
	for _, a := range drafts {
		b := a.Body.(*ledger.ItemDraftV1)
		out.Drafted = append(out.Drafted, gen.ItemRef{Code: b.Code, Version: b.Version})
	}
	return out, nil
}

// DraftItem drafts the next version of one item.
func (s *Server) DraftItem(ctx context.Context, in gen.DraftItemRequestObject) (gen.DraftItemResponseObject, error) {
	item, faults := catalog.ParseItem(requestOf(ctx).file)
	if len(faults) == 0 {
		faults = append(catalog.Check(item), catalog.CheckReasons(item)...)
	}
	if len(faults) == 0 && item.Code != in.Code {
		faults = []catalog.Fault{{Path: "code", Code: catalog.FaultConflict, ZH: "与地址中的事项编码不符", EN: "is not the code in the address"}}
	}
	if len(faults) > 0 {
		return nil, errFile.with(faults...)
	}
	latest, err := s.latest(ctx)
	if err != nil {
		return nil, err
	}
	a, changed, err := s.draft(ctx, item, latest, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if !changed {
		return nil, &store.Refused{Code: "nothing_changed", ZH: "与最新版本相同，无需起草", EN: "nothing changed since the latest version"}
	}
	if _, err := s.recordSame(ctx, a); err != nil {
		return nil, err
	}
	b := a.Body.(*ledger.ItemDraftV1)
	return gen.DraftItem201JSONResponse{Code: b.Code, Name: item.Name, Version: b.Version, Hash: b.Hash, Status: gen.StatusDraft, DraftedBy: a.Actor.Staff}, nil
}

// ApproveItems approves drafts that somebody else made.
func (s *Server) ApproveItems(ctx context.Context, in gen.ApproveItemsRequestObject) (gen.ApproveItemsResponseObject, error) {
	actor, err := as(ctx, identity.ItemApprove, identity.Target{})
	if err != nil {
		return nil, err
	}
	var missing []catalog.Fault
	actions := make([]Action, 0, len(in.Body.Items))
	refs := make([]gen.ItemRef, 0, len(in.Body.Items))
	for i, ref := range in.Body.Items {
		v, err := s.approvable(ctx, actor, ref)
		if found(err) == error(errNotFound) {
			missing = append(missing, catalog.Fault{Path: pathAt("items", i), Code: catalog.FaultUnknown, ZH: "没有这一版本的草稿", EN: "there is no draft of this version"})
			continue
		}
		if err != nil {
			return nil, err
		}
		if v.approver != "" {
			continue // approved before: sending the list again does no harm
		}
		if v.drafter == actor.Staff {
			missing = append(missing, catalog.Fault{Path: pathAt("items", i), Code: catalog.FaultLaw, ZH: "须由起草人以外的人审核", EN: "somebody other than the drafter must approve"})
			continue
		}
		v.action.Key = partKey(in.Params.IdempotencyKey, fmt.Sprint(ref.Code, ".", ref.Version))
		actions, refs = append(actions, v.action), append(refs, ref)
	}
	if len(missing) > 0 {
		return nil, &store.Refused{Code: "not_approvable", ZH: "有版本不能复核，未复核任何版本", EN: "some versions cannot be approved; none was", Faults: missing}
	}
	if err := s.approve(ctx, in.Params.IdempotencyKey, actor, refs, actions); err != nil {
		return nil, err
	}
	return gen.ApproveItems200JSONResponse{Approved: in.Body.Items}, nil
}

// approve records approvals, each of a version that refs names. An earlier sending of
// unknown outcome, under another key or none, may be in the ledger ahead of this one:
// what this person approved there is left out, and the rest is approved. What somebody
// else approved is refused.
func (s *Server) approve(ctx context.Context, key string, actor identity.Actor, refs []gen.ItemRef, actions []Action) error {
	for {
		refused := s.recordBatch(ctx, key, ledger.ItemApprove, actions)
		var no *store.Refused
		if !errors.As(refused, &no) || no.Code != "approved" {
			return refused
		}
		var restOf []gen.ItemRef
		var rest []Action
		for i, ref := range refs {
			v, err := s.approvable(ctx, actor, ref)
			if err != nil {
				return err
			}
			if v.approver != actor.Staff {
				restOf, rest = append(restOf, ref), append(rest, actions[i])
			}
		}
		if len(rest) == len(actions) {
			return refused
		}
		refs, actions = restOf, rest
	}
}

// PublishEdition puts approved versions into force.
func (s *Server) PublishEdition(ctx context.Context, in gen.PublishEditionRequestObject) (gen.PublishEditionResponseObject, error) {
	var entries []catalog.EditionItem
	for _, ref := range in.Body.Items {
		entries = append(entries, catalog.EditionItem{Code: ref.Code, Version: ref.Version})
	}
	asked := catalog.Edition{EffectiveFrom: in.Body.EffectiveFrom, Entries: entries, Note: in.Body.Note}
	if out, known, err := s.publishedBefore(ctx, in.Params.IdempotencyKey, asked); known || err != nil {
		return gen.PublishEdition201JSONResponse{EditionAnswerJSONResponse: gen.EditionAnswerJSONResponse(out)}, err
	}
	if len(entries) == 0 {
		var err error
		if entries, err = s.unpublished(ctx); err != nil {
			return nil, err
		}
	}
	out, err := s.publish(ctx, in.Body.EffectiveFrom, in.Body.Note, entries, in.Body.Unstaffed, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.PublishEdition201JSONResponse{EditionAnswerJSONResponse: gen.EditionAnswerJSONResponse(out)}, nil
}

// WithdrawItem publishes an edition that withdraws an item.
func (s *Server) WithdrawItem(ctx context.Context, in gen.WithdrawItemRequestObject) (gen.WithdrawItemResponseObject, error) {
	asked := catalog.Edition{EffectiveFrom: in.Body.EffectiveFrom, Entries: []catalog.EditionItem{{Code: in.Code, Withdrawn: true}}, Note: in.Body.Note}
	if out, known, err := s.publishedBefore(ctx, in.Params.IdempotencyKey, asked); known || err != nil {
		return gen.WithdrawItem201JSONResponse{EditionAnswerJSONResponse: gen.EditionAnswerJSONResponse(out)}, err
	}
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	from := in.Body.EffectiveFrom
	if from == 0 {
		if from, err = s.ledgerNow(ctx); err != nil {
			return nil, err
		}
	}
	terms := view.terms[in.Code]
	term, ok := terms.At(from)
	switch {
	case ok && term.Withdrawn:
		return nil, &store.Refused{Code: "item_withdrawn", ZH: fmt.Sprintf("该事项已由第 %d 期目录自 %s 起下架，无需再次下架", term.Edition, instant(term.From)),
			EN: fmt.Sprintf("edition %d withdraws the item from %s on; it need not be withdrawn again", term.Edition, instant(term.From))}
	case !ok && len(terms) > 0:
		return nil, &store.Refused{Code: "item_not_in_force", ZH: fmt.Sprintf("该事项那时尚未生效，第 %d 期目录自 %s 起启用；可取消该期目录", terms[0].Edition, instant(terms[0].From)),
			EN: fmt.Sprintf("the item is not in force then; edition %d brings it from %s on and can be cancelled", terms[0].Edition, instant(terms[0].From))}
	case !ok:
		return nil, errNotFound
	}
	out, err := s.publish(ctx, from, in.Body.Note, []catalog.EditionItem{{Code: in.Code, Version: term.Version, Withdrawn: true}}, false, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.WithdrawItem201JSONResponse{EditionAnswerJSONResponse: gen.EditionAnswerJSONResponse(out)}, nil
}

// CancelEdition cancels an edition that has not taken effect yet.
func (s *Server) CancelEdition(ctx context.Context, in gen.CancelEditionRequestObject) (gen.CancelEditionResponseObject, error) {
	actor, err := as(ctx, identity.EditionPublish, identity.Target{})
	if err != nil {
		return nil, err
	}
	recorded, err := s.recordSame(ctx, Action{Actor: actor, Kind: ledger.EditionCancel, Key: in.Params.IdempotencyKey,
		Body: &ledger.EditionCancelV1{Number: in.Number, Reason: in.Body.Reason}})
	if err != nil {
		return nil, err
	}
	return gen.CancelEdition200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// SetOverlay sets an office's own window, phone and hours for an item.
func (s *Server) SetOverlay(ctx context.Context, in gen.SetOverlayRequestObject) (gen.SetOverlayResponseObject, error) {
	o := catalog.Overlay{Office: in.Body.Office, Item: in.Code, Window: in.Body.Window, Phone: in.Body.Phone, Hours: in.Body.Hours, Location: in.Body.Location}
	if o.Office == "" {
		o.Office = s.self.Division
	}
	if faults := catalog.CheckOverlay(o); len(faults) > 0 {
		return nil, errInvalid.with(faults...)
	}
	actor, err := as(ctx, identity.OverlaySet, identity.Target{Division: o.Office})
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.OverlaySet, Key: in.Params.IdempotencyKey, Body: &ledger.OverlaySetV1{Overlay: o}})
	if err != nil {
		return nil, err
	}
	return gen.SetOverlay200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// draft is the action that drafts an item, unless it is as it was and was not drafted
// under this key.
func (s *Server) draft(ctx context.Context, item catalog.Item, latest map[string]store.ItemVersion, key string) (Action, bool, error) {
	actor, err := as(ctx, identity.ItemDraft, identity.Target{Department: item.Department})
	if err != nil {
		return Action{}, false, err
	}
	last := latest[item.Code]
	hash := catalog.Hash(item)
	first, err := recordedBefore[*ledger.ItemDraftV1](ctx, s, s.actionID(actor, key))
	if err != nil {
		return Action{}, false, err
	}
	if first != nil {
		if (*first).Code != item.Code || (*first).Hash != hash {
			return Action{}, false, errKeyReused
		}
		return Action{Actor: actor, Kind: ledger.ItemDraft, Key: key, Body: *first}, true, nil
	}
	if last.Hash == hash {
		return Action{}, false, nil
	}
	version := last.Version + 1
	if last.Version > 0 && last.Approver == "" {
		version = last.Version // a draft is replaced until it is approved
	}
	return Action{Actor: actor, Kind: ledger.ItemDraft, Key: key,
		Body: &ledger.ItemDraftV1{Code: item.Code, Version: version, Hash: hash, Item: catalog.Canonical(item)}}, true, nil
}

func (s *Server) latest(ctx context.Context) (map[string]store.ItemVersion, error) {
	all, err := s.store.LatestItems(ctx)
	if err != nil {
		return nil, err
	}
	latest := make(map[string]store.ItemVersion, len(all))
	for _, v := range all {
		latest[v.Code] = v
	}
	return latest, nil
}

// unpublished lists what is approved and in no edition.
func (s *Server) unpublished(ctx context.Context) ([]catalog.EditionItem, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	latest, err := s.store.LatestItems(ctx)
	if err != nil {
		return nil, err
	}
	var entries []catalog.EditionItem
	for _, v := range latest {
		if v.Approver != "" && view.published(v.Code, v.Version) == nil {
			entries = append(entries, catalog.EditionItem{Code: v.Code, Version: v.Version})
		}
	}
	packages, err := s.store.LatestPackages(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if p.Approver != "" && view.published(p.Code, p.Version) == nil {
			entries = append(entries, catalog.EditionItem{Code: p.Code, Version: p.Version})
		}
	}
	return entries, nil
}

// publish puts versions into force. What nobody at the county can do is refused here,
// before anything is proposed, unless the operator says that it is meant: whoever applies
// the entry does not ask again, for people come and go while it travels.
func (s *Server) publish(ctx context.Context, from int64, note string, entries []catalog.EditionItem, unstaffed bool, key string) (gen.PublishedEdition, error) {
	actor, err := as(ctx, identity.EditionPublish, identity.Target{})
	if err != nil {
		return gen.PublishedEdition{}, err
	}
	if len(entries) == 0 {
		return gen.PublishedEdition{}, &store.Refused{Code: "nothing_to_publish", ZH: "没有已复核而未发布的事项", EN: "nothing is approved that is not published"}
	}
	editions, err := s.store.Editions(ctx)
	if err != nil {
		return gen.PublishedEdition{}, err
	}
	if from == 0 {
		if from, err = s.ledgerNow(ctx); err != nil {
			return gen.PublishedEdition{}, err
		}
	}
	items, err := s.itemsOf(ctx, entries)
	if err != nil {
		return gen.PublishedEdition{}, err
	}
	if err := reasoned(items); err != nil {
		return gen.PublishedEdition{}, err
	}
	warnings, err := s.unstaffed(ctx, items)
	if err != nil {
		return gen.PublishedEdition{}, err
	}
	if len(warnings) > 0 && !unstaffed {
		return gen.PublishedEdition{}, &store.Refused{Code: "steps_unstaffed", ZH: "有环节在县级没有人员能办理，未发布任何版本；办件到此会无人办理",
			EN: "some steps have nobody at the county who can do them, and cases would stand there; nothing was published", Faults: warnings}
	}
	e := catalog.Edition{Number: len(editions) + 1, EffectiveFrom: from, Entries: slices.Clone(entries), Note: note}
	want := &ledger.EditionPublishV1{Edition: e}
	first, recorded, err := recordedAs(ctx, s, Action{Actor: actor, Kind: ledger.EditionPublish, Body: want, Key: key}, want)
	if err != nil {
		return gen.PublishedEdition{}, err
	}
	if !slices.Equal(first.Edition.Entries, entries) || first.Edition.Note != note {
		return gen.PublishedEdition{}, errKeyReused
	}
	e = first.Edition
	return gen.PublishedEdition{Edition: e, Recorded: recorded, Coming: changedAgain(editions, e), Warnings: warnings}, err
}

// publishedBefore is the edition that was published under a key, whose entries are not
// waiting for one any more.
func (s *Server) publishedBefore(ctx context.Context, key string, asked catalog.Edition) (out gen.PublishedEdition, known bool, err error) {
	actor, err := as(ctx, identity.EditionPublish, identity.Target{})
	if err != nil {
		return out, false, err
	}
	id := s.actionID(actor, key)
	first, err := recordedBefore[*ledger.EditionPublishV1](ctx, s, id)
	if first == nil || err != nil {
		return out, false, err
	}
	e := (*first).Edition
	same := e.Note == asked.Note && (asked.EffectiveFrom == 0 || asked.EffectiveFrom == e.EffectiveFrom)
	if len(asked.Entries) > 0 {
		same = same && slices.EqualFunc(e.Entries, asked.Entries, func(was, now catalog.EditionItem) bool {
			return was.Code == now.Code && was.Withdrawn == now.Withdrawn && (now.Withdrawn || was.Version == now.Version)
		})
	}
	if !same {
		return out, false, errKeyReused
	}
	editions, err := s.store.Editions(ctx)
	if err != nil {
		return out, false, err
	}
	items, err := s.itemsOf(ctx, e.Entries)
	if err != nil {
		return out, false, err
	}
	warnings, err := s.unstaffed(ctx, items)
	if err != nil {
		return out, false, err
	}
	recorded, err := s.recorded(ctx, id)
	return gen.PublishedEdition{Edition: e, Recorded: recorded, Coming: changedAgain(editions, e), Warnings: warnings}, true, err
}

// reasoned refuses versions that were drafted before their reasons were looked at.
func reasoned(items []catalog.Item) error {
	var faults []catalog.Fault
	for i := range items {
		for _, f := range catalog.CheckReasons(items[i]) {
			f.Path = items[i].Code + "." + f.Path
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

// itemsOf are the items that an edition brings into force.
func (s *Server) itemsOf(ctx context.Context, entries []catalog.EditionItem) ([]catalog.Item, error) {
	var items []catalog.Item
	for _, e := range entries {
		if e.Withdrawn {
			continue
		}
		v, err := s.store.Item(ctx, e.Code, e.Version)
		if errors.Is(err, store.ErrNotFound) {
			continue // a package, or what applying refuses
		}
		if err != nil {
			return nil, err
		}
		items = append(items, v.Item)
	}
	return items, nil
}

// unstaffed are the steps of items that nobody at the county can do.
func (s *Server) unstaffed(ctx context.Context, items []catalog.Item) ([]catalog.Fault, error) {
	people, err := s.store.StaffAt(ctx, s.self.Division)
	if err != nil {
		return nil, err
	}
	return staffing.Faults(staffing.Gaps(items, people), people), nil
}

// ledgerNow is the present moment: by this hub's clock, and not before the last
// thing recorded, which another hub's clock may have timed.
func (s *Server) ledgerNow(ctx context.Context) (int64, error) {
	last, err := s.store.LastRecorded(ctx)
	return max(s.o.Now().UnixMilli(), last), err
}

// changedAgain are the editions that take effect after e and change some of
// its items again, with those items alone.
func changedAgain(editions []catalog.Edition, e catalog.Edition) []catalog.Edition {
	var again []catalog.Edition
	for _, next := range editions {
		if next.CancelledAt != 0 || next.EffectiveFrom <= e.EffectiveFrom {
			continue
		}
		next.Entries = slices.DeleteFunc(next.Entries, func(n catalog.EditionItem) bool {
			return !slices.ContainsFunc(e.Entries, func(m catalog.EditionItem) bool { return m.Code == n.Code })
		})
		if len(next.Entries) > 0 {
			again = append(again, next)
		}
	}
	return again
}
