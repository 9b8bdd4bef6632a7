package federation_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

func TestMain(m *testing.M) {
	// A hub that goes down leaves the one goroutine of a proposal that raft
	// took and never answers (see county.Hub.await).
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/tongban/tongban/federation/county.(*Hub).await.func1"))
}

// The main job: a village hands cases in while its line is down; they come up
// when it heals, are worked on at every tier, and the outcome comes back.
func TestMainJob(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()

	f.Cut(village.ID, "*")
	var ids []string
	for range 3 {
		c := f.Submit(village, "TB-MZJ-004")
		ids = append(ids, c.ID)
		if c.Number == "" || f.Word(village, c.ID) != "here" {
			t.Errorf("case %q is %s", c.Number, f.Word(village, c.ID))
		}
	}
	f.Act(village, ids[0], ledger.VerbAccept)
	if stats := f.Outbox(village); stats.Unsent != 4 {
		t.Errorf("outbox %+v", stats)
	}

	// The township cannot reach the county: it has the cases, the county not.
	f.Cut(town.ID, "county-1")
	f.Cut(village.ID, "county-1")
	f.Heal(village.ID, town.ID)
	f.Eventually("the township's word", func() bool { return f.Word(village, ids[2]) == "township" })
	f.Waits(town, ids[0], ledger.VerbPreReview)
	f.Act(town, ids[0], ledger.VerbPreReview)
	if _, err := hub.Store.Case(t.Context(), ids[0]); err == nil {
		t.Error("the county has what it was never sent")
	}

	f.Heal("*", "*")
	f.Confirmed(village, town)
	for _, id := range ids {
		if word := f.Word(village, id); word != "confirmed" {
			t.Errorf("case %s is %s at the village", id, word)
		}
	}
	f.Waits(hub, ids[0], ledger.VerbDecide)
	f.Act(hub, ids[0], ledger.VerbDecide)
	f.Act(hub, ids[0], ledger.VerbIssue)
	f.Waits(village, ids[0], ledger.VerbDeliver)
	f.Act(village, ids[0], ledger.VerbDeliver)
	f.Confirmed(village)
	f.CaughtUp()
	for _, n := range f.Nodes() {
		if c := f.Case(n, ids[0]); c.Status != casework.Closed {
			t.Errorf("at %s the case is %s", n.ID, c.Status)
		}
	}
}

// While the county is out of reach of both, the village sees what its township
// decides and hands the result over; the county learns of all of it later.
func TestVillageSeesItsTownshipDecide(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Cut("*", hub.ID)
	c := f.Submit(village, "TB-XZRZ-005")
	for {
		step, _ := f.Case(village, c.ID).Current()
		if step.Tier == village.Tier() {
			f.Act(village, c.ID, step.Verb)
			continue
		}
		break
	}
	f.Waits(town, c.ID, ledger.VerbDecide)
	f.Act(town, c.ID, ledger.VerbDecide)
	issued := f.Act(town, c.ID, ledger.VerbIssue)
	f.Waits(village, c.ID, ledger.VerbDeliver)
	if got := f.Case(village, c.ID); got.Status != casework.Issued || got.Head != issued.Head {
		t.Errorf("the village has it %s at %s", got.Status, got.Head)
	}
	if word := f.Word(village, issued.Head); word != "township" {
		t.Errorf("the township's word is said to be %s", word)
	}
	if n, err := village.Store.Count(t.Context(), town.ID); err != nil || n.Outbox != 0 {
		t.Errorf("the village would send on its township's entries: %+v, %v", n, err)
	}
	f.Act(village, c.ID, ledger.VerbDeliver)

	f.Heal("*", "*")
	f.Settle()
	for _, n := range f.Nodes() {
		if got := f.Case(n, c.ID); got.Status != casework.Closed {
			t.Errorf("at %s it is %s", n.ID, got.Status)
		}
		timeline, err := n.Store.Timeline(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range timeline {
			if e.Index == 0 || e.Status != ledger.Applied {
				t.Errorf("at %s %s of %s is %s, index %d", n.ID, e.Kind, e.Origin, e.Status, e.Index)
			}
		}
		if list := f.Attention(n); len(list) != 0 {
			t.Errorf("attention at %s: %+v", n.ID, list)
		}
	}
}

// A case that the county accepts goes through every hand there is: collected
// at the village, relayed by the township, and at the county the window, the
// reviewer and the leader; the village hands the result over.
//
// Rules: 4.10.
func TestThroughEveryHand(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Cut(village.ID, "*")
	c := f.Submit(village, "TB-YBJ-003")
	f.Heal(village.ID, "*")
	for _, step := range []struct {
		at   *federationtest.Node
		verb ledger.Verb
	}{
		{town, ledger.VerbRelay}, {hub, ledger.VerbAccept}, {hub, ledger.VerbReview}, {hub, ledger.VerbDecide}, {hub, ledger.VerbIssue}, {village, ledger.VerbDeliver},
	} {
		f.Waits(step.at, c.ID, step.verb)
		f.Act(step.at, c.ID, step.verb)
	}
	f.Settle()
	for _, n := range f.Nodes() {
		if got := f.Case(n, c.ID); got.Status != casework.Closed {
			t.Errorf("at %s it is %s", n.ID, got.Status)
		}
	}
}
