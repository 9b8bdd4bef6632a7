package county

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/fault"
)

// fsm puts committed entries into the state machine, each exactly once.
//
// raft replays from its snapshot's index after a restart; the state machine
// knows how far it has come; what lies at or below that is skipped. After a
// failure the fsm is stopped for good: it applies nothing and makes no
// snapshot, because the entry that failed must not be passed over, nor cut
// from the log.
type fsm struct {
	sm      StateMachine
	cluster string
	snaps   *snapshotStore
	log     *slog.Logger
	now     func() time.Time
	onStop  func(error)

	stopped  atomic.Pointer[error]
	applying atomic.Int64 // start of the transaction in progress, unix ns; 0: none
	held     held

	mu    sync.Mutex
	seen  uint64        // every entry at or below it has passed
	moved chan struct{} // closed when seen moves
}

var _ raft.BatchingFSM = (*fsm)(nil)

func newFSM(o *Options, snaps *snapshotStore) *fsm {
	return &fsm{
		sm: o.StateMachine, cluster: o.Cluster, snaps: snaps, log: o.Logger, now: o.Now,
		onStop: func(error) {}, seen: o.StateMachine.Applied(), moved: make(chan struct{}),
	}
}

// frameResult is what the proposer of a frame is answered.
type frameResult struct {
	results [][]byte
	skipped bool // the database already had it
	err     error
}

// ApplyBatch implements raft.BatchingFSM.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	f.held.turn.Lock()
	defer f.held.turn.Unlock()
	if f.hold(logs) {
		return make([]any, len(logs)) // for which nobody waits
	}
	before := f.held.take()
	return f.applyNow(append(before, logs...))[len(before):]
}

// applyNow applies entries in one transaction. The turn is held.
func (f *fsm) applyNow(logs []*raft.Log) []any {
	answers := make([]any, len(logs))
	if err := f.apply(logs, answers); err != nil {
		f.stop(err)
	}
	f.held.applied = time.Now()
	if p := f.stopped.Load(); p != nil {
		for i := range answers {
			answers[i] = frameResult{err: *p}
		}
		return answers
	}
	f.pass(logs[len(logs)-1].Index)
	return answers
}

func (f *fsm) apply(logs []*raft.Log, answers []any) error {
	if f.stopped.Load() != nil {
		return nil
	}
	var cmds []Command
	counts := make([]int, len(logs))
	before := f.sm.Applied()
	for i, l := range logs {
		if l.Type != raft.LogCommand {
			continue
		}
		frame, err := decodeFrame(l.Index, l.Data)
		if err != nil {
			return fmt.Errorf("raft entry %d: %w", l.Index, err)
		}
		if l.Index <= before {
			answers[i] = frameResult{skipped: len(frame) > 0}
			continue
		}
		counts[i] = len(frame)
		cmds = append(cmds, frame...)
	}
	results, err := f.transact(cmds)
	if err != nil {
		return err
	}
	for i, l := range logs {
		if answers[i] == nil && l.Type == raft.LogCommand {
			answers[i] = frameResult{results: results[:counts[i]:counts[i]]}
			results = results[counts[i]:]
		}
	}
	return nil
}

func (f *fsm) transact(cmds []Command) (results [][]byte, err error) {
	if len(cmds) == 0 {
		return nil, nil
	}
	first, last := cmds[0].Index, cmds[len(cmds)-1].Index
	f.applying.Store(f.now().UnixNano())
	defer f.applying.Store(0)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("apply raft entries %d to %d: panic: %v\n%s", first, last, p, debug.Stack())
		}
	}()
	fault.Point("county.apply.before")
	if results, err = f.sm.Apply(cmds); err != nil {
		return nil, fmt.Errorf("apply raft entries %d to %d: %w", first, last, err)
	}
	fault.Point("county.apply.after")
	if len(results) != len(cmds) {
		return nil, fmt.Errorf("apply raft entries %d to %d: %d results for %d commands", first, last, len(results), len(cmds))
	}
	if got := f.sm.Applied(); got != last {
		return nil, fmt.Errorf("apply raft entries %d to %d: the database says %d", first, last, got)
	}
	return results, nil
}

