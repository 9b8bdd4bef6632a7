package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
)

// session is a person's login at a node. As a RoundTripper it adds the access
// token to every request and renews it when it has ended; a person notices
// only when the session itself is over and no password is at hand.
type session struct {
	file      *sessionFile
	base      http.RoundTripper
	passwords passwords
	warn      func(zh, en string)
	fresh     bool // ask a hub for what any hub has acknowledged
	// applicant: the person applies from home; otp is their one-time code.
	applicant bool
	otp       string

	mu    sync.Mutex
	saved savedSession
	tried bool   // the password was used already
	typed string // that password, for a change of it
}

// early is how long before its end an access token is renewed.
const early = 30 * time.Second

// RoundTrip sends the request as the person, and once more after renewing when
// the node says that the token has ended.
func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := s.current(req.Context())
	if err != nil {
		return nil, err
	}
	answer, err := s.send(req, token)
	if err != nil || answer.StatusCode != http.StatusUnauthorized || req.Body != nil && req.GetBody == nil {
		return answer, err
	}
	again, err := s.renewed(req.Context(), token)
	if err != nil {
		answer.Body.Close()
		return nil, err
	}
	answer.Body.Close()
	repeat := req.Clone(req.Context())
	if req.GetBody != nil {
		if repeat.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return s.send(repeat, again)
}

func (s *session) send(req *http.Request, token string) (*http.Response, error) {
	req = req.Clone(req.Context())
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if s.fresh {
		req.Header.Set("Tongban-Fresh", "1")
	}
	return s.base.RoundTrip(req)
}

// current is the token to send: renewed if it is about to end, empty if there
// was no login, for much may be asked without one.
func (s *session) current(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved.Access == "" && s.saved.Refresh == "" {
		return "", nil
	}
	if s.saved.Access != "" && time.Now().Add(early).UnixMilli() < s.saved.ExpiresAt {
		return s.saved.Access, nil
	}
	return s.renew(ctx)
}

// token is a token that is worth sending, by login where there is none.
func (s *session) token(ctx context.Context) (string, error) {
	token, err := s.current(ctx)
	if err != nil || token != "" {
		return token, err
	}
	return s.renewed(ctx, "")
}

// renewed is a token other than the one that was refused.
func (s *session) renewed(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved.Access != refused {
		return s.saved.Access, nil
	}
	s.saved.Access = ""
	return s.renew(ctx)
}

// renew exchanges the refresh token for new tokens, or logs in. A refresh
// token works once and a second use ends the session, so commands that run
// side by side take turns, and whoever comes second finds the new one.
func (s *session) renew(ctx context.Context) (string, error) {
	unlock, err := s.file.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	known, err := s.file.read()
	if err != nil {
		return "", err
	}
	found := known.find(s.saved.Node, s.saved.User)
	if found.Access != "" && found.Refresh != s.saved.Refresh {
		s.adopt(found)
		return s.saved.Access, nil
	}
	if s.saved.Refresh != "" {
		tokens, err := s.refresh(ctx)
		if err == nil {
			return s.keep(&known, tokens)
		}
		var refused *refusal
		if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
			return "", err
		}
		s.saved.Refresh = ""
		known.remove(s.saved.Node, s.saved.User)
		if err := s.file.write(known); err != nil {
			return "", err
		}
	}
	tokens, err := s.logIn(ctx)
	if err != nil {
		return "", err
	}
	return s.keep(&known, tokens)
}

func (s *session) adopt(other savedSession) {
	ca := s.saved.CA
	s.saved = other
	if ca != "" {
		s.saved.CA = ca
	}
}

// keep saves new tokens before they are used: the old refresh token is worth
// nothing by now.
func (s *session) keep(known *sessionList, tokens *client.SessionTokens) (string, error) {
	s.saved.User = tokens.Session.Login
	s.saved.Access, s.saved.Refresh, s.saved.ExpiresAt = tokens.AccessToken, tokens.RefreshToken, tokens.ExpiresAt
	known.put(s.saved)
	return s.saved.Access, s.file.write(*known)
}

func (s *session) refresh(ctx context.Context) (*client.SessionTokens, error) {
	api, err := s.bare()
	if err != nil {
		return nil, err
	}
	if s.applicant {
		return s.refreshApplicant(ctx, api)
	}
	a, err := answered[client.SessionTokens](api.RefreshSession(ctx, client.RefreshRequest{RefreshToken: s.saved.Refresh}))
	return &a.value, err
}

// logIn asks for the password, once in a run.
func (s *session) logIn(ctx context.Context) (*client.SessionTokens, error) {
	if s.tried || !s.passwords.atHand() {
		if err := s.reached(ctx); err != nil {
			return nil, err
		}
		return nil, errLogin
	}
	s.tried = true
	user, password, err := s.passwords.ask(s.saved.Node, s.saved.User)
	if err != nil {
		return nil, err
	}
	if plainTo(s.saved.Node) {
		s.warn("注意：密码将以明文经网络发送，请改用 https", "warning: the password crosses the network in the clear; use https")
	}
	s.typed = password
	api, err := s.bare()
	if err != nil {
		return nil, err
	}
	if s.applicant {
		return s.logInApplicant(ctx, api, user, password)
	}
	a, err := answered[client.SessionTokens](api.Login(ctx, client.LoginRequest{Login: user, Password: password, Mode: client.ModeBearer}))
	return &a.value, err
}

// reached is nil when anybody answers at the node's address. Where nobody does, to
// be told to log in would send the person the wrong way.
func (s *session) reached(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.saved.Node+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := s.base.RoundTrip(req)
	if err != nil {
		return &unreachable{err}
	}
	return res.Body.Close()
}

// bare is the node without a token, withToken with it.
func (s *session) bare() (*client.Client, error) { return clientOf(s.saved.Node, s.base) }

func (s *session) withToken() (*client.Client, error) { return clientOf(s.saved.Node, s) }

// clientOf speaks to a node over a transport. It follows no redirect: a node
// never sends one, and following it would hand the token to whoever is named.
func clientOf(node string, over http.RoundTripper) (*client.Client, error) {
	doer := &http.Client{Transport: over, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	api, err := client.NewClient(node, client.WithHTTPClient(doer), client.WithRequestEditorFn(unasked))
	if err != nil {
		return nil, usagef("节点地址不正确 (not an address): %v", err)
	}
	return api, nil
}

// unasked takes out of a request the query parameters that were not given. The
// generated client sends them empty or zero, and the contract has no such
// values.
func unasked(_ context.Context, req *http.Request) error {
	query := req.URL.Query()
	for name := range query {
		if value := query.Get(name); value == "" || value == "0" {
			query.Del(name)
		}
	}
	req.URL.RawQuery = query.Encode()
	return nil
}

// errLogin is the refusal given before the node has to give it.
var errLogin = &refusal{Problem: client.Problem{
	Type: localProblem, Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized, Code: "unauthenticated",
	MessageZh: "请先登录", Detail: "log in first",
	Next: "运行 tongban login，或给出 --user 与 --password-file", NextEn: "run tongban login, or give --user and --password-file",
}}
