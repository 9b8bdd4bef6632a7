package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// Attendance that an office keeps in a spreadsheet of Excel:
//
//	POST /api/v1/attendance/table  ReadAttendanceTable
//
// It is read and nothing else: what it says is looked over by whoever sends it and
// comes back as attendance.

// The bounds of a table: a month of a large office, and no more than a machine of a
// village can hold.
const (
	maxTableFile  = 2 << 20
	maxTableBytes = 32 << 20
	maxTableRows  = 20_000
	maxTableCells = 12
)

var errTable = &problem{http.StatusUnprocessableEntity, "not_a_table", "this is no workbook of Excel (.xlsx) that can be read", "不是可读取的 Excel 工作簿（.xlsx）", "请另存为 .xlsx 或 CSV 后重试；加密的工作簿请先取消密码", nil, 0}
var errTableSize = &problem{http.StatusRequestEntityTooLarge, "table_too_large", "the table has more rows or is larger than is taken at once", "表格过大", "请按月拆分后分别导入，每份不超过 2 MB、20000 行", nil, 0}

// ReadAttendanceTable gives the first sheet of a workbook as lines of cells.
// Only who records attendance has a table of it to be read.
func (s *Server) ReadAttendanceTable(ctx context.Context, in gen.ReadAttendanceTableRequestObject) (gen.ReadAttendanceTableResponseObject, error) {
	if _, err := s.within(ctx, identity.AttendanceRecord, ""); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(in.Body, maxTableFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxTableFile {
		return nil, errTableSize
	}
	rows, err := sheetRows(raw)
	if err != nil {
		return nil, err
	}
	return gen.ReadAttendanceTable200JSONResponse{Rows: rows}, nil
}

// sheetRows reads the first sheet. A day is written as 2026-11-23, however the cell
// shows it.
func sheetRows(raw []byte) ([][]string, error) {
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxTableBytes, UnzipXMLSizeLimit: maxTableBytes / 4})
	if err != nil {
		return nil, errTable
	}
	defer book.Close()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, errTable
	}
	all, err := book.GetRows(sheets[0], excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, errTable
	}
	if len(all) > maxTableRows {
		return nil, errTableSize
	}
	rows := make([][]string, 0, len(all))
	for _, row := range all {
		if len(row) > maxTableCells {
			row = row[:maxTableCells]
		}
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = strings.Join(strings.Fields(text), " ")
		}
		if len(cells) > 1 {
			cells[1] = dayOfCell(cells[1])
		}
		rows = append(rows, cells)
	}
	return rows, nil
}

// dayOfCell is the day that Excel keeps as the number of days since 1900.
func dayOfCell(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 36526 || n >= 73051 { // 2000 to 2099
		return text
	}
	day, err := excelize.ExcelDateToTime(n, false)
	if err != nil {
		return text
	}
	return day.Format(time.DateOnly)
}
