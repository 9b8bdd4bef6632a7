package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
)

// A node below the county has the cases of its region. Somebody may stand before it
// with the receipt of another, handed in from home or elsewhere: then the county is
// asked (federation.AskAbove), which has them all. What the answer depends on is the
// number alone: of one that this node numbered itself it knows whether number and
// code belong together; of any other the county says so, and while it is out of reach
// this node says that it does not know, whether it has the case or not. So nobody can
// try out here which numbers there are.

// The operations by number and code that a node hands on.
const (
	lookupPath          = "/api/v1/public/lookup"
	complaintLookupPath = "/api/v1/public/complaints/lookup"
	ratingsPath         = "/api/v1/ratings"
)

var errElsewhere = &problem{http.StatusNotFound, "lookup_elsewhere", "nothing is found here for this number and code; it may have been handed in elsewhere, and the county cannot be reached", "本站查不到这个编号与查询码的办件，可能是在别处提交的；县中心暂时连不上",
	"请核对编号与查询码；无误的，请在线路恢复后再查，或到县门户查询", nil, 0}

// errHandedOn is that a node above has answered.
var errHandedOn = errors.New("answered by a node above")

// elsewhere asks above what was not found here under a number; errHandedOn when it was
// answered, into out.
func (s *Server) elsewhere(ctx context.Context, number, path, key string, in, out any) error {
	n, err := casework.ParseNumber(strings.TrimPrefix(number, "T"))
	if s.self.Tier == node.County || err != nil || n.Division() == s.self.Division && n.Ordinal() == s.self.Ordinal {
		return errLookup
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := s.node.AskAbove(ctx, federation.PublicAsk{Path: path, Key: key, Body: body}, func(a federation.PublicAnswer) bool {
		return a.Status < http.StatusInternalServerError && codeOfProblem(a) != errElsewhere.code
	})
	switch {
	case err != nil:
		return errElsewhere
	case answer.Status < http.StatusMultipleChoices:
		if err := json.Unmarshal(answer.Body, out); err != nil {
			return err
		}
		return errHandedOn
	}
	return problemFrom(answer)
}

func codeOfProblem(a federation.PublicAnswer) string {
	var p gen.Problem
	if a.Status < http.StatusBadRequest || json.Unmarshal(a.Body, &p) != nil {
		return ""
	}
	return p.Code
}

// problemFrom is the problem that a node above answered with.
func problemFrom(a federation.PublicAnswer) error {
	var p gen.Problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return errElsewhere
	}
	if p.Code == errLookup.code {
		return errLookup
	}
	return &problem{status: a.Status, code: p.Code, en: p.Detail, zh: p.MessageZh, next: p.Next, after: time.Duration(a.RetryAfter) * time.Second}
}

// below marks who asks for somebody at a node below, in the place of an address.
const below = "node "

type belowKey struct{}

// answerBelow answers what a node below was asked, as if it had been asked here. The
// tries of everybody at that node are counted as one address'.
func (s *Server) answerBelow(ctx context.Context, from string, ask federation.PublicAsk) federation.PublicAnswer {
	switch ask.Path {
	case lookupPath, complaintLookupPath, ratingsPath:
	default:
		return federation.PublicAnswer{Status: http.StatusNotFound, Body: []byte("{}")}
	}
	r, err := http.NewRequestWithContext(context.WithValue(ctx, belowKey{}, below+from), http.MethodPost, ask.Path, bytes.NewReader(ask.Body))
	if err != nil {
		return federation.PublicAnswer{Status: http.StatusInternalServerError, Body: []byte("{}")}
	}
	r.Header.Set("Content-Type", jsonType)
	if ask.Key != "" {
		r.Header.Set("Idempotency-Key", ask.Key)
	}
	w := &answered{header: http.Header{}, status: http.StatusOK}
	s.ServeHTTP(w, r)
	after, _ := strconv.Atoi(w.header.Get("Retry-After")) // none is none
	return federation.PublicAnswer{Status: w.status, RetryAfter: after, Body: w.body.Bytes()}
}

// answered keeps an answer for a node below.
type answered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answered) Header() http.Header         { return a.header }
func (a *answered) WriteHeader(status int)      { a.status = status }
func (a *answered) Write(p []byte) (int, error) { return a.body.Write(p) }
