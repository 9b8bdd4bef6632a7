package trust

import (
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/proof"
)

const (
	keyringFormat = 1
	maxKeyring    = 32 << 20
	maxRingKeys   = 50_000
)

// Keyring is everything public with which documents of a county are checked,
// as a file that may be kept and handed on: the county's chain of bundles, the
// nodes it vouches for, the seals, and what was revoked as of some moment. All
// but the revocations proves itself; a file without a revocation is an old
// file, so it says of when it is.
type Keyring struct {
	Format int           `json:"format"`
	County division.Code `json:"county"`
	// AsOf is Unix milliseconds.
	AsOf  int64         `json:"as_of"`
	Chain []SignedTrust `json:"chain"`
	Nodes []RingNode    `json:"nodes"`
	Seals []RingSeal    `json:"seals"`
}

// RingNode is a node's key with the county's word for it. A node that renewed
// its keys is there once for each.
type RingNode struct {
	Credential identity.Credential `json:"credential"`
	Sig        []byte              `json:"sig"`
	Name       string              `json:"name,omitempty"`
	RevokedAt  int64               `json:"revoked_at,omitempty"`
	Reason     string              `json:"reason,omitempty"`
}

// RingSeal is a seal with the signature that certifies it.
type RingSeal struct {
	Certificate identity.SealCertificate `json:"certificate"`
	Sig         []byte                   `json:"sig"`
	EndedAt     int64                    `json:"ended_at,omitempty"`
	RevokedAt   int64                    `json:"revoked_at,omitempty"`
	Reason      string                   `json:"reason,omitempty"`
}

// DecodeKeyring reads a keyring; nothing in it is checked yet but its form.
func DecodeKeyring(data []byte) (Keyring, error) {
	var k Keyring
	if err := decodeStrict(data, maxKeyring, &k, "format", "county", "as_of", "chain", "nodes", "seals"); err != nil {
		return Keyring{}, fmt.Errorf("trust file: %w", err)
	}
	switch {
	case k.Format != keyringFormat:
		return Keyring{}, fmt.Errorf("trust file: %w: format %d needs another tongban", ErrMalformed, k.Format)
	case len(k.Chain) == 0 || len(k.Chain) > maxChain || len(k.Nodes) > maxRingKeys || len(k.Seals) > maxRingKeys || k.AsOf <= 0:
		return Keyring{}, fmt.Errorf("trust file: %w: %d bundles, %d nodes, %d seals", ErrMalformed, len(k.Chain), len(k.Nodes), len(k.Seals))
	}
	return k, nil
}

// NewKeyring puts a keyring together from what a node knows.
func NewKeyring(county division.Code, asOf int64, chain []SignedTrust, nodes []RingNode, seals []RingSeal) Keyring {
	k := Keyring{Format: keyringFormat, County: county, AsOf: asOf, Chain: chain, Nodes: nodes, Seals: seals}
	if k.Nodes == nil {
		k.Nodes = []RingNode{}
	}
	if k.Seals == nil {
		k.Seals = []RingSeal{}
	}
	return k
}

// Of is the part of a keyring that one key is proved with; false when it does
// not have the key.
func (k Keyring) Of(id string) (part Keyring, has bool) {
	part = NewKeyring(k.County, k.AsOf, k.Chain, nil, nil)
	signers := map[string]bool{}
	for _, s := range k.Seals {
		if identity.KeyID(s.Certificate.Public) == id {
			part.Seals, has = append(part.Seals, s), true
			signers[s.Certificate.Signer] = true
		}
	}
	for _, n := range k.Nodes {
		is := identity.KeyID(n.Credential.SignKey) == id
		if has = has || is; is || signers[n.Credential.Node] {
			part.Nodes = append(part.Nodes, n)
		}
	}
	return part, has
}

// Encode gives the file's bytes.
func (k Keyring) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode trust file: %w", err)
	}
	return append(b, '\n'), nil
}

// Fingerprint is that of the county's first bundle, which never changes: who
// got it on paper from the county can tell a keyring that is the county's.
func (k Keyring) Fingerprint() (Fingerprint, error) {
	if len(k.Chain) == 0 {
		return Fingerprint{}, ErrMalformed
	}
	return fingerprint(k.Chain[0].Bundle), nil
}

