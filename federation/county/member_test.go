package county

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMembershipInUse(t *testing.T) {
	c := newCluster(t, nil)
	first := c.add("county-1", true)
	c.awaitLeader()
	tr := c.traffic(2)
	for _, id := range []string{"county-2", "county-3"} {
		n := c.add(id, false)
		// Asked of a hub that is not the leader as well.
		c.join(first, n)
		c.join(first, n) // again: no error
	}
	tr.awaitMore(20)
	tr.write(2)
	// Asked again as a person would: on a busy machine one that takes longer than an
	// election is given up.
	c.eventually("county-3 to lead", func() error {
		if l := c.awaitLeader(); l.id != "county-3" {
			return errors.Join(errors.New(l.id), c.nodes[1].hub.TransferLeadership(c.ctx(), "county-3"))
		}
		return nil
	})
	tr.awaitMore(20)
	// Replace county-1 by county-4, asked of a follower.
	fourth := c.add("county-4", false)
	c.eventually("county-4 added", func() error {
		return c.nodes[1].hub.AddVoter(c.ctx(), fourth.id, fourth.addr)
	})
	c.eventually("county-1 removed", func() error { return c.nodes[1].hub.Remove(c.ctx(), "county-1") })
	tr.awaitMore(20)
	// The leader itself.
	leader := c.awaitLeader()
	c.eventually("leader removed", func() error {
		for _, n := range c.nodes {
			if n != leader && n.id != "county-1" {
				return n.hub.Remove(c.ctx(), leader.id)
			}
		}
		return nil
	})
	c.eventually("another leader", func() error {
		if leader.hub.Leading() {
			return errors.New("still leads")
		}
		return nil
	})
	first.kill()
	leader.kill()
	tr.awaitMore(10)
	tr.end()
	c.awaitEqual()
	for _, n := range c.running() {
		tr.check(n)
	}
	s := c.awaitLeader().hub.Status(c.ctx())
	if len(s.Members) != 2 || s.Term == 0 || s.Commit == 0 || s.Leader == "" {
		t.Errorf("status %+v", s)
	}
	for _, m := range s.Members {
		if !m.Voter || !m.Reachable || m.Applied == 0 || m.LastContact < 0 {
			t.Errorf("member %+v", m)
		}
	}
}

func TestMembershipRefusals(t *testing.T) {
	c := newCluster(t, nil)
	first := c.add("county-1", true)
	stranger := c.add("county-9", true) // a cluster of its own
	c.eventually("both lead", func() error { return errors.Join(first.hub.Ready(), stranger.hub.Ready()) })
	second := c.add("county-2", false)
	short, cancel := context.WithTimeout(c.ctx(), 2*time.Second)
	defer cancel()
	for _, r := range []struct {
		name string
		err  error
		want error
	}{
		{"absent hub", first.hub.AddVoter(short, "county-3", "127.0.0.1:1"), ErrMembership},
		{"wrong name", first.hub.AddVoter(short, "county-3", second.addr), ErrForeign},
		{"another cluster's", first.hub.AddVoter(short, "county-9", stranger.addr), ErrForeign},
		{"address taken", first.hub.AddVoter(short, "county-3", first.addr), ErrMembership},
		{"nothing", first.hub.AddVoter(short, "", ""), ErrMembership},
		{"last voter", first.hub.Remove(short, "county-1"), ErrMembership},
		{"transfer to nobody", first.hub.TransferLeadership(short, "county-7"), ErrMembership},
		{"remove nobody", first.hub.Remove(short, "county-7"), ErrMembership},
	} {
		if !errors.Is(r.err, r.want) {
			t.Errorf("%s: %v, want %v", r.name, r.err, r.want)
		}
	}
	// None of it cost the lone voter its majority.
	c.propose(first, "add still")
	if s := first.hub.Status(c.ctx()); len(s.Members) != 1 {
		t.Errorf("members %+v", s.Members)
	}
}

