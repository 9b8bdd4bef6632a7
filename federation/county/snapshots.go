package county

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// snapshotStore keeps one file: the newest snapshot. An older one would be of
// no use, since the log before the newest is gone.
//
// A file is a record (raft's meta data), a second record (the Header) and, only
// between its arrival from a peer and its restoration, the database. It is
// written under another name, synced, renamed, and the directory synced: what
// has the right name is whole.
//
// Crash stories: before the rename, the old file stands. After the rename of a
// snapshot of our own: the database was durable before. After the rename of one
// that a peer sent: the file still has the database, and the start restores it.
type snapshotStore struct {
	dir, tmp, cluster string
	sm                StateMachine
	key               *atrest.Key
	log               *diskLog    // nil in tests without one
	live              atomic.Bool // raft runs: Open serves peers
	catchUp           time.Duration

	mu sync.Mutex // guards the directory's content
}

const snapSuffix = ".snap"

func newSnapshotStore(o *Options) (*snapshotStore, error) {
	s := &snapshotStore{
		dir: filepath.Join(o.Dir, "snapshots"), tmp: filepath.Join(o.Dir, "tmp"),
		cluster: o.Cluster, sm: o.StateMachine, key: o.Key, catchUp: o.Timing.Refill,
	}
	if err := os.RemoveAll(s.tmp); err != nil {
		return nil, fmt.Errorf("clear temporary files: %w", err)
	}
	for _, d := range []string{s.dir, s.tmp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make snapshot directory: %w", err)
		}
	}
	if err := syncDir(o.Dir); err != nil {
		return nil, err
	}
	return s, nil
}

// Create implements raft.SnapshotStore, for our own snapshots and for a peer's.
func (s *snapshotStore) Create(version raft.SnapshotVersion, index, term uint64, c raft.Configuration,
	configIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if version != 1 {
		return nil, fmt.Errorf("snapshot version %d", version)
	}
	return newSink(s, raft.SnapshotMeta{
		Version: version, ID: snapshotID(index, term), Index: index, Term: term,
		Configuration: c, ConfigurationIndex: configIndex,
	})
}

// snapshotID sorts like the snapshots it names.
func snapshotID(index, term uint64) string { return fmt.Sprintf("%020d-%020d", index, term) }

// List implements raft.SnapshotStore.
func (s *snapshotStore) List() ([]*raft.SnapshotMeta, error) {
	meta, _, err := s.newest()
	if err != nil || meta == nil {
		return nil, err
	}
	return []*raft.SnapshotMeta{meta}, nil
}

// newest is the newest snapshot's meta data and header; nil when there is none.
func (s *snapshotStore) newest() (*raft.SnapshotMeta, Header, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids, err := s.ids()
	if err != nil || len(ids) == 0 {
		return nil, Header{}, err
	}
	meta, h, f, err := s.read(ids[len(ids)-1])
	if err != nil {
		return nil, Header{}, err
	}
	return meta, h, f.Close()
}

// base is the newest snapshot's index and term once its database is in place;
// 0 before, and when there is none.
func (s *snapshotStore) base() (index, term uint64) {
	meta, h, err := s.newest()
	if err != nil || meta == nil || h.Size > 0 {
		return 0, 0
	}
	return h.Index, h.Term
}

// Open implements raft.SnapshotStore. A snapshot that is only a reference is
// opened for a peer as a backup of the live database made now: later than the
// reference says, which the receiver's skipping of applied entries makes right.
func (s *snapshotStore) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	meta, h, f, err := s.read(id)
	release := func() {}
	if err == nil && s.live.Load() && s.log != nil {
		release = s.log.keepAfter(h.Index, s.catchUp)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	meta, r, err := s.content(meta, h, f)
	if err != nil {
		release()
		return nil, nil, err
	}
	return meta, &content{Reader: r, close: func() error { release(); return r.Close() }}, nil
}

func (s *snapshotStore) content(meta *raft.SnapshotMeta, h Header, f io.ReadCloser) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if h.Size > 0 || !s.live.Load() {
		head, err := encodeRecord(h)
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		meta.Size = int64(len(head)) + h.Size
		return meta, &content{Reader: io.MultiReader(strings.NewReader(string(head)), f), close: f.Close}, nil
	}
	f.Close()
	size, r, err := s.backup(context.Background(), h)
	meta.Size = size
	return meta, r, err
}

// backup is a header for a copy of the live database, and that copy.
func (s *snapshotStore) backup(ctx context.Context, h Header) (int64, io.ReadCloser, error) {
	dir, err := os.MkdirTemp(s.tmp, "backup-")
	if err != nil {
		return 0, nil, fmt.Errorf("back up the database: %w", err)
	}
	fail := func(err error) (int64, io.ReadCloser, error) {
		os.RemoveAll(dir)
		return 0, nil, fmt.Errorf("back up the database: %w", err)
	}
	path := filepath.Join(dir, "state.db")
	applied, err := s.sm.Backup(ctx, path)
	if err != nil {
		return fail(err)
	}
	if applied < h.Applied {
		return fail(fmt.Errorf("%w: backup at %d, snapshot needs %d", ErrDatabaseBehind, applied, h.Applied))
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(err)
	}
	sum := sha256.New()
	// Between hubs it is sealed by TLS; what it was sealed with here is this hub's.
	size, err := io.Copy(sum, s.key.DatabaseReader(f))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	h.Body, h.Schema, h.Size, h.SHA256 = applied, schemaOf(s.sm), size, hex.EncodeToString(sum.Sum(nil))
	var head []byte
	if err == nil {
		head, err = encodeRecord(h)
	}
	if err != nil {
		f.Close()
		return fail(err)
	}
	return int64(len(head)) + size, &content{
		Reader: io.MultiReader(strings.NewReader(string(head)), s.key.DatabaseReader(f)),
		close:  func() error { return errors.Join(f.Close(), os.RemoveAll(dir)) },
	}, nil
}

