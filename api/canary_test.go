package api

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// The people of the planted case. Each is a canary: it may be seen by who
// asked to see the case unmasked and by nobody else.
const (
	canaryName    = "欧阳金丝雀"
	canarySpouse  = "司徒知更鸟"
	canaryPhone   = "13912345678"
	canaryHouse   = "金丝雀组9号"
	canaryAccount = "6222021205001239999"
	canaryCard    = "33052319500615777X44"
)

func canaries() []string {
	return []string{"金丝雀", "知更鸟", canaryPhone, "139-1234-5678", canaryHouse, canaryAccount, canaryCard, storetest.IDNumber(7), storetest.IDNumber(8), "19500615"}
}

// planted is the region with a case whose every field holds a canary, which
// went from the village to its end, and a second village beside.
type planted struct {
	region
	other  *site
	id     string
	number string
	hash   string
}

func plant(t *testing.T) planted {
	p := planted{region: newRegion(t)}
	p.hub.person("auditor", theCounty, "", identity.Auditor)
	p.hub.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	const elsewhere division.Code = "330523110201"
	p.hub.person("neighbour", elsewhere, "", identity.VillageWorker)
	p.other = p.hub.below(elsewhere)
	until(t, "the neighbour to come down", func() bool {
		_, err := p.other.node.Store.StaffByLogin(t.Context(), "neighbour")
		return err == nil
	})

	in := p.village.submission("TB-RSJ-006", theVillage)
	item, err := p.village.node.Store.ItemInForce(t.Context(), in.Item, time.Now().UnixMilli())
	check(t, err)
	in.Form = nil
	for _, f := range item.Form {
		in.Form = append(in.Form, catalog.FieldValue{Key: f.Key, Value: canaryFor(f)})
	}
	in.Applicant = ledger.Applicant{Type: "person", Name: canaryName, IDNumber: storetest.IDNumber(7), Phone: canaryPhone}
	scan := picture(t)
	in.Materials[0].Attachments = []catalog.AttachmentRef{p.village.upload("worker", scan, canaryName+storetest.IDNumber(7)+".png")}
	p.hash = in.Materials[0].Attachments[0].Hash
	var receipt gen.CaseReceipt
	first := p.village.must("worker", "POST", "/api/v1/cases", in, 201)
	p.village.decode(first, &receipt)
	p.id, p.number = receipt.Case.Id, receipt.Case.Number
	loose(t, "the receipt", first.Body.String())

	said := fmt.Sprintf("欧阳 金丝雀（%s、%s）住荆湾村%s，账号%s，证号%s", storetest.IDNumber(7), "139-1234-5678", canaryHouse, canaryAccount, canaryCard)
	p.village.must("worker", "POST", "/api/v1/cases/"+p.id+"/actions", gen.CaseAction{Kind: gen.ActComment, Text: said}, 200)
	until(t, "the county to have the case", func() bool {
		r := p.hub.send(request0{method: "GET", path: "/api/v1/cases/" + p.id, token: p.hub.token("supervisor")})
		return r.Code == 200
	})
	p.hub.must("supervisor", "POST", "/api/v1/cases/"+p.id+"/actions", gen.CaseAction{Kind: gen.ActComment, Text: said}, 200)
	p.village.must("worker", "GET", "/api/v1/cases/"+p.id+"?reveal=true", nil, 200)
	why := url.PathEscape("核对" + canaryName + "身份")
	shown := p.hub.send(request0{method: "GET", path: "/api/v1/cases/" + p.id + "?reveal=true", token: p.hub.token("supervisor"), header: map[string]string{"Tongban-Why": why}})
	if shown.Code != 200 || !strings.Contains(shown.Body.String(), canaryHouse) || !strings.Contains(shown.Body.String(), canaryAccount) {
		t.Fatalf("not revealed to who asked: %d %s", shown.Code, shown.Body)
	}
	if told := p.hub.must("supervisor", "GET", "/api/v1/cases/"+p.id+"/timeline?reveal=true", nil, 200).Body.String(); !strings.Contains(told, canaryHouse) {
		t.Fatalf("what was written is not revealed to who asked: %s", told)
	}
	return p
}

func canaryFor(f catalog.Field) string {
	switch {
	case f.Type == catalog.TypeIDNumber:
		return storetest.IDNumber(7)
	case f.Type == catalog.TypePhone:
		return canaryPhone
	case f.Type == catalog.TypeAddress:
		return "安吉县梅溪镇荆湾村" + canaryHouse
	case f.Type == catalog.TypeEnum:
		return f.Options[0]
	case f.Key == "bank_account":
		return canaryAccount
	case f.Key == "disability_cert_no":
		return canaryCard
	case f.Key == "village_name":
		return "荆湾村"
	case f.Key == "applicant_name":
		return canaryName
	}
	return canarySpouse
}

// loose finds canaries in an answer.
func loose(t *testing.T, where, text string) {
	t.Helper()
	for _, c := range canaries() {
		for _, form := range []string{c, url.QueryEscape(c), strings.Trim(fmt.Sprintf("%+q", c), `"`)} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows %s: %.600s", where, c, text)
			}
		}
	}
}

