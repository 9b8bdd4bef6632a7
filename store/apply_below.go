package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
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
	var r Result
	err := s.write(ctx, func(w *writer) error {
		a, err := s.applier(ctx, w, 0)
		if err != nil {
			return err
		}
		r, err = a.recordOwn(d)
		return err
	})
	return r, err
}

func (a *applier) recordOwn(d Draft) (Result, error) {
	known, err := a.find(`id = ?`, d.ID)
	if err != nil {
		return Result{}, err
	}
	if known != nil {
		return repeated(&ledger.Entry{ID: d.ID}, known), nil
	}
	last, forked, err := a.origin(a.s.self.Node)
	if err != nil {
		return Result{}, err
	}
	if forked {
		return Result{}, refuse("forked_origin", "本机数据与县中心记录冲突，请联系县中心重新登记本机", "this node's data conflicts with the county's; ask the county to enrol it anew")
	}
	e, err := d.Stamp(last+1, a.nextCounter)
	if err != nil {
		return Result{}, err
	}
	a.now = max(a.now, e.OccurredAt)
	raw, err := json.Marshal(&e)
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
	if err := a.keep(&e, raw, ledger.Applied, nil); err != nil {
		return Result{}, err
	}
	return Result{ID: e.ID, Status: Recorded, Outcome: ledger.Applied}, nil
}

// nextCounter is the next number of a day's case counter.
func (a *applier) nextCounter(prefix string) (int, error) {
	n, err := a.w.number(a.ctx, `SELECT counter FROM case_counters WHERE prefix = ?`, prefix)
	return int(n) + 1, err
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
	return a.w.exec(a.ctx, `INSERT INTO outbox (origin, seq, id, at) VALUES (?, ?, ?, ?)`, e.Origin, e.Seq, e.ID, e.OccurredAt)
}

// Receive stores, at a township, entries that its villages send, applies them
// for the time being, and keeps them until the county confirms them. What
// this node would refuse is stored and passed on all the same: the county
// decides. Results are in the order of the entries.
func (s *Store) Receive(ctx context.Context, entries []ledger.Entry) ([]Result, error) {
	results := make([]Result, 0, len(entries))
	err := s.write(ctx, func(w *writer) error {
		for i := range entries {
			a, err := s.applier(ctx, w, entries[i].OccurredAt)
			if err != nil {
				return err
			}
			r, err := a.receive(&entries[i])
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (a *applier) receive(e *ledger.Entry) (Result, error) {
	raw, err := json.Marshal(e)
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

// ErrConfirmsUnknown is a confirmation of an entry this node does not have:
// its database is older than what it sent.
var ErrConfirmsUnknown = errors.New("store: the county confirmed an entry this node does not have; its database was restored from an old copy")

// Follow applies records of the county's ledger below the county, in order,
// and moves the cursor to upTo in the same transaction. Records at or below
// the cursor are skipped.
func (s *Store) Follow(ctx context.Context, lines []FeedLine, upTo uint64) error {
	return s.write(ctx, func(w *writer) error {
		cursor, err := w.number(ctx, `SELECT value FROM meta WHERE key = 'cursor'`)
		if err != nil {
			return err
		}
		for i := range lines {
			if lines[i].Index <= uint64(cursor) {
				continue
			}
			a, err := s.applier(ctx, w, lines[i].RecordedAt)
			if err != nil {
				return err
			}
			a.now = lines[i].RecordedAt
			if err := a.follow(&lines[i]); err != nil {
				return fmt.Errorf("feed index %d: %w", lines[i].Index, err)
			}
		}
		if upTo <= uint64(cursor) {
			return nil
		}
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
	} else if err := a.insert(e, raw, &l.Head, nil); err != nil {
		return err
	}
	if err := a.advance(e); err != nil {
		return err
	}
	if err := a.adopt(e, was, l.Outcome); err != nil {
		return err
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
		var e ledger.Entry
		if err := json.Unmarshal(known.raw, &e); err != nil {
			return nil, nil, nil, storage("read entry", err)
		}
		return &e, known.raw, known, nil
	}
	raw, err := json.Marshal(l.Entry)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w", ledger.ErrMalformed, err)
	}
	known, err := a.find(`id = ?`, l.Entry.ID)
	if err != nil {
		return nil, nil, nil, err
	}
	if known != nil && !bytes.Equal(known.raw, raw) {
		return nil, nil, nil, fmt.Errorf("%w: entry %s differs from the one this node has", ledger.ErrMalformed, l.Entry.ID)
	}
	return l.Entry, raw, known, nil
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
	if err := a.w.exec(a.ctx, `UPDATE entries SET idx = ?, recorded_at = ?, status = ?, outcome = ?, code = ?, reason = ?, resolves = ? WHERE n = ?`,
		l.Index, l.RecordedAt, string(status), string(l.Outcome), l.Code, l.Reason, resolves, known.n); err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `DELETE FROM outbox WHERE id = ?`, e.ID); err != nil {
		return err
	}
	return a.publish(e, &l.Head)
}

// adopt brings the state in line with the county's word on an entry. was is
// this node's own, empty when the entry is new here.
func (a *applier) adopt(e *ledger.Entry, was, now ledger.Outcome) error {
	info, ok := ledger.Lookup(e.Kind, e.V)
	if !ok {
		return fmt.Errorf("%w: %s v%d needs a newer tongban", ledger.ErrUnknownKind, e.Kind, e.V)
	}
	chained := info.Case && !info.Beside
	switch {
	case now == ledger.Refused && was != "" && was != ledger.Refused:
		if chained {
			return a.rebuildCase(e.Case)
		}
		return a.undo(e)
	case now != ledger.Applied:
		return nil
	case !chained:
		// Applied again in the county's order, so that a later word of the
		// county is not overwritten by an earlier one of this node's.
		return a.project(e)
	case was == ledger.Applied:
		return nil
	}
	c, err := a.caseByID(e.Case)
	if err != nil {
		return err
	}
	if was == "" && (c == nil && e.Kind == ledger.CaseSubmit || c != nil && c.Head == e.Prev) {
		return a.project(e)
	}
	return a.rebuildCase(e.Case)
}

func (a *applier) adoptLate(r ledger.Resolution) error {
	known, err := a.find(`id = ?`, r.ID)
	if err != nil {
		return err
	}
	if known == nil {
		return nil // outside this node's scope
	}
	e, err := a.entry(r.ID)
	if err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `UPDATE entries SET status = ?, code = ?, reason = ? WHERE n = ?`, string(r.Outcome), r.Code, r.Reason, known.n); err != nil {
		return err
	}
	return a.adopt(e, known.status, r.Outcome)
}

// project applies an entry on the county's word, without judging its
// authority again: this node may not know all that the county knows.
func (a *applier) project(e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return err
	}
	from, err := a.originOf(e, body)
	if err != nil && refusalOf(err) == nil {
		return err
	}
	var effect func() error
	if info, _ := ledger.Lookup(e.Kind, e.V); info.Case {
		effect, err = a.prepareCase(e, body, from)
	} else {
		effect, err = a.prepareCounty(e, body, from)
	}
	if no := refusalOf(err); no != nil {
		return a.diverged(e, no)
	}
	if err != nil {
		return err
	}
	return effect()
}

// diverged marks an entry that the county applied and this node cannot: its
// state is not the county's, and a person must look.
func (a *applier) diverged(e *ledger.Entry, no *Refused) error {
	a.s.log.Error("this node's state differs from the county's", "entry", e.ID, "kind", string(e.Kind), "code", no.Code)
	return a.attend(e, 0, "diverged", no.Reason(), a.now)
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
