package api

import (
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// A document is declared void by whoever made it out and nobody else; a decision only
// until it is served. One that was void is sealed anew, and served then.
func TestVoidByWhoMadeItOut(t *testing.T) {
	r := newRegion(t)
	h := r.hub
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	in := r.township.submission(item, theTownship)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	r.township.decode(r.township.must("clerk", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	until(t, "the case to be at the county", func() bool {
		_, err := h.node.Store.Case(t.Context(), id)
		return err == nil
	})
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	void, reason := "/api/v1/cases/"+id+"/documents/grant_decision/void", gen.VoidRequest{Reason: "所载名称有误"}
	first := h.seal("window", id, "grant_decision", gen.PaperRequest{})
	r.township.untilSealed(id)
	if got := r.township.as("clerk", "POST", void, reason); got != "409 document_elsewhere" {
		t.Errorf("a township on the county's decision: %s", got)
	}
	if got := r.township.as("clerk", "POST", "/api/v1/cases/"+id+"/documents/acceptance_notice/void", reason); got != "409 document_elsewhere" && got != "409 not_printed" {
		t.Errorf("a township on the county's acceptance: %s", got)
	}
	h.must("window", "POST", void, reason, 200)
	h.wantVerdict("void", first.Code, nil, proof.Revoked, "voided")
	if got := h.as("window", "POST", void, reason); got != "409 document_void" {
		t.Errorf("void twice: %s", got)
	}
	v, err := h.node.Store.ItemInForce(t.Context(), item, time.Now().UnixMilli())
	check(t, err)
	h.act("window", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name, Number: "91330599MA000TB146"}}})
	deliver := gen.CaseAction{Kind: gen.ActDeliver, Recipient: "梅溪竹业有限公司", Method: gen.ByDirect}
	if got := h.as("window", "POST", "/api/v1/cases/"+id+"/actions", deliver); got != "409 decision_unsealed" {
		t.Errorf("what is void was served: %s", got)
	}
	second := h.seal("window", id, "grant_decision", gen.PaperRequest{Reissue: true, Why: "作废后重新出具"})
	h.wantVerdict("sealed anew", second.Code, second.Document, proof.Genuine, "")
	h.act("window", id, deliver)
	if got := h.as("window", "POST", void, reason); got != "409 decision_served" {
		t.Errorf("a decision that was served: %s", got)
	}
	h.wantVerdict("after it was served", second.Code, nil, proof.Genuine, "")
}
