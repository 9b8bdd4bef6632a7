package catalog

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node"
)

// NobodyThere are warnings for the departments of items whose papers come to
// the county and where nobody works: most likely the name is not the one that
// staff are registered under, and a case would wait at a desk that does not
// exist. A new department is registered after its items, so that an item is
// not refused for it. staffed are the departments that have people; the paths
// are those of the first item of each department.
func NobodyThere(items []Item, staffed []string) []Fault {
	there := make(map[string]bool, len(staffed))
	for _, d := range staffed {
		there[d] = true
	}
	var warnings []Fault
	for i, item := range items {
		atCounty := false
		for _, s := range item.ReviewSteps {
			atCounty = atCounty || s.Tier == node.County
		}
		if !atCounty || item.Department == "" || there[item.Department] {
			continue
		}
		there[item.Department] = true // told once
		zh := fmt.Sprintf("部门“%s”没有在岗人员（如事项 %s）：请核对部门全称；新设部门请先登记其人员，否则办件无人办理", show(item.Department), show(item.Code))
		en := fmt.Sprintf("nobody works at department %q (item %s, for one): check its full name; register the people of a new one, or nobody handles its cases", show(item.Department), show(item.Code))
		if near := nearest(item.Department, staffed); near != "" {
			zh += "。是否应为“" + show(near) + "”？"
			en += fmt.Sprintf(". Is %q meant?", show(near))
		}
		warnings = append(warnings, Fault{Path: fmt.Sprintf("items[%d].department", i), Code: FaultUnknown, ZH: zh, EN: en})
	}
	return capped(warnings)
}

// nearest is the name that differs from this one in a character, or is a part
// of it, or it of that; empty when there is none.
func nearest(name string, known []string) string {
	for _, k := range known {
		if len(k) >= 9 && len(name) >= 9 && (strings.Contains(name, k) || strings.Contains(k, name)) || oneApart([]rune(name), []rune(k)) {
			return k
		}
	}
	return ""
}

// oneApart reports whether two names differ in one character that was added,
// left out or replaced.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	rest := a[i:]
	if len(a) == len(b) && i < len(a) {
		rest = a[i+1:]
	}
	return i < len(b) && string(rest) == string(b[i+1:])
}
