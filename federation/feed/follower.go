package feed

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Upstream is a node above that serves the feed.
type Upstream struct {
	// Name is shown to people and unlike those of the other upstreams; Tier
	// is the node's tier.
	Name string
	Tier node.Tier
	// BaseURL is the root of its federation port, "https://10.1.2.3:8443".
	BaseURL string
	// Client authenticates both ends (trust.ClientConfig). It must have no
	// Timeout, for a feed stays open; and its transport must speak the
	// protocols its TLS configuration offers (ForceAttemptHTTP2).
	Client *http.Client
}

// FollowerOptions set up a Follower. Upstreams and Trust are required.
type FollowerOptions struct {
	// Upstreams in order of preference: the township first, then the county.
	Upstreams []Upstream
	// Trust is the node's current bundle of the county's public keys.
	Trust func() trust.CountyTrust
	// Renew asks an upstream for the county's newer keys and makes Trust give
	// them. nil says that the upstream told how they stand, new or not; what
	// does not continue the present ones is an error of package trust
	// (ErrSignature, ErrMalformed, ErrWrongCounty). A nil Renew asks nobody:
	// new keys come by the feed alone.
	Renew func(ctx context.Context, from Upstream) error
	// NewEpoch, if set, is called when this node went back with the county's
	// ledger.
	NewEpoch func()
	// Verified are entries that this node has checked before; nil is none.
	Verified *trust.Verified
	// Version is this program's. Level is the newest level of entries that it
	// reads; nil is ledger.Level.
	Version string
	Level   func() int
	// Connect is how long an upstream may take to its first heartbeat (15 s);
	// Silence how long nothing at all may come before the connection counts
	// as dead (35 s).
	Connect, Silence time.Duration
	// BackoffMin and BackoffMax bound the pause between attempts (500 ms,
	// 60 s); a random half of it is left out.
	BackoffMin, BackoffMax time.Duration
	// Probe is how often a follower that makes do with a later upstream looks
	// whether an earlier one is there again (60 s).
	Probe time.Duration
	// Stale is how long ago an upstream may have heard of the county itself
	// before another upstream is preferred (2 min; a hub 15 s at most).
	Stale time.Duration
	// KeepCheckpoint is how often a checkpoint is kept for good (10 min).
	KeepCheckpoint time.Duration
	// Grace is for how long the county may have less than this node before that
	// is a fault (30 s).
	Grace time.Duration
	// SkewWarning is the difference of clocks from which on there is a
	// warning (60 s).
	SkewWarning time.Duration
	// Batch bounds the records applied in one transaction (512).
	Batch  int
	Clock  Clock
	Logger *slog.Logger
}

func (o FollowerOptions) withDefaults() FollowerOptions {
	o.Connect = orElse(o.Connect, 15*time.Second)
	o.Silence = orElse(o.Silence, 35*time.Second)
	o.BackoffMin = orElse(o.BackoffMin, 500*time.Millisecond)
	o.BackoffMax = max(orElse(o.BackoffMax, time.Minute), o.BackoffMin)
	o.Probe = orElse(o.Probe, time.Minute)
	o.Stale = orElse(o.Stale, 2*time.Minute)
	o.KeepCheckpoint = orElse(o.KeepCheckpoint, 10*time.Minute)
	o.Grace = orElse(o.Grace, 30*time.Second)
	o.SkewWarning = orElse(o.SkewWarning, time.Minute)
	o.Batch = orElse(o.Batch, 512)
	if o.Level == nil {
		o.Level = func() int { return ledger.Level }
	}
	o.Clock = clockOr(o.Clock)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Follower keeps a township's or village's store in step with the county's
// ledger. At a township it is also what its own Server knows of the county.
type Follower struct {
	o       FollowerOptions
	st      *store.Store
	kick    chan struct{}
	keys    *keyring
	witness *witness
	setback setback
	bytesIn atomic.Int64

	mu    sync.Mutex
	state state
	// blocked are the upstreams not followed any more, with why.
	blocked map[string]*Fault
	// troubles are the upstreams that fail, with what the log tells of them.
	troubles map[trouble]told
	// full asks for this node's own entries too: its database was restored
	// from an old copy.
	full bool
	// pageBytes is what the link can carry in one piece.
	pageBytes int
	skew      skewMeter
}

// NewFollower makes a follower over a node's store; Run starts it.
func NewFollower(st *store.Store, o FollowerOptions) *Follower {
	o = o.withDefaults()
	return &Follower{
		o: o, st: st, kick: make(chan struct{}, 1), keys: newKeyring(st, o.Trust, o.Verified),
		witness: newWitness(st, o), blocked: map[string]*Fault{}, troubles: map[trouble]told{}, pageBytes: maxAskPage,
	}
}

// Run follows until the context ends, or until this node's storage has failed
// for good. It may be called once.
func (f *Follower) Run(ctx context.Context) error {
	if err := f.witness.load(ctx); err != nil {
		return asFault(err, ErrStorage)
	}
	defer f.witness.keepLast(context.WithoutCancel(ctx))
	cursor, err := f.st.Cursor(ctx)
	if err != nil {
		return ErrStorage.Because(err)
	}
	if err := f.loadContact(ctx); err != nil {
		return asFault(err, ErrStorage)
	}
	f.mu.Lock()
	f.state.Cursor = cursor
	f.mu.Unlock()
	pause := f.o.BackoffMin
	for {
		before, began := f.Status().Cursor, f.o.Clock.Now()
		held, err := f.round(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrFailed):
			return err
		case f.Status().Cursor > before, held && f.o.Clock.Now().Sub(began) >= f.o.Silence:
			pause = f.o.BackoffMin
		}
		f.wait(ctx, pause/2+rand.N(pause/2+1))
		pause = min(2*pause, f.o.BackoffMax)
	}
}

