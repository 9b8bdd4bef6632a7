package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHead: what may be got may be asked for without its body, with the same
// status and headers and under the same rules; nothing else may.
func TestHead(t *testing.T) {
	h := newHub(t)
	server := httptest.NewServer(h.api)
	t.Cleanup(server.Close)
	ask := func(method, path, login string) (*http.Response, int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		check(t, err)
		if login != "" {
			r.Header.Set("Authorization", "Bearer "+h.token(login))
		}
		resp, err := http.DefaultClient.Do(r)
		check(t, err)
		body, err := io.ReadAll(resp.Body)
		check(t, err)
		resp.Body.Close()
		return resp, len(body)
	}
	for _, c := range []struct {
		path, login string
		status      int
	}{
		{"/api/v1/items", "", 200}, {"/api/v1/items/TB-XZRZ-005", "", 200}, {"/api/v1/items/TB-NONE-001", "", 404}, {"/api/v1/items?cursor=x", "", 400},
		{"/healthz", "", 200}, {"/readyz", "", 200}, {"/metrics", "", 200}, {"/api/openapi.yaml", "", 200}, {"/api/docs", "", 200},
		{"/api/v1/staff", "", 401}, {"/api/v1/staff", "operator", 200}, {"/api/v1/nothing", "", 404},
	} {
		got, n := ask("HEAD", c.path, c.login)
		want, _ := ask("GET", c.path, c.login)
		if got.StatusCode != c.status || want.StatusCode != c.status || n != 0 {
			t.Errorf("%s: HEAD %d with %d bytes, GET %d, want %d", c.path, got.StatusCode, n, want.StatusCode, c.status)
		}
		if got.Header.Get("Content-Type") != want.Header.Get("Content-Type") || got.Header.Get("Tongban-Version") == "" {
			t.Errorf("%s: HEAD %v, GET %v", c.path, got.Header, want.Header)
		}
	}
	if got, _ := ask("HEAD", "/api/v1/carry/export", "operator"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD of what is only posted: %d", got.StatusCode)
	}
}
