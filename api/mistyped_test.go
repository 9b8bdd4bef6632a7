package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestMistypedNumber: a number whose check digit is wrong is said to be mistyped, at the
// desk and at the public look-up, whether there is a case like it or not; one that is
// right and unknown is not.
func TestMistypedNumber(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	number := receipt.Case.Number
	last := number[len(number)-1]
	wrong := number[:len(number)-1] + string('0'+(last-'0'+1)%10)
	if r := h.as("window", "GET", "/api/v1/cases/"+wrong, nil); r != "404 number_mistyped" {
		t.Errorf("at the desk: %s", r)
	}
	if r := h.as("window", "GET", "/api/v1/cases/330523000000-20200102-01-000001-0", nil); r != "404 number_mistyped" && r != "404 not_found" {
		t.Errorf("unknown: %s", r)
	}
	look := func(number string) string {
		r := h.send(request0{method: "POST", path: "/api/v1/public/lookup", body: gen.LookupRequest{Number: number, Code: "AAAAAAAA"}})
		return r.Body.String()
	}
	if text := look(wrong); !strings.Contains(text, "number_mistyped") {
		t.Errorf("at the look-up: %s", text)
	}
	if text := look(number); !strings.Contains(text, "lookup_failed") {
		t.Errorf("a wrong code: %s", text)
	}

	// For want of competence it is said where to go.
	reject := gen.CaseAction{Kind: gen.ActReject, Reason: "住所不在本县辖区范围"}
	if r := h.act0("window", receipt.Case.Id, reject); r != "400 invalid_request" {
		t.Errorf("without a ground: %s", r)
	}
	reject.Ground = gen.RejectCompetence
	if r := h.act0("window", receipt.Case.Id, reject); r != "400 invalid_request" {
		t.Errorf("without saying who is competent: %s", r)
	}
	reject.Authority = "邻县市场监督管理局"
	h.act("window", receipt.Case.Id, reject)
	page := h.must("window", "GET", "/api/v1/cases/"+receipt.Case.Id+"/documents/rejection_notice", nil, http.StatusOK).Body.String()
	if !strings.Contains(page, "不属于本机关职权范围") || !strings.Contains(page, reject.Authority) {
		t.Errorf("the notice does not say where to go: %s", page)
	}
}

// TestEverySpecialProcedureHasItsNotice: each is listed, looked at and printed under its
// own number; a visit to the place names two officers.
//
// Rules: 2.15.
func TestEverySpecialProcedureHasItsNotice(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	today := dayOf(h.api.o.Now().UnixMilli())
	h.act("chief", id, gen.CaseAction{Kind: gen.ActSuspend, Procedure: "检验", Until: today.AddDays(5), Reason: "需检验"})
	visit := gen.CaseAction{Kind: gen.ActSuspend, Procedure: "现场勘验", Until: today.AddDays(3), Reason: "核对住所", Officers: []string{"李明"}}
	if r := h.act0("chief", id, visit); r != "409 visit_officers" {
		t.Errorf("one officer: %s", r)
	}
	visit.Officers = append(visit.Officers, "周平")
	h.act("chief", id, visit)
	var list gen.DocumentList
	h.get("window", "/api/v1/cases/"+id+"/documents", &list)
	var titles []string
	for _, d := range list.Documents {
		if d.Nth > 0 {
			titles = append(titles, d.Title)
		}
	}
	if got := strings.Join(titles, " "); got != "特别程序告知书（1）检验 特别程序告知书（2）现场勘验" {
		t.Errorf("listed: %s", got)
	}
	path := "/api/v1/cases/" + id + "/documents/special_procedure_notice"
	if text := h.must("window", "GET", path+"?nth=2", nil, 200).Body.String(); !strings.Contains(text, "李明、周平") {
		t.Errorf("the second: %s", text)
	}
	if r := h.as("window", "GET", path+"?nth=3", nil); r != "409 document_not_yet" {
		t.Errorf("a third: %s", r)
	}
	var first, second gen.PrintedPaper
	h.decode(h.must("window", "POST", path+"/print?nth=1", gen.PaperRequest{}, 200), &first)
	h.decode(h.must("window", "POST", path+"/print", gen.PaperRequest{}, 200), &second)
	if first.Document.Number == second.Document.Number || second.Document.Number != first.Document.Number+"之2" || first.Copy != 1 || second.Copy != 1 {
		t.Errorf("%s and %s", first.Document.Number, second.Document.Number)
	}
}
