package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/fault"
)

// Typed refusals of a restore; nothing was changed.
var (
	ErrRunning    = errors.New("store: 该目录的节点正在运行，请先停止 (the node of this directory is running; stop it first)")
	ErrNotEmpty   = errors.New("store: 目录非空且不是通办节点目录 (the directory is not empty and not a node's)")
	ErrUnreadable = errors.New("store: 现有数据库无法读取，请将 state.db、state.db-wal、state.db-shm 移到别处后重试 (the present database cannot be read; move state.db and its -wal and -shm files elsewhere and try again)")
	ErrUnsent     = errors.New("store: 现有数据中有尚未送达县中心的内容，恢复会使其丢失：请先启动节点等待上报，或用 carry export 导出；确实无法启动时，把 state.db、state.db-wal、state.db-shm 移到别处保存后重试 (the present data holds what the county does not have yet: start the node and let it send, or carry it; where it cannot be started, keep state.db and its -wal and -shm files elsewhere and try again)")
	ErrOtherKeys  = errors.New("store: 目录中已有另一套密钥 (the directory has other keys already)")
)

// RestoreArchive puts a backup into a directory that is empty or a stopped
// node's: the same node's, at the county another hub's of the same county.
// Everything is unpacked and checked beside the present data first; the state
// changes over by one rename, so that a crash leaves the old state or the new
// one. Attachments and keys come before it and take nothing away.
//
// Below the county the state is marked as restored, and nothing is recorded in
// its node's name any more (Record): what the node did after the backup was made
// is not known here. Its machine goes on as another node (Succeed). At the county the log must
// be begun anew from the restored database (county.Recover).
//
// Present data with entries that the county has not confirmed is not replaced
// (ErrUnsent). The checks, if any, are given the manifest and the county's
// bundles of public keys in the archive, and may refuse it before anything is
// changed.
func RestoreArchive(ctx context.Context, dir string, k *atrest.Key, r io.Reader, checks ...func(*Manifest, []json.RawMessage) error) (*Manifest, error) {
	m, err := restoreArchive(ctx, dir, k, r, checks)
	if err != nil {
		return nil, fmt.Errorf("restore archive into %s: %w", dir, err)
	}
	return m, nil
}

func restoreArchive(ctx context.Context, dir string, k *atrest.Key, r io.Reader, checks []func(*Manifest, []json.RawMessage) error) (_ *Manifest, err error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	present, err := lockPresent(ctx, k, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, present.release()) }()
	if err := present.settled(ctx); err != nil {
		return nil, err
	}
	if err := clearLeftovers(dir); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(dir, "restore-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	m, err := unpack(ctx, k, temp, r, func(m *Manifest) error { return present.sameNode(ctx, m) })
	if err != nil {
		return nil, err
	}
	if err := readyState(ctx, k, filepath.Join(temp, stateFile), m); err != nil {
		return nil, err
	}
	if err := runChecks(ctx, k, filepath.Join(temp, stateFile), m, checks); err != nil {
		return nil, err
	}
	fault.Point("store.restore.unpacked")
	if err := placeAttachments(ctx, k, temp, dir); err != nil {
		return nil, err
	}
	fault.Point("store.restore.attachments")
	if err := placeKeys(temp, dir, m); err != nil {
		return nil, err
	}
	if err := present.leave(ctx); err != nil {
		return nil, err
	}
	fault.Point("store.restore.before")
	if err := os.Rename(filepath.Join(temp, stateFile), filepath.Join(dir, stateFile)); err != nil {
		return nil, err
	}
	fault.Point("store.restore.renamed")
	return m, syncDir(filepath.Join(dir, stateFile))
}

