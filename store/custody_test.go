package store_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// handOver is a hand-over of every paper that an office has of a case.
func handOver(t testing.TB, n, to *storetest.Node, id, list string) *ledger.CustodySendV1 {
	t.Helper()
	b := &ledger.CustodySendV1{List: list, From: n.Division(), To: to.Division()}
	for _, p := range papersOf(t, n, id) {
		if p.At == n.Division() {
			b.Papers = append(b.Papers, ledger.MovedPaper{Original: p.Original, After: p.After})
		}
	}
	return b
}

// receive receives all of a hand-over, but for the first paper where it is
// missing.
func receive(n *storetest.Node, sent string, papers []ledger.MovedPaper, firstMissing bool) *ledger.CustodyReceiveV1 {
	b := &ledger.CustodyReceiveV1{Sent: sent, At: n.Division()}
	for i, p := range papers {
		if i == 0 && firstMissing {
			b.Missing = append(b.Missing, ledger.MarkedPaper{Original: p.Original, Note: "袋中没有"})
			continue
		}
		b.Received = append(b.Received, ledger.MarkedPaper{Original: p.Original})
	}
	return b
}

func papersOf(t testing.TB, n *storetest.Node, id string) []custody.Place {
	t.Helper()
	book, err := n.Papers(ctx, id)
	must(t, err)
	return book.Places()
}

func at(t testing.TB, n *storetest.Node, id string) string {
	t.Helper()
	var all []string
	for _, p := range papersOf(t, n, id) {
		where := string(p.At)
		if p.Way != nil {
			where = "→" + string(p.Way.To)
		}
		if p.Missing {
			where += "?"
		}
		all = append(all, where)
	}
	return strings.Join(all, " ")
}

// Papers go from a village to its township with the line down, one is missing,
// and both ends are told; what was not sent is not received.
func TestPapersAreHandedOver(t *testing.T) {
	c := storetest.NewCounty(t)
	village, township := c.Village(here), c.Township(town)
	opened := village.Submit(chronic)
	all := papersOf(t, village, opened.ID)
	if len(all) < 2 {
		t.Fatalf("%s has %d papers", chronic, len(all))
	}
	b := handOver(t, village, township, opened.ID, "J1")
	sent, err := village.Step(opened.ID, b) // nobody has heard of the case yet
	must(t, err)
	if _, err := village.Step(opened.ID, b); codeOf(err) != "paper_on_the_way" {
		t.Errorf("handed over twice: %v", err)
	}
	if _, err := village.Step(opened.ID, &ledger.CustodySendV1{List: "J2", From: town, To: here, Papers: b.Papers}); codeOf(err) != "custody_place" && codeOf(err) != "paper_on_the_way" {
		t.Errorf("in another office's name: %v", err)
	}
	c.Settle()
	if rows, err := township.HandedOver(ctx, store.TransferFilter{To: town, Open: true}); err != nil || len(rows) != len(b.Papers) || rows[0].List != "J1" {
		t.Fatalf("on the way to the township: %+v, %v", rows, err)
	}
	if _, err := township.Step(opened.ID, receive(township, "nothing", b.Papers, false)); codeOf(err) != "not_sent" {
		t.Errorf("received what was not sent: %v", err)
	}
	if _, err := c.Hub().Step(opened.ID, receive(c.Hub(), sent.ID, b.Papers, false)); codeOf(err) != "not_for_here" {
		t.Errorf("received at the county: %v", err)
	}
	if _, err := township.Step(opened.ID, receive(township, sent.ID, b.Papers, true)); err != nil {
		t.Fatal(err)
	}
	if _, err := township.Step(opened.ID, receive(township, sent.ID, b.Papers[1:], false)); codeOf(err) != "received_already" {
		t.Errorf("received twice: %v", err)
	}
	c.Settle()
	want := at(t, c.Hub(), opened.ID)
	if !strings.HasPrefix(want, "→"+string(town)+"? "+string(town)) {
		t.Errorf("at the county: %s", want)
	}
	for _, n := range []*storetest.Node{village, township, c.Hub()} {
		if got := at(t, n, opened.ID); got != want {
			t.Errorf("at %s: %s, want %s", n.ID(), got, want)
		}
		list, err := n.AttentionList(ctx, n.Division(), false)
		if err != nil || len(list) != 1 || list[0].Code != "papers_missing" || !strings.Contains(list[0].Reason, "J1") || !strings.Contains(list[0].Reason, b.Papers[0].Material) {
			t.Errorf("at %s it asks for no attention: %+v, %v", n.ID(), list, err)
		}
	}
	// It lay on the desk all the time: the village takes it back, and it goes again.
	if _, err := village.Step(opened.ID, receive(village, sent.ID, b.Papers[:1], false)); err != nil {
		t.Fatal(err)
	}
	again, err := village.Step(opened.ID, handOver(t, village, township, opened.ID, "J3"))
	must(t, err)
	c.Settle()
	if _, err := township.Step(opened.ID, receive(township, again.ID, b.Papers[:1], false)); err != nil {
		t.Fatal(err)
	}
	up := handOver(t, township, c.Hub(), opened.ID, "J4")
	if len(up.Papers) != len(b.Papers) {
		t.Errorf("%d papers go up, want %d", len(up.Papers), len(b.Papers))
	}
	_, err = township.Step(opened.ID, up)
	must(t, err)
	c.Settle()
	for _, n := range []*storetest.Node{village, c.Hub()} {
		if got := at(t, n, opened.ID); strings.Count(got, "→"+string(storetest.Code)) != len(b.Papers) {
			t.Errorf("at %s: %s", n.ID(), got)
		}
	}
}

