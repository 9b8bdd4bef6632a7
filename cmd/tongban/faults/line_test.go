package faults

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// line leads from a port of its own to another node's; it can be cut, and
// counts what it carries up.
type line struct {
	To   string // the node it leads to
	Port int

	target int
	up     atomic.Int64 // bytes towards the node above
	mu     sync.Mutex
	l      net.Listener
	conns  map[net.Conn]bool
}

func (w *line) mend() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != nil {
		return nil
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", w.Port))
	if err != nil {
		return fmt.Errorf("line to %s: %w", w.To, err)
	}
	w.l, w.conns = l, map[net.Conn]bool{}
	go w.forward(l)
	return nil
}

// cut closes the line and everything that is on it.
func (w *line) cut() {
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

func (w *line) forward(l net.Listener) {
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

func (w *line) carry(l net.Listener, near net.Conn) {
	defer near.Close()
	far, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", w.target), 5*time.Second)
	if err != nil {
		return
	}
	defer far.Close()
	if !w.keep(l, near, far) {
		return
	}
	defer w.forget(near, far)
	done := make(chan struct{}, 2)
	go func() { io.Copy(near, far); done <- struct{}{} }()
	go func() { io.Copy(counted{far, &w.up}, near); done <- struct{}{} }()
	<-done
}

type counted struct {
	io.Writer
	n *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n.Add(int64(n))
	return n, err
}

func (w *line) keep(l net.Listener, conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != l {
		return false
	}
	for _, c := range conns {
		w.conns[c] = true
	}
	return true
}

func (w *line) forget(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		delete(w.conns, c)
	}
}
