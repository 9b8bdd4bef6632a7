package federation_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// lostRecords are all that a hub lists.
func lostRecords(t *testing.T, hub *federationtest.Node) (all []store.LostRecord, err error) {
	t.Helper()
	for after, more := (store.LostPlace{}), true; more; {
		var page []store.LostRecord
		if page, more, err = hub.Store.LostRecords(t.Context(), after, 2); err != nil {
			return nil, err
		}
		if all = append(all, page...); len(all) > 0 {
			after = all[len(all)-1].Place()
		}
	}
	return all, nil
}

// declare has the county say that its ledger went back.
func declare(t *testing.T, f *federationtest.Federation) ledger.Recovery {
	t.Helper()
	var r ledger.Recovery
	f.Eventually("the recovery to be declared", func() (done bool) {
		var err error
		r, err = f.Leader().DeclareRecovery(t.Context(), f.Operator(), "机房失火，由备份恢复")
		var no *store.Refused
		if errors.As(err, &no) {
			t.Fatal(err)
		}
		return err == nil
	})
	return r
}

// inEpoch waits until nodes have gone back with the county and have its ledger.
func inEpoch(t *testing.T, f *federationtest.Federation, r ledger.Recovery, nodes ...*federationtest.Node) {
	t.Helper()
	for _, n := range nodes {
		f.Eventually(n.ID+" to go back with the county", func() bool {
			epoch, err := n.Store.Epoch(t.Context())
			return err == nil && epoch.At == r.At
		})
	}
	f.HealAll()
	f.Settle()
	f.CaughtUp()
	for _, n := range nodes {
		if code := problem(t, n); code != "" {
			t.Errorf("%s has a problem: %s", n.ID, code)
		}
	}
}

// lostDisk restores the county's only hub from a backup onto a new disk.
func lostDisk(t *testing.T, f *federationtest.Federation, hub *federationtest.Node, backup []byte) {
	t.Helper()
	f.Kill(hub)
	for _, of := range []string{"raft", "state.db", "state.db-wal", "state.db-shm", "local.db", "local.db-wal", "local.db-shm"} {
		if err := os.RemoveAll(filepath.Join(hub.Dir(), of)); err != nil {
			t.Fatal(err)
		}
	}
	if err := restoreInto(t, hub.Dir(), backup); err != nil {
		t.Fatal(err)
	}
	f.BeginAnew(hub)
	f.Restart(hub)
}

// sameCases holds each case of the county against the nodes that see it.
func sameCases(t *testing.T, f *federationtest.Federation, ids []string, nodes ...*federationtest.Node) {
	t.Helper()
	numbers := map[string]string{}
	for _, id := range ids {
		want := f.Case(f.Hub(), id)
		if other := numbers[want.Number]; other != "" {
			t.Errorf("%s and %s have one number", other, id)
		}
		numbers[want.Number] = id
		for _, n := range nodes {
			if got := f.Case(n, id); got.Head != want.Head || got.Status != want.Status || got.Number != want.Number {
				t.Errorf("%s has %s as %s at %s, the county as %s at %s", n.ID, id, got.Status, got.Head, want.Status, want.Head)
			}
		}
	}
}

