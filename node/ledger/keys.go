package ledger

import (
	"crypto/ed25519"
	"slices"
)

// Keys are the signing keys that an origin has had, the oldest first. A node
// renews its key with an entry signed by the one before (NodeRenewV1), so its
// own counter tells for every entry which key was the one of its time.
type Keys []Key

// Key is an origin's public key with the first seq that it signs.
type Key struct {
	Since  uint64            `json:"since"`
	Public ed25519.PublicKey `json:"key"`
}

// Verify checks an entry of the origin against the key of its time. What is
// recorded at the county has no seq: hubs take turns there, and an entry under
// way while its hub renewed may come after the renewal, so any of the hub's
// keys will do.
func (k Keys) Verify(e *Entry) error {
	if e.Seq == 0 {
		for _, key := range slices.Backward(k) {
			if e.Verify(key.Public) == nil {
				return nil
			}
		}
		return ErrSignature
	}
	for _, key := range slices.Backward(k) {
		if key.Since <= e.Seq {
			return e.Verify(key.Public)
		}
	}
	return ErrSignature
}

// With is k and the key that an entry of the origin brings, if it brings one.
// The entry must be verified.
func (k Keys) With(e *Entry) Keys {
	if e.Kind != NodeRenew {
		return k
	}
	body, err := e.Decode()
	if err != nil {
		return k
	}
	b, ok := body.(*NodeRenewV1)
	if !ok || b.Credential.Node != e.Origin || slices.ContainsFunc(k, func(have Key) bool { return have.Public.Equal(ed25519.PublicKey(b.Credential.SignKey)) }) {
		return k
	}
	return append(slices.Clip(k), Key{Since: e.Seq + 1, Public: b.Credential.SignKey})
}
