package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/http"

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
	s.inviting.Lock() // of two clicks the second is answered with the token of the first
	defer s.inviting.Unlock()
	a := Action{Actor: actor, Kind: ledger.NodeInvite, Key: in.Params.IdempotencyKey}
	var out gen.Invitation
	err = s.once(ctx, a, func() (err error) { out, err = s.invite(ctx, a, b); return err })
	if err != nil {
		return nil, err
	}
	side, path, err := qrPath(out.Token, qr.AlphaNumeric)
	if err != nil {
		return nil, err
	}
	out.Qr = gen.QRCode{Side: side, Path: path}
	return gen.InviteNode201JSONResponse(out), nil
}

// errTokenShown answers a repeat whose token nobody has any more.
var errTokenShown = &problem{http.StatusConflict, "token_shown", "this was recorded, and its token is kept nowhere; make out another, the former one ends by itself", "令牌已经签发；只显示一次，没有保存，无法再次显示", "请重新签发一个入网令牌，原令牌到期自动失效", nil, 0}

// invite makes out a token, or shows again the one of an action that was done before.
func (s *Server) invite(ctx context.Context, a Action, b *gen.InvitationRequest) (gen.Invitation, error) {
	action := s.actionID(a.Actor, a.Key)
	first, err := recordedBefore[*ledger.NodeInviteV1](ctx, s, action)
	if err != nil {
		return gen.Invitation{}, err
	}
	if first != nil {
		a.Body = *first
		recorded, err := s.record(ctx, a)
		if err != nil {
			return gen.Invitation{}, err
		}
		made, ok := s.invited.get(action)
		if !ok || !s.o.Now().Before(made.until) {
			return gen.Invitation{}, errTokenShown
		}
		return gen.Invitation{Node: (*first).Node, Token: made.password, ExpiresAt: (*first).ExpiresAt, Recorded: recorded}, nil
	}
	id := b.Node
	if id == "" {
		ordinal, err := s.store.NextOrdinal(ctx, b.Division)
		if err != nil {
			return gen.Invitation{}, err
		}
		id = federation.NodeID(b.Division, ordinal)
	}
	token, r, err := s.node.Invite(ctx, a.Actor, id, b.Name, b.Tier, b.Division, a.Key)
	if err != nil {
		return gen.Invitation{}, err
	}
	hash := token.Hash()
	kept, err := s.store.Invitation(ctx, hex.EncodeToString(hash[:]))
	if errors.Is(err, store.ErrNotFound) && a.Key != "" { // another hub made one out meanwhile
		return gen.Invitation{}, errTokenShown
	}
	if err != nil {
		return gen.Invitation{}, err
	}
	if action != "" {
		s.invited.set(action, shownPassword{token.Encode(), s.o.Now().Add(passwordShown)})
	}
	recorded, err := s.recorded(ctx, r.ID)
	return gen.Invitation{Node: id, Token: token.Encode(), ExpiresAt: kept.ExpiresAt, Recorded: recorded}, err
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
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	first, err := recordedBefore[*ledger.NodeRevokeV1](ctx, s, s.actionID(identity.Actor{Staff: actor.Staff}, in.Params.IdempotencyKey))
	switch {
	case err != nil:
		return nil, err
	case first != nil && (*first).Node != in.Id: // before a hub loses its vote over it
		return nil, errKeyReused
	case first != nil && in.Body.At == 0:
		at = (*first).At
	}
	if err := s.takeVote(ctx, in.Id); err != nil {
		return nil, err
	}
	recorded, err := s.manageNode(ctx, in.Id, ledger.NodeRevoke, &ledger.NodeRevokeV1{Node: in.Id, At: at, Reason: in.Body.Reason}, in.Params.IdempotencyKey)
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
