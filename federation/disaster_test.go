package federation_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The leader dies while cases come up: no case is lost, none is there twice,
// and the hub that died is brought up again.
func TestLeaderKilledInTheMiddle(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	village := f.Village(0)
	leader := f.Leader()
	for i := range 24 {
		f.Submit(village, "TB-MZJ-004")
		if i == 8 {
			f.Kill(leader)
		}
	}
	f.Confirmed(village)
	second := f.Leader()
	if second.ID == leader.ID {
		t.Fatal("the dead hub leads")
	}
	f.Restart(leader)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	trees := map[string]bool{}
	for _, hub := range f.Hubs() {
		n, err := hub.Store.Count(t.Context(), village.ID)
		if err != nil {
			t.Fatal(err)
		}
		if n.HandedIn != 25 || n.Confirmed != 25 || n.Duplicated != 0 || n.Attention != 0 {
			t.Errorf("%s: %+v", hub.ID, n)
		}
		head, err := hub.Store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tree, err := hub.Store.Tree(t.Context(), head)
		if err != nil {
			t.Fatal(err)
		}
		trees[tree.Hash.String()] = true
	}
	if len(trees) != 1 {
		t.Errorf("the hubs' ledgers differ: %v", trees)
	}
}

// A village's PC is replaced: nothing that was confirmed is lost, the new one
// goes on with the cases, and the old one is refused. What somebody hands in
// there all the same stands for nothing, and waits for a person at the county.
func TestReplacedVillagePC(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	old := f.Village(0)
	c := f.Submit(old, "TB-MZJ-004")
	f.Settle()
	disk := f.CopyDisk(old)
	fresh := f.Replace(old, "village-330523110200-2")
	f.CaughtUp()
	if got := f.Case(fresh, c.ID); got.Head != c.Head {
		t.Errorf("the new PC has the case at %s, want %s", got.Head, c.Head)
	}
	f.Act(fresh, c.ID, ledger.VerbAccept)
	next := f.Submit(fresh, "TB-MZJ-004")
	if next.Number == c.Number {
		t.Errorf("the number %s is given out twice", c.Number)
	}
	f.Confirmed(fresh)
	f.Waits(f.Township(0), c.ID, ledger.VerbPreReview)

	// Somebody switches the old one on, and takes a case in before it hears
	// anybody.
	hub := f.Hub()
	f.PutBack(old, disk)
	f.Cut(old.ID, "*")
	f.Restart(old)
	lost := f.Submit(old, "TB-MZJ-004")
	f.Heal(old.ID, "*")
	f.Eventually("the old PC to be told", func() bool {
		r, err := old.Report(t.Context())
		return err == nil && r.ProblemCode == "node_revoked"
	})
	f.Eventually("the county to be asked to look at it", func() bool { _, err := hub.Store.AttentionFor(t.Context(), lost.ID); return err == nil })
	if got, err := hub.Store.SetAside(t.Context(), lost.ID); err != nil || len(got) != 1 || got[0].Code != "node_revoked" || len(got[0].Submission.Form) == 0 {
		t.Errorf("what the old PC took in is at the county as %+v, %v", got, err)
	}
	if _, err := hub.Store.Case(t.Context(), lost.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what the old PC took in is a case: %v", err)
	}
	if n, err := hub.Store.Count(t.Context(), old.ID); err != nil || n.HandedIn != 2 || n.Refused != 1 || n.Duplicated != 0 {
		t.Errorf("of the old PC the county has %+v, %v", n, err)
	}
	f.Submit(fresh, "TB-MZJ-004")
	f.Confirmed(fresh)
	f.Kill(old)
}

