package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/oidc"
	"github.com/tongban/tongban/federation/oidc/oidctest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const publicAddress = "https://zwfw.example.cn"

// browser is one that keeps its cookies and says where it is.
type browser struct {
	*site
	cookies map[string]*http.Cookie
	origin  string
}

func (h *site) browser() *browser {
	return &browser{h, map[string]*http.Cookie{}, publicAddress}
}

func (b *browser) ask(method, path string, body any) *httptest.ResponseRecorder {
	b.t.Helper()
	q := request0{method: method, path: path, body: body, header: map[string]string{"Origin": b.origin}}
	for _, c := range b.cookies {
		if strings.HasPrefix(path, c.Path) {
			q.cookies = append(q.cookies, c)
		}
		if c.Name == csrfCookie {
			q.header[csrfHeader] = c.Value
		}
	}
	r := b.send(q)
	for _, c := range r.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c
	}
	return r
}

// want asks and holds the answer against a status and, of a problem, its code.
func (b *browser) want(what, method, path string, body any, status int, code string, into any) {
	b.t.Helper()
	r := b.ask(method, path, body)
	if r.Code != status || code != "" && !strings.Contains(r.Body.String(), `"`+code+`"`) {
		b.t.Fatalf("%s: %d %s, want %d %s", what, r.Code, r.Body, status, code)
	}
	if into != nil {
		b.decode(r, into)
	}
}

// away begins and lets somebody log in at the provider.
func (b *browser) away(p *oidctest.Provider, path string, body any, who oidctest.Person) gen.ProviderReturn {
	b.t.Helper()
	var to gen.ProviderAddress
	b.want("begin", "POST", path, body, 200, "", &to)
	back := p.Visit(b.t, to.Address, who)
	return gen.ProviderReturn{State: back.Get("state"), Code: back.Get("code"), Issuer: back.Get("iss")}
}

const (
	loginPath   = "/api/v1/my/provider/login"
	sessionPath = "/api/v1/my/provider/session"
	linkPath    = "/api/v1/my/provider/link"
)

// withProvider gives a hub a provider, of which the county believes names where
// trusted.
func withProvider(t *testing.T, h *site, trusted bool) *oidctest.Provider {
	t.Helper()
	p := oidctest.New(t, publicAddress+oidc.ReturnPath)
	c, err := oidc.New(oidc.Options{Issuer: p.URL, ClientID: oidctest.ClientID, Secret: []byte(oidctest.Secret), Roots: p.Roots(), Addresses: []string{publicAddress},
		Claims: oidc.Claims{Name: "name", Number: "id_number", Mobile: "phone_number"}, RealName: oidc.RealName{Trusted: trusted, Claim: map[bool]string{true: "level"}[trusted], Values: []string{"L3"}},
		LabelZH: "浙里办登录", LabelEN: "Zheliban", Now: func() time.Time { return h.api.o.Now() }})
	check(t, err)
	t.Cleanup(c.Close)
	h.api.o.Provider, h.api.logins = c, newBuckets(1e9, 1e9)
	return p
}

func vouched(subject, name, number string) oidctest.Person {
	return oidctest.Person{Subject: subject, Claims: map[string]any{"name": name, "id_number": number, "phone_number": "13811112222", "level": "L3"}}
}

