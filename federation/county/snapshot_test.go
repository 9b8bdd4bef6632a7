package county

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/storetest"
)

// shortLog makes the log forget everything a snapshot covers.
func shortLog(o *Options) { o.Timing.TrailingLogs = 1 }

func (n *node) snapshot() {
	n.c.t.Helper()
	n.c.eventually("a snapshot of "+n.id, func() error {
		err := n.hub.raft.Snapshot().Error()
		if errors.Is(err, raft.ErrNothingNewToSnapshot) {
			return nil
		}
		return err
	})
}

func TestSnapshotIsAReferenceAndCutsTheLog(t *testing.T) {
	c := newCluster(t, shortLog)
	n := c.add("county-1", true)
	for i := range 50 {
		c.propose(n, fmt.Sprint("add before-", i))
	}
	n.snapshot()
	if first, _ := n.hub.disk.FirstIndex(); first < 40 {
		t.Errorf("log still begins at %d", first)
	}
	meta, _, err := n.hub.fsm.snaps.newest()
	c.must(err, "snapshot")
	info, err := os.Stat(n.hub.fsm.snaps.path(meta.ID))
	c.must(err, "stat")
	if info.Size() > 4096 {
		t.Errorf("the reference has %d bytes", info.Size())
	}
	for i := range 10 {
		c.propose(n, fmt.Sprint("add after-", i))
	}
	before := n.m.chain(t)
	n.restart()
	c.awaitLeader()
	if got := n.m.chain(t); got != before {
		t.Errorf("after the restart %s, before %s", got, before)
	}
}

func TestPowerLossForgetsNothing(t *testing.T) {
	c := newCluster(t, shortLog)
	n := c.add("county-1", true)
	tr := c.traffic(4)
	for range 3 {
		tr.awaitMore(30)
		n.snapshot()
		tr.awaitMore(30)
		m := n.m
		n.kill()
		m.losePower(t)
		c.must(n.open(false), "restart after power loss")
		c.awaitLeader()
	}
	tr.end()
	c.eventually("readiness", n.hub.Ready)
	tr.check(n)
}

func TestLaggingFollowerIsBroughtUpByBackupWhileWritesGoOn(t *testing.T) {
	c := threeHubs(t, shortLog)
	tr := c.traffic(3)
	for range 2 {
		tr.awaitMore(40)
		behind := c.follower()
		behind.kill()
		tr.awaitMore(60)
		leader := c.awaitLeader()
		leader.snapshot()
		tr.awaitMore(20)
		c.must(behind.open(false), "reopen")
		want := leader.hub.Applied()
		c.eventually("the follower to catch up", func() error {
			if got := behind.hub.Applied(); got < want {
				return fmt.Errorf("at %d of %d", got, want)
			}
			return nil
		})
		_, h, err := behind.hub.fsm.snaps.newest()
		c.must(err, "header")
		if h.Index == 0 || h.Size != 0 {
			t.Errorf("the received snapshot was not shrunk to its header: %+v", h)
		}
	}
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
	for _, n := range c.nodes {
		n.restart()
	}
	c.awaitLeader()
	for _, n := range c.nodes {
		c.eventually("readiness", n.hub.Ready)
		tr.check(n)
	}
}

func TestNewVoterJoinsBySnapshot(t *testing.T) {
	c := newCluster(t, shortLog)
	first := c.add("county-1", true)
	for i := range 40 {
		c.propose(first, fmt.Sprint("add early-", i))
	}
	first.snapshot()
	tr := c.traffic(3)
	tr.awaitMore(20)
	second := c.add("county-2", false)
	c.must(first.hub.AddVoter(c.ctx(), second.id, second.addr), "add")
	tr.awaitMore(20)
	tr.end()
	c.awaitEqual()
	if got := len(second.m.counts(t)); got < 80 {
		t.Errorf("the new hub has %d commands", got)
	}
}

// wipeDatabase closes the hub and takes its database away.
func (n *node) wipeDatabase() {
	n.kill()
	for _, s := range []string{"", "-wal", "-shm"} {
		os.Remove(n.database() + s)
	}
}

func TestDatabaseBehindItsSnapshotIsReplayedFromTheLog(t *testing.T) {
	c := newCluster(t, nil) // the log keeps everything
	n := c.add("county-1", true)
	for i := range 40 {
		c.propose(n, fmt.Sprint("add ", i))
	}
	n.snapshot()
	before := n.m.chain(t)
	n.wipeDatabase()
	c.must(n.open(false), "open without the database")
	c.awaitLeader()
	if got := n.m.chain(t); got != before {
		t.Errorf("replayed %s, before %s", got, before)
	}
}

