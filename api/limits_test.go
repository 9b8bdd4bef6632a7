package api

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
)

func TestTooOftenIsToldWhenToComeBack(t *testing.T) {
	h := emptyHub(t)
	now := time.Now()
	h.api.o.Now = func() time.Time { return now }
	h.api.addresses = newBuckets(1, 2)
	h.api.accounts = newBuckets(1, 2)
	token := h.token("operator") // one of the address's two
	ask := func(path, token string) *httptest.ResponseRecorder {
		return h.send(request0{method: "GET", path: path, token: token})
	}
	ask("/api/v1/node", "")
	if r := ask("/api/v1/node", ""); r.Code != 429 || r.Header().Get("Retry-After") != "1" {
		t.Errorf("an address: %d %v", r.Code, r.Header())
	}
	// A person who is logged in does not pay for their address.
	for range 2 {
		if r := ask("/api/v1/session", token); r.Code != 200 {
			t.Fatalf("a person: %d %s", r.Code, r.Body)
		}
	}
	if r := ask("/api/v1/session", token); r.Code != 429 {
		t.Errorf("a person without end: %d", r.Code)
	}
	now = now.Add(time.Second)
	if r := ask("/api/v1/session", token); r.Code != 200 {
		t.Errorf("a second later: %d", r.Code)
	}
}

func TestMetricsAskForTheirToken(t *testing.T) {
	h := emptyHub(t)
	o := h.api.o
	o.MetricsToken, o.Registry = "scrape-me", nil
	var err error
	h.api, err = New(o)
	check(t, err)
	read := func(token string) int { return h.send(request0{method: "GET", path: "/metrics", token: token}).Code }
	if read("") != 401 || read("falsch") != 401 || read("scrape-me") != 200 {
		t.Error("metrics without their token, or not with it")
	}
	o.HideMetrics, o.Registry = true, nil
	h.api, err = New(o)
	check(t, err)
	if r := h.send(request0{method: "GET", path: "/metrics", token: "scrape-me"}); r.Code != 404 || !strings.Contains(r.Body.String(), "metrics.enabled: true") || strings.Contains(r.Body.String(), "go_goroutines") {
		t.Errorf("switched off, the figures are shown or it is not said how they are switched on: %d %s", r.Code, r.Body)
	}
}

func TestSlowRequestSaysThatItsOutcomeIsUnknown(t *testing.T) {
	h := emptyHub(t)
	token := h.token("operator")
	h.api.o.Request = time.Nanosecond
	r := h.send(request0{method: "GET", path: "/api/v1/nodes", token: token})
	if r.Code != 503 || !strings.Contains(r.Body.String(), `"code":"timeout"`) {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}

func TestLeftOverDownloadsAreCleared(t *testing.T) {
	h := emptyHub(t)
	left := filepath.Join(h.node.Store.Dir(), "download-123")
	check(t, os.MkdirAll(left, 0o700))
	check(t, os.WriteFile(filepath.Join(left, "half"), []byte("x"), 0o600))
	o := h.api.o
	o.Registry = nil
	_, err := New(o)
	check(t, err)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("a left-over is still there: %v", err)
	}
}

func TestRequestIDComesBack(t *testing.T) {
	h := emptyHub(t)
	r := h.send(request0{method: "GET", path: "/api/v1/nothing", header: map[string]string{requestIDHeader: "desk-7-000123"}})
	if r.Header().Get(requestIDHeader) != "desk-7-000123" || !strings.Contains(r.Body.String(), `"request_id":"desk-7-000123"`) {
		t.Errorf("%v %s", r.Header(), r.Body)
	}
}

func TestFreshReadAtAHub(t *testing.T) {
	h := emptyHub(t)
	if r := h.send(request0{method: "GET", path: "/api/v1/nodes", token: h.token("operator"), header: map[string]string{freshHeader: "1"}}); r.Code != 200 {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}

// TestHubOperationsBelowTheCounty: what only hubs have is refused in words at
// every other node, and a proof without a checkpoint likewise.
func TestHubOperationsBelowTheCounty(t *testing.T) {
	r := newRegion(t)
	for _, a := range []ApiScenario{
		{name: "hubs", as: "worker", method: "GET", path: "/api/v1/hubs", status: 409, must: []string{"county_only"}},
		{name: "kept backups", as: "worker", method: "GET", path: "/api/v1/backups", status: 409, must: []string{"county_only"}},
		{name: "keep a backup", as: "worker", method: "POST", path: "/api/v1/backups", status: 409, must: []string{"county_only"}},
		{name: "a kept backup", as: "worker", method: "GET", path: "/api/v1/backups/none.backup", status: 409, must: []string{"county_only"}},
		{name: "drafts are the county's", as: "worker", method: "GET", path: "/api/v1/drafts", status: 200, must: []string{`"versions":[]`}},
		{name: "its own state", as: "worker", method: "GET", path: "/api/v1/sync", status: 200, must: []string{`"tier":"village"`, `"below":[]`}},
		{name: "its own staff only", as: "worker", method: "GET", path: "/api/v1/staff", status: 200, must: []string{"worker"}, not: []string{"operator", "clerk"}},
		{name: "an overlay of its own", as: "worker", method: "PUT", path: "/api/v1/items/TB-XZRZ-005/overlay", body: `{"window":"一号桌","hours":"8:30–17:00"}`, status: 200, must: []string{`"word":"saved_here"`}},
		{name: "shows at once", method: "GET", path: "/api/v1/items/TB-XZRZ-005", status: 200, must: []string{"一号桌", "8:30–17:00"}},
		{name: "not for another office", as: "worker", method: "PUT", path: "/api/v1/items/TB-XZRZ-005/overlay", body: `{"office":"330523110","window":"x"}`, status: 403},
		{name: "a bundle that is none", as: "worker", method: "POST", path: "/api/v1/carry/import", body: "holiday pictures", header: map[string]string{"Content-Type": streamType}, status: 422, must: []string{"not_a_bundle"}, not: []string{"holiday"}},
	} {
		t.Run(a.name, func(t *testing.T) { a.run(t, r.village) })
	}
	until(t, "the overlay to be confirmed", func() bool {
		var c gen.Reconciliation
		r.village.get("worker", "/api/v1/reconcile", &c)
		return c.Outbox == 0
	})
}
