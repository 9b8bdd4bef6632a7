package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// feed reads a follower's whole feed in pages of a size.
func feed(t storetest.TB, from *store.Store, f store.Follower, after uint64, maxBytes int) (lines []store.FeedLine, texts []string) {
	for {
		page, err := from.Feed(ctx, f, after, maxBytes)
		if err != nil {
			t.Fatalf("feed: %v", err)
		}
		last := after
		for _, raw := range page.Lines {
			var l store.FeedLine
			if err := json.Unmarshal(raw, &l); err != nil {
				t.Fatalf("feed: %v", err)
			}
			if l.Index <= last || l.Index > page.UpTo {
				t.Fatalf("record %d after %d in a page up to %d", l.Index, last, page.UpTo)
			}
			last = l.Index
			lines, texts = append(lines, l), append(texts, string(raw))
		}
		if len(page.Lines) == 0 || page.UpTo == page.Head {
			if page.UpTo != page.Head {
				t.Fatalf("an empty page up to %d of %d", page.UpTo, page.Head)
			}
			return lines, texts
		}
		after = page.UpTo
	}
}

// maySee is who may see an entry, said as in core terms and not as the store
// does it.
func maySee(e *ledger.Entry, at division.Code) bool {
	within := func(d, area division.Code) bool { return strings.HasPrefix(string(d), string(area)) }
	return e.Scope == "" || within(e.Scope, at) || e.Subtree && within(at, e.Scope)
}

// Everybody gets exactly what they may see, in pages of any size.
func TestFeedShowsWhatOneMaySee(t *testing.T) {
	c := busyCounty(t)
	for _, v := range []division.Code{"330523111200", "330523110203"} {
		c.Village(v).Submit(welfare)
	}
	c.Township("330523111").Submit(birth)
	c.Hub().Submit("TB-SCJG-010")
	c.Settle()
	raws, _ := records(t, c.Hub().Store)
	for _, at := range []division.Code{here, next, "330523110203", town, "330523111", "330523111200", "330523111201", "330523001001"} {
		var want []string
		for i, raw := range raws {
			var e ledger.Entry
			must(t, json.Unmarshal(raw, &e))
			if r := recordAt(t, c.Hub().Store, uint64(i+1)); r.Outcome != ledger.Refused && maySee(&e, at) || r.Outcome == ledger.Refused && strings.HasPrefix(e.Origin, "village-"+string(at)) || r.Outcome == ledger.Refused && at == town {
				want = append(want, e.ID)
			}
		}
		for _, size := range []int{1, 3000, 1 << 20} {
			var got []string
			lines, _ := feed(t, c.Hub().Store, store.Follower{Node: "somebody", Division: at}, 0, size)
			for _, l := range lines {
				got = append(got, l.Entry.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d gets %d records, want %d", at, size, len(got), len(want))
			}
		}
	}
}

// A canary in every village's cases shows in no other village's feed, whether
// it comes from the county or from the township.
func TestFeedLeaksNoCanary(t *testing.T) {
	checkRuns(t, func(r run) {
		c := storetest.NewCounty(r)
		codes := []division.Code{here, next, "330523110203", "330523111200"}
		for i := range rapid.IntRange(1, 8).Draw(r.T, "cases") {
			at := rapid.SampledFrom(codes).Draw(r.T, "village")
			desk := c.Node(at)
			switch rapid.IntRange(0, 2).Draw(r.T, "desk") {
			case 1:
				desk = c.Node(at.Township())
			case 2:
				desk = c.Hub()
			}
			opened := desk.Submit(welfare, storetest.Matter(at), func(b *ledger.CaseSubmitV1) { b.Applicant.Name = canaryOf(at) })
			if rapid.Bool().Draw(r.T, "comment") {
				if _, err := desk.Step(opened.ID, &ledger.CaseCommentV1{Text: canaryOf(at)}); err != nil {
					r.Fatalf("%d: %v", i, err)
				}
			}
		}
		c.Settle()
		for _, at := range codes {
			sources := []*storetest.Node{c.Hub(), c.Node(at.Township())}
			c.Node(at.Township()).Pull(c.Hub())
			var texts [2]string
			for i, from := range sources {
				_, lines := feed(r, from.Store, store.Follower{Node: "somebody", Division: at, Full: true}, 0, 1<<16)
				texts[i] = strings.Join(lines, "\n")
				for _, other := range codes {
					if other != at && strings.Contains(texts[i], canaryOf(other)) {
						r.Fatalf("%s sees %s's case in the feed of %s", at, other, from.ID())
					}
				}
			}
			if texts[0] != texts[1] {
				r.Fatalf("%s gets another feed from its township than from the county", at)
			}
		}
	})
}

// canaryOf is a name that only one village's people have.
func canaryOf(at division.Code) string {
	return "canary " + strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, string(at))
}

