package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
	"github.com/tongban/tongban/store/sealedvfs"
)

//go:embed schema
var schemas embed.FS

// schema is one database's migrations. The application id keeps the two kinds
// of files, and files of other programs, apart.
type schema struct {
	folder        string
	applicationID int64
}

var (
	stateSchema = schema{folder: "schema/state", applicationID: 0x746e6231} // "tnb1"
	localSchema = schema{folder: "schema/local", applicationID: 0x746e626c} // "tnbl"
)

// StorageError is a failure of the database or the disk under it, as opposed
// to a refusal of what was asked.
type StorageError struct {
	Op  string
	Err error
}

func (e *StorageError) Error() string { return "storage: " + e.Op + ": " + e.Err.Error() }
func (e *StorageError) Unwrap() error { return e.Err }

// Full reports whether the disk was full: nothing was written, and writing can
// go on once there is room.
func (e *StorageError) Full() bool {
	var se sqlite3.Error
	return errors.As(e.Err, &se) && (se.Code == sqlite3.ErrFull || se.SystemErrno == syscall.ENOSPC)
}

func storage(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *StorageError
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &StorageError{Op: op, Err: err}
}

// minSQLite carries the fix of the WAL-reset race.
const minSQLite = 3051003

func checkVersion() error {
	if v, n, _ := sqlite3.Version(); n < minSQLite {
		return fmt.Errorf("store: SQLite %s is older than 3.51.3, which can lose commits; build with a newer go-sqlite3", v)
	}
	return nil
}

// connect opens a database that is sealed with a key, or stands in the clear
// where there is none.
func connect(k *atrest.Key, path string, options ...string) (*sql.DB, error) {
	if k != nil {
		vfs, err := sealedvfs.Name(k)
		if err != nil {
			return nil, err
		}
		options = append(options, "vfs", vfs)
	}
	return sql.Open("sqlite3", dsn(path, options...))
}

// dsn is a database's address. A connection is used by one goroutine at a time,
// which package sql sees to, so that SQLite need not lock it at each call.
func dsn(path string, options ...string) string {
	q := url.Values{"_busy_timeout": {"10000"}, "_foreign_keys": {"on"}, "_mutex": {"no"}}
	for i := 0; i+1 < len(options); i += 2 {
		q.Set(options[i], options[i+1])
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// prepare creates the file or brings its schema up to date. A file that is
// not ours, or newer than this program, is not touched.
func prepare(ctx context.Context, k *atrest.Key, path string, s schema) error {
	fresh, err := inspect(ctx, k, path, s)
	if err != nil {
		return err
	}
	db, err := connect(k, path, "_journal_mode", "WAL", "_synchronous", "FULL")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if fresh {
		if _, err := db.ExecContext(ctx, `PRAGMA application_id = `+strconv.FormatInt(s.applicationID, 10)); err != nil {
			return storage("create "+path, err)
		}
	}
	steps, err := s.migrations()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps...))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return storage("migrate "+path, err)
	}
	fault.Point("store.migrate.done")
	if err := ownerOnly(path); err != nil {
		return storage("protect "+path, err)
	}
	if err := syncDir(path); err != nil {
		return storage("sync "+path, err)
	}
	return nil
}

// migrations are the schema's files, each run as it stands: they have no way
// down, and goose's own reading of a file takes 4 MB for each of its lines.
func (s schema) migrations() ([]*goose.Migration, error) {
	files, err := fs.ReadDir(schemas, s.folder)
	if err != nil {
		return nil, err
	}
	var steps []*goose.Migration
	for _, f := range files {
		version, err := goose.NumericComponent(f.Name())
		if err != nil {
			return nil, err
		}
		text, err := fs.ReadFile(schemas, s.folder+"/"+f.Name())
		if err != nil {
			return nil, err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", f.Name(), err)
			}
			fault.Point("store.migrate.step")
			return nil
		}}, nil))
	}
	return steps, nil
}

// ownerOnly makes a database readable by its owner only, whatever the umask
// and the folder: SQLite gives its log and its index the mode that the database
// has when it makes them.
func ownerOnly(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err == nil {
			err = os.Chmod(name, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) { // SQLite removes them as it closes
			return err
		}
	}
	return nil
}

// inspect looks at a file without changing it, and reports whether it is still
// to be made. A file of another program is refused before anything, even the
// journal mode, is written to it. Only where a kill left a transaction half
// done, SQLite has to take that back before anything can be read.
func inspect(ctx context.Context, k *atrest.Key, path string, s schema) (fresh bool, err error) {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return true, nil
	} else if err != nil {
		return false, storage("open "+path, err)
	}
	if err := checkSealed(k, path); err != nil {
		return false, err
	}
	fresh, err = inspectAs(ctx, k, "ro", path, s)
	var se sqlite3.Error
	if errors.As(err, &se) && se.Code == sqlite3.ErrReadonly {
		return inspectAs(ctx, k, "rw", path, s)
	}
	return fresh, err
}

