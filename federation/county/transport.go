package county

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// What a connection carries is the first byte the dialler sends on it.
const (
	carriesRaft byte = 'R'
	carriesHTTP byte = 'H'
)

// helloTimeout bounds TLS and the first byte, so that a silent stranger holds
// a place for no longer.
const helloTimeout = 5 * time.Second

var errMuted = errors.New("raft is silent: this hub's disk stalls, or the county goes on without it")

// port is the peer port: it authenticates whoever connects and hands the
// connection to raft or to HTTP.
type port struct {
	ln        net.Listener
	advertise net.Addr
	server    *tls.Config
	client    *tls.Config
	connect   func(ctx context.Context, network, addr string) (net.Conn, error)
	log       *slog.Logger
	slots     chan struct{}
	// admits tells whether raft may hear a hub, by the name in its certificate;
	// nil: every one.
	admits func(hub string) bool

	raft, http *queue
	closed     chan struct{}
	closeOnce  sync.Once
	running    sync.WaitGroup

	// muted: this hub's disk hangs, or it met a failure. outside: another leads the
	// county without it. Raft speaks to nobody while either is so.
	muted, outside atomic.Bool

	mu    sync.Mutex
	conns map[*peerConn]struct{} // raft connections, both directions
}

func newPort(o *Options) *port {
	p := &port{
		ln: o.Listener, advertise: peerAddr(o.Advertise), log: o.Logger,
		slots:  make(chan struct{}, o.Limits.Connections),
		closed: make(chan struct{}), conns: map[*peerConn]struct{}{},
	}
	p.server, p.client = secure(o.ServerTLS, o.VerifyPeer), secure(o.ClientTLS, o.VerifyPeer)
	if p.connect = o.Dial; p.connect == nil {
		p.connect = new(net.Dialer).DialContext
	}
	p.raft, p.http = newQueue(p), newQueue(p)
	return p
}

// secure is c with what no caller may leave out.
func secure(c *tls.Config, verify func(*x509.Certificate) error) *tls.Config {
	c = c.Clone()
	c.MinVersion = tls.VersionTLS13
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.NextProtos = nil
	before := c.VerifyConnection
	byItself := c.InsecureSkipVerify && before != nil
	if each := c.GetConfigForClient; each != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			current, err := each(hello)
			if err != nil || current == nil {
				return current, err
			}
			return secure(current, verify), nil
		}
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if before != nil {
			if err := before(s); err != nil {
				return err
			}
		}
		if len(s.PeerCertificates) == 0 || len(s.VerifiedChains) == 0 && !byItself {
			return errors.New("peer without a verified certificate")
		}
		if verify != nil {
			if err := verify(s.PeerCertificates[0]); err != nil {
				return fmt.Errorf("peer is not a hub: %w", err)
			}
		}
		return nil
	}
	return c
}

// serve accepts until the port is closed.
func (p *port) serve() {
	delay := time.Duration(0)
	for {
		c, err := p.ln.Accept()
		if err != nil {
			if p.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of file descriptors, most likely: others need time to finish.
			delay = min(max(2*delay, 5*time.Millisecond), time.Second)
			p.log.Warn("peer port: accept", "error", err)
			select {
			case <-p.closed:
				return
			case <-time.After(delay):
			}
			continue
		}
		delay = 0
		select {
		case p.slots <- struct{}{}:
			p.mu.Lock()
			open := !p.isClosed()
			if open {
				p.running.Add(1)
			}
			p.mu.Unlock()
			if !open {
				c.Close()
				return
			}
			go p.greet(c)
		default:
			p.log.Warn("peer port: too many connections", "from", c.RemoteAddr())
			c.Close()
		}
	}
}

