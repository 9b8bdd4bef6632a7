package main

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// line carries the requests of one client that asks one thing after the other,
// over a connection of its own. Clients share the machine with the hubs, so that
// what they cost is taken from what is measured; package http's own transport
// costs several times as much, for what nobody needs here.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	over bool // the last answer on it has been given
}

// patience is how long an answer may take.
const patience = 30 * time.Second

// newLine is a client for one goroutine. It reads each answer to its end before
// it asks again, as loopback.Ask does.
func newLine() *http.Client { return &http.Client{Transport: new(line)} }

// RoundTrip implements http.RoundTripper.
func (l *line) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if l.over {
		l.CloseIdleConnections()
	}
	if l.conn == nil {
		if l.conn, err = (&net.Dialer{Timeout: patience}).DialContext(r.Context(), "tcp", r.URL.Host); err != nil {
			return nil, err
		}
		l.in, l.out, l.over = bufio.NewReader(l.conn), bufio.NewWriterSize(l.conn, 16<<10), false
	}
	err = errors.Join(l.conn.SetDeadline(time.Now().Add(patience)), r.Write(l.out), l.out.Flush())
	if err == nil {
		resp, err = http.ReadResponse(l.in, r)
	}
	l.over = err != nil || resp.Close
	return resp, err
}

// CloseIdleConnections is what http.Client closes it with.
func (l *line) CloseIdleConnections() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
