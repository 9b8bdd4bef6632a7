package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store/storetest"
)

const couplesCards = "夫妻双方居民身份证"

// scanned is a hand-in whose shared paper has a scan.
func (h *site) scanned(login string) gen.Submission {
	h.t.Helper()
	in := h.submission("TB-XZRZ-005", theVillage)
	for i := range in.Materials {
		if in.Materials[i].Name == couplesCards {
			in.Materials[i].Attachments = []catalog.AttachmentRef{h.upload(login, append(picture(h.t), []byte(couplesCards)...), "扫描件.png")}
		}
	}
	return in
}

// TestOnFileAtAVillage: with the person's consent a village finds what is on file
// by the exact number, has it stand for the next case without an upload, and says
// so on the receipt; each look is in the ledger; a withdrawal ends it.
func TestOnFileAtAVillage(t *testing.T) {
	r := newRegion(t)
	v, hub := r.village, r.hub
	number := storetest.IDNumber(1)
	query := gen.RecordQuery{Type: "person", Number: number, Item: "TB-XZRZ-005"}
	var first, second gen.CaseReceipt
	v.decode(v.must("worker", "POST", "/api/v1/cases", v.scanned("worker"), 201), &first)
	v.act("worker", first.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	if got := v.send(request0{method: "POST", path: "/api/v1/records/lookups", token: v.token("worker"), body: query}); got.Code != 404 || !strings.Contains(got.Body.String(), "consent_missing") {
		t.Fatalf("without consent: %d %s", got.Code, got.Body)
	}
	consent := gen.ConsentRequest{Type: "person", Number: number, Name: "王芳", Purposes: []gen.Purpose{gen.ForPapers, gen.ForFields}, Shown: "居民身份证"}
	var given gen.ConsentRecorded
	v.decode(v.must("worker", "POST", "/api/v1/records/consents", consent, 201), &given)

	var found gen.RecordOnFile
	v.decode(v.must("worker", "POST", "/api/v1/records/lookups", query, 200), &found)
	if len(found.Papers) != 1 || !found.Papers[0].Usable || found.Papers[0].Material != couplesCards || found.Consent != given.Consent {
		t.Fatalf("%+v", found)
	}
	if !slices.ContainsFunc(found.Fields, func(f gen.PrefilledField) bool { return f.Key == "phone" && f.Value != "" }) {
		t.Errorf("fields: %+v", found.Fields)
	}
	other := query
	other.Number = storetest.IDNumber(2)
	v.must("worker", "POST", "/api/v1/records/lookups", other, 404)

	again := v.submission("TB-XZRZ-005", theVillage)
	again.Materials = slices.DeleteFunc(again.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == couplesCards })
	again.Materials = append(again.Materials, catalog.SubmittedMaterial{Name: couplesCards, Form: catalog.SubmittedElectronic, Copies: 1, OnFile: found.Papers[0].OnFile})
	var report gen.CheckReport
	v.decode(v.must("worker", "POST", "/api/v1/cases/check", again, 200), &report)
	if !report.Ok {
		t.Fatalf("%+v", report)
	}
	v.decode(v.must("worker", "POST", "/api/v1/cases", again, 201), &second)
	if len(second.Attachments) != 0 {
		t.Errorf("asked to upload %v", second.Attachments)
	}
	slip := v.must("worker", "GET", "/api/v1/cases/"+second.Case.Id+"/documents/receipt_slip", nil, 200).Body.String()
	if !strings.Contains(slip, couplesCards+"　已有存档，未再要求提交") {
		t.Errorf("the receipt: %s", slip)
	}
	var shown gen.Case
	v.decode(v.must("worker", "GET", "/api/v1/cases/"+second.Case.Id, nil, 200), &shown)
	if m := shown.Materials[len(shown.Materials)-1]; m.OnFile.Case != first.Case.Id {
		t.Errorf("%+v", m)
	}
	// A supplement brings papers.
	bring := gen.CaseAction{Kind: gen.ActSupplement, Materials: again.Materials[len(again.Materials)-1:]}
	if got := v.act0("worker", second.Case.Id, bring); got != "400 invalid_request" {
		t.Errorf("on file in a supplement: %s", got)
	}

	hub.person("watcher", theCounty, "", identity.Supervisor)
	var trace gen.RecordTrace
	until(t, "the trace reaches the county", func() bool {
		got := hub.send(request0{method: "POST", path: "/api/v1/records/trace", token: hub.token("watcher"), body: gen.AccountNumber{Type: "person", Number: number}})
		trace = gen.RecordTrace{}
		return got.Code == 200 && json.Unmarshal(got.Body.Bytes(), &trace) == nil && len(trace.Uses) == 1
	})
	if len(trace.Looks) != 1 || trace.Looks[0].By.Name != "李worker" || trace.Uses[0].Case != second.Case.Number || trace.Uses[0].Source != first.Case.Number || !trace.Consents[0].InForce {
		t.Errorf("%+v", trace)
	}
	hub.person("elsewhere", theCounty, marketBoard, identity.DepartmentWindow)
	hub.must("elsewhere", "POST", "/api/v1/records/lookups", query, 403)
	var months gen.PaperMonths
	hub.decode(hub.must("watcher", "GET", "/api/v1/figures/papers/months?of=items", nil, 200), &months)
	if len(months.Months) != 1 || months.Months[0].Code != "TB-XZRZ-005" || months.Months[0].Reused != 1 || months.Months[0].Asked != months.Months[0].Demanded-1 || months.Months[0].SavedPerMille == 0 {
		t.Errorf("%+v", months)
	}

	var gone gen.ConsentsWithdrawn
	v.decode(v.must("worker", "POST", "/api/v1/records/withdrawals", gen.ConsentWithdrawal{Type: "person", Number: number}, 200), &gone)
	if gone.Withdrawn != 1 {
		t.Errorf("%+v", gone)
	}
	for path, code := range map[string]int{"/api/v1/records/lookups": 409, "/api/v1/cases": 409} {
		var body any = query
		if path == "/api/v1/cases" {
			body = again
		}
		got := v.send(request0{method: "POST", path: path, token: v.token("worker"), body: body, header: map[string]string{"Idempotency-Key": "after-the-withdrawal"}})
		if got.Code != code || !strings.Contains(got.Body.String(), "consent_withdrawn") {
			t.Errorf("%s after the withdrawal: %d %s", path, got.Code, got.Body)
		}
	}
}