// Both ends say of one hand-over that they have the papers, without knowing of
// each other: the county takes the first, the other is told, and every node says
// the same in the end.
func TestPapersReceivedAtBothEnds(t *testing.T) {
	c := storetest.NewCounty(t)
	village, township := c.Village(here), c.Township(town)
	opened := village.Submit(chronic)
	b := handOver(t, village, township, opened.ID, "J1")
	sent, err := village.Step(opened.ID, b)
	must(t, err)
	c.Settle()
	if _, err := village.Step(opened.ID, receive(village, sent.ID, b.Papers, false)); err != nil {
		t.Fatal(err)
	}
	if _, err := township.Step(opened.ID, receive(township, sent.ID, b.Papers, false)); err != nil {
		t.Fatal(err)
	}
	township.Push(c.Hub())
	c.Settle()
	c.Settle()
	want := at(t, c.Hub(), opened.ID)
	for _, n := range []*storetest.Node{village, township} {
		if got := at(t, n, opened.ID); got != want {
			t.Errorf("at %s: %s, at the county %s", n.ID(), got, want)
		}
		rows, err := n.HandedOver(ctx, store.TransferFilter{List: "J1"})
		if err != nil || len(rows) != len(b.Papers) || string(rows[0].Received) != strings.Fields(want)[0] {
			t.Errorf("at %s: %+v, %v", n.ID(), rows, err)
		}
	}
	if list, err := c.Hub().AttentionList(ctx, storetest.Code, false); err != nil || len(list) != 1 || list[0].Code != "received_already" {
		t.Errorf("%+v, %v", list, err)
	}
}