// spill writes the database that follows h into a file of its own and checks it
// against h. done removes it.
func (s *snapshotStore) spill(h Header, body io.Reader) (path string, done func(), err error) {
	dir, err := os.MkdirTemp(s.tmp, "restore-")
	if err != nil {
		return "", nil, fmt.Errorf("receive a database: %w", err)
	}
	done = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, "state.db")
	sum := sha256.New()
	err = writeFile(path, func(w io.Writer) error {
		sealed := s.key.DatabaseWriter(w)
		n, err := io.Copy(io.MultiWriter(sealed, sum), io.LimitReader(body, h.Size))
		if err == nil && (n != h.Size || hex.EncodeToString(sum.Sum(nil)) != h.SHA256) {
			err = fmt.Errorf("%w: database of %d bytes does not match its header", ErrSnapshotDamaged, n)
		}
		if err == nil {
			err = sealed.Close()
		}
		return err
	})
	if err != nil {
		done()
		return "", nil, fmt.Errorf("receive a database: %w", err)
	}
	return path, done, nil
}

// settle leaves of the snapshot that h belongs to nothing but its header, once
// its database is restored and durable.
func (s *snapshotStore) settle(h Header) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	meta, old, f, err := s.read(snapshotID(h.Index, h.Term))
	if err != nil {
		return err
	}
	f.Close()
	h.Covered = max(h.Covered, old.Covered)
	if old == h {
		return nil
	}
	return s.place(*meta, h)
}

// place writes a snapshot that is only a header. s.mu is held.
func (s *snapshotStore) place(meta raft.SnapshotMeta, h Header) error {
	tmp := filepath.Join(s.tmp, meta.ID)
	err := writeFile(tmp, func(w io.Writer) error {
		w, err := s.key.Writer(w)
		if err != nil {
			return err
		}
		for _, v := range []any{meta, h} {
			b, err := encodeRecord(v)
			if err != nil {
				return err
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write snapshot header: %w", err)
	}
	return s.publish(tmp, meta.ID)
}

// publish gives a complete file its name and removes the older ones. s.mu is held.
func (s *snapshotStore) publish(tmp, id string) error {
	fault.Point("county.snapshot.written")
	if err := os.Rename(tmp, s.path(id)); err != nil {
		return fmt.Errorf("publish snapshot: %w", err)
	}
	fault.Point("county.snapshot.renamed")
	if err := syncDir(s.dir); err != nil {
		return err
	}
	ids, err := s.ids()
	if err != nil {
		return err
	}
	for _, old := range ids {
		if old == id {
			break // the newest is the last
		}
		if err := os.Remove(s.path(old)); err != nil {
			return fmt.Errorf("remove old snapshot: %w", err)
		}
	}
	return nil
}

func (s *snapshotStore) path(id string) string { return filepath.Join(s.dir, id+snapSuffix) }

// ids are the snapshots there are, oldest first.
func (s *snapshotStore) ids() ([]string, error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var ids []string
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name(), snapSuffix); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// read opens a snapshot and reads both records; f then stands at the database.
func (s *snapshotStore) read(id string) (meta *raft.SnapshotMeta, h Header, f io.ReadCloser, err error) {
	if f, err = s.open(id); err != nil {
		return nil, Header{}, nil, fmt.Errorf("open snapshot: %w", err)
	}
	meta = new(raft.SnapshotMeta)
	if err = readRecord(f, meta); err == nil {
		h, err = readHeader(f)
	}
	if err == nil && (meta.ID != id || meta.Index != h.Index || meta.Term != h.Term) {
		err = fmt.Errorf("%w: meta data and header differ", ErrSnapshotDamaged)
	}
	if err == nil && h.Cluster != s.cluster {
		err = fmt.Errorf("%w: snapshot of %q", ErrForeign, h.Cluster)
	}
	if err != nil {
		f.Close()
		return nil, Header{}, nil, fmt.Errorf("snapshot %s: %w", id, err)
	}
	return meta, h, f, nil
}

func (s *snapshotStore) open(id string) (io.ReadCloser, error) {
	f, err := os.Open(s.path(id))
	if err != nil {
		return nil, err
	}
	r, err := s.key.Reader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %w", ErrSnapshotDamaged, err)
	}
	return &content{Reader: r, close: f.Close}, nil
}

// content is a snapshot being read.
type content struct {
	io.Reader
	close func() error
}

func (c *content) Close() error { return c.close() }

// writeFile writes a new file and makes it durable; its name is not until the
// directory is synced.
func writeFile(path string, f func(io.Writer) error) error {
	w, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = f(w)
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}
