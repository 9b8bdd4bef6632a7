package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// password is everybody's in these tests.
const password = "qing-shan-lv-shui-26"

const (
	theCounty   division.Code = "330523"
	theTownship division.Code = "330523110"
	theVillage  division.Code = "330523110200"
)

// site is a real node (Raft, SQLite, TLS) with its API, and people who are
// logged in.
type site struct {
	t      testing.TB
	node   *federation.Node
	api    *Server
	hasher *trust.Hasher
	// federation is where nodes below reach a hub; cut takes that away.
	federation string
	cut        func()

	mu     sync.Mutex
	tokens map[string]string

	log journal
}

// journal keeps what a node and its API write to their log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

var cheapHash = sync.OnceValues(func() (*trust.Hasher, error) {
	return trust.NewHasher(trust.PasswordParams{MemoryKiB: 64, Iterations: 1, Threads: 1, AtOnce: 4})
})

// newHub starts a county of one hub with an operator and the real divisions,
// calendar and items, published as edition 1.
func newHub(t testing.TB, change ...func(*federation.Options)) *site {
	t.Helper()
	h := emptyHub(t, change...)
	h.person("second", theCounty, "", identity.CountyOperator)
	h.must("operator", "POST", "/api/v1/divisions/import", readFile(t, "../node/division/testdata/divisions.json"), 200)
	h.must("operator", "POST", "/api/v1/calendar/import", readFile(t, "../node/calendar/calendartest/calendar.json"), 200)
	h.must("operator", "POST", "/api/v1/items/import", fewItems(t), 200)
	var drafts gen.VersionList
	h.get("operator", "/api/v1/drafts", &drafts)
	var refs []gen.ItemRef
	for _, v := range drafts.Versions {
		refs = append(refs, gen.ItemRef{Code: v.Code, Version: v.Version})
	}
	h.must("second", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: refs}, 200)
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, Note: "第一期目录"}, 201)
	return h
}

func emptyHub(t testing.TB, change ...func(*federation.Options)) *site {
	t.Helper()
	hasher, err := cheapHash()
	check(t, err)
	hash, err := hasher.Hash(t.Context(), password)
	check(t, err)
	fed := listen(t)
	h := &site{t: t, hasher: hasher, tokens: map[string]string{}, federation: "https://" + fed.Addr().String()}
	genesis := federation.Genesis{Login: "operator", Name: "管理员", PasswordHash: hash, Federation: h.federation}
	m, err := federation.NewCounty(rand.Reader, theCounty, "county-1", "安吉县政务服务中心", []string{"127.0.0.1"}, genesis, time.Now())
	check(t, err)
	// Alone, a hub has nobody to hear before it leads.
	alone := county.Timing{Heartbeat: 20 * time.Millisecond}
	o := federation.Options{Key: storetest.Key, Dir: t.TempDir(), Membership: m, Peer: listen(t), Genesis: m.Genesis, Timing: alone}
	for _, c := range change {
		c(&o)
	}
	h.start(o)
	h.serveFederation(fed)
	until(t, "the county to be founded", func() bool {
		_, err := h.node.Store.StaffByLogin(t.Context(), "operator")
		return err == nil
	})
	return h
}

// below enrols and starts a township or village of the hub's county.
func (h *site) below(at division.Code, change ...func(*federation.Options)) *site {
	h.t.Helper()
	var inv gen.Invitation
	h.decode(h.must("operator", "POST", "/api/v1/nodes/invitations", gen.InvitationRequest{Tier: at.Tier(), Division: at, Name: "便民服务点"}, 201), &inv)
	keys, err := trust.GenerateNode(rand.Reader)
	check(h.t, err)
	enrolled, err := federation.Enrol(h.t.Context(), federation.EnrolOptions{County: h.federation, Token: inv.Token, Keys: keys, Names: []string{"127.0.0.1"}, Now: time.Now})
	check(h.t, err)
	m, err := federation.MembershipOf(enrolled, keys)
	check(h.t, err)
	dir := h.t.TempDir()
	check(h.t, m.Save(dir))
	s := &site{t: h.t, hasher: h.hasher, tokens: map[string]string{}}
	o := federation.Options{Key: storetest.Key, Dir: dir, Membership: m, Heartbeat: 50 * time.Millisecond, BackoffMax: 100 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	s.start(o)
	return s
}

func (h *site) start(o federation.Options) {
	h.t.Helper()
	o.Version = "test"
	if len(o.Limits.Types) == 0 {
		o.Limits = catalog.DefaultLimits()
	}
	o.Logger = slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Fatal = func(err error) { h.t.Errorf("node stopped: %v", err) }
	var err error
	h.node, err = federation.Start(h.t.Context(), o)
	check(h.t, err)
	h.t.Cleanup(func() { h.node.Close() })
	h.api, err = New(Options{Node: h.node, Store: h.node.Store, Blobs: h.node.Blobs, Hasher: h.hasher, Limits: o.Limits, Version: "test", Name: "测试", Address: "https://zwfw.example.cn", Logger: o.Logger})
	check(h.t, err)
}

func (h *site) serveFederation(l net.Listener) {
	server := &http.Server{Handler: h.node.FederationHandler()}
	all := &cuttable{Listener: l}
	go server.Serve(tls.NewListener(all, h.node.FederationTLS()))
	h.cut = func() { server.Close(); all.cut() }
	h.t.Cleanup(h.cut)
}

// cuttable is a listener whose connections can all be cut, those of feeds
// too, which the server has let go of.
type cuttable struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *cuttable) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// heal brings back what cut took away, at the same address.
func (h *site) heal() {
	h.t.Helper()
	l, err := net.Listen("tcp", strings.TrimPrefix(h.federation, "https://"))
	check(h.t, err)
	h.serveFederation(l)
}

