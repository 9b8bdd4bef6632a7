package carry

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// checker holds a bundle against what this node knows, without changing
// anything.
type checker struct {
	n   *Node
	ctx context.Context
	h   *Header
	// trust is the county's keys, with the rotations in the bundle.
	trust      trust.CountyTrust
	keys       keys
	checkpoint *trust.Checkpoint
	proven     bool
	// from is, going up, the next seq of each origin.
	from map[string]uint64
	// last is, going down, the index of the last line.
	last                 uint64
	cursor               uint64
	unverified, personal int64
}

func (c *checker) header(h *Header) (err error) {
	c.h, c.trust = h, c.n.Trust()
	self := c.n.Store.Self()
	from := h.From.Credential
	switch {
	case h.County != self.County():
		return ErrWrongCounty.Becausef("of %s", h.County)
	case h.To != "" && h.To != self.Node && !(h.Direction == Up && self.Tier == node.County):
		return ErrNotForMe.Becausef("for %s", h.To)
	case from.Node == self.Node:
		return ErrNotForMe.Becausef("this node made it")
	case h.Level > ledger.Level:
		return ErrNewer.Becausef("level %d, this program reads %d", h.Level, ledger.Level)
	}
	now := c.n.Now()
	made := time.UnixMilli(h.MadeAt)
	if made.After(now.Add(clockTolerance)) {
		return ErrFuture.Becausef("made %s", made.UTC().Format(time.RFC3339))
	}
	if c.trust, err = c.trust.Advance(h.Chain...); err != nil {
		return ErrSignature.Because(err)
	}
	c.keys = keys{ctx: c.ctx, st: c.n.Store, trust: c.trust, known: map[string]ledger.Keys{}}
	// What comes up stands by its entries: it may have been made before the
	// node's credential ended. What comes down stands by who brings it.
	if err := c.trust.VerifyCredential(h.From, made); err != nil {
		return ErrSignature.Because(err)
	}
	if h.Direction == Up {
		if !self.Division.Contains(from.Division) || from.Division == self.Division {
			return ErrNotAllowed.Becausef("%s of %s is not below this node", from.Node, from.Division)
		}
		return nil
	}
	return c.headerDown(now)
}

func (c *checker) headerDown(now time.Time) error {
	self, from := c.n.Store.Self(), c.h.From.Credential
	if !from.Division.Contains(self.Division) || from.Division == self.Division {
		return ErrNotAllowed.Becausef("%s of %s is not above this node", from.Node, from.Division)
	}
	if err := c.trust.VerifyCredential(c.h.From, now); err != nil {
		return ErrSignature.Because(err)
	}
	switch known, err := c.n.Store.Node(c.ctx, from.Node); {
	case errors.Is(err, store.ErrNotFound):
		c.keys.known[from.Node] = ledger.Keys{{Public: from.SignKey}}
	case err != nil:
		return stored(err)
	case err == nil && known.RevokedAt > 0:
		return ErrRevoked.Becausef("%s", from.Node)
	}
	epoch, err := c.n.Store.Epoch(c.ctx)
	if err != nil {
		return stored(err)
	}
	if c.h.Epoch != epoch.At {
		return ErrEpoch.Becausef("it is of epoch %d, this node in %d", c.h.Epoch, epoch.At)
	}
	if c.cursor, err = c.n.Store.Cursor(c.ctx); err != nil {
		return stored(err)
	}
	if c.h.After > c.cursor {
		return ErrGap.Becausef("it begins after %d, this node has %d", c.h.After, c.cursor)
	}
	c.last = c.h.After
	return c.checkpoints()
}

// checkpoints checks the county's signature on its checkpoint and that it
// continues the ledger this node has seen, as far as the bundle can prove it.
func (c *checker) checkpoints() error {
	if c.h.Note == "" {
		return nil
	}
	cp, err := c.trust.OpenCheckpoint([]byte(c.h.Note))
	if err != nil {
		return ErrSignature.Because(err)
	}
	c.checkpoint = &cp
	size, note, err := c.n.Store.LastCheckpoint(c.ctx)
	if err != nil {
		return stored(err)
	}
	if size == 0 {
		c.proven = true
		return nil
	}
	known, err := c.trust.OpenCheckpoint([]byte(note))
	if err != nil {
		return nil // kept under keys retired since; the line will tell
	}
	if cp.Tree.N == known.Tree.N || cp.Tree.N > known.Tree.N && c.h.ProofFrom == size {
		if err := trust.CheckConsistency(known, cp, c.h.Proof); err != nil {
			return ErrRewritten.Because(err)
		}
		c.proven = true
	}
	return nil
}

func (c *checker) line(raw []byte) error {
	if c.h.Direction == Up {
		return c.entryUp(raw)
	}
	return c.lineDown(raw)
}

