package county

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// client is a hub's way to ask its peers over their peer ports.
type client struct {
	http *http.Client
	pool *http.Transport
}

const (
	peerPath    = "/hub/v1/"
	indexHeader = "Raft-Index"
	// maxAnswer bounds what is read of an answer that is no backup. A result is
	// about as large as its command.
	maxAnswer = 8 << 20
)

func newClient(p *port) *client {
	pool := &http.Transport{
		DialTLSContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, helloTimeout)
			defer cancel()
			return p.dial(ctx, addr, carriesHTTP)
		},
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	return &client{pool: pool, http: &http.Client{
		Transport:     pool,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *client) close() { c.pool.CloseIdleConnections() }

// propose passes a proposal on to the leader.
func (c *client) propose(ctx context.Context, addr string, data []byte) (Result, error) {
	resp, err := c.do(ctx, http.MethodPost, addr, "propose", data)
	if err != nil {
		return Result{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	index, indexErr := strconv.ParseUint(resp.Header.Get(indexHeader), 10, 64)
	if err := errors.Join(err, indexErr); err != nil {
		return Result{}, fmt.Errorf("%w: answer of %s: %w", ErrUnknown, addr, err)
	}
	return Result{RaftIndex: index, Data: body}, nil
}

// numberAnswer is the answer to read-index and term.
type numberAnswer struct {
	Value uint64 `json:"value"`
}

func (c *client) readIndex(ctx context.Context, addr string) (uint64, error) {
	var a numberAnswer
	err := c.call(ctx, http.MethodGet, addr, "read-index", nil, &a)
	return a.Value, err
}

func (c *client) term(ctx context.Context, addr string) (uint64, error) {
	var a numberAnswer
	err := c.call(ctx, http.MethodGet, addr, "term", nil, &a)
	return a.Value, err
}

func (c *client) status(ctx context.Context, addr string) (Status, error) {
	var s Status
	err := c.call(ctx, http.MethodGet, addr, "status", nil, &s)
	return s, err
}

// backup streams a peer's database to use, which must read it to its end.
func (c *client) backup(ctx context.Context, addr string, use func(Header, io.Reader) error) (Header, error) {
	resp, err := c.do(ctx, http.MethodGet, addr, "backup", nil)
	if err != nil {
		return Header{}, err
	}
	defer resp.Body.Close()
	h, err := readHeader(resp.Body)
	if err != nil {
		return Header{}, err
	}
	return h, use(h, resp.Body)
}

// call sends in as JSON and reads the answer into out; either may be nil.
func (c *client) call(ctx context.Context, method, addr, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	resp, err := c.do(ctx, method, addr, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("%w: answer of %s: %w", ErrUnknown, addr, err)
	}
	return nil
}

// do sends one request. Its error is errNotLeader when nothing reached the
// peer, what the peer answered when it refused, and else ErrUnknown.
func (c *client) do(ctx context.Context, method, addr, path string, body []byte) (*http.Response, error) {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(traced, method, "https://"+addr+peerPath+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: peer address %q: %w", errNotLeader, addr, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if !connected.Load() {
			return nil, &unreached{err}
		}
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, readError(addr, resp.Body)
}

// unreached says that nothing reached a peer, so that another one may be asked
// as if this one did not lead.
type unreached struct{ err error }

func (u *unreached) Error() string   { return "无法连接 (out of reach): " + u.err.Error() }
func (u *unreached) Unwrap() []error { return []error{errNotLeader, u.err} }

// errorAnswer is a refusal on the wire.
type errorAnswer struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Refusal is set when a change of the hubs was refused in words.
	Refusal *Refusal `json:"refusal,omitempty"`
}

// peerError is a refusal by a peer: its words, and the error they stand for.
type peerError struct {
	addr, message string
	err           error
}

func (e *peerError) Error() string { return e.message + " [" + e.addr + "]" }
func (e *peerError) Unwrap() error { return e.err }

func readError(addr string, body io.Reader) error {
	var a errorAnswer
	if err := json.NewDecoder(io.LimitReader(body, maxRecord)).Decode(&a); err != nil {
		return fmt.Errorf("%w: answer of %s: %w", ErrUnknown, addr, err)
	}
	if a.Refusal != nil {
		return a.Refusal
	}
	for _, w := range wireErrors {
		if w.code == a.Code {
			return &peerError{addr: addr, message: a.Message, err: w.err}
		}
	}
	return &peerError{addr: addr, message: a.Message, err: ErrUnknown}
}
