package papers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/store/blob"
)

// book is a ledger's list of attachments that are not confirmed.
type book struct {
	mu        sync.Mutex
	refs      []Ref
	confirmed map[string][]string
	fail      error
}

func (b *book) add(refs ...Ref) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refs = append(b.refs, refs...)
}

func (b *book) Outstanding(_ context.Context, limit int) ([]Ref, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.refs[:min(limit, len(b.refs))]), nil
}

func (b *book) Unconfirmed(ctx context.Context, limit int) ([]Ref, error) {
	return b.Outstanding(ctx, limit)
}

func (b *book) Confirmed(_ context.Context, hash string) (bool, error) {
	return b.hubs(hash) != nil, nil
}

func (b *book) Confirm(_ context.Context, hash string, size int64, hubs []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if size <= 0 {
		return errors.New("no size")
	}
	if b.confirmed == nil {
		b.confirmed = map[string][]string{}
	}
	b.confirmed[hash] = hubs
	b.refs = slices.DeleteFunc(b.refs, func(r Ref) bool { return r.Hash == hash })
	return nil
}

func (b *book) setFail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *book) hubs(hash string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.confirmed[hash]
}

// pace is a loop's with a clock by hand and no chance in its waits.
func pace(c *manualClock) Pace {
	return Pace{Clock: c, Backoff: Backoff{First: time.Second, Most: time.Minute, Chance: func(most time.Duration) time.Duration { return most }}}
}

func run(t testing.TB, loop interface{ Run(context.Context) error }) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- loop.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("run ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func mustCourier(t testing.TB, s *blob.Store, b Outstanding, p Pace, up ...Target) *Courier {
	t.Helper()
	c, err := NewCourier(CourierOptions{Store: s, Outstanding: b, Upstream: func() []Target { return up }, Pace: p})
	mustDo(t, err)
	return c
}

func holds(p *place, ref Ref) func() bool {
	return func() bool { has, err := p.store.Has(ref.Hash); return has && err == nil }
}

// TestVillageTownshipCounty: what a village has goes to the township, and from
// there in the same way to the county.
func TestVillageTownshipCounty(t *testing.T) {
	county, township := newPlace(t, nil), newPlace(t, nil)
	village, ledger, clock := mustStore(t, t.TempDir()), &book{}, newManualClock()
	var refs []Ref
	for i := range byte(5) {
		refs = append(refs, mustPut(t, village, pdf(300_000, i)))
	}
	ledger.add(refs...)
	up := mustCourier(t, village, ledger, pace(clock), township.target("township"), county.target("county"))
	forward := mustCourier(t, township.store, ledger, pace(clock), county.target("county"))
	run(t, up)
	for _, r := range refs {
		eventually(t, "the township", holds(township, r))
	}
	if holds(county, refs[0])() {
		t.Fatal("the village went past its township")
	}
	run(t, forward)
	for _, r := range refs {
		eventually(t, "the county", holds(county, r))
	}
	eventually(t, "the status", func() bool { return up.Status().Delivered == 5 && forward.Status().Delivered == 5 })
	if s := up.Status(); s.Outstanding != 0 || s.SentBytes != 1_500_000 || s.LastError != "" || s.LastSuccessAt.IsZero() {
		t.Fatalf("status %+v", s)
	}
	for _, r := range refs {
		mustDo(t, ledger.Confirm(t.Context(), r.Hash, r.Size, []string{"hub"}))
	}
	up.Wake()
	eventually(t, "an empty list", func() bool {
		return up.Status() == (Status{SentBytes: 1_500_000, LastSuccessAt: up.Status().LastSuccessAt})
	})
}

func TestCourierFallsBackToTheCounty(t *testing.T) {
	county, township := newPlace(t, nil), newPlace(t, nil)
	township.http.Close()
	village, ledger := mustStore(t, t.TempDir()), &book{}
	refs := []Ref{mustPut(t, village, pdf(1000, 1)), mustPut(t, village, pdf(1000, 2))}
	ledger.add(refs...)
	run(t, mustCourier(t, village, ledger, pace(newManualClock()), township.target("township"), county.target("county")))
	for _, r := range refs {
		eventually(t, "the county", holds(county, r))
	}
}

