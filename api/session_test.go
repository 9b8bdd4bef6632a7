package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

func TestBearerSession(t *testing.T) {
	h := emptyHub(t)
	var in gen.SessionTokens
	h.decode(h.must("", "POST", "/api/v1/session", gen.LoginRequest{Login: "Operator ", Password: password}, 200), &in)
	if in.AccessToken == "" || in.RefreshToken == "" || in.CsrfToken != "" || in.Session.Tier != "county" {
		t.Fatalf("%+v", in)
	}
	ask := func(token string) int {
		return h.send(request0{method: "GET", path: "/api/v1/session", token: token}).Code
	}
	refresh := func(token string) (out gen.SessionTokens, code int) {
		r := h.send(request0{method: "POST", path: "/api/v1/session/refresh", body: gen.RefreshRequest{RefreshToken: token}})
		if r.Code == 200 {
			h.decode(r, &out)
		}
		return out, r.Code
	}
	if ask(in.AccessToken) != 200 {
		t.Fatal("the token is not taken")
	}
	second, code := refresh(in.RefreshToken)
	if code != 200 || second.RefreshToken == in.RefreshToken {
		t.Fatalf("refresh: %d", code)
	}
	// The first refresh token again: somebody has a copy. The session ends.
	if _, code := refresh(in.RefreshToken); code != 401 {
		t.Fatalf("used twice: %d", code)
	}
	if _, code := refresh(second.RefreshToken); code != 401 {
		t.Fatalf("the session goes on: %d", code)
	}
	if ask(second.AccessToken) != 401 {
		t.Fatal("the access token of an ended session is taken")
	}

	token := h.token("operator")
	if h.send(request0{method: "DELETE", path: "/api/v1/session", token: token}).Code != 204 || ask(token) != 401 {
		t.Fatal("logging out did not end the session")
	}
}

func TestCookieSession(t *testing.T) {
	h := emptyHub(t)
	r := h.must("", "POST", "/api/v1/session", gen.LoginRequest{Login: "operator", Password: password, Mode: gen.ModeCookie}, 200)
	var in gen.SessionTokens
	h.decode(r, &in)
	if in.AccessToken != "" || in.RefreshToken != "" || in.CsrfToken == "" {
		t.Fatalf("tokens in the body: %s", r.Body)
	}
	cookies := r.Result().Cookies()
	byName := map[string]*http.Cookie{}
	for _, c := range cookies {
		byName[c.Name] = c
		if c.SameSite != http.SameSiteStrictMode || c.HttpOnly == (c.Name == csrfCookie) {
			t.Errorf("cookie %s: %+v", c.Name, c)
		}
	}
	if len(byName) != 4 || byName[refreshCookie].Path != refreshPath || byName[deskCookie].Path != "/api/v1/ratings" {
		t.Fatalf("cookies %v", cookies)
	}
	write := func(header map[string]string) int {
		return h.send(request0{method: "POST", path: "/api/v1/sync/now", cookies: cookies, header: header}).Code
	}
	if h.send(request0{method: "GET", path: "/api/v1/session", cookies: cookies}).Code != 200 {
		t.Fatal("the cookie is not taken")
	}
	if write(nil) != 403 || write(map[string]string{csrfHeader: "guess"}) != 403 {
		t.Error("a write without the csrf header passed")
	}
	if write(map[string]string{csrfHeader: in.CsrfToken, "Sec-Fetch-Site": "cross-site"}) != 403 {
		t.Error("a write from another site passed")
	}
	if code := write(map[string]string{csrfHeader: in.CsrfToken}); code != 202 {
		t.Errorf("a proper write: %d", code)
	}
	if h.send(request0{method: "POST", path: "/api/v1/session/refresh", cookies: cookies}).Code != 403 {
		t.Error("a refresh by cookie without the csrf header passed")
	}
	again := h.send(request0{method: "POST", path: "/api/v1/session/refresh", cookies: cookies, header: map[string]string{csrfHeader: in.CsrfToken}})
	if again.Code != 200 || len(again.Result().Cookies()) != 4 {
		t.Fatalf("refresh by cookie: %d %s", again.Code, again.Body)
	}
}

