package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
)

// TestImportFilesAllOrNothing: a file with faults is answered with every one of
// them, each with its line, and changes nothing; what is mended is taken.
func TestImportFilesAllOrNothing(t *testing.T) {
	h := emptyHub(t)
	// spoilt is a good file with replacements, one a fault.
	spoilt := func(path string, faults ...[2]string) []byte {
		t.Helper()
		b := readFile(t, path)
		for _, f := range faults {
			if !bytes.Contains(b, []byte(f[0])) {
				t.Fatalf("%s has no %s", path, f[0])
			}
			b = bytes.Replace(b, []byte(f[0]), []byte(f[1]), 1)
		}
		return b
	}
	gbk := []byte("{\n \"county\": \"\xb0\xb2\xbc\xaa\xcf\xd8\"}")
	const divisions, calendar, items = "../node/division/testdata/divisions.json", "../node/calendar/calendartest/calendar.json", "../node/catalog/catalogtest/items.json"
	for _, c := range []struct {
		name, path, state string
		body              []byte
		want              []string // "path code" of faults that must be among the answer's
	}{
		{"divisions: shape", "/api/v1/divisions/import", "/api/v1/divisions",
			spoilt(divisions, [2]string{`"notes":`, `"remarks": 1, "notes":`}, [2]string{`"village_codes_generated": true`, `"village_codes_generated": "yes"`}, [2]string{`"county": {`, `"county": {"kind": null,`}),
			[]string{"remarks unknown", "village_codes_generated type"}},
		{"divisions: GBK", "/api/v1/divisions/import", "/api/v1/divisions", gbk, []string{"$ syntax"}},
		{"divisions: empty", "/api/v1/divisions/import", "/api/v1/divisions", []byte{}, []string{"$ syntax"}},
		{"calendar: empty", "/api/v1/calendar/import", "/api/v1/calendar", []byte(" \n"), []string{"$ syntax"}},
		{"items: empty", "/api/v1/items/import", "/api/v1/drafts", []byte{}, []string{" syntax"}},
		{"divisions: cut off", "/api/v1/divisions/import", "/api/v1/divisions", readFile(t, divisions)[:5000], []string{"$ syntax"}},
		{"calendar: shape", "/api/v1/calendar/import", "/api/v1/calendar",
			spoilt(calendar, [2]string{`"notes":`, `"remarks": 1, "notes":`}, [2]string{`"year": 2024`, `"year": "2024"`}, [2]string{`"year": 2025`, `"yeer": 2025`}),
			[]string{"remarks unknown", "years[0].year type", "years[1].yeer unknown", "years[1].year missing"}},
		{"calendar: rules", "/api/v1/calendar/import", "/api/v1/calendar",
			spoilt(calendar, [2]string{`"year": 2025`, `"year": 2024`}, [2]string{`"2026-01-01"`, `"2026-13-01"`}),
			[]string{"years[1].year format"}},
		{"calendar: GBK", "/api/v1/calendar/import", "/api/v1/calendar", gbk, []string{"$ syntax"}},
		{"items: shape", "/api/v1/items/import", "/api/v1/drafts",
			spoilt(items, [2]string{`"code": "TB-`, `"code": 7, "kode": "TB-`}, [2]string{`"instant": false`, `"instant": "no"`}),
			[]string{"items[0].code type", "items[0].kode unknown", "items[4].instant type"}},
		{"items: GBK", "/api/v1/items/import", "/api/v1/drafts", gbk, []string{" syntax"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := state(h, c.state)
			var p gen.Problem
			h.decode(h.must("operator", "POST", c.path, c.body, http.StatusUnprocessableEntity), &p)
			said := map[string]int{}
			for _, f := range p.Fields {
				said[fmt.Sprintf("%s %s", f.Path, f.Code)] = f.Line
				if f.ZH == "" || f.EN == "" {
					t.Errorf("%+v", f)
				}
			}
			for _, w := range c.want {
				if line, ok := said[w]; !ok || line == 0 {
					t.Errorf("%q is not said, or without its line: %v", w, said)
				}
			}
			if after := state(h, c.state); after != before {
				t.Errorf("a faulty file changed\n%s\nto\n%s", before, after)
			}
		})
	}
	// Over the line nothing at all comes as no body.
	for _, path := range []string{"/api/v1/divisions/import", "/api/v1/calendar/import", "/api/v1/items/import", "/api/v1/packages/import"} {
		r := h.send(request0{method: "POST", path: path, token: h.token("operator")})
		var p gen.Problem
		h.decode(r, &p)
		if r.Code != http.StatusUnprocessableEntity || len(p.Fields) != 1 || !strings.Contains(p.Fields[0].ZH, "文件是空的") || !strings.Contains(p.Fields[0].EN, "JSON") {
			t.Errorf("nothing to %s: %d %s", path, r.Code, r.Body)
		}
	}
	bom := append([]byte("\ufeff"), readFile(t, divisions)...)
	var whole, part gen.ImportReport
	h.decode(h.must("operator", "POST", "/api/v1/divisions/import", bom, 200), &whole)
	// What a file does not have stays, and whoever imports it hears how much that is.
	var fewer map[string]any
	check(t, json.Unmarshal(readFile(t, divisions), &fewer))
	towns := fewer["townships"].([]any)
	gone := len(towns[0].(map[string]any)["villages"].([]any))
	fewer["townships"] = towns[1:]
	fewer["township_count"], fewer["village_count"] = len(towns)-1, int(fewer["village_count"].(float64))-gone
	h.decode(h.must("operator", "POST", "/api/v1/divisions/import", fewer, 200), &part)
	var list gen.DivisionList
	h.get("operator", "/api/v1/divisions", &list)
	if whole.Kept != 0 || part.Kept != gone+1 || part.Count+part.Kept != whole.Count || len(list.Divisions) != whole.Count {
		t.Errorf("%+v, then %+v; %d are known", whole, part, len(list.Divisions))
	}
}

// state is a list as text, but for what changes by itself.
func state(h *site, path string) string {
	h.t.Helper()
	return strings.TrimSpace(h.must("operator", "GET", path, nil, 200).Body.String())
}
