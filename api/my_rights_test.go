package api

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
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
	"github.com/tongban/tongban/node/result"
)

// withDesk adds those at the county who take up and decide what the firm applies for.
func (g *guests) withDesk() {
	g.hub.person("desk", theCounty, marketBoard, identity.DepartmentWindow)
	g.hub.person("looks", theCounty, marketBoard, identity.DepartmentReviewer)
	g.hub.person("chief", theCounty, marketBoard, identity.DepartmentLeader)
}

// forFirm is an application of the firm by its agent, and takenUp one that was
// accepted at the county.
func (g *guests) forFirm() gen.MySubmission {
	in := g.agent.application("TB-SCJG-001")
	in.Division, in.ActingFor = theCounty, g.firm.account
	return in
}

func (g *guests) takenUp() string {
	g.hub.t.Helper()
	var r gen.MyReceipt
	g.agent.want("POST", "/api/v1/my/cases", g.forFirm(), 201, &r)
	g.hub.act("desk", r.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	return r.Case.Id
}

// under sends an action of an applicant under a key of one's own.
func (g *guest) under(key, id string, a gen.MyAction) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.send(request0{method: "POST", path: "/api/v1/my/cases/" + id + "/actions", body: a, token: g.token, header: map[string]string{"Idempotency-Key": key}})
}

// refused sends an action and wants it to be refused with a code.
func (g *guest) refused(what, id string, a gen.MyAction, code string) {
	g.t.Helper()
	if r := outcome(g.site, g.ask("POST", "/api/v1/my/cases/"+id+"/actions", a)); !strings.HasSuffix(r, code) {
		g.t.Errorf("%s: %s, want %s", what, r, code)
	}
}

func (g *guest) mine(id string) (c gen.MyCase) {
	g.t.Helper()
	g.want("GET", "/api/v1/my/cases/"+id, nil, 200, &c)
	return c
}

