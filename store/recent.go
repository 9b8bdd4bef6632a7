package store

import (
	"slices"
	"sync"

	"github.com/tongban/tongban/node/casework"
)

// recentCases are the cases that were written last. Whoever acts on a case is
// shown it afterwards, and mostly acts again soon.
type recentCases struct {
	mu            sync.Mutex
	recent, older map[string]*casework.Case
	// written are those of the transaction under way, nil for one that is
	// gone. Only the writer touches it.
	written map[string]*casework.Case
	// size is that of a generation; there are two.
	size int
}

// How many cases a generation has: below the county a screen's, at the county,
// where every case comes by at each of its steps, some thousands.
const (
	recentBelow  = 256
	recentCounty = 4096
)

// save notes a case that the transaction under way has written.
func (r *recentCases) save(c *casework.Case) {
	kept := *c
	r.note(c.ID, &kept)
}

// remove notes a case that the transaction under way has removed.
func (r *recentCases) remove(id string) { r.note(id, nil) }

func (r *recentCases) note(id string, c *casework.Case) {
	if r.written == nil {
		r.written = map[string]*casework.Case{}
	}
	if len(r.written) >= r.size {
		c = nil // a first synchronisation, which nobody looks at
	}
	r.written[id] = c
}

// withhold takes what the transaction under way is about to commit out of what
// is shown. Others see its entries as soon as the database has them, and would
// have the case of before beside them; until it is published they read the case
// from there too.
func (r *recentCases) withhold() {
	if len(r.written) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.written {
		delete(r.recent, id)
		delete(r.older, id)
	}
}

// publish shows what the transaction wrote, now that it is committed.
func (r *recentCases) publish() {
	if len(r.written) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.written {
		delete(r.older, id)
		if c == nil {
			delete(r.recent, id)
			continue
		}
		if len(r.recent) >= r.size {
			r.older, r.recent = r.recent, nil
		}
		if r.recent == nil {
			r.recent = make(map[string]*casework.Case, r.size)
		}
		r.recent[id] = c
	}
	clear(r.written)
}

// discard drops what a transaction wrote of which some was taken back: those
// cases are read from the database when they are asked for.
func (r *recentCases) discard() {
	for id := range r.written {
		r.written[id] = nil
	}
}

// forget drops everything: the database is another one.
func (r *recentCases) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recent, r.older, r.written = nil, nil, nil
}

// working is a copy of a case as the transaction under way has it; nil when that
// is not remembered. Only the writer asks. What the copy and the case share is
// never changed in place.
func (r *recentCases) working(id string) *casework.Case {
	c, written := r.written[id]
	switch {
	case written && c == nil:
		return nil // gone, or not remembered
	case !written:
		if c = r.get(id); c == nil {
			return nil
		}
	}
	if c.Package != nil {
		return nil // part of a joint matter, which changes what it points to
	}
	own := *c
	own.Flags, own.Suspensions, own.Steps = slices.Clone(c.Flags), slices.Clone(c.Suspensions), slices.Clone(c.Steps)
	own.Form, own.Materials, own.Documents = slices.Clone(c.Form), slices.Clone(c.Materials), slices.Clone(c.Documents)
	own.Lacking, own.Tolerated, own.Applying = slices.Clone(c.Lacking), slices.Clone(c.Tolerated), slices.Clone(c.Applying)
	return &own
}

// get is a copy of a case as it was last committed; nil when it is not among
// the recent ones.
func (r *recentCases) get(id string) *casework.Case {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.recent[id]
	if c == nil {
		c = r.older[id]
	}
	if c == nil {
		return nil
	}
	found := *c
	return &found
}