// What is refused says why, with the hubs there are, and says it also to who
// asks a hub that does not lead.
func TestMembershipRefusalsInWords(t *testing.T) {
	c := threeHubs(t, nil)
	leader, asked := c.awaitLeader(), c.follower()
	var other *node
	for _, n := range c.nodes {
		if n != leader && n != asked {
			other = n
		}
	}
	refused := func(code string, err error, words ...string) {
		t.Helper()
		var no *Refusal
		if !errors.As(err, &no) || no.Code != code {
			t.Fatalf("%v, want %s", err, code)
		}
		for _, w := range words {
			if !strings.Contains(no.ZH, w) || !strings.Contains(no.EN, w) {
				t.Errorf("%q / %q does not name %s", no.ZH, no.EN, w)
			}
		}
	}
	for _, h := range []*Hub{leader.hub, asked.hub} {
		refused(HubUnknown, h.Remove(c.ctx(), "county-7"), "county-7", "county-1", "county-2", "county-3")
		refused(HubUnknown, h.TransferLeadership(c.ctx(), "county-7"), "county-7", "county-1", "county-2", "county-3")
		refused(HubAddress, h.AddVoter(c.ctx(), "county-7", other.addr), other.id)
	}
	other.kill()
	refused(HubUnreachable, leader.hub.TransferLeadership(c.ctx(), other.id), other.id)
	// Two of three answer: to take one of the two would leave no majority.
	refused(HubMajority, leader.hub.Remove(c.ctx(), asked.id), asked.id, other.id)
	refused(HubMajority, asked.hub.Remove(c.ctx(), leader.id), leader.id, other.id)
	c.propose(leader, "add still")
	c.must(asked.hub.Remove(c.ctx(), other.id), "remove the dead one")
	// Of two, both well, the leader may go: the other one leads first.
	c.eventually("the leader removed by itself", func() error { return c.awaitLeader().hub.Remove(c.ctx(), c.awaitLeader().id) })
	last := c.awaitLeader()
	c.propose(last, "add alone")
	if s := last.hub.Status(c.ctx()); len(s.Members) != 1 || !s.Ready {
		t.Errorf("status %+v", s)
	}
	refused(HubLastVoter, last.hub.Remove(c.ctx(), last.id), last.id)
	refused(HubNotHandedOn, last.hub.TransferLeadership(c.ctx(), ""), last.id)
}

func TestVoterMovesToAnotherAddress(t *testing.T) {
	c := threeHubs(t, nil)
	moved := c.follower()
	moved.kill()
	moved.addr = ""
	c.must(moved.open(false), "open elsewhere")
	c.eventually("the move", func() error {
		return c.awaitLeader().hub.AddVoter(c.ctx(), moved.id, moved.addr)
	})
	res := c.propose(c.awaitLeader(), "add x")
	c.must(moved.hub.WaitApplied(c.ctx(), res.RaftIndex), "wait")
	c.eventually("readiness", moved.hub.Ready)
}

// A hub that is taken out hears nobody any more, however long it is asked; one
// that never was in has heard nobody at all.
func TestHeardGrowsOutsideTheCounty(t *testing.T) {
	c := threeHubs(t, nil)
	leader, out := c.awaitLeader(), c.follower()
	c.eventually("the follower to hear the leader", func() error {
		if heard := out.hub.Heard(); heard < 0 || heard > time.Minute {
			return fmt.Errorf("%s", heard)
		}
		return nil
	})
	if heard := leader.hub.Heard(); heard != 0 {
		t.Errorf("the leader heard of itself %s ago", heard)
	}
	c.eventually("its removal", func() error { return leader.hub.Remove(c.ctx(), out.id) })
	was := out.hub.raft.LastContact()
	c.eventually("silence", func() error {
		last := out.hub.raft.LastContact()
		heard := out.hub.Heard() // negative once it knows that it was removed
		quiet := last.Equal(was) && (heard < 0 || heard > 3*out.hub.o.Timing.Heartbeat)
		was = last
		if !quiet {
			return fmt.Errorf("heard %s ago", out.hub.Heard())
		}
		return nil
	})
	stranger := c.add("county-9", false)
	if heard := stranger.hub.Heard(); heard >= 0 {
		t.Errorf("a hub of no county heard %s ago", heard)
	}
}
