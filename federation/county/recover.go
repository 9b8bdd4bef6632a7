package county

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

// Recover makes the hub in o.Dir the only voter of its cluster, offline. It is
// for an operator who has lost the majority for good, or the log of a single
// hub, or who starts anew from a backup of the database. Listener and the TLS
// settings of o are not used.
//
// Where the log is sound everything in it is applied, committed or not: it is
// the best that is left. Where it is not, it is set aside (raft.db and
// snapshots renamed within Dir) and the database alone counts. The other hubs
// of the old cluster must have their data emptied before they are added again.
func Recover(o Options) error {
	if o.ID == "" || o.Cluster == "" || o.Dir == "" || o.Advertise == "" || o.StateMachine == nil {
		return errors.New("recover county hub: ID, Cluster, Dir, Advertise and StateMachine are needed")
	}
	if o.Logger == nil || o.Now == nil {
		fill := o
		fill.validate()
		o.Logger, o.Now = fill.Logger, fill.Now
	}
	o.Timing, o.Limits = o.Timing.withDefaults(), o.Limits.withDefaults()
	err := recoverFromLog(&o)
	if errors.Is(err, ErrLogDamaged) || errors.Is(err, ErrLogBehind) || errors.Is(err, ErrSnapshotDamaged) || errors.Is(err, errNoLog) ||
		errors.Is(err, ErrDatabaseBehind) {
		o.Logger.Warn("county hub: recovering from the database alone", "because", err)
		err = recoverFromDatabase(&o)
	}
	if err != nil {
		return fmt.Errorf("recover county hub %s: %w", o.ID, err)
	}
	return nil
}

var errNoLog = errors.New("there is no raft log")

func (o *Options) alone() raft.Configuration {
	return raft.Configuration{Servers: []raft.Server{{
		ID: raft.ServerID(o.ID), Address: raft.ServerAddress(o.Advertise), Suffrage: raft.Voter,
	}}}
}

func recoverFromLog(o *Options) error {
	s, err := openStorage(o)
	if err != nil {
		return err
	}
	defer s.disk.Close()
	if has, err := raft.HasExistingState(s.disk, s.disk, s.snaps); err != nil || !has {
		return errors.Join(err, errNoLog)
	}
	f := newFSM(o, s.snaps)
	if err := s.reconcile(f, nil); err != nil {
		return err
	}
	_, trans := raft.NewInmemTransport(raft.ServerAddress(o.Advertise))
	defer trans.Close()
	if err := raft.RecoverCluster(o.raftConfig(), f, s.disk, s.disk, s.snaps, trans, o.alone()); err != nil {
		return err
	}
	if p := f.stopped.Load(); p != nil {
		return *p
	}
	if _, err := s.beginTerm(o.Now()); err != nil {
		return err
	}
	return s.disk.err()
}

// beginTerm leaves all terms of the former cluster behind: an entry of the new
// one never has the index and the term of another entry that is in the log of
// an old hub, by which Raft would take the two for the same. The clock is ahead
// of any number of elections.
func (s *storage) beginTerm(now time.Time) (uint64, error) {
	term, err := s.disk.GetUint64([]byte("CurrentTerm"))
	if err != nil && !errors.Is(err, raftboltdb.ErrKeyNotFound) {
		return 0, err
	}
	term = max(term+1, uint64(max(now.Unix(), 0)))
	return term, s.disk.SetUint64([]byte("CurrentTerm"), term)
}

// recoverFromDatabase begins a new log where the database stands, as a snapshot
// of it, so that new entries get indexes the database has not passed.
func recoverFromDatabase(o *Options) error {
	for _, name := range []string{"raft.db", "snapshots"} {
		path := filepath.Join(o.Dir, name)
		aside := fmt.Sprintf("%s.aside-%d", path, o.Now().UnixNano())
		if err := os.Rename(path, aside); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("set the log aside: %w", err)
		}
	}
	s, err := openStorage(o)
	if err != nil {
		return err
	}
	defer s.disk.Close()
	applied := o.StateMachine.Applied()
	f := newFSM(o, s.snaps)
	index := max(applied, 1)
	term, err := s.beginTerm(o.Now())
	if err != nil {
		return err
	}
	k, err := s.snaps.Create(1, index, term, o.alone(), index, nil)
	if err != nil {
		return err
	}
	if err := errors.Join((&reference{f: f, applied: applied}).Persist(k), k.Close(), s.disk.err()); err != nil {
		return err
	}
	o.Logger.Info("county hub: new log begun", "index", index, "at", o.Now().Format(time.RFC3339))
	return nil
}
