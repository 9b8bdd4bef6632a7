package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/mod/sumdb/note"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

const (
	bundleFormat = 1
	maxBundle    = 64 << 10
	// maxKeys bounds each list: today's key, yesterday's, and room for
	// emergencies.
	maxKeys      = 8
	maxChain     = 1000
	trustDomain  = "tongban trust v1\n"
	fingerprintN = 15
)

// CountyTrust is a county's public keys: all that a node needs to judge what
// comes from the county. The first of each list is in use, the others are
// older ones still honoured.
type CountyTrust struct {
	Format int           `json:"format"`
	County division.Code `json:"county"`
	// Serial counts the county's bundles from 1.
	Serial int64 `json:"serial"`
	// IssuedAt is Unix milliseconds.
	IssuedAt int64 `json:"issued_at"`
	// Roots are ed25519 public keys, 32 bytes each.
	Roots [][]byte `json:"roots"`
	// Ledger are verifier keys in the form of package note.
	Ledger []string `json:"ledger"`
	// CAs are certificates in PEM, one each.
	CAs []string `json:"cas"`
}

var bundleFields = []string{"format", "county", "serial", "issued_at", "roots", "ledger", "cas"}

// Fingerprint is the beginning of a bundle's SHA-256, long enough (120 bits)
// that nobody can make another bundle to fit it and short enough to be part
// of a join token.
type Fingerprint [fingerprintN]byte

func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// Encode gives the bundle's bytes, the ones that are hashed and signed.
func (t CountyTrust) Encode() ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encode trust bundle: %w", err)
	}
	return b, nil
}

// Fingerprint identifies the bundle.
func (t CountyTrust) Fingerprint() (Fingerprint, error) {
	b, err := t.Encode()
	if err != nil {
		return Fingerprint{}, err
	}
	return fingerprint(b), nil
}

func fingerprint(bundle []byte) Fingerprint {
	sum := sha256.Sum256(append([]byte(trustDomain), bundle...))
	return Fingerprint(sum[:fingerprintN])
}

// DecodeTrust reads a bundle and checks that it is whole: known format, valid
// keys, no key twice. It says nothing about whether the bundle is the
// county's; that is for Anchor and Advance.
func DecodeTrust(data []byte) (CountyTrust, error) {
	var t CountyTrust
	if err := decodeStrict(data, maxBundle, &t, bundleFields...); err != nil {
		return CountyTrust{}, fmt.Errorf("trust bundle: %w", err)
	}
	if err := t.check(); err != nil {
		return CountyTrust{}, fmt.Errorf("trust bundle: %w", err)
	}
	return t, nil
}

func (t CountyTrust) check() error {
	if t.Format != bundleFormat {
		return fmt.Errorf("%w: format %d needs another tongban", ErrMalformed, t.Format)
	}
	if err := checkCounty(t.County); err != nil {
		return err
	}
	if t.Serial < 1 || t.IssuedAt <= 0 {
		return fmt.Errorf("%w: serial or time", ErrMalformed)
	}
	for _, n := range []int{len(t.Roots), len(t.Ledger), len(t.CAs)} {
		if n < 1 || n > maxKeys {
			return fmt.Errorf("%w: %d keys in a list of 1 to %d", ErrMalformed, n, maxKeys)
		}
	}
	for i, k := range t.Roots {
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: root key of %d bytes", ErrMalformed, len(k))
		}
		if slices.ContainsFunc(t.Roots[:i], func(o []byte) bool { return bytes.Equal(o, k) }) {
			return fmt.Errorf("%w: root key twice", ErrMalformed)
		}
	}
	if _, err := t.ledgerVerifiers(); err != nil {
		return err
	}
	_, err := t.authorities()
	return err
}

// ledgerVerifiers are the ledger keys, checked to be this county's.
func (t CountyTrust) ledgerVerifiers() ([]note.Verifier, error) {
	verifiers := make([]note.Verifier, 0, len(t.Ledger))
	for _, k := range t.Ledger {
		v, err := note.NewVerifier(k)
		if err != nil {
			return nil, fmt.Errorf("%w: ledger key: %w", ErrMalformed, err)
		}
		if v.Name() != LedgerName(t.County) {
			return nil, fmt.Errorf("ledger key of %q: %w", v.Name(), ErrWrongCounty)
		}
		// Package note takes two keys of one name and hash for ambiguous and
		// would then refuse every checkpoint.
		if slices.ContainsFunc(verifiers, func(o note.Verifier) bool { return o.KeyHash() == v.KeyHash() }) {
			return nil, fmt.Errorf("%w: ledger key twice", ErrMalformed)
		}
		verifiers = append(verifiers, v)
	}
	return verifiers, nil
}

