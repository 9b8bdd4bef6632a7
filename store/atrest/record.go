package atrest

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

const gcmNonce = 12

// Records seals records that are written once, with AES-256-GCM under a random
// nonce; what a record belongs to is bound to it.
type Records struct{ gcm cipher.AEAD }

// Records gives the sealing of one purpose.
func (k *Key) Records(purpose string) *Records {
	return &Records{newGCM(k.derive("records "+purpose, KeyBytes))}
}

// recordMark begins a sealed record, so that one in the clear is known.
const recordMark = 0xE1

// RecordOverhead is how much longer a sealed record is.
const RecordOverhead = 1 + gcmNonce + 16

// SealedRecord tells whether a record begins as a sealed one.
func SealedRecord(b []byte) bool { return len(b) >= RecordOverhead && b[0] == recordMark }

// Seal seals a record that belongs to about.
func (r *Records) Seal(record, about []byte) []byte {
	b := make([]byte, 1+gcmNonce, RecordOverhead+len(record))
	b[0] = recordMark
	if _, err := rand.Read(b[1:]); err != nil {
		panic("atrest: " + err.Error()) // crypto/rand never fails
	}
	return r.gcm.Seal(b, b[1:1+gcmNonce], record, about)
}

// Open opens a record.
func (r *Records) Open(sealed, about []byte) ([]byte, error) {
	if !SealedRecord(sealed) {
		return nil, fmt.Errorf("record of %d bytes: %w", len(sealed), ErrClear)
	}
	b, err := r.gcm.Open(nil, sealed[1:1+gcmNonce], sealed[1+gcmNonce:], about)
	if err != nil {
		return nil, fmt.Errorf("%w, or sealed with another key", ErrDamaged)
	}
	return b, nil
}
