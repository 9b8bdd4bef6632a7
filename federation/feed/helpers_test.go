package feed

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const (
	townshipA = division.Code("330523110")
	villageA  = division.Code("330523110200")
	villageB  = division.Code("330523110201")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realm is a county with real keys.
type realm struct {
	*storetest.County
	keys *trust.CountyKeys
}

type realmTrust struct{ keys *trust.CountyKeys }

func (r realmTrust) Bundle() json.RawMessage {
	b, err := json.Marshal(r.keys.Chain()[0])
	if err != nil {
		panic(err)
	}
	return b
}

func (r realmTrust) SignCredential(c identity.Credential) []byte {
	s, err := r.keys.SignCredential(c)
	if err != nil {
		panic(err)
	}
	return s.Sig
}

func seeded(n uint64) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], n)
	return rand.NewChaCha8(seed)
}

var sharedKeys = sync.OnceValue(func() *trust.CountyKeys {
	k, err := trust.GenerateCounty(seeded(1), storetest.Code, storetest.Beginning.AddDate(0, -2, 0))
	if err != nil {
		panic(err)
	}
	return k
})

func newRealm(t testing.TB) *realm {
	t.Helper()
	return &realm{County: storetest.NewCounty(t, storetest.WithTrust(realmTrust{sharedKeys()})), keys: sharedKeys()}
}

// ledger is the County of the realm's hub.
func (r *realm) ledger(clock Clock) *Ledger {
	return NewLedger(r.Hub().Store, Signer{Store: r.Hub().Store, Keys: r.keys, Now: clock.Now}, LedgerOptions{Every: time.Nanosecond, Clock: clock})
}

// change makes something that everybody below gets.
func (r *realm) change(n int) {
	item := r.Item("TB-MZJ-004")
	r.ApproveItem(item, n)
	r.Publish(n, catalog.EditionItem{Code: item.Code, Version: n})
}

func mustHead(t testing.TB, n *store.Store) uint64 {
	t.Helper()
	h, err := n.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustCursor(t testing.TB, n *store.Store) uint64 {
	t.Helper()
	c, err := n.Cursor(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// replica is an empty store of a node that storetest has enrolled.
func replica(t testing.TB, n *storetest.Node) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), store.Options{Key: storetest.Key, Dir: t.TempDir(), Limits: catalog.DefaultLimits(),
		Self: store.Self{Node: n.ID(), Tier: n.Credential.Tier, Division: n.Division(), Ordinal: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// headerPeer knows the peer by headers, where TLS is not the point.
func headerPeer(r *http.Request) (store.Follower, error) {
	f := store.Follower{Node: r.Header.Get("Node"), Division: division.Code(r.Header.Get("Division"))}
	if f.Node == "" {
		return f, trust.ErrNoPeer
	}
	return f, nil
}

type asNode struct {
	f    store.Follower
	base *http.Transport
}

func (a asNode) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Node", a.f.Node)
	r.Header.Set("Division", string(a.f.Division))
	return a.base.RoundTrip(r)
}

func clientOf(t testing.TB, f store.Follower) *http.Client {
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	return &http.Client{Transport: asNode{f, base}}
}

// serve runs a server over a store until the test ends.
func serve(t testing.TB, st *store.Store, o ServerOptions) (*Server, string) {
	t.Helper()
	if o.Peer == nil {
		o.Peer = headerPeer
	}
	s := NewServer(st, o)
	h := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); h.Close() })
	return s, h.URL
}

func followerOf(st *store.Store) store.Follower {
	return store.Follower{Node: st.Self().Node, Division: st.Self().Division}
}

func upstream(t testing.TB, name, url string, tier node.Tier, st *store.Store) Upstream {
	return Upstream{Name: name, Tier: tier, BaseURL: url, Client: clientOf(t, followerOf(st))}
}

func countyUp(t testing.TB, url string, st *store.Store) Upstream {
	return upstream(t, "county-1", url, node.County, st)
}

// run starts a follower until the test ends; stop ends it sooner.
func run(t testing.TB, st *store.Store, o FollowerOptions) (f *Follower, stop func()) {
	t.Helper()
	if o.Trust == nil {
		o.Trust = sharedKeys().Trust
	}
	if o.BackoffMin == 0 {
		o.BackoffMin, o.BackoffMax = time.Millisecond, 20*time.Millisecond
	}
	f = NewFollower(st, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return f, stop
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		<-tick.C
	}
}

func reaches(t testing.TB, st *store.Store, index uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s to reach %d", st.Self().Node, index), func() bool { return mustCursor(t, st) >= index })
}

// failedWith tells whether a follower's last failure was the fault given.
func failedWith(f *Follower, want *Fault) bool {
	got := f.Status().LastError
	return got != nil && got.Code == want.Code
}

// manual is a clock that moves only when told, with its tickers.
type manual struct {
	mu      sync.Mutex
	now     time.Time
	tickers map[*manualTicker]bool
}

func newManual(at time.Time) *manual { return &manual{now: at, tickers: map[*manualTicker]bool{}} }

func (m *manual) Now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.now }

func (m *manual) NewTicker(d time.Duration) Ticker {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTicker{m: m, every: d, next: m.now.Add(d), c: make(chan time.Time, 1)}
	m.tickers[t] = true
	return t
}

func (m *manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	for t := range m.tickers {
		if m.now.Before(t.next) {
			continue
		}
		t.next = m.now.Add(t.every)
		select {
		case t.c <- m.now:
		default:
		}
	}
}

type manualTicker struct {
	m     *manual
	every time.Duration
	next  time.Time
	c     chan time.Time
}

func (t *manualTicker) C() <-chan time.Time { return t.c }
func (t *manualTicker) Stop()               { t.m.mu.Lock(); defer t.m.mu.Unlock(); delete(t.m.tickers, t) }

// proxy is a TCP proxy that cuts connections after so many bytes from the
// server, or takes none at all.
type proxy struct {
	l      net.Listener
	target string

	mu    sync.Mutex
	limit func() int64 // per connection; nil is without limit
	down  bool
	conns map[net.Conn]bool
	wg    sync.WaitGroup
	cuts  int
}

func newProxy(t testing.TB, url string, limit func() int64) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, target: url[len("http://"):], limit: limit, conns: map[net.Conn]bool{}}
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(func() { l.Close(); p.set(true); p.wg.Wait() })
	return p
}

func (p *proxy) url() string { return "http://" + p.l.Addr().String() }

// set takes the line down, cutting what stands, or up again.
func (p *proxy) set(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for c := range p.conns {
		if down {
			c.Close()
		}
	}
}

func (p *proxy) count() int { p.mu.Lock(); defer p.mu.Unlock(); return p.cuts }

func (p *proxy) accept() {
	defer p.wg.Done()
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.target)
		p.mu.Lock()
		if err != nil || p.down {
			in.Close()
			if err == nil {
				out.Close()
			}
			p.mu.Unlock()
			continue
		}
		limit := int64(1 << 60)
		if p.limit != nil {
			limit = p.limit()
		}
		p.conns[in], p.conns[out] = true, true
		p.wg.Add(2)
		p.mu.Unlock()
		end := sync.OnceFunc(func() {
			in.Close()
			out.Close()
			p.mu.Lock()
			delete(p.conns, in)
			delete(p.conns, out)
			p.mu.Unlock()
		})
		go func() { defer p.wg.Done(); io.Copy(out, in); end() }()
		go func() {
			defer p.wg.Done()
			if n, _ := io.CopyN(in, out, limit); n == limit {
				p.mu.Lock()
				p.cuts++
				p.mu.Unlock()
			}
			end()
		}()
	}
}
