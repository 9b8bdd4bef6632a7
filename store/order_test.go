package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// told is a case's timeline at a node: "submit accept".
func told(t *testing.T, n *storetest.Node, id string) string {
	t.Helper()
	entries, err := n.Timeline(ctx, id)
	must(t, err)
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, strings.TrimPrefix(string(e.Kind), "case."))
	}
	return strings.Join(kinds, " ")
}

func wantTold(t *testing.T, id, want string, nodes ...*storetest.Node) {
	t.Helper()
	for _, n := range nodes {
		if got := told(t, n, id); got != want {
			t.Errorf("%s tells %q, want %q", n.ID(), got, want)
		}
	}
}

// skewed is a county whose village is 150 s fast and whose township half an hour
// slow.
func skewed(t *testing.T) (c *storetest.County, village, townNode, hub *storetest.Node) {
	c = storetest.NewCounty(t)
	village, townNode, hub = c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	village.SkewMS, village.KnownSkewMS = 150_000, 150_000
	townNode.SkewMS, townNode.KnownSkewMS = -1_800_000, -1_800_000
	return c, village, townNode, hub
}

// What follows stands below what it followed, whatever the clocks say: while the
// county has not confirmed it, and alike everywhere when it has.
func TestTimelineFollowsNoClock(t *testing.T) {
	c, village, townNode, hub := skewed(t)
	opened := village.Submit(birth)
	c.Clock.Advance(time.Second)
	village.Advance(opened.ID)
	c.Clock.Advance(time.Second)
	wantTold(t, opened.ID, "submit accept", village)
	village.Push(townNode)
	townNode.Advance(opened.ID)
	c.Clock.Advance(time.Second)
	wantTold(t, opened.ID, "submit accept decide", townNode)
	village.Push(hub)
	townNode.Pull(hub)
	townNode.Advance(opened.ID)
	c.Clock.Advance(time.Second)
	// What the county confirmed, and upon it what it did not.
	wantTold(t, opened.ID, "submit accept decide issue", townNode)
	c.Settle()
	wantTold(t, opened.ID, "submit accept decide issue", hub, townNode, village)
	entries, err := hub.Timeline(ctx, opened.ID)
	must(t, err)
	for _, e := range entries {
		if want := map[string]int64{village.ID(): 150_000, townNode.ID(): -1_800_000}[e.Origin]; e.SkewMS != want {
			t.Errorf("%s of %s is %d ms off, want %d", e.Kind, e.Origin, e.SkewMS, want)
		}
	}
}

// What a line held up comes to stand where it belongs. A step that overtook the
// one before it waits at the county, and is told after it; a remark that was
// made with the line down follows what its node had done before, and stands
// where the county heard of it.
func TestTimelineOfWhatWasHeldUp(t *testing.T) {
	c, village, townNode, hub := skewed(t)
	opened := village.Submit(birth)
	village.Advance(opened.ID)
	_, err := village.Step(opened.ID, &ledger.CaseCommentV1{Text: "群众问：何时可取"})
	must(t, err)
	c.Clock.Advance(time.Minute)
	townNode.Take(own(t, village)[:2]...)
	townNode.Advance(opened.ID)
	wantTold(t, opened.ID, "submit accept decide", townNode)
	wantTold(t, opened.ID, "submit accept comment", village)

	hub.Take(own(t, village)[0])
	if got := storetest.Codes(hub.Take(own(t, townNode)...)); got != "recorded waiting" {
		t.Fatal(got)
	}
	hub.MustDo(hub.Actor(identity.Supervisor), &ledger.CaseCommentV1{Text: "请关注"}, storetest.About{Case: opened.ID, Scope: opened.Division})
	wantTold(t, opened.ID, "submit decide comment", hub)
	if got := storetest.Codes(hub.Take(own(t, village)[1])); got != "recorded applied" {
		t.Fatal(got)
	}
	wantTold(t, opened.ID, "submit accept decide comment", hub)
	// The village learns of it all, and its own remark is still on its way.
	village.Pull(hub)
	wantTold(t, opened.ID, "submit accept decide comment comment", village)
	c.Settle()
	wantTold(t, opened.ID, "submit accept decide comment comment", hub, townNode, village)
	entries, err := hub.Timeline(ctx, opened.ID)
	must(t, err)
	if last := entries[len(entries)-1]; last.Origin != village.ID() {
		t.Errorf("the last remark is %s's", last.Origin)
	}
}

