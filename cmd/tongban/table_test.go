package main

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "甲子村": 6, "（无）": 6, "8:30–17:00": 10, "𠮷": 2, "e\u0301": 1, "ｱ": 1, "Ａ": 2, "한": 2, "\u200bx": 1,
	} {
		if got := columns(text); got != want {
			t.Errorf("columns(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestTableIsAligned(t *testing.T) {
	table := newTable("节点", "NAME", "数")
	table.row("v-1", "甲子村便民服务站", "12")
	table.row("county-1", "hub", "3")
	var out strings.Builder
	table.write(&out, chinese)
	want := `节点      NAME              数
v-1       甲子村便民服务站  12
county-1  hub               3
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestEmptyTable(t *testing.T) {
	for lang, want := range map[language]string{chinese: "（无）\n", english: "(none)\n"} {
		var out strings.Builder
		newTable("A").write(&out, lang)
		if out.String() != want {
			t.Errorf("%q", out.String())
		}
	}
}

func TestSheetLeavesOutWhatIsEmpty(t *testing.T) {
	var s sheet
	s.line("事项", "生育登记")
	s.line("备注", " ")
	s.line("id", "x")
	var out strings.Builder
	s.write(&out)
	if want := "事项  生育登记\nid    x\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

// Every column begins at one place, whatever is in the cells, and a cell
// cannot leave its line or command the terminal.
func TestTablesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.SliceOfN(rapid.String(), 2, 2), 1, 5).Draw(t, "cells")
		table := newTable("头", "x")
		for _, row := range cells {
			table.row(row[0], "|"+row[1])
		}
		var out strings.Builder
		table.write(&out, chinese)
		rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(rows) != len(cells)+1 {
			t.Fatalf("%d lines for %d rows:\n%q", len(rows), len(cells), out.String())
		}
		begin := columns(rows[0]) - 1
		for i, line := range rows[1:] {
			first := clean(cells[i][0])
			if pad := columns(first); pad > begin-2 {
				t.Fatalf("row %d: the second column begins at %d, the first ends at %d", i, begin, pad)
			}
			if rest := line[len(first):]; !strings.HasPrefix(strings.TrimLeft(rest, " "), "|") {
				t.Fatalf("row %d: %q", i, line)
			}
			if strings.ContainsAny(line, "\x1b\r\a\u202e\u009b") {
				t.Fatalf("row %d commands the terminal: %q", i, line)
			}
		}
	})
}
