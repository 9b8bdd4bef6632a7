package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestLifeOfACase: handed in with a paper missing, told once, supplemented,
// accepted, suspended, extended, decided; with its limits and its papers.
func TestLifeOfACase(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("auditor", theCounty, "", identity.Auditor)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	missing, second := in.Materials[0].Name, in.Materials[1].Name
	in.Materials = in.Materials[2:]
	if r := h.as("window", "POST", "/api/v1/cases", in); r != "409 incomplete" && r != "422 incomplete" {
		t.Errorf("a paper is missing: %s", r)
	}
	in.Lacking = true
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id

	if r := h.act0("window", id, gen.CaseAction{Kind: gen.ActAccept}); !strings.HasSuffix(r, "papers_lacking") {
		t.Errorf("accepted without it: %s", r)
	}
	if r := h.act0("window", id, gen.CaseAction{Kind: gen.ActRequestSupplement}); r != "400 invalid_request" {
		t.Errorf("a notice of nothing: %s", r)
	}
	notice := gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: missing, Problem: ledger.ProblemMissing, How: "请提交原件"}}, Before: calendar.DateOf(time.Now()).AddDays(7)}
	if r := h.act0("window", id, notice); !strings.HasSuffix(r, "papers_left_out") {
		t.Errorf("a notice that leaves out %s: %s", second, r)
	}
	came := h.act("window", id, gen.CaseAction{Kind: gen.ActSupplement, Materials: []catalog.SubmittedMaterial{{Name: second, Form: catalog.SubmittedOriginal, Copies: 1}}})
	told := h.keyed("window", id, "notice-0001", notice)
	if again := h.keyed("window", id, "notice-0001", notice); told != again || !strings.HasPrefix(told, "200") {
		t.Errorf("a double click: %s, then %s", told, again)
	}
	if r := h.act0("window", id, notice); !strings.HasSuffix(r, "told_already") {
		t.Errorf("told twice: %s", r)
	}
	brought := h.act("window", id, gen.CaseAction{Kind: gen.ActSupplement, Materials: []catalog.SubmittedMaterial{{Name: missing, Form: catalog.SubmittedOriginal, Copies: 1}}})
	var c gen.Case
	h.get("window", "/api/v1/cases/"+id, &c)
	if c.Summary.StatusZh != "待补正" || len(c.Lacking) != 2 || len(c.Notice.Points) != 1 || len(c.Supplements) != 2 || c.Supplements[0].Entry != came.Recorded.Entry || c.Supplements[1].Entry != brought.Recorded.Entry {
		t.Fatalf("%+v", c)
	}
	accept := gen.CaseAction{Kind: gen.ActAccept, Supplements: []string{brought.Recorded.Entry}}
	first := h.keyed("window", id, "accept-0001", accept)
	if again := h.keyed("window", id, "accept-0001", accept); first != again || !strings.HasPrefix(first, "200") {
		t.Errorf("a double click: %s, then %s", first, again)
	}
	h.get("window", "/api/v1/cases/"+id, &c)
	if c.Told.Promised.IsZero() || c.Told.Statutory.IsZero() || c.AcceptedOn != calendar.DateOf(time.Now()) {
		t.Errorf("told %+v, accepted on %s", c.Told, c.AcceptedOn)
	}
	before := c.Told.Statutory
	suspend := gen.CaseAction{Kind: gen.ActSuspend, Procedure: "检验", Until: calendar.DateOf(time.Now()).AddDays(10), Reason: "需检验"}
	if r := h.act0("window", id, suspend); r != "409 procedure_leader" {
		t.Errorf("a window began a procedure that the item does not name: %s", r)
	}
	h.act("chief", id, suspend)
	if r := h.act0("window", id, gen.CaseAction{Kind: gen.ActExtend, Days: 10, Reason: "忙"}); r != "403 forbidden" {
		t.Errorf("a window extended a case: %s", r)
	}
	if r := h.act0("chief", id, gen.CaseAction{Kind: gen.ActExtend, Days: 10, Reason: "情况复杂"}); r != "409 extension_days" {
		t.Errorf("three days were extended by ten: %s", r)
	}
	h.act("chief", id, gen.CaseAction{Kind: gen.ActExtend, Days: 3, Reason: "情况复杂"})
	h.get("window", "/api/v1/cases/"+id, &c)
	if !c.Told.Statutory.After(before) || len(c.Suspensions) != 1 || !c.Suspensions[0].Lawful || c.ExtendedBy != 3 {
		t.Errorf("%+v", c)
	}
	if r := h.act0("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予"}); !strings.HasSuffix(r, "suspended") {
		t.Errorf("decided during an inspection: %s", r)
	}
	h.act("window", id, gen.CaseAction{Kind: gen.ActResume, Procedure: "检验", On: calendar.DateOf(time.Now()), Result: "合格"})
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})

	var limits gen.LimitReport
	h.get("auditor", "/api/v1/cases/"+id+"/limits", &limits)
	kinds := ""
	for _, l := range limits.Limits {
		kinds += string(l.Kind) + " "
		if l.RuleZh == "" || l.Due.IsZero() || len(l.Days) < 2 || l.Overdue {
			t.Errorf("%+v", l)
		}
	}
	if kinds != "notice promised statutory service " {
		t.Errorf("limits: %s", kinds)
	}
	h.documents(id)
}

