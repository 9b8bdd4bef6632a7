package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/fault"
)

// Action is what somebody did at this node, on its way to becoming an entry.
type Action struct {
	// Actor is who, in which role; the node is filled in.
	Actor identity.Actor
	Kind  ledger.Kind
	// Body is the content. A submission gets its case number from the node.
	Body ledger.Body
	// Case is the case acted on, empty for a submission and for what is not
	// about a case. Prev is the case's last entry as the person saw it; empty
	// takes the last one there is.
	Case, Prev string
	// Key is the idempotency key: the same person with the same key means the
	// same action. Empty makes every call an action of its own.
	Key string
}

// Record makes an entry of an action: the one verb by which anything comes to
// be in the ledger. At the county it returns when a majority of the hubs has
// it on disk; below, when it is on this node's disk and in its outbox.
//
// A refusal is a *store.Refused. At the county, county.ErrUnknown and
// county.ErrNoLeader are passed on; repeating the call with the same key is
// safe.
func (n *Node) Record(ctx context.Context, a Action) (store.Result, error) {
	n.signing.RLock()
	defer n.signing.RUnlock()
	return n.record(ctx, a)
}

// record is Record for who holds signing.
func (n *Node) record(ctx context.Context, a Action) (store.Result, error) {
	if info, ok := ledger.InfoOf(a.Kind, a.Body); ok {
		level, err := n.Store.Level(ctx)
		if err != nil {
			return store.Result{}, err
		}
		if info.Level > level {
			return store.Result{}, &store.Refused{Code: "level", ZH: "全县节点尚未全部升级，暂不能使用此功能", EN: "not all nodes of the county can read this yet; upgrade them first"}
		}
	}
	if r, cast := n.Revocation(); cast && !n.recordedBefore(ctx, a) {
		return store.Result{}, r.Refusal()
	}
	if a.Kind.Opens() && n.diskLow.Load() {
		return store.Result{}, errDiskLow
	}
	named, err := n.namePapers(ctx, a.Body)
	if err != nil {
		return store.Result{}, err
	}
	defer named()
	if n.hub != nil {
		return n.recordAtCounty(ctx, a)
	}
	e, err := n.draft(ctx, a)
	if err != nil {
		return store.Result{}, err
	}
	r, err := n.Store.Record(ctx, store.Draft{ID: e.ID, Stamp: func(seq uint64, counter func(string) (int, error)) (ledger.Entry, error) {
		e.Seq = seq
		return e, n.finish(&e, a.Body, counter)
	}})
	if err != nil {
		return r, err
	}
	n.sender.Kick()
	return r, nil
}

// recordedBefore reports whether an action is the repeat of one.
func (n *Node) recordedBefore(ctx context.Context, a Action) bool {
	if a.Key == "" {
		return false
	}
	_, err := n.Store.Entry(ctx, n.ActionID(a.Actor.Staff, a.Key))
	return err == nil
}

// ActionID is the id of the entry that a person's action under an idempotency
// key becomes. The hubs are one place: a request that is repeated at another
// hub is the same action.
func (n *Node) ActionID(staff, key string) string {
	place := n.self.Node
	if n.hub != nil {
		place = string(n.self.County())
	}
	return ledger.IDFromKey(place, staff, key)
}

