package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
)

// A start that was interrupted after the import left drafts that no later import calls
// new: they are approved and published all the same. One that was interrupted after
// publishing has nothing left to publish.
func TestCatalogGoesOn(t *testing.T) {
	for _, row := range []struct {
		name string
		// left is what the interrupted start left, published whether it published.
		left      []string
		published bool
		want      string
	}{
		{"in an empty county", nil, false, "draft X-1, approve X-1, draft P-1, approve P-1, publish"},
		{"after the items", []string{"X-1"}, false, "draft , approve X-1, draft P-1, approve P-1, publish"},
		{"after the packages", []string{"X-1", "P-1"}, false, "draft , approve X-1 P-1, draft , publish"},
		{"after publishing", []string{}, true, "draft , draft , publish"},
	} {
		t.Run(row.name, func(t *testing.T) {
			hub := &halfway{drafts: row.left, known: append([]string{}, row.left...), published: row.published}
			if row.published {
				hub.known = []string{"X-1", "P-1"}
			}
			server := httptest.NewServer(hub)
			defer server.Close()
			m := &member{}
			admin, second := at(m, "admin"), at(m, "admin2")
			admin.URL, second.URL = server.URL, server.URL
			if err := publishCatalog(t.Context(), admin, second); err != nil {
				t.Fatal(err)
			}
			if hub.did != row.want || len(hub.drafts) > 0 || !hub.published {
				t.Errorf("did %q, want %q; %+v", hub.did, row.want, hub)
			}
		})
	}
}

// halfway is a hub of a county with one item and one joint matter.
type halfway struct {
	known, drafts []string
	published     bool
	did           string
}

func (h *halfway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := func(status int, v any) {
		w.Header().Set("Content-Type", map[bool]string{true: "application/json", false: "application/problem+json"}[status < 300])
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	did := func(format string, args ...any) {
		if h.did != "" {
			h.did += ", "
		}
		h.did += fmt.Sprintf(format, args...)
	}
	draft := func(code string) {
		if slices.Contains(h.known, code) {
			code = ""
		} else {
			h.known, h.drafts = append(h.known, code), append(h.drafts, code)
		}
		did("draft %s", code)
		reply(200, map[string]any{})
	}
	switch r.URL.Path {
	case "/api/v1/session":
		reply(200, client.SessionTokens{AccessToken: "t", ExpiresAt: time.Now().Add(time.Hour).UnixMilli()})
	case "/api/v1/items/import":
		draft("X-1")
	case "/api/v1/packages/import":
		draft("P-1")
	case "/api/v1/drafts":
		var list client.VersionList
		for _, code := range h.drafts {
			list.Versions = append(list.Versions, client.ItemVersion{Code: code, Version: 1, Status: client.StatusDraft})
		}
		reply(200, list)
	case "/api/v1/items/approve":
		var in client.ApproveRequest
		_ = json.NewDecoder(r.Body).Decode(&in)
		codes := ""
		for _, item := range in.Items {
			codes += " " + item.Code
			h.drafts = slices.DeleteFunc(h.drafts, func(d string) bool { return d == item.Code })
		}
		did("approve%s", codes)
		reply(200, map[string]any{})
	case "/api/v1/editions":
		did("publish")
		if h.published {
			reply(409, client.Problem{Status: 409, Code: "nothing_to_publish"})
			return
		}
		h.published = true
		reply(200, map[string]any{})
	default:
		http.NotFound(w, r)
	}
}
