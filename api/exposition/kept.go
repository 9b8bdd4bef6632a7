package exposition

import (
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// Level is a figure that goes up and down.
type Level struct {
	name, help string
	n          atomic.Int64
}

// NewLevel makes one.
func NewLevel(name, help string) *Level { return &Level{name: name, help: help} }

// Add adds n, which may be below zero.
func (l *Level) Add(n int64) { l.n.Add(n) }

// Write is its Source.
func (l *Level) Write(p *Page) { p.Family(l.name, l.help, Gauge).Set(float64(l.n.Load())) }

// children are the figures of one family, one for each choice of labels.
type children[T any] struct {
	name, help string
	labels     []string
	mu         sync.RWMutex
	all        map[string]*T
}

// of is the child with these values. There must be as many as labels.
func (c *children[T]) of(values []string) *T {
	key := strings.Join(values, "\x00")
	c.mu.RLock()
	child := c.all[key]
	c.mu.RUnlock()
	if child != nil {
		return child
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]*T{}
	}
	if child = c.all[key]; child == nil {
		child = new(T)
		c.all[key] = child
	}
	return child
}

// each calls f for every child in the order of their labels, with names and values
// by turns.
func (c *children[T]) each(f func(labels []string, child *T)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	keys := make([]string, 0, len(c.all))
	for k := range c.all {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		labels := make([]string, 0, 2*len(c.labels))
		for i, v := range strings.Split(k, "\x00") {
			labels = append(labels, c.labels[i], v)
		}
		f(labels, c.all[k])
	}
}

// Counts are figures that go up only, one for each choice of labels.
type Counts struct{ children[atomic.Uint64] }

// NewCounts makes some.
func NewCounts(name, help string, labels ...string) *Counts {
	return &Counts{children[atomic.Uint64]{name: name, help: help, labels: labels}}
}

// Add adds one to the count with these values of the labels.
func (c *Counts) Add(values ...string) { c.of(values).Add(1) }

// Write is their Source.
func (c *Counts) Write(p *Page) {
	f := p.Family(c.name, c.help, Counter)
	c.each(func(labels []string, n *atomic.Uint64) { f.Set(float64(n.Load()), labels...) })
}

// Spreads tell how values lie between bounds, one for each choice of labels.
type Spreads struct {
	children[spread]
	bounds []float64
}

type spread struct {
	mu    sync.Mutex
	below []uint64 // by bound, and those above all
	count uint64
	sum   float64
}

// NewSpreads makes some; the bounds go up.
func NewSpreads(name, help string, bounds []float64, labels ...string) *Spreads {
	return &Spreads{children[spread]{name: name, help: help, labels: labels}, bounds}
}

// Observe counts a value in, with these values of the labels.
func (s *Spreads) Observe(v float64, values ...string) {
	child := s.of(values)
	at, _ := slices.BinarySearch(s.bounds, v)
	child.mu.Lock()
	defer child.mu.Unlock()
	if child.below == nil {
		child.below = make([]uint64, len(s.bounds)+1)
	}
	child.below[at]++
	child.count++
	child.sum += v
}

// Write is their Source.
func (s *Spreads) Write(p *Page) {
	f := p.Family(s.name, s.help, Histogram)
	s.each(func(labels []string, child *spread) {
		child.mu.Lock()
		defer child.mu.Unlock()
		sum := uint64(0)
		for i, n := range child.below {
			sum += n
			bound := math.Inf(1)
			if i < len(s.bounds) {
				bound = s.bounds[i]
			}
			f.set("_bucket", float64(sum), append(slices.Clone(labels), "le", number(bound))...)
		}
		f.set("_sum", child.sum, labels...)
		f.set("_count", float64(child.count), labels...)
	})
}
