package trust

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

const (
	enrolFormat  = 1
	enrolDomain  = "tongban enrol v1\n"
	maxEnrol     = 16 << 10
	maxHostNames = 16
)

// EnrolRequest is what a node asks the county to certify, signed with both of
// its keys: nobody can enrol with keys they only saw. Which tier and division
// the node may have is decided by the record of the join token; the request
// repeats them so that a mistake shows before anything is signed.
type EnrolRequest struct {
	Format   int           `json:"format"`
	County   division.Code `json:"county"`
	Node     string        `json:"node"`
	Tier     node.Tier     `json:"tier"`
	Division division.Code `json:"division"`
	// Token is the id of the join token, so that a request that was seen
	// cannot be handed in again with another one.
	Token string `json:"token"`
	// SignKey is an ed25519 public key, 32 bytes; TLSKey a P-256 public key
	// in PKIX form.
	SignKey []byte `json:"sign_key"`
	TLSKey  []byte `json:"tls_key"`
	// Names are the host names and IP addresses the node is reached by.
	Names []string `json:"names"`
	// SignProof and TLSProof are the signatures by the two keys.
	SignProof []byte `json:"sign_proof,omitempty"`
	TLSProof  []byte `json:"tls_proof,omitempty"`
}

var enrolFields = []string{"format", "county", "node", "tier", "division", "token",
	"sign_key", "tls_key", "names", "sign_proof", "tls_proof"}

// Place is which node in which county: what certificates and requests are
// about.
type Place struct {
	County   division.Code
	Node     string
	Tier     node.Tier
	Division division.Code
}

// Check refuses a place that cannot be: a malformed node id, or a division
// that is not of the tier or not in the county.
func (p Place) Check() error {
	if err := checkCounty(p.County); err != nil {
		return err
	}
	if !ValidNodeID(p.Node) {
		return fmt.Errorf("%w: node id", ErrMalformed)
	}
	d, err := division.Parse(string(p.Division))
	if err != nil {
		return fmt.Errorf("%w: division: %w", ErrMalformed, err)
	}
	if d.Tier() != p.Tier {
		return fmt.Errorf("%w: division %s is not of tier %q", ErrMalformed, d, p.Tier)
	}
	if d.County() != p.County {
		return fmt.Errorf("division %s: %w", d, ErrWrongCounty)
	}
	return nil
}

// ValidNodeID reports whether s can be a node's id: 3 to 40 of a-z, 0-9 and
// "-". Ids go into file names, URLs and certificates, so nothing else will do.
func ValidNodeID(s string) bool {
	if len(s) < 3 || len(s) > 40 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// NewEnrolRequest makes and signs a request for a node's own keys.
func NewEnrolRequest(keys *NodeKeys, place Place, token string, names []string) (EnrolRequest, error) {
	spki, err := x509.MarshalPKIXPublicKey(keys.TLS.Public())
	if err != nil {
		return EnrolRequest{}, fmt.Errorf("enrol request: %w", err)
	}
	r := EnrolRequest{
		Format: enrolFormat, County: place.County, Node: place.Node, Tier: place.Tier, Division: place.Division,
		Token: token, SignKey: keys.SignPublic(), TLSKey: spki, Names: names,
	}
	if err := r.check(); err != nil {
		return EnrolRequest{}, fmt.Errorf("enrol request: %w", err)
	}
	message, err := r.signed()
	if err != nil {
		return EnrolRequest{}, err
	}
	r.SignProof = ed25519.Sign(keys.Sign, message)
	digest := sha256.Sum256(message)
	if r.TLSProof, err = ecdsa.SignASN1(rand.Reader, keys.TLS, digest[:]); err != nil {
		return EnrolRequest{}, fmt.Errorf("enrol request: %w", err)
	}
	return r, nil
}

// Place is where the request says its node belongs.
func (r EnrolRequest) Place() Place {
	return Place{County: r.County, Node: r.Node, Tier: r.Tier, Division: r.Division}
}

// DecodeEnrolRequest reads a request and checks its form and both proofs.
func DecodeEnrolRequest(data []byte) (EnrolRequest, error) {
	var r EnrolRequest
	if err := decodeStrict(data, maxEnrol, &r, enrolFields...); err != nil {
		return EnrolRequest{}, fmt.Errorf("enrol request: %w", err)
	}
	if err := r.Verify(); err != nil {
		return EnrolRequest{}, err
	}
	return r, nil
}

// Verify checks the request's form and that both keys signed it.
func (r EnrolRequest) Verify() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("enrol request: %w", err)
	}
	message, err := r.signed()
	if err != nil {
		return err
	}
	tlsKey, err := r.tlsPublic()
	if err != nil {
		return fmt.Errorf("enrol request: %w", err)
	}
	digest := sha256.Sum256(message)
	if !ed25519.Verify(r.SignKey, message, r.SignProof) || !ecdsa.VerifyASN1(tlsKey, digest[:], r.TLSProof) {
		return fmt.Errorf("enrol request: %w", ErrSignature)
	}
	return nil
}

func (r EnrolRequest) check() error {
	if r.Format != enrolFormat {
		return fmt.Errorf("%w: format %d needs another tongban", ErrMalformed, r.Format)
	}
	if err := r.Place().Check(); err != nil {
		return err
	}
	if len(r.Token) > 64 || len(r.SignKey) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: token or signing key", ErrMalformed)
	}
	if len(r.Names) > maxHostNames {
		return fmt.Errorf("%w: %d host names, at most %d", ErrMalformed, len(r.Names), maxHostNames)
	}
	for _, n := range r.Names {
		if !validHost(n) {
			return fmt.Errorf("%w: host name %.80q", ErrMalformed, n)
		}
	}
	_, err := r.tlsPublic()
	return err
}

func (r EnrolRequest) signed() ([]byte, error) {
	r.SignProof, r.TLSProof = nil, nil
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("enrol request: %w", err)
	}
	return append([]byte(enrolDomain), b...), nil
}

func (r EnrolRequest) tlsPublic() (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(r.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("%w: TLS key: %w", ErrMalformed, err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: TLS key is not P-256", ErrMalformed)
	}
	return key, nil
}

// validHost allows IP addresses and ASCII host names, no wildcards.
func validHost(s string) bool {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Zone() == ""
	}
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.ToLower(s), ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
