package api

import (
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A certificate is issued with its number; what is none needs none.
func TestCertificateHasItsNumber(t *testing.T) {
	h := newHub(t)
	for login, role := range map[string]identity.Role{"window": identity.DepartmentWindow, "chief": identity.DepartmentLeader} {
		h.person(login, theCounty, "县市场监督管理局", role)
	}
	v, err := h.node.Store.ItemInForce(t.Context(), "TB-SCJG-001", 1<<60)
	check(t, err)
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	issue := gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name}}}
	for _, number := range []string{"", "  "} {
		issue.Documents[0].Number = number
		if r := h.as("window", "POST", "/api/v1/cases/"+id+"/actions", issue); r != "400 invalid_request" {
			t.Errorf("%s without a number: %s", v.Results[0].Name, r)
		}
	}
	issue.Documents[0].Number = "JY-1"
	h.act("window", id, issue)
	for name, want := range map[string]bool{"食品经营许可证": true, "营业执照（换发）": true, "结婚证": true, "登记通知书（准予注销）": false, "临时救助发放凭证": false, "门诊慢特病待遇认定结果": false, "城市树木砍伐批准书": false} {
		if certificate(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}
