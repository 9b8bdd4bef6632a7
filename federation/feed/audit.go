package feed

import (
	"log/slog"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
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
	// LastError is the last failure; ErrMissing stays until it is resolved.
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
