// Package oidc lets applicants log in with an account of an identity provider
// that the county has configured (OpenID Connect, authorization code flow with
// PKCE). It sends a browser there, takes it back, and says whose identity it is.
// Which account that is, and whether there is one, is the ledger's affair.
//
// What began in a browser is kept in that browser alone, sealed with a key that
// every hub makes of the client's secret: any hub can finish what another began,
// and nothing is written down for a visitor who never comes back.
package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tongban/tongban/node/account"
)

// Bounds of every call out, and of what the provider says.
const (
	callTime   = 10 * time.Second
	answerSize = 1 << 20
	callsOut   = 16 // at once
	// relearn is how old what is known of the provider may get: its addresses, and
	// keys that it has withdrawn.
	relearn = time.Hour
	// leeway is how far the provider's clock may be off.
	leeway = 2 * time.Minute
	// fresh is how old an identity token may be when it is shown for the first time.
	fresh = 10 * time.Minute
	// MinSecret is how many bytes a client's secret has at least, for a key is made
	// of it.
	MinSecret = 16
)

// algorithms are the signatures that are taken: those of RSA and ECDSA keys of
// the provider's own. None has a secret that the county knows too.
var algorithms = []string{oidc.RS256, oidc.ES256}

// ReturnPath is where the provider sends a browser back to, below one of the
// configured addresses.
const ReturnPath = "/my/provider"

// Options are a provider as the county has configured it.
type Options struct {
	Issuer   string
	ClientID string
	Secret   []byte
	// Roots are the authorities of the provider's certificate; nil: the system's.
	Roots *x509.CertPool
	// Scopes are asked for beside openid.
	Scopes []string
	// Addresses are the county's public ones (scheme and host), to which alone a
	// browser is ever sent back.
	Addresses []string
	Claims    Claims
	RealName  RealName
	// LabelZH and LabelEN stand on the button.
	LabelZH, LabelEN string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Claims name where the provider puts what it knows of a person; an empty name is
// not looked for.
type Claims struct {
	Name, Number, Mobile string
	// UserInfo says that they are asked of the userinfo endpoint.
	UserInfo bool
}

// RealName says whether the county takes the provider's word for who somebody is.
type RealName struct {
	Trusted bool
	// Claim has one of Values where the provider looked at the person's document;
	// with no Claim it looked at everybody's.
	Claim  string
	Values []string
}

// Identity is who came back from the provider.
type Identity struct {
	Issuer string
	// Subject is account.HashSubject of what the provider calls them: it is never
	// kept as it is.
	Subject string
	// Name, Number and Mobile are what the provider says of them; they are given
	// where RealName, for nothing else may be believed.
	Name, Number, Mobile string
	RealName             bool
}

// Reason says why something failed, for the words of an answer.
type Reason string

// The reasons of an Error.
const (
	Unreachable Reason = "unreachable" // the provider does not answer, or not as it should
	Address     Reason = "address"     // the browser is not at a configured address
	State       Reason = "state"       // it did not begin in this browser, has ended, or was used
	Refused     Reason = "refused"     // the provider does not take the code
	Token       Reason = "token"       // what it says of the person cannot be believed
)

// Error is a failure with its reason. Its text is for the log and holds nothing
// of a person.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "oidc: " + string(e.Reason)
	}
	return fmt.Sprintf("oidc: %s: %v", e.Reason, e.Err)
}

// Unwrap gives what is behind it.
func (e *Error) Unwrap() error { return e.Err }

func failed(r Reason, err error) error { return &Error{r, err} }

// Client is a provider as the county knows it. It is safe for concurrent use.
type Client struct {
	o      Options
	sealer *sealer
	http   *http.Client
	calls  chan struct{}
	used   *spent

	mu    sync.Mutex
	known *provider
}

// provider is what discovery said.
type provider struct {
	*oidc.Provider
	endpoint oauth2.Endpoint
	keys     string
	pkce     bool
	algs     []string
	learned  time.Time
}

