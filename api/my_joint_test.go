package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store/storetest"
)

// jointApplication is a complete hand-in of the county's package in the guest's own
// name, without one paper.
func (g *guest) jointApplication(items ...string) gen.MyPackageSubmission {
	g.t.Helper()
	in := g.handIn(items...)
	in.Form = answer(answer(in.Form, catalog.KeyIDNumber, g.number), "applicant_name", g.name)
	out := gen.MyPackageSubmission{Package: in.Package, Items: items, Division: theVillage, Form: in.Form, Materials: in.Materials, Phone: "13800000000"}
	for i := range out.Materials {
		out.Materials[i].Form = catalog.SubmittedElectronic
		out.Materials[i].Attachments = []catalog.AttachmentRef{g.upload(append(picture(g.t), []byte(g.number+out.Materials[i].Name)...), "扫描件.png")}
	}
	return out
}

// A joint matter from home: one form, one set of papers, one number; followed,
// supplemented and withdrawn as one, and nobody else's.
func TestJointMatterFromHome(t *testing.T) {
	g := newGuests(t)
	h := g.hub
	h.offerPackage()
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	var offered gen.OnlinePackages
	h.get("", "/api/v1/my/packages", &offered)
	if len(offered.Packages) != 1 || !offered.Packages[0].Online || offered.Packages[0].NeedsDivision != "village" {
		t.Fatalf("%+v", offered)
	}
	in := g.one.jointApplication(jointBirth, jointWelfare)
	// What the account answers is filled in for the items wanted; one thing is named.
	var known gen.Prefill
	g.one.want("GET", "/api/v1/my/prefill?package="+in.Package+"&items="+jointBirth+"&items="+jointWelfare, nil, 200, &known)
	if known.Item != in.Package || !slices.ContainsFunc(known.Fields, func(f gen.PrefilledField) bool { return f.Key == catalog.KeyIDNumber && f.Value == g.one.number }) {
		t.Errorf("%+v", known)
	}
	g.one.want("GET", "/api/v1/my/prefill?package="+in.Package+"&items=TB-NONE-001", nil, 400, nil)
	g.one.want("GET", "/api/v1/my/prefill?package="+in.Package+"&item="+jointBirth, nil, 400, nil)
	g.one.want("GET", "/api/v1/my/record?package="+in.Package, nil, 200, nil)
	short := in
	short.Materials = in.Materials[1:]
	var report gen.CheckReport
	g.one.want("POST", "/api/v1/my/joint-cases/check", short, 200, &report)
	if report.Ok || len(report.Faults) != 1 {
		t.Errorf("%+v", report)
	}
	stolen := in
	stolen.Applicant = ledger.Applicant{Type: "person", Name: "李强", IDNumber: storetest.IDNumber(2), Phone: "13800000000"}
	if r := g.one.ask("POST", "/api/v1/my/joint-cases", stolen); r.Code == 201 {
		t.Error("handed in for another without a proof of authority")
	}
	if r := g.two.ask("POST", "/api/v1/my/joint-cases", in); r.Code == 201 {
		t.Error("another's papers and number were taken")
	}
	var made gen.MyJointReceipt
	g.one.want("POST", "/api/v1/my/joint-cases", in, 201, &made)
	path := "/api/v1/my/joint-cases/" + made.Joint.Id
	var mine gen.MyJointCases
	g.one.want("GET", "/api/v1/my/joint-cases", nil, 200, &mine)
	if len(mine.Cases) != 1 || mine.Cases[0].Summary.Number != made.Joint.Number || !mine.Cases[0].Summary.Online || len(mine.Cases[0].Members) != 2 {
		t.Errorf("%+v", mine)
	}
	g.two.want("GET", "/api/v1/my/joint-cases", nil, 200, &mine)
	if len(mine.Cases) != 0 {
		t.Errorf("another's: %+v", mine)
	}
	withdraw := gen.MyJointAction{Kind: gen.MyJointWithdraw, Reason: "不再需要"}
	for _, try := range [][2]string{{"GET", path}, {"GET", path + "/documents"}, {"GET", path + "/documents/joint_receipt"}, {"POST", path + "/actions"}} {
		var body any
		if try[0] == "POST" {
			body = withdraw
		}
		if r := g.two.ask(try[0], try[1], body); r.Code != 404 {
			t.Errorf("another at %s: %d", try[1], r.Code)
		}
	}
	var seen gen.MyJointCase
	g.one.want("GET", path, nil, 200, &seen)
	if len(seen.Members) != 2 || seen.Members[0].Joint != made.Joint.Number || seen.WithdrawalAsked {
		t.Errorf("%+v", seen)
	}
	if kinds, alone := h.heard(made.Joint.Id, []gen.JointMember{{Id: seen.Members[0].Id}, {Id: seen.Members[1].Id}}); kinds != "received " || alone != 0 {
		t.Errorf("heard %s, of one alone %d", kinds, alone)
	}
	page := g.one.ask("GET", path+"/documents/joint_receipt?format=html", nil)
	if page.Code != 200 || !strings.Contains(page.Body.String(), made.Joint.Number) {
		t.Errorf("%d %s", page.Code, page.Body)
	}
	var opened gen.MyPaper
	g.one.want("GET", path+"/documents/joint_receipt", nil, 200, &opened)
	if code := scanned(t, page.Body.String()); code == "" || code != opened.Code || !opened.Valid {
		t.Errorf("the code on the page is %q, in the answer %q", code, opened.Code)
	}
	g.hub.wantVerdict("opened at home", opened.Code, &opened.Document, proof.Genuine, "")
	supplement := gen.MyJointAction{Kind: gen.MyJointSupplement, Materials: in.Materials[:1]}
	if r := g.one.ask("POST", path+"/actions", supplement); r.Code != 409 {
		t.Errorf("brought what nobody asked for: %d", r.Code)
	}
	of := map[string]string{}
	for _, m := range seen.Members {
		of[m.Item] = m.Id
	}
	const asked = "收入和财产状况申报材料"
	told := gen.JointAction{Kind: gen.JointNotice, Members: []ledger.MemberPoints{{Case: of[jointWelfare], Points: []ledger.SupplementPoint{{Material: asked, Problem: ledger.ProblemUnclear, How: "请重新拍摄"}}}}}
	h.must("civil", "POST", "/api/v1/joint-cases/"+made.Joint.Id+"/actions", told, 200)
	g.one.want("GET", path, nil, 200, &seen)
	if len(seen.Notice) != 1 || seen.SupplementBefore.IsZero() || seen.Summary.Status != "supplementing" || len(seen.Summary.Answered.Windows) != 0 {
		t.Errorf("%+v", seen)
	}
	if r := g.two.ask("POST", path+"/actions", supplement); r.Code != 404 {
		t.Errorf("another's supplement: %d", r.Code)
	}
	g.one.want("POST", path+"/actions", supplement, 200, nil)
	g.one.want("GET", path, nil, 200, &seen)
	if len(seen.Supplements) != 1 || seen.Supplements[0].Materials[0].Name != supplement.Materials[0].Name {
		t.Errorf("brought: %+v", seen.Supplements)
	}
	// What was brought is not all that was asked for, unless it is.
	if supplement.Materials[0].Name != asked && len(seen.Summary.Answered.Windows) != 0 {
		t.Errorf("answered without what was asked for: %+v", seen.Summary.Answered)
	}
	rest := gen.MyJointAction{Kind: gen.MyJointSupplement, Materials: slices.DeleteFunc(slices.Clone(in.Materials), func(m catalog.SubmittedMaterial) bool { return m.Name != asked })}
	g.one.want("POST", path+"/actions", rest, 200, nil)
	g.one.want("GET", path, nil, 200, &seen)
	at, found := seen.Supplements[len(seen.Supplements)-1].At, seen.Summary.Answered
	if !strings.Contains(seen.Summary.StatusZh, "已补正") || found.SinceMs != at || !slices.ContainsFunc(found.Windows, func(w gen.JointWindow) bool { return w.Department == "县民政局" }) {
		t.Errorf("all of it was brought: %+v, last at %d", seen.Summary, at)
	}
	g.one.want("GET", "/api/v1/my/joint-cases", nil, 200, &mine)
	if len(mine.Cases[0].Summary.Answered.Windows) != len(found.Windows) {
		t.Errorf("in the list: %+v", mine.Cases[0].Summary)
	}
	var board gen.JointBoard
	h.get("civil", "/api/v1/joint-cases/"+made.Joint.Id, &board)
	if board.Summary.Answered.SinceMs != at || len(board.Summary.Answered.Windows) != len(found.Windows) {
		t.Errorf("at the window: %+v", board.Summary)
	}
	// Asked for again, it has to come again; what was not is still there.
	told.Again, told.Members[0].Points[0].How = "仍无法辨认", "请到窗口扫描"
	h.must("civil", "POST", "/api/v1/joint-cases/"+made.Joint.Id+"/actions", told, 200)
	seen = gen.MyJointCase{}
	g.one.want("GET", path, nil, 200, &seen)
	if len(seen.Summary.Answered.Windows) != 0 || slices.ContainsFunc(seen.Supplements, func(s gen.CaseSupplement) bool {
		return slices.ContainsFunc(s.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == asked })
	}) {
		t.Errorf("asked for again: %+v, %+v", seen.Summary, seen.Supplements)
	}
	g.one.want("POST", path+"/actions", withdraw, 200, nil)
	g.one.want("GET", path, nil, 200, &seen)
	if !seen.WithdrawalAsked {
		t.Error("the wish to withdraw is not seen")
	}
}
