package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

var limits = Limits{Bytes: 1 << 20, Rows: 100, Columns: 30}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is written is read by the library that other programs use, and by ours.
func TestWriteIsReadByOthers(t *testing.T) {
	wide := make([]any, 29)
	wide[28] = "AC"
	rows := [][]any{
		{"事项", "=1+1", int64(-3)},
		{"a<b>&\"c\"", " spaces ", "two\nlines\tand a tab"},
		{"", nil, "_x0041_ stays", "bell \a and \x00", "𠮷"},
		wide,
		{strings.Repeat("长", MaxText+5), strings.Repeat("𠮷", MaxText/2+5)},
	}
	want := [][]string{
		{"事项", "=1+1", "-3"},
		{"a<b>&\"c\"", " spaces ", "two\nlines\tand a tab"},
		{"", "", "_x0041_ stays", "bell \a and \x00", "𠮷"},
		append(make([]string, 28), "AC"),
		{strings.Repeat("长", MaxText), strings.Repeat("𠮷", MaxText/2)},
	}
	var b bytes.Buffer
	check(t, Write(&b, rows))
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	check(t, err)
	defer f.Close()
	theirs, err := f.GetRows(Sheet)
	check(t, err)
	ours, err := Read(b.Bytes(), limits)
	check(t, err)
	for who, got := range map[string][][]string{"theirs": theirs, "ours": ours} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %.400q\nwant %.400q", who, got, want)
		}
	}
	if formula, err := f.GetCellFormula(Sheet, "B1"); err != nil || formula != "" {
		t.Errorf("a text became the formula %q (%v)", formula, err)
	}
	if kind, err := f.GetCellType(Sheet, "C1"); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
		t.Errorf("a number became %v (%v)", kind, err)
	}
	if err := Write(&b, [][]any{{3.5}}); err == nil {
		t.Error("a cell of another kind was written")
	}
}

// What others write is read as they read it.
func TestReadWhatOthersWrite(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, v := range map[string]any{"A1": "姓名", "B1": "日期", "AB1": "far", "B3": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), "C3": true, "D3": 2.25, "E3": " x ", "A3": "_x0041_", "A9": ""} {
		check(t, f.SetCellValue("Sheet1", cell, v))
	}
	check(t, f.SetCellRichText("Sheet1", "F3", []excelize.RichTextRun{{Text: "受理"}, {Text: "3", Font: &excelize.Font{Bold: true}}}))
	check(t, f.SetSheetName("Sheet1", "考勤"))
	_, err := f.NewSheet("其他")
	check(t, err)
	check(t, f.SetCellValue("其他", "A1", "not this one"))
	var b bytes.Buffer
	check(t, f.Write(&b))
	theirs, err := f.GetRows("考勤", excelize.Options{RawCellValue: true})
	check(t, err)
	ours, err := Read(b.Bytes(), limits)
	check(t, err)
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("%q\nothers read %q", ours, theirs)
	}
	if ours[2][1] != "46349" || Day(46349.75).Format(time.DateOnly) != "2026-11-23" {
		t.Errorf("the day is %s: %s", ours[2][1], Day(46349.75))
	}
	if few, err := Read(b.Bytes(), Limits{1 << 20, 100, 2}); err != nil || len(few[0]) != 2 {
		t.Errorf("%q %v", few, err)
	}
}

// packed is a workbook with some parts in the place of those written.
func packed(t *testing.T, other map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name, text string) {
		w, err := z.Create(name)
		check(t, err)
		_, err = w.Write([]byte(text))
		check(t, err)
	}
	for _, p := range parts {
		if _, ok := other[p.name]; !ok {
			put(p.name, p.text)
		}
	}
	for name, text := range other {
		if text != "" {
			put(name, text)
		}
	}
	check(t, z.Close())
	return b.Bytes()
}

const sheet = "xl/worksheets/sheet1.xml"

func TestReadRefuses(t *testing.T) {
	cells := func(inner string) []byte {
		return packed(t, map[string]string{sheet: "<worksheet><sheetData>" + inner + "</sheetData></worksheet>"})
	}
	var whole bytes.Buffer
	check(t, Write(&whole, [][]any{{"x"}}))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                {nil, ErrFormat},
		"text":                   {[]byte("姓名,日期"), ErrFormat},
		"half":                   {whole.Bytes()[:whole.Len()/2], ErrFormat},
		"no workbook":            {packed(t, map[string]string{"xl/workbook.xml": ""}), ErrFormat},
		"no sheets":              {packed(t, map[string]string{"xl/workbook.xml": "<workbook/>"}), ErrFormat},
		"no sheet part":          {packed(t, nil), ErrFormat},
		"broken cells":           {cells(`<row><c><v>1</row>`), ErrFormat},
		"text that is not there": {cells(`<row><c t="s"><v>0</v></c></row>`), ErrFormat},
		"an entity":              {cells(`<row><c><v>&x;</v></c></row>`), ErrFormat},
		"another encoding":       {packed(t, map[string]string{sheet: `<?xml version="1.0" encoding="GBK"?><worksheet/>`}), ErrFormat},
		"a far row":              {cells(`<row r="1000000"><c><v>1</v></c></row>`), ErrTooLarge},
		"a row before the first": {cells(`<row r="-5"><c><v>1</v></c></row>`), ErrTooLarge},
		"a bomb":                 {cells(strings.Repeat(" ", 2<<20)), ErrTooLarge},
		"many rows":              {cells(strings.Repeat(`<row><c><v>1</v></c></row>`, 101)), ErrTooLarge},
	} {
		if rows, err := Read(c.raw, limits); !errors.Is(err, c.want) {
			t.Errorf("%s: %v %q", name, err, rows)
		}
	}
	rows, err := Read(cells(`<row/><row><c r="?"><v>1</v></c><c><v>2</v></c></row><row r="90"/>`), limits)
	if err != nil || !reflect.DeepEqual(rows, [][]string{nil, {"1", "2"}}) {
		t.Errorf("%q %v", rows, err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, [][]any{{"姓名", int64(3)}, {"_x0041_"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), []byte(`<worksheet><sheetData><row r="2"><c r="B2" t="s"><v>1</v></c></row></sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, raw, cells []byte) {
		for _, raw := range [][]byte{raw, packed(t, map[string]string{sheet: string(cells) + " "})} {
			rows, err := Read(raw, limits)
			if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			if len(rows) > limits.Rows {
				t.Fatalf("%d rows", len(rows))
			}
			for _, row := range rows {
				if len(row) > limits.Columns {
					t.Fatalf("%d cells", len(row))
				}
			}
		}
	})
}
