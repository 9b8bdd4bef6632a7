package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node/identity"
)

// TestGeneratedCodeIsOfThisDocument holds the committed files against the
// hashes that generate.sh wrote, so that neither the document nor the output
// can be changed alone.
func TestGeneratedCodeIsOfThisDocument(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(readFile(t, "gen/generated.sha256"))), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d hashes, want 6", len(lines))
	}
	for _, line := range lines {
		want, path, _ := strings.Cut(line, "  ")
		sum := sha256.Sum256(readFile(t, path))
		if hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what generate.sh left; run make generate", path)
		}
	}
	if packed, err := Document(); err != nil || !bytes.Equal(packed, readFile(t, "openapi.yaml")) {
		t.Errorf("what the program carries is another document (%v); run make generate", err)
	}
}

func TestDocumentIsValidWithItsExamples(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 {
				t.Errorf("%s %s lacks a summary, an id or its tag", method, path)
			}
			if strings.HasPrefix(path, "/api/v1/") && op.Responses.Default() == nil {
				t.Errorf("%s %s does not say how it fails", method, path)
			}
		}
	}
}

// TestRequestsAreStrict: no request body lets unknown fields pass.
func TestRequestsAreStrict(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	var look func(where string, ref *openapi3.SchemaRef)
	seen := map[*openapi3.Schema]bool{}
	look = func(where string, ref *openapi3.SchemaRef) {
		if ref == nil || seen[ref.Value] {
			return
		}
		seen[ref.Value] = true
		if ref.Value.Type.Is("object") && (ref.Value.AdditionalProperties.Has == nil || *ref.Value.AdditionalProperties.Has) {
			t.Errorf("%s lets unknown fields pass", where)
		}
		look(where+"[]", ref.Value.Items)
		for name, p := range ref.Value.Properties {
			look(where+"."+name, p)
		}
	}
	for path, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody == nil || between(op) || bodies[op.OperationID].raw {
				continue
			}
			if media := op.RequestBody.Value.Content.Get(jsonType); media != nil {
				look(path, media.Schema)
			}
		}
	}
}

func TestRealItemsFitTheDocument(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	var all struct{ Items []any }
	dec := json.NewDecoder(bytes.NewReader(readFile(t, "../node/catalog/catalogtest/items.json")))
	check(t, dec.Decode(&all))
	for i, item := range all.Items {
		if err := doc.Components.Schemas["Item"].Value.VisitJSON(item); err != nil {
			t.Fatalf("item %d: %v", i, err)
		}
	}
	if len(all.Items) != 226 {
		t.Fatalf("%d items", len(all.Items))
	}
}

// TestEveryOperationHasItsPermission: none is forgotten, none is left over,
// and what the document calls public is.
func TestEveryOperationHasItsPermission(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	known := map[string]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if between(op) {
				continue
			}
			known[op.OperationID] = true
			p, ok := routePermissions[op.OperationID]
			if !ok {
				t.Errorf("%s has no permission", op.OperationID)
			}
			if open := op.Security != nil && len(*op.Security) == 0; open != p.public {
				t.Errorf("%s: the document says public=%v, the table %v", op.OperationID, open, p.public)
			}
			if !p.public && !p.login && !p.applicant && !granted(p.action) {
				t.Errorf("%s asks for %q, which no role has", op.OperationID, p.action)
			}
		}
	}
	for id := range routePermissions {
		if !known[id] {
			t.Errorf("routePermissions has %s, the document has not", id)
		}
	}
	for id := range bodies {
		if !known[id] {
			t.Errorf("bodies has %s, the document has not", id)
		}
	}
}

// TestFederationIsDocumented: what nodes serve to each other stands in the
// document too.
func TestFederationIsDocumented(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	for _, path := range []string{feed.PathFeed, feed.PathCheckpoint, feed.PathProof, feed.PathConsistency, outbox.EntriesPath, outbox.OriginsPath,
		"/federation/v1/trust", "/federation/v1/key", "/federation/v1/enrol", "/federation/v1/heartbeat", "/federation/v1/attachments/{hash}"} {
		item := doc.Paths.Value(path)
		if item == nil {
			t.Errorf("%s is not documented", path)
			continue
		}
		for method, op := range item.Operations() {
			if !between(op) {
				t.Errorf("%s %s is not under its tag", method, path)
			}
		}
	}
}

func granted(a identity.Action) bool {
	for _, g := range identity.Grants {
		if g.Action == a {
			return true
		}
	}
	return false
}

// TestPermissionsDocument holds docs/permissions.md against the tables that
// enforce it; -update writes it anew.
func TestPermissionsDocument(t *testing.T) {
	const path = "../docs/permissions.md"
	doc, err := loadDocument()
	check(t, err)
	want := permissionsDocument(doc)
	if *update {
		check(t, os.MkdirAll("../docs", 0o755))
		check(t, os.WriteFile(path, want, 0o644))
	}
	if !bytes.Equal(readFile(t, path), want) {
		t.Errorf("%s is out of date: go test ./api -run PermissionsDocument -update", path)
	}
}