// A village's disk is an old copy, and it goes on recording before it hears
// anybody. It is found out, stopped and told what to do; nobody else is
// held up.
func TestForkedVillage(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Villages: []division.Code{"330523110200", "330523110201"}})
	village, other, town, hub := f.Village(0), f.Village(1), f.Township(0), f.Hub()
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	disk := f.CopyDisk(village)
	kept := f.Submit(village, "TB-MZJ-004")
	f.Settle()

	f.PutBack(village, disk)
	f.Cut(village.ID, "*")
	f.Restart(village)
	handedIn := f.Submission(village, "TB-MZJ-004")
	ref := scan(t, village, "only on the disk that forked")
	handedIn.Materials[0].Attachments = []catalog.AttachmentRef{ref}
	r, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), "", handedIn)
	if err != nil {
		t.Fatal(err)
	}
	lost := f.Case(village, r.ID)
	if lost.Number != kept.Number {
		t.Logf("the numbers happen to differ: %s, %s", lost.Number, kept.Number)
	}
	f.Heal(village.ID, "*")

	f.Eventually("the village to be told", func() bool {
		r, err := village.Report(t.Context())
		return err == nil && r.ProblemCode == "forked_origin"
	})
	var no *store.Refused
	ails(t, f, village, "forked_origin", true)
	if _, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), "", f.Submission(village, "TB-MZJ-004")); !errors.As(err, &no) || no.Code != "forked_origin" {
		t.Errorf("the forked village goes on: %v", err)
	}
	f.Submit(other, "TB-MZJ-004")
	f.Confirmed(other, town)
	f.CaughtUp()
	if got := f.Case(village, kept.ID); got.Head != kept.Head {
		t.Errorf("the county's word did not come back: %s", got.Head)
	}
	seen := false
	for _, a := range f.Attention(village) {
		seen = seen || a.Code == "forked_origin"
	}
	if !seen {
		t.Errorf("attention at the village: %+v", f.Attention(village))
	}
	f.Eventually("the county to have what was lost, with its scan", func() bool {
		got, err := hub.Store.SetAside(t.Context(), lost.ID)
		has, herr := hub.Blobs.Has(ref.Hash)
		left, _, oerr := village.Store.OutstandingCount(t.Context())
		return errors.Join(err, herr, oerr) == nil && len(got) == 1 && has && left == 0
	})
	for _, n := range []*federationtest.Node{village, other, town, hub} {
		if err := n.Fatal(); err != nil {
			t.Errorf("%s stopped: %v", n.ID, err)
		}
	}

	// The remedy: enrol it anew, and hand in again. The county never received
	// the one that was lost, so it cannot be named.
	fresh := f.Replace(village, "village-330523110200-2")
	f.CaughtUp()
	b := f.Submission(fresh, "TB-MZJ-004")
	b.Corrects = lost.ID
	if _, err := f.TryDo(fresh, f.Worker(fresh, f.Item("TB-MZJ-004")), "", b); codeOf(err) != "corrects_unknown" {
		t.Errorf("what the county never received was corrected: %v", err)
	}
	b.Corrects = ""
	if _, err := f.TryDo(fresh, f.Worker(fresh, f.Item("TB-MZJ-004")), "", b); err != nil {
		t.Fatal(err)
	}
	f.Confirmed(fresh)
}

