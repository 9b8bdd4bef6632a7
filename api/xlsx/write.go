// Package xlsx writes and reads workbooks of Excel (ECMA-376): one sheet of texts
// and whole numbers, and what somebody typed into the first sheet of theirs. A
// library that knows the rest of the format is a fifth of the program.
package xlsx

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxText is how many characters Excel takes in a cell; what is longer is cut.
const MaxText = 32767

// Sheet is the name of the sheet that is written.
const Sheet = "Sheet1"

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// parts are all of a workbook but its cells.
var parts = []struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="` + Sheet + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
}

// Write writes a workbook of one sheet. A cell is a string or an int64, or nil for an
// empty one. Texts are texts, and never formulas.
func Write(to io.Writer, rows [][]any) error {
	z := zip.NewWriter(to)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, head+p.text); err != nil {
			return err
		}
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := writeCells(b, rows); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return z.Close()
}

func writeCells(b *bufio.Writer, rows [][]any) error {
	b.WriteString(head + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i, row := range rows {
		number := strconv.Itoa(i + 1)
		b.WriteString(`<row r="` + number + `">`)
		for k, cell := range row {
			at := `<c r="` + columnName(k+1) + number + `"`
			switch v := cell.(type) {
			case nil:
			case int64:
				b.WriteString(at + `><v>` + strconv.FormatInt(v, 10) + `</v></c>`)
			case string:
				b.WriteString(at + ` t="inlineStr"><is><t xml:space="preserve">`)
				if err := xml.EscapeText(b, []byte(escaped(cut(v)))); err != nil {
					return err
				}
				b.WriteString(`</t></is></c>`)
			default:
				return fmt.Errorf("xlsx: a cell cannot hold %T", cell)
			}
		}
		b.WriteString(`</row>`)
	}
	_, err := b.WriteString(`</sheetData></worksheet>`)
	return err
}

// columnName is A for 1, AA for 27.
func columnName(n int) string {
	var name string
	for ; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// cut counts as Excel does, in units of UTF-16.
func cut(text string) string {
	if len(text) <= MaxText {
		return text
	}
	units := 0
	for i, r := range text {
		units++
		if r > 0xffff {
			units++
		}
		if units > MaxText {
			return text[:i]
		}
	}
	return text
}

// escaped writes what XML cannot hold as _xHHHH_, and what looks like that so that it
// is read as it stands.
func escaped(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '_' && escape(text[i:]) >= 0:
			b.WriteString("_x005F_")
		case r < 0x20 && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff:
			fmt.Fprintf(&b, "_x%04X_", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unescaped is what escaped was made of.
func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var b strings.Builder
	for text != "" {
		if r := escape(text); r >= 0 {
			b.WriteRune(r)
			text = text[len("_xHHHH_"):]
			continue
		}
		_, n := utf8.DecodeRuneInString(text)
		b.WriteString(text[:n])
		text = text[n:]
	}
	return b.String()
}

// escape is the character of an escape that text begins with, or -1.
func escape(text string) rune {
	if len(text) < len("_xHHHH_") || text[0] != '_' || text[1] != 'x' || text[6] != '_' {
		return -1
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
