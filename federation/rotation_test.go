package federation_test

import (
	"fmt"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// rotate changes the county's keys, and has the ledger grow under the new ones.
func rotate(t *testing.T, f *federationtest.Federation, times int) {
	t.Helper()
	hub := f.Leader()
	for i := range times {
		if _, err := hub.RotateCountyKeys(t.Context(), f.Operator(), ""); err != nil {
			t.Fatal(err)
		}
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: f.Village(0).ID, Name: fmt.Sprintf("更名 %d", i)})
		f.Eventually("the hubs to have the new keys", func() bool {
			for _, h := range f.Hubs() {
				if h.Trust().Serial < int64(i+2) {
					return false
				}
			}
			return true
		})
	}
}

// provesWithNewKeys waits until a node has a checkpoint of all of the ledger,
// and finds nothing wrong.
func provesWithNewKeys(t *testing.T, f *federationtest.Federation, n *federationtest.Node, serial int64) {
	t.Helper()
	f.Eventually(n.ID+" to verify checkpoints made with the new keys", func() bool {
		head, err := f.Hub().Store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s, ok := n.Following()
		return ok && s.Upstream != "" && s.Checkpoint == head && s.UnprovedSince == 0 && n.Trust().Serial == serial
	})
	r, err := n.Report(t.Context())
	if err != nil || r.ProblemCode != "" || !r.LineUp {
		t.Errorf("%s: %+v, %v", n.ID, r, err)
	}
	if raw, err := n.Store.Setting(t.Context(), "feed.evidence.checkpoint"); err != nil || raw != "" {
		t.Errorf("%s accuses the county: %s, %v", n.ID, raw, err)
	}
}

// A village sleeps through two rotations of the county's keys: it learns of
// them by the chain, follows on, and knows them after a restart too.
func TestRotationsMissedByAVillage(t *testing.T) {
	for name, cut := range map[string][][2]string{
		"line down":                 {{"village-330523110200-1", "*"}},
		"only the township reached": {{"village-330523110200-1", "*"}, {"township-330523110-1", "*"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{})
			village, town := f.Village(0), f.Township(0)
			for _, c := range cut {
				f.Cut(c[0], c[1])
			}
			waiting := f.Submit(village, "TB-MZJ-004")
			rotate(t, f, 2)
			if len(cut) > 1 {
				f.Heal(village.ID, town.ID)
				f.Heal(town.ID, "*")
				f.Cut(village.ID, f.Hub().ID)
			} else {
				f.Heal(village.ID, "*")
			}
			f.Settle()
			provesWithNewKeys(t, f, village, 3)
			provesWithNewKeys(t, f, town, 3)
			f.Case(f.Hub(), waiting.ID)

			f.Restart(village)
			if village.Trust().Serial != 3 {
				t.Errorf("after a restart the village knows bundle %d", village.Trust().Serial)
			}
			f.Submit(village, "TB-MZJ-004")
			f.Settle()
			provesWithNewKeys(t, f, village, 3)
		})
	}
}

// A village PC that was off, and is off again as soon as it has heard of the
// new keys: what it kept of checkpoints stays readable.
func TestRotationMissedByAVillageThatWasOff(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	village := f.Village(0)
	f.Kill(village)
	rotate(t, f, 2)
	f.Restart(village)
	f.Eventually("the keys", func() bool { return village.Trust().Serial == 3 })
	f.Cut(village.ID, "*")
	f.Restart(village)
	if village.Trust().Serial != 3 {
		t.Errorf("after a restart without a line it knows bundle %d", village.Trust().Serial)
	}
	f.Heal(village.ID, "*")
	f.Settle()
	provesWithNewKeys(t, f, village, 3)
}

// A village that was away meets a township enrolled since, whose certificate
// the new authority made.
func TestRotationMissedAndTownshipReplaced(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town := f.Village(0), f.Township(0)
	f.Settle()
	f.Cut(village.ID, "*")
	rotate(t, f, 1)
	fresh := f.Replace(town, "township-330523110-2")
	f.Heal(village.ID, fresh.ID)
	f.CaughtUp()
	provesWithNewKeys(t, f, village, 2)
	c := f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village, fresh)
	if v, err := f.Hub().Store.Entry(t.Context(), c.ID); err != nil || v.Status != ledger.Applied {
		t.Errorf("%+v, %v", v, err)
	}
}

// Two rotations one right after the other lose no keys.
func TestRotateTwiceAtOnce(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	for range 2 {
		r, err := f.Hub().RotateCountyKeys(t.Context(), f.Operator(), "")
		if err != nil || r.Status != store.Recorded {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	f.Settle()
	provesWithNewKeys(t, f, f.Village(0), 3)
	f.Restart(f.Hub())
	f.Enrol("village-330523110201-1", "330523110201")
	f.CaughtUp()
}