// A joint matter and its cases are told as one, and what their windows found in
// the order in which they found it.
func TestTimelineOfAJointMatterFollowsNoClock(t *testing.T) {
	c := joints(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	village.SkewMS, village.KnownSkewMS = 150_000, 150_000
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	born := member(t, opened, birth)
	c.Clock.Advance(time.Second)
	village.Advance(born)
	c.Settle()
	c.Clock.Advance(time.Second)
	townNode.Advance(born)
	townNode.Advance(born)
	c.Settle()
	wantTold(t, born, "package.submit accept decide issue", village, townNode, hub)
}

func TestFindingsAndUrgesFollowNoClock(t *testing.T) {
	c := joints(t)
	village := c.Village(here)
	c.Settle()
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	born := member(t, opened, birth)
	point := ledger.SupplementPoint{Material: c.Item(birth).Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新扫描"}
	village.SkewMS = 150_000
	_, err := village.Step(born, &ledger.PackageFindingV1{Points: []ledger.SupplementPoint{point}})
	must(t, err)
	village.SkewMS = 0 // its clock was set
	c.Clock.Advance(time.Second)
	_, err = village.Step(born, &ledger.PackageFindingV1{Complete: true})
	must(t, err)
	found, err := village.Findings(ctx, opened)
	if err != nil || len(found) != 2 || len(found[0].Points) != 1 || len(found[1].Points) != 0 {
		t.Errorf("%+v, %v", found, err)
	}

	w := newWatched(t)
	desk, hub := ledger.Desk{Division: town, Verb: ledger.VerbDecide}, w.hub
	hub.SkewMS = 150_000 // that hub led then
	w.must(t, hub, w.supervisor, &ledger.CaseUrgeV1{Desk: desk, Text: "一"})
	hub.SkewMS = 0
	w.must(t, hub, w.supervisor, &ledger.CaseUrgeV1{Desk: desk, Text: "二"})
	urges, err := hub.Urges(ctx, w.id)
	if err != nil || len(urges) != 2 || !strings.Contains(string(urges[0].Body), "一") {
		t.Errorf("%+v, %v", urges, err)
	}
}

// Whatever was sent how: causes first, the county's order where it can be, and
// no say for clocks or for the order of reading.
func TestOrderOfEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "entries")
		indexes := rapid.Permutation(slices.Collect(func(yield func(uint64) bool) {
			for i := range n {
				if !yield(uint64(i + 1)) {
					return
				}
			}
		})).Draw(t, "indexes")
		confirmed := uint64(rapid.IntRange(0, n).Draw(t, "confirmed"))
		seqs := map[string]uint64{}
		var made []store.EntryView // in the order in which it happened
		chain := ""
		for i := range n {
			e := ledger.Entry{ID: fmt.Sprint("e", i), Case: "e0", Kind: ledger.CaseComment, OccurredAt: rapid.Int64Range(1, 1000).Draw(t, "clock")}
			e.Origin = rapid.SampledFrom([]string{"hub", "town", "village"}).Draw(t, "origin")
			if e.Origin != "hub" {
				seqs[e.Origin]++
				e.Seq = seqs[e.Origin]
			}
			if i == 0 || rapid.Bool().Draw(t, "step") {
				e.Prev, chain = chain, e.ID
			}
			v := store.EntryView{Entry: e, Index: indexes[i]}
			if v.Index > confirmed {
				v.Index = 0
			}
			made = append(made, store.WithRow(v, int64(indexes[i])))
		}
		got := store.InOrder(rapid.Permutation(made).Draw(t, "read"))
		place := map[string]int{}
		for i, e := range got {
			place[e.ID] = i
		}
		if len(place) != n || got[0].ID != "e0" {
			t.Fatalf("%d of %d, first %s", len(place), n, got[0].ID)
		}
		follows := func(i, k int) bool {
			return made[i].Prev == made[k].ID || made[i].Seq > 0 && made[i].Origin == made[k].Origin && made[i].Seq > made[k].Seq
		}
		inLine := true
		for i := range made {
			for k := range made {
				if !follows(i, k) {
					continue
				}
				if place[made[i].ID] < place[made[k].ID] {
					t.Fatalf("%s before %s, which it follows", made[i].ID, made[k].ID)
				}
				inLine = inLine && indexes[i] > indexes[k]
			}
		}
		if again := store.InOrder(made); !slices.EqualFunc(again, got, func(a, b store.EntryView) bool { return a.ID == b.ID }) {
			t.Fatalf("read otherwise: %v, %v", again, got)
		}
		if !inLine || indexes[0] != 1 {
			return
		}
		// Nothing overtook anything: the county's order, then what it has not got.
		at := slices.Clone(made)
		slices.SortFunc(at, func(a, b store.EntryView) int {
			return int(indexes[slices.IndexFunc(made, is(a))]) - int(indexes[slices.IndexFunc(made, is(b))])
		})
		for i := range at {
			if got[i].ID != at[i].ID {
				t.Fatalf("%d is %s, want %s", i, got[i].ID, at[i].ID)
			}
		}
	})
}

func is(e store.EntryView) func(store.EntryView) bool {
	return func(o store.EntryView) bool { return o.ID == e.ID }
}

// Entries that name each other as the previous one end no reading.
func TestOrderOfEntriesThatGoInCircles(t *testing.T) {
	entry := func(id, prev string, index uint64) store.EntryView {
		return store.EntryView{Entry: ledger.Entry{ID: id, Case: "a", Prev: prev}, Index: index}
	}
	got := store.InOrder([]store.EntryView{entry("c", "b", 3), entry("b", "c", 2), entry("a", "", 1)})
	if len(got) != 3 || got[0].ID != "a" {
		t.Errorf("%+v", got)
	}
}
