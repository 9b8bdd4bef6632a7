package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Receiver takes entries that a node below sends. When it returns without an
// error, they are stored for good at this tier.
type Receiver interface {
	Take(ctx context.Context, from trust.Peer, entries []ledger.Entry) ([]store.Result, error)
	// LastSeq is how far an origin's entries have come here.
	LastSeq(ctx context.Context, origin string) (last uint64, forked bool, err error)
	// EntryID is the id of an origin's entry here.
	EntryID(ctx context.Context, origin string, seq uint64) (string, error)
}

// Handler serves the receiving end.
type Handler struct {
	// By is this node's tier, as answers name it.
	By       string
	Receiver Receiver
	// Peer tells which node sends.
	Peer   func(*http.Request) (trust.Peer, error)
	Logger *slog.Logger
}

// Entries serves POST EntriesPath.
func (h *Handler) Entries(w http.ResponseWriter, r *http.Request) {
	answer, err := h.take(w, r)
	h.finish(w, answer, err)
}

// Origins serves GET OriginsPath.
func (h *Handler) Origins(w http.ResponseWriter, r *http.Request) {
	if _, err := h.Peer(r); err != nil {
		WriteProblem(w, err)
		return
	}
	nodes := r.URL.Query()["node"]
	if len(nodes) > maxOrigins {
		WriteProblem(w, &Problem{Code: CodeTooLarge})
		return
	}
	answer, err := h.answer(r.Context(), nodes)
	h.finish(w, answer, err)
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request) (*Answer, error) {
	peer, err := h.Peer(r)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Type") != contentType {
		return nil, &Problem{Code: CodeMalformed, Err: fmt.Errorf("content type %q", r.Header.Get("Content-Type"))}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, &Problem{Code: CodeTooLarge, Err: err}
		}
		return nil, &Problem{Code: CodeMalformed, Err: err}
	}
	entries, err := decode(body)
	if err != nil {
		return nil, err
	}
	results, err := h.Receiver.Take(r.Context(), peer, entries)
	if err != nil {
		var full *store.StorageError
		if errors.As(err, &full) {
			return nil, &Problem{Code: CodeStorage, Err: err}
		}
		return nil, err
	}
	for i, res := range results {
		if res.Outcome == ledger.Refused {
			h.Logger.Warn("entry refused", "entry", res.ID, "origin", entries[i].Origin, "kind", string(entries[i].Kind), "code", res.Code)
		}
	}
	return h.answer(r.Context(), originsOf(entries))
}

func (h *Handler) answer(ctx context.Context, nodes []string) (*Answer, error) {
	a := &Answer{By: h.By, Origins: make([]Origin, 0, len(nodes))}
	for _, n := range nodes {
		last, forked, err := h.Receiver.LastSeq(ctx, n)
		if err != nil {
			return nil, err
		}
		id := ""
		if last > 0 {
			if id, err = h.Receiver.EntryID(ctx, n, last); err != nil {
				return nil, err
			}
		}
		a.Origins = append(a.Origins, Origin{Node: n, Stored: last, Last: id, Forked: forked})
	}
	return a, nil
}

func (h *Handler) finish(w http.ResponseWriter, a *Answer, err error) {
	if err != nil {
		h.Logger.Warn("entries not taken", "error", err)
		WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(a); err != nil {
		h.Logger.Debug("answer not sent", "error", err)
	}
}

func originsOf(entries []ledger.Entry) []string {
	var nodes []string
	seen := map[string]bool{}
	for i := range entries {
		if o := entries[i].Origin; !seen[o] {
			seen[o] = true
			nodes = append(nodes, o)
		}
	}
	return nodes
}
