package api

import (
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestCopiedRowsShareNothing proves the stand-in for the library that excelize
// copies with: what is copied is whole, and changing it leaves the first alone.
func TestCopiedRowsShareNothing(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(f.SetCellRichText("Sheet1", "A1", []excelize.RichTextRun{{Text: "受理"}, {Text: "3", Font: &excelize.Font{Bold: true}}}))
	must(f.SetCellValue("Sheet1", "B1", "办结"))
	must(f.SetColWidth("Sheet1", "A", "C", 18))
	must(f.DuplicateRow("Sheet1", 1))
	copied, err := f.NewSheet("Sheet2")
	must(err)
	must(f.CopySheet(0, copied))
	must(f.SetCellValue("Sheet1", "B2", "退回"))
	must(f.SetCellValue("Sheet2", "B1", "撤回"))
	must(f.SetColWidth("Sheet2", "B", "B", 30))

	for _, want := range []struct{ sheet, cell, value string }{
		{"Sheet1", "A1", "受理3"}, {"Sheet1", "B1", "办结"}, {"Sheet1", "A2", "受理3"}, {"Sheet1", "B2", "退回"},
		{"Sheet2", "A1", "受理3"}, {"Sheet2", "B1", "撤回"},
	} {
		got, err := f.GetCellValue(want.sheet, want.cell)
		must(err)
		if got != want.value {
			t.Errorf("%s %s is %q, want %q", want.sheet, want.cell, got, want.value)
		}
	}
	for sheet, want := range map[string]float64{"Sheet1": 18, "Sheet2": 30} {
		width, err := f.GetColWidth(sheet, "B")
		must(err)
		if width != want {
			t.Errorf("column B of %s is %v wide, want %v", sheet, width, want)
		}
	}
	if _, err := f.WriteToBuffer(); err != nil {
		t.Fatal(err)
	}
}