func TestFeedConfirmsOwnEntries(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	opened := village.Submit(welfare)
	village.Push(c.Hub())
	lines, _ := feed(t, c.Hub().Store, village.Follower(), 0, 1<<20)
	last := lines[len(lines)-1]
	if last.Entry != nil || last.Confirms != opened.ID || last.Outcome != ledger.Applied {
		t.Errorf("%+v", last)
	}
	full := village.Follower()
	full.Full = true
	lines, _ = feed(t, c.Hub().Store, full, 0, 1<<20)
	if last = lines[len(lines)-1]; last.Entry == nil || last.Entry.ID != opened.ID || last.Confirms != "" {
		t.Errorf("%+v", last)
	}
	if page, err := c.Hub().Feed(ctx, village.Follower(), last.Index, 1<<20); err != nil || len(page.Lines) != 0 || page.UpTo != page.Head || page.Head != last.Index {
		t.Errorf("at the end: %+v, %v", page, err)
	}
	if page, err := c.Hub().Feed(ctx, village.Follower(), last.Index+100, 1<<20); err != nil || len(page.Lines) != 0 || page.UpTo != last.Index+100 {
		t.Errorf("beyond the end: %+v, %v", page, err)
	}
}

// A township re-serves what it has followed and nothing of its own that the
// county has not seen.
func TestTownshipServesWhatItFollowed(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	townNode.Submit(birth, storetest.Matter(here))
	before, err := townNode.Feed(ctx, village.Follower(), 0, 1<<20)
	must(t, err)
	cursor, err := townNode.Cursor(ctx)
	must(t, err)
	if before.Head != cursor || strings.Contains(fmt.Sprintf("%s", before.Lines), "case.submit") {
		t.Errorf("up to %d of %d", before.UpTo, before.Head)
	}
	townNode.Push(c.Hub())
	townNode.Pull(c.Hub())
	village.Pull(townNode)
	at, err := village.Cursor(ctx)
	if err != nil || at != mustHead(t, c.Hub()) {
		t.Errorf("the village is at %d, %v", at, err)
	}
	if all, err := village.Cases(ctx, store.CaseFilter{}); err != nil || len(all) != 1 || all[0].Holder != town {
		t.Errorf("%+v, %v", all, err)
	}
}

// The queries that grow with the county must go by an index: no plan may scan
// a table that grows.
func TestQueriesUseTheirIndexes(t *testing.T) {
	c := busyCounty(t)
	for _, q := range store.HotQueries {
		plan, err := c.Hub().Plan(ctx, q)
		must(t, err)
		for _, line := range plan {
			what, scan := strings.CutPrefix(line, "SCAN ")
			table, how, _ := strings.Cut(what, " ")
			if scan && how == "" && slices.Contains([]string{"entries", "e", "audience", "cases", "attachments", "outbox", "o"}, table) {
				t.Errorf("%s: %s", q, line)
			}
		}
	}
}

func TestPasswordsOfOthersStayAway(t *testing.T) {
	c := storetest.NewCounty(t)
	village, other := c.Village(here), c.Village(next)
	mine := other.Actor(identity.VillageWorker)
	c.Settle()
	if _, err := village.Staff(ctx, mine.Staff); err == nil {
		t.Error("a village has another village's staff")
	}
	if _, err := village.Staff(ctx, storetest.OperatorID); err == nil {
		t.Error("a village has the county's staff")
	}
	townNode := c.Township(town)
	if _, err := townNode.Staff(ctx, mine.Staff); err != nil {
		t.Errorf("the township has not its village's staff: %v", err)
	}
}
