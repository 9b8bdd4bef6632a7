package api

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The appraisal from attendance to the objection: two supervisors, a department
// whose leader sees their own people, a person who sees themselves; as JSON, CSV
// and Excel.
func TestAppraisal(t *testing.T) {
	h := newHub(t)
	const market, social = "县市场监督管理局", "县民政局"
	h.person("window", theCounty, market, identity.DepartmentWindow)
	h.person("leader", theCounty, market, identity.DepartmentLeader)
	h.person("elsewhere", theCounty, social, identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("colleague", theCounty, "", identity.Supervisor)
	h.person("auditor", theCounty, "", identity.Auditor)
	window, err := h.node.Store.StaffByLogin(t.Context(), "window")
	check(t, err)
	today := calendar.DateOf(time.Now())
	month := today.AddDays(-today.Day()).String()[:7] // the month before
	last, err := calendar.Parse(month + "-20")
	check(t, err)

	days := ledger.AttendanceRecordV1{Division: theCounty, Department: market, Days: []ledger.AttendanceDay{{Staff: window.ID, Day: last, Morning: ledger.Present, Afternoon: ledger.Absent}}}
	h.must("window", "POST", "/api/v1/attendance", days, 403)
	h.must("leader", "POST", "/api/v1/attendance", days, 200)
	wrong := days
	wrong.Department = social
	h.must("leader", "POST", "/api/v1/attendance", wrong, 403)
	h.must("supervisor", "POST", "/api/v1/attendance", wrong, 409) // not of that office
	var attended gen.AttendanceList
	h.get("leader", "/api/v1/attendance?month="+month, &attended)
	if len(attended.Days) != 1 || attended.Days[0] != days.Days[0] {
		t.Errorf("%+v", attended)
	}

	path := "/api/v1/appraisals/" + month
	mark := gen.MarkRequest{Of: ledger.Appraised{Kind: "person", Staff: window.ID}, Points: 100, Reason: "群众来信表扬"}
	h.must("leader", "POST", path+"/marks", mark, 403)
	h.must("supervisor", "POST", path+"/marks", mark, 200)
	var marks gen.MarkList
	h.get("colleague", path+"/marks", &marks)
	// Whoever reads the whole county's appraisal reads what it rests on, and adds nothing.
	for _, reader := range []string{"operator", "auditor"} {
		var seen gen.MarkList
		h.get(reader, path+"/marks", &seen)
		var there gen.AttendanceList
		h.get(reader, "/api/v1/attendance?month="+month, &there)
		if len(seen.Marks) != 1 || len(there.Days) == 0 || len(there.Days) != len(attended.Days) {
			t.Errorf("%s reads %+v and %d of %d days", reader, seen, len(there.Days), len(attended.Days))
		}
		h.must(reader, "POST", path+"/marks", mark, 403)
		h.must(reader, "POST", "/api/v1/attendance", days, 403)
	}
	h.person("neighbour", theCounty, social, identity.DepartmentLeader)
	for reader, n := range map[string]int{"leader": 1, "neighbour": 0} {
		var seen gen.MarkList
		if h.get(reader, path+"/marks", &seen); len(seen.Marks) != n {
			t.Errorf("%s reads %+v", reader, seen)
		}
	}
	h.must("window", "GET", path+"/marks", nil, 403)
	if len(marks.Marks) != 1 || marks.Marks[0].Of.Department != market {
		t.Errorf("%+v", marks)
	}
	h.must("leader", "GET", path+"?now=true", nil, 403)
	h.must("leader", "GET", path, nil, 404)
	var now gen.AppraisalReport
	h.get("supervisor", path+"?now=true", &now)
	mine := func(rows []ledger.AppraisalRow) *ledger.AppraisalRow {
		i := slices.IndexFunc(rows, func(r ledger.AppraisalRow) bool { return r.Of.Staff == window.ID })
		if i < 0 {
			return nil
		}
		return &rows[i]
	}
	if r := mine(now.Rows); r == nil || r.Figures.HalfDays != 2 || r.Figures.Present != 1 || r.Figures.Plus != 100 || r.Name != "李window" {
		t.Fatalf("%+v", now)
	}
	act := func(login string, in gen.AppraisalAction, status int, code string) {
		t.Helper()
		r := h.must(login, "POST", path+"/actions", in, status)
		if code != "" && !strings.Contains(r.Body.String(), code) {
			t.Errorf("%s by %s: %s", in.Kind, login, r.Body)
		}
	}
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActPublish}, 404, "")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft}, 400, "hash")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: strings.Repeat("0f", 32)}, 409, "appraisal_stale")
	act("leader", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: now.Hash}, 403, "")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: now.Hash}, 200, "")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActSign, Hash: now.Hash}, 409, "appraisal_own")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActPublish}, 409, "appraisal_unsigned")
	// Points that are given after the draft, or after it was signed, are not left out
	// without a word.
	mark.Points = 50
	h.must("colleague", "POST", path+"/marks", mark, 200)
	act("colleague", gen.AppraisalAction{Kind: gen.AppraisalActSign, Hash: now.Hash}, 409, "appraisal_changed")
	anew := func() {
		t.Helper()
		h.get("supervisor", path+"?now=true", &now)
		act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: now.Hash}, 200, "")
		act("colleague", gen.AppraisalAction{Kind: gen.AppraisalActSign, Hash: now.Hash}, 200, "")
	}
	anew()
	h.must("colleague", "POST", path+"/marks", mark, 200)
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActPublish}, 409, "appraisal_changed")
	anew()
	h.must("leader", "GET", path, nil, 404) // nobody sees it before it is published
	act("colleague", gen.AppraisalAction{Kind: gen.AppraisalActPublish, Hash: now.Hash}, 200, "")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: now.Hash}, 400, "reason")
	if r := h.must("supervisor", "POST", path+"/marks", mark, 409); codeOf(r.Body.String()) != "appraisal_closed" {
		t.Errorf("points for a month that was published: %s", r.Body)
	}

	var own gen.MyAppraisal
	until(t, "the person's result", func() bool {
		h.get("window", "/api/v1/appraisals/mine", &own)
		return len(own.Results) == 1
	})
	if own.Results[0].Row.Figures.Plus != 200 || own.Results[0].Month != month || len(own.Results[0].Criteria) != len(own.Results[0].Row.Points) {
		t.Errorf("%+v", own)
	}
	h.must("window", "GET", path, nil, 403)
	var seen gen.AppraisalReport
	h.get("leader", path, &seen)
	for _, r := range seen.Rows {
		if r.Of.Kind == "person" && r.Of.Department != market {
			t.Errorf("another department's %+v", r.Of)
		}
	}
	if mine(seen.Rows) == nil || seen.State != appraisal.Published {
		t.Errorf("%+v", seen)
	}
	h.get("auditor", path, &seen)
	if !slices.ContainsFunc(seen.Rows, func(r ledger.AppraisalRow) bool { return r.Of.Department == social && r.Of.Kind == "person" }) || seen.Signed.By.Name != "李colleague" {
		t.Errorf("%+v", seen)
	}

	h.must("window", "POST", path+"/objections", gen.ObjectionRequest{Text: "当日下午因公外出"}, 200)
	h.must("window", "POST", path+"/objections", gen.ObjectionRequest{Text: "再说一次"}, 409)
	var said gen.ObjectionList
	h.get("leader", path+"/objections", &said)
	if len(said.Objections) != 1 || said.Objections[0].Answered {
		t.Errorf("%+v", said)
	}
	h.must("leader", "POST", path+"/objections/"+window.ID, gen.ObjectionAnswerRequest{Text: "属实"}, 403)
	h.must("colleague", "POST", path+"/objections/"+window.ID, gen.ObjectionAnswerRequest{Text: "属实，更正", Upheld: true}, 200)
	h.must("colleague", "POST", path+"/objections/nobody", gen.ObjectionAnswerRequest{Text: "属实"}, 404)
	days.Days[0].Afternoon = ledger.Away
	h.must("leader", "POST", "/api/v1/attendance", days, 200)
	h.get("supervisor", path+"?now=true", &now)
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActDraft, Hash: now.Hash, Reason: "申诉成立，更正考勤"}, 200, "")
	act("colleague", gen.AppraisalAction{Kind: gen.AppraisalActSign, Hash: now.Hash}, 200, "")
	act("supervisor", gen.AppraisalAction{Kind: gen.AppraisalActPublish}, 200, "")
	until(t, "the corrected result", func() bool {
		h.get("window", "/api/v1/appraisals/mine", &own)
		return len(own.Results) == 1 && own.Results[0].Edition == 2
	})
	if own.Results[0].Row.Figures.Present != 2 || len(own.Objections) != 1 || !own.Objections[0].Upheld {
		t.Errorf("%+v", own)
	}
	h.get("supervisor", path+"?edition=1", &seen)
	if r := mine(seen.Rows); r.Figures.Present != 1 || seen.State != appraisal.Published {
		t.Errorf("the first edition has changed: %+v", r)
	}

	// The same cells as CSV and Excel.
	page := h.send(request0{method: "GET", path: path + "?format=csv", token: h.token("supervisor")})
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(page.Body.String(), "\ufeff"))).ReadAll()
	if page.Code != 200 || err != nil || len(lines) != len(now.Rows)+1 {
		t.Fatalf("%d %v: %d lines of %d", page.Code, err, len(lines), len(now.Rows))
	}
	f, err := excelize.OpenReader(bytes.NewReader(h.send(request0{method: "GET", path: path + "?format=xlsx", token: h.token("supervisor")}).Body.Bytes()))
	check(t, err)
	defer f.Close()
	rows, err := f.GetRows("Sheet1")
	check(t, err)
	for i := range lines {
		if strings.Join(rows[i], "|") != strings.Join(lines[i], "|") {
			t.Errorf("Excel says %q, CSV %q", rows[i], lines[i])
		}
	}

	// A scorecard, from next month on.
	card := ledger.AppraisalScorecardV1{From: today.AddDays(31).String()[:7], Offices: appraisal.Default.Offices, Persons: []ledger.AppraisalCriterion{{Measure: "on_time", Points: 90_00, None: 800, All: 1000}}, Reason: "试行"}
	h.must("supervisor", "PUT", "/api/v1/appraisal/scorecard", card, 400) // does not add up to a hundred
	card.Persons[0].Points = 100_00
	h.must("leader", "PUT", "/api/v1/appraisal/scorecard", card, 403)
	h.must("supervisor", "PUT", "/api/v1/appraisal/scorecard", card, 200)
	var cards gen.ScorecardList
	h.get("leader", "/api/v1/appraisal/scorecard", &cards)
	if len(cards.Scorecards) != 2 || cards.Scorecards[0].Reason != "试行" {
		t.Errorf("%+v", cards)
	}
	var all gen.AppraisalList
	h.get("leader", "/api/v1/appraisals", &all)
	if len(all.Appraisals) != 1 || all.Appraisals[0].Edition != 2 {
		t.Errorf("%+v", all)
	}
}