func (p *port) greet(raw net.Conn) {
	defer p.running.Done()
	var once sync.Once
	c := &slotConn{Conn: raw, free: func() { once.Do(func() { <-p.slots }) }}
	ctx, cancel := context.WithTimeout(context.Background(), helloTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	unblock := make(chan struct{})
	defer close(unblock)
	go func() {
		select {
		case <-p.closed:
			cancel()
		case <-unblock:
		}
	}()
	t := tls.Server(c, p.server)
	var first [1]byte
	err := t.HandshakeContext(ctx)
	if err == nil {
		_, err = t.Read(first[:])
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		p.log.Warn("peer port: refused", "from", raw.RemoteAddr(), "error", err)
		c.Close()
		return
	}
	switch first[0] {
	case carriesRaft:
		if hub := t.ConnectionState().PeerCertificates[0].Subject.CommonName; p.admits != nil && !p.admits(hub) {
			p.log.Warn("peer port: raft does not hear a hub that is not of this county's", "hub", hub, "from", raw.RemoteAddr())
		} else if pc, ok := p.track(t); ok {
			p.raft.put(pc)
			return
		}
	case carriesHTTP:
		p.http.put(t)
		return
	default:
		p.log.Warn("peer port: unknown protocol", "from", raw.RemoteAddr(), "byte", first[0])
	}
	t.Close()
}

// dial connects to the peer at addr and says what the connection will carry.
func (p *port) dial(ctx context.Context, addr string, carries byte) (net.Conn, error) {
	if p.isClosed() {
		return nil, ErrClosed
	}
	c := p.client
	if c.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("peer address %q: %w", addr, err)
		}
		c = c.Clone()
		c.ServerName = host
	}
	raw, err := p.connect(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, c)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetWriteDeadline(deadline)
	}
	if _, err := conn.Write([]byte{carries}); err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetWriteDeadline(time.Time{})
	return conn, nil
}

// mute cuts raft off from its peers, and lets it back.
func (p *port) mute(on bool) {
	if p.muted.Swap(on) == on || !on {
		return
	}
	p.cut()
}

// keepOutside is mute for a hub that the county goes on without.
func (p *port) keepOutside(on bool) {
	if p.outside.Swap(on) == on || !on {
		return
	}
	p.cut()
}

func (p *port) silent() bool { return p.muted.Load() || p.outside.Load() }

func (p *port) cut() {
	p.mu.Lock()
	open := make([]*peerConn, 0, len(p.conns))
	for c := range p.conns {
		open = append(open, c)
	}
	p.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

func (p *port) track(c net.Conn) (*peerConn, bool) {
	pc := &peerConn{Conn: c, p: p}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent() || p.isClosed() {
		return nil, false
	}
	p.conns[pc] = struct{}{}
	return pc, true
}

func (p *port) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// close stops accepting and cuts raft's connections. HTTP's are its server's.
func (p *port) close() {
	p.closeOnce.Do(func() {
		p.mu.Lock()
		close(p.closed)
		p.mu.Unlock()
		p.ln.Close()
		p.cut()
	})
	p.running.Wait()
}

// stream is the port as raft's StreamLayer.
type stream struct{ p *port }

var _ raft.StreamLayer = stream{}

func (s stream) Accept() (net.Conn, error) { return s.p.raft.Accept() }
func (s stream) Addr() net.Addr            { return s.p.advertise }

// Close is called by raft's transport when raft has shut down; the port goes on
// for HTTP until the hub closes it.
func (s stream) Close() error { return s.p.raft.Close() }

func (s stream) Dial(addr raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if s.p.silent() {
		return nil, errMuted
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(timeout, helloTimeout))
	defer cancel()
	c, err := s.p.dial(ctx, string(addr), carriesRaft)
	if err != nil {
		return nil, err
	}
	if pc, ok := s.p.track(c); ok {
		return pc, nil
	}
	c.Close()
	return nil, errMuted
}

// peerConn is a raft connection that can be cut.
type peerConn struct {
	net.Conn
	p *port
}

func (c *peerConn) Close() error {
	c.p.mu.Lock()
	delete(c.p.conns, c)
	c.p.mu.Unlock()
	return c.Conn.Close()
}

// slotConn gives its place back when it closes.
type slotConn struct {
	net.Conn
	free func()
}

func (c *slotConn) Close() error {
	c.free()
	return c.Conn.Close()
}

// queue is a listener fed by the port.
type queue struct {
	p      *port
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newQueue(p *port) *queue {
	return &queue{p: p, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (q *queue) put(c net.Conn) {
	select {
	case q.conns <- c:
	case <-q.closed:
		c.Close()
	case <-q.p.closed:
		c.Close()
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.closed:
	case <-q.p.closed:
	}
	return nil, net.ErrClosed
}

func (q *queue) Close() error   { q.once.Do(func() { close(q.closed) }); return nil }
func (q *queue) Addr() net.Addr { return q.p.advertise }

// peerAddr is an advertised host:port.
type peerAddr string

func (peerAddr) Network() string  { return "tcp" }
func (a peerAddr) String() string { return string(a) }