// person adds a member of staff, who has the usual password.
func (h *site) person(login string, at division.Code, department string, roles ...identity.Role) {
	h.t.Helper()
	no := false
	h.must("operator", "POST", "/api/v1/staff", gen.StaffRequest{Login: login, Name: "李" + login, Division: at, Department: department, NewDepartment: department != "",
		Roles: roles, Password: password, MustChangePassword: &no}, 201)
	if slices.Contains(roles, identity.TownshipLeader) || slices.Contains(roles, identity.DepartmentLeader) {
		p, err := h.node.Store.StaffByLogin(h.t.Context(), login)
		check(h.t, err)
		b := storetest.Qualified(p.ID)
		h.must("operator", "PUT", "/api/v1/staff/"+p.ID+"/roster", gen.RosterRequest{Established: b.Established, Qualifications: b.Qualifications, Rank: b.Rank, Heads: b.Heads, Reason: b.Reason}, 200)
	}
}

// token logs a person in once.
func (h *site) token(login string) string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if login == "" || h.tokens[login] != "" {
		return h.tokens[login]
	}
	var out gen.SessionTokens
	r := h.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: login, Password: password}})
	if r.Code != 200 {
		h.t.Fatalf("log in as %s: %d %s", login, r.Code, r.Body)
	}
	h.decode(r, &out)
	h.tokens[login] = out.AccessToken
	return out.AccessToken
}

// request0 is a request as a test writes it.
type request0 struct {
	method, path string
	body         any // []byte as it is, string as it is, anything else as JSON
	token        string
	header       map[string]string
	cookies      []*http.Cookie
}

func (h *site) send(q request0) *httptest.ResponseRecorder {
	h.t.Helper()
	var body io.Reader
	kind := jsonType
	switch b := q.body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	case string:
		body = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		check(h.t, err)
		body = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(h.t.Context(), q.method, q.path, body)
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	for _, c := range q.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	return w
}

// must sends a request as somebody and wants a status.
func (h *site) must(login, method, path string, body any, status int) *httptest.ResponseRecorder {
	h.t.Helper()
	r := h.send(request0{method: method, path: path, body: body, token: h.token(login), header: map[string]string{"Idempotency-Key": rand.Text()}})
	if r.Code != status {
		h.t.Fatalf("%s %s as %s: %d, want %d: %s", method, path, login, r.Code, status, r.Body)
	}
	return r
}

func (h *site) get(login, path string, into any) {
	h.t.Helper()
	h.decode(h.must(login, "GET", path, nil, 200), into)
}

func (h *site) decode(r *httptest.ResponseRecorder, into any) {
	h.t.Helper()
	check(h.t, json.Unmarshal(r.Body.Bytes(), into))
}

// submission is a complete submission of an item of the catalog.
func (h *site) submission(code string, at division.Code) gen.Submission {
	h.t.Helper()
	item, err := h.node.Store.ItemInForce(h.t.Context(), code, time.Now().UnixMilli())
	check(h.t, err)
	in := gen.Submission{Item: code, Division: at, Form: storetest.Form(item.Item, 1), Materials: storetest.Materials(item.Item),
		Applicant: ledger.Applicant{Type: "person", Name: "王芳", Phone: "13800000000"}}
	for _, v := range in.Form {
		if v.Key == catalog.KeyIDNumber {
			in.Applicant.IDNumber = v.Value
		}
	}
	return in
}

// fewItems is a small part of the real items.
func fewItems(t testing.TB) []byte {
	t.Helper()
	few, err := fewOfTheItems()
	check(t, err)
	return few
}

var fewOfTheItems = sync.OnceValues(func() ([]byte, error) {
	content, err := os.ReadFile("../node/catalog/catalogtest/items.json")
	if err != nil {
		return nil, err
	}
	var all struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, err
	}
	var few []json.RawMessage
	for _, raw := range all.Items {
		var head struct {
			Code string `json:"code"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, err
		}
		switch head.Code {
		case "TB-XZRZ-005", "TB-RSJ-006", "TB-SCJG-001", "TB-MZJ-001":
			few = append(few, raw)
		}
	}
	return json.Marshal(map[string]any{"count": len(few), "items": few})
})

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(path))
	check(t, err)
	return b
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	return l
}

// until waits for something to become so.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
