package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tongban/tongban/store"
)

// Upstream is a node above to which entries can be sent.
type Upstream struct {
	Name string
	// Tier is "township" or "county".
	Tier    string
	BaseURL string
	Client  *http.Client
}

// Store is what the sender needs of the node's store.
type Store interface {
	Outbox(ctx context.Context, after int64, storedBy []string, limit, maxBytes int) ([]store.OutboxEntry, error)
	OutboxOrigins(ctx context.Context) ([]string, error)
	OutboxStats(ctx context.Context) (store.OutboxStats, error)
	// OutboxFirst is the lowest seq of an origin in the outbox, 0 for none.
	OutboxFirst(ctx context.Context, origin string) (uint64, error)
	MarkStored(ctx context.Context, origin string, upTo uint64, by string) error
	ForgetStored(ctx context.Context, origin string, after uint64, by string) error
	// EntryID is the id of an origin's entry, empty when it is not here.
	EntryID(ctx context.Context, origin string, seq uint64) (string, error)
	// MarkForked stops an origin here too, now that a node above did; LastSeq
	// tells whether it is stopped.
	MarkForked(ctx context.Context, origin string, at int64) error
	LastSeq(ctx context.Context, origin string) (last uint64, forked bool, err error)
	// ForkEvidence lists the entries of forked origins that contradict the
	// county's ledger.
	ForkEvidence(ctx context.Context) ([]store.OutboxEntry, error)
	// ConfirmedOrigins are the origins whose entries this node may send and the
	// county has confirmed some of; Confirmed lists those of one after a seq.
	ConfirmedOrigins(ctx context.Context) ([]string, error)
	Confirmed(ctx context.Context, origin string, after uint64, limit, maxBytes int) ([]store.OutboxEntry, error)
}

// Options set a sender up.
type Options struct {
	// Self is this node's id.
	Self  string
	Store Store
	// Upstreams are tried in their order: a village's township first, then
	// the county's hubs.
	Upstreams []Upstream
	// WentBack tells that the county has less than it had; nil never does.
	WentBack func() bool
	Logger   *slog.Logger
	// Now and After are the clock; nil is the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// BackoffMax caps the pause between attempts; MaxEntries and MaxBytes a
	// batch before compression.
	BackoffMax time.Duration
	MaxEntries int
	MaxBytes   int
}

// Sender sends a node's outbox up.
type Sender struct {
	o          Options
	kick, wake chan struct{}

	mu     sync.Mutex
	status Status

	// The rest belongs to Run.
	links  map[string]*link
	forked map[string]bool
	// confessed are entries of forked origins, by their place in the store, of
	// which the county knows.
	confessed map[int64]bool
}

// link is what the sender knows of the line to one upstream.
type link struct {
	// batch is how many entries go into the next request, most what the
	// receiver was found to take.
	batch, most int
	// met: the upstream was asked how far it has each origin, and has not
	// failed since.
	met    bool
	down   bool
	downAt time.Time
}

const (
	firstPause = 250 * time.Millisecond
	// restUpstream is for how long one that failed is passed over while
	// another works.
	restUpstream = 15 * time.Second
	// passBy is for how long entries may stay unconfirmed at the township
	// before the county is sent them past it: its own line may be down.
	passBy     = 2 * time.Minute
	firstBatch = 64
)

// NewSender makes a sender; Run starts it.
func NewSender(o Options) *Sender {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.BackoffMax <= 0 {
		o.BackoffMax = time.Minute
	}
	if o.MaxEntries <= 0 || o.MaxEntries > maxBatch {
		o.MaxEntries = 512
	}
	if o.MaxBytes <= 0 || o.MaxBytes > maxPlain/2 {
		o.MaxBytes = 4 << 20
	}
	s := &Sender{o: o, kick: make(chan struct{}, 1), wake: make(chan struct{}, 1), links: map[string]*link{}, forked: map[string]bool{}, confessed: map[int64]bool{}}
	for _, u := range o.Upstreams {
		s.links[u.Name] = &link{batch: min(firstBatch, o.MaxEntries), most: o.MaxEntries}
	}
	return s
}

// Kick makes the sender try now: somebody waits, or the line is back.
func (s *Sender) Kick() { poke(s.kick) }

// Wake tells the sender that there may be something to send. Unlike Kick it
// does not cut short the pause after a failure.
func (s *Sender) Wake() { poke(s.wake) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends. It never gives up; its pauses grow to BackoffMax.
func (s *Sender) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := s.drain(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			s.recovered()
			s.idle(ctx)
			continue
		}
		failures++
		pause := s.pause(failures)
		s.failed(err, failures, pause)
		select {
		case <-ctx.Done():
		case <-s.kick:
		case <-s.o.After(pause):
		}
	}
}

// idle waits for something to do. What lies above unconfirmed for long is
// asked after: a township that lost its disk does not tell by itself.
func (s *Sender) idle(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.kick:
	case <-s.wake:
	case <-s.o.After(s.o.BackoffMax):
		for _, l := range s.links {
			l.met = false
		}
	}
}

// pause doubles with each failure up to the cap, half of it random so that
// villages that lost the line together do not come back together.
func (s *Sender) pause(failures int) time.Duration {
	p := min(firstPause<<min(failures-1, 20), s.o.BackoffMax)
	return p/2 + rand.N(p/2+1)
}

// drain sends all that waits, to the first upstream that takes it.
func (s *Sender) drain(ctx context.Context) error {
	if err := s.confess(ctx); err != nil {
		return err
	}
	s.restock(ctx)
	var errs []error
	for _, u := range s.order() {
		l := s.links[u.Name]
		err := s.newRound(u).run(ctx)
		if err == nil {
			l.down = false
			if u.Tier == "township" {
				s.passTownship(ctx)
			}
			return nil
		}
		l.met, l.down, l.downAt = false, true, s.o.Now()
		errs = append(errs, fmt.Errorf("%s: %w", u.Name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

func (s *Sender) newRound(u Upstream) *round {
	return &round{s: s, u: u, link: s.links[u.Name], held: map[string]error{}, rewinds: map[string]int{}}
}

// passTownship sends the county what a township has had for long. What came
// there nevertheless is not sent again, for the county is asked first.
func (s *Sender) passTownship(ctx context.Context) {
	stats, err := s.o.Store.OutboxStats(ctx)
	if err != nil || stats.Length == 0 || s.o.Now().Sub(time.UnixMilli(stats.OldestMS)) < passBy {
		return
	}
	for _, u := range s.order() {
		l := s.links[u.Name]
		if u.Tier != "county" || l.down && s.o.Now().Sub(l.downAt) < restUpstream {
			continue
		}
		l.met = false
		if err = s.newRound(u).run(ctx); err == nil {
			l.down = false
			return
		}
		l.down, l.downAt = true, s.o.Now()
		s.o.Logger.Debug("the county is not reached past the township", "upstream", u.Name, "error", err)
	}
}

// order puts upstreams that failed lately last.
func (s *Sender) order() []Upstream {
	var fit, resting []Upstream
	for _, u := range s.o.Upstreams {
		if l := s.links[u.Name]; l.down && s.o.Now().Sub(l.downAt) < restUpstream {
			resting = append(resting, u)
		} else {
			fit = append(fit, u)
		}
	}
	return append(fit, resting...)
}
