package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
)

// EvidenceKey begins the names of the local settings (store.Setting) that keep
// evidence against the county's ledger: "<key>checkpoint", "<key>record".
// The first evidence of a kind stays.
const EvidenceKey = "feed.evidence."

// Evidence is what proves, or makes likely, that the county's ledger was
// rewritten. Two checkpoints that contradict each other, both signed by the
// county, prove it by themselves.
type Evidence struct {
	Upstream string `json:"upstream"`
	// SeenAt is Unix milliseconds by this node's clock.
	SeenAt int64 `json:"seen_at"`
	// Kept is the checkpoint this node had, Shown the one it was shown.
	Kept  string      `json:"kept"`
	Shown string      `json:"shown,omitempty"`
	Proof []tlog.Hash `json:"proof,omitempty"`
	// Record is this node's copy of the record that could not be proven.
	Record string `json:"record,omitempty"`
	Error  string `json:"error"`
}

// maxRelay bounds the links that are kept for the nodes below.
const maxRelay = 128

// proofRetry is the least time between two requests for a missing proof.
const proofRetry = 30 * time.Second

// witness keeps what this node has seen of the county's ledger and checks that
// what it is shown continues it.
type witness struct {
	st    *store.Store
	trust func() trust.CountyTrust
	keys  *renewal
	clock Clock
	every time.Duration
	log   *slog.Logger

	mu   sync.Mutex
	last trust.Checkpoint
	note string
	kept uint64
	// keptAt is when a checkpoint was last put into the store.
	keptAt time.Time
	// links lead to last without a gap.
	links         []Link
	unprovedSince time.Time
	askedProof    time.Time
}

func newWitness(st *store.Store, o FollowerOptions) *witness {
	keys := &renewal{ask: o.Renew, ups: o.Upstreams, trust: o.Trust, clock: o.Clock, log: o.Logger}
	return &witness{st: st, trust: o.Trust, keys: keys, clock: o.Clock, every: o.KeepCheckpoint, log: o.Logger}
}

// load takes up the checkpoint kept last. One that no present key signed was
// made before the county retired its keys, and is left behind.
func (w *witness) load(ctx context.Context) error {
	epoch, err := w.st.Epoch(ctx)
	if err != nil {
		return err
	}
	size, note, err := w.st.LastCheckpoint(ctx)
	if err != nil {
		return err
	}
	if epoch.At > 0 && size < epoch.Kept {
		w.restart(epoch)
		return nil
	}
	if size == 0 {
		return nil
	}
	cp, err := w.trust().OpenCheckpoint([]byte(note))
	if err != nil {
		w.log.Warn("the kept checkpoint cannot be checked with the county's present keys", "size", size, "error", err)
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.note, w.kept, w.keptAt = cp, note, size, w.clock.Now()
	w.links = []Link{{Note: note}}
	return nil
}

// prover fetches a consistency proof.
type prover func(ctx context.Context, from, to uint64) (tlog.TreeProof, error)

// accept checks a link against what this node has seen. ErrRewritten when it
// does not continue that; the evidence is kept. A link whose proof starts
// elsewhere and cannot be fetched now is passed over and shows in standing, and
// so is one signed by a key that nobody above can vouch for at the moment:
// entries go on being followed meanwhile.
// A bad proof is laid at the upstream's door when the county itself has a
// good one.
func (w *witness) accept(ctx context.Context, upstream string, l Link, fetch, county prover) error {
	cp, err := w.trust().OpenCheckpoint([]byte(l.Note))
	if errors.Is(err, trust.ErrSignature) {
		missing := w.keys.renew(ctx, upstream)
		cp, err = w.trust().OpenCheckpoint([]byte(l.Note))
		switch {
		case err == nil || missing == nil:
		case forged(missing):
			return ErrSignature.Because(errors.Join(err, missing))
		default:
			w.unproved()
			w.log.Warn("a checkpoint is signed by a key not known here, and the county's newer keys cannot be had now", "upstream", upstream, "error", missing)
			return nil
		}
	}
	switch {
	case errors.Is(err, trust.ErrWrongCounty):
		return ErrWrongCounty.Because(err)
	case errors.Is(err, trust.ErrSignature):
		return ErrSignature.Because(err)
	case err != nil:
		return ErrMalformed.Because(err)
	case len(l.Proof) > maxProofHashes:
		return ErrMalformed.Becausef("proof of %d hashes", len(l.Proof))
	}
	last := w.newest()
	if cp.Tree.N < last.Tree.N {
		return nil // a hub that is a little behind
	}
	proof, from := tlog.TreeProof(l.Proof), l.From
	if last.Tree.N > 0 && cp.Tree.N > last.Tree.N && from != uint64(last.Tree.N) {
		from = uint64(last.Tree.N)
		if proof, err = w.fetch(ctx, from, uint64(cp.Tree.N), fetch); err != nil {
			w.log.Info("a checkpoint lacks its proof for now", "from", from, "size", cp.Tree.N, "error", err)
			return nil
		}
	}
	if last.Tree.N > 0 {
		err := trust.CheckConsistency(last, cp, proof)
		if errors.Is(err, trust.ErrProof) {
			better, missing := county(ctx, uint64(last.Tree.N), uint64(cp.Tree.N))
			if missing == nil && trust.CheckConsistency(last, cp, better) == nil {
				return ErrMalformed.Because(err)
			}
		}
		if err != nil {
			return w.accuse(ctx, upstream, l.Note, proof, err)
		}
	}
	return w.take(ctx, cp, Link{Note: l.Note, From: from, Proof: proof})
}

// fetch asks for a missing proof, now and then.
func (w *witness) fetch(ctx context.Context, from, to uint64, fetch prover) (tlog.TreeProof, error) {
	w.unproved()
	now := w.clock.Now()
	w.mu.Lock()
	soon := !w.askedProof.IsZero() && now.Sub(w.askedProof) < proofRetry
	if !soon {
		w.askedProof = now
	}
	w.mu.Unlock()
	if soon {
		return nil, ErrNoProof
	}
	return fetch(ctx, from, to)
}

// unproved notes that a checkpoint newer than the last cannot be judged yet.
func (w *witness) unproved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unprovedSince.IsZero() {
		w.unprovedSince = w.clock.Now()
	}
}

