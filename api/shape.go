package api

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// shape is a schema of the document made ready to be held against the bytes of
// a body. It answers only that a body fits, which is what nearly every body
// does: the validator of the document decodes a body into a tree first, which
// takes longer than all the rest of a request. What does not fit, and schemas
// that say more than a shape can, are left to it, so that it alone decides what
// is wrong and says where.
type shape struct {
	kind     byte // of a value: { [ " # for a whole number, ? for true and false
	nullable bool

	// of an object
	members  map[string]member
	required uint64 // a bit for each

	// of a list
	items              *shape
	minItems, maxItems uint64

	// of a text, in UTF-16 units
	minLength, maxLength uint64
	enum                 []string
	pattern              *regexp.Regexp

	// of a number
	least, most float64
}

type member struct {
	shape *shape
	bit   uint64
}

const maxRequired = 64

// shapeOf is nil for a schema that a shape cannot stand for.
func shapeOf(ref *openapi3.SchemaRef) *shape { return shapeWithin(ref, maxDepth) }

func shapeWithin(ref *openapi3.SchemaRef, depth int) *shape {
	if ref == nil || ref.Value == nil || depth == 0 {
		return nil
	}
	schema := ref.Value
	if !simple(*schema) {
		return nil
	}
	s := &shape{nullable: schema.Nullable, least: math.Inf(-1), most: math.Inf(1), maxItems: math.MaxUint64, maxLength: math.MaxUint64}
	switch {
	case schema.Type.Is("object"):
		return s.object(schema, depth)
	case schema.Type.Is("array"):
		s.kind, s.minItems, s.items = '[', schema.MinItems, shapeWithin(schema.Items, depth-1)
		if schema.MaxItems != nil {
			s.maxItems = *schema.MaxItems
		}
		if s.items == nil {
			return nil
		}
	case schema.Type.Is("string"):
		return s.text(schema)
	case schema.Type.Is("integer"):
		s.kind = '#'
		if schema.Min != nil {
			s.least = *schema.Min
		}
		if schema.Max != nil {
			s.most = *schema.Max
		}
	case schema.Type.Is("boolean"):
		s.kind = '?'
	default:
		return nil
	}
	return s
}

// simple reports whether a schema has no other rules than a shape knows.
func simple(s openapi3.Schema) bool {
	if s.Format != "" && !(s.Type.Is("integer") && (s.Format == "int32" || s.Format == "int64")) {
		return false
	}
	if s.Type.Is("integer") && s.Format == "int32" && (s.Min == nil || s.Max == nil) {
		return false
	}
	if len(s.Enum) > 0 && !s.Type.Is("string") {
		return false
	}
	rest := s
	// What is handled, and what says nothing about a value.
	rest.Type, rest.Format, rest.Enum, rest.Nullable = nil, "", nil, false
	rest.Min, rest.Max, rest.MinLength, rest.MaxLength, rest.Pattern = nil, nil, 0, nil, ""
	rest.MinItems, rest.MaxItems, rest.Items, rest.Required, rest.Properties, rest.AdditionalProperties = 0, nil, nil, nil, nil, openapi3.AdditionalProperties{}
	rest.Extensions, rest.Origin, rest.Title, rest.Description, rest.Default, rest.Example = nil, nil, "", "", nil, nil
	return reflect.DeepEqual(rest, openapi3.Schema{})
}

func (s *shape) object(schema *openapi3.Schema, depth int) *shape {
	more := schema.AdditionalProperties
	if more.Has == nil || *more.Has || more.Schema != nil || len(schema.Required) > maxRequired {
		return nil
	}
	s.kind, s.members = '{', make(map[string]member, len(schema.Properties))
	for name, property := range schema.Properties {
		m := member{shape: shapeWithin(property, depth-1)}
		if m.shape == nil {
			return nil
		}
		if i := slices.Index(schema.Required, name); i >= 0 {
			m.bit = 1 << i
		}
		s.required |= m.bit
		s.members[name] = m
	}
	for _, name := range schema.Required {
		if _, ok := s.members[name]; !ok {
			return nil
		}
	}
	return s
}

