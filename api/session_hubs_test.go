package api

import (
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node/identity"
)

// TestPasswordChangedAtAnotherHub: a new password ends what was logged in with the one
// before at every hub, both the token and its renewal.
func TestPasswordChangedAtAnotherHub(t *testing.T) {
	h := emptyHub(t, func(o *federation.Options) { o.Timing = county.Timing{} })
	peer, other := h.anotherHub("county-2")
	h.must("operator", "POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: peer}, 204)
	h.person("auditor", theCounty, "", identity.Auditor)
	logIn := func(at *site, word string) (in gen.SessionTokens) {
		t.Helper()
		r := at.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "auditor", Password: word}})
		if r.Code != 200 {
			t.Fatalf("login: %d %s", r.Code, r.Body)
		}
		at.decode(r, &in)
		return in
	}
	is := func(at *site, token string) int {
		return at.send(request0{method: "GET", path: "/api/v1/session", token: token}).Code
	}
	renewed := func(at *site, token string) int {
		return at.send(request0{method: "POST", path: "/api/v1/session/refresh", body: gen.RefreshRequest{RefreshToken: token}}).Code
	}
	first, second := logIn(h, password), logIn(h, password)
	until(t, "the other hub to know the person", func() bool { return is(other, first.AccessToken) == 200 })
	// A change of roles ends no login.
	h.must("operator", "PUT", "/api/v1/staff/"+first.Session.Staff+"/roles", gen.RolesRequest{Roles: []identity.Role{identity.Auditor}}, 200)
	var again gen.SessionTokens
	h.decode(h.send(request0{method: "POST", path: "/api/v1/session/refresh", body: gen.RefreshRequest{RefreshToken: second.RefreshToken}}), &again)
	if is(h, again.AccessToken) != 200 {
		t.Fatal("a change of roles ended a login")
	}
	until(t, "the other hub to take the new token", func() bool { return is(other, again.AccessToken) == 200 })
	const word = "Qingshan-lvshui-2029"
	if r := other.send(request0{method: "POST", path: "/api/v1/session/password", token: again.AccessToken, body: gen.PasswordChange{OldPassword: password, NewPassword: word}}); r.Code != 200 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	until(t, "the change to reach the first hub", func() bool {
		p, err := h.node.Store.Staff(t.Context(), first.Session.Staff)
		check(t, err)
		now, err := other.node.Store.Staff(t.Context(), first.Session.Staff)
		check(t, err)
		return p.PasswordHash == now.PasswordHash
	})
	for _, at := range []*site{h, other} {
		if code := is(at, again.AccessToken); code != 401 {
			t.Errorf("a token of before: %d", code)
		}
	}
	for _, token := range []string{first.RefreshToken, again.RefreshToken} {
		if code := renewed(h, token); code != 401 {
			t.Errorf("renewed at the hub of the login: %d", code)
		}
	}
	if code := is(h, logIn(h, word).AccessToken); code != 200 {
		t.Errorf("the new password: %d", code)
	}
}
