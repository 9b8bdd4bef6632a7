package trust

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/division"
)

const (
	// maxCheckpoint leaves room for the signatures of witnesses.
	maxCheckpoint = 8 << 10
	// maxTree bounds tree sizes. Package tlog loops for ever on sizes above
	// 2^62, and no county writes 2^53 records.
	maxTree = 1 << 53
)

// Checkpoint is the county's signed word about its ledger: at that time it had
// so many records, and they hash to this.
//
// On the wire it is a C2SP tlog-checkpoint: the name of the ledger, the size,
// the hash in base64, and one extension line "at <Unix milliseconds>", signed
// as a note. Other transparency tools can read and co-sign it.
type Checkpoint struct {
	County division.Code
	Tree   tlog.Tree
	// At is the county's clock, Unix milliseconds.
	At int64
}

// SignCheckpoint signs the state of the ledger at a time (Unix milliseconds).
func (k *CountyKeys) SignCheckpoint(tree tlog.Tree, at int64) ([]byte, error) {
	c := Checkpoint{County: k.County(), Tree: tree, At: at}
	if tree.N < 0 || tree.N > maxTree || at < 0 {
		return nil, fmt.Errorf("sign checkpoint: %w: size %d, time %d", ErrMalformed, tree.N, at)
	}
	msg, err := note.Sign(&note.Note{Text: c.text()}, k.ledger)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return msg, nil
}

// OpenCheckpoint checks that one of the county's ledger keys signed the
// checkpoint and reads it. Errors: ErrMalformed, ErrSignature.
func (t CountyTrust) OpenCheckpoint(msg []byte) (Checkpoint, error) {
	if len(msg) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w: %d bytes, at most %d", ErrMalformed, len(msg), maxCheckpoint)
	}
	verifiers, err := t.ledgerVerifiers()
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", ErrSignature)
	case err != nil:
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w: %w", ErrMalformed, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	if c.County != t.County {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", ErrWrongCounty)
	}
	return c, nil
}

// CheckConsistency checks that the ledger of the newer checkpoint continues
// that of the older one, by the proof of tlog.ProveTree. ErrForked when no
// proof could make both true; ErrProof when this one does not.
func CheckConsistency(older, newer Checkpoint, proof tlog.TreeProof) error {
	if older.County != newer.County {
		return fmt.Errorf("check consistency: %w", ErrWrongCounty)
	}
	o, n := older.Tree, newer.Tree
	switch {
	case o.N < 0 || n.N > maxTree || o.N > n.N:
		return fmt.Errorf("check consistency: %w: sizes %d and %d", ErrMalformed, o.N, n.N)
	case o.N == n.N && o.Hash != n.Hash:
		return fmt.Errorf("size %d has two hashes: %w", o.N, ErrForked)
	case o.N == n.N:
		return nil
	case o.N == 0: // the empty ledger is the beginning of every ledger
		return nil
	}
	if err := tlog.CheckTree(proof, n.N, n.Hash, o.N, o.Hash); err != nil {
		return fmt.Errorf("check consistency of %d and %d: %w", o.N, n.N, ErrProof)
	}
	return nil
}

// CheckInclusion checks that the record with an index (from 1) and leaf hash
// is in the checkpoint's ledger, by the proof of tlog.ProveRecord.
func CheckInclusion(c Checkpoint, index int64, leaf tlog.Hash, proof tlog.RecordProof) error {
	if index < 1 || c.Tree.N > maxTree || index > c.Tree.N {
		return fmt.Errorf("check inclusion: %w: record %d of %d", ErrMalformed, index, c.Tree.N)
	}
	if err := tlog.CheckRecord(proof, c.Tree.N, c.Tree.Hash, index-1, leaf); err != nil {
		return fmt.Errorf("check inclusion of record %d in %d: %w", index, c.Tree.N, ErrProof)
	}
	return nil
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nat %d\n", LedgerName(c.County), c.Tree.N, c.Tree.Hash, c.At)
}

// parseCheckpoint accepts exactly what text writes.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 {
		return Checkpoint{}, fmt.Errorf("%w: %d lines", ErrMalformed, len(lines)-1)
	}
	county, okName := strings.CutPrefix(lines[0], LedgerName(""))
	at, okAt := strings.CutPrefix(lines[3], "at ")
	hash, errHash := tlog.ParseHash(lines[2])
	size, errSize := strconv.ParseInt(lines[1], 10, 64)
	ms, errMS := strconv.ParseInt(at, 10, 64)
	if !okName || !okAt || errHash != nil || errSize != nil || errMS != nil {
		return Checkpoint{}, fmt.Errorf("%w: not a checkpoint of tongban", ErrMalformed)
	}
	c := Checkpoint{County: division.Code(county), Tree: tlog.Tree{N: size, Hash: hash}, At: ms}
	if size < 0 || size > maxTree || ms < 0 || c.text() != text {
		return Checkpoint{}, fmt.Errorf("%w: not a checkpoint of tongban", ErrMalformed)
	}
	return c, nil
}
