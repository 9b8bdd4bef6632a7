package ledger

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version.

// Recovery is the county's word that its ledger went back: it was restored
// from a backup, or lost the records that only lost hubs had. It begins a new
// epoch of the ledger. The records up to Kept stand; what came after them is
// not part of the ledger any more, and what is recorded from then on takes
// their places.
type Recovery struct {
	County division.Code `json:"county"`
	// At is when it was declared, Unix milliseconds, and names the epoch:
	// later ones are greater, even where the ledger lost the earlier ones.
	At int64 `json:"at"`
	// Kept is the index of the last record that stands, Root the root hash of
	// the Merkle tree of those records (32 bytes).
	Kept   uint64 `json:"kept"`
	Root   []byte `json:"root"`
	Reason string `json:"reason"`
}

// CountyRecoveryV1 declares a recovery, signed by the county's root key.
type CountyRecoveryV1 struct {
	Recovery Recovery `json:"recovery"`
	// Sig is the root key's signature as federation/trust makes it.
	Sig []byte `json:"sig"`
}

// Check implements Body.
func (b *CountyRecoveryV1) Check() error {
	r := b.Recovery
	if r.At <= 0 || r.Kept > 1<<53 || len(r.Root) != 32 || len(b.Sig) != 64 {
		return fmt.Errorf("recovery at %d to %d with a root of %d bytes and a signature of %d", r.At, r.Kept, len(r.Root), len(b.Sig))
	}
	_, err := division.Parse(string(r.County))
	return first(err, required("reason", r.Reason, maxText))
}

// CountyLostV1 says that a node holds a record of the county's former ledger
// that the present one lacks: something that was done at a hub. It changes
// nothing but the county's list of what to do again.
type CountyLostV1 struct {
	// SeenBy is the node that showed it.
	SeenBy string `json:"seen_by"`
	// Index and RecordedAt are its place in the former ledger and that
	// ledger's time.
	Index      uint64 `json:"index"`
	RecordedAt int64  `json:"recorded_at"`
	// Entry is the entry as it was signed.
	Entry json.RawMessage `json:"entry"`
}

// Check implements Body.
func (b *CountyLostV1) Check() error {
	if b.Index == 0 || b.RecordedAt <= 0 {
		return fmt.Errorf("record %d of %d", b.Index, b.RecordedAt)
	}
	return first(required("seen_by", b.SeenBy, maxIDBytes), document("entry", b.Entry))
}

// Why a record of the former ledger cannot be listed as it was.
const (
	UnlistedMalformed = "malformed"   // it cannot be read
	UnlistedNewer     = "newer"       // a newer tongban made it
	UnlistedSignature = "signature"   // its hub did not sign it
	UnlistedNoHub     = "not_hub"     // it was not done at a hub
	UnlistedUnknown   = "hub_unknown" // its hub is not known, or not yet
)

var unlistedCodes = []string{UnlistedMalformed, UnlistedNewer, UnlistedSignature, UnlistedNoHub, UnlistedUnknown}

// CountyUnlistedV1 says that a node showed a record of the county's former ledger
// that cannot be recorded again as it was, and what is known of it.
type CountyUnlistedV1 struct {
	SeenBy     string `json:"seen_by"`
	Index      uint64 `json:"index"`
	RecordedAt int64  `json:"recorded_at"`
	// Entry is the entry's id, or the SHA-256 of what was shown where it has none.
	Entry string `json:"entry"`
	// Kind and Origin are what the entry says; empty where it cannot be read.
	Kind   string `json:"kind,omitempty"`
	Origin string `json:"origin,omitempty"`
	// Bytes is how large it is.
	Bytes int64 `json:"bytes"`
	// Code is why.
	Code string `json:"code"`
}

// Check implements Body.
func (b *CountyUnlistedV1) Check() error {
	switch {
	case b.Index == 0 || b.RecordedAt <= 0 || b.Bytes < 0:
		return fmt.Errorf("record %d of %d, %d bytes", b.Index, b.RecordedAt, b.Bytes)
	case len(b.Kind) > maxIDBytes || len(b.Origin) > maxIDBytes:
		return fmt.Errorf("kind of %d bytes, origin of %d", len(b.Kind), len(b.Origin))
	case !slices.Contains(unlistedCodes, b.Code):
		return fmt.Errorf("code %.40q", b.Code)
	}
	return first(required("seen_by", b.SeenBy, maxIDBytes), required("entry", b.Entry, maxIDBytes))
}
