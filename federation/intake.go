package federation

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
	if err := n.vouchAll(ctx, from, entries); err != nil {
		return nil, err
	}
	if n.hub == nil {
		return n.Store.Receive(ctx, entries)
	}
	raws := make([][]byte, len(entries))
	for i := range entries {
		raw, err := entries[i].Canonical()
		if err != nil {
			return nil, &outbox.Problem{Code: outbox.CodeMalformed, Err: err}
		}
		raws[i] = raw
	}
	return n.commitAll(ctx, raws, false)
}

// commitAll has the county record entries, in proposals of a size that Raft
// takes. fromRevoked: those who bring them have been cast out.
func (n *Node) commitAll(ctx context.Context, raws [][]byte, fromRevoked bool) ([]store.Result, error) {
	var parts []store.Proposal
	for len(raws) > 0 {
		part := withinCommand(raws)
		parts = append(parts, store.Proposal{Entries: raws[:part], FromRevoked: fromRevoked})
		raws = raws[part:]
	}
	return n.proposeInOrder(ctx, parts)
}

// vouchAtOnce is how many entries are worth a goroutine: a signature takes
// some 50 µs to check.
const vouchAtOnce = 32

// vouchAll vouches for all entries, on as many processors as there are, and
// returns the fault of the first that has one.
func (n *Node) vouchAll(ctx context.Context, from trust.Peer, entries []ledger.Entry) error {
	if slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Kind == ledger.NodeRenew }) {
		return n.vouchInOrder(ctx, from, entries)
	}
	faults := make([]error, (len(entries)+vouchAtOnce-1)/vouchAtOnce)
	var next atomic.Int64
	work := func() {
		for {
			part := int(next.Add(1)) - 1
			if part >= len(faults) {
				return
			}
			some := entries[part*vouchAtOnce : min((part+1)*vouchAtOnce, len(entries))]
			for i := range some {
				if faults[part] = n.vouch(ctx, from, &some[i], nil); faults[part] != nil {
					next.Store(int64(len(faults))) // those before it are under way
					return
				}
			}
		}
	}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(faults)) - 1 {
		workers.Go(work)
	}
	work()
	workers.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// vouchInOrder vouches for a batch in which an origin renews its key: what
// follows of it is signed with the new one.
func (n *Node) vouchInOrder(ctx context.Context, from trust.Peer, entries []ledger.Entry) error {
	renewed := map[string]ledger.Keys{}
	for i := range entries {
		if err := n.vouch(ctx, from, &entries[i], renewed); err != nil {
			return err
		}
	}
	return nil
}

// partOfBatch is how many entries of a batch go into one proposal: while they
// are applied, the next are on their way to the hubs' disks.
const partOfBatch = 256

// withinCommand is how many of the entries go into one proposal.
func withinCommand(raws [][]byte) int {
	size := 16
	for i, r := range raws {
		if size += len(r) + 8; i > 0 && (size > county.MaxCommand || i == partOfBatch) {
			return i
		}
	}
	return len(raws)
}

// vouch checks that a peer may send an entry, that this program can read it,
// and that its origin signed it.
func (n *Node) vouch(ctx context.Context, from trust.Peer, e *ledger.Entry, renewed map[string]ledger.Keys) error {
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
	if e.Origin != from.Node && (origin.Tier == from.Tier || !from.Division.Contains(origin.Division)) && !n.wasBefore(ctx, from.Node, e.Origin) {
		return &outbox.Problem{Code: outbox.CodeNotYours, Err: fmt.Errorf("%s may not send entries of %s", from.Node, e.Origin)}
	}
	keys, ok := renewed[e.Origin]
	if !ok {
		keys = origin.Keys
	}
	if err := n.verify(ctx, keys, e); err != nil {
		return err
	}
	if e.Kind != ledger.NodeRenew {
		return nil
	}
	renewed[e.Origin] = keys.With(e)
	return n.vouchRenewal(e)
}

// wasBefore tells whether the machine of a node was another node before: it may
// still have to send what that one had recorded.
func (n *Node) wasBefore(ctx context.Context, id, before string) bool {
	for range maxOrdinal {
		known, err := n.directory.node(ctx, id)
		if err != nil || known.Succeeds == "" {
			return false
		}
		if id = known.Succeeds; id == before {
			return true
		}
	}
	return false
}

// verify checks an entry's signature. One that does not fit may be made with a
// key that this node has not heard of yet.
func (n *Node) verify(ctx context.Context, keys ledger.Keys, e *ledger.Entry) error {
	err := n.checked(keys, e)
	if err == nil {
		return nil
	}
	if n.hub != nil {
		if _, behind := n.hub.ReadIndex(ctx); behind != nil {
			return behind
		}
		latest, err := n.Store.Node(ctx, e.Origin)
		if err != nil {
			return err
		}
		if latest.Keys.Verify(e) == nil {
			return nil
		}
	}
	last, _, lookup := n.Store.LastSeq(ctx, e.Origin)
	if lookup != nil {
		return lookup
	}
	if e.Seq > last+1 {
		return &outbox.Problem{Code: outbox.CodeUnknownOrigin, Err: fmt.Errorf("entry %s of %s is far ahead of %d, and signed with a key not known here", e.ID, e.Origin, last)}
	}
	return &outbox.Problem{Code: outbox.CodeSignature, Err: fmt.Errorf("entry %s: %w", e.ID, err)}
}

// checked verifies a signature. Below the county it is remembered, for the
// entry comes by again.
func (n *Node) checked(keys ledger.Keys, e *ledger.Entry) error {
	if n.hub != nil {
		return keys.Verify(e)
	}
	return n.verified.Check(keys, e)
}

// vouchRenewal checks, at the county, that it signed for the key an entry
// brings.
func (n *Node) vouchRenewal(e *ledger.Entry) error {
	if n.hub == nil {
		return nil
	}
	body, err := e.Decode()
	if err != nil {
		return nil // it is recorded as refused
	}
	b, ok := body.(*ledger.NodeRenewV1)
	if !ok {
		return nil
	}
	if err := n.Trust().VerifyCredential(trust.SignedCredential{Credential: b.Credential, Sig: b.Root}, time.UnixMilli(b.Credential.IssuedAt)); err != nil {
		return &outbox.Problem{Code: outbox.CodeSignature, Err: fmt.Errorf("entry %s: %w", e.ID, err)}
	}
	return nil
}
