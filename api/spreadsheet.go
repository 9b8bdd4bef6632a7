package api

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// spreadsheet is a table that leaves as CSV or Excel. Cells are texts and whole
// numbers.
type spreadsheet struct {
	name  string // of the file, without its ending, in ASCII
	heads []string
	rows  [][]any
}

const (
	csvType  = "text/csv; charset=utf-8"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// tableFile is a finished file with its type.
type tableFile struct {
	name, kind string
	body       []byte
}

// csv writes the table for programs that open CSV as a spreadsheet: with the
// mark that tells them it is UTF-8, and with no cell that they would take for a
// formula.
func (s *spreadsheet) csv() (*tableFile, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	if err := w.Write(harmlessAll(s.heads)); err != nil {
		return nil, err
	}
	for _, row := range s.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			switch v := cell.(type) {
			case int64:
				cells[i] = strconv.FormatInt(v, 10)
			case string:
				cells[i] = harmless(v)
			}
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return &tableFile{s.name + ".csv", csvType, b.Bytes()}, w.Error()
}

// harmless puts a quote before what a spreadsheet would compute.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func harmlessAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = harmless(t)
	}
	return out
}

// xlsx writes the table row by row. Texts are texts there, and never formulas.
func (s *spreadsheet) xlsx() (*tableFile, error) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	heads := make([]any, len(s.heads))
	for i, h := range s.heads {
		heads[i] = h
	}
	for i, row := range append([][]any{heads}, s.rows...) {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return nil, err
		}
		if err := w.SetRow(at, row); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return &tableFile{s.name + ".xlsx", xlsxType, b.Bytes()}, nil
}

// as is the table in a format that was asked for; nil for JSON.
func (s *spreadsheet) as(format string) (*tableFile, error) {
	switch format {
	case "csv":
		return s.csv()
	case "xlsx":
		return s.xlsx()
	}
	return nil, nil
}

func (f *tableFile) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	_, err := w.Write(f.body)
	return err
}

func (f *tableFile) VisitGetStatisticsResponse(w http.ResponseWriter) error { return f.write(w) }
