package federation_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// acceptances are the entries of a case that accept it, as a node has them.
func acceptances(t *testing.T, n *federationtest.Node, id string) (stand, all int) {
	t.Helper()
	entries, err := n.Store.Timeline(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == ledger.CaseAccept {
			all++
			if e.Status == ledger.Applied {
				stand++
			}
		}
	}
	return stand, all
}

// Licence law art. 32 no. 4: what nobody was told of in time is accepted by the
// node that holds it, exactly once, however often hubs change their leader and
// nodes stop and start; the village's with the line down.
func TestDeemedExactlyOnce(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3, DeemEvery: 50 * time.Millisecond})
	village, town := f.Village(0), f.Township(0)
	atVillage := f.Submit(village, "TB-MZJ-004")  // the village accepts
	atTownship := f.Submit(village, "TB-YBJ-003") // the township passes it on
	hub := f.Leader()
	atCounty := f.Submit(hub, "TB-YBJ-003") // a window accepts
	told := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	if _, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), told.ID, &ledger.CaseRequestSupplementV1{
		Points: []ledger.SupplementPoint{{Material: f.Item("TB-MZJ-004").Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新复印"}}}); err != nil {
		t.Fatal(err)
	}
	f.Settle()
	f.Cut(village.ID, "*")
	for range 6 { // the last day is 2026-11-30
		f.Advance(24 * time.Hour)
	}
	if _, all := acceptances(t, village, atVillage.ID); all != 0 {
		t.Fatal("accepted before the limit")
	}
	for _, d := range []time.Duration{24 * time.Hour, 24 * time.Hour} {
		f.Advance(d)
		for range 3 {
			leader := f.Leader()
			f.Kill(leader)
			f.Leader()
			f.Restart(leader)
		}
		f.Restart(town)
		f.Restart(village)
	}
	f.Eventually("the village to accept with the line down", func() bool { return f.Case(village, atVillage.ID).Status == casework.Accepted })
	f.HealAll()
	f.Eventually("the others to be accepted", func() bool {
		return f.Case(f.Leader(), atCounty.ID).Status == casework.Accepted && f.Case(town, atTownship.ID).Status == casework.Accepted
	})
	f.Settle()
	for _, n := range []*federationtest.Node{f.Leader(), town, village} {
		for _, c := range []*casework.Case{atVillage, atTownship, atCounty, told} {
			if c == atCounty && n.Hub() == nil {
				continue // the county's own
			}
			want := 1
			if c == told {
				want = 0
			}
			if stand, all := acceptances(t, n, c.ID); stand != want || all != want {
				t.Errorf("at %s case %s was accepted %d times, %d stand, want %d", n.ID, c.ID, all, stand, want)
			}
			if got := f.Case(n, c.ID); want == 1 && (got.AcceptedOn.String() != "2026-11-23" || got.AcceptedBy.Role != identity.System) {
				t.Errorf("at %s: %+v", n.ID, got)
			}
		}
	}
}
