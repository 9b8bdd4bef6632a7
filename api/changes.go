package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// The pages of staff:
//
//	GET /api/v1/changes  StreamChanges

const (
	// maxDesks bounds the streams of a node: a page that is looked at has one.
	maxDesks = 512
	// changesBatch is how many entries are looked at at once, changesGap how
	// long the stream rests after it told something, so that a busy county
	// does not have every page read its list at every entry.
	changesBatch = 500
	changesGap   = time.Second
)

var errDesks = &problem{http.StatusServiceUnavailable, "too_many_desks", "this node tells as many pages of changes as it can; the page asks again by itself", "打开的页面过多，暂不能自动更新", "请关闭不用的页面；本页会自动重试", nil, time.Minute}

// changesHint names the cases that something happened to, and nothing of what:
// the page asks for that with its own rights. Without cases it says that
// something else changed here, such as how far an entry has come.
type changesHint struct {
	Cases []string `json:"cases,omitempty"`
}

// StreamChanges tells a page of staff when to read again.
func (s *Server) StreamChanges(ctx context.Context, _ gen.StreamChangesRequestObject) (gen.StreamChangesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	if s.desks.Add(1) > maxDesks {
		s.desks.Add(-1)
		return nil, errDesks
	}
	after, err := s.store.LastMove(ctx)
	if err != nil {
		s.desks.Add(-1)
		return nil, err
	}
	known := &staffChanges{s: s, ctx: ctx, actor: actor, request: requestOf(ctx).http, after: after}
	return &changesStream{s: s, ctx: ctx, hint: func() (any, error) { return known.hint() }, done: func() { s.desks.Add(-1) }}, nil
}

// changesStream tells a page when to read again. hint is what to tell now: an error
// ends the stream, and nil is nothing. done is called at its end.
type changesStream struct {
	s    *Server
	ctx  context.Context
	hint func() (any, error)
	done func()
}

// VisitStreamChangesResponse implements the answer: hints until the page goes,
// the request's time or the login is over (the page asks again), or the node
// stops.
func (c *changesStream) VisitStreamChangesResponse(w http.ResponseWriter) error {
	defer c.done()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	say := func(text string) bool {
		_, err := fmt.Fprint(w, text)
		return err == nil && out.Flush() == nil
	}
	if !say("retry: 3000\n\n") {
		return nil
	}
	beat := time.NewTicker(hallBeat)
	defer beat.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	// The first hint comes at once: a page that connects anew may have missed
	// something.
	for {
		changed := c.s.store.Changed()
		hint, err := c.hint()
		if err != nil {
			return nil // the state cannot be read, or the login is over: the page asks again and is told
		}
		if hint != nil {
			data, err := json.Marshal(hint)
			if err != nil || !say("event: changed\ndata: "+string(data)+"\n\n") {
				return nil
			}
		}
		rest.Reset(changesGap)
		if !wait(c, rest.C, nil, nil) || !wait(c, changed, beat.C, say) {
			return nil
		}
	}
}

// wait waits until something comes, saying at each beat that the stream lives;
// false when it is over.
func wait[T any](c *changesStream, until <-chan T, beat <-chan time.Time, say func(string) bool) bool {
	for {
		select {
		case <-until:
			return true
		case <-beat:
			if !say(": \n\n") {
				return false
			}
		case <-c.ctx.Done():
			return false
		case <-c.s.stopping:
			return false
		}
	}
}

// staffChanges are what a member of staff is told of.
type staffChanges struct {
	s       *Server
	ctx     context.Context
	actor   *Actor
	request *http.Request
	after   int64
}

// hint is what happened since, as far as the person may know of it.
func (c *staffChanges) hint() (h changesHint, err error) {
	// The token may have run out, or the person been disabled, since.
	actor, _, err := c.s.authenticate(c.request)
	if err != nil {
		return h, err
	}
	if actor == nil || actor.Staff != c.actor.Staff {
		return h, errUnauthenticated
	}
	for {
		touched, last, err := c.s.store.Touched(c.ctx, c.after, changesBatch)
		if err != nil {
			return h, err
		}
		if last == c.after {
			return h, nil
		}
		c.after = last
		for i := range touched {
			if _, err := actor.As(identity.CaseRead, targetOf(&touched[i].Case)); err == nil {
				h.Cases = append(h.Cases, touched[i].ID)
			}
		}
	}
}
