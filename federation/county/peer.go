package county

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// newWeb serves the HTTP side of the peer port. The leader's routes answer
// not_leader elsewhere and pass nothing on, so that a request makes one hop.
func (h *Hub) newWeb() *http.Server {
	m := http.NewServeMux()
	m.HandleFunc("POST "+peerPath+"propose", h.servePropose)
	m.HandleFunc("GET "+peerPath+"read-index", h.serveReadIndex)
	m.HandleFunc("GET "+peerPath+"term", h.serveTerm)
	m.HandleFunc("GET "+peerPath+"status", h.serveStatus)
	m.HandleFunc("GET "+peerPath+"backup", h.serveBackup)
	m.HandleFunc("POST "+peerPath+"add", h.serveChange(h.addVoter))
	m.HandleFunc("POST "+peerPath+"remove", h.serveChange(h.remove))
	m.HandleFunc("POST "+peerPath+"transfer", h.serveChange(h.transfer))
	if h.o.HTTP != nil {
		m.Handle("/", h.o.HTTP)
	}
	return &http.Server{
		Handler: m, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
}

func (h *Hub) servePropose(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxCommand))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			err = ErrTooLarge
		} else {
			err = errNotLeader // cut off while it was sent: nothing was submitted
		}
		answerError(w, err)
		return
	}
	res, err := h.submit(r.Context(), data)
	if err != nil {
		answerError(w, err)
		return
	}
	w.Header().Set(indexHeader, strconv.FormatUint(res.RaftIndex, 10))
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(res.Data)
}

func (h *Hub) serveReadIndex(w http.ResponseWriter, r *http.Request) {
	index, err := h.leaderIndex(r.Context())
	if err != nil {
		answerError(w, err)
		return
	}
	answer(w, numberAnswer{index})
}

// serveTerm answers a leader that wants to know whether it still is one. A hub
// that stopped no longer says: its word would count towards a majority.
func (h *Hub) serveTerm(w http.ResponseWriter, _ *http.Request) {
	if h.life.Err() != nil {
		answerError(w, h.closedErr())
		return
	}
	answer(w, numberAnswer{h.raft.CurrentTerm()})
}

func (h *Hub) serveStatus(w http.ResponseWriter, r *http.Request) {
	s := h.own()
	if m, ok := h.o.StateMachine.(history); ok {
		var err error
		if s.Standing, err = m.Standing(r.Context()); err != nil {
			s.Problem = err.Error()
		}
	}
	answer(w, s)
}

func (h *Hub) serveBackup(w http.ResponseWriter, r *http.Request) {
	if h.life.Err() != nil {
		answerError(w, h.closedErr())
		return
	}
	size, body, err := h.fsm.snaps.backup(r.Context(), Header{Format: headerFormat, Cluster: h.o.Cluster})
	if err != nil {
		h.log.Warn("county hub: backup for a peer", "error", err)
		answerError(w, ErrNotReady)
		return
	}
	defer body.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	io.Copy(w, body)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func answerError(w http.ResponseWriter, err error) {
	a, status := errorAnswer{Code: "unknown", Message: err.Error()}, http.StatusBadGateway
	errors.As(err, &a.Refusal)
	for _, e := range wireErrors {
		if errors.Is(err, e.err) {
			a.Code, status = e.code, e.status
			break
		}
	}
	if a.Code == "unknown" && !errors.Is(err, ErrUnknown) && isContext(err) {
		// The asker left while the proposal waited; it was withdrawn.
		a.Code, status = "not_leader", http.StatusMisdirectedRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(a)
}
