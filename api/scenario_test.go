package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/identity"
)

// ApiScenario reads as a sentence: as somebody, do something; the answer has
// a status, must contain some things and must not contain others.
type ApiScenario struct {
	name         string
	as           string
	method, path string
	body         any
	header       map[string]string
	status       int
	must, not    []string
}

func (a ApiScenario) run(t *testing.T, h *site) {
	t.Helper()
	r := h.send(request0{method: a.method, path: a.path, body: a.body, token: h.token(a.as), header: a.header})
	body := r.Body.String()
	if r.Code != a.status {
		t.Errorf("%s: %d, want %d: %s", a.name, r.Code, a.status, body)
		return
	}
	for _, s := range a.must {
		if !strings.Contains(body, s) {
			t.Errorf("%s: the answer lacks %q: %s", a.name, s, body)
		}
	}
	for _, s := range a.not {
		if strings.Contains(body, s) {
			t.Errorf("%s: the answer has %q: %s", a.name, s, body)
		}
	}
	if r.Header().Get("Tongban-Version") == "" || r.Header().Get("X-Request-Id") == "" || r.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: headers that every answer has are missing: %v", a.name, r.Header())
	}
	if r.Code >= 400 && (r.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"message_zh":`)) && a.method != http.MethodHead {
		t.Errorf("%s: not a problem: %s %s", a.name, r.Header().Get("Content-Type"), body)
	}
}

func TestScenarios(t *testing.T) {
	h := newHub(t)
	h.person("auditor", theCounty, "", identity.Auditor)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	key := map[string]string{"Idempotency-Key": "scenario-0001"}
	for _, a := range []ApiScenario{
		{name: "anybody sees that the process lives", method: "GET", path: "/healthz", status: 200, must: []string{"ok"}},
		{name: "a founded county is ready", method: "GET", path: "/readyz", status: 200},
		{name: "metrics count operations", method: "GET", path: "/metrics", status: 200, must: []string{"tongban_http_requests_total", `operation="healthz"`, "tongban_outbox_entries 0", "tongban_hub_leader 1", "go_goroutines"}},
		{name: "the document is served", method: "GET", path: "/api/openapi.yaml", status: 200, must: []string{"openapi: 3.0.3"}},
		{name: "and a page to read it", method: "GET", path: "/api/docs", status: 200, must: []string{"submitCase", "收件"}, not: []string{"<script", "http://", "//cdn"}},
		{name: "an unknown path is a problem", method: "GET", path: "/api/v1/nothing", status: 404, must: []string{`"code":"not_found"`, "没有这个接口"}},
		{name: "so is a wrong method", method: "PUT", path: "/api/v1/session", status: 405},
		{name: "anybody learns what node this is", method: "GET", path: "/api/v1/node", status: 200, must: []string{`"tier":"county"`, "安吉县", `"state":"up"`}},

		{name: "items are public", method: "GET", path: "/api/v1/items?query=生育", status: 200, must: []string{"TB-XZRZ-005", `"total":1`}},
		{name: "a page of items after another", method: "GET", path: "/api/v1/items?cursor=TB-SCJG-001", status: 200, must: []string{"TB-XZRZ-005"}, not: []string{`"code":"TB-MZJ-001"`}},
		{name: "a cursor of nobody's", method: "GET", path: "/api/v1/items?cursor=zzz-geheim", status: 400, must: []string{"invalid_request", `"path":"cursor"`}, not: []string{"zzz"}},
		{name: "a parameter the API has not", method: "GET", path: "/api/v1/items?limit=2&departement=geheim", status: 400, must: []string{"invalid_request", `"path":"departement"`, "没有这个参数"}, not: []string{"geheim", `"path":"limit"`}},
		{name: "one that only other operations have", method: "GET", path: "/api/v1/items/TB-XZRZ-005?limit=2", status: 400, must: []string{`"path":"limit"`}},
		{name: "parameters nobody can read", method: "GET", path: "/api/v1/items?limit=2&tier=%zz", status: 400, must: []string{"invalid_request"}, not: []string{"zz"}},
		{name: "a monitor may add what it likes", method: "GET", path: "/healthz?probe=7", status: 200},
		{name: "an item's guide is public", method: "GET", path: "/api/v1/items/TB-XZRZ-005", status: 200, must: []string{"生育登记表", `"status":"in_force"`}},
		{name: "an item that is not there", method: "GET", path: "/api/v1/items/TB-NONE-001", status: 404},
		{name: "its versions are not public", method: "GET", path: "/api/v1/items/TB-XZRZ-005/versions", status: 401, must: []string{"unauthenticated"}},
		{name: "staff see its versions", as: "auditor", method: "GET", path: "/api/v1/items/TB-XZRZ-005/versions", status: 200, must: []string{`"edition":1`}},
		{name: "a version differs from itself in nothing", as: "auditor", method: "GET", path: "/api/v1/items/TB-XZRZ-005/diff?from=1&to=1", status: 200, must: []string{`"changes":[]`}},
		{name: "a bad parameter is named and not repeated", as: "auditor", method: "GET", path: "/api/v1/items/TB-XZRZ-005/diff?from=geheim&to=1", status: 400, must: []string{`"path":"from"`, "invalid_request"}, not: []string{"geheim"}},
		{name: "a file with faults is reported whole", as: "operator", method: "POST", path: "/api/v1/items/validate", body: `{"items":[{"code":"X"},{"cod":"Y"}]}`, status: 200, must: []string{`"ok":false`, "items[0]", "items[1]"}},
		{name: "and imports nothing", as: "operator", method: "POST", path: "/api/v1/items/import", body: `{"items":[{"code":"X"}]}`, status: 422, must: []string{"file_faults", "items[0]"}},
		{name: "the same file drafts nothing new", as: "operator", method: "POST", path: "/api/v1/items/import", body: fewItems(t), status: 200, must: []string{`"drafted":[]`, `"unchanged":4`}},
		{name: "an auditor drafts nothing", as: "auditor", method: "POST", path: "/api/v1/items/import", body: fewItems(t), status: 403, must: []string{"forbidden", "岗位"}},
		{name: "nothing is left to publish", as: "operator", method: "POST", path: "/api/v1/editions", body: `{}`, status: 409, must: []string{"nothing_to_publish"}},

		{name: "divisions are public", method: "GET", path: "/api/v1/divisions?parent=330523", status: 200, must: []string{"梅溪镇"}, not: []string{"甲子村"}},
		{name: "a file of divisions with faults", as: "operator", method: "POST", path: "/api/v1/divisions/import", body: `{"county":{}}`, status: 422, must: []string{"file_faults"}},
		{name: "the calendar is public", method: "GET", path: "/api/v1/calendar?year=2026", status: 200, must: []string{`"year":2026`}, not: []string{`"year":2025`}},

		{name: "unknown fields are refused and named", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"abc","name":"n","division":"330523","roles":["auditor"],"admin":true}`, status: 400, must: []string{"unknown_field", `"path":"admin"`}},
		{name: "all faults are told at once", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"A B","name":"","division":"1","roles":["king"]}`, status: 400, must: []string{`"path":"login"`, `"path":"name"`, `"path":"division"`, `"path":"roles[0]"`}, not: []string{"king", "A B"}},
		{name: "broken JSON", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":`, status: 400, must: []string{"invalid_json"}},
		{name: "a name twice", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"a","login":"b"}`, status: 400, must: []string{"invalid_json", "duplicate"}},
		{name: "another content type", as: "operator", method: "POST", path: "/api/v1/staff", body: `login=a`, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 415, must: []string{"wrong_type"}},
		{name: "a body without end", as: "operator", method: "POST", path: "/api/v1/staff", body: strings.Repeat(" ", 5<<20), status: 413, must: []string{"too_large"}},
		{name: "a role of another tier", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"clerk","name":"n","division":"330523","roles":["township_clerk"]}`, status: 400, must: []string{"roles[0]"}},
		{name: "a login that is taken", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"auditor","name":"n","division":"330523","roles":["auditor"]}`, status: 409, must: []string{"login_taken"}},
		{name: "a weak password", as: "operator", method: "POST", path: "/api/v1/staff", body: `{"login":"weak","name":"n","division":"330523","roles":["auditor"],"password":"1234567890"}`, status: 422, must: []string{"weak_password"}, not: []string{"1234567890"}},
		{name: "nobody disables themselves", as: "operator", method: "POST", path: "/api/v1/staff/s-operator/disable", body: `{"reason":"x"}`, status: 409, must: []string{"own_account"}},
		{name: "staff lists hold no password hashes", as: "auditor", method: "GET", path: "/api/v1/staff", status: 200, must: []string{"operator"}, not: []string{"argon2id", "password_hash"}},

		{name: "a submission without its key", as: "window", method: "POST", path: "/api/v1/cases", body: h.submission("TB-SCJG-001", theCounty), status: 400, must: []string{"Idempotency-Key"}},
		{name: "an incomplete submission lists everything", as: "window", method: "POST", path: "/api/v1/cases", header: key, body: `{"item":"TB-SCJG-001","applicant":{"type":"person","name":"王芳"},"form":[],"materials":[]}`, status: 422, must: []string{"incomplete", "form.company_name", "materials"}},
		{name: "the check says the same and writes nothing", as: "window", method: "POST", path: "/api/v1/cases/check", body: `{"item":"TB-SCJG-001","applicant":{"type":"person","name":"王芳"},"form":[],"materials":[]}`, status: 200, must: []string{`"ok":false`, "form.company_name"}},
		{name: "a name that is missing is one of the faults", as: "window", method: "POST", path: "/api/v1/cases/check", body: `{"item":"TB-SCJG-001","applicant":{"type":"person","name":""},"form":[],"materials":[]}`, status: 200, must: []string{`"path":"applicant.name"`, "form.company_name"}},
		{name: "a complete one passes the check", as: "window", method: "POST", path: "/api/v1/cases/check", body: h.submission("TB-SCJG-001", theCounty), status: 200, must: []string{`"ok":true`}},
		{name: "an item of another department", as: "window", method: "POST", path: "/api/v1/cases", header: key, body: h.submission("TB-XZRZ-005", theVillage), status: 403, must: []string{"forbidden", "部门"}},
		{name: "an item nobody has", as: "window", method: "POST", path: "/api/v1/cases", header: key, body: `{"item":"TB-NONE","applicant":{"type":"person","name":"王芳"},"form":[],"materials":[]}`, status: 404, must: []string{"item_unknown"}},
		{name: "a case nobody has", as: "window", method: "GET", path: "/api/v1/cases/330523000000-20261123-01-000001-1", status: 404},
		{name: "an auditor hands nothing in", as: "auditor", method: "POST", path: "/api/v1/cases", header: key, body: h.submission("TB-SCJG-001", theCounty), status: 403},
		{name: "a cursor that is none", as: "auditor", method: "GET", path: "/api/v1/cases?cursor=xx", status: 400, must: []string{`"path":"cursor"`}},

		{name: "the state of the hubs", as: "auditor", method: "GET", path: "/api/v1/hubs", status: 200, must: []string{`"leader":"county-1"`, `"voter":true`}},
		{name: "an auditor adds no hub", as: "auditor", method: "POST", path: "/api/v1/hubs", body: `{"id":"county-2","address":"127.0.0.1:1"}`, status: 403},
		{name: "nodes are listed", as: "auditor", method: "GET", path: "/api/v1/nodes", status: 200, must: []string{"county-1"}},
		{name: "a hub does not revoke itself", as: "operator", method: "POST", path: "/api/v1/nodes/county-1/revoke", body: `{"reason":"x"}`, status: 409, must: []string{"own_node"}},
		{name: "an invitation must fit its tier", as: "operator", method: "POST", path: "/api/v1/nodes/invitations", body: `{"tier":"village","division":"330523110","name":"x"}`, status: 400},
		{name: "the state of the lines", as: "auditor", method: "GET", path: "/api/v1/sync", status: 200, must: []string{`"self":{`, `"below":[]`}},
		{name: "nothing needs attention", as: "auditor", method: "GET", path: "/api/v1/attention", status: 200, must: []string{`"items":[]`}},
		{name: "the counts agree", as: "auditor", method: "GET", path: "/api/v1/reconcile", status: 200, must: []string{`"handed_in":0`, `"duplicated":0`}},
		{name: "an operator takes a backup", as: "operator", method: "POST", path: "/api/v1/backup", status: 200, must: []string{"tbsealed", `"kind":"backup"`}, not: []string{"\x28\xb5\x2f\xfd", "argon2"}},
		{name: "an auditor does not", as: "auditor", method: "POST", path: "/api/v1/backup", status: 403},
		{name: "a token that is none", method: "GET", path: "/api/v1/session", header: map[string]string{"Authorization": "Bearer eyJ.eyJ.x"}, status: 401, must: []string{"unauthenticated"}},
	} {
		t.Run(a.name, func(t *testing.T) { a.run(t, h) })
	}
}
