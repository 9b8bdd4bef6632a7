package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tongban/tongban/store/fault"
)

// round is one attempt to send everything that waits to one upstream.
type round struct {
	s    *Sender
	u    Upstream
	link *link
	// held are origins of which this upstream takes nothing now, with why;
	// those of the others go on.
	held map[string]error
	// rewinds counts how often an origin was taken up again further back.
	rewinds map[string]int
	// apart: a batch of several origins was refused, so that each is sent by
	// itself to find whose it is.
	apart bool
	// storedBy are the tiers whose having an entry spares sending it.
	storedBy []string
	// unnoted keeps what was answered to the last batch, and says whether to
	// start over; nil when that is done.
	unnoted func() (rewind bool, err error)
}

const (
	// maxRewinds bounds what a receiver that contradicts itself can cost.
	maxRewinds = 3
	// slow is how long a request may take before batches stop growing.
	slow = 5 * time.Second
)

// run returns nil when the upstream has everything.
func (r *round) run(ctx context.Context) error {
	st := r.s.o.Store
	origins, err := st.OutboxOrigins(ctx)
	if err != nil || len(origins) == 0 {
		return err
	}
	if !r.link.met {
		if err := r.meet(ctx, origins); err != nil {
			return err
		}
		r.link.met = true
	}
	if r.storedBy = []string{"county"}; r.u.Tier == "township" {
		r.storedBy = append(r.storedBy, "township")
	}
	b, err := r.gather(ctx, 0)
	for err == nil && b != nil {
		b, err = r.send(ctx, b)
	}
	if err != nil {
		return err
	}
	return errors.Join(slices.Collect(maps.Values(r.held))...)
}

// batch is a piece of the outbox on its way.
type batch struct {
	// after and next are the places in the outbox before and behind it.
	after, next int64
	raws        [][]byte
	last        map[string]uint64 // seq of the last entry of each origin
}

// gather reads what is to be sent next; nil when nothing is left.
func (r *round) gather(ctx context.Context, after int64) (*batch, error) {
	for {
		entries, err := r.s.o.Store.Outbox(ctx, after, r.storedBy, r.link.batch, r.s.o.MaxBytes)
		if err != nil || len(entries) == 0 {
			return nil, err
		}
		b := &batch{after: after, next: after, last: map[string]uint64{}}
		for _, e := range entries {
			if r.s.forked[e.Origin] || r.held[e.Origin] != nil {
				b.next = e.N
				continue
			}
			if _, same := b.last[e.Origin]; r.apart && !same && len(b.last) > 0 {
				break
			}
			b.raws = append(b.raws, e.Raw)
			b.last[e.Origin] = e.Seq
			b.next = e.N
		}
		if len(b.raws) > 0 {
			return b, nil
		}
		after = b.next
	}
}

// meet asks the upstream how far it has each origin, and starts from there.
func (r *round) meet(ctx context.Context, origins []string) error {
	for some := range slices.Chunk(origins, maxOrigins) {
		a, err := r.standing(ctx, some)
		if err != nil {
			return err
		}
		for _, name := range some {
			o, ok := a.origin(name)
			if !ok {
				return unreadable("nothing said of %s", name)
			}
			if err := r.s.o.Store.ForgetStored(ctx, name, o.Stored, a.By); err != nil {
				return err
			}
			if err := r.mark(ctx, o, a.By); err != nil {
				return err
			}
		}
	}
	return nil
}

// standing asks the upstream how far it has origins.
func (r *round) standing(ctx context.Context, origins []string) (*Answer, error) {
	query := url.Values{"node": origins}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.u.BaseURL+OriginsPath+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return r.ask(req)
}

// post sends raw entries.
func (r *round) post(ctx context.Context, raws [][]byte) (*Answer, error) {
	body := encode(raws)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.u.BaseURL+EntriesPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	r.s.count(len(raws), len(body))
	return r.ask(req)
}

// reply is what came back for a batch.
type reply struct {
	*Answer
	err error
}

// send sends a batch and returns the next one. While it is on its way, what was
// answered to the one before is noted and the next one is read: the upstream
// need not wait for this node's disk.
func (r *round) send(ctx context.Context, b *batch) (next *batch, err error) {
	began := r.s.o.Now()
	fault.Point("outbox.send.before")
	back := make(chan reply, 1)
	go func() {
		a, err := r.post(ctx, b.raws)
		back <- reply{a, err}
	}()
	err = r.settle(ctx)
	size := r.link.batch
	if err == nil {
		r.link.batch = min(size*2, r.link.most) // if this one goes well
		next, err = r.gather(ctx, b.next)
	}
	a := <-back
	if err != nil {
		return nil, err
	}
	if a.err != nil || r.s.o.Now().Sub(began) >= slow {
		r.link.batch = size
	}
	if a.err != nil {
		if err := r.refused(a.err, len(b.raws), b.last); err != nil {
			return nil, err
		}
		return r.gather(ctx, b.after)
	}
	fault.Point("outbox.send.answered")
	r.s.reached(r.u)
	r.unnoted = func() (rewind bool, err error) {
		defer fault.Point("outbox.send.marked")
		return r.answered(ctx, a.Answer, b.last)
	}
	if next != nil && a.complete(b.last) {
		return next, nil
	}
	rewind, err := r.note(ctx)
	if err != nil {
		return nil, err
	}
	if rewind {
		return r.gather(ctx, 0)
	}
	return r.gather(ctx, b.next)
}

