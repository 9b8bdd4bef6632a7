package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

// Options are what a node of any tier is started with.
type Options struct {
	// Dir holds everything the node keeps, Key seals it; nil leaves it in the
	// clear, which a node that serves never does.
	Dir string
	Key *atrest.Key
	// Membership is the node's place in its county, as `init`, `join` or
	// `enroll` left it in Dir.
	Membership *Membership
	Version    string
	Limits     catalog.Limits
	Logger     *slog.Logger
	// Now is the clock; nil is the real one. After and FeedClock go with it.
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time
	FeedClock feed.Clock

	// County: the peer port of a hub, and the address the other hubs dial.
	Peer          net.Listener
	PeerAdvertise string
	Timing        county.Timing
	// PeerDial, if set, connects to the other hubs, so that a test can cut them
	// off.
	PeerDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Bootstrap makes a new hub the first of its county, with this operator.
	// Founded is told once that is done.
	Genesis *Genesis
	Founded func() error

	// Township and village: the federation addresses above, in the order in
	// which they are tried. Empty ones are taken from the enrolment.
	Township, County []string
	// Proxy is what the lines to them go through; nil is none.
	Proxy *url.URL
	// TokenLife is how long a staff token is good, at most trust.TokenLife.
	TokenLife time.Duration
	// Names are the host names and addresses the node is reached by, for its
	// next certificate; empty keeps those of the present one.
	Names []string
	// LAN are the names and addresses under which phones reach the node on its
	// local network; empty where none do.
	LAN       []string
	Heartbeat time.Duration
	// DeemEvery is how often the node looks for cases that count as accepted.
	DeemEvery  time.Duration
	BackoffMax time.Duration
	SkewWarn   time.Duration
	// UnnamedDays is after how many daily looks at which nothing named it an upload
	// is removed; 0 keeps all.
	UnnamedDays  int
	BatchEntries int
	BatchBytes   int
	// Wrap, if set, goes around what carries requests to the nodes above, so
	// that a test can lose, repeat and reorder them.
	Wrap func(http.RoundTripper) http.RoundTripper

	Disk Disk

	// Notices, at a hub: how applicants are told; nil tells nobody.
	Notices *notify.Settings

	// Fatal is told when the node must stop.
	Fatal func(error)
}

// Node is a running node of any tier.
type Node struct {
	Store *store.Store
	Blobs *blob.Store

	self    store.Self
	name    string
	version string
	own     atomic.Pointer[own]
	// names are the host names and addresses this node is reached by; empty
	// keeps those of its certificate.
	names     []string
	lan       *lan         // nil where no local network is served
	signing   sync.RWMutex // held for writing while own changes
	renewing  sync.Mutex   // held while a renewal is under way
	telling   sync.Mutex   // held while keyTold is being made true
	keyTold   atomic.Bool  // hubs: the ledger tells of the key in own
	county    *heldKeys    // hubs only
	bundle    atomic.Pointer[trust.CountyTrust]
	verified  trust.Verified
	advancing sync.Mutex // held while bundle moves on
	// ahead is by how much a test says that the program reads more.
	ahead    atomic.Int32
	rotating sync.Mutex // held while county does
	sealing  sync.Mutex // held while a seal is being made
	// foundingIs is Membership.Founding; strangers are keys nobody has.
	foundingIs string
	strangers  strangers
	log        *slog.Logger
	clock      func() time.Time
	after      func(time.Duration) <-chan time.Time
	skewWarn   time.Duration

	directory *directory
	verifier  *trust.Verifier
	visitors  *trust.ApplicantVerifier

	hub      *county.Hub
	founding atomic.Bool
	disk     Disk
	diskLow  atomic.Bool
	proxy    *url.URL
	counters counters
	began    time.Time
	// unnamedDays is Options'; looking is held while a look is made, naming for
	// reading by who is about to record what names a file, and what was removed
	// since the start is counted.
	unnamedDays                  int
	looking                      sync.Mutex
	naming                       sync.RWMutex
	unnamedRemoved, unnamedBytes atomic.Int64

	spread  *papers.Spread
	gather  *papers.Gather
	notices *notify.Sender // hubs only

	// castOut is what a node above told of this one, nil while nothing.
	castOut atomic.Pointer[Revocation]

	upstreams []outbox.Upstream
	// public answers what the nodes below were asked.
	public     atomic.Pointer[func(context.Context, string, PublicAsk) PublicAnswer]
	follower   *feed.Follower
	auditor    *feed.Auditor
	sender     *outbox.Sender
	courier    *papers.Courier
	server     *feed.Server
	heartbeat  time.Duration
	deemEvery  time.Duration
	beatNow    chan struct{}
	unanswered unanswered
	wrap       func(http.RoundTripper) http.RoundTripper
	lines      []*http.Transport

	handler http.Handler
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	fatal   func(error)
}

