package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tongban/tongban/api/client"
)

// password is everybody's in the demo, which runs on loopback only and is
// refused in production.
const password = "Demo-tongban-2026"

// person is somebody logged in at a node.
type person struct {
	at    string
	login string
	token string
	until time.Time
	http  *http.Client
}

func at(m *member, login string) *person {
	return &person{at: m.url(), login: login, http: &http.Client{Timeout: 30 * time.Second}}
}

// problem is a node's refusal.
type problem struct{ client.Problem }

func (p *problem) Error() string {
	text := fmt.Sprintf("%s (%s)", p.MessageZh, p.Code)
	for _, f := range p.Fields {
		text += "\n    " + f.Path + " " + f.ZH
	}
	return text
}

func (p *person) logIn(ctx context.Context) error {
	var tokens client.SessionTokens
	p.token = ""
	if err := p.exchange(ctx, http.MethodPost, "/api/v1/session", client.LoginRequest{Login: p.login, Password: password}, "", &tokens); err != nil {
		return fmt.Errorf("%s 登录 %s: %w", p.login, p.at, err)
	}
	p.token, p.until = tokens.AccessToken, time.UnixMilli(tokens.ExpiresAt)
	return nil
}

// call asks the node as this person, logging in first where needed.
func (p *person) call(ctx context.Context, method, path string, in any, key string, out any) error {
	if time.Until(p.until) < time.Minute {
		if err := p.logIn(ctx); err != nil {
			return err
		}
	}
	return p.exchange(ctx, method, path, in, key, out)
}

func (p *person) get(ctx context.Context, path string, out any) error {
	return p.call(ctx, http.MethodGet, path, nil, "", out)
}

func (p *person) post(ctx context.Context, path string, in any, key string, out any) error {
	return p.call(ctx, http.MethodPost, path, in, key, out)
}

func (p *person) exchange(ctx context.Context, method, path string, in any, key string, out any) error {
	var body io.Reader
	if in != nil {
		if raw, ok := in.([]byte); ok {
			body = bytes.NewReader(raw)
		} else {
			b, err := json.Marshal(in)
			if err != nil {
				return err
			}
			body = bytes.NewReader(b)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.at+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return p.do(req, out)
}

func (p *person) do(req *http.Request, out any) error {
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		pr := new(problem)
		if err := json.Unmarshal(body, &pr.Problem); err != nil || pr.Code == "" {
			return fmt.Errorf("%s %s: status %d: %.300s", req.Method, req.URL.Path, resp.StatusCode, body)
		}
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, pr)
	}
	if out == nil || len(body) == 0 {
		return nil
	}
	return json.Unmarshal(body, out)
}

// upload sends a scanned paper in pieces, as a page does.
func (p *person) upload(ctx context.Context, content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	var state client.AttachmentState
	if err := p.post(ctx, "/api/v1/attachments", client.AttachmentRequest{Hash: hash, Size: int64(len(content))}, "", &state); err != nil {
		return "", err
	}
	const piece = 128 << 10
	for !state.Complete {
		from := state.Offset
		part := content[from:min(int64(len(content)), from+piece)]
		req, err := http.NewRequestWithContext(ctx, http.MethodPatch, p.at+"/api/v1/attachments/"+hash, bytes.NewReader(part))
		if err != nil {
			return "", err
		}
		req.Header.Set("Content-Type", "application/octet-stream")
		req.Header.Set("Upload-Offset", strconv.FormatInt(from, 10))
		state = client.AttachmentState{}
		if err := p.do(req, &state); err != nil {
			return "", err
		}
		if state.Offset <= from && !state.Complete {
			return "", errors.New("the upload does not move")
		}
	}
	return hash, nil
}

func newKey() string { return rand.Text() }

// await asks again until the answer is the wanted one.
func await(ctx context.Context, what string, within time.Duration, ask func(context.Context) (bool, error)) error {
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
			return fmt.Errorf("等待超时 waited in vain for %s: %w", what, errors.Join(last, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// isRefused reports whether an error is a refusal with a code.
func isRefused(err error, code string) bool {
	var p *problem
	return errors.As(err, &p) && p.Code == code
}
