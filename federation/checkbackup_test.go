package federation_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// backupOf is a node's backup.
func backupOf(t *testing.T, n *federationtest.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := n.Store.ExportArchive(t.Context(), &b, store.ArchiveOptions{MadeAt: n.Now().UnixMilli(), Blobs: n.Blobs}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restoreInto restores a backup as the command does.
func restoreInto(t *testing.T, dir string, backup []byte) error {
	t.Helper()
	_, err := store.RestoreArchive(t.Context(), dir, storetest.Key, bytes.NewReader(backup), func(m *store.Manifest, chain []json.RawMessage) error {
		return federation.CheckBackup(dir, m, chain)
	})
	return err
}

// A backup is taken only where it belongs, and what is refused changes nothing.
func TestBackupBelongsToItsNode(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 2, Villages: []division.Code{"330523110200", "330523110201"}})
	other := federationtest.New(t, federationtest.Config{Hubs: 2, Villages: []division.Code{"330523110200", "330523110201"}})
	replaced := f.Replace(f.Village(1), "village-330523110201-2")
	f.CaughtUp()
	backups := map[string][]byte{}
	for _, n := range []*federationtest.Node{f.Hub(), f.Township(0), f.Village(0), replaced} {
		backups[n.ID] = backupOf(t, n)
	}
	for _, n := range []*federationtest.Node{other.Hub(), other.Township(0), other.Village(0)} {
		backups["other "+n.ID] = backupOf(t, n)
	}
	old := f.Village(1) // the computer that was replaced, with its own directory
	hubs, town, village := f.Hubs(), f.Township(0), f.Village(0)
	nodes := []*federationtest.Node{hubs[0], hubs[1], town, village, replaced}
	for _, n := range nodes {
		f.Kill(n)
	}
	for _, c := range []struct {
		from  string
		into  *federationtest.Node
		taken bool
	}{
		{hubs[0].ID, hubs[0], true},
		{hubs[0].ID, hubs[1], true}, // hubs hold one common state
		{town.ID, town, true},
		{village.ID, village, true},
		{replaced.ID, replaced, true},
		{village.ID, replaced, false},
		{replaced.ID, village, false},
		{replaced.ID, old, false}, // of its division, and another node
		{village.ID, town, false},
		{town.ID, village, false},
		{town.ID, hubs[0], false},
		{hubs[0].ID, town, false},
		{"other " + hubs[0].ID, hubs[0], false}, // same place, same names, other keys
		{"other " + town.ID, town, false},
		{"other " + village.ID, village, false},
	} {
		t.Run(c.from+" into "+c.into.ID, func(t *testing.T) {
			before := listing(t, c.into.Dir())
			err := restoreInto(t, c.into.Dir(), backups[c.from])
			if c.taken {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, federation.ErrOtherCounty) && !errors.Is(err, store.ErrOtherNode) {
				t.Errorf("answered %v", err)
			}
			if after := listing(t, c.into.Dir()); after != before {
				t.Errorf("the directory was changed:\n%s\nwas\n%s", after, before)
			}
			// Neither does it get in where the present database is gone.
			bare := t.TempDir()
			m, err := federation.LoadMembership(c.into.Dir())
			if err == nil {
				err = m.Save(bare)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := restoreInto(t, bare, backups[c.from]); !errors.Is(err, federation.ErrOtherCounty) {
				t.Errorf("into a directory without a database: %v", err)
			}
		})
	}
	// A directory that is no node yet is checked when it becomes one.
	if err := restoreInto(t, t.TempDir(), backups[village.ID]); err != nil {
		t.Errorf("into an empty directory: %v", err)
	}
}

// listing is a directory's files with their sizes, but for databases' side files.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		switch filepath.Ext(path) {
		case ".db-wal", ".db-shm":
			return nil
		}
		if err == nil && !info.IsDir() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b.WriteString(path + " " + fmt.Sprintf("%x", sha256.Sum256(content)) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
