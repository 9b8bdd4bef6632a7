package api

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/supervision"
)

// Random sampling by a published seed that anybody can recompute: anybody draws
// again from what is public, without names and numbers; a supervisor inspects;
// faults make a card, which takes its course as every other.
func TestSamples(t *testing.T) {
	h := newHub(t)
	const market = "县市场监督管理局"
	h.person("window", theCounty, market, identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("auditor", theCounty, "", identity.Auditor)
	var ids, numbers []string
	for range 4 {
		in := h.submission("TB-SCJG-001", theCounty)
		var receipt gen.CaseReceipt
		h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
		h.act("window", receipt.Case.Id, gen.CaseAction{Kind: gen.ActReject, Ground: gen.RejectCompetence, Reason: "不属于本机关职权范围", Authority: "县民政局"})
		ids, numbers = append(ids, receipt.Case.Id), append(numbers, receipt.Case.Number)
	}
	today := calendar.DateOf(time.Now())
	rule := ledger.SampleDrawV1{From: today, To: today, By: "department", Permille: 500, After: 20, Reason: "关于张三的举报"}
	ahead := rule
	ahead.To = today.AddDays(1)
	h.must("supervisor", "POST", "/api/v1/samples", ahead, 409)
	h.must("window", "POST", "/api/v1/samples", rule, 403)
	h.must("auditor", "POST", "/api/v1/samples", rule, 403)
	wrong := rule
	wrong.To = rule.From.AddDays(-1)
	h.must("supervisor", "POST", "/api/v1/samples", wrong, 400)
	var drawn gen.Sample
	h.decode(h.must("supervisor", "POST", "/api/v1/samples", rule, 201), &drawn)
	if drawn.Population != 4 || drawn.Ready || drawn.Size != drawn.Index+20 {
		t.Fatalf("%+v", drawn)
	}
	path := "/api/v1/samples/" + drawn.Id
	sheet := func(id, fault string) gen.SampleSheetRequest {
		r := gen.SampleSheetRequest{Case: id}
		for _, c := range sampling.Checks {
			p := ledger.SamplePoint{Check: c.Code, Result: ledger.PointOK}
			if c.Code == fault {
				p.Result, p.Note = ledger.PointFault, "联系电话13800000000，未接"
			}
			r.Points = append(r.Points, p)
		}
		return r
	}
	h.must("supervisor", "POST", path+"/sheets", sheet(ids[0], ""), 409)
	for head, err := h.node.Store.Head(t.Context()); head < uint64(drawn.Size); head, err = h.node.Store.Head(t.Context()) {
		check(t, err)
		h.act("supervisor", ids[0], gen.CaseAction{Kind: gen.ActComment, Text: "备注"})
	}

	// What is public is enough to draw again, and holds no name, number or reason.
	var public gen.PublicSampleProof
	r := h.must("", "GET", "/api/v1/public"+strings.TrimPrefix(path, "/api/v1"), nil, 200)
	h.decode(r, &public)
	page := h.must("", "GET", "/api/v1/public"+strings.TrimPrefix(path, "/api/v1")+"/population?limit=3", nil, 200)
	var population, rest gen.PublicPopulation
	h.decode(page, &population)
	h.decode(h.must("", "GET", "/api/v1/public"+strings.TrimPrefix(path, "/api/v1")+"/population?after=3", nil, 200), &rest)
	if population.Of != 4 || len(population.Lines) != 3 || len(rest.Lines) != 1 {
		t.Fatalf("%+v %+v", population, rest)
	}
	for _, secret := range append(slices.Clone(numbers), ids[0], "supervisor", "张三") {
		if strings.Contains(r.Body.String()+page.Body.String(), secret) {
			t.Errorf("%s is public", secret)
		}
	}
	var all []sampling.Member
	for _, line := range append(population.Lines, rest.Lines...) {
		ticket, err := sampling.ParseTicket(line.Ticket)
		check(t, err)
		all = append(all, sampling.Member{Part: line.Part, Ticket: ticket})
	}
	seed, err := hex.DecodeString(public.Sample.Seed)
	check(t, err)
	var again []string
	for _, i := range sampling.Draw([32]byte(seed), public.Sample.Permille, public.Sample.Least, all) {
		again = append(again, all[i].Ticket.String())
	}
	if sampling.Hash(all) != drawn.Hash || !slices.Equal(again, public.Drawn) || len(again) != 2 {
		t.Errorf("drawn %v, again %v", public.Drawn, again)
	}
	c, err := h.node.Trust().OpenCheckpoint([]byte(public.Checkpoint))
	check(t, err)
	var proof tlog.TreeProof
	for _, text := range public.Proof {
		hash, err := tlog.ParseHash(text)
		check(t, err)
		proof = append(proof, hash)
	}
	if c.Tree.N == public.Sample.Size {
		if c.Tree.Hash != tlog.Hash(seed) {
			t.Error("the seed is not the root that was signed")
		}
	} else if err := tlog.CheckTree(proof, c.Tree.N, c.Tree.Hash, public.Sample.Size, tlog.Hash(seed)); err != nil {
		t.Errorf("the seed is not proved: %v", err)
	}

	// Who is watched sees no draw; who inspects sees the cases.
	h.must("window", "GET", "/api/v1/samples", nil, 403)
	h.must("window", "GET", path, nil, 403)
	var detail gen.SampleDetail
	h.get("auditor", path, &detail)
	if len(detail.Cases) != 2 || len(detail.Checks) != len(sampling.Checks) || detail.Seed != public.Sample.Seed {
		t.Fatalf("%+v", detail)
	}
	chosen := detail.Cases[0]
	if chosen.Ticket != sampling.TicketOf(drawn.Id, strings.ReplaceAll(chosen.Number, "-", "")).String() {
		t.Errorf("the ticket of %s is %s", chosen.Number, chosen.Ticket)
	}
	h.must("auditor", "POST", path+"/sheets", sheet(chosen.Case, ""), 403)
	half := sheet(chosen.Case, "")
	half.Points = half.Points[1:]
	h.must("supervisor", "POST", path+"/sheets", half, 409)
	h.must("supervisor", "POST", path+"/sheets", sheet(chosen.Number, "acceptance"), 200)
	h.must("supervisor", "POST", path+"/sheets", sheet(chosen.Case, ""), 409)
	card := supervision.CardID(chosen.Case, supervision.SampleFault)
	until(t, "the card", func() bool {
		_, err := h.node.Store.Card(t.Context(), card)
		return err == nil
	})
	h.must("window", "POST", "/api/v1/cards/"+card+"/actions", gen.CardAction{Kind: gen.CardActAnswer, Text: "已整改"}, 200)
	r = h.must("auditor", "GET", path, nil, 200)
	h.decode(r, &detail)
	if detail.Cases[0].Sheet.Verdict != sampling.Faulty || detail.Sample.Inspected != 1 || detail.Sample.Faulty != 1 || strings.Contains(r.Body.String(), "13800000000") {
		t.Errorf("%s", r.Body)
	}
	var list gen.SampleList
	h.get("auditor", "/api/v1/samples", &list)
	var shown gen.PublicSampleList
	h.decode(h.must("", "GET", "/api/v1/public/samples", nil, 200), &shown)
	if len(list.Samples) != 1 || len(shown.Samples) != 1 || shown.Samples[0].Faulty != 1 {
		t.Errorf("%+v %+v", list, shown)
	}
	h.must("", "GET", "/api/v1/public/samples/nothing", nil, 404)
	h.must("", "GET", "/api/v1/public/samples/nothing/population", nil, 404)
}
