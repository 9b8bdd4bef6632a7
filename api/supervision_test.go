package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// The county finds by itself that what is missing was asked for twice; the card
// is answered, found on, stated against, contested, and a leader decides. Who is
// not concerned sees nothing of it, and nobody sees that a supervisor looked.
func TestSupervisionOfACase(t *testing.T) {
	h := newHub(t)
	const market, social = "县市场监督管理局", "县人力资源和社会保障局"
	h.person("window", theCounty, market, identity.DepartmentWindow)
	h.person("reviewer", theCounty, market, identity.DepartmentReviewer)
	h.person("leader", theCounty, market, identity.DepartmentLeader)
	h.person("elsewhere", theCounty, social, identity.DepartmentLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("colleague", theCounty, "", identity.Supervisor)
	h.person("auditor", theCounty, "", identity.Auditor)
	in := h.submission("TB-SCJG-001", theCounty)
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	path := "/api/v1/cases/" + receipt.Case.Id
	item, err := h.node.Store.Item(t.Context(), "TB-SCJG-001", 1)
	check(t, err)
	ask := gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: item.Materials[0].Name, Problem: ledger.ProblemMissing, How: "请补交"}}}
	h.must("window", "POST", path+"/actions", ask, 200)
	ask.Again = "上次遗漏，联系人13800000000"
	h.must("window", "POST", path+"/actions", ask, 200)

	card := supervision.CardID(receipt.Case.Id, supervision.SecondNotice)
	until(t, "the card", func() bool {
		_, err := h.node.Store.Card(t.Context(), card)
		return err == nil
	})
	var list gen.CardList
	h.get("window", "/api/v1/cards?mine=true", &list)
	if len(list.Cards) != 1 || list.Cards[0].Id != card || list.Cards[0].State != supervision.Open || list.Cards[0].RuleEn == "" || list.Cards[0].AnswerBy.IsZero() {
		t.Fatalf("%+v", list)
	}
	h.get("elsewhere", "/api/v1/cards", &list)
	if len(list.Cards) != 0 {
		t.Errorf("another department sees %+v", list)
	}
	h.must("elsewhere", "GET", "/api/v1/cards/"+card, nil, 404)
	h.must("operator", "GET", "/api/v1/cards", nil, 403)
	act := func(login string, in gen.CardAction, status int, code string) {
		t.Helper()
		r := h.must(login, "POST", "/api/v1/cards/"+card+"/actions", in, status)
		if code != "" && !strings.Contains(r.Body.String(), code) {
			t.Errorf("%s by %s: %s", in.Kind, login, r.Body)
		}
	}
	act("elsewhere", gen.CardAction{Kind: gen.CardActAnswer, Text: "说明"}, 404, "")
	act("reviewer", gen.CardAction{Kind: gen.CardActAnswer, Text: "代答"}, 409, "card_not_asked")
	act("window", gen.CardAction{Kind: gen.CardActFind, Text: "成立"}, 403, "")
	act("window", gen.CardAction{Kind: gen.CardActAnswer, Text: "申请人电话13800000000，当日未接"}, 200, "")
	for _, days := range []int{0, casework.HeardDays - 1} {
		act("supervisor", gen.CardAction{Kind: gen.CardActFind, Breach: true, Text: "应一次性告知", StatementBy: h.api.today().AddDays(days)}, 409, "heard_days")
	}
	act("supervisor", gen.CardAction{Kind: gen.CardActFind, Breach: true, Text: "应一次性告知"}, 200, "")
	var found gen.Card
	if h.get("supervisor", "/api/v1/cards/"+card, &found); found.Finding.StatementBy.DaysSince(h.api.today()) < casework.HeardDays {
		t.Errorf("the person is heard until %s only", found.Finding.StatementBy)
	}
	act("leader", gen.CardAction{Kind: gen.CardActMeasure, Measure: gen.CardMeasureTalk, Text: "初次"}, 409, "card_unheard")
	act("leader", gen.CardAction{Kind: gen.CardActMeasure, Text: "初次"}, 400, "measure")
	act("window", gen.CardAction{Kind: gen.CardActState, Text: "材料清单有变"}, 200, "")
	act("window", gen.CardAction{Kind: gen.CardActAppeal, Text: "清单确有变动"}, 200, "")
	act("supervisor", gen.CardAction{Kind: gen.CardActSettle, Text: "维持"}, 409, "appeal_own")
	act("colleague", gen.CardAction{Kind: gen.CardActSettle, Text: "变动在告知之前"}, 200, "")
	act("leader", gen.CardAction{Kind: gen.CardActMeasure, Measure: gen.CardMeasureTalk, Text: "初次"}, 200, "")
	var shown gen.Card
	r := h.must("auditor", "GET", "/api/v1/cards/"+card, nil, 200)
	h.decode(r, &shown)
	if shown.State != supervision.Measured || shown.Measure != "talk" || shown.Finding.Person.Name != "李window" || shown.Upheld {
		t.Errorf("%+v", shown)
	}
	if strings.Contains(r.Body.String(), "13800000000") {
		t.Errorf("a phone number is shown: %s", r.Body)
	}
	h.must("auditor", "POST", "/api/v1/cards/"+card+"/actions", gen.CardAction{Kind: gen.CardActFind, Text: "x"}, 403)

	// Asking and urging: the desk answers.
	h.must("window", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseUrge, Text: "请尽快"}, 403)
	h.must("supervisor", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseUrge, Text: "请尽快"}, 200)
	var asked gen.Recorded
	h.decode(h.must("supervisor", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseAsk, Text: "为何两次告知"}, 200), &asked)
	var waiting gen.InquiryList
	h.get("window", "/api/v1/inquiries", &waiting)
	if len(waiting.Inquiries) != 1 || waiting.Inquiries[0].Id != asked.Entry || waiting.Inquiries[0].AnswerBy.IsZero() {
		t.Fatalf("%+v", waiting)
	}
	h.must("window", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseReply, Inquiry: asked.Entry, Text: "清单有变"}, 200)
	h.must("window", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseReply, Inquiry: "nothing", Text: "清单有变"}, 404)
	var of gen.CaseSupervision
	h.get("leader", path+"/supervision", &of)
	if of.Colour != gen.CaseYellow || len(of.Cards) != 1 || len(of.Urges) != 1 || len(of.Inquiries) != 1 || !of.Inquiries[0].Closed {
		t.Errorf("%+v", of)
	}

	// Reading leaves no entry behind.
	head, err := h.node.Store.Head(t.Context())
	check(t, err)
	var board gen.Board
	h.get("supervisor", "/api/v1/supervision/board", &board)
	if board.Cases != 1 || board.Yellow != 1 || len(board.Desks) != 1 || board.Desks[0].Yellow != 1 || board.Desks[0].Desk.Department != market {
		t.Errorf("%+v", board)
	}
	h.get("supervisor", "/api/v1/cards", &list)
	h.get("supervisor", path+"/supervision", &of)
	if after, err := h.node.Store.Head(t.Context()); err != nil || after != head {
		t.Errorf("reading made %d entries, %v", after-head, err)
	}
	h.must("window", "GET", "/api/v1/supervision/board", nil, 403)
	h.get("elsewhere", "/api/v1/supervision/board", &board)
	if board.Cases != 0 {
		t.Errorf("another department's board: %+v", board)
	}

	// The settings: who, when, why.
	h.must("leader", "PUT", "/api/v1/supervision/thresholds", gen.ThresholdsRequest{RedOver: 5, Reason: "试行"}, 403)
	h.must("supervisor", "PUT", "/api/v1/supervision/thresholds", gen.ThresholdsRequest{Closes: 60, Reason: "试行"}, 400)
	zero := 0
	h.must("supervisor", "PUT", "/api/v1/supervision/thresholds", gen.ThresholdsRequest{AmberLeft: &zero, RedOver: 5, Reason: "试行"}, 200)
	var set gen.ThresholdsAnswer
	h.get("window", "/api/v1/supervision/thresholds", &set)
	if set.Thresholds.AmberLeft != 0 || set.Thresholds.RedOver != 5 || set.Thresholds.AnswerDays != supervision.Defaults.AnswerDays || len(set.Changes) != 1 || set.Changes[0].Reason != "试行" || set.Changes[0].By.Role != identity.Supervisor {
		t.Errorf("%+v", set)
	}
}

