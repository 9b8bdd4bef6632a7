package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store/storetest"
)

// The items of the county's package.
const (
	jointBirth   = "TB-XZRZ-005"
	jointWelfare = "TB-MZJ-004"
	jointAid     = "TB-SFJ-001"
)

// offered is a region whose village knows the county's package.
func offered(t *testing.T) region {
	t.Helper()
	r := newRegion(t)
	r.hub.offerPackage()
	for login, department := range map[string]string{"civil": "县民政局", "law": "县司法局"} {
		r.hub.person(login, theCounty, department, identity.DepartmentWindow)
		r.hub.person(login+"-reviewer", theCounty, department, identity.DepartmentReviewer)
		r.hub.person(login+"-chief", theCounty, department, identity.DepartmentLeader)
	}
	for _, s := range []*site{r.township, r.village} {
		until(t, "the package to come down", func() bool {
			_, err := s.node.Store.PackageInForce(t.Context(), storetest.PackageCode, s.node.Now().UnixMilli())
			return err == nil
		})
	}
	return r
}

// heard are the kinds of what the applicant was told of a joint matter, and how
// often they were told of one of its cases alone.
func (h *site) heard(id string, members []gen.JointMember) (kinds string, alone int) {
	h.t.Helper()
	list, err := h.node.Store.NoticesOf(h.t.Context(), id)
	check(h.t, err)
	for i := range list {
		kinds += string(list[i].Kind) + " "
	}
	for _, m := range members {
		list, err := h.node.Store.NoticesOf(h.t.Context(), m.Id)
		check(h.t, err)
		alone += len(list)
	}
	return kinds, alone
}

// passed has a case's step taken until it comes to another, by whoever holds it.
func (r region) passed(id string, by map[ledger.Verb]string, at map[ledger.Verb]*site, until0 ledger.Verb, granted bool) {
	r.hub.t.Helper()
	for range 10 {
		c, err := r.hub.node.Store.Case(r.hub.t.Context(), id)
		check(r.hub.t, err)
		step, open := c.Current()
		if !open || step.Verb == until0 {
			return
		}
		in := gen.CaseAction{Kind: gen.CaseActionKind(step.Verb)}
		switch step.Verb {
		case ledger.VerbDecide:
			in.Kind, in.Granted, in.Opinion = gen.ActDecide, &granted, "经审查，申请事项的事实与材料核对情况如下，据此决定"
		case ledger.VerbIssue:
			item, err := r.hub.node.Store.Item(r.hub.t.Context(), c.Item, c.ItemVersion)
			check(r.hub.t, err)
			in.Documents = []ledger.IssuedDocument{{Name: casework.Issuable(&item.Item, c.Decision)[0], Number: "J-" + c.Number[20:]}}
		case ledger.VerbPreReview, ledger.VerbReview:
			in.Kind, in.Opinion = gen.ActReview, "属实"
		}
		at[step.Verb].act(by[step.Verb], id, in)
		head := c.Head
		until(r.hub.t, "the county to have the step", func() bool {
			c, err := r.hub.node.Store.Case(r.hub.t.Context(), id)
			return err == nil && c.Head != head
		})
	}
}