// authorities are the CA certificates, checked to be that.
func (t CountyTrust) authorities() ([]*x509.Certificate, error) {
	certs := make([]*x509.Certificate, 0, len(t.CAs))
	for _, p := range t.CAs {
		block, rest := pem.Decode([]byte(p))
		if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) != 0 {
			return nil, fmt.Errorf("%w: CA is not one PEM certificate", ErrMalformed)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: CA: %w", ErrMalformed, err)
		}
		if !cert.IsCA || cert.CheckSignatureFrom(cert) != nil {
			return nil, fmt.Errorf("%w: CA certificate is not a self-signed authority", ErrMalformed)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// lastPool is the pool made last. All handshakes of a node ask for the same
// one, and checking the authorities' signatures takes longer than the rest of
// what is looked at.
var lastPool atomic.Pointer[poolOf]

type poolOf struct {
	cas  []string
	pool *x509.CertPool
}

// pool is the CA certificates for package x509. It must not be changed.
func (t CountyTrust) pool() (*x509.CertPool, error) {
	if p := lastPool.Load(); p != nil && slices.Equal(p.cas, t.CAs) {
		return p.pool, nil
	}
	certs, err := t.authorities()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	lastPool.Store(&poolOf{slices.Clone(t.CAs), pool})
	return pool, nil
}

// SignedTrust is a bundle signed by a root of the bundle before it, or by its
// own root when it is the county's first.
type SignedTrust struct {
	// Bundle is the exact bytes that were signed.
	Bundle []byte `json:"bundle"`
	Sig    []byte `json:"sig"`
}

func signTrust(t CountyTrust, root ed25519.PrivateKey) (SignedTrust, error) {
	b, err := t.Encode()
	if err != nil {
		return SignedTrust{}, err
	}
	return SignedTrust{Bundle: b, Sig: ed25519.Sign(root, append([]byte(trustDomain), b...))}, nil
}

func (s SignedTrust) signedBy(roots [][]byte) bool {
	return verifyAny(roots, append([]byte(trustDomain), s.Bundle...), s.Sig)
}

// DecodeSignedTrust reads one signed bundle; its signature is not checked.
func DecodeSignedTrust(data []byte) (SignedTrust, error) {
	var s SignedTrust
	// Base64 makes four bytes of three.
	if err := decodeStrict(data, 2*maxBundle, &s, "bundle", "sig"); err != nil {
		return SignedTrust{}, fmt.Errorf("signed trust: %w", err)
	}
	return s, nil
}

// Advance follows a county's rotations from a trusted bundle. Bundles that
// are not newer are passed over, so a node may be given the whole chain every
// time; a gap or a bundle not signed by a root of the one before is refused.
func (t CountyTrust) Advance(chain ...SignedTrust) (CountyTrust, error) {
	if len(chain) > maxChain {
		return t, fmt.Errorf("trust chain: %w: %d bundles", ErrMalformed, len(chain))
	}
	current := t
	for _, s := range chain {
		next, err := DecodeTrust(s.Bundle)
		if err != nil {
			return t, err
		}
		if next.County != current.County {
			return t, fmt.Errorf("trust chain: bundle of %s: %w", next.County, ErrWrongCounty)
		}
		if next.Serial <= current.Serial {
			continue
		}
		if next.Serial != current.Serial+1 {
			return t, fmt.Errorf("trust chain: %w: bundle %d does not follow %d", ErrMalformed, next.Serial, current.Serial)
		}
		if !s.signedBy(current.Roots) {
			return t, fmt.Errorf("trust chain: bundle %d: %w", next.Serial, ErrSignature)
		}
		current = next
	}
	return current, nil
}

// Anchor finds the bundle that fits a fingerprint in the chain a hub offers,
// and follows the chain from there to the newest bundle. Earlier bundles are
// not looked at: the fingerprint came from an operator and is the trust.
func Anchor(fp Fingerprint, chain []SignedTrust) (CountyTrust, error) {
	if len(chain) > maxChain {
		return CountyTrust{}, fmt.Errorf("trust chain: %w: %d bundles", ErrMalformed, len(chain))
	}
	for i, s := range chain {
		if fingerprint(s.Bundle) != fp {
			continue
		}
		t, err := DecodeTrust(s.Bundle)
		if err != nil {
			return CountyTrust{}, err
		}
		return t.Advance(chain[i+1:]...)
	}
	return CountyTrust{}, fmt.Errorf("no bundle fits the fingerprint of the join token: %w", ErrWrongCounty)
}

func verifyAny(roots [][]byte, message, sig []byte) bool {
	for _, k := range roots {
		if len(k) == ed25519.PublicKeySize && ed25519.Verify(k, message, sig) {
			return true
		}
	}
	return false
}

func checkCounty(c division.Code) error {
	parsed, err := division.Parse(string(c))
	if err != nil {
		return fmt.Errorf("%w: county code: %w", ErrMalformed, err)
	}
	if parsed.Tier() != node.County {
		return fmt.Errorf("%w: %s is not a county", ErrMalformed, c)
	}
	return nil
}
