package federation_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
)

// TestEmptyMembership: a membership that says nothing is damaged, and not one of
// a node without a name.
func TestEmptyMembership(t *testing.T) {
	for _, text := range []string{"{}", "null", `{"name":"县中心"}`, "{"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "membership.json"), []byte(text), 0o600))
		if _, err := federation.LoadMembership(dir); err == nil || !strings.Contains(err.Error(), "已损坏") || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestVersionInEveryAnswer of the federation port: what is refused and what is
// not there too.
func TestVersionInEveryAnswer(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 1})
	for _, n := range f.Nodes() {
		for _, path := range []string{"/federation/v1/trust", "/federation/v1/origins", "/nowhere"} {
			w := httptest.NewRecorder()
			n.FederationHandler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if _, set := w.Header()["Tongban-Version"]; !set {
				t.Errorf("%s: %s answers %d without the version", n.ID, path, w.Code)
			}
		}
	}
}
