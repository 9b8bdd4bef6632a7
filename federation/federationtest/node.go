package federationtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store/storetest"
)

// Node is one node of a federation. Its embedded Node is nil while it is down.
type Node struct {
	*federation.Node
	ID       string
	Division division.Code
	Clock    *Clock

	f      *Federation
	dir    string
	lines  map[string]*line // to the nodes above, by their id
	faults *faults
	server *http.Server
	peer   string // a hub's peer port
	peers  peers  // its connections with the other hubs
	gone   bool   // replaced by another

	mu      sync.Mutex
	address string // its federation port, while it is up
	fatal   error
}

// Dir is where the node keeps its data.
func (n *Node) Dir() string { return n.dir }

// Tier is the node's tier.
func (n *Node) Tier() node.Tier { return n.Division.Tier() }

func (n *Node) port() (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.address, n.address != ""
}

func (n *Node) setPort(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.address = address
}

// timing makes hubs elect in tenths of a second, under the race detector too.
func timing() county.Timing {
	return county.Timing{Heartbeat: 250 * time.Millisecond, Election: 250 * time.Millisecond, Lease: 200 * time.Millisecond, LeaderWait: 10 * time.Second}
}

// start brings a node up from what lies in its directory.
func (n *Node) start(founded func() error) {
	tb := n.f.tb
	tb.Helper()
	m, err := federation.LoadMembership(n.dir)
	n.f.must(err, "membership of "+n.ID)
	o := federation.Options{Dir: n.dir, Key: storetest.Key, Membership: m, Version: "test", Limits: catalog.DefaultLimits(), Logger: n.f.log.With("at", n.ID),
		Now: n.Clock.Now, FeedClock: feedClock{n.Clock}, Timing: timing(), Founded: founded, Genesis: m.Genesis,
		Heartbeat: cmp.Or(n.f.heartbeat, 300*time.Millisecond), BackoffMax: 500 * time.Millisecond, DeemEvery: n.f.deemEvery, UnnamedDays: n.f.unnamed, Wrap: n.faults.wrap, Fatal: n.failed}
	if n.Tier() == node.County {
		if n.f.notices != nil {
			o.Notices = n.f.notices()
		}
		o.Peer, o.PeerDial = n.peers.listener(n.listenPeer()), n.peers.dial
	}
	if n.f.lan {
		o.LAN = []string{"127.0.0.1", n.ID + ".local"}
	}
	for _, above := range n.f.above(n) {
		if above.Tier() == node.Township {
			o.Township = append(o.Township, n.lines[above.ID].url())
		} else {
			o.County = append(o.County, n.lines[above.ID].url())
		}
	}
	started, err := federation.Start(context.Background(), o)
	n.f.must(err, "start "+n.ID)
	n.Node = started
	n.serve()
}

func (n *Node) listenPeer() net.Listener {
	n.f.tb.Helper()
	address := n.peer
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	n.f.must(err, "peer port of "+n.ID)
	n.peer = l.Addr().String()
	return l
}

func (n *Node) serve() {
	n.f.tb.Helper()
	if n.Tier() == node.Village {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	n.f.must(err, "federation port of "+n.ID)
	n.server = &http.Server{Handler: n.FederationHandler(), ErrorLog: slog.NewLogLogger(n.f.log.Handler(), slog.LevelDebug)}
	go func(s *http.Server, l net.Listener) { _ = s.Serve(l) }(n.server, tls.NewListener(l, n.FederationTLS()))
	n.setPort(l.Addr().String())
}

func (n *Node) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fatal = errors.Join(n.fatal, err)
}

// Fatal is why the node gave up, nil while it did not.
func (n *Node) Fatal() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fatal
}

// stop takes the node down: nobody hears of it any more, answers under way are
// lost, and then it ends.
func (n *Node) stop() {
	if n.Node == nil {
		return
	}
	n.setPort("")
	for _, l := range n.lines {
		l.set(false)
	}
	for _, other := range n.f.Nodes() {
		if l := other.lines[n.ID]; l != nil {
			l.set(false)
		}
	}
	if n.server != nil {
		n.EndFeeds()
		_ = n.server.Close()
	}
	if err := n.Close(); err != nil && n.Fatal() == nil {
		n.f.log.Error("close", "node", n.ID, "error", err)
	}
	n.Node, n.server = nil, nil
}

// restart brings the node up again with its lines as they were.
func (n *Node) restart() {
	n.f.tb.Helper()
	n.start(nil)
	n.f.mendLines()
}

// URL is where a node that is up is reached by those below it.
func (f *Federation) URL(n *Node) string {
	address, _ := n.port()
	return "https://" + address
}
