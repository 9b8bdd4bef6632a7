package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	villageA = "330523110200"
	villageB = "330523110201"
	township = "330523110"
)

// memory is a receiver that keeps entries as the county does, in memory.
type memory struct {
	mu      sync.Mutex
	entries map[string][]string // by origin, in the order of seq
	forked  map[string]bool
	batches []int
	// taking is asked before a batch is stored.
	taking func([]ledger.Entry) error
}

func newMemory() *memory { return &memory{entries: map[string][]string{}, forked: map[string]bool{}} }

func (m *memory) Take(_ context.Context, _ trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taking != nil {
		if err := m.taking(entries); err != nil {
			return nil, err
		}
	}
	m.batches = append(m.batches, len(entries))
	results := make([]store.Result, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		raw, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		status := store.Gap
		have := m.entries[e.Origin]
		switch {
		case m.forked[e.Origin]:
			status = store.Forked
		case e.Seq == uint64(len(have))+1:
			m.entries[e.Origin], status = append(have, string(raw)), store.Recorded
		case e.Seq > uint64(len(have)):
		case have[e.Seq-1] == string(raw):
			status = store.Repeated
		default:
			m.forked[e.Origin], status = true, store.Forked
		}
		results = append(results, store.Result{ID: e.ID, Status: status})
	}
	return results, nil
}

func (m *memory) LastSeq(_ context.Context, origin string) (uint64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.entries[origin])), m.forked[origin], nil
}

func (m *memory) EntryID(_ context.Context, origin string, seq uint64) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var e ledger.Entry
	raw := m.entries[origin][seq-1]
	if raw == "" {
		return "", nil
	}
	err := json.Unmarshal([]byte(raw), &e)
	return e.ID, err
}

func (m *memory) count(origin string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries[origin])
}

// lose drops what came of an origin after a seq, as a replaced disk does.
func (m *memory) lose(origin string, after int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[origin] = m.entries[origin][:after]
}

func (m *memory) refuse(with func([]ledger.Entry) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taking = with
}

func (m *memory) sizes() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]int(nil), m.batches...)
}

// above is a node above over real HTTP, whose line can be broken.
type above struct {
	Upstream
	mu sync.Mutex
	// before and after a request is served: false cuts the connection.
	before, after func(*http.Request) bool
}

func serve(t *testing.T, tier string, r Receiver) *above {
	t.Helper()
	a := &above{}
	h := &Handler{By: tier, Receiver: r, Logger: slog.New(slog.DiscardHandler),
		Peer: func(*http.Request) (trust.Peer, error) {
			return trust.Peer{Node: "below", Tier: node.Township, Division: township}, nil
		}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+EntriesPath, h.Entries)
	mux.HandleFunc("GET "+OriginsPath, h.Origins)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		before, after := a.hooks()
		if before != nil && !before(req) {
			panic(http.ErrAbortHandler)
		}
		if after == nil {
			mux.ServeHTTP(w, req)
			return
		}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, req)
		if !after(req) {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	a.Upstream = Upstream{Name: tier, Tier: tier, BaseURL: server.URL, Client: client}
	return a
}

func (a *above) hooks() (before, after func(*http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.before, a.after
}

func (a *above) hook(before, after func(*http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before, a.after = before, after
}

func (a *above) cut()  { a.hook(func(*http.Request) bool { return false }, nil) }
func (a *above) mend() { a.hook(nil, nil) }

// pauses is the clock of a sender: time stands still, and each pause ends when
// the test says so.
type pauses struct {
	*storetest.Clock
	asked chan pause
}

type pause struct {
	d   time.Duration
	end chan time.Time
}

func newPauses() *pauses {
	return &pauses{storetest.NewClock(storetest.Beginning), make(chan pause, 1000)}
}

func (p *pauses) After(d time.Duration) <-chan time.Time {
	end := make(chan time.Time, 1)
	p.asked <- pause{d, end}
	return end
}

// next is the pause the sender has come to.
func (p *pauses) next(t *testing.T) pause {
	t.Helper()
	select {
	case got := <-p.asked:
		return got
	case <-time.After(20 * time.Second):
		t.Fatal("the sender does not pause")
		return pause{}
	}
}

// start runs a sender until the test or the returned stop ends it.
func start(t *testing.T, o Options) (s *Sender, stop func()) {
	t.Helper()
	s = NewSender(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return s, stop
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// remark records comments beside a case: entries of no consequence.
func remark(t *testing.T, n *storetest.Node, caseID string, times int) {
	t.Helper()
	c := n.MustCase(caseID)
	for i := range times {
		role := identity.VillageWorker
		if n.Credential.Tier == node.Township {
			role = identity.TownshipClerk
		}
		n.MustDo(n.Actor(role), &ledger.CaseCommentV1{Text: fmt.Sprintf("已电话告知，第 %d 次", i)}, storetest.About{Case: c.ID, Scope: c.Division})
	}
}

// village is a village with entries in its outbox: a case and comments.
func village(t *testing.T, entries int) *storetest.Node {
	t.Helper()
	v := storetest.NewCounty(t).Village(villageA)
	c := v.Submit("TB-MZJ-004")
	remark(t, v, c.ID, entries-1)
	return v
}

func unsent(t *testing.T, s *store.Store) int64 {
	t.Helper()
	stats, err := s.OutboxStats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats.Unsent
}
