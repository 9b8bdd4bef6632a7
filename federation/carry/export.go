package carry

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

// Options say what goes into a bundle.
type Options struct {
	// For is the node that a bundle is for: one below, which gets its feed, or
	// the township above, which may take in on the way what goes up to the
	// county. Empty goes up to the county.
	For string

	// Up: Since leaves out what an earlier bundle held (its Summary.Mark);
	// WithoutAttachments leaves out all attachments.
	Since              int64
	WithoutAttachments bool

	// Down: After is the county index the node has everything up to; nil
	// takes the last one heard of. Full puts in the node's own entries, for a
	// node that lost them.
	After *uint64
	Full  bool
}

// position is where a node below stood at a time by its own clock.
type position struct {
	At         int64  `json:"at"`
	Cursor     uint64 `json:"cursor"`
	Checkpoint uint64 `json:"checkpoint"`
}

func positionKey(id string) string { return "carry.position." + id }

// Export writes a bundle. On an error what was written is no bundle. A slow
// stick holds up nobody but the caller.
func (n *Node) Export(ctx context.Context, w io.Writer, o Options) (Summary, error) {
	down, readers, err := n.address(ctx, o.For)
	if err != nil {
		return Summary{}, stored(err)
	}
	lines, done, err := n.tempFile()
	if err != nil {
		return Summary{}, err
	}
	defer done()
	level, err := n.Store.Level(ctx)
	if err != nil {
		return Summary{}, stored(err)
	}
	h := &Header{County: n.Store.Self().County(), From: n.Credential, To: o.For, MadeAt: n.Now().UnixMilli(), Level: level}
	x := &exporter{n: n, o: o, h: h, lines: lines}
	if down {
		h.Direction = Down
		err = x.down(ctx)
	} else {
		h.Direction = Up
		err = x.up(ctx)
	}
	if err != nil {
		return Summary{}, stored(err)
	}
	s := h.summary()
	s.Entries, s.Attachments, s.AttachmentBytes, s.Personal, s.Mark, s.AttachmentsMissing = h.Entries, h.Attachments, h.AttachmentBytes, x.personal, x.mark, x.missing
	s.Bytes, err = x.sealed(ctx, w, readers)
	return s, err
}

type exporter struct {
	n     *Node
	o     Options
	h     *Header
	lines *atrest.Scratch
	files []blob.Info

	personal, missing, mark int64
}

// sealed writes the bundle so that only its readers can read it. It is signed
// first: a seal says nothing about who made it.
func (x *exporter) sealed(ctx context.Context, to io.Writer, readers []ed25519.PublicKey) (int64, error) {
	count := &countingWriter{w: to}
	w, err := seal.Create(count, seal.Header{Kind: seal.Bundle, County: x.h.County, From: x.h.From.Credential.Node, To: x.h.To, MadeAt: x.h.MadeAt}, readers...)
	if err != nil {
		return count.n, fmt.Errorf("write bundle: %w", err)
	}
	if err := x.write(ctx, w); err != nil {
		return count.n, err
	}
	if err := w.Close(); err != nil {
		return count.n, fmt.Errorf("write bundle: %w", err)
	}
	return count.n, nil
}

// write puts the bundle together: the lines were spooled, because the header
// tells their ranges and counts.
func (x *exporter) write(ctx context.Context, to io.Writer) error {
	w := newWriter(to)
	x.lines.Rewind()
	if err := w.begin(x.h); err != nil {
		return err
	}
	if _, err := io.Copy(w, x.lines); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	for _, f := range x.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, _, err := x.n.Blobs.Open(f.Hash)
		if err != nil {
			return stored(err)
		}
		err = w.attachment(f.Hash, f.Size, content)
		content.Close()
		if err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
	}
	if err := w.end(x.n.Key); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// up gathers the outbox.
func (x *exporter) up(ctx context.Context) error {
	if x.n.Store.Self().Tier == node.County {
		return ErrNotAllowed.Becausef("nothing is above the county; say which node the bundle is for")
	}
	const attempts = 5
	err := error(nil)
	for range attempts {
		if err = x.outbox(ctx); !errors.Is(err, ErrUnstable) {
			break
		}
	}
	if err != nil {
		return err
	}
	if x.h.Cursor, err = x.n.Store.Cursor(ctx); err != nil {
		return err
	}
	if x.h.Checkpoint, _, err = x.n.Store.LastCheckpoint(ctx); err != nil {
		return err
	}
	if x.o.WithoutAttachments {
		return nil
	}
	return x.attachments(ctx)
}

// outbox spools the entries. The line may work again meanwhile, and what the
// county confirms leaves the outbox: a run with a hole is read again.
func (x *exporter) outbox(ctx context.Context) error {
	if err := x.lines.Reset(); err != nil {
		return ErrStorage.Because(err)
	}
	to := &lineWriter{w: spool{x.lines}}
	at := map[string]int{}
	x.h.Origins, x.h.Entries, x.personal, x.mark = nil, 0, 0, x.o.Since
	for {
		page, err := x.n.Store.Outbox(ctx, x.mark, nil, 512, fillBytes)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return to.flush()
		}
		for _, e := range page {
			i, seen := at[e.Origin]
			switch {
			case !seen:
				at[e.Origin] = len(x.h.Origins)
				x.h.Origins = append(x.h.Origins, Range{Node: e.Origin, First: e.Seq, Last: e.Seq})
			case x.h.Origins[i].Last+1 == e.Seq:
				x.h.Origins[i].Last = e.Seq
			default:
				return ErrUnstable
			}
			if err := x.outboxLine(to, e.Raw); err != nil {
				return err
			}
			x.mark = e.N
		}
	}
}

