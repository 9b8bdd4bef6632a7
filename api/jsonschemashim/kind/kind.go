// Package kind has the kinds of errors that kin-openapi tells apart.
package kind

type (
	// Schema is about a schema as a whole.
	Schema struct{ none }
	// Group is of several errors.
	Group struct{ none }
	// Reference is about what a schema refers to.
	Reference struct{ none }
)

type none struct{}

// KeywordPath is empty.
func (*none) KeywordPath() []string { return nil }
