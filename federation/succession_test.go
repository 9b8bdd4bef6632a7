package federation_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
)

// TestSuccessionCutOff: the machine of a restored village dies at any moment of
// becoming another node. It comes back as the old one, which records nothing, or
// as the new one, and there is one new one only.
func TestSuccessionCutOff(t *testing.T) {
	for _, at := range []string{"succession.request.written", "succession.answer.written", "succession.noted", "succession.membership.written"} {
		t.Run(at, func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{})
			village := f.Village(0)
			was := village.ID
			backup := backupOf(t, village)
			lost := f.Submit(village, "TB-MZJ-004")
			f.Settle()
			f.Kill(village)
			putBack(t, village, backup)
			reached := make(chan struct{})
			restore := federation.AtPoint(func(name string) {
				if name == at {
					close(reached)
					runtime.Goexit()
				}
			})
			f.Restart(village)
			<-reached
			f.Kill(village)
			restore()
			f.Restart(village)
			if village.Self().Node == was {
				f.Succeeded(village)
			} else {
				f.Renamed(village)
			}
			after := f.Submit(village, "TB-MZJ-004")
			if after.Number == lost.Number {
				t.Errorf("the number %s is given out twice", after.Number)
			}
			f.Settle()
			f.Case(village, lost.ID)
			f.Case(f.Hub(), after.ID)
			known, err := f.Hub().Store.Node(t.Context(), was)
			must(t, err)
			if known.SucceededBy != village.ID || village.Self().Ordinal != 2 {
				t.Errorf("%s is succeeded by %s; this is %+v", was, known.SucceededBy, village.Self())
			}
			if _, err := os.Stat(filepath.Join(village.Dir(), "succession.json")); !os.IsNotExist(err) {
				t.Errorf("left over: %v", err)
			}
		})
	}
}

// TestRestoredAgain: a disk is lost a second time. Whatever lies in the safe, the
// membership of before the first time or of after, and whichever backup, the
// machine goes on, under an ordinal that nobody had.
func TestRestoredAgain(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	safe := func() []byte {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(village.Dir(), "membership.json"))
		must(t, err)
		return raw
	}
	oldest, first := backupOf(t, village), safe()
	numbers := map[string]bool{}
	again := func(what string, backup, membership []byte) {
		t.Helper()
		f.Kill(village)
		must(t, os.WriteFile(filepath.Join(village.Dir(), "membership.json"), membership, 0o600))
		putBack(t, village, backup)
		f.Restart(village)
		f.Succeeded(village)
		c := f.Submit(village, "TB-MZJ-004")
		if numbers[c.Number] {
			t.Errorf("%s: %s is given out twice", what, c.Number)
		}
		numbers[c.Number] = true
		f.Settle()
	}
	again("for the first time", oldest, first)
	later, second := backupOf(t, village), safe()
	again("the old backup, the new membership", oldest, second)
	again("the new backup, the first membership", later, first)
	again("both as they were once", oldest, first)
	again("no backup", nil, second)
	if n, err := f.Hub().Store.Count(t.Context(), ""); err != nil || n.Confirmed != 6 || n.Duplicated != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	if left := f.Attention(f.Hub()); len(left) > 0 {
		t.Errorf("needs attention: %+v", left)
	}
}

// TestSuccessorSendsWhatTheBackupHeld: a backup holds what the county does not
// have yet. The machine goes on as another node, and sends it all the same.
func TestSuccessorSendsWhatTheBackupHeld(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town := f.Village(0), f.Township(0)
	f.Cut(village.ID, "*")
	unsent := f.Submit(village, "TB-MZJ-004")
	backup := backupOf(t, village)
	f.Kill(village)
	putBack(t, village, backup)
	f.Cut(village.ID, f.Hub().ID) // its way is through the township alone
	f.Heal(village.ID, town.ID)
	f.Restart(village)
	f.Succeeded(village)
	after := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	for _, id := range []string{unsent.ID, after.ID} {
		if e, err := f.Hub().Store.Entry(t.Context(), id); err != nil || e.Status != ledger.Applied {
			t.Errorf("%s: %+v, %v", id, e, err)
		}
	}
}

// TestEnrolledNodeIsNotTakenForALostOne: a node that enrolled and has never
// started keeps the identity it was given; so does one that is started again.
func TestEnrolledNodeIsNotTakenForALostOne(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	f.Restart(village)
	restored, err := village.Store.Restored(t.Context())
	must(t, err)
	if restored {
		t.Error("a new node is taken for one that lost its disk")
	}
}

// putBack restores a backup on an empty disk, or leaves it empty.
func putBack(t *testing.T, n *federationtest.Node, backup []byte) {
	t.Helper()
	states, err := filepath.Glob(filepath.Join(n.Dir(), "*.db*"))
	must(t, err)
	for _, path := range states {
		must(t, os.Remove(path))
	}
	if backup == nil {
		return
	}
	must(t, restoreInto(t, n.Dir(), backup))
}
