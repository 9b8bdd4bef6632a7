package store_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// recovery is the county's word in an epoch.
func recovery(at int64, kept uint64) ledger.Recovery {
	return ledger.Recovery{County: storetest.Code, At: at, Kept: kept, Root: make([]byte, 32), Reason: "由备份恢复"}
}

// goBack takes a node below the county back to any of its records after it was
// founded. The connections that it had end with that.
func (f *federation) goBack(epoch int64, founded uint64) {
	n := rapid.SampledFrom(f.nodes[:2]).Draw(f.t.T, "who goes back")
	cursor, err := n.Cursor(ctx)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	kept := rapid.Uint64Range(min(founded, cursor), cursor).Draw(f.t.T, "kept")
	if err := n.GoBack(ctx, recovery(epoch, kept), kept); err != nil {
		f.t.Fatalf("%s goes back: %v", n.ID(), err)
	}
	f.network = slices.DeleteFunc(f.network, func(m message) bool { return m.page != nil && (m.to == n || m.from == n) })
	if now, err := n.Cursor(ctx); err != nil || now != min(kept, cursor) {
		f.t.Fatalf("%s is at %d of %d, %v", n.ID(), now, kept, err)
	}
}

// Nodes that go back to any record at any moment, with whatever they have in
// their outboxes, lose nothing, do nothing twice, and come to the same state
// again.
func TestGoingBackLosesNothing(t *testing.T) {
	checkRuns(t, func(r run) {
		f := newFederation(r)
		founded, err := f.Hub().Head(ctx)
		if err != nil {
			r.Fatalf("%v", err)
		}
		epoch := int64(0)
		for range rapid.IntRange(5, 60).Draw(r.T, "steps") {
			if rapid.IntRange(0, 7).Draw(r.T, "back") == 0 {
				epoch++
				f.goBack(epoch, founded)
				continue
			}
			f.step()
		}
		f.heal()
		f.check()
	})
}

// A node that goes back is, but for its own part, what it was when it had come
// that far; what was given out stays given out.
func TestGoBack(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	first := village.Submit(welfare)
	c.Settle()
	kept, err := village.Cursor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tables := []string{"staff", "nodes", "items", "overlays", "trust", "divisions", "editions"}
	before := storetest.Dump(t, townNode.Store, tables...)
	hub.MustDo(c.Operator(), &ledger.NodeRenameV1{Node: village.ID(), Name: "备份之后"})
	second := village.Submit(welfare)
	village.Advance(second.ID)
	c.Settle()
	pending := village.Submit(welfare)
	if err := village.GoBack(ctx, recovery(7, kept), kept); err != nil {
		t.Fatal(err)
	}
	if err := townNode.GoBack(ctx, recovery(7, kept), kept); err != nil {
		t.Fatal(err)
	}
	stats, err := village.OutboxStats(ctx)
	if err != nil || stats.Length != 3 || stats.Unsent != 3 {
		t.Errorf("outbox %+v, %v", stats, err)
	}
	for _, id := range []string{first.ID, second.ID, pending.ID} {
		village.MustCase(id)
	}
	if next := village.Submit(welfare); slices.Contains([]string{first.Number, second.Number, pending.Number}, next.Number) {
		t.Errorf("number %s is given out twice", next.Number)
	}
	lost, err := village.UntoldLost(ctx, 10)
	if err != nil || len(lost) != 1 || lost[0].Index <= kept {
		t.Errorf("lost %+v, %v", lost, err)
	}
	if err := village.ToldLost(ctx, lost[0], nil); err != nil {
		t.Fatal(err)
	}
	if lost, err := village.UntoldLost(ctx, 10); err != nil || len(lost) != 0 {
		t.Errorf("told and still lost: %+v, %v", lost, err)
	}
	if after := storetest.Dump(t, townNode.Store, tables...); after != before {
		t.Errorf("the township's state is\n%s\nwas\n%s", after, before)
	}
	if raws := outboxOf(t, townNode, village); len(raws) != 2 {
		t.Errorf("the township passes on %d", len(raws))
	}

	// Once more the same, or an older word, changes nothing.
	for _, at := range []int64{7, 3} {
		if err := village.GoBack(ctx, recovery(at, 1), 1); err != nil {
			t.Fatal(err)
		}
		if now, err := village.Cursor(ctx); err != nil || now != kept {
			t.Errorf("at %d, %v", now, err)
		}
	}
	village.Reopen()
	if epoch, err := village.Epoch(ctx); err != nil || epoch.At != 7 || epoch.Kept != kept {
		t.Errorf("epoch %+v, %v", epoch, err)
	}
	c.Settle()
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		if counts, err := n.Count(ctx, village.ID()); err != nil || counts.HandedIn != 4 || counts.Confirmed != 4 || counts.Duplicated != 0 || counts.Refused != 0 {
			t.Errorf("%s: %+v, %v", n.ID(), counts, err)
		}
	}
	if err := hub.GoBack(ctx, recovery(9, 1), 1); err == nil {
		t.Error("a hub went back")
	}
}

