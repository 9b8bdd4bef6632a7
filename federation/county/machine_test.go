package county

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/store/storetest"
)

// machine is a StateMachine over a real SQLite file. It is not idempotent on
// purpose: a command applied twice shows in its count. Every command also goes
// into a chain of hashes with its index and time, so that two machines with the
// same chain have applied the same commands in the same order.
//
// Commands: "add <id>", "set <value>", "fail".
type machine struct {
	path    string
	db      *sql.DB
	applied atomic.Uint64
	schema  int

	mu     sync.Mutex // Sync keeps the durable copy
	failed error      // what Apply answers, when set
	hold   chan struct{}
}

const machineSchema = `
CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), applied INTEGER NOT NULL, chain TEXT NOT NULL, register TEXT NOT NULL);
INSERT OR IGNORE INTO state VALUES (1, 0, '', '');
CREATE TABLE IF NOT EXISTS past (applied INTEGER PRIMARY KEY, chain TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counts (id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;`

func openMachine(t testing.TB, path string) *machine {
	t.Helper()
	m := &machine{path: path}
	if err := m.open(); err != nil {
		t.Fatalf("open state machine: %v", err)
	}
	return m
}

func (m *machine) open() (err error) {
	m.db, err = storetest.Connect(storetest.Key, m.path, "_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=20000")
	if err != nil {
		return err
	}
	if _, err := m.db.Exec(machineSchema); err != nil {
		return err
	}
	return m.reload()
}

func (m *machine) reload() error {
	var n uint64
	err := m.db.QueryRow("SELECT applied FROM state").Scan(&n)
	m.applied.Store(n)
	return err
}

func (m *machine) Apply(cmds []Command) ([][]byte, error) {
	if m.hold != nil {
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed != nil {
		return nil, m.failed
	}
	tx, err := m.db.Begin()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	var chain, register string
	if err := tx.QueryRow("SELECT chain, register FROM state").Scan(&chain, &register); err != nil {
		return nil, err
	}
	results := make([][]byte, len(cmds))
	for i, c := range cmds {
		verb, arg, _ := strings.Cut(string(c.Data), " ")
		switch verb {
		case "add":
			if _, err := tx.Exec("INSERT INTO counts VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1", arg); err != nil {
				return nil, err
			}
		case "set":
			register = arg
		case "fail":
			return nil, errors.New("told to fail")
		}
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s %d %d %x", chain, c.Index, c.At, sha256.Sum256(c.Data))))
		chain = hex.EncodeToString(sum[:])
		results[i] = []byte("done " + arg)
	}
	last := cmds[len(cmds)-1].Index
	if _, err := tx.Exec("UPDATE state SET applied = ?, chain = ?, register = ?", last, chain, register); err != nil {
		return nil, err
	}
	if _, err := tx.Exec("INSERT INTO past VALUES (?, ?)", last, chain); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	m.applied.Store(last)
	return results, nil
}

// Standing implements history.
func (m *machine) Standing(ctx context.Context) (string, error) {
	var at uint64
	var chain string
	err := m.db.QueryRowContext(ctx, "SELECT applied, chain FROM state").Scan(&at, &chain)
	return fmt.Sprintf("%d %s", at, chain), err
}

// Continues implements history.
func (m *machine) Continues(ctx context.Context, standing string) error {
	at, chain, _ := strings.Cut(standing, " ")
	var here string
	err := m.db.QueryRowContext(ctx, "SELECT chain FROM past WHERE applied = ?", at).Scan(&here)
	if at == "0" {
		return nil
	}
	if err == nil && here != chain {
		err = errors.New("another chain")
	}
	return err
}

func (m *machine) Applied() uint64 { return m.applied.Load() }
func (m *machine) Schema() int     { return m.schema }

// Sync also keeps a copy: what a power failure right after it would leave.
func (m *machine) Sync(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.Applied()
	if _, err := m.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return 0, err
	}
	data, err := os.ReadFile(m.path)
	if err != nil {
		return 0, err
	}
	return n, os.WriteFile(m.path+".durable", data, 0o600)
}

func (m *machine) Backup(ctx context.Context, path string) (uint64, error) {
	if _, err := m.db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return 0, err
	}
	db, err := storetest.Connect(storetest.Key, path, "mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n uint64
	return n, db.QueryRow("SELECT applied FROM state").Scan(&n)
}

func (m *machine) Restore(ctx context.Context, path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, err := storetest.Connect(storetest.Key, path, "mode=ro")
	if err != nil {
		return err
	}
	defer from.Close()
	src, err := from.Conn(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	err = dst.Raw(func(d any) error {
		return src.Raw(func(s any) error {
			b, err := d.(*sqlite3.SQLiteConn).Backup("main", s.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			_, err = b.Step(-1)
			return errors.Join(err, b.Finish())
		})
	})
	dst.Close()
	if err != nil {
		return err
	}
	return m.reload()
}

func (m *machine) close() { m.db.Close() }

// losePower puts the closed database back to what the last Sync made durable.
func (m *machine) losePower(t testing.TB) {
	t.Helper()
	for _, s := range []string{"", "-wal", "-shm"} {
		os.Remove(m.path + s)
	}
	data, err := os.ReadFile(m.path + ".durable")
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err == nil {
		err = os.WriteFile(m.path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) chain(t testing.TB) string {
	t.Helper()
	var c string
	if err := m.db.QueryRow("SELECT applied || ' ' || chain FROM state").Scan(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (m *machine) register(t testing.TB) string {
	t.Helper()
	var v string
	if err := m.db.QueryRow("SELECT register FROM state").Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (m *machine) counts(t testing.TB) map[string]int {
	t.Helper()
	rows, err := m.db.Query("SELECT id, n FROM counts")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		all[id] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
