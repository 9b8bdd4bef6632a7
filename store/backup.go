package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// Backup copies the state into a new file as of one moment, while writing goes
// on, and returns the Raft index in the copy (0 below the county). The copy
// is checked and on disk when Backup returns.
func (s *Store) Backup(ctx context.Context, path string) (applied uint64, err error) {
	if _, err := os.Stat(path); err == nil {
		return 0, fmt.Errorf("backup: %s exists already", path)
	}
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	src, err := s.read.Conn(ctx)
	if err != nil {
		return 0, storage("backup", err)
	}
	defer src.Close()
	// A read transaction pins the moment: without it a backup starts over
	// whenever somebody writes, and never ends under load.
	if _, err := src.ExecContext(ctx, `BEGIN`); err != nil {
		return 0, storage("backup", err)
	}
	defer src.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	err = src.QueryRowContext(ctx, `SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'applied'`).Scan(&applied)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, storage("backup", err)
	}
	if err := copyInto(ctx, s.key, path, src); err != nil {
		return 0, storage("backup", err)
	}
	fault.Point("store.backup.copied")
	if err := checkFile(ctx, s.key, path); err != nil {
		return 0, err
	}
	return applied, syncFile(path)
}

func copyInto(ctx context.Context, k *atrest.Key, path string, src *sql.Conn) error {
	db, err := connect(k, path, "_journal_mode", "DELETE", "_synchronous", "FULL")
	if err != nil {
		return err
	}
	defer db.Close()
	dst, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer dst.Close()
	if err := copyDatabase(dst, src); err != nil {
		return err
	}
	// One file, that can be carried and read from a disk that is write-protected.
	var mode string
	if err := dst.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return err
	}
	if mode != "delete" {
		return fmt.Errorf("journal mode is %s, want delete", mode)
	}
	return nil
}

func copyDatabase(dst, src *sql.Conn) error {
	return raw(dst, func(to *sqlite3.SQLiteConn) error {
		return raw(src, func(from *sqlite3.SQLiteConn) error {
			b, err := to.Backup("main", from, "main")
			if err != nil {
				return err
			}
			for {
				done, err := b.Step(4096)
				if err != nil {
					return errors.Join(err, b.Finish())
				}
				if done {
					return b.Finish()
				}
			}
		})
	})
}

// checkFile holds a file against what this program can open.
func checkFile(ctx context.Context, k *atrest.Key, path string) error {
	if err := checkSealed(k, path); err != nil {
		return err
	}
	db, err := connect(k, path, "mode", "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	return checkContent(ctx, db, path)
}

func checkContent(ctx context.Context, db *sql.DB, path string) error {
	var id int64
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return unreadable(path, err)
	}
	if id != stateSchema.applicationID {
		return fmt.Errorf("%w: %s", ErrNotOurs, path)
	}
	if err := notNewer(ctx, db, stateSchema, path); err != nil {
		return err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("%w: %s: %s", ErrDamaged, path, verdict)
	}
	return nil
}

