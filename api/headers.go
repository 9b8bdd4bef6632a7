package api

import (
	"net/http"
	"strings"
)

// headers sets on every answer what keeps a browser from doing more with it
// than was meant, and the version, so that a report of a fault names it.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Tongban-Version", s.o.Version)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.o.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if isAPI(r.URL.Path) {
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			h.Set("Cache-Control", "no-store")
		} else {
			h.Set("Content-Security-Policy", pagesPolicy)
		}
		next.ServeHTTP(w, r)
	})
}

// pagesPolicy is for the web application: its own scripts and styles only.
// Element Plus positions its pop-ups with style attributes, which need no
// 'unsafe-inline' for style elements. A document that is printed is written into
// a window of the application's own, which has the application's policy, so the
// style sheet of printed pages is named too. Papers are read in a worker.
var pagesPolicy = "default-src 'self'; style-src 'self' " + printStyleHash + "; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func isAPI(path string) bool {
	return strings.HasPrefix(path, "/api/") || path == "/metrics" || path == "/healthz" || path == "/readyz"
}
