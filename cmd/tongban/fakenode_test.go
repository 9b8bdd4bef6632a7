package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/division"
)

// fakeNode speaks the contract: every request and every answer is held against
// api/openapi.yaml. Sessions it keeps itself; everything else is answered by
// what a test puts into answers, by operationId.
type fakeNode struct {
	t       *testing.T
	url     string
	router  routers.Router
	answers map[string]any // a value answered with 2xx, a problem, or an http.HandlerFunc

	mu        sync.Mutex
	asked     []call
	access    string // the token that is good now
	refresh   string
	issued    int
	lifetime  time.Duration // of access tokens
	mustLogin bool          // refresh tokens are refused
	password  string
	stale     bool // the initial password is still in use
	notice    client.Notice
}

// call is a request that came in.
type call struct {
	operation string
	path      string
	query     string
	body      string
	key       string
	header    http.Header
}

// problem is a refusal to be answered.
type problem struct{ client.Problem }

func refusing(status int, code, zh, en, next string, faults ...client.Fault) problem {
	return problem{client.Problem{Type: "/api/docs", Title: http.StatusText(status), Status: status, Code: code, Detail: en, MessageZh: zh, Next: next, RequestId: "r-1", Fields: faults}}
}

func newFakeNode(t *testing.T, answers map[string]any) *fakeNode {
	t.Helper()
	n := &fakeNode{t: t, router: mustRouter(t), answers: answers, lifetime: 15 * time.Minute, password: "right"}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := n.router.FindRoute(r)
	if err != nil {
		n.t.Errorf("no such operation: %s %s", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, ExcludeRequestBody: strings.HasSuffix(route.Path, "import") || strings.HasSuffix(route.Path, "validate"), SkipSettingDefaults: true}}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		n.t.Errorf("%s: request outside the contract: %v\n%s", route.Operation.OperationID, err, body)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	answer := httptest.NewRecorder()
	n.answer(answer, r, route, body)
	checked := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
		Body: io.NopCloser(bytes.NewReader(answer.Body.Bytes())), Options: &openapi3filter.Options{ExcludeResponseBody: answer.Header().Get("Content-Type") == "application/octet-stream"}}
	if err := openapi3filter.ValidateResponse(r.Context(), checked); err != nil {
		n.t.Errorf("%s: answer outside the contract: %v\n%s", route.Operation.OperationID, err, answer.Body)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (n *fakeNode) answer(w http.ResponseWriter, r *http.Request, route *routers.Route, body []byte) {
	operation := route.Operation.OperationID
	if _, given := n.answers[operation]; operation == "listDivisions" && !given {
		// What puts names beside codes is asked by the way.
		replyAs(w, route.Operation, client.DivisionList{Divisions: []division.Division{
			{Code: "330523", Name: "安吉县", OfficialName: "安吉县", Kind: division.KindCounty}, {Code: "330523110", Name: "梅溪镇", OfficialName: "梅溪镇", Kind: division.KindTown},
			{Code: "330523110200", Name: "荆湾村", OfficialName: "荆湾村委会", Kind: division.KindVillage}}})
		return
	}
	if operation == "healthz" {
		reply(w, map[string]string{"status": "ok"})
		return
	}
	n.mu.Lock()
	n.asked = append(n.asked, call{operation, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Get("Idempotency-Key"), r.Header})
	public := route.Operation.Security != nil && len(*route.Operation.Security) == 0
	good := r.Header.Get("Authorization") == "Bearer "+n.access && n.access != ""
	n.mu.Unlock()
	if !public && !good {
		reply(w, refusing(401, "unauthenticated", "请先登录", "log in first", "请重新登录"))
		return
	}
	switch operation {
	case "login", "refreshSession", "changePassword", "logout":
		n.session(w, operation, body)
		return
	}
	given, ok := n.answers[operation]
	if !ok {
		n.t.Errorf("asked %s, which the test does not expect", operation)
		given = refusing(404, "not_found", "未找到", "there is no such thing here", "请核对")
	}
	if handler, ok := given.(http.HandlerFunc); ok {
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(w, r)
		return
	}
	replyAs(w, route.Operation, given)
}

func (n *fakeNode) session(w http.ResponseWriter, operation string, body []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var in struct {
		Password     string `json:"password"`
		RefreshToken string `json:"refresh_token"`
		NewPassword  string `json:"new_password"`
	}
	_ = json.Unmarshal(body, &in)
	switch operation {
	case "login":
		if in.Password != n.password {
			reply(w, refusing(401, "login_failed", "登录名或密码不正确", "login or password is wrong", "请核对后重试"))
			return
		}
	case "refreshSession":
		if in.RefreshToken != n.refresh || n.mustLogin {
			reply(w, refusing(401, "session_ended", "登录已失效", "the session has ended", "请重新登录"))
			return
		}
	case "changePassword":
		n.password, n.stale = in.NewPassword, false
	case "logout":
		n.access, n.refresh = "", ""
		w.WriteHeader(http.StatusNoContent)
		return
	}
	n.issued++
	n.access, n.refresh = fmt.Sprintf("access-%d", n.issued), fmt.Sprintf("refresh-%d", n.issued)
	reply(w, client.SessionTokens{AccessToken: n.access, RefreshToken: n.refresh, ExpiresAt: time.Now().Add(n.lifetime).UnixMilli(), Notice: n.notice,
		Session: client.Session{Staff: "s-1", Login: "clerk", Name: "甲", Division: "330523110200", Tier: "village", Node: "v-330523110200-1", Roles: []client.Role{"village_worker"}, Actions: []string{"case.submit"}, MustChangePassword: n.stale}})
}

// forget makes the node refuse the access token it gave.
func (n *fakeNode) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.access = ""
}

