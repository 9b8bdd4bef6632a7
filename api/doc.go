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

import _ "embed"

//go:generate ./generate.sh

// Document is the OpenAPI document, as it is served.
//
//go:embed openapi.yaml
var Document []byte
