package trust

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/tongban/tongban/node/identity"
)

// Seals have no files of their own. The key of a seal is derived from the key
// of whoever holds it (the county's root for a department's seal, the node's
// signing key for a township's) and from which seal it is. So it is wherever
// that key is and nowhere else, on every hub at once and in every copy in the
// safe; whoever learns one seal's key learns no other and not the root. When the
// holder's key is replaced its seals are made anew, as they must be if the
// reason was that it got out.

// PrivateKey is an ed25519 private key, as seals have it.
type PrivateKey = ed25519.PrivateKey

const sealKeyDomain = "tongban seal key v1\n"

// SealKey is the private key of a department's seal of some generation.
func (k *CountyKeys) SealKey(department string, generation int) (ed25519.PrivateKey, error) {
	return deriveSeal(k.root, department, generation)
}

// SealKey is the private key of the township's seal of some generation, at its
// node.
func (k *NodeKeys) SealKey(division string, generation int) (ed25519.PrivateKey, error) {
	return deriveSeal(k.Sign, division, generation)
}

func deriveSeal(from ed25519.PrivateKey, holder string, generation int) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, from.Seed(), nil, fmt.Sprintf("%s%d\n%s", sealKeyDomain, generation, holder), ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive seal key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// SignSeal certifies a department's seal.
func (k *CountyKeys) SignSeal(c identity.SealCertificate) ([]byte, error) {
	if c.Signer != "" || c.County != k.County() {
		return nil, fmt.Errorf("sign seal: %w", ErrWrongCounty)
	}
	return signSeal(k.root, c)
}

// SignSeal certifies a township's seal.
func (k *NodeKeys) SignSeal(c identity.SealCertificate) ([]byte, error) { return signSeal(k.Sign, c) }

func signSeal(key ed25519.PrivateKey, c identity.SealCertificate) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("sign seal: %w: %w", ErrMalformed, err)
	}
	message, err := c.Message()
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(key, message), nil
}
