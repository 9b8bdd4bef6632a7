package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// offerPackage imports the county's package with its items, has them approved and
// publishes them.
func (h *site) offerPackage() {
	h.t.Helper()
	items := readFile(h.t, "../store/storetest/testdata/items.json")
	file, err := json.Marshal(map[string]any{"packages": []json.RawMessage{catalog.CanonicalPackage(storetest.Package())}})
	check(h.t, err)
	if r := h.as("operator", "POST", "/api/v1/packages/import", file); r != "422 file_faults" {
		h.t.Errorf("a package without its items: %s", r)
	}
	h.must("operator", "POST", "/api/v1/items/import", items, 200)
	h.approveAll()
	h.must("operator", "POST", "/api/v1/packages/import", file, 200)
	if r := h.as("operator", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: []gen.ItemRef{{Code: storetest.PackageCode, Version: 1}}}); r != "409 not_approvable" {
		h.t.Errorf("approved by who drafted it: %s", r)
	}
	h.approveAll()
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, Note: "一件事"}, 201)
	var again gen.DraftReport
	h.decode(h.must("operator", "POST", "/api/v1/packages/import", file, 200), &again)
	if again.Unchanged != 1 || len(again.Drafted) != 0 {
		h.t.Errorf("the same file again: %+v", again)
	}
}

func (h *site) approveAll() {
	h.t.Helper()
	var drafts gen.VersionList
	h.get("operator", "/api/v1/drafts", &drafts)
	var refs []gen.ItemRef
	for _, v := range drafts.Versions {
		if v.Status == gen.StatusDraft {
			refs = append(refs, gen.ItemRef{Code: v.Code, Version: v.Version})
		}
	}
	h.must("second", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: refs}, 200)
}

// handIn is a complete hand-in of the county's package for some of its items.
func (h *site) handIn(items ...string) gen.PackageSubmission {
	h.t.Helper()
	path := "/api/v1/packages/" + storetest.PackageCode + "?"
	for _, i := range items {
		path += "items=" + i + "&"
	}
	var guide gen.PackageGuide
	h.get("", strings.TrimRight(path, "?&"), &guide)
	all := catalog.Item{Code: guide.Package.Code}
	for _, f := range guide.Form {
		all.Form = append(all.Form, f.Field)
	}
	for _, m := range guide.Materials {
		all.Materials = append(all.Materials, m.Material)
	}
	in := gen.PackageSubmission{Package: guide.Package.Code, Items: items, Division: theVillage, Form: storetest.Form(all, 1), Materials: storetest.Materials(all)}
	in.Applicant = storetest.ApplicantOf(in.Form)
	return in
}

