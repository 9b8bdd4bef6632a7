package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What changes with time in every node:
//
//	POST /api/v1/node/renew  RenewNode
//	GET  /api/v1/level       GetLevel
//	POST /api/v1/level       RaiseLevel

// RenewNode gives this node new keys.
func (s *Server) RenewNode(ctx context.Context, _ gen.RenewNodeRequestObject) (gen.RenewNodeResponseObject, error) {
	if _, err := as(ctx, identity.BackupTake, identity.Target{Division: s.self.Division}); err != nil {
		return nil, err
	}
	r, err := s.node.Renew(ctx)
	if err != nil {
		return nil, err
	}
	recorded, err := s.recorded(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return gen.RenewNode200JSONResponse{Node: s.self.Node, UntilMs: s.node.Expires().UnixMilli(), Recorded: recorded}, nil
}

// GetLevel shows the county's level and what each node reads.
func (s *Server) GetLevel(ctx context.Context, _ gen.GetLevelRequestObject) (gen.GetLevelResponseObject, error) {
	level, readers, err := s.node.Levels(ctx)
	if err != nil {
		return nil, err
	}
	within, err := s.within(ctx, identity.NodeRead, "")
	if err != nil {
		return nil, err
	}
	out := gen.GetLevel200JSONResponse{Level: level, Reads: ledger.Level, Nodes: []gen.NodeLevel{}}
	for _, r := range readers {
		if within.Contains(r.Node.Division) {
			out.Nodes = append(out.Nodes, gen.NodeLevel{Node: r.Node.Node, Name: r.Node.Name, Tier: r.Node.Tier, Reads: r.Level, SeenMs: r.SeenAt})
		}
	}
	return out, nil
}

// RaiseLevel opens the kinds of entries of a level.
func (s *Server) RaiseLevel(ctx context.Context, in gen.RaiseLevelRequestObject) (gen.RaiseLevelResponseObject, error) {
	actor, err := as(ctx, identity.HubManage, identity.Target{})
	if err != nil {
		return nil, err
	}
	a := Action{Actor: actor, Kind: ledger.LevelRaise, Key: in.Params.IdempotencyKey}
	first, err := recordedBefore[*ledger.LevelRaiseV1](ctx, s, s.actionID(actor, a.Key))
	if err != nil {
		return nil, err
	}
	if first != nil { // it stands at that level since, and would be refused
		a.Body = *first
		recorded, err := s.record(ctx, a)
		return gen.RaiseLevel200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
	}
	var r store.Result
	err = s.once(ctx, a, func() (err error) {
		r, err = s.node.RaiseLevel(ctx, actor, in.Body.Level, in.Body.EvenThough, a.Key)
		return err
	})
	if err != nil {
		return nil, err
	}
	recorded, err := s.recorded(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return gen.RaiseLevel200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}
