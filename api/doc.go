// Package api is what people and programs see of a node over HTTP.
//
// openapi.yaml is the contract and comes first: the server types (api/gen) and
// the Go client (api/client) are generated from it, every request is checked
// against it before a handler sees it, and it is served with a page to read it
// at /api/docs. The same API is served by every tier.
//
// A request passes, in this order (server.go):
//
//	request id, access log, metrics, panic   request.go, metrics.go
//	headers                                  headers.go
//	which operation is it                    routes.go
//	who is it, may they, is it forged        session.go, permissions.go, csrf.go
//	how often, how large, is it well-formed  limit.go, body.go, validate.go
//	the handler of its noun                  session.go, cases.go, items.go, …
//
// A handler reads typed input, makes one call and renders. It returns errors
// as they come; problem.go is the one place where an error becomes a status
// and words. Nothing outside session.go reads a token.
package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	_ "embed"
)

//go:generate ./generate.sh

// packed is openapi.yaml, of which a node needs the text at its start and when
// somebody reads it.
//
//go:embed gen/openapi.yaml.gz
var packed []byte

// Document is the OpenAPI document, as it is served.
func Document() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml.gz: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml.gz: %w", err)
	}
	return text, nil
}