// However hand-overs, receipts and messages interleave: no paper is at two
// offices or nowhere at any node, and all nodes agree when all is through.
func TestCustodyConverges(t *testing.T) {
	checkRuns(t, func(r run) {
		c := storetest.NewCounty(r)
		village, township, hub := c.Village(here), c.Township(town), c.Hub()
		nodes := []*storetest.Node{village, township, hub}
		id := village.Submit(chronic).ID
		c.Settle()
		for n := range rapid.IntRange(1, 14).Draw(r.T, "steps") {
			at := rapid.SampledFrom(nodes).Draw(r.T, "node")
			c.Clock.Advance(1_000_000_000)
			book, err := at.Papers(ctx, id)
			if err != nil {
				r.Fatalf("%v", err)
			}
			switch rapid.IntRange(0, 3).Draw(r.T, "what") {
			case 0:
				b := &ledger.CustodySendV1{List: "J" + string(rune('a'+n)), From: at.Division(), To: rapid.SampledFrom(nodes).Draw(r.T, "to").Division()}
				for _, p := range book.Places() {
					if p.At == at.Division() && rapid.Bool().Draw(r.T, "take") {
						b.Papers = append(b.Papers, ledger.MovedPaper{Original: p.Original, After: p.After})
					}
				}
				if b.Check() == nil {
					if _, err := at.Step(id, b); err != nil && codeOf(err) != "custody_line" {
						r.Fatalf("%v", err)
					}
				}
			case 1:
				for _, s := range book.Sends() {
					if s.To == at.Division() || s.From == at.Division() && rapid.Bool().Draw(r.T, "back") {
						b := receive(at, s.ID, s.Papers, rapid.Bool().Draw(r.T, "missing"))
						if _, err := at.Step(id, b); err != nil && codeOf(err) != "received_already" {
							r.Fatalf("%v", err)
						}
						break
					}
				}
			case 2:
				if at != hub {
					at.Push(rapid.SampledFrom([]*storetest.Node{township, hub}[map[bool]int{true: 1, false: 0}[at == township]:]).Draw(r.T, "above"))
				}
			case 3:
				if at != hub {
					at.Pull(hub)
				}
			}
		}
		for range 3 {
			c.Settle()
		}
		want, err := hub.Papers(ctx, id)
		if err != nil {
			r.Fatalf("%v", err)
		}
		for _, n := range nodes {
			book, err := n.Papers(ctx, id)
			if err != nil {
				r.Fatalf("%v", err)
			}
			for i, p := range book.Places() {
				if (p.At == "") == (p.Way == nil) {
					r.Fatalf("at %s: %+v", n.ID(), p)
				}
				if q := want.Places()[i]; p.At != q.At || p.After != q.After {
					r.Fatalf("at %s: %+v, at the county %+v", n.ID(), p, q)
				}
			}
			if got, whole := storetest.Dump(r, n.Store, "custody"), storetest.Dump(r, hub.Store, "custody"); got != whole {
				r.Fatalf("at %s the lists are\n%s\nat the county\n%s", n.ID(), got, whole)
			}
		}
	})
}

// The one set of papers of a joint matter lies with it: it is handed over and
// received as a whole, with the line down, and no case of it has papers of its
// own. Bringing more to it is a visit that can be rated, under the joint matter.
func TestPapersOfAJointMatterMove(t *testing.T) {
	c := joints(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	worker := village.Actor(identity.VillageWorker)
	about := storetest.About{Case: opened.ID, Scope: here}
	if len(papersOf(t, village, opened.ID)) == 0 {
		t.Fatal("the joint matter has no papers")
	}
	for _, m := range opened.Members {
		if own := papersOf(t, village, m.Case); len(own) != 0 {
			t.Errorf("%s has papers of its own: %v", m.Item, own)
		}
	}
	send := handOver(t, village, townNode, opened.ID, "J1")
	sent := village.MustDo(worker, send, about)
	c.Settle()
	clerk := townNode.Actor(identity.TownshipClerk)
	townNode.MustDo(clerk, receive(townNode, sent.ID, send.Papers, false), about)
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		for _, p := range papersOf(t, n, opened.ID) {
			if p.At != town {
				t.Errorf("%s: %s is at %s", n.ID(), p.Material, p.At)
			}
		}
	}
	_, err := village.Do(worker, handOver(t, townNode, hub, opened.ID, "J2"), about)
	wantRefused(t, "by who has them no more", err, "custody_place")
	wrong := about
	wrong.Scope = town
	if _, err := townNode.Do(clerk, handOver(t, townNode, hub, opened.ID, "J3"), wrong); err == nil {
		t.Error("with another scope than the joint matter's")
	}

	more := village.MustDo(worker, &ledger.PackageSupplementV1{Form: []catalog.FieldValue{{Key: "phone", Value: "13800000001"}}}, about)
	village.MustDo(identity.Actor{Staff: village.ID(), Role: identity.System, Node: village.ID()}, &ledger.RatingGiveV1{Case: opened.ID, Occasion: more.ID, At: here, Institution: 5, Means: ledger.RatedByCode}, storetest.About{Scope: here})
	c.Settle()
	if rated, err := hub.RatedOccasion(ctx, more.ID); err != nil || !rated {
		t.Errorf("rated: %t %v", rated, err)
	}
}
