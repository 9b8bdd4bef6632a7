package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The vectors of the domain handbook, section 10.
//
// Rules: 10.1, 10.8.
func TestCheck(t *testing.T) {
	desk(t)
	for _, row := range []struct {
		kind, value, want, reason string
	}{
		{"id", "33059919850412005X", "33059919850412005X", ""},
		{"id", " 33059919850412005x ", "33059919850412005X", ""},
		{"id", "330599200103152464", "330599200103152464", ""},
		{"id", "330599199002290010", "", "birth_date"},
		{"id", "330599198504120051", "", "check"},
		{"id", "33059919850412005", "", "length"},
		{"uscc", "91330599MA000TB146", "91330599MA000TB146", ""},
		{"uscc", "92330599ma0tb002xf", "92330599MA0TB002XF", ""},
		{"uscc", "5133059900TB00038P", "", "check"},
		{"division", "330523110", "330523110", ""},
		{"division", "330523110200", "330523110200", ""},
		{"division", "33052311", "", "length"},
		{"division", "990523", "", "province"},
		{"division", "820001", "820001", ""},
		{"mobile", "13800000000", "13800000000", ""},
		{"mobile", "１３８００００００００", "13800000000", ""},
		{"mobile", "12800000000", "", "format"},
		{"mobile", "1380000000", "", "format"},
		{"mobile", "0572-1234567", "", "landline"},
	} {
		code := exitOK
		if row.want == "" {
			code = exitRefused
		}
		r := tongban(t, "check", row.kind, row.value)
		if r.code != code || strings.TrimSpace(r.out) != row.want || (r.err == "") != (row.want != "") {
			t.Errorf("%s %s: %+v", row.kind, row.value, r)
		}
		r = tongban(t, "check", row.kind, row.value, "--json")
		var answer checked
		if err := json.Unmarshal([]byte(r.out), &answer); err != nil || r.code != code || answer.Valid != (row.want != "") || answer.Value != row.want || answer.Reason != row.reason || answer.Valid != (answer.ZH == "") {
			t.Errorf("%s %s as JSON: %v %+v", row.kind, row.value, err, r)
		}
	}
	if r := tongban(t, "check", "passport", "x"); r.code != exitUsage {
		t.Errorf("no such kind: %+v", r)
	}
}
