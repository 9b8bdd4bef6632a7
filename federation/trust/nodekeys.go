package trust

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
)

// NodeKeyFile is the name of the file with a node's keys.
const NodeKeyFile = "node-keys.json"

const nodeKeysFormat = 1

// NodeKeys are a node's private keys. They never leave it.
type NodeKeys struct {
	// Sign signs entries and staff tokens.
	Sign ed25519.PrivateKey
	// TLS is the key of the node's certificate, P-256.
	TLS *ecdsa.PrivateKey
}

// GenerateNode makes the keys of a new node.
func GenerateNode(rand io.Reader) (*NodeKeys, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("generate node signing key: %w", err)
	}
	tlsKey, err := generateP256(rand)
	if err != nil {
		return nil, fmt.Errorf("generate node TLS key: %w", err)
	}
	return &NodeKeys{Sign: ed25519.NewKeyFromSeed(seed), TLS: tlsKey}, nil
}

// SignPublic is the public half of the signing key, as credentials carry it.
func (k *NodeKeys) SignPublic() ed25519.PublicKey { return k.Sign.Public().(ed25519.PublicKey) }

// String keeps keys out of logs.
func (k NodeKeys) String() string { return "node keys (private)" }

// GoString keeps keys out of logs.
func (k NodeKeys) GoString() string { return k.String() }

// Create writes the keys into dir, which it makes if need be; it never
// replaces keys.
func (k *NodeKeys) Create(dir string) error { return k.write(dir, false) }

// Replace writes the keys into dir in place of older ones.
func (k *NodeKeys) Replace(dir string) error { return k.write(dir, true) }

func (k *NodeKeys) write(dir string, replace bool) error {
	data, err := k.Encode()
	if err != nil {
		return err
	}
	return writeKeyFile(dir, NodeKeyFile, data, replace)
}

// LoadNode reads the keys from dir.
func LoadNode(dir string) (*NodeKeys, error) {
	data, err := readKeyFile(dir, NodeKeyFile)
	if err != nil {
		return nil, fmt.Errorf("node keys: %w", err)
	}
	return DecodeNode(data)
}

type nodeKeysFile struct {
	Format int    `json:"format"`
	Sign   []byte `json:"sign"` // ed25519 seed
	TLS    []byte `json:"tls"`  // PKCS #8
}

// Encode gives the private keys as bytes, not encrypted.
func (k *NodeKeys) Encode() ([]byte, error) {
	tlsKey, err := x509.MarshalPKCS8PrivateKey(k.TLS)
	if err != nil {
		return nil, fmt.Errorf("encode node keys: %w", err)
	}
	b, err := json.MarshalIndent(nodeKeysFile{Format: nodeKeysFormat, Sign: k.Sign.Seed(), TLS: tlsKey}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode node keys: %w", err)
	}
	return append(b, '\n'), nil
}

// DecodeNode reads what Encode wrote.
func DecodeNode(data []byte) (*NodeKeys, error) {
	var f nodeKeysFile
	if err := decodeStrict(data, maxKeyFile, &f, "format", "sign", "tls"); err != nil {
		return nil, fmt.Errorf("node keys: %w", err)
	}
	if f.Format != nodeKeysFormat {
		return nil, fmt.Errorf("node keys: %w: format %d needs another tongban", ErrMalformed, f.Format)
	}
	if len(f.Sign) != ed25519.SeedSize {
		return nil, fmt.Errorf("node keys: %w: signing key of %d bytes", ErrMalformed, len(f.Sign))
	}
	tlsKey, err := parseP256(f.TLS)
	if err != nil {
		return nil, fmt.Errorf("node keys: TLS: %w", err)
	}
	return &NodeKeys{Sign: ed25519.NewKeyFromSeed(f.Sign), TLS: tlsKey}, nil
}
