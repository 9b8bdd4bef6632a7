package county

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// visit connects as a stranger would, says hello, and returns what comes back.
func visit(t *testing.T, addr string, conf *tls.Config, hello []byte) ([]byte, error) {
	t.Helper()
	raw, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(15 * time.Second))
	var conn net.Conn = raw
	if conf != nil {
		conn = tls.Client(raw, conf)
	}
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

func TestForgedPeersGetNothing(t *testing.T) {
	c := newCluster(t, nil)
	n := c.add("county-1", true)
	c.propose(n, "add x")
	before := n.m.chain(t)
	pool := x509.NewCertPool()
	pool.AddCert(c.ca.cert)
	trusting := func(conf *tls.Config) *tls.Config {
		conf = conf.Clone()
		conf.RootCAs, conf.ServerName = pool, "127.0.0.1"
		return conf
	}
	_, otherCA := newAuthority(t, "county").issue(t, "county-2")
	_, village := c.ca.issue(t, "village-7")
	_, old := c.ca.issue(t, "county-2")
	old = trusting(old)
	old.MaxVersion = tls.VersionTLS12
	request := "GET /hub/v1/backup HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	propose := "POST /hub/v1/propose HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nadd y"
	for _, v := range []struct {
		name string
		conf *tls.Config
	}{
		{"no certificate", trusting(&tls.Config{})},
		{"certificate of another CA", trusting(otherCA)},
		{"certificate of no hub", trusting(village)},
		{"old TLS", old},
		{"no TLS", nil},
	} {
		for _, hello := range []string{"H" + request, "H" + propose, request, "R\x00\x81", "R\x01"} {
			got, err := visit(t, n.addr, v.conf, []byte(hello))
			// Without TLS the server may send an alert record; nothing else ever.
			if v.conf != nil && len(got) > 0 || len(got) > 16 || bytes.Contains(got, []byte("HTTP")) {
				t.Errorf("%s got %d bytes (%.40q), %v", v.name, len(got), got, err)
			}
		}
	}
	if got := n.m.chain(t); got != before {
		t.Error("a stranger changed the database")
	}
}

func TestGarbageOnThePeerPort(t *testing.T) {
	c := threeHubs(t, func(o *Options) { o.Limits.Connections = 64 })
	n := c.follower()
	_, real := c.ca.issue(t, "county-8")
	real.ServerName = "127.0.0.1"
	noise := make([]byte, 4096)
	rand.Read(noise)
	for i := range 40 {
		// An authenticated hub that has gone mad, and a stranger.
		hello := append([]byte{byte(i * 7)}, noise[:100*i]...)
		conf := real
		if i%2 == 0 {
			conf = nil
		}
		if i%5 == 0 {
			hello[0] = carriesRaft
		}
		raw, err := net.Dial("tcp", n.addr)
		c.must(err, "dial")
		var conn net.Conn = raw
		if conf != nil {
			conn = tls.Client(raw, conf)
		}
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		conn.Write(hello)
		raw.Close()
	}
	// Silent strangers hold places only until the handshake times out.
	var idle []net.Conn
	for range 20 {
		raw, err := net.Dial("tcp", n.addr)
		c.must(err, "dial")
		idle = append(idle, raw)
	}
	c.propose(n, "add z")
	for _, raw := range idle {
		raw.Close()
	}
	c.awaitEqual()
}

func TestOtherHandlersShareThePeerPort(t *testing.T) {
	c := newCluster(t, func(o *Options) {
		o.HTTP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s from %s", r.URL.Path, r.TLS.PeerCertificates[0].Subject.CommonName)
		})
	})
	one, two := c.add("county-1", true), c.add("county-2", false)
	resp, err := one.hub.client.http.Get("https://" + two.addr + "/blob/abc")
	c.must(err, "get")
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "/blob/abc from county-1" {
		t.Errorf("%q", b)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := Open(Options{}); err == nil {
		t.Error("opened without options")
	}
	c := newCluster(t, nil)
	n := &node{c: c, id: "county-1", dir: t.TempDir()}
	c.nodes = append(c.nodes, n)
	o := n.options(true)
	o.ServerTLS = &tls.Config{Certificates: o.ServerTLS.Certificates}
	if _, err := Open(o); err == nil {
		t.Error("opened without ClientCAs")
	}
	if _, err := net.Dial("tcp", n.addr); err == nil {
		t.Error("the listener was left open")
	}
}

func TestWireErrors(t *testing.T) {
	for _, w := range wireErrors {
		var body bytes.Buffer
		rec := recorder{header: http.Header{}, body: &body}
		answerError(&rec, fmt.Errorf("because: %w", w.err))
		if got := readError("peer", &body); !errors.Is(got, w.err) || rec.status != w.status {
			t.Errorf("%s: %v, status %d", w.code, got, rec.status)
		}
	}
	if err := readError("peer", bytes.NewReader([]byte("<html>"))); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if err := readError("peer", bytes.NewReader([]byte(`{"code":"of_later_version"}`))); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

type recorder struct {
	header http.Header
	body   *bytes.Buffer
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) WriteHeader(status int)      { r.status = status }