// New makes a client. It calls nobody: a county starts without its provider.
func New(o Options) (*Client, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := secure(o.Issuer); err != nil {
		return nil, fmt.Errorf("oidc: issuer: %w", err)
	}
	if o.ClientID == "" || len(o.Addresses) == 0 {
		return nil, errors.New("oidc: a client id and an address to come back to are needed")
	}
	if len(o.Secret) < MinSecret {
		return nil, fmt.Errorf("oidc: the client's secret has %d bytes, at least %d", len(o.Secret), MinSecret)
	}
	sealer, err := newSealer(o.Secret, o.Issuer, o.ClientID)
	if err != nil {
		return nil, err
	}
	// Through no proxy, whatever the environment says, and nowhere else than asked.
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: callsOut, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10}
	c := &Client{o: o, sealer: sealer, calls: make(chan struct{}, callsOut), used: newSpent(maxSpent)}
	c.http = &http.Client{Transport: bounded{transport}, Timeout: callTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

// Labels are what stands on the button, in Chinese and English.
func (c *Client) Labels() (zh, en string) { return c.o.LabelZH, c.o.LabelEN }

// Opens says whether a first login opens an account.
func (c *Client) Opens() bool { return c.o.RealName.Trusted }

// Addresses are those at which a login can begin.
func (c *Client) Addresses() []string { return slices.Clone(c.o.Addresses) }

// Issuer names the provider.
func (c *Client) Issuer() string { return c.o.Issuer }

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Begin sends a browser to the provider: it gives the address to go to, and the
// ticket that the browser keeps. at is the address (scheme and host) at which the
// browser is, one of the configured ones.
func (c *Client) Begin(ctx context.Context, at string, purpose Purpose, accountID, session string) (address, ticket string, err error) {
	if !slices.Contains(c.o.Addresses, at) {
		return "", "", failed(Address, nil)
	}
	ctx, done, err := c.call(ctx)
	if err != nil {
		return "", "", err
	}
	defer done()
	p, err := c.provider(ctx)
	if err != nil {
		return "", "", err
	}
	t := newTicket(purpose, accountID, session, at, c.o.Now())
	if ticket, err = c.sealer.seal(t); err != nil {
		return "", "", err
	}
	return c.oauth(p, at).AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), ticket, nil
}

