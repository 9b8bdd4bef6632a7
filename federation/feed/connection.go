package feed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// connection is one attempt at following one upstream.
type connection struct {
	f  *Follower
	up Upstream
	// rank is the upstream's place in the order of preference. makeDo takes
	// one that has lost the county itself.
	rank   int
	makeDo bool

	// at is what this node has everything up to.
	at     uint64
	batch  int
	served atomic.Bool
	// busy is set while a page is being applied: silence is our own then.
	busy        atomic.Bool
	started     time.Time
	lastContact atomic.Int64 // Unix nanoseconds
	asked       atomic.Int64
	// shown is the newest checkpoint that the upstream showed. It shows each
	// once, and a quiet county has no newer one for hours.
	shown Link
}

// errBetter ends a connection because an upstream to be preferred serves.
var errBetter = errors.New("feed: a preferred upstream can be reached again")

// follow follows until the connection ends, which is always an error.
func (c *connection) follow(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	watched := make(chan struct{})
	c.started = c.f.o.Clock.Now()
	c.touch()
	go func() {
		defer close(watched)
		c.watch(ctx, cancel)
	}()
	defer func() { cancel(nil); <-watched }()

	var err error
	if c.at, err = c.f.st.Cursor(ctx); err != nil {
		return ErrStorage.Because(err)
	}
	c.batch = c.f.o.Batch
	body, err := c.request(ctx)
	if err == nil {
		defer body.Close()
		err = c.read(ctx, body)
	}
	if cause := context.Cause(ctx); cause != nil && parent.Err() == nil {
		return cause
	}
	return err
}

func (c *connection) request(ctx context.Context) (io.ReadCloser, error) {
	c.f.mu.Lock()
	full, size := c.f.full, c.f.pageBytes
	c.f.mu.Unlock()
	checkpoint, _ := c.f.witness.standing()
	q := url.Values{
		"after": {strconv.FormatUint(c.at, 10)}, "level": {strconv.Itoa(c.f.o.Level())},
		"page": {strconv.Itoa(size)}, "checkpoint": {strconv.FormatUint(checkpoint, 10)},
	}
	if full {
		q.Set("full", "1")
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		c.asked.Store(c.f.o.Clock.Now().UnixNano())
	}}
	resp, err := get(httptrace.WithClientTrace(ctx, trace), http.MethodGet, c.up, PathFeed, q)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// get asks an upstream; any answer but success becomes a fault.
func get(ctx context.Context, method string, up Upstream, path string, q url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(up.BaseURL, "/")+path+"?"+q.Encode(), nil)
	if err != nil {
		return nil, ErrUnreachable.Because(err)
	}
	resp, err := up.Client.Do(req)
	if err != nil {
		return nil, ErrUnreachable.Because(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	otherwise := ErrTrouble
	if resp.StatusCode == http.StatusForbidden {
		otherwise = ErrNotAllowed
	}
	return nil, problemFault(b, otherwise.Becausef("%s answered %s", up.Name, resp.Status))
}

// problemFault is the fault that the other end tells of. Its words are not
// taken over: they are shown to people here.
func problemFault(b []byte, otherwise *Fault) *Fault {
	var p struct {
		Code string `json:"code"`
		EN   string `json:"en"`
	}
	if json.Unmarshal(b, &p) == nil && wireFaults[p.Code] != nil {
		return wireFaults[p.Code].Becausef("told by the node above: %.200q", p.EN)
	}
	return otherwise
}

// counted counts what comes, so that a slow line is not taken for a dead one.
type counted struct {
	r io.Reader
	c *connection
}

func (r counted) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.c.f.bytesIn.Add(int64(n))
		r.c.touch()
	}
	return n, err
}

func (c *connection) touch() { c.lastContact.Store(c.f.o.Clock.Now().UnixNano()) }

func (c *connection) read(ctx context.Context, body io.Reader) error {
	in := bufio.NewReaderSize(counted{body, c}, 4<<10)
	var buf bytes.Buffer
	for {
		kind, payload, err := readBlock(in, &buf)
		switch {
		case errors.Is(err, errCut):
			c.f.resize(false)
			return ErrUnreachable.Because(err)
		case errors.Is(err, io.EOF):
			return ErrUnreachable.Becausef("%s closed the connection", c.up.Name)
		case err != nil:
			return asFault(err, ErrUnreachable)
		}
		switch kind {
		case blockHeartbeat:
			err = c.heartbeat(ctx, payload)
		case blockEntries:
			err = c.entries(ctx, payload)
		case blockProblem:
			err = problemFault(payload, ErrTrouble.Becausef("%s ended the feed", c.up.Name))
		}
		if err != nil {
			return err
		}
		if buf.Cap() > maxAskPage {
			buf = bytes.Buffer{}
		}
	}
}

