package oidc_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/oidc"
	"github.com/tongban/tongban/federation/oidc/oidctest"
	"github.com/tongban/tongban/node/account"
)

const county = "https://zwfw.example.cn"

var wang = oidctest.Person{Subject: "u-1001", Claims: map[string]any{"name": "王芳", "id_number": "330599200103152464", "phone_number": "13800000000", "level": "L3"}}

func client(t *testing.T, p *oidctest.Provider, change ...func(*oidc.Options)) *oidc.Client {
	t.Helper()
	o := oidc.Options{Issuer: p.URL, ClientID: oidctest.ClientID, Secret: []byte(oidctest.Secret), Roots: p.Roots(), Addresses: []string{county, "https://10.1.2.3:8443"},
		Scopes: []string{"openid", "profile"}, Claims: oidc.Claims{Name: "name", Number: "id_number", Mobile: "phone_number"}, RealName: oidc.RealName{Trusted: true}}
	for _, c := range change {
		c(&o)
	}
	c, err := oidc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func provider(t *testing.T) *oidctest.Provider {
	return oidctest.New(t, county+oidc.ReturnPath, "https://10.1.2.3:8443"+oidc.ReturnPath)
}

func login(t *testing.T, c *oidc.Client, p *oidctest.Provider, who oidctest.Person) (*oidc.Identity, error) {
	t.Helper()
	address, ticket, err := c.Begin(t.Context(), county, oidc.Login, "", "")
	if err != nil {
		return nil, err
	}
	back := p.Visit(t, address, who)
	id, _, err := c.Finish(t.Context(), oidc.Login, ticket, back.Get("state"), back.Get("code"), back.Get("iss"))
	return id, err
}

func reason(err error) oidc.Reason {
	var e *oidc.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// TestLogin: the whole way, with both kinds of keys, from both hubs.
func TestLogin(t *testing.T) {
	p := provider(t)
	one, two := client(t, p), client(t, p)
	for _, rsa := range []bool{false, true} {
		if rsa {
			p.UseRSA(t)
		}
		address, ticket, err := one.Begin(t.Context(), county, oidc.Link, "a-1", "s-1")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(address, "a-1") || strings.Contains(ticket, "a-1") {
			t.Error("the account can be read from what goes out")
		}
		back := p.Visit(t, address, wang)
		// Another hub finishes it.
		who, begun, err := two.Finish(t.Context(), oidc.Link, ticket, back.Get("state"), back.Get("code"), back.Get("iss"))
		if err != nil {
			t.Fatal(err)
		}
		if *who != (oidc.Identity{Issuer: p.URL, Subject: account.HashSubject(p.URL, "u-1001"), Name: "王芳", Number: "330599200103152464", Mobile: "13800000000", RealName: true}) {
			t.Errorf("%+v", who)
		}
		if begun.Account != "a-1" || begun.Session != "s-1" {
			t.Errorf("%+v", begun)
		}
		if got := back.Get("state"); !strings.HasPrefix(got, "link.") {
			t.Errorf("state %q", got)
		}
	}
}

// TestOnlyConfiguredAddresses: a browser is sent back to configured addresses
// alone.
func TestOnlyConfiguredAddresses(t *testing.T) {
	c := client(t, provider(t))
	for _, at := range []string{"", "https://zwfw.example.cn.evil.example", "http://zwfw.example.cn", "https://zwfw.example.cn/", "null"} {
		if _, _, err := c.Begin(t.Context(), at, oidc.Login, "", ""); reason(err) != oidc.Address {
			t.Errorf("%q: %v", at, err)
		}
	}
	if _, _, err := c.Begin(t.Context(), "https://10.1.2.3:8443", oidc.Login, "", ""); err != nil {
		t.Error(err)
	}
}

// TestTokensThatAreRefused is OpenID Connect Core 3.1.3.7, one breach a row.
func TestTokensThatAreRefused(t *testing.T) {
	claim := func(key string, value any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) {
			p.Claims = func(c map[string]any) {
				if value == nil {
					delete(c, key)
					return
				}
				c[key] = value
			}
		}
	}
	signed := func(change func(header, body, signature string) string) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) {
			p.Token = func(token string) string {
				parts := strings.Split(token, ".")
				return change(parts[0], parts[1], parts[2])
			}
		}
	}
	encode := base64.RawURLEncoding.EncodeToString
	keyOf := func(p *oidctest.Provider) []byte { // the public key's bytes, as an attacker takes them for a secret
		return p.Certificate()
	}
	now := time.Now()
	for name, row := range map[string]struct {
		wrong func(*oidctest.Provider)
		good  bool
	}{
		"nothing":                    {func(*oidctest.Provider) {}, true},
		"another issuer":             {claim("iss", "https://other.example.cn"), false},
		"no issuer":                  {claim("iss", nil), false},
		"another audience":           {claim("aud", "another-client"), false},
		"no audience":                {claim("aud", nil), false},
		"two audiences, none named":  {claim("aud", []string{oidctest.ClientID, "another"}), false},
		"one audience in a list":     {claim("aud", []string{oidctest.ClientID}), true},
		"another party":              {claim("azp", "another-client"), false},
		"our party":                  {claim("azp", oidctest.ClientID), true},
		"another nonce":              {claim("nonce", "0123456789abcdef0123456789"), false},
		"no nonce":                   {claim("nonce", nil), false},
		"no subject":                 {claim("sub", nil), false},
		"ended":                      {claim("exp", now.Add(-3*time.Minute).Unix()), false},
		"ended within the leeway":    {claim("exp", now.Add(-time.Minute).Unix()), true},
		"no end":                     {claim("exp", nil), false},
		"not yet":                    {claim("nbf", now.Add(10*time.Minute).Unix()), false},
		"made out later":             {claim("iat", now.Add(5*time.Minute).Unix()), false},
		"made out within the leeway": {claim("iat", now.Add(time.Minute).Unix()), true},
		"made out long ago":          {claim("iat", now.Add(-time.Hour).Unix()), false},
		"made out at no time":        {claim("iat", nil), false},
		"for another access token":   {claim("at_hash", "MTIzNDU2Nzg5MDEyMzQ1Ng"), false},
		"for no access token":        {claim("at_hash", nil), true},
		"a broken signature":         {signed(func(h, b, s string) string { return h + "." + b + "." + encode(make([]byte, 64)) }), false},
		"another body": {signed(func(h, b, s string) string {
			raw, _ := base64.RawURLEncoding.DecodeString(b)
			return h + "." + encode([]byte(strings.Replace(string(raw), "u-1001", "u-1002", 1))) + "." + s
		}), false},
		"no algorithm": {signed(func(_, b, _ string) string { return encode([]byte(`{"alg":"none"}`)) + "." + b + "." }), false},
		"None":         {signed(func(_, b, s string) string { return encode([]byte(`{"alg":"None"}`)) + "." + b + "." + s }), false},
		"no token":     {signed(func(_, _, _ string) string { return "" }), false},
		"no such form": {signed(func(h, b, _ string) string { return h + "." + b }), false},
		"HS256 with the public key": {func(p *oidctest.Provider) {
			p.Token = func(token string) string {
				head, body := encode([]byte(`{"alg":"HS256","kid":"key-1"}`)), strings.Split(token, ".")[1]
				mac := hmac.New(sha256.New, keyOf(p))
				mac.Write([]byte(head + "." + body))
				return head + "." + body + "." + encode(mac.Sum(nil))
			}
		}, false},
		"HS256 with the client's secret": {func(p *oidctest.Provider) {
			p.Token = func(token string) string {
				head, body := encode([]byte(`{"alg":"HS256"}`)), strings.Split(token, ".")[1]
				mac := hmac.New(sha256.New, []byte(oidctest.Secret))
				mac.Write([]byte(head + "." + body))
				return head + "." + body + "." + encode(mac.Sum(nil))
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			c := client(t, p)
			p.Set(row.wrong)
			who, err := login(t, c, p, wang)
			if row.good != (err == nil) || !row.good && reason(err) != oidc.Token {
				t.Fatalf("%+v %v", who, err)
			}
			if err != nil && strings.Contains(err.Error(), "王芳") {
				t.Errorf("the error names the person: %v", err)
			}
		})
	}
}

