package importfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is far beyond what any import file nests.
const maxDepth = 32

// Decode reads one JSON document into the struct that into points to, and
// returns what encoding/json would let pass or would report one at a time: all
// unknown members, members given twice, missing members, nulls and values of
// another type. Names are compared exactly. A member whose tag says omitempty
// may be missing.
//
// The struct is built of structs, slices, string-keyed maps, strings, bools
// and ints with a json tag on every field. It is filled in only when there are
// no faults.
func Decode(data []byte, into any) Faults {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // Windows editors write a byte order mark
	var faults Faults
	if !utf8.Valid(data) {
		faults.Add("", "文件不是 UTF-8 编码，请另存为 UTF-8", "the file is not UTF-8; save it as UTF-8")
		return faults
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		line, column := position(data, err)
		faults.Add("",
			fmt.Sprintf("不是合法的 JSON：第 %d 行第 %d 列", line, column),
			fmt.Sprintf("not valid JSON: line %d, column %d: %v", line, column, err))
		return faults
	}
	c := checker{decoder: json.NewDecoder(bytes.NewReader(data)), faults: &faults}
	c.decoder.UseNumber()
	if err := c.value(reflect.TypeOf(into).Elem(), "", 0); err != nil {
		faults.Add("", "文件无法读取", err.Error())
		return faults
	}
	if len(faults) > 0 {
		return faults
	}
	if err := json.Unmarshal(data, into); err != nil {
		faults.Add("", "文件无法读取", err.Error())
	}
	return faults
}

// checker walks the document beside the type it should have.
type checker struct {
	decoder *json.Decoder
	faults  *Faults
}

var errTooDeep = errors.New("nested too deeply")

// value checks the next value against t. A nil t is a value that nothing can
// be said about any more: it is stepped over.
func (c *checker) value(t reflect.Type, path string, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	token, err := c.decoder.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return c.object(t, path, depth)
		}
		return c.list(t, path, depth)
	case json.Number:
		c.number(t, path, token)
	case string:
		c.expect(t, path, reflect.String)
	case bool:
		c.expect(t, path, reflect.Bool)
	default: // null
		if t != nil {
			c.faults.Add(path, "不能是 null", "must not be null")
		}
	}
	return nil
}

func (c *checker) object(t reflect.Type, path string, depth int) error {
	var members []member
	if t != nil && t.Kind() == reflect.Struct {
		members = membersOf(t)
	} else if !c.expect(t, path, reflect.Map) {
		t = nil
	}
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at := Key(path, name)
		if t != nil && seen[name] {
			c.faults.Add(at, "重复出现", "given twice")
		}
		seen[name] = true
		if err := c.value(c.memberType(t, members, name, at), at, depth+1); err != nil {
			return err
		}
	}
	for _, m := range members {
		if !m.optional && !seen[m.name] {
			c.faults.Add(Key(path, m.name), "缺少此项", "missing")
		}
	}
	_, err := c.decoder.Token() // the closing brace
	return err
}

// memberType finds the type a member should have, nil when it cannot be told.
func (c *checker) memberType(t reflect.Type, members []member, name, at string) reflect.Type {
	if t == nil {
		return nil
	}
	if t.Kind() == reflect.Map {
		return t.Elem()
	}
	for _, m := range members {
		if m.name == name {
			return m.typ
		}
	}
	c.faults.Add(at, "未知的项", "unknown field")
	return nil
}

func (c *checker) list(t reflect.Type, path string, depth int) error {
	var element reflect.Type
	if c.expect(t, path, reflect.Slice) && t != nil {
		element = t.Elem()
	}
	for i := 0; c.decoder.More(); i++ {
		if err := c.value(element, Index(path, i), depth+1); err != nil {
			return err
		}
	}
	_, err := c.decoder.Token() // the closing bracket
	return err
}

func (c *checker) number(t reflect.Type, path string, n json.Number) {
	if !c.expect(t, path, reflect.Int) || t == nil {
		return
	}
	if _, err := strconv.Atoi(n.String()); err != nil {
		c.faults.Add(path, "应为整数："+Clip(n.String()), "must be a whole number: "+Clip(n.String()))
	}
}

// expect notes a fault when the value that was met has another kind than t.
func (c *checker) expect(t reflect.Type, path string, met reflect.Kind) bool {
	if t == nil || t.Kind() == met {
		return true
	}
	zh, en := kindNames(t.Kind())
	metZH, metEN := kindNames(met)
	c.faults.Add(path, fmt.Sprintf("应为%s，却是%s", zh, metZH), fmt.Sprintf("must be %s, is %s", en, metEN))
	return false
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
	case reflect.Int:
		return "数字", "a number"
	}
	return kind.String(), kind.String()
}

// member is one field of a struct as the file names it.
type member struct {
	name     string
	optional bool
	typ      reflect.Type
}

func membersOf(t reflect.Type) []member {
	members := make([]member, 0, t.NumField())
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		members = append(members, member{
			name:     name,
			optional: strings.Contains(options, "omitempty"),
			typ:      t.Field(i).Type,
		})
	}
	return members
}

// position turns the byte offset of a syntax error into a line and a column,
// both counted from 1, the column in characters.
func position(data []byte, err error) (line, column int) {
	offset := len(data)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(min(max(syntax.Offset-1, 0), int64(len(data))))
	}
	before := data[:offset]
	line = 1 + bytes.Count(before, []byte("\n"))
	column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return line, column
}
