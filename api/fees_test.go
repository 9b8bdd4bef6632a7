package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
)

// charges publishes an item anew, as one that charges.
func (h *site) charges(item, standard string) *store.ItemVersion {
	h.t.Helper()
	v, err := h.node.Store.ItemInForce(h.t.Context(), item, 1<<60)
	check(h.t, err)
	raw, err := json.Marshal(v.Item)
	check(h.t, err)
	var charged map[string]any
	check(h.t, json.Unmarshal(raw, &charged))
	charged["fee"] = map[string]any{"charged": true, "standard": standard}
	h.must("operator", "POST", "/api/v1/items/import", map[string]any{"count": 1, "items": []any{charged}}, 200)
	h.approveAll()
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, Note: "收费"}, 201)
	return v
}

// A window takes back what it charged by mistake: the charge stays to be seen with who,
// when and why, nothing is owed by it, its printed notice is worth nothing, and the right
// one is made out. Another line is charged beside one that stands only when it is meant.
func TestChargeCancelled(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	v := h.charges(item, "住宅80元/件，非住宅550元/件")
	for login, role := range map[string]identity.Role{"window": identity.DepartmentWindow, "chief": identity.DepartmentLeader} {
		h.person(login, theCounty, department, role)
	}
	h.person("counter", theCounty, "", identity.FeeCounter)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	path := "/api/v1/cases/" + id + "/fees"
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	charge := func(rate string, fen int64, further bool) gen.FeeAction {
		return gen.FeeAction{Kind: gen.FeeActCharge, Further: further, Lines: []ledger.FeeLine{{Rate: rate, Quantity: 1, Amount: fen}}}
	}
	keyed := func(body gen.FeeAction, key string) string {
		return outcome(h, h.send(request0{method: "POST", path: path, body: body, token: h.token("window"), header: map[string]string{"Idempotency-Key": key}}))
	}
	for range 2 {
		if r := keyed(charge("非住宅", 55000, false), "the-wrong-line"); r != "200" {
			t.Fatalf("charged: %s", r)
		}
	}
	if r := keyed(charge("住宅", 8000, false), "beside-it-1"); r != "409 charged_before" {
		t.Errorf("another line beside it: %s", r)
	}
	if r := keyed(charge("住宅", 8001, false), "beside-it-2"); r != "409 fee_above_standard" {
		t.Errorf("above the list beside it: %s", r)
	}
	var fees gen.CaseFees
	h.get("window", path, &fees)
	if !slices.Contains(fees.Actions, gen.FeeActCancel) || fees.Outstanding != 55000 {
		t.Fatalf("%+v", fees)
	}
	printed := h.print("window", id, "payment_notice", gen.PaperRequest{})
	h.wantVerdict("as it was printed", printed.Code, printed.Document, proof.Genuine, "")
	cancel := gen.FeeAction{Kind: gen.FeeActCancel, Charge: fees.Charges[0].ID, Reason: "选错收费项目"}
	for who, want := range map[string]string{"chief": "403 forbidden", "counter": "403 forbidden"} {
		if r := h.as(who, "POST", path, cancel); r != want {
			t.Errorf("cancelled by %s: %s", who, r)
		}
	}
	if r := h.as("window", "POST", path, gen.FeeAction{Kind: gen.FeeActCancel, Charge: cancel.Charge}); r != "400 invalid_request" {
		t.Errorf("without a reason: %s", r)
	}
	if r := h.as("window", "POST", path, gen.FeeAction{Kind: gen.FeeActCancel, Charge: cancel.Charge, Reason: "略"}); r != "409 cancel_reason" {
		t.Errorf("with a reason that says nothing: %s", r)
	}
	for range 2 {
		if r := keyed(cancel, "cancel-once-1"); r != "200" {
			t.Fatalf("cancelled: %s", r)
		}
	}
	if r := h.as("window", "POST", path, cancel); r != "409 charge_cancelled" {
		t.Errorf("cancelled twice: %s", r)
	}
	h.get("window", path, &fees)
	if c := fees.Charges[0]; fees.Outstanding != 0 || c.State != fee.Cancelled || len(c.Events) != 1 || c.Events[0].Text != cancel.Reason || c.Events[0].By.Name == "" {
		t.Errorf("%+v", fees)
	}
	var owed gen.FeeList
	if h.get("counter", "/api/v1/fees?outstanding=true", &owed); len(owed.Cases) != 0 {
		t.Errorf("the counter still waits for it: %+v", owed)
	}
	h.wantVerdict("after it was cancelled", printed.Code, printed.Document, proof.Revoked, "charge_cancelled")
	if r := h.as("window", "POST", "/api/v1/cases/"+id+"/documents/payment_notice/print", gen.PaperRequest{}); r != "409 document_not_yet" {
		t.Errorf("printed again after it was cancelled: %s", r)
	}

	// The right one, which its own notice asks for and the old one does not.
	if r := keyed(charge("住宅", 8000, false), "the-right-line"); r != "200" {
		t.Fatalf("the right line: %s", r)
	}
	right := h.print("window", id, "payment_notice", gen.PaperRequest{})
	if text, err := json.Marshal(right.Document); err != nil || strings.Contains(string(text), "非住宅　") || !strings.Contains(string(text), "80.00") {
		t.Errorf("%s, %v", text, err)
	}
	h.wantVerdict("the right one", right.Code, right.Document, proof.Genuine, "")
	h.wantVerdict("the wrong one", printed.Code, printed.Document, proof.Revoked, "charge_cancelled")

	// Two that were meant; one of them is taken back, and the notice of both is not
	// printed as it was.
	if r := keyed(charge("非住宅", 55000, true), "beside-it-3"); r != "200" {
		t.Fatalf("meant beside it: %s", r)
	}
	both := h.print("window", id, "payment_notice", gen.PaperRequest{})
	h.get("window", path, &fees)
	h.must("window", "POST", path, gen.FeeAction{Kind: gen.FeeActCancel, Charge: fees.Charges[2].ID, Reason: "不另收"}, 200)
	h.wantVerdict("of which part was cancelled", both.Code, both.Document, proof.Genuine, "charge_cancelled")
	if r := h.as("window", "POST", "/api/v1/cases/"+id+"/documents/payment_notice/print", gen.PaperRequest{}); r != "409 notice_outdated" {
		t.Errorf("printed as it was: %s", r)
	}
	anew := h.print("window", id, "payment_notice", gen.PaperRequest{Reissue: true, Why: "一笔已撤销"})
	h.wantVerdict("made out anew", anew.Code, anew.Document, proof.Genuine, "")
	if again := h.print("window", id, "payment_notice", gen.PaperRequest{}); again.Copy != 2 {
		t.Errorf("%+v", again)
	}

	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	h.must("counter", "POST", path, gen.FeeAction{Kind: gen.FeeActPay, Charge: fees.Charges[1].ID, Amount: 8000, Method: gen.PaidCash, Bill: "33000125"}, 200)
	if r := h.as("window", "POST", path, gen.FeeAction{Kind: gen.FeeActCancel, Charge: fees.Charges[1].ID, Reason: "选错收费项目"}); r != "409 charge_begun" {
		t.Errorf("cancelled after it was paid: %s", r)
	}
	h.act("window", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name, Number: "1"}}})
}

// TestFees: a window charges by the tariff and not above it, the fee counter of
// another department takes the money and sees nothing of the applicant, the
// leader waives and pays back, and what is not paid for is not issued.
func TestFees(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	v := h.charges(item, "工本费10元/本")
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
