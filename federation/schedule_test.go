package federation_test

import (
	"errors"
	"flag"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// Whatever fails, and in whatever order: when all is well again, what was
// handed in is confirmed, once, and all who hold a case agree about it. A few
// short schedules by default; TONGBAN_LONG=1 runs many long ones.
func TestRandomSchedules(t *testing.T) {
	checks, steps := "10", 15
	if os.Getenv("TONGBAN_LONG") != "" {
		checks, steps = "400", 60
	}
	before := flag.Lookup("rapid.checks").Value.String()
	must(t, flag.Set("rapid.checks", checks))
	defer func() { must(t, flag.Set("rapid.checks", before)) }()
	rapid.Check(t, func(r *rapid.T) {
		tb := &run{T: r}
		defer tb.end()
		s := &schedule{r: r, f: federationtest.New(tb, federationtest.Config{
			Townships: []division.Code{"330523110"}, Villages: []division.Code{"330523110200", "330523110201"}}), handedIn: map[string]int{}}
		for range rapid.IntRange(steps/2, steps).Draw(r, "steps") {
			s.step()
		}
		s.f.HealAll()
		s.f.Settle()
		s.check()
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run is one run of a property, with a directory and an end of its own.
type run struct {
	*rapid.T
	ends []func()
}

func (r *run) TempDir() string {
	dir, err := os.MkdirTemp("", "tongban-schedule-")
	if err != nil {
		r.Fatalf("%v", err)
	}
	r.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (r *run) Cleanup(end func()) { r.ends = append(r.ends, end) }

func (r *run) end() {
	for _, end := range slices.Backward(r.ends) {
		end()
	}
}

type schedule struct {
	r        *rapid.T
	f        *federationtest.Federation
	handedIn map[string]int // by node
	cases    []string
}

func (s *schedule) step() {
	n := rapid.SampledFrom(s.f.Nodes()).Draw(s.r, "node")
	below := rapid.SampledFrom(s.f.Nodes()[1:]).Draw(s.r, "below")
	times := rapid.IntRange(1, 3).Draw(s.r, "times")
	what := rapid.SampledFrom([]string{"submit", "submit", "act", "act", "cut", "heal", "drop", "lose", "duplicate", "reorder", "restart", "kill"}).Draw(s.r, "what")
	switch what {
	case "submit":
		s.submit(below, times)
	case "act":
		s.act(n)
	case "cut":
		s.f.Cut(below.ID, n.ID)
	case "heal":
		s.f.Heal(below.ID, n.ID)
	case "drop":
		s.f.Drop(below, times)
	case "lose":
		s.f.LoseAnswers(below, times)
	case "duplicate":
		s.f.Duplicate(below, times)
	case "reorder":
		s.f.Reorder(below, times)
	case "restart":
		s.f.Restart(n)
	case "kill":
		s.f.Kill(n)
	}
}

func (s *schedule) submit(n *federationtest.Node, times int) {
	if n.Node == nil {
		return
	}
	for range times {
		s.cases = append(s.cases, s.f.Submit(n, "TB-MZJ-004").ID)
		s.handedIn[n.ID]++
	}
}

// act does what a case waits for at a node, if that is its to do. The county
// may refuse what the node does on old news.
func (s *schedule) act(n *federationtest.Node) {
	if n.Node == nil || len(s.cases) == 0 || n.Tier() == node.County && n.Ready() != nil {
		return
	}
	id := rapid.SampledFrom(s.cases).Draw(s.r, "case")
	c, err := n.Store.Case(s.r.Context(), id)
	if err != nil || c.Holder != n.Division {
		return
	}
	step, open := c.Current()
	if !open {
		return
	}
	s.r.Logf("%s %s at %s", step.Verb, id, n.ID)
	var no *store.Refused
	if _, err := s.f.TryDo(n, s.f.Whose(n, c, step.Verb), id, storetest.BodyFor(c, step.Verb)); err != nil && !errors.As(err, &no) {
		s.r.Fatalf("%s at %s: %v", step.Verb, n.ID, err)
	}
}

func (s *schedule) check() {
	hub := s.f.Hub()
	for _, n := range s.f.Nodes() {
		if err := n.Fatal(); err != nil {
			s.r.Errorf("%s stopped: %v", n.ID, err)
		}
		if list := s.f.Attention(n); len(list) != 0 {
			s.r.Errorf("attention at %s: %+v", n.ID, list)
		}
		for _, at := range []*federationtest.Node{hub, n} {
			count, err := at.Store.Count(s.r.Context(), n.ID)
			if err != nil {
				s.r.Fatalf("count: %v", err)
			}
			want := int64(s.handedIn[n.ID])
			if count.HandedIn != want || count.Confirmed != want || count.Duplicated != 0 || count.Waiting != 0 || count.Outbox != 0 {
				s.r.Errorf("of %s, which took in %d, %s has %+v", n.ID, want, at.ID, count)
			}
		}
	}
	for _, id := range s.cases {
		want := s.f.Case(hub, id)
		for _, n := range s.f.Nodes() {
			if n.Division.Contains(want.Division) {
				if got := s.f.Case(n, id); got.Head != want.Head || got.Status != want.Status || got.Holder != want.Holder || got.Step != want.Step {
					s.r.Errorf("case %s: %s at %s, step %d, %s has %s at %s, step %d", id, want.Status, want.Holder, want.Step, n.ID, got.Status, got.Holder, got.Step)
				}
			}
		}
	}
}
