package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// wire is a line from a node to one above that can be cut and counts what it
// carries.
type wire struct {
	listen, to string
	// up and down are bytes since the wire was made.
	up, down atomic.Int64

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
}

func newWire(port, to int) *wire {
	return &wire{listen: address(port), to: address(to), conns: map[net.Conn]bool{}}
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (w *wire) mend() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != nil {
		return nil
	}
	l, err := net.Listen("tcp", w.listen)
	if err != nil {
		return err
	}
	w.l = l
	go w.forward(l)
	return nil
}

func (w *wire) cut() {
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

func (w *wire) forward(l net.Listener) {
	for {
		near, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		go w.carry(l, near)
	}
}

func (w *wire) carry(l net.Listener, near net.Conn) {
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		near.Close()
		return
	}
	if !w.keep(l, near, far) {
		return
	}
	defer w.drop(near, far)
	ended := make(chan struct{}, 2)
	pump := func(to io.Writer, from io.Reader, count *atomic.Int64) {
		io.Copy(counting{to, count}, from)
		ended <- struct{}{}
	}
	go pump(far, near, &w.up)
	go pump(near, far, &w.down)
	<-ended
}

func (w *wire) keep(l net.Listener, conns ...net.Conn) bool {
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

func (w *wire) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(w.conns, c)
	}
}

// counting counts what is written.
type counting struct {
	io.Writer
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}
