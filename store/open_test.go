package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func open(dir string, self store.Self) (*store.Store, error) {
	return store.Open(ctx, store.Options{Dir: dir, Key: storetest.Key, Self: self, Limits: catalog.DefaultLimits()})
}

func villageSelf() store.Self {
	return store.Self{Node: "village-1", Tier: "village", Division: here, Ordinal: 1}
}

// oldDatabase is a directory with a closed database of villageSelf.
func oldDatabase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := open(dir, villageSelf())
	must(t, err)
	must(t, s.Close())
	return dir
}

func TestDurability(t *testing.T) {
	for tier, want := range map[string]string{"village": "2", "township": "2", "county": "1"} {
		self := villageSelf()
		switch tier {
		case "township":
			self.Tier, self.Division = "township", town
		case "county":
			self.Tier, self.Division = "county", storetest.Code
		}
		s, err := open(t.TempDir(), self)
		must(t, err)
		for pragma, want := range map[string]string{"synchronous": want, "journal_mode": "wal", "foreign_keys": "1"} {
			if got, err := s.Pragma(ctx, pragma); err != nil || got != want {
				t.Errorf("%s: %s is %s, want %s (%v)", tier, pragma, got, want, err)
			}
		}
		must(t, s.Close())
	}
}

// A database that is not this node's is refused and left as it is.
func TestOpenRefuses(t *testing.T) {
	state := func(dir string) string { return filepath.Join(dir, "state.db") }
	change := func(t *testing.T, dir, statement string) {
		t.Helper()
		db, err := storetest.Connect(storetest.Key, state(dir), "")
		must(t, err)
		defer db.Close()
		_, err = db.Exec(statement)
		must(t, err)
	}
	rows := []struct {
		name  string
		setup func(*testing.T, string) store.Self
		want  error
	}{
		{"another node", func(*testing.T, string) store.Self { s := villageSelf(); s.Node = "village-2"; return s }, store.ErrOtherNode},
		{"another village", func(*testing.T, string) store.Self { s := villageSelf(); s.Division = next; return s }, store.ErrOtherNode},
		{"another tier", func(*testing.T, string) store.Self {
			s := villageSelf()
			s.Tier, s.Division = "township", town
			return s
		}, store.ErrOtherNode},
		{"another county", func(*testing.T, string) store.Self { s := villageSelf(); s.Division = "330524110200"; return s }, store.ErrOtherNode},
		{"newer schema", func(t *testing.T, dir string) store.Self {
			change(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
			return villageSelf()
		}, store.ErrNewerSchema},
		{"another program's", func(t *testing.T, dir string) store.Self {
			must(t, os.Remove(state(dir)))
			change(t, dir, `CREATE TABLE notes (text TEXT)`)
			return villageSelf()
		}, store.ErrNotOurs},
		{"another program's, marked", func(t *testing.T, dir string) store.Self {
			must(t, os.Remove(state(dir)))
			change(t, dir, `CREATE TABLE notes (text TEXT); PRAGMA application_id = 77`)
			return villageSelf()
		}, store.ErrNotOurs},
		{"local.db in its place", func(t *testing.T, dir string) store.Self {
			must(t, os.Rename(filepath.Join(dir, "local.db"), state(dir)))
			return villageSelf()
		}, store.ErrNotOurs},
		{"no database", func(t *testing.T, dir string) store.Self {
			must(t, os.WriteFile(state(dir), bytes.Repeat([]byte("这不是数据库"), 1000), 0o600))
			return villageSelf()
		}, store.ErrNotOurs},
		{"cut off", func(t *testing.T, dir string) store.Self {
			info, err := os.Stat(state(dir))
			must(t, err)
			must(t, os.Truncate(state(dir), info.Size()/2))
			return villageSelf()
		}, store.ErrDamaged},
		{"overwritten", func(t *testing.T, dir string) store.Self {
			f, err := os.OpenFile(state(dir), os.O_WRONLY, 0)
			must(t, err)
			defer f.Close()
			_, err = f.WriteAt(bytes.Repeat([]byte{0xff}, 4096), 100)
			must(t, err)
			return villageSelf()
		}, store.ErrDamaged},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := oldDatabase(t)
			self := row.setup(t, dir)
			before, err := os.ReadFile(state(dir))
			must(t, err)
			s, err := open(dir, self)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
			after, err := os.ReadFile(state(dir))
			if err != nil || row.want != store.ErrOtherNode && !bytes.Equal(before, after) {
				t.Errorf("the file was changed (%v)", err)
			}
			if info, err := os.Stat(state(dir) + "-wal"); err == nil && info.Size() > 0 && row.want != store.ErrOtherNode {
				t.Errorf("%d bytes were written beside it", info.Size())
			}
		})
	}
}

