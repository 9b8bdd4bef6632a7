package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A case that stands where no account can take its step is shown to supervisors, on the
// board before all others and at the case, until somebody is registered.
func TestNobodyCanTakeTheStep(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	answers := "" // the staff number of who does, on the board and in the list behind it
	stands := func() (onBoard, atCase, unmanned bool) {
		var board gen.Board
		h.get("supervisor", "/api/v1/supervision/board", &board)
		i := slices.IndexFunc(board.Desks, func(d gen.BoardDesk) bool { return d.Desk.Department == department })
		if i < 0 {
			t.Fatalf("%+v", board)
		}
		var about gen.CaseSupervision
		h.get("supervisor", "/api/v1/cases/"+id+"/supervision", &about)
		if about.Desk.Department != department || about.Desk.Verb != board.Desks[i].Desk.Verb {
			t.Errorf("the case waits at %+v, the board says %+v", about.Desk, board.Desks[i].Desk)
		}
		answers = board.Desks[i].Answerable.Name
		var list gen.BoardCaseList
		h.get("supervisor", "/api/v1/supervision/cases", &list)
		if p := list.Cases[0].Answerable; p.Name != answers {
			t.Errorf("%s answers on the board, %+v behind it", answers, p)
		}
		return board.Desks[i].Nobody, about.Nobody, about.Unmanned
	}
	if b, c, u := stands(); b || c || u || answers == "" {
		t.Errorf("it waits for the window: %v %v %v", b, c, u)
	}
	h.must("window", "POST", "/api/v1/cases/"+id+"/actions", gen.CaseAction{Kind: "accept"}, 200)
	if b, c, u := stands(); !b || !c || !u || answers != "" {
		t.Errorf("nobody decides, and nobody is told: %v %v %v", b, c, u)
	}
	h.person("leader", theCounty, department, identity.DepartmentLeader)
	if b, c, u := stands(); b || c || u || answers == "" {
		t.Errorf("people are there: %v %v %v", b, c, u)
	}

	// A township's desk is no department's.
	var failed error
	who := h.api.whoIsAt(t.Context(), &failed)
	desk := ledger.Desk{Division: theTownship, Department: department, Verb: ledger.VerbAccept}
	if _, nobody := who(desk); !nobody || failed != nil {
		t.Errorf("a township without people: %v %v", nobody, failed)
	}
	h.person("clerk", theTownship, "", identity.TownshipClerk)
	if unmanned, nobody := h.api.whoIsAt(t.Context(), &failed)(desk); unmanned || nobody || failed != nil {
		t.Errorf("a township's clerk is there: %v %v %v", unmanned, nobody, failed)
	}
}

// What nobody can do is not published; nothing of the edition is, and an item whose
// people are there goes by itself.
func TestPublishingWantsPeople(t *testing.T) {
	h := newHub(t)
	const gone, staffed = "TB-SCJG-001", "TB-MZJ-001"
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("head", theCounty, "县民政局", identity.DepartmentLeader)
	for _, code := range []string{gone, staffed} {
		var shown struct{ Item map[string]any }
		h.get("", "/api/v1/items/"+code, &shown)
		shown.Item["remarks"] = "更新"
		if code == gone {
			shown.Item["department"] = "不存在局"
		}
		file := map[string]any{"count": 1, "items": []any{shown.Item}}
		if r := h.must("operator", "POST", "/api/v1/items/validate", file, 200).Body.String(); strings.Contains(r, "warnings") != (code == gone) {
			t.Errorf("%s", r)
		}
		h.must("operator", "POST", "/api/v1/items/import", file, 200)
	}
	h.approveAll()
	r := h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{}, 409).Body.String()
	for _, want := range []string{"steps_unstaffed", gone, "不存在局", "审批"} {
		if !strings.Contains(r, want) {
			t.Errorf("%q is not in %s", want, r)
		}
	}
	if strings.Contains(r, staffed) {
		t.Errorf("an item whose people are there is refused: %s", r)
	}
	var editions gen.EditionList
	h.get("", "/api/v1/editions", &editions)
	if len(editions.Editions) != 1 {
		t.Fatalf("%+v", editions)
	}
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Items: []gen.ItemRef{{Code: staffed, Version: 2}}}, 201)
	for login, role := range map[string]identity.Role{"newwindow": identity.DepartmentWindow, "newleader": identity.DepartmentLeader} {
		h.person(login, theCounty, "不存在局", role)
	}
	var out gen.PublishedEdition
	h.decode(h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{}, 201), &out)
	if len(out.Warnings) != 0 || len(out.Edition.Entries) != 1 || out.Edition.Entries[0].Code != gone {
		t.Errorf("%+v", out)
	}
}
