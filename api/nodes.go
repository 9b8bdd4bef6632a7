package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"

	"github.com/boombuler/barcode/qr"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// This node and the others:
//
//	GET  /api/v1/node               GetThisNode
//	GET  /api/v1/nodes              ListNodes
//	GET  /api/v1/nodes/{id}         GetNode
//	POST /api/v1/nodes/invitations  InviteNode
//	POST /api/v1/nodes/{id}/revoke  RevokeNode
//	POST /api/v1/nodes/{id}/rename  RenameNode

// GetThisNode tells anybody what node this is.
func (s *Server) GetThisNode(ctx context.Context, _ gen.GetThisNodeRequestObject) (gen.GetThisNodeResponseObject, error) {
	r, err := s.node.Report(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.GetThisNode200JSONResponse{Node: s.self.Node, Tier: s.self.Tier, Division: s.self.Division, Name: s.name(ctx),
		Version: s.o.Version, Line: lineOf(r), Edition: r.Edition, Demo: s.o.Demo, TimeMs: s.o.Now().UnixMilli(), Notice: s.notice(),
		Papers: gen.PaperLimits{AttachmentBytes: s.door.MaxBytes(), CaseBytes: s.o.Limits.CaseBytes, Types: s.o.Limits.Types}}
	divisions, err := s.store.Divisions(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range divisions {
		if d.Code == s.self.Division {
			out.DivisionName = d.Name
		}
	}
	return out, nil
}

// ListNodes lists the nodes within the caller's reach.
func (s *Server) ListNodes(ctx context.Context, _ gen.ListNodesRequestObject) (gen.ListNodesResponseObject, error) {
	within, err := s.within(ctx, identity.NodeRead, "")
	if err != nil {
		return nil, err
	}
	nodes, err := s.store.NodesWithin(ctx, within)
	if err != nil {
		return nil, err
	}
	out := gen.ListNodes200JSONResponse{Nodes: []gen.Node{}}
	for i := range nodes {
		v, err := s.nodeView(ctx, &nodes[i])
		if err != nil {
			return nil, err
		}
		out.Nodes = append(out.Nodes, v)
	}
	return out, nil
}

// GetNode shows one node.
func (s *Server) GetNode(ctx context.Context, in gen.GetNodeRequestObject) (gen.GetNodeResponseObject, error) {
	n, err := s.store.Node(ctx, in.Id)
	if err != nil {
		return nil, found(err)
	}
	if _, err := as(ctx, identity.NodeRead, identity.Target{Division: n.Division}); err != nil {
		return nil, err
	}
	v, err := s.nodeView(ctx, n)
	if err != nil {
		return nil, err
	}
	return gen.GetNode200JSONResponse(v), nil
}

// InviteNode makes a one-time token for a new node.
func (s *Server) InviteNode(ctx context.Context, in gen.InviteNodeRequestObject) (gen.InviteNodeResponseObject, error) {
	b := in.Body
	actor, err := as(ctx, identity.NodeManage, identity.Target{Division: b.Division})
	if err != nil {
		return nil, err
	}
	if b.Division.Tier() != b.Tier {
		return nil, errInvalid.with(fault("division", "enum"))
	}
	id := b.Node
	if id == "" {
		ordinal, err := s.store.NextOrdinal(ctx, b.Division)
		if err != nil {
			return nil, err
		}
		id = federation.NodeID(b.Division, ordinal)
	}
	token, r, err := s.node.Invite(ctx, actor, id, b.Name, b.Tier, b.Division, "")
	if err != nil {
		return nil, err
	}
	recorded, err := s.recorded(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	hash := token.Hash()
	kept, err := s.store.Invitation(ctx, hex.EncodeToString(hash[:]))
	if err != nil {
		return nil, err
	}
	side, path, err := qrPath(token.Encode(), qr.AlphaNumeric)
	if err != nil {
		return nil, err
	}
	return gen.InviteNode201JSONResponse{Node: id, Token: token.Encode(), Qr: gen.QRCode{Side: side, Path: path}, ExpiresAt: kept.ExpiresAt, Recorded: recorded}, nil
}

// RevokeNode withdraws a node's credential. A hub loses its vote first: the
// others would refuse it at the peer port while it still counted towards the
// majority they need.
func (s *Server) RevokeNode(ctx context.Context, in gen.RevokeNodeRequestObject) (gen.RevokeNodeResponseObject, error) {
	now := s.o.Now().UnixMilli()
	at := cmp.Or(in.Body.At, now)
	if at > now { // before a hub loses its vote over it
		return nil, &store.Refused{Code: "revocation_ahead", ZH: "吊销时间晚于现在：吊销立即生效，请填写现在或更早的时间", EN: "the time is still to come: a revocation holds at once; give the present or an earlier time"}
	}
	if in.Id == s.self.Node {
		return nil, &store.Refused{Code: "own_node", ZH: "不能吊销正在使用的节点，请在另一台主机上操作", EN: "a node does not revoke itself; do it at another hub"}
	}
	if err := s.takeVote(ctx, in.Id); err != nil {
		return nil, err
	}
	recorded, err := s.manageNode(ctx, in.Id, ledger.NodeRevoke, &ledger.NodeRevokeV1{Node: in.Id, At: at, Reason: in.Body.Reason}, "")
	if err != nil {
		return nil, err
	}
	return gen.RevokeNode200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// takeVote takes the vote of a hub that is about to be revoked. A node that is
// none, or has lost it before, is no error.
func (s *Server) takeVote(ctx context.Context, id string) error {
	hub := s.node.Hub()
	if hub == nil {
		return nil // the entry is refused below the county, with its reason
	}
	n, err := s.store.Node(ctx, id)
	if err != nil {
		return found(err)
	}
	if n.Tier != node.County {
		return nil
	}
	if _, err := as(ctx, identity.NodeManage, identity.Target{Division: n.Division}); err != nil {
		return err
	}
	var no *county.Refusal
	if err := hub.Remove(ctx, id); errors.As(err, &no) && no.Code == county.HubUnknown {
		return nil
	} else if err != nil {
		return err
	}
	return nil
}

// RenameNode changes the name a node is shown by.
func (s *Server) RenameNode(ctx context.Context, in gen.RenameNodeRequestObject) (gen.RenameNodeResponseObject, error) {
	recorded, err := s.manageNode(ctx, in.Id, ledger.NodeRename, &ledger.NodeRenameV1{Node: in.Id, Name: in.Body.Name}, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.RenameNode200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

func (s *Server) manageNode(ctx context.Context, id string, kind ledger.Kind, body ledger.Body, key string) (gen.Recorded, error) {
	n, err := s.store.Node(ctx, id)
	if err != nil {
		return gen.Recorded{}, found(err)
	}
	actor, err := as(ctx, identity.NodeManage, identity.Target{Division: n.Division})
	if err != nil {
		return gen.Recorded{}, err
	}
	return s.record(ctx, Action{Actor: actor, Kind: kind, Body: body, Key: key})
}

func (s *Server) nodeView(ctx context.Context, n *store.Node) (gen.Node, error) {
	_, forked, err := s.store.LastSeq(ctx, n.Node)
	return gen.Node{Node: n.Node, Tier: n.Tier, Division: n.Division, Ordinal: n.Ordinal, Name: n.Name, EnrolledAt: n.EnrolledAt,
		ExpiresAt: n.ExpiresAt, RevokedAt: n.RevokedAt, RevokeReason: n.Reason, Federation: n.Federation, Peer: n.Peer, Forked: forked,
		Succeeds: n.Succeeds, SucceededBy: n.SucceededBy}, err
}
