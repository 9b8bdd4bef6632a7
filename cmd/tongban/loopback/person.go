package loopback

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

// Person is somebody with a login. A login is good at every node; several may
// ask in one name at once.
type Person struct {
	Login, Password string
	// Web carries the requests.
	Web *http.Client

	mu    sync.Mutex
	token string
	until time.Time
}

// Seat is a person at one node.
type Seat struct {
	*Person
	URL string
}

// At seats the person at the node with a URL.
func (p *Person) At(url string) *Seat { return &Seat{p, url} }

// Refusal is a node's no, as opposed to no answer.
type Refusal struct {
	Status int
	client.Problem
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("%s (%d %s)", r.MessageZh, r.Status, r.Code)
	for _, f := range r.Fields {
		text += "\n    " + f.Path + " " + f.ZH
	}
	return text
}

// IsRefused reports whether an error is a refusal with a code.
func IsRefused(err error, code string) bool {
	var no *Refusal
	return errors.As(err, &no) && no.Code == code
}

// Bearer is the person's token, from a login at this node where there is none
// that is still good.
func (s *Seat) Bearer(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Until(s.until) > time.Minute {
		return s.token, nil
	}
	var tokens client.SessionTokens
	if err := Ask(ctx, s.Web, Request{Method: http.MethodPost, URL: s.URL + "/api/v1/session", In: client.LoginRequest{Login: s.Login, Password: s.Password}}, &tokens); err != nil {
		return "", fmt.Errorf("登录 log in %s at %s: %w", s.Login, s.URL, err)
	}
	s.token, s.until = tokens.AccessToken, time.UnixMilli(tokens.ExpiresAt)
	return s.token, nil
}

// Forget makes the next call log in anew.
func (p *Person) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Time{}
}

func (s *Seat) Get(ctx context.Context, path string, out any) error {
	return s.Call(ctx, Request{Method: http.MethodGet, URL: path}, out)
}

// Post sends in under an idempotency key, or none where it is empty.
func (s *Seat) Post(ctx context.Context, path string, in any, key string, out any) error {
	return s.Call(ctx, Request{Method: http.MethodPost, URL: path, In: in, Key: key}, out)
}

// Call asks the node as this person, logging in first where needed; the
// request's URL is a path at the node. A node that does not know the session,
// as after a power cut, gets a new login with the next call.
func (s *Seat) Call(ctx context.Context, r Request, out any) error {
	var err error
	if r.Bearer, err = s.Bearer(ctx); err != nil {
		return err
	}
	r.URL = s.URL + r.URL
	err = Ask(ctx, s.Web, r, out)
	var no *Refusal
	if errors.As(err, &no) && no.Status == http.StatusUnauthorized {
		s.Forget()
	}
	return err
}

// Upload stores a file at the node in pieces of so many bytes, going on where
// an earlier try ended.
func (s *Seat) Upload(ctx context.Context, content []byte, piece int64) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	var state client.AttachmentState
	if err := s.Post(ctx, "/api/v1/attachments", client.AttachmentRequest{Hash: hash, Size: int64(len(content))}, "", &state); err != nil {
		return "", err
	}
	for !state.Complete {
		from := state.Offset
		r := Request{Method: http.MethodPatch, URL: "/api/v1/attachments/" + hash, In: content[from:min(int64(len(content)), from+piece)],
			Type: "application/octet-stream", Header: map[string]string{"Upload-Offset": strconv.FormatInt(from, 10)}}
		state = client.AttachmentState{}
		if err := s.Call(ctx, r, &state); err != nil {
			return "", err
		}
		if state.Offset <= from && !state.Complete {
			return "", errors.New("the upload does not move")
		}
	}
	return hash, nil
}

// NewKey is a new idempotency key.
func NewKey() string { return rand.Text() }

// Request is one request to a node.
type Request struct {
	Method, URL string
	// In is the body: bytes as they are, all else as JSON.
	In any
	// Type is the body's, JSON where it is empty.
	Type        string
	Key, Bearer string
	Header      map[string]string
}

// maxAnswer is more than any answer of a node, whole backups included.
const maxAnswer = 1 << 30

// Ask sends a request and reads the answer: into a *[]byte as it is, into all
// else as JSON. The error is a *Refusal where the node said no.
func Ask(ctx context.Context, web *http.Client, r Request, out any) error {
	raw, ok := r.In.([]byte)
	if !ok && r.In != nil {
		var err error
		if raw, err = json.Marshal(r.In); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if raw != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.Type != "" {
		req.Header.Set("Content-Type", r.Type)
	}
	if r.Key != "" {
		req.Header.Set("Idempotency-Key", r.Key)
	}
	if r.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.Bearer)
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		no := &Refusal{Status: resp.StatusCode}
		if json.Unmarshal(answer, &no.Problem) != nil || no.Code == "" {
			no.MessageZh = fmt.Sprintf("%.300s", answer)
		}
		return fmt.Errorf("%s %s: %w", r.Method, req.URL.Path, no)
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, out)
}