// TestProviderLogin is the whole way through HTTP: nothing is created for a
// stranger, whoever activated in person links while logged in, then logs in with
// the identity, in the browser that began, once; and unlinks.
func TestProviderLogin(t *testing.T) {
	h := newHub(t)
	none := h.browser()
	none.want("no provider", "POST", loginPath, nil, 404, "provider_none", nil)
	p := withProvider(t, h, false)
	h.person("window", theCounty, socialBoard, identity.DepartmentWindow)
	fang := vouched("u-1001", "王芳", storetest.IDNumber(1))
	var offered gen.Provider
	none.want("what is offered", "GET", "/api/v1/my/provider", nil, 200, "", &offered)
	if !offered.Configured || offered.LabelZh != "浙里办登录" || offered.Opens {
		t.Errorf("%+v", offered)
	}
	before := storetest.Digest(t, h.node.Store, "accounts", "account_links", "entries")
	stranger := h.browser()
	stranger.want("a stranger", "POST", sessionPath, stranger.away(p, loginPath, nil, fang), 409, "provider_unlinked", nil)
	if storetest.Digest(t, h.node.Store, "accounts", "account_links", "entries") != before {
		t.Error("something was created for a stranger")
	}

	number, code := storetest.IDNumber(1), h.open("window", "person", "王芳", storetest.IDNumber(1)).Code
	home := h.browser()
	home.want("activation", "POST", "/api/v1/my/activation", gen.Activation{Type: "person", Number: number, Code: code, Password: password, Mode: gen.ActivationCookie}, 200, "", nil)
	home.want("a wrong password", "POST", linkPath, gen.PasswordProof{Password: "wrong"}, 401, "login_failed", nil)
	back := home.away(p, linkPath, gen.PasswordProof{Password: password}, fang)
	stranger.want("without a login", "PUT", linkPath, back, 401, "unauthenticated", nil)
	home.want("a link as a login", "POST", sessionPath, back, 422, "provider_state", nil)
	var mine gen.MyAccount
	home.want("linking", "PUT", linkPath, back, 200, "", &mine)
	if !mine.Linked || !mine.Password {
		t.Errorf("%+v", mine)
	}
	home.want("linking again", "PUT", linkPath, back, 422, "provider_state", nil)

	fresh := h.browser()
	back = fresh.away(p, loginPath, nil, fang)
	thief := h.browser()
	thief.want("in another browser", "POST", sessionPath, back, 422, "provider_state", nil)
	ticket := *fresh.cookies[ticketCookie]
	if !ticket.HttpOnly || ticket.SameSite != http.SameSiteStrictMode || ticket.Path != ticketPath || ticket.MaxAge != 600 {
		t.Errorf("%+v", ticket)
	}
	var in gen.MySessionTokens
	fresh.want("login", "POST", sessionPath, back, 200, "", &in)
	if in.AccessToken != "" || in.CsrfToken == "" || in.Account.Name != "王芳" || fresh.cookies[ticketCookie] != nil {
		t.Errorf("%+v", in)
	}
	fresh.want("session", "GET", "/api/v1/my/session", nil, 200, "", nil)
	fresh.cookies[ticketCookie] = &ticket
	fresh.want("the code again", "POST", sessionPath, back, 422, "provider_state", nil)

	// An identity is one account's, and an account has one.
	two := h.browser()
	two.want("another", "POST", "/api/v1/my/activation", gen.Activation{Type: "person", Number: storetest.IDNumber(2), Code: h.open("window", "person", "李强", storetest.IDNumber(2)).Code, Password: password, Mode: gen.ActivationCookie}, 200, "", nil)
	two.want("another's identity", "PUT", linkPath, two.away(p, linkPath, gen.PasswordProof{Password: password}, fang), 409, "provider_taken", nil)
	home.want("a second identity", "PUT", linkPath, home.away(p, linkPath, gen.PasswordProof{Password: password}, vouched("u-7", "王芳", number)), 409, "provider_linked", nil)
	// What was begun in one login is not finished in another.
	back = two.away(p, linkPath, gen.PasswordProof{Password: password}, vouched("u-8", "李强", storetest.IDNumber(2)))
	two.want("a new login", "POST", "/api/v1/my/session", gen.MyLogin{Type: "person", Number: storetest.IDNumber(2), Password: password, Mode: gen.MyLoginCookie}, 200, "", nil)
	two.want("finished there", "PUT", linkPath, back, 422, "provider_state", nil)

	home.want("unlinking with a wrong password", "POST", "/api/v1/my/provider/unlink", gen.PasswordProof{Password: "wrong"}, 401, "login_failed", nil)
	home.want("unlinking", "POST", "/api/v1/my/provider/unlink", gen.PasswordProof{Password: password}, 200, "", nil)
	home.want("still in", "GET", "/api/v1/my/session", nil, 200, "", &mine)
	if mine.Linked {
		t.Errorf("%+v", mine)
	}
	fresh.want("what was begun with it", "GET", "/api/v1/my/session", nil, 401, "", nil)
	fresh.want("unlinked", "POST", sessionPath, fresh.away(p, loginPath, nil, fang), 409, "provider_unlinked", nil)

	// Who comes in person again starts anew: another may have linked theirs.
	home.want("linking anew", "PUT", linkPath, home.away(p, linkPath, gen.PasswordProof{Password: password}, fang), 200, "", nil)
	code = h.open("window", "person", "王芳", number).Code
	home.want("activation", "POST", "/api/v1/my/activation", gen.Activation{Type: "person", Number: number, Code: code, Password: password, Mode: gen.ActivationCookie}, 200, "", nil)
	fresh.want("after a new activation", "POST", sessionPath, fresh.away(p, loginPath, nil, fang), 409, "provider_unlinked", nil)
	for _, secret := range []string{"u-1001", "王芳", number, back.Code, oidctest.Secret} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if strings.Contains(storetest.Dump(t, h.node.Store, "entries", "accounts", "account_links"), "u-1001") {
		t.Error("what the provider calls the person is kept")
	}
}