// TestMyRecord: from home somebody agrees, sees what is on file and why not, and
// withdraws; nobody else does it for them.
func TestMyRecord(t *testing.T) {
	g := newGuests(t)
	var receipt gen.MyReceipt
	g.one.want("POST", "/api/v1/my/cases", g.one.application("TB-XZRZ-005"), 201, &receipt)
	var record gen.MyRecord
	g.one.want("GET", "/api/v1/my/record?item=TB-XZRZ-005", nil, 200, &record)
	if len(record.Consents) != 0 || len(record.Papers) != 1 || record.Papers[0].Code != "consent_missing" || record.Papers[0].Case != receipt.Case.Number {
		t.Fatalf("%+v", record)
	}
	var given gen.ConsentRecorded
	g.one.want("POST", "/api/v1/my/record/consents", gen.MyConsentRequest{Purposes: []gen.Purpose{gen.ForPapers}}, 201, &given)
	g.one.want("GET", "/api/v1/my/record", nil, 200, &record)
	if len(record.Consents) != 1 || !record.Consents[0].InForce || len(record.Papers) == 0 || record.Papers[0].Code != "paper_unchecked" {
		t.Errorf("%+v", record)
	}
	in := g.one.application("TB-XZRZ-005")
	for i := range in.Materials {
		if in.Materials[i].Name == couplesCards {
			in.Materials[i] = catalog.SubmittedMaterial{Name: couplesCards, Form: catalog.SubmittedElectronic, Copies: 1, OnFile: catalog.OnFile{Case: receipt.Case.Id, Brought: receipt.Case.Id, Material: couplesCards}}
		}
	}
	if r := g.one.ask("POST", "/api/v1/my/cases", in); r.Code != 409 || !strings.Contains(r.Body.String(), "paper_unchecked") {
		t.Errorf("before anybody looked at it: %d %s", r.Code, r.Body)
	}
	var theirs gen.MyRecord
	g.two.want("GET", "/api/v1/my/record", nil, 200, &theirs)
	if len(theirs.Consents)+len(theirs.Papers) != 0 {
		t.Errorf("%+v", theirs)
	}
	if r := g.two.ask("POST", "/api/v1/my/record/withdrawal", gen.MyWithdrawal{}); r.Code != 404 {
		t.Errorf("another's: %d %s", r.Code, r.Body)
	}
	var gone gen.ConsentsWithdrawn
	g.one.want("POST", "/api/v1/my/record/withdrawal", gen.MyWithdrawal{Reason: "不再需要"}, 200, &gone)
	g.one.want("GET", "/api/v1/my/record", nil, 200, &record)
	if record.Consents[0].InForce || record.Consents[0].WithdrawnMs == 0 || record.Papers[0].Code != "consent_withdrawn" {
		t.Errorf("%+v", record)
	}
}