// TestLifeOfAJointMatter: one hand-in, one receipt; each department sees its own
// case, the window that leads sees all; one notice, one supplement, one result.
func TestLifeOfAJointMatter(t *testing.T) {
	h := newHub(t)
	h.offerPackage()
	const aid, welfare, birth = "TB-SFJ-001", "TB-MZJ-004", "TB-XZRZ-005"
	const leads, law = "县民政局", "县司法局"
	for login, department := range map[string]string{"civil": leads, "law": law, "other": "县林业局"} {
		h.person(login, theCounty, department, identity.DepartmentWindow)
		h.person(login+"-chief", theCounty, department, identity.DepartmentLeader)
	}
	h.person("auditor", theCounty, "", identity.Auditor)
	var list gen.PackageList
	h.get("", "/api/v1/packages", &list)
	var drafted gen.PackageAtVersion
	h.get("operator", "/api/v1/packages/"+storetest.PackageCode+"/versions/1", &drafted)
	if drafted.Hash != catalog.HashPackage(storetest.Package()) {
		t.Errorf("%+v", drafted)
	}
	h.must("operator", "GET", "/api/v1/packages/"+storetest.PackageCode+"/versions/99", nil, 404)
	if len(list.Packages) != 1 || list.Packages[0].PromisedWorkingDays != 7 || list.Packages[0].Subject != catalog.SubjectNatural {
		t.Fatalf("%+v", list)
	}
	// It is offered to who may apply for it.
	for who, n := range map[gen.ApplicantType]int{gen.TypePerson: 1, gen.TypeOrganisation: 0} {
		var offered gen.PackageList
		var online gen.OnlinePackages
		h.get("", "/api/v1/packages?subject="+string(who), &offered)
		h.get("", "/api/v1/my/packages?subject="+string(who), &online)
		if len(offered.Packages) != n || len(online.Packages) != n {
			t.Errorf("for %s: %+v, %+v", who, offered, online)
		}
	}
	var guide gen.PackageGuide
	h.get("", "/api/v1/packages/"+storetest.PackageCode, &guide)
	if guide.Subject != catalog.SubjectNatural {
		t.Errorf("the guide is for %q", guide.Subject)
	}
	h.must("", "GET", "/api/v1/packages?subject=nobody", nil, 400)
	in := h.handIn()
	missing := in.Materials[0].Name
	short := in
	short.Materials = in.Materials[1:]
	var report gen.CheckReport
	h.decode(h.must("civil", "POST", "/api/v1/joint-cases/check", short, 200), &report)
	if report.Ok || len(report.Faults) != 1 {
		t.Errorf("%+v", report)
	}
	h.decode(h.must("civil", "POST", "/api/v1/joint-cases/check", in, 200), &report)
	if !report.Ok {
		t.Fatalf("%+v", report)
	}
	for login, want := range map[string]string{"law": "403 forbidden", "auditor": "403 forbidden", "": "401 unauthenticated"} {
		if r := h.as(login, "POST", "/api/v1/joint-cases", in); r != want {
			t.Errorf("handed in by %q: %s", login, r)
		}
	}
	old := in
	old.Version = 7
	if r := h.as("civil", "POST", "/api/v1/joint-cases", old); r != "409 item_changed" {
		t.Errorf("another version: %s", r)
	}
	strange := in
	strange.Items = []string{"TB-XX-001"}
	if r := h.as("civil", "POST", "/api/v1/joint-cases", strange); r != "400 invalid_request" {
		t.Errorf("an item of no package: %s", r)
	}
	if r := h.as("civil", "POST", "/api/v1/joint-cases", short); r != "422 incomplete" {
		t.Errorf("incomplete: %s", r)
	}
	short.Lacking = true
	key := map[string]string{"Idempotency-Key": "joint-matter-1"}
	first := h.send(request0{method: "POST", path: "/api/v1/joint-cases", body: short, token: h.token("civil"), header: key})
	again := h.send(request0{method: "POST", path: "/api/v1/joint-cases", body: short, token: h.token("civil"), header: key})
	var receipt, second gen.JointReceipt
	h.decode(first, &receipt)
	h.decode(again, &second)
	if first.Code != 201 || again.Code != 201 || receipt.Joint.Summary.Id != second.Joint.Summary.Id || len(receipt.Joint.Members) != 3 {
		t.Fatalf("%d %s, %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	joint := "/api/v1/joint-cases/" + receipt.Joint.Summary.Id
	of := map[string]string{}
	for _, m := range receipt.Joint.Members {
		of[m.Item] = m.Id
	}

	// Who sees what.
	var board gen.JointBoard
	h.get("law", "/api/v1/joint-cases/"+receipt.Joint.Summary.Number, &board)
	readable := map[string]bool{}
	for _, m := range board.Members {
		readable[m.Item] = m.Readable
	}
	if !readable[aid] || readable[welfare] || slices.Contains(board.Actions, gen.JointNotice) {
		t.Errorf("the other department sees %v, may %v", readable, board.Actions)
	}
	if r := h.as("other", "GET", joint, nil); r != "404 not_found" {
		t.Errorf("a department that has no part: %s", r)
	}
	if r := h.as("law", "GET", "/api/v1/cases/"+of[welfare], nil); r != "404 not_found" {
		t.Errorf("another department's case: %s", r)
	}
	if strings.Contains(first.Body.String(), "王芳") || strings.Contains(first.Body.String(), "13800000000") {
		t.Error("the board is not masked")
	}
	var c gen.Case
	h.get("law", "/api/v1/cases/"+of[aid], &c)
	if c.Summary.Gate != gen.CaseGateWaiting || c.Summary.Joint != receipt.Joint.Summary.Number || slices.Contains(c.Actions, gen.ActAccept) || !slices.Contains(c.Actions, gen.ActFinding) {
		t.Errorf("%+v may %v", c.Summary, c.Actions)
	}
	if r := h.act0("law", of[aid], gen.CaseAction{Kind: gen.ActAccept}); r != "409 package_waits" {
		t.Errorf("accepted too early: %s", r)
	}
	if r := h.act0("law", of[aid], gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: "法律援助申请表", Problem: ledger.ProblemWrong, How: "重填"}}}); r != "409 package_notice" {
		t.Errorf("a notice of its own: %s", r)
	}

	// One notice, once every window has looked.
	notice := gen.JointAction{Kind: gen.JointNotice}
	if r := h.as("civil", "POST", joint+"/actions", notice); r != "409 findings_open" {
		t.Errorf("nobody has looked: %s", r)
	}
	if r := h.act0("civil", of[welfare], gen.CaseAction{Kind: gen.ActFinding}); r != "400 invalid_request" {
		t.Errorf("a finding of nothing: %s", r)
	}
	h.act("civil", of[welfare], gen.CaseAction{Kind: gen.ActFinding, Complete: true})
	h.act("law", of[aid], gen.CaseAction{Kind: gen.ActFinding, Points: []ledger.SupplementPoint{{Material: "法律援助申请表", Problem: ledger.ProblemUnclear, How: "请重新填写"}}})
	// The township's case is looked at by whoever took it in: here by the lead.
	if r := h.as("law", "POST", joint+"/actions", notice); r != "403 forbidden" {
		t.Errorf("a window that does not lead: %s", r)
	}
	told := gen.JointAction{Kind: gen.JointNotice, Members: []ledger.MemberPoints{{Case: of[aid], Points: []ledger.SupplementPoint{{Material: "法律援助申请表", Problem: ledger.ProblemUnclear, How: "请重新填写"}}},
		{Case: of[birth], Points: []ledger.SupplementPoint{{Material: missing, Problem: ledger.ProblemMissing, How: "请提交"}}}}}
	h.decode(h.must("civil", "POST", joint+"/actions", told, 200), &second)
	if second.Joint.Summary.StatusZh != "待补正" || len(second.Joint.Notice.Points) != 2 {
		t.Errorf("%+v", second.Joint)
	}
	if r := h.as("civil", "POST", joint+"/actions", told); r != "409 told_already" {
		t.Errorf("told twice: %s", r)
	}
	brought := gen.JointAction{Kind: gen.JointSupplement, Materials: []catalog.SubmittedMaterial{{Name: missing, Form: catalog.SubmittedOriginal, Copies: 1}, {Name: "法律援助申请表", Form: catalog.SubmittedOriginal, Copies: 1}}}
	h.decode(h.must("civil", "POST", joint+"/actions", brought, 200), &second)
	h.get("law", "/api/v1/cases/"+of[aid], &c)
	if len(c.Supplements) != 1 || len(c.Supplements[0].Materials) != 1 || c.Supplements[0].Entry != second.Recorded.Entry {
		t.Errorf("%+v", c.Supplements)
	}
	h.act("civil", of[welfare], gen.CaseAction{Kind: gen.ActAccept, Supplements: []string{second.Recorded.Entry}})
	h.get("civil", joint, &board)
	if len(board.Limits) != 0 || board.Summary.StatusZh != "已补正，待窗口受理" {
		t.Errorf("its time runs before all that wait for nothing are taken up: %+v", board)
	}
	h.must("civil", "POST", joint+"/actions", gen.JointAction{Kind: gen.JointWithdraw, Reason: "不再需要"}, 200)
	h.get("law", "/api/v1/cases/"+of[aid], &c)
	if !c.WithdrawalAsked {
		t.Error("the wish to withdraw is not seen at the case")
	}
	if r := h.act0("law", of[aid], gen.CaseAction{Kind: gen.ActTerminate, Cause: gen.CausePrerequisite, Reason: "低保未获准"}); r != "409 withdrawal_asked" {
		t.Errorf("ended for a refusal that was none: %s", r)
	}
	h.act("law", of[aid], gen.CaseAction{Kind: gen.ActTerminate, Cause: gen.CauseWithdrawn, Reason: "申请人撤回"})
	h.get("civil", joint, &board)
	if board.Summary.Concluded != 1 || board.Summary.StatusZh == "全部办结" {
		t.Errorf("%+v", board.Summary)
	}

	// Its papers.
	var docs gen.JointDocumentList
	h.get("civil", joint+"/documents", &docs)
	kinds := ""
	for _, d := range docs.Documents {
		kinds += string(d.Kind) + " "
		page := h.must("civil", "GET", joint+"/documents/"+string(d.Kind)+"?format=html", nil, 200)
		if !strings.Contains(page.Body.String(), "王芳") || !strings.Contains(page.Body.String(), d.Title) {
			t.Errorf("%s: %s", d.Kind, page.Body)
		}
	}
	if kinds != "joint_receipt joint_supplement_notice " {
		t.Errorf("documents: %s", kinds)
	}
	if r := h.as("law", "GET", joint+"/documents/joint_receipt", nil); r != "403 forbidden" {
		t.Errorf("the receipt for who does not lead: %s", r)
	}
	if r := h.as("civil", "GET", joint+"/documents/joint_result", nil); r != "409 document_not_yet" {
		t.Errorf("a result before the end: %s", r)
	}
	var reveals gen.RevealList
	h.get("auditor", "/api/v1/reveals", &reveals)
	if len(reveals.Reveals) != 2 {
		t.Errorf("%d views are logged, want 2", len(reveals.Reveals))
	}
	var joints gen.JointList
	h.get("law", "/api/v1/joint-cases", &joints)
	if len(joints.Cases) != 1 {
		t.Errorf("%+v", joints)
	}
	h.get("other", "/api/v1/joint-cases", &joints)
	if len(joints.Cases) != 0 {
		t.Errorf("%+v", joints)
	}
	var line gen.Timeline
	h.get("law", "/api/v1/cases/"+of[aid]+"/timeline", &line)
	if len(line.Entries) < 5 || line.Entries[0].What != "联办收件" {
		t.Errorf("%+v", line.Entries)
	}
}

