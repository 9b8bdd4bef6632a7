// Package ledger defines what nodes tell each other: the entry, which says
// that something happened, and the record, which is an entry's place in the
// county's ledger. It fixes their bytes, so that an auditor can read them and
// check their signatures in ten years; what the entries mean is decided by
// catalog, casework and identity.
package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// Entry says that something happened at a node. Nothing in it changes after
// the origin signed it.
type Entry struct {
	// ID is a UUID made by the origin, from the idempotency key where the
	// action had one: the same action is the same entry.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	V    int    `json:"v"`
	// Origin is the node that recorded the entry. Seq is its dense counter,
	// from 1; it is 0 for what is recorded at the county itself, which has no
	// outbox.
	Origin string         `json:"origin"`
	Seq    uint64         `json:"seq,omitempty"`
	Actor  identity.Actor `json:"actor"`
	// Scope is the division the entry belongs to: its node and those above
	// may see it. Empty means everybody. Subtree opens it to the nodes below
	// Scope as well.
	Scope   division.Code `json:"scope,omitempty"`
	Subtree bool          `json:"subtree,omitempty"`
	// Case is the case the entry is about; Prev the case's previous entry,
	// empty for the first and for what stands beside a case (comments).
	Case string `json:"case,omitempty"`
	Prev string `json:"prev,omitempty"`
	// OccurredAt is the origin's clock, Unix milliseconds. SkewMS is by how
	// much that clock was known to be ahead of the county's; it is set only
	// when the difference was worth a warning.
	OccurredAt int64           `json:"occurred_at"`
	SkewMS     int64           `json:"skew_ms,omitempty"`
	Body       json.RawMessage `json:"body"`
	// Sig is the origin's ed25519 signature over SigningBytes.
	Sig []byte `json:"sig,omitempty"`
}

// Limits on an entry. An edition's 226 items travel as one entry each, so
// that no entry needs to be large.
const (
	MaxEntryBytes = 512 << 10
	// MaxWholeEntry bounds an entry with what stands beside its body.
	MaxWholeEntry = MaxEntryBytes + 8<<10
	maxIDBytes    = 64
)

// MaxBody is the largest body an entry of the kind may have. One kind holds an
// entry, of any other kind, whole.
func (k Kind) MaxBody() int {
	if k == CountyLost {
		return MaxWholeEntry + 8<<10
	}
	return MaxEntryBytes
}

// Typed refusals of an entry that is not one.
var (
	ErrMalformed = errors.New("ledger: malformed entry")
	ErrSignature = errors.New("ledger: signature does not fit the entry")
	// ErrUnknownKind asks for a newer tongban: an unknown entry is never
	// skipped, for that would fork the state.
	ErrUnknownKind = errors.New("ledger: unknown entry kind or version")
)

const signingDomain = "tongban entry v1\n"

// SigningBytes is what the origin signs: everything but the signature. The
// county's index and time of recording are not part of the entry at all.
func (e *Entry) SigningBytes() ([]byte, error) {
	unsigned := *e
	unsigned.Sig = nil
	b, err := unsigned.Canonical()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return append([]byte(signingDomain), b...), nil
}

// Sign signs the entry with the origin's key.
func (e *Entry) Sign(key ed25519.PrivateKey) error {
	b, err := e.SigningBytes()
	if err != nil {
		return err
	}
	e.Sig = ed25519.Sign(key, b)
	return nil
}

// Verify checks the entry's signature against the origin's public key.
func (e *Entry) Verify(key ed25519.PublicKey) error {
	b, err := e.SigningBytes()
	if err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, b, e.Sig) {
		return ErrSignature
	}
	return nil
}

// Hash identifies the entry's content including its signature. Two entries
// of one origin and seq with different hashes mean that the origin forked.
func (e *Entry) Hash() ([sha256.Size]byte, error) {
	b, err := e.Canonical()
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return sha256.Sum256(b), nil
}