// A joint matter from hand-in to its result: one receipt, one notice of what is
// missing, one acceptance and one due date, each extension by the leader whose case
// it is, a refusal told at once and what it ends not again, one result.
func TestTheApplicantHearsOfAJointMatterOnce(t *testing.T) {
	r := offered(t)
	in := r.village.handIn(jointBirth, jointWelfare, jointAid)
	missing := in.Materials[0].Name
	in.Materials, in.Lacking = in.Materials[1:], true
	var receipt gen.JointReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/joint-cases", in, 201), &receipt)
	id, number := receipt.Joint.Summary.Id, receipt.Joint.Summary.Number
	path := "/api/v1/joint-cases/" + id
	of := map[string]gen.JointMember{}
	for _, m := range receipt.Joint.Members {
		of[m.Item] = m
	}

	// The receipt for handing out has its code; what is looked at says that it is not.
	look := r.village.must("worker", "GET", path+"/documents/joint_receipt?format=html", nil, 200).Body.String()
	if !strings.Contains(look, "查阅件") || strings.Contains(look, "<svg") {
		t.Error("what was only looked at looks like what is handed out")
	}
	var printed gen.PrintedPaper
	r.village.decode(r.village.must("worker", "POST", path+"/documents/joint_receipt/print", gen.PaperRequest{}, 200), &printed)
	if printed.Document.Issuer.Phone == "" {
		t.Error("a joint document says whom to call")
	}
	page := r.village.must("worker", "POST", path+"/documents/joint_receipt/print?format=html", gen.PaperRequest{}, 200).Body.String()
	if got := scanned(t, page); got != printed.Code || !strings.Contains(page, "副本，补打第 1 次") {
		t.Errorf("scanned %q, printed %q", got, printed.Code)
	}
	until(t, "the county to know the print", func() bool {
		return r.hub.verify(printed.Code, printed.Document).Verdict == proof.Genuine && len(r.hub.verify(printed.Code, nil).Reasons) == 0
	})
	code := ""
	for _, l := range printed.Document.Lines {
		if l.Label == "查询码" {
			code = l.Value
		}
	}
	until(t, "the county to have all of it", func() bool {
		_, err := r.hub.node.Store.Joint(t.Context(), id)
		return err == nil
	})

	// What is missing in two cases is told in one notice.
	point := func(material string) []ledger.SupplementPoint {
		return []ledger.SupplementPoint{{Material: material, Problem: ledger.ProblemMissing, How: "请提交"}}
	}
	birth, err := r.hub.node.Store.Case(t.Context(), of[jointBirth].Id)
	check(t, err)
	lacking := missing
	if len(birth.Lacking) > 0 {
		lacking = birth.Lacking[0]
	}
	told := gen.JointAction{Kind: gen.JointNotice, Members: []ledger.MemberPoints{{Case: of[jointBirth].Id, Points: point(lacking)}, {Case: of[jointWelfare].Id, Points: point("收入和财产状况申报材料")}}}
	if got := r.village.as("worker", "POST", path+"/actions", told); got != "409 not_holder" {
		t.Errorf("a notice by who does not lead: %s", got)
	}
	r.hub.must("civil", "POST", path+"/actions", told, 200)
	until(t, "the notice", func() bool { kinds, _ := r.hub.heard(id, receipt.Joint.Members); return kinds == "supplement " })
	_, answer := r.hub.lookUp(number, code)
	if len(answer.Bring) != 2 || answer.BringBefore.IsZero() || answer.Status != "supplementing" || !answer.Promised.IsZero() {
		t.Errorf("%+v", answer)
	}
	brought := gen.JointAction{Kind: gen.JointSupplement, Materials: []catalog.SubmittedMaterial{
		{Name: missing, Form: catalog.SubmittedOriginal, Copies: 1}, {Name: "收入和财产状况申报材料", Form: catalog.SubmittedOriginal, Copies: 1}}}
	var supplied gen.JointReceipt
	r.village.decode(r.village.must("worker", "POST", path+"/actions", brought, 200), &supplied)
	until(t, "the look-up to say that all of it was brought, and who is next", func() bool {
		_, is := r.hub.lookUp(number, code)
		return len(is.Bring) == 0 && is.Status == "supplementing" && is.Answered.SinceMs > 0 && len(is.Answered.Windows) == 2 && strings.Contains(is.ToDo, "县民政局") && strings.Contains(is.ToDoEn, "县民政局")
	})

	// It is accepted when all that wait for nothing are, and then its one date is told.
	accept := gen.CaseAction{Kind: gen.ActAccept, Supplements: []string{supplied.Recorded.Entry}}
	r.village.act("worker", of[jointBirth].Id, accept)
	until(t, "the county to have the first acceptance", func() bool {
		c, err := r.hub.node.Store.Case(t.Context(), of[jointBirth].Id)
		return err == nil && c.AcceptedMS != 0
	})
	if kinds, alone := r.hub.heard(id, receipt.Joint.Members); kinds != "supplement " || alone != 0 {
		t.Errorf("heard %s, of one alone %d", kinds, alone)
	}
	r.village.act("worker", of[jointWelfare].Id, accept)
	until(t, "the acceptance", func() bool {
		kinds, _ := r.hub.heard(id, receipt.Joint.Members)
		return kinds == "supplement accepted "
	})
	var board gen.JointBoard
	r.hub.get("civil", path, &board)
	due := board.Limits[0].Told
	if due.IsZero() || due != board.Limits[0].Due || board.Limits[1].Told.IsZero() {
		t.Fatalf("%+v", board.Limits)
	}
	same := func(when string) {
		t.Helper()
		for s, name := range map[*site]string{r.hub: "county", r.village: "village"} {
			until(t, "the one date at the "+name+" "+when, func() bool {
				_, whole := s.lookUp(number, code)
				_, one := s.lookUp(of[jointBirth].Number, code)
				return whole.Promised == due && one.Promised == due && len(whole.Parts) == 3 && !slices.ContainsFunc(whole.Parts, func(p gen.LookupAnswer) bool { return p.Promised != due })
			})
		}
		for login, m := range map[string]string{"worker": of[jointBirth].Id, "civil": of[jointWelfare].Id} {
			s := r.hub
			if login == "worker" {
				s = r.village
			}
			page := s.must(login, "GET", "/api/v1/cases/"+m+"/documents/acceptance_notice", nil, 200).Body.String()
			if !strings.Contains(page, due.Chinese()) {
				t.Errorf("%s: the acceptance notice does not say %s: %s", when, due.Chinese(), page)
			}
		}
		r.hub.get("civil", path, &board)
		for _, m := range board.Members {
			if m.Due.After(due) {
				t.Errorf("%s: %s is due on %s, the whole on %s", when, m.ItemName, m.Due, due)
			}
		}
	}
	same("once accepted")
	acceptance := r.hub.must("civil", "GET", path+"/documents/joint_acceptance_notice", nil, 200).Body.String()
	if !strings.Contains(acceptance, due.Chinese()) || !strings.Contains(acceptance, "待“") {
		t.Errorf("%s", acceptance)
	}

	// Whoever leads a department extends its own case; the date moves, told once.
	hands := map[ledger.Verb]string{ledger.VerbPreReview: "reviewer", ledger.VerbReview: "civil-reviewer", ledger.VerbDecide: "civil-chief", ledger.VerbIssue: "civil", ledger.VerbRelay: "clerk"}
	sites := map[ledger.Verb]*site{ledger.VerbPreReview: r.township, ledger.VerbReview: r.hub, ledger.VerbDecide: r.hub, ledger.VerbIssue: r.hub, ledger.VerbRelay: r.township}
	r.passed(of[jointWelfare].Id, hands, sites, ledger.VerbDecide, false)
	if got := r.hub.act0("law-chief", of[jointWelfare].Id, gen.CaseAction{Kind: gen.ActExtend, Days: 5, Reason: "情况复杂"}); got != "404 not_found" {
		t.Errorf("another department's leader extended it: %s", got)
	}
	r.hub.act("civil-chief", of[jointWelfare].Id, gen.CaseAction{Kind: gen.ActExtend, Days: 5, Reason: "情况复杂，需延长"})
	r.hub.get("civil", path, &board)
	if moved := board.Limits[0].Told; !moved.After(due) || board.ExtendedBy != 5 {
		t.Fatalf("%s after %s: %+v", moved, due, board)
	}
	due = board.Limits[0].Told
	same("extended")
	extension := r.hub.must("civil", "GET", path+"/documents/joint_extension_notice", nil, 200).Body.String()
	if !strings.Contains(extension, due.Chinese()) || !strings.Contains(extension, "情况复杂，需延长") {
		t.Errorf("%s", extension)
	}

	// One is granted, which is not told alone; the other refused, which is told at
	// once, and what waited for it is not told again; then there is one result.
	own := map[ledger.Verb]string{ledger.VerbRelay: "clerk", ledger.VerbPreReview: "reviewer", ledger.VerbReview: "reviewer", ledger.VerbDecide: "leader", ledger.VerbIssue: "clerk"}
	there := map[ledger.Verb]*site{ledger.VerbRelay: r.township, ledger.VerbPreReview: r.township, ledger.VerbReview: r.township, ledger.VerbDecide: r.township, ledger.VerbIssue: r.township}
	r.passed(of[jointBirth].Id, own, there, ledger.VerbDeliver, true)
	if kinds, alone := r.hub.heard(id, receipt.Joint.Members); kinds != "supplement accepted extended " || alone != 0 {
		t.Errorf("heard %s, of one alone %d", kinds, alone)
	}
	r.passed(of[jointWelfare].Id, hands, sites, ledger.VerbIssue, false)
	r.passed(of[jointAid].Id, map[ledger.Verb]string{ledger.VerbRelay: "clerk"}, map[ledger.Verb]*site{ledger.VerbRelay: r.township}, ledger.VerbAccept, false)
	r.hub.act("law", of[jointAid].Id, gen.CaseAction{Kind: gen.ActTerminate, Cause: gen.CausePrerequisite, Reason: "低保未获准"})
	r.passed(of[jointWelfare].Id, hands, sites, ledger.VerbDeliver, false)
	want := "supplement accepted extended decided ready "
	if kinds, alone := r.hub.heard(id, receipt.Joint.Members); kinds != want || alone != 0 {
		t.Errorf("heard %s, of one alone %d", kinds, alone)
	}
	until(t, "the village to have been told the same", func() bool {
		kinds, alone := r.village.heard(id, receipt.Joint.Members)
		return kinds == want && alone == 0
	})
	for _, late := range []gen.JointAction{{Kind: gen.JointWithdraw, Reason: "不再需要"}, told, brought} {
		if got := r.hub.as("civil", "POST", path+"/actions", late); got != "409 decided" {
			t.Errorf("%s once all is decided: %s", late.Kind, got)
		}
	}
	if r.hub.get("civil", path, &board); len(board.Actions) != 0 {
		t.Errorf("offered once all is decided: %v", board.Actions)
	}
	list, err := r.hub.node.Store.NoticesOf(t.Context(), id)
	check(t, err)
	for i := range list {
		if got, err := r.hub.node.Store.Notice(t.Context(), list[i].ID); err != nil || got.Subject != id || got.Kind == notice.Received {
			t.Errorf("%s is not found by its id: %+v %v", list[i].Kind, got, err)
		}
	}
	result := r.hub.must("civil", "GET", path+"/documents/joint_result", nil, 200).Body.String()
	if !strings.Contains(result, "准予 1 项") {
		t.Errorf("%s", result)
	}
}