// TestProviderOpensAccounts: where the county takes the provider's word, a first
// login opens an account from name and number; never one that has a password, and
// never under another name.
func TestProviderOpensAccounts(t *testing.T) {
	h := newHub(t)
	p := withProvider(t, h, true)
	h.person("window", theCounty, socialBoard, identity.DepartmentWindow)
	login := func(who oidctest.Person, status int, code string) (in gen.MySessionTokens) {
		t.Helper()
		b := h.browser()
		b.want(who.Subject, "POST", sessionPath, b.away(p, loginPath, nil, who), status, code, map[bool]any{true: &in}[status == 200])
		return in
	}
	one := login(vouched("u-1", "王芳", storetest.IDNumber(1)), 200, "")
	again := login(vouched("u-1", "王芳", storetest.IDNumber(1)), 200, "")
	if one.Account.Account != again.Account.Account || one.Account.Password || !one.Account.Linked {
		t.Errorf("%+v, %+v", one, again)
	}
	known, err := h.node.Store.AccountOf(t.Context(), "person", storetest.IDNumber(1))
	check(t, err)
	if known.Name != "王芳" || known.Phone != "13811112222" || known.Home != theCounty {
		t.Errorf("%+v", known)
	}
	// An identity that was not looked at, or a number that is none, opens nothing.
	weak := vouched("u-2", "李强", storetest.IDNumber(2))
	weak.Claims["level"] = "L1"
	login(weak, 409, "provider_unlinked")
	login(vouched("u-2", "李强", "110101199003070012"), 422, "number_wrong")
	if _, err := h.node.Store.AccountOf(t.Context(), "person", storetest.IDNumber(2)); err != store.ErrNotFound {
		t.Errorf("%v", err)
	}
	// Another identity of the same number: the account is the first one's.
	login(vouched("u-3", "王芳", storetest.IDNumber(1)), 409, "provider_linked")
	login(vouched("u-3", "王大芳", storetest.IDNumber(1)), 409, "provider_name")
	// An account with a password is its owner's to link.
	h.activate("person", "赵敏", storetest.IDNumber(3), h.open("window", "person", "赵敏", storetest.IDNumber(3)).Code)
	login(vouched("u-4", "赵敏", storetest.IDNumber(3)), 409, "provider_first")
	// One that was opened and never activated becomes theirs, and keeps its id.
	h.open("window", "person", "钱七", storetest.IDNumber(4))
	waiting, err := h.node.Store.AccountOf(t.Context(), "person", storetest.IDNumber(4))
	check(t, err)
	if in := login(vouched("u-5", "钱七", storetest.IDNumber(4)), 200, ""); in.Account.Account != waiting.ID {
		t.Errorf("%+v", in)
	}
	// The only way in stays.
	b := h.browser()
	b.want("login", "POST", sessionPath, b.away(p, loginPath, nil, vouched("u-1", "王芳", storetest.IDNumber(1))), 200, "", nil)
	b.want("the last way in", "POST", "/api/v1/my/provider/unlink", gen.PasswordProof{Password: "x"}, 409, "provider_only", nil)
	// A closed account is closed this way too.
	h.must("operator", "POST", "/api/v1/accounts/disable", gen.AccountDisabling{Type: "person", Number: storetest.IDNumber(1), Reason: "本人申请"}, 200)
	login(vouched("u-1", "王芳", storetest.IDNumber(1)), 403, "account_disabled")
	b.want("its session", "GET", "/api/v1/my/session", nil, 401, "", nil)
}

// TestProviderMisuse: from another page, too often, and while the provider is
// away.
func TestProviderMisuse(t *testing.T) {
	h := emptyHub(t)
	p := withProvider(t, h, false)
	b := h.browser()
	for _, origin := range []string{"https://evil.example", "https://zwfw.example.cn.evil.example", "http://zwfw.example.cn"} {
		b.origin = origin
		b.want(origin, "POST", loginPath, nil, 422, "provider_address", nil)
	}
	b.origin = ""
	b.want("an unknown host", "POST", loginPath, nil, 422, "provider_address", nil)
	b.origin = publicAddress
	back := b.away(p, loginPath, nil, oidctest.Person{Subject: "u-1"})
	p.Set(func(p *oidctest.Provider) { p.Claims = func(c map[string]any) { c["nonce"] = "another" } })
	b.want("a wrong nonce", "POST", sessionPath, back, 502, "provider_token", nil)
	back = b.away(p, loginPath, nil, oidctest.Person{Subject: "u-1"})
	back.Code = "made-up"
	b.want("a made-up code", "POST", sessionPath, back, 422, "provider_refused", nil)
	p.Stop()
	back = gen.ProviderReturn{State: "login.x", Code: "x"}
	b.want("a made-up state", "POST", sessionPath, back, 422, "provider_state", nil)
	h.api.o.Provider.Close()
	down := withProvider(t, h, false)
	down.Stop()
	b.want("away", "POST", loginPath, nil, 503, "provider_unreachable", nil)
	h.api.logins = newBuckets(0.001, 3)
	limited := 0
	for range 5 {
		if r := b.ask("POST", loginPath, nil); r.Code == 429 {
			limited++
		}
	}
	if limited != 2 {
		t.Errorf("%d of 5 were throttled", limited)
	}
}
