package federationtest

import (
	"io"
	"net"
	"sync"
)

// line is a TCP line from one node to another, which can be cut. It leads to
// wherever the other end listens at the time.
type line struct {
	in net.Listener

	mu      sync.Mutex
	to      func() (string, bool)
	whole   bool
	frozen  chan struct{} // closed when it thaws; nil while it carries
	conns   map[net.Conn]struct{}
	running sync.WaitGroup
}

func newLine(to func() (string, bool)) (*line, error) {
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &line{in: in, to: to, whole: true, conns: map[net.Conn]struct{}{}}
	l.running.Go(l.accept)
	return l, nil
}

func (l *line) url() string { return "https://" + l.in.Addr().String() }

func (l *line) accept() {
	for {
		near, err := l.in.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() { l.carry(near) })
	}
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	address, ok := l.target()
	if !ok || !l.keep(near) {
		return
	}
	defer l.drop(near)
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer far.Close()
	if !l.keep(far) {
		return
	}
	defer l.drop(far)
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		l.running.Go(func() {
			_, _ = io.Copy(slow{l, way[0]}, way[1])
			done <- struct{}{}
		})
	}
	<-done
}

func (l *line) target() (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to()
}

// redirect makes the line lead elsewhere.
func (l *line) redirect(to func() (string, bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
	l.breakAll()
}

// keep notes a connection, if the line is whole.
func (l *line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.whole {
		l.conns[c] = struct{}{}
	}
	return l.whole
}

func (l *line) drop(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// set cuts or heals the line. What is open over a cut line breaks.
func (l *line) set(whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = whole
	if !whole {
		l.breakAll()
	}
}

// slow carries nothing while its line is frozen.
type slow struct {
	l *line
	w io.Writer
}

func (s slow) Write(b []byte) (int, error) {
	s.l.mu.Lock()
	frozen := s.l.frozen
	s.l.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	return s.w.Write(b)
}

// freeze lets everything stay open and nothing pass, as a machine does that is halted.
func (l *line) freeze(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case on && l.frozen == nil:
		l.frozen = make(chan struct{})
	case !on && l.frozen != nil:
		close(l.frozen)
		l.frozen = nil
	}
}

func (l *line) breakAll() {
	for c := range l.conns {
		c.Close()
	}
}

func (l *line) close() {
	l.in.Close()
	l.freeze(false)
	l.set(false)
	l.running.Wait()
}
