package importfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

const (
	// maxDepth is far beyond what any import file nests.
	maxDepth = 32
	// MaxElements bounds one list.
	MaxElements = 5000
	// MaxFaults bounds a report: nobody corrects more in one sitting, and a
	// hostile file must not make the answer larger than itself.
	MaxFaults = 1000
)

// errEnough ends the reading of a document that has more faults than a report
// holds. Two bytes of text can stand for an element of half a kilobyte, so
// reading on would let a small file of nonsense fill the memory.
var errEnough = errors.New("enough faults")

// Decode reads one JSON document into the struct that into points to, and
// returns what encoding/json would let pass or would report one at a time: all
// unknown members, members given twice, missing members, nulls and values of
// another type, each with its path and line. Names are compared exactly. It is
// the one reader of files that people import.
//
// The struct is built of structs, slices, string-keyed maps, strings, bools
// and whole numbers with a json tag on every field. A member whose tag says
// omitempty may be missing; one tagged null:"yes" may be null, which source
// files use for "not known"; a zh tag is what people call it. The struct is
// filled in only when there are no faults.
func Decode(data []byte, into any) Faults {
	faults, _ := decode(data, into, false)
	return faults
}

// DecodeAll is Decode for a reader that has rules of its own and would tell
// what they find together with the faults of shape: what could be read is
// filled in, and read tells whether that is the whole document. A value with a
// fault was left empty.
func DecodeAll(data []byte, into any) (faults Faults, read bool) {
	return decode(data, into, true)
}

func decode(data []byte, into any, faulty bool) (Faults, bool) {
	data, unreadable := text(data)
	if unreadable != nil {
		return Faults{*unreadable}, false
	}
	r := &reader{dec: json.NewDecoder(bytes.NewReader(data)), shapes: map[reflect.Type][]member{}}
	r.dec.UseNumber()
	target := reflect.ValueOf(into).Elem()
	whole := reflect.New(target.Type()).Elem()
	err := r.value(whole, "", false, 0)
	if err == nil {
		if _, end := r.dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more text follows the document")
		}
	}
	faults := Locate(data, r.faults)
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		faults = append(faults, syntaxFault(data, int(r.dec.InputOffset()), err))
	}
	if len(faults) == 0 || faulty && err == nil {
		target.Set(whole)
	}
	return faults.capped(), err == nil
}

// SyntaxFault is the fault of a text that is not JSON, with its place.
func SyntaxFault(data []byte) Fault {
	return syntaxFault(data, len(data), errors.New("not one JSON document"))
}

func syntaxFault(data []byte, offset int, err error) Fault {
	var whole json.RawMessage
	var exact *json.SyntaxError
	if again := json.Unmarshal(data, &whole); errors.As(again, &exact) {
		err, offset = again, max(int(exact.Offset)-1, 0)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected end") {
		err, offset = errors.New("the file breaks off"), len(data)
	}
	line, column := place(data, offset)
	return Fault{Path: "$", Line: line, Code: Syntax,
		ZH: fmt.Sprintf("不是合法的 JSON：第 %d 行第 %d 列附近（漏了逗号、引号或括号？）", line, column),
		EN: fmt.Sprintf("not valid JSON: line %d, column %d: %v", line, column, err)}
}

// reader walks the tokens of a document beside the type it should have. Its
// methods return an error only when the text is not JSON, after which nothing
// more can be said, and errEnough.
type reader struct {
	dec    *json.Decoder
	faults Faults
	shapes map[reflect.Type][]member
}

// member is one field of a struct as the file names it.
type member struct {
	name, label         string
	optional, mayBeNull bool
}

