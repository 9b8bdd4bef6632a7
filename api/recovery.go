package api

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A ledger that went back:
//
//	GET  /api/v1/recovery        GetRecovery
//	POST /api/v1/recovery        DeclareRecovery
//	POST /api/v1/recovery/again  RecordAgain

// GetRecovery shows what is known of the ledger's going back.
func (s *Server) GetRecovery(ctx context.Context, in gen.GetRecoveryRequestObject) (gen.GetRecoveryResponseObject, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	out := gen.GetRecovery200JSONResponse{Recoveries: []gen.Recovery{}, Former: []gen.FormerLedger{}, Lost: []gen.LostRecord{}}
	kept, went, err := s.store.WentBack(ctx)
	if err != nil {
		return nil, err
	}
	if went {
		out.Undeclared = int64(kept)
	}
	declared, err := s.store.Recoveries(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range declared {
		out.Recoveries = append(out.Recoveries, recoveryOf(r.Recovery))
	}
	if out.Former, err = s.formerLedgers(ctx); err != nil {
		return nil, err
	}
	index, id, err := cursorOf(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	after := store.LostPlace{Index: uint64(index), ID: id}
	lost, more, err := s.store.LostRecords(ctx, after, lostPage)
	if err != nil {
		return nil, err
	}
	for i := range lost {
		out.Lost = append(out.Lost, lostOf(&lost[i]))
	}
	if more {
		last := lost[len(lost)-1].Place()
		out.NextCursor = cursor(int64(last.Index), last.ID)
	}
	return out, nil
}

// lostPage is how many lost records one answer lists.
const lostPage = 500

func recoveryOf(r ledger.Recovery) gen.Recovery {
	return gen.Recovery{At: r.At, Kept: int64(r.Kept), Root: base64.StdEncoding.EncodeToString(r.Root), Reason: r.Reason}
}

func lostOf(l *store.LostRecord) gen.LostRecord {
	why := &store.Refused{}
	if l.Why != "" {
		why = store.UnlistedWhy(l.Why)
	}
	return gen.LostRecord{Why: why.Code, WhyZh: why.ZH, WhyEn: why.EN, Entry: l.Was.ID, Index: int64(l.Index), Kind: string(l.Was.Kind), KindZh: kindZH[l.Was.Kind], Origin: l.Was.Origin,
		Actor: l.Was.Actor.Name, Case: l.Was.Case, OccurredAt: l.Was.OccurredAt, SeenBy: l.SeenBy, Again: l.Again, Resolved: l.Resolved}
}

// formerLedgers is what the nodes below last said they keep.
func (s *Server) formerLedgers(ctx context.Context) ([]gen.FormerLedger, error) {
	peers, err := s.node.Reports(ctx)
	if err != nil {
		return nil, err
	}
	all := []gen.FormerLedger{}
	for _, p := range peers {
		var r federation.Report
		if json.Unmarshal(p.Report, &r) != nil || r.Former == nil {
			continue // a node of another version
		}
		all = append(all, gen.FormerLedger{Node: p.Node, Epoch: r.Former.Epoch, Size: int64(r.Former.Size), Note: r.Former.Note})
	}
	return all, nil
}

// DeclareRecovery has the ledger say that it went back.
func (s *Server) DeclareRecovery(ctx context.Context, in gen.DeclareRecoveryRequestObject) (gen.DeclareRecoveryResponseObject, error) {
	actor, err := as(ctx, identity.TrustRotate, identity.Target{})
	if err != nil {
		return nil, err
	}
	r, err := s.node.DeclareRecovery(ctx, actor, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return gen.DeclareRecovery200JSONResponse(recoveryOf(r)), nil
}

// RecordAgain records what the ledger lost again, as it was.
func (s *Server) RecordAgain(ctx context.Context, in gen.RecordAgainRequestObject) (gen.RecordAgainResponseObject, error) {
	actor, err := as(ctx, identity.TrustRotate, identity.Target{})
	if err != nil {
		return nil, err
	}
	done, err := s.node.RecordAgain(ctx, actor, in.Body.Entries)
	if err != nil {
		return nil, err
	}
	s.offered.forget()
	out := gen.RecordAgain200JSONResponse{Entries: []gen.AgainResult{}}
	for _, d := range done {
		out.Entries = append(out.Entries, gen.AgainResult{Entry: d.ID, Done: d.Status != store.Rejected, Code: d.Code, Zh: d.ZH, En: d.EN})
	}
	return out, nil
}
