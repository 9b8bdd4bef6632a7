package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node/division"
)

// SealCertificate says whose electronic seal (电子印章) a key is: that of a
// department of the county, or of a township for what it decides itself. It is
// signed by the county's root key for a department, and by the township's node
// key, for which the county's credential vouches, for a township.
type SealCertificate struct {
	County division.Code `json:"county"`
	// Division is the county for a department's seal, else the township.
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	// Generation counts the seals of one holder from 1. A new one ends the one
	// before; what that had sealed stays good.
	Generation int `json:"generation"`
	// Public is the ed25519 key, 32 bytes.
	Public []byte `json:"public"`
	// IssuedAt is Unix milliseconds.
	IssuedAt int64 `json:"issued_at"`
	// Signer is the node whose key signed the certificate; empty for the root
	// key.
	Signer string `json:"signer,omitempty"`
}

const sealDomain = "tongban seal certificate v1\n"

// Check tells whether the certificate is well-formed.
func (c SealCertificate) Check() error {
	switch {
	case c.County != c.Division.County() || !c.Division.Valid():
		return fmt.Errorf("seal of %q in %q", c.Division, c.County)
	case (c.Division == c.County) != (c.Department != ""):
		return fmt.Errorf("a seal is a department's or a township's: %q %q", c.Division, c.Department)
	case c.Division != c.County && len(c.Division) != 9:
		return fmt.Errorf("%s is not a township", c.Division)
	case len(c.Department) > 200 || len(c.Signer) > 64 || (c.Signer == "") != (c.Department != ""):
		return fmt.Errorf("department of %d bytes, signer %.64q", len(c.Department), c.Signer)
	case c.Generation < 1 || c.Generation > 100_000:
		return fmt.Errorf("generation %d", c.Generation)
	case len(c.Public) != ed25519.PublicKeySize || c.IssuedAt <= 0:
		return fmt.Errorf("key of %d bytes, issued at %d", len(c.Public), c.IssuedAt)
	}
	return nil
}

// Message is what is signed: field order is the struct's.
func (c SealCertificate) Message() ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode seal certificate: %w", err)
	}
	return append([]byte(sealDomain), b...), nil
}

// Holder is whose seal it is: the department, or the township's code.
func (c SealCertificate) Holder() string {
	if c.Department != "" {
		return c.Department
	}
	return string(c.Division)
}

// KeyID names a key by the beginning of its SHA-256, in 16 hexadecimal digits.
func KeyID(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}