// Apply implements raft.FSM; raft.RecoverCluster calls it.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// Snapshot implements raft.FSM. All entries before it have been applied.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.release() // raft takes it for applied
	if p := f.stopped.Load(); p != nil {
		return nil, *p
	}
	return &reference{f: f, applied: f.sm.Applied()}, nil
}

// reference is a snapshot that copies nothing: it makes the database durable
// and writes down up to where.
type reference struct {
	f       *fsm
	applied uint64
}

// Persist implements raft.FSMSnapshot. Only after it has returned does raft cut
// the log, so a database that cannot be made durable stops the hub.
func (r *reference) Persist(to raft.SnapshotSink) error {
	s, ok := to.(*sink)
	if !ok {
		return fmt.Errorf("snapshot sink of type %T", to)
	}
	synced, err := r.f.sm.Sync(context.Background())
	if err == nil && synced < r.applied {
		err = fmt.Errorf("durable through %d, needed %d", synced, r.applied)
	}
	if err != nil {
		err = fmt.Errorf("make the database durable: %w", err)
		r.f.stop(err)
		return err
	}
	fault.Point("county.snapshot.synced")
	return s.refer(r.applied)
}

// Release implements raft.FSMSnapshot.
func (*reference) Release() {}

// Restore implements raft.FSM: the content is a header, followed by a database
// unless this hub wrote it itself.
func (f *fsm) Restore(content io.ReadCloser) error {
	f.held.turn.Lock()
	defer f.held.turn.Unlock()
	f.releaseInTurn()
	if p := f.stopped.Load(); p != nil {
		return *p
	}
	h, err := readHeader(content)
	if err != nil {
		return err
	}
	if h.Cluster != f.cluster {
		return fmt.Errorf("%w: snapshot of %q", ErrForeign, h.Cluster)
	}
	if f.sm.Applied() < h.Applied {
		if h.Size == 0 {
			return fmt.Errorf("%w: database at %d, snapshot needs %d", ErrDatabaseBehind, f.sm.Applied(), h.Applied)
		}
		if err := f.replace(h, content); err != nil {
			return err
		}
	}
	if h.Size > 0 { // this time or before the process died
		h.Covered = max(h.Covered, min(h.Body, f.sm.Applied()))
	}
	if err := f.snaps.settle(h.alone()); err != nil {
		f.stop(err)
		return err
	}
	f.pass(max(h.Index, f.sm.Applied()))
	return nil
}

// replace puts the database that follows h in the place of the present one.
// Content that does not match its header is refused and changes nothing; a
// failure after that stops the hub.
func (f *fsm) replace(h Header, body io.Reader) error {
	if h.Schema > schemaOf(f.sm) {
		return fmt.Errorf("%w: schema %d", ErrNewer, h.Schema)
	}
	path, done, err := f.snaps.spill(h, body)
	if err != nil {
		return err
	}
	defer done()
	fault.Point("county.restore.received")
	ctx := context.Background()
	f.log.Info("county hub: restoring the database from a peer", "from", f.sm.Applied(), "to", h.Body, "bytes", h.Size)
	err = f.sm.Restore(ctx, path)
	if err == nil {
		if got := f.sm.Applied(); got != h.Body {
			err = fmt.Errorf("the restored database says %d, its header %d", got, h.Body)
		}
	}
	fault.Point("county.restore.copied")
	if err == nil {
		_, err = f.sm.Sync(ctx)
	}
	if err != nil {
		err = fmt.Errorf("restore the database: %w", err)
		f.stop(err)
	}
	return err
}

// stop latches the first failure.
func (f *fsm) stop(err error) {
	if !errors.Is(err, ErrStopped) {
		err = fmt.Errorf("%w: %w", ErrStopped, err)
	}
	if f.stopped.CompareAndSwap(nil, &err) {
		f.onStop(err)
	}
}

// pass records that everything through index has been applied.
func (f *fsm) pass(index uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if index > f.seen {
		f.seen = index
		close(f.moved)
		f.moved = make(chan struct{})
	}
}

func (f *fsm) passed() (uint64, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen, f.moved
}
