package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// TestFees: a window charges by the tariff and not above it, the fee counter of
// another department takes the money and sees nothing of the applicant, the
// leader waives and pays back, and what is not paid for is not issued.
func TestFees(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	v, err := h.node.Store.ItemInForce(t.Context(), item, 1<<60)
	check(t, err)
	raw, err := json.Marshal(v.Item)
	check(t, err)
	var charged map[string]any
	check(t, json.Unmarshal(raw, &charged))
	charged["fee"] = map[string]any{"charged": true, "standard": "工本费10元/本"}
	h.must("operator", "POST", "/api/v1/items/import", map[string]any{"count": 1, "items": []any{charged}}, 200)
	h.approveAll()
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, Note: "收费"}, 201)
	for login, of := range map[string]struct {
		department string
		role       identity.Role
	}{"window": {department, identity.DepartmentWindow}, "chief": {department, identity.DepartmentLeader}, "counter": {"", identity.FeeCounter}, "strange": {"县财政局", identity.DepartmentWindow}, "other": {"县林业局", identity.DepartmentLeader}} {
		h.person(login, theCounty, of.department, of.role)
	}
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	path := "/api/v1/cases/" + id + "/fees"
	charge := gen.FeeAction{Kind: gen.FeeActCharge, Lines: []ledger.FeeLine{{Rate: "工本费", Quantity: 1, Amount: 1000}}}
	if r := h.as("window", "POST", path, charge); r != "409 not_accepted_yet" {
		t.Errorf("before acceptance: %s", r)
	}
	if r := h.as("window", "GET", "/api/v1/cases/"+id+"/documents/payment_notice", nil); r != "409 document_not_yet" {
		t.Errorf("a notice of nothing: %s", r)
	}
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	dear := charge
	dear.Lines = []ledger.FeeLine{{Rate: "工本费", Quantity: 1, Amount: 1001}}
	strange := charge
	strange.Lines = []ledger.FeeLine{{Rate: "手续费", Quantity: 1, Amount: 1}}
	for want, body := range map[string]any{"409 fee_above_standard": dear, "409 fee_not_listed": strange, "400 invalid_request": gen.FeeAction{Kind: gen.FeeActCharge}} {
		if r := h.as("window", "POST", path, body); r != want {
			t.Errorf("%s, want %s", r, want)
		}
	}
	if r := h.as("counter", "POST", path, charge); r != "403 forbidden" {
		t.Errorf("the counter charges: %s", r)
	}
	if r := h.as("strange", "GET", path, nil); r != "404 not_found" {
		t.Errorf("a window of another department: %s", r)
	}
	// Section 5, a fee above its standard: refused, and recorded for supervision once
	// for each request, however often it is repeated.
	excesses := func() (n int) {
		entries, err := h.node.Store.Timeline(t.Context(), id)
		check(t, err)
		for i := range entries {
			if entries[i].Kind == ledger.FeeExcess && entries[i].Status == ledger.Applied {
				n++
			}
		}
		return n
	}
	was := excesses()
	for range 2 {
		again := h.send(request0{method: "POST", path: path, body: dear, token: h.token("window"), header: map[string]string{"Idempotency-Key": "dear-once-1"}})
		if again.Code != 409 || !strings.Contains(again.Body.String(), "fee_above_standard") {
			t.Fatalf("%d %s", again.Code, again.Body)
		}
	}
	if n := excesses(); was != 2 || n != was+1 {
		t.Errorf("%d attempts recorded, then %d", was, n)
	}
	if seen, err := h.node.Store.SeenRules(t.Context(), id); err != nil || !slices.Equal(seen, []supervision.Rule{supervision.FeeAbove}) {
		t.Errorf("%v, %v", seen, err)
	}
	var out gen.FeeReceipt
	h.decode(h.must("window", "POST", path, charge, 200), &out)
	if out.Fees.Outstanding != 1000 || len(out.Fees.Charges) != 1 || !out.Fees.BeforeIssue {
		t.Fatalf("%+v", out)
	}
	if r := h.as("window", "POST", path, charge); r != "409 charged_twice" {
		t.Errorf("charged twice: %s", r)
	}
	page := h.must("window", "GET", "/api/v1/cases/"+id+"/documents/payment_notice?format=html", nil, 200)
	if !strings.Contains(page.Body.String(), "缴款通知") || !strings.Contains(page.Body.String(), "10.00 元") || !strings.Contains(page.Body.String(), "工本费10元/本") {
		t.Errorf("%s", page.Body)
	}
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	if r := h.act0("window", id, gen.CaseAction{Kind: gen.ActIssue, Free: "首次免费", Documents: []gen.Document{{Name: v.Results[0].Name, Number: "1"}}}); r != "409 free_needless" {
		t.Errorf("free although charged: %s", r)
	}
	if r := h.act0("window", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name, Number: "1"}}}); r != "409 fee_outstanding" {
		t.Errorf("issued before payment: %s", r)
	}
	seen := h.must("counter", "GET", path, nil, 200)
	if strings.Contains(seen.Body.String(), "梅溪竹业") {
		t.Error("the counter sees who applies")
	}
	if r := h.as("counter", "GET", "/api/v1/cases/"+id, nil); r != "403 forbidden" {
		t.Errorf("the counter reads the case: %s", r)
	}
	for _, closed := range []string{"/api/v1/cases", "/api/v1/statistics", "/api/v1/supervision/cards", "/api/v1/cases/" + id + "/documents/payment_notice"} {
		if r := h.as("counter", "GET", closed, nil); r != "403 forbidden" && r != "404 not_found" {
			t.Errorf("the counter reads %s: %s", closed, r)
		}
	}
	if r := h.as("other", "GET", path, nil); r != "404 not_found" {
		t.Errorf("another department's leader: %s", r)
	}
	made := out.Fees.Charges[0].ID
	var list gen.FeeList
	h.get("counter", "/api/v1/fees?outstanding=true", &list)
	if len(list.Cases) != 1 {
		t.Errorf("%+v", list)
	}
	h.must("chief", "POST", path, gen.FeeAction{Kind: gen.FeeActWaive, Charge: made, Amount: 400, Ground: "小微企业减免"}, 200)
	for _, takes := range []string{"window", "counter"} {
		if r := h.as(takes, "POST", path, gen.FeeAction{Kind: gen.FeeActWaive, Charge: made, Amount: 1, Ground: "x"}); r != "403 forbidden" {
			t.Errorf("waived by who takes the money, %s: %s", takes, r)
		}
	}
	pay := gen.FeeAction{Kind: gen.FeeActPay, Charge: made, Amount: 600, Method: gen.PaidCash, Bill: "33000123"}
	first := h.send(request0{method: "POST", path: path, body: pay, token: h.token("counter"), header: map[string]string{"Idempotency-Key": "pay-once-1"}})
	again := h.send(request0{method: "POST", path: path, body: pay, token: h.token("counter"), header: map[string]string{"Idempotency-Key": "pay-once-1"}})
	if first.Code != 200 || again.Code != 200 {
		t.Fatalf("%d %s, %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if r := h.as("counter", "POST", path, pay); r != "409 bill_used" {
		t.Errorf("one bill for two payments: %s", r)
	}
	pay.Bill = "33000124"
	if r := h.as("counter", "POST", path, pay); r != "409 charge_settled" {
		t.Errorf("paid twice: %s", r)
	}
	h.act("window", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name, Number: "1"}}})
	h.decode(h.must("chief", "POST", path, gen.FeeAction{Kind: gen.FeeActRefund, Charge: made, Amount: 100, Reason: "多收"}, 200), &out)
	if c := out.Fees.Charges[0]; c.Paid != 600 || c.Waived != 400 || c.Returned != 100 || len(c.Events) != 3 {
		t.Errorf("%+v", c)
	}
	h.get("counter", "/api/v1/fees?outstanding=true", &list)
	if len(list.Cases) != 0 {
		t.Errorf("%+v", list)
	}
}
