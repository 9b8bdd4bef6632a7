package county

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// A transaction costs a hub as much as applying two or three cases does, and an
// entry of the log carries few while the county is not busy. Only the hub that
// proposed an entry has somebody waiting for it; the others let entries that come
// close behind each other gather and apply them in one transaction. They are in the
// log by then, and durable; what a hub was said to have applied, it has.

const (
	// holdFor is how close: so long after the last transaction entries may be held.
	// The first after a pause is applied at once.
	holdFor = 25 * time.Millisecond
	// holdEntries and holdBytes bound what is held.
	holdEntries = 64
	holdBytes   = 4 << 20
)

// held are committed entries that wait for others.
type held struct {
	// turn is held while the state machine is changed; before fsm.mu.
	turn    sync.Mutex
	logs    []*raft.Log
	bytes   int
	timer   *time.Timer
	applied time.Time // when the last transaction ended
	closed  bool

	// may is false while nothing may be held: before the hub serves.
	may atomic.Bool
	// proposed counts this hub's own entries on their way through the log.
	proposed atomic.Int64
	// wanted is the highest index that somebody at this hub waits for.
	wanted atomic.Uint64
	some   atomic.Bool // logs is not empty
}

// hold keeps committed entries for later, unless somebody waits for one of them.
// The turn is held.
func (f *fsm) hold(logs []*raft.Log) bool {
	h := &f.held
	if h.closed || !h.may.Load() || h.proposed.Load() > 0 || f.stopped.Load() != nil {
		return false
	}
	left := holdFor - time.Since(h.applied)
	bytes := h.bytes
	for _, l := range logs {
		bytes += len(l.Data)
	}
	if left <= 0 || len(h.logs)+len(logs) > holdEntries || bytes > holdBytes {
		return false
	}
	h.some.Store(true) // before looking whether somebody waits, as hurry does it the other way round
	if seen, _ := f.passed(); h.wanted.Load() > seen {
		return false
	}
	if len(h.logs) == 0 {
		h.timer = time.AfterFunc(left, f.release)
	}
	h.logs, h.bytes = append(h.logs, logs...), bytes
	return true
}

// take gives out what was held. The turn is held.
func (h *held) take() []*raft.Log {
	if h.timer != nil {
		h.timer.Stop()
	}
	logs := h.logs
	h.logs, h.bytes, h.timer = nil, 0, nil
	h.some.Store(false)
	return logs
}

// hurry says that somebody waits for an index.
func (f *fsm) hurry(index uint64) {
	for {
		known := f.held.wanted.Load()
		if index <= known || f.held.wanted.CompareAndSwap(known, index) {
			break
		}
	}
	if f.held.some.Load() {
		go f.release() // which may take as long as a transaction
	}
}

// release applies what is held.
func (f *fsm) release() {
	f.held.turn.Lock()
	defer f.held.turn.Unlock()
	f.releaseInTurn()
}

func (f *fsm) releaseInTurn() {
	if logs := f.held.take(); len(logs) > 0 && !f.held.closed {
		f.applyNow(logs)
	}
}

// close applies what is held, or leaves it to the next start, and changes the state
// machine no more.
func (f *fsm) close(apply bool) {
	f.held.turn.Lock()
	defer f.held.turn.Unlock()
	if apply {
		f.releaseInTurn()
	}
	f.held.take()
	f.held.closed = true
}
