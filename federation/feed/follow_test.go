package feed

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// What comes over the feed makes the same state as the same entries applied
// by hand, from nothing and entry by entry as they are pushed. Heartbeats are
// an hour apart: only the change itself can push.
func TestFollowsByPush(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: time.Hour})
	townCopy, villageCopy := replica(t, town), replica(t, village)
	var followers []*Follower
	for _, st := range []*store.Store{townCopy, villageCopy} {
		f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}})
		followers = append(followers, f)
	}
	for n := 2; n < 6; n++ {
		village.Submit("TB-YBJ-003")
		r.Settle()
		r.change(n)
		r.Settle()
		reaches(t, townCopy, mustHead(t, r.Hub().Store))
		// A village may not see the draft, but the publication that follows.
		reaches(t, villageCopy, mustHead(t, r.Hub().Store))
	}
	if got, want := storetest.Dump(t, townCopy, "entries", "cases", "items", "staff", "nodes"), storetest.Dump(t, town.Store, "entries", "cases", "items", "staff", "nodes"); got != want {
		t.Errorf("the township's state differs:\n%s\nwant\n%s", got, want)
	}
	for i, f := range followers {
		s := f.Status()
		if s.LagEntries != 0 || s.LagMS != 0 || s.Upstream != "county-1" || s.LastError != nil || s.BytesIn == 0 {
			t.Errorf("status %d: %+v", i, s)
		}
		// The county's first entry came before any key was known.
		if s.Unverified > 1 {
			t.Errorf("%d entries were not verified", s.Unverified)
		}
		if s.Checkpoint == 0 {
			t.Error("no checkpoint was verified")
		}
	}
}

// A line that breaks at any byte loses nothing, repeats nothing, and gets
// there in the end.
func TestResumesAfterCuts(t *testing.T) {
	r := newRealm(t)
	village := r.Village(villageA)
	for range 20 {
		village.Submit("TB-MZJ-004")
	}
	r.Settle()
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), PageBytes: 16 << 10})
	random := rand.New(seeded(7))
	p := newProxy(t, url, func() int64 { return 600 + random.Int64N(9000) })
	st := replica(t, r.Township(townshipA))
	f, _ := run(t, st, FollowerOptions{Batch: 3, Upstreams: []Upstream{countyUp(t, p.url(), st)}})
	reaches(t, st, mustHead(t, r.Hub().Store))
	if p.count() == 0 {
		t.Fatal("nothing was cut")
	}
	n, err := st.Count(context.Background(), village.ID())
	if err != nil || n.HandedIn != 20 || n.Confirmed != 20 {
		t.Errorf("counts %+v, %v", n, err)
	}
	t.Logf("%d cuts, status %+v", p.count(), f.Status())
}

// A village follows its township, the county when the township is away, and
// its township again: at whatever entry that happens.
func TestMovesBetweenUpstreams(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, countyURL := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: 20 * time.Millisecond})
	townLine := newProxy(t, countyURL, nil)
	townFollower, _ := run(t, town.Store, FollowerOptions{Upstreams: []Upstream{countyUp(t, townLine.url(), town.Store)}})
	_, townURL := serve(t, town.Store, ServerOptions{County: townFollower, Heartbeat: 20 * time.Millisecond})
	line := newProxy(t, townURL, nil)

	st := replica(t, village)
	f, _ := run(t, st, FollowerOptions{
		Upstreams: []Upstream{upstream(t, "town", line.url(), node.Township, st), countyUp(t, countyURL, st)},
		Probe:     20 * time.Millisecond, Stale: 400 * time.Millisecond, Silence: 5 * time.Second,
	})
	on := func(name string) {
		t.Helper()
		eventually(t, "following "+name, func() bool { return f.Status().Upstream == name })
	}
	edition := 2
	more := func() {
		t.Helper()
		r.change(edition)
		edition++
		reaches(t, st, mustHead(t, r.Hub().Store))
	}
	on("town")
	more()
	for range 3 {
		line.set(true)
		on("county-1")
		more()
		line.set(false)
		on("town")
		more()
	}
	// The township serves, but has lost the county itself.
	townLine.set(true)
	on("county-1")
	more()
	townLine.set(false)
	on("town")
	more()
	eventually(t, "the newest checkpoint by way of the township", func() bool {
		s := f.Status()
		return s.Checkpoint == mustHead(t, r.Hub().Store) && s.UnprovedSince == 0
	})
	village.Pull(r.Hub())
	tables := []string{"entries", "items", "staff", "nodes"}
	if got, want := storetest.Dump(t, st, tables...), storetest.Dump(t, village.Store, tables...); got != want {
		t.Errorf("the village's state differs:\n%s\nwant\n%s", got, want)
	}
}

