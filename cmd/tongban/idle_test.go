package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestIdleConnectionsAreCutAtTheEnd: whoever keeps a connection open and asks
// nothing does not hold up a node that stops, over HTTP/2 or before a first
// request; whoever waits for an answer gets it.
func TestIdleConnectionsAreCutAtTheEnd(t *testing.T) {
	asked, answer := make(chan bool), make(chan bool)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			asked <- true
			<-answer
		}
	}))
	s.EnableHTTP2 = true
	var idle idleConns
	idle.watch(s.Config)
	s.StartTLS()
	t.Cleanup(s.Close)

	client := func() (*http.Client, chan bool) {
		ended := make(chan bool, 1)
		transport := s.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = true
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
			if err != nil {
				return nil, err
			}
			return &toldConn{Conn: c, ended: ended}, nil
		}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}, ended
	}
	get := func(c *http.Client, path string) {
		resp, err := c.Get(s.URL + path)
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
			t.Error(resp.Status, resp.Proto)
		}
	}
	quick, quickEnded := client()
	get(quick, "/")
	slow, _ := client()
	done := make(chan bool)
	go func() { defer close(done); get(slow, "/slow") }()
	<-asked
	silent, err := net.Dial("tcp", s.Listener.Addr().String())
	must(t, err)
	defer silent.Close()
	await(t, func() bool { return idle.count() == 2 })

	idle.cut(time.Now().Add(-time.Minute))
	if n := idle.count(); n != 2 {
		t.Fatalf("%d left of 2 that were busy just now", n)
	}
	idle.cut(time.Now().Add(restful))
	<-quickEnded
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the connection without a request stands")
	}
	answer <- true
	<-done
}

type toldConn struct {
	net.Conn
	ended chan bool
}

// Close is what the transport does when the server has taken leave.
func (c *toldConn) Close() error {
	select {
	case c.ended <- true:
	default:
	}
	return c.Conn.Close()
}

func await(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}
