package county

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestThreeHubsCommitWhatAnyOfThemIsGiven(t *testing.T) {
	c := threeHubs(t, nil)
	tr := c.traffic(8)
	tr.awaitMore(300)
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
		if err := n.hub.Ready(); err != nil {
			t.Errorf("%s: %v", n.id, err)
		}
	}
	if len(tr.refused)+len(tr.unknown) > 0 {
		t.Logf("refused %d, unknown %d", len(tr.refused), len(tr.unknown))
	}
}

// Commands that are handed in together are applied in their order, whichever
// hub is given them, and nothing is answered beyond one that was not taken.
func TestProposeInOrder(t *testing.T) {
	c := threeHubs(t, nil)
	leader := c.awaitLeader()
	c.propose(c.follower(), "add settled")
	for _, n := range []*node{leader, c.follower()} {
		var commands [][]byte
		for i := range 40 {
			commands = append(commands, fmt.Appendf(nil, "set %s-%d", n.id, i))
		}
		results, err := n.hub.ProposeInOrder(c.ctx(), commands)
		c.must(err, "propose in order")
		last := uint64(0)
		for i, r := range results {
			if want := fmt.Sprintf("done %s-%d", n.id, i); string(r.Data) != want || r.RaftIndex < last {
				t.Fatalf("at %s, command %d: %q at %d after %d, want %q", n.id, i, r.Data, r.RaftIndex, last, want)
			}
			last = r.RaftIndex
		}
		c.must(n.hub.WaitApplied(c.ctx(), last), "wait")
		var register string
		c.must(n.m.db.QueryRow("SELECT register FROM state").Scan(&register), "read")
		if want := fmt.Sprintf("%s-39", n.id); len(results) != 40 || register != want {
			t.Errorf("at %s: %d results, the register is %s, want %s", n.id, len(results), register, want)
		}
		results, err = n.hub.ProposeInOrder(c.ctx(), [][]byte{[]byte("set a"), make([]byte, MaxCommand+1), []byte("set b")})
		if !errors.Is(err, ErrTooLarge) || len(results) != 1 {
			t.Errorf("at %s, with one too large: %d results, %v", n.id, len(results), err)
		}
	}
}

func TestLeaderKilledMidTraffic(t *testing.T) {
	c := threeHubs(t, nil)
	tr := c.traffic(4)
	for range 3 {
		tr.awaitMore(60)
		leader := c.awaitLeader()
		leader.kill()
		c.awaitLeader()
		tr.awaitMore(30)
		c.must(leader.open(false), "restart")
	}
	tr.end()
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
	t.Logf("ok %d, unknown %d, refused %d", len(tr.ok), len(tr.unknown), len(tr.refused))
}

func TestRestartAppliesNothingTwice(t *testing.T) {
	c := threeHubs(t, nil)
	tr := c.traffic(3)
	tr.awaitMore(50)
	c.follower().restart()
	tr.awaitMore(50)
	tr.end()
	for range 2 {
		for _, n := range c.nodes {
			n.kill()
		}
		for _, n := range c.nodes {
			c.must(n.open(false), "restart all")
		}
		c.awaitLeader()
		for _, n := range c.nodes {
			c.eventually("readiness", n.hub.Ready)
		}
	}
	c.awaitEqual()
	for _, n := range c.nodes {
		tr.check(n)
	}
}

func TestGracefulCloseHandsLeadershipOn(t *testing.T) {
	c := threeHubs(t, nil)
	tr := c.traffic(3)
	tr.awaitMore(30)
	leader := c.awaitLeader()
	c.must(leader.hub.Close(), "close")
	leader.hub = nil
	tr.awaitMore(30)
	tr.end()
	c.awaitEqual()
	for _, n := range c.running() {
		tr.check(n)
	}
}

func TestReadYourWritesAtEveryHub(t *testing.T) {
	c := threeHubs(t, nil)
	c.awaitLeader()
	for i := range 30 {
		writer, reader := c.nodes[i%3], c.nodes[(i+1)%3]
		value := fmt.Sprint("v", i)
		res := c.propose(writer, "set "+value)
		if i%2 == 0 {
			c.must(reader.hub.WaitApplied(c.ctx(), res.RaftIndex), "wait")
		} else {
			_, err := reader.hub.ReadIndex(c.ctx())
			c.must(err, "read index")
		}
		if got := reader.m.register(t); got != value {
			t.Fatalf("write %d at %s, read at %s: %q", i, writer.id, reader.id, got)
		}
		if string(res.Data) != "done "+value {
			t.Fatalf("result %q", res.Data)
		}
	}
}

