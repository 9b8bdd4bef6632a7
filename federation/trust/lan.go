package trust

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A node may serve phones and tablets on its local network over https. They
// have to trust an authority for it, and a phone that trusts one trusts it for
// every name there is. So it is an authority of its own, with the county's key
// but under another name, that signs for private addresses and for names of
// local networks alone: no node, whoever has taken it over, gets a certificate
// of it for anybody's bank.

// LANLife is how long a certificate for a local network is good: phones refuse
// those of more than 825 days, whoever signed them.
const LANLife = 397 * 24 * time.Hour

// lanToken stands in such a request where an enrolment names its join token.
const lanToken = "lan"

// lanDomains are the names of local networks, under which nobody else has any.
var lanDomains = []string{"local", "lan", "internal", "home.arpa", "localhost"}

// ValidLANName reports whether a certificate for a local network may name s: a
// private address, or a host name that exists on local networks only.
func ValidLANName(s string) bool {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Zone() == "" && (addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast())
	}
	if !validHost(s) {
		return false
	}
	s = strings.ToLower(s)
	for _, d := range lanDomains {
		if s == d || strings.HasSuffix(s, "."+d) {
			return true
		}
	}
	return false
}

// NewLANRequest asks for a certificate of keys' TLS key for a local network, in
// the name of a node whose key is present.
func NewLANRequest(node *NodeKeys, keys *NodeKeys, place Place, names []string) (Renewal, error) {
	return newRenewal(node.Sign, keys, place, lanToken, names)
}

// LANAuthority is the certificate that a phone has to trust. All hubs make the
// same one, to the byte, so that its fingerprint can be compared.
func (k *CountyKeys) LANAuthority() (*x509.Certificate, error) {
	public, err := x509.MarshalPKIXPublicKey(k.ca.Public())
	if err != nil {
		return nil, fmt.Errorf("LAN authority: %w", err)
	}
	sum := sha256.Sum256(append([]byte("tongban lan authority v1\n"), public...))
	sum[0] = sum[0]&0x7f | 0x40
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(sum[:16]),
		Subject:      pkix.Name{CommonName: "tongban " + string(k.County()) + " 局域网 LAN", Organization: []string{LedgerName(k.County())}},
		NotBefore:    k.caCert.NotBefore, NotAfter: k.caCert.NotAfter,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		SubjectKeyId: sum[16:], AuthorityKeyId: sum[16:],
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: lanDomains,
	}
	for _, p := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"} {
		_, network, err := net.ParseCIDR(p)
		if err != nil {
			return nil, fmt.Errorf("LAN authority: %w", err)
		}
		template.PermittedIPRanges = append(template.PermittedIPRanges, network)
	}
	// Without randomness the signature is that of RFC 6979.
	der, err := x509.CreateCertificate(nil, template, template, k.ca.Public(), k.ca)
	if err != nil {
		return nil, fmt.Errorf("LAN authority: %w", err)
	}
	return x509.ParseCertificate(der)
}

// LANCertificate issues the certificate that a request asks for, beside that of
// the authority. The request must have been verified (VerifyLAN).
func (k *CountyKeys) LANCertificate(rand io.Reader, r Renewal, now time.Time) (der []byte, authority *x509.Certificate, err error) {
	if authority, err = k.LANAuthority(); err != nil {
		return nil, nil, err
	}
	if len(r.Request.Names) == 0 {
		return nil, nil, fmt.Errorf("LAN certificate: %w: no name", ErrMalformed)
	}
	public, err := r.Request.tlsPublic()
	if err != nil {
		return nil, nil, err
	}
	serial, err := newSerial(rand)
	if err != nil {
		return nil, nil, err
	}
	end := now.Add(LANLife)
	if end.After(authority.NotAfter) {
		end = authority.NotAfter
	}
	// It names no node: it is good for browsers, and for nothing between nodes.
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: r.Request.Names[0]}, NotBefore: now.Add(-backdate), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	for _, n := range r.Request.Names {
		if !ValidLANName(n) {
			return nil, nil, fmt.Errorf("LAN certificate: %w: %.80q is not of a local network", ErrMalformed, n)
		}
		if addr, err := netip.ParseAddr(n); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, strings.ToLower(n))
		}
	}
	der, err = x509.CreateCertificate(rand, template, authority, public, k.ca)
	if err != nil {
		return nil, nil, fmt.Errorf("LAN certificate: %w", err)
	}
	return der, authority, nil
}

// VerifyLAN checks that a request is for a local network and that the node's
// present key and the new one signed it.
func (r Renewal) VerifyLAN(present PublicKey) error { return r.verify(present, lanToken) }

// PairLAN joins a certificate for a local network (DER) to its key and to the
// authority's, for a listener.
func PairLAN(keys *NodeKeys, der, authority []byte) (*tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("LAN certificate: %w: %w", ErrMalformed, err)
	}
	ca, err := x509.ParseCertificate(authority)
	if err != nil {
		return nil, fmt.Errorf("LAN authority: %w: %w", ErrMalformed, err)
	}
	public, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(keys.TLS.Public()) {
		return nil, fmt.Errorf("LAN certificate: %w: %w", ErrMalformed, ErrOtherKey)
	}
	if err := leaf.CheckSignatureFrom(ca); err != nil {
		return nil, fmt.Errorf("LAN certificate: %w: %w", ErrSignature, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, authority}, PrivateKey: keys.TLS, Leaf: leaf}, nil
}

// LANAuthorityOf reports whether a certificate is that of the LAN authority of
// one of the county's certificate authorities, so that no node above hands down
// another.
func (t CountyTrust) LANAuthorityOf(der []byte) bool {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	for _, p := range t.CAs {
		block, _ := pem.Decode([]byte(p))
		if block == nil {
			continue
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		if public, ok := ca.PublicKey.(*ecdsa.PublicKey); ok && public.Equal(key) && cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil {
			return true
		}
	}
	return false
}
