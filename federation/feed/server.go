package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// The paths a Server answers.
const (
	PathFeed        = "/federation/v1/feed"
	PathCheckpoint  = "/federation/v1/checkpoint"
	PathProof       = "/federation/v1/proof"
	PathConsistency = "/federation/v1/consistency"
)

// ServerOptions set up a Server. Only Peer and County are required.
type ServerOptions struct {
	// Peer tells which node asks, from its certificate (TLSPeer).
	Peer func(*http.Request) (store.Follower, error)
	// County is the Ledger at a hub, the Follower at a township.
	County County
	// Version is this program's, for status views below.
	Version string
	// Heartbeat is how often an idle follower hears of the head (10 s).
	Heartbeat time.Duration
	// WriteTimeout is how long one block may take before the follower counts
	// as stuck and is dropped (60 s).
	WriteTimeout time.Duration
	// Pace is the least time between two pushes (5 ms). A change after a quiet
	// time is pushed at once.
	Pace time.Duration
	// MaxFollowers bounds open feeds (2000).
	MaxFollowers int
	// PageBytes bounds the uncompressed entries of one block (256 KiB); one
	// larger entry still travels whole.
	PageBytes int
	// CacheBytes bounds the compressed blocks kept for other followers (8 MiB).
	CacheBytes int
	Clock      Clock
	Logger     *slog.Logger
}

func (o ServerOptions) withDefaults() ServerOptions {
	o.Heartbeat = orElse(o.Heartbeat, 10*time.Second)
	o.WriteTimeout = orElse(o.WriteTimeout, time.Minute)
	o.Pace = orElse(o.Pace, 5*time.Millisecond)
	o.MaxFollowers = orElse(o.MaxFollowers, 2000)
	o.PageBytes = min(orElse(o.PageBytes, 256<<10), maxPageBytes/4)
	o.CacheBytes = orElse(o.CacheBytes, 8<<20)
	o.Clock = clockOr(o.Clock)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func orElse[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Server serves the feed to the nodes below. It is an http.Handler for the
// paths above. A feed takes its connection over from net/http and has a
// goroutine only while it is sent something: an idle follower is a connection
// and a place in a list, which the server's one goroutine goes through when
// there is something new or a heartbeat is due.
type Server struct {
	o     ServerOptions
	st    *store.Store
	tail  *tail
	cache *frameCache

	// ctx ends when the server is closed.
	ctx   context.Context
	close context.CancelFunc
	watch sync.Once

	mu        sync.Mutex
	closed    bool
	followers map[string]*session
	open      sync.WaitGroup

	pages, bytes atomic.Int64
}

// NewServer makes a server over a node's store.
func NewServer(st *store.Store, o ServerOptions) *Server {
	o = o.withDefaults()
	s := &Server{o: o, st: st, tail: &tail{st: st}, cache: newFrameCache(o.CacheBytes), followers: map[string]*session{}}
	s.ctx, s.close = context.WithCancel(context.Background())
	return s
}

// ServerStats is what a server has done since it was made.
type ServerStats struct {
	Followers    int   `json:"followers"`
	Pages        int64 `json:"pages"`
	Compressions int64 `json:"compressions"`
	BytesOut     int64 `json:"bytes_out"`
}

// Stats measures the server.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ServerStats{Followers: len(s.followers), Pages: s.pages.Load(), Compressions: s.cache.made.Load(), BytesOut: s.bytes.Load()}
}

// Close ends all feeds and waits for them; later requests are refused.
// http.Server.Shutdown knows nothing of feeds.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, ss := range s.followers {
		s.endLocked(ss, ErrClosing)
	}
	s.mu.Unlock()
	s.close()
	s.open.Wait()
}

// TLSPeer reads the follower from the certificate of the request's
// connection, which trust.ServerConfig has verified.
func TLSPeer(r *http.Request) (store.Follower, error) {
	if r.TLS == nil {
		return store.Follower{}, trust.ErrNoPeer
	}
	p, err := trust.PeerNode(*r.TLS)
	if err != nil {
		return store.Follower{}, err
	}
	return store.Follower{Node: p.Node, Division: p.Division}, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	f, err := s.admit(r)
	if err == nil {
		switch r.URL.Path {
		case PathFeed:
			err = s.serveFeed(w, r, f)
		case PathCheckpoint:
			err = s.serveCheckpoint(w, r)
		case PathRecoveries:
			err = s.serveRecoveries(w, r)
		case PathProof:
			err = s.serveProof(w, r)
		case PathConsistency:
			err = s.serveConsistency(w, r)
		default:
			http.NotFound(w, r)
		}
	}
	if err != nil {
		s.refuse(w, r, asFault(err, ErrTrouble))
	}
}

// admit tells who asks, and that this node serves them: only nodes strictly
// below its division, for of others it does not hold all they may see.
func (s *Server) admit(r *http.Request) (store.Follower, error) {
	f, err := s.o.Peer(r)
	if err != nil {
		return f, ErrNotAllowed.Because(err)
	}
	self := s.st.Self()
	if !self.Division.Contains(f.Division) || f.Division == self.Division || self.Tier == node.Village {
		return f, ErrNotAllowed.Becausef("%s of %s asks %s of %s", f.Node, f.Division, self.Node, self.Division)
	}
	return f, s.standing(r.Context(), f.Node)
}

// standing refuses a node that the ledger says is revoked. One that is not in
// this node's copy yet is known by its certificate.
func (s *Server) standing(ctx context.Context, id string) error {
	n, err := s.st.Node(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case n.RevokedAt > 0:
		return ErrRevoked
	}
	return nil
}

var httpStatus = map[string]int{
	ErrNotAllowed.Code: http.StatusForbidden, ErrRevoked.Code: http.StatusForbidden,
	ErrRequest.Code: http.StatusBadRequest, ErrBusy.Code: http.StatusServiceUnavailable,
	ErrClosing.Code: http.StatusServiceUnavailable, ErrLevel.Code: http.StatusUpgradeRequired,
	ErrNoProof.Code: http.StatusNotFound,
}

// refuse answers with a problem (RFC 9457). Causes stay in this node's log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f *Fault) {
	status, ok := httpStatus[f.Code]
	if !ok {
		status, f = http.StatusInternalServerError, ErrTrouble.Because(f)
	}
	level := slog.LevelInfo
	if status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.o.Logger.Log(r.Context(), level, "feed request refused", "path", r.URL.Path, "error", f)
	w.Header().Set("Content-Type", "application/problem+json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		*Fault
	}{f.EN, status, f})
}

// number reads a query parameter that must be a whole number up to most.
func number(r *http.Request, name string, otherwise, most uint64) (uint64, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil || n > most {
		return 0, ErrRequest.Because(fmt.Errorf("%s=%.40q", name, v))
	}
	return n, nil
}
