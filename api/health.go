package api

import (
	"io"
	"net/http"

	"github.com/tongban/tongban/store"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

// readyz says whether the node can serve: its disk takes writes and, at the
// county, the hub has caught up since its start and knows a leader.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Failed(); err != nil {
		writeProblem(w, r, store.ErrFailed)
		return
	}
	if err := s.node.Ready(); err != nil {
		p := problemOf(err)
		if p.status != http.StatusServiceUnavailable {
			p = errNotReady
		}
		writeProblem(w, r, p)
		return
	}
	writeOK(w)
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", jsonType)
	io.WriteString(w, `{"status":"ok"}`+"\n")
}
