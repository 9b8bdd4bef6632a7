package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/store"
)

// Checkpointer gives the county's signed checkpoint of its ledger at a size.
type Checkpointer interface {
	Checkpoint(ctx context.Context, size uint64) (note []byte, err error)
}

// Signer is a Checkpointer with the county's keys (trust.CountyKeys) at hand.
type Signer struct {
	Store *store.Store
	Keys  interface {
		SignCheckpoint(tree tlog.Tree, at int64) ([]byte, error)
	}
	Now func() time.Time
}

// Checkpoint implements Checkpointer.
func (s Signer) Checkpoint(ctx context.Context, size uint64) ([]byte, error) {
	tree, err := s.Store.Tree(ctx, size)
	if err != nil {
		return nil, fmt.Errorf("checkpoint of %d: %w", size, err)
	}
	return s.Keys.SignCheckpoint(tree, s.Now().UnixMilli())
}

// LedgerOptions set up a Ledger.
type LedgerOptions struct {
	// Every is the least time between two checkpoints (1 s): one is signed at
	// most that often, however fast the ledger grows.
	Every time.Duration
	// Heard is how long ago this hub was known to be part of the county,
	// negative for never; nil is always now. A hub that was cut off or taken
	// out must not keep the nodes below it.
	Heard func() time.Duration
	Clock Clock
}

// Ledger is the County of a hub: its own ledger, with checkpoints signed as
// it grows.
type Ledger struct {
	st    *store.Store
	sign  Checkpointer
	every time.Duration
	heard func() time.Duration
	clock Clock

	mu   sync.Mutex
	size uint64
	at   time.Time
	note string
	// proofs are those from older sizes to size: many followers stand at the
	// same one.
	proofs map[uint64][]tlog.Hash
}

// maxProofs bounds the proofs kept for one checkpoint.
const maxProofs = 256

// NewLedger makes the County of a hub over its store.
func NewLedger(st *store.Store, sign Checkpointer, o LedgerOptions) *Ledger {
	if o.Heard == nil {
		o.Heard = func() time.Duration { return 0 }
	}
	return &Ledger{st: st, sign: sign, every: orElse(o.Every, time.Second), heard: o.Heard, clock: clockOr(o.Clock)}
}

// Sighting implements County.
func (l *Ledger) Sighting() Sighting {
	return Sighting{Time: l.clock.Now(), TimeKnown: true, Heard: l.heard()}
}

// Links implements County.
func (l *Ledger) Links(ctx context.Context, after uint64) ([]Link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.grow(ctx); err != nil {
		return nil, err
	}
	switch {
	case l.size == 0 || after >= l.size:
		return nil, nil
	case after == 0:
		return []Link{{Note: l.note}}, nil
	}
	proof, ok := l.proofs[after]
	if !ok {
		p, err := l.st.ProveTree(ctx, l.size, after)
		if err != nil {
			return nil, fmt.Errorf("prove ledger %d from %d: %w", l.size, after, err)
		}
		proof = p
		if len(l.proofs) < maxProofs {
			l.proofs[after] = proof
		}
	}
	return []Link{{Note: l.note, From: after, Proof: proof}}, nil
}

// grow signs a checkpoint of the present head when the last one is old enough.
func (l *Ledger) grow(ctx context.Context) error {
	now := l.clock.Now()
	if l.size > 0 && now.Sub(l.at) < l.every && !now.Before(l.at) {
		return nil
	}
	head, err := l.st.Head(ctx)
	if err != nil || head <= l.size {
		return err
	}
	note, err := l.sign.Checkpoint(ctx, head)
	if err != nil {
		return err
	}
	l.size, l.at, l.note, l.proofs = head, now, string(note), map[uint64][]tlog.Hash{}
	return nil
}

// Inclusion implements County.
func (l *Ledger) Inclusion(ctx context.Context, index, size uint64) (tlog.RecordProof, error) {
	if err := l.has(ctx, index, size); err != nil {
		return nil, err
	}
	p, err := l.st.ProveRecord(ctx, size, index)
	return p, noProof(err)
}

// Consistency implements County.
func (l *Ledger) Consistency(ctx context.Context, from, to uint64) (tlog.TreeProof, error) {
	if err := l.has(ctx, from, to); err != nil {
		return nil, err
	}
	p, err := l.st.ProveTree(ctx, to, from)
	return p, noProof(err)
}

// has refuses what this hub's copy does not reach: another hub may be ahead.
func (l *Ledger) has(ctx context.Context, part, size uint64) error {
	head, err := l.st.Head(ctx)
	if err != nil {
		return err
	}
	if part == 0 || part > size || size > head {
		return ErrNoProof.Becausef("%d of %d asked of a ledger of %d", part, size, head)
	}
	return nil
}

func noProof(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoProof.Because(err)
	}
	return err
}
