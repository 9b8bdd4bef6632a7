package feed

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proofAnswer is what the proof paths answer.
type proofAnswer struct {
	Proof []tlog.Hash `json:"proof"`
}

// maxProofHashes is more than any proof within maxIndex needs.
const maxProofHashes = 128

func (s *Server) serveCheckpoint(w http.ResponseWriter, r *http.Request) error {
	links, err := s.o.County.Links(r.Context(), 0)
	if err != nil {
		return err
	}
	if len(links) == 0 {
		return ErrNoProof.Becausef("no checkpoint yet")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write([]byte(links[len(links)-1].Note))
	return ignoreWrite(err)
}

func (s *Server) serveProof(w http.ResponseWriter, r *http.Request) error {
	index, size, err := pair(r, "index", "size")
	if err != nil {
		return err
	}
	proof, err := s.o.County.Inclusion(r.Context(), index, size)
	return answerProof(w, proof, err)
}

func (s *Server) serveConsistency(w http.ResponseWriter, r *http.Request) error {
	from, to, err := pair(r, "from", "to")
	if err != nil {
		return err
	}
	proof, err := s.o.County.Consistency(r.Context(), from, to)
	return answerProof(w, proof, err)
}

func pair(r *http.Request, part, whole string) (uint64, uint64, error) {
	a, err := number(r, part, 0, maxIndex)
	if err != nil {
		return 0, 0, err
	}
	b, err := number(r, whole, 0, maxIndex)
	if err != nil {
		return 0, 0, err
	}
	if a == 0 || a > b {
		return 0, 0, ErrRequest.Becausef("%s=%d %s=%d", part, a, whole, b)
	}
	return a, b, nil
}

func answerProof(w http.ResponseWriter, proof []tlog.Hash, err error) error {
	if err != nil {
		return err
	}
	if proof == nil {
		proof = []tlog.Hash{}
	}
	w.Header().Set("Content-Type", "application/json")
	return ignoreWrite(json.NewEncoder(w).Encode(proofAnswer{proof}))
}

// ignoreWrite drops the error of writing an answer: the other end went away.
func ignoreWrite(error) error { return nil }

// noteSize reads the tree size from a checkpoint without checking it.
func noteSize(note string) (uint64, error) {
	lines := strings.SplitN(note, "\n", 3)
	if len(lines) < 3 {
		return 0, ErrMalformed.Becausef("checkpoint of %d lines", len(lines))
	}
	n, err := strconv.ParseUint(lines[1], 10, 53)
	if err != nil {
		return 0, ErrMalformed.Becausef("checkpoint size: %w", err)
	}
	return n, nil
}
