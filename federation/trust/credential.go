package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

const (
	credentialDomain = "tongban credential v1\n"
	maxCredential    = 8 << 10
	maxOrdinal       = 99
)

// SignedCredential is a node's credential with the county's signature.
type SignedCredential struct {
	Credential identity.Credential `json:"credential"`
	// Sig is the ed25519 signature of a county root.
	Sig []byte `json:"sig"`
}

// DecodeCredential reads a signed credential; the signature is not checked.
func DecodeCredential(data []byte) (SignedCredential, error) {
	var outer struct {
		Credential json.RawMessage `json:"credential"`
		Sig        []byte          `json:"sig"`
	}
	if err := decodeStrict(data, maxCredential, &outer, "credential", "sig"); err != nil {
		return SignedCredential{}, fmt.Errorf("credential: %w", err)
	}
	s := SignedCredential{Sig: outer.Sig}
	err := decodeStrict(outer.Credential, maxCredential, &s.Credential,
		"node", "tier", "division", "ordinal", "sign_key", "issued_at", "expires_at")
	if err != nil {
		return SignedCredential{}, fmt.Errorf("credential: %w", err)
	}
	return s, nil
}

// SignCredential certifies a node. The credential must be well-formed and of
// this county.
func (k *CountyKeys) SignCredential(c identity.Credential) (SignedCredential, error) {
	if err := checkCredential(c, k.County()); err != nil {
		return SignedCredential{}, fmt.Errorf("sign credential: %w", err)
	}
	message, err := credentialMessage(c)
	if err != nil {
		return SignedCredential{}, err
	}
	return SignedCredential{Credential: c, Sig: ed25519.Sign(k.root, message)}, nil
}

// VerifyCredential checks that a root of the county signed the credential,
// that it is well-formed and that now is within its validity. Revocation is
// for the caller, who has the ledger. Errors: ErrMalformed, ErrWrongCounty,
// ErrSignature, ErrExpired.
func (t CountyTrust) VerifyCredential(s SignedCredential, now time.Time) error {
	if err := t.verifyCredentialSignature(s); err != nil {
		return err
	}
	return checkValidity(s.Credential, now)
}

func (t CountyTrust) verifyCredentialSignature(s SignedCredential) error {
	if err := checkCredential(s.Credential, t.County); err != nil {
		return fmt.Errorf("verify credential: %w", err)
	}
	message, err := credentialMessage(s.Credential)
	if err != nil {
		return err
	}
	if !verifyAny(t.Roots, message, s.Sig) {
		return fmt.Errorf("verify credential of %s: %w", s.Credential.Node, ErrSignature)
	}
	return nil
}

func checkValidity(c identity.Credential, now time.Time) error {
	at := now.UnixMilli()
	if at >= c.ExpiresAt {
		return fmt.Errorf("credential of %s ended %s: %w", c.Node, time.UnixMilli(c.ExpiresAt).UTC().Format(time.RFC3339), ErrExpired)
	}
	if at+clockSkew.Milliseconds() < c.IssuedAt {
		return fmt.Errorf("credential of %s begins %s: %w", c.Node, time.UnixMilli(c.IssuedAt).UTC().Format(time.RFC3339), ErrExpired)
	}
	return nil
}

func checkCredential(c identity.Credential, county division.Code) error {
	place := Place{County: county, Node: c.Node, Tier: c.Tier, Division: c.Division}
	if err := place.Check(); err != nil {
		return err
	}
	switch {
	case c.Ordinal < 1 || c.Ordinal > maxOrdinal:
		return fmt.Errorf("%w: ordinal %d of 1 to %d", ErrMalformed, c.Ordinal, maxOrdinal)
	case len(c.SignKey) != ed25519.PublicKeySize:
		return fmt.Errorf("%w: signing key of %d bytes", ErrMalformed, len(c.SignKey))
	case c.IssuedAt <= 0 || c.ExpiresAt <= c.IssuedAt:
		return fmt.Errorf("%w: ends before it begins", ErrMalformed)
	}
	return nil
}

// credentialMessage is what a root signs: field order is the struct's.
func credentialMessage(c identity.Credential) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode credential: %w", err)
	}
	return append([]byte(credentialDomain), b...), nil
}
