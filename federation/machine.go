package federation

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/store"
)

// machine lets the county's Raft drive the store.
type machine struct{ *store.Store }

var _ county.StateMachine = machine{}

// Apply implements county.StateMachine.
func (m machine) Apply(cmds []county.Command) ([][]byte, error) {
	proposals := make([]store.Proposal, len(cmds))
	for i, c := range cmds {
		entries, err := unpack(c.Data)
		if err != nil {
			return nil, fmt.Errorf("raft index %d: %w", c.Index, err)
		}
		proposals[i] = store.Proposal{RaftIndex: c.Index, At: c.At, Entries: entries}
	}
	results, err := m.Commit(context.Background(), proposals)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(results))
	for i, r := range results {
		if out[i], err = json.Marshal(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// propose commits entries (their canonical JSON) together and returns what
// became of each, with the Raft index.
func (n *Node) propose(ctx context.Context, entries [][]byte) ([]store.Result, uint64, error) {
	r, err := n.hub.Propose(ctx, pack(entries))
	if err != nil {
		return nil, 0, err
	}
	var results []store.Result
	if err := json.Unmarshal(r.Data, &results); err != nil {
		return nil, 0, fmt.Errorf("propose: result: %w", err)
	}
	if len(results) != len(entries) {
		// The log was replayed past this proposal; asking again tells.
		return nil, 0, fmt.Errorf("propose: %d results for %d entries: %w", len(results), len(entries), county.ErrUnknown)
	}
	return results, r.RaftIndex, nil
}

// pack frames entries: their count, then each with its length.
func pack(entries [][]byte) []byte {
	size := binary.MaxVarintLen32
	for _, e := range entries {
		size += len(e) + binary.MaxVarintLen32
	}
	b := binary.AppendUvarint(make([]byte, 0, size), uint64(len(entries)))
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(len(e)))
		b = append(b, e...)
	}
	return b
}

var errPacked = errors.New("federation: malformed proposal")

func unpack(b []byte) ([][]byte, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 || count > uint64(len(b)) {
		return nil, errPacked
	}
	b = b[n:]
	entries := make([][]byte, 0, count)
	for range count {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, errPacked
		}
		entries = append(entries, b[n:n+int(size)])
		b = b[n+int(size):]
	}
	if len(b) != 0 {
		return nil, errPacked
	}
	return entries, nil
}
