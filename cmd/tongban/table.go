package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// table is rows under headings, aligned as a terminal shows them.
type table struct {
	heads []string
	rows  [][]string
}

func newTable(heads ...string) *table { return &table{heads: heads} }

// row adds a row of as many cells as there are headings.
func (t *table) row(cells ...string) {
	row := make([]string, len(t.heads))
	for i := range row {
		if i < len(cells) {
			row[i] = clean(cells[i])
		}
	}
	t.rows = append(t.rows, row)
}

// write prints the table; one without rows is the word none.
func (t *table) write(w io.Writer, lang language) {
	if len(t.rows) == 0 {
		fmt.Fprintln(w, lang.pick("（无）", "(none)"))
		return
	}
	widths := make([]int, len(t.heads))
	all := append([][]string{t.heads}, t.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// sheet is labels and values, one pair a line.
type sheet struct{ pairs [][2]string }

// line adds a pair; one without a value is left out.
func (s *sheet) line(label, value string) {
	if value = strings.TrimSpace(value); value != "" {
		s.pairs = append(s.pairs, [2]string{label, clean(value)})
	}
}

func (s *sheet) write(w io.Writer) {
	widest := 0
	for _, pair := range s.pairs {
		widest = max(widest, columns(pair[0]))
	}
	for _, pair := range s.pairs {
		fmt.Fprintf(w, "%s%s  %s\n", pair[0], strings.Repeat(" ", widest-columns(pair[0])), pair[1])
	}
}

// columns is how many columns of a terminal a text takes: two for a full-width
// character, none for a combining mark.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// clean makes one harmless line of a text that came from elsewhere: a control
// character in an applicant's name could rewrite the clerk's terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// lines is clean for a text of several lines.
func lines(text string) string {
	parts := strings.Split(text, "\n")
	for i, part := range parts {
		parts[i] = clean(part)
	}
	return strings.Join(parts, "\n")
}
