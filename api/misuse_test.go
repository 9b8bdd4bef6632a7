package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// misuse is a county with one department's cases, one in each status, and people who
// may and may not act on them.
type misuse struct {
	*site
	t     *testing.T
	cases map[casework.Status]string
	gone  string // the token of somebody who was disabled
	keys  int
	tried int
}

const theItem = "TB-SCJG-001"

func newMisuse(t *testing.T) *misuse {
	h := newHub(t)
	h.person("window", theCounty, marketBoard, identity.DepartmentWindow)
	h.person("reviewer", theCounty, marketBoard, identity.DepartmentReviewer)
	h.person("leader", theCounty, marketBoard, identity.DepartmentLeader)
	h.person("gone", theCounty, marketBoard, identity.DepartmentWindow, identity.DepartmentLeader)
	h.person("outsider", theCounty, socialBoard, identity.DepartmentWindow)
	h.person("outside-leader", theCounty, socialBoard, identity.DepartmentLeader)
	h.person("auditor", theCounty, "", identity.Auditor)
	m := &misuse{site: h, t: t, cases: map[casework.Status]string{}, gone: h.token("gone")}
	for status, way := range map[casework.Status][]gen.CaseAction{
		casework.HandedIn:      nil,
		casework.Supplementing: {{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: m.submission(theItem, theCounty).Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新提交"}}}},
		casework.Accepted:      {{Kind: gen.ActAccept}},
		casework.NotAccepted:   {{Kind: gen.ActReject, Ground: gen.RejectOther, Reason: "不属于本机关职权范围"}},
		casework.Granted:       {{Kind: gen.ActAccept}, m.decide(true)},
		casework.Declined:      {{Kind: gen.ActAccept}, m.decide(false)},
		casework.Issued:        {{Kind: gen.ActAccept}, m.decide(true), m.issue()},
		casework.Closed:        {{Kind: gen.ActAccept}, m.decide(true), m.issue(), {Kind: gen.ActDeliver, Recipient: "梅溪竹业有限公司", Method: gen.ByDirect}},
		casework.Terminated:    {{Kind: gen.ActTerminate, Cause: gen.CauseMoot, Reason: "申请人已经注销"}},
	} {
		id := m.handIn()
		for _, a := range way {
			m.act(m.who(a.Kind), id, a)
			if a.Kind == gen.ActIssue {
				m.sealDecision("window", id)
			}
		}
		c, err := h.node.Store.Case(t.Context(), id)
		check(t, err)
		if c.Status != status {
			t.Fatalf("%s, want %s", c.Status, status)
		}
		m.cases[status] = id
	}
	return m
}

func (m *misuse) handIn() string {
	m.t.Helper()
	in := m.submission(theItem, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	m.decode(m.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	return receipt.Case.Id
}

func (m *misuse) decide(grant bool) gen.CaseAction {
	return gen.CaseAction{Kind: gen.ActDecide, Granted: yes(grant), Opinion: "经审查，符合与不符合的理由均已核实"}
}

func (m *misuse) issue() gen.CaseAction {
	m.keys++
	return gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "营业执照", Number: fmt.Sprint("JY-", m.keys)}}}
}

// who has the right to an action, by the table of this package's tests.
func (m *misuse) who(kind gen.CaseActionKind) string {
	switch acts[kind].action {
	case "case.decide", "case.extend":
		return "leader"
	case "case.review":
		return "reviewer"
	}
	return "window"
}

// body is a well-formed action of a kind for an item of this county.
func (m *misuse) body(kind gen.CaseActionKind) any {
	switch kind {
	case gen.ActDecide:
		return m.decide(true)
	case gen.ActIssue:
		return m.issue()
	case gen.ActConveneHearing:
		return `{"kind":"convene_hearing","on":"2099-12-30","time":"09:30","place":"听证室","presider":"leader"}`
	case gen.ActRequestSupplement:
		return gen.CaseAction{Kind: kind, Points: []ledger.SupplementPoint{{Material: m.submission(theItem, theCounty).Materials[0].Name, Problem: ledger.ProblemMissing, How: "请补交"}}}
	}
	return acts[kind].body
}

// of is everything that the county keeps of a case, but for what its own watch adds.
func (m *misuse) of(id string) string {
	m.t.Helper()
	c, err := m.node.Store.Case(m.t.Context(), id)
	check(m.t, err)
	text, err := json.Marshal(c)
	check(m.t, err)
	entries, err := m.node.Store.Timeline(m.t.Context(), id)
	check(m.t, err)
	for i := range entries {
		if entries[i].Actor.Role != identity.System {
			text = fmt.Append(text, " ", entries[i].ID)
		}
	}
	return string(text)
}

// refused sends what must not be done, and wants a stable code, both languages, what
// to do next, and nothing changed.
func (m *misuse) refused(what, id string, q request0, status ...int) string {
	m.t.Helper()
	m.tried++
	before := ""
	if id != "" {
		before = m.of(id)
	}
	if q.header == nil {
		m.keys++
		q.header = map[string]string{"Idempotency-Key": fmt.Sprintf("misuse-%06d", m.keys)}
	}
	r := m.send(q)
	code := problemIn(m.t, what, r)
	if r.Code < 400 || r.Code >= 500 || len(status) > 0 && !slices.Contains(status, r.Code) {
		m.t.Errorf("%s: %d %.200s, want %v", what, r.Code, r.Body, status)
	}
	if id != "" && m.of(id) != before {
		m.t.Errorf("%s: it changed the case: %d %s", what, r.Code, code)
	}
	return code
}

// problemIn holds an error against what every error is: a code, English, Chinese, and
// what to do in both.
func problemIn(t *testing.T, what string, r *httptest.ResponseRecorder) string {
	t.Helper()
	var p gen.Problem
	if err := json.Unmarshal(r.Body.Bytes(), &p); err != nil || r.Code < 400 {
		t.Errorf("%s: %d is no problem: %.200s", what, r.Code, r.Body)
		return ""
	}
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	if p.Code == "" || strings.ToLower(p.Code) != p.Code || !han(p.MessageZh) || p.Detail == "" || !han(p.Next) || p.NextEn == "" || han(p.NextEn) || p.RequestId == "" {
		t.Errorf("%s: it does not say all: %s", what, r.Body)
	}
	return p.Code
}

// kinds maps an action to the entry of the case's chain that it is; those beside the
// chain have none.
var kinds = map[gen.CaseActionKind]ledger.Kind{
	gen.ActAccept: ledger.CaseAccept, gen.ActReject: ledger.CaseReject, gen.ActRelay: ledger.CaseRelay, gen.ActReview: ledger.CaseReview, gen.ActReturn: ledger.CaseReturn,
	gen.ActDecide: ledger.CaseDecide, gen.ActIssue: ledger.CaseIssue, gen.ActDeliver: ledger.CaseDeliver, gen.ActRequestSupplement: ledger.CaseRequestSupplement,
	gen.ActTerminate: ledger.CaseTerminate, gen.ActSuspend: ledger.CaseSuspend, gen.ActResume: ledger.CaseResume, gen.ActExtend: ledger.CaseExtend, gen.ActCorrect: ledger.CaseCorrect,
	gen.ActTellHearing: ledger.HearingTell, gen.ActConveneHearing: ledger.HearingConvene, gen.ActRecordHearing: ledger.HearingRecord,
	gen.ActTellRefusal: ledger.RefusalTell,
}

// Every action is tried in every status in which it cannot happen, by nobody, by who
// was disabled, by another department, by an auditor, on a case that there is not,
// without a key, with half of what it needs, on a case that has moved on, twice, after
// the applicant asked to withdraw, and with a file that was never uploaded: each time
// there is a stable code in both languages, and nothing has changed.
func TestMisuseOfEveryAction(t *testing.T) {
	m := newMisuse(t)
	path := func(id string) string { return "/api/v1/cases/" + id + "/actions" }
	m.must("operator", "POST", "/api/v1/staff/"+m.staff("gone")+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)
	all := slices.Sorted(maps.Keys(acts))
	if len(all) < 22 {
		t.Fatalf("%d kinds", len(all))
	}
	wrong := 0
	for status, id := range m.cases {
		c, err := m.node.Store.Case(t.Context(), id)
		check(t, err)
		for _, kind := range all {
			entry, chained := kinds[kind]
			beside := c.Status.Ended() && slices.Contains([]gen.CaseActionKind{gen.ActSupplement, gen.ActWithdraw, gen.ActAskHearing, gen.ActState, gen.ActFinding}, kind)
			if chained && c.May(entry) == nil || !chained && !beside {
				continue
			}
			wrong++
			m.refused(fmt.Sprintf("%s when %s", kind, status), id, request0{method: "POST", path: path(id), body: m.body(kind), token: m.token(m.who(kind))}, m.no(kind)...)
		}
	}
	if wrong < 100 {
		t.Errorf("only %d in the wrong status", wrong)
	}
	open := m.cases[casework.Accepted]
	for _, kind := range all {
		body := m.body(kind)
		ask := func(id, token string) request0 {
			return request0{method: "POST", path: path(id), body: body, token: token}
		}
		m.refused(string(kind)+" by nobody", open, ask(open, ""), 401)
		m.refused(string(kind)+" by who was disabled", open, ask(open, m.gone), 401, 403)
		m.refused(string(kind)+" by another department", open, ask(open, m.token("outsider")), 403, 404)
		m.refused(string(kind)+" by another department's leader", open, ask(open, m.token("outside-leader")), 403, 404)
		m.refused(string(kind)+" by an auditor", open, ask(open, m.token("auditor")), 403, 404)
		m.refused(string(kind)+" on no case", "", ask("0197a0b0-0000-7000-8000-000000000000", m.token(m.who(kind))), 404)
		keyless := ask(open, m.token(m.who(kind)))
		keyless.header = map[string]string{"Tongban-Why": "x"}
		m.refused(string(kind)+" without a key", open, keyless, 400)
		stranger := ask(open, m.token(m.who(kind)))
		stranger.body = map[string]any{"kind": kind, "planted": true}
		m.refused(string(kind)+" with what nobody knows", open, stranger, 400)
		if !slices.Contains([]gen.CaseActionKind{gen.ActAccept, gen.ActRelay}, kind) {
			bare := ask(open, m.token(m.who(kind)))
			bare.body = map[string]any{"kind": kind}
			m.refused(string(kind)+" with nothing", open, bare, 400, 409, 422)
		}
		if _, chained := kinds[kind]; chained {
			stale := ask(open, m.token(m.who(kind)))
			var fields map[string]any
			raw, isText := body.(string)
			if !isText {
				b, err := json.Marshal(body)
				check(t, err)
				raw = string(b)
			}
			check(t, json.Unmarshal([]byte(raw), &fields))
			fields["expected_head"] = "00000000-0000-0000-0000-000000000000"
			stale.body = fields
			m.refused(string(kind)+" on a case that has moved on", open, stale, 403, 409)
		}
	}
	m.twice(path)
	m.afterWithdrawal(path)
	m.neverUploaded(path)
	t.Logf("%d misuses", m.tried)
}

func (m *misuse) staff(login string) string {
	m.t.Helper()
	p, err := m.node.Store.StaffByLogin(m.t.Context(), login)
	check(m.t, err)
	return p.ID
}

// twice takes a case through its life and does each step a second time.
func (m *misuse) twice(path func(string) string) {
	m.t.Helper()
	id := m.handIn()
	for _, a := range []gen.CaseAction{{Kind: gen.ActAccept}, {Kind: gen.ActSuspend, Procedure: "公示", Until: m.api.today().AddDays(3), Reason: "需要公示"}, m.decide(true), m.issue(), {Kind: gen.ActDeliver, Recipient: "梅溪竹业有限公司", Method: gen.ByDirect}} {
		if a.Kind == gen.ActSuspend { // whoever heads the authority decides on what the item does not name
			m.must("leader", "POST", path(id), a, 200)
			m.refused("suspended twice", id, request0{method: "POST", path: path(id), body: a, token: m.token("leader")}, 409)
			m.must("leader", "POST", path(id), gen.CaseAction{Kind: gen.ActResume, Procedure: "公示", On: m.api.today(), Result: "无异议"}, 200)
			m.refused("resumed twice", id, request0{method: "POST", path: path(id), body: gen.CaseAction{Kind: gen.ActResume, Procedure: "公示", On: m.api.today(), Result: "无异议"}, token: m.token("leader")}, 409)
			continue
		}
		if a.Kind == gen.ActDeliver {
			m.sealDecision("window", id)
		}
		m.act(m.who(a.Kind), id, a)
		m.refused(string(a.Kind)+" twice", id, request0{method: "POST", path: path(id), body: a, token: m.token(m.who(a.Kind))}, 409)
	}
	other := m.handIn()
	m.act("window", other, gen.CaseAction{Kind: gen.ActAccept})
	extend := gen.CaseAction{Kind: gen.ActExtend, Days: 2, Reason: "案情复杂，需要核实"}
	m.act("leader", other, extend)
	m.refused("extended twice", other, request0{method: "POST", path: path(other), body: extend, token: m.token("leader")}, 409)
}

// afterWithdrawal: once the applicant asked to withdraw, nothing is decided, and
// the wish is asked for once.
func (m *misuse) afterWithdrawal(path func(string) string) {
	m.t.Helper()
	id := m.handIn()
	m.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	withdraw := gen.CaseAction{Kind: gen.ActWithdraw, Reason: "申请人要求撤回"}
	m.act("window", id, withdraw)
	m.refused("withdrawn twice", id, request0{method: "POST", path: path(id), body: withdraw, token: m.token("window")}, 409)
	m.refused("decided after withdrawal", id, request0{method: "POST", path: path(id), body: m.decide(true), token: m.token("leader")}, 409)
	m.refused("refused after withdrawal", id, request0{method: "POST", path: path(id), body: m.decide(false), token: m.token("leader")}, 409)
	m.act("window", id, gen.CaseAction{Kind: gen.ActTerminate, Cause: gen.CauseWithdrawn, Reason: "申请人要求撤回"})
	for _, kind := range slices.Sorted(maps.Keys(acts)) {
		if kind != gen.ActComment && kind != gen.ActCorrect {
			m.refused(string(kind)+" after it ended", id, request0{method: "POST", path: path(id), body: m.body(kind), token: m.token(m.who(kind))}, m.no(kind)...)
		}
	}
}

// no is how an action is refused that its status does not allow; nobody at the county
// passes a case on.
func (m *misuse) no(kind gen.CaseActionKind) []int {
	if kind == gen.ActRelay {
		return []int{403}
	}
	return []int{409, 422}
}

// neverUploaded names a file that nobody uploaded, as a paper or as what proves that
// something happened.
func (m *misuse) neverUploaded(path func(string) string) {
	m.t.Helper()
	file := []catalog.AttachmentRef{{Hash: strings.Repeat("ab", 32), Name: "扫描件.png", Size: 9, Type: "image/png"}}
	in := m.submission(theItem, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	in.Materials[0].Attachments = file
	m.refused("handed in with a scan that is not there", "", request0{method: "POST", path: "/api/v1/cases", body: in, token: m.token("window")}, 400)
	id := m.handIn()
	m.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	brings := gen.CaseAction{Kind: gen.ActSupplement, Materials: in.Materials[:1]}
	m.refused("brought with a scan that is not there", id, request0{method: "POST", path: path(id), body: brings, token: m.token("window")}, 400)
	m.refused("withdrawn by a proof that is not there", id, request0{method: "POST", path: path(id), body: gen.CaseAction{Kind: gen.ActWithdraw, Reason: "申请人要求撤回", Proof: file}, token: m.token("window")}, 400)
	m.refused("stated by a file that is not there", id, request0{method: "POST", path: path(id), body: gen.CaseAction{Kind: gen.ActState, Party: "梅溪竹业有限公司", Text: "已整改", Proof: file}, token: m.token("window")}, 400)
	issued := m.cases[casework.Issued]
	for what, a := range map[string]gen.CaseAction{
		"handed to a relative by a proof that is not there": {Kind: gen.ActDeliver, Recipient: "张三", Relation: "配偶", Method: gen.ByDirect, Proof: file},
		"served by a consent that is not there":             {Kind: gen.ActDeliver, Recipient: "梅溪竹业有限公司", Method: gen.ByElectronic, Consent: file},
	} {
		m.refused(what, issued, request0{method: "POST", path: path(issued), body: a, token: m.token("window")}, 400)
	}
}

// Every operation that records something refuses nobody, who was disabled, what has no
// key and what is no body, in both languages and without a trace.
func TestMisuseOfEveryOperation(t *testing.T) {
	h := newHub(t)
	h.person("gone", theCounty, marketBoard, identity.DepartmentWindow, identity.DepartmentLeader, identity.Supervisor, identity.CountyOperator)
	m := &misuse{site: h, t: t, gone: h.token("gone")}
	h.must("operator", "POST", "/api/v1/staff/"+m.staff("gone")+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)
	document, err := loadDocument()
	check(t, err)
	from, err := h.node.Store.Head(t.Context())
	check(t, err)
	operations := 0
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			keyed := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value != nil && p.Value.Name == "Idempotency-Key" })
			if !keyed || between(op) {
				continue
			}
			operations++
			at := strings.NewReplacer("{id}", "0197a0b0-0000-7000-8000-000000000000", "{code}", theItem, "{hash}", strings.Repeat("cd", 32), "{number}", "999", "{key}", "0f0f0f0f0f0f0f0f", "{month}", "2020-01",
				"{staff}", nowhere, "{entry}", "0197a0b0-0000-7000-8000-000000000001", "{kind}", "receipt_slip", "{guide}", "g", "{list}", "l", "{rating}", "r", "{notice}", "n").Replace(path)
			public := op.Security != nil && len(*op.Security) == 0
			if !public {
				m.refused(op.OperationID+" by nobody", "", request0{method: method, path: at, body: "{}"}, 400, 401)
				m.refused(op.OperationID+" by who was disabled", "", request0{method: method, path: at, body: "{}", token: m.gone}, 400, 401, 403)
			}
			for what, body := range map[string]string{"no body": "", "a list": "[]", "half a body": `{"kind`, "a body twice": `{"kind":"x","kind":"y"}`} {
				m.refused(op.OperationID+" with "+what, "", request0{method: method, path: at, body: body, token: h.token("operator")})
			}
			if optional := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Ref == "#/components/parameters/OptionalKey" }); optional {
				continue
			}
			m.refused(op.OperationID+" without a key", "", request0{method: method, path: at, body: "{}", token: h.token("operator"), header: map[string]string{"Tongban-Why": "x"}})
		}
	}
	head, err := h.node.Store.Head(t.Context())
	check(t, err)
	for i := from + 1; i <= head; i++ {
		line, err := h.node.Store.RecordAt(t.Context(), i)
		check(t, err)
		var r ledger.Record
		check(t, json.Unmarshal(line, &r))
		if r.Entry.Actor.Role != identity.System {
			t.Errorf("it was recorded: %s by %s", r.Entry.Kind, r.Entry.Actor.Name)
		}
	}
	if operations < 50 {
		t.Errorf("only %d operations", operations)
	}
	t.Logf("%d operations, %d misuses", operations, m.tried)
}
