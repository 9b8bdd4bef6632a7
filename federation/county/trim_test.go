package county

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A log of few but large entries is cut all the same, so that a start reads no
// more than is allowed, and what the hub did is all there.
func TestLargeEntriesAreCutFromTheLog(t *testing.T) {
	const limit = 64 << 10
	c := newCluster(t, func(o *Options) {
		o.Timing.SnapshotThreshold, o.Timing.TrailingLogs, o.Timing.SnapshotBytes, o.Timing.SnapshotInterval = 1<<30, 1<<30, limit, 5*time.Millisecond
	})
	n := c.add("county-1", true)
	for i := range 40 {
		c.propose(n, fmt.Sprintf("add large-%d-%s", i, strings.Repeat("x", 8<<10)))
	}
	c.eventually("the log to be cut", func() error {
		entries, bytes := n.hub.disk.size()
		first, last, err := n.hub.disk.span()
		if err == nil && (bytes > limit || first == 1 || entries != last-first+1) {
			err = fmt.Errorf("%d entries from %d to %d, %d bytes", entries, first, last, bytes)
		}
		return err
	})
	if got := n.hub.raft.ReloadableConfig().TrailingLogs; got != 1<<30 {
		t.Errorf("trailing logs are %d afterwards", got)
	}
	_, bytes := n.hub.disk.size()
	before := n.m.chain(t)
	n.restart()
	c.awaitLeader()
	if got := n.m.chain(t); got != before {
		t.Errorf("after the restart %s, before %s", got, before)
	}
	if _, again := n.hub.disk.size(); again < bytes || again > limit {
		t.Errorf("%d bytes after the restart, %d before", again, bytes)
	}
}
