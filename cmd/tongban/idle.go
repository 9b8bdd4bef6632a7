package main

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// restful is how long a connection has to have carried nothing to be cut when
// the node stops: its last answer has long been sent.
const restful = time.Second

// idleConns are the connections of a server on which nothing is asked. At its
// end net/http waits a second for each that speaks HTTP/2, and five for one
// that has not asked anything yet; a browser has both.
type idleConns struct {
	mu    sync.Mutex
	since map[net.Conn]time.Time
}

func (i *idleConns) watch(s *http.Server) {
	i.since = map[net.Conn]time.Time{}
	before := s.ConnState
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if before != nil {
			before(c, state)
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if state == http.StateNew || state == http.StateIdle {
			i.since[c] = time.Now()
		} else {
			delete(i.since, c)
		}
	}
}

// cut closes those that have carried nothing for long enough.
func (i *idleConns) cut(now time.Time) {
	i.mu.Lock()
	var rested []net.Conn
	for c, since := range i.since {
		if now.Sub(since) >= restful {
			rested = append(rested, c)
			delete(i.since, c)
		}
	}
	i.mu.Unlock()
	for _, c := range rested {
		c.Close() // to take leave is all that could fail
	}
}

func (i *idleConns) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.since)
}