// calls are the requests of an operation.
func (n *fakeNode) calls(operation string) []call {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []call
	for _, c := range n.asked {
		if c.operation == operation {
			found = append(found, c)
		}
	}
	return found
}

// reply answers a value with 200, a problem as what it is.
func reply(w http.ResponseWriter, v any) {
	status, kind := http.StatusOK, "application/json"
	if p, ok := v.(problem); ok {
		status, kind, v = p.Status, "application/problem+json", p.Problem
	}
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// replyAs answers with the success the operation has.
func replyAs(w http.ResponseWriter, o *openapi3.Operation, v any) {
	if _, ok := v.(problem); ok {
		reply(w, v)
		return
	}
	for _, status := range []int{200, 201, 202, 204} {
		declared := o.Responses.Status(status)
		if declared == nil {
			continue
		}
		if len(declared.Value.Content) == 0 {
			w.WriteHeader(status)
			return
		}
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return
	}
}

var routerOnce = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "api", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	document.Servers = nil
	openapi3filter.RegisterBodyDecoder("application/octet-stream", openapi3filter.FileBodyDecoder)
	return gorillamux.NewRouter(document)
})

func mustRouter(t *testing.T) routers.Router {
	t.Helper()
	router, err := routerOnce()
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// result is what a command line did.
type result struct {
	code     int
	out, err string
}

// desk is a person's machine: its own session file, Chinese, no settings.
func desk(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	t.Setenv("AppData", filepath.Join(home, "config"))
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", envNode, envUser, envPasswordFile} {
		t.Setenv(name, "")
	}
	t.Setenv("LANG", "zh_CN.UTF-8")
}

// tongban runs a command line.
func tongban(t *testing.T, args ...string) result { return typing(t, "", args...) }

// typing runs a command line with something on standard input.
func typing(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &out, &errors)
	return result{code, out.String(), errors.String()}
}

// signedIn is a desk with a session at the node.
func signedIn(t *testing.T, answers map[string]any) *fakeNode {
	t.Helper()
	desk(t)
	n := newFakeNode(t, answers)
	if r := typing(t, "right\n", "login", "--node", n.url, "--user", "clerk", "--password-file", "-"); r.code != 0 {
		t.Fatalf("login: %+v", r)
	}
	return n
}
