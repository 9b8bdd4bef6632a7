package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gorilla/mux"

	"github.com/tongban/tongban/api/gen"
)

// routes is the table of contents: the operations of the document come from
// the generated code, those for monitoring and the document itself stand
// here, and what is not the API's belongs to the pages.
func (s *Server) routes() (http.Handler, error) {
	table, err := s.operations()
	if err != nil {
		return nil, err
	}
	router := mux.NewRouter()
	router.Use(func(next http.Handler) http.Handler { return s.admit(table, next) })

	router.HandleFunc("/healthz", s.healthz).Methods(http.MethodGet)
	router.HandleFunc("/readyz", s.readyz).Methods(http.MethodGet)
	router.Handle("/metrics", s.metricsPage()).Methods(http.MethodGet)
	router.HandleFunc("/api/openapi.yaml", serveDocument).Methods(http.MethodGet)
	router.Handle("/api/docs", s.docsPage()).Methods(http.MethodGet)

	gen.HandlerWithOptions(gen.NewStrictHandlerWithOptions(s, nil, gen.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			writeProblem(w, r, fmt.Errorf("%w: %w", errJSON, err))
		},
		ResponseErrorHandlerFunc: answerError,
	}), gen.GorillaServerOptions{
		BaseRouter: router,
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			var param *gen.InvalidParamFormatError
			if errors.As(err, &param) {
				err = errInvalid.with(fault(param.ParamName, "format"))
			} else {
				err = fmt.Errorf("%w: %w", errInvalid, err)
			}
			writeProblem(w, r, err)
		},
	})

	noRoute := func(problem error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.o.Pages != nil && !isAPI(r.URL.Path) {
				requestOf(r.Context()).route = "pages"
				s.o.Pages.ServeHTTP(w, r)
				return
			}
			writeProblem(w, r, problem)
		})
	}
	router.NotFoundHandler = noRoute(errNoRoute)
	notAllowed := noRoute(errMethod)
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			notAllowed.ServeHTTP(w, r)
			return
		}
		// What may be got may be asked for without its body; the server
		// leaves it out.
		get := r.WithContext(r.Context())
		get.Method = http.MethodGet
		router.ServeHTTP(w, get)
	})
	return router, nil
}

// answerError answers with the problem of an error, unless part of an answer
// is out already: then the connection is cut, so that nobody takes half a
// file for a whole one.
func answerError(w http.ResponseWriter, r *http.Request, err error) {
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		requestOf(r.Context()).failed = err
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, r, err)
}

// operation is an operation of the document with what admits a request to it.
type operation struct {
	route      *routers.Route
	permission permission
	body       bodyRule
	shape      *shape // of a body in JSON; nil: only the document tells
}

type operationKey struct{ method, path string }

// operations pairs every operation with its permission. One without is a
// fault of the program.
func (s *Server) operations() (map[operationKey]operation, error) {
	table := map[operationKey]operation{}
	for path, item := range s.document.Paths.Map() {
		for method, op := range item.Operations() {
			if between(op) {
				continue
			}
			p, ok := routePermissions[op.OperationID]
			if !ok {
				return nil, fmt.Errorf("api: operation %s has no row in routePermissions", op.OperationID)
			}
			table[operationKey{method, path}] = operation{
				route:      &routers.Route{Spec: s.document, Path: path, PathItem: item, Method: method, Operation: op},
				permission: p,
				body:       bodyOf(op.OperationID, s.door.MaxBytes()),
				shape:      bodyShape(op),
			}
		}
	}
	return table, nil
}

func bodyShape(op *openapi3.Operation) *shape {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return nil
	}
	if media := op.RequestBody.Value.Content[jsonType]; media != nil {
		return shapeOf(media.Schema)
	}
	return nil
}

// between reports whether an operation is one between nodes, which another
// listener serves.
func between(op *openapi3.Operation) bool { return len(op.Tags) > 0 && op.Tags[0] == "federation" }

// slow is how long an operation that moves a file may take.
const slow = 10 * time.Minute

// admit lets a request through to its handler when it is known who asks, that
// they may, that it is not forged, not too often, not too large and what the
// document says.
func (s *Server) admit(table map[operationKey]operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rq := requestOf(r.Context())
		path, _ := mux.CurrentRoute(r).GetPathTemplate()
		op, ok := table[operationKey{r.Method, path}]
		if !ok {
			writeProblem(w, r, errNoRoute)
			return
		}
		rq.op, rq.route, rq.params = op.route.Operation, path, mux.Vars(r)
		if err := s.identify(r, rq, op.permission); err != nil {
			writeProblem(w, r, err)
			return
		}
		limit := s.o.Request
		if op.body.max > 0 || files[rq.op.OperationID] {
			limit = slow
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		r = r.WithContext(ctx)
		if r.ContentLength != 0 {
			// Not every connection has deadlines; one without is a test's.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit))
		}
		body, err := readBody(w, r, op.body, s.o.BodyBytes)
		if err != nil {
			writeProblem(w, r, err)
			return
		}
		checked := op.body.raw || op.body.stream || len(body) > 0 && op.shape != nil && op.shape.fits(body)
		if err := s.validate(r, op.route, rq.params, checked); err != nil {
			writeProblem(w, r, err)
			return
		}
		if faults := blanks(rq.op.OperationID, body); !op.body.raw && len(faults) > 0 {
			writeProblem(w, r, errInvalid.with(faults[:min(len(faults), mostFaults)]...))
			return
		}
		if r.Header.Get(freshHeader) != "" {
			if err := s.node.Fresh(ctx); err != nil {
				writeProblem(w, r, err)
				return
			}
		}
		rq.http, rq.body = r, body
		next.ServeHTTP(w, r)
	})
}

// freshHeader asks a hub to answer from no older state than any hub had
// acknowledged when the request came: for who wrote at one hub and reads at
// another.
const freshHeader = "Tongban-Fresh"

// files are the operations that answer with a file.
var files = map[string]bool{"getAttachment": true, "getMyAttachment": true, "exportCarry": true, "takeBackup": true, "getKeptBackup": true, "streamHall": true, "streamChanges": true}

func serveDocument(w http.ResponseWriter, r *http.Request) {
	text, err := Document()
	if err != nil {
		writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Write(text)
}
