package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
)

// PublicKey is a node's public signing key, as credentials carry it.
type PublicKey = ed25519.PublicKey

const renewDomain = "tongban renew v1\n"

// renewToken stands in a renewal where an enrolment names its join token.
const renewToken = "renew"

// Renewal is a node's request for a credential and a certificate of new keys:
// an enrolment request signed with those, and with the key the node has.
type Renewal struct {
	Request EnrolRequest `json:"request"`
	// Proof is the present key's signature over the request.
	Proof []byte `json:"proof"`
}

// NewRenewal asks for next in the name of a node whose key is present.
func NewRenewal(present ed25519.PrivateKey, next *NodeKeys, place Place, names []string) (Renewal, error) {
	return newRenewal(present, next, place, renewToken, names)
}

func newRenewal(present ed25519.PrivateKey, next *NodeKeys, place Place, token string, names []string) (Renewal, error) {
	req, err := NewEnrolRequest(next, place, token, names)
	if err != nil {
		return Renewal{}, fmt.Errorf("renewal: %w", err)
	}
	r := Renewal{Request: req}
	message, err := r.message()
	if err != nil {
		return Renewal{}, err
	}
	r.Proof = ed25519.Sign(present, message)
	return r, nil
}

// DecodeRenewal reads a renewal; the proofs are not checked.
func DecodeRenewal(data []byte) (Renewal, error) {
	var outer struct {
		Request json.RawMessage `json:"request"`
		Proof   []byte          `json:"proof"`
	}
	if err := decodeStrict(data, maxEnrol, &outer, "request", "proof"); err != nil {
		return Renewal{}, fmt.Errorf("renewal: %w", err)
	}
	r := Renewal{Proof: outer.Proof}
	if err := decodeStrict(outer.Request, maxEnrol, &r.Request, enrolFields...); err != nil {
		return Renewal{}, fmt.Errorf("renewal: %w", err)
	}
	return r, nil
}

// Verify checks that the new keys and the present one signed the request.
func (r Renewal) Verify(present ed25519.PublicKey) error { return r.verify(present, renewToken) }

func (r Renewal) verify(present ed25519.PublicKey, token string) error {
	if err := r.Request.Verify(); err != nil {
		return fmt.Errorf("renewal: %w", err)
	}
	message, err := r.message()
	if err != nil {
		return err
	}
	if r.Request.Token != token || len(present) != ed25519.PublicKeySize || !ed25519.Verify(present, message, r.Proof) {
		return fmt.Errorf("renewal: %w", ErrSignature)
	}
	return nil
}

func (r Renewal) message() ([]byte, error) {
	b, err := json.Marshal(r.Request)
	if err != nil {
		return nil, fmt.Errorf("renewal: %w", err)
	}
	return append([]byte(renewDomain), b...), nil
}
