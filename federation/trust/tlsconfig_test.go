package trust

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// endpoint is one node's TLS options, with a bundle that tests may change.
type endpoint struct {
	trust   atomic.Pointer[CountyTrust]
	cert    *tls.Certificate
	revoked map[string]bool
}

func newEndpoint(t testing.TB, county *CountyKeys, id string, d division.Code, seed uint64) *endpoint {
	t.Helper()
	keys := mustNode(t, seed)
	der, err := county.CertificateFor(seeded(seed), mustRequest(t, keys, place(id, d), "127.0.0.1"), testNow, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{revoked: map[string]bool{}}
	if e.cert, err = keys.Certificate(der); err != nil {
		t.Fatal(err)
	}
	e.know(county)
	return e
}

func (e *endpoint) know(county *CountyKeys) {
	b := county.Trust()
	e.trust.Store(&b)
}

func (e *endpoint) options(now time.Time) TLSOptions {
	return TLSOptions{
		Trust:       func() CountyTrust { return *e.trust.Load() },
		Certificate: func() *tls.Certificate { return e.cert },
		Now:         func() time.Time { return now },
		Revoked:     func(id string) bool { return e.revoked[id] },
	}
}

// handshake connects the two over real TCP and returns what each end found.
func handshake(t *testing.T, server, client *tls.Config) (cs, ss tls.ConnectionState, clientErr, serverErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			serverErr = err
			return
		}
		defer conn.Close()
		tc := tls.Server(conn, server)
		if serverErr = tc.Handshake(); serverErr == nil {
			ss = tc.ConnectionState()
			_, serverErr = tc.Write([]byte{1})
		}
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	tc := tls.Client(raw, client)
	if clientErr = tc.Handshake(); clientErr == nil {
		cs = tc.ConnectionState()
		// In TLS 1.3 a refused client certificate shows at the first read.
		_, clientErr = io.ReadFull(tc, make([]byte, 1))
	}
	raw.Close()
	<-done
	return cs, ss, clientErr, serverErr
}

func TestFederationHandshake(t *testing.T) {
	county := mustCounty(t, 1)
	hub := newEndpoint(t, county, "county-1", testCounty, 10)
	village := newEndpoint(t, county, "village-1", testVillage, 11)
	cs, ss, cerr, serr := handshake(t, ServerConfig(hub.options(testNow)),
		ClientConfig(village.options(testNow), Expect{Node: "county-1", Tiers: []node.Tier{node.County}}))
	if cerr != nil || serr != nil {
		t.Fatalf("client %v, server %v", cerr, serr)
	}
	if p, err := PeerNode(ss); err != nil || p != place("village-1", testVillage) {
		t.Errorf("server sees %+v, %v", p, err)
	}
	if p, err := county.Trust().VerifyPeer(cs, testNow, x509.ExtKeyUsageServerAuth); err != nil || p.Node != "county-1" {
		t.Errorf("client sees %+v, %v", p, err)
	}
	if cs.Version != tls.VersionTLS13 {
		t.Errorf("version %x", cs.Version)
	}
	if _, err := PeerNode(cs); !errors.Is(err, ErrNoPeer) {
		t.Errorf("PeerNode without verified chains: %v", err)
	}
}

func TestAnEnrollingNodeHasNoCertificate(t *testing.T) {
	county := mustCounty(t, 1)
	hub := newEndpoint(t, county, "county-1", testCounty, 10)
	joining := hub.options(testNow)
	joining.Certificate = nil
	_, ss, cerr, serr := handshake(t, ServerConfig(hub.options(testNow)), ClientConfig(joining, Expect{Tiers: []node.Tier{node.County}}))
	if cerr != nil || serr != nil {
		t.Fatalf("client %v, server %v", cerr, serr)
	}
	if _, err := PeerNode(ss); !errors.Is(err, ErrNoPeer) {
		t.Errorf("peer of an anonymous client: %v", err)
	}
	if _, _, cerr, _ = handshake(t, ServerConfig(hub.options(testNow)), FirstContactConfig()); cerr != nil {
		t.Errorf("first contact: %v", cerr)
	}
	server, _ := PeerConfigs(hub.options(testNow), "peer/1")
	anonymous := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"peer/1"}}
	if _, _, _, serr = handshake(t, server, anonymous); serr == nil {
		t.Error("the hubs' port took a client without certificate")
	}
}