// documents makes every paper that the case has, and looks at who may.
func (h *site) documents(id string) {
	h.t.Helper()
	var list gen.DocumentList
	h.get("window", "/api/v1/cases/"+id+"/documents", &list)
	var kinds []string
	for _, d := range list.Documents {
		kinds = append(kinds, string(d.Kind))
		page := h.must("window", "GET", fmt.Sprintf("/api/v1/cases/%s/documents/%s?format=html", id, d.Kind), nil, 200)
		if got := page.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			h.t.Errorf("content type %q", got)
		}
		if !strings.Contains(page.Header().Get("Content-Security-Policy"), "style-src 'sha256-") || !strings.Contains(page.Body.String(), d.Title) || !strings.Contains(page.Body.String(), "梅溪竹业有限公司") {
			h.t.Errorf("%s: %s %s", d.Kind, page.Header(), page.Body)
		}
		if !strings.Contains(page.Body.String(), "安吉县政务服务中心") || !strings.Contains(page.Body.String(), "安吉县市场监督管理局") {
			h.t.Errorf("%s is not signed by an office there is: %s", d.Kind, page.Body)
		}
		var doc struct{ Title, Number, To string }
		h.get("window", fmt.Sprintf("/api/v1/cases/%s/documents/%s", id, d.Kind), &doc)
		if doc.Title != d.Title || doc.Number == "" {
			h.t.Errorf("%s: %+v", d.Kind, doc)
		}
		if r := h.as("auditor", "GET", fmt.Sprintf("/api/v1/cases/%s/documents/%s", id, d.Kind), nil); r != "403 forbidden" {
			h.t.Errorf("an auditor made a %s: %s", d.Kind, r)
		}
	}
	want := []string{"receipt_slip", "supplement_notice", "acceptance_notice", "special_procedure_notice", "extension_notice", "grant_decision"}
	if !slices.Equal(kinds, want) {
		h.t.Errorf("documents: %q", kinds)
	}
	if r := h.as("window", "GET", "/api/v1/cases/"+id+"/documents/refusal_decision", nil); r != "409 document_not_yet" {
		h.t.Errorf("a refusal of what was granted: %s", r)
	}
	if r := h.as("window", "GET", "/api/v1/cases/"+id+"/documents/letter", nil); r != "400 invalid_request" {
		h.t.Errorf("a document of no kind: %s", r)
	}
}

