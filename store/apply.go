package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/fault"
)

// This file and the other apply_*.go files are the one function that makes
// state of entries, on every tier. Nothing here reads a clock or a random
// source: what is applied depends on the entry and the state alone.

// Proposal is a batch of entries that the county's Raft has ordered.
type Proposal struct {
	RaftIndex uint64
	// At is the county's clock when the leader proposed it, Unix milliseconds.
	At int64
	// Entries are the canonical JSON of entries, signatures checked.
	Entries [][]byte
	// Together: all of them are recorded or, when one is rejected, none.
	Together bool
	// FromRevoked: they came over the line from a node that the county had cast
	// out by then. They are recorded, and none of them stands.
	FromRevoked bool
}

// Commit applies ordered proposals at the county in one transaction, with the
// Raft index. What was applied before is skipped. An error is a storage
// failure or an entry this program cannot read: the hub must stop.
func (s *Store) Commit(ctx context.Context, proposals []Proposal) ([][]Result, error) {
	// A transaction that is given up in the middle would only be rolled back.
	ctx = context.WithoutCancel(ctx)
	results := make([][]Result, len(proposals))
	err := s.write(ctx, func(w *writer) error {
		last := s.applied
		a, err := s.applier(ctx, w)
		if err != nil {
			return err
		}
		for i, p := range proposals {
			if p.RaftIndex <= s.applied || fault.Planted("skip") && p.RaftIndex%5 == 0 {
				continue
			}
			last = max(last, p.RaftIndex)
			a.at(p.At)
			a.fromRevoked = p.FromRevoked
			commit := a.commitEach
			if p.Together {
				commit = a.commitTogether
			}
			if results[i], err = commit(p.Entries); err != nil {
				return fmt.Errorf("raft index %d: %w", p.RaftIndex, err)
			}
		}
		if err := a.flush(); err != nil {
			return err
		}
		return w.setMeta(ctx, "applied", last)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	for _, p := range proposals {
		s.applied = max(s.applied, p.RaftIndex)
	}
	s.mu.Unlock()
	return results, nil
}

// Applied is the Raft index in the county's database.
func (s *Store) Applied() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

// applier applies entries within one transaction.
type applier struct {
	s   *Store
	w   *writer
	ctx context.Context
	// now is the county's clock for what is being recorded; at lower tiers
	// it is the entry's own time until the county has recorded it.
	now int64
	// head is the index of the last record in the county's ledger, recorded
	// the county's clock in it.
	head     uint64
	recorded int64
	// desk: the entry is being recorded at this very node, by somebody who
	// can still be told to do it differently.
	desk bool
	// fromRevoked: what is being recorded came from a node that was cast out.
	fromRevoked bool
	// told: the county has spoken, and its word is taken without judging it
	// again.
	told bool
	// recording is the entry whose row is not written yet.
	recording stored
	// said is what the entry that was read last says.
	said    ledger.Body
	saidBy  *ledger.Entry
	pending pending
	// read is the case that was read last.
	read *casework.Case
	// opening is a case that is being written for the first time.
	opening *casework.Case
	// regated are the heads of cases of joint matters that may be taken up now,
	// or never, since what they wait for has changed.
	regated []string
}

// applier begins applying entries; at says when they are recorded, and flush
// ends it.
func (s *Store) applier(ctx context.Context, w *writer) (*applier, error) {
	a := &applier{s: s, w: w, ctx: ctx}
	if s.head.known {
		a.head, a.recorded = s.head.index, s.head.recorded
		return a, nil
	}
	var last sql.NullInt64
	var recorded sql.NullInt64
	err := w.row(ctx, selectHead).Scan(&last, &recorded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, storage("read head", err)
	}
	a.head, a.recorded = uint64(last.Int64), recorded.Int64
	return a, nil
}

// body is what an entry says. What the county confirms is asked by several, one
// after the other, and read once.
func (a *applier) body(e *ledger.Entry) (ledger.Body, error) {
	if a.saidBy == e {
		return a.said, nil
	}
	body, err := e.Decode()
	if err != nil {
		return nil, err
	}
	a.said, a.saidBy = body, e
	return body, nil
}

// at sets the clock for the entries that follow. The ledger's never goes back.
func (a *applier) at(now int64) { a.now = max(now, a.recorded) }

const selectHead = `SELECT idx, recorded_at FROM entries WHERE idx = (SELECT max(idx) FROM entries)`

// stored is an entry as the database holds it.
type stored struct {
	id     string
	n      int64
	idx    uint64
	status ledger.Outcome
	code   string
	reason string
	raw    []byte
}

// statusHeld marks an entry that this node stores and passes on although its
// own check refused it; the county decides.
const statusHeld ledger.Outcome = "held"

const selectStored = `SELECT id, n, coalesce(idx, 0), status, code, reason, entry FROM entries WHERE `

func (a *applier) find(where string, args ...any) (*stored, error) {
	var e stored
	err := a.w.row(a.ctx, selectStored+where, args...).Scan(&e.id, &e.n, &e.idx, &e.status, &e.code, &e.reason, &e.raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &e, storage("find entry", err)
}

func (a *applier) commitEach(raws [][]byte) ([]Result, error) {
	results := make([]Result, 0, len(raws))
	for _, raw := range raws {
		r, err := a.commit(raw)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// commitTogether takes back all entries of a proposal when one is rejected.
func (a *applier) commitTogether(raws [][]byte) ([]Result, error) {
	if err := a.flush(); err != nil {
		return nil, err
	}
	if err := a.w.exec(a.ctx, `SAVEPOINT together`); err != nil {
		return nil, err
	}
	head, recorded := a.head, a.recorded
	results, err := a.commitEach(raws)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(results, func(r Result) bool { return r.Status == Rejected }) {
		if err := a.w.exec(a.ctx, `ROLLBACK TO together`); err != nil {
			return nil, err
		}
		a.s.forgetCaches()
		a.read = nil
		a.pending.forget()
		a.head, a.recorded = head, recorded
		for i, r := range results {
			if r.Status == Recorded {
				results[i] = Result{ID: r.ID, Status: Rejected, Code: "together",
					ZH: "同批中有不能办理的，整批都未办理", EN: "another one of the batch was refused, so none was recorded"}
			}
		}
	}
	return results, a.w.exec(a.ctx, `RELEASE together`)
}

// commit receives one entry at the county.
func (a *applier) commit(raw []byte) (Result, error) {
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ledger.ErrMalformed, err)
	}
	if r, done, err := a.seen(&e, raw); done || err != nil {
		return r, err
	}
	body, err := e.Decode()
	if errors.Is(err, ledger.ErrUnknownKind) {
		return Result{}, err
	}
	a.desk = e.Seq == 0
	var v verdict
	if err != nil {
		v = verdict{outcome: ledger.Refused, no: &Refused{Code: "malformed", ZH: "数据格式有误：" + err.Error(), EN: err.Error()}}
	} else if v, err = a.judge(&e, body); err != nil {
		return Result{}, err
	}
	if a.fromRevoked && v.outcome != ledger.Refused {
		v = verdict{outcome: ledger.Refused, no: refusalOf(afterRevocation)}
	}
	if e.Seq == 0 && v.outcome != ledger.Applied {
		return rejected(&e, v), nil
	}
	return a.record(&e, body, raw, v)
}

// seen answers repeats, gaps and forks: an origin's entries are accepted in
// the order of its own counter, each once.
func (a *applier) seen(e *ledger.Entry, raw []byte) (Result, bool, error) {
	known, err := a.find(`id = ?`, e.ID)
	if err != nil {
		return Result{}, true, err
	}
	if known != nil && bytes.Equal(known.raw, raw) {
		return repeated(e, known), true, nil
	}
	if e.Seq == 0 {
		if known != nil {
			return a.sameKey(e, known)
		}
		return Result{}, false, nil
	}
	last, forked, err := a.origin(e.Origin)
	if err != nil {
		return Result{}, true, err
	}
	switch {
	case forked:
		return Result{ID: e.ID, Status: Forked, Expected: last + 1}, true, a.keepForked(e, raw, known != nil)
	case known != nil || e.Seq <= last:
		if err := a.fork(e); err != nil {
			return Result{}, true, err
		}
		return Result{ID: e.ID, Status: Forked, Expected: last + 1}, true, a.keepForked(e, raw, known != nil)
	case e.Seq > last+1:
		return Result{ID: e.ID, Status: Gap, Expected: last + 1}, true, nil
	}
	return Result{}, false, nil
}

// sameKey answers an entry without seq whose id is known with other bytes: the
// same action stamped again is a repeat, another action under the same
// idempotency key is not.
func (a *applier) sameKey(e *ledger.Entry, known *stored) (Result, bool, error) {
	first, err := ledger.ParseEntry(known.raw)
	if err != nil {
		return Result{}, true, fmt.Errorf("entry %s: %w", e.ID, err)
	}
	if first.Kind == e.Kind && first.Case == e.Case && system(e.Actor) && system(first.Actor) {
		return repeated(e, known), true, nil // what the county does by itself, done by two hubs
	}
	same := first.Kind == e.Kind && first.Case == e.Case && first.Actor.Staff == e.Actor.Staff && first.Actor.Role == e.Actor.Role
	if same && sameContent(&first, e) {
		return repeated(e, known), true, nil
	}
	return Result{ID: e.ID, Status: Rejected, Code: "key_reused",
		ZH: "上一次提交已经记下；这次内容不同，没有记下", EN: "under this idempotency key something else was recorded before; this was not"}, true, nil
}

// sameContent compares what two stampings of an action say. A submission is
// numbered anew at each; what is neither about a case nor only said may hold what
// is made anew too (a password's hash), and is told by its key alone.
func sameContent(first, again *ledger.Entry) bool {
	if info, ok := ledger.Lookup(again.Kind, again.V); !ok || !info.Case && !info.Said {
		return true
	}
	if again.Kind == ledger.PackageSubmit {
		return sameHandIn(first, again)
	}
	if again.Kind != ledger.CaseSubmit {
		return bytes.Equal(first.Body, again.Body)
	}
	var a, b ledger.CaseSubmitV1
	if json.Unmarshal(first.Body, &a) != nil || json.Unmarshal(again.Body, &b) != nil {
		return false
	}
	// The item may have been published anew between the two.
	a.Number, a.ItemVersion, a.Steps, a.Online.ReceivedOn = b.Number, b.ItemVersion, b.Steps, b.Online.ReceivedOn
	return reflect.DeepEqual(a, b)
}

func sameHandIn(first, again *ledger.Entry) bool {
	var a, b ledger.PackageSubmitV1
	if json.Unmarshal(first.Body, &a) != nil || json.Unmarshal(again.Body, &b) != nil || len(a.Members) != len(b.Members) {
		return false
	}
	a.Number, a.Version, a.Online.ReceivedOn = b.Number, b.Version, b.Online.ReceivedOn
	for i := range a.Members {
		a.Members[i].Number, a.Members[i].ItemVersion = b.Members[i].Number, b.Members[i].ItemVersion
	}
	return reflect.DeepEqual(a, b)
}

func repeated(e *ledger.Entry, known *stored) Result {
	return Result{ID: e.ID, Status: Repeated, Index: known.idx, Outcome: known.status, Code: known.code, ZH: known.reason, EN: known.reason}
}

func rejected(e *ledger.Entry, v verdict) Result {
	r := Result{ID: e.ID, Status: Rejected, Outcome: v.outcome, Code: "stale",
		ZH: "办件已有新的进展，请刷新后再办", EN: "the case has moved on since; look at it again"}
	if v.no != nil {
		r.Code, r.ZH, r.EN, r.Faults = v.no.Code, v.no.ZH, v.no.EN, v.no.Faults
	}
	return r
}

// record gives an entry its place in the county's ledger. Its body is nil where it
// could not be read.
func (a *applier) record(e *ledger.Entry, body ledger.Body, raw []byte, v verdict) (Result, error) {
	a.head++
	a.recorded = a.now
	h := ledger.Head{Index: a.head, RecordedAt: a.now, Outcome: v.outcome}
	if v.no != nil {
		h.Code, h.Reason = v.no.Code, v.no.Reason()
	}
	if v.effect != nil {
		if err := v.effect(); err != nil {
			return Result{}, err
		}
	}
	if v.outcome == ledger.Applied {
		if err := a.notify(e, body, h.Index); err != nil {
			return Result{}, err
		}
	}
	var err error
	a.recording = stored{id: e.ID, status: v.outcome}
	if h.Resolves, err = a.resolveWaiting(e, v.outcome); err != nil {
		return Result{}, err
	}
	leaf, err := ledger.RecordHash(&h, raw)
	if err != nil {
		return Result{}, err
	}
	tree, err := a.s.tree.add(a.ctx, int64(a.head-1), leaf)
	if err != nil {
		return Result{}, err
	}
	if err := a.insert(e, raw, &h, tree); err != nil {
		return Result{}, err
	}
	if err := a.advance(e); err != nil {
		return Result{}, err
	}
	r := Result{ID: e.ID, Status: Recorded, Index: h.Index, Outcome: h.Outcome, Code: h.Code}
	if v.no != nil {
		r.ZH, r.EN, r.Faults = v.no.ZH, v.no.EN, v.no.Faults
	}
	return r, nil
}

// insert writes the entry's row, who may see it, and what asks for attention.
func (a *applier) insert(e *ledger.Entry, raw []byte, h *ledger.Head, tree []byte) error {
	a.s.waits = a.s.waits || h.Outcome == ledger.Waiting
	var idx any
	if h.Index > 0 {
		idx = h.Index
	}
	resolves, err := encodeResolves(h.Resolves)
	if err != nil {
		return err
	}
	err = a.w.exec(a.ctx, `INSERT INTO entries (idx, id, kind, origin, seq, case_id, prev, scope, subtree, occurred_at, recorded_at, status, outcome, code, reason, resolves, entry, tree)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		idx, e.ID, e.Kind, e.Origin, e.Seq, e.Case, e.Prev, string(e.Scope), e.Subtree, e.OccurredAt, h.RecordedAt,
		string(h.Outcome), recordedOutcome(h), h.Code, h.Reason, resolves, raw, tree)
	if err != nil {
		return err
	}
	if err := a.keepRenewedKey(e); err != nil {
		return err
	}
	return a.publish(e, h)
}

func recordedOutcome(h *ledger.Head) string {
	if h.Index == 0 {
		return ""
	}
	return string(h.Outcome)
}

// publish puts a record into the feed of those who may see it.
func (a *applier) publish(e *ledger.Entry, h *ledger.Head) error {
	if h.Index == 0 {
		return nil
	}
	scope, subtree := e.Scope, e.Subtree
	if h.Outcome == ledger.Refused {
		home, err := a.homeOf(e)
		if err != nil {
			return err
		}
		scope, subtree = refusedScope(home, scope), false
	}
	a.show(h.Index, audiences(scope, subtree))
	if h.Outcome == ledger.Refused {
		if err := a.nameAside(e); err != nil {
			return err
		}
		if err := a.lookForSkip(e, h.Code); err != nil {
			return err
		}
		if err := a.attend(e, h.Index, h.Code, h.Reason, h.RecordedAt); err != nil {
			return err
		}
	}
	for _, r := range h.Resolves {
		if r.Outcome != ledger.Refused {
			continue
		}
		known, err := a.find(`id = ?`, r.ID)
		if err != nil {
			return err
		}
		if known == nil {
			continue // outside this node's scope
		}
		late, err := ledger.ParseEntry(known.raw)
		if err != nil {
			return storage("read entry", err)
		}
		if err := a.nameAside(&late); err != nil {
			return err
		}
		if err := a.attend(&late, r.Index, r.Code, r.Reason, h.RecordedAt); err != nil {
			return err
		}
	}
	return nil
}

// refusedScope is who hears of a refused entry. It had no right to its scope,
// so it goes back to where it came from and to nobody else; but where that is
// above its scope, a node there may have seen it before the county did.
func refusedScope(home, scope division.Code) division.Code {
	if scope != "" && home.Contains(scope) {
		return scope
	}
	return home
}

// RefusedScope is the scope under which the feed carries a refused entry of an
// origin.
func (s *Store) RefusedScope(ctx context.Context, origin string, scope division.Code) (division.Code, error) {
	home, err := divisionOf(ctx, committed{s.read}, selectNodeDivision, origin, nodeUnknown)
	if refusalOf(err) != nil {
		home, err = s.self.County(), nil
	}
	return refusedScope(home, scope), err
}

// homeOf is the division of the node an entry came from; the county's when the
// node is not enrolled.
func (a *applier) homeOf(e *ledger.Entry) (division.Code, error) {
	home, err := divisionOf(a.ctx, a.w, selectNodeDivision, e.Origin, nodeUnknown)
	if refusalOf(err) != nil {
		return a.s.self.County(), nil
	}
	return home, err
}

func (a *applier) attend(e *ledger.Entry, idx uint64, code, reason string, at int64) error {
	home, err := a.homeOf(e)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (entry) DO UPDATE SET idx = excluded.idx, code = excluded.code, reason = excluded.reason`,
		e.ID, idx, e.Case, e.Origin, string(home), code, reason, at)
}

// entry reads a stored entry that must be there.
func (a *applier) entry(id string) (*ledger.Entry, error) {
	known, err := a.find(`id = ?`, id)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, fmt.Errorf("store: entry %s is missing", id)
	}
	e, err := ledger.ParseEntry(known.raw)
	if err != nil {
		return nil, fmt.Errorf("store: entry %s: %w", id, err)
	}
	return &e, nil
}

func encodeResolves(rs []ledger.Resolution) (string, error) {
	if len(rs) == 0 {
		return "", nil
	}
	b, err := json.Marshal(rs)
	return string(b), err
}

func (w *writer) setMeta(ctx context.Context, key string, value any) error {
	return w.exec(ctx, `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, fmt.Sprint(value))
}

func isCounty(t node.Tier) bool { return t == node.County }

// system is the node itself as an actor.
func system(a identity.Actor) bool { return a.Role == identity.System }
