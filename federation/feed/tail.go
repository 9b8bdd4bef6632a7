package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"sync"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

const (
	// maxTailPage bounds the lines of a page from memory.
	maxTailPage = 4096
	// maxTail bounds the records in memory; a follower further behind is
	// served from the database.
	maxTail      = 2048
	maxTailBytes = 8 << 20
)

// tail is the end of the ledger in memory, read once however many follow: a
// thousand open feeds must not mean a thousand queries for each case handed
// in somewhere.
type tail struct {
	st *store.Store

	mu sync.Mutex
	// seen is the store's change that the tail includes.
	seen <-chan struct{}
	// It holds what there is in (from, head], in order. Records are appended
	// and cut off at the front, never changed: readers keep their slice.
	from, head uint64
	recs       []*tailRecord
	bytes      int
	// level is the level in force at head, epoch the ledger's epoch. With a new
	// epoch everything is read anew.
	level int
	epoch int64
}

type tailRecord struct {
	head       ledger.Head
	id, origin string
	scope      division.Code
	subtree    bool
	line       []byte
}

// view is the tail at an instant; changed is closed when there is more.
type view struct {
	from, head uint64
	recs       []*tailRecord
	level      int
	epoch      int64
	changed    <-chan struct{}
}

// now brings the tail up to date and returns it.
func (t *tail) now(ctx context.Context) (view, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := t.st.Changed()
	if t.seen != changed {
		// The read serves everybody who waits for it, not just this request.
		if err := t.grow(context.WithoutCancel(ctx)); err != nil {
			return view{}, fmt.Errorf("read the ledger's end: %w", err)
		}
		t.seen = changed
	}
	return view{from: t.from, head: t.head, recs: t.recs, level: t.level, epoch: t.epoch, changed: changed}, nil
}

func (t *tail) grow(ctx context.Context) error {
	epoch, err := t.st.Epoch(ctx)
	if err != nil {
		return err
	}
	head, err := t.complete(ctx)
	if err != nil {
		return err
	}
	if t.level, err = t.st.Level(ctx); err != nil {
		return err
	}
	if head < t.head || head-t.head > maxTail || t.seen == nil || t.epoch != epoch.At {
		t.epoch = epoch.At
		t.from, t.head, t.recs, t.bytes = head, head, nil, 0
		return nil
	}
	// Below the county there are gaps: what is not for this node.
	err = t.st.Records(ctx, t.head, head, func(r store.RecordLine) error { return t.add(ctx, r) })
	if err != nil {
		return err
	}
	t.head = head
	for len(t.recs) > maxTail || t.bytes > maxTailBytes {
		t.bytes -= len(t.recs[0].line)
		t.from = t.recs[0].head.Index
		t.recs = t.recs[1:]
	}
	return nil
}

// complete is the index up to which this node can pass everything on.
func (t *tail) complete(ctx context.Context) (uint64, error) {
	if t.st.Self().Tier == node.County {
		return t.st.Head(ctx)
	}
	return t.st.Cursor(ctx)
}

func (t *tail) add(ctx context.Context, r store.RecordLine) error {
	if r.Outcome == ledger.Refused {
		scope, err := t.st.RefusedScope(ctx, r.Origin, r.Scope)
		if err != nil {
			return err
		}
		r.Scope, r.Subtree = scope, false
	}
	t.recs = append(t.recs, &tailRecord{head: r.Head, id: r.ID, origin: r.Origin, scope: r.Scope, subtree: r.Subtree, line: r.Line})
	t.bytes += len(r.Line)
	t.head = r.Index
	return nil
}

// visible tells whether a node of a division may see the record. It is the rule
// of store.Feed's audiences.
func (r *tailRecord) visible(to division.Code) bool {
	return r.scope == "" || to.Contains(r.scope) || r.subtree && r.scope.Contains(to)
}

// nothing tells that a follower has all it may see, for certain.
func (v view) nothing(at uint64, f store.Follower) bool {
	if at < v.from {
		return false
	}
	for i := len(v.recs) - 1; i >= 0 && v.recs[i].head.Index > at; i-- {
		if v.recs[i].visible(f.Division) {
			return false
		}
	}
	return true
}

// page is what a follower gets next.
type page struct {
	frame      []byte
	lines      int
	size       int
	upTo, head uint64
}

// after selects what a follower may see after an index, about max bytes of
// it. ok is false when the tail does not reach back that far.
func (v view) after(at uint64, f store.Follower, max int, cache *frameCache) (p page, ok bool, err error) {
	if at < v.from {
		return page{}, false, nil
	}
	p = page{upTo: v.head, head: v.head}
	start := sort.Search(len(v.recs), func(i int) bool { return v.recs[i].head.Index > at })
	var chosen []*tailRecord
	var lines [][]byte
	own := false
	for _, r := range v.recs[start:] {
		if !r.visible(f.Division) {
			continue
		}
		line := r.line
		if r.origin == f.Node && !f.Full {
			if line, err = json.Marshal(store.FeedLine{Head: r.head, Confirms: r.id}); err != nil {
				return page{}, true, err
			}
			own = true
		}
		chosen, lines = append(chosen, r), append(lines, line)
		if p.size += len(line); p.size >= max || len(chosen) == maxTailPage {
			p.upTo = r.head.Index
			break
		}
	}
	p.lines = len(lines)
	switch {
	case p.lines == 0:
	case own: // nobody else gets the same
		p.frame, p.size = packLines(lines)
	default:
		p.frame, p.size = cache.get(keyOfIndexes(v.epoch, chosen), func() ([]byte, int) { return packLines(lines) })
	}
	return p, true, nil
}