// Kick ends a pause: the network may be back, or somebody is waiting.
func (f *Follower) Kick() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

func (f *Follower) wait(ctx context.Context, d time.Duration) {
	t := f.o.Clock.NewTicker(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-f.kick:
	case <-ctx.Done():
	}
}

// round tries the upstreams in order and stays with the first that serves. An
// upstream that has lost the county itself is taken only if no other serves.
// held tells that one served, and that its connection broke.
func (f *Follower) round(ctx context.Context) (held bool, err error) {
	if len(f.o.Upstreams) == 0 {
		return false, f.fail("", ErrUnreachable.Becausef("no upstream is configured"))
	}
	var stale []int
	for i, up := range f.o.Upstreams {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if f.isBlocked(up.Name) {
			// Unless the county has its word for what it showed.
			if went, missing := f.goBack(ctx, up); !went || missing != nil {
				continue
			}
		}
		held, err = f.attempt(ctx, i, false)
		if errors.Is(err, ErrBehind) && !held {
			stale = append(stale, i)
			continue
		}
		if held || errors.Is(err, store.ErrFailed) {
			return held, err
		}
	}
	for _, i := range stale {
		if held, err = f.attempt(ctx, i, true); held || ctx.Err() != nil {
			return held, err
		}
	}
	return false, err
}

// attempt follows one upstream until its connection ends. held tells that it
// had served well: what it sent was not the reason for the end.
func (f *Follower) attempt(ctx context.Context, i int, makeDo bool) (held bool, err error) {
	c := &connection{f: f, up: f.o.Upstreams[i], rank: i, makeDo: makeDo}
	err = c.follow(ctx)
	held = c.served.Load() && !c.unfit(err)
	f.ended()
	switch {
	case ctx.Err() != nil:
		return held, ctx.Err()
	case errors.Is(err, errBetter):
		f.o.Logger.Info("returning to a preferred upstream", "from", c.up.Name)
		return held, nil
	case errors.Is(err, errNewEpoch):
		f.Kick()
		return true, nil
	case strange(err):
		if missing := f.witness.keys.renew(ctx, c.up.Name); missing != nil {
			err = errors.Join(err, missing)
		}
	}
	return held, f.fail(c.up.Name, err)
}

// unfit tells that a connection ended because of what came over it: trying
// the same upstream again at once would bring the same.
func (c *connection) unfit(err error) bool {
	for _, fault := range []*Fault{ErrMalformed, ErrSignature, ErrLevel, ErrWrongCounty, ErrRewritten, ErrWentBack, ErrOldEpoch, ErrApply} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// block stops following an upstream for good.
func (f *Follower) block(name string, why *Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked[name] = why
	f.o.Logger.Error("not following this node any more", "upstream", name, "error", why)
}

func (f *Follower) isBlocked(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blocked[name] != nil
}
