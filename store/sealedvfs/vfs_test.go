package sealedvfs

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tongban/tongban/store/atrest"
)

const planted = "330523199003071234 planted in every file"

func open(t *testing.T, k *atrest.Key, path, more string) *sql.DB {
	t.Helper()
	vfs := ""
	if k != nil {
		name, err := Name(k)
		if err != nil {
			t.Fatal(err)
		}
		vfs = "&vfs=" + name
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000"+vfs+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newKey(t *testing.T) *atrest.Key {
	t.Helper()
	k, err := atrest.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func must(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%.60s: %v", query, err)
	}
}

func fill(t *testing.T, db *sql.DB, rows int) {
	t.Helper()
	must(t, db, `CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT)`)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if _, err := tx.Exec(`INSERT INTO t (v) VALUES (?)`, fmt.Sprintf("%s %d %s", planted, i, strings.Repeat("x", i%3000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func sound(t *testing.T, db *sql.DB, rows int) {
	t.Helper()
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity: %q, %v", verdict, err)
	}
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM t WHERE v LIKE ?`, planted+"%").Scan(&n); err != nil || n != rows {
		t.Fatalf("%d rows, %v; want %d", n, err, rows)
	}
}

// inTheClear looks for what was planted in every byte below a folder.
func inTheClear(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("330523199003071234")) || bytes.Contains(b, []byte("SQLite format 3")) {
			found = append(found, info.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDatabaseAndLogAreSealed(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE", "PERSIST"} {
		t.Run(mode, func(t *testing.T) {
			dir, k := t.TempDir(), newKey(t)
			path := filepath.Join(dir, "a.db")
			more := "&_journal_mode=" + mode
			db := open(t, k, path, more)
			fill(t, db, 500)
			must(t, db, `UPDATE t SET v = v || ' again' WHERE id % 3 = 0`)
			must(t, db, `DELETE FROM t WHERE id > 450`)
			sound(t, db, 450)
			if found := inTheClear(t, dir); len(found) > 0 {
				t.Errorf("in the clear: %v", found)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			sound(t, open(t, k, path, more), 450)
			if found := inTheClear(t, dir); len(found) > 0 {
				t.Errorf("in the clear after closing: %v", found)
			}
		})
	}
	// The search would find it: without a key it stands there.
	dir := t.TempDir()
	fill(t, open(t, nil, filepath.Join(dir, "a.db"), "&_journal_mode=WAL"), 10)
	if len(inTheClear(t, dir)) == 0 {
		t.Error("nothing found in a database that is not sealed")
	}
}

// What lies in the log after a kill is played back, with readers beside the writer.
func TestLogIsRecovered(t *testing.T) {
	dir, k := t.TempDir(), newKey(t)
	path := filepath.Join(dir, "a.db")
	db := open(t, k, path, "&_journal_mode=WAL&_synchronous=FULL")
	fill(t, db, 300)
	must(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	for range 5 {
		fill(t, db, 100)
	}
	reader := open(t, k, path, "&mode=ro")
	sound(t, reader, 800)
	// A copy of the files as they lie is what a kill leaves.
	left := t.TempDir()
	for _, name := range []string{"a.db", "a.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, k, filepath.Join(left, "a.db"), "&_journal_mode=WAL")
	sound(t, again, 800)
	fill(t, again, 50)
	sound(t, again, 850)
}

// A log that is torn anywhere gives the transactions before, and no damage.
func TestTornLog(t *testing.T) {
	dir, k := t.TempDir(), newKey(t)
	path := filepath.Join(dir, "a.db")
	db := open(t, k, path, "&_journal_mode=WAL&_synchronous=FULL")
	db.SetMaxOpenConns(1)
	must(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)`)
	must(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	for i := range 8 {
		must(t, db, `INSERT INTO t (v) VALUES (?)`, fmt.Sprint(planted, i))
	}
	main, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for size := 0; size <= len(log); size += 997 {
		left := t.TempDir()
		for name, b := range map[string][]byte{"a.db": main, "a.db-wal": log[:size]} {
			if err := os.WriteFile(filepath.Join(left, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		torn := open(t, k, filepath.Join(left, "a.db"), "&_journal_mode=WAL")
		var n int
		if err := torn.QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil || n < last {
			t.Fatalf("log of %d bytes: %d rows after %d, %v", size, n, last, err)
		}
		last = n
		sound(t, torn, n)
		torn.Close()
	}
	if last < 7 {
		t.Errorf("a nearly whole log gives %d rows", last)
	}
}

func TestAnotherKeyOpensNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	db := open(t, newKey(t), path, "")
	fill(t, db, 10)
	db.Close()
	for name, k := range map[string]*atrest.Key{"another": newKey(t), "none": nil} {
		err := open(t, k, path, "").QueryRow(`SELECT count(*) FROM t`).Scan(new(int))
		if err == nil || !strings.Contains(err.Error(), "not a database") {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

// Sorting and temporary tables that do not fit in memory go to the disk, sealed.
func TestTemporaryFilesWork(t *testing.T) {
	k := newKey(t)
	db := open(t, k, filepath.Join(t.TempDir(), "a.db"), "&_journal_mode=WAL&_cache_size=-64")
	db.SetMaxOpenConns(1)
	fill(t, db, 3000)
	must(t, db, `PRAGMA temp_store = FILE`)
	must(t, db, `PRAGMA temp.cache_size = -64`)
	must(t, db, `CREATE TEMP TABLE u AS SELECT * FROM t ORDER BY v DESC`)
	must(t, db, `UPDATE u SET v = v || 'y'`)
	must(t, db, `SAVEPOINT s`)
	must(t, db, `UPDATE u SET v = 'gone'`)
	must(t, db, `UPDATE t SET v = 'gone'`)
	must(t, db, `ROLLBACK TO s`)
	must(t, db, `RELEASE s`)
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM (SELECT DISTINCT v FROM u ORDER BY v)`).Scan(&n); err != nil || n != 3000 {
		t.Fatalf("%d, %v", n, err)
	}
	must(t, db, `VACUUM`)
	sound(t, db, 3000)
}
