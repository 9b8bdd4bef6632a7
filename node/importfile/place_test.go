package importfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/importfile"
)

// TestLines: every fault says at which line it stands, those of what is missing
// at which line that begins which lacks it.
func TestLines(t *testing.T) {
	const text = "{\n" +
		" \"name\": 7,\n" + // 2
		" \"open\": true, \"open\": false,\n" + // 3
		" \"rows\": [\n" +
		"  {\"code\": \"x\",\n" + // 5
		"   \"count\": \"many\"},\n" + // 6
		"  {\"code\": \"y\"},\n" + // 7: count is missing
		"  null],\n" + // 8
		" \"extra\": [[{\"deep\": [\n1]}]],\n" + // 9
		" \"names\": {\"中 文\": 3}\n" + // 11
		"}"
	var s shop
	var got []string
	for _, f := range importfile.Decode([]byte(text), &s) {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Path, f.Code))
	}
	want := []string{"2 name type", "3 open duplicate", "6 rows[0].count type", "7 rows[1].count missing", "8 rows[2] type", "9 extra unknown", `11 names["中 文"] type`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFaultsBeforeTheBreak: what stands before a text breaks off is said too,
// and where it breaks.
func TestFaultsBeforeTheBreak(t *testing.T) {
	var s shop
	faults := importfile.Decode([]byte("{\n \"name\": 7,\n \"rows\": [{\"code\": \"x\" \"count\": 1}]}"), &s)
	if len(faults) != 2 || faults[0].Line != 2 || faults[1].Line != 3 || faults[1].Code != importfile.Syntax || !strings.Contains(faults[1].EN, "line 3, column 24") {
		t.Errorf("%+v", faults)
	}
}

// TestEncodings: a file in another encoding, or of another kind, is told as
// what it is.
func TestEncodings(t *testing.T) {
	for _, row := range []struct{ name, text, zh, en string }{
		{"GBK", "{\n\"name\": \"\xb0\xb2\xbc\xaa\xcf\xd8\"}", "GBK（记事本的“ANSI”）编码，不是 UTF-8（自第 2 行起）", "GBK"},
		{"broken UTF-8", "{\"name\": \"安\xe5\xae\"}", "不是 UTF-8 编码（自第 1 行起）", "not UTF-8"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "UTF-16", "UTF-16"},
		{"UTF-16 without mark", "{\x00\"\x00}\x00", "不是文本文件", "no text file"},
		{"random bytes", "\x9c\x00\x17\xd4\xfe\x00\x81", "不是文本文件", "no text file"},
		{"a spreadsheet", "PK\x03\x04\x14\x00", "Excel", "spreadsheet"},
		{"an old spreadsheet", "\xd0\xcf\x11\xe0\xa1\xb1", "Excel", "spreadsheet"},
		{"empty", "\ufeff \n", "空的", "empty"},
		{"huge", strings.Repeat(" ", importfile.MaxBytes+1), "超过 16 MB", "larger than 16 MB"},
		{"cut off", "{\"name\": \"a\",\n", "第 2 行", "breaks off"},
		{"a table", "code,name\n1,2\n", "第 1 行第 1 列", "line 1, column 1"},
	} {
		var s shop
		faults := importfile.Decode([]byte(row.text), &s)
		if len(faults) == 0 {
			t.Errorf("%s: accepted", row.name)
			continue
		}
		last := faults[len(faults)-1]
		if !strings.Contains(last.ZH, row.zh) || !strings.Contains(last.EN, row.en) || last.Path != "$" {
			t.Errorf("%s: %+v", row.name, last)
		}
	}
}

// FuzzLines: no text makes the search for lines fail, and no line lies outside
// of it.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"rows\": [\n{\"code\": 1}]}"), "rows[0].code")
	f.Add([]byte("[[[["), "[0][0]")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		for _, line := range importfile.Lines(data, []string{path, "rows[0]", "$"}) {
			if line < 0 || line > 1+strings.Count(string(data), "\n") {
				t.Fatalf("line %d", line)
			}
		}
	})
}
