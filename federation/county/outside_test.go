package county

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestEmptiedBesideAnOldHub: an old hub that still runs does not fill one that was
// emptied with the ledger of before, and the county takes it in.
func TestEmptiedBesideAnOldHub(t *testing.T) {
	c := threeHubs(t, func(o *Options) { o.Timing.LeaderWait = 4 * time.Second })
	c.propose(c.nodes[0], "add before")
	c.awaitEqual()
	lone, emptied, old := c.nodes[0], c.nodes[1], c.nodes[2]
	for _, n := range c.nodes {
		n.kill()
	}
	o := lone.options(false)
	o.Listener.Close()
	o.Advertise = lone.addr
	c.must(Recover(o), "recover")
	c.must(lone.open(false), "open")
	c.eventually("the county anew", lone.hub.Ready)
	c.propose(lone, "add after")
	for _, n := range []*node{emptied, old} {
		c.must(n.open(false), "open "+n.id)
	}
	for _, n := range []*node{emptied, old} {
		c.eventually(n.id+" to know", func() error {
			if n.hub.Outside() != lone.id {
				return errors.New("knows nothing of it")
			}
			return nil
		})
	}
	emptied.kill()
	emptied.dir = t.TempDir()
	c.must(emptied.open(false), "open emptied")
	// Longer than an election and a round of asking.
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if place := emptied.hub.Place(); place != PlaceNone {
			t.Fatalf("the old hub filled it: place %d, %d entries", place, emptied.hub.Applied())
		}
	}
	c.join(lone, emptied)
	c.propose(lone, "add together")
	c.eventually("the same ledger", func() error {
		if got := emptied.m.counts(t); got["after"] != 1 || got["together"] != 1 {
			return fmt.Errorf("counts %v", got)
		}
		return nil
	})
	// One that was taken out says so, and not that it waits for a leader.
	c.eventually("its removal", func() error { return lone.hub.Remove(c.ctx(), emptied.id) })
	c.eventually("the removed hub to say so", func() error {
		if _, err := emptied.hub.Propose(c.ctx(), []byte("add nothing")); !errors.Is(err, ErrOutside) {
			return fmt.Errorf("%w", err)
		}
		return nil
	})
	// Where the other began anew by mistake, the old ones go on once it is stopped.
	emptied.kill()
	lone.kill()
	c.eventually(old.id+" to be heard again", func() error {
		if by := old.hub.Outside(); by != "" || old.hub.port.silent() {
			return errors.New("still outside: " + by)
		}
		return nil
	})
}
