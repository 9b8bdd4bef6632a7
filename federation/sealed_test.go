package federation_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// sealedBackup is a backup of a node as an operator gets it.
func sealedBackup(t *testing.T, n *federationtest.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := n.SealBackup(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Store.ExportArchive(t.Context(), w, store.ArchiveOptions{MadeAt: n.Now().UnixMilli(), Blobs: n.Blobs}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A village's backup is read with its own keys and with the county's, from a
// hub or from the safe; by no other node, and not by whoever finds the file.
func TestBackupsAreSealed(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Submit(village, "TB-MZJ-004")
	f.Confirmed(village)
	file := sealedBackup(t, village)
	for _, part := range []string{"王芳", "argon2", "SQLite"} {
		if bytes.Contains(file, []byte(part)) {
			t.Errorf("%q is in the clear", part)
		}
	}
	safe := copyKeys(t, hub, "")
	for name, row := range map[string]struct {
		folder string
		can    bool
	}{"the village": {village.Dir(), true}, "a hub": {hub.Dir(), true}, "the safe": {safe, true}, "the township": {town.Dir(), false}, "no keys": {t.TempDir(), false}} {
		content, err := federation.OpenBackup(bytes.NewReader(file), row.folder)
		if !row.can {
			if !errors.Is(err, seal.ErrNotForUs) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m, err := store.VerifyArchive(t.Context(), content); err != nil || m.Node != village.ID {
			t.Errorf("%s: %v", name, err)
		}
	}

	f.Kill(village)
	keys := copyKeys(t, village, "keys")
	// A cut, changed or foreign file leaves the new disk as it is.
	flipped := bytes.Clone(file)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string][]byte{"cut": file[:len(file)-100], "flipped": flipped, "a bundle": bundleOf(t, town)} {
		content, err := federation.OpenBackup(bytes.NewReader(bad), keys)
		if err == nil {
			_, err = store.RestoreArchive(t.Context(), keys, storetest.Key, content)
		}
		if !errors.Is(err, store.ErrArchiveDamaged) && !errors.Is(err, store.ErrArchiveMalformed) && !errors.Is(err, seal.ErrTruncated) && !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(keys, "state.db")); err == nil {
			t.Errorf("%s: a state was put in place", name)
		}
	}
	content, err := federation.OpenBackup(bytes.NewReader(file), keys)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := store.RestoreArchive(t.Context(), keys, storetest.Key, content); err != nil || m.Node != village.ID {
		t.Fatalf("restore: %+v, %v", m, err)
	}
	if _, err := federation.OpenBackup(io.LimitReader(bytes.NewReader(file), 30), keys); !errors.Is(err, seal.ErrTruncated) {
		t.Errorf("a stump: %v", err)
	}
}

// copyKeys is a copy of a node's keys as it is kept: for its owner only.
func copyKeys(t *testing.T, n *federationtest.Node, under string) string {
	t.Helper()
	dir := t.TempDir()
	to := filepath.Join(dir, under)
	files, err := os.ReadDir(filepath.Join(n.Dir(), "keys"))
	if err == nil {
		err = errors.Join(os.MkdirAll(to, 0o700), os.Chmod(to, 0o700))
	}
	for _, f := range files {
		key, rerr := os.ReadFile(filepath.Join(n.Dir(), "keys", f.Name()))
		err = errors.Join(err, rerr, os.WriteFile(filepath.Join(to, f.Name()), key, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func bundleOf(t *testing.T, n *federationtest.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := n.ExportBundle(t.Context(), &b, federation.BundleOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
