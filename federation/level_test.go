package federation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// TestRaiseLevel: a level is opened when every node in good standing has said
// that it reads it, or is named as one that cannot.
func TestRaiseLevel(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Villages: nil, Hubs: 3})
	village, hub := f.Village(0), f.Hub()
	next := ledger.Level + 1
	raise := func(even ...string) ([]string, error) {
		_, err := hub.RaiseLevel(t.Context(), f.Operator(), next, even, "")
		var no *store.Refused
		var paths []string
		if errors.As(err, &no) {
			for _, fault := range no.Faults {
				paths = append(paths, fault.Path)
			}
		}
		return paths, err
	}
	if _, err := raise(); refusedAs(err) != "level_unknown" {
		t.Fatalf("raised to what this program does not read: %v", err)
	}
	heard := func(level int, of ...*federationtest.Node) {
		t.Helper()
		f.Eventually("the reports", func() bool {
			_, readers, err := hub.Levels(t.Context())
			must(t, err)
			for _, r := range readers {
				for _, n := range of {
					if r.Node.Node == n.ID && r.Level != level {
						return false
					}
				}
			}
			return true
		})
	}
	heard(ledger.Level, f.Nodes()...)
	f.Kill(village)
	last := f.Hubs()[2]
	for _, n := range append(f.Hubs()[:2], f.Township(0)) {
		n.Reads(next)
	}
	f.Eventually("a hub to be waited for, whoever is named", func() bool {
		paths, err := raise(village.ID, last.ID)
		return refusedAs(err) == "level_unread" && len(paths) == 1 && paths[0] == last.ID
	})
	want := fmt.Sprintf("raise-level %d", next)
	told := func() bool {
		reasons, err := hub.Health(t.Context())
		must(t, err)
		return slices.ContainsFunc(reasons, func(r federation.Reason) bool {
			return r.Code == "level_behind" && !r.Stops && strings.Contains(r.ZH, want) && strings.Contains(r.EN, want)
		})
	}
	if told() {
		t.Error("reminded of a level that one hub cannot do")
	}
	last.Reads(next)
	f.Eventually("the hub to remind of the level", told)
	f.Eventually("all others to report", func() bool {
		paths, err := raise()
		return refusedAs(err) == "level_unread" && len(paths) == 1 && paths[0] == village.ID
	})
	if _, err := raise("village-330523110201-1"); refusedAs(err) != "level_unread" {
		t.Errorf("raised although somebody else was named: %v", err)
	}
	if _, err := raise(village.ID); err != nil {
		t.Fatal(err)
	}
	if told() {
		t.Error("reminded of a level that is in force")
	}
	if level, _, err := hub.Levels(t.Context()); err != nil || level != next {
		t.Errorf("level %d, %v", level, err)
	}
	if _, err := raise(); refusedAs(err) != "level_reached" {
		t.Errorf("raised twice: %v", err)
	}
	if _, err := f.TryDo(hub, f.Operator(), "", &ledger.LevelRaiseV1{Level: 1}); refusedAs(err) != "level_reached" {
		t.Errorf("lowered: %v", err)
	}
	// Whoever was not waited for follows no more, and says why; the others go on.
	f.CaughtUp()
	f.Restart(village)
	ails(t, f, village, "needs_newer", false)
	if code := problem(t, f.Township(0)); code != "" {
		t.Errorf("the township that reads the level says %s", code)
	}
}