// TestHearingFromHome: who was told of the right to a hearing asks for it from home, in
// time, once; the desk that decides sees it and is held to it, and who gives the
// hearing up afterwards holds nothing up (Administrative Licence Law art. 47).
func TestHearingFromHome(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	id := g.takenUp()
	ask, waive := gen.MyAction{Kind: gen.MyAskHearing, Reason: "对拟作出的决定有异议"}, gen.MyAction{Kind: gen.MyWaiveHearing}
	g.agent.refused("before it was told", id, ask, "hearing_untold")
	today := calendar.DateOf(time.Now())
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActTellHearing, Matter: "临近住宅", Before: today.AddDays(14), Parties: []string{"梅溪村"}})
	c := g.agent.mine(id)
	if h := c.Hearing; !h.Open || h.Before != today.AddDays(14) || h.Matter != "临近住宅" || h.Wish != "" {
		t.Errorf("%+v", h)
	}
	if !slices.Contains(c.Actions, gen.MyAskHearing) || !slices.Contains(c.Actions, gen.MyWaiveHearing) {
		t.Errorf("%v", c.Actions)
	}
	var list gen.MyCases
	g.firm.want("GET", "/api/v1/my/cases", nil, 200, &list)
	if len(list.Cases) != 1 || len(list.Cases[0].ToDo) != 1 || list.Cases[0].ToDo[0].Kind != gen.ToDoHearing || list.Cases[0].ToDo[0].Before != today.AddDays(14) {
		t.Errorf("%+v", list.Cases)
	}
	for _, stranger := range []*guest{g.one, g.two} {
		stranger.refused("a stranger", id, ask, "404 not_found")
	}
	var first, again gen.MyReceipt
	g.hub.decode(g.agent.under("hearing-0001", id, ask), &first)
	g.hub.decode(g.agent.under("hearing-0001", id, ask), &again)
	if first.Recorded.Entry == "" || first.Recorded.Entry != again.Recorded.Entry {
		t.Fatalf("%+v, again %+v", first, again)
	}
	other := gen.MyAction{Kind: gen.MyAskHearing, Reason: "另有理由"}
	if r := outcome(g.hub, g.agent.under("hearing-0001", id, other)); r != "409 key_reused" {
		t.Errorf("other words under the same key: %s", r)
	}
	g.agent.refused("twice", id, ask, "hearing_wished")
	g.firm.refused("by the firm itself, too", id, ask, "hearing_wished")
	if c = g.agent.mine(id); c.Hearing.Wish != gen.HearingAsked || c.Hearing.WishedMs == 0 || slices.Contains(c.Actions, gen.MyAskHearing) || len(c.Summary.ToDo) != 0 {
		t.Errorf("%+v, %v", c.Hearing, c.Actions)
	}

	// The desk sees who wants it, and from where, and cannot pass it over.
	var seen gen.Case
	g.hub.get("desk", "/api/v1/cases/"+id, &seen)
	if w := seen.HearingWishes; len(w) != 1 || w[0].Entry != first.Recorded.Entry || !w[0].Online || w[0].Interested || w[0].Waived || w[0].Reason == "" || w[0].Replaced {
		t.Errorf("%+v", w)
	}
	decide := gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"}
	if r := g.hub.as("chief", "POST", "/api/v1/cases/"+id+"/actions", decide); r != "409 hearing_asked" {
		t.Errorf("decided although a hearing was asked for: %s", r)
	}

	g.firm.want("POST", "/api/v1/my/cases/"+id+"/actions", waive, 200, nil)
	seen = gen.Case{}
	g.hub.get("desk", "/api/v1/cases/"+id, &seen)
	if w := seen.HearingWishes; len(w) != 2 || !w[0].Replaced || w[1].Replaced || !w[1].Waived {
		t.Errorf("%+v", w)
	}
	if r := g.hub.as("chief", "POST", "/api/v1/cases/"+id+"/actions", decide); r != "409 hearing_wait" {
		t.Errorf("decided while another can ask: %s", r)
	}
	givesUp := gen.CaseAction{Kind: gen.ActAskHearing, Party: "梅溪村", Interested: true, Waived: true, Reason: "无意见"}
	if r := g.hub.as("desk", "POST", "/api/v1/cases/"+id+"/actions", givesUp); r != "409 waiver_unproven" {
		t.Errorf("given up at a desk with nothing signed: %s", r)
	}
	givesUp.Proof = []catalog.AttachmentRef{{Hash: strings.Repeat("0f", 32), Name: "x.png", Size: 4, Type: "image/png"}}
	if r := g.hub.as("desk", "POST", "/api/v1/cases/"+id+"/actions", givesUp); !strings.HasPrefix(r, "400") {
		t.Errorf("given up by a scan that is not there: %s", r)
	}
	givesUp.Proof = []catalog.AttachmentRef{g.hub.upload("desk", picture(t), "放弃声明.png")}
	g.hub.act("desk", id, givesUp)
	g.hub.get("desk", "/api/v1/cases/"+id, &seen)
	if w := seen.HearingWishes; len(w) != 3 || len(w[2].Proof) != 1 || w[2].Proof[0].Hash != givesUp.Proof[0].Hash {
		t.Errorf("what was signed is shown as %+v", w)
	}
	g.hub.act("chief", id, decide)
	g.agent.refused("after the decision", id, ask, "decided")
	if c = g.agent.mine(id); c.Hearing.Open || slices.Contains(c.Actions, gen.MyAskHearing) || slices.Contains(c.Actions, gen.MyWaiveHearing) {
		t.Errorf("%+v, %v", c.Hearing, c.Actions)
	}

	var line gen.MyTimeline
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/timeline", nil, 200, &line)
	var told []string
	for _, s := range line.Steps {
		if strings.HasPrefix(s.Kind, "hearing.") {
			told = append(told, s.WhatZh+"："+s.Said)
		}
	}
	if want := []string{"告知听证权利：临近住宅", "申请听证：对拟作出的决定有异议", "放弃听证：", "利害关系人放弃听证："}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/documents/hearing_notice", nil, 200, nil)
}

