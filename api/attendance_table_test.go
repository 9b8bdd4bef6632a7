package api

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/tongban/tongban/node/identity"
)

// A workbook of Excel is read as it stands, days as days; what is none is said so.
func TestReadAttendanceTable(t *testing.T) {
	h := newHub(t)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("chief", theCounty, "县市场监督管理局", identity.DepartmentLeader)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	book := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "姓名", "B1": "日期", "C1": "上午", "D1": "下午", "A2": "王芳", "B2": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), "C2": "在岗", "D2": "请假", "A3": "李强", "B3": "2026-11-24", "C3": "在岗"} {
		check(t, book.SetCellValue("Sheet1", cell, v))
	}
	var b bytes.Buffer
	check(t, book.Write(&b))
	ask := func(who string, body []byte) *httptest.ResponseRecorder {
		return h.send(request0{method: "POST", path: "/api/v1/attendance/table", body: body, token: h.token(who), header: map[string]string{"Content-Type": streamType}})
	}
	r := ask("chief", b.Bytes())
	var out struct {
		Rows [][]string `json:"rows"`
	}
	if r.Code != 200 || json.Unmarshal(r.Body.Bytes(), &out) != nil || len(out.Rows) != 3 || out.Rows[1][1] != "2026-11-23" || out.Rows[1][3] != "请假" || out.Rows[2][1] != "2026-11-24" {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	for what, c := range map[string]struct {
		who    string
		body   []byte
		status int
		code   string
	}{
		"by who records none": {"window", b.Bytes(), 403, "forbidden"},
		"no workbook":         {"chief", []byte("姓名,日期"), 422, "not_a_table"},
		"half of one":         {"chief", b.Bytes()[:b.Len()/2], 422, "not_a_table"},
		"too large":           {"chief", make([]byte, maxTableFile+1), 413, "table_too_large"},
	} {
		if r := ask(c.who, c.body); r.Code != c.status || codeOf(r.Body.String()) != c.code {
			t.Errorf("%s: %d %s", what, r.Code, r.Body)
		}
	}
}