// TestJointMatterFromAVillage: with the line cut a village hands a package in and
// prints its one receipt; the county has it all when the line is back.
func TestJointMatterFromAVillage(t *testing.T) {
	h := newHub(t)
	h.offerPackage()
	h.person("worker", theVillage, "", identity.VillageWorker)
	v := h.below(theVillage)
	until(t, "the village to know the package", func() bool {
		_, err := v.node.Store.PackageInForce(t.Context(), storetest.PackageCode, time.Now().UnixMilli())
		return err == nil
	})
	until(t, "the village to know its worker", func() bool {
		_, err := v.node.Store.StaffByLogin(t.Context(), "worker")
		return err == nil
	})
	h.cut()
	var receipt gen.JointReceipt
	v.decode(v.must("worker", "POST", "/api/v1/joint-cases", v.handIn("TB-SFJ-001"), 201), &receipt)
	if receipt.Recorded.Word != gen.SavedHere || len(receipt.Joint.Members) != 3 {
		t.Fatalf("%+v", receipt)
	}
	page := v.must("worker", "GET", "/api/v1/joint-cases/"+receipt.Joint.Summary.Id+"/documents/joint_receipt?format=html", nil, 200)
	if !strings.Contains(page.Body.String(), receipt.Joint.Summary.Number) || !strings.Contains(page.Body.String(), receipt.Joint.Members[2].Number) {
		t.Errorf("%s", page.Body)
	}
	h.heal()
	until(t, "the county to have all cases", func() bool {
		for _, m := range receipt.Joint.Members {
			if _, err := h.node.Store.Case(t.Context(), m.Id); err != nil {
				return false
			}
		}
		_, err := h.node.Store.Joint(t.Context(), receipt.Joint.Summary.Id)
		return err == nil
	})
	until(t, "the village to hear of it", func() bool {
		var board gen.JointBoard
		v.get("worker", "/api/v1/joint-cases/"+receipt.Joint.Summary.Id, &board)
		return board.Summary.Word == gen.AtCounty
	})
}