// Lines that come and go at any moment while entries are made lose nothing and
// bring nothing twice.
func TestMovesAtAnyEntry(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, countyURL := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: 5 * time.Millisecond, PageBytes: 1})
	townLine := newProxy(t, countyURL, nil)
	townFollower, _ := run(t, town.Store, FollowerOptions{Upstreams: []Upstream{countyUp(t, townLine.url(), town.Store)}})
	_, townURL := serve(t, town.Store, ServerOptions{County: townFollower, Heartbeat: 5 * time.Millisecond, PageBytes: 1})
	lines := []*proxy{townLine, newProxy(t, townURL, nil), newProxy(t, countyURL, nil)}
	st := replica(t, village)
	f, _ := run(t, st, FollowerOptions{Probe: 5 * time.Millisecond, Stale: 30 * time.Millisecond, Silence: 5 * time.Second,
		Upstreams: []Upstream{upstream(t, "town", lines[1].url(), node.Township, st), countyUp(t, lines[2].url(), st)}})
	random := rand.New(seeded(11))
	followed, edition := map[string]bool{}, 2
	for n := range 60 {
		lines[random.IntN(3)].set(random.IntN(2) == 0)
		if n%3 == 0 {
			village.Submit("TB-YBJ-003")
			village.Push(r.Hub())
		} else {
			r.change(edition)
			edition++
		}
		followed[f.Status().Upstream] = true
		if n%10 == 9 {
			for _, l := range lines {
				l.set(false)
			}
			reaches(t, st, mustHead(t, r.Hub().Store))
		}
	}
	village.Pull(r.Hub())
	tables := []string{"items", "cases", "staff", "nodes"}
	if got, want := storetest.Dump(t, st, tables...), storetest.Dump(t, village.Store, tables...); got != want {
		t.Errorf("the village's state differs:\n%s\nwant\n%s", got, want)
	}
	got, err := st.Count(context.Background(), "")
	want, err2 := village.Count(context.Background(), "")
	if err != nil || err2 != nil || got.Records != want.Records || got.HandedIn != 20 {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if s := f.Status(); len(s.Blocked) != 0 || s.Unverified > 1 {
		t.Errorf("status %+v", s)
	}
	t.Logf("followed %v", followed)
}

// With nobody else to follow, a township that has lost the county is better
// than nothing.
func TestMakesDoWithStaleTownship(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, townURL := serve(t, town.Store, ServerOptions{County: NewFollower(town.Store, FollowerOptions{Trust: r.keys.Trust})})
	_, countyURL := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	countyLine := newProxy(t, countyURL, nil)
	countyLine.set(true)
	st := replica(t, village)
	f, _ := run(t, st, FollowerOptions{Probe: 10 * time.Millisecond,
		Upstreams: []Upstream{upstream(t, "town", townURL, node.Township, st), countyUp(t, countyLine.url(), st)}})
	reaches(t, st, mustCursor(t, town.Store))
	if s := f.Status(); s.Upstream != "town" || s.Checkpoint != 0 || s.SkewKnown {
		t.Errorf("status %+v", s)
	}
	countyLine.set(false)
	eventually(t, "the county to be preferred", func() bool { return f.Status().Upstream == "county-1" })
}

