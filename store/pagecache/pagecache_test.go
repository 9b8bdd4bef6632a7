package pagecache

import (
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3"
)

func TestInUse(t *testing.T) {
	if !InUse() {
		t.Fatal("SQLite was used before it was told")
	}
}

// A database that grows, is rolled back to a smaller one and shrinks holds what it
// should: pages beyond its end are dropped where there are any.
func TestGrowsAndShrinks(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) {
			db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "t.db")+"?_auto_vacuum=1&_journal_mode="+journal)
			must(t, err)
			defer db.Close()
			db.SetMaxOpenConns(1)
			_, err = db.Exec(`CREATE TABLE t (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID`)
			must(t, err)
			random := rand.New(rand.NewPCG(1, 2))
			have := 0
			for turn := range 60 {
				tx, err := db.Begin()
				must(t, err)
				added := 200 + random.IntN(400)
				for range added {
					_, err := tx.Exec(`INSERT INTO t VALUES (hex(randomblob(16)), randomblob(?))`, random.IntN(900))
					must(t, err)
				}
				if turn%3 == 1 {
					must(t, tx.Rollback())
					added = 0
				} else {
					must(t, tx.Commit())
				}
				have += added
				if turn%5 == 4 {
					r, err := db.Exec(`DELETE FROM t WHERE id > ?`, string(rune('0'+random.IntN(8))))
					must(t, err)
					gone, err := r.RowsAffected()
					must(t, err)
					have -= int(gone)
				}
				var rows int
				var sound string
				must(t, db.QueryRow(`SELECT count(*) FROM t`).Scan(&rows))
				must(t, db.QueryRow(`PRAGMA integrity_check`).Scan(&sound))
				if rows != have || sound != "ok" {
					t.Fatalf("turn %d: %d rows, want %d; %s", turn, rows, have, sound)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