// The roster: only an operator enters it, a window is headed by a section head,
// and who is not on it decides nothing and is told what to do.
func TestRoster(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	var staff gen.StaffList
	h.get("operator", "/api/v1/staff?role=department_window", &staff)
	path := "/api/v1/staff/" + staff.Staff[0].Id
	until, err := calendar.Parse("2030-12-31")
	check(t, err)
	b := gen.RosterRequest{Established: true, Rank: identity.RankDeputy, Heads: identity.HeadsWindow, Reason: "任命", Qualifications: []gen.Qualification{{Kind: "行政执法证", Until: until}}}
	if r := h.must("operator", "PUT", path+"/roster", b, 409); !strings.Contains(r.Body.String(), "rank_too_low") {
		t.Errorf("%s", r.Body)
	}
	b.Rank = identity.RankSection
	h.must("window", "PUT", path+"/roster", b, 403)
	h.must("operator", "PUT", path+"/roster", b, 200)
	h.get("window", "/api/v1/session", new(gen.Session)) // a login stays good
	h.must("operator", "POST", path+"/substitute", `{"substitute":"nobody","from":"2026-12-07","until":"2026-12-08","reason":"休假"}`, 409)
	h.must("operator", "POST", path+"/substitute", `{"from":"2026-12-08","until":"2026-12-07","reason":"休假"}`, 400)
	h.get("operator", "/api/v1/staff?role=department_window", &staff)
	if r := staff.Staff[0].Roster; !r.Established || r.Rank != identity.RankSection || r.Heads != identity.HeadsWindow || len(r.Qualifications) != 1 || r.Qualifications[0].Until != until {
		t.Errorf("%+v", r)
	}
}

