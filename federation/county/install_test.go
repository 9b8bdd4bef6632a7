package county

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/storetest"
)

// install sends to a follower the leader's newest snapshot, whatever the
// follower has by now: as a leader's second attempt does, which was held up on
// the way while the first brought the follower up.
func (c *cluster) install(leader, follower *node) {
	c.t.Helper()
	snaps := leader.hub.fsm.snaps
	meta, _, err := snaps.newest()
	c.must(err, "snapshot")
	meta, content, err := snaps.Open(meta.ID)
	c.must(err, "open the snapshot")
	defer content.Close()
	req := raft.InstallSnapshotRequest{
		RPCHeader:       raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(leader.id), Addr: []byte(leader.addr)},
		SnapshotVersion: meta.Version, Term: leader.hub.raft.CurrentTerm(), Leader: []byte(leader.addr),
		LastLogIndex: meta.Index, LastLogTerm: meta.Term, Size: meta.Size,
		Configuration: raft.EncodeConfiguration(meta.Configuration), ConfigurationIndex: meta.ConfigurationIndex,
	}
	var resp raft.InstallSnapshotResponse
	err = leader.hub.trans.InstallSnapshot(raft.ServerID(follower.id), raft.ServerAddress(follower.addr), &req, &resp, content)
	c.must(err, "install the snapshot")
	if !resp.Success {
		c.t.Fatalf("the snapshot was refused: %+v", resp)
	}
}

// follow puts entries into a log as raft does.
func follow(t *testing.T, d *diskLog, from, to, term uint64) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := d.StoreLog(&raft.Log{Index: i, Term: term, Type: raft.LogCommand, Data: encodeFrame(1, nil)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSnapshotMeetsALog(t *testing.T) {
	from, _ := stored(t)
	stream := streamOf(t, from, Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7})
	for _, c := range []struct {
		name              string
		first, last, term uint64
		left              uint64 // where the log ends then
		took, stops       bool
	}{
		{"empty", 1, 0, 0, 0, true, false},
		{"behind", 1, 6, 1, 6, true, false},
		{"just before", 1, 8, 2, 8, true, false},
		{"the same", 1, 9, 2, 9, false, false},
		{"ahead", 4, 14, 2, 14, false, false},
		{"ahead in another history", 4, 14, 1, 8, false, true},
		{"another history from there on", 9, 14, 1, 0, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := openMachine(t, filepath.Join(t.TempDir(), "state.db"))
			defer m.close()
			s, err := openStorage(&Options{Dir: t.TempDir(), Cluster: "test-county", Key: storetest.Key, StateMachine: m})
			if err != nil {
				t.Fatal(err)
			}
			defer s.disk.Close()
			follow(t, s.disk, c.first, c.last, c.term)
			k, err := s.snaps.Create(1, 9, 2, raft.Configuration{}, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = k.Write(stream)
			if (err == nil) != c.took {
				t.Errorf("taken: %v", err)
			}
			if errors.Is(err, errHave) != (!c.took && !c.stops) {
				t.Errorf("answered %v", err)
			}
			if stopped := s.disk.err() != nil; stopped != c.stops {
				t.Errorf("stopped: %v", s.disk.err())
			}
			if _, last, err := s.disk.span(); err != nil || last != c.left {
				t.Errorf("log ends at %d, %v", last, err)
			}
			k.Cancel()
		})
	}
}

// After an installation the log is empty, and what follows the snapshot can
// still be told from what does not.
func TestLogKnowsTheEntryItFollows(t *testing.T) {
	from, m := stored(t)
	s, err := openStorage(&Options{Dir: t.TempDir(), Cluster: "test-county", Key: storetest.Key, StateMachine: m})
	if err != nil {
		t.Fatal(err)
	}
	defer s.disk.Close()
	k, err := s.snaps.Create(1, 9, 2, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Write(streamOf(t, from, Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7})); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if s.disk.has(9, 2) {
		t.Error("the log follows a snapshot whose database is not in place")
	}
	f := newFSM(&Options{StateMachine: m, Cluster: "test-county", Key: storetest.Key, Logger: slog.Default(), Now: time.Now}, s.snaps)
	_, content, err := s.snaps.Open(k.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if err := f.Restore(content); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		index, term uint64
		has         bool
	}{{8, 2, false}, {9, 1, false}, {9, 2, true}, {10, 2, false}} {
		if s.disk.has(c.index, c.term) != c.has {
			t.Errorf("entry %d of term %d: %v", c.index, c.term, !c.has)
		}
	}
	if err := s.disk.verify(); err != nil {
		t.Error(err)
	}
}

// A snapshot that the log has gone past must not cost the log what follows it:
// those entries were acknowledged.
func TestSnapshotThatComesLateTakesNothingOutOfTheLog(t *testing.T) {
	c := threeHubs(t, nil)
	leader := c.awaitLeader()
	for i := range 20 {
		c.propose(leader, fmt.Sprint("add before-", i))
	}
	leader.snapshot()
	for i := range 20 {
		c.propose(leader, fmt.Sprint("add after-", i))
	}
	c.awaitEqual()
	late := c.follower()
	_, before, err := late.hub.disk.span()
	c.must(err, "span")
	c.install(leader, late)
	if _, last, err := late.hub.disk.span(); err != nil || last < before {
		t.Errorf("the log ended at %d, now at %d: %v", before, last, err)
	}
	for i := range 20 {
		c.propose(leader, fmt.Sprint("add later-", i))
	}
	c.awaitEqual()
	late.restart()
	c.awaitEqual()
}
