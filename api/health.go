package api

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

// readyz says whether the node does its work, and if not, every reason why.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	reasons, err := s.node.Health(r.Context())
	if err != nil {
		p := problemOf(err)
		if p.status != http.StatusServiceUnavailable {
			p = problemOf(store.ErrFailed)
		}
		writeProblem(w, r, p)
		return
	}
	if len(reasons) == 0 {
		writeOK(w)
		return
	}
	if reasons[0].Stops {
		p := *errNotReady
		p.code, p.zh, p.en, p.next = reasons[0].Code, reasons[0].ZH, reasons[0].EN, "请按提示处理"
		for _, reason := range reasons {
			p.faults = append(p.faults, catalog.Fault{Path: "readyz", Code: catalog.FaultCode(reason.Code), ZH: reason.ZH, EN: reason.EN})
		}
		writeProblem(w, r, &p)
		return
	}
	ok := probe{Status: "ok"}
	for _, reason := range reasons {
		ok.Warnings = append(ok.Warnings, gen.RefusalReport{Code: reason.Code, Zh: reason.ZH, En: reason.EN})
	}
	w.Header().Set("Content-Type", jsonType)
	// A caller that is gone needs no answer.
	_ = json.NewEncoder(w).Encode(ok)
}

// probe is the document's Probe, which no operation of the generated code has.
type probe struct {
	Status   string              `json:"status"`
	Warnings []gen.RefusalReport `json:"warnings,omitempty"`
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", jsonType)
	io.WriteString(w, `{"status":"ok"}`+"\n")
}
