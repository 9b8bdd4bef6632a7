package api

import (
	"context"
	"encoding/base64"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A case in the ledger:
//
//	GET /api/v1/cases/{id}/evidence  GetCaseEvidence

// GetCaseEvidence proves that the records of a case stand in the county's
// ledger, and that the ledger has only grown since a checkpoint seen before.
// Of what supervision did and of who looked at the case it says nothing, as the
// case's timeline does not.
func (s *Server) GetCaseEvidence(ctx context.Context, in gen.GetCaseEvidenceRequestObject) (gen.GetCaseEvidenceResponseObject, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	note, err := s.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	trusted := s.node.Trust()
	signed, err := trusted.OpenCheckpoint(note)
	if err != nil {
		return nil, err
	}
	size := uint64(signed.Tree.N)
	out := gen.GetCaseEvidence200JSONResponse{Case: c.ID, Number: printed(c.Number), Size: signed.Tree.N, Root: signed.Tree.Hash.String(), At: signed.At,
		Note: string(note), Keys: slices.Clone(trusted.Ledger), Records: []gen.ProvenRecord{}}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Kind == ledger.CaseReveal || store.Supervises(e.Kind):
		case e.Index == 0 || e.Index > size:
			out.Pending++
		default:
			proven, err := s.proveEntry(ctx, e, size)
			if err != nil {
				return nil, err
			}
			out.Records = append(out.Records, proven)
		}
	}
	if since := in.Params.Since; since > 0 {
		proof, err := s.store.ProveTree(ctx, size, uint64(since))
		if err != nil {
			return nil, found(err)
		}
		out.Since = since
		for _, h := range proof {
			out.Consistency = append(out.Consistency, h.String())
		}
	}
	return out, nil
}

func (s *Server) proveEntry(ctx context.Context, e *store.EntryView, size uint64) (gen.ProvenRecord, error) {
	record, err := s.store.RecordAt(ctx, e.Index)
	if err != nil {
		return gen.ProvenRecord{}, err
	}
	proof, err := s.store.ProveRecord(ctx, size, e.Index)
	if err != nil {
		return gen.ProvenRecord{}, err
	}
	leaf := tlog.Hash(ledger.LeafHash(record))
	out := gen.ProvenRecord{Index: int64(e.Index), Entry: e.ID, Kind: string(e.Kind), What: kindZH[e.Kind], OccurredAt: e.OccurredAt,
		Refused: e.Status == ledger.Refused, Leaf: base64.StdEncoding.EncodeToString(leaf[:]), Hashes: []string{}}
	for _, h := range proof {
		out.Hashes = append(out.Hashes, h.String())
	}
	return out, nil
}
