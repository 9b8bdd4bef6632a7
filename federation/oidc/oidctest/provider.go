// Package oidctest is an identity provider for tests: a real one, with TLS,
// discovery, keys that rotate, PKCE and codes that work once, which can be told to
// do each thing wrong that a client must notice.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that is registered with it.
const (
	ClientID = "tongban-test"
	Secret   = "a-secret-of-the-client-26"
)

// Person is somebody who has an account there; Claims go into what it says of
// them.
type Person struct {
	Subject string
	Claims  map[string]any
}

// Provider is a running provider.
type Provider struct {
	URL string

	server *httptest.Server

	mu    sync.Mutex
	keys  []jose.JSONWebKey // public and old; the last one signs
	key   crypto.Signer
	kid   int
	codes map[string]*grant
	asked map[string]int

	// What it does wrong, if anything; nil for nothing. Each is called with the
	// lock held.
	Claims    func(claims map[string]any)                       // of an identity token, before it is signed
	Token     func(signed string) string                        // an identity token, after
	Discovery func(document map[string]any)                     // the discovery document
	UserInfo  func(claims map[string]any)                       // what userinfo says
	Answer    func(w http.ResponseWriter, r *http.Request) bool // any answer; true: it was given
	// Returns are the addresses a browser may be sent back to.
	Returns []string
	Now     func() time.Time
}

type grant struct {
	person                     Person
	nonce, challenge, returnTo string
	used                       bool
}

// New starts a provider which ends with the test.
func New(tb testing.TB, returns ...string) *Provider {
	tb.Helper()
	p := &Provider{codes: map[string]*grant{}, asked: map[string]int{}, Returns: returns, Now: time.Now}
	p.server = httptest.NewTLSServer(p)
	p.URL = p.server.URL
	tb.Cleanup(p.server.Close)
	p.Rotate(tb, false)
	return p
}

// Roots are the authorities of its certificate.
func (p *Provider) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.server.Certificate())
	return pool
}

// Certificate is its own certificate in DER.
func (p *Provider) Certificate() []byte { return p.server.Certificate().Raw }

// Stop ends it before the test ends.
func (p *Provider) Stop() { p.server.Close() }

// Rotate signs with a new key from now on; the old ones stay good where keep is.
func (p *Provider) Rotate(tb testing.TB, keep bool) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	p.use(key, jose.ES256, keep)
}

// UseRSA signs with an RSA key from now on.
func (p *Provider) UseRSA(tb testing.TB) {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	p.use(key, jose.RS256, false)
}

func (p *Provider) use(key crypto.Signer, alg jose.SignatureAlgorithm, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kid++
	p.key = key
	if !keep {
		p.keys = nil
	}
	p.keys = append(p.keys, jose.JSONWebKey{Key: key.Public(), KeyID: fmt.Sprint("key-", p.kid), Algorithm: string(alg), Use: "sig"})
}

// Asked is how often a path was asked for.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// Set changes what it does, between requests.
func (p *Provider) Set(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Visit is a browser that follows an address to the provider, where its owner logs
// in; it gives the parameters with which it is sent back.
func (p *Provider) Visit(tb testing.TB, address string, who Person) url.Values {
	tb.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme+"://"+u.Host != p.URL || u.Path != "/authorize" {
		tb.Fatalf("sent to %s, not to the provider: %v", address, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	q := u.Query()
	back := q.Get("redirect_uri")
	switch {
	case q.Get("client_id") != ClientID, q.Get("response_type") != "code", q.Get("code_challenge_method") != "S256", len(q.Get("code_challenge")) != 43,
		len(q.Get("state")) < 20, len(q.Get("nonce")) < 20, !slices.Contains(p.Returns, back):
		tb.Fatalf("a wrong authorization request: %s", address)
	}
	code := rand.Text()
	p.codes[code] = &grant{person: who, nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), returnTo: back}
	return url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
}

// ServeHTTP answers as a provider.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[r.URL.Path]++
	if p.Answer != nil && p.Answer(w, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		d := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"ES256", "RS256", "HS256", "none"}, "code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"}}
		if p.Discovery != nil {
			p.Discovery(d)
		}
		answer(w, http.StatusOK, d)
	case "/keys":
		answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: p.keys})
	case "/token":
		p.token(w, r)
	case "/userinfo":
		g, ok := p.codes[r.Header.Get("Authorization")[len("Bearer access-"):]]
		if !ok {
			answer(w, http.StatusUnauthorized, nil)
			return
		}
		claims := maps.Clone(g.person.Claims)
		if claims == nil {
			claims = map[string]any{}
		}
		claims["sub"] = g.person.Subject
		if p.UserInfo != nil {
			p.UserInfo(claims)
		}
		answer(w, http.StatusOK, claims)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	code := r.PostFormValue("code")
	g := p.codes[code]
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != ClientID || secret != Secret:
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	case g == nil, g.used, g.returnTo != r.PostFormValue("redirect_uri"), base64.RawURLEncoding.EncodeToString(challenge[:]) != g.challenge, r.PostFormValue("grant_type") != "authorization_code":
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	g.used = true
	access := "access-" + code
	now := p.Now()
	hash := sha256.Sum256([]byte(access))
	claims := map[string]any{"iss": p.URL, "sub": g.person.Subject, "aud": ClientID, "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"at_hash": base64.RawURLEncoding.EncodeToString(hash[:16])}
	for k, v := range g.person.Claims {
		claims[k] = v
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	signed, err := p.sign(claims)
	if err != nil {
		answer(w, http.StatusInternalServerError, nil)
		return
	}
	if p.Token != nil {
		signed = p.Token(signed)
	}
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed})
}

func (p *Provider) sign(claims map[string]any) (string, error) {
	public := p.keys[len(p.keys)-1]
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(public.Algorithm), Key: jose.JSONWebKey{Key: p.key, KeyID: public.KeyID}}, nil)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