func TestClientRefusesWrongServers(t *testing.T) {
	county, stranger := mustCounty(t, 1), mustCounty(t, 2)
	hub := newEndpoint(t, county, "county-1", testCounty, 10)
	village := newEndpoint(t, county, "village-1", testVillage, 11)
	for name, c := range map[string]struct {
		server *endpoint
		want   Expect
		now    time.Time
		err    error
	}{
		"another node":        {hub, Expect{Node: "county-2"}, testNow, ErrWrongPeer},
		"a village as hub":    {newEndpoint(t, county, "village-2", testVillage, 12), Expect{Tiers: []node.Tier{node.County}}, testNow, ErrWrongPeer},
		"another county's CA": {newEndpoint(t, stranger, "county-1", testCounty, 13), Expect{}, testNow, x509.UnknownAuthorityError{}},
		"expired":             {hub, Expect{}, testNow.Add(2 * time.Hour), x509.CertificateInvalidError{}},
		"not yet":             {hub, Expect{}, testNow.Add(-2 * time.Hour), x509.CertificateInvalidError{}},
	} {
		_, _, cerr, _ := handshake(t, ServerConfig(c.server.options(testNow)), ClientConfig(village.options(c.now), c.want))
		switch want := c.err.(type) {
		case x509.UnknownAuthorityError:
			var got x509.UnknownAuthorityError
			if !errors.As(cerr, &got) {
				t.Errorf("%s: %v", name, cerr)
			}
		case x509.CertificateInvalidError:
			var got x509.CertificateInvalidError
			if !errors.As(cerr, &got) {
				t.Errorf("%s: %v", name, cerr)
			}
		default:
			if !errors.Is(cerr, want) {
				t.Errorf("%s: %v", name, cerr)
			}
		}
	}
	village.revoked["county-1"] = true
	if _, _, cerr, _ := handshake(t, ServerConfig(hub.options(testNow)), ClientConfig(village.options(testNow), Expect{})); !errors.Is(cerr, ErrRevoked) {
		t.Errorf("revoked server: %v", cerr)
	}
}

func TestServerRefusesWrongClients(t *testing.T) {
	county, stranger := mustCounty(t, 1), mustCounty(t, 2)
	hub := newEndpoint(t, county, "county-1", testCounty, 10)
	hub.revoked["village-9"] = true
	rogue := func(change func(*x509.Certificate)) *endpoint {
		return newRogue(t, county, change)
	}
	outsider := newEndpoint(t, stranger, "village-1", testVillage, 13)
	outsider.know(county)
	for name, client := range map[string]*endpoint{
		"revoked":             newEndpoint(t, county, "village-9", testVillage, 12),
		"another county's CA": outsider,
		"no node URI":         rogue(func(c *x509.Certificate) { c.URIs = nil }),
		"two node URIs":       rogue(func(c *x509.Certificate) { c.URIs = append(c.URIs, place("county-1", testCounty).URI()) }),
		"other county's URI":  rogue(func(c *x509.Certificate) { c.URIs[0].Host = "330522" }),
		"name and URI differ": rogue(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "county-1"} }),
		"not for clients": rogue(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}),
		"expired": rogue(func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Second) }),
	} {
		_, ss, cerr, serr := handshake(t, ServerConfig(hub.options(testNow)), ClientConfig(client.options(testNow), Expect{}))
		if serr == nil || cerr == nil {
			p, err := PeerNode(ss)
			t.Errorf("%s was let in as %+v, %v", name, p, err)
		}
	}
}

// newRogue has a certificate that the county's CA signed but would not issue.
func newRogue(t *testing.T, county *CountyKeys, change func(*x509.Certificate)) *endpoint {
	t.Helper()
	keys, p := mustNode(t, 50), place("village-1", testVillage)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: p.Node},
		NotBefore: testNow.Add(-time.Hour), NotAfter: testNow.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	template.URIs = append(template.URIs, p.URI())
	change(template)
	der, err := x509.CreateCertificate(seeded(1), template, county.caCert, keys.TLS.Public().(*ecdsa.PublicKey), county.ca)
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{}
	if e.cert, err = keys.Certificate(der); err != nil {
		t.Fatal(err)
	}
	e.know(county)
	return e
}

