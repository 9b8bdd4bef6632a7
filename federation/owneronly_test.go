package federation_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
)

// Whatever a node keeps is its owner's to read, also where the folder was made
// by somebody who did not think of it, and also what an older program left
// open.
func TestOnlyTheOwnerReads(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village)
	f.Kill(village)
	if err := os.Chmod(filepath.Join(village.Dir(), "state.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.Restart(village)
	files := 0
	for _, n := range []*federationtest.Node{village, town, hub} {
		err := filepath.WalkDir(n.Dir(), func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == n.Dir() {
				return nil // a file that went meanwhile
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			files++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %s has mode %v", n.ID, path, info.Mode())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 15 {
		t.Errorf("only %d files were looked at", files)
	}
}
