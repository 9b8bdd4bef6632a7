// Package jsonschema stands in for github.com/santhosh-tekuri/jsonschema/v6, with which
// kin-openapi holds values against documents of OpenAPI 3.1. Ours is one of 3.0 (a
// test says so), which it does by itself; and the library compiles eight meta-schemas
// at the start of every process, which was a quarter of a node's start and 2 MB of its
// memory.
package jsonschema

import "errors"

// ErrAbsent is what everything here ends in.
var ErrAbsent = errors.New("jsonschema: validation for OpenAPI 3.1 is not part of this program")

// Draft is a version of JSON Schema.
type Draft struct{}

// Draft2020 is version 2020-12.
var Draft2020 = &Draft{}

// Compiler makes schemas, and here none.
type Compiler struct{}

// NewCompiler makes a Compiler.
func NewCompiler() *Compiler { return &Compiler{} }

// DefaultDraft does nothing.
func (*Compiler) DefaultDraft(*Draft) {}

// AddResource fails.
func (*Compiler) AddResource(string, any) error { return ErrAbsent }

// Compile fails.
func (*Compiler) Compile(string) (*Schema, error) { return nil, ErrAbsent }

// RegisterFormat does nothing.
func (*Compiler) RegisterFormat(*Format) {}

// AssertFormat does nothing.
func (*Compiler) AssertFormat() {}

// Format checks texts of a format.
type Format struct {
	Name     string
	Validate func(any) error
}

// Schema is what values are held against.
type Schema struct{}

// Validate fails.
func (*Schema) Validate(any) error { return ErrAbsent }

// ErrorKind says which keyword was not kept.
type ErrorKind interface{ KeywordPath() []string }

// ValidationError says where a value is not as its schema has it.
type ValidationError struct {
	SchemaURL        string
	InstanceLocation []string
	ErrorKind        ErrorKind
	Causes           []*ValidationError
}

// Error implements error.
func (*ValidationError) Error() string { return ErrAbsent.Error() }
