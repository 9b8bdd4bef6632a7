package api

import (
	"strings"
	"testing"
)

// Values are held against a document of OpenAPI 3.0 without the library whose stand-in
// is api/jsonschemashim. One of 3.1 needs the library itself.
func TestDocumentIsOfTheVersionThatIsValidated(t *testing.T) {
	doc, err := requestDocument()
	check(t, err)
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		t.Errorf("the document is of OpenAPI %s: take the stand-in api/jsonschemashim out of go.mod", doc.OpenAPI)
	}
}
