// Package storebench measures what SQLite itself can do on a disk, set up as a
// node's database is, so that the figures of the product can be held against
// it. Nothing but the benchmark program uses it.
package storebench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver under test
)

// Durable commits rows of the size given for as long as said, one a
// transaction, each on disk before the next (WAL, synchronous=FULL), in a new
// database in dir. It returns how long each took.
func Durable(ctx context.Context, dir string, rowBytes int, during time.Duration) ([]time.Duration, error) {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "ceiling.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var level int
	if err := db.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&level); err != nil || level != 2 {
		return nil, fmt.Errorf("synchronous is %d, want 2: %w", level, err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`); err != nil {
		return nil, err
	}
	insert, err := db.PrepareContext(ctx, `INSERT INTO rows (body) VALUES (?)`)
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	body := make([]byte, rowBytes)
	var took []time.Duration
	for end := time.Now().Add(during); time.Now().Before(end) && ctx.Err() == nil; {
		began := time.Now()
		if _, err := insert.ExecContext(ctx, body); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, ctx.Err()
}