// TestHeardFromHome: the holder of a licence answers from home what is proposed about
// it, also long after the case has ended, with papers of their own; it is decided
// once they were heard (art. 36, 69).
func TestHeardFromHome(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	today := calendar.DateOf(time.Now())
	id := g.licensed(today.AddDays(40))
	path := "/api/v1/cases/" + id + "/results"
	propose := gen.ResultAction{Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "提交虚假租赁合同", Before: today.AddDays(7)}
	agree := func(p string, agreed bool) gen.ResultAction {
		return gen.ResultAction{Kind: gen.ResultActDecide, Proposal: p, Agreed: yes(agreed), Reasons: "经调查"}
	}
	state := gen.MyAction{Kind: gen.MyState, Proposal: "x", Text: "合同为房东提供"}
	g.agent.refused("of no proposal", id, state, "proposal_unknown")
	var out gen.ResultReceipt
	g.hub.decode(g.hub.must("looks", "POST", path, propose, 200), &out)
	proposal := out.Results.Proposals[0].ID
	c := g.agent.mine(id)
	if c.Summary.Status != casework.Closed || !slices.Equal(c.Actions, []gen.MyActionKind{gen.MyState}) || len(c.Summary.ToDo) != 1 || c.Summary.ToDo[0].Kind != gen.ToDoStatement || c.Summary.ToDo[0].Before != today.AddDays(7) {
		t.Errorf("%s, %v, %+v", c.Summary.Status, c.Actions, c.Summary.ToDo)
	}
	if len(c.Proposals) != 1 || c.Proposals[0].Id != proposal || c.Proposals[0].Number != "JY-1" || c.Proposals[0].Reason != propose.Reason {
		t.Errorf("%+v", c.Proposals)
	}
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/documents/revocation_notice", nil, 200, nil)
	state.Proposal = proposal
	g.two.refused("a stranger", id, state, "404 not_found")
	g.agent.refused("without words", id, gen.MyAction{Kind: gen.MyState, Proposal: proposal}, "400 invalid_request")
	stolen := state
	stolen.Proof = []catalog.AttachmentRef{g.two.upload(append(picture(t), "two's"...), "合同.png")}
	g.agent.refused("with another's paper", id, stolen, "400 invalid_request")
	state.Proof = []catalog.AttachmentRef{g.agent.upload(append(picture(t), "lease"...), "合同.png")}
	var first, again gen.MyReceipt
	g.hub.decode(g.agent.under("state-000001", id, state), &first)
	g.hub.decode(g.agent.under("state-000001", id, state), &again)
	if first.Recorded.Entry == "" || first.Recorded.Entry != again.Recorded.Entry {
		t.Fatalf("%+v, again %+v", first, again)
	}
	g.firm.want("GET", "/api/v1/my/attachments/"+state.Proof[0].Hash+"?case="+id, nil, 200, nil)
	var seen gen.CaseResults
	g.hub.get("chief", path, &seen)
	if s := seen.Proposals[0].Statements; len(s) != 1 || s[0].Text != state.Text || s[0].By.Role != identity.Applicant {
		t.Errorf("%+v", s)
	}
	if c = g.firm.mine(id); len(c.Summary.ToDo) != 0 || len(c.Proposals[0].Statements) != 1 || !c.Proposals[0].Statements[0].Online {
		t.Errorf("%+v", c.Proposals)
	}
	g.hub.must("chief", "POST", path, agree(proposal, false), 200)
	g.agent.refused("after it was decided", id, state, "proposal_decided")

	// Given up, it is decided at once: whose account says so needs no paper.
	g.hub.decode(g.hub.must("looks", "POST", path, propose, 200), &out)
	proposal = out.Results.Proposals[1].ID
	if r := g.hub.as("chief", "POST", path, agree(proposal, true)); r != "409 holder_unheard" {
		t.Errorf("revoked unheard: %s", r)
	}
	g.firm.want("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MyState, Proposal: proposal, Text: "放弃陈述申辩", Waived: true}, 200, nil)
	g.hub.must("chief", "POST", path, agree(proposal, true), 200)
	c = g.agent.mine(id)
	if len(c.Actions) != 0 || len(c.Results) != 1 || c.Results[0].Result.State != result.Revoked || c.Results[0].Renewal.May || !c.Proposals[1].Decision.Agreed {
		t.Errorf("%v, %+v", c.Actions, c.Results)
	}
	revoked := "/api/v1/my/cases/" + id + "/documents/revocation_decision"
	g.agent.want("GET", revoked, nil, 409, nil) // without its seal it is no valid document
	g.hub.seal("desk", id, "revocation_decision", gen.PaperRequest{})
	g.agent.want("GET", revoked, nil, 200, nil)
	var line gen.MyTimeline
	g.agent.want("GET", "/api/v1/my/cases/"+id+"/timeline", nil, 200, &line)
	var told []string
	for _, s := range line.Steps {
		if strings.HasPrefix(s.Kind, "result.") {
			told = append(told, s.Kind+" "+s.Said)
		}
	}
	want := []string{"result.propose 提交虚假租赁合同", "result.state 合同为房东提供", "result.decide 经调查", "result.propose 提交虚假租赁合同", "result.state 放弃陈述申辩", "result.decide 经调查"}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

// licensed is a case of the firm in which a licence was issued and handed over that
// holds until a day.
func (g *guests) licensed(until calendar.Date) string {
	g.hub.t.Helper()
	id := g.takenUp()
	v, err := g.hub.node.Store.ItemInForce(g.hub.t.Context(), "TB-SCJG-001", 1<<60)
	check(g.hub.t, err)
	g.hub.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: v.Results[0].Name, Number: "JY-1", ValidUntil: until.String()}}})
	var before gen.MyResults
	g.agent.want("GET", "/api/v1/my/results", nil, 200, &before)
	if len(before.Results) != 0 {
		g.hub.t.Errorf("shown before it was served: %+v", before.Results)
	}
	g.hub.sealDecision("desk", id)
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActDeliver, Recipient: "赵敏", Relation: "经办人", Method: gen.ByDirect})
	return id
}