// A package that a village handed in and the county refused is handed in again, by
// its entry, by the window of the department that leads it; once, and by nobody
// who may not read it.
func TestRefusedPackageIsHandedInAgain(t *testing.T) {
	h := newHub(t)
	h.offerPackage()
	h.person("worker", theVillage, "", identity.VillageWorker)
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("market", theCounty, marketBoard, identity.DepartmentWindow)
	v := h.below(theVillage)
	until(t, "the village to know the package and its worker", func() bool {
		_, err := v.node.Store.PackageInForce(t.Context(), storetest.PackageCode, time.Now().UnixMilli())
		_, unknown := v.node.Store.StaffByLogin(t.Context(), "worker")
		return err == nil && unknown == nil
	})
	v.token("worker")
	h.cut()
	staff, err := h.node.Store.StaffByLogin(t.Context(), "worker")
	check(t, err)
	h.must("operator", "POST", "/api/v1/staff/"+staff.ID+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)
	var receipt gen.JointReceipt
	in := v.handIn()
	v.decode(v.must("worker", "POST", "/api/v1/joint-cases", in, 201), &receipt)
	id := receipt.Joint.Summary.Id
	h.heal()
	until(t, "the county to refuse it", func() bool {
		e, err := h.node.Store.Entry(t.Context(), id)
		return err == nil && e.Status == ledger.Refused
	})
	// What asks for attention shows what was handed in, masked, to those who may read it.
	var asks gen.AttentionDetail
	shown := h.must("civil", "GET", "/api/v1/attention/"+id, nil, 200)
	h.decode(shown, &asks)
	if asks.Item.Kind != string(ledger.PackageSubmit) || asks.Item.Way != gen.WayResubmit || asks.Item.Number != receipt.Joint.Summary.Number ||
		asks.Joint.Package != storetest.PackageCode || len(asks.Joint.Items) != receipt.Joint.Summary.Cases || asks.Joint.Items[0] != "生育登记" || len(asks.Joint.Materials) == 0 || len(asks.Joint.Form) == 0 {
		t.Errorf("%+v", asks)
	}
	for _, plain := range []string{"王芳", "13800000000", answerIn(in, catalog.KeyIDNumber)} {
		if strings.Contains(shown.Body.String(), plain) {
			t.Errorf("%s is not masked: %s", plain, shown.Body)
		}
	}
	h.must("market", "GET", "/api/v1/attention/"+id, nil, 404)
	path := "/api/v1/joint-cases/" + id + "/resubmit"
	h.must("market", "POST", path, gen.Resubmission{}, 404)
	var made gen.JointReceipt
	h.decode(h.must("civil", "POST", path, gen.Resubmission{}, 201), &made)
	if made.Joint.Summary.Id == id || made.Joint.Summary.Division != theVillage || made.Joint.Summary.Cases != receipt.Joint.Summary.Cases {
		t.Errorf("%+v", made.Joint.Summary)
	}
	if r := h.as("civil", "POST", path, gen.Resubmission{}); r != "409 corrected_already" {
		t.Errorf("twice: %s", r)
	}
	h.must("civil", "POST", "/api/v1/joint-cases/"+made.Joint.Summary.Id+"/resubmit", gen.Resubmission{}, 409)
	// The same act settled what asked for attention.
	var list gen.AttentionList
	h.get("civil", "/api/v1/attention?resolved=true", &list)
	if i := slices.IndexFunc(list.Items, func(a gen.AttentionItem) bool { return a.Entry == id }); i < 0 || list.Items[i].ReplacedBy != made.Joint.Summary.Id || list.Items[i].Way != gen.WayNone {
		t.Errorf("%+v", list.Items)
	}
}

// answerIn is the answer to a question of a hand-in.
func answerIn(in gen.PackageSubmission, key string) string {
	for _, v := range in.Form {
		if v.Key == key {
			return v.Value
		}
	}
	return "nothing"
}