// TestCanaries walks every operation of the API as everybody who must not see
// the planted people: the auditor, who may read the case and not unmask it; a
// supervisor and a worker, who may and have not asked; another department's
// window; the worker of the next village, at this village's node, at their own
// and at the hub.
func TestCanaries(t *testing.T) {
	p := plant(t)
	type walker struct {
		name  string
		at    *site
		token string
		// ask: also with reveal=true.
		ask bool
	}
	walkers := []walker{
		{"auditor", p.hub, p.hub.token("auditor"), true},
		{"window of another department", p.hub, p.hub.token("window"), true},
		{"next village's worker", p.other, p.other.token("neighbour"), true},
		{"next village's worker at this village", p.village, p.other.token("neighbour"), true},
		{"next village's worker at the hub", p.hub, p.other.token("neighbour"), true},
		{"nobody", p.village, "", true},
		{"supervisor who has not asked", p.hub, p.hub.token("supervisor"), false},
		{"worker who has not asked", p.village, p.village.token("worker"), false},
		{"operator", p.hub, p.hub.token("operator"), true},
	}
	document, err := loadDocument()
	check(t, err)
	for _, w := range walkers {
		answered := map[string]bool{}
		for path, ops := range document.Paths.Map() {
			for method, op := range ops.Operations() {
				if between(op) || rude[op.OperationID] {
					continue
				}
				for _, target := range p.targets(path, op.OperationID, w.ask) {
					q := request0{method: method, path: target, token: w.token, header: map[string]string{"Idempotency-Key": "canary-" + op.OperationID}}
					if method != "GET" && method != "HEAD" {
						q.body = p.bodyFor(op.OperationID)
					}
					got := w.at.send(q)
					if got.Code >= 500 && got.Code != 503 {
						t.Errorf("%s: %s %s: %d %s", w.name, method, target, got.Code, got.Body)
					}
					answered[op.OperationID] = answered[op.OperationID] || got.Code < 300
					if op.OperationID == "takeBackup" || op.OperationID == "exportCarry" {
						continue // a sealed file; see the packages' own tests
					}
					loose(t, w.name+": "+method+" "+target, got.Body.String()+fmt.Sprint(got.Header()))
				}
			}
		}
		if w.name == "auditor" || strings.HasPrefix(w.name, "supervisor") {
			for _, op := range []string{"listCases", "getCase", "getCaseTimeline", "listReveals", "listAttention", "reconcile", "getLedgerProof"} {
				if !answered[op] {
					t.Errorf("%s was never answered by %s: nothing was tried", w.name, op)
				}
			}
		}
	}

	for name, at := range map[string]*site{"hub": p.hub, "township": p.township, "village": p.village, "next village": p.other} {
		if text := at.log.String(); name == "hub" && !strings.Contains(text, "route=/api/v1/cases/{id}") {
			t.Errorf("the log of the %s was not looked at: %.300s", name, text)
		} else {
			loose(t, "the log of the "+name, text)
		}
	}

	// Who looked is there to be read, by who may.
	var seen gen.RevealList
	until(t, "the village's view to be at the county", func() bool {
		p.hub.get("auditor", "/api/v1/reveals?case="+p.id, &seen)
		return len(seen.Reveals) == 3
	})
	for _, r := range seen.Reveals {
		if r.Number != p.number || r.Actor.Name == "" || r.Actor.Role == "" || r.Actor.Node == "" || r.At == 0 || len(r.What) != 1 {
			t.Errorf("%+v", r)
		}
	}
	pages := func(at *site, login string) map[string]gen.Reveal {
		entries, path := map[string]gen.Reveal{}, "/api/v1/reveals?limit=1"
		for cursor := ""; ; cursor = "&cursor=" + seen.NextCursor {
			seen = gen.RevealList{}
			at.get(login, path+cursor, &seen)
			for _, r := range seen.Reveals {
				entries[r.Entry] = r
			}
			if seen.NextCursor == "" {
				return entries
			}
		}
	}
	if all := pages(p.hub, "auditor"); len(all) != 3 {
		t.Errorf("page by page the auditor sees %+v", all)
	}
	// A supervisor's views stay at the county: nobody who is watched sees that
	// they looked.
	until(t, "the village's view to be at the township", func() bool { return len(pages(p.township, "leader")) > 0 })
	for _, r := range pages(p.township, "leader") {
		if r.Actor.Role == identity.Supervisor {
			t.Errorf("the township sees that a supervisor looked: %+v", r)
		}
	}
	p.township.must("leader", "GET", "/api/v1/reveals?division=330523111", nil, 403)
	p.township.must("clerk", "GET", "/api/v1/reveals", nil, 403)
	p.hub.must("window", "GET", "/api/v1/reveals", nil, 403)
	p.village.must("worker", "GET", "/api/v1/reveals", nil, 403)

	// Seeing the same again is the same view; with another reason, or of
	// something else, it is another. A reason that is no text is refused.
	again := func(header, query string, status int) {
		t.Helper()
		r := p.hub.send(request0{method: "GET", path: "/api/v1/cases/" + p.id + query, token: p.hub.token("supervisor"), header: map[string]string{"Tongban-Why": header}})
		if r.Code != status {
			t.Errorf("%s %s: %d %s", query, header, r.Code, r.Body)
		}
	}
	supervisor, err := p.hub.node.Store.StaffByLogin(t.Context(), "supervisor")
	check(t, err)
	count := func() int {
		seen = gen.RevealList{}
		p.hub.get("auditor", "/api/v1/reveals?staff="+supervisor.ID+"&case="+p.id, &seen)
		return len(seen.Reveals)
	}
	before := count()
	if before != 2 {
		t.Errorf("the supervisor looked at the case and at what was written: %d views", before)
	}
	again(url.PathEscape("核对"+canaryName+"身份"), "?reveal=true", 200)
	if got := count(); got != before {
		t.Errorf("seeing it again made %d views of %d", got, before)
	}
	again("%E5%A4%8D%E6%A0%B8", "?reveal=true", 200)
	if got := count(); got != before+1 {
		t.Errorf("with another reason: %d views, want %d", got, before+1)
	}
	again("%ZZ", "?reveal=true", 400)
	again("%FF", "?reveal=true", 400)
	if got := count(); got != before+1 {
		t.Errorf("what was refused is among %d views", got)
	}

	// What cannot be recorded is not shown.
	p.hub.api.node = unrecorded{p.hub.api.node}
	for _, path := range []string{"/api/v1/cases/" + p.id + "?reveal=true", "/api/v1/cases/" + p.id + "/timeline?reveal=true", "/api/v1/attachments/" + p.hash + "?case=" + p.id} {
		r := p.hub.send(request0{method: "GET", path: path, token: p.hub.token("supervisor"), header: map[string]string{"Tongban-Why": "x"}})
		if r.Code != 503 {
			t.Errorf("%s without a record: %d", path, r.Code)
		}
		loose(t, path+" without a record", r.Body.String())
	}
}

