package county

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// badDisk fails or holds writes on command.
type badDisk struct {
	boltStore
	fail atomic.Bool
	// rots makes entries unreadable, as bbolt says it, from when this is written.
	rots   atomic.Pointer[string]
	rotten atomic.Bool
	hold   atomic.Pointer[chan struct{}]
	writes atomic.Int64
}

var errDisk = errors.New("input/output error")

func (d *badDisk) gate() error {
	d.writes.Add(1)
	if c := d.hold.Load(); c != nil {
		<-*c
	}
	if d.fail.Load() {
		return errDisk
	}
	return nil
}

func (d *badDisk) StoreLogs(l []*raft.Log) error {
	return errors.Join(d.gate(), d.boltStore.StoreLogs(l))
}
func (d *badDisk) Set(k, v []byte) error {
	if when := d.rots.Load(); when != nil && *when == string(k) {
		d.rotten.Store(true)
	}
	return errors.Join(d.gate(), d.boltStore.Set(k, v))
}

func (d *badDisk) GetLog(index uint64, l *raft.Log) error {
	if d.rotten.Load() {
		panic("page 7: assertion failed")
	}
	return d.boltStore.GetLog(index, l)
}

// onBadDisk gives the hub named id a bad disk.
func onBadDisk(id string, d *badDisk, fatal chan error) func(*Options) {
	return func(o *Options) {
		if o.ID == id {
			o.Timing.Stall = 300 * time.Millisecond
			o.wrapLog = func(s boltStore) boltStore { d.boltStore = s; return d }
			o.OnFatal = func(err error) { fatal <- err }
		}
	}
}

func TestFirstWriteErrorEndsWritingAndLeadership(t *testing.T) {
	d, fatal := &badDisk{}, make(chan error, 1)
	c := threeHubs(t, onBadDisk("county-1", d, fatal))
	c.eventually("county-1 to lead", func() error {
		c.awaitLeader().hub.TransferLeadership(c.ctx(), "county-1")
		if !c.nodes[0].hub.Leading() {
			return errors.New("not yet")
		}
		return nil
	})
	tr := c.traffic(2)
	tr.awaitMore(20)
	d.fail.Store(true)
	if err := <-fatal; !errors.Is(err, ErrStopped) || !errors.Is(err, errDisk) {
		t.Errorf("fatal: %v", err)
	}
	d.fail.Store(false) // a second try would "succeed"
	writes := d.writes.Load()
	tr.awaitMore(30)
	hurt := c.nodes[0]
	if got := d.writes.Load(); got != writes {
		t.Errorf("%d more writes after the first error", got-writes)
	}
	if err := hurt.hub.Ready(); !errors.Is(err, ErrStopped) {
		t.Errorf("ready: %v", err)
	}
	if _, err := hurt.hub.Propose(c.ctx(), []byte("add no")); !errors.Is(err, ErrStopped) {
		t.Errorf("propose: %v", err)
	}
	hurt.restart()
	tr.awaitMore(20)
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
}

func TestNothingIsWrittenAfterAFailedWrite(t *testing.T) {
	bolt, err := raftboltdb.NewBoltStore(filepath.Join(t.TempDir(), "raft.db"))
	if err != nil {
		t.Fatal(err)
	}
	bad := &badDisk{boltStore: bolt}
	told := 0
	d := &diskLog{bolt: bad, now: time.Now, onError: func(error) { told++ }}
	defer d.Close()
	bad.fail.Store(true)
	if err := d.StoreLog(&raft.Log{Index: 1, Term: 1}); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	bad.fail.Store(false)
	writes := bad.writes.Load()
	for _, err := range []error{
		d.StoreLog(&raft.Log{Index: 1, Term: 1}), d.Set([]byte("LastVoteTerm"), []byte("x")), d.DeleteRange(1, 1),
	} {
		if !errors.Is(err, errDisk) {
			t.Error(err)
		}
	}
	if err := d.SetUint64([]byte("CurrentTerm"), 7); err != nil {
		t.Errorf("raft would panic on %v", err)
	}
	if bad.writes.Load() != writes || told != 1 {
		t.Errorf("%d writes after the failure, told %d times", bad.writes.Load()-writes, told)
	}
}

