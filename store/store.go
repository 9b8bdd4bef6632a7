// Package store is what a node remembers: the entries it knows and the state
// they make, in SQLite. State is written by Apply alone, on every tier by the
// same code; an entry, its rows, its place in the outbox and the index applied
// move in one transaction.
//
// Two files a node: state.db is what must not be lost, local.db what may be
// (logins, what other nodes last said).
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// Self is the node a store belongs to.
type Self struct {
	Node     string
	Tier     node.Tier
	Division division.Code
	Ordinal  int
}

// County is the county the node belongs to; it names the cluster.
func (s Self) County() division.Code { return s.Division.County() }

// Options open a store.
type Options struct {
	Dir    string
	Self   Self
	Limits catalog.Limits
	Logger *slog.Logger
	// Key seals the databases; nil leaves them in the clear, which a node that
	// serves never does.
	Key *atrest.Key
	// Lost: this node had a state before; where there is none now, its disk was
	// lost. Predecessors are the nodes that the machine was before.
	Lost         bool
	Predecessors []string
}

// Store is an open node database. It is safe for concurrent use: one write at
// a time, any number of readers.
type Store struct {
	self   Self
	dir    string
	limits catalog.Limits
	key    *atrest.Key
	log    *slog.Logger

	mu     sync.Mutex // held for every write to state.db
	w      *writer
	read   *readers
	local  *readers
	closed bool
	failed error       // the first storage failure: nothing is written after it
	place  os.FileInfo // of state.db as it was opened
	full   bool        // the last write found no room

	applied uint64 // raft index in the database, at the county
	tree    *treeCache
	items   itemCache
	// people are staff as the transaction under way, or else the last one,
	// left them; used by the writer only.
	people map[string]identity.Staff
	// enrolled are nodes, likewise.
	enrolled map[string]*enrolledNode
	// head is known at the county only, where everything is recorded here.
	head headThen
	// waits is false while certainly no entry waits for another.
	waits bool

	checkpoint sync.Mutex // held while the log is copied back; before mu
	tending    bool
	beside     sync.WaitGroup

	watchMu sync.Mutex
	changed chan struct{}

	// rights grows with each change of nodes, staff, seals, revoked devices or the level; touched is
	// that the transaction under way has made one.
	rights  atomic.Uint64
	touched bool
	level   atomic.Pointer[levelThen]
	// named grows with each transaction that names or confirms attachments; noneLeft is
	// what it was when none was left to be confirmed.
	named    atomic.Uint64
	naming   bool
	noneLeft atomic.Uint64
	sessions sessionMemory
	recent   recentCases
	// casesJSON is where a case is written down before its row; used by the writer only.
	casesJSON bytes.Buffer
	numbers   atomic.Pointer[numberSecret]
	// watching is what cases are watched by; used by the writer only.
	watching watching
}

// Typed failures of opening a database.
var (
	ErrOtherNode   = errors.New("store: this database belongs to another node")
	ErrNewerSchema = errors.New("store: this database was written by a newer tongban")
	ErrNotOurs     = errors.New("store: this file is not a tongban database")
	ErrDamaged     = errors.New("store: this database is damaged")
	ErrFailed      = errors.New("store: stopped writing after a storage failure")
)

const (
	stateFile = "state.db"
	localFile = "local.db"
)

// Open opens or creates the databases of a node in a directory. A database of
// another node, another tier or a newer version is refused and left as it is.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{self: o.Self, dir: o.Dir, limits: o.Limits, key: o.Key, log: o.Logger, changed: make(chan struct{}), recent: recentCases{size: recentBelow}}
	if isCounty(o.Self.Tier) {
		s.recent.size = recentCounty
	}
	if err := s.open(ctx, o); err != nil {
		s.Close()
		return nil, fmt.Errorf("open store %s: %w", o.Dir, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	state := filepath.Join(s.dir, stateFile)
	if err := checkVersion(); err != nil {
		return err
	}
	if fault.Planted("wal") {
		os.Remove(state + "-wal")
	}
	if err := prepare(ctx, s.key, state, stateSchema); err != nil {
		return err
	}
	if err := prepare(ctx, s.key, filepath.Join(s.dir, localFile), localSchema); err != nil {
		return err
	}
	var err error
	if s.w, err = openWriter(ctx, s.key, state, s.sync(), s.cache()); err != nil {
		return err
	}
	if s.place, err = os.Stat(state); err != nil {
		return err
	}
	db, err := openReaders(s.key, state)
	if err != nil {
		return err
	}
	s.read = newReaders(db)
	if db, err = openLocal(s.key, filepath.Join(s.dir, localFile)); err != nil {
		return err
	}
	s.local = newReaders(db)
	if err := s.claim(ctx, o); err != nil {
		return err
	}
	return s.load(ctx)
}

// sync is the durability of one transaction. A hub's durable copy is the Raft
// log, so its database may lag on power loss and is brought up by replay;
// everywhere else a commit is on disk before anybody is told.
func (s *Store) sync() string {
	if s.self.Tier == node.County || fault.Planted("normal") {
		return "NORMAL"
	}
	return "FULL"
}

// cache is the writer's page cache in KiB. A hub writes for all nodes of its
// county; a village's machine needs its memory for other things.
func (s *Store) cache() int {
	if s.self.Tier == node.County {
		return 32 << 10
	}
	return smallCache
}

const smallCache = 12 << 10

// owner is what ties a database to a node.
func owner(self Self) map[string]string {
	owner := map[string]string{"county": string(self.County()), "tier": string(self.Tier), "division": string(self.Division)}
	if self.Tier != node.County {
		owner["node"] = self.Node
	}
	return owner
}

func (s *Store) load(ctx context.Context) error {
	n, err := s.w.number(ctx, `SELECT value FROM meta WHERE key = 'applied'`)
	if err != nil {
		return err
	}
	s.applied = uint64(n)
	if n, err = s.w.number(ctx, `SELECT EXISTS (SELECT 1 FROM entries WHERE status = 'waiting')`); err != nil {
		return err
	}
	s.waits = n != 0
	s.head, s.watching = headThen{}, watching{}
	s.rights.Add(1)
	s.named.Add(1)
	s.recent.forget()
	s.people, s.enrolled = map[string]identity.Staff{}, map[string]*enrolledNode{}
	s.tree = newTreeCache(s.w)
	s.items = newItemCache()
	if err := s.loadNumbers(ctx); err != nil {
		return err
	}
	return s.countOnce(ctx)
}

// Close closes the databases. A write under way is finished first. Closing
// again does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if s.failed == nil {
		s.failed = fmt.Errorf("%w: the store is closed", ErrFailed)
	}
	s.mu.Unlock()
	s.beside.Wait()
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.w != nil {
		errs = append(errs, s.w.close())
	}
	if s.local != nil {
		errs = append(errs, s.local.Close())
	}
	return errors.Join(errs...)
}

