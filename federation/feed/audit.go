package feed

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// AuditorOptions set up an Auditor. Upstreams and Trust are required.
type AuditorOptions struct {
	// Upstreams are asked for proofs in their order.
	Upstreams []Upstream
	Trust     func() trust.CountyTrust
	// Every is the pause between batches (30 s), Batch how many entries one
	// checks (32).
	Every  time.Duration
	Batch  int
	Clock  Clock
	Logger *slog.Logger
}

// Auditor checks in the background that what the county confirmed to this
// node is in the ledger it shows the world: for each of this node's own
// confirmed entries it fetches and verifies an inclusion proof.
type Auditor struct {
	o  AuditorOptions
	st *store.Store

	mu     sync.Mutex
	status AuditStatus
}

// AuditStatus is how far the audit has come.
type AuditStatus struct {
	// Checked counts entries proven since the start; UpTo is the index up to
	// which every own entry is proven.
	Checked int64  `json:"checked"`
	UpTo    uint64 `json:"up_to"`
	// LastError is the last failure, until a batch succeeds. The evidence of
	// an ErrMissing is kept for good (EvidenceKey).
	LastError   *Fault `json:"last_error,omitempty"`
	LastErrorAt int64  `json:"last_error_at,omitempty"`
}

// NewAuditor makes an auditor over a node's store; Run starts it.
func NewAuditor(st *store.Store, o AuditorOptions) *Auditor {
	o.Every = orElse(o.Every, 30*time.Second)
	o.Batch = orElse(o.Batch, 32)
	o.Clock = clockOr(o.Clock)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Auditor{o: o, st: st}
}

// Status is how far the audit has come.
func (a *Auditor) Status() AuditStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

// auditSetting keeps how far the audit has come, in the node's local settings.
const auditSetting = "feed.audit"

// auditEpochSetting keeps the epoch of the ledger in which that was.
const auditEpochSetting = "feed.audit.epoch"

// wentBack begins again where the ledger went back to.
func (a *Auditor) wentBack(ctx context.Context) error {
	epoch, err := a.st.Epoch(ctx)
	if err != nil || epoch.At == 0 {
		return err
	}
	now := strconv.FormatInt(epoch.At, 10)
	was, err := a.st.Setting(ctx, auditEpochSetting)
	if err != nil || was == now {
		return err
	}
	a.mu.Lock()
	a.status.UpTo = min(a.status.UpTo, epoch.Kept)
	upTo := a.status.UpTo
	a.mu.Unlock()
	if err := a.st.SetSetting(ctx, auditSetting, strconv.FormatUint(upTo, 10)); err != nil {
		return err
	}
	return a.st.SetSetting(ctx, auditEpochSetting, now)
}

// Run audits until the context ends.
func (a *Auditor) Run(ctx context.Context) error {
	saved, err := a.st.Setting(ctx, auditSetting)
	if err != nil {
		return ErrStorage.Because(err)
	}
	upTo, err := strconv.ParseUint(saved, 10, 53)
	if err != nil {
		upTo = 0 // nothing saved: from the beginning
	}
	a.mu.Lock()
	a.status.UpTo = upTo
	a.mu.Unlock()
	tick := a.o.Clock.NewTicker(a.o.Every)
	defer tick.Stop()
	for {
		a.note(ctx, a.step(ctx))
		select {
		case <-tick.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// note keeps the outcome of a batch for Status.
func (a *Auditor) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.status.LastError, a.status.LastErrorAt = nil, 0
		return
	}
	fault := asFault(err, ErrStorage)
	a.status.LastError, a.status.LastErrorAt = fault, a.o.Clock.Now().UnixMilli()
	level := slog.LevelInfo
	if errors.Is(err, ErrMissing) {
		level = slog.LevelError
	}
	a.o.Logger.Log(ctx, level, "audit of the county's ledger", "code", fault.Code, "error", err)
}

// step proves the next own entries to be in the ledger of the checkpoint kept
// last.
func (a *Auditor) step(ctx context.Context) error {
	if err := a.wentBack(ctx); err != nil {
		return err
	}
	size, note, err := a.st.LastCheckpoint(ctx)
	if err != nil || size == 0 {
		return err
	}
	cp, err := a.o.Trust().OpenCheckpoint([]byte(note))
	if err != nil {
		return ErrSignature.Because(err)
	}
	from := a.Status().UpTo
	page, err := a.st.Feed(ctx, store.Follower{Node: a.st.Self().Node, Division: a.st.Self().Division}, from, 256<<10)
	if err != nil {
		return err
	}
	done, checked := from, 0
	for _, raw := range page.Lines {
		var l struct {
			Index    uint64 `json:"index"`
			Confirms string `json:"confirms"`
		}
		if err := json.Unmarshal(raw, &l); err != nil {
			return err
		}
		if l.Index > size || checked == a.o.Batch {
			return a.proven(ctx, done, checked)
		}
		if l.Confirms != "" {
			if err := a.check(ctx, cp, note, l.Index); err != nil {
				return errors.Join(err, a.proven(ctx, done, checked))
			}
			checked++
		}
		done = l.Index
	}
	return a.proven(ctx, max(done, min(page.UpTo, size)), checked)
}

func (a *Auditor) proven(ctx context.Context, upTo uint64, checked int) error {
	a.mu.Lock()
	was := a.status.UpTo
	a.status.UpTo = max(was, upTo)
	a.status.Checked += int64(checked)
	a.mu.Unlock()
	if upTo <= was {
		return nil
	}
	return a.st.SetSetting(ctx, auditSetting, strconv.FormatUint(upTo, 10))
}

// check proves one record. A middle node that passes on a bad proof is not
// evidence against the county: only the county's own answer is.
func (a *Auditor) check(ctx context.Context, cp trust.Checkpoint, note string, index uint64) error {
	record, err := a.st.RecordAt(ctx, index)
	if err != nil {
		return err
	}
	last := ErrNoProof
	for _, up := range a.o.Upstreams {
		proof, err := fetchInclusion(ctx, []Upstream{up}, index, uint64(cp.Tree.N))
		if err != nil {
			last = asFault(err, ErrNoProof)
			continue
		}
		err = trust.CheckInclusion(cp, int64(index), ledger.LeafHash(record), proof)
		switch {
		case err == nil:
			return nil
		case up.Tier != node.County:
			last = ErrMalformed.Because(err)
			continue
		}
		e := Evidence{Upstream: up.Name, SeenAt: a.o.Clock.Now().UnixMilli(), Kept: note, Proof: proof, Record: string(record), Error: err.Error()}
		return errors.Join(ErrMissing.Becausef("record %d: %w", index, err), keepEvidence(ctx, a.st, "record", e))
	}
	return last
}