func TestProposalSizes(t *testing.T) {
	c := newCluster(t, nil)
	n := c.add("county-1", true)
	c.awaitLeader()
	if _, err := n.hub.Propose(c.ctx(), make([]byte, MaxCommand+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("oversize: %v", err)
	}
	big := append([]byte("set "), bytes.Repeat([]byte("x"), MaxCommand-4)...)
	res, err := n.hub.Propose(c.ctx(), big)
	c.must(err, "largest")
	if len(res.Data) != len("done ")+MaxCommand-4 {
		t.Errorf("result of %d bytes", len(res.Data))
	}
	// Together they exceed one entry; none is lost, none waits for ever.
	failed := make(chan error, 6)
	for range cap(failed) {
		go func() { _, err := n.hub.Propose(c.ctx(), big[:MaxCommand/2+100]); failed <- err }()
	}
	for range cap(failed) {
		c.must(<-failed, "large ones together")
	}
}

func TestLargestProposalIsForwarded(t *testing.T) {
	c := threeHubs(t, nil)
	big := "set " + strings.Repeat("x", MaxCommand-4)
	res := c.propose(c.follower(), big)
	if len(res.Data) != len(big)+1 {
		t.Errorf("result of %d bytes", len(res.Data))
	}
}

func TestNoLeader(t *testing.T) {
	c := newCluster(t, func(o *Options) { o.Timing.LeaderWait = 50 * time.Millisecond })
	n := c.add("county-1", false)
	if _, err := n.hub.Propose(c.ctx(), []byte("add x")); !errors.Is(err, ErrNoLeader) {
		t.Errorf("propose: %v", err)
	}
	ctx, cancel := context.WithCancel(c.ctx())
	cancel()
	if _, err := n.hub.Propose(ctx, []byte("add x")); !errors.Is(err, ErrNoLeader) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := n.hub.Ready(); !errors.Is(err, ErrNotReady) || !errors.Is(err, ErrNoLeader) {
		t.Errorf("ready: %v", err) // it has nobody to catch up with
	}
	c.must(n.hub.Close(), "close")
	if _, err := n.hub.Propose(c.ctx(), []byte("add x")); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestMinorityAcknowledgesNothing(t *testing.T) {
	c := threeHubs(t, func(o *Options) { o.Timing.LeaderWait = time.Second })
	leader := c.awaitLeader()
	for _, n := range c.nodes {
		if n != leader {
			n.kill()
		}
	}
	ctx, cancel := context.WithTimeout(c.ctx(), 3*time.Second)
	defer cancel()
	if _, err := leader.hub.Propose(ctx, []byte("add alone")); !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrNoLeader) {
		t.Errorf("propose in a minority: %v", err)
	}
	if _, err := leader.hub.ReadIndex(ctx); err == nil {
		t.Error("read index in a minority")
	}
	if got := leader.m.counts(t)["alone"]; got != 0 {
		t.Errorf("applied %d times", got)
	}
}

func TestQueueIsBounded(t *testing.T) {
	c := newCluster(t, func(o *Options) { o.Limits = Limits{Queue: 4, InFlight: 1, BatchCommands: 1} })
	n := c.add("county-1", true)
	c.awaitLeader()
	n.m.hold = make(chan struct{})
	answers := make(chan error, 20)
	for i := range cap(answers) {
		go func() { _, err := n.hub.Propose(c.ctx(), fmt.Appendf(nil, "add q%d", i)); answers <- err }()
	}
	if err := <-answers; !errors.Is(err, ErrBusy) {
		t.Errorf("first answer: %v", err)
	}
	close(n.m.hold)
	done := 0
	for range cap(answers) - 1 {
		if err := <-answers; err == nil {
			done++
		} else if !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
	}
	if got := len(n.m.counts(t)); got != done {
		t.Errorf("acknowledged %d, applied %d", done, got)
	}
}

func TestLeadershipIsTold(t *testing.T) {
	told := make(chan bool, 8)
	c := newCluster(t, func(o *Options) { o.OnLeader = func(leads bool) { told <- leads } })
	n := c.add("county-1", true)
	if !<-told {
		t.Error("first told of losing leadership")
	}
	n.hub.Close()
	if <-told {
		t.Error("not told of losing leadership")
	}
}
