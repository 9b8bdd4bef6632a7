package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// mount mounts a small disk; tests that need one run as root only.
func mount(t *testing.T, options string, flags uintptr) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); errors.Is(err, fs.ErrPermission) {
		t.Skip("mounting is not allowed here")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// On a full disk recording is refused and says so; nothing is half-written;
// reading goes on, and once there is room so does recording.
func TestFullDisk(t *testing.T) {
	disk := mount(t, "size=6m", 0)
	small := storetest.NewCounty(t, storetest.InDir(disk))
	for _, n := range []*storetest.Node{small.Village(here), small.Hub()} {
		filler := filepath.Join(disk, "filler")
		first := n.Submit(welfare)
		fill(t, filler)
		var full *store.StorageError
		recorded := []string{first.ID}
		for range 2000 {
			before := n.Applied()
			opened, err := submitRaw(n)
			if err != nil {
				if !errors.As(err, &full) || !full.Full() {
					t.Fatalf("%s: %v", n.ID(), err)
				}
				if n.Applied() != before {
					t.Errorf("applied moved from %d to %d", before, n.Applied())
				}
				break
			}
			recorded = append(recorded, opened)
		}
		if full == nil {
			t.Fatalf("%s: the disk never filled", n.ID())
		}
		if n.Failed() != nil {
			t.Errorf("%s stopped for good: %v", n.ID(), n.Failed())
		}
		have := func(when string) {
			t.Helper()
			all, err := n.Cases(ctx, store.CaseFilter{Limit: 5000})
			if err != nil || len(all) != len(recorded) {
				t.Errorf("%s %s: %d cases of %d, %v", n.ID(), when, len(all), len(recorded), err)
			}
			for _, id := range recorded {
				if v, err := n.Store.Entry(ctx, id); err != nil || v.Status != ledger.Applied {
					t.Errorf("%s %s: %v", n.ID(), when, err)
				}
			}
		}
		have("full")
		must(t, os.Remove(filler))
		recorded = append(recorded, n.Submit(welfare).ID)
		have("with room")
		n.Reopen()
		have("after a restart")
		must(t, n.Check(ctx))
	}
}

// fill leaves no more than a few pages of room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for block := 1 << 16; block >= 4096; {
		if _, err := f.Write(make([]byte, block)); err != nil {
			block /= 2
		}
	}
}

func TestReadOnlyDisk(t *testing.T) {
	disk := mount(t, "size=8m", 0)
	s, err := open(disk, villageSelf())
	must(t, err)
	must(t, s.Close())
	for _, empty := range []bool{false, true} {
		if empty {
			must(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT, ""))
			must(t, os.Remove(filepath.Join(disk, "state.db")))
		}
		must(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		var broken *store.StorageError
		if s, err := open(disk, villageSelf()); !errors.As(err, &broken) || broken.Full() || errors.Is(err, store.ErrNotOurs) {
			t.Errorf("on a write-protected disk: %v", err)
			if s != nil {
				s.Close()
			}
		}
	}
}

// submitRaw hands in a case and returns the storage's error.
func submitRaw(n *storetest.Node) (string, error) {
	if n.Division() == here {
		r, err := n.TrySubmit(welfare)
		return r.ID, err
	}
	counter, err := n.LastCounter(ctx, n.Number(1)[:22])
	if err != nil {
		return "", err
	}
	b := n.Submission(welfare)
	b.Number = n.Number(counter + 1)
	id := ledger.IDFromKey(n.ID(), "full", b.Number)
	e := n.Entry(0, n.DepartmentActor(identity.DepartmentWindow, b.Department), b, storetest.About{ID: id, Case: id, Scope: b.Division})
	_, err = n.Commit(ctx, []store.Proposal{{RaftIndex: n.Applied() + 1, At: e.OccurredAt, Entries: [][]byte{n.Raw(e)}}})
	return id, err
}
