package feed

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store/storetest"
)

// certificate is a node's, by the county's authority.
func (r *realm) certificate(t testing.TB, n *storetest.Node) *tls.Certificate {
	t.Helper()
	keys, err := trust.GenerateNode(seeded(uint64(len(n.ID()))))
	if err != nil {
		t.Fatal(err)
	}
	place := trust.Place{County: storetest.Code, Node: n.ID(), Tier: n.Credential.Tier, Division: n.Division()}
	public, ok := keys.TLS.Public().(*ecdsa.PublicKey)
	if !ok {
		t.Fatal("not an ECDSA key")
	}
	der, err := r.keys.IssueCertificate(seeded(3), place, public, nil, storetest.Beginning, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keys.Certificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (r *realm) tlsOptions(t testing.TB, n *storetest.Node) trust.TLSOptions {
	cert := r.certificate(t, n)
	return trust.TLSOptions{Trust: r.keys.Trust, Now: func() time.Time { return storetest.Beginning }, Certificate: func() *tls.Certificate { return cert }}
}

// serveTLS serves with the county's certificates.
func (r *realm) serveTLS(t testing.TB, n *storetest.Node, o ServerOptions) (*Server, string) {
	t.Helper()
	o.Peer = TLSPeer
	s := NewServer(n.Store, o)
	h := httptest.NewUnstartedServer(s)
	h.TLS = trust.ServerConfig(r.tlsOptions(t, n))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	t.Cleanup(func() { s.Close(); h.Close() })
	return s, h.URL
}

func (r *realm) tlsClient(t testing.TB, n *storetest.Node) *http.Client {
	base := &http.Transport{TLSClientConfig: trust.ClientConfig(r.tlsOptions(t, n), trust.Expect{Tiers: []node.Tier{node.County, node.Township}})}
	t.Cleanup(base.CloseIdleConnections)
	return &http.Client{Transport: base}
}

// Over mutual TLS, a chain of county, township and village; the node
// is known from its certificate, and nobody without one is served.
func TestOverMutualTLS(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, countyURL := r.serveTLS(t, r.Hub(), ServerOptions{County: r.ledger(RealClock{})})
	townFollower, _ := run(t, town.Store, FollowerOptions{Upstreams: []Upstream{
		{Name: "county-1", Tier: node.County, BaseURL: countyURL, Client: r.tlsClient(t, town)}}})
	_, townURL := r.serveTLS(t, town, ServerOptions{County: townFollower})
	st := replica(t, village)
	f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{
		{Name: "town", Tier: node.Township, BaseURL: townURL, Client: r.tlsClient(t, village)}}})
	for n := 2; n < 5; n++ {
		r.change(n)
		reaches(t, st, mustHead(t, r.Hub().Store))
	}
	eventually(t, "the checkpoint", func() bool { return f.Status().Checkpoint > 0 })
	if proof, err := f.Consistency(context.Background(), 1, f.Status().Checkpoint); err != nil || len(proof) == 0 {
		t.Errorf("a proof by way of the township: %v", err)
	}
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: trust.FirstContactConfig()}}
	defer stranger.CloseIdleConnections()
	resp, err := stranger.Get(countyURL + PathFeed)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("without a certificate: %s", resp.Status)
	}
}
