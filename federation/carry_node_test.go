package federation_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A village and its township without a line: a stick takes what they did to
// the county and brings the county's word back. The line works again later,
// and finds everything done.
func TestSticks(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.CaughtUp()
	f.Cut(village.ID, "*")
	f.Cut(town.ID, "*")

	c := f.Submit(village, "TB-MZJ-004")
	f.Act(village, c.ID, ledger.VerbAccept)
	if got := carryBundle(t, village, town, federation.BundleOptions{For: town.ID}); got.Entries != 2 {
		t.Fatalf("township took %+v", got)
	}
	f.Act(town, c.ID, ledger.VerbPreReview)
	if got := carryBundle(t, town, hub, federation.BundleOptions{}); got.Entries != 3 || got.Refused != 0 {
		t.Fatalf("county took %+v", got)
	}
	f.Act(hub, c.ID, ledger.VerbDecide)
	for _, n := range []*federationtest.Node{town, village} {
		carryBundle(t, hub, n, federation.BundleOptions{For: n.ID})
		if out := f.Outbox(n); out.Length != 0 {
			t.Errorf("%s: outbox %+v", n.ID, out)
		}
		if got := f.Case(n, c.ID); got.Head != f.Case(hub, c.ID).Head {
			t.Errorf("%s has the case as %s", n.ID, got.Status)
		}
	}
	f.HealAll()
	f.CaughtUp()
	if last, forked, err := hub.Store.LastSeq(t.Context(), village.ID); last != 2 || forked || err != nil {
		t.Errorf("the county has %d of the village, forked %v, %v", last, forked, err)
	}
}

// A village restored from a backup by people who have both a line that works
// and one that does not: it must not give a number twice that the township
// alone knows of.
func TestRestoredVillageAsksFirst(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village)
	var archive bytes.Buffer
	if _, err := village.Store.ExportArchive(t.Context(), &archive, store.ArchiveOptions{MadeAt: village.Now().UnixMilli(), Blobs: village.Blobs}); err != nil {
		t.Fatal(err)
	}
	confirmed := f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village)
	f.Cut(village.ID, hub.ID)
	f.Cut(town.ID, hub.ID)
	inTransit := f.Submit(village, "TB-MZJ-004")
	f.Eventually("the township's word", func() bool { return f.Word(village, inTransit.ID) == "township" })

	f.Kill(village)
	backup := archive.Bytes()
	if _, err := store.RestoreArchive(t.Context(), village.Dir(), storetest.Key, bytes.NewReader(backup)); !errors.Is(err, store.ErrUnsent) {
		t.Fatalf("over what the county does not have: %v", err)
	}
	aside := t.TempDir()
	states, err := filepath.Glob(filepath.Join(village.Dir(), "state.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range states {
		if err := os.Rename(path, filepath.Join(aside, filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.RestoreArchive(t.Context(), village.Dir(), storetest.Key, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	f.Cut(village.ID, "*")
	f.Restart(village)
	refused := func(when string) {
		t.Helper()
		var no *store.Refused
		if _, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), "", f.Submission(village, "TB-MZJ-004")); !errors.As(err, &no) || no.Code != "restored" {
			t.Fatalf("%s: %v", when, err)
		}
	}
	refused("without a line")
	ails(t, f, village, "restored", true)
	f.Heal(village.ID, town.ID)
	f.Heal(village.ID, hub.ID)
	f.Eventually("its own entries back from the county", func() bool {
		last, _, err := village.Store.LastSeq(t.Context(), village.ID)
		return err == nil && last == 2
	})
	refused("while the township has more than the county")

	f.Heal("*", "*")
	was := village.ID
	f.Succeeded(village)
	after := f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village)
	f.CaughtUp()
	numbers := map[string]bool{}
	for _, id := range []string{confirmed.ID, inTransit.ID, after.ID} {
		numbers[f.Case(hub, id).Number] = true
		f.Case(village, id)
	}
	if len(numbers) != 3 {
		t.Errorf("case numbers %v", numbers)
	}
	for id, want := range map[string]uint64{was: 3, village.ID: 1} {
		if last, forked, err := hub.Store.LastSeq(t.Context(), id); last != want || forked || err != nil {
			t.Errorf("the county has %d of %s, forked %v, %v", last, id, forked, err)
		}
	}
}

// carryBundle takes a bundle from one node to another.
func carryBundle(t *testing.T, from, to *federationtest.Node, o federation.BundleOptions) carry.Summary {
	t.Helper()
	var b bytes.Buffer
	if _, err := from.ExportBundle(t.Context(), &b, o); err != nil {
		t.Fatalf("export at %s: %v", from.ID, err)
	}
	s, err := to.ImportBundle(t.Context(), &b)
	if err != nil {
		t.Fatalf("import at %s: %v", to.ID, err)
	}
	return s
}