// entries applies a page.
func (c *connection) entries(ctx context.Context, payload []byte) error {
	if !c.served.Load() {
		return ErrMalformed.Becausef("entries before the first heartbeat")
	}
	c.busy.Store(true)
	defer func() { c.touch(); c.busy.Store(false) }()
	h, lines, err := openPage(payload, c.at)
	if err != nil {
		return err
	}
	if err := c.settled(ctx); err != nil {
		return err
	}
	if err := c.f.keys.verify(ctx, lines); err != nil {
		return err
	}
	if err := c.apply(ctx, lines, h.UpTo); err != nil {
		return err
	}
	c.f.resize(true)
	c.f.applied(c.at, h.Head)
	return nil
}

// apply puts lines into the store, so many in one transaction that it takes a
// fraction of a second: those who write here meanwhile must not wait long.
func (c *connection) apply(ctx context.Context, lines []store.FeedLine, upTo uint64) error {
	for {
		n := min(len(lines), c.batch)
		to := upTo
		if n < len(lines) {
			to = lines[n-1].Index
		}
		began := c.f.o.Clock.Now()
		if err := c.f.st.Follow(ctx, lines[:n], to); err != nil {
			return c.applyFault(err)
		}
		switch took := c.f.o.Clock.Now().Sub(began); {
		case took > 500*time.Millisecond:
			c.batch = max(c.batch/2, min(16, c.f.o.Batch))
		case took < 100*time.Millisecond:
			c.batch = min(2*c.batch, c.f.o.Batch)
		}
		c.at = max(c.at, to)
		if lines = lines[n:]; len(lines) == 0 {
			return nil
		}
	}
}

func (c *connection) applyFault(err error) error {
	var broken *store.StorageError
	switch {
	case errors.Is(err, store.ErrConfirmsUnknown):
		c.f.mu.Lock()
		c.f.full = true
		c.f.mu.Unlock()
		return ErrRestored.Because(err)
	case errors.Is(err, ledger.ErrUnknownKind):
		return ErrLevel.Because(err)
	case errors.Is(err, ledger.ErrMalformed):
		return ErrMalformed.Because(err)
	case errors.Is(err, store.ErrFailed), errors.As(err, &broken):
		return ErrStorage.Because(err)
	}
	return ErrApply.Because(err)
}

// judge has a checkpoint checked. An upstream that shows another ledger is not
// followed any more.
func (c *connection) judge(ctx context.Context, upstream string, l Link) error {
	err := c.f.witness.accept(ctx, upstream, l, c.prove, c.proveByCounty)
	if errors.Is(err, ErrRewritten) {
		c.f.block(upstream, asFault(err, ErrRewritten))
	}
	return err
}

// heartbeat takes the upstream's word on head, time and checkpoints.
func (c *connection) heartbeat(ctx context.Context, payload []byte) error {
	got := c.f.o.Clock.Now()
	var hb heartbeat
	if err := json.Unmarshal(payload, &hb); err != nil {
		return ErrMalformed.Becausef("heartbeat: %w", err)
	}
	switch {
	case hb.County != string(c.f.st.Self().County()):
		return ErrWrongCounty.Becausef("%s is of county %.12q", c.up.Name, hb.County)
	case hb.Level > c.f.o.Level():
		return ErrLevel.Becausef("level %d is in force, this program reads %d", hb.Level, c.f.o.Level())
	case hb.Epoch < 0 || hb.UpTo < c.at || hb.UpTo > c.at && hb.UpTo > hb.Head:
		return ErrMalformed.Becausef("heartbeat up to %d of %d, this node has %d", hb.UpTo, hb.Head, c.at)
	case hb.Head > maxIndex || hb.CountyHead > maxIndex || hb.TimeMS < 0 || len(hb.Checkpoints) > maxLinks:
		return ErrMalformed.Becausef("heartbeat with head %d, %d checkpoints", hb.Head, len(hb.Checkpoints))
	}
	if err := c.epoch(ctx, hb.Epoch); err != nil {
		return err
	}
	if c.f.stale(c.up, hb.HeardMS) && !c.makeDo && c.f.choices() > 1 {
		return ErrBehind.Becausef("%s heard of the county %d ms ago", c.up.Name, hb.HeardMS)
	}
	links := hb.Checkpoints
	if len(links) > 0 {
		c.shown = links[len(links)-1]
	} else if _, since := c.f.witness.standing(); since > 0 && c.shown.Note != "" {
		links = []Link{c.shown} // it was passed over; what was missing may be had now
	}
	for _, l := range links {
		if err := c.judge(ctx, c.up.Name, l); err != nil {
			return err
		}
	}
	if err := c.lookBack(ctx, &hb, got); err != nil {
		return err
	}
	if hb.UpTo > c.at {
		if err := c.apply(ctx, nil, hb.UpTo); err != nil {
			return err
		}
	}
	c.f.beaten(c, &hb, got, !c.served.Swap(true))
	return nil
}