// Decode checks that the entry is well-formed (known kind, sane fields, a body
// that fits its rules) and returns its body. It does not look at the
// signature.
func (e *Entry) Decode() (Body, error) {
	info, err := e.check()
	if err != nil {
		return nil, err
	}
	return info.Decode(e.Body)
}

func (e *Entry) check() (Info, error) {
	switch {
	case len(e.ID) == 0 || len(e.ID) > maxIDBytes:
		return Info{}, fmt.Errorf("%w: id of %d bytes", ErrMalformed, len(e.ID))
	case len(e.Origin) == 0 || len(e.Origin) > maxIDBytes:
		return Info{}, fmt.Errorf("%w: origin of %d bytes", ErrMalformed, len(e.Origin))
	case len(e.Case) > maxIDBytes || len(e.Prev) > maxIDBytes || len(e.Actor.Staff) > maxIDBytes || len(e.Actor.Name) > 256:
		return Info{}, fmt.Errorf("%w: a field is too long", ErrMalformed)
	case e.OccurredAt <= 0:
		return Info{}, fmt.Errorf("%w: occurred_at %d", ErrMalformed, e.OccurredAt)
	case len(e.Body) > e.Kind.MaxBody():
		return Info{}, fmt.Errorf("%w: body of %d bytes", ErrMalformed, len(e.Body))
	}
	if e.Scope != "" {
		if _, err := division.Parse(string(e.Scope)); err != nil {
			return Info{}, fmt.Errorf("%w: scope: %w", ErrMalformed, err)
		}
	}
	info, ok := Lookup(e.Kind, e.V)
	if !ok {
		return Info{}, fmt.Errorf("%w: %s v%d needs a newer tongban", ErrUnknownKind, e.Kind, e.V)
	}
	if info.Case != (e.Case != "") {
		return Info{}, fmt.Errorf("%w: %s and its case field do not fit", ErrMalformed, e.Kind)
	}
	if info.Beside && e.Prev != "" {
		return Info{}, fmt.Errorf("%w: %s stands beside its case and has no prev", ErrMalformed, e.Kind)
	}
	return info, nil
}

// Outcome is what the county made of an entry.
type Outcome string

const (
	// Applied: the entry is part of the state.
	Applied Outcome = "applied"
	// Refused: it is kept, with its reason, and asks for attention at both
	// ends.
	Refused Outcome = "refused"
	// Waiting: it names a previous entry that has not arrived yet, and is
	// applied when that arrives.
	Waiting Outcome = "waiting"
)

// Head is what the county adds to an entry when it records it.
type Head struct {
	// Index is the place in the county's ledger, from 1 without gaps.
	Index uint64 `json:"index"`
	// RecordedAt is the county's clock, Unix milliseconds; it never goes
	// back from one record to the next.
	RecordedAt int64   `json:"recorded_at"`
	Outcome    Outcome `json:"outcome"`
	// Code and Reason say why an entry was refused.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Resolves tells what became of entries that had been waiting for this
	// one.
	Resolves []Resolution `json:"resolves,omitempty"`
}

// Record is an entry with its place in the county's ledger.
type Record struct {
	Head
	Entry Entry `json:"entry"`
}

// Resolution is the outcome of an entry that had been recorded as waiting.
type Resolution struct {
	Index   uint64  `json:"index"`
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	Code    string  `json:"code,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// LeafHash is the leaf of a record's canonical bytes in the county's Merkle
// tree (RFC 6962).
func LeafHash(record []byte) tlog.Hash { return tlog.RecordHash(record) }

// IDFromKey makes the id of an action that carries an idempotency key: the
// same person with the same key means the same action, wherever it is
// repeated.
func IDFromKey(node, staff, key string) string {
	sum := sha256.Sum256([]byte(node + "\x00" + staff + "\x00" + key))
	u, err := uuid.FromBytes(sum[:16])
	if err != nil {
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	u[6] = u[6]&0x0f | 0x80 // version 8: custom
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