// Keys are the keys of the keyring, each proved: by a root of the county's
// chain, or by a node that one vouches for. One that is not proved fails all:
// a file that was tampered with is no file to trust.
func (k Keyring) Keys() ([]proof.Key, error) {
	roots, err := k.roots()
	if err != nil {
		return nil, err
	}
	var keys []proof.Key
	signers := map[string][]int{}
	for _, n := range k.Nodes {
		c := n.Credential
		if err := checkCredential(c, k.County); err != nil {
			return nil, fmt.Errorf("trust file: %w", err)
		}
		message, err := credentialMessage(c)
		if err != nil {
			return nil, err
		}
		if !verifyAny(roots, message, n.Sig) {
			return nil, fmt.Errorf("trust file: node %s: %w", c.Node, ErrSignature)
		}
		name := n.Name
		if name == "" {
			name = c.Node
		}
		signers[c.Node] = append(signers[c.Node], len(keys))
		keys = append(keys, proof.Key{Public: c.SignKey, Tier: c.Tier, Division: c.Division, Holder: name,
			From: c.IssuedAt, EndedAt: c.ExpiresAt, RevokedAt: n.RevokedAt, Reason: n.Reason})
	}
	for _, s := range k.Seals {
		key, err := k.sealKey(s, roots, keys, signers)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sealKey proves a seal. A township's is no better than the node that certified
// it: revoked with it.
func (k Keyring) sealKey(s RingSeal, roots [][]byte, keys []proof.Key, signers map[string][]int) (proof.Key, error) {
	c := s.Certificate
	if err := c.Check(); err != nil || c.County != k.County {
		return proof.Key{}, fmt.Errorf("trust file: seal of %s: %w: %w", c.Holder(), ErrMalformed, err)
	}
	message, err := c.Message()
	if err != nil {
		return proof.Key{}, err
	}
	out := proof.Key{Public: c.Public, Seal: true, Tier: node.County, Division: c.Division, Holder: c.Holder(),
		From: c.IssuedAt, EndedAt: s.EndedAt, RevokedAt: s.RevokedAt, Reason: s.Reason}
	if c.Signer == "" {
		if !verifyAny(roots, message, s.Sig) {
			return proof.Key{}, fmt.Errorf("trust file: seal of %s: %w", c.Holder(), ErrSignature)
		}
		return out, nil
	}
	out.Tier = node.Township
	for _, i := range signers[c.Signer] {
		by := keys[i]
		if by.Division != c.Division || !verifyAny([][]byte{by.Public}, message, s.Sig) {
			continue
		}
		out.Holder = by.Holder
		if by.RevokedAt > 0 && (out.RevokedAt == 0 || by.RevokedAt < out.RevokedAt) {
			out.RevokedAt, out.Reason = by.RevokedAt, by.Reason
		}
		return out, nil
	}
	return proof.Key{}, fmt.Errorf("trust file: seal of %s: %w", c.Holder(), ErrSignature)
}

// Trust is the county's newest bundle of keys in the trust file, each bundle
// signed by the one before it. Errors: ErrWrongCounty, ErrSignature, ErrMalformed.
func (k Keyring) Trust() (CountyTrust, error) {
	current, _, err := k.bundles()
	return current, err
}

// roots are all root keys the county has had, each signed by one before.
func (k Keyring) roots() ([][]byte, error) {
	_, roots, err := k.bundles()
	return roots, err
}

func (k Keyring) bundles() (current CountyTrust, roots [][]byte, err error) {
	fp, err := k.Fingerprint()
	if err != nil {
		return current, nil, err
	}
	first, err := Anchor(fp, k.Chain[:1])
	if err != nil {
		return current, nil, fmt.Errorf("trust file: %w", err)
	}
	if first.County != k.County || !k.Chain[0].signedBy(first.Roots) {
		return current, nil, fmt.Errorf("trust file: %w", ErrWrongCounty)
	}
	roots, current = first.Roots, first
	for _, link := range k.Chain[1:] {
		if current, err = current.Advance(link); err != nil {
			return current, nil, fmt.Errorf("trust file: %w", err)
		}
		roots = append(roots, current.Roots...)
	}
	return current, roots, nil
}