// The county is restored from an old backup while the nodes below have newer
// heads and something in their outboxes. Its operator declares it; all nodes
// go back with it and go on: nothing handed in is lost or there twice, and what
// had been done at the hub is listed and can be recorded again as it was.
func TestCountyRecoversFromAnOldBackup(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Villages: []division.Code{"330523110200", "330523110201"}})
	hub, town, first, second := f.Hub(), f.Township(0), f.Village(0), f.Village(1)
	var ids []string
	submit := func(n *federationtest.Node) string {
		ids = append(ids, f.Submit(n, "TB-MZJ-004").ID)
		return ids[len(ids)-1]
	}
	submit(first)
	decided := submit(second)
	for _, n := range []*federationtest.Node{second, town} {
		f.Act(n, decided, "")
		f.Settle()
	}
	backup := backupOf(t, hub)

	// What the backup lacks: done at the hub, handed in below, and one in an
	// outbox that no line carried yet.
	f.Act(hub, decided, "")
	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: first.ID, Name: "备份之后的名称"})
	f.Settle()
	late := submit(first)
	f.Act(first, late, ledger.VerbAccept)
	submit(town)
	f.Settle()
	f.CaughtUp()
	want := f.Case(hub, decided)
	head, err := hub.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := []*federationtest.Node{town, first, second}
	for _, n := range nodes {
		f.Eventually(n.ID+" to have a checkpoint of all that", func() bool {
			s, _ := n.Following()
			return s.Checkpoint >= head
		})
	}
	f.Cut(second.ID, "*")
	submit(second)

	lostDisk(t, f, hub, backup)
	f.Heal(second.ID, "*")
	r := declare(t, f)
	inEpoch(t, f, r, nodes...)

	seen := map[string][]*federationtest.Node{ids[0]: {town, first}, ids[1]: {town, second}, ids[2]: {town, first}, ids[3]: {town}, ids[4]: {town, second}}
	for id, at := range seen {
		if id != decided {
			sameCases(t, f, []string{id}, at...)
		}
	}
	for _, n := range f.Nodes() {
		if err := n.Fatal(); err != nil {
			t.Errorf("%s stopped: %v", n.ID, err)
		}
	}
	total := int64(0)
	for _, n := range nodes {
		c, err := hub.Store.Count(t.Context(), n.ID)
		if err != nil || c.Duplicated != 0 || c.Refused != 0 || c.Attention != 0 {
			t.Errorf("of %s the county has %+v, %v", n.ID, c, err)
		}
		total += c.HandedIn
	}
	if total != 5 {
		t.Errorf("the county has %d cases, want 5", total)
	}

	// What the hub itself had done is listed, and can be recorded again.
	var lost []store.LostRecord
	f.Eventually("the county to list what it lost", func() bool {
		var err error
		lost, err = lostRecords(t, hub)
		return err == nil && len(lost) == 2
	})
	if lost[0].Was.ID != want.Head || lost[1].Was.Kind != ledger.NodeRename || lost[0].Index <= r.Kept {
		t.Errorf("listed %+v", lost)
	}
	if n := len(f.Attention(hub)); n != 2 {
		t.Errorf("%d ask for attention", n)
	}
	if got := f.Case(hub, decided); got.Head == want.Head {
		t.Error("the hub's act came back by itself")
	}
	again, err := hub.RecordAgain(t.Context(), f.Operator(), nil)
	if err != nil || len(again) != 2 || again[0].Outcome != ledger.Applied || again[1].Outcome != ledger.Applied {
		t.Fatalf("recorded again: %+v, %v", again, err)
	}
	if got := f.Case(hub, decided); got.Head != want.Head || got.Status != want.Status {
		t.Errorf("the case is %s at %s, was %s at %s", got.Status, got.Head, want.Status, want.Head)
	}
	f.Settle()
	f.CaughtUp()
	sameCases(t, f, []string{decided}, town, second)
	if n := len(f.Attention(hub)); n != 0 {
		t.Errorf("%d still ask for attention", n)
	}
	if again, err := hub.RecordAgain(t.Context(), f.Operator(), nil); err != nil || len(again) != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}

	// Everybody keeps what proves that there was more, across a restart, and
	// goes on.
	for _, n := range nodes {
		former, err := n.Store.FormerCheckpoints(t.Context())
		if err != nil || len(former) != 1 || former[0].Size <= r.Kept || former[0].Epoch != r.At {
			t.Errorf("%s keeps %+v, %v", n.ID, former, err)
		}
		f.Restart(n)
	}
	id := submit(first)
	f.Settle()
	f.CaughtUp()
	sameCases(t, f, []string{id}, town, first)
	for _, n := range nodes {
		if code := problem(t, n); code != "" {
			t.Errorf("%s has a problem: %s", n.ID, code)
		}
	}
}

