package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tongban/tongban/store"
)

// Upstream is a node above to which entries can be sent.
type Upstream struct {
	Name string
	// Tier is "township" or "county".
	Tier    string
	BaseURL string
	Client  *http.Client
}

// Store is what the sender needs of the node's store.
type Store interface {
	Outbox(ctx context.Context, after int64, storedBy []string, limit, maxBytes int) ([]store.OutboxEntry, error)
	OutboxOrigins(ctx context.Context) ([]string, error)
	MarkStored(ctx context.Context, origin string, upTo uint64, by string) error
	ForgetStored(ctx context.Context, origin string, after uint64) error
}

// Options set a sender up.
type Options struct {
	Store Store
	// Upstreams are tried in their order: a village's township first, then
	// the county's hubs.
	Upstreams []Upstream
	Logger    *slog.Logger
	// Now and After are the clock; nil is the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// BackoffMax caps the pause between attempts; MaxEntries and MaxBytes a
	// batch before compression.
	BackoffMax time.Duration
	MaxEntries int
	MaxBytes   int
}

// Status is the way up as a person is shown it.
type Status struct {
	// Upstream is who took the last batch, Tier its tier.
	Upstream string    `json:"upstream,omitempty"`
	Tier     string    `json:"tier,omitempty"`
	LastSent time.Time `json:"last_sent"`
	// Entries and Bytes count what was sent since the start, repeats included.
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
	// Failures counts attempts in a row that failed; NextTry is when the next
	// one is due; Code, ZH and EN say why.
	Failures int       `json:"failures"`
	NextTry  time.Time `json:"next_try"`
	Code     string    `json:"code,omitempty"`
	ZH       string    `json:"zh,omitempty"`
	EN       string    `json:"en,omitempty"`
	// Forked are origins from which the node above takes nothing more.
	Forked []string `json:"forked,omitempty"`
}

// Sender sends a node's outbox up.
type Sender struct {
	o    Options
	kick chan struct{}

	mu     sync.Mutex
	status Status

	// The rest belongs to Run.
	batch  int
	downAt map[string]time.Time // upstreams that failed lately
	met    map[string]bool      // upstreams whose origins were asked since they last failed
	forked map[string]bool
}

const (
	firstPause = 250 * time.Millisecond
	// restUpstream is for how long one that failed is passed over while
	// another works.
	restUpstream = 15 * time.Second
	minBatch     = 1
)

// NewSender makes a sender; Run starts it.
func NewSender(o Options) *Sender {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.BackoffMax <= 0 {
		o.BackoffMax = time.Minute
	}
	if o.MaxEntries <= 0 || o.MaxEntries > maxBatch {
		o.MaxEntries = 512
	}
	if o.MaxBytes <= 0 || o.MaxBytes > maxPlain/2 {
		o.MaxBytes = 4 << 20
	}
	return &Sender{o: o, kick: make(chan struct{}, 1), batch: min(64, o.MaxEntries),
		downAt: map[string]time.Time{}, met: map[string]bool{}, forked: map[string]bool{}}
}

// Kick makes the sender try now: something was recorded, or somebody asked.
func (s *Sender) Kick() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Status is how the sender stands.
func (s *Sender) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Run sends until ctx ends. It never gives up; its pauses grow to BackoffMax.
func (s *Sender) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := s.drain(ctx)
		if ctx.Err() != nil {
			return
		}
		pause := s.o.BackoffMax // nothing to do but to look again now and then
		if err != nil {
			failures++
			pause = s.pause(failures)
			s.failed(err, failures, pause)
		} else {
			failures = 0
			s.recovered()
		}
		select {
		case <-ctx.Done():
		case <-s.kick:
		case <-s.o.After(pause):
		}
	}
}

// pause doubles with each failure up to the cap, half of it random so that
// villages that lost the line together do not come back together.
func (s *Sender) pause(failures int) time.Duration {
	p := firstPause << min(failures-1, 20)
	p = min(p, s.o.BackoffMax)
	return p/2 + rand.N(p/2+1)
}

