package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What was decided or told and waits for its electronic seal, without which it is no
// valid document (Administrative Licence Law art. 38, 39):
//
//	GET /api/v1/unsealed  ListUnsealed

// late is for how long a document of a case that has ended is looked for: who waited
// longer was answered some other way, or asks.
const late = 180 * 24 * time.Hour

// ListUnsealed lists the documents within the caller's reach that are worth nothing
// before they are sealed and are not; to those who seal, the ones of their own office.
func (s *Server) ListUnsealed(ctx context.Context, _ gen.ListUnsealedRequestObject) (gen.ListUnsealedResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	f, _, err := filterOf(actor, gen.ListCasesParams{})
	if err != nil {
		return nil, err
	}
	f.Limit, f.Open = maxQueue, true
	cases, err := s.store.Cases(ctx, f)
	if err != nil {
		return nil, err
	}
	ended, err := s.store.LateDocuments(ctx, f, s.o.Now().Add(-late).UnixMilli())
	if err != nil {
		return nil, err
	}
	out := gen.ListUnsealed200JSONResponse{Documents: []gen.UnsealedDocument{}}
	for i, c := range slices.Concat(cases, ended) {
		waiting, err := s.unsealedOf(ctx, actor, &c, i >= len(cases))
		if err != nil {
			return nil, err
		}
		if len(waiting) == 0 {
			continue
		}
		summary, err := s.summary(ctx, &c)
		if err != nil {
			return nil, err
		}
		for _, d := range waiting {
			d.Case = summary
			out.Documents = append(out.Documents, d)
		}
	}
	slices.SortStableFunc(out.Documents, func(a, b gen.UnsealedDocument) int { return cmp.Compare(a.SinceMs, b.SinceMs) })
	return out, nil
}

// unsealedOf are the documents of a case that wait for a seal; about those of its
// results it is asked where there can be any.
func (s *Server) unsealedOf(ctx context.Context, actor *Actor, c *casework.Case, ended bool) ([]gen.UnsealedDocument, error) {
	var wanted []gen.UnsealedDocument
	want := func(k document.Kind, from, last int) {
		tier, due := document.SealedBy(k, c)
		if _, _, seals := actor.Reach(identity.CaseSeal); !due || !document.SealedAlways(k) || seals && tier != actor.Division.Tier() {
			return
		}
		for nth := from; nth <= last; nth++ {
			wanted = append(wanted, gen.UnsealedDocument{Kind: k, Nth: nth})
		}
	}
	if !ended || c.Status == casework.NotAccepted {
		for _, k := range document.Ready(c) {
			// Of an intended refusal only what was told last is still to be answered.
			from := 1
			if k == document.RefusalNotice {
				from = document.Nth(k, c)
			}
			want(k, from, document.Nth(k, c))
		}
	}
	if ended && len(c.Documents) > 0 {
		results, err := s.store.Results(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, k := range document.ResultKinds {
			n := document.NthResult(k, results)
			want(k, max(n, 1), n)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, found(err)
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	sealed := sealedIn(entries)
	var waiting []gen.UnsealedDocument
	for _, d := range wanted {
		if sealed[sealable{d.Kind, d.Nth}] || relied(d.Kind, c, entries) {
			continue
		}
		d.Title, d.SinceMs = document.Title(d.Kind, &item.Item), toldAt(entries, d.Kind, d.Nth)
		if d.Kind == document.SpecialProcedureNotice {
			d.Title += "（" + c.Suspensions[d.Nth-1].Procedure + "）"
		}
		waiting = append(waiting, d)
	}
	return waiting, nil
}

// waitsForSeal tells whether a document of a case is worth nothing yet, for want of the
// seal that it takes.
func (s *Server) waitsForSeal(ctx context.Context, c *casework.Case, k document.Kind) (bool, error) {
	if _, due := document.SealedBy(k, c); !due {
		return false, nil
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	return err == nil && !sealedIn(entries)[sealable{k, document.Nth(k, c)}], err
}

// sealable is a document of a case by its kind and which of that kind it is.
type sealable struct {
	kind document.Kind
	nth  int
}

// sealedIn are the documents of a case that have their seal and were not declared void.
func sealedIn(entries []store.EntryView) map[sealable]bool {
	sealed, hashes := map[sealable]bool{}, map[string]sealable{}
	for i := range entries {
		e := &entries[i]
		if e.Status != ledger.Applied || e.Kind != ledger.CaseSeal && e.Kind != ledger.CaseVoid {
			continue
		}
		switch body, _ := e.Decode(); b := body.(type) {
		case *ledger.CaseSealV1:
			d := sealable{document.Kind(b.Kind), document.NthOf(b.Number)}
			sealed[d], hashes[b.Hash] = true, d
		case *ledger.CaseVoidV1:
			delete(sealed, hashes[b.Hash])
		}
	}
	return sealed
}

// toldBy is the entry that a document is made of.
var toldBy = map[document.Kind]ledger.Kind{
	document.RejectionNotice: ledger.CaseReject, document.SpecialProcedureNotice: ledger.CaseSuspend, document.ExtensionNotice: ledger.CaseExtend,
	document.HearingNotice: ledger.HearingTell, document.HearingSummons: ledger.HearingConvene, document.RefusalNotice: ledger.RefusalTell,
	document.GrantDecision: ledger.CaseDecide, document.RefusalDecision: ledger.CaseDecide,
	document.CorrectionDecision: ledger.ResultDecide, document.RevocationNotice: ledger.ResultPropose, document.RevocationDecision: ledger.ResultDecide,
}

// toldAt is when a document came to be, Unix milliseconds: since then it waits.
func toldAt(entries []store.EntryView, k document.Kind, nth int) (at int64) {
	n := 0
	for i := range entries {
		if e := &entries[i]; e.Status == ledger.Applied && e.Kind == toldBy[k] {
			at = e.OccurredAt - e.SkewMS
			if n++; k == document.SpecialProcedureNotice && n == nth {
				break
			}
		}
	}
	return at
}
