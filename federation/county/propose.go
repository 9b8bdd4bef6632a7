package county

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// proposal is one command on its way through the leader.
type proposal struct {
	data  []byte
	taken atomic.Bool // by the batch that carries it, or by its own withdrawal
	done  chan outcome
}

type outcome struct {
	Result
	err error
}

// Propose has data committed and applied, at whichever hub leads, and returns
// what the state machine answered. It waits for a leader for at most
// Timing.LeaderWait. See the package comment for what its errors mean.
func (h *Hub) Propose(ctx context.Context, data []byte) (Result, error) {
	if len(data) > MaxCommand {
		return Result{}, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(data), MaxCommand)
	}
	var res Result
	err := h.atLeader(ctx, func() (err error) {
		res, err = h.submit(ctx, data)
		return err
	}, func(ctx context.Context, addr string) (err error) {
		res, err = h.client.propose(ctx, addr, data)
		return err
	})
	return res, err
}

// ProposeInOrder has several commands committed and applied one after the
// other, as Propose does with one, and does not wait for one before it hands in
// the next. When one fails, those behind it may have been applied all the same:
// the state machine must be able to tell that one is missing before them. The
// results are those of the commands before the first that failed.
func (h *Hub) ProposeInOrder(ctx context.Context, commands [][]byte) ([]Result, error) {
	waits := make([]func() (Result, error), len(commands))
	for i, data := range commands {
		waits[i] = h.begin(ctx, data)
	}
	results := make([]Result, 0, len(commands))
	for _, wait := range waits {
		r, err := wait()
		if err != nil {
			return results, err
		}
		results = append(results, r)
	}
	return results, nil
}

// begin hands a command in. Where this hub leads it comes behind those begun
// before it; elsewhere it is there when begin returns.
func (h *Hub) begin(ctx context.Context, data []byte) (wait func() (Result, error)) {
	if len(data) <= MaxCommand && h.raft.State() == raft.Leader {
		if p, stall, err := h.hand(data); err == nil {
			return func() (Result, error) {
				r, err := h.outcome(ctx, p, stall)
				if errors.Is(err, errNotLeader) {
					return h.Propose(ctx, data) // nothing was submitted
				}
				return r, err
			}
		}
	}
	r, err := h.Propose(ctx, data)
	return func() (Result, error) { return r, err }
}

