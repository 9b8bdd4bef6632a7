package api

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// keyedTo sends a request under an idempotency key of its own.
func (h *site) keyedTo(login, path, key string, body any) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.send(request0{method: "POST", path: path, body: body, token: h.token(login), header: map[string]string{"Idempotency-Key": key}})
}

// papersAt says where the papers of a case are, as somebody sees it.
func (h *site) papersAt(login, id string) string {
	h.t.Helper()
	var out gen.CasePapers
	r := h.send(request0{method: "GET", path: "/api/v1/cases/" + id + "/papers", token: h.token(login)})
	if r.Code != 200 {
		return outcome(h, r)
	}
	h.decode(r, &out)
	var all []string
	for _, p := range out.Papers {
		text := p.AtName
		if p.List != "" {
			text = "→" + p.ToName
		}
		if p.Missing {
			text += "?"
		}
		all = append(all, text+strings.Join(p.Damaged, ""))
	}
	return strings.Join(all, " ")
}

// TestPapersGoToTheTownship: handed over at a village whose line is cut, received
// at the township but for one, which both ends are told; the list is printed for
// both to sign, and nobody sees or moves what is not theirs.
func TestPapersGoToTheTownship(t *testing.T) {
	r := newRegion(t)
	in := r.village.submission("TB-XZRZ-005", theVillage)
	var first, second gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &first)
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &second)
	id := first.Case.Id
	papers := len(strings.Fields(r.village.papersAt("worker", id)))
	if papers < 2 || strings.Contains(r.village.papersAt("worker", id), "→") {
		t.Fatalf("%s", r.village.papersAt("worker", id))
	}
	const path = "/api/v1/custody/transfers"
	over := gen.HandOverRequest{To: theTownship, Cases: []gen.CaseSelection{{Case: first.Case.Number}, {Case: second.Case.Id}}, Carrier: "通讯员"}
	wrong := over
	wrong.Cases = []gen.CaseSelection{{Case: first.Case.Number}, {Case: second.Case.Id, Materials: []string{"房产证"}}}
	for what, row := range map[string]struct {
		body any
		want string
	}{
		"a paper there is not":   {wrong, "409 papers_not_here"},
		"a case there is not":    {gen.HandOverRequest{To: theTownship, Cases: []gen.CaseSelection{{Case: "nowhere"}}}, "409 papers_not_here"},
		"twice the same":         {gen.HandOverRequest{To: theTownship, Cases: []gen.CaseSelection{{Case: id}, {Case: id}}}, "409 papers_not_here"},
		"to another village":     {gen.HandOverRequest{To: neighbours, Cases: over.Cases}, "409 custody_line"},
		"to where there is none": {gen.HandOverRequest{To: "330523110399", Cases: over.Cases}, "400 invalid_request"},
		"nothing":                {`{"to":"330523110","cases":[]}`, "400 invalid_request"},
	} {
		if got := outcome(r.village, r.village.keyedTo("worker", path, fmt.Sprintf("wrong-%x", what), row.body)); got != row.want {
			t.Errorf("%s: %s, want %s", what, got, row.want)
		}
	}
	if got := r.village.papersAt("worker", id); strings.Contains(got, "→") {
		t.Fatalf("something was handed over although it was refused: %s", got)
	}

	var list, again gen.Transfer
	sent := r.village.keyedTo("worker", path, "over-0001", over)
	r.village.decode(sent, &list)
	r.village.decode(r.village.keyedTo("worker", path, "over-0001", over), &again)
	if sent.Code != 201 || list.Open != 2*papers || len(list.Papers) != 2*papers || list.List != again.List || again.Open != list.Open || list.ToName != "梅溪镇" || list.Carrier != "通讯员" {
		t.Fatalf("%d %+v\n%+v", sent.Code, list, again)
	}
	if got := outcome(r.village, r.village.keyedTo("worker", path, "over-0002", over)); got != "409 papers_not_here" {
		t.Errorf("handed over again: %s", got)
	}
	page := r.village.must("worker", "GET", path+"/"+list.List+"/document?format=html", nil, 200).Body.String()
	for _, want := range []string{"纸质材料交接单", list.List, "梅溪镇便民服务中心", "通讯员", first.Case.Number, in.Materials[0].Name, "移交人", "接收人"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not say %s: %s", want, page)
		}
	}
	if strings.Contains(page, "王芳") || strings.Contains(page, "13800000000") {
		t.Error("the list names the applicant")
	}

	until(t, "the papers to be announced", func() bool {
		return r.township.papersAt("clerk", second.Case.Id) == r.village.papersAt("worker", second.Case.Id)
	})
	for _, who := range []string{"reviewer", "leader"} {
		if got := outcome(r.township, r.township.keyedTo(who, path+"/"+list.List+"/receipt", "by-other-1", "{}")); got != "403 forbidden" {
			t.Errorf("received by the %s: %s", who, got)
		}
	}
	receive := path + "/" + list.List + "/receipt"
	lost := gen.PaperRemark{Case: first.Case.Number, Material: list.Papers[0].Material}
	if got := outcome(r.township, r.township.keyedTo("clerk", receive, "rec-0000", gen.ReceiptRequest{Missing: []gen.PaperRemark{{Case: id, Material: "房产证"}}})); got != "409 not_sent" {
		t.Errorf("what is not on the list is missing: %s", got)
	}
	if got := outcome(r.township, r.township.keyedTo("clerk", receive, "rec-0009", gen.ReceiptRequest{Damaged: []gen.PaperRemark{lost}})); got != "400 invalid_request" {
		t.Errorf("damaged, and nobody says how: %s", got)
	}
	if got := outcome(r.township, r.township.keyedTo("clerk", path+"/J0/receipt", "rec-0008", "{}")); got != "404 not_found" {
		t.Errorf("a list there is not: %s", got)
	}
	var got gen.Transfer
	partly := r.township.keyedTo("clerk", receive, "rec-0001", gen.ReceiptRequest{Missing: []gen.PaperRemark{lost}})
	r.township.decode(partly, &got)
	if partly.Code != 200 || got.Open != 1 || got.Left != 0 {
		t.Fatalf("%d %+v %s", partly.Code, got, partly.Body)
	}
	if repeat := r.township.keyedTo("clerk", receive, "rec-0001", gen.ReceiptRequest{Missing: []gen.PaperRemark{lost}}); repeat.Code != 200 {
		t.Errorf("a double click: %s", repeat.Body)
	}
	if got := outcome(r.township, r.township.keyedTo("clerk", receive, "rec-0010", gen.ReceiptRequest{Missing: []gen.PaperRemark{lost}})); got != "409 reported_already" {
		t.Errorf("reported as missing again: %s", got)
	}
	for s, login := range map[*site]string{r.township: "clerk", r.village: "worker", r.hub: "supervisor"} {
		until(t, login+" to be told what is missing", func() bool {
			var out gen.AttentionList
			s.get(login, "/api/v1/attention", &out)
			return slices.ContainsFunc(out.Items, func(a gen.AttentionItem) bool {
				return a.Code == "papers_missing" && strings.Contains(a.Zh, list.List) && a.Way == gen.WayFindPapers && !strings.Contains(a.Next, "tongban")
			})
		})
		until(t, login+" to see where the papers are", func() bool {
			return strings.Contains(s.papersAt(login, id), "→梅溪镇?") && !strings.Contains(s.papersAt(login, second.Case.Id), "→")
		})
	}
	// Found after all, and received by the same command.
	if found := r.township.keyedTo("clerk", receive, "rec-0002", "{}"); found.Code != 200 {
		t.Errorf("%s", found.Body)
	}
	if got := outcome(r.township, r.township.keyedTo("clerk", receive, "rec-0003", "{}")); got != "409 received_already" {
		t.Errorf("received again: %s", got)
	}
	r.hub.person("mw", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	if got := r.hub.papersAt("mw", id); got != "404 not_found" {
		t.Errorf("another department sees where the papers are: %s", got)
	}
	var all gen.TransferList
	r.hub.get("mw", path+"?view=all", &all)
	if len(all.Transfers) != 0 {
		t.Errorf("another department sees the list: %+v", all)
	}
	r.township.get("clerk", path+"?view=incoming", &all)
	if len(all.Transfers) != 0 {
		t.Errorf("still on the way: %+v", all)
	}
	r.township.get("clerk", path+"?view=all", &all)
	if len(all.Transfers) != 1 || all.Transfers[0].Open != 0 {
		t.Errorf("%+v", all)
	}
}
