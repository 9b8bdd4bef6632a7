package outbox

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/node/ledger"
)

func TestBatchesGrowAndHalve(t *testing.T) {
	v := village(t, 150)
	for name, c := range map[string]struct {
		most int
		want []int
	}{
		"no limit":         {4096, []int{64, 86}},
		"413 above twenty": {20, slices.Repeat([]int{16}, 9)},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			refused := 0
			m.refuse(func(entries []ledger.Entry) error {
				if len(entries) > c.most {
					refused++
					return &Problem{Code: CodeTooLarge}
				}
				return nil
			})
			if err := v.Store.ForgetStored(t.Context(), v.ID(), 0, ""); err != nil {
				t.Fatal(err)
			}
			s, stop := start(t, Options{Store: v.Store, Upstreams: []Upstream{serve(t, "county", m).Upstream}})
			eventually(t, "all entries", func() bool { return m.count(v.ID()) == 150 && unsent(t, v.Store) == 0 })
			stop()
			if sizes := m.sizes(); !slices.Equal(sizes[:len(c.want)], c.want) {
				t.Errorf("batches %v, want %v", sizes, c.want)
			}
			if refused > 2 {
				t.Errorf("%d batches refused as too large, want two at most: what was learnt is kept", refused)
			}
			if st := s.Status(); st.Failures != 0 || st.Code != "" || st.Tier != "county" {
				t.Errorf("status %+v", st)
			}
		})
	}
}

// A batch that does not get through in time is tried smaller.
func TestBatchHalvesOnASlowLine(t *testing.T) {
	v := village(t, 100)
	m := newMemory()
	a := serve(t, "county", m)
	clock := newPauses()
	a.hook(func(r *http.Request) bool { return r.Method == http.MethodGet || r.ContentLength < 3000 }, nil)
	_, _ = start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, Now: clock.Now, After: clock.After})
	for range 10 {
		clock.next(t).end <- time.Time{}
		if m.count(v.ID()) == 100 {
			break
		}
	}
	eventually(t, "all entries", func() bool { return m.count(v.ID()) == 100 })
}

// What the receiver lost is sent again from where it lacks it, whether it
// tells by a gap or when it is asked.
func TestGapRewinds(t *testing.T) {
	v := village(t, 10)
	m := newMemory()
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{serve(t, "township", m).Upstream}, Now: clock.Now, After: clock.After})
	idle := clock.next(t)
	if m.count(v.ID()) != 10 {
		t.Fatalf("the township has %d of 10", m.count(v.ID()))
	}

	m.lose(v.ID(), 4)
	remark(t, v, v.MustCase(caseOf(t, v)).ID, 1)
	s.Kick()
	idle = clock.next(t)
	if got := m.count(v.ID()); got != 11 {
		t.Fatalf("after a gap the township has %d of 11", got)
	}

	m.lose(v.ID(), 0) // and nothing new to say
	idle.end <- time.Time{}
	clock.next(t)
	if got := m.count(v.ID()); got != 11 {
		t.Fatalf("a township that lost its disk got %d of 11 back", got)
	}
}

// What the county confirmed is not in the outbox any more: a township that
// lacks it gets it from the county, and until then the county is sent to.
func TestGapBeforeTheOutbox(t *testing.T) {
	v := village(t, 3)
	v.County.Settle()
	remark(t, v, caseOf(t, v), 2)
	behind, county := newMemory(), newMemory()
	county.entries[v.ID()] = make([]string, 3)
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{serve(t, "township", behind).Upstream, serve(t, "county", county).Upstream}, Now: clock.Now, After: clock.After})
	clock.next(t)
	if county.count(v.ID()) != 5 || behind.count(v.ID()) != 0 || s.Status().Tier != "county" {
		t.Fatalf("the county has %d of 5, the township %d; %+v", county.count(v.ID()), behind.count(v.ID()), s.Status())
	}
}

// A receiver that contradicts itself cannot keep the sender busy.
func TestReceiverThatNeverStores(t *testing.T) {
	v := village(t, 5)
	var posts atomic.Int64
	liar := newMemory()
	liar.refuse(func([]ledger.Entry) error { posts.Add(1); return nil })
	clock := newPauses()
	forgetful := serve(t, "county", forgets{liar})
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{forgetful.Upstream}, Now: clock.Now, After: clock.After})
	clock.next(t)
	if st := s.Status(); st.Failures != 1 || posts.Load() > 2*maxRewinds {
		t.Fatalf("%d requests, %+v", posts.Load(), st)
	}
}

func TestFallbackToTheCountyAndBack(t *testing.T) {
	v := village(t, 3)
	town, county := newMemory(), newMemory()
	up, hub := serve(t, "township", town), serve(t, "county", county)
	up.cut()
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{up.Upstream, hub.Upstream}, Now: clock.Now, After: clock.After})
	clock.next(t)
	if county.count(v.ID()) != 3 || s.Status().Tier != "county" || s.Status().Failures != 0 {
		t.Fatalf("the county has %d of 3; %+v", county.count(v.ID()), s.Status())
	}

	up.mend()
	remark(t, v, caseOf(t, v), 1)
	s.Wake()
	clock.next(t)
	if county.count(v.ID()) != 4 {
		t.Fatalf("a township that failed just now rests; the county has %d of 4", county.count(v.ID()))
	}

	// When the township has caught up with the county by the feed, it is
	// preferred again.
	town.mu.Lock()
	town.entries[v.ID()] = slices.Clone(county.entries[v.ID()])
	town.mu.Unlock()
	clock.Advance(restUpstream)
	remark(t, v, caseOf(t, v), 1)
	s.Wake()
	clock.next(t)
	if town.count(v.ID()) != 5 || county.count(v.ID()) != 4 || s.Status().Tier != "township" {
		t.Fatalf("township %d, county %d; %+v", town.count(v.ID()), county.count(v.ID()), s.Status())
	}

	// What the county was given needs no township; what only the township has
	// goes to the county when the township is gone.
	up.cut()
	remark(t, v, caseOf(t, v), 1)
	s.Kick()
	clock.next(t)
	if county.count(v.ID()) != 6 {
		t.Fatalf("the county has %d of 6", county.count(v.ID()))
	}
}

