package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// TestInspectWhatCannotBeOpened: on a disk where SQLite cannot make the index of
// its log (here its place points nowhere), a sound database is found sound;
// with something in the log it is not looked at, and never called damaged.
func TestInspectWhatCannotBeOpened(t *testing.T) {
	dir := oldDatabase(t)
	state := filepath.Join(dir, "state.db")
	must(t, os.Symlink(filepath.Join(dir, "nowhere", "x"), state+"-shm"))
	must(t, os.WriteFile(state+"-wal", nil, 0o600))
	must(t, store.Inspect(t.Context(), dir, storetest.Key, villageSelf()))
	if hubs, err := store.InspectHubs(t.Context(), dir, storetest.Key, "330523"); err != nil {
		t.Errorf("%v, %v", hubs, err)
	}
	other := villageSelf()
	other.Node = "village-2"
	if err := store.Inspect(t.Context(), dir, storetest.Key, other); !errors.Is(err, store.ErrOtherNode) {
		t.Errorf("another node's: %v", err)
	}
	must(t, os.WriteFile(state+"-wal", []byte("something"), 0o600))
	if err := store.Inspect(t.Context(), dir, storetest.Key, villageSelf()); !errors.Is(err, store.ErrUnchecked) || errors.Is(err, store.ErrDamaged) {
		t.Errorf("with a log: %v", err)
	}
	must(t, os.WriteFile(state+"-wal", nil, 0o600))
	must(t, os.Truncate(state, 8192))
	if err := store.Inspect(t.Context(), dir, storetest.Key, villageSelf()); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("cut off: %v", err)
	}
}

// TestInspectLeavesNothingBehind: looking changes nothing in the folder.
func TestInspectLeavesNothingBehind(t *testing.T) {
	dir := oldDatabase(t)
	list := func() (names []string) {
		files, err := os.ReadDir(dir)
		must(t, err)
		for _, f := range files {
			names = append(names, f.Name())
		}
		return names
	}
	before := list()
	must(t, store.Inspect(t.Context(), dir, storetest.Key, villageSelf()))
	if after := list(); len(after) != len(before) {
		t.Errorf("%q became %q", before, after)
	}
}