// Finish takes a browser back. ticket is what the browser kept; state, code and
// issuer are what the provider sent it back with (RFC 9207: no issuer where the
// provider does not say). It gives whose identity it is, and for which account
// and session it was begun.
func (c *Client) Finish(ctx context.Context, purpose Purpose, ticket, state, code, issuer string) (*Identity, *Ticket, error) {
	now := c.o.Now()
	t, err := c.sealer.open(ticket)
	switch {
	case err != nil:
		return nil, nil, failed(State, err)
	case subtle.ConstantTimeCompare([]byte(t.State), []byte(state)) != 1, t.Purpose != purpose, !slices.Contains(c.o.Addresses, t.At):
		return nil, nil, failed(State, nil)
	case now.After(time.UnixMilli(t.Until)):
		return nil, nil, failed(State, errors.New("it took too long"))
	case issuer != "" && issuer != c.o.Issuer:
		return nil, nil, failed(State, errors.New("another issuer answers"))
	case !c.used.take(t.State):
		return nil, nil, failed(State, errors.New("it was used"))
	}
	ctx, done, err := c.call(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	p, err := c.provider(ctx)
	if err != nil {
		return nil, nil, err
	}
	token, err := c.oauth(p, t.At).Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode/100 == 4 {
			// Its body may say anything; the code of the error is from a short list.
			return nil, nil, failed(Refused, fmt.Errorf("the token endpoint answers %d %.40q", refused.Response.StatusCode, refused.ErrorCode))
		}
		return nil, nil, failed(Unreachable, plain(err))
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := c.verify(ctx, p, raw, token.AccessToken, t.Nonce, now)
	if err != nil {
		return nil, nil, err
	}
	said, err := c.claims(ctx, p, verified, token)
	if err != nil {
		return nil, nil, err
	}
	return c.identity(verified.Subject, said), t, nil
}

// verify holds an identity token against OpenID Connect Core 1.0, 3.1.3.7.
func (c *Client) verify(ctx context.Context, p *provider, raw, access, nonce string, now time.Time) (*oidc.IDToken, error) {
	// The library compares the end with its clock and knows no leeway.
	checks := &oidc.Config{ClientID: c.o.ClientID, SupportedSigningAlgs: algorithms, Now: func() time.Time { return now.Add(-leeway) }}
	token, err := p.Verifier(checks).Verify(ctx, raw)
	if err != nil {
		return nil, failed(Token, plain(err))
	}
	var more struct {
		AZP    string `json:"azp"`
		IAT    *int64 `json:"iat"`
		AtHash string `json:"at_hash"`
	}
	if err := token.Claims(&more); err != nil {
		return nil, failed(Token, errors.New("malformed claims"))
	}
	switch {
	case token.Issuer != c.o.Issuer:
		return nil, failed(Token, errors.New("another issuer"))
	case token.Subject == "" || len(token.Subject) > 255:
		return nil, failed(Token, errors.New("no subject, or one that is too long"))
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return nil, failed(Token, errors.New("another nonce"))
	case more.AZP != "" && more.AZP != c.o.ClientID, len(token.Audience) > 1 && more.AZP == "":
		return nil, failed(Token, errors.New("made out to another client"))
	case more.IAT == nil, token.IssuedAt.After(now.Add(leeway)), token.IssuedAt.Before(now.Add(-fresh - leeway)):
		return nil, failed(Token, errors.New("made out at another time"))
	}
	if more.AtHash != "" {
		if err := token.VerifyAccessToken(access); err != nil {
			return nil, failed(Token, errors.New("the access token is not the one it was made out with"))
		}
	}
	return token, nil
}

// claims is what the provider says of a person, from where it says it.
func (c *Client) claims(ctx context.Context, p *provider, id *oidc.IDToken, token *oauth2.Token) (map[string]json.RawMessage, error) {
	said := map[string]json.RawMessage{}
	if !c.o.RealName.Trusted {
		return said, nil // nothing of it is believed, so nothing is asked
	}
	if !c.o.Claims.UserInfo {
		if err := id.Claims(&said); err != nil {
			return nil, failed(Token, errors.New("malformed claims"))
		}
		return said, nil
	}
	info, err := p.UserInfo(oidc.ClientContext(ctx, c.http), oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, failed(Unreachable, plain(err))
	}
	if info.Subject != id.Subject { // Core 5.3.2: it may be another's
		return nil, failed(Token, errors.New("userinfo is about another"))
	}
	if err := info.Claims(&said); err != nil {
		return nil, failed(Token, errors.New("malformed userinfo"))
	}
	return said, nil
}

// identity is what of that the county may believe.
func (c *Client) identity(subject string, said map[string]json.RawMessage) *Identity {
	who := &Identity{Issuer: c.o.Issuer, Subject: account.HashSubject(c.o.Issuer, subject)}
	trust := c.o.RealName
	if !trust.Trusted || trust.Claim != "" && !slices.Contains(trust.Values, text(said, trust.Claim)) {
		return who
	}
	who.Name, who.Number, who.Mobile = text(said, c.o.Claims.Name), text(said, c.o.Claims.Number), text(said, c.o.Claims.Mobile)
	who.RealName = who.Name != "" && who.Number != ""
	if !who.RealName {
		who.Name, who.Number, who.Mobile = "", "", ""
	}
	return who
}

// text is a claim as text; a number or a boolean as JSON spells it.
func text(said map[string]json.RawMessage, claim string) string {
	raw, ok := said[claim]
	if claim == "" || !ok {
		return ""
	}
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return strings.TrimSpace(s)
	}
	var scalar any
	if err := json.Unmarshal(raw, &scalar); err != nil {
		return ""
	}
	switch scalar.(type) {
	case float64, bool:
		return string(raw)
	}
	return ""
}