// What a village with an old disk recorded before it heard anybody waits for a
// person there, all of it, and the county knows that the village forked,
// whoever found it out first.
func TestForkedVillageLeavesNothingUnsaid(t *testing.T) {
	for name, c := range map[string]struct {
		kept    int  // handed in after the copy, before the disk was lost
		restart bool // once more, as soon as it was found out
	}{"one was lost": {kept: 1}, "more was lost": {kept: 3}, "as much was lost": {kept: 2}, "restarted": {kept: 1, restart: true}} {
		t.Run(name, func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{})
			village, hub := f.Village(0), f.Hub()
			f.Submit(village, "TB-MZJ-004")
			f.Settle()
			disk := f.CopyDisk(village)
			for range c.kept {
				f.Submit(village, "TB-MZJ-004")
			}
			f.Settle()
			f.PutBack(village, disk)
			f.Cut(village.ID, "*")
			f.Restart(village)
			var lost []string
			for range 2 {
				lost = append(lost, f.Submit(village, "TB-MZJ-004").ID)
			}
			f.Act(village, lost[1], ledger.VerbAccept)
			f.Heal(village.ID, "*")

			waits := func(n *federationtest.Node) map[string]string {
				codes := map[string]string{}
				for _, a := range f.Attention(n) {
					codes[a.Entry] = a.Code
				}
				return codes
			}
			f.Eventually("all that was lost to wait for a person", func() bool {
				codes := waits(village)
				return codes[lost[0]] == "forked_origin" && codes[lost[1]] == "forked_origin" && len(codes) == 4
			})
			if c.restart {
				f.Restart(village)
			}
			f.Eventually("the village to say so", func() bool {
				r, err := village.Report(t.Context())
				return err == nil && r.ProblemCode == "forked_origin" && r.Outbox == 0
			})
			f.Eventually("the county to know", func() bool {
				_, forked, err := hub.Store.LastSeq(t.Context(), village.ID)
				return err == nil && forked && waits(hub)["fork:"+village.ID] == "forked_origin" && waits(hub)[lost[0]] == "forked_origin" && waits(hub)[lost[1]] == "forked_origin"
			})
			for _, id := range lost {
				if v, err := village.Store.Entry(t.Context(), id); err != nil || v.Status != ledger.Refused || !strings.Contains(v.Reason, "重新办理") {
					t.Errorf("%s at the village: %+v, %v", id, v, err)
				}
				for _, at := range []*federationtest.Node{village, hub} {
					if got, err := at.Store.SetAside(t.Context(), id); err != nil || len(got) != 1 || len(got[0].Submission.Form) == 0 {
						t.Errorf("%s cannot be read at %s: %+v, %v", id, at.ID, got, err)
					}
				}
				if _, err := village.Store.Case(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s is still a case at the village: %v", id, err)
				}
			}
			n, err := hub.Store.Count(t.Context(), village.ID)
			if err != nil || n.Confirmed != int64(1+c.kept) {
				t.Errorf("the county has %+v, %v", n, err)
			}
			f.CaughtUp()
			if got, err := village.Store.Count(t.Context(), village.ID); err != nil || got.Confirmed != n.Confirmed {
				t.Errorf("the village has %+v, the county %+v, %v", got, n, err)
			}
		})
	}
}

// An old copy that hears the others before it records anything gets back what
// it lacks and goes on.
func TestRestoredVillageCatchesUp(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	disk := f.CopyDisk(village)
	c := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	f.PutBack(village, disk)
	f.Restart(village)
	f.CaughtUp()
	if got := f.Case(village, c.ID); got.Head != c.Head {
		t.Errorf("the case is at %s, want %s", got.Head, c.Head)
	}
	next := f.Submit(village, "TB-MZJ-004")
	if next.Number == c.Number {
		t.Errorf("the number %s is given out twice", c.Number)
	}
	f.Settle()
	if n, err := f.Hub().Store.Count(t.Context(), village.ID); err != nil || n.Confirmed != 2 || n.Duplicated != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}

// A township's disk is lost with what it held for its villages: they send it
// again, by the new machine or past it.
func TestTransitEntriesOutliveTheTownship(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Cut(town.ID, hub.ID)
	f.Cut(village.ID, hub.ID)
	var ids []string
	for range 3 {
		ids = append(ids, f.Submit(village, "TB-MZJ-004").ID)
	}
	f.Eventually("the township to have them", func() bool { return f.Word(village, ids[2]) == "township" })
	f.Kill(town)
	fresh := f.Replace(town, "township-330523110-2")
	f.Eventually("the new township to have them", func() bool {
		last, _, err := fresh.Store.LastSeq(t.Context(), village.ID)
		return err == nil && last == 3
	})
	f.Confirmed(village, fresh)
	f.CaughtUp()
	for _, id := range ids {
		f.Case(hub, id)
		f.Case(fresh, id)
	}
	if n, err := hub.Store.Count(t.Context(), village.ID); err != nil || n.Confirmed != 3 || n.Duplicated != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}
