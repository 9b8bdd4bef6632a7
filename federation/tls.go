package federation

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
)

func (n *Node) tlsOptions() trust.TLSOptions {
	return trust.TLSOptions{Trust: n.Trust, Certificate: func() *tls.Certificate { return n.cert }, Now: n.now, Revoked: n.directory.Revoked}
}

// FederationTLS is for the listener of FederationHandler.
func (n *Node) FederationTLS() *tls.Config { return trust.ServerConfig(n.tlsOptions()) }

// Certificate is the node's own certificate, from the county's authority.
func (n *Node) Certificate() *tls.Certificate { return n.cert }

func (n *Node) clientTo(t node.Tier, timeout time.Duration) *http.Client {
	line := &http.Transport{
		TLSClientConfig:       trust.ClientConfig(n.tlsOptions(), trust.Expect{Tiers: []node.Tier{t}}),
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   4,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
	}
	if n.proxy != nil {
		line.Proxy = http.ProxyURL(n.proxy)
	}
	n.lines = append(n.lines, line)
	c := &http.Client{Timeout: timeout, Transport: line}
	if n.wrap != nil {
		c.Transport = n.wrap(line)
	}
	return c
}

// verifyHub admits to the peer port only hubs in good standing. A hub that is
// joining is not in this hub's ledger before it has the ledger.
func (n *Node) verifyHub(c *x509.Certificate) error {
	if n.directory.Revoked(c.Subject.CommonName) {
		return fmt.Errorf("hub %s: %w", c.Subject.CommonName, trust.ErrRevoked)
	}
	return nil
}