func (c *Client) oauth(p *provider, at string) *oauth2.Config {
	return &oauth2.Config{ClientID: c.o.ClientID, ClientSecret: string(c.o.Secret), Endpoint: p.endpoint, RedirectURL: at + ReturnPath,
		Scopes: append([]string{oidc.ScopeOpenID}, slices.DeleteFunc(slices.Clone(c.o.Scopes), func(s string) bool { return s == oidc.ScopeOpenID })...)}
}

// call bounds a call out in time, and how many there are at once.
func (c *Client) call(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	select {
	case c.calls <- struct{}{}:
		return oidc.ClientContext(ctx, c.http), func() { <-c.calls; cancel() }, nil
	case <-ctx.Done():
		cancel()
		return nil, nil, failed(Unreachable, errors.New("too many wait for it"))
	}
}

// provider is what is known of the provider, asked anew when that is old.
func (c *Client) provider(ctx context.Context) (*provider, error) {
	now := c.o.Now()
	c.mu.Lock()
	known := c.known
	c.mu.Unlock()
	if known != nil && now.Sub(known.learned) < relearn {
		return known, nil
	}
	p, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	p.learned = now
	c.mu.Lock()
	c.known = p
	c.mu.Unlock()
	return p, nil
}

func (c *Client) discover(ctx context.Context) (*provider, error) {
	found, err := oidc.NewProvider(ctx, c.o.Issuer)
	if err != nil {
		return nil, failed(Unreachable, plain(err))
	}
	var says struct {
		JWKS     string   `json:"jwks_uri"`
		UserInfo string   `json:"userinfo_endpoint"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		PKCE     []string `json:"code_challenge_methods_supported"`
		Algs     []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, failed(Unreachable, errors.New("malformed discovery document"))
	}
	p := &provider{Provider: found, endpoint: found.Endpoint(), keys: says.JWKS, pkce: slices.Contains(says.PKCE, "S256"), algs: says.Algs}
	addresses := []string{p.endpoint.AuthURL, p.endpoint.TokenURL, says.JWKS}
	if c.o.Claims.UserInfo {
		addresses = append(addresses, says.UserInfo)
	}
	for _, a := range addresses {
		if err := secure(a); err != nil {
			return nil, failed(Unreachable, fmt.Errorf("discovery document: %w", err))
		}
	}
	// Said outright, for to try both would show a code twice.
	p.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") && slices.Contains(says.Methods, "client_secret_post") {
		p.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return p, nil
}

// Check asks the provider what it is, as an operator's check does, and says what
// will not work.
func (c *Client) Check(ctx context.Context) (warnings []string, err error) {
	ctx, done, err := c.call(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	p, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	if len(p.algs) > 0 && !slices.ContainsFunc(p.algs, func(a string) bool { return slices.Contains(algorithms, a) }) {
		return nil, failed(Token, fmt.Errorf("it signs with %q; %q are taken", p.algs, algorithms))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.keys, nil)
	if err != nil {
		return nil, failed(Unreachable, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, failed(Unreachable, plain(err))
	}
	defer resp.Body.Close()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil || resp.StatusCode != http.StatusOK || len(set.Keys) == 0 {
		return nil, failed(Unreachable, fmt.Errorf("its keys cannot be read (%d)", resp.StatusCode))
	}
	if !p.pkce {
		warnings = append(warnings, "PKCE (S256)")
	}
	return warnings, nil
}

// secure refuses an address that is not https or that names a user.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%.200q is not an https address", address)
	}
	return nil
}

// plain takes off what a client's error says of the address, which holds codes.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// bounded reads no more of an answer than it may have.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{&limited{resp.Body, answerSize}, resp.Body}
	}
	return resp, err
}

// limited fails where an answer is too long, for half of one says something else.
type limited struct {
	r    io.Reader
	left int
}

var errLong = errors.New("the answer is too long")

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// CloseIdleConnections lets the client close them.
func (b bounded) CloseIdleConnections() {
	if t, ok := b.RoundTripper.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// digest names a state that was used without keeping it.
func digest(s string) [sha256.Size]byte { return sha256.Sum256([]byte(s)) }