// complete reports whether everything that was sent has come, of origins in
// good standing.
func (a *Answer) complete(sent map[string]uint64) bool {
	for name, seq := range sent {
		if o, ok := a.origin(name); !ok || o.Forked || o.Stored < seq {
			return false
		}
	}
	return true
}

// note keeps what was answered last.
func (r *round) note(ctx context.Context) (rewind bool, err error) {
	unnoted := r.unnoted
	if r.unnoted = nil; unnoted == nil {
		return false, nil
	}
	return unnoted()
}

// settle does so for an answer after which nothing has to be sent again.
func (r *round) settle(ctx context.Context) error {
	_, err := r.note(ctx)
	return err
}

// refused decides what to do about a batch that was not taken: nil to go on
// with a smaller one or without the origin at fault.
func (r *round) refused(err error, entries int, last map[string]uint64) error {
	var p *Problem
	if !errors.As(err, &p) {
		return err
	}
	switch p.Code {
	case CodeTooLarge:
		if entries > 1 {
			r.link.most = max(entries/2, 1)
			r.link.batch = r.link.most
			return nil
		}
	case CodeMalformed, CodeNewer, CodeUnknownOrigin, CodeNotYours, CodeSignature:
		switch {
		case len(last) > 1:
			r.apart = true
			return nil
		case entries > 1: // what comes before the entry at fault is taken
			r.link.batch = max(entries/2, 1)
			return nil
		}
	default:
		// The line may be too slow for as much within a request's time.
		r.link.batch = max(r.link.batch/2, 1)
		return err
	}
	for origin := range last {
		r.held[origin] = fmt.Errorf("entries of %s: %w", origin, err)
	}
	return nil
}

// answered keeps what an answer says. last is what was sent of each origin; an
// origin that has not come so far lacks something before it, and rewind says
// that it is in the outbox.
func (r *round) answered(ctx context.Context, a *Answer, last map[string]uint64) (rewind bool, err error) {
	for name, sent := range last {
		o, ok := a.origin(name)
		if !ok {
			r.held[name] = unreadable("nothing said of %s", name)
			continue
		}
		if err := r.mark(ctx, o, a.By); err != nil {
			return false, err
		}
		if o.Forked || o.Stored >= sent {
			continue
		}
		back, err := r.gap(ctx, o)
		if err != nil {
			return false, err
		}
		rewind = rewind || back
	}
	return rewind, nil
}

// mark keeps how far an upstream has an origin.
func (r *round) mark(ctx context.Context, o Origin, by string) error {
	st := r.s.o.Store
	forked := o.Forked
	if !forked && o.Stored > 0 && o.Last != "" {
		own, err := st.EntryID(ctx, o.Node, o.Stored)
		if err != nil {
			return err
		}
		switch {
		case own == "" && o.Node == r.s.o.Self:
			r.held[o.Node] = &Problem{Code: CodeBehind, Err: fmt.Errorf("%s has this node's entries up to %d", r.u.Name, o.Stored)}
			return nil
		case own != "" && own != o.Last:
			forked = true
		}
	}
	if !forked {
		return st.MarkStored(ctx, o.Node, o.Stored, by)
	}
	if r.s.forked[o.Node] {
		return nil
	}
	if err := st.MarkForked(ctx, o.Node, r.s.o.Now().UnixMilli()); err != nil {
		return err
	}
	r.s.markForked(o.Node)
	return nil
}

// gap starts an origin again from where the receiver has it. When what the
// receiver lacks is not in the outbox any more, the county has confirmed it
// and the receiver will get it from there; until then the origin waits.
func (r *round) gap(ctx context.Context, o Origin) (rewind bool, err error) {
	if r.u.Tier == "county" {
		var err error
		if o.Stored, err = r.reoffer(ctx, o.Node); err != nil {
			return false, err
		}
		if r.held[o.Node] != nil || r.s.forked[o.Node] {
			return false, nil
		}
	}
	if err := r.s.o.Store.ForgetStored(ctx, o.Node, o.Stored, ""); err != nil {
		return false, err
	}
	first, err := r.s.o.Store.OutboxFirst(ctx, o.Node)
	if err != nil {
		return false, err
	}
	r.rewinds[o.Node]++
	switch {
	case first > o.Stored+1 && r.u.Tier == "county":
		r.held[o.Node] = &Problem{Code: CodeWentBack, Err: fmt.Errorf("the county has %s only up to %d, and this node only what comes after %d", o.Node, o.Stored, first-1)}
	case first > o.Stored+1:
		r.held[o.Node] = &Problem{Code: CodeUnavailable, Err: fmt.Errorf("the receiver has %s only up to %d and will get the rest from the county", o.Node, o.Stored)}
	case r.rewinds[o.Node] > maxRewinds:
		r.held[o.Node] = &Problem{Code: CodeUnavailable, Err: fmt.Errorf("the receiver stays at %d of %s", o.Stored, o.Node)}
	default:
		return true, nil
	}
	return false, nil
}
