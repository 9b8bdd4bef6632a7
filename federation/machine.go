package federation

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/store"
)

// machine lets the county's Raft drive the store.
type machine struct{ *store.Store }

var _ county.StateMachine = machine{}

// Standing is the head of the ledger: its size and the hash of its tree.
func (m machine) Standing(ctx context.Context) (string, error) {
	head, err := m.Head(ctx)
	if err != nil {
		return "", err
	}
	tree, err := m.Tree(ctx, head)
	return string(tlog.FormatTree(tree)), err
}

// Continues tells whether the ledger has another hub's standing as a beginning.
func (m machine) Continues(ctx context.Context, standing string) error {
	theirs, err := tlog.ParseTree([]byte(standing))
	if err != nil {
		return err
	}
	head, err := m.Head(ctx)
	if err != nil {
		return err
	}
	if theirs.N < 0 || uint64(theirs.N) > head {
		return fmt.Errorf("it has %d records, the county %d", theirs.N, head)
	}
	tree, err := m.Tree(ctx, uint64(theirs.N))
	if err == nil && tree.Hash != theirs.Hash {
		err = fmt.Errorf("its %d records are not the county's", theirs.N)
	}
	return err
}

// Apply implements county.StateMachine.
func (m machine) Apply(cmds []county.Command) ([][]byte, error) {
	proposals := make([]store.Proposal, len(cmds))
	for i, c := range cmds {
		p, err := unpack(c.Data)
		if err != nil {
			return nil, fmt.Errorf("raft index %d: %w", c.Index, err)
		}
		p.RaftIndex, p.At = c.Index, c.At
		proposals[i] = p
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
func (n *Node) propose(ctx context.Context, p store.Proposal) ([]store.Result, uint64, error) {
	r, err := n.hub.Propose(ctx, pack(p))
	if err != nil {
		return nil, 0, err
	}
	results, err := resultsOf(r, p)
	return results, r.RaftIndex, err
}

// proposeInOrder commits several proposals, each after the one before it, and
// returns when this hub has applied them too: what it answers about an origin
// is then no older.
func (n *Node) proposeInOrder(ctx context.Context, parts []store.Proposal) ([]store.Result, error) {
	commands := make([][]byte, len(parts))
	for i, p := range parts {
		commands[i] = pack(p)
	}
	answers, err := n.hub.ProposeInOrder(ctx, commands)
	if err != nil {
		return nil, err
	}
	var all []store.Result
	var last uint64
	for i, r := range answers {
		last = r.RaftIndex
		results, err := resultsOf(r, parts[i])
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, n.hub.WaitApplied(ctx, last)
}

// resultsOf reads what became of each entry of a proposal.
func resultsOf(r county.Result, p store.Proposal) ([]store.Result, error) {
	var results []store.Result
	if err := json.Unmarshal(r.Data, &results); err != nil {
		return nil, fmt.Errorf("propose: result: %w", err)
	}
	if len(results) != len(p.Entries) {
		// The log was replayed past this proposal; asking again tells.
		return nil, fmt.Errorf("propose: %d results for %d entries: %w", len(results), len(p.Entries), county.ErrUnknown)
	}
	return results, nil
}

// A proposal in the Raft log begins with a byte of these flags. Released ones
// keep their meaning.
const (
	flagTogether    = 1 << 0
	flagCompressed  = 1 << 1
	flagFromRevoked = 1 << 2
)

const (
	// compressFrom is the size from which a proposal is compressed: a whole
	// catalog is, a case is not worth the time.
	compressFrom = 256 << 10
	maxUnpacked  = 32 << 20
)

// pack frames a proposal: flags, the count of entries, then each with its
// length.
func pack(p store.Proposal) []byte {
	size := 1 + binary.MaxVarintLen32
	for _, e := range p.Entries {
		size += len(e) + binary.MaxVarintLen32
	}
	flags := byte(0)
	if p.Together {
		flags |= flagTogether
	}
	if p.FromRevoked {
		flags |= flagFromRevoked
	}
	b := append(make([]byte, 0, size), flags)
	b = binary.AppendUvarint(b, uint64(len(p.Entries)))
	for _, e := range p.Entries {
		b = binary.AppendUvarint(b, uint64(len(e)))
		b = append(b, e...)
	}
	if len(b) < compressFrom {
		return b
	}
	return packer().EncodeAll(b[1:], []byte{flags | flagCompressed})
}

var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		// Its window stays allocated; few proposals are larger than this one.
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
		if err != nil {
			panic(err)
		}
		return d
	})
)

var errPacked = errors.New("federation: malformed proposal")

func unpack(b []byte) (store.Proposal, error) {
	if len(b) == 0 || b[0]&^(flagTogether|flagCompressed|flagFromRevoked) != 0 {
		return store.Proposal{}, errPacked
	}
	p := store.Proposal{Together: b[0]&flagTogether != 0, FromRevoked: b[0]&flagFromRevoked != 0}
	compressed := b[0]&flagCompressed != 0
	if b = b[1:]; compressed {
		var err error
		if b, err = unpacker().DecodeAll(b, nil); err != nil {
			return p, fmt.Errorf("%w: %w", errPacked, err)
		}
	}
	count, n := binary.Uvarint(b)
	if n <= 0 || count > uint64(len(b)) {
		return p, errPacked
	}
	b = b[n:]
	p.Entries = make([][]byte, 0, count)
	for range count {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return p, errPacked
		}
		p.Entries = append(p.Entries, b[n:n+int(size)])
		b = b[n+int(size):]
	}
	if len(b) != 0 {
		return p, errPacked
	}
	return p, nil
}
