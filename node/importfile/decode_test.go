package importfile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/importfile"
)

type shop struct {
	Notes []string          `json:"notes,omitempty"`
	Name  string            `json:"name"`
	Open  bool              `json:"open"`
	Rows  []row             `json:"rows"`
	Names map[string]string `json:"names"`
}

type row struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

const good = `{"name":"a","open":true,"rows":[{"code":"x","count":2}],"names":{"2026-01-01":"元旦"}}`

func TestDecode(t *testing.T) {
	for _, text := range []string{good, "\ufeff" + good, good + "\r\n"} {
		var s shop
		if faults := importfile.Decode([]byte(text), &s); faults.Err() != nil {
			t.Fatalf("Decode(%q): %v", text, faults)
		}
		if s.Name != "a" || !s.Open || s.Rows[0].Count != 2 || s.Names["2026-01-01"] != "元旦" {
			t.Fatalf("Decode(%q) = %+v", text, s)
		}
	}
}

func TestDecodeReportsEveryFault(t *testing.T) {
	const text = `{
		"name": null, "Name": "b", "open": "yes", "open": true,
		"rows": [{"code": 3, "count": 1.5}, {"code": "y", "count": 1e400, "more": {"a": [1, {}]}}, 7, [1]],
		"names": {"2026-01-01": "a", "2026-01-01": 4}
	}`
	var s shop
	faults := importfile.Decode([]byte(text), &s)
	var got []string
	for _, fault := range faults {
		got = append(got, fault.Path+": "+fault.EN)
	}
	want := []string{
		"name: must not be null",
		"Name: unknown field",
		"open: must be true or false, is a string",
		"open: given twice",
		"rows[0].code: must be a string, is a number",
		"rows[0].count: must be a whole number: 1.5",
		"rows[1].count: must be a whole number: 1e400",
		"rows[1].more: unknown field",
		"rows[2]: must be an object, is a number",
		"rows[3]: must be an object, is a list",
		`names["2026-01-01"]: given twice`,
		`names["2026-01-01"]: must be a string, is a number`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s.Rows != nil {
		t.Error("a faulty file filled the struct in")
	}
}

func TestDecodeMissing(t *testing.T) {
	var s shop
	faults := importfile.Decode([]byte(`{"rows":[{}]}`), &s)
	var paths []string
	for _, fault := range faults {
		paths = append(paths, fault.Path)
	}
	if got := strings.Join(paths, " "); got != "rows[0].code rows[0].count name open names" {
		t.Errorf("missing: %s", got)
	}
}

func TestDecodeUnreadable(t *testing.T) {
	rows := []struct{ text, says string }{
		{"", "line 1, column 1"},
		{" \n", "empty"},
		{"{\n \"name\": \"中文\" x}", "line 2, column 15"},
		{good + good, "line 1"},
		{"[]", "must be an object, is a list"},
		{"null", "must not be null"},
		{"{\"name\":\"\xff\"}", "not UTF-8"},
		{strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "must be an object, is a list"},
		{strings.Repeat(`{"a":`, 20000), "not valid JSON"},
	}
	for _, row := range rows {
		var s shop
		faults := importfile.Decode([]byte(row.text), &s)
		if len(faults) == 0 || !strings.Contains(faults.Error(), row.says) {
			t.Errorf("Decode(%.40q) = %v, want %q", row.text, faults, row.says)
		}
	}
}

func TestFaultsErrorIsBounded(t *testing.T) {
	var faults importfile.Faults
	if faults.Err() != nil {
		t.Error("no faults are an error")
	}
	for range 5000 {
		faults.Add(importfile.Key("", strings.Repeat("长", 500)), "错", "wrong")
	}
	if message := faults.Error(); len(message) > 20_000 || !strings.Contains(message, "4980 more") {
		t.Errorf("message of %d bytes", len(message))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"rows":[{"code":1}],"x":[[[]]]}`))
	f.Add([]byte("\ufeff{}"))
	f.Add([]byte(`{"names":{"":"","a":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s shop
		faults := importfile.Decode(data, &s)
		if len(faults) > 0 {
			if faults.Error() == "" {
				t.Fatal("faults without words")
			}
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var twice shop
		if faults := importfile.Decode(again, &twice); len(faults) > 0 && s.Rows != nil && s.Names != nil {
			t.Fatalf("what was accepted is refused when written again: %v", faults)
		}
	})
}
