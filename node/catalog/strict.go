package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on an imported file; the county's 226 items take 1 MB.
const (
	maxDocument = 16 << 20
	maxElements = 5000 // of one list
)

// errEnough ends the reading of a document that has more faults than a report
// holds. Two bytes of text can stand for an element of half a kilobyte, so
// reading on would let a small file of nonsense fill the memory.
var errEnough = errors.New("enough faults")

// decodeStrict reads one JSON document into the struct that into points to and
// reports every departure from its shape: unknown, repeated and missing
// fields, null, and values of the wrong kind. encoding/json alone would stop
// at the first of these without its path, match names in any letter case and
// let the last of two equal names win.
//
// A field tagged omitempty may be absent; one tagged null:"yes" may also be
// null, which the source files use for "not known".
func decodeStrict(data []byte, into any) []Fault {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // Windows editors write a byte order mark
	switch {
	case len(data) > maxDocument:
		return []Fault{newFault("", FaultLimit, "文件超过%dMB", "the file is larger than %d MB", maxDocument>>20)}
	case !utf8.Valid(data):
		return []Fault{newFault("", FaultSyntax, "文件不是有效的UTF-8文本", "the file is not valid UTF-8")}
	}
	r := &strictReader{dec: json.NewDecoder(bytes.NewReader(data)), shapes: map[reflect.Type][]fieldShape{}}
	r.dec.UseNumber()
	err := r.value(reflect.ValueOf(into).Elem(), nil, false)
	if err == nil {
		if _, end := r.dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more text follows the document")
		}
	}
	if err != nil && !errors.Is(err, errEnough) {
		r.faults = append(r.faults, newFault("", FaultSyntax, "第%[1]d字节附近不是有效的JSON：%[2]v", "not valid JSON near byte %[1]d: %[2]v",
			r.dec.InputOffset(), err))
	}
	return capped(r.faults)
}

// strictReader walks the tokens of one document. Its methods return an error
// only when the text is not JSON, after which nothing more can be said, and
// errEnough.
type strictReader struct {
	dec    *json.Decoder
	faults []Fault
	shapes map[reflect.Type][]fieldShape
}

// fieldShape is what a struct says about one of its fields.
type fieldShape struct {
	name, label         string
	optional, mayBeNull bool
}

func (r *strictReader) value(v reflect.Value, at *jsonPath, mayBeNull bool) error {
	if len(r.faults) > maxFaults {
		return errEnough
	}
	tok, err := r.dec.Token()
	if err != nil {
		return unexpectedEnd(err)
	}
	if tok == nil && mayBeNull {
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		if tok == json.Delim('{') {
			return r.object(v, at)
		}
		return r.mismatch(tok, at, "对象", "an object")
	case reflect.Slice:
		if tok == json.Delim('[') {
			return r.array(v, at)
		}
		return r.mismatch(tok, at, "数组", "an array")
	case reflect.String:
		if text, ok := tok.(string); ok {
			v.SetString(text)
			return nil
		}
		return r.mismatch(tok, at, "文本", "a text")
	case reflect.Bool:
		if b, ok := tok.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return r.mismatch(tok, at, "true或false", "true or false")
	default:
		if number, ok := tok.(json.Number); ok {
			if n, err := strconv.ParseInt(number.String(), 10, v.Type().Bits()); err == nil {
				v.SetInt(n)
				return nil
			}
		}
		return r.mismatch(tok, at, "整数", "a whole number")
	}
}

func (r *strictReader) object(v reflect.Value, at *jsonPath) error {
	shape := r.shape(v.Type())
	seen := make([]bool, len(shape))
	for r.dec.More() {
		tok, err := r.dec.Token()
		if err != nil {
			return unexpectedEnd(err)
		}
		name, _ := tok.(string)
		i := indexOf(shape, name)
		here := &jsonPath{parent: at, name: name}
		if i < 0 || seen[i] {
			if i < 0 {
				r.add(here, FaultUnknown, "未知字段“%s”", "unknown field %q", show(name))
			} else {
				r.add(here, FaultDuplicate, "字段“%s”重复", "field %q is given twice", show(name))
			}
			if err := r.skipNext(); err != nil {
				return err
			}
			continue
		}
		seen[i] = true
		if err := r.value(v.Field(i), here, shape[i].mayBeNull); err != nil {
			return err
		}
	}
	for i, f := range shape {
		if !seen[i] && !f.optional {
			r.add(&jsonPath{parent: at, name: f.name}, FaultMissing, "缺少“%[2]s”（%[1]s）", "field %[1]q is missing", f.name, f.label)
		}
	}
	_, err := r.dec.Token()
	return unexpectedEnd(err)
}

func (r *strictReader) array(v reflect.Value, at *jsonPath) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	for i := 0; r.dec.More(); i++ {
		if i == maxElements {
			r.add(at, FaultLimit, "多于%d项", "there are more than %d entries", maxElements)
			return r.skipRest()
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(element, &jsonPath{parent: at, element: true, index: i}, false); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	_, err := r.dec.Token()
	return unexpectedEnd(err)
}

// mismatch reports a value of the wrong kind and steps over it.
func (r *strictReader) mismatch(tok json.Token, at *jsonPath, zh, en string) error {
	r.add(at, FaultType, "应为%[1]s", "must be %[2]s", zh, en)
	if _, ok := tok.(json.Delim); ok {
		return r.skipRest()
	}
	return nil
}

func (r *strictReader) skipNext() error {
	tok, err := r.dec.Token()
	if _, ok := tok.(json.Delim); ok && err == nil {
		return r.skipRest()
	}
	return unexpectedEnd(err)
}

// skipRest reads on to the end of the value or list that is open.
// Counting instead of recursing keeps deep nesting from using up the stack.
func (r *strictReader) skipRest() error {
	for depth := 1; depth > 0; {
		tok, err := r.dec.Token()
		if err != nil {
			return unexpectedEnd(err)
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// add keeps one fault more than a report may hold, so that capped notices.
func (r *strictReader) add(at *jsonPath, code FaultCode, zh, en string, args ...any) {
	if len(r.faults) <= maxFaults {
		r.faults = append(r.faults, newFault(at.String(), code, zh, en, args...))
	}
}

func (r *strictReader) shape(t reflect.Type) []fieldShape {
	if known, ok := r.shapes[t]; ok {
		return known
	}
	shape := make([]fieldShape, t.NumField())
	for i := range shape {
		tag := t.Field(i).Tag
		name, rest, _ := strings.Cut(tag.Get("json"), ",")
		shape[i] = fieldShape{name: name, label: tag.Get("zh"), optional: rest == "omitempty", mayBeNull: tag.Get("null") == "yes"}
	}
	r.shapes[t] = shape
	return shape
}

func indexOf(shape []fieldShape, name string) int {
	for i := range shape {
		if shape[i].name == name {
			return i
		}
	}
	return -1
}

// jsonPath is a place in a document; it becomes text only when a fault needs
// it. The document itself is the nil path.
type jsonPath struct {
	parent  *jsonPath
	name    string // of a member
	element bool   // of an array, at index
	index   int
}

func (p *jsonPath) String() string {
	if p == nil {
		return ""
	}
	parent := p.parent.String()
	switch {
	case p.element:
		return parent + "[" + strconv.Itoa(p.index) + "]"
	case parent == "":
		return show(p.name)
	}
	return parent + "." + show(p.name)
}

// unexpectedEnd keeps a document that simply stops from looking complete.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
