package store_test

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var ctx = context.Background()

const (
	welfare = "TB-MZJ-004"  // accepted in the village, decided at the county
	chronic = "TB-YBJ-003"  // collected in the village
	birth   = "TB-XZRZ-005" // decided by the township
	here    = "330523110200"
	next    = "330523110201"
	town    = "330523110"
)

// caseTables are those that say what became of cases.
var caseTables = []string{"cases", "case_counters", "attachments", "attention", "audience", "origins", "outbox"}

func TestGenesisDump(t *testing.T) {
	c := storetest.NewCounty(t)
	golden(t, "genesis.txt", storetest.Dump(t, c.Hub().Store, "divisions", "calendar_years", "edition_items", "editions", "nodes", "staff", "trust", "invitations", "meta"))
}

func TestCaseDump(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	opened := village.Submit(welfare)
	village.Advance(opened.ID)
	golden(t, "village-offline.txt", storetest.Dump(t, village.Store, caseTables...))
	c.Settle()
	golden(t, "village-confirmed.txt", storetest.Dump(t, village.Store, caseTables...))
	c.Township(town).Advance(opened.ID)
	c.Settle()
	c.Hub().Advance(opened.ID)
	golden(t, "hub-decided.txt", storetest.Dump(t, c.Hub().Store, caseTables...))
}

// busyCounty is a county with cases in every state, some refused.
func busyCounty(t *testing.T) *storetest.County {
	t.Helper()
	c := storetest.NewCounty(t)
	village, other := c.Village(here), c.Village(next)
	c.Township(town)
	for i, code := range []string{welfare, chronic, birth, welfare} {
		c.Clock.Advance(time.Minute)
		opened := village.Submit(code)
		for range i {
			c.Settle()
			c.Clock.Advance(time.Minute)
			c.Node(village.MustCase(opened.ID).Holder).Advance(opened.ID)
		}
	}
	disabled := other.Actor(identity.VillageWorker)
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: disabled.Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	other.Submit(welfare)
	c.Settle()
	return c
}

// The same proposals, in whatever batches, with a restart or a restored backup
// in between, make the same state.
func TestReplayMakesTheSameState(t *testing.T) {
	c := busyCounty(t)
	raws, ats := records(t, c.Hub().Store)
	a, b := openHub(t, t.TempDir(), "county-1"), openHub(t, t.TempDir(), "county-2")
	replay(t, a, raws, ats, 0, 1)
	replay(t, b, raws, ats, 0, 7)
	want, dump := stateHash(t, a), storetest.Dump(t, a)
	if got := stateHash(t, b); got != want {
		t.Errorf("other batches make another state")
	}
	for _, k := range []int{1, 17, len(raws) - 1} {
		half, file, rest := openHub(t, t.TempDir(), "county-1"), filepath.Join(t.TempDir(), "backup.db"), openHub(t, t.TempDir(), "county-3")
		replay(t, half, raws[:k], ats[:k], 0, 5)
		applied, err := half.Backup(ctx, file)
		must(t, err)
		if applied != uint64(k) {
			t.Fatalf("the backup is of raft index %d, want %d", applied, k)
		}
		if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
			t.Errorf("a backup left %v", left)
		}
		replay(t, rest, raws[:1], ats[:1], 0, 1)
		must(t, rest.Restore(ctx, file))
		if rest.Applied() != uint64(k) {
			t.Fatalf("applied %d after the restore, want %d", rest.Applied(), k)
		}
		replay(t, rest, raws, ats, 0, 3)
		if stateHash(t, rest) != want || storetest.Dump(t, rest) != dump {
			t.Errorf("backup at %d and the rest make another state", k)
		}
	}
	replay(t, a, raws, ats, 0, len(raws)) // all once more
	if stateHash(t, a) != want || storetest.Dump(t, a) != dump {
		t.Error("what was applied was applied again")
	}
}

func TestAppliedSurvivesRestart(t *testing.T) {
	c := busyCounty(t)
	hub := c.Hub()
	applied, hash := hub.Applied(), stateHash(t, hub.Store)
	hub.Reopen()
	if hub.Applied() != applied || applied == 0 || stateHash(t, hub.Store) != hash {
		t.Errorf("applied %d after a restart, was %d", hub.Applied(), applied)
	}
}

