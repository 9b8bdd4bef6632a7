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
	return trust.TLSOptions{Trust: n.Trust, Certificate: n.Certificate, Now: n.now, Revoked: n.directory.Revoked}
}

// FederationTLS is for the listener of FederationHandler. It admits nodes that
// the county has cast out, whom the handler tells so.
func (n *Node) FederationTLS() *tls.Config {
	o := n.tlsOptions()
	o.Revoked = nil
	return trust.ServerConfig(o)
}

// Certificate is the node's own certificate, from the county's authority.
func (n *Node) Certificate() *tls.Certificate { return n.own.Load().cert }

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
	var way http.RoundTripper = line
	if n.wrap != nil {
		way = n.wrap(line)
	}
	return &http.Client{Timeout: timeout, Transport: heedful{way, n.hearRevocation}}
}

// verifyHub admits to the peer port only hubs in good standing. A hub that is
// joining is not in this hub's ledger before it has the ledger.
func (n *Node) verifyHub(c *x509.Certificate) error {
	if n.directory.Revoked(c.Subject.CommonName) {
		return fmt.Errorf("hub %s: %w", c.Subject.CommonName, trust.ErrRevoked)
	}
	return nil
}