func (c *checker) entryUp(raw []byte) error {
	e, err := decodeEntry(raw)
	if err != nil {
		return err
	}
	next, begun := c.from[e.Origin]
	if !begun {
		if next, err = c.begin(e.Origin); err != nil {
			return err
		}
	}
	if e.Seq != next {
		return ErrDamaged.Becausef("entry %d of %s where %d belongs", e.Seq, e.Origin, next)
	}
	c.from[e.Origin] = next + 1
	if e.Case != "" {
		c.personal++
	}
	if err := c.keys.known[e.Origin].Verify(e); err != nil {
		return ErrSignature.Becausef("entry %s of %s: %w", e.ID, e.Origin, err)
	}
	if err := c.keys.renew(e); err != nil {
		return ErrSignature.Becausef("new key of %s: %w", e.Origin, err)
	}
	return nil
}

// begin checks, at an origin's first entry, that the bundle may bring its
// entries and that none is missing before.
func (c *checker) begin(origin string) (uint64, error) {
	var first uint64
	for _, r := range c.h.Origins {
		if r.Node == origin {
			first = r.First
		}
	}
	if first == 0 {
		return 0, ErrDamaged.Becausef("origin %.40q is not announced", origin)
	}
	known, err := c.n.Store.Node(c.ctx, origin)
	if errors.Is(err, store.ErrNotFound) {
		return 0, ErrUnknownNode.Becausef("%s", origin)
	}
	if err != nil {
		return 0, stored(err)
	}
	from := c.h.From.Credential
	was, err := c.n.Store.Predecessors(c.ctx, from.Node)
	if err != nil {
		return 0, stored(err)
	}
	if origin != from.Node && (known.Tier == from.Tier || !from.Division.Contains(known.Division)) && !slices.Contains(was, origin) {
		return 0, ErrNotAllowed.Becausef("%s may not bring entries of %s", from.Node, origin)
	}
	last, _, err := c.n.Store.LastSeq(c.ctx, origin)
	if err != nil {
		return 0, stored(err)
	}
	if first > last+1 {
		return 0, ErrGap.Becausef("it begins at %d of %s, this node has %d", first, origin, last)
	}
	c.keys.known[origin] = known.Keys
	return first, nil
}

func (c *checker) lineDown(raw []byte) error {
	l, err := decodeLine(raw)
	if err != nil {
		return err
	}
	if l.Index <= c.last || l.Index > c.h.UpTo {
		return ErrDamaged.Becausef("line %d between %d and %d", l.Index, c.last, c.h.UpTo)
	}
	c.last = l.Index
	if l.Entry == nil {
		return c.confirmation(l)
	}
	if l.Entry.Case != "" {
		c.personal++
	}
	c.keys.learn(l) // first, for a hub may have admitted itself
	key, err := c.keys.ofLine(l)
	switch {
	case err != nil:
		return stored(err)
	case key == nil:
		c.unverified++
		return c.sameAsHere(l)
	case key.Verify(l.Entry) != nil:
		return ErrSignature.Becausef("entry %s of %s", l.Entry.ID, l.Entry.Origin)
	}
	if err := c.keys.renew(l.Entry); err != nil {
		return ErrSignature.Becausef("new key of %s: %w", l.Entry.Origin, err)
	}
	return c.sameAsHere(l)
}

// confirmation refuses, before anything is applied, what Follow would stop at.
func (c *checker) confirmation(l *store.FeedLine) error {
	if l.Index <= c.cursor {
		return nil
	}
	_, err := c.n.Store.Entry(c.ctx, l.Confirms)
	if errors.Is(err, store.ErrNotFound) {
		return ErrLostOwn.Becausef("entry %.64q", l.Confirms)
	}
	return stored(err)
}

func (c *checker) sameAsHere(l *store.FeedLine) error {
	here, err := c.n.Store.Entry(c.ctx, l.Entry.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return stored(err)
	}
	mine, err := here.Entry.Hash()
	if err != nil {
		return stored(err)
	}
	theirs, err := l.Entry.Hash()
	if err != nil {
		return ErrDamaged.Because(err)
	}
	if mine != theirs || here.Index != 0 && here.Index != l.Index {
		return ErrConflict.Becausef("entry %s", l.Entry.ID)
	}
	return nil
}

func (c *checker) attachment(name string, _ int64, content io.Reader) error {
	if c.h.Direction == Down {
		return ErrDamaged.Becausef("an attachment going down")
	}
	head := make([]byte, 64)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if blob.Sniff(head[:n]) == "" {
		return ErrDamaged.Becausef("attachment %s is of no allowed type", name)
	}
	return nil
}

// finish checks what only the whole can show.
func (c *checker) finish() error {
	for _, r := range c.h.Origins {
		if c.from[r.Node] != r.Last+1 {
			return ErrDamaged.Becausef("entries of %s end before %d", r.Node, r.Last)
		}
	}
	return nil
}