// TestRenewalFromHome: what was issued is listed with what it is worth, and its holder
// has it renewed from home, once (art. 50).
func TestRenewalFromHome(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	today := calendar.DateOf(time.Now())
	id := g.licensed(today.AddDays(40))
	var all gen.MyResults
	g.agent.want("GET", "/api/v1/my/results", nil, 200, &all)
	if len(all.Results) != 1 {
		t.Fatalf("%+v", all)
	}
	if r := all.Results[0]; r.Case != id || r.Holder != g.firm.name || r.Result.Number != "JY-1" || r.Result.State != result.Valid || !r.Renewal.May || r.Renewal.Late || r.Renewal.ApplyBy != today.AddDays(10) {
		t.Errorf("%+v", r)
	}
	all = gen.MyResults{}
	g.firm.want("GET", "/api/v1/my/results", nil, 200, &all)
	if len(all.Results) != 1 || !all.Results[0].Renewal.May {
		t.Errorf("%+v", all)
	}
	if of := g.agent.mine(id); of.ActingFor != g.firm.account || of.ForOther || of.Division != theCounty {
		t.Errorf("%+v", of)
	}
	if of := g.firm.mine(id); of.ActingFor != "" || of.ForOther {
		t.Errorf("%+v", of)
	}
	all = gen.MyResults{}
	g.two.want("GET", "/api/v1/my/results", nil, 200, &all)
	if len(all.Results) != 0 {
		t.Errorf("another's: %+v", all)
	}
	in := g.forFirm()
	in.Renews = gen.RenewalRequest{Case: g.agent.mine(id).Summary.Number, Result: "1"}
	others := g.two.application("TB-SCJG-001")
	others.Division, others.Renews = theCounty, in.Renews
	if r := outcome(g.hub, g.two.ask("POST", "/api/v1/my/cases", others)); r != "409 renewal_unknown" {
		t.Errorf("another's licence: %s", r)
	}
	var report gen.CheckReport
	g.agent.want("POST", "/api/v1/my/cases/check", in, 200, &report)
	if !report.Ok {
		t.Fatalf("%+v", report)
	}
	var r gen.MyReceipt
	g.agent.want("POST", "/api/v1/my/cases", in, 201, &r)
	c := g.agent.mine(r.Case.Id)
	if c.Renews.Case != id || c.Renews.Number != "JY-1" || c.Renews.Until != today.AddDays(40) {
		t.Errorf("%+v", c.Renews)
	}
	g.agent.want("POST", "/api/v1/my/cases/check", in, 200, &report)
	if report.Ok || report.Refusal.Code != "renewal_open" {
		t.Errorf("%+v", report)
	}
	if r := outcome(g.hub, g.agent.ask("POST", "/api/v1/my/cases", in)); r != "409 renewal_open" {
		t.Errorf("twice: %s", r)
	}
	g.agent.want("GET", "/api/v1/my/results", nil, 200, &all)
	if n := all.Results[0].Renewal; n.May || n.WhyNot.Code != "renewal_open" || len(n.Asked) != 1 || n.Asked[0].Id != r.Case.Id {
		t.Errorf("%+v", n)
	}
	// The desk sees what it renews, and decides it before that expires.
	var seen gen.Case
	g.hub.get("desk", "/api/v1/cases/"+r.Case.Id, &seen)
	if seen.Renews.Number != "JY-1" {
		t.Errorf("%+v", seen.Renews)
	}
	g.hub.act("desk", r.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	g.hub.act("chief", r.Case.Id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予延续"})
	report = gen.CheckReport{}
	g.agent.want("POST", "/api/v1/my/cases/check", in, 200, &report)
	if report.Refusal.Code != "renewal_granted" {
		t.Errorf("%+v", report)
	}
}

// TestPapersOfAnEarlierCase: what was handed in and not taken up is put right and handed
// in anew with the papers that were brought then, also by whom somebody else brought
// them for; nobody names those of a case that is not theirs.
func TestPapersOfAnEarlierCase(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	var r gen.MyReceipt
	g.agent.want("POST", "/api/v1/my/cases", g.forFirm(), 201, &r)
	g.hub.act("desk", r.Case.Id, gen.CaseAction{Kind: gen.ActReject, Ground: gen.RejectOther, Reason: "不属于本机关职权范围"})
	before := g.firm.mine(r.Case.Id)
	in := gen.MySubmission{Item: before.Summary.Item, Division: before.Division, Form: before.Form, Materials: before.Materials, Phone: "13800000000"}
	if r := outcome(g.hub, g.firm.ask("POST", "/api/v1/my/cases", in)); r != "400 invalid_request" {
		t.Errorf("files that the agent uploaded: %s", r)
	}
	others := g.two.application("TB-SCJG-001")
	others.Division, others.Materials, others.PapersOf = theCounty, before.Materials, before.Summary.Id
	if r := outcome(g.hub, g.two.ask("POST", "/api/v1/my/cases", others)); r != "404 not_found" {
		t.Errorf("another's case: %s", r)
	}
	in.PapersOf = before.Summary.Number
	var again gen.MyReceipt
	g.firm.want("POST", "/api/v1/my/cases", in, 201, &again)
	if c := g.firm.mine(again.Case.Id); len(c.Materials) != len(before.Materials) || c.Materials[0].Attachments[0].Hash != before.Materials[0].Attachments[0].Hash {
		t.Errorf("%+v", c.Materials)
	}
}

// TestMyChanges: an applicant's page is told that something of theirs changed, and
// nothing of what; of others' cases, and of what offices note for each other, nothing.
// A closed account is told nothing more, and one account has few streams.
func TestMyChanges(t *testing.T) {
	g := newGuests(t)
	g.withDesk()
	server := httptest.NewServer(g.hub.api)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	open := func(who *guest) *http.Response {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/my/changes", nil)
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+who.token)
		res, err := server.Client().Do(q)
		check(t, err)
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	told := func(lines *bufio.Scanner) string {
		t.Helper()
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return v
			}
		}
		t.Fatal("the stream ended")
		return ""
	}
	firm, agent, two := bufio.NewScanner(open(g.firm).Body), bufio.NewScanner(open(g.agent).Body), bufio.NewScanner(open(g.two).Body)
	for _, lines := range []*bufio.Scanner{firm, agent, two} {
		if v := told(lines); v != "{}" {
			t.Errorf("the first event says %s", v)
		}
	}
	if r := outcome(g.hub, g.hub.send(request0{method: "GET", path: "/api/v1/my/changes", token: g.hub.token("desk")})); r != "401 unauthenticated" {
		t.Errorf("staff: %s", r)
	}
	var mine gen.MyReceipt
	g.agent.want("POST", "/api/v1/my/cases", g.forFirm(), 201, &mine)
	for _, lines := range []*bufio.Scanner{firm, agent} {
		if v := told(lines); v != "{}" {
			t.Errorf("it says %s", v)
		}
	}
	// What is another's, and what nobody at home is told of, comes to nothing: the next
	// event of the second person is that of their own case.
	id := mine.Case.Id
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActAccept})
	for _, lines := range []*bufio.Scanner{firm, agent} {
		told(lines)
	}
	looked := &myChanges{s: g.hub.api, ctx: ctx, account: g.firm.account, begun: true}
	looked.request = httptest.NewRequest("GET", "/api/v1/my/changes", nil)
	looked.request.Header.Set("Authorization", "Bearer "+g.firm.token)
	looked.after = lastMove(t, g.hub)
	g.hub.must("desk", "GET", "/api/v1/cases/"+id+"?reveal=true", nil, 200)
	if hint, err := looked.hint(); hint != nil || err != nil {
		t.Errorf("somebody looked at the case: %v %v", hint, err)
	}
	others := *looked
	others.account = g.two.account
	others.request = looked.request.Clone(ctx)
	others.request.Header.Set("Authorization", "Bearer "+g.two.token)
	g.hub.act("desk", id, gen.CaseAction{Kind: gen.ActTellHearing, Matter: "临近住宅", Before: calendar.DateOf(time.Now()).AddDays(14)})
	if hint, err := looked.hint(); hint == nil || err != nil {
		t.Errorf("they were told of a hearing: %v %v", hint, err)
	}
	if hint, err := others.hint(); hint != nil || err != nil {
		t.Errorf("another was told: %v %v", hint, err)
	}
	others.account = g.one.account
	if _, err := others.hint(); err == nil {
		t.Error("a stream goes on under another's login")
	}

	// Few streams an account.
	for range maxPages - 1 {
		if res := open(g.two); res.StatusCode != 200 {
			t.Fatalf("%d", res.StatusCode)
		}
	}
	if res := open(g.two); res.StatusCode != 429 {
		t.Errorf("one more: %d", res.StatusCode)
	}
	yes := true
	g.hub.must("operator", "POST", "/api/v1/accounts/disable", gen.AccountDisabling{Type: "person", Number: g.two.number, Disabled: &yes, Reason: "本人申请"}, 200)
	g.hub.act("chief", id, gen.CaseAction{Kind: gen.ActComment, Text: "内部"})
	for two.Scan() {
		if strings.HasPrefix(two.Text(), "data: ") {
			t.Errorf("after the account was closed: %s", two.Text())
		}
	}
	if ctx.Err() != nil {
		t.Error("the stream of a closed account goes on")
	}
	g.hub.api.EndStreams()
	for firm.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream did not end with the node")
	}
}

func lastMove(t *testing.T, h *site) int64 {
	t.Helper()
	n, err := h.node.Store.LastMove(t.Context())
	check(t, err)
	return n
}