// draft fills in everything about an entry but its number, case number and
// signature.
func (n *Node) draft(ctx context.Context, a Action) (ledger.Entry, error) {
	info, ok := ledger.InfoOf(a.Kind, a.Body)
	if !ok {
		return ledger.Entry{}, fmt.Errorf("record: %w: %s", ledger.ErrUnknownKind, a.Kind)
	}
	e := ledger.Entry{ID: uuid.Must(uuid.NewV7()).String(), Kind: a.Kind, V: info.V, Origin: n.self.Node, Actor: a.Actor, Case: a.Case, Prev: a.Prev,
		OccurredAt: n.now().UnixMilli(), SkewMS: n.markedSkew()}
	e.Actor.Node = n.self.Node
	if a.Key != "" && !fault.Planted("keys") {
		e.ID = n.ActionID(a.Actor.Staff, a.Key)
	}
	switch {
	case a.Kind.Opens():
		e.Case = e.ID
	case info.Joint:
		c, err := n.Store.Joint(ctx, a.Case)
		if errors.Is(err, store.ErrNotFound) {
			return e, &store.Refused{Code: "case_unknown", ZH: "没有这个办件", EN: "there is no such case here"}
		}
		if err != nil {
			return e, err
		}
		e.Case = c.ID
		if e.Prev == "" && !info.Beside {
			e.Prev = c.Head
		}
	case info.Case:
		c, err := n.Store.Case(ctx, a.Case)
		switch {
		case errors.Is(err, store.ErrNotFound) && (a.Kind == ledger.AttachmentConfirm || a.Kind == ledger.CaseReveal || a.Kind == ledger.CasePrint):
			// Files of a refused hand-in, which has no case, or who looked at it; what was
			// printed of a joint matter, which is none.
		case errors.Is(err, store.ErrNotFound):
			return e, &store.Refused{Code: "case_unknown", ZH: "没有这个办件", EN: "there is no such case here"}
		case err != nil:
			return e, err
		default:
			e.Case = c.ID
			if e.Prev == "" && !info.Beside {
				e.Prev = c.Head
			}
		}
	}
	var err error
	e.Scope, e.Subtree, err = n.Store.ScopeOf(ctx, e.Case, a.Body)
	if store.QuietView(a.Kind, a.Actor) {
		e.Scope = n.self.County()
	}
	return e, err
}

// finish numbers a submission or a complaint, and signs.
func (n *Node) finish(e *ledger.Entry, body ledger.Body, counter func(prefix string) (int, error)) error {
	body, err := n.numbered(e.OccurredAt, body, counter)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	e.Body = raw
	return e.Sign(n.own.Load().keys.Sign)
}

// numbered is the body with the numbers of what it opens.
func (n *Node) numbered(occurredAt int64, body ledger.Body, counter func(prefix string) (int, error)) (ledger.Body, error) {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		number, err := n.nextNumber(occurredAt, store.CounterPrefix, counter)
		numbered := *b
		numbered.Number = number.Compact()
		return &numbered, err
	case *ledger.PackageSubmitV1:
		number, err := n.nextNumber(occurredAt, store.CounterPrefix, counter)
		if err != nil {
			return nil, err
		}
		numbered := *b
		numbered.Number = number.Compact()
		numbered.Members = slices.Clone(b.Members)
		for i := range numbered.Members {
			if number, err = n.nextNumber(occurredAt, store.CounterPrefix, counter); err != nil {
				return nil, err
			}
			numbered.Members[i].Number = number.Compact()
		}
		return &numbered, nil
	case *ledger.ComplaintOpenV1:
		number, err := n.nextNumber(occurredAt, store.ComplaintCounterPrefix, counter)
		numbered := *b
		numbered.Number = store.ComplaintNumber(number)
		return &numbered, err
	}
	return body, nil
}

func (n *Node) nextNumber(occurredAt int64, prefix func(casework.Number) string, counter func(prefix string) (int, error)) (casework.Number, error) {
	day := calendar.DateOf(time.UnixMilli(occurredAt))
	first, err := casework.NewNumber(n.self.Division, day, n.self.Ordinal, 1)
	if err != nil {
		return first, err
	}
	next, err := counter(prefix(first))
	if err != nil {
		return first, err
	}
	return casework.NewNumber(n.self.Division, day, n.self.Ordinal, next)
}

func (n *Node) recordAtCounty(ctx context.Context, a Action) (store.Result, error) {
	if err := n.signsAsTold(ctx); err != nil {
		return store.Result{}, err
	}
	return n.proposeAction(ctx, a)
}

