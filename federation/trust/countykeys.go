package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tongban/tongban/node/division"
)

// CountyKeyFile is the name of the file with a county's keys.
const CountyKeyFile = "county-keys.json"

const countyKeysFormat = 1

// CountyKeys are the private keys of a county and the history of its public
// ones. Whoever has them is the county.
type CountyKeys struct {
	root      ed25519.PrivateKey
	ledgerKey string // note's signer form
	ledger    note.Signer
	ca        *ecdsa.PrivateKey
	caCert    *x509.Certificate
	trust     CountyTrust
	chain     []SignedTrust
}

// LedgerName is the name that signs a county's checkpoints.
func LedgerName(county division.Code) string { return "tongban/" + string(county) }

// GenerateCounty makes the keys of a new county.
func GenerateCounty(rand io.Reader, county division.Code, now time.Time) (*CountyKeys, error) {
	if err := checkCounty(county); err != nil {
		return nil, fmt.Errorf("generate county keys: %w", err)
	}
	k, err := newKeys(rand, county, now)
	if err != nil {
		return nil, err
	}
	signed, err := signTrust(k.trust, k.root)
	if err != nil {
		return nil, err
	}
	k.chain = []SignedTrust{signed}
	return k, nil
}

// Trust is the county's current public bundle.
func (k *CountyKeys) Trust() CountyTrust { return k.trust }

// County is whose keys they are.
func (k *CountyKeys) County() division.Code { return k.trust.County }

// Chain is every bundle the county has had, oldest first.
func (k *CountyKeys) Chain() []SignedTrust { return append([]SignedTrust(nil), k.chain...) }

// OpeningKey is the root key, for opening what was sealed for the county.
func (k *CountyKeys) OpeningKey() ed25519.PrivateKey { return k.root }

// Rotate makes new keys of all three kinds and leaves k as it was. The old
// public keys stay trusted, so that credentials, certificates and
// checkpoints made with them remain good until Retire; the new bundle is
// signed by the old root. Hubs should keep their present TLS certificates until
// the nodes have the new bundle: one that knows only the old authority cannot
// verify a certificate made by the new one, and has to fetch the chain by
// FirstContactConfig.
func (k *CountyKeys) Rotate(rand io.Reader, now time.Time) (*CountyKeys, error) {
	if len(k.trust.Roots) >= maxKeys {
		return nil, fmt.Errorf("rotate county keys: %d old keys are still trusted; retire them first", len(k.trust.Roots)-1)
	}
	next, err := newKeys(rand, k.trust.County, now)
	if err != nil {
		return nil, err
	}
	next.trust.Serial = k.trust.Serial + 1
	next.trust.Roots = append(next.trust.Roots, k.trust.Roots...)
	next.trust.Ledger = append(next.trust.Ledger, k.trust.Ledger...)
	next.trust.CAs = append(next.trust.CAs, k.trust.CAs...)
	return next, next.linkTo(k)
}

// Retire ends the trust in all keys but the current ones. Nodes must have
// credentials and certificates made with the current keys by then. Old
// checkpoints can still be checked against the old bundles in Chain.
func (k *CountyKeys) Retire(now time.Time) (*CountyKeys, error) {
	next := *k
	next.trust.Serial++
	next.trust.IssuedAt = now.UnixMilli()
	next.trust.Roots = k.trust.Roots[:1:1]
	next.trust.Ledger = k.trust.Ledger[:1:1]
	next.trust.CAs = k.trust.CAs[:1:1]
	return &next, next.linkTo(k)
}

// linkTo signs k's bundle with the previous root and appends it to the chain.
func (k *CountyKeys) linkTo(previous *CountyKeys) error {
	signed, err := signTrust(k.trust, previous.root)
	if err != nil {
		return err
	}
	k.chain = append(previous.Chain(), signed)
	return nil
}

// String keeps keys out of logs.
func (k CountyKeys) String() string {
	return fmt.Sprintf("county keys %s serial %d (private)", k.trust.County, k.trust.Serial)
}

// GoString keeps keys out of logs.
func (k CountyKeys) GoString() string { return k.String() }

// Create writes the keys into dir, which it makes if need be. It never
// replaces keys: a county without its root cannot be repaired.
func (k *CountyKeys) Create(dir string) error { return k.write(dir, false) }

// Replace writes the keys into dir in place of older ones, after a rotation.
func (k *CountyKeys) Replace(dir string) error { return k.write(dir, true) }

func (k *CountyKeys) write(dir string, replace bool) error {
	data, err := k.Encode()
	if err != nil {
		return err
	}
	return writeKeyFile(dir, CountyKeyFile, data, replace)
}

// LoadCounty reads the keys from dir.
func LoadCounty(dir string) (*CountyKeys, error) {
	data, err := readKeyFile(dir, CountyKeyFile)
	if err != nil {
		return nil, fmt.Errorf("county keys: %w", err)
	}
	return DecodeCounty(data)
}

type countyKeysFile struct {
	Format int           `json:"format"`
	Root   []byte        `json:"root"`   // ed25519 seed
	Ledger string        `json:"ledger"` // note signer
	CA     []byte        `json:"ca"`     // PKCS #8
	Chain  []SignedTrust `json:"chain"`
}

