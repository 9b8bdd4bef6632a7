package trust

import "errors"

// Errors callers branch on. They are wrapped with what was being done.
var (
	// ErrMalformed is input that is not what it claims to be.
	ErrMalformed = errors.New("malformed")
	// ErrOtherKey is a certificate that is whole and for another node's key.
	ErrOtherKey = errors.New("it is for another key")
	// ErrSignature is a signature that no trusted key made.
	ErrSignature = errors.New("signature is not by a trusted key")
	// ErrExpired is a credential, certificate or join token past its time, or
	// not yet in it.
	ErrExpired = errors.New("outside its validity")
	// ErrRevoked is a node the county has cast out.
	ErrRevoked = errors.New("revoked")
	// ErrWrongCounty is a thing of another county.
	ErrWrongCounty = errors.New("belongs to another county")
	// ErrWrongPeer is a TLS peer that is a node of the county but not the one
	// wanted.
	ErrWrongPeer = errors.New("not the node expected")
	// ErrNoPeer is a TLS connection without a verified node certificate.
	ErrNoPeer = errors.New("no node certificate")

	// ErrKeysExist protects keys from being written over.
	ErrKeysExist = errors.New("keys exist already")
	// ErrPermissions is a key file or folder that others on the machine can
	// read.
	ErrPermissions = errors.New("key permissions are too open")

	// ErrUnauthenticated is all that a caller may be told about a bad token.
	ErrUnauthenticated = errors.New("unauthenticated")
	// ErrNotAllowed is a token that this node's credential does not let it
	// issue.
	ErrNotAllowed = errors.New("beyond the node's credential")

	// ErrForked says that two checkpoints cannot be of one ledger: the county
	// has rewritten what it had shown. Both checkpoints together prove it.
	ErrForked = errors.New("checkpoints contradict each other")
	// ErrProof is a Merkle proof that does not hold.
	ErrProof = errors.New("proof does not hold")
)