// atLeader runs here where this hub leads, else there with the leader's
// address, and again while neither submitted anything for want of a leader. The
// context there gets ends also when somebody else becomes leader: one that is
// suspended would keep its callers waiting.
func (h *Hub) atLeader(ctx context.Context, here func() error, there func(ctx context.Context, addr string) error) error {
	give := time.NewTimer(h.o.Timing.LeaderWait)
	defer give.Stop()
	pause := 2 * time.Millisecond
	for {
		if h.life.Err() != nil {
			return h.closedErr()
		}
		if err := h.outsideErr(); err != nil {
			return err
		}
		err := ErrNoLeader
		if h.raft.State() == raft.Leader {
			err = here()
		} else if addr, id := h.raft.LeaderWithID(); addr != "" && string(id) != h.o.ID {
			err = h.reign.during(ctx, string(addr), func(ctx context.Context) error { return there(ctx, string(addr)) })
		}
		if !errors.Is(err, errNotLeader) && !errors.Is(err, ErrNoLeader) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNoLeader, ctx.Err())
		case <-give.C:
			if h.Place() == PlaceRemoved {
				return ErrOutside
			}
			return ErrNoLeader
		case <-h.life.Done():
			return h.closedErr()
		case <-time.After(pause):
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// submit puts data into this leader's queue and waits for its outcome.
func (h *Hub) submit(ctx context.Context, data []byte) (Result, error) {
	p, stall, err := h.hand(data)
	if err != nil {
		return Result{}, err
	}
	return h.outcome(ctx, p, stall)
}

// hand puts data into this leader's queue.
func (h *Hub) hand(data []byte) (p *proposal, stall <-chan struct{}, err error) {
	if err := h.outsideErr(); err != nil {
		return nil, nil, err
	}
	p = &proposal{data: data, done: make(chan outcome, 1)}
	stall, stalled := h.stall.watch()
	if stalled {
		return nil, nil, errNotLeader
	}
	return p, stall, h.enqueue(p)
}

// outcome waits for what becomes of a proposal in the queue.
func (h *Hub) outcome(ctx context.Context, p *proposal, stall <-chan struct{}) (Result, error) {
	select {
	case out := <-p.done:
		return out.Result, out.err
	case <-ctx.Done():
		return Result{}, p.abandon(ctx.Err())
	case <-stall:
		return Result{}, p.abandon(errNotLeader)
	case <-h.life.Done():
	}
	// Both may be true at once; an outcome that is there is the better answer.
	select {
	case out := <-p.done:
		return out.Result, out.err
	default:
		return Result{}, p.abandon(h.closedErr())
	}
}

// abandon is the error of a caller that leaves before the outcome is there.
func (p *proposal) abandon(why error) error {
	if p.taken.CompareAndSwap(false, true) {
		return why // withdrawn from the queue, nothing was submitted
	}
	if errors.Is(why, errNotLeader) {
		// Not to be matched: it would say that nothing was submitted.
		return fmt.Errorf("%w: %v", ErrUnknown, why)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, why)
}

func (h *Hub) enqueue(p *proposal) error {
	h.intake.RLock()
	defer h.intake.RUnlock()
	if h.closing || h.life.Err() != nil {
		// Whoever asked from elsewhere finds the next leader.
		return errNotLeader
	}
	h.waiting.put(p)
	select {
	case h.queue <- p:
		h.waiting.stir()
		return nil
	default:
		h.waiting.took(p)
		return ErrBusy
	}
}

// formBatches turns waiting proposals into Raft entries. Only a few are in
// flight; what arrives meanwhile waits and makes the next one larger, so the
// batches grow with the load and one alone does not wait.
func (h *Hub) formBatches() {
	pace := newPace(h.o.Limits.InFlight)
	var carried *proposal // taken from the queue, too large for the last frame
	for {
		pace.await(&h.waiting, func() int {
			if carried != nil {
				return len(h.queue) + 1
			}
			return len(h.queue)
		})
		batch, next, open := h.gather(carried)
		carried = next
		if len(batch) > 0 {
			f := h.apply(payloads(batch))
			pace.sent(len(batch))
			h.batches.Add(1)
			h.run(func() {
				defer h.batches.Done()
				defer pace.end()
				h.answer(batch, f)
			})
		}
		if !open {
			return
		}
	}
}

// gather waits for a proposal and takes what else is there and fits.
func (h *Hub) gather(carried *proposal) (batch []*proposal, next *proposal, open bool) {
	size := 0
	take := func(p *proposal) bool {
		if p != carried {
			h.waiting.took(p)
		}
		if size+frameCost(p.data) > maxFrame && len(batch) > 0 {
			next = p
			return false
		}
		if p.taken.CompareAndSwap(false, true) {
			size += frameCost(p.data)
			batch = append(batch, p)
		}
		return true
	}
	if carried != nil {
		take(carried)
	} else {
		p, more := <-h.queue
		if !more {
			return nil, nil, false
		}
		take(p)
	}
	for len(batch) < h.o.Limits.BatchCommands {
		select {
		case p, more := <-h.queue:
			if !more {
				return batch, next, next != nil
			}
			if !take(p) {
				return batch, next, true
			}
		default:
			return batch, next, true
		}
	}
	return batch, next, true
}

func payloads(batch []*proposal) [][]byte {
	data := make([][]byte, len(batch))
	for i, p := range batch {
		data[i] = p.data
	}
	return data
}

// answer gives every proposal of a batch its outcome.
func (h *Hub) answer(batch []*proposal, f raft.ApplyFuture) {
	results, err := h.await(f)
	if err == nil && len(results) != len(batch) {
		err = fmt.Errorf("%w: %d results for %d proposals", ErrUnknown, len(results), len(batch))
	}
	for i, p := range batch {
		if err != nil {
			p.done <- outcome{err: err}
			continue
		}
		p.done <- outcome{Result: Result{RaftIndex: f.Index(), Data: results[i]}}
	}
}

// apply gives a frame to raft, to be awaited.
func (h *Hub) apply(payloads [][]byte) raft.ApplyFuture {
	h.fsm.held.proposed.Add(1)
	return h.raft.Apply(encodeFrame(h.o.Now().UnixMilli(), payloads), 0)
}

// await waits for a frame that was given to raft and tells what became of it.
func (h *Hub) await(f raft.ApplyFuture) ([][]byte, error) {
	defer h.fsm.held.proposed.Add(-1)
	// A future that raft still held when it shut down is never answered.
	failed := make(chan error, 1)
	go func() { failed <- f.Error() }()
	var err error
	select {
	case err = <-failed:
	case <-h.life.Done():
		select {
		case err = <-failed:
		case <-time.After(50 * time.Millisecond):
			return nil, fmt.Errorf("%w: %w", ErrUnknown, h.closedErr())
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return nil, errNotLeader
	default:
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	res, ok := f.Response().(frameResult)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: answer of type %T", ErrUnknown, f.Response())
	case res.err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnknown, res.err)
	case res.skipped:
		// A new entry at an index the database has already passed: the log has
		// lost entries that were applied. To go on would swallow commands.
		err := fmt.Errorf("%w: new entry %d is not ahead of the database", ErrLogBehind, f.Index())
		h.stop(err)
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return res.results, nil
}
