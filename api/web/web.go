// Package web is the web application that every node serves to its people,
// whether its line is up or not: the built files of this folder, each embedded
// in compressed form alone. It talks to the public API and to nothing else.
//
// A program built without them (go build without make web) has no pages, and
// leads whoever opens its address to the description of the API.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the pages of this program.
func Handler() (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return handler(files)
}

// front is the application's one document: every address that names no file is
// one of its pages, so that they can be reloaded and kept as bookmarks.
const front = "index.html"

func handler(files fs.FS) (http.Handler, error) {
	index, err := read(files, front)
	if errors.Is(err, fs.ErrNotExist) {
		pages := http.NewServeMux()
		pages.Handle("GET /{$}", http.RedirectHandler("/api/docs", http.StatusFound))
		return pages, nil
	}
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "本地址只供查看 / this address is only for reading", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "" || name == front || path.Ext(name) == "" {
			// No copy of it is kept: it names the files of this version.
			w.Header().Set("Cache-Control", "no-cache")
			index.serve(w, r)
			return
		}
		f, err := read(files, name)
		if err != nil {
			http.Error(w, "没有这个文件，请刷新页面 / there is no such file; reload the page", http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // its content is in its name
		}
		f.serve(w, r)
	}), nil
}

// file is one built file in compressed form.
type file struct {
	packed []byte
	kind   string
	tag    func() string
}

// kinds are what the build makes. The system's own table is not asked: some say
// that scripts are plain text, and browsers then do not run them.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
}

func read(files fs.FS, name string) (*file, error) {
	packed, err := fs.ReadFile(files, name+".gz")
	if err != nil {
		return nil, err
	}
	kind, ok := kinds[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &file{packed: packed, kind: kind, tag: sync.OnceValue(func() string {
		sum := sha256.Sum256(packed)
		return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	})}, nil
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.tag())
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.tag() {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", fmt.Sprint(len(f.packed)))
		if r.Method == http.MethodGet {
			w.Write(f.packed) // a browser that is gone needs no answer
		}
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		http.Error(w, "页面文件已损坏，请重新安装 / the pages of this program are damaged; install it anew", http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodGet {
		io.Copy(w, plain)
	}
}