// Restore replaces the state by a backup's. The file is checked first; a
// crash leaves the old state or the new one, never half of each.
func (s *Store) Restore(ctx context.Context, path string) error {
	if err := checkFile(ctx, s.key, path); err != nil {
		return err
	}
	s.checkpoint.Lock()
	defer s.checkpoint.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	db, err := connect(s.key, path, "mode", "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	src, err := db.Conn(ctx)
	if err != nil {
		return storage("restore", err)
	}
	defer src.Close()
	if err := s.sameOwner(ctx, src); err != nil {
		return err
	}
	for query, st := range s.w.stmts {
		st.Close()
		delete(s.w.stmts, query)
	}
	err = copyDatabase(s.w.conn, src)
	if err == nil {
		// An older release's backup is brought up to date here and not in its
		// own file, which may be write-protected.
		err = prepare(ctx, s.key, filepath.Join(s.dir, stateFile), stateSchema)
	}
	if err != nil {
		s.failed = fmt.Errorf("%w: restore: %w", ErrFailed, err)
		return s.failed
	}
	// Scanned to its end: a statement left open would block the next commit.
	var busy, pages, done int
	if err := s.w.row(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done); err != nil {
		return storage("restore", err)
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	s.announce()
	return nil
}

func (s *Store) sameOwner(ctx context.Context, src *sql.Conn) error {
	for key, want := range owner(s.self) {
		var have string
		if err := src.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key = ?), '')`, key).Scan(&have); err != nil {
			return storage("restore", err)
		}
		if have != want {
			return fmt.Errorf("%w: its %s is %q, this node's is %q", ErrOtherNode, key, have, want)
		}
	}
	return nil
}

// Sync makes the database durable through the Raft index it returns. A hub
// calls it before its Raft log may be shortened.
func (s *Store) Sync(ctx context.Context) (uint64, error) {
	s.checkpoint.Lock()
	defer s.checkpoint.Unlock()
	// The long part beside the writers; then the rest while they wait.
	if err := s.checkpointBeside(ctx); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return 0, s.failed
	}
	var busy, pages, done int
	if err := s.w.row(ctx, `PRAGMA wal_checkpoint(FULL)`).Scan(&busy, &pages, &done); err != nil {
		return 0, storage("sync", err)
	}
	if busy != 0 {
		return 0, fmt.Errorf("sync: a reader holds the log back; it is tried again")
	}
	return s.applied, nil
}

// QuickCheck looks for torn and overwritten pages in the state; nil means none
// was found, ErrDamaged that there are.
func (s *Store) QuickCheck(ctx context.Context) error {
	var verdict string
	if err := s.read.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %s: %w", ErrDamaged, stateFile, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s: %s", ErrDamaged, stateFile, verdict)
	}
	return nil
}

// Check looks for damage in both databases; nil means none was found.
func (s *Store) Check(ctx context.Context) error {
	for name, db := range map[string]querier{stateFile: s.read, localFile: s.local} {
		var verdict string
		if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
			return storage("check "+name, err)
		}
		if verdict != "ok" {
			return fmt.Errorf("%w: %s: %s", ErrDamaged, name, verdict)
		}
	}
	return nil
}

// stateTables are the tables whose content two nodes with the same entries
// must share.
var stateTables = []string{"entries", "audience", "origins", "attention", "divisions", "calendar_years", "items", "editions",
	"edition_items", "overlays", "seals", "staff", "field_devices", "nodes", "invitations", "trust", "cases", "case_counters", "attachments", "corrections", "published", "accounts", "account_links", "case_owners", "case_service",
	"consents", "record_looks", "voided_papers", "notices", "notice_open"}

// StateHash is a SHA-256, in hex, over the content of all state in a fixed
// order. Hubs with the same applied index have the same one.
func (s *Store) StateHash(ctx context.Context) (string, error) {
	h := sha256.New()
	for _, table := range stateTables {
		fmt.Fprintf(h, "%s\n", table)
		if err := s.dump(ctx, h, table); err != nil {
			return "", fmt.Errorf("state hash: %s: %w", table, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (s *Store) dump(ctx context.Context, to io.Writer, table string) error {
	query := `SELECT * FROM ` + table + ` ORDER BY 1, 2`
	switch table { // numbers are hashed with a key of each database's own
	case "case_owners":
		query = `SELECT case_id, handed_in, CASE WHEN owner LIKE 'account:%' THEN owner ELSE '' END FROM case_owners ORDER BY 1, 2, 3`
	case "consents":
		query = `SELECT id, division, body FROM consents ORDER BY 1`
	}
	rows, err := s.read.QueryContext(ctx, query)
	if err != nil {
		return storage("dump", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return storage("dump", err)
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return storage("dump", err)
		}
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintf(to, "%q\x1f", fmt.Sprint(v))
		}
		io.WriteString(to, "\n")
	}
	return storage("dump", rows.Err())
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return storage("sync", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return storage("sync", err)
	}
	return storage("sync", syncDir(path))
}