// Without the county's word nodes do not follow, however long, and the word of
// anybody else does not count.
func TestNobodyGoesBackWithoutTheCountysWord(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	if _, err := hub.DeclareRecovery(t.Context(), f.Operator(), "没有恢复过"); err == nil {
		t.Fatal("declared without a restore")
	}
	backup := f.CopyDisk(hub)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	for range 3 { // done by the county itself, so that it stays short
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "此名随备份丢失"})
	}
	f.Settle()
	f.CaughtUp()
	cursors := map[*federationtest.Node]uint64{}
	for _, n := range []*federationtest.Node{town, village} {
		var err error
		if cursors[n], err = n.Store.Cursor(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.PutBack(hub, backup)
	f.Restart(hub)
	hears(t, f, town)
	hears(t, f, village)
	f.Advance(grace)
	for n, was := range cursors {
		f.Eventually(n.ID+" to say that the county went back", func() bool { return problem(t, n) == "county_went_back" })
		if now, err := n.Store.Cursor(t.Context()); err != nil || now != was {
			t.Errorf("%s went from %d to %d, %v", n.ID, was, now, err)
		}
	}
	// A person of no such right, and a statement of no restore.
	worker := f.Person("330523110200", "", identity.VillageWorker)
	if _, err := hub.DeclareRecovery(t.Context(), worker, "随便"); err == nil {
		t.Error("a worker declared it")
	}
	var no *store.Refused
	if _, err := town.DeclareRecovery(t.Context(), f.Operator(), "乡镇"); !errors.As(err, &no) {
		t.Errorf("at a township: %v", err)
	}
}

// A node that was enrolled after the backup is not known to the county any more.
// Once its enrolment is recorded again, what it did arrives; what people did
// whom the county took on since waits for a person, and is not lost.
func TestNodeEnrolledAfterTheBackup(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town := f.Hub(), f.Township(0)
	f.Submit(f.Village(0), "TB-MZJ-004")
	f.Settle()
	backup := backupOf(t, hub)
	fresh := f.Staffed("village-330523110201-1", "330523110201")
	f.CaughtUp()
	c := f.Submit(fresh, "TB-MZJ-004")
	f.Settle()
	f.CaughtUp()
	lostDisk(t, f, hub, backup)
	r := declare(t, f)
	for _, n := range []*federationtest.Node{town, f.Village(0), fresh} {
		f.Eventually(n.ID+" to go back", func() bool { e, err := n.Store.Epoch(t.Context()); return err == nil && e.At == r.At })
	}
	f.HealAll()
	f.Eventually("the county to list the enrolment and the staff", func() bool {
		lost, err := lostRecords(t, hub)
		return err == nil && len(lost) >= 2 && lost[0].Was.Kind == ledger.NodeEnrol && !slices.ContainsFunc(lost, func(l store.LostRecord) bool { return l.Again })
	})
	again, err := hub.RecordAgain(t.Context(), f.Operator(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range again {
		if a.Status == store.Rejected {
			t.Errorf("not again: %+v", a)
		}
	}
	f.HealAll()
	f.Settle()
	f.CaughtUp()
	e, err := hub.Store.Entry(t.Context(), c.ID)
	if err != nil || e.Origin != fresh.ID {
		t.Fatalf("the county has %+v, %v", e, err)
	}
	if e.Status == ledger.Refused && (e.Code != "not_authorised" || len(f.Attention(hub)) == 0 || len(f.Attention(fresh)) == 0) {
		t.Errorf("%s of %s asks nobody for attention", e.Code, c.ID)
	}
	next := f.Submit(fresh, "TB-MZJ-004")
	if next.Number == c.Number {
		t.Errorf("the number %s is given out twice", c.Number)
	}
	f.Settle()
	f.CaughtUp()
	f.Case(hub, next.ID)
}

// A stick of the former ledger is not taken by a node that went back, nor one
// of the new ledger by a node that has not.
func TestStickOfAnotherEpoch(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Villages: []division.Code{"330523110200", "330523110201"}})
	hub, gone, stays := f.Hub(), f.Village(0), f.Village(1)
	f.Submit(gone, "TB-MZJ-004")
	f.Settle()
	f.CaughtUp()
	backup := backupOf(t, hub)
	f.Submit(gone, "TB-MZJ-004")
	f.Submit(stays, "TB-MZJ-004")
	f.Settle()
	f.CaughtUp()
	export := func(to *federationtest.Node) *bytes.Buffer {
		t.Helper()
		var b bytes.Buffer
		after := uint64(0)
		if _, err := hub.ExportBundle(t.Context(), &b, federation.BundleOptions{For: to.ID, After: &after, Full: true}); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	former := export(gone)
	lostDisk(t, f, hub, backup)
	f.Cut(stays.ID, "*")
	r := declare(t, f)
	f.Eventually("one village to go back", func() bool { e, err := gone.Store.Epoch(t.Context()); return err == nil && e.At == r.At })
	f.Submit(f.Township(0), "TB-MZJ-004")
	f.Confirmed(f.Township(0), gone)
	for n, stick := range map[*federationtest.Node]*bytes.Buffer{gone: former, stays: export(stays)} {
		was, err := n.Store.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.ImportBundle(t.Context(), stick); !errors.Is(err, carry.ErrEpoch) {
			t.Errorf("%s takes it: %v", n.ID, err)
		}
		if now, err := n.Store.Cursor(t.Context()); err != nil || now < was {
			t.Errorf("%s went from %d to %d, %v", n.ID, was, now, err)
		}
	}
	f.Heal(stays.ID, "*")
	inEpoch(t, f, r, stays)
	if _, err := stays.ImportBundle(t.Context(), export(stays)); err != nil {
		t.Errorf("after the line was there: %v", err)
	}
}

// A county that goes back twice, the second time before its first word for it
// reached everybody, is followed by all.
func TestCountyRecoversTwice(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	ids := []string{f.Submit(village, "TB-MZJ-004").ID}
	f.Settle()
	backup := backupOf(t, hub)
	ids = append(ids, f.Submit(village, "TB-MZJ-004").ID)
	f.Settle()
	f.CaughtUp()
	lostDisk(t, f, hub, backup)
	f.Cut(village.ID, "*")
	first := declare(t, f)
	f.Eventually("the township to go back", func() bool {
		e, err := town.Store.Epoch(context.Background())
		return err == nil && e.At == first.At
	})
	ids = append(ids, f.Submit(town, "TB-MZJ-004").ID, f.Submit(village, "TB-MZJ-004").ID)
	f.Confirmed(town)
	lostDisk(t, f, hub, backup)
	f.Heal(village.ID, "*")
	second := declare(t, f)
	if second.At <= first.At {
		t.Errorf("epochs %d and %d", first.At, second.At)
	}
	inEpoch(t, f, second, town, village)
	slices.Sort(ids)
	for _, id := range ids {
		sameCases(t, f, []string{id}, town)
	}
	for _, n := range []*federationtest.Node{town, village} {
		c, err := hub.Store.Count(t.Context(), n.ID)
		if err != nil || c.Duplicated != 0 || c.Refused != 0 {
			t.Errorf("of %s the county has %+v, %v", n.ID, c, err)
		}
	}
}

// listsLost waits until the county lists a renaming that it has not again.
func listsLost(t *testing.T, f *federationtest.Federation, hub *federationtest.Node, name string) {
	t.Helper()
	f.Eventually("the county to list the name "+name, func() bool {
		lost, err := lostRecords(t, hub)
		return err == nil && slices.ContainsFunc(lost, func(l store.LostRecord) bool {
			return l.Was.Kind == ledger.NodeRename && bytes.Contains(l.Was.Body, []byte(name)) && !l.Again && !l.Resolved
		})
	})
}

// What the county had recorded again is listed again when it loses that, too: who
// holds it had shown it to a ledger that is no more.
func TestWhatIsLostTwiceIsListedTwice(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	backup := backupOf(t, hub)
	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "两次丢失"})
	f.Settle()
	f.CaughtUp()
	for range 2 {
		lostDisk(t, f, hub, backup)
		inEpoch(t, f, declare(t, f), town, village)
		listsLost(t, f, hub, "两次丢失")
		again, err := hub.RecordAgain(t.Context(), f.Operator(), nil)
		if err != nil || len(again) != 1 || again[0].Status == store.Rejected {
			t.Fatalf("%+v, %v", again, err)
		}
		f.Settle()
		f.CaughtUp()
	}
}

