package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
)

// Errors of Read.
var (
	ErrFormat   = errors.New("xlsx: this is no workbook that can be read")
	ErrTooLarge = errors.New("xlsx: the workbook is larger than is taken")
)

// Limits are what is read at the most.
type Limits struct {
	Bytes   int64 // of the parts that are read, unpacked
	Rows    int   // more is ErrTooLarge
	Columns int   // what lies beyond is left out
}

// Read gives the first sheet's rows of cells as the file holds them: a number without
// the format that it is shown in, a day as the number of days since 1900. Empty cells
// and rows before one that says something are there, those after it are not.
func Read(raw []byte, limits Limits) ([][]string, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, ErrFormat
	}
	b := &book{files: map[string]*zip.File{}, limits: limits, left: limits.Bytes}
	for _, f := range z.File {
		b.files[strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))] = f
	}
	rows, err := b.read()
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, ErrFormat
	}
	return rows, err
}

type book struct {
	files  map[string]*zip.File
	limits Limits
	left   int64 // of limits.Bytes
	texts  []string
}

// relation is what a part says about another.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

func (b *book) read() ([][]string, error) {
	main := "xl/workbook.xml"
	if all, err := b.relations("_rels/.rels"); err == nil {
		for _, r := range all {
			if strings.HasSuffix(r.Type, "/officeDocument") {
				main = target("", r.Target)
			}
		}
	}
	var workbook struct {
		Sheets []struct {
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.decode(main, &workbook); err != nil {
		return nil, err
	}
	if len(workbook.Sheets) == 0 {
		return nil, ErrFormat
	}
	id := ""
	for _, a := range workbook.Sheets[0].Attrs {
		if a.Name.Local == "id" {
			id = a.Value
		}
	}
	dir, name := path.Split(main)
	all, err := b.relations(dir + "_rels/" + name + ".rels")
	if err != nil {
		return nil, err
	}
	sheet := ""
	for _, r := range all {
		switch {
		case r.ID == id:
			sheet = target(dir, r.Target)
		case strings.HasSuffix(r.Type, "/sharedStrings"):
			if err := b.shared(target(dir, r.Target)); err != nil {
				return nil, err
			}
		}
	}
	return b.cells(sheet)
}

// target is the name of the part that a relation of one in dir is with.
func target(dir, to string) string {
	if !strings.HasPrefix(to, "/") {
		to = dir + to
	}
	return strings.TrimPrefix(path.Clean("/"+to), "/")
}

func (b *book) relations(name string) ([]relation, error) {
	var r struct {
		All []relation `xml:"Relationship"`
	}
	err := b.decode(name, &r)
	return r.All, err
}

func (b *book) decode(name string, into any) error {
	return b.open(name, func(d *xml.Decoder) error { return d.Decode(into) })
}

// open reads a part, within what may be unpacked.
func (b *book) open(name string, read func(*xml.Decoder) error) error {
	f := b.files[strings.ToLower(name)]
	if f == nil {
		return ErrFormat
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	bounded := &io.LimitedReader{R: r, N: b.left}
	err = read(xml.NewDecoder(bounded))
	b.left = bounded.N
	if b.left == 0 {
		return ErrTooLarge
	}
	return err
}

// each calls f at the start of every element, and tells the end of the part.
func each(d *xml.Decoder, f func(xml.StartElement) error) error {
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := f(e); err != nil {
				return err
			}
		}
	}
}

// rich is a text, whole or in runs of different looks. How it is spoken (rPh) is no
// part of it.
type rich struct {
	Text string   `xml:"t"`
	Runs []string `xml:"r>t"`
}

func (r rich) String() string { return unescaped(r.Text + strings.Join(r.Runs, "")) }

// shared reads the texts that cells refer to by number.
func (b *book) shared(name string) error {
	return b.open(name, func(d *xml.Decoder) error {
		return each(d, func(e xml.StartElement) error {
			if e.Name.Local != "si" {
				return nil
			}
			var r rich
			if err := d.DecodeElement(&r, &e); err != nil {
				return err
			}
			if len(b.texts) >= b.limits.Rows*b.limits.Columns*4 {
				return ErrTooLarge
			}
			b.texts = append(b.texts, r.String())
			return nil
		})
	})
}

func (b *book) cells(name string) (rows [][]string, err error) {
	row, column := 0, 0
	err = b.open(name, func(d *xml.Decoder) error {
		return each(d, func(e xml.StartElement) error {
			switch e.Name.Local {
			case "row":
				row, column = row+1, 0
				if n, err := strconv.Atoi(attr(e, "r")); err == nil {
					row = n
				}
			case "c":
				column++
				if n := columnOf(attr(e, "r")); n > 0 {
					column = n
				}
				text, err := b.cell(d, e)
				if err != nil || text == "" || column > b.limits.Columns {
					return err
				}
				if row > b.limits.Rows || row < 1 {
					return ErrTooLarge
				}
				for len(rows) < row {
					rows = append(rows, nil)
				}
				for len(rows[row-1]) < column {
					rows[row-1] = append(rows[row-1], "")
				}
				rows[row-1][column-1] = text
			}
			return nil
		})
	})
	return rows, err
}

func (b *book) cell(d *xml.Decoder, e xml.StartElement) (string, error) {
	var c struct {
		Value  string `xml:"v"`
		Inline rich   `xml:"is"`
	}
	if err := d.DecodeElement(&c, &e); err != nil {
		return "", err
	}
	switch attr(e, "t") {
	case "inlineStr":
		return c.Inline.String(), nil
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(c.Value))
		if err != nil || n < 0 || n >= len(b.texts) {
			return "", ErrFormat
		}
		return b.texts[n], nil
	case "str":
		return unescaped(c.Value), nil
	}
	return c.Value, nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// columnOf is 28 for AB7, and 0 for what is no name of a cell.
func columnOf(cell string) int {
	n := 0
	for _, r := range strings.ToUpper(cell) {
		if r < 'A' || r > 'Z' {
			break
		}
		if n = n*26 + int(r-'A') + 1; n > 1<<14 {
			return 0
		}
	}
	return n
}

// Day is the day that a number of days since 1900 is. Excel counts 29 February 1900,
// which was none, so that this holds from March 1900 on.
func Day(n float64) time.Time {
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n))
}
