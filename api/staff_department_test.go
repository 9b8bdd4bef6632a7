package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// TestStaffOfADepartment: whoever is taken on for a department is of one that there
// is, unless it is said to be new: a mistyped name makes an office that no case
// comes to.
func TestStaffOfADepartment(t *testing.T) {
	h := newHub(t)
	known := "县民政局"
	add := func(login, department string, isNew bool, roles ...identity.Role) string {
		t.Helper()
		return h.as("operator", "POST", "/api/v1/staff", gen.StaffRequest{Login: login, Name: "李某", Division: theCounty, Department: department, NewDepartment: isNew, Roles: roles, Password: password})
	}
	if got := add("typo", known+"局", false, identity.DepartmentWindow); got != "422 department_unknown" {
		t.Errorf("a department that there is not: %s", got)
	}
	for login, got := range map[string]string{
		"one":   add("one", known, false, identity.DepartmentWindow),
		"two":   add("two", "县新设局", true, identity.DepartmentWindow),
		"three": add("three", "县新设局", false, identity.DepartmentReviewer), // it has somebody by now
		"four":  add("four", "县政务服务局", false, identity.Auditor),           // a remark, of no office
	} {
		if !strings.HasPrefix(got, "201") {
			t.Errorf("%s: %s", login, got)
		}
	}
}