// A node that was away when the county went back shows what it holds of the first
// ledger also after the county went back once more, to more records than that had.
func TestWhatANodeThatWasAwayHoldsIsListed(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	first := backupOf(t, hub)
	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "久未连线"})
	f.Settle()
	f.CaughtUp()
	f.Cut(town.ID, "*")
	f.Cut(village.ID, "*")
	lostDisk(t, f, hub, first)
	declare(t, f)
	for range 5 {
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "后来的名称"})
	}
	lostDisk(t, f, hub, backupOf(t, hub))
	second := declare(t, f)
	f.HealAll()
	inEpoch(t, f, second, town, village)
	listsLost(t, f, hub, "久未连线")
}

// What was done at a hub that joined after the backup is listed once that hub is
// known again: until then nobody can tell that a hub of the county signed it.
func TestWhatWasDoneAtAHubThatIsLostIsListed(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	backup := backupOf(t, hub)
	second := f.Join("county-2")
	f.Settle()
	f.Do(second, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "在新主机上改名"})
	f.Settle()
	f.CaughtUp()
	f.Kill(second)
	lostDisk(t, f, hub, backup)
	r := declare(t, f)
	for _, n := range []*federationtest.Node{town, village} {
		f.Eventually(n.ID+" to go back with the county", func() bool { e, err := n.Store.Epoch(t.Context()); return err == nil && e.At == r.At })
	}
	f.Eventually("the county to list the hub's enrolment", func() bool {
		lost, err := lostRecords(t, hub)
		return err == nil && slices.ContainsFunc(lost, func(l store.LostRecord) bool { return l.Was.Kind == ledger.NodeEnrol })
	})
	for _, n := range []*federationtest.Node{town, village} {
		f.Eventually(n.ID+" to have shown everything", func() bool {
			untold, err := n.Store.UntoldLost(t.Context(), 1)
			return err == nil && len(untold) == 0
		})
	}
	if again, err := hub.RecordAgain(t.Context(), f.Operator(), nil); err != nil || len(again) == 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	listsLost(t, f, hub, "在新主机上改名")
	lost, err := lostRecords(t, hub)
	if err != nil || !slices.ContainsFunc(lost, func(l store.LostRecord) bool { return l.Was.Origin == second.ID }) {
		t.Errorf("nothing of %s: %+v, %v", second.ID, lost, err)
	}
}

// The county's own numbers of a day are never given out twice, however often it
// goes back on that day: a resident holds a receipt for each of them.
func TestNumbersOfADayAreNotGivenOutTwice(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub := f.Hub()
	backup := backupOf(t, hub)
	given := map[string]bool{}
	for round := range 3 {
		for range 2 {
			number := f.Submit(hub, "TB-SCJG-010").Number
			if given[number] {
				t.Errorf("round %d: %s was given out before", round, number)
			}
			given[number] = true
		}
		if round == 2 {
			break
		}
		hub.Clock.Skew(time.Duration(round+1) * time.Minute)
		lostDisk(t, f, hub, backup)
		declare(t, f)
	}
	if len(given) != 6 {
		t.Errorf("%d numbers", len(given))
	}
}