func (s *shape) text(schema *openapi3.Schema) *shape {
	s.kind, s.minLength = '"', schema.MinLength
	if schema.MaxLength != nil {
		s.maxLength = *schema.MaxLength
	}
	for _, v := range schema.Enum {
		text, ok := v.(string)
		if !ok {
			return nil
		}
		s.enum = append(s.enum, text)
	}
	if schema.Pattern != "" {
		var err error
		if s.pattern, err = compiled(schema.Pattern); err != nil {
			return nil
		}
	}
	return s
}

// patterns are those compiled so far: the document has few, in many places.
var patterns sync.Map // of *regexp.Regexp, by its text

func compiled(pattern string) (*regexp.Regexp, error) {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp), nil
	}
	r, err := regexp.Compile(pattern)
	if err == nil {
		patterns.Store(pattern, r)
	}
	return r, err
}

// fits reports whether a JSON document has the shape. It is well-formed
// already, and no name stands in it twice.
func (s *shape) fits(document []byte) bool {
	end, ok := s.value(document, space(document, 0))
	return ok && space(document, end) == len(document)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// value reads the value that begins at i and returns where it ends.
func (s *shape) value(b []byte, i int) (end int, ok bool) {
	if i >= len(b) {
		return i, false
	}
	if b[i] == 'n' {
		return i + len("null"), s.nullable && i+len("null") <= len(b)
	}
	switch s.kind {
	case '{':
		return s.objectAt(b, i)
	case '[':
		return s.listAt(b, i)
	case '"':
		return s.textAt(b, i)
	case '#':
		return s.numberAt(b, i)
	}
	switch b[i] {
	case 't':
		return i + len("true"), i+len("true") <= len(b)
	case 'f':
		return i + len("false"), i+len("false") <= len(b)
	}
	return i, false
}

func (s *shape) objectAt(b []byte, i int) (end int, ok bool) {
	if b[i] != '{' {
		return i, false
	}
	var had uint64
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, s.required == 0
	}
	for {
		name, end, ok := plainText(b, i)
		if !ok {
			return i, false
		}
		m, ok := s.members[string(name)]
		if !ok {
			return i, false
		}
		had |= m.bit
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return i, false
		}
		if i, ok = m.shape.value(b, space(b, i+1)); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, had == s.required
		}
		if b[i] != ',' {
			return i, false
		}
		i = space(b, i+1)
	}
}

func (s *shape) listAt(b []byte, i int) (end int, ok bool) {
	if b[i] != '[' {
		return i, false
	}
	if i = space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, s.minItems == 0
	}
	for n := uint64(1); ; n++ {
		if i, ok = s.items.value(b, i); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		if b[i] == ']' {
			return i + 1, n >= s.minItems && n <= s.maxItems
		}
		if b[i] != ',' {
			return i, false
		}
		i = space(b, i+1)
	}
}

func (s *shape) textAt(b []byte, i int) (end int, ok bool) {
	text, end, ok := plainText(b, i)
	if !ok {
		return i, false
	}
	if s.minLength > 0 || s.maxLength < math.MaxUint64 {
		if n := units(text); n < s.minLength || n > s.maxLength {
			return i, false
		}
	}
	if s.enum != nil && !slices.Contains(s.enum, string(text)) {
		return i, false
	}
	return end, s.pattern == nil || s.pattern.Match(text)
}

// plainText reads a text without escapes.
func plainText(b []byte, i int) (text []byte, end int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return nil, i, false
	}
	for end = i + 1; end < len(b); end++ {
		switch b[end] {
		case '"':
			return b[i+1 : end], end + 1, true
		case '\\':
			return nil, i, false
		}
	}
	return nil, i, false
}

// units is the length of a text as JSON Schema counts it, in UTF-16.
func units(text []byte) (n uint64) {
	for _, c := range text {
		if c&0xc0 != 0x80 { // not the rest of a character
			n++
		}
		if c >= 0xf0 {
			n++
		}
	}
	return n
}

// maxDigits keep a number exact as a float.
const maxDigits = 15

func (s *shape) numberAt(b []byte, i int) (end int, ok bool) {
	end = i
	if b[end] == '-' {
		end++
	}
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	if end == i || end-i > maxDigits || end < len(b) && (b[end] == '.' || b[end] == 'e' || b[end] == 'E') {
		return i, false
	}
	n, err := strconv.ParseInt(string(b[i:end]), 10, 64)
	return end, err == nil && float64(n) >= s.least && float64(n) <= s.most
}