// rude are operations that would end the walk.
var rude = map[string]bool{"login": true, "refreshSession": true, "logout": true, "changePassword": true, "rotateTrust": true, "transferLeadership": true, "removeHub": true,
	"addHub": true, "revokeNode": true, "disableStaff": true, "resetStaffPassword": true, "setStaffRoles": true, "getDocument": true, "getDocs": true, "renewNode": true,
	"streamChanges": true, "streamMyChanges": true} // it does not end

// targets are the paths to try of an operation.
func (p planted) targets(path, op string, ask bool) []string {
	var all []string
	switch {
	case !ask && strings.Contains(path, "/documents/{kind}"):
		// To ask for a paper is to ask to see what is on it.
	case strings.Contains(path, "/cases/{id}"):
		for _, id := range []string{p.id, p.number} {
			path := strings.ReplaceAll(path, "{kind}", "receipt_slip")
			all = append(all, strings.ReplaceAll(path, "{id}", id))
			if ask {
				all = append(all, strings.ReplaceAll(path, "{id}", id)+"?reveal=true")
			}
		}
	case op == "getAttachment":
		if ask {
			all = append(all, strings.ReplaceAll(path, "{hash}", p.hash)+"?case="+p.id)
		}
	case op == "listCases":
		all = append(all, path, path+"?view=all&query=330523", path+"?item=TB-RSJ-006", path+"?query="+url.QueryEscape(canaryName))
	case op == "listReveals":
		all = append(all, path, path+"?case="+p.id, path+"?case="+p.number)
	case op == "listAttention":
		all = append(all, path, path+"?resolved=true")
	case op == "getLedgerProof":
		for i := 1; i < 60; i++ {
			all = append(all, fmt.Sprintf("%s?index=%d", path, i))
		}
	default:
		path = strings.NewReplacer("{hash}", p.hash, "{key}", "0f0f0f0f0f0f0f0f", "{kind}", "receipt_slip", "{entry}", p.id, "{code}", "TB-RSJ-006").Replace(path)
		id := "operator"
		if strings.Contains(path, "/nodes/") {
			id = p.village.node.Self().Node
		}
		all = append(all, strings.ReplaceAll(path, "{id}", id))
	}
	return all
}

func (p planted) bodyFor(op string) any {
	switch op {
	case "actOnCase":
		return gen.CaseAction{Kind: gen.ActComment, Text: "请补充"}
	case "submitCase", "checkCase":
		return p.village.submission("TB-RSJ-006", theVillage)
	case "beginAttachment":
		return gen.AttachmentRequest{Hash: p.hash, Size: 1}
	case "resolveAttention":
		return gen.ResolveRequest{Note: "x"}
	case "exportCarry":
		return gen.CarryRequest{For: p.village.node.Self().Node}
	}
	return map[string]any{}
}

// unrecorded is a node at which nothing can be recorded.
type unrecorded struct{ Node }

func (unrecorded) Record(context.Context, Action) (store.Result, error) {
	return store.Result{}, county.ErrNoLeader
}