func runChecks(ctx context.Context, k *atrest.Key, state string, m *Manifest, checks []func(*Manifest, []json.RawMessage) error) error {
	if len(checks) == 0 {
		return nil
	}
	db, err := connect(k, state, "mode", "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	chain, err := trustChain(ctx, db)
	for _, check := range checks {
		if err == nil {
			err = check(m, chain)
		}
	}
	return err
}

// settled refuses to have data replaced that is nowhere else.
func (p *present) settled(ctx context.Context) error {
	if p.conn == nil {
		return nil
	}
	var waiting int64
	if err := p.conn.QueryRowContext(ctx, `SELECT count(*) FROM outbox`).Scan(&waiting); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if waiting > 0 {
		return fmt.Errorf("%w (%d)", ErrUnsent, waiting)
	}
	return nil
}

// clearLeftovers removes what a restore that was killed had unpacked.
func clearLeftovers(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "restore-*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// unpack writes the archive's files into a folder of their own.
func unpack(ctx context.Context, k *atrest.Key, temp string, r io.Reader, begin func(*Manifest) error) (*Manifest, error) {
	var blobs *blob.Store
	return readArchive(ctx, r, func(m *Manifest) (err error) {
		if err := begin(m); err != nil {
			return err
		}
		limits := blob.Options{MaxBytes: blob.DefaultMaxBytes, Key: k}
		for _, a := range m.Attachments {
			limits.MaxBytes = max(limits.MaxBytes, a.Size)
		}
		blobs, err = blob.Open(filepath.Join(temp, attachmentsFolder), limits)
		return err
	}, func(f ArchivedFile, content io.Reader) error {
		if f.Name == attachmentsFolder+"/"+f.SHA256 {
			_, err := blobs.Put(ctx, content)
			return err
		}
		path := filepath.Join(temp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if f.Name == stateFile {
			return writeDurably(path, content, k.DatabaseWriter)
		}
		return writeDurably(path, content, nil)
	})
}

// writeDurably writes a new file, through what seals it, if anything does.
func writeDurably(path string, content io.Reader, seal func(io.Writer) io.WriteCloser) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if seal == nil {
		_, err = io.Copy(f, content)
	} else {
		w := seal(f)
		_, err = io.Copy(w, content)
		err = errors.Join(err, w.Close())
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// readyState checks the unpacked state, brings its schema up to date, marks it
// as restored and leaves it as one file.
func readyState(ctx context.Context, k *atrest.Key, path string, m *Manifest) error {
	if err := checkFile(ctx, k, path); err != nil {
		return damaged(err)
	}
	if err := prepare(ctx, k, path, stateSchema); err != nil {
		return err
	}
	w, err := openWriter(ctx, k, path, "FULL", smallCache)
	if err != nil {
		return err
	}
	err = markRestored(ctx, w, m)
	if err == nil {
		var mode string
		err = w.row(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	}
	if err := errors.Join(err, w.close()); err != nil {
		return err
	}
	return syncFile(path)
}

func markRestored(ctx context.Context, w *writer, m *Manifest) error {
	for key, want := range m.owner() {
		var have string
		if err := w.row(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&have); err != nil || have != want {
			return damaged(fmt.Errorf("the state's %s is %q, the manifest's %q", key, have, want))
		}
	}
	if m.Tier == node.County {
		return nil
	}
	return errors.Join(w.exec(ctx, `DELETE FROM meta WHERE key = 'successor'`), w.setMeta(ctx, restoredKey, 1))
}

func (m *Manifest) owner() map[string]string {
	return owner(Self{Node: m.Node, Tier: m.Tier, Division: m.Division})
}

// placeAttachments adds what the archive has to what is there: attachments
// are known by their content, so nothing can be overwritten.
func placeAttachments(ctx context.Context, k *atrest.Key, temp, dir string) error {
	from, to := filepath.Join(temp, attachmentsFolder), filepath.Join(dir, attachmentsFolder)
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(from, to); err != nil {
			return err
		}
		return syncDir(to)
	}
	unpacked, err := blob.Open(from, blob.Options{MaxBytes: 1 << 40, Key: k})
	if err != nil {
		return err
	}
	present, err := blob.Open(to, blob.Options{MaxBytes: 1 << 40, Key: k})
	if err != nil {
		return err
	}
	after := ""
	for {
		page, err := unpacked.List(after, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, info := range page {
			after = info.Hash
			if err := copyAttachment(ctx, present, unpacked, info.Hash); err != nil {
				return err
			}
		}
	}
}

func copyAttachment(ctx context.Context, to, from *blob.Store, hash string) error {
	if has, err := to.Has(hash); has || err != nil {
		return err
	}
	content, _, err := from.Open(hash)
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = to.Put(ctx, content)
	return err
}

// placeKeys puts keys where there are none. Other keys are never replaced:
// they may be those of a node that was enrolled since.
func placeKeys(temp, dir string, m *Manifest) error {
	var missing []ArchivedFile
	for _, k := range m.Keys {
		have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(k.Name)))
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, k)
			continue
		}
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(have); hex.EncodeToString(sum[:]) != k.SHA256 && k.Name != membershipFile {
			return fmt.Errorf("%w: %s", ErrOtherKeys, k.Name)
		}
	}
	for _, k := range missing {
		to := filepath.Join(dir, filepath.FromSlash(k.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(temp, filepath.FromSlash(k.Name)), to); err != nil {
			return err
		}
		if err := syncDir(to); err != nil {
			return err
		}
	}
	return nil
}

// present is the database in a directory, locked against a node being started
// on it; db is nil where there is none.
type present struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockPresent locks the database in a directory, or makes sure that there is
// nothing in it that a restore could hurt.
func lockPresent(ctx context.Context, k *atrest.Key, dir string) (*present, error) {
	path := filepath.Join(dir, stateFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &present{}, checkEmpty(dir)
	}
	if err := k.CheckDatabase(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	// In exclusive mode SQLite lets nobody else have the file open.
	db, err := connect(k, path, "_locking_mode", "EXCLUSIVE", "_busy_timeout", "0", "_synchronous", "FULL")
	if err != nil {
		return nil, err
	}
	p := &present{db: db}
	if p.conn, err = db.Conn(ctx); err == nil {
		_, err = p.conn.ExecContext(ctx, `BEGIN IMMEDIATE`)
	}
	if err == nil {
		_, err = p.conn.ExecContext(ctx, `ROLLBACK`)
	}
	if err == nil {
		return p, nil
	}
	p.release()
	var se sqlite3.Error
	if errors.As(err, &se) && (se.Code == sqlite3.ErrBusy || se.Code == sqlite3.ErrLocked) {
		return nil, fmt.Errorf("%w: %w", ErrRunning, err)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// checkEmpty accepts a directory with nothing in it, and that of a node which
// is enrolled and has no state.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, membershipFile)); err == nil || len(entries) == 0 {
		return nil
	}
	for _, e := range entries {
		switch e.Name() {
		case "lock", "storage.json", BackupsFolder: // of the command that restores, or kept here
		case attachmentsFolder, keysFolder, localFile, localFile + "-wal", localFile + "-shm": // of a restore that was interrupted
		default:
			if ok, _ := filepath.Match("restore-*", e.Name()); !ok {
				return fmt.Errorf("%w: %s", ErrNotEmpty, e.Name())
			}
		}
	}
	return nil
}

// sameNode refuses to put one node's state in the place of another's.
func (p *present) sameNode(ctx context.Context, m *Manifest) error {
	if p.conn == nil {
		return nil
	}
	for key, want := range m.owner() {
		var have string
		err := p.conn.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&have)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if have != want && !(key == "node" && (m.WasNode(have) || p.was(ctx, have, want))) {
			return fmt.Errorf("%w: its %s is %s, the archive's %s", ErrOtherNode, key, have, want)
		}
	}
	return nil
}

// was tells whether the machine of the present node was another before.
func (p *present) was(ctx context.Context, node, before string) bool {
	earlier, err := predecessorsOf(ctx, p.conn, node)
	return err == nil && slices.Contains(earlier, before)
}

// leave makes the present database one file, whose place another can take: a
// log left beside it would be played into the new one.
func (p *present) leave(ctx context.Context) error {
	if p.conn == nil {
		return nil
	}
	var mode string
	if err := p.conn.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return storage("leave database", err)
	}
	if mode != "delete" {
		return fmt.Errorf("%w: journal mode stays %s", ErrRunning, mode)
	}
	return p.release()
}

func (p *present) release() error {
	if p.db == nil {
		return nil
	}
	var err error
	if p.conn != nil {
		err = p.conn.Close()
	}
	err = errors.Join(err, p.db.Close())
	p.db, p.conn = nil, nil
	return err
}