func TestOpenOfAnEmptyFileAndAgain(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "state.db"), nil, 0o600))
	for range 3 {
		s, err := open(dir, villageSelf())
		must(t, err)
		must(t, s.Close())
		must(t, s.Close())
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	draft := store.Draft{ID: "x", Stamp: func(uint64, func(string) (int, error)) (ledger.Entry, error) { return ledger.Entry{}, nil }}
	must(t, village.Store.Close())
	if _, err := village.Record(ctx, draft); !errors.Is(err, store.ErrFailed) {
		t.Errorf("%v", err)
	}
	if _, err := village.Head(ctx); err == nil {
		t.Error("a closed store is read")
	}
	village.Reopen()
}

// A folder that is taken away under a running node takes nothing more: SQLite
// would go on writing to files that nobody finds again.
func TestFolderTakenAway(t *testing.T) {
	for name, take := range map[string]func(dir string) error{
		"removed": func(dir string) error { return os.Remove(filepath.Join(dir, "state.db")) },
		"replaced": func(dir string) error {
			if err := os.Rename(filepath.Join(dir, "state.db"), filepath.Join(dir, "old")); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "state.db"), nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			village := storetest.NewCounty(t).Village(here)
			must(t, take(village.Store.Dir()))
			if _, err := village.TrySubmit(welfare); err == nil {
				t.Error("a case was taken in")
			}
			if village.Store.Failed() == nil {
				t.Error("the store says that it is well")
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	c := storetest.NewCounty(t)
	village, other := c.Village(here), c.Village(next)
	file := filepath.Join(t.TempDir(), "backup.db")
	_, err := other.Backup(ctx, file)
	must(t, err)
	before := storetest.Dump(t, village.Store)
	if err := village.Restore(ctx, file); !errors.Is(err, store.ErrOtherNode) {
		t.Errorf("another village's: %v", err)
	}
	if _, err := village.Backup(ctx, file); err == nil {
		t.Error("a backup was written over another")
	}
	must(t, os.Truncate(file, 40_000))
	if err := village.Restore(ctx, file); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a damaged one: %v", err)
	}
	noise := make([]byte, 10_000)
	rand.Read(noise)
	must(t, os.WriteFile(file, noise, 0o600))
	if err := village.Restore(ctx, file); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("no database: %v", err)
	}
	if err := village.Restore(ctx, file+".none"); err == nil {
		t.Error("a file that is not there was restored")
	}
	if storetest.Dump(t, village.Store) != before || village.Failed() != nil {
		t.Error("a restore that was refused left something")
	}
	village.Submit(welfare)
}

// A write-protected backup on a stick can be restored, and is not changed.
func TestRestoreLeavesItsFileAlone(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	opened := village.Submit(welfare)
	dir := t.TempDir()
	file := filepath.Join(dir, "backup.db")
	_, err := village.Backup(ctx, file)
	must(t, err)
	village.Submit(birth)
	before, err := os.ReadFile(file)
	must(t, err)
	must(t, os.Chmod(file, 0o400))
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	must(t, village.Restore(ctx, file))
	after, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the backup was changed (%v)", err)
	}
	if got := village.MustCase(opened.ID); got.Number != opened.Number {
		t.Errorf("%+v", got)
	}
	if all, err := village.Cases(ctx, store.CaseFilter{}); err != nil || len(all) != 1 {
		t.Errorf("%d cases, %v", len(all), err)
	}
	village.Submit(birth)
	village.Reopen()
	must(t, village.Check(ctx))
}
