package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Pull follows the feed of a node above until nothing is left.
func (n *Node) Pull(from *Node) { n.County.tb.Helper(); n.pull(from, n.Follower()) }

// PullFull is Pull for a node that lost entries of its own: they come in full
// instead of as confirmations.
func (n *Node) PullFull(from *Node) {
	n.County.tb.Helper()
	f := n.Follower()
	f.Full = true
	n.pull(from, f)
}

func (n *Node) pull(from *Node, f store.Follower) {
	n.County.tb.Helper()
	ctx := context.Background()
	for {
		after, err := n.Cursor(ctx)
		n.County.must(err, "cursor")
		page, err := from.Feed(ctx, f, after, 1<<20)
		n.County.must(err, "feed of "+from.ID())
		n.County.must(n.FollowPage(page), "follow at "+n.ID())
		if page.UpTo <= after || page.UpTo == page.Head {
			return
		}
	}
}

// FollowPage applies a page of the feed.
func (n *Node) FollowPage(page store.FeedPage) error {
	lines := make([]store.FeedLine, len(page.Lines))
	for i, raw := range page.Lines {
		if err := json.Unmarshal(raw, &lines[i]); err != nil {
			return err
		}
	}
	return n.Follow(context.Background(), lines, page.UpTo)
}

// Push sends everything in the node's outbox to a node above and returns what
// became of it. What the node above stored is marked so.
func (n *Node) Push(to *Node) []store.Result {
	n.County.tb.Helper()
	out := n.Outgoing(to)
	if len(out.Raws) == 0 {
		return nil
	}
	results := to.Take(out.Raws...)
	out.Sent(results)
	return results
}

// Outgoing are the entries that a node has to send to one above.
type Outgoing struct {
	Raws [][]byte

	from    *Node
	by      node.Tier
	entries []store.OutboxEntry
}

// Outgoing reads what the node has to send to a node above. Whoever gives it to
// that node says so to Sent.
func (n *Node) Outgoing(to *Node) *Outgoing {
	n.County.tb.Helper()
	entries, err := n.Outbox(context.Background(), 0, storedBy(to), 1000, 64<<20)
	n.County.must(err, "outbox of "+n.ID())
	out := &Outgoing{from: n, by: to.Credential.Tier, entries: entries, Raws: make([][]byte, len(entries))}
	for i, e := range entries {
		out.Raws[i] = e.Raw
	}
	return out
}

// Sent marks what the node above stored.
func (o *Outgoing) Sent(results []store.Result) {
	o.from.County.tb.Helper()
	upTo := map[string]uint64{}
	var origins []string
	for i, r := range results {
		if r.Status != store.Recorded && r.Status != store.Repeated {
			continue
		}
		e := &o.entries[i]
		if upTo[e.Origin] == 0 {
			origins = append(origins, e.Origin)
		}
		upTo[e.Origin] = max(upTo[e.Origin], e.Seq)
	}
	for _, origin := range origins {
		o.from.County.must(o.from.MarkStored(context.Background(), origin, upTo[origin], string(o.by)), "mark stored")
	}
}

func storedBy(to *Node) []string {
	if to.Credential.Tier == node.County {
		return []string{"county"}
	}
	return []string{"township", "county"}
}

// Take receives entries from below: proposed at the hub, received at a
// township.
func (n *Node) Take(raws ...[]byte) []store.Result {
	n.County.tb.Helper()
	if n.Credential.Tier == node.County {
		return n.County.Propose(raws...)
	}
	entries := make([]ledger.Entry, len(raws))
	for i, raw := range raws {
		n.County.must(json.Unmarshal(raw, &entries[i]), "entry")
	}
	results, err := n.Receive(context.Background(), entries)
	n.County.must(err, "receive at "+n.ID())
	return results
}

// Settle sends everything up to the county, and brings what the county
// recorded down to every node.
func (c *County) Settle() {
	c.tb.Helper()
	for _, n := range c.order {
		n.Push(c.hub)
	}
	for _, n := range c.order {
		n.Pull(c.hub)
	}
	for _, n := range c.order {
		n.agrees()
	}
}

// agrees fails the test when the county applied an entry that this node could not.
func (n *Node) agrees() {
	n.County.tb.Helper()
	list, err := n.Store.AttentionList(context.Background(), n.Division(), false)
	n.County.must(err, "attention")
	for _, a := range list {
		if a.Code == store.AttentionDiverged {
			n.County.tb.Fatalf("storetest: %s differs from the county over %s: %s", n.ID(), a.Entry, a.Reason)
		}
	}
}

// Attachment is a reference to a file whose content is text.
func Attachment(text string) catalog.AttachmentRef {
	sum := sha256.Sum256([]byte(text))
	return catalog.AttachmentRef{Hash: hex.EncodeToString(sum[:]), Name: "扫描件.pdf", Size: int64(len(text)) + 1, Type: "application/pdf"}
}

// Codes are the codes of results, for comparing them at a glance: "recorded
// applied", "rejected stale".
func Codes(results []store.Result) string {
	var out []string
	for _, r := range results {
		word := string(r.Status)
		for _, more := range []string{string(r.Outcome), r.Code} {
			if more != "" {
				word += " " + more
			}
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}
