package demo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// wire is a line between two nodes that can be cut and mended: a forwarder on
// a port of its own.
type wire struct {
	listen, to string

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
}

func newWire(port, to int) *wire {
	return &wire{listen: fmt.Sprintf("127.0.0.1:%d", port), to: fmt.Sprintf("127.0.0.1:%d", to), conns: map[net.Conn]bool{}}
}

// mend opens the line.
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

// cut closes the line and everything that is on it.
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
		go func() {
			far, err := net.Dial("tcp", w.to)
			if err != nil {
				near.Close()
				return
			}
			if !w.keep(l, near, far) {
				return
			}
			defer w.drop(near, far)
			done := make(chan struct{}, 2)
			pump := func(to, from net.Conn) { io.Copy(to, from); done <- struct{}{} }
			go pump(near, far)
			go pump(far, near)
			<-done
		}()
	}
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