func TestLoginFailuresLock(t *testing.T) {
	h := emptyHub(t)
	now := time.Now()
	h.api.o.Now = func() time.Time { return now }
	login := func(who, password string) (int, string) {
		now = now.Add(time.Second) // the address has its own limit
		r := h.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: who, Password: password}})
		return r.Code, r.Header().Get("Retry-After") + r.Body.String()
	}
	// A login that exists and one that does not are answered alike.
	for _, who := range []string{"operator", "nobody-here"} {
		for i := range freeTries {
			if code, body := login(who, "falsch-falsch-1"); code != 401 || !strings.Contains(body, "login_failed") {
				t.Fatalf("%s, try %d: %d %s", who, i, code, body)
			}
		}
		if code, body := login(who, password); code != 429 || !strings.Contains(body, "locked") {
			t.Fatalf("%s is not locked: %d %s", who, code, body)
		} else if until := now.Add(firstLock).In(beijing).Format("15:04"); !strings.Contains(body, until) {
			t.Errorf("%s is not told until when (%s): %s", who, until, body)
		}
	}
	now = now.Add(longestLock)
	if code, _ := login("operator", password); code != 200 {
		t.Fatal("the lock does not end")
	}
	if n, _, _ := h.node.Store.LoginFailures(t.Context(), "operator"); n != 0 {
		t.Fatalf("%d failures remembered after a good login", n)
	}
}

func TestFirstLoginChangesThePassword(t *testing.T) {
	h := emptyHub(t)
	var made gen.StaffCreated
	h.decode(h.must("operator", "POST", "/api/v1/staff", gen.StaffRequest{Login: "newcomer", Name: "新人", Division: theCounty, Roles: []identity.Role{identity.Auditor}}, 201), &made)
	if made.InitialPassword == "" || !made.Staff.MustChangePassword {
		t.Fatalf("%+v", made)
	}
	var in gen.SessionTokens
	h.decode(h.must("", "POST", "/api/v1/session", gen.LoginRequest{Login: "newcomer", Password: made.InitialPassword}, 200), &in)
	if r := h.send(request0{method: "GET", path: "/api/v1/cases", token: in.AccessToken}); r.Code != 403 || !strings.Contains(r.Body.String(), "password_change_required") {
		t.Fatalf("before the change: %d %s", r.Code, r.Body)
	}
	change := func(old, next string) int {
		return h.send(request0{method: "POST", path: "/api/v1/session/password", token: in.AccessToken, body: gen.PasswordChange{OldPassword: old, NewPassword: next}}).Code
	}
	if change("falsch-falsch-1", password) != 401 || change(made.InitialPassword, "kurz") != 422 || change(made.InitialPassword, made.InitialPassword) != 422 {
		t.Fatal("a bad change passed")
	}
	if code := change(made.InitialPassword, password); code != 200 {
		t.Fatalf("change: %d", code)
	}
	if h.send(request0{method: "GET", path: "/api/v1/session", token: in.AccessToken}).Code != 401 {
		t.Error("the old token is still taken")
	}
	h.must("newcomer", "GET", "/api/v1/cases", nil, 200)
}

// TestRightsEndAtOnce: roles taken away and people disabled lose what they
// had, whatever token they hold.
func TestRightsEndAtOnce(t *testing.T) {
	h := emptyHub(t)
	h.person("two-hats", theCounty, "", identity.Auditor, identity.Supervisor)
	var session gen.Session
	h.get("two-hats", "/api/v1/session", &session)
	token := h.token("two-hats")
	h.must("operator", "PUT", "/api/v1/staff/"+session.Staff+"/roles", gen.RolesRequest{Roles: []identity.Role{identity.Auditor}}, 200)
	if h.send(request0{method: "GET", path: "/api/v1/cases", token: token}).Code != 401 {
		t.Error("a token with a role that was taken is accepted")
	}
	delete(h.tokens, "two-hats")
	h.must("two-hats", "GET", "/api/v1/cases", nil, 200)
	h.must("operator", "POST", "/api/v1/staff/"+session.Staff+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)
	if h.send(request0{method: "GET", path: "/api/v1/cases", token: h.token("two-hats")}).Code != 401 {
		t.Error("a disabled person is let in")
	}
	if r := h.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "two-hats", Password: password}}); r.Code != 401 {
		t.Errorf("a disabled person logs in: %d", r.Code)
	}
}
