package county

import (
	"fmt"
	"io"
	"testing"
	"time"
)

// What follows a snapshot that a peer is being filled with stays in the log, and
// for a while after, though newer snapshots cover it.
func TestLogIsKeptForAHubThatIsFilled(t *testing.T) {
	c := newCluster(t, shortLog)
	n := c.add("county-1", true)
	work := func(name string) {
		for i := range 20 {
			c.propose(n, fmt.Sprintf("add %s-%d", name, i))
		}
		n.snapshot()
	}
	work("before")
	meta, _, err := n.hub.fsm.snaps.newest()
	c.must(err, "snapshot")
	sent, r, err := n.hub.fsm.snaps.Open(meta.ID)
	c.must(err, "open for a peer")
	if sent.Index != meta.Index {
		t.Errorf("sent %d, want %d", sent.Index, meta.Index)
	}
	follows := func(when string, want bool) {
		t.Helper()
		first, err := n.hub.disk.FirstIndex()
		c.must(err, "first")
		if has := first <= meta.Index+1; has != want {
			t.Errorf("%s the log begins at %d, the peer has what is up to %d", when, first, meta.Index)
		}
	}
	work("meanwhile")
	follows("while the peer is filled", true)
	_, err = io.Copy(io.Discard, r)
	c.must(err, "read")
	c.must(r.Close(), "close")
	work("behind")
	follows("while the peer fetches what came meanwhile", true)
	n.hub.disk.kept.mu.Lock()
	n.hub.disk.kept.ahead = 2 * n.hub.o.Timing.Refill
	n.hub.disk.kept.mu.Unlock()
	work("later")
	follows("when that is long past", false)
}

// A hub that joins a county under heavy writes comes up, however little log is
// kept for slow hubs and however often it is cut.
func TestHubJoinsUnderHeavyWrites(t *testing.T) {
	c := newCluster(t, func(o *Options) {
		shortLog(o)
		o.Timing.SnapshotThreshold, o.Timing.SnapshotInterval = 1, 5*time.Millisecond
	})
	first := c.add("county-1", true)
	tr := c.traffic(4)
	tr.awaitMore(50)
	fresh := c.add("county-2", false)
	c.join(first, fresh)
	c.must(fresh.hub.WaitApplied(c.ctx(), first.hub.Applied()), "the new hub to come up")
	tr.awaitMore(20)
	tr.end()
	c.awaitEqual()
	tr.check(fresh)
}
