package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A node that the county revoked hears no more of what became of its entries.
// What it had under way when it was cast out may have been taken or refused: it
// says neither "at the county" nor nothing, but that somebody has to ask, for
// people hold receipts for it.

// cutOff reports whether this node was revoked and does not know what became of
// an entry.
func (s *Server) cutOff(e *store.EntryView) bool {
	if e.Index > 0 || e.Origin != s.self.Node {
		return false
	}
	_, revoked := s.node.Revocation()
	return revoked
}

const (
	mostCutOff      = 1000
	mostCutOffBytes = 64 << 20
)

// listCutOff are what this node handed in and did and never heard of again, the
// newest first; none at a node that was not revoked.
func (s *Server) listCutOff(ctx context.Context, within division.Code) ([]gen.AttentionItem, error) {
	if _, revoked := s.node.Revocation(); !revoked {
		return nil, nil
	}
	waiting, err := s.store.Outbox(ctx, 0, nil, mostCutOff, mostCutOffBytes)
	if err != nil {
		return nil, err
	}
	var out []gen.AttentionItem
	for i := len(waiting) - 1; i >= 0; i-- {
		e, err := ledger.ParseEntry(waiting[i].Raw)
		if err != nil {
			return nil, err
		}
		if e.Origin != s.self.Node || e.Case == "" || e.Kind == ledger.CaseReveal || e.Scope != "" && !within.Contains(e.Scope) {
			continue
		}
		item, ok, err := s.attentionItem(ctx, &store.Attention{Entry: e.ID, Case: e.Case, Scope: e.Scope, Origin: e.Origin, Code: "node_revoked", At: e.OccurredAt,
			Reason: "本机已被吊销，县中心对这一件的结论不再传到本机：可能已收下，也可能已退回 / this node was revoked and is not told what the county made of it: it may have been taken, or refused"})
		if err != nil {
			return nil, err
		}
		if ok {
			item.Next, item.Way = "请把编号告知县中心，由其在“需处理”中核对；被退回的由乡镇或县中心重新提交", gen.WayAskCounty
			out = append(out, item)
		}
	}
	return out, nil
}