// TestKeysRotate: a new key is fetched when it is first seen, and an old one is
// good only while it is published.
func TestKeysRotate(t *testing.T) {
	p := provider(t)
	now := time.Now()
	c := client(t, p, func(o *oidc.Options) { o.Now = func() time.Time { return now } })
	p.Set(func(p *oidctest.Provider) { p.Now = func() time.Time { return now } })
	for i, keep := range []bool{true, true, false} {
		if i > 0 {
			p.Rotate(t, keep)
		}
		if _, err := login(t, c, p, wang); err != nil {
			t.Fatal(err)
		}
	}
	fetched := p.Asked("/keys")
	if _, err := login(t, c, p, wang); err != nil || p.Asked("/keys") != fetched {
		t.Errorf("known keys are fetched again: %d, %d, %v", fetched, p.Asked("/keys"), err)
	}
	// A key that was withdrawn is forgotten when what is known gets old.
	asked := p.Asked("/.well-known/openid-configuration")
	now = now.Add(2 * time.Hour)
	if _, err := login(t, c, p, wang); err != nil || p.Asked("/.well-known/openid-configuration") != asked+1 || p.Asked("/keys") != fetched+1 {
		t.Errorf("not learned anew: %v", err)
	}
}

// TestTickets: what did not begin in this browser, for this, in time and once, is
// not finished.
func TestTickets(t *testing.T) {
	p := provider(t)
	now := time.Now()
	clock := func(o *oidc.Options) { o.Now = func() time.Time { return now } }
	c := client(t, p, clock)
	begin := func() (ticket string, back url.Values) {
		address, ticket, err := c.Begin(t.Context(), county, oidc.Login, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return ticket, p.Visit(t, address, wang)
	}
	finish := func(c *oidc.Client, purpose oidc.Purpose, ticket string, back url.Values) error {
		_, _, err := c.Finish(t.Context(), purpose, ticket, back.Get("state"), back.Get("code"), back.Get("iss"))
		return err
	}
	ticket, back := begin()
	other, otherBack := begin()
	for name, try := range map[string]func() error{
		"no ticket":          func() error { return finish(c, oidc.Login, "", back) },
		"a made-up ticket":   func() error { return finish(c, oidc.Login, strings.Repeat("A", 200), back) },
		"another browser's":  func() error { return finish(c, oidc.Login, other, back) },
		"for something else": func() error { return finish(c, oidc.Link, ticket, back) },
		"from another issuer": func() error {
			return finish(c, oidc.Login, ticket, url.Values{"state": back["state"], "code": back["code"], "iss": {"https://evil.example"}})
		},
		"another client's": func() error {
			return finish(client(t, p, clock, func(o *oidc.Options) { o.Secret = []byte("another-secret-of-26-bytes") }), oidc.Login, ticket, back)
		},
		"for an address that was taken off": func() error {
			return finish(client(t, p, clock, func(o *oidc.Options) { o.Addresses = []string{"https://10.1.2.3:8443"} }), oidc.Login, ticket, back)
		},
	} {
		if err := try(); reason(err) != oidc.State {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := finish(c, oidc.Login, ticket, back); err != nil {
		t.Fatal(err)
	}
	if err := finish(c, oidc.Login, ticket, back); reason(err) != oidc.State {
		t.Errorf("again: %v", err)
	}
	// At another hub the provider refuses the code.
	if err := finish(client(t, p, clock), oidc.Login, ticket, back); reason(err) != oidc.Refused {
		t.Errorf("again at another hub: %v", err)
	}
	now = now.Add(oidc.TicketLife + time.Second)
	if err := finish(c, oidc.Login, other, otherBack); reason(err) != oidc.State {
		t.Errorf("too late: %v", err)
	}
}

// TestProvidersThatFail: a provider that does not answer as it should is told
// apart from a person who may not, and holds nobody for long.
func TestProvidersThatFail(t *testing.T) {
	for name, wrong := range map[string]func(*oidctest.Provider){
		"another issuer in its document": func(p *oidctest.Provider) {
			p.Discovery = func(d map[string]any) { d["issuer"] = "https://other.example.cn" }
		},
		"a token endpoint in the clear": func(p *oidctest.Provider) {
			p.Discovery = func(d map[string]any) { d["token_endpoint"] = "http://127.0.0.1/token" }
		},
		"no keys": func(p *oidctest.Provider) { p.Discovery = func(d map[string]any) { delete(d, "jwks_uri") } },
		"a redirect": func(p *oidctest.Provider) {
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
				return true
			}
		},
		"an endless answer": func(p *oidctest.Provider) {
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, "/keys") {
					return false
				}
				for range 3000 {
					if _, err := w.Write(make([]byte, 1<<10)); err != nil {
						break
					}
				}
				return true
			}
		},
		"a failing token endpoint": func(p *oidctest.Provider) {
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					w.WriteHeader(http.StatusBadGateway)
				}
				return r.URL.Path == "/token"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			p.Set(wrong)
			if _, err := login(t, client(t, p), p, wang); err == nil || reason(err) != oidc.Unreachable && name != "an endless answer" {
				t.Errorf("%v", err)
			}
		})
	}
	p := provider(t)
	c := client(t, p)
	p.Stop()
	if _, _, err := c.Begin(t.Context(), county, oidc.Login, "", ""); reason(err) != oidc.Unreachable {
		t.Errorf("%v", err)
	}
	if _, err := c.Check(t.Context()); reason(err) != oidc.Unreachable {
		t.Errorf("%v", err)
	}
	// A certificate of nobody the county knows.
	p = provider(t)
	if _, _, err := client(t, p, func(o *oidc.Options) { o.Roots = nil }).Begin(t.Context(), county, oidc.Login, "", ""); reason(err) != oidc.Unreachable {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := client(t, p).Begin(ctx, county, oidc.Login, "", ""); reason(err) != oidc.Unreachable {
		t.Errorf("%v", err)
	}
}

