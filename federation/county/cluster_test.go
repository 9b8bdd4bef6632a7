package county

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/store/storetest"
)

// cluster is a county of hubs in one process: real TCP, real TLS, real SQLite.
type cluster struct {
	t     testing.TB
	ca    *authority
	tune  func(*Options)
	nodes []*node
}

type node struct {
	c        *cluster
	id, addr string
	dir      string
	m        *machine
	hub      *Hub                // used by the test's own goroutine
	live     atomic.Pointer[Hub] // the same, for traffic
}

func newCluster(t testing.TB, tune func(*Options)) *cluster {
	c := &cluster{t: t, ca: newAuthority(t, "county"), tune: tune}
	t.TempDir() // what is made first is cleaned up last: hubs end before their folders go
	t.Cleanup(func() {
		for _, n := range c.nodes {
			n.kill()
		}
	})
	return c
}

// threeHubs is a cluster of three, the first of them grown to it.
func threeHubs(t testing.TB, tune func(*Options)) *cluster {
	t.Helper()
	c := newCluster(t, tune)
	first := c.add("county-1", true)
	c.awaitLeader()
	for _, id := range []string{"county-2", "county-3"} {
		n := c.add(id, false)
		c.join(first, n)
	}
	return c
}

// add starts a new hub.
func (c *cluster) add(id string, bootstrap bool) *node {
	c.t.Helper()
	n := &node{c: c, id: id, dir: c.t.TempDir()}
	c.nodes = append(c.nodes, n)
	c.must(n.open(bootstrap), "open "+id)
	return n
}

func (n *node) options(bootstrap bool) Options {
	n.c.t.Helper()
	addr := n.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	var ln net.Listener
	n.c.eventually("listen at "+addr, func() (err error) { ln, err = net.Listen("tcp", addr); return err })
	n.addr = ln.Addr().String()
	if n.m == nil {
		n.m = openMachine(n.c.t, n.database())
	}
	server, client := n.c.ca.issue(n.c.t, n.id)
	o := Options{
		ID: n.id, Cluster: "test-county", Dir: filepath.Join(n.dir, "hub"), Listener: ln,
		ServerTLS: server, ClientTLS: client, VerifyPeer: isHub, StateMachine: n.m, Bootstrap: bootstrap,
		Timing: Timing{Heartbeat: 300 * time.Millisecond, LeaderWait: 20 * time.Second, SnapshotInterval: time.Hour},
		Key:    storetest.Key,
		Logger: slog.New(slog.NewTextHandler(testWriter{n.c.t}, &slog.HandlerOptions{Level: slog.LevelWarn})).With("at", n.id),
	}
	if n.c.tune != nil {
		n.c.tune(&o)
	}
	return o
}

func (n *node) database() string { return filepath.Join(n.dir, "state.db") }

func (n *node) open(bootstrap bool) (err error) {
	n.hub, err = Open(n.options(bootstrap))
	n.live.Store(n.hub)
	return err
}

// kill stops the hub as abruptly as one process allows.
func (n *node) kill() {
	if n.hub != nil {
		n.live.Store(nil)
		n.hub.shutDown(false)
		n.hub = nil
	}
	if n.m != nil {
		n.m.close()
		n.m = nil
	}
}

func (n *node) restart() {
	n.c.t.Helper()
	n.kill()
	n.c.must(n.open(false), "restart "+n.id)
}

func (c *cluster) running() []*node {
	var up []*node
	for _, n := range c.nodes {
		if n.hub != nil {
			up = append(up, n)
		}
	}
	return up
}

// join makes n a voter. On a busy machine leadership may move meanwhile, and
// an operator repeats the command.
func (c *cluster) join(at, n *node) {
	c.t.Helper()
	c.eventually("add "+n.id, func() error { return at.hub.AddVoter(c.ctx(), n.id, n.addr) })
}

func (c *cluster) awaitLeader() *node {
	c.t.Helper()
	var leader *node
	c.eventually("a leader", func() error {
		for _, n := range c.running() {
			if n.hub.Leading() {
				leader = n
				return nil
			}
		}
		return errors.New("none")
	})
	return leader
}

func (c *cluster) follower() *node {
	c.t.Helper()
	leader := c.awaitLeader()
	for _, n := range c.running() {
		if n != leader {
			return n
		}
	}
	c.t.Fatal("no follower")
	return nil
}