// proposeAction proposes an entry. A case number that another hub process
// life had given out is replaced by the next.
func (n *Node) proposeAction(ctx context.Context, a Action) (store.Result, error) {
	for range 3 {
		e, err := n.draft(ctx, a)
		if err != nil {
			return store.Result{}, err
		}
		if err := n.finish(&e, a.Body, n.counters.next(ctx, n.Store)); err != nil {
			return store.Result{}, err
		}
		raw, err := e.Canonical()
		if err != nil {
			return store.Result{}, err
		}
		results, index, err := n.propose(ctx, store.Proposal{Entries: [][]byte{raw}})
		if err != nil {
			return store.Result{}, err
		}
		if err := n.hub.WaitApplied(ctx, index); err != nil {
			return store.Result{}, err
		}
		r := results[0]
		if r.Status == store.Rejected && r.Code == "number_taken" {
			if err := n.counters.catchUp(ctx, n.Store); err != nil {
				return store.Result{}, err
			}
			continue
		}
		if r.Status == store.Rejected {
			return r, &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN, Faults: r.Faults}
		}
		return r, nil
	}
	return store.Result{}, &store.Refused{Code: "number_taken", ZH: "办件编号冲突，请重试", EN: "the case number was taken; try again"}
}

// RecordTogether makes entries of several actions at the county: all of them
// or, when one is refused, none. The refusal names each that was, by its place
// among the actions.
func (n *Node) RecordTogether(ctx context.Context, actions []Action) ([]store.Result, error) {
	if n.hub == nil {
		return nil, &store.Refused{Code: "county_only", ZH: "请在县中心节点上操作", EN: "this is done at a hub of the county"}
	}
	if len(actions) == 0 {
		return nil, nil
	}
	n.signing.RLock()
	defer n.signing.RUnlock()
	bodies := make([]ledger.Body, len(actions))
	for i, a := range actions {
		bodies[i] = a.Body
	}
	named, err := n.namePapers(ctx, bodies...)
	if err != nil {
		return nil, err
	}
	defer named()
	if err := n.signsAsTold(ctx); err != nil {
		return nil, err
	}
	p := store.Proposal{Together: true}
	for _, a := range actions {
		e, err := n.draft(ctx, a)
		if err != nil {
			return nil, err
		}
		if err := n.finish(&e, a.Body, n.counters.next(ctx, n.Store)); err != nil {
			return nil, err
		}
		raw, err := e.Canonical()
		if err != nil {
			return nil, err
		}
		p.Entries = append(p.Entries, raw)
	}
	results, index, err := n.propose(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := n.hub.WaitApplied(ctx, index); err != nil {
		return nil, err
	}
	return results, refusedOf(results)
}

// refusedOf puts the refusals of a batch into one.
func refusedOf(results []store.Result) error {
	var no *store.Refused
	for i, r := range results {
		if r.Status != store.Rejected || r.Code == "together" {
			continue
		}
		if no == nil {
			no = &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN}
		}
		no.Faults = append(no.Faults, catalog.Fault{Path: fmt.Sprintf("[%d]", i), Code: catalog.FaultConflict, ZH: r.ZH, EN: r.EN})
	}
	if no == nil {
		return nil
	}
	return no
}

// counters number the cases handed in at a hub. The state holds what was
// committed; this holds what is on its way.
type counters struct {
	mu   sync.Mutex
	last map[string]int
}

func (c *counters) next(ctx context.Context, s *store.Store) func(prefix string) (int, error) {
	return func(prefix string) (int, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.last[prefix] == 0 {
			committed, err := s.LastCounter(ctx, prefix)
			if err != nil {
				return 0, err
			}
			// Yesterday's, and not those of what is numbered beside it.
			maps.DeleteFunc(c.last, func(known string, _ int) bool { return len(known) == len(prefix) })
			c.last[prefix] = committed
		}
		c.last[prefix]++
		return c.last[prefix], nil
	}
}

// catchUp goes past what was committed. It never goes back: numbers that are on
// their way are not committed yet, and given out again they would be refused in
// turn.
func (c *counters) catchUp(ctx context.Context, s *store.Store) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for prefix, last := range c.last {
		committed, err := s.LastCounter(ctx, prefix)
		if err != nil {
			return err
		}
		c.last[prefix] = max(last, committed)
	}
	return nil
}

// markedSkew is by how much this node's clock is ahead of the county's, where
// that is worth marking on an entry.
func (n *Node) markedSkew() int64 {
	if n.follower == nil {
		return 0
	}
	skew, known := n.follower.Skew()
	if !known || skew.Abs() < n.skewWarn {
		return 0
	}
	return skew.Milliseconds()
}
