package federationtest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// CaughtUp waits until every node that is up has all of the county's ledger
// that it may see.
func (f *Federation) CaughtUp() {
	f.tb.Helper()
	f.Eventually("all nodes to catch up", func() bool {
		head := uint64(0)
		for _, n := range f.Hubs() {
			if n.Node != nil {
				head = max(head, f.head(n))
			}
		}
		for _, n := range f.nodes {
			if n.Node != nil && f.cursor(n) < head {
				return false
			}
		}
		return true
	})
}

// Confirmed waits until the county has recorded everything that the nodes
// recorded.
func (f *Federation) Confirmed(nodes ...*Node) {
	f.tb.Helper()
	for _, n := range nodes {
		f.Eventually("everything of "+n.ID+" to be confirmed", func() bool { return f.Outbox(n).Length == 0 })
	}
}

// Settle waits until everything is confirmed and everybody knows it.
func (f *Federation) Settle() {
	f.tb.Helper()
	for _, n := range f.nodes {
		if n.Node != nil {
			f.Confirmed(n)
		}
	}
	f.CaughtUp()
	for _, n := range f.nodes {
		if n.Node == nil {
			continue
		}
		for _, a := range f.Attention(n) {
			if a.Code == store.AttentionDiverged {
				f.tb.Fatalf("%s differs from the county over %s: %s", n.ID, a.Entry, a.Reason)
			}
		}
	}
}

// Outbox measures a node's outbox.
func (f *Federation) Outbox(n *Node) store.OutboxStats {
	f.tb.Helper()
	stats, err := n.Store.OutboxStats(context.Background())
	f.must(err, "outbox of "+n.ID)
	return stats
}

// Word is what is said of an entry of a node's own: "here", "township",
// "county", or "confirmed".
func (f *Federation) Word(n *Node, id string) string {
	f.tb.Helper()
	v, err := n.Store.Entry(context.Background(), id)
	f.must(err, "entry "+id+" at "+n.ID)
	switch {
	case v.Index > 0:
		return "confirmed"
	case v.Stored == "":
		return "here"
	}
	return v.Stored
}

// Has waits until a node holds a case with a condition.
func (f *Federation) Has(n *Node, id, what string, ok func(*casework.Case) bool) *casework.Case {
	f.tb.Helper()
	var c *casework.Case
	f.Eventually(fmt.Sprintf("%s at %s: %s", id, n.ID, what), func() bool {
		var err error
		c, err = n.Store.Case(context.Background(), id)
		return err == nil && ok(c)
	})
	return c
}

// Waits waits until a case is at a node and its current step is the one given.
func (f *Federation) Waits(n *Node, id string, v ledger.Verb) *casework.Case {
	f.tb.Helper()
	return f.Has(n, id, "waits for "+string(v), func(c *casework.Case) bool {
		step, open := c.Current()
		return open && step.Verb == v && c.Holder == n.Division
	})
}

// Attention lists what waits for a person at a node.
func (f *Federation) Attention(n *Node) []store.Attention {
	f.tb.Helper()
	list, err := n.Store.AttentionList(context.Background(), n.Division, false)
	f.must(err, "attention at "+n.ID)
	return list
}

// describe says how every node is, for a test that fails.
func (f *Federation) describe() string {
	var b strings.Builder
	for _, n := range f.nodes {
		if n.Node == nil {
			fmt.Fprintf(&b, "\n  %s is down", n.ID)
			continue
		}
		r, err := n.Report(context.Background())
		fmt.Fprintf(&b, "\n  %s: cursor %d, outbox %d (%d unsent), up %v %s, problem %q %s, attention %d, fatal %v %v",
			n.ID, r.Cursor, r.Outbox, r.Unsent, r.LineUp, r.Upstream, r.ProblemCode, r.ProblemEN, r.Attention, n.Fatal(), err)
		if s, ok := n.Following(); ok {
			fmt.Fprintf(&b, "\n    following: %+v", s)
		}
	}
	b.WriteString("\n  the last that was logged:" + f.last.String())
	b.WriteString("\n  what is under way:\n" + underWay())
	return b.String()
}

// underWay are the stacks of all goroutines, alike ones once: what a node that
// does nothing more waits for.
func underWay() string {
	var all bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
	var b strings.Builder
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, "/store.") || strings.Contains(stack, "/feed.") {
			b.WriteString(stack + "\n\n")
		}
	}
	return b.String()
}

func (f *Federation) head(n *Node) uint64 {
	f.tb.Helper()
	head, err := n.Store.Head(context.Background())
	f.must(err, "head of "+n.ID)
	return head
}

func (f *Federation) cursor(n *Node) uint64 {
	f.tb.Helper()
	if n.Hub() != nil {
		return f.head(n)
	}
	cursor, err := n.Store.Cursor(context.Background())
	f.must(err, "cursor of "+n.ID)
	return cursor
}

// CaughtUpBut waits as CaughtUp does, for all but the nodes given.
func (f *Federation) CaughtUpBut(out ...*Node) {
	f.tb.Helper()
	f.Eventually("the others to catch up", func() bool {
		head := f.head(f.Hub())
		for _, n := range f.nodes {
			if n.Node != nil && !slices.Contains(out, n) && f.cursor(n) < head {
				return false
			}
		}
		return true
	})
}
