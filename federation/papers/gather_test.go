package papers

import (
	"context"
	"sync"
	"testing"
)

// wanted is what a hub's ledger says it lacks.
type wanted struct {
	mu   sync.Mutex
	p    *place
	refs []Ref
}

func (w *wanted) add(refs ...Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refs = append(w.refs, refs...)
}

func (w *wanted) list(_ context.Context, limit int) (refs []Ref, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.refs {
		has, err := w.p.store.Has(r.Hash)
		if err != nil {
			return nil, err
		}
		if !has && len(refs) < limit {
			refs = append(refs, r)
		}
	}
	return refs, nil
}

// A hub fetches what the others have as soon as it is woken: no time passes
// here by itself.
func TestGatherFetchesWhenWoken(t *testing.T) {
	hubs, targets := threeHubs(t)
	lacks := &wanted{p: hubs[0]}
	g, err := NewGather(GatherOptions{Store: hubs[0].store, Lacking: lacks.list, Hubs: func() []Target { return targets }, Self: "h-1", Pace: pace(newManualClock())})
	mustDo(t, err)
	run(t, g)
	// The first is at the third hub only, the second nowhere, the third at both.
	first := mustPut(t, hubs[2].store, pdf(300_000, 1))
	lacks.add(first)
	g.Wake()
	eventually(t, "the first", holds(hubs[0], first))
	mustHold(t, hubs[0].store, pdf(300_000, 1))

	third := mustPut(t, hubs[1].store, pdf(500, 3))
	mustPut(t, hubs[2].store, pdf(500, 3))
	lacks.add(Ref{Hash: hashHex(pdf(700, 2)), Size: 700}, third)
	g.Wake()
	eventually(t, "the third, though the second is nowhere", holds(hubs[0], third))
	eventually(t, "it to say so", func() bool { s := g.Status(); return s.Outstanding == 1 && s.LastError != "" })
}

// What cannot be fetched now is fetched when a hub answers again.
func TestGatherWaitsForAHub(t *testing.T) {
	hubs, targets := threeHubs(t)
	clock := newManualClock()
	hubs[1].http.Close()
	hubs[2].http.Close()
	ref := mustPut(t, hubs[1].store, pdf(5000, 1))
	lacks := &wanted{p: hubs[0]}
	lacks.add(ref)
	var mu sync.Mutex
	g, err := NewGather(GatherOptions{Store: hubs[0].store, Lacking: lacks.list, Self: "h-1", Pace: pace(clock),
		Hubs: func() []Target { mu.Lock(); defer mu.Unlock(); return targets }})
	mustDo(t, err)
	run(t, g)
	eventually(t, "it to say that no hub answers", func() bool { return g.Status().LastError != "" })
	hubs[1].start(t, nil)
	mu.Lock()
	targets = []Target{targets[0], hubs[1].target("h-2"), targets[2]}
	mu.Unlock()
	g.Retry()
	eventually(t, "the content", holds(hubs[0], ref))
}
