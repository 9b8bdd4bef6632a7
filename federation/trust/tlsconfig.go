package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/node"
)

// TLSOptions is what a TLS configuration needs to know. All of it is asked at
// every handshake, so that rotated keys and revocations need no restart.
type TLSOptions struct {
	// Trust is the node's current bundle.
	Trust func() CountyTrust
	// Certificate is the node's own; nil means none, for a node that is only
	// enrolling.
	Certificate func() *tls.Certificate
	// Now is the clock.
	Now func() time.Time
	// Revoked tells whether the county has cast a node out; nil means never.
	Revoked func(nodeID string) bool
}

// Expect is which node a client wants to reach. Empty fields accept any.
type Expect struct {
	Node  string
	Tiers []node.Tier
}

// ServerConfig is for a node's federation port. A client may come without a
// certificate (to enrol); if it shows one, that must be a node's.
// Handlers learn the node with PeerNode. Nodes speak HTTP/1.1 among themselves:
// a feed is one long answer that takes its connection over, for which HTTP/2
// would only cost memory.
func ServerConfig(o TLSOptions) *tls.Config {
	return o.server(tls.VerifyClientCertIfGiven, Expect{}, "http/1.1")
}

// ClientConfig is for connections to another node's federation port. The
// other end is known by the node it is, not by its host name: offices change
// addresses, and a certificate's name is what the county signed.
func ClientConfig(o TLSOptions, want Expect) *tls.Config {
	return o.client(want, "http/1.1")
}

// PeerConfigs are for the port between hubs, where nothing but a hub may
// speak. The protocols (ALPN) keep kinds of connections apart.
func PeerConfigs(o TLSOptions, protocols ...string) (server, client *tls.Config) {
	hubs := Expect{Tiers: []node.Tier{node.County}}
	return o.server(tls.RequireAndVerifyClientCert, hubs, protocols...), o.client(hubs, protocols...)
}

// FirstContactConfig is for fetching the chain of bundles from somebody not
// verified yet: by a node that joins and has only a fingerprint, or by one that
// was away while the authorities changed. What it brings must go through
// Anchor or Advance; nothing secret may be sent over it.
func FirstContactConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
}

// PeerNode tells which node is at the other end of a connection that a server
// of this package accepted; ErrNoPeer when the client showed no certificate.
func PeerNode(cs tls.ConnectionState) (Peer, error) {
	if len(cs.VerifiedChains) == 0 || len(cs.VerifiedChains[0]) == 0 {
		return Peer{}, ErrNoPeer
	}
	return placeOf(cs.VerifiedChains[0][0])
}

// VerifyPeer checks the certificate shown on a connection against the
// county's authorities and tells which node it names. Either end may use it.
func (t CountyTrust) VerifyPeer(cs tls.ConnectionState, now time.Time, usage x509.ExtKeyUsage) (Peer, error) {
	if len(cs.PeerCertificates) == 0 {
		return Peer{}, ErrNoPeer
	}
	roots, err := t.pool()
	if err != nil {
		return Peer{}, err
	}
	cert := cs.PeerCertificates[0]
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
	if err != nil {
		return Peer{}, fmt.Errorf("node certificate: %w", err)
	}
	peer, err := placeOf(cert)
	if err != nil {
		return Peer{}, err
	}
	if peer.County != t.County {
		return Peer{}, fmt.Errorf("node %s: %w", peer.Node, ErrWrongCounty)
	}
	return peer, nil
}

func (o TLSOptions) server(auth tls.ClientAuthType, want Expect, protocols ...string) *tls.Config {
	base := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ClientAuth: auth,
		NextProtos: protocols,
		Time:       o.Now,
		// A resumed session would skip the look at the current authorities.
		SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return o.certificate()
		},
		VerifyConnection: func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 && auth == tls.VerifyClientCertIfGiven {
				return nil
			}
			return o.verify(cs, want, x509.ExtKeyUsageClientAuth)
		},
	}
	// The fallback trusts nobody; every handshake asks for the authorities of
	// its time. A connection keeps its configuration, so those that trust the
	// same share one.
	base.ClientCAs = x509.NewCertPool()
	var last atomic.Pointer[tls.Config]
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool, err := o.Trust().pool()
		if err != nil {
			return nil, err
		}
		if c := last.Load(); c != nil && c.ClientCAs == pool {
			return c, nil
		}
		current := base.Clone()
		current.GetConfigForClient = nil
		current.ClientCAs = pool
		last.Store(current)
		return current, nil
	}
	return base
}

func (o TLSOptions) client(want Expect, protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: protocols,
		Time:       o.Now,
		// The standard check compares host names and has a fixed set of
		// roots. VerifyConnection does the whole check instead, on every
		// connection.
		InsecureSkipVerify: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			return o.verify(cs, want, x509.ExtKeyUsageServerAuth)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if o.Certificate == nil {
				return &tls.Certificate{}, nil
			}
			return o.certificate()
		},
	}
}

func (o TLSOptions) certificate() (*tls.Certificate, error) {
	if o.Certificate != nil {
		if cert := o.Certificate(); cert != nil {
			return cert, nil
		}
	}
	return nil, fmt.Errorf("this node has no certificate yet: %w", ErrNoPeer)
}

func (o TLSOptions) verify(cs tls.ConnectionState, want Expect, usage x509.ExtKeyUsage) error {
	peer, err := o.Trust().VerifyPeer(cs, o.Now(), usage)
	if err != nil {
		return err
	}
	if o.Revoked != nil && o.Revoked(peer.Node) {
		return fmt.Errorf("node %s: %w", peer.Node, ErrRevoked)
	}
	if want.Node != "" && peer.Node != want.Node {
		return fmt.Errorf("reached %s instead of %s: %w", peer.Node, want.Node, ErrWrongPeer)
	}
	if len(want.Tiers) > 0 && !slices.Contains(want.Tiers, peer.Tier) {
		return fmt.Errorf("reached %s, which is of tier %s: %w", peer.Node, peer.Tier, ErrWrongPeer)
	}
	return nil
}
