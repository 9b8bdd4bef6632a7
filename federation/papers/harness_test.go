package papers

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

// place is a node with attachments behind real TCP.
type place struct {
	store *blob.Store
	dir   string
	url   string
	got   atomic.Int64 // times that content was complete
	allow atomic.Pointer[func(r *http.Request, hash string, write bool) error]
	ask   *http.Client
	http  *httptest.Server
}

func newPlace(t testing.TB, change func(*ServerOptions)) *place {
	t.Helper()
	p := &place{dir: t.TempDir()}
	p.store = mustStore(t, p.dir)
	p.start(t, change)
	return p
}

func (p *place) start(t testing.TB, change func(*ServerOptions)) {
	t.Helper()
	o := ServerOptions{
		Store: p.store,
		Allow: func(r *http.Request, hash string, write bool) error {
			if f := p.allow.Load(); f != nil {
				return (*f)(r, hash, write)
			}
			return nil
		},
		Complete: func(blob.Info) { p.got.Add(1) },
	}
	if change != nil {
		change(&o)
	}
	s, err := NewServer(o)
	mustDo(t, err)
	r := mux.NewRouter()
	s.Register(r.PathPrefix("/federation/v1/attachments").Subrouter())
	p.http = httptest.NewServer(r)
	t.Cleanup(p.http.Close)
	p.url = p.http.URL + "/federation/v1/attachments"
	p.ask = &http.Client{Transport: &http.Transport{}}
	t.Cleanup(p.ask.CloseIdleConnections)
}

func (p *place) target(node string) Target { return Target{Node: node, URL: p.url, Client: p.ask} }

// do sends a bare request and returns status, headers and body.
func (p *place) do(t testing.TB, method, path string, header map[string]string, body []byte) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewReader(body))
	mustDo(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := p.ask.Do(req)
	mustDo(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	mustDo(t, err)
	return resp, b
}

// cutter is a line that ends each connection after so many bytes towards the
// far end.
type cutter struct {
	ln    net.Listener
	after atomic.Int64
	cuts  atomic.Int64
	over  atomic.Int64 // bytes carried to the far end, headers too
	group sync.WaitGroup
	ended chan struct{}
}

func newCutter(t testing.TB, far string, after int64) *cutter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	c := &cutter{ln: ln, ended: make(chan struct{})}
	c.after.Store(after)
	c.group.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			c.group.Go(func() { c.carry(near, far) })
		}
	})
	t.Cleanup(func() { ln.Close(); close(c.ended); c.group.Wait() })
	return c
}

func (c *cutter) carry(near net.Conn, far string) {
	defer near.Close()
	conn, err := net.Dial("tcp", far)
	if err != nil {
		return
	}
	defer conn.Close()
	back, over := make(chan struct{}), make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-c.ended:
			near.Close()
			conn.Close()
		case <-over:
		}
	}()
	go func() {
		defer close(back)
		n, _ := io.Copy(near, io.LimitReader(conn, c.after.Load()))
		if n == c.after.Load() {
			c.cuts.Add(1)
		}
		near.Close()
		conn.Close()
	}()
	n, _ := io.Copy(conn, io.LimitReader(near, c.after.Load()))
	c.over.Add(n)
	if n == c.after.Load() {
		c.cuts.Add(1)
	}
	conn.Close()
	near.Close()
	<-back
}

// manualClock stands still until it is moved.
type manualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
	set    chan time.Duration // each wait that begins
}

type manualTimer struct {
	clock *manualClock
	at    time.Time
	c     chan time.Time
}

func newManualClock() *manualClock {
	return &manualClock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), timers: map[*manualTimer]struct{}{}, set: make(chan time.Duration, 1000)}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) NewTimer(d time.Duration) Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{clock: c, at: c.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- c.now
	} else {
		c.timers[t] = struct{}{}
	}
	select {
	case c.set <- d:
	default: // nobody counts the waits
	}
	return t
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if !t.at.After(c.now) {
			t.c <- c.now
			delete(c.timers, t)
		}
	}
}

func (t *manualTimer) C() <-chan time.Time { return t.c }
func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, waiting := t.clock.timers[t]
	delete(t.clock.timers, t)
	return waiting
}

// eventually polls until ok, and fails naming what was awaited.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still waiting for %s", what)
		}
	}
}

func pdf(size int, seed byte) []byte {
	b := make([]byte, size)
	copy(b, "%PDF-1.7\n")
	for i := 16; i+8 <= len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], uint64(i)*uint64(seed+1)*0x9E3779B97F4A7C15)
	}
	return b
}

func hashHex(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func mustStore(t testing.TB, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir, blob.Options{Key: storetest.Key})
	mustDo(t, err)
	return s
}

func mustPut(t testing.TB, s *blob.Store, b []byte) Ref {
	t.Helper()
	info, err := s.Put(t.Context(), bytes.NewReader(b))
	mustDo(t, err)
	return Ref{info.Hash, info.Size}
}

func mustHold(t testing.TB, s *blob.Store, want []byte) {
	t.Helper()
	r, _, err := s.Open(hashHex(want))
	mustDo(t, err)
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("content differs: %d bytes, %v", len(got), err)
	}
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
