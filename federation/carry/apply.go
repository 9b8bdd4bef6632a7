package carry

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/fault"
)

// applier takes in a bundle that was checked, from this node's own copy.
type applier struct {
	n   *Node
	ctx context.Context
	c   *checker
	sum Summary

	entries []ledger.Entry
	lines   []store.FeedLine
	bytes   int
	settled bool
}

func (a *applier) header(*Header) error { return nil }

func (a *applier) line(raw []byte) error {
	if len(a.entries)+len(a.lines) >= batchLines || a.bytes+len(raw) > batchBytes && a.bytes > 0 {
		if err := a.flush(false); err != nil {
			return err
		}
	}
	a.bytes += len(raw)
	if a.c.h.Direction == Up {
		e, err := decodeEntry(raw)
		if err == nil {
			a.entries = append(a.entries, *e)
		}
		return err
	}
	l, err := decodeLine(raw)
	if err == nil {
		a.lines = append(a.lines, *l)
	}
	return err
}

// flush applies what was gathered. last: nothing more comes.
func (a *applier) flush(last bool) (err error) {
	if a.c.h.Direction == Up {
		err = a.takeUp()
	} else {
		err = a.follow(last)
	}
	fault.Point("carry.import.flushed")
	a.entries, a.lines, a.bytes = nil, nil, 0
	return err
}

func (a *applier) takeUp() error {
	if len(a.entries) == 0 {
		return nil
	}
	from := a.c.h.From.Credential
	peer := trust.Peer{County: a.c.h.County, Node: from.Node, Tier: from.Tier, Division: from.Division}
	results, err := a.n.Take(a.ctx, peer, a.entries)
	if err != nil {
		var broken *store.StorageError
		if errors.As(err, &broken) {
			return ErrStorage.Because(err)
		}
		return asFault(err, ErrUnavailable)
	}
	for i, r := range results {
		a.count(&a.entries[i], r)
	}
	return nil
}

func (a *applier) count(e *ledger.Entry, r store.Result) {
	refused, kept := r.Outcome == ledger.Refused, true
	switch r.Status {
	case store.Recorded:
		a.sum.Entries++
	case store.Repeated:
		a.sum.Known++
		refused = false
	default: // the origin is stopped, or became so by this entry
		refused, kept = true, false
		if r.Code == "" {
			r.Code = string(r.Status)
		}
	}
	if !refused {
		return
	}
	a.sum.Refused++
	if len(a.sum.Refusals) < maxRefusals {
		a.sum.Refusals = append(a.sum.Refusals, Refusal{Entry: e.ID, Origin: e.Origin, Code: r.Code, ZH: r.ZH, EN: r.EN, Kept: kept})
	}
}

// follow applies lines and moves the cursor over them, in one transaction.
func (a *applier) follow(last bool) error {
	upTo := a.c.h.UpTo
	if !last {
		upTo = a.lines[len(a.lines)-1].Index
	}
	cursor, err := a.n.Store.Cursor(a.ctx)
	if err != nil {
		return err
	}
	if err := a.n.Store.Follow(a.ctx, a.lines, upTo); err != nil {
		return err
	}
	for i := range a.lines {
		l := &a.lines[i]
		if l.Index <= cursor {
			a.sum.Known++
			continue
		}
		a.sum.Entries++
		if l.Outcome == ledger.Refused {
			a.sum.Refused++
			if len(a.sum.Refusals) < maxRefusals {
				r := Refusal{Entry: l.Confirms, Origin: a.n.Store.Self().Node, Code: l.Code, ZH: l.Reason, Kept: true}
				if l.Entry != nil {
					r.Entry, r.Origin = l.Entry.ID, l.Entry.Origin
				}
				a.sum.Refusals = append(a.sum.Refusals, r)
			}
		}
	}
	return nil
}

// settle ends the lines: attachments are judged by the entries that name them.
func (a *applier) settle() error {
	if a.settled {
		return nil
	}
	a.settled = true
	if err := a.flush(true); err != nil {
		return err
	}
	if a.c.h.Direction == Up {
		if err := a.n.Fresh(a.ctx); err != nil {
			return asFault(err, ErrUnavailable)
		}
	}
	return nil
}

func (a *applier) attachment(name string, size int64, content io.Reader) error {
	if err := a.settle(); err != nil {
		return err
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	has, err := a.n.Blobs.Has(name)
	if err != nil {
		return err
	}
	if has {
		a.sum.AttachmentsKnown++
		return nil
	}
	uses, err := a.n.Store.AttachmentUses(a.ctx, name)
	if err != nil {
		return err
	}
	if len(uses) == 0 { // a stick must not fill the disk with what nobody asked for
		a.sum.AttachmentsRefused++
		return nil
	}
	_, err = a.n.Blobs.Put(a.ctx, content)
	if errors.Is(err, blob.ErrType) || errors.Is(err, blob.ErrTooLarge) {
		a.sum.AttachmentsRefused++
		return nil
	}
	if err != nil {
		return err
	}
	fault.Point("carry.import.attachment")
	a.sum.Attachments++
	a.sum.AttachmentBytes += size
	return nil
}

// finish keeps what the header told.
func (a *applier) finish() error {
	if err := a.settle(); err != nil {
		return err
	}
	if a.c.h.Direction == Up {
		return a.keepPosition()
	}
	return a.keepCheckpoint()
}

func (a *applier) keepPosition() error {
	id := a.c.h.From.Credential.Node
	was, err := a.n.position(a.ctx, id)
	if err != nil {
		return err
	}
	now := position{At: a.c.h.MadeAt, Cursor: a.c.h.Cursor, Checkpoint: a.c.h.Checkpoint}
	if now.At <= was.At {
		return nil // an old bundle
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return a.n.Store.SetSetting(a.ctx, positionKey(id), string(text))
}

// unprovenKey is the local setting with a checkpoint that came in a bundle
// and could not be tied to those seen before. It is evidence, and not what
// later ones are measured by.
const unprovenKey = "carry.unproven_checkpoint"

func (a *applier) keepCheckpoint() error {
	cp := a.c.checkpoint
	switch {
	case cp == nil || cp.Tree.N == 0:
		return nil
	case a.c.proven:
		return a.n.Store.KeepCheckpoint(a.ctx, uint64(cp.Tree.N), a.n.Now().UnixMilli(), a.c.h.Note)
	}
	return a.n.Store.SetSetting(a.ctx, unprovenKey, a.c.h.Note)
}
