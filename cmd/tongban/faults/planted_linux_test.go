package faults

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A test that stays green over a bug is none: each is run, as short as it
// gets, against a bug that it has to find.
func TestPlantedBugsAreFound(t *testing.T) {
	const brief = 2 * time.Second
	for _, row := range []struct {
		name, bug string
		at        []string // tiers of the nodes that have it
		run       func(context.Context, *county) (*verdict, error)
		finds     func(*verdict) []string
		slow      bool // run with the large numbers only: a minute, and its bug or its way of failing is in another row too
	}{
		{"killed village, its outbox forgets entries", "outbox", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			k, err := killVillage(ctx, c, 2, 500*time.Millisecond, brief)
			return k.found(), err
		}, func(v *verdict) []string { return v.Lost }, true},
		{"killed village, its log is removed as litter", "wal", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			k, err := killVillage(ctx, c, 8, 500*time.Millisecond, brief)
			return k.found(), err
		}, lostOrRefused, true},
		{"killed village, keys are not honoured", "keys", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			return killAfterCommit(ctx, c, brief)
		}, func(v *verdict) []string { return v.Duplicated }, false},
		{"a line that flaps, the outbox forgets entries", "outbox", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			p := &parting{cases: 12, flaps: true}
			err := p.run(ctx, c, brief)
			return p.verdict, err
		}, func(v *verdict) []string { return v.Lost }, false},
		{"named points, the outbox forgets entries", "outbox", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			return killAfterCommit(ctx, c, brief)
		}, func(v *verdict) []string { return v.Lost }, false},
		{"power lost at a village that does not sync", "normal", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			return (&powerLoss{tier: "village", loss: forgotten, times: 1, within: brief}).run(ctx, c)
		}, func(v *verdict) []string { return v.Lost }, false},
		{"writes torn at a village that does not sync", "normal", []string{"village"}, func(ctx context.Context, c *county) (*verdict, error) {
			return (&powerLoss{tier: "village", loss: tornEarly, times: 1, within: brief}).run(ctx, c)
		}, func(v *verdict) []string { return v.Lost }, false},
		{"power lost at all hubs, their logs are not synced", "unsynced", []string{"county-1", "county-2", "county-3"}, func(ctx context.Context, c *county) (*verdict, error) {
			return (&powerLoss{tier: "county", loss: forgotten, times: 1, within: brief}).run(ctx, c)
		}, lostOrRefused, true},
		{"killed hubs, one passes over entries", "skip", []string{"county-3"}, func(ctx context.Context, c *county) (*verdict, error) {
			k, err := killHubs(ctx, c, 1, 0, brief)
			return k.found(), err
		}, func(v *verdict) []string { return v.Diverged }, false},
	} {
		if row.slow && !long {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			template := lone
			if strings.HasPrefix(row.at[0], "county-") {
				template = three
			}
			c := planted(t, template, row.bug, row.at)
			v, err := row.run(t.Context(), c)
			if errors.Is(err, errNoFUSE) {
				t.Skipf("not tested on this machine: %v", err)
			}
			if v == nil && loopback.IsRefused(err, "case_refused") {
				// The county would not have what the village had said was saved: no run
				// without a bug ends so.
				t.Logf("found at once: %v", err)
				return
			}
			if v == nil {
				t.Fatalf("no verdict: %v", err)
			}
			if len(row.finds(v)) == 0 {
				t.Errorf("nothing was found: %s", v)
			}
			t.Logf("%s", v)
		})
	}
}

// lostOrRefused: that a county does not settle so soon is no finding; that a
// node sees its loss and does not start, or does other things under numbers it
// gave out and is stopped for it, is one.
func lostOrRefused(v *verdict) []string {
	found := v.Lost
	for _, u := range v.Unsettled {
		if strings.Contains(u, loopback.ErrEnded.Error()) || strings.Contains(u, forked) {
			found = append(found, u)
		}
	}
	return found
}

func (k *killings) found() *verdict {
	if k == nil {
		return nil
	}
	return k.verdict
}

// planted is a running county whose nodes of some tiers, or of a name, have a
// bug.
func planted(t *testing.T, template func() (string, error), bug string, at []string) *county {
	t.Helper()
	c := stopped(t, template)
	for _, m := range c.nodes {
		for _, a := range at {
			if m.Tier == a || m.ID == a {
				m.bugs = []string{bug}
			}
		}
	}
	if err := c.startAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// killAfterCommit kills a village between the commit and the answer, a few
// times: whoever waits asks again with the same key.
func killAfterCommit(ctx context.Context, c *county, within time.Duration) (*verdict, error) {
	p, err := newPoints(c)
	if err != nil {
		return nil, err
	}
	defer p.o.close()
	p.busy = newTraffic(ctx, p.o)
	p.busy.write(c.village(), 3, 20*time.Millisecond, "cun1", "cun2")
	for range 10 {
		if err := p.serving(ctx, c.village(), "store.record.committed", 2); err != nil {
			return nil, err
		}
	}
	if err := p.busy.end(); err != nil {
		return nil, err
	}
	return judge(ctx, c, p.o, within)
}
