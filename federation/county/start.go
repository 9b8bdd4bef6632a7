package county

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"github.com/tongban/tongban/store/fault"
)

// lockTimeout is how long a start waits for another process to let go of the
// log: long enough for a service manager's restart, short enough to say why.
const lockTimeout = 5 * time.Second

// storage is what a hub has on disk besides the database, opened and checked.
type storage struct {
	disk  *diskLog
	snaps *snapshotStore
}

func openStorage(o *Options) (*storage, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make hub directory: %w", err)
	}
	snaps, err := newSnapshotStore(o)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(o.Dir, "raft.db")
	if err := checkBolt(path); err != nil {
		return nil, err
	}
	bolt, err := raftboltdb.New(raftboltdb.Options{
		Path: path, MsgpackUseNewTimeFormat: true, NoSync: fault.Planted("unsynced"),
		// The list of free pages is made anew at a start, which reads every
		// record anyway; each write to the log is a page shorter for it.
		BoltOptions: &bbolt.Options{Timeout: lockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType},
	})
	if err != nil {
		return nil, fmt.Errorf("open raft log: %w", err)
	}
	var under boltStore = bolt
	if o.wrapLog != nil {
		under = o.wrapLog(bolt)
	}
	disk := &diskLog{bolt: under, now: time.Now, base: snaps.base}
	if o.Key != nil {
		disk.seal = o.Key.Records("raft log")
	}
	if err := errors.Join(syncDir(o.Dir), disk.verify()); err != nil {
		disk.Close()
		return nil, fmt.Errorf("check raft log: %w", err)
	}
	snaps.log = disk
	return &storage{disk: disk, snaps: snaps}, nil
}

// checkBolt looks at the file's structure before it is opened for writing, and
// keeps other processes off meanwhile.
func checkBolt(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("open raft log: %w", err)
	}
	return checkPages(path)
}

// position is where log, snapshot and database stand.
type position struct {
	meta        *raft.SnapshotMeta // nil: no snapshot
	header      Header
	first, last uint64 // of the log, 0 when empty
	applied     uint64
}

func (s *storage) position(sm StateMachine) (p position, err error) {
	if p.meta, p.header, err = s.snaps.newest(); err != nil {
		return p, err
	}
	p.first, p.last, err = s.disk.span()
	p.applied = sm.Applied()
	return p, err
}

// reconcile makes database, snapshot and log agree before raft starts on them,
// or says why they cannot. refill fetches a database that has reached at least
// the given index from a peer; nil when there is none to ask.
func (s *storage) reconcile(f *fsm, refill func(need uint64) (Header, error)) error {
	p, err := s.position(f.sm)
	if err != nil {
		return err
	}
	if p.first > p.header.Index+1 {
		return fmt.Errorf("%w: the log begins at %d and the snapshot before it is missing", ErrLogDamaged, p.first)
	}
	if bound := max(p.last, p.header.Index, p.header.Covered, p.header.Body); p.applied > bound {
		return fmt.Errorf("%w: log ends at %d, database at %d", ErrLogBehind, bound, p.applied)
	}
	if p.applied < p.header.Applied {
		if err := s.bringUp(f, p, refill); err != nil {
			return err
		}
	}
	return s.dropStale(p)
}

// bringUp fills a database that is behind its snapshot, from the nearest source
// that has what is missing.
func (s *storage) bringUp(f *fsm, p position, refill func(uint64) (Header, error)) error {
	f.log.Warn("county hub: the database is behind its snapshot", "database", p.applied, "needs", p.header.Applied)
	if p.header.Size > 0 {
		_, r, err := s.snaps.Open(p.meta.ID)
		if err == nil {
			err = errors.Join(f.Restore(r), r.Close())
		}
		if err == nil || !errors.Is(err, ErrSnapshotDamaged) {
			return err
		}
		f.log.Warn("county hub: the database that came with the snapshot is damaged", "error", err)
	}
	if s.logReaches(p) {
		return s.replay(f, p)
	}
	behind := fmt.Errorf("%w: database at %d, snapshot needs %d", ErrDatabaseBehind, p.applied, p.header.Applied)
	if refill == nil {
		return behind
	}
	h, err := refill(p.header.Applied)
	if err != nil {
		return errors.Join(behind, err)
	}
	left := p.header.alone()
	left.Covered = max(left.Covered, h.Body)
	return s.snaps.settle(left)
}

