package papers

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// absences remember which nodes gave no answer, so that each attachment does
// not wait for the same dead line anew.
type absences struct {
	mu    sync.Mutex
	nodes map[string]absence
}

type absence struct {
	failures int
	until    time.Time
}

// away returns an error while the node is best left alone.
func (a *absences) away(node string, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.nodes[node]; n.until.After(now) {
		return fmt.Errorf("%w: it gave no answer %d times", ErrLine, n.failures)
	}
	return nil
}

// note learns from an attempt.
func (a *absences) note(ctx context.Context, node string, err error, now time.Time, b Backoff) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !isLine(err) {
		delete(a.nodes, node)
		return
	}
	if ctx.Err() != nil {
		return
	}
	if a.nodes == nil {
		a.nodes = map[string]absence{}
	}
	n := a.nodes[node]
	n.failures++
	n.until = now.Add(b.After(n.failures))
	a.nodes[node] = n
}

func (a *absences) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.nodes)
}