// TestRealName: name and number are believed where the county says so, and where
// the provider says that it looked.
func TestRealName(t *testing.T) {
	p := provider(t)
	level := func(values ...string) func(*oidc.Options) {
		return func(o *oidc.Options) { o.RealName = oidc.RealName{Trusted: true, Claim: "level", Values: values} }
	}
	person := func(change func(map[string]any)) oidctest.Person {
		claims := map[string]any{"name": "王芳", "id_number": "330599200103152464", "level": "L3"}
		change(claims)
		return oidctest.Person{Subject: "u-1", Claims: claims}
	}
	same := func(map[string]any) {}
	for name, row := range map[string]struct {
		county func(*oidc.Options)
		who    oidctest.Person
		want   bool
	}{
		"trusted":             {func(*oidc.Options) {}, person(same), true},
		"not trusted":         {func(o *oidc.Options) { o.RealName.Trusted = false }, person(same), false},
		"looked at":           {level("L3", "L4"), person(same), true},
		"not looked at":       {level("L3"), person(func(c map[string]any) { c["level"] = "L1" }), false},
		"does not say":        {level("L3"), person(func(c map[string]any) { delete(c, "level") }), false},
		"a truth value":       {level("true"), person(func(c map[string]any) { c["level"] = true }), true},
		"a number":            {level("3"), person(func(c map[string]any) { c["level"] = 3 }), true},
		"a list says nothing": {level("L3"), person(func(c map[string]any) { c["level"] = []string{"L3"} }), false},
		"no number":           {func(*oidc.Options) {}, person(func(c map[string]any) { delete(c, "id_number") }), false},
		"from userinfo":       {func(o *oidc.Options) { o.Claims.UserInfo = true }, person(same), true},
	} {
		t.Run(name, func(t *testing.T) {
			who, err := login(t, client(t, p, row.county), p, row.who)
			if err != nil || who.RealName != row.want || who.RealName != (who.Name == "王芳" && who.Number != "") || !who.RealName && who.Name+who.Number+who.Mobile != "" {
				t.Errorf("%+v %v", who, err)
			}
		})
	}
	p.Set(func(p *oidctest.Provider) { p.UserInfo = func(c map[string]any) { c["sub"] = "u-2" } })
	if who, err := login(t, client(t, p, func(o *oidc.Options) { o.Claims.UserInfo = true }), p, person(same)); reason(err) != oidc.Token {
		t.Errorf("userinfo of another: %+v %v", who, err)
	}
}