// logReaches says whether the log still has everything between the database and
// the snapshot. The same term at the snapshot's index means the same history
// before it.
func (s *storage) logReaches(p position) bool {
	if p.first == 0 || p.first > p.applied+1 || p.last < p.header.Index {
		return false
	}
	var l raft.Log
	return s.disk.entry(p.header.Index, &l) == nil && l.Term == p.header.Term
}

// replay applies what the log has up to the snapshot: all of it was committed.
func (s *storage) replay(f *fsm, p position) error {
	const batch = 32
	var logs []*raft.Log
	flush := func() error {
		if len(logs) > 0 {
			f.ApplyBatch(logs)
			logs = nil
		}
		if e := f.stopped.Load(); e != nil {
			return *e
		}
		return nil
	}
	err := s.disk.entries(p.applied+1, p.header.Index, func(l *raft.Log) error {
		if logs = append(logs, l); len(logs) == batch {
			return flush()
		}
		return nil
	})
	if err = errors.Join(err, flush()); err != nil {
		return fmt.Errorf("bring the database up from the log: %w", err)
	}
	if got := f.sm.Applied(); got < p.header.Applied {
		return fmt.Errorf("%w: the log brought it to %d, snapshot needs %d", ErrDatabaseBehind, got, p.header.Applied)
	}
	f.log.Info("county hub: database brought up from the log", "from", p.applied, "to", f.sm.Applied())
	return nil
}

// dropStale removes a log that a crash kept raft from clearing after it
// installed a snapshot: one that ends before the snapshot, or tells another
// history at its index.
func (s *storage) dropStale(p position) error {
	if p.meta == nil || p.first == 0 || p.first > p.header.Index {
		return nil
	}
	if p.last >= p.header.Index {
		var l raft.Log
		if err := s.disk.entry(p.header.Index, &l); err != nil {
			return err
		}
		if l.Term == p.header.Term {
			return nil
		}
	}
	return s.disk.DeleteRange(p.first, p.last)
}

// peers are the other servers of the newest configuration on this disk.
func (s *storage) peers(self string) ([]raft.Server, error) {
	p, err := s.position(s.snaps.sm)
	if err != nil {
		return nil, err
	}
	var c raft.Configuration
	if p.meta != nil {
		c = p.meta.Configuration
	}
	if p.last > p.header.Index {
		err = s.disk.entries(max(p.first, p.header.Index+1), p.last, func(l *raft.Log) error {
			if l.Type == raft.LogConfiguration {
				c = raft.DecodeConfiguration(l.Data)
			}
			return nil
		})
	}
	var others []raft.Server
	for _, s := range c.Servers {
		if string(s.ID) != self {
			others = append(others, s)
		}
	}
	return others, err
}

// refillFrom asks one peer after another for its database until one that has
// reached need is in place.
func (f *fsm) refillFrom(ctx context.Context, c *client, peers []raft.Server, need uint64) (Header, error) {
	var last error
	for {
		for _, p := range peers {
			h, err := c.backup(ctx, string(p.Address), func(h Header, body io.Reader) error {
				if h.Cluster != f.cluster {
					return fmt.Errorf("%w: backup of %q", ErrForeign, h.Cluster)
				}
				if h.Body < need {
					return fmt.Errorf("%w: the peer itself is at %d", ErrDatabaseBehind, h.Body)
				}
				return f.replace(h, body)
			})
			if err == nil {
				return h, nil
			}
			last = fmt.Errorf("refill from %s: %w", p.ID, err)
			f.log.Warn("county hub: refill", "peer", p.ID, "error", err)
			if e := f.stopped.Load(); e != nil {
				return Header{}, *e
			}
		}
		select {
		case <-ctx.Done():
			return Header{}, last
		case <-time.After(200 * time.Millisecond):
		}
	}
}