// The board opens into the cases behind each of its numbers: by desk, by what
// they wait for, by colour, the worst first; and no further than a right to
// supervise reaches.
func TestCasesBehindTheBoard(t *testing.T) {
	h := newHub(t)
	const market = "县市场监督管理局"
	h.person("window", theCounty, market, identity.DepartmentWindow)
	h.person("leader", theCounty, market, identity.DepartmentLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	item, err := h.node.Store.Item(t.Context(), "TB-SCJG-001", 1)
	check(t, err)
	ids := make([]string, 2)
	for i := range ids {
		var receipt gen.CaseReceipt
		h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &receipt)
		ids[i] = receipt.Case.Id
	}
	late := ids[1]
	ask := gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: item.Materials[0].Name, Problem: ledger.ProblemMissing, How: "请补交"}}}
	h.must("window", "POST", "/api/v1/cases/"+late+"/actions", ask, 200)
	ask.Again = "上次遗漏"
	h.must("window", "POST", "/api/v1/cases/"+late+"/actions", ask, 200)
	until(t, "the card", func() bool {
		_, err := h.node.Store.Card(t.Context(), supervision.CardID(late, supervision.SecondNotice))
		return err == nil
	})
	list := func(query string) (ids []string, out gen.BoardCaseList) {
		t.Helper()
		h.get("supervisor", "/api/v1/supervision/cases"+query, &out)
		for _, c := range out.Cases {
			ids = append(ids, c.Case.Id)
		}
		return ids, out
	}
	got, all := list("")
	if len(got) != 2 || got[0] != late || all.Total != 2 || all.Cases[0].Colour != gen.BoardCaseYellow || all.Cases[1].Colour != gen.BoardCaseGreen || strings.Contains(all.Cases[0].Case.ApplicantName, "芳") {
		t.Fatalf("%+v", all)
	}
	if d := all.Cases[1].Case.Deadline; d.Kind == "" || d.Due.IsZero() {
		t.Errorf("a case is listed without what is due: %+v", d)
	}
	for query, want := range map[string]int{
		"?colour=yellow": 1, "?colour=green": 1, "?colour=red": 0, "?at=330523": 2, "?division=330523110": 0, "?verb=accept&colour=green": 1, "?verb=decide": 0,
		"?department=" + url.QueryEscape(market): 2, "?department=" + url.QueryEscape("县民政局"): 0,
	} {
		if got, _ := list(query); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	if got, out := list("?limit=1"); len(got) != 1 || out.Total != 2 {
		t.Errorf("a page: %+v", out)
	}
	h.must("window", "GET", "/api/v1/supervision/cases", nil, 403)
}
