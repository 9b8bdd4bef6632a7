package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestStatedBeforeARefusal: whoever is told that a refusal is intended states their
// case from home and at a window, and others with an interest at a window; the desk
// sees it in its queue, and does not refuse before the time is over or without saying
// what became of it (Administrative Licence Law art. 7, 36).
//
// Rules: 2.27.
func TestStatedBeforeARefusal(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	g.hub.person("other", theCounty, "县林业局", identity.DepartmentLeader)
	id, other := g.takenUp(), g.takenUp()
	path := "/api/v1/cases/" + id + "/actions"
	today := calendar.DateOf(time.Now())
	decide := gen.CaseAction{Kind: gen.ActDecide, Granted: yes(false), Opinion: "经营场所面积不足"}
	state := gen.MyAction{Kind: gen.MyState, Text: "面积已扩大"}

	// The right is there from acceptance on, told or not; given up it is once it was told.
	c := g.agent.mine(id)
	if !c.Refusal.Open || c.Refusal.Id != "" || !slices.Contains(c.Actions, gen.MyState) || len(c.Summary.ToDo) != 0 {
		t.Errorf("%+v, %v", c.Refusal, c.Actions)
	}
	g.agent.refused("given up before it was told", id, gen.MyAction{Kind: gen.MyState, Text: "x", Waived: true}, "400 invalid_request")
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActTellRefusal, Reason: "经营场所面积不足", Before: today.AddDays(7), Parties: []string{"梅溪村"}})
	if r := g.hub.as("desk", "POST", path, gen.CaseAction{Kind: gen.ActTellRefusal, Reason: "经营场所面积不足", Before: today.AddDays(9)}); r != "409 refusal_told" {
		t.Errorf("told twice: %s", r)
	}
	c = g.agent.mine(id)
	if c.Refusal.Reason != "经营场所面积不足" || c.Refusal.Before != today.AddDays(7) || len(c.Summary.ToDo) != 1 || c.Summary.ToDo[0].Kind != gen.ToDoStatement || c.Summary.ToDo[0].Before != today.AddDays(7) {
		t.Errorf("%+v, %+v", c.Refusal, c.Summary.ToDo)
	}
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/documents/refusal_notice", nil, 200, nil)
	if r := g.hub.as("chief", "POST", path, decide); r != "409 statement_wait" {
		t.Errorf("refused while they may speak: %s", r)
	}

	state.Proposal = c.Refusal.Id
	for _, stranger := range []*guest{g.one, g.two} {
		stranger.refused("a stranger", id, state, "404 not_found")
	}
	g.agent.refused("of what was told in another case", other, state, "proposal_unknown")
	stolen := state
	stolen.Proof = []catalog.AttachmentRef{g.two.upload(append(picture(t), "two's"...), "平面图.png")}
	g.agent.refused("with another's paper", id, stolen, "400 invalid_request")
	state.Proof = []catalog.AttachmentRef{g.agent.upload(append(picture(t), "plan"...), "平面图.png")}
	var first, again gen.MyReceipt
	g.hub.decode(g.agent.under("spoke-000001", id, state), &first)
	g.hub.decode(g.agent.under("spoke-000001", id, state), &again)
	if first.Recorded.Entry == "" || first.Recorded.Entry != again.Recorded.Entry {
		t.Fatalf("%+v, again %+v", first, again)
	}
	g.firm.want("GET", "/api/v1/my/attachments/"+state.Proof[0].Hash+"?case="+id, nil, 200, nil)
	if c = g.firm.mine(id); len(c.Refusal.Statements) != 1 || !c.Refusal.Statements[0].Online || len(c.Summary.ToDo) != 0 {
		t.Errorf("%+v, %+v", c.Refusal, c.Summary.ToDo)
	}

	// A neighbour's is taken at a window, and is not the applicant's to read.
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActState, Proposal: state.Proposal, Party: "梅溪村", Interested: true, Text: "梅溪村：夜间噪音扰民，电话13812345678，证件330599199002290010"})
	var seen gen.Case
	g.hub.get("chief", "/api/v1/cases/"+id, &seen)
	if s := seen.Statements; len(s) != 2 || s[0].Entry != first.Recorded.Entry || !s[0].Online || s[0].Text == "" || len(s[0].Proof) != 1 || !s[1].Interested || s[1].Online || !slices.Equal(seen.Summary.Voices, []casework.Voice{casework.VoiceStatement}) {
		t.Errorf("%+v, %v", s, seen.Summary.Voices)
	}
	// Who has an interest is shown masked like the applicant, until somebody asks to see
	// the case plainly, which is logged.
	for _, path := range []string{"/api/v1/cases/" + id, "/api/v1/cases/" + id + "/timeline"} {
		masked := g.hub.must("chief", "GET", path, nil, 200).Body.String()
		if strings.Contains(masked, "梅溪村") || strings.Contains(masked, "13812345678") || !strings.Contains(masked, "梅**") || !strings.Contains(masked, "夜间噪音扰民") {
			t.Errorf("%s: %s", path, masked)
		}
		if plain := g.hub.must("chief", "GET", path+"?reveal=true", nil, 200).Body.String(); !strings.Contains(plain, "梅溪村") || !strings.Contains(plain, "13812345678") {
			t.Errorf("%s, revealed: %s", path, plain)
		}
	}
	for _, path := range []string{"/api/v1/my/cases/" + id, "/api/v1/my/cases/" + id + "/timeline"} {
		if mine := g.agent.ask("GET", path, nil).Body.String(); strings.Contains(mine, "13812345678") || strings.Contains(mine, "330599199002290010") {
			t.Errorf("the applicant reads the numbers of who has an interest at %s: %s", path, mine)
		}
	}
	if r := g.agent.ask("GET", "/api/v1/my/cases/"+id, nil).Body.String() + g.agent.ask("GET", "/api/v1/my/cases/"+id+"/timeline", nil).Body.String(); strings.Contains(r, "噪音") {
		t.Errorf("the applicant reads what the neighbour said: %s", r)
	}

	// The queue shows which cases somebody spoke in, and lists them alone.
	voiced := func(who, query string) (ids []string) {
		var list gen.CaseList
		g.hub.get(who, "/api/v1/cases?"+query, &list)
		for _, s := range list.Cases {
			if len(s.Voices) > 0 {
				ids = append(ids, s.Id)
			} else if strings.Contains(query, "voice=") {
				t.Errorf("%s: %s has no voice", query, s.Number)
			}
		}
		return ids
	}
	for query, want := range map[string][]string{"order=due": {id}, "order=newest": {id}, "order=due&voice=any": {id}, "voice=statement": {id}, "voice=hearing": nil, "view=waiting&order=due&voice=statement": {id}} {
		if got := voiced("chief", query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if got := voiced("other", "voice=any"); got != nil {
		t.Errorf("another department lists %v", got)
	}

	// All have given up the rest of the time: what was said is weighed all the same.
	g.firm.want("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MyState, Proposal: state.Proposal, Text: "放弃补充", Waived: true}, 200, nil)
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActState, Proposal: state.Proposal, Party: "梅溪村", Interested: true, Waived: true, Text: "无补充", Proof: []catalog.AttachmentRef{g.hub.upload("desk", picture(t), "声明.png")}})
	if r := g.hub.as("chief", "POST", path, decide); r != "409 unweighed" {
		t.Errorf("refused without a word on what was said: %s", r)
	}
	decide.Weighed = "经复测面积仍不足，不予采纳"
	g.hub.act("chief", id, decide)
	if got := voiced("chief", "voice=any"); got != nil {
		t.Errorf("decided, and still waits: %v", got)
	}
	g.hub.decode(g.agent.under("spoke-000001", id, state), &again)
	if first.Recorded.Entry != again.Recorded.Entry {
		t.Errorf("repeated after the decision: %+v", again)
	}
	state.Text = "再次申辩"
	g.agent.refused("after the decision", id, state, "decided")
	page := g.hub.must("desk", "GET", "/api/v1/cases/"+id+"/documents/refusal_decision?format=html", nil, 200).Body.String()
	if !strings.Contains(page, decide.Weighed) {
		t.Errorf("%s", page)
	}
	var line gen.MyTimeline
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/timeline", nil, 200, &line)
	var told []string
	for _, s := range line.Steps {
		if strings.HasPrefix(s.Kind, "refusal.") || s.Kind == string(ledger.CaseDecide) {
			told = append(told, s.WhatZh+"："+s.Said)
		}
	}
	if want := []string{"告知拟不予办理，您可以陈述申辩：经营场所面积不足", "陈述申辩：面积已扩大", "利害关系人陈述意见：", "放弃陈述申辩：放弃补充", "利害关系人放弃陈述申辩：", "作出决定：经营场所面积不足\n对陈述申辩的采纳情况：经复测面积仍不足，不予采纳"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}
