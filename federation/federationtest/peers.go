package federationtest

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
)

// peers are a hub's connections with the other hubs, which can be cut: those
// there are break, and no new ones come about.
type peers struct {
	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// Isolate cuts a hub off from the other hubs. Who asks it is answered as it
// can; it does not know.
func (f *Federation) Isolate(n *Node) { n.peers.set(true) }

// Rejoin ends that.
func (f *Federation) Rejoin(n *Node) { n.peers.set(false) }

func (p *peers) set(cut bool) {
	p.mu.Lock()
	p.cut = cut
	var broken []net.Conn
	if cut {
		broken = slices.Collect(maps.Keys(p.conns))
	}
	p.mu.Unlock()
	for _, c := range broken {
		c.Close()
	}
}

// keep takes a connection in, or closes it where it may not be.
func (p *peers) keep(c net.Conn) (net.Conn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		c.Close()
		return nil, false
	}
	if p.conns == nil {
		p.conns = map[net.Conn]struct{}{}
	}
	kept := &peerConn{c, p}
	p.conns[kept] = struct{}{}
	return kept, true
}

func (p *peers) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	kept, ok := p.keep(c)
	if !ok {
		return nil, errFault
	}
	return kept, nil
}

func (p *peers) listener(l net.Listener) net.Listener { return &peerListener{l, p} }

type peerListener struct {
	net.Listener
	peers *peers
}

func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if kept, ok := l.peers.keep(c); ok {
			return kept, nil
		}
	}
}

type peerConn struct {
	net.Conn
	peers *peers
}

func (c *peerConn) Close() error {
	c.peers.mu.Lock()
	delete(c.peers.conns, c)
	c.peers.mu.Unlock()
	return c.Conn.Close()
}
