package papers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorilla/mux"

	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

// A node that stopped between the last byte of an attachment and the check of
// the whole has it complete when the sender asks how far it has come.
func TestStoppedBeforeTheWholeWasChecked(t *testing.T) {
	content := []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "partial", fmt.Sprintf("%s.%d.any", hash, len(content))), storetest.Sealed(t, content), 0o600); err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(dir, blob.Options{Key: storetest.Key, MaxBytes: blob.DefaultMaxBytes})
	if err != nil {
		t.Fatal(err)
	}
	arrived := 0
	s, err := NewServer(ServerOptions{Store: blobs, Allow: func(*http.Request, string, bool) error { return nil }, Complete: func(blob.Info) { arrived++ }})
	if err != nil {
		t.Fatal(err)
	}
	r := mux.NewRouter()
	s.Register(r)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/"+hash, nil))
	if has, err := blobs.Has(hash); err != nil || !has || arrived != 1 || w.Code != http.StatusOK || w.Header().Get(headerComplete) != structuredTrue {
		t.Errorf("has it: %v, %v; told of %d times; answered %d %v", has, err, arrived, w.Code, w.Header())
	}
}