// TestCourierWaitsForTheLine: waits double up to the cap, a wake does not cut
// them short, and Retry does.
func TestCourierWaitsForTheLine(t *testing.T) {
	county := newPlace(t, nil)
	var down = true
	var mu sync.Mutex
	village, ledger, clock := mustStore(t, t.TempDir()), &book{}, newManualClock()
	ref := mustPut(t, village, pdf(1000, 1))
	ledger.add(ref)
	dead := Target{Node: "county", URL: "http://127.0.0.1:1", Client: http.DefaultClient}
	c, err := NewCourier(CourierOptions{Store: village, Outstanding: ledger, Pace: pace(clock), Upstream: func() []Target {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return []Target{dead}
		}
		return []Target{county.target("county")}
	}})
	mustDo(t, err)
	run(t, c)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if got := <-clock.set; got != want*time.Second {
			t.Fatalf("waits %v, want %v", got, want*time.Second)
		}
		if s := c.Status(); s.Outstanding != 1 || s.OutstandingBytes != 1000 || s.LastError == "" || s.NextTry != clock.Now().Add(want*time.Second) {
			t.Fatalf("status %+v", s)
		}
		c.Wake()
		if got := <-clock.set; got != want*time.Second {
			t.Fatalf("woken, waits %v, want %v", got, want*time.Second)
		}
		clock.advance(want * time.Second)
	}
	<-clock.set
	mu.Lock()
	down = false
	mu.Unlock()
	c.Retry()
	eventually(t, "the county", holds(county, ref))
}

// TestOneRefusedDoesNotStopTheRest, nor one whose content is not here, nor one
// on which the node above always fails.
func TestOneRefusedDoesNotStopTheRest(t *testing.T) {
	county := newPlace(t, nil)
	village, ledger, clock := mustStore(t, t.TempDir()), &book{}, newManualClock()
	refused, broken, late, good := mustPut(t, village, pdf(1000, 1)), mustPut(t, village, pdf(1000, 2)), pdf(1000, 3), mustPut(t, village, pdf(1000, 4))
	missing := Ref{hashHex(late), 1000}
	allow := func(_ *http.Request, hash string, _ bool) error {
		switch hash {
		case refused.Hash:
			return ErrNotAllowed
		case broken.Hash:
			return errors.New("cannot tell")
		}
		return nil
	}
	county.allow.Store(&allow)
	ledger.add(missing, refused, broken, good)
	c := mustCourier(t, village, ledger, pace(clock), county.target("county"))
	run(t, c)
	eventually(t, "the county", func() bool {
		clock.advance(time.Minute)
		return holds(county, good)()
	})
	eventually(t, "the status", func() bool { s := c.Status(); return s.Missing == 1 && s.Outstanding == 3 && s.Delivered == 1 })
	mustPut(t, village, late)
	eventually(t, "what came late", func() bool {
		clock.advance(time.Minute)
		return holds(county, missing)()
	})
	county.allow.Store(nil)
	for _, r := range []Ref{refused, broken} {
		eventually(t, "what is allowed now", func() bool {
			clock.advance(time.Minute)
			return holds(county, r)()
		})
	}
}

// TestCourierAsksForMore: what is delivered and not confirmed does not hide
// what comes after it in the list.
func TestCourierAsksForMore(t *testing.T) {
	county := newPlace(t, nil)
	village, ledger := mustStore(t, t.TempDir()), &book{}
	p := pace(newManualClock())
	p.Batch, p.Workers = 2, 2
	var last Ref
	for i := range byte(9) {
		last = mustPut(t, village, pdf(500, i))
		ledger.add(last)
	}
	run(t, mustCourier(t, village, ledger, p, county.target("county")))
	eventually(t, "the last", holds(county, last))
}

// TestCourierChecksWhatItDelivered: a middle node that lost its disk gets it
// again.
func TestCourierChecksWhatItDelivered(t *testing.T) {
	township := newPlace(t, nil)
	village, ledger, clock := mustStore(t, t.TempDir()), &book{}, newManualClock()
	ref := mustPut(t, village, pdf(1000, 1))
	ledger.add(ref)
	addr := make(chan Target, 1)
	addr <- township.target("township")
	c, err := NewCourier(CourierOptions{Store: village, Outstanding: ledger, Pace: pace(clock), Upstream: func() []Target {
		target := <-addr
		addr <- target
		return []Target{target}
	}})
	mustDo(t, err)
	run(t, c)
	eventually(t, "the township", func() bool { return c.Status().Delivered == 1 })
	anew := newPlace(t, nil)
	<-addr
	addr <- anew.target("township")
	eventually(t, "the new disk", func() bool {
		clock.advance(time.Minute)
		return holds(anew, ref)()
	})
	// Where somebody knows of it, no time has to pass.
	third := newPlace(t, nil)
	<-addr
	addr <- third.target("township")
	c.Afresh()
	eventually(t, "the third disk", holds(third, ref))
}

// TestHubFallsWithWhatItAloneTook: the county never confirms what was at that
// hub only, and another has it soon, not after the longest pause.
func TestHubFallsWithWhatItAloneTook(t *testing.T) {
	first, second := newPlace(t, nil), newPlace(t, nil)
	village, ledger, clock := mustStore(t, t.TempDir()), &book{}, newManualClock()
	ref := mustPut(t, village, pdf(1000, 1))
	ledger.add(ref)
	p := pace(clock)
	p.Recheck = 10 * time.Minute
	c := mustCourier(t, village, ledger, p, first.target("h-1"), second.target("h-2"))
	run(t, c)
	eventually(t, "the first hub", func() bool { return holds(first, ref)() && c.Status().Delivered == 1 })
	first.http.Close()
	var pauses []time.Duration
	for range 3 {
		pause := <-clock.set
		pauses = append(pauses, pause)
		if clock.advance(pause); holds(second, ref)() {
			break
		}
	}
	eventually(t, "the other hub", holds(second, ref))
	if pauses[0] > firstRecheck {
		t.Errorf("it is asked after in %v", pauses)
	}
}

