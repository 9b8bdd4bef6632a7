package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// request is what the layers around a handler know about one request. It
// travels in the context; each layer fills in its part.
type request struct {
	id     string
	op     *openapi3.Operation // nil: no operation of the document
	route  string              // the path's template, never the path itself
	params map[string]string
	actor  *Actor
	// visitor is the applicant, where one asks.
	visitor *Visitor
	// http is the request as the innermost layer got it, for the few handlers
	// that need ranges or deadlines.
	http *http.Request
	// body is a JSON body as it came.
	body []byte
	// file is a body that a strict reader of its own takes as it came.
	file []byte
	// failed is why the answer is a problem; for the log only.
	failed error
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if rq, ok := ctx.Value(requestKey{}).(*request); ok {
		return rq
	}
	return &request{}
}

const requestIDHeader = "X-Request-Id"

// observe gives every request an id, logs it, counts it, and turns a panic
// into a problem. The log has no personal data: the route's template stands
// for the path, and no query, header or body is ever in it.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.o.Now()
		rq := &request{id: requestID(r.Header.Get(requestIDHeader)), route: "other"}
		w.Header().Set(requestIDHeader, rq.id)
		rec := &recorder{ResponseWriter: w, tls: r.TLS != nil}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, rq))
		s.metrics.inFlight.Inc()
		defer func() {
			s.metrics.inFlight.Dec()
			s.finish(rec, r, rq, recover(), s.o.Now().Sub(start))
		}()
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) finish(rec *recorder, r *http.Request, rq *request, panicked any, took time.Duration) {
	if panicked == http.ErrAbortHandler {
		panic(panicked)
	}
	if panicked != nil {
		// The stack names functions and lines, not what was in them.
		s.o.Logger.Error("panic", "request_id", rq.id, "route", rq.route, "type", fmt.Sprintf("%T", panicked), "stack", string(debug.Stack()))
		if rec.status == 0 {
			writeProblem(rec, r, errInternal)
		} else {
			panic(http.ErrAbortHandler) // half an answer is out: cut the connection
		}
	}
	s.metrics.observe(rq, r.Method, rec.code(), took)
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", rq.id), slog.String("method", r.Method), slog.String("route", rq.route),
		slog.Int("status", rec.code()), slog.Int64("bytes", rec.bytes), slog.Int64("ms", took.Milliseconds()),
	}
	if rec.code() >= http.StatusInternalServerError {
		level = slog.LevelError
		if errors.Is(rq.failed, context.Canceled) || rec.code() == http.StatusServiceUnavailable {
			level = slog.LevelInfo // the caller went away, or is told to come back
		}
		if rq.failed != nil {
			attrs = append(attrs, slog.String("error", rq.failed.Error()))
		}
	}
	s.o.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// requestID takes over a caller's id when it is harmless in a log, else makes
// one.
func requestID(given string) string {
	ok := len(given) >= 8 && len(given) <= 64
	for i := 0; ok && i < len(given); i++ {
		c := given[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	}
	if ok {
		return given
	}
	var b [12]byte
	rand.Read(b[:]) // never fails: it ends the process instead
	return hex.EncodeToString(b[:])
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	tls    bool // the request came over https
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.secureCookies()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
		w.secureCookies()
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// secureCookies keeps what was set over https from being sent without: one node
// may serve its own screen plainly and phones over https.
func (w *recorder) secureCookies() {
	if !w.tls {
		return
	}
	for i, c := range w.Header()["Set-Cookie"] {
		if !strings.Contains(c, "; Secure") {
			w.Header()["Set-Cookie"][i] = c + "; Secure"
		}
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