func (r *reader) value(v reflect.Value, path string, mayBeNull bool, depth int) error {
	if len(r.faults) > MaxFaults {
		return errEnough
	}
	tok, err := r.dec.Token()
	if err != nil {
		return err
	}
	if tok == nil {
		if !mayBeNull {
			r.add(path, Type, "不能是 null", "must not be null")
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		if tok == json.Delim('{') {
			return r.object(v, path, depth)
		}
	case reflect.Map:
		if tok == json.Delim('{') {
			return r.dictionary(v, path, depth)
		}
	case reflect.Slice:
		if tok == json.Delim('[') {
			return r.list(v, path, depth)
		}
	case reflect.String:
		if s, ok := tok.(string); ok {
			v.SetString(s)
			return nil
		}
	case reflect.Bool:
		if b, ok := tok.(bool); ok {
			v.SetBool(b)
			return nil
		}
	default:
		if n, ok := tok.(json.Number); ok {
			whole, err := strconv.ParseInt(n.String(), 10, v.Type().Bits())
			if err != nil {
				r.add(path, Type, "应为整数："+Clip(n.String()), "must be a whole number: "+Clip(n.String()))
				return nil
			}
			v.SetInt(whole)
			return nil
		}
	}
	return r.mismatch(v.Kind(), tok, path)
}

func (r *reader) object(v reflect.Value, path string, depth int) error {
	shape := r.shape(v.Type())
	seen := make([]bool, len(shape))
	for r.dec.More() {
		name, at, err := r.name(path)
		if err != nil {
			return err
		}
		i := indexOf(shape, name)
		switch {
		case i < 0:
			r.add(at, Unknown, "未知的项", "unknown field")
		case seen[i]:
			r.add(at, Duplicate, "重复出现", "given twice")
		default:
			seen[i] = true
			if err := r.value(v.Field(i), at, shape[i].mayBeNull, depth+1); err != nil {
				return err
			}
			continue
		}
		if err := r.skipNext(); err != nil {
			return err
		}
	}
	for i, m := range shape {
		if !seen[i] && !m.optional {
			zh := "缺少此项"
			if m.label != "" {
				zh = "缺少“" + m.label + "”"
			}
			r.add(Key(path, m.name), Missing, zh, "missing")
		}
	}
	_, err := r.dec.Token() // the closing brace
	return err
}

func (r *reader) dictionary(v reflect.Value, path string, depth int) error {
	v.Set(reflect.MakeMap(v.Type()))
	seen := map[string]bool{}
	for r.dec.More() {
		name, at, err := r.name(path)
		if err != nil {
			return err
		}
		if seen[name] {
			r.add(at, Duplicate, "重复出现", "given twice")
		}
		if len(seen) == MaxElements {
			r.add(path, Limit, fmt.Sprintf("多于 %d 项", MaxElements), fmt.Sprintf("there are more than %d entries", MaxElements))
			return skipRest(r.dec)
		}
		seen[name] = true
		element := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(element, at, false, depth+1); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), element)
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) list(v reflect.Value, path string, depth int) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	for i := 0; r.dec.More(); i++ {
		if i == MaxElements {
			r.add(path, Limit, fmt.Sprintf("多于 %d 项", MaxElements), fmt.Sprintf("there are more than %d entries", MaxElements))
			return skipRest(r.dec)
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(element, Index(path, i), false, depth+1); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	_, err := r.dec.Token() // the closing bracket
	return err
}

func (r *reader) name(path string) (name, at string, err error) {
	tok, err := r.dec.Token()
	name, _ = tok.(string)
	return name, Key(path, name), err
}

// mismatch reports a value of the wrong kind and steps over it.
func (r *reader) mismatch(want reflect.Kind, tok json.Token, path string) error {
	met := reflect.String
	switch tok := tok.(type) {
	case json.Delim:
		if met = reflect.Slice; tok == '{' {
			met = reflect.Struct
		}
	case json.Number:
		met = reflect.Int
	case bool:
		met = reflect.Bool
	}
	zh, en := kindNames(want)
	metZH, metEN := kindNames(met)
	r.add(path, Type, fmt.Sprintf("应为%s，却是%s", zh, metZH), fmt.Sprintf("must be %s, is %s", en, metEN))
	if _, open := tok.(json.Delim); open {
		return skipRest(r.dec)
	}
	return nil
}

func (r *reader) skipNext() error {
	tok, err := r.dec.Token()
	if _, open := tok.(json.Delim); open && err == nil {
		return skipRest(r.dec)
	}
	return err
}

// add keeps one fault more than a report may hold, so that capped notices.
func (r *reader) add(path string, code Code, zh, en string) {
	if len(r.faults) <= MaxFaults {
		r.faults.add(path, code, zh, en)
	}
}

func (r *reader) shape(t reflect.Type) []member {
	if known, ok := r.shapes[t]; ok {
		return known
	}
	shape := make([]member, t.NumField())
	for i := range shape {
		tag := t.Field(i).Tag
		name, rest, _ := strings.Cut(tag.Get("json"), ",")
		shape[i] = member{name: name, label: tag.Get("zh"), optional: strings.Contains(rest, "omitempty"), mayBeNull: tag.Get("null") == "yes"}
	}
	r.shapes[t] = shape
	return shape
}

func indexOf(shape []member, name string) int {
	for i := range shape {
		if shape[i].name == name {
			return i
		}
	}
	return -1
}

func kindNames(kind reflect.Kind) (zh, en string) {
	switch kind {
	case reflect.Struct, reflect.Map:
		return "对象", "an object"
	case reflect.Slice:
		return "列表", "a list"
	case reflect.String:
		return "文字", "a string"
	case reflect.Bool:
		return "true 或 false", "true or false"
	}
	return "数字", "a number"
}