func TestDatabaseBehindItsSnapshotIsRefilledFromAPeer(t *testing.T) {
	c := threeHubs(t, shortLog)
	tr := c.traffic(2)
	tr.awaitMore(50)
	hurt := c.follower()
	hurt.snapshot()
	tr.awaitMore(10)
	hurt.wipeDatabase()
	c.must(hurt.open(false), "open without the database")
	tr.awaitMore(10)
	tr.end()
	c.awaitEqual()
	tr.check(hurt)
	hurt.restart()
	c.eventually("readiness", hurt.hub.Ready)
}

func TestLoneHubRefusesADatabaseBehindItsSnapshot(t *testing.T) {
	c := newCluster(t, shortLog)
	n := c.add("county-1", true)
	for i := range 20 {
		c.propose(n, fmt.Sprint("add ", i))
	}
	backup := filepath.Join(t.TempDir(), "state.db")
	_, err := n.m.Backup(c.ctx(), backup)
	c.must(err, "backup")
	for i := range 20 {
		c.propose(n, fmt.Sprint("add later-", i))
	}
	n.snapshot()
	n.wipeDatabase()
	if err := n.open(false); !errors.Is(err, ErrDatabaseBehind) {
		t.Fatalf("open without the database: %v", err)
	}
	// The operator has only an older backup and decides to go on from it.
	n.kill()
	n.wipeDatabase()
	copyFile(t, backup, n.database())
	o := n.options(false)
	o.Listener.Close()
	o.Advertise = n.addr
	c.must(Recover(o), "recover")
	c.must(n.open(false), "open after recovery")
	res := c.propose(n, "add anew")
	if n.m.Applied() != res.RaftIndex || n.m.counts(t)["anew"] != 1 {
		t.Errorf("after recovery at %d, proposed at %d: %v", n.m.Applied(), res.RaftIndex, n.m.counts(t))
	}
}

func TestPartialBackupOfALoneHubIsCompletedFromTheLog(t *testing.T) {
	c := newCluster(t, nil)
	n := c.add("county-1", true)
	backup := filepath.Join(t.TempDir(), "state.db")
	for i := range 30 {
		c.propose(n, fmt.Sprint("add ", i))
		if i == 10 {
			_, err := n.m.Backup(c.ctx(), backup)
			c.must(err, "backup")
		}
	}
	n.snapshot()
	c.propose(n, "add last")
	before := n.m.chain(t)
	n.wipeDatabase()
	copyFile(t, backup, n.database())
	c.must(n.open(false), "open on the older database")
	c.awaitLeader()
	c.eventually("the database to be whole", func() error {
		if got := n.m.chain(t); got != before {
			return fmt.Errorf("%s, before %s", got, before)
		}
		return nil
	})
}

// stored is a snapshot store of its own with a machine that has applied some.
func stored(t *testing.T) (*snapshotStore, *machine) {
	t.Helper()
	m := openMachine(t, filepath.Join(t.TempDir(), "state.db"))
	t.Cleanup(m.close)
	s, err := newSnapshotStore(&Options{Dir: t.TempDir(), Cluster: "test-county", Key: storetest.Key, StateMachine: m})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply([]Command{{Index: 7, Data: []byte("add x")}}); err != nil {
		t.Fatal(err)
	}
	return s, m
}

