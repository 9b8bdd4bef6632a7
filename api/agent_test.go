package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// TestAgentsProof: a desk that takes a case in for another person is told what proves
// the agent's authority, and that it is missing where nobody saw it; the receipt says
// who saw it.
func TestAgentsProof(t *testing.T) {
	r := newRegion(t)
	in := r.village.submission("TB-XZRZ-005", theVillage)
	in.Agent = ledger.Agent{Name: "李四", IDNumber: storetest.IDNumber(77), Authority: "授权委托书"}
	refused := r.village.must("worker", "POST", "/api/v1/cases", in, 422)
	if !strings.Contains(refused.Body.String(), "缺少代办人的授权凭证") {
		t.Errorf("%s", refused.Body)
	}
	in.Lacking = true
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	if got := r.village.act0("worker", receipt.Case.Id, gen.CaseAction{Kind: gen.ActAccept}); got != "409 papers_lacking" {
		t.Errorf("taken up without the proof: %s", got)
	}
	in.Lacking, in.Agent.Seen = false, true
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	page := r.village.must("worker", "GET", "/api/v1/cases/"+receipt.Case.Id+"/documents/receipt_slip?format=html", nil, 200)
	if !strings.Contains(page.Body.String(), "收件人已核验原件") {
		t.Errorf("%s", page.Body)
	}
}