func TestRepeatGapFork(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	a, b, d := village.Submit(welfare), village.Submit(welfare), village.Submit(birth)
	raws := outbox(t, village)
	want := func(what, codes string, entries ...[]byte) []store.Result {
		t.Helper()
		results := c.Propose(entries...)
		if got := storetest.Codes(results); got != codes {
			t.Errorf("%s: %s, want %s", what, got, codes)
		}
		return results
	}
	if r := want("a gap", "gap", raws[1]); r[0].Expected != 1 {
		t.Errorf("after a gap %d is expected", r[0].Expected)
	}
	first := want("in order", "recorded applied, recorded applied", raws[0], raws[1])
	again := want("repeated", "repeated applied, repeated applied, recorded applied", raws[0], raws[1], raws[2])
	if again[0].Index != first[0].Index || again[1].Index != first[1].Index {
		t.Error("a repeat has another index")
	}
	for _, opened := range []*casework.Case{a, b, d} {
		if _, err := c.Hub().Case(ctx, opened.ID); err != nil {
			t.Errorf("case %s: %v", opened.ID, err)
		}
	}
	// The village's disk is restored from an old copy and goes on from there.
	cases, head := storetest.Dump(t, c.Hub().Store, "cases", "case_counters"), mustHead(t, c.Hub())
	worker := village.Actor(identity.VillageWorker)
	forged := village.Raw(village.Entry(2, worker, &ledger.CaseCommentV1{Text: "x"}, storetest.About{Case: a.ID, Scope: here}))
	if r := want("the same seq with other content", "forked", forged); r[0].Expected != 4 {
		t.Errorf("%d is expected", r[0].Expected)
	}
	next := village.Raw(village.Entry(4, worker, &ledger.CaseCommentV1{Text: "x"}, storetest.About{Case: a.ID, Scope: here}))
	want("after the fork", "forked", next)
	want("what came before it", "repeated applied", raws[0])
	want("the same once more", "repeated refused forked_origin, repeated refused forked_origin", forged, next)
	if storetest.Dump(t, c.Hub().Store, "cases", "case_counters") != cases || mustHead(t, c.Hub()) != head {
		t.Error("a forked origin wrote into the ledger, or a case")
	}
	list, err := c.Hub().AttentionList(ctx, storetest.Code, false)
	if err != nil || len(list) != 3 {
		t.Errorf("attention: %+v, %v", list, err)
	}
	for _, a := range list {
		if a.Code != "forked_origin" || a.Origin != village.ID() || a.Index != 0 {
			t.Errorf("attention: %+v", a)
		}
	}
}

// An entry whose previous one has not come waits for it, and so do those that
// follow it; all are settled by the one that was missing.
func TestWaiting(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(welfare)
	village.Advance(opened.ID)
	townNode.Take(outbox(t, village)...)
	townNode.Advance(opened.ID)
	mine := own(t, townNode)
	results := c.Propose(mine...)
	if got := storetest.Codes(results); got != "recorded waiting" {
		t.Fatalf("the township's entry: %s", got)
	}
	counts, err := c.Hub().Count(ctx, "")
	if err != nil || counts.Waiting != 1 {
		t.Errorf("%d wait, %v", counts.Waiting, err)
	}
	line, err := c.Hub().RecordAt(ctx, results[0].Index)
	must(t, err)
	raws := outbox(t, village)
	if got := storetest.Codes(c.Propose(raws[0])); got != "recorded applied" {
		t.Fatalf("the submission: %s", got)
	}
	if got := c.Hub().MustCase(opened.ID); got.Step != 0 {
		t.Errorf("the case went on without its second entry: step %d", got.Step)
	}
	done := c.Propose(raws[1])
	if got := c.Hub().MustCase(opened.ID); got.Step != 2 || got.Head != results[0].ID {
		t.Errorf("after all came: %+v", got)
	}
	record := recordAt(t, c.Hub().Store, done[0].Index)
	if len(record.Resolves) != 1 || record.Resolves[0].Index != results[0].Index || record.Resolves[0].Outcome != ledger.Applied {
		t.Errorf("resolves %+v", record.Resolves)
	}
	if again, err := c.Hub().RecordAt(ctx, results[0].Index); err != nil || string(again) != string(line) {
		t.Errorf("a record changed when it was settled:\n%s\n%s", line, again)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode} {
		if got := n.MustCase(opened.ID); got.Head != results[0].ID || got.Step != 2 {
			t.Errorf("at %s: %+v", n.ID(), got)
		}
		noOutbox(t, n)
	}
}