// TestCheck is what an operator is told.
func TestCheck(t *testing.T) {
	p := provider(t)
	if warnings, err := client(t, p).Check(t.Context()); err != nil || len(warnings) > 0 {
		t.Errorf("%q %v", warnings, err)
	}
	p.Set(func(p *oidctest.Provider) {
		p.Discovery = func(d map[string]any) { delete(d, "code_challenge_methods_supported") }
	})
	if warnings, err := client(t, p).Check(t.Context()); err != nil || len(warnings) != 1 {
		t.Errorf("%q %v", warnings, err)
	}
	p.Set(func(p *oidctest.Provider) {
		p.Discovery = func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }
	})
	if _, err := client(t, p).Check(t.Context()); err == nil {
		t.Error("a provider that signs with the client's secret passes")
	}
	p.Set(func(p *oidctest.Provider) {
		p.Discovery = nil
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/keys" {
				_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{}})
			}
			return r.URL.Path == "/keys"
		}
	})
	if _, err := client(t, p).Check(t.Context()); err == nil {
		t.Error("a provider without keys passes")
	}
}

// TestSettings that cannot work are refused at start.
func TestSettings(t *testing.T) {
	good := oidc.Options{Issuer: "https://id.example.cn", ClientID: "c", Secret: []byte(oidctest.Secret), Addresses: []string{county}}
	if _, err := oidc.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*oidc.Options){
		"in the clear": func(o *oidc.Options) { o.Issuer = "http://id.example.cn" }, "no client": func(o *oidc.Options) { o.ClientID = "" },
		"a short secret": func(o *oidc.Options) { o.Secret = []byte("short") }, "no address": func(o *oidc.Options) { o.Addresses = nil },
	} {
		o := good
		change(&o)
		if _, err := oidc.New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
