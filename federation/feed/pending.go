package feed

import (
	"context"
	"net/http"
	"sync/atomic"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
)

type tail struct{ st *store.Store }
type session struct{}
type frameCache struct{ made atomic.Int64 }

func newFrameCache(int) *frameCache { return &frameCache{} }

func (s *Server) serveFeed(http.ResponseWriter, *http.Request, store.Follower) error {
	return ErrTrouble
}
func (s *Server) serveCheckpoint(http.ResponseWriter, *http.Request) error  { return ErrTrouble }
func (s *Server) serveProof(http.ResponseWriter, *http.Request) error       { return ErrTrouble }
func (s *Server) serveConsistency(http.ResponseWriter, *http.Request) error { return ErrTrouble }

type keyring struct{ unverified atomic.Int64 }

func newKeyring(*store.Store, func() trust.CountyTrust) *keyring { return &keyring{} }

type witness struct{}

func newWitness(*store.Store, FollowerOptions) *witness { return &witness{} }
func (w *witness) load(context.Context) error           { return nil }
func (w *witness) keepLast(context.Context)             {}
func (w *witness) standing() (uint64, int64)            { return 0, 0 }

type connection struct {
	f              *Follower
	up             Upstream
	rank           int
	makeDo, served bool
}

func (c *connection) follow(context.Context) error { return ErrUnreachable }
func (f *Follower) ended(*connection)              {}

// Sighting implements County.
func (f *Follower) Sighting() Sighting { return Sighting{} }

// Links implements County.
func (f *Follower) Links(context.Context, uint64) ([]Link, error) { return nil, nil }

// Inclusion implements County.
func (f *Follower) Inclusion(context.Context, uint64, uint64) (tlog.RecordProof, error) {
	return nil, ErrNoProof
}

// Consistency implements County.
func (f *Follower) Consistency(context.Context, uint64, uint64) (tlog.TreeProof, error) {
	return nil, ErrNoProof
}

// Run audits until the context ends.
func (a *Auditor) Run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