// Self is the node this store belongs to.
func (s *Store) Self() Self { return s.self }

// Dir is the directory the databases lie in.
func (s *Store) Dir() string { return s.dir }

// Changed returns a channel that is closed at the next change of the state.
// Take it before reading, so that no change is missed.
func (s *Store) Changed() <-chan struct{} {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	return s.changed
}

func (s *Store) announce() {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// write runs one transaction. After a storage failure nothing is written any
// more: a retried fsync can succeed without the data being on disk.
func (s *Store) write(ctx context.Context, do func(*writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	s.touched, s.naming = false, false
	err := s.w.transaction(ctx, func(w *writer) error {
		err := do(w)
		s.recent.withhold()
		return err
	})
	if err == nil {
		err = s.inPlace()
	}
	var broken *StorageError
	switch {
	case err == nil:
		s.full = false
		if s.touched {
			s.rights.Add(1)
		}
		if s.naming {
			s.named.Add(1)
		}
		s.recent.publish()
		s.announce()
		s.tendLog()
	case errors.As(err, &broken) && !broken.Full():
		s.failed = fmt.Errorf("%w: %w", ErrFailed, err)
		s.log.Error("storage failure: this node writes no more until it is restarted", "error", err)
		fallthrough
	default:
		s.full = s.full || broken != nil && broken.Full()
		s.forgetCaches()
	}
	return err
}

// inPlace makes sure that what was written can be found again: a file that was
// removed or put elsewhere takes everything without an error, and is gone with
// this process.
func (s *Store) inPlace() error {
	here, err := os.Stat(filepath.Join(s.dir, stateFile))
	if err == nil && !os.SameFile(s.place, here) {
		err = errors.New("another file is in its place")
	}
	return storage("find "+stateFile+" again", err)
}

// Full tells whether the last write found no room on the disk. The next one
// that succeeds ends that.
func (s *Store) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// forgetCaches drops what was remembered of a state that was taken back.
func (s *Store) forgetCaches() {
	s.tree.forget()
	s.items.forget()
	clear(s.people)
	clear(s.enrolled)
	s.head, s.watching = headThen{}, watching{}
	s.recent.discard()
}

// Rights is a number that grows whenever a node or a member of staff has
// changed. Who reads it first may keep what they read of them until it has
// grown.
func (s *Store) Rights() uint64 { return s.rights.Load() }

// Failed is the storage failure after which this store stopped writing, nil
// while it is healthy.
func (s *Store) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

type itemCache struct {
	mu     sync.Mutex
	parsed map[versionKey]*catalog.Item
	terms  map[string][]term // by item
}

func newItemCache() itemCache {
	return itemCache{parsed: map[versionKey]*catalog.Item{}, terms: map[string][]term{}}
}

// revise drops what an edition changes about an item.
func (c *itemCache) revise(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.terms, code)
}

// forget drops what a rolled-back transaction may have put in.
func (c *itemCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.parsed)
	clear(c.terms)
}

type versionKey struct {
	code    string
	version int
}

// Result is what became of an entry that was handed in.
type Result struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
	// Index is its place in the county's ledger, 0 while it has none.
	Index   uint64         `json:"index,omitempty"`
	Outcome ledger.Outcome `json:"outcome,omitempty"`
	// Code, ZH and EN say why it was refused or rejected.
	Code string `json:"code,omitempty"`
	ZH   string `json:"zh,omitempty"`
	EN   string `json:"en,omitempty"`
	// Faults are what is missing in a submission.
	Faults []catalog.Fault `json:"faults,omitempty"`
	// Expected is the seq wanted next from the origin, after a gap.
	Expected uint64 `json:"expected,omitempty"`
}

// Status is how an entry was received.
type Status string

const (
	// Recorded: it is in the ledger now, with the outcome given.
	Recorded Status = "recorded"
	// Repeated: it had been recorded before; the first outcome is given.
	Repeated Status = "repeated"
	// Rejected: it was not recorded. Only entries without a seq are: nothing
	// was promised about them.
	Rejected Status = "rejected"
	// Gap: an earlier entry of the origin is missing; send from Expected.
	Gap Status = "gap"
	// Forked: the origin sent two different entries under one seq.
	Forked Status = "forked"
)