// A database restored from an old copy does not know what it sent; it gets
// its own entries back.
func TestRestoredOldCopyIsFilled(t *testing.T) {
	r := newRealm(t)
	village := r.Village(villageA)
	st := replica(t, village)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	o := FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}}
	_, stop := run(t, st, o)
	reaches(t, st, mustHead(t, r.Hub().Store))
	stop()

	opened := village.Submit("TB-MZJ-004")
	r.Settle()
	f, _ := run(t, st, o)
	reaches(t, st, mustHead(t, r.Hub().Store))
	e, err := st.Entry(context.Background(), opened.ID)
	if err != nil || e.Index == 0 {
		t.Fatalf("the lost entry: %+v, %v", e, err)
	}
	eventually(t, "the ordinary feed", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return !f.full })
}

// A follower's own entries come back as confirmations, pushed as well as read
// from the database.
func TestConfirmsOwnEntries(t *testing.T) {
	r := newRealm(t)
	village := r.Village(villageA)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	run(t, village.Store, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, village.Store)}})
	for range 3 {
		opened := village.Submit("TB-MZJ-004")
		village.Push(r.Hub())
		eventually(t, "the confirmation", func() bool {
			e, err := village.Store.Entry(context.Background(), opened.ID)
			return err == nil && e.Index > 0
		})
	}
	if o, err := village.OutboxStats(context.Background()); err != nil || o.Length != 0 {
		t.Errorf("outbox %+v, %v", o, err)
	}
}

func TestSilenceEndsConnection(t *testing.T) {
	r := newRealm(t)
	clock := newManual(storetest.Beginning)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(clock), Clock: clock})
	st := replica(t, r.Village(villageA))
	followerClock := newManual(storetest.Beginning)
	f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}, Clock: followerClock})
	reaches(t, st, mustHead(t, r.Hub().Store))
	eventually(t, "the silence to be noticed", func() bool {
		followerClock.Advance(5 * time.Second) // the server's clock stands still
		return failedWith(f, ErrSilent)
	})
	eventually(t, "a new connection", func() bool {
		followerClock.Advance(100 * time.Millisecond)
		return f.Status().Upstream != ""
	})
}

// Clocks are compared by what a heartbeat says and how long it took.
func TestSkew(t *testing.T) {
	r := newRealm(t)
	hubClock, own := newManual(storetest.Beginning), newManual(storetest.Beginning.Add(90*time.Second))
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(hubClock), Clock: hubClock})
	st := replica(t, r.Village(villageA))
	f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}, Clock: own})
	reaches(t, st, mustHead(t, r.Hub().Store))
	if skew, known := f.Skew(); !known || skew != 90*time.Second || !f.Status().SkewWarning {
		t.Errorf("skew %s, %v; %+v", skew, known, f.Status())
	}
	if s := f.Sighting(); !s.TimeKnown || !s.Time.Equal(hubClock.Now()) {
		t.Errorf("the county's time is %s, told %s", hubClock.Now(), s.Time)
	}

	var m skewMeter
	at := storetest.Beginning
	m.open(at, at.Add(time.Second), at.Add(2*time.Second)) // a round trip of 2 s: in step
	m.add(at.Add(10*time.Second), at.Add(19*time.Second))  // held up for long on the way
	if skew, _ := m.estimate(); skew != 0 {
		t.Errorf("skew %s", skew)
	}
	for i := range skewSamples {
		sent := at.Add(time.Duration(20+10*i) * time.Second)
		m.add(sent, sent.Add(-30*time.Second+time.Second)) // somebody set the clock back
	}
	if skew, _ := m.estimate(); skew != -30*time.Second {
		t.Errorf("skew %s after the clock was set", skew)
	}
}
