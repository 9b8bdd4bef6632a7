package federationtest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

// faults is what goes wrong with a node's next requests to those above.
type faults struct {
	mu                              sync.Mutex
	drop, lose, duplicate, holdBack int
	held                            []held
}

// held is a request that is late.
type held struct {
	line http.RoundTripper
	req  *http.Request
}

var errFault = errors.New("federationtest: the line failed")

type fate int

const (
	passes fate = iota
	dropped
	answerLost
	duplicated
	heldBack
)

// next decides about a request.
func (f *faults) next(repeatable bool) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range []struct {
		left *int
		fate fate
		any  bool
	}{{&f.drop, dropped, true}, {&f.lose, answerLost, true}, {&f.duplicate, duplicated, false}, {&f.holdBack, heldBack, false}} {
		if *c.left > 0 && (c.any || repeatable) {
			*c.left--
			return c.fate
		}
	}
	return passes
}

func (f *faults) add(to *int, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*to += n
}

// clear heals everything that was still to go wrong.
func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop, f.lose, f.duplicate, f.holdBack = 0, 0, 0, 0
}

func (f *faults) wrap(line http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) { return f.trip(line, req) })
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func (f *faults) trip(line http.RoundTripper, req *http.Request) (*http.Response, error) {
	defer f.deliver()
	repeatable := req.Method == http.MethodPost && req.GetBody != nil && strings.HasSuffix(req.URL.Path, "/entries")
	switch f.next(repeatable) {
	case dropped:
		return nil, errFault
	case answerLost:
		resp, err := line.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		return nil, errFault
	case duplicated:
		send(line, again(req))
		return line.RoundTrip(again(req))
	case heldBack:
		f.mu.Lock()
		f.held = append(f.held, held{line, again(req)})
		f.mu.Unlock()
		return nil, errFault
	}
	return line.RoundTrip(req)
}

// deliver brings requests that were held back, after a later one.
func (f *faults) deliver() {
	f.mu.Lock()
	var late []held
	if f.holdBack == 0 {
		late, f.held = f.held, nil
	}
	f.mu.Unlock()
	for _, h := range late {
		send(h.line, h.req)
	}
}

// again is a request to be sent once more, apart from the life of the first.
func again(req *http.Request) *http.Request {
	r := req.Clone(req.Context())
	if body, err := req.GetBody(); err == nil {
		r.Body = body
	}
	return r
}

func send(line http.RoundTripper, req *http.Request) {
	resp, err := line.RoundTrip(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