func TestStalledLeaderIsReplaced(t *testing.T) {
	d, fatal := &badDisk{}, make(chan error, 1)
	c := threeHubs(t, onBadDisk("county-1", d, fatal))
	c.eventually("county-1 to lead", func() error {
		c.awaitLeader().hub.TransferLeadership(c.ctx(), "county-1")
		if !c.nodes[0].hub.Leading() {
			return errors.New("not yet")
		}
		return nil
	})
	tr := c.traffic(2)
	tr.awaitMore(20)
	hold := make(chan struct{})
	d.hold.Store(&hold)
	c.eventually("another leader", func() error {
		if c.nodes[1].hub.Leading() || c.nodes[2].hub.Leading() {
			return nil
		}
		return errors.New("none")
	})
	tr.awaitMore(20)
	d.hold.Store(nil)
	close(hold)
	want := c.nodes[1].hub.Applied()
	c.must(c.nodes[0].hub.WaitApplied(c.ctx(), want), "the stalled hub to come back")
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
}

func TestStateMachineFailureStopsTheHub(t *testing.T) {
	fatal := make(chan error, 1)
	c := newCluster(t, func(o *Options) { o.OnFatal = func(err error) { fatal <- err } })
	n := c.add("county-1", true)
	c.propose(n, "add x")
	n.m.mu.Lock()
	n.m.failed = errDisk
	n.m.mu.Unlock()
	if _, err := n.hub.Propose(c.ctx(), []byte("add y")); !errors.Is(err, ErrUnknown) {
		t.Errorf("propose: %v", err)
	}
	if err := <-fatal; !errors.Is(err, errDisk) {
		t.Errorf("fatal: %v", err)
	}
	if _, err := n.hub.fsm.Snapshot(); !errors.Is(err, ErrStopped) {
		t.Errorf("snapshot after the failure: %v", err)
	}
	n.restart() // the disk is well again: the entry was committed and is applied now
	c.eventually("readiness", n.hub.Ready)
	if got := n.m.counts(t); got["x"] != 1 || got["y"] != 1 {
		t.Errorf("counts %v", got)
	}
}

// Damage that shows itself while a hub serves, in an entry that raft is about to
// apply, stops the hub with words that say what to do. Raft alone would end the
// process with a panic.
func TestDamageWhileServingStopsTheHub(t *testing.T) {
	d, fatal := &badDisk{}, make(chan error, 1)
	c := newCluster(t, onBadDisk("county-1", d, fatal))
	n := c.add("county-1", true)
	for i := range 5 {
		c.propose(n, fmt.Sprintf("add entry-%d", i))
	}
	n.kill()
	term, vote := "CurrentTerm", "LastVoteTerm"
	d.rots.Store(&term) // raft writes it, and then reads its log
	if err := n.open(false); !errors.Is(err, ErrLogDamaged) {
		t.Errorf("damage as raft begins: %v", err)
	}
	<-fatal
	n.kill()
	d.rotten.Store(false)
	d.rots.Store(&vote) // raft applies its log once it leads
	c.must(n.open(false), "open on a disk that is still well")
	if err := <-fatal; !errors.Is(err, ErrStopped) || !errors.Is(err, ErrLogDamaged) {
		t.Errorf("fatal: %v", err)
	}
	if err := n.hub.Ready(); !errors.Is(err, ErrStopped) {
		t.Errorf("ready: %v", err)
	}
	if _, err := n.hub.Propose(c.ctx(), []byte("add no")); !errors.Is(err, ErrStopped) {
		t.Errorf("propose: %v", err)
	}
	n.kill() // ends though raft's goroutine met the damage
	d.rots.Store(nil)
	d.rotten.Store(false)
	c.must(n.open(false), "open on another disk")
	c.eventually("readiness", n.hub.Ready)
	if got := n.m.counts(t); got["entry-4"] != 1 || got["no"] != 0 {
		t.Errorf("counts %v", got)
	}
}

