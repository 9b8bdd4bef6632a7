package api

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Statistics count what happened, within the reader's reach, and leave as CSV
// and Excel with the same cells.
func TestStatistics(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("other", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("auditor", theCounty, "", identity.Auditor)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	var c gen.Case
	for h.get("window", "/api/v1/cases/"+id, &c); c.DecidedMs == 0; h.get("window", "/api/v1/cases/"+id, &c) {
		switch c.Summary.WaitsFor.Verb {
		case ledger.VerbReview:
			h.person("reviewer", theCounty, department, identity.DepartmentReviewer)
			h.act("reviewer", id, gen.CaseAction{Kind: gen.ActReview, Opinion: "符合"})
		default:
			h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予"})
		}
	}
	var all gen.StatisticsReport
	h.get("auditor", "/api/v1/statistics?by=item", &all)
	if len(all.Rows) != 1 || all.Rows[0].Key != item || all.Rows[0].Name == "" || all.Rows[0].HandedIn != 1 || all.Rows[0].Granted != 1 || all.Rows[0].Early != 1 || all.Rows[0].P90Days != 0 || all.Rows[0].MeanDaysHundredths != 0 {
		t.Errorf("%+v", all)
	}
	for _, who := range []string{"window", "other"} {
		var mine gen.StatisticsReport
		h.get(who, "/api/v1/statistics", &mine)
		if n := len(mine.Rows); (who == "window") != (n == 1 && mine.Rows[0].HandedIn == 1) {
			t.Errorf("%s counts %+v", who, mine)
		}
	}
	if r := h.as("other", "GET", "/api/v1/statistics?department="+department, nil); r != "403 forbidden" {
		t.Errorf("another department's: %s", r)
	}
	if r := h.as("auditor", "GET", "/api/v1/statistics?from=2026-13", nil); r != "400 invalid_request" {
		t.Errorf("a thirteenth month: %s", r)
	}
	page := h.send(request0{method: "GET", path: "/api/v1/statistics?by=item&format=csv", token: h.token("auditor")})
	text, ok := strings.CutPrefix(page.Body.String(), "\ufeff")
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if page.Code != 200 || !ok || err != nil || len(lines) != 2 || lines[1][0] != item || lines[1][2] != "1" {
		t.Fatalf("%d %v %q", page.Code, err, page.Body)
	}
	sheet := h.send(request0{method: "GET", path: "/api/v1/statistics?by=item&format=xlsx", token: h.token("auditor")})
	f, err := excelize.OpenReader(bytes.NewReader(sheet.Body.Bytes()))
	check(t, err)
	defer f.Close()
	rows, err := f.GetRows("Sheet1")
	check(t, err)
	for i := range lines {
		if strings.Join(rows[i], "|") != strings.Join(lines[i], "|") {
			t.Errorf("Excel says %q, CSV %q", rows[i], lines[i])
		}
	}
	var catalog gen.CatalogStatistics
	h.get("auditor", "/api/v1/statistics/catalog", &catalog)
	if len(catalog.Editions) != 1 || catalog.Editions[0].InForce != 4 || catalog.Editions[0].Added != 4 {
		t.Errorf("%+v", catalog)
	}
}

// What a spreadsheet would take for a formula is a text in CSV.
func TestHarmlessCells(t *testing.T) {
	f, err := (&spreadsheet{name: "x", heads: []string{"=1+1"}, rows: [][]any{{"=cmd|' /C calc'!A0", int64(-3)}, {"+1", "@SUM(A1)"}, {"-1", "\tx"}, {"正常", ""}}}).as("csv")
	check(t, err)
	want := "\ufeff'=1+1\n'=cmd|' /C calc'!A0,-3\n'+1,'@SUM(A1)\n'-1,'\tx\n正常,\n"
	if string(f.body) != want {
		t.Errorf("%q\nwant %q", f.body, want)
	}
}
