package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/fault"
)

// Draft is an entry about to be recorded at a township or a village. Stamp
// makes it final, with the next number of the node's own counter, and signs
// it; it may ask for the next case number of a day.
type Draft struct {
	ID    string
	Stamp func(seq uint64, counter func(prefix string) (int, error)) (ledger.Entry, error)
}

// Record applies an entry of this node's own and puts it in the outbox, in one
// transaction that is on disk before Record returns. What the domain refuses
// is not recorded; its *Refused is returned. An id that was recorded before
// is answered with its first outcome.
func (s *Store) Record(ctx context.Context, d Draft) (Result, error) {
	ctx = context.WithoutCancel(ctx)
	var r Result
	err := s.write(ctx, func(w *writer) error {
		a, err := s.applier(ctx, w)
		if err != nil {
			return err
		}
		a.at(0)
		if r, err = a.recordOwn(d); err != nil {
			return err
		}
		return a.flush()
	})
	if err == nil {
		fault.Point("store.record.committed")
	}
	return r, err
}

func (a *applier) recordOwn(d Draft) (Result, error) {
	fault.Point("store.record.begin")
	known, err := a.find(`id = ?`, d.ID)
	if err != nil {
		return Result{}, err
	}
	last, forked, err := a.origin(a.s.self.Node)
	if err != nil {
		return Result{}, err
	}
	if known != nil {
		return a.sameDraft(d, known, last)
	}
	if err := a.checkRestored(); err != nil {
		return Result{}, err
	}
	if forked {
		return Result{}, refuse("forked_origin", "本机数据与县中心记录冲突，请联系县中心重新登记本机", "this node's data conflicts with the county's; ask the county to enrol it anew")
	}
	e, err := d.Stamp(last+1, a.nextCounters())
	if err != nil {
		return Result{}, err
	}
	if e.ID != d.ID || e.Origin != a.s.self.Node || e.Seq != last+1 {
		return Result{}, fmt.Errorf("%w: stamped as %s %s/%d, want %s %s/%d", ledger.ErrMalformed, e.ID, e.Origin, e.Seq, d.ID, a.s.self.Node, last+1)
	}
	a.now, a.desk = max(a.now, e.OccurredAt), true
	raw, err := e.Canonical()
	if err != nil {
		return Result{}, err
	}
	body, err := e.Decode()
	if err != nil {
		return Result{}, refuse("malformed", "内容格式有误："+err.Error(), err.Error())
	}
	v, err := a.judge(&e, body)
	switch {
	case err != nil:
		return Result{}, err
	case v.outcome == ledger.Waiting:
		return Result{}, refuse("stale", "办件已有新的进展，请刷新后再办", "the case has moved on since; look at it again")
	case v.no != nil:
		return Result{}, v.no
	}
	if err := v.effect(); err != nil {
		return Result{}, err
	}
	fault.Point("store.record.effect")
	if err := a.keep(&e, raw, ledger.Applied, nil); err != nil {
		return Result{}, err
	}
	return Result{ID: e.ID, Status: Recorded, Outcome: ledger.Applied}, nil
}

// sameDraft answers an id that was recorded before: with its first outcome, or
// with a refusal when the idempotency key now stands for another action.
func (a *applier) sameDraft(d Draft, known *stored, last uint64) (Result, error) {
	e, err := d.Stamp(last+1, a.nextCounters())
	if err != nil {
		// The action can no longer be made up, for it has happened.
		return repeated(&ledger.Entry{ID: d.ID}, known), nil
	}
	r, _, err := a.sameKey(&e, known)
	if err == nil && r.Status == Rejected {
		return Result{}, &Refused{Code: r.Code, ZH: r.ZH, EN: r.EN}
	}
	return r, err
}

// nextCounters gives out the next numbers of a day's case counter: a joint matter
// takes several.
func (a *applier) nextCounters() func(prefix string) (int, error) {
	given := 0
	return func(prefix string) (int, error) {
		n, err := a.counter(prefix)
		given++
		return n + given, err
	}
}

