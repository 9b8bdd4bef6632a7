package federation

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/tongban/tongban/federation/trust"
)

// own is what a node proves with that it is itself: its keys, and the county's
// word for them. A renewal replaces all of it at once.
type own struct {
	keys       *trust.NodeKeys
	credential trust.SignedCredential
	cert       *tls.Certificate
	issuer     *trust.Issuer
}

func newOwn(keys *trust.NodeKeys, credential trust.SignedCredential, certificate []byte, tokenLife time.Duration) (*own, error) {
	cert, err := keys.Certificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("this node's certificate: %w", err)
	}
	return &own{keys: keys, credential: credential, cert: cert,
		issuer: &trust.Issuer{County: credential.Credential.Division.County(), Credential: credential.Credential, Key: keys.Sign, Life: tokenLife}}, nil
}

// Expires is when the keys of this node end: its credential, or its
// certificate if that is earlier.
func (n *Node) Expires() time.Time {
	o := n.own.Load()
	return expiry(o.credential, o.cert)
}

func expiry(credential trust.SignedCredential, cert *tls.Certificate) time.Time {
	end := time.UnixMilli(credential.Credential.ExpiresAt)
	if cert.Leaf.NotAfter.Before(end) {
		end = cert.Leaf.NotAfter
	}
	return end
}

// Expires is when the keys of a membership end.
func (m *Membership) Expires() (time.Time, error) {
	cert, err := m.Keys.Certificate(m.Certificate)
	if err != nil {
		return time.Time{}, err
	}
	return expiry(m.Credential, cert), nil
}