func TestDamageToTheLogIsFoundAtTheStart(t *testing.T) {
	c := newCluster(t, nil)
	n := c.add("county-1", true)
	for i := range 30 {
		c.propose(n, fmt.Sprintf("add entry-%d", i))
	}
	before := n.m.chain(t)
	var entry raft.Log
	c.must(n.hub.disk.bolt.GetLog(17, &entry), "an entry as it lies on the disk")
	n.kill()
	path := filepath.Join(n.dir, "hub", "raft.db")
	whole, err := os.ReadFile(path)
	c.must(err, "read")
	if bytes.Contains(whole, []byte("entry-1")) {
		t.Error("entries stand in the clear")
	}
	flipped := bytes.Clone(entry.Data)
	flipped[len(flipped)/2] ^= 1
	for name, damaged := range map[string][]byte{
		"bit of an entry": bytes.ReplaceAll(whole, entry.Data, flipped), // bbolt keeps stale copies
		"cut short":       whole[:3*4096],
		"zeroed":          make([]byte, len(whole)),
	} {
		c.must(os.WriteFile(path, damaged, 0o600), "write")
		if err := n.open(false); !errors.Is(err, ErrLogDamaged) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	// The database is sound: a single hub goes on from it.
	o := n.options(false)
	o.Listener.Close()
	o.Advertise = n.addr
	c.must(Recover(o), "recover")
	c.must(n.open(false), "open after recovery")
	c.awaitLeader()
	if got := n.m.chain(t); got != before {
		t.Errorf("after recovery %s, before %s", got, before)
	}
	c.propose(n, "add after")
	if n.m.counts(t)["after"] != 1 {
		t.Error("nothing is applied after the recovery")
	}
}

func TestLogThatLostItsEndIsRefused(t *testing.T) {
	c := newCluster(t, nil)
	n := c.add("county-1", true)
	c.propose(n, "add early")
	n.kill()
	path := filepath.Join(n.dir, "hub", "raft.db")
	old, err := os.ReadFile(path)
	c.must(err, "read")
	c.must(n.open(false), "open")
	for i := range 5 {
		c.propose(n, fmt.Sprint("add late-", i))
	}
	n.kill()
	c.must(os.WriteFile(path, old, 0o600), "put the old log back")
	if err := n.open(false); !errors.Is(err, ErrLogBehind) {
		t.Errorf("old log: %v", err)
	}
	c.must(os.Remove(path), "remove")
	if err := n.open(true); !errors.Is(err, ErrLogBehind) {
		t.Errorf("no log: %v", err)
	}
}

func TestRecoverAfterTheMajorityIsLost(t *testing.T) {
	c := threeHubs(t, nil)
	tr := c.traffic(2)
	tr.awaitMore(40)
	tr.end()
	c.awaitEqual()
	left := c.nodes[2]
	for _, n := range c.nodes {
		n.kill()
	}
	o := left.options(false)
	o.Listener.Close()
	o.Advertise = left.addr
	c.must(Recover(o), "recover")
	c.must(left.open(false), "open")
	c.awaitLeader()
	tr.check(left)
	fresh := c.add("county-5", false)
	c.join(left, fresh)
	c.propose(fresh, "add-nothing")
	c.awaitEqual()
	tr.check(fresh)
}

func TestSecondProcessIsToldWhyItWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raft.db")
	s, err := raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: &bbolt.Options{Timeout: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := checkBolt(path); err == nil || errors.Is(err, ErrLogDamaged) {
		t.Errorf("a log that is in use: %v", err)
	}
}

// A hub that was in the county before it began anew from a backup is not taken
// back with what it holds: the county's ledger does not continue that. Emptied,
// it is.
func TestOldHubIsNotTakenBackWithAnotherLedger(t *testing.T) {
	c := threeHubs(t, nil)
	first, old := c.nodes[0], c.nodes[1]
	c.propose(c.awaitLeader(), "add kept")
	c.awaitEqual()
	backup := filepath.Join(t.TempDir(), "backup.db")
	_, err := first.m.Backup(c.ctx(), backup)
	c.must(err, "backup")
	for i := range 5 {
		c.propose(c.awaitLeader(), fmt.Sprint("add lost-", i))
	}
	c.awaitEqual()
	for _, n := range c.nodes {
		n.kill()
	}

	for _, name := range []string{first.database(), first.database() + "-wal", first.database() + "-shm", filepath.Join(first.dir, "hub")} {
		c.must(os.RemoveAll(name), "remove")
	}
	c.must(os.Rename(backup, first.database()), "put the backup back")
	o := first.options(false)
	o.Listener.Close()
	o.Advertise = first.addr
	c.must(Recover(o), "recover")
	c.must(first.open(false), "open after recovery")
	if term := c.awaitLeader().hub.raft.CurrentTerm(); term < uint64(time.Now().Add(-time.Hour).Unix()) {
		t.Errorf("the county began anew in term %d, which an old hub may have had", term)
	}
	for i := range 8 {
		c.propose(first, fmt.Sprint("add anew-", i))
	}

	c.must(old.open(false), "open the old hub")
	before := old.m.chain(t)
	var no *Refusal
	if err := first.hub.AddVoter(c.ctx(), old.id, old.addr); !errors.As(err, &no) || no.Code != HubOtherLedger {
		t.Fatalf("the old hub: %v", err)
	}
	if now := old.m.chain(t); now != before {
		t.Errorf("the old hub went from %s to %s", before, now)
	}
	old.kill()
	for _, name := range []string{old.database(), old.database() + "-wal", old.database() + "-shm", filepath.Join(old.dir, "hub")} {
		c.must(os.RemoveAll(name), "remove")
	}
	c.must(old.open(false), "open it empty")
	c.join(first, old)
	c.propose(first, "add after")
	c.awaitEqual()
}
