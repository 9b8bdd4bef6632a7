package outbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds an answer in bytes.
const maxAnswer = 1 << 20

// ask sends a request and reads the upstream's answer.
func (r *round) ask(req *http.Request) (*Answer, error) {
	resp, err := r.u.Client.Do(req)
	if err != nil {
		return nil, &Problem{Code: CodeUnavailable, Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &Problem{Code: CodeUnavailable, Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, readProblem(resp.StatusCode, body)
	}
	return readAnswer(body, r.u.Tier)
}

// readAnswer reads what a node of a tier answers.
func readAnswer(body []byte, tier string) (*Answer, error) {
	a := new(Answer)
	if err := json.Unmarshal(body, a); err != nil {
		return nil, unreadable("%w", err)
	}
	if a.By != tier {
		return nil, unreadable("from a node of tier %.20q, want %s", a.By, tier)
	}
	return a, nil
}

func unreadable(format string, args ...any) error {
	return &Problem{Code: CodeUnavailable, Err: fmt.Errorf("unreadable answer: "+format, args...)}
}