func (x *exporter) outboxLine(to *lineWriter, raw []byte) error {
	var e struct {
		Case string `json:"case"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("outbox entry: %w", err)
	}
	if e.Case != "" {
		x.personal++
	}
	return x.add(to, raw)
}

// add puts a line into the bundle.
func (x *exporter) add(to *lineWriter, line []byte) error {
	x.h.Entries++
	if x.h.Entries > x.n.Limits.withDefaults().Entries {
		return ErrTooLarge.Becausef("more than %d entries", x.h.Entries-1)
	}
	return to.add(line)
}

// attachments lists what the county has not confirmed and is here.
func (x *exporter) attachments(ctx context.Context) error {
	after := ""
	for {
		page, err := x.n.Store.OutstandingAttachments(ctx, after, 512)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			if a.Hash == after {
				continue
			}
			after = a.Hash
			info, err := x.n.Blobs.Stat(a.Hash)
			if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrDamaged) {
				x.missing++
				continue
			}
			if err != nil {
				return err
			}
			x.files = append(x.files, info)
			x.h.Attachments++
			x.h.AttachmentBytes += info.Size
		}
	}
}

// down gathers the feed of a node below.
func (x *exporter) down(ctx context.Context) error {
	to, err := x.n.Store.Node(ctx, x.o.For)
	if err != nil {
		return err
	}
	at, err := x.n.position(ctx, x.o.For)
	if err != nil {
		return err
	}
	epoch, err := x.n.Store.Epoch(ctx)
	if err != nil {
		return err
	}
	x.h.After, x.h.Full, x.h.Epoch = at.Cursor, x.o.Full, epoch.At
	if x.o.After != nil {
		x.h.After = *x.o.After
	}
	if err := x.feed(ctx, store.Follower{Node: x.o.For, Division: to.Division, Full: x.o.Full}); err != nil {
		return err
	}
	return x.evidence(ctx, at.Checkpoint)
}

// position is where a node below stands, as far as it was heard of: by its
// last bundle, or by its reports over the line, whichever is later.
func (n *Node) position(ctx context.Context, id string) (at position, err error) {
	text, err := n.Store.Setting(ctx, positionKey(id))
	if err != nil {
		return at, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			return at, fmt.Errorf("position of %s: %w", id, err)
		}
	}
	reports, err := n.Store.PeerReports(ctx)
	if err != nil {
		return at, err
	}
	for _, r := range reports {
		var told position
		if r.Node == id && json.Unmarshal(r.Report, &told) == nil && told.At > at.At {
			at.At, at.Cursor = told.At, told.Cursor
		}
	}
	return at, nil
}

func (x *exporter) feed(ctx context.Context, f store.Follower) error {
	to := &lineWriter{w: spool{x.lines}}
	at, end := x.h.After, uint64(0)
	for {
		page, err := x.n.Store.Feed(ctx, f, at, fillBytes)
		if err != nil {
			return err
		}
		if at == x.h.After && end == 0 {
			end = page.Head // what is recorded meanwhile is for the next one
		}
		if x.h.After > page.Head {
			return ErrGap.Becausef("%s is said to have %d, this node has %d", f.Node, x.h.After, page.Head)
		}
		for _, line := range page.Lines {
			if err := x.feedLine(to, line); err != nil {
				return err
			}
		}
		at = page.UpTo
		if at >= end {
			x.h.UpTo = at
			return to.flush()
		}
	}
}

func (x *exporter) feedLine(to *lineWriter, line []byte) error {
	var l struct {
		Entry *struct {
			Case string `json:"case"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return fmt.Errorf("feed line: %w", err)
	}
	if l.Entry != nil && l.Entry.Case != "" {
		x.personal++
	}
	return x.add(to, line)
}

// evidence adds the county's key rotations and its newest checkpoint.
func (x *exporter) evidence(ctx context.Context, after uint64) error {
	chain, err := x.n.Store.TrustChain(ctx)
	if err != nil {
		return err
	}
	for _, raw := range chain {
		b, err := trust.DecodeSignedTrust(raw)
		if err != nil {
			return fmt.Errorf("county keys in the ledger: %w", err)
		}
		x.h.Chain = append(x.h.Chain, b)
	}
	if x.n.Checkpoint == nil {
		return nil
	}
	c, err := x.n.Checkpoint(ctx, after)
	if err != nil {
		return err
	}
	x.h.Note = c.Note
	if c.Note != "" && len(c.Proof) > 0 {
		x.h.ProofFrom, x.h.Proof = c.From, c.Proof
	}
	return nil
}
