package loopback

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Line leads from a port of its own to another node's. It can be cut and
// mended, and counts what it carries. A new one is cut.
type Line struct {
	listen, to string
	up, down   atomic.Int64

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
}

// NewLine is a line from one port of this machine to another.
func NewLine(port, to int) *Line {
	return &Line{listen: Address(port), to: Address(to), conns: map[net.Conn]bool{}}
}

// Up and Down are the bytes carried towards the node above and back, since the
// line was made.
func (w *Line) Up() int64   { return w.up.Load() }
func (w *Line) Down() int64 { return w.down.Load() }

// Mend opens the line; an open one stays as it is.
func (w *Line) Mend() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != nil {
		return nil
	}
	l, err := net.Listen("tcp", w.listen)
	if err != nil {
		return fmt.Errorf("line to %s: %w", w.to, err)
	}
	w.l = l
	go w.forward(l)
	return nil
}

// Cut closes the line and everything that is on it.
func (w *Line) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l == nil {
		return
	}
	w.l.Close()
	w.l = nil
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

func (w *Line) forward(l net.Listener) {
	for {
		near, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go w.carry(l, near)
		}
	}
}

func (w *Line) carry(l net.Listener, near net.Conn) {
	far, err := net.DialTimeout("tcp", w.to, 5*time.Second)
	if err != nil {
		near.Close()
		return
	}
	if !w.keep(l, near, far) {
		return
	}
	defer w.drop(near, far)
	ended := make(chan struct{}, 2)
	pump := func(to io.Writer, from io.Reader, n *atomic.Int64) {
		io.Copy(counted{to, n}, from)
		ended <- struct{}{}
	}
	go pump(far, near, &w.up)
	go pump(near, far, &w.down)
	<-ended
}

// keep notes connections of the line, or closes them if it was cut since.
func (w *Line) keep(l net.Listener, conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		if w.l != l {
			c.Close()
		} else {
			w.conns[c] = true
		}
	}
	return w.l == l
}

func (w *Line) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(w.conns, c)
	}
}

// counted counts what is written.
type counted struct {
	io.Writer
	n *atomic.Int64
}

// Write counts first: whoever has read something finds it counted.
func (c counted) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n - len(p)))
	return n, err
}

// Address is a port of this machine.
func Address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// FreePort is a port that nobody listens on now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", Address(0))
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