// Encode gives the private keys as bytes, for a file or for handing them to
// another hub over a verified connection. They are not encrypted.
func (k *CountyKeys) Encode() ([]byte, error) {
	ca, err := x509.MarshalPKCS8PrivateKey(k.ca)
	if err != nil {
		return nil, fmt.Errorf("encode county keys: %w", err)
	}
	b, err := json.MarshalIndent(countyKeysFile{
		Format: countyKeysFormat, Root: k.root.Seed(), Ledger: k.ledgerKey, CA: ca, Chain: k.chain,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode county keys: %w", err)
	}
	return append(b, '\n'), nil
}

// DecodeCounty reads what Encode wrote. It checks the whole chain and that
// each private key belongs to the newest bundle.
func DecodeCounty(data []byte) (*CountyKeys, error) {
	var f countyKeysFile
	if err := decodeStrict(data, maxKeyFile, &f, "format", "root", "ledger", "ca", "chain"); err != nil {
		return nil, fmt.Errorf("county keys: %w", err)
	}
	if f.Format != countyKeysFormat {
		return nil, fmt.Errorf("county keys: %w: format %d needs another tongban", ErrMalformed, f.Format)
	}
	if len(f.Root) != ed25519.SeedSize || len(f.Chain) == 0 {
		return nil, fmt.Errorf("county keys: %w: root or chain", ErrMalformed)
	}
	k := &CountyKeys{root: ed25519.NewKeyFromSeed(f.Root), ledgerKey: f.Ledger, chain: f.Chain}
	var err error
	if k.ca, err = parseP256(f.CA); err != nil {
		return nil, fmt.Errorf("county keys: CA: %w", err)
	}
	if k.ledger, err = note.NewSigner(f.Ledger); err != nil {
		return nil, fmt.Errorf("county keys: ledger: %w: %w", ErrMalformed, err)
	}
	if k.trust, err = Anchor(fingerprint(f.Chain[0].Bundle), f.Chain); err != nil {
		return nil, fmt.Errorf("county keys: %w", err)
	}
	return k, k.checkPairs()
}

// checkPairs refuses private keys that are not those of the bundle: a file
// put together from two backups would sign what no node accepts.
func (k *CountyKeys) checkPairs() error {
	cas, err := k.trust.authorities()
	if err != nil {
		return err
	}
	k.caCert = cas[0]
	verifiers, err := k.trust.ledgerVerifiers()
	if err != nil {
		return err
	}
	public, ok := k.caCert.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !bytes.Equal(k.root.Public().(ed25519.PublicKey), k.trust.Roots[0]):
		return fmt.Errorf("county keys: %w: root key and bundle differ", ErrMalformed)
	case !ok || !public.Equal(k.ca.Public()):
		return fmt.Errorf("county keys: %w: CA key and bundle differ", ErrMalformed)
	case !sameNoteKey(k.ledger, verifiers[0]):
		return fmt.Errorf("county keys: %w: ledger key and bundle differ", ErrMalformed)
	}
	return nil
}

// sameNoteKey tries the pair out: a note key's hash alone has only 32 bits.
func sameNoteKey(signer note.Signer, verifier note.Verifier) bool {
	probe := []byte("tongban key check\n")
	sig, err := signer.Sign(probe)
	return err == nil && signer.Name() == verifier.Name() && signer.KeyHash() == verifier.KeyHash() && verifier.Verify(probe, sig)
}

// newKeys makes three key pairs and a bundle with serial 1 of them alone.
func newKeys(rand io.Reader, county division.Code, now time.Time) (*CountyKeys, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("generate root key: %w", err)
	}
	k := &CountyKeys{root: ed25519.NewKeyFromSeed(seed)}
	verifier, err := k.newLedgerKey(rand, county)
	if err != nil {
		return nil, fmt.Errorf("generate ledger key: %w", err)
	}
	if k.ca, err = generateP256(rand); err != nil {
		return nil, fmt.Errorf("generate CA key: %w", err)
	}
	if k.caCert, err = selfSignCA(rand, k.ca, county, now); err != nil {
		return nil, err
	}
	k.trust = CountyTrust{
		Format: bundleFormat, County: county, Serial: 1, IssuedAt: now.UnixMilli(),
		Roots:  [][]byte{k.root.Public().(ed25519.PublicKey)},
		Ledger: []string{verifier},
		CAs:    []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.caCert.Raw}))},
	}
	return k, k.trust.check()
}

// newLedgerKey spells out note.GenerateKey: since Go 1.26 that may take its
// randomness from elsewhere than the reader it is given, and keys made from
// one seed must be the same ones.
func (k *CountyKeys) newLedgerKey(rand io.Reader, county division.Code) (verifier string, err error) {
	const algEd25519 = 1
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", err
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	verifier, err = note.NewEd25519VerifierKey(LedgerName(county), public)
	if err != nil {
		return "", err
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return "", err
	}
	hash := binary.BigEndian.AppendUint32(nil, v.KeyHash())
	k.ledgerKey = fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", LedgerName(county), hash,
		base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...)))
	k.ledger, err = note.NewSigner(k.ledgerKey)
	return verifier, err
}

// generateP256 draws a scalar until it is in range (all but one in 2^32 are).
func generateP256(rand io.Reader) (*ecdsa.PrivateKey, error) {
	raw := make([]byte, 32)
	for range 8 {
		if _, err := io.ReadFull(rand, raw); err != nil {
			return nil, err
		}
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w: the random source gives no usable key", ErrMalformed)
}

func parseP256(pkcs8 []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: not a P-256 key", ErrMalformed)
	}
	return key, nil
}

// Secret is a secret that all hubs have and nobody else, for one use. It changes
// when the county's keys do.
func (k *CountyKeys) Secret(use string) []byte {
	h := hmac.New(sha256.New, []byte(k.ledgerKey))
	h.Write([]byte("tongban county secret v1\n" + use))
	return h.Sum(nil)
}
