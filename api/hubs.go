package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// The county's processes:
//
//	GET    /api/v1/hubs           ListHubs
//	POST   /api/v1/hubs           AddHub
//	DELETE /api/v1/hubs/{id}      RemoveHub
//	POST   /api/v1/hubs/transfer  TransferLeadership

// ListHubs shows the county's Raft as this hub sees it.
func (s *Server) ListHubs(ctx context.Context, _ gen.ListHubsRequestObject) (gen.ListHubsResponseObject, error) {
	hubs, err := s.hubs()
	if err != nil {
		return nil, err
	}
	st := hubs.Status(ctx)
	out := gen.ListHubs200JSONResponse{Self: st.ID, State: st.State, Leader: st.Leader, Term: int64(st.Term), Commit: int64(st.Commit),
		Applied: int64(st.Applied), Snapshot: int64(st.Snapshot.Index), Ready: st.Ready, Problem: st.Problem, Hubs: []gen.Hub{}}
	for _, m := range st.Members {
		out.Hubs = append(out.Hubs, gen.Hub{Id: m.ID, Address: m.Address, Leader: m.ID == st.Leader, Voter: m.Voter, Reachable: m.Reachable,
			State: m.State, Applied: int64(m.Applied), LastContactMs: m.LastContact, Ready: m.Ready, Problem: m.Problem})
	}
	return out, nil
}

// AddHub makes an enrolled hub a voter.
func (s *Server) AddHub(ctx context.Context, in gen.AddHubRequestObject) (gen.AddHubResponseObject, error) {
	hubs, err := s.hubs()
	if err != nil {
		return nil, err
	}
	if err := s.mayVote(ctx, in.Body.Id); err != nil {
		return nil, err
	}
	if err := hubs.AddVoter(ctx, in.Body.Id, in.Body.Address); err != nil {
		return nil, err
	}
	return gen.AddHub204Response{}, nil
}

// mayVote refuses a vote to whatever the county did not enrol as a hub, or has
// revoked.
func (s *Server) mayVote(ctx context.Context, id string) error {
	if err := s.node.Fresh(ctx); err != nil {
		return err
	}
	n, err := s.store.Node(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &store.Refused{Code: "hub_not_enrolled", ZH: "没有登记过主机 " + id + "：请先为它签发县级入网令牌，在那台机器上入网",
			EN: "no hub " + id + " is enrolled; invite a county node and have that machine join with its token first"}
	case err != nil:
		return err
	case n.Tier != node.County:
		return &store.Refused{Code: "not_a_hub", ZH: id + " 不是县中心主机，没有表决权", EN: id + " is not enrolled as a hub and cannot vote"}
	case n.RevokedAt > 0:
		return &store.Refused{Code: "hub_revoked", ZH: "主机 " + id + " 已被吊销，不能再加入：请用新的编号登记", EN: "hub " + id + " was revoked and does not come back; enrol the machine under a new id"}
	}
	return nil
}

// RemoveHub takes a hub's vote.
func (s *Server) RemoveHub(ctx context.Context, in gen.RemoveHubRequestObject) (gen.RemoveHubResponseObject, error) {
	hubs, err := s.hubs()
	if err != nil {
		return nil, err
	}
	if err := hubs.Remove(ctx, in.Id); err != nil {
		return nil, err
	}
	return gen.RemoveHub204Response{}, nil
}

// TransferLeadership lets another hub lead.
func (s *Server) TransferLeadership(ctx context.Context, in gen.TransferLeadershipRequestObject) (gen.TransferLeadershipResponseObject, error) {
	hubs, err := s.hubs()
	if err != nil {
		return nil, err
	}
	if err := hubs.TransferLeadership(ctx, in.Body.To); err != nil {
		return nil, err
	}
	return gen.TransferLeadership204Response{}, nil
}

func (s *Server) hubs() (*county.Hub, error) {
	if hub := s.node.Hub(); hub != nil {
		return hub, nil
	}
	return nil, errCountyOnly
}
