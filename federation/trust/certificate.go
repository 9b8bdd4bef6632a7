package trust

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"net/url"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

const (
	uriScheme = "tongban"
	// caYears is long because rotating the authority is a decision, not a
	// date that passes unnoticed in an office without an administrator.
	caYears = 20
	// backdate lets a node whose clock is behind use its certificate at once.
	backdate = time.Hour
)

// Peer is the node at the other end of a verified connection.
type Peer = Place

// URI is the place as a certificate carries it, for example
// tongban://330523/node/shiba-1?tier=village&division=330523101201.
func (p Place) URI() *url.URL {
	return &url.URL{
		Scheme: uriScheme, Host: string(p.County), Path: "/node/" + p.Node,
		RawQuery: "tier=" + string(p.Tier) + "&division=" + string(p.Division),
	}
}

// parsePlace accepts exactly what URI writes, in one spelling.
func parsePlace(u *url.URL) (Place, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Place{}, fmt.Errorf("%w: node URI: %w", ErrMalformed, err)
	}
	p := Place{County: division.Code(u.Host), Tier: node.Tier(q.Get("tier")), Division: division.Code(q.Get("division"))}
	if len(u.Path) > len("/node/") {
		p.Node = u.Path[len("/node/"):]
	}
	if err := p.Check(); err != nil {
		return Place{}, fmt.Errorf("node URI: %w", err)
	}
	if p.URI().String() != u.String() {
		return Place{}, fmt.Errorf("%w: node URI", ErrMalformed)
	}
	return p, nil
}

// IssueCertificate signs a TLS certificate for a node: good for both ends of
// a connection, naming the node in its URI and the host names and addresses
// in names. It is valid from an hour ago for the given time.
func (k *CountyKeys) IssueCertificate(rand io.Reader, place Place, public *ecdsa.PublicKey, names []string,
	now time.Time, valid time.Duration) ([]byte, error) {
	if err := place.Check(); err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	if place.County != k.County() {
		return nil, fmt.Errorf("issue certificate: %w", ErrWrongCounty)
	}
	if valid <= 0 {
		return nil, fmt.Errorf("issue certificate: %w: validity %s", ErrMalformed, valid)
	}
	serial, err := newSerial(rand)
	if err != nil {
		return nil, err
	}
	end := now.Add(valid)
	if end.After(k.caCert.NotAfter) {
		end = k.caCert.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: place.Node, OrganizationalUnit: []string{string(place.Tier)}},
		NotBefore:    now.Add(-backdate), NotAfter: end,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		URIs:                  []*url.URL{place.URI()},
	}
	for _, n := range names {
		if !validHost(n) {
			return nil, fmt.Errorf("issue certificate: %w: host name %.80q", ErrMalformed, n)
		}
		if addr, err := netip.ParseAddr(n); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand, template, k.caCert, public, k.ca)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return der, nil
}

// CertificateFor issues the certificate an enrolment request asks for. The
// request's place must have been compared with the join token's record.
func (k *CountyKeys) CertificateFor(rand io.Reader, r EnrolRequest, now time.Time, valid time.Duration) ([]byte, error) {
	return k.CertificateAs(rand, r, r.Place(), now, valid)
}

// CertificateAs issues the certificate for another place than the request's:
// that which its machine has from then on.
func (k *CountyKeys) CertificateAs(rand io.Reader, r EnrolRequest, place Place, now time.Time, valid time.Duration) ([]byte, error) {
	if err := r.Verify(); err != nil {
		return nil, err
	}
	public, err := r.tlsPublic()
	if err != nil {
		return nil, err
	}
	return k.IssueCertificate(rand, place, public, r.Names, now, valid)
}

// Certificate joins a certificate (DER) to the node's TLS key, for use in a
// TLSOptions.
func (k *NodeKeys) Certificate(der []byte) (*tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("node certificate: %w: %w", ErrMalformed, err)
	}
	public, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(k.TLS.Public()) {
		return nil, fmt.Errorf("node certificate: %w: %w", ErrMalformed, ErrOtherKey)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k.TLS, Leaf: leaf}, nil
}

// placeOf reads the one node URI of a certificate.
func placeOf(cert *x509.Certificate) (Place, error) {
	if len(cert.URIs) != 1 || cert.IsCA {
		return Place{}, fmt.Errorf("%w: the certificate names no node", ErrNoPeer)
	}
	p, err := parsePlace(cert.URIs[0])
	if err != nil {
		return Place{}, err
	}
	if cert.Subject.CommonName != p.Node {
		return Place{}, fmt.Errorf("%w: common name and node URI differ", ErrMalformed)
	}
	return p, nil
}

func selfSignCA(rand io.Reader, key *ecdsa.PrivateKey, county division.Code, now time.Time) (*x509.Certificate, error) {
	serial, err := newSerial(rand)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "tongban county " + string(county), Organization: []string{LedgerName(county)}},
		NotBefore:    now.Add(-backdate), NotAfter: now.AddDate(caYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sign CA certificate: %w", err)
	}
	return cert, nil
}

// newSerial is 127 random bits, positive.
func newSerial(rand io.Reader) (*big.Int, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return nil, fmt.Errorf("certificate serial: %w", err)
	}
	raw[0] = raw[0]&0x7f | 0x40
	return new(big.Int).SetBytes(raw), nil
}
