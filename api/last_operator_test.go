package api

import (
	"strings"
	"sync"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// TestLastOperator: nobody takes the county's last operator away, whose rights
// nobody could give back: not by roles, not by disabling, not two at once.
func TestLastOperator(t *testing.T) {
	h := emptyHub(t)
	refused := func(login, path string, in any) {
		t.Helper()
		method := "POST"
		if strings.HasSuffix(path, "/roles") {
			method = "PUT"
		}
		if r := h.must(login, method, "/api/v1/staff/"+path, in, 409).Body.String(); !strings.Contains(r, `"code":"last_operator"`) || !strings.Contains(r, "另一名县管理员") {
			t.Errorf("%s: %s", path, r)
		}
	}
	auditor := gen.RolesRequest{Roles: []identity.Role{identity.Auditor}}
	refused("operator", "s-operator/roles", auditor)
	h.must("operator", "PUT", "/api/v1/staff/s-operator/roles", gen.RolesRequest{Roles: []identity.Role{identity.CountyOperator, identity.Auditor}}, 200)
	delete(h.tokens, "operator") // of before the change
	h.person("second", theCounty, "", identity.CountyOperator)
	person, err := h.node.Store.StaffByLogin(t.Context(), "second")
	check(t, err)
	second := person.ID
	h.must("operator", "POST", "/api/v1/staff/"+second+"/disable", gen.DisableRequest{Reason: "调离"}, 200)
	refused("operator", "s-operator/roles", auditor) // one who is disabled is none
	enabled := false
	h.must("operator", "POST", "/api/v1/staff/"+second+"/disable", gen.DisableRequest{Disabled: &enabled, Reason: "调回"}, 200)
	var wait sync.WaitGroup
	codes := make([]int, 2)
	for i, c := range [][2]string{{"operator", second}, {"second", "s-operator"}} {
		token := h.token(c[0])
		wait.Go(func() {
			codes[i] = h.send(request0{method: "PUT", path: "/api/v1/staff/" + c[1] + "/roles", token: token, body: auditor}).Code
		})
	}
	wait.Wait()
	people, err := h.node.Store.StaffWithin(t.Context(), theCounty)
	check(t, err)
	left := 0
	for i := range people {
		if people[i].Now().Holds(identity.CountyOperator) {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d operators are left; answered %v", left, codes)
	}
}