// A township whose own line is down keeps what it was sent: after a while the
// county gets it past the township, and only what it lacks.
func TestPastATownshipThatIsCutOff(t *testing.T) {
	v := village(t, 4)
	town, county := newMemory(), newMemory()
	clock := newPauses()
	s, _ := start(t, Options{Self: v.ID(), Store: v.Store, Upstreams: []Upstream{serve(t, "township", town).Upstream, serve(t, "county", county).Upstream}, Now: clock.Now, After: clock.After})
	idle := clock.next(t)
	if town.count(v.ID()) != 4 || county.count(v.ID()) != 0 {
		t.Fatalf("township %d, county %d", town.count(v.ID()), county.count(v.ID()))
	}
	town.mu.Lock()
	first := town.entries[v.ID()][0]
	town.mu.Unlock()
	county.mu.Lock()
	county.entries[v.ID()] = []string{first} // it had passed on one
	county.mu.Unlock()
	clock.Advance(passBy)
	idle.end <- time.Time{}
	clock.next(t)
	if county.count(v.ID()) != 4 || s.Status().Entries != 4+3 || s.Status().Failures != 0 {
		t.Fatalf("the county has %d of 4; %+v", county.count(v.ID()), s.Status())
	}
}

// Answers that were lost do not make entries travel twice: after every failure
// the receiver is asked how far it is.
func TestNoResendingAfterReconnect(t *testing.T) {
	v := village(t, 120)
	m := newMemory()
	a := serve(t, "township", m)
	var posts atomic.Int64
	a.hook(nil, func(r *http.Request) bool { return r.Method == http.MethodGet || posts.Add(1)%2 == 0 })
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, MaxEntries: 15, Now: clock.Now, After: clock.After})
	for unsent(t, v.Store) > 0 {
		clock.next(t).end <- time.Time{}
	}
	eventually(t, "all", func() bool { return m.count(v.ID()) == 120 })
	if st := s.Status(); st.Entries != 120 {
		t.Errorf("%d entries travelled, want 120", st.Entries)
	}
	if posts.Load() < 8 {
		t.Errorf("only %d requests: the line was not broken", posts.Load())
	}
}

func TestBackoff(t *testing.T) {
	v := village(t, 1)
	a := serve(t, "county", newMemory())
	a.cut()
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, BackoffMax: 10 * time.Second, Now: clock.Now, After: clock.After})
	different := map[time.Duration]bool{}
	want := firstPause
	for i := range 12 {
		p := clock.next(t)
		if p.d < want/2 || p.d > want {
			t.Errorf("pause %d is %v, want between half of and %v", i+1, p.d, want)
		}
		if want == 10*time.Second {
			different[p.d] = true
		}
		st := s.Status()
		if st.Failures != i+1 || st.Code != string(CodeUnavailable) || st.ZH == "" || st.EN == "" || !st.NextTry.Equal(clock.Now().Add(p.d)) {
			t.Errorf("status %+v", st)
		}
		s.Wake()
		select {
		case p := <-clock.asked:
			t.Fatalf("news cut a pause short: %v", p.d)
		default:
		}
		if i%2 == 0 {
			s.Kick() // a person may
		} else {
			p.end <- time.Time{}
		}
		want = min(want*2, 10*time.Second)
	}
	if len(different) < 2 {
		t.Errorf("pauses at the cap are all alike: %v", different)
	}
	a.mend()
	s.Kick()
	eventually(t, "recovery", func() bool { st := s.Status(); return st.Failures == 0 && st.Code == "" && st.NextTry.IsZero() })
}

func TestRestartInTheMiddle(t *testing.T) {
	v := village(t, 90)
	m := newMemory()
	a := serve(t, "county", m)
	// The process ends while an answer is on its way.
	answered := make(chan struct{}, 100)
	a.hook(nil, func(r *http.Request) bool {
		if r.Method == http.MethodPost {
			answered <- struct{}{}
		}
		return r.Method == http.MethodGet
	})
	sent := int64(0)
	for i := range 3 {
		s, stop := start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, MaxEntries: 15})
		<-answered
		stop()
		sent += s.Status().Entries
		v.Reopen()
		if got := m.count(v.ID()); got < i+1 {
			t.Fatalf("after %d starts the county has %d", i+1, got)
		}
	}
	a.mend()
	s, stop := start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, MaxEntries: 15})
	eventually(t, "the rest", func() bool { return m.count(v.ID()) == 90 && unsent(t, v.Store) == 0 })
	stop()
	if sent += s.Status().Entries; sent > 99 {
		t.Errorf("%d entries travelled for 90", sent)
	}
}
