package feed

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An answer that forbids is told as one, and not as trouble of the node above: nothing
// gets better by trying again. The gate of a node names a revoked one by another code than
// the feed does.
func TestForbiddenIsNoTrouble(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   *Fault
	}{
		{"revoked, told by the gate", http.StatusForbidden, `{"code":"node_revoked","title":"this node was revoked"}`, ErrRevoked},
		{"revoked, told by the feed", http.StatusForbidden, `{"code":"revoked"}`, ErrRevoked},
		{"forbidden for a reason that is not known here", http.StatusForbidden, `{"code":"something"}`, ErrNotAllowed},
		{"forbidden without a reason", http.StatusForbidden, `<html>`, ErrNotAllowed},
		{"trouble", http.StatusInternalServerError, `{}`, ErrTrouble},
	} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(row.status)
			w.Write([]byte(row.body))
		}))
		_, err := get(t.Context(), http.MethodGet, Upstream{Name: "county-1", BaseURL: h.URL, Client: h.Client()}, PathFeed, nil)
		h.Close()
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if !strings.Contains(ErrRevoked.ZH, "重新登记") || !strings.Contains(ErrRevoked.EN, "enrol") {
		t.Error("a revoked node is not told what to do")
	}
}
