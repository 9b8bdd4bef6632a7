package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/node/result"
)

func init() { everybody = append(everybody, "verifyResult") }

// granted is a case of an item that the county granted, issued and handed over,
// with one result.
func (h *site) granted(item, department string, until calendar.Date) (c gen.CaseSummary, name string) {
	h.t.Helper()
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("reviewer", theCounty, department, identity.DepartmentReviewer)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	v, err := h.node.Store.ItemInForce(h.t.Context(), item, 1<<60)
	check(h.t, err)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id, name := receipt.Case.Id, v.Results[0].Name
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	h.act("window", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: name, Number: "JY-1", ValidUntil: until.String()}}})
	h.sealDecision("window", id)
	h.act("window", id, gen.CaseAction{Kind: gen.ActDeliver, Recipient: "梅溪竹业有限公司", Method: gen.ByDirect})
	return receipt.Case, name
}

// TestResults: a licence is put right by two people, revoked after its holder was
// heard, and everybody is told: whoever checks the decision or the licence, and
// whoever reads what is published (Administrative Licence Law art. 69 and 70).
func TestResults(t *testing.T) {
	h := newHub(t)
	const department = "县市场监督管理局"
	today := calendar.DateOf(time.Now())
	c, name := h.granted("TB-SCJG-001", department, today.AddDays(50))
	h.person("other", theCounty, "县林业局", identity.DepartmentLeader)
	h.person("auditor", theCounty, "", identity.Auditor)
	id, path := c.Id, "/api/v1/cases/"+c.Id+"/results"
	decision := h.print("window", id, "grant_decision", gen.PaperRequest{})
	h.wantVerdict("as it was granted", decision.Code, nil, proof.Genuine, "")
	correct := gen.ResultAction{Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultCorrect, Reason: "住所录入有误", Replacement: gen.Document{Name: name, Number: "JY-2", ValidUntil: today.AddDays(50).String()}}
	if r := h.as("chief", "POST", path, correct); r != "403 forbidden" {
		t.Errorf("who decides proposed: %s", r)
	}
	if r := h.as("other", "POST", path, correct); r != "404 not_found" {
		t.Errorf("another department: %s", r)
	}
	for want, bad := range map[string]gen.ResultAction{
		"400 invalid_request 1": {Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultRevoke, Reason: "x"},
		"400 invalid_request 2": {Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultCancel, Ground: ledger.GroundDeceit, Reason: "x"},
		"400 invalid_request 3": {Kind: gen.ResultActDecide, Proposal: "x", Reasons: "x"},
		"409 proposal_unknown":  {Kind: gen.ResultActState, Proposal: "x", Text: "x"},
		"409 result_unknown_id": {Kind: gen.ResultActReissue, Result: "9", Number: "JY-9", Reason: "x"},
	} {
		if r := h.as("window", "POST", path, bad); !strings.HasPrefix(want, r) {
			t.Errorf("%+v: %s, want %s", bad, r, want)
		}
	}
	var out gen.ResultReceipt
	first := h.keyedTo("window", path, "correct-0001", correct)
	again := h.keyedTo("window", path, "correct-0001", correct)
	if first.Code != 200 || again.Code != 200 {
		t.Fatalf("%d %s, %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	h.decode(again, &out)
	if len(out.Results.Proposals) != 1 {
		t.Fatalf("%+v", out.Results)
	}
	agree := func(p string) gen.ResultAction {
		return gen.ResultAction{Kind: gen.ResultActDecide, Proposal: p, Agreed: yes(true), Reasons: "经核对属实"}
	}
	h.decode(h.must("chief", "POST", path, agree(out.Results.Proposals[0].ID), 200), &out)
	if r := out.Results.Results; len(r) != 2 || r[0].State != result.Superseded || r[0].ReplacedBy != r[1].Id || r[1].Number != "JY-2" || r[1].State != result.Valid {
		t.Fatalf("%+v", r)
	}
	h.wantVerdict("one of its results was put right", decision.Code, nil, proof.Genuine, "result_superseded")
	verify := func(number string) gen.ResultVerdict {
		t.Helper()
		r := h.send(request0{method: "POST", path: "/api/v1/verify/result", body: gen.ResultQuestion{Case: c.Number, Number: number}})
		if r.Code != 200 {
			t.Fatalf("%d %s", r.Code, r.Body)
		}
		var v gen.ResultVerdict
		h.decode(r, &v)
		return v
	}
	if v := verify("JY-1"); v.State != result.Superseded || v.EndedOn != today || v.Holder != "梅溪竹业有限公司" {
		t.Errorf("%+v", v)
	}
	if v := verify("JY-2"); v.State != result.Valid || v.Until != today.AddDays(50) {
		t.Errorf("%+v", v)
	}
	for _, q := range []gen.ResultQuestion{{Case: c.Number, Number: "JY-3"}, {Case: "330523-20261123-01-000999-0", Number: "JY-1"}} {
		if r := outcome(h, h.send(request0{method: "POST", path: "/api/v1/verify/result", body: q})); r != "404 result_unknown_pair" {
			t.Errorf("%+v: %s", q, r)
		}
	}
	var expiring gen.ExpiringList
	h.get("window", "/api/v1/results/expiring", &expiring)
	if len(expiring.Results) != 1 || expiring.Results[0].Result.Number != "JY-2" || expiring.Results[0].Case != id {
		t.Errorf("%+v", expiring)
	}
	h.get("other", "/api/v1/results/expiring", &expiring)
	if len(expiring.Results) != 0 {
		t.Errorf("another department sees %+v", expiring)
	}

	h.decode(h.must("window", "POST", path, gen.ResultAction{Kind: gen.ResultActReissue, Result: out.Results.Results[1].Id, Number: "JY-3", Reason: "声明遗失"}, 200), &out)
	third := out.Results.Results[2].Id
	h.decode(h.must("reviewer", "POST", path, gen.ResultAction{Kind: gen.ResultActPropose, Result: third, Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "提交虚假租赁合同", Before: today.AddDays(7)}, 200), &out)
	revoke := out.Results.Proposals[1].ID
	if r := h.as("chief", "POST", path, agree(revoke)); r != "409 holder_unheard" {
		t.Errorf("revoked unheard: %s", r)
	}
	page := h.must("window", "GET", "/api/v1/cases/"+id+"/documents/revocation_notice?format=html", nil, 200).Body.String()
	if !strings.Contains(page, "陈述申辩期限") || !strings.Contains(page, "提交虚假租赁合同") || !strings.Contains(page, "JY-3") {
		t.Errorf("%s", page)
	}
	if r := h.as("window", "GET", "/api/v1/cases/"+id+"/documents/revocation_decision", nil); r != "409 document_not_yet" {
		t.Errorf("a decision of nothing: %s", r)
	}
	unsent := []catalog.AttachmentRef{{Hash: strings.Repeat("ab", 32), Name: "声明.png", Size: 9, Type: "image/png"}}
	if r := h.as("window", "POST", path, gen.ResultAction{Kind: gen.ResultActState, Proposal: revoke, Text: "放弃陈述申辩", Waived: true, Proof: unsent}); !strings.HasPrefix(r, "400") {
		t.Errorf("the right is given up by a paper that was never uploaded: %s", r)
	}
	h.must("window", "POST", path, gen.ResultAction{Kind: gen.ResultActState, Proposal: revoke, Text: "合同为房东提供"}, 200)
	h.decode(h.must("chief", "POST", path, agree(revoke), 200), &out)
	if r := out.Results.Results[2]; r.State != result.Revoked || r.EndedOn != today || r.StateZh != "已撤销" {
		t.Errorf("%+v", r)
	}
	h.wantVerdict("what it grants was revoked", decision.Code, nil, proof.Revoked, "result_ended")
	if v := verify("JY-3"); v.State != result.Revoked || v.EndedOn != today {
		t.Errorf("%+v", v)
	}
	var list gen.PublicCaseList
	r := h.send(request0{method: "GET", path: "/api/v1/public/cases?stage=decided"})
	h.decode(r, &list)
	if len(list.Cases) != 1 || list.Cases[0].Ended != gen.PublicRevoked || list.Cases[0].StatusZh != "准予（已撤销）" || list.Cases[0].EndedOn != today {
		t.Errorf("%s", r.Body)
	}
	if feed := h.send(request0{method: "GET", path: "/api/v1/open/decisions"}).Body.String(); !strings.Contains(feed, "已撤销") {
		t.Errorf("%s", feed)
	}
	h.get("window", "/api/v1/results/expiring", &expiring)
	if len(expiring.Results) != 0 {
		t.Errorf("what was revoked expires: %+v", expiring)
	}
	var documents gen.DocumentList
	h.get("window", "/api/v1/cases/"+id+"/documents", &documents)
	kinds := fmt.Sprint(documents.Documents)
	for _, k := range []string{"correction_decision", "revocation_notice", "revocation_decision"} {
		if !strings.Contains(kinds, k) {
			t.Errorf("no %s: %s", k, kinds)
		}
		sealed := h.seal("window", id, k, gen.PaperRequest{})
		h.wantVerdict(k, sealed.Code, nil, proof.Genuine, "")
	}
	limited := h.must("auditor", "GET", path, nil, 200)
	var seen gen.CaseResults
	h.decode(limited, &seen)
	if len(seen.Actions) != 0 || len(seen.Results) != 3 {
		t.Errorf("%+v", seen)
	}
	// The case stays as it was decided, and its clock has ended.
	var whole gen.Case
	h.get("window", "/api/v1/cases/"+id, &whole)
	if whole.Summary.StatusZh != "已送达" || whole.Summary.Holder != theCounty {
		t.Errorf("%+v", whole.Summary)
	}
}

// TestRenewal: what expires is renewed by its holder; the new case must be decided
// before, and says what it renews (art. 50).
func TestRenewal(t *testing.T) {
	h := newHub(t)
	today := calendar.DateOf(time.Now())
	c, _ := h.granted("TB-SCJG-001", "县市场监督管理局", today.AddDays(40))
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	in.Renews = gen.RenewalRequest{Case: c.Number, Result: "7"}
	if r := h.as("window", "POST", "/api/v1/cases", in); r != "409 renewal_no_end" {
		t.Errorf("what there is not: %s", r)
	}
	in.Renews.Result = "1"
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	var whole gen.Case
	h.get("window", "/api/v1/cases/"+receipt.Case.Id, &whole)
	if whole.Renews.Case != c.Id || whole.Renews.Until != today.AddDays(40) || whole.Renews.Number != "JY-1" {
		t.Errorf("%+v", whole.Renews)
	}
	var limits gen.LimitReport
	h.get("window", "/api/v1/cases/"+receipt.Case.Id+"/limits", &limits)
	due := calendar.Date{}
	for _, l := range limits.Limits {
		if l.Kind == gen.LimitRenewal && l.RuleZh != "" {
			due = l.Due
		}
	}
	if due != today.AddDays(40) {
		t.Errorf("%+v", limits.Limits)
	}
	var results gen.CaseResults
	h.get("window", "/api/v1/cases/"+c.Id+"/results", &results)
	if len(results.Renewals) != 1 || results.Renewals[0] != receipt.Case.Number {
		t.Errorf("%+v", results)
	}
	var expiring gen.ExpiringList
	h.get("window", "/api/v1/results/expiring", &expiring)
	if len(expiring.Results) != 1 || len(expiring.Results[0].Renewals) != 1 {
		t.Errorf("%+v", expiring)
	}
}

// TestHearing: the right to a hearing is told, somebody asks, it is convened with
// notice and a chair who has not looked into the case, and recorded; its papers.
func TestHearing(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("chair", theCounty, "县司法局", identity.DepartmentReviewer)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	today := calendar.DateOf(time.Now())
	tell := gen.CaseAction{Kind: gen.ActTellHearing, Matter: "临近住宅", Parties: []string{"梅溪村"}, Before: today.AddDays(2)}
	if r := h.act0("window", id, tell); r != "409 hearing_days" {
		t.Errorf("two days to ask: %s", r)
	}
	tell.Before = today.AddDays(14)
	numbered := tell
	numbered.Parties = []string{"李强 13812345678"}
	if r := h.act0("window", id, numbered); r != "400 invalid_request" {
		t.Errorf("a neighbour's telephone in what the applicant gets: %s", r)
	}
	h.act("window", id, tell)
	ask := h.act("window", id, gen.CaseAction{Kind: gen.ActAskHearing, Party: "梅溪村", Interested: true, Reason: "担心安全"})
	if r := h.act0("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予"}); r != "409 hearing_asked" {
		t.Errorf("decided although a hearing was asked for: %s", r)
	}
	convene := gen.CaseAction{Kind: gen.ActConveneHearing, On: today.AddDays(14), Time: "09:30", Place: "三楼听证室", Presider: "nobody"}
	if r := h.act0("chief", id, convene); r != "400 invalid_request" {
		t.Errorf("chaired by nobody: %s", r)
	}
	convene.Presider = "window"
	if r := h.act0("chief", id, convene); r != "409 presider" {
		t.Errorf("chaired by who took it up: %s", r)
	}
	convene.Presider = "chair"
	h.act("chief", id, convene)
	var c gen.Case
	h.get("window", "/api/v1/cases/"+id, &c)
	if x := c.Hearing; x.On != convene.On || len(x.Asked) != 1 || x.Asked[0] != ask.Recorded.Entry || x.Presider.Name == "" || len(c.Suspensions) != 1 || !c.Suspensions[0].Lawful {
		t.Errorf("%+v, %+v", x, c.Suspensions)
	}
	for kind, want := range map[string]string{"hearing_notice": "临近住宅", "hearing_summons": "三楼听证室"} {
		if page := h.must("window", "GET", "/api/v1/cases/"+id+"/documents/"+kind+"?format=html", nil, 200).Body.String(); !strings.Contains(page, want) || !strings.Contains(page, "听") {
			t.Errorf("%s: %s", kind, page)
		}
	}
	if r := h.act0("chief", id, gen.CaseAction{Kind: gen.ActRecordHearing, On: today, Held: true, Summary: "已质证"}); r != "409 hearing_day" {
		t.Errorf("held before its day: %s", r)
	}
	h.act("chief", id, gen.CaseAction{Kind: gen.ActRecordHearing, On: today, Summary: "申请人撤回听证申请"})
	if r := h.act0("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予"}); r != "409 hearing_wait" {
		t.Errorf("others may still ask: %s", r)
	}
}