// TestChecksBecomeRare: a node above that has it and does not reach the county
// is asked less and less.
func TestChecksBecomeRare(t *testing.T) {
	l := newRounds(Pace{Clock: newManualClock()})
	j := &job{}
	for _, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		l.note(j, nil)
		if got := j.next.Sub(l.Clock.Now()); got != want*time.Second {
			t.Fatalf("asked after in %v, want %v", got, want*time.Second)
		}
	}
}

// hubs are the county's hub processes.
func threeHubs(t testing.TB) (hubs []*place, voters []Target) {
	for i := range 3 {
		p := newPlace(t, nil)
		hubs = append(hubs, p)
		voters = append(voters, p.target(fmt.Sprintf("h-%d", i+1)))
	}
	return hubs, voters
}

func mustSpread(t testing.TB, s *blob.Store, b Unconfirmed, p Pace, voters []Target) *Spread {
	t.Helper()
	s2, err := NewSpread(SpreadOptions{Store: s, Unconfirmed: b, Self: "h-1", Voters: func() []Target { return voters }, Pace: p})
	mustDo(t, err)
	return s2
}

func TestSpreadConfirmsWithAMajority(t *testing.T) {
	hubs, voters := threeHubs(t)
	hubs[2].http.Close()
	ledger := &book{}
	ref := mustPut(t, hubs[0].store, pdf(300_000, 1))
	ledger.add(ref)
	run(t, mustSpread(t, hubs[0].store, ledger, pace(newManualClock()), voters))
	eventually(t, "the confirmation", func() bool { return ledger.hubs(ref.Hash) != nil })
	if got := ledger.hubs(ref.Hash); !slices.Equal(got, []string{"h-1", "h-2"}) {
		t.Fatalf("confirmed by %v", got)
	}
	mustHold(t, hubs[1].store, pdf(300_000, 1))
}

// TestSpreadWithoutMajority: alone, a hub confirms nothing; it goes on trying,
// across a restart too, until the others and the ledger are there.
func TestSpreadWithoutMajority(t *testing.T) {
	hubs, voters := threeHubs(t)
	ledger, clock := &book{}, newManualClock()
	hubs[1].http.Close()
	hubs[2].http.Close()
	ref := mustPut(t, hubs[0].store, pdf(5000, 1))
	ledger.add(ref)
	first := mustSpread(t, hubs[0].store, ledger, pace(clock), voters)
	stop := run(t, first)
	for range 5 {
		clock.advance(<-clock.set)
	}
	<-clock.set
	if s := first.Status(); ledger.hubs(ref.Hash) != nil || s.Outstanding != 1 || s.LastError == "" {
		t.Fatalf("confirmed by %v, %+v", ledger.hubs(ref.Hash), s)
	}
	stop()

	ledger.setFail(errors.New("no leader"))
	hubs[2].start(t, nil)
	voters = []Target{voters[0], voters[1], hubs[2].target("h-3")}
	second := mustSpread(t, mustStore(t, hubs[0].dir), ledger, pace(clock), voters)
	run(t, second)
	eventually(t, "the copy", holds(hubs[2], ref))
	eventually(t, "the ledger's refusal", func() bool { return second.Status().LastError != "" })
	if ledger.hubs(ref.Hash) != nil {
		t.Fatal("confirmed without a leader")
	}
	ledger.setFail(nil)
	eventually(t, "the confirmation", func() bool {
		clock.advance(time.Minute)
		return ledger.hubs(ref.Hash) != nil
	})
	if got := ledger.hubs(ref.Hash); !slices.Equal(got, []string{"h-1", "h-3"}) {
		t.Fatalf("confirmed by %v", got)
	}
}

// TestSingleHub is its own majority; a hub that does not vote is none.
func TestSingleHub(t *testing.T) {
	store, ledger := mustStore(t, t.TempDir()), &book{}
	ref := mustPut(t, store, pdf(500, 1))
	ledger.add(ref)
	run(t, mustSpread(t, store, ledger, pace(newManualClock()), []Target{{Node: "h-1"}}))
	eventually(t, "the confirmation", func() bool { return slices.Equal(ledger.hubs(ref.Hash), []string{"h-1"}) })

	ledger, clock := &book{}, newManualClock()
	ledger.add(ref)
	run(t, mustSpread(t, store, ledger, pace(clock), nil))
	<-clock.set
	if ledger.hubs(ref.Hash) != nil {
		t.Fatal("confirmed without voters")
	}
}