// keep stores an entry that the county has not confirmed, to be sent up.
func (a *applier) keep(e *ledger.Entry, raw []byte, status ledger.Outcome, no *Refused) error {
	h := ledger.Head{Outcome: status}
	if no != nil {
		h.Code, h.Reason = no.Code, no.Reason()
	}
	if err := a.insert(e, raw, &h, nil); err != nil {
		return err
	}
	if err := a.advance(e); err != nil {
		return err
	}
	fault.Point("store.record.inserted")
	if fault.Planted("outbox") && e.Seq%3 == 0 {
		return nil
	}
	return a.w.exec(a.ctx, `INSERT INTO outbox (origin, seq, id, at) VALUES (?, ?, ?, ?)`, e.Origin, e.Seq, e.ID, e.OccurredAt)
}

// Receive stores, at a township, entries that its villages send, applies them
// for the time being, and keeps them until the county confirms them. What
// this node would refuse is stored and passed on all the same: the county
// decides. Results are in the order of the entries.
func (s *Store) Receive(ctx context.Context, entries []ledger.Entry) ([]Result, error) {
	ctx = context.WithoutCancel(ctx)
	results := make([]Result, 0, len(entries))
	err := s.write(ctx, func(w *writer) error {
		a, err := s.applier(ctx, w)
		if err != nil {
			return err
		}
		for i := range entries {
			a.at(entries[i].OccurredAt)
			r, err := a.receive(&entries[i])
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		return a.flush()
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (a *applier) receive(e *ledger.Entry) (Result, error) {
	raw, err := e.Canonical()
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ledger.ErrMalformed, err)
	}
	if r, done, err := a.seen(e, raw); done || err != nil {
		return r, err
	}
	v := verdict{outcome: statusHeld}
	if body, err := e.Decode(); err != nil {
		v.no = &Refused{Code: "malformed", ZH: "数据格式有误", EN: err.Error()}
	} else if v, err = a.judge(e, body); err != nil {
		return Result{}, err
	}
	if v.outcome == ledger.Refused {
		v.outcome = statusHeld
	}
	if v.effect != nil {
		if err := v.effect(); err != nil {
			return Result{}, err
		}
	}
	if v.outcome != ledger.Applied {
		if err := a.nameAside(e); err != nil {
			return Result{}, err
		}
	}
	fault.Point("store.receive.effect")
	if err := a.keep(e, raw, v.outcome, v.no); err != nil {
		return Result{}, err
	}
	if v.outcome == ledger.Applied {
		if _, err := a.resolveWaiting(e, v.outcome); err != nil {
			return Result{}, err
		}
	}
	return Result{ID: e.ID, Status: Recorded, Outcome: v.outcome}, nil
}

// FeedLine is one line of the feed: a record, or (Entry nil) the confirmation
// of an entry that the follower sent itself and still has.
type FeedLine struct {
	ledger.Head
	Entry    *ledger.Entry `json:"entry,omitempty"`
	Confirms string        `json:"confirms,omitempty"`
}

// ParseFeedLine reads a line as json.Unmarshal does.
func ParseFeedLine(line []byte) (FeedLine, error) {
	if h, rest, ok := ledger.ParseHead(line); ok {
		if entry, ok := bytes.CutPrefix(rest, []byte(`,"entry":`)); ok && len(entry) > 0 && entry[len(entry)-1] == '}' {
			if e, ok := ledger.ParseCanonical(entry[:len(entry)-1]); ok {
				return FeedLine{Head: h, Entry: &e}, nil
			}
		}
		if id, ok := bytes.CutPrefix(rest, []byte(`,"confirms":"`)); ok {
			if id, ok = bytes.CutSuffix(id, []byte(`"}`)); ok && isBareID(id) {
				return FeedLine{Head: h, Confirms: string(id)}, nil
			}
		}
	}
	var l FeedLine
	err := json.Unmarshal(line, &l)
	return l, err
}

// isBareID reports whether an id has the characters of a UUID alone, so that
// JSON shows it as it is.
func isBareID(id []byte) bool {
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return len(id) > 0
}

// ErrConfirmsUnknown is a confirmation of an entry this node does not have:
// its database is older than what it sent.
var ErrConfirmsUnknown = errors.New("store: the county confirmed an entry this node does not have; its database was restored from an old copy")

// Follow applies records of the county's ledger below the county, in order,
// and moves the cursor to upTo in the same transaction. Records at or below
// the cursor are skipped.
func (s *Store) Follow(ctx context.Context, lines []FeedLine, upTo uint64) error {
	ctx = context.WithoutCancel(ctx)
	return s.write(ctx, func(w *writer) error {
		cursor, err := w.number(ctx, `SELECT value FROM meta WHERE key = 'cursor'`)
		if err != nil {
			return err
		}
		if err := w.sameEpoch(ctx, lines); err != nil {
			return err
		}
		a := &applier{s: s, w: w, ctx: ctx}
		for i := range lines {
			if lines[i].Index <= uint64(cursor) {
				continue
			}
			a.now = lines[i].RecordedAt
			if err := a.follow(&lines[i]); err != nil {
				return fmt.Errorf("feed index %d: %w", lines[i].Index, err)
			}
		}
		if err := a.flush(); err != nil || upTo <= uint64(cursor) {
			return err
		}
		fault.Point("store.follow.applied")
		return w.setMeta(ctx, "cursor", upTo)
	})
}

func (a *applier) follow(l *FeedLine) error {
	e, raw, known, err := a.lineEntry(l)
	if err != nil {
		return err
	}
	was := ledger.Outcome("")
	if known != nil {
		if known.idx == l.Index {
			return nil
		}
		was = known.status
		if err := a.confirm(known, e, l); err != nil {
			return err
		}
	} else {
		if err := a.evict(e); err != nil {
			return err
		}
		if err := a.insert(e, raw, &l.Head, nil); err != nil {
			return err
		}
	}
	if err := a.advance(e); err != nil {
		return err
	}
	if err := a.adopt(e, was, l.Outcome); err != nil {
		return err
	}
	if l.Outcome == ledger.Applied {
		if err := a.notify(e, nil, l.Index); err != nil {
			return err
		}
	}
	for _, r := range l.Resolves {
		if err := a.adoptLate(r); err != nil {
			return err
		}
	}
	return nil
}

// lineEntry is the entry behind a feed line, as this node holds it if it does.
func (a *applier) lineEntry(l *FeedLine) (*ledger.Entry, []byte, *stored, error) {
	if l.Entry == nil {
		known, err := a.find(`id = ?`, l.Confirms)
		if err != nil {
			return nil, nil, nil, err
		}
		if known == nil {
			return nil, nil, nil, fmt.Errorf("%w (%s)", ErrConfirmsUnknown, l.Confirms)
		}
		e, err := ledger.ParseEntry(known.raw)
		if err != nil {
			return nil, nil, nil, storage("read entry", err)
		}
		return &e, known.raw, known, nil
	}
	raw, err := l.Entry.Canonical()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w", ledger.ErrMalformed, err)
	}
	known, err := a.find(`id = ?`, l.Entry.ID)
	if err != nil {
		return nil, nil, nil, err
	}
	if known == nil || bytes.Equal(known.raw, raw) {
		return l.Entry, raw, known, nil
	}
	if known.idx > 0 {
		return nil, nil, nil, fmt.Errorf("%w: entry %s differs from the one this node has", ledger.ErrMalformed, l.Entry.ID)
	}
	return l.Entry, raw, nil, nil // made again by an origin that forked
}

// confirm gives an entry that was here already its place in the county's
// ledger, and takes it out of the outbox.
func (a *applier) confirm(known *stored, e *ledger.Entry, l *FeedLine) error {
	resolves, err := encodeResolves(l.Resolves)
	if err != nil {
		return err
	}
	status := l.Outcome
	if status == ledger.Waiting && known.status == ledger.Applied {
		status = ledger.Applied // here its previous entry is known
	}
	a.s.waits = a.s.waits || status == ledger.Waiting
	if err := a.w.exec(a.ctx, `UPDATE entries SET idx = ?, recorded_at = ?, status = ?, outcome = ?, code = ?, reason = ?, resolves = ? WHERE n = ?`,
		l.Index, l.RecordedAt, string(status), string(l.Outcome), l.Code, l.Reason, resolves, known.n); err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `DELETE FROM outbox WHERE id = ?`, e.ID); err != nil {
		return err
	}
	return a.publish(e, &l.Head)
}

// audiences are the feeds an entry of a scope goes into, below the county.
func audiences(scope division.Code, subtree bool) []string {
	if scope == "" {
		return []string{"*"}
	}
	var to []string
	for _, c := range append([]division.Code{scope}, scope.Ancestors()...) {
		if c != scope.County() {
			to = append(to, string(c))
		}
	}
	if subtree {
		to = append(to, string(scope)+"/")
	}
	return to
}