func TestOnlyHubsReachThePeerPort(t *testing.T) {
	county := mustCounty(t, 1)
	a := newEndpoint(t, county, "county-1", testCounty, 10)
	b := newEndpoint(t, county, "county-2", testCounty, 11)
	server, _ := PeerConfigs(a.options(testNow), "peer/1")
	_, hubClient := PeerConfigs(b.options(testNow), "peer/1")
	if _, ss, cerr, serr := handshake(t, server, hubClient); cerr != nil || serr != nil {
		t.Errorf("hub to hub: %v %v", cerr, serr)
	} else if p, err := PeerNode(ss); err != nil || p.Node != "county-2" {
		t.Errorf("hub sees %+v %v", p, err)
	}
	for _, e := range []*endpoint{
		newEndpoint(t, county, "town-1", testTownship, 12), newEndpoint(t, county, "village-1", testVillage, 13),
	} {
		_, lower := PeerConfigs(e.options(testNow), "peer/1")
		if _, _, _, serr := handshake(t, server, lower); !errors.Is(serr, ErrWrongPeer) {
			t.Errorf("lower tier at the hubs' port: %v", serr)
		}
		lowerServer, _ := PeerConfigs(e.options(testNow), "peer/1")
		if _, _, cerr, _ := handshake(t, lowerServer, hubClient); !errors.Is(cerr, ErrWrongPeer) {
			t.Errorf("lower tier posing as hub: %v", cerr)
		}
	}
	_, otherKind := PeerConfigs(b.options(testNow), "forward/1")
	if _, _, _, serr := handshake(t, server, otherKind); serr == nil {
		t.Error("another protocol was let in")
	}
}

func TestRotatedAuthorityNeedsNoRestart(t *testing.T) {
	old := mustCounty(t, 1)
	hub := newEndpoint(t, old, "county-1", testCounty, 10)
	village := newEndpoint(t, old, "village-1", testVillage, 11)
	server, client := ServerConfig(hub.options(testNow)), ClientConfig(village.options(testNow), Expect{})
	rotated := mustRotate(t, old, 2)
	fresh := newEndpoint(t, rotated, "village-2", testVillage, 12)
	freshClient := ClientConfig(fresh.options(testNow), Expect{})

	if _, _, _, serr := handshake(t, server, freshClient); serr == nil {
		t.Fatal("a new authority was trusted before the bundle came")
	}
	hub.know(rotated)
	if _, _, cerr, serr := handshake(t, server, freshClient); cerr != nil || serr != nil {
		t.Errorf("new certificate: %v %v", cerr, serr)
	}
	if _, _, cerr, serr := handshake(t, server, client); cerr != nil || serr != nil {
		t.Errorf("old certificate: %v %v", cerr, serr)
	}
	retired, err := rotated.Retire(testNow)
	if err != nil {
		t.Fatal(err)
	}
	hub.know(retired)
	if _, _, _, serr := handshake(t, server, client); serr == nil {
		t.Error("the old authority is trusted after retirement")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	hub := newEndpoint(t, mustCounty(t, 1), "county-1", testCounty, 10)
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
	if _, _, cerr, serr := handshake(t, ServerConfig(hub.options(testNow)), old); cerr == nil || serr == nil {
		t.Error("TLS 1.2 was spoken")
	}
}

// Nodes speak HTTP/1.1 among themselves, also with a client that would like
// HTTP/2, and no session is resumed.
func TestOneProtocolAndNoResumption(t *testing.T) {
	county := mustCounty(t, 1)
	hub := newEndpoint(t, county, "county-1", testCounty, 10)
	village := newEndpoint(t, county, "village-1", testVillage, 11)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		TLSConfig: ServerConfig(hub.options(testNow)),
		ErrorLog:  log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, err := PeerNode(*r.TLS)
			if err != nil || r.ProtoMajor != 1 || r.TLS.DidResume {
				http.Error(w, "no", http.StatusTeapot)
				return
			}
			io.WriteString(w, p.Node)
		}),
	}
	go server.ServeTLS(l, "", "")
	defer server.Close()
	config := ClientConfig(village.options(testNow), Expect{Node: "county-1"})
	config.NextProtos = []string{"h2", "http/1.1"}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for range 2 { // a second connection would resume if it could
		tr := &http.Transport{TLSClientConfig: config.Clone(), ForceAttemptHTTP2: true}
		resp, err := (&http.Client{Transport: tr}).Get("https://" + l.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		tr.CloseIdleConnections()
		if err != nil || string(body) != "village-1" {
			t.Errorf("%d %s %v", resp.StatusCode, body, err)
		}
	}
}

func TestCertificateKeyKinds(t *testing.T) {
	if _, ok := any(mustNode(t, 1).Sign.Public()).(ed25519.PublicKey); !ok {
		t.Error("signing key is not ed25519")
	}
	if mustCounty(t, 1).caCert.PublicKeyAlgorithm != x509.ECDSA {
		t.Error("browsers do not take this authority")
	}
}