func (w *witness) take(ctx context.Context, cp trust.Checkpoint, l Link) error {
	w.mu.Lock()
	w.unprovedSince, w.askedProof = time.Time{}, time.Time{}
	if cp.Tree.N == w.last.Tree.N {
		w.mu.Unlock()
		return nil
	}
	w.last, w.note = cp, l.Note
	w.links = append(w.links, l)
	if len(w.links) > maxRelay {
		w.links = append([]Link(nil), w.links[len(w.links)-maxRelay/2:]...)
	}
	keep := w.kept == 0 || w.clock.Now().Sub(w.keptAt) >= w.every
	w.mu.Unlock()
	if !keep {
		return nil
	}
	return w.keep(ctx)
}

// keep puts the newest checkpoint into the store.
func (w *witness) keep(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if uint64(w.last.Tree.N) <= w.kept || w.note == "" {
		return nil
	}
	now := w.clock.Now()
	if err := w.st.KeepCheckpoint(ctx, uint64(w.last.Tree.N), now.UnixMilli(), w.note); err != nil {
		return ErrStorage.Because(err)
	}
	w.kept, w.keptAt = uint64(w.last.Tree.N), now
	return nil
}

func (w *witness) keepLast(ctx context.Context) {
	if err := w.keep(ctx); err != nil {
		w.log.Error("the newest checkpoint was not kept", "error", err)
	}
}

func (w *witness) accuse(ctx context.Context, upstream, shown string, proof tlog.TreeProof, why error) error {
	w.mu.Lock()
	e := Evidence{Upstream: upstream, SeenAt: w.clock.Now().UnixMilli(), Kept: w.note, Shown: shown, Proof: proof, Error: why.Error()}
	w.mu.Unlock()
	fault := ErrRewritten.Because(why)
	if err := keepEvidence(ctx, w.st, "checkpoint", e); err != nil {
		return errors.Join(fault, err)
	}
	// The one kept must outlive this process, or the next start would trust
	// whatever it is shown first.
	return errors.Join(fault, w.keep(ctx))
}

// keepEvidence keeps the first evidence of its kind.
func keepEvidence(ctx context.Context, st *store.Store, kind string, e Evidence) error {
	have, err := st.Setting(ctx, EvidenceKey+kind)
	if err != nil || have != "" {
		return err
	}
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode evidence: %w", err)
	}
	return st.SetSetting(ctx, EvidenceKey+kind, string(b))
}

func (w *witness) newest() trust.Checkpoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *witness) newestNote() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.note
}

// standing is the size of the newest proven checkpoint, and since when (Unix
// milliseconds, 0 for not) newer ones lack a proof.
func (w *witness) standing() (size uint64, unprovedSince int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.unprovedSince.IsZero() {
		unprovedSince = w.unprovedSince.UnixMilli()
	}
	return uint64(w.last.Tree.N), unprovedSince
}

// relay gives the links that lead on from a size, for the nodes below.
func (w *witness) relay(after uint64) []Link {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.links) == 0 || after >= uint64(w.last.Tree.N) {
		return nil
	}
	for i, l := range w.links {
		if after > 0 && l.From == after {
			return append([]Link(nil), w.links[i:]...)
		}
	}
	return []Link{w.links[len(w.links)-1]}
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms) }
