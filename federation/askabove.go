package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tongban/tongban/federation/outbox"
)

// A node has the cases of its region. Whoever asks it about another, with the number
// and the code of their receipt, is answered by a node above, which has it: the
// question goes up as it came, and nothing of it or of the answer is kept here.

// publicPath is where a node is asked what somebody below it asked.
const publicPath = "/federation/v1/public"

const (
	maxPublicAsk = 64 << 10
	// askPatience is how long somebody who stands at a screen waits for each node above.
	askPatience = 5 * time.Second
)

// PublicAsk is an operation of the public API that takes a number and its code.
type PublicAsk struct {
	Path string          `json:"path"`
	Key  string          `json:"key,omitempty"`
	Body json.RawMessage `json:"body"`
}

// PublicAnswer is what the operation answered.
type PublicAnswer struct {
	Status int `json:"status"`
	// RetryAfter is in how many seconds there is a try again.
	RetryAfter int             `json:"retry_after,omitempty"`
	Body       json.RawMessage `json:"body"`
}

// ErrNobodyAbove is that no node above answers.
var ErrNobodyAbove = errors.New("no node above answers")

// AnswerPublic sets who answers the nodes below, each by its id.
func (n *Node) AnswerPublic(answer func(ctx context.Context, below string, ask PublicAsk) PublicAnswer) {
	n.public.Store(&answer)
}

// AskAbove asks the nodes above, one after the other, until one knows: a township
// whose own line is down does not, and the county may be reached another way.
func (n *Node) AskAbove(ctx context.Context, ask PublicAsk, knows func(PublicAnswer) bool) (PublicAnswer, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return PublicAnswer{}, err
	}
	errs := []error{ErrNobodyAbove}
	for _, u := range n.upstreams {
		var answer PublicAnswer
		within, cancel := context.WithTimeout(ctx, askPatience)
		err := post(within, u.Client, u.BaseURL+publicPath, body, &answer)
		cancel()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", u.Name, err))
		case !knows(answer):
			errs = append(errs, fmt.Errorf("%s: status %d", u.Name, answer.Status))
		default:
			return answer, nil
		}
	}
	return PublicAnswer{}, errors.Join(errs...)
}

// servePublic answers a node below.
func (n *Node) servePublic(w http.ResponseWriter, r *http.Request) {
	peer, err := n.peer(r)
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	var ask PublicAsk
	if err := json.NewDecoder(io.LimitReader(r.Body, maxPublicAsk)).Decode(&ask); err != nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	answer := n.public.Load()
	if answer == nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeUnavailable, Err: errors.New("nobody answers here yet")})
		return
	}
	respond(w, (*answer)(r.Context(), peer.Node, ask))
}