// The county's recovery in what comes down is not taken by a node that has not
// gone back: what it has may not be what comes before.
func TestNewEpochIsNotFollowedBlindly(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	c.Settle()
	head, err := hub.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	declared := recovery(1000, head)
	hub.MustDo(c.Operator(), &ledger.CountyRecoveryV1{Recovery: declared, Sig: make([]byte, 64)})
	page, err := hub.Feed(ctx, village.Follower(), head, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := village.FollowPage(page); !errors.Is(err, store.ErrNewEpoch) {
		t.Fatalf("followed: %v", err)
	}
	if err := village.GoBack(ctx, declared, head); err != nil {
		t.Fatal(err)
	}
	if err := village.FollowPage(page); err != nil {
		t.Fatal(err)
	}
	all, err := village.Recoveries(ctx)
	if err != nil || len(all) != 1 || all[0].Recovery.At != 1000 {
		t.Errorf("%+v, %v", all, err)
	}
	// Older words, and words of what is not there, are refused at the county.
	for name, r := range map[string]ledger.Recovery{"older": recovery(999, head), "the same": recovery(1000, head), "more than there is": recovery(2000, head+50)} {
		_, err := hub.Do(c.Operator(), &ledger.CountyRecoveryV1{Recovery: r, Sig: make([]byte, 64)}, storetest.About{})
		wantRefused(t, name, err, "recovery_stale")
	}
	_, err = hub.Do(hub.Actor(identity.Auditor), &ledger.CountyRecoveryV1{Recovery: recovery(3000, head), Sig: make([]byte, 64)}, storetest.About{})
	wantRefused(t, "an auditor", err, "not_authorised")
}

// What was restored is remembered until it is declared, the least of it.
func TestWentBackIsRemembered(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	if _, went, err := hub.WentBack(ctx); err != nil || went {
		t.Fatalf("%v, %v", went, err)
	}
	head, err := hub.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	today := hub.Number(1)[:22]
	// noon of the clock's own day
	noon := calendar.DateOf(c.Clock.Now()).Midnight().Add(12 * time.Hour)
	var came []int
	for i := range 2 {
		if err := hub.MarkWentBack(ctx, noon.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if kept, went, err := hub.WentBack(ctx); err != nil || !went || kept != head {
			t.Errorf("%d, %v, %v", kept, went, err)
		}
		for _, prefix := range []string{today, "T" + today} {
			n, err := hub.LastCounter(ctx, prefix)
			if err != nil {
				t.Fatal(err)
			}
			came = append(came, n)
		}
		hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: 1})
	}
	// The numbers of the day go on behind what the day can have had, and never
	// go back, those of complaints too.
	if at := 12 * 3600 * 11; came[0] < at || came[1] != came[0] || came[2] < at+3600*11 || came[3] != came[2] || came[2] > 999_999 {
		t.Errorf("numbers went on from %v", came)
	}
	if number := hub.Submit("TB-SCJG-010").Number; number != hub.Number(came[2]+1) {
		t.Errorf("the next number is %s", number)
	}
	hub.MustDo(c.Operator(), &ledger.CountyRecoveryV1{Recovery: recovery(1000, head), Sig: make([]byte, 64)})
	if _, went, err := hub.WentBack(ctx); err != nil || went {
		t.Errorf("declared, and still %v, %v", went, err)
	}
	if epoch, err := hub.Epoch(ctx); err != nil || epoch.At != 1000 {
		t.Errorf("%+v, %v", epoch, err)
	}
}

// Every table is either made anew by going back, or named here with what it is.
func TestGoingBackKnowsEveryTable(t *testing.T) {
	stays := []string{"meta", "lost", "goose_db_version", "sqlite_sequence", "sqlite_stat1"}
	c := storetest.NewCounty(t)
	db, err := storetest.Connect(storetest.Key, filepath.Join(c.Hub().Dir(), "state.db"), "mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(stays, name) == slices.Contains(store.MadeTables, name) {
			t.Errorf("table %s: is it made by entries?", name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
