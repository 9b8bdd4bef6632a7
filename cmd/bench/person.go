package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
)

// password is everybody's in the county that is measured.
const password = "Bench-tongban-2026"

// person is somebody logged in at a node. Logins are good at every node.
type person struct {
	login string

	mu    sync.Mutex
	token string
	until time.Time
}

// web carries all requests; its connections stay open.
var web = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 1024, DisableCompression: true},
}

// refusal is a node's problem answer.
type refusal struct {
	client.Problem
	status int
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("%d %s (%s)", r.status, r.Detail, r.Code)
	for _, f := range r.Fields {
		text += "; " + f.Path + " " + f.EN
	}
	return text
}

// bearer is the person's token, from a login at a node where there is none yet.
func (p *person) bearer(ctx context.Context, at string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Until(p.until) > time.Minute {
		return p.token, nil
	}
	var tokens client.SessionTokens
	if err := exchange(ctx, http.MethodPost, at+"/api/v1/session", "", "", client.LoginRequest{Login: p.login, Password: password}, &tokens); err != nil {
		return "", fmt.Errorf("log %s in: %w", p.login, err)
	}
	p.token, p.until = tokens.AccessToken, time.UnixMilli(tokens.ExpiresAt)
	return p.token, nil
}

func (p *person) get(ctx context.Context, at, path string, out any) error {
	return p.call(ctx, http.MethodGet, at, path, nil, "", out)
}

func (p *person) post(ctx context.Context, at, path string, in any, out any) error {
	return p.call(ctx, http.MethodPost, at, path, in, rand.Text(), out)
}

func (p *person) call(ctx context.Context, method, at, path string, in any, key string, out any) error {
	token, err := p.bearer(ctx, at)
	if err != nil {
		return err
	}
	return exchange(ctx, method, at+path, token, key, in, out)
}

// exchange sends a request and reads the answer. in may be raw JSON.
func exchange(ctx context.Context, method, url, token, key string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, ok := in.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(in); err != nil {
				return err
			}
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		no := &refusal{status: resp.StatusCode}
		if json.Unmarshal(answer, &no.Problem) != nil || no.Code == "" {
			return fmt.Errorf("%s %s: status %d: %.300s", method, req.URL.Path, resp.StatusCode, answer)
		}
		return fmt.Errorf("%s %s: %w", method, req.URL.Path, no)
	}
	if out == nil {
		_, err := io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// await asks again until the answer is yes.
func await(ctx context.Context, what string, within, every time.Duration, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last error
	for {
		ok, err := ask(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, errors.Join(last, ctx.Err()))
		case <-time.After(every):
		}
	}
}

func isRefused(err error, code string) bool {
	var no *refusal
	return errors.As(err, &no) && no.Code == code
}
