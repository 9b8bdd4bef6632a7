package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built(t *testing.T) fstest.MapFS {
	t.Helper()
	packed := func(text string) *fstest.MapFile {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return &fstest.MapFile{Data: b.Bytes()}
	}
	return fstest.MapFS{"index.html.gz": packed("<!doctype html>front"), "icon.svg.gz": packed("<svg/>"), "assets/a-1.js.gz": packed("script()")}
}

func get(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestPagesAreServed(t *testing.T) {
	h, err := handler(built(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		method, path       string
		status             int
		kind, cache, holds string
	}{
		{"GET", "/", 200, "text/html", "no-cache", "front"},
		{"GET", "/cases/abc", 200, "text/html", "no-cache", "front"},
		{"GET", "/../../items", 200, "text/html", "no-cache", "front"},
		{"GET", "/icon.svg", 200, "image/svg+xml", "no-cache", "<svg/>"},
		{"GET", "/assets/a-1.js", 200, "text/javascript", "immutable", "script()"},
		{"HEAD", "/assets/a-1.js", 200, "text/javascript", "immutable", ""},
		{"GET", "/assets/old-2.js", 404, "text/plain", "", "no such file"},
		{"POST", "/", 405, "text/plain", "", "only for reading"},
	} {
		got := get(t, h, row.method, row.path)
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != row.status || !strings.HasPrefix(got.Header.Get("Content-Type"), row.kind) || !strings.Contains(got.Header.Get("Cache-Control"), row.cache) || !strings.Contains(string(body), row.holds) {
			t.Errorf("%s %s: %d %v %q", row.method, row.path, got.StatusCode, got.Header, body)
		}
	}
	packed := get(t, h, "GET", "/", "Accept-Encoding", "gzip, br")
	z, err := gzip.NewReader(packed.Body)
	if err != nil || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal(packed.Header, err)
	}
	if text, err := io.ReadAll(z); err != nil || !strings.Contains(string(text), "front") {
		t.Errorf("%q %v", text, err)
	}
	if again := get(t, h, "GET", "/", "If-None-Match", packed.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", again.StatusCode)
	}
}

// A program that was built without pages says where there is something to read.
func TestWithoutPages(t *testing.T) {
	h, err := handler(fstest.MapFS{".keep": &fstest.MapFile{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, h, "GET", "/"); got.StatusCode != http.StatusFound || got.Header.Get("Location") != "/api/docs" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	if got := get(t, h, "GET", "/cases"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%d", got.StatusCode)
	}
}
