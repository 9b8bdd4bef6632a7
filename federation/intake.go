package federation

import (
	"context"
	"errors"
	"fmt"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Take receives what a node below sends up. At the county it returns when the
// entries are committed; at a township, when they are on its disk. It
// implements outbox.Receiver.
func (n *Node) Take(ctx context.Context, from trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
	raws := make([][]byte, len(entries))
	for i := range entries {
		if err := n.vouch(ctx, from, &entries[i]); err != nil {
			return nil, err
		}
		raw, err := entries[i].Canonical()
		if err != nil {
			return nil, &outbox.Problem{Code: outbox.CodeMalformed, Err: err}
		}
		raws[i] = raw
	}
	if n.hub == nil {
		return n.Store.Receive(ctx, entries)
	}
	var all []store.Result
	for len(raws) > 0 {
		part := withinCommand(raws)
		results, _, err := n.propose(ctx, store.Proposal{Entries: raws[:part]})
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
		raws = raws[part:]
	}
	return all, nil
}

// withinCommand is how many of the entries fit into one proposal.
func withinCommand(raws [][]byte) int {
	size := 16
	for i, r := range raws {
		if size += len(r) + 8; size > county.MaxCommand && i > 0 {
			return i
		}
	}
	return len(raws)
}

// vouch checks that a peer may send an entry, that this program can read it,
// and that its origin signed it.
func (n *Node) vouch(ctx context.Context, from trust.Peer, e *ledger.Entry) error {
	if e.Seq == 0 {
		return &outbox.Problem{Code: outbox.CodeMalformed, Err: fmt.Errorf("entry %s has no seq", e.ID)}
	}
	if _, ok := ledger.Lookup(e.Kind, e.V); !ok {
		return &outbox.Problem{Code: outbox.CodeNewer, Err: fmt.Errorf("%w: %s v%d", ledger.ErrUnknownKind, e.Kind, e.V)}
	}
	origin, err := n.directory.node(ctx, e.Origin)
	if errors.Is(err, store.ErrNotFound) {
		return &outbox.Problem{Code: outbox.CodeUnknownOrigin, Err: fmt.Errorf("origin %s is not known here yet", e.Origin)}
	}
	if err != nil {
		return err
	}
	if e.Origin != from.Node && (origin.Tier == from.Tier || !from.Division.Contains(origin.Division)) {
		return &outbox.Problem{Code: outbox.CodeNotYours, Err: fmt.Errorf("%s may not send entries of %s", from.Node, e.Origin)}
	}
	if err := e.Verify(origin.SignKey); err != nil {
		return &outbox.Problem{Code: outbox.CodeSignature, Err: fmt.Errorf("entry %s: %w", e.ID, err)}
	}
	return nil
}
