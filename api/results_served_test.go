package api

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A decision about what was issued is served like the one it is about: sealed first, once,
// in a way that proves itself, with a proof of delivery (domain: section 3).
func TestDecisionAboutAResultIsServed(t *testing.T) {
	h := newHub(t)
	today := calendar.DateOf(time.Now())
	c, _ := h.granted("TB-SCJG-001", "县市场监督管理局", today.AddDays(40))
	id := c.Id
	h.person("stranger", theCounty, "县林业局", identity.DepartmentWindow)
	path := "/api/v1/cases/" + id + "/results"
	receipt := "/api/v1/cases/" + id + "/documents/result_service_receipt"
	var out gen.ResultReceipt
	act := func(login string, a gen.ResultAction) { h.decode(h.must(login, "POST", path, a, 200), &out) }
	name := func() string { return out.Results.Results[0].Name }
	var now gen.CaseResults
	h.get("window", path, &now)
	out.Results = now
	act("window", gen.ResultAction{Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultCorrect, Reason: "门牌号有误", Replacement: gen.Document{Name: name(), Number: "JY-2"}})
	proposal := out.Results.Proposals[0].ID
	serve := gen.ResultAction{Kind: gen.ResultActServe, Proposal: proposal, Recipient: "梅溪竹业有限公司", Method: "direct"}
	if r := h.as("window", "POST", path, serve); r != "409 result_undecided" {
		t.Errorf("before it was decided: %s", r)
	}
	if r := h.as("window", "GET", receipt, nil); r != "409 document_not_yet" {
		t.Errorf("a proof of nothing: %s", r)
	}
	act("chief", gen.ResultAction{Kind: gen.ResultActDecide, Proposal: proposal, Agreed: yes(true), Reasons: "经核对属实"})
	if r := h.as("window", "POST", path, serve); r != "409 decision_unsealed" {
		t.Errorf("unsealed: %s", r)
	}
	h.seal("window", id, "correction_decision", gen.PaperRequest{})
	if page := h.must("window", "GET", receipt+"?format=html", nil, 200).Body.String(); !strings.Contains(page, "更正决定书 更〔") || !strings.Contains(page, "JY-2") {
		t.Errorf("the form to sign: %s", page)
	}
	left := serve
	left.Method = "left"
	for want, a := range map[string]gen.ResultAction{"409 left_unwitnessed": left, "409 recipient_relation": {Kind: gen.ResultActServe, Proposal: proposal, Recipient: "过路人", Method: "direct"},
		"409 proposal_unknown": {Kind: gen.ResultActServe, Proposal: "x", Recipient: "梅溪竹业有限公司", Method: "direct"}, "400 invalid_request": {Kind: gen.ResultActServe, Proposal: proposal, Method: "direct"}} {
		if r := h.as("window", "POST", path, a); r != want {
			t.Errorf("%+v: %s, want %s", a, r, want)
		}
	}
	if r := h.as("stranger", "POST", path, serve); r != "404 not_found" {
		t.Errorf("another department: %s", r)
	}
	left.Witness, left.Reason = "村委会 李强", "拒绝签收"
	act("window", left)
	if d := out.Results.Proposals[0].Decision; d.Served == nil || d.Served.Method != "left" || d.Served.Witness != "村委会 李强" || d.Served.AtMS == 0 {
		t.Fatalf("%+v", d)
	}
	if r := h.as("window", "POST", path, serve); r != "409 result_served" {
		t.Errorf("twice: %s", r)
	}
	var proof document.Document
	h.get("window", receipt, &proof)
	for label, want := range map[string]string{"受送达人": "梅溪竹业有限公司", "送达方式": "留置送达", "见证人": "村委会 李强", "事由": "拒绝签收"} {
		n := 0
		for _, l := range proof.Lines {
			if l.Label == label && l.Value == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s stands %d times: %+v", label, n, proof.Lines)
		}
	}
	for _, a := range out.Results.Actions {
		if a == gen.ResultActServe {
			t.Error("it can be served again")
		}
	}
}