// drain sends all that waits, to the first upstream that takes it.
func (s *Sender) drain(ctx context.Context) error {
	var errs []error
	for _, u := range s.order() {
		err := s.drainTo(ctx, u)
		if err == nil {
			delete(s.downAt, u.Name)
			return nil
		}
		s.met[u.Name] = false
		s.downAt[u.Name] = s.o.Now()
		errs = append(errs, fmt.Errorf("%s: %w", u.Name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// order puts upstreams that failed lately last.
func (s *Sender) order() []Upstream {
	var fit, resting []Upstream
	for _, u := range s.o.Upstreams {
		if at, down := s.downAt[u.Name]; down && s.o.Now().Sub(at) < restUpstream {
			resting = append(resting, u)
		} else {
			fit = append(fit, u)
		}
	}
	return append(fit, resting...)
}

func (s *Sender) drainTo(ctx context.Context, u Upstream) error {
	storedBy := []string{"county"}
	if u.Tier == "township" {
		storedBy = []string{"township", "county"}
	}
	var after int64
	for {
		entries, err := s.o.Store.Outbox(ctx, after, storedBy, s.batch, s.o.MaxBytes)
		if err != nil || len(entries) == 0 {
			return err
		}
		if !s.met[u.Name] {
			if err := s.meet(ctx, u); err != nil {
				return err
			}
			s.met[u.Name] = true
			continue // it may have some of them already
		}
		again, err := s.send(ctx, u, entries)
		if err != nil {
			return err
		}
		after = entries[len(entries)-1].N
		if again {
			after = 0
		}
	}
}

// meet asks an upstream how far it has each origin, and starts from there.
func (s *Sender) meet(ctx context.Context, u Upstream) error {
	origins, err := s.o.Store.OutboxOrigins(ctx)
	if err != nil {
		return err
	}
	query := url.Values{"node": origins}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.BaseURL+OriginsPath+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	a, err := ask(u.Client, req)
	if err != nil {
		return err
	}
	for _, o := range a.Origins {
		if err := s.o.Store.ForgetStored(ctx, o.Node, o.Stored); err != nil {
			return err
		}
	}
	_, err = s.note(ctx, a, nil)
	return err
}

// send sends one batch. again says that the outbox must be read from its
// start: the receiver lacks something that was passed over.
func (s *Sender) send(ctx context.Context, u Upstream, entries []store.OutboxEntry) (again bool, err error) {
	raws := make([][]byte, 0, len(entries))
	last := map[string]uint64{}
	for _, e := range entries {
		if s.forked[e.Origin] {
			continue
		}
		raws = append(raws, e.Raw)
		last[e.Origin] = e.Seq
	}
	if len(raws) == 0 {
		return false, nil
	}
	body := encode(raws)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.BaseURL+EntriesPath, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", contentType)
	s.count(len(raws), len(body))
	a, err := ask(u.Client, req)
	var p *Problem
	if errors.As(err, &p) && p.Code == CodeTooLarge && s.batch > minBatch {
		s.batch = max(s.batch/2, minBatch)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	s.batch = min(s.batch*2, s.o.MaxEntries)
	s.reached(u)
	return s.note(ctx, a, last)
}

// note keeps what an answer says. last is what was sent of each origin; an
// origin that has not come so far lacks something before it.
func (s *Sender) note(ctx context.Context, a *Answer, last map[string]uint64) (again bool, err error) {
	for _, o := range a.Origins {
		if o.Forked {
			s.markForked(o.Node)
			continue
		}
		if err := s.o.Store.MarkStored(ctx, o.Node, o.Stored, a.By); err != nil {
			return false, err
		}
		if sent, ok := last[o.Node]; ok && o.Stored < sent {
			if err := s.o.Store.ForgetStored(ctx, o.Node, o.Stored); err != nil {
				return false, err
			}
			return true, s.gap(ctx, o)
		}
	}
	return false, nil
}

// gap is an error when what the receiver lacks is not in the outbox any more:
// the county has it, and the receiver will get it from there.
func (s *Sender) gap(ctx context.Context, o Origin) error {
	entries, err := s.o.Store.Outbox(ctx, 0, nil, maxBatch, s.o.MaxBytes)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Origin == o.Node {
			if e.Seq <= o.Stored+1 {
				return nil
			}
			break
		}
	}
	return &Problem{Code: CodeUnavailable, Err: fmt.Errorf("the receiver has %s only up to %d and will get the rest from the county", o.Node, o.Stored)}
}

func ask(client *http.Client, req *http.Request) (*Answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, &Problem{Code: CodeUnavailable, Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, &Problem{Code: CodeUnavailable, Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, readProblem(resp.StatusCode, body)
	}
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil || a.By != "township" && a.By != "county" {
		return nil, &Problem{Code: CodeUnavailable, Err: fmt.Errorf("unreadable answer: %w", err)}
	}
	return &a, nil
}

func (s *Sender) count(entries, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Entries += int64(entries)
	s.status.Bytes += int64(bytes)
}

func (s *Sender) reached(u Upstream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Upstream, s.status.Tier, s.status.LastSent = u.Name, u.Tier, s.o.Now()
}

func (s *Sender) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forked) == 0 {
		s.status.Code, s.status.ZH, s.status.EN = "", "", ""
	}
	s.status.Failures, s.status.NextTry = 0, time.Time{}
}

func (s *Sender) failed(err error, failures int, pause time.Duration) {
	p := &Problem{Code: CodeUnavailable, Err: err}
	errors.As(err, &p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Failures, s.status.NextTry, s.status.Code = failures, s.o.Now().Add(pause), string(p.Code)
	s.status.ZH, s.status.EN = p.Texts()
	if failures == 1 || failures&(failures-1) == 0 {
		s.o.Logger.Warn("outbox not sent", "failures", failures, "code", string(p.Code), "error", err)
	}
}

func (s *Sender) markForked(origin string) {
	if s.forked[origin] {
		return
	}
	s.forked[origin] = true
	s.o.Logger.Error("the node above takes nothing more from this origin: its entries conflict with those it sent before; enrol it anew", "origin", origin)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Forked = append(s.status.Forked, origin)
	s.status.Code = "forked_origin"
	s.status.ZH = "数据与上级记录冲突（可能从旧备份恢复），已停止上报，请联系县中心重新登记"
	s.status.EN = "this node's entries conflict with what it sent before (restored from an old copy?); ask the county to enrol it anew"
}