// awaitEqual waits until all running hubs have applied the same history.
func (c *cluster) awaitEqual() {
	c.t.Helper()
	c.eventually("equal databases", func() error {
		want := ""
		for _, n := range c.running() {
			got := n.m.chain(c.t)
			if want == "" {
				want = got
			}
			if got != want {
				return fmt.Errorf("%s: %s, others %s", n.id, got, want)
			}
		}
		return nil
	})
}

// traffic proposes from every running hub until it is ended, and knows what
// became of each command.
type traffic struct {
	c       *cluster
	mu      sync.Mutex
	ok      map[string]bool
	unknown map[string]bool
	refused map[string]bool
	stop    chan struct{}
	wg      sync.WaitGroup
	started int
}

func (c *cluster) traffic(writers int) *traffic {
	tr := &traffic{c: c, ok: map[string]bool{}, unknown: map[string]bool{}, refused: map[string]bool{}, stop: make(chan struct{})}
	tr.write(writers)
	return tr
}

// write starts more writers, at all hubs that run now.
func (tr *traffic) write(writers int) {
	for _, n := range tr.c.running() {
		for range writers {
			tr.started++
			w := tr.started
			tr.wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-tr.stop:
						return
					default:
					}
					if hub := n.live.Load(); hub != nil {
						tr.one(hub, fmt.Sprintf("%s-%d-%d", n.id, w, i))
					} else {
						runtime.Gosched()
					}
				}
			})
		}
	}
}

func (tr *traffic) one(hub *Hub, id string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := hub.Propose(ctx, []byte("add "+id))
	tr.mu.Lock()
	defer tr.mu.Unlock()
	switch {
	case err == nil:
		tr.ok[id] = true
	case errors.Is(err, ErrUnknown):
		tr.unknown[id] = true
	default:
		tr.refused[id] = true
	}
}

func (tr *traffic) acked() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.ok)
}

// awaitMore waits until n more commands have been acknowledged.
func (tr *traffic) awaitMore(n int) {
	tr.c.t.Helper()
	want := tr.acked() + n
	tr.c.eventually("more acknowledged commands", func() error {
		if got := tr.acked(); got < want {
			return fmt.Errorf("%d of %d", got, want)
		}
		return nil
	})
}

func (tr *traffic) end() {
	close(tr.stop)
	tr.wg.Wait()
}

// check is the oracle: every acknowledged command once, every refused one
// never, an unknown one at most once, nothing else.
func (tr *traffic) check(n *node) {
	t := tr.c.t
	t.Helper()
	counts := n.m.counts(t)
	for id := range tr.ok {
		if counts[id] != 1 {
			t.Errorf("%s: acknowledged %s applied %d times", n.id, id, counts[id])
		}
	}
	for id, times := range counts {
		switch {
		case tr.refused[id]:
			t.Errorf("%s: refused %s applied %d times", n.id, id, times)
		case times != 1 || !tr.ok[id] && !tr.unknown[id]:
			t.Errorf("%s: %s applied %d times", n.id, id, times)
		}
	}
}

func (c *cluster) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	c.t.Cleanup(cancel)
	return ctx
}

func (c *cluster) must(err error, what string) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
}

// propose repeats until the command is acknowledged; for commands that may be
// applied more than once.
func (c *cluster) propose(n *node, cmd string) Result {
	c.t.Helper()
	var res Result
	c.eventually("propose "+cmd[:min(len(cmd), 40)], func() (err error) {
		res, err = n.hub.Propose(c.ctx(), []byte(cmd))
		return err
	})
	return res
}

func (c *cluster) eventually(what string, f func() error) {
	c.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for %s: %v", what, err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// authority is a test CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func (a *authority) issue(t testing.TB, name string) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	pair := []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{Certificates: pair, ClientCAs: pool}, &tls.Config{Certificates: pair, RootCAs: pool}
}

// isHub stands for the county's rule: hubs are named county-*.
func isHub(c *x509.Certificate) error {
	if len(c.Subject.CommonName) < 7 || c.Subject.CommonName[:7] != "county-" {
		return fmt.Errorf("%q is not a hub", c.Subject.CommonName)
	}
	return nil
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	if testing.Verbose() {
		w.t.Logf("%s", b)
	}
	return len(b), nil
}
