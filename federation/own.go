package federation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
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

// checkOwn holds this node's credential against the county's keys as its ledger
// tells of them: those in membership.json may be from before a rotation. Below
// the county a restored ledger may be older than the credential, and the nodes
// above tell of the keys between; who takes the node's word checks it anyway.
func (n *Node) checkOwn() error {
	err := n.Trust().VerifyCredential(n.own.Load().credential, n.now())
	if errors.Is(err, trust.ErrSignature) && n.county == nil {
		n.log.Warn("this node does not know yet the county keys that its credential was signed with; it asks above for them", "error", err)
		return nil
	}
	if errors.Is(err, trust.ErrSignature) {
		return fmt.Errorf("%w: %w", ErrCredential, err)
	}
	if err != nil {
		return fmt.Errorf("this node's credential: %w", err)
	}
	return nil
}

// ErrCredential is a hub's credential that no key of the county it knows has
// signed.
var ErrCredential = errors.New("this node's credential")

// CredentialIn holds a node's credential against the county's keys as the
// databases in its folder tell of them, without opening them for writing. Nil
// says that the node starts with it.
func CredentialIn(ctx context.Context, dir string, k *atrest.Key, m *Membership, now time.Time) error {
	bundles, learned, err := store.InspectFounding(ctx, dir, k, learnedSetting)
	if err != nil {
		return err
	}
	chain, err := chainOf(bundles, learned)
	if err != nil {
		return err
	}
	known, err := m.trusted().Advance(chain...)
	if err != nil {
		return fmt.Errorf("county keys in the ledger: %w", err)
	}
	return known.VerifyCredential(m.Credential, now)
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
