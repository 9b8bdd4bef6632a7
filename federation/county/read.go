package county

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

// ReadIndex makes a read at this hub linearizable: when it returns, this hub
// has applied everything that had been acknowledged anywhere when it was
// called. It returns the index it waited for.
func (h *Hub) ReadIndex(ctx context.Context) (uint64, error) {
	var index uint64
	err := h.atLeader(ctx, func() (err error) {
		index, err = h.leaderIndex(ctx)
		return err
	}, func(there context.Context, addr string) (err error) {
		index, err = h.client.readIndex(there, addr)
		if errors.Is(err, ErrUnknown) && ctx.Err() == nil {
			// Asking changes nothing, so a lost answer is only a reason to ask again.
			return errNotLeader
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return index, h.WaitApplied(ctx, index)
}

// WaitApplied returns when this hub has applied everything through index, which
// must come from Propose or ReadIndex.
func (h *Hub) WaitApplied(ctx context.Context, index uint64) error {
	for {
		seen, moved := h.fsm.passed()
		if seen >= index {
			return nil
		}
		h.fsm.hurry(index)
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for entry %d (at %d): %w", index, seen, ctx.Err())
		case <-h.life.Done():
			return h.closedErr()
		}
	}
}

// Applied is the index through which this hub has applied everything.
func (h *Hub) Applied() uint64 {
	seen, _ := h.fsm.passed()
	return seen
}

// Leading reports whether this hub leads and has applied all that was committed
// before it did.
func (h *Hub) Leading() bool { return h.leading.Load() != 0 }

// Ready is nil when this hub can serve: it knows a leader and, since it was
// started, has caught up with what was committed then. Otherwise it is
// ErrNotReady, or ErrStopped with the reason.
func (h *Hub) Ready() error {
	if err := h.Err(); err != nil {
		return err
	}
	if h.life.Err() != nil {
		return ErrClosed
	}
	if err := h.outsideErr(); err != nil {
		return err
	}
	if _, id := h.raft.LeaderWithID(); id == "" {
		return fmt.Errorf("%w: %w", ErrNotReady, ErrNoLeader)
	}
	if !h.caughtUp.Load() {
		return fmt.Errorf("%w: 正在追赶 (catching up, at %d)", ErrNotReady, h.Applied())
	}
	if h.raft.State() == raft.Leader && !h.Leading() {
		return fmt.Errorf("%w: 正在接任主节点 (taking office)", ErrNotReady)
	}
	return nil
}

// catchUp waits for the commit index first learned after the start.
func (h *Hub) catchUp() {
	for h.life.Err() == nil && !h.caughtUp.Load() {
		if _, err := h.ReadIndex(h.life); err == nil {
			h.caughtUp.Store(true)
		}
	}
}

// leaderIndex is the commit index, once a majority has confirmed that nobody
// else led when it was read.
func (h *Hub) leaderIndex(ctx context.Context) (uint64, error) {
	term := h.leading.Load()
	if term == 0 || h.Outside() != "" {
		return 0, errNotLeader
	}
	// Everything committed in this term passes the FSM: the empty frame that
	// began it came after raft's own no-op, so this index can be waited for.
	index := h.raft.CommitIndex()
	confirmed, err := h.confirm.wait(ctx, h.askTerms)
	if err != nil {
		return 0, err
	}
	if confirmed != term || h.raft.State() != raft.Leader || h.raft.CurrentTerm() != term {
		return 0, errNotLeader
	}
	return index, nil
}

// askTerms returns the term in which this hub leads after a majority has said
// that it knows no later one: whoever led later would have needed one of them.
//
// raft's own VerifyLeader is not enough: it counts the answer to a heartbeat
// sent before the question. A leader that was suspended finds such answers
// waiting and would take itself for confirmed.
func (h *Hub) askTerms(ctx context.Context) (uint64, error) {
	term := h.leading.Load()
	others := h.otherVoters()
	need := (len(others) + 1) / 2 // beside this hub itself
	if term == 0 {
		return 0, errNotLeader
	}
	ctx, cancel := context.WithTimeout(ctx, 2*h.o.Timing.Election)
	defer cancel()
	type reply struct {
		term uint64
		err  error
	}
	replies := make(chan reply, len(others))
	for _, s := range others {
		go func() {
			t, err := h.client.term(ctx, string(s.Address))
			replies <- reply{t, err}
		}()
	}
	for range others {
		if need == 0 {
			break
		}
		r := <-replies
		if r.err == nil && r.term > term {
			return 0, errNotLeader
		}
		if r.err == nil {
			need--
		}
	}
	if need > 0 {
		return 0, errNotLeader
	}
	return term, nil
}

// confirmer lets readers that come at the same time share one confirmation,
// each one that began after they came.
type confirmer struct {
	mu   sync.Mutex
	next *round
	busy bool
}

type round struct {
	done chan struct{}
	term uint64
	err  error
}

func (c *confirmer) wait(ctx context.Context, ask func(context.Context) (uint64, error)) (uint64, error) {
	c.mu.Lock()
	if c.next == nil {
		c.next = &round{done: make(chan struct{})}
	}
	r := c.next
	if !c.busy {
		c.busy = true
		go c.work(ask)
	}
	c.mu.Unlock()
	select {
	case <-r.done:
		return r.term, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (c *confirmer) work(ask func(context.Context) (uint64, error)) {
	for {
		c.mu.Lock()
		r := c.next
		c.next = nil
		c.busy = r != nil
		c.mu.Unlock()
		if r == nil {
			return
		}
		r.term, r.err = ask(context.Background())
		close(r.done)
	}
}
