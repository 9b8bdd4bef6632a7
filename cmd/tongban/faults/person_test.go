package faults

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
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
)

// password is everybody's.
const password = "Faults-tongban-2026"

// person is somebody logged in at a node; several may ask in that name at once.
type person struct {
	url, login string
	http       *http.Client

	mu    sync.Mutex
	token string
	until time.Time
}

func newPerson(url, login string) *person {
	return &person{url: url, login: login, http: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// refusal is a node's no, as opposed to no answer.
type refusal struct {
	Status int
	client.Problem
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("%d %s %s", r.Status, r.Code, r.MessageZh)
	for _, f := range r.Fields {
		text += " | " + f.Path + " " + f.ZH
	}
	return text
}

// session gives a valid token, logging in where needed.
func (p *person) session(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Until(p.until) > time.Minute {
		return p.token, nil
	}
	body, err := json.Marshal(client.LoginRequest{Login: p.login, Password: password})
	if err != nil {
		return "", err
	}
	var tokens client.SessionTokens
	if err := p.exchange(ctx, http.MethodPost, "/api/v1/session", body, nil, "", &tokens); err != nil {
		return "", fmt.Errorf("log in %s: %w", p.login, err)
	}
	p.token, p.until = tokens.AccessToken, time.UnixMilli(tokens.ExpiresAt)
	return p.token, nil
}

// forget makes the next call log in anew: a node whose power failed may have
// lost the session.
func (p *person) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Time{}
}

func (p *person) get(ctx context.Context, path string, out any) error {
	return p.call(ctx, http.MethodGet, path, nil, nil, out)
}

func (p *person) post(ctx context.Context, path string, in any, key string, out any) error {
	body, raw := in.([]byte)
	if !raw {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return p.call(ctx, http.MethodPost, path, body, map[string]string{"Idempotency-Key": key}, out)
}

func (p *person) call(ctx context.Context, method, path string, body []byte, header map[string]string, out any) error {
	token, err := p.session(ctx)
	if err != nil {
		return err
	}
	err = p.exchange(ctx, method, path, body, header, token, out)
	var no *refusal
	if errors.As(err, &no) && no.Status == http.StatusUnauthorized {
		p.forget()
	}
	return err
}

func (p *person) exchange(ctx context.Context, method, path string, body []byte, header map[string]string, token string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		no := &refusal{Status: resp.StatusCode}
		if json.Unmarshal(answer, &no.Problem) != nil {
			no.MessageZh = fmt.Sprintf("%.200s", answer)
		}
		return fmt.Errorf("%s %s: %w", method, path, no)
	}
	if raw, isRaw := out.(*[]byte); isRaw {
		*raw = answer
		return nil
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// upload stores a file at the node, going on where an earlier try ended.
func (p *person) upload(ctx context.Context, content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	var state client.AttachmentState
	if err := p.post(ctx, "/api/v1/attachments", client.AttachmentRequest{Hash: hash, Size: int64(len(content))}, "", &state); err != nil {
		return "", err
	}
	for !state.Complete {
		from := state.Offset
		piece := content[from:min(int64(len(content)), from+16<<10)]
		header := map[string]string{"Content-Type": "application/octet-stream", "Upload-Offset": strconv.FormatInt(from, 10)}
		state = client.AttachmentState{}
		if err := p.call(ctx, http.MethodPatch, "/api/v1/attachments/"+hash, piece, header, &state); err != nil {
			return "", err
		}
		if state.Offset <= from && !state.Complete {
			return "", errors.New("the upload does not move")
		}
	}
	return hash, nil
}

func newKey() string { return rand.Text() }