// Two entries that wait for the same one: one follows it, the other is refused.
func TestTwoWaitForTheSame(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(welfare)
	accepted := village.Advance(opened.ID)
	reviewer := townNode.Actor(identity.TownshipReviewer)
	entry := func(seq uint64, opinion string) []byte {
		return townNode.Raw(townNode.Entry(seq, reviewer, &ledger.CaseReviewV1{Opinion: opinion}, storetest.About{Case: opened.ID, Scope: here, Prev: accepted.Head}))
	}
	if got := storetest.Codes(c.Propose(entry(1, "甲"), entry(2, "乙"))); got != "recorded waiting, recorded waiting" {
		t.Fatal(got)
	}
	results := c.Propose(outbox(t, village)...)
	record := recordAt(t, c.Hub().Store, results[1].Index)
	if len(record.Resolves) != 2 || record.Resolves[0].Outcome != ledger.Applied || record.Resolves[1].Outcome != ledger.Refused || record.Resolves[1].Code != "stale" {
		t.Errorf("resolves %+v", record.Resolves)
	}
	if counts, err := c.Hub().Count(ctx, ""); err != nil || counts.Waiting != 0 || counts.Attention != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
}

// When the one they wait for is refused, so are they, to the end of the chain.
func TestWaitingForWhatIsRefused(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(welfare, func(b *ledger.CaseSubmitV1) { b.Applicant.Phone = "" })
	village.Advance(opened.ID)
	townNode.Take(outbox(t, village)...)
	townNode.Advance(opened.ID)
	c.Propose(own(t, townNode)...)
	// The village's right is found to have been gone when it handed in.
	c.Hub().MustDo(c.Operator(), &ledger.NodeRevokeV1{Node: village.ID(), At: c.Clock.UnixMilli() - 1, Reason: "电脑遗失"})
	results := c.Propose(outbox(t, village)...)
	if got := storetest.Codes(results); got != "recorded refused node_revoked, recorded refused node_revoked" {
		t.Fatal(got)
	}
	record := recordAt(t, c.Hub().Store, results[1].Index)
	if len(record.Resolves) != 1 || record.Resolves[0].Outcome != ledger.Refused || record.Resolves[0].Code != "previous_refused" {
		t.Errorf("resolves %+v", record.Resolves)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode} {
		if _, err := n.Case(ctx, opened.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s still has the case: %v", n.ID(), err)
		}
		noOutbox(t, n)
		list, err := n.AttentionList(ctx, n.Division(), false)
		must(t, err)
		want := map[string]int{village.ID(): 2, townNode.ID(): 3}[n.ID()]
		if len(list) != want {
			t.Errorf("%s has %d things to attend to, want %d: %+v", n.ID(), len(list), want, list)
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	c := storetest.NewCounty(t)
	hub, village := c.Hub(), c.Village(here)
	window := hub.DepartmentActor(identity.DepartmentWindow, "县民政局")
	opened := hub.Submit(welfare)
	about := storetest.About{ID: ledger.IDFromKey(hub.ID(), window.Staff, "key-1"), Case: opened.ID, Scope: opened.Division}
	first := hub.MustDo(window, &ledger.CaseCommentV1{Text: "已电话告知"}, about)
	c.Clock.Advance(time.Minute)
	r := c.Propose(hub.Raw(hub.Entry(0, window, &ledger.CaseCommentV1{Text: "已电话告知"}, about)))[0]
	if r.Status != store.Repeated || r.Index != first.Index || r.Outcome != ledger.Applied {
		t.Errorf("repeated later: %+v", r)
	}
	about.Prev = opened.Head
	r = c.Propose(hub.Raw(hub.Entry(0, window, &ledger.CaseAcceptV1{}, about)))[0]
	if r.Status != store.Rejected || r.Code != "key_reused" {
		t.Errorf("another action under the same key: %+v", r)
	}

	// What is not about a case is not taken for the same either when other words
	// were sent; a password's hash differs each time.
	operator := c.Operator()
	keyed := func(key string, body ledger.Body) store.Result {
		return c.Propose(hub.Raw(hub.Entry(0, operator, body, storetest.About{ID: ledger.IDFromKey(hub.ID(), operator.Staff, key), Scope: here, Subtree: true})))[0]
	}
	renamed := func(name string) ledger.Body { return &ledger.NodeRenameV1{Node: village.ID(), Name: name} }
	if r := keyed("key-2", renamed("梅溪村便民服务室")); r.Status != store.Recorded {
		t.Fatalf("%+v", r)
	}
	if r := keyed("key-2", renamed("梅溪村便民服务室")); r.Status != store.Repeated {
		t.Errorf("said again: %+v", r)
	}
	if r := keyed("key-2", renamed("梅溪便民服务室")); r.Status != store.Rejected || r.Code != "key_reused" {
		t.Errorf("other words under the same key: %+v", r)
	}

	mine := village.Submit(welfare)
	worker := village.Actor(identity.VillageWorker)
	id := ledger.IDFromKey(village.ID(), worker.Staff, "key-1")
	comment := func(text string) (store.Result, error) {
		return village.Do(worker, &ledger.CaseCommentV1{Text: text}, storetest.About{ID: id, Case: mine.ID, Scope: here})
	}
	if r, err := comment("a"); err != nil || r.Status != store.Recorded {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := comment("a"); err != nil || r.Status != store.Repeated || r.Outcome != ledger.Applied {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	_, err := village.Do(worker, &ledger.CaseAcceptV1{}, storetest.About{ID: id, Case: mine.ID, Scope: here, Prev: mine.Head})
	wantRefused(t, "another action under the same key", err, "key_reused")
	if n := len(outbox(t, village)); n != 2 {
		t.Errorf("%d entries in the outbox, want 2", n)
	}
}

// What is refused at a desk leaves nothing behind at any tier.
func TestRefusedLeavesNothing(t *testing.T) {
	c := storetest.NewCounty(t)
	for _, n := range []*storetest.Node{c.Hub(), c.Township(town), c.Village(here)} {
		n.Submit(welfare)
		before := storetest.Dump(t, n.Store, nonMeta...)
		_, err := n.TrySubmit(welfare, func(b *ledger.CaseSubmitV1) { b.Materials = nil })
		var no *store.Refused
		if !errors.As(err, &no) || no.Code != "incomplete" || len(no.Faults) != 6 {
			t.Errorf("at %s: %+v, %v", n.ID(), no, err)
		}
		if !strings.Contains(no.Reason(), "最低生活保障申请书") {
			t.Errorf("the reason does not say what is missing: %s", no.Reason())
		}
		if got := storetest.Dump(t, n.Store, nonMeta...); got != before {
			t.Errorf("%s: a refusal left something:\n%s", n.ID(), got)
		}
	}
}

var nonMeta = []string{"entries", "audience", "origins", "outbox", "attention", "cases", "case_counters", "attachments", "staff", "nodes", "items"}

// A batch whose storage fails leaves nothing of any of its entries.
func TestFailedBatchLeavesNothing(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	village.Submit(welfare)
	good := outbox(t, village)[0]
	before, head := stateHash(t, c.Hub().Store), c.Hub().Applied()
	_, err := c.Hub().Commit(ctx, []store.Proposal{{RaftIndex: head + 1, At: c.Clock.UnixMilli(), Entries: [][]byte{good, []byte(`{"kind":`)}}})
	if !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("bytes that are no entry: %v", err)
	}
	e := village.Entry(2, village.Actor(identity.VillageWorker), &ledger.CaseCommentV1{Text: "x"}, storetest.About{Case: "x", Scope: here})
	e.Kind = "case.future"
	_, err = c.Hub().Commit(ctx, []store.Proposal{{RaftIndex: head + 1, At: c.Clock.UnixMilli(), Entries: [][]byte{good, village.Raw(e)}}})
	if !errors.Is(err, ledger.ErrUnknownKind) {
		t.Errorf("an entry of an unknown kind: %v", err)
	}
	if stateHash(t, c.Hub().Store) != before || c.Hub().Applied() != head || c.Hub().Failed() != nil {
		t.Error("a failed batch left something")
	}
	if got := storetest.Codes(c.Propose(good)); got != "recorded applied" {
		t.Errorf("afterwards: %s", got)
	}
	if tree, err := c.Hub().Tree(ctx, mustHead(t, c.Hub())); err != nil || tree.Hash != scratchTree(t, c.Hub().Store) {
		t.Errorf("the tree after a failed batch is another one (%v)", err)
	}
}