// checkSealed refuses what this key does not open, before SQLite sees it.
func checkSealed(k *atrest.Key, path string) error {
	err := k.CheckDatabase(path)
	if errors.Is(err, atrest.ErrOtherKey) {
		return fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	return err
}

func inspectAs(ctx context.Context, k *atrest.Key, mode, path string, s schema) (fresh bool, err error) {
	db, err := connect(k, path, "mode", mode)
	if err != nil {
		return false, err
	}
	defer db.Close()
	var id, tables int64
	if err := db.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_master)`).Scan(&id, &tables); err != nil {
		return false, unreadable(path, err)
	}
	switch {
	case id == s.applicationID:
		return tables == 0, notNewer(ctx, db, s, path)
	case id == 0 && tables == 0:
		return true, nil
	}
	return false, fmt.Errorf("%w: %s", ErrNotOurs, path)
}

// notNewer refuses a database that was brought up to a schema this program
// does not know.
func notNewer(ctx context.Context, db *sql.DB, s schema, path string) error {
	var have, tables int64
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&tables)
	if err == nil && tables > 0 {
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have)
	}
	if err != nil {
		return unreadable(path, err)
	}
	files, err := fs.ReadDir(schemas, s.folder)
	if err != nil {
		return err
	}
	newest, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		return err
	}
	if have > newest {
		return fmt.Errorf("%w: schema %d of %s", ErrNewerSchema, have, path)
	}
	return nil
}

// unreadable tells a file that is no database, or a damaged one, from a disk
// that cannot be read.
func unreadable(path string, err error) error {
	var se sqlite3.Error
	switch {
	case errors.As(err, &se) && se.Code == sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %s: %w", ErrNotOurs, path, err)
	case errors.As(err, &se) && se.Code == sqlite3.ErrCorrupt:
		return fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	return storage("open "+path, err)
}

// writer is the one writing connection of a database, with its statements
// prepared once.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	// written counts statements that wrote, since the log was last copied back.
	written int
}

func openWriter(ctx context.Context, k *atrest.Key, path, sync string, cache int) (*writer, error) {
	db, err := connect(k, path, "_journal_mode", "WAL", "_synchronous", sync)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}
	if err := w.tune(ctx, cache); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.checkPragmas(ctx, sync); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// tune keeps the trees' upper pages in memory, so many KiB of them.
func (w *writer) tune(ctx context.Context, cache int) error {
	for _, pragma := range []string{`PRAGMA cache_size = -` + strconv.Itoa(cache), backstop} {
		if _, err := w.conn.ExecContext(ctx, pragma); err != nil {
			return storage("tune", err)
		}
	}
	return nil
}

// checkPragmas reads back what durability rests on: the driver's own default
// in WAL mode loses acknowledged rows on power loss.
func (w *writer) checkPragmas(ctx context.Context, sync string) error {
	want := map[string]int64{"NORMAL": 1, "FULL": 2}[sync]
	got, err := w.number(ctx, `PRAGMA synchronous`)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("store: synchronous is %d, want %d (%s)", got, want, sync)
	}
	var mode string
	if err := w.row(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("store: journal mode is %s, want wal; is the disk a network share?", mode)
	}
	return nil
}

func (w *writer) close() error {
	for _, st := range w.stmts {
		st.Close()
	}
	return errors.Join(w.conn.Close(), w.db.Close())
}

func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, storage("prepare", err)
	}
	w.stmts[query] = st
	return st, nil
}

func (w *writer) exec(ctx context.Context, query string, args ...any) error {
	st, err := w.prepared(ctx, query)
	if err != nil {
		return err
	}
	w.written++
	_, err = st.ExecContext(ctx, args...)
	return storage("write", err)
}

// row runs a query for one row; its error comes with Scan.
func (w *writer) row(ctx context.Context, query string, args ...any) scanner {
	st, err := w.prepared(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(ctx, args...)
}

func (w *writer) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args...)
	return rows, storage("read", err)
}

// number reads one integer; no row means 0.
func (w *writer) number(ctx context.Context, query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := w.row(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n.Int64, storage("read", err)
}

// transaction runs do between BEGIN IMMEDIATE and COMMIT, or rolls back.
func (w *writer) transaction(ctx context.Context, do func(*writer) error) error {
	// A request that is given up must not tear a transaction in two.
	ctx = context.WithoutCancel(ctx)
	if err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if err := do(w); err != nil {
		return errors.Join(err, w.exec(ctx, `ROLLBACK`))
	}
	fault.Point("store.commit.before")
	if err := w.exec(ctx, `COMMIT`); err != nil {
		if rollback := w.exec(ctx, `ROLLBACK`); rollback != nil {
			return err // COMMIT had rolled back already
		}
		return err
	}
	fault.Point("store.commit.after")
	return nil
}

type scanner interface{ Scan(dest ...any) error }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

func openReaders(k *atrest.Key, path string) (*sql.DB, error) {
	db, err := connect(k, path, "mode", "ro", "_query_only", "true")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxReaders)
	return db, nil
}

func openLocal(k *atrest.Key, path string) (*sql.DB, error) {
	db, err := connect(k, path, "_journal_mode", "WAL", "_synchronous", "NORMAL", "_txlock", "immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// raw gives the driver's connection, for what database/sql has no word for.
func raw(conn *sql.Conn, do func(*sqlite3.SQLiteConn) error) error {
	return conn.Raw(func(c any) error {
		sc, ok := c.(*sqlite3.SQLiteConn)
		if !ok {
			return fmt.Errorf("store: unexpected driver connection %T", c)
		}
		return do(sc)
	})
}

func syncDir(file string) error {
	d, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