// Rules: 9.1.
func TestSheetAndDueForEverybody(t *testing.T) {
	h := newHub(t)
	page := h.send(request0{method: "GET", path: "/api/v1/items/TB-XZRZ-005/sheet?format=html&office=330523110&missing=" + url.QueryEscape("结婚证")})
	for _, want := range []string{"窗口告知单", "梅溪镇便民服务中心", "梅溪镇人民政府", "□结婚证"} {
		if page.Code != 200 || !strings.Contains(page.Body.String(), want) {
			t.Errorf("%s: %d %s", want, page.Code, page.Body)
		}
	}
	wrong := h.send(request0{method: "GET", path: "/api/v1/items/TB-XZRZ-005/sheet?missing=" + url.QueryEscape("结婚证") + "&missing=x"})
	if outcome(h, wrong) != "400 invalid_request" || !strings.Contains(wrong.Body.String(), "missing[1]") || strings.Contains(wrong.Body.String(), "missing[0]") {
		t.Errorf("a paper that the item does not have: %d %s", wrong.Code, wrong.Body)
	}
	for path, want := range map[string]string{
		"from=2026-09-29&days=5":                                 "2026-10-12",
		"from=2026-09-29&days=20&extend=10":                      "2026-11-16",
		"from=2026-04-24&days=20&suspend=2026-04-28..2026-05-12": "2026-06-05",
		"from=2026-09-29&natural_days=60":                        "2026-11-30",
		"from=2026-09-29":                                        "400 invalid_request",
		"from=2026-09-29&days=5&natural_days=5":                  "400 invalid_request",
		"from=2026-02-30&days=5":                                 "400 invalid_request",
		"from=2026-09-29&days=5&suspend=morgen":                  "400 invalid_request",
		"from=2026-09-29&natural_days=5&suspend=2026-09-30..":    "400 invalid_request",
		"from=2026-09-29&days=20&extend=11":                      "400 invalid_request",
		"from=2026-09-29&days=5&extend=10&approved=2026-12-01":   "400 invalid_request",
		"from=2031-09-29&days=5":                                 "409 calendar_year",
		"from=2026-04-24&days=20&suspend=2026-04-28..":           "",
		"from=2026-04-24&days=20&suspend=2026-04-28..2026-05-06&suspend=2026-05-01..2026-05-12": "2026-06-05",
	} {
		r := h.send(request0{method: "GET", path: "/api/v1/calendar/due?" + path})
		var due gen.Due
		got := outcome(h, r)
		if r.Code == http.StatusOK {
			h.decode(r, &due)
			got = due.Due.String()
			if due.Due.IsZero() {
				got = ""
			}
			if due.Explanation == "" || len(due.Days) == 0 {
				t.Errorf("%s is not explained", path)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// as is what somebody's request comes to: its status, and its code if refused.
func (h *site) as(login, method, path string, body any) string {
	h.t.Helper()
	return outcome(h, h.send(request0{method: method, path: path, body: body, token: h.token(login), header: map[string]string{"Idempotency-Key": fmt.Sprintf("key-%d", time.Now().UnixNano())}}))
}

func (h *site) act0(login, id string, in gen.CaseAction) string {
	h.t.Helper()
	return h.as(login, "POST", "/api/v1/cases/"+id+"/actions", in)
}

func (h *site) keyed(login, id, key string, in gen.CaseAction) string {
	h.t.Helper()
	r := h.send(request0{method: "POST", path: "/api/v1/cases/" + id + "/actions", body: in, token: h.token(login), header: map[string]string{"Idempotency-Key": key}})
	if r.Code != 200 {
		return outcome(h, r)
	}
	var out gen.CaseReceipt
	h.decode(r, &out)
	return fmt.Sprintf("200 %s %d", out.Recorded.Entry, out.Recorded.Index)
}

func yes(b bool) *bool { return &b }

// outcome is an answer in short: its status, and the code of its problem.
func outcome(h *site, r *httptest.ResponseRecorder) string {
	h.t.Helper()
	if r.Code < 400 {
		return fmt.Sprint(r.Code)
	}
	var p struct {
		Code string `json:"code"`
	}
	h.decode(r, &p)
	return fmt.Sprintf("%d %s", r.Code, p.Code)
}
