package county

import (
	"context"
	"sync"

	"github.com/hashicorp/raft"
)

// reign ends calls to a leader when another one is known.
type reign struct {
	mu    sync.Mutex
	calls map[*call]struct{}
}

type call struct {
	leader string
	cancel context.CancelFunc
}

// during calls f with a context that also ends when somebody other than leader
// becomes known as the leader.
func (r *reign) during(ctx context.Context, leader string, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &call{leader, cancel}
	r.mu.Lock()
	if r.calls == nil {
		r.calls = map[*call]struct{}{}
	}
	r.calls[c] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.calls, c)
		r.mu.Unlock()
	}()
	return f(ctx)
}

// begin ends the calls to others than the leader that is known now.
func (r *reign) begin(leader string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.calls {
		if c.leader != leader {
			c.cancel()
		}
	}
}

// followLeader ends calls to leaders of the past.
func (h *Hub) followLeader() {
	seen := make(chan raft.Observation, 64)
	o := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		_, is := o.Data.(raft.LeaderObservation)
		return is
	})
	h.raft.RegisterObserver(o)
	defer h.raft.DeregisterObserver(o)
	for {
		select {
		case <-h.life.Done():
			return
		case <-seen:
		}
		// What holds now, not what was observed: calls may be ahead of it.
		if addr, id := h.raft.LeaderWithID(); id != "" {
			h.reign.begin(string(addr))
		}
	}
}