// Start opens a node's data and starts its part in the county.
func Start(ctx context.Context, o Options) (_ *Node, err error) {
	n, err := newNode(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	if n.Store, err = store.Open(ctx, store.Options{Dir: o.Dir, Key: o.Key, Self: n.self, Limits: o.Limits, Logger: n.log,
		Lost: diskLost(o.Dir, n.self.Tier), Predecessors: o.Membership.Predecessors}); err != nil {
		return nil, err
	}
	if err := settleSuccession(o.Dir, n.self.Node); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(o.Dir, unstartedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := n.checkFounding(ctx, o.Membership); err != nil {
		return nil, err
	}
	if n.Blobs, err = blob.Open(filepath.Join(o.Dir, "attachments"), blob.Options{Key: o.Key}); err != nil {
		return nil, err
	}
	n.directory = &directory{store: n.Store, now: n.now, self: n.self.Node}
	if err := n.settleRenewal(ctx); err != nil {
		return nil, err
	}
	n.verifier = trust.NewVerifier(n.Trust, n.directory)
	n.visitors = trust.NewApplicantVerifier(n.Trust, n.directory)
	if err := n.refreshTrust(ctx); err != nil {
		return nil, err
	}
	if err := n.checkOwn(); err != nil {
		return nil, err
	}
	if err := n.recallRevocation(ctx); err != nil {
		n.log.Warn("what was told of this node's revocation cannot be read; the next connection tells it again", "error", err)
	}
	if n.county != nil {
		err = n.startHub(o)
	} else {
		err = n.startBelow(o)
	}
	if err != nil {
		return nil, err
	}
	n.handler = n.routes()
	n.founding.Store(n.county != nil && o.Genesis != nil)
	n.run(n.watchTrust)
	n.run(n.forgetDevices)
	n.run(n.keepRenewed)
	if len(o.LAN) > 0 {
		if err := n.startLAN(o.LAN); err != nil {
			return nil, err
		}
		n.run(n.keepLAN)
	}
	n.run(n.tidyPapers)
	n.run(n.deemUntold)
	if n.disk.Free != nil {
		n.run(n.watchDisk)
	}
	n.run(n.inspect)
	if n.hub != nil {
		n.run(n.keepKeyTold)
		n.startNotices(o.Notices)
	}
	if n.county != nil && o.Genesis != nil {
		n.run(func(ctx context.Context) {
			err := n.found(ctx, *o.Genesis)
			if err == nil && o.Founded != nil {
				err = o.Founded()
			}
			n.founding.Store(err != nil)
			if err != nil && ctx.Err() == nil {
				n.stopFor(fmt.Errorf("found the county: %w", err))
			}
		})
	}
	return n, nil
}

func newNode(o Options) (*Node, error) {
	m := o.Membership
	n := &Node{version: o.Version, name: m.Name, foundingIs: m.Founding, names: o.Names, county: holdKeys(m.County), log: o.Logger, clock: o.Now, after: o.After,
		skewWarn: o.SkewWarn, heartbeat: o.Heartbeat, deemEvery: o.DeemEvery, unnamedDays: o.UnnamedDays, beatNow: make(chan struct{}, 1), wrap: o.Wrap, fatal: o.Fatal, disk: o.Disk, proxy: o.Proxy, counters: counters{last: map[string]int{}}}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.clock == nil {
		n.clock = time.Now
	}
	if n.after == nil {
		n.after = time.After
	}
	if n.skewWarn <= 0 {
		n.skewWarn = time.Minute
	}
	if n.heartbeat <= 0 {
		n.heartbeat = 10 * time.Second
	}
	if n.deemEvery <= 0 {
		n.deemEvery = deemEvery
	}
	c := m.Credential.Credential
	n.self = store.Self{Node: c.Node, Tier: c.Tier, Division: c.Division, Ordinal: c.Ordinal}
	n.began = n.now()
	bundle := m.trusted()
	n.bundle.Store(&bundle)
	proof, err := newOwn(m.Keys, m.Credential, m.Certificate, o.TokenLife)
	if err != nil {
		return nil, err
	}
	n.own.Store(proof)
	n.ctx, n.stop = context.WithCancel(context.Background())
	return n, nil
}

// Close stops the node: what is under way is finished, leadership is handed
// on.
func (n *Node) Close() error {
	n.stop()
	if n.server != nil {
		n.server.Close()
	}
	var errs []error
	if n.notices != nil {
		n.notices.Close() // while what became of them can still be recorded
	}
	if n.hub != nil {
		errs = append(errs, n.hub.Close())
	}
	n.running.Wait()
	for _, t := range n.lines {
		t.CloseIdleConnections()
	}
	if n.Store != nil {
		errs = append(errs, n.Store.Close())
	}
	return errors.Join(errs...)
}

// run starts a part of the node that ends with it.
func (n *Node) run(part func(context.Context)) {
	n.running.Go(func() { part(n.ctx) })
}

// ended stops the node when a part of it gave up by itself.
func (n *Node) ended(part string, err error) {
	if err != nil && n.ctx.Err() == nil {
		n.stopFor(fmt.Errorf("%s: %w", part, err))
	}
}

func (n *Node) stopFor(err error) {
	n.log.Error("this node must stop", "error", err)
	if n.fatal != nil {
		n.fatal(err)
	}
}

func (n *Node) now() time.Time { return n.clock() }

// wakeOnChange calls wake whenever the state has changed.
func (n *Node) wakeOnChange(wake func()) func(context.Context) {
	return func(ctx context.Context) {
		for {
			changed := n.Store.Changed()
			wake()
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}
}

// Self is the node's place.
func (n *Node) Self() store.Self { return n.self }

// Name is the name people know the node by.
func (n *Node) Name() string { return n.name }

// Version is the program's version.
func (n *Node) Version() string { return n.version }

// Now is the node's clock.
func (n *Node) Now() time.Time { return n.clock() }

// Hub is the node's part in the county's Raft; nil below the county.
func (n *Node) Hub() *county.Hub { return n.hub }

// Trust is the county's public keys as this node knows them.
func (n *Node) Trust() trust.CountyTrust { return *n.bundle.Load() }

// Issuer issues staff tokens in this node's name.
func (n *Node) Issuer() *trust.Issuer { return n.own.Load().issuer }

// Verifier checks staff tokens.
func (n *Node) Verifier() *trust.Verifier { return n.verifier }

// ApplicantVerifier checks the tokens of those who apply by themselves.
func (n *Node) ApplicantVerifier() *trust.ApplicantVerifier { return n.visitors }

// StaffState is a member of staff as tokens are checked against.
func StaffState(s *identity.Staff) trust.StaffState {
	now := s.Now()
	return trust.StaffState{Disabled: now.Disabled, Division: s.Division, Department: s.Department, Roles: now.Roles, Epoch: s.Changed}
}

// Kick makes the node try its lines now.
func (n *Node) Kick() {
	if n.sender != nil {
		n.kickLines()
		select {
		case n.beatNow <- struct{}{}:
		default:
		}
	}
	if n.spread != nil {
		n.spread.Wake()
		n.gather.Retry()
	}
}

// kickLines ends the pauses between attempts to reach the nodes above.
func (n *Node) kickLines() {
	n.follower.Kick()
	n.sender.Kick()
	n.courier.Retry()
}

// Fresh makes reads at a hub see everything that was acknowledged anywhere
// before; below the county, what is here is what there is.
func (n *Node) Fresh(ctx context.Context) error {
	if n.hub == nil {
		return nil
	}
	_, err := n.hub.ReadIndex(ctx)
	return err
}

// Following is how following the county's ledger stands; false at a hub, which
// has it.
func (n *Node) Following() (feed.Status, bool) {
	if n.follower == nil {
		return feed.Status{}, false
	}
	return n.follower.Status(), true
}

// EndFeeds ends the feeds of the nodes below, which would else stay open.
func (n *Node) EndFeeds() {
	if n.server != nil {
		n.server.Close()
	}
}

// FederationHandler serves the nodes below, and those that enrol. Every answer
// names this program's version.
func (n *Node) FederationHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Tongban-Version", n.version)
		n.handler.ServeHTTP(w, r)
	})
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own types only
	}
	return b
}
