package feed

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store/storetest"
)

// Checkpoints made with keys that are not known here: judged once the chain of
// keys was had, refused when it is forged or does not name them, and waiting
// while nobody can tell it.
func TestKeysNotKnownYet(t *testing.T) {
	r := newRealm(t)
	ctx := context.Background()
	next, err := sharedKeys().Rotate(seeded(2), storetest.Beginning)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.Hub().Tree(ctx, mustHead(t, r.Hub().Store))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := next.SignCheckpoint(tree, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, strangeNote, _ := note(t, r, 99)
	village := r.Village(villageA)
	away, forgedChain := errors.New("away"), fmt.Errorf("bundle 2: %w", trust.ErrSignature)

	for name, c := range map[string]struct {
		note string
		// what the township and the county answer; nil for the true chain
		township, county error
		want             error
		accepted         bool
		waits            bool
	}{
		"told by the township":        {note: string(signed), accepted: true},
		"told by the county":          {note: string(signed), township: away, accepted: true},
		"a township that forges":      {note: string(signed), township: forgedChain, accepted: true},
		"told by nobody":              {note: string(signed), township: away, county: away, waits: true},
		"forged, the county away":     {note: string(signed), township: forgedChain, county: away, want: ErrSignature},
		"forged everywhere":           {note: string(signed), township: forgedChain, county: forgedChain, want: ErrSignature},
		"a key that is in no bundle":  {note: strangeNote, want: ErrSignature},
		"a stranger, nobody to judge": {note: strangeNote, township: away, county: away, waits: true},
	} {
		t.Run(name, func(t *testing.T) {
			known := sharedKeys().Trust()
			clock := newManual(storetest.Beginning)
			asked := 0
			o := FollowerOptions{Clock: clock, Upstreams: []Upstream{{Name: "township", Tier: "township"}, {Name: "county", Tier: "county"}},
				Trust: func() trust.CountyTrust { return known },
				Renew: func(_ context.Context, from Upstream) error {
					asked++
					err := map[string]error{"township": c.township, "county": c.county}[from.Name]
					if err == nil {
						known = next.Trust()
					}
					return err
				}}.withDefaults()
			w := newWitness(village.Store, o)
			err := w.accept(ctx, "township", Link{Note: c.note}, noProver, noProver)
			size, since := w.standing()
			if !errors.Is(err, c.want) || size > 0 != c.accepted || since > 0 != c.waits {
				t.Fatalf("%v, size %d, waits since %d", err, size, since)
			}
			if c.accepted {
				return
			}
			before := asked
			again := w.accept(ctx, "township", Link{Note: c.note}, noProver, noProver)
			if !errors.Is(again, c.want) {
				t.Errorf("the second: %v", again)
			}
			if c.note != strangeNote && asked != before {
				t.Errorf("asked again at once")
			}
			clock.Advance(renewRetry)
			c.township = nil
			if err := w.accept(ctx, "township", Link{Note: c.note}, noProver, noProver); (err == nil) != (c.note != strangeNote) {
				t.Errorf("with the chain to be had: %v", err)
			}
		})
	}
}

// While the keys cannot be had, entries go on being followed.
func TestFollowsWithoutKeys(t *testing.T) {
	r := newRealm(t)
	next, err := sharedKeys().Rotate(seeded(3), storetest.Beginning)
	if err != nil {
		t.Fatal(err)
	}
	hub := r.Hub().Store
	rotated := NewLedger(hub, Signer{Store: hub, Keys: next, Now: time.Now}, LedgerOptions{Every: time.Nanosecond})
	_, url := serve(t, hub, ServerOptions{County: rotated, Heartbeat: 5 * time.Millisecond})
	st := replica(t, r.Village(villageA))
	var known atomic.Pointer[trust.CountyTrust]
	old := sharedKeys().Trust()
	known.Store(&old)
	f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}, Trust: func() trust.CountyTrust { return *known.Load() },
		Renew: func(context.Context, Upstream) error { return errors.New("away") }})
	r.change(2)
	reaches(t, st, mustHead(t, hub))
	eventually(t, "the missing proof to show", func() bool { s := f.Status(); return s.Upstream != "" && s.UnprovedSince > 0 && s.Checkpoint == 0 })
	renewed := next.Trust()
	known.Store(&renewed) // the feed brought it
	eventually(t, "the checkpoint of a county in which nothing happens", func() bool { s := f.Status(); return s.Checkpoint == mustHead(t, hub) && s.UnprovedSince == 0 })
	r.change(3)
	eventually(t, "the checkpoint", func() bool { s := f.Status(); return s.Checkpoint == mustHead(t, hub) && s.UnprovedSince == 0 })
}

// A connection that was given up while it asked says nothing of those asked.
func TestAskingGivenUp(t *testing.T) {
	r := newRealm(t)
	asked := 0
	keys := &renewal{ups: []Upstream{{Name: "county", Tier: "county"}}, trust: r.keys.Trust, clock: newManual(storetest.Beginning),
		ask: func(ctx context.Context, _ Upstream) error { asked++; return ctx.Err() }}
	given, up := context.WithCancel(context.Background())
	up()
	if err := keys.renew(given, "county"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for range 2 {
		if err := keys.renew(context.Background(), "county"); err != nil || asked != 2 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	}
}

func TestStrange(t *testing.T) {
	if !strange(ErrUnreachable.Because(fmt.Errorf("dial: %w", x509.UnknownAuthorityError{}))) || strange(ErrUnreachable) || strange(nil) {
		t.Error("an unknown authority is not told from a line that is down")
	}
}
