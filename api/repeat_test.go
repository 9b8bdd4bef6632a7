package api

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node/identity"
)

// under sends a request under an idempotency key.
func (h *site) under(who, key, method, path string, body any) (int, string) {
	h.t.Helper()
	r := h.send(request0{method: method, path: path, body: body, token: h.token(who), header: map[string]string{keyHeader: key}})
	return r.Code, r.Body.String()
}

// TestStaffRepeated: what is asked of people under a used key is done once, and a
// password that was made is shown again, or the reset is named.
func TestStaffRepeated(t *testing.T) {
	h := emptyHub(t, func(o *federation.Options) { o.Timing = county.Timing{} })
	peer, other := h.anotherHub("county-2")
	h.must("operator", "POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: peer}, 204)
	other.tokens["operator"] = h.token("operator")

	person := gen.StaffRequest{Login: "clerk-one", Name: "王一", Division: theCounty, Department: marketBoard, Roles: []identity.Role{identity.DepartmentWindow}, NewDepartment: true}
	code, first := h.under("operator", "one-person", "POST", "/api/v1/staff", person)
	if code != 201 || !strings.Contains(first, `"initial_password":"`) {
		t.Fatalf("%d %s", code, first)
	}
	if code, again := h.under("operator", "one-person", "POST", "/api/v1/staff", person); code != 201 || again != first {
		t.Errorf("repeated: %d %s\nwas %s", code, again, first)
	}
	if code, again := other.under("operator", "one-person", "POST", "/api/v1/staff", person); code != 409 || !strings.Contains(again, "password_shown") || !strings.Contains(again, "重置密码") {
		t.Errorf("repeated at another hub: %d %s", code, again)
	}
	two := person
	two.Login = "clerk-two"
	given := person
	given.Login, given.Password = "clerk-three", "Qingshan-lvshui-2026"
	for _, at := range []*site{h, other} {
		if code, answer := at.under("operator", "one-person", "POST", "/api/v1/staff", two); code != 409 || !strings.Contains(answer, "key_reused") && !strings.Contains(answer, "password_shown") {
			t.Errorf("another person under the key: %d %s", code, answer)
		}
		if code, answer := at.under("operator", "given-password", "POST", "/api/v1/staff", given); code != 201 {
			t.Errorf("with a password, and again at another hub: %d %s", code, answer)
		}
		if code, answer := at.under("operator", "one-person", "POST", "/api/v1/staff", given); code != 409 || !strings.Contains(answer, "key_reused") {
			t.Errorf("another person with a password under the key: %d %s", code, answer)
		}
	}
	changed := given
	changed.Password = "Qingshan-lvshui-2027"
	if code, answer := other.under("operator", "given-password", "POST", "/api/v1/staff", changed); code != 409 || !strings.Contains(answer, "key_reused") {
		t.Errorf("with another password: %d %s", code, answer)
	}
	var list gen.StaffList
	h.get("operator", "/api/v1/staff", &list)
	id := ""
	for _, p := range list.Staff {
		switch p.Login {
		case "clerk-two":
			t.Error("a second person was taken on")
		case "clerk-one":
			id = p.Id
		}
	}

	head := func() uint64 { n, err := h.node.Store.Head(t.Context()); check(t, err); return n }
	for _, c := range []struct {
		method, path string
		body, then   any
	}{
		{"PUT", "roles", gen.RolesRequest{Roles: []identity.Role{identity.DepartmentReviewer}}, gen.RolesRequest{Roles: []identity.Role{identity.Auditor}}},
		{"PUT", "roster", gen.RosterRequest{Established: true, Rank: identity.RankClerk, Reason: "任职"}, gen.RosterRequest{Rank: identity.RankClerk, Reason: "免职"}},
		{"POST", "disable", gen.DisableRequest{Reason: "离岗"}, gen.DisableRequest{Reason: "调离"}},
		{"POST", "password", gen.PasswordReset{}, gen.PasswordReset{Password: "Qingshan-lvshui-2028"}},
	} {
		path, key := "/api/v1/staff/"+id+"/"+c.path, "staff-"+c.path
		code, first := h.under("operator", key, c.method, path, c.body)
		was := head()
		again, second := h.under("operator", key, c.method, path, c.body)
		if code != 200 || again != 200 || second != first || head() != was {
			t.Errorf("%s: %d %s, again %d %s", c.path, code, first, again, second)
		}
		if code, answer := h.under("operator", key, c.method, path, c.then); code != 409 || !strings.Contains(answer, "key_reused") || head() != was {
			t.Errorf("%s with other words: %d %s", c.path, code, answer)
		}
	}
}

// TestCatalogRepeated: what changes the catalog under a used key is done once.
func TestCatalogRepeated(t *testing.T) {
	h := newHub(t)
	head := func() uint64 { n, err := h.node.Store.Head(t.Context()); check(t, err); return n }
	const code = "TB-SCJG-001"
	var shown struct{ Item map[string]any }
	h.get("", "/api/v1/items/"+code, &shown)
	drafted, other := maps.Clone(shown.Item), maps.Clone(shown.Item)
	drafted["remarks"], other["remarks"] = "下月起改", "明年起改"
	file := func(item map[string]any) any { return map[string]any{"count": 1, "items": []any{item}} }
	months := time.Now().Add(30 * 24 * time.Hour).UnixMilli()
	for _, c := range []struct {
		who, method, path string
		status            int
		body, then        any
	}{
		{"operator", "POST", "/api/v1/items/" + code + "/draft", 201, drafted, other},
		{"second", "POST", "/api/v1/items/approve", 200, gen.ApproveRequest{Items: []gen.ItemRef{{Code: code, Version: 2}}}, gen.ApproveRequest{Items: []gen.ItemRef{{Code: code, Version: 1}}}},
		{"operator", "POST", "/api/v1/editions", 201, gen.PublishRequest{Unstaffed: true, EffectiveFrom: months}, gen.PublishRequest{Unstaffed: true, EffectiveFrom: months, Note: "另一期"}},
		{"operator", "POST", "/api/v1/editions/2/cancel", 200, gen.CancelEditionRequest{Reason: "有误"}, gen.CancelEditionRequest{Reason: "另有原因"}},
		{"operator", "POST", "/api/v1/items/TB-XZRZ-005/withdraw", 201, gen.WithdrawRequest{Note: "立即"}, gen.WithdrawRequest{Note: "另有原因"}},
		{"operator", "POST", "/api/v1/items/import", 200, file(other), file(drafted)},
		{"operator", "POST", "/api/v1/divisions/import", 200, readFile(t, "../node/division/testdata/divisions.json"), bytes.Replace(readFile(t, "../node/division/testdata/divisions.json"), []byte("梅溪"), []byte("梅西"), 1)},
	} {
		key := "catalog-" + strings.ReplaceAll(c.path[len("/api/v1/"):], "/", ".")
		code, first := h.under(c.who, key, c.method, c.path, c.body)
		was := head()
		again, second := h.under(c.who, key, c.method, c.path, c.body)
		if code != c.status || again != c.status || second != first || head() != was {
			t.Errorf("%s: %d %s\nagain %d %s", c.path, code, first, again, second)
		}
		if code, answer := h.under(c.who, key, c.method, c.path, c.then); code != 409 || !strings.Contains(answer, "key_reused") || head() != was {
			t.Errorf("%s with other words: %d %s", c.path, code, answer)
		}
	}
}
