package feed

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
)

// headerHead tells how far the sender's copy of the county's ledger goes.
const headerHead = "Tongban-Head"

// setback watches for a county whose ledger ends before what this node has of
// it: one restored from an older backup. A hub that is merely behind the others
// catches up within seconds.
type setback struct {
	mu    sync.Mutex
	since time.Time
	fault *Fault
}

func (s *setback) now() *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// begin notes that the county seems to have gone back, and tells since when.
func (s *setback) begin(at time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = at
	}
	return s.since
}

func (s *setback) set(why *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = why
}

func (s *setback) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.since.IsZero()
}

func (s *setback) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since, s.fault = time.Time{}, nil
}

// WentBack tells whether the county's ledger ends before what this node has of
// it, and has for longer than a hub takes to catch up.
func (f *Follower) WentBack() bool { return f.setback.now() != nil }

// lookBack judges what a heartbeat says of the county's head. A township says
// by its heartbeat what it found itself; its own head is as old as this node's.
func (c *connection) lookBack(ctx context.Context, hb *heartbeat, got time.Time) error {
	s := &c.f.setback
	if head := max(hb.Head, hb.CountyHead); head >= c.at && !hb.WentBack {
		if hb.UpTo > c.at {
			return c.settled(ctx)
		}
		if s.open() {
			return c.sameLedger(ctx)
		}
		return nil
	}
	early := got.Sub(s.begin(got)) < c.f.o.Grace
	if early && !hb.WentBack || s.now() != nil { // a township that says so has waited
		return nil
	}
	if head, ok := c.countyHead(ctx); ok && head >= c.at {
		return nil // a hub that is behind, or a township that has not heard yet
	}
	fault := ErrWentBack.Becausef("%s tells of %d records, this node has %d", c.up.Name, max(hb.Head, hb.CountyHead), c.at)
	if err := c.f.witness.keepSetback(ctx, c.up.Name, fault); err != nil {
		return err
	}
	c.f.o.Logger.Error("the county's ledger ends before what this node has of it", "upstream", c.up.Name, "head", hb.Head, "cursor", c.at)
	s.set(fault)
	return nil
}

// settled keeps what comes out while it is not known whether it continues the
// ledger that this node has: once taken it could not be told apart.
func (c *connection) settled(ctx context.Context) error {
	if !c.f.setback.open() {
		return nil
	}
	if err := c.sameLedger(ctx); err != nil {
		return err
	}
	if why := c.f.setback.now(); why != nil {
		return why
	}
	if c.f.setback.open() {
		return ErrTrouble.Becausef("%s was behind this node and cannot prove yet that it goes on", c.up.Name)
	}
	return nil
}

// countyHead asks all hubs how far their ledger goes; false when none says.
func (c *connection) countyHead(ctx context.Context) (head uint64, ok bool) {
	for _, up := range countyOf(c.f.o.Upstreams) {
		if c.f.isBlocked(up.Name) {
			continue
		}
		if is, err := askHead(ctx, up); err == nil {
			head, ok = max(head, is), true
		}
	}
	return head, ok
}

func askHead(ctx context.Context, up Upstream) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := get(ctx, http.MethodHead, up, PathFeed, nil)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return strconv.ParseUint(resp.Header.Get(headerHead), 10, 64)
}

// sameLedger decides, when the county has as much again as this node, whether
// it is the ledger this node knows: its newest checkpoint must continue the
// last one seen here, and hold the newest record that is here. What was
// recorded anew after a restore does not. Until that is known the fault stands.
func (c *connection) sameLedger(ctx context.Context) error {
	for _, up := range countyOf(c.f.o.Upstreams) {
		if c.f.isBlocked(up.Name) {
			continue
		}
		note, err := askCheckpoint(ctx, up)
		if err != nil {
			continue
		}
		before := c.f.witness.newest().Tree.N
		if err := c.judge(ctx, up.Name, Link{Note: note}); err != nil {
			return err
		}
		size, err := noteSize(note)
		if err != nil || int64(size) < before {
			continue
		}
		if proven, _ := c.f.witness.standing(); proven < size {
			continue
		}
		same, err := c.holdsNewest(ctx, up, note)
		if err != nil {
			return err
		}
		if same {
			c.f.setback.end()
			c.f.o.Logger.Info("the county's ledger is the one known here", "size", size)
			return nil
		}
	}
	return nil
}

// holdsNewest has a hub prove that the newest record of this node is in the
// ledger of a checkpoint it showed. false when it cannot say now.
func (c *connection) holdsNewest(ctx context.Context, up Upstream, note string) (bool, error) {
	cp, err := c.f.o.Trust().OpenCheckpoint([]byte(note))
	if err != nil {
		return false, ErrSignature.Because(err)
	}
	index, err := c.f.st.Head(ctx)
	if err != nil {
		return false, ErrStorage.Because(err)
	}
	if index == 0 {
		return true, nil
	}
	if index > uint64(cp.Tree.N) {
		return false, nil
	}
	record, err := c.f.st.RecordAt(ctx, index)
	if err != nil {
		return false, ErrStorage.Because(err)
	}
	proof, err := fetchInclusion(ctx, []Upstream{up}, index, uint64(cp.Tree.N))
	if err != nil {
		return false, nil
	}
	err = trust.CheckInclusion(cp, int64(index), ledger.LeafHash(record), proof)
	if err == nil {
		return true, nil
	}
	fault := ErrRewritten.Becausef("record %d: %w", index, err)
	c.f.block(up.Name, fault)
	e := Evidence{Upstream: up.Name, SeenAt: c.f.o.Clock.Now().UnixMilli(), Kept: c.f.witness.newestNote(), Shown: note, Proof: proof, Record: string(record), Error: err.Error()}
	return false, errors.Join(fault, keepEvidence(ctx, c.f.st, "record", e))
}

func askCheckpoint(ctx context.Context, up Upstream) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := get(ctx, http.MethodGet, up, PathCheckpoint, nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return string(b), err
}

// keepSetback keeps the last checkpoint seen, as evidence of what the county
// had.
func (w *witness) keepSetback(ctx context.Context, upstream string, why *Fault) error {
	w.mu.Lock()
	e := Evidence{Upstream: upstream, SeenAt: w.clock.Now().UnixMilli(), Kept: w.note, Error: why.Error()}
	w.mu.Unlock()
	if err := keepEvidence(ctx, w.st, "setback", e); err != nil {
		return ErrStorage.Because(err)
	}
	return w.keep(ctx)
}