func streamOf(t testing.TB, s *snapshotStore, h Header) []byte {
	t.Helper()
	_, r, err := s.backup(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReceivedSnapshotIsCheckedBeforeItCounts(t *testing.T) {
	s, _ := stored(t)
	good := streamOf(t, s, Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7})
	foreign := streamOf(t, s, Header{Format: 1, Cluster: "other", Index: 9, Term: 2, Applied: 7})
	other := streamOf(t, s, Header{Format: 1, Cluster: "test-county", Index: 8, Term: 2, Applied: 7})
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 4
		return b
	}
	alone, err := encodeRecord(Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7})
	if err != nil {
		t.Fatal(err)
	}
	newer, err := encodeRecord(Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7, Body: 7, Schema: 3, Size: 1, SHA256: hex.EncodeToString(make([]byte, sha256.Size))})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		stream []byte
		want   error
	}{
		{"bit of the database", flip(len(good) - 100), ErrSnapshotDamaged},
		{"bit of the header", flip(30), ErrSnapshotDamaged},
		{"bit of the magic", flip(1), ErrSnapshotDamaged},
		{"cut short", good[:len(good)-1], ErrSnapshotDamaged},
		{"cut in the header", good[:20], ErrSnapshotDamaged},
		{"empty", nil, ErrSnapshotDamaged},
		{"too long", append(bytes.Clone(good), 0), ErrSnapshotDamaged},
		{"foreign", foreign, ErrForeign},
		{"another snapshot", other, ErrSnapshotDamaged},
		{"no database", alone, ErrSnapshotDamaged},
		{"newer schema", append(newer, 0), ErrNewer},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := s.Create(1, 9, 2, raft.Configuration{}, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			// In small pieces, as a network delivers.
			_, err = io.Copy(k, iotestOneByte{bytes.NewReader(c.stream)})
			if err == nil {
				err = k.Close()
			} else {
				k.Cancel()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if list, err := s.List(); err != nil || len(list) != 0 {
				t.Errorf("listed %v, %v", list, err)
			}
		})
	}
	k, err := s.Create(1, 9, 2, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Write(good); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 {
		t.Errorf("listed %v, %v", list, err)
	}
	left, err := os.ReadDir(s.tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(b []byte) (int, error) { return o.r.Read(b[:min(len(b), 7)]) }

// received is a hub that is down and has received a snapshot in a configuration
// of one voter (itself where none is named), which it has not installed.
func (c *cluster) received(from *snapshotStore, h Header, voter string) *node {
	c.t.Helper()
	n := &node{c: c, id: "county-2", dir: c.t.TempDir()}
	c.nodes = append(c.nodes, n)
	o := n.options(false)
	o.Listener.Close()
	s, err := newSnapshotStore(&o)
	c.must(err, "store")
	only := raft.Server{ID: raft.ServerID(n.id), Address: raft.ServerAddress(n.addr)}
	if voter != "" {
		only = raft.Server{ID: raft.ServerID(voter), Address: "127.0.0.1:9"}
	}
	k, err := s.Create(1, h.Index, h.Term, raft.Configuration{Servers: []raft.Server{only}}, 1, nil)
	c.must(err, "create")
	_, err = k.Write(streamOf(c.t, from, h))
	c.must(err, "write")
	c.must(k.Close(), "close")
	return n
}

func TestInterruptedInstallationIsFinishedAtTheStart(t *testing.T) {
	from, _ := stored(t)
	c := newCluster(t, nil)
	n := c.received(from, Header{Format: 1, Cluster: "test-county", Index: 9, Term: 2, Applied: 7}, "") // and here the process died
	c.must(n.open(false), "open")
	if n.m.Applied() != 7 || n.m.counts(t)["x"] != 1 {
		t.Errorf("at %d: %v", n.m.Applied(), n.m.counts(t))
	}
	if _, h, err := n.hub.fsm.snaps.newest(); err != nil || h.Size != 0 || h.Covered != 7 {
		t.Errorf("header %+v, %v", h, err)
	}
	c.propose(n, "add y")
}

// The process dies when the database that came with a snapshot is in place and
// nothing says so yet. It is ahead of the snapshot, and of the log, and that is
// still in order at the second start.
func TestInstallationThatDiedWithTheDatabaseInPlace(t *testing.T) {
	from, there := stored(t)
	c := newCluster(t, nil)
	n := c.received(from, Header{Format: 1, Cluster: "test-county", Index: 5, Term: 2, Applied: 5}, "county-9")
	copied := filepath.Join(t.TempDir(), "state.db")
	_, err := there.Backup(c.ctx(), copied)
	c.must(err, "backup")
	c.must(n.m.Restore(c.ctx(), copied), "restore") // and here the process died
	for range 3 {
		n.kill()
		c.must(n.open(false), "open")
		if n.m.Applied() != 7 {
			t.Errorf("at %d", n.m.Applied())
		}
		if _, h, err := n.hub.fsm.snaps.newest(); err != nil || h.Size != 0 || h.Covered != 7 {
			t.Errorf("header %+v, %v", h, err)
		}
	}
}

func TestDamagedSnapshotHeaderStopsTheStart(t *testing.T) {
	c := newCluster(t, shortLog)
	n := c.add("county-1", true)
	for i := range 20 {
		c.propose(n, fmt.Sprint("add ", i))
	}
	n.snapshot()
	meta, _, err := n.hub.fsm.snaps.newest()
	c.must(err, "snapshot")
	path := n.hub.fsm.snaps.path(meta.ID)
	n.kill()
	whole, err := os.ReadFile(path)
	c.must(err, "read")
	for at := 0; at < len(whole); at += 37 {
		b := bytes.Clone(whole)
		b[at] ^= 1
		c.must(os.WriteFile(path, b, 0o600), "write")
		if err := n.open(false); !errors.Is(err, ErrSnapshotDamaged) {
			t.Fatalf("bit at %d: %v", at, err)
		}
	}
	c.must(os.Remove(path), "remove")
	if err := n.open(false); !errors.Is(err, ErrLogDamaged) {
		t.Errorf("without its snapshot: %v", err)
	}
}

func TestSnapshotsWhileTrafficAndKills(t *testing.T) {
	c := threeHubs(t, func(o *Options) {
		o.Timing.TrailingLogs, o.Timing.SnapshotThreshold, o.Timing.SnapshotInterval = 4, 8, 20*time.Millisecond
	})
	tr := c.traffic(3)
	for i := range 4 {
		tr.awaitMore(40)
		n := c.nodes[i%3]
		n.kill()
		tr.awaitMore(40)
		c.must(n.open(false), "reopen")
	}
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
}
