package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store/atrest"
)

// ErrUnchecked is a database that could not be opened to look at it, because of
// the disk or its permissions: nothing is known of what it holds.
var ErrUnchecked = errors.New("store: this database could not be opened")

// Inspect looks at a node's databases without opening them for writing: that
// they are whole, not newer than this program, and the node's own. It may run
// beside the node, and reads from a disk that cannot be written. What cannot be
// opened is ErrUnchecked.
func Inspect(ctx context.Context, dir string, k *atrest.Key, self Self) error {
	state := filepath.Join(dir, stateFile)
	if err := checkSealed(k, state); err != nil {
		return unchecked(state, err)
	}
	db, err := openToInspect(ctx, k, state)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkContent(ctx, db, state); err != nil {
		return unchecked(state, err)
	}
	src, err := db.Conn(ctx)
	if err != nil {
		return storage("inspect", err)
	}
	defer src.Close()
	s := &Store{self: self}
	return s.sameOwner(ctx, src)
}

// InspectRevoked tells, of the databases in a folder and without opening them
// for writing, since when their node was revoked by its ledger (0 when it was
// not) and why, and a local setting. It may run beside the node.
func InspectRevoked(ctx context.Context, dir string, k *atrest.Key, node, setting string) (at int64, reason, told string, err error) {
	err = errors.Join(
		inspectRow(ctx, k, dir, stateFile, `SELECT revoked_at, reason FROM nodes WHERE id = ?`, node, &at, &reason),
		inspectRow(ctx, k, dir, localFile, `SELECT value FROM settings WHERE key = ?`, setting, &told))
	return at, reason, told, err
}

// InspectFounding reads, likewise, the county's bundles of public keys and a
// local setting. A file that is not there says nothing.
func InspectFounding(ctx context.Context, dir string, k *atrest.Key, setting string) (chain []json.RawMessage, told string, err error) {
	db, err := openToInspect(ctx, k, filepath.Join(dir, stateFile))
	if err != nil {
		return nil, "", err
	}
	defer db.Close()
	if chain, err = trustChain(ctx, db); err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(filepath.Join(dir, localFile)); err != nil {
		return chain, "", nil
	}
	return chain, told, inspectRow(ctx, k, dir, localFile, `SELECT value FROM settings WHERE key = ?`, setting, &told)
}

// InspectHubs lists, likewise, the county's hubs, the revoked ones among them.
func InspectHubs(ctx context.Context, dir string, k *atrest.Key, county division.Code) ([]Node, error) {
	db, err := openToInspect(ctx, k, filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return rowsOf(ctx, db, scanNode, selectNode+`WHERE division = ? ORDER BY ordinal`, string(county))
}

func inspectRow(ctx context.Context, k *atrest.Key, dir, file, query, arg string, into ...any) error {
	db, err := openToInspect(ctx, k, filepath.Join(dir, file))
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, query, arg).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return storage("inspect", err)
}

// openToInspect opens a database for reading alone. A node that runs keeps a log
// beside it. Where there is none, or an empty one on a disk on which SQLite
// cannot make the index of it, the file is read as one that does not change, and
// nothing is made beside it.
func openToInspect(ctx context.Context, k *atrest.Key, path string) (*sql.DB, error) {
	log, err := os.Stat(path + "-wal")
	if err == nil {
		db, err := openReaders(k, path)
		if err != nil {
			return nil, err
		}
		if err = touch(ctx, db); !cannotOpen(err) {
			return db, nil // and a damaged one is said where it is read
		}
		db.Close()
		if log.Size() > 0 {
			return nil, unchecked(path, err)
		}
	}
	db, err := connect(k, path, "mode", "ro", "immutable", "1", "_query_only", "true")
	if err != nil {
		return nil, err
	}
	if err := touch(ctx, db); cannotOpen(err) {
		db.Close()
		return nil, unchecked(path, err)
	}
	return db, nil
}

func touch(ctx context.Context, db *sql.DB) error {
	var tables int64
	return db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables)
}

// cannotOpen reports whether an error is of the disk or its permissions, and
// says nothing of the database.
func cannotOpen(err error) bool {
	var se sqlite3.Error
	if errors.As(err, &se) {
		switch se.Code {
		case sqlite3.ErrCantOpen, sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
			return true
		}
		return false
	}
	return errors.Is(err, fs.ErrPermission)
}

func unchecked(path string, err error) error {
	if !cannotOpen(err) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnchecked, path, err)
}
