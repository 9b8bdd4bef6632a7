package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tongban/tongban/node/catalog"
)

// bodies are the operations whose bodies are not small JSON documents.
var bodies = map[string]bodyRule{
	"validateItems":    {raw: true, max: 64 << 20},
	"importItems":      {raw: true, max: 64 << 20},
	"importDivisions":  {raw: true, max: 64 << 20},
	"importCalendar":   {raw: true, max: 16 << 20},
	"draftItem":        {raw: true},
	"appendAttachment": {stream: true, max: 20 << 20},
	"importCarry":      {stream: true, max: 8 << 30},
}

type bodyRule struct {
	// raw: a file in JSON that has a strict reader of its own, which reports
	// every fault; only its size is checked here.
	raw bool
	// stream: not JSON, and not held in memory.
	stream bool
	max    int64 // 0: the node's limit
}

const (
	jsonType   = "application/json"
	streamType = "application/octet-stream"
	maxDepth   = 32
)

// readBody bounds the body of a request and makes sure that a JSON body is
// one well-formed document: UTF-8, not nested too deep, no name twice. It is
// read whole, so that it can be validated and then decoded.
func readBody(w http.ResponseWriter, r *http.Request, rule bodyRule, limit int64) error {
	if rule.max > 0 {
		limit = rule.max
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if r.ContentLength > limit {
		return errTooLarge
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	want := jsonType
	if rule.stream {
		want = streamType
	}
	if rule.stream {
		return contentType(r, want)
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	if len(data) == 0 {
		r.Body = http.NoBody
		return nil
	}
	if err := contentType(r, want); err != nil {
		return err
	}
	if rule.raw {
		return nil
	}
	return checkJSON(data)
}

func contentType(r *http.Request, want string) error {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return errMediaType
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") {
		return errMediaType
	}
	return nil
}

// checkJSON refuses what json.Decode would let pass: text that is not UTF-8,
// a name twice in one object, a second document, and depth without end.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errJSON.with(catalog.Fault{Code: catalog.FaultSyntax, ZH: "不是 UTF-8 编码", EN: "not UTF-8"})
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var open []level
	documents := 0
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 && documents == 1 {
			return nil
		}
		if err != nil {
			return errJSON.with(catalog.Fault{Code: catalog.FaultSyntax,
				ZH: fmt.Sprintf("第%d字节处不是正确的 JSON", dec.InputOffset()), EN: fmt.Sprintf("not JSON at byte %d", dec.InputOffset())})
		}
		if len(open) == 0 {
			if documents++; documents > 1 {
				return errJSON.with(catalog.Fault{Code: catalog.FaultSyntax, ZH: "JSON 之后还有多余内容", EN: "there is something after the JSON document"})
			}
		}
		if open, err = step(open, t); err != nil {
			return err
		}
	}
}

// level is an object or a list that is open while its tokens are read.
type level struct {
	names map[string]bool // nil in a list
	name  string
	value bool // a value is due, not a name
}

func step(open []level, t json.Token) ([]level, error) {
	top := func() *level { return &open[len(open)-1] }
	if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
		open = open[:len(open)-1]
		if len(open) > 0 {
			top().value = false
		}
		return open, nil
	}
	if len(open) > 0 && top().names != nil && !top().value {
		name, _ := t.(string)
		if top().names[name] {
			return nil, errJSON.with(catalog.Fault{Path: pathOf(open, name), Code: catalog.FaultDuplicate, ZH: "字段重复出现", EN: "the name stands twice"})
		}
		top().names[name], top().name, top().value = true, name, true
		return open, nil
	}
	if d, ok := t.(json.Delim); ok {
		if len(open) == maxDepth {
			return nil, errJSON.with(catalog.Fault{Code: catalog.FaultSyntax, ZH: "嵌套过深", EN: "nested too deep"})
		}
		l := level{}
		if d == '{' {
			l.names = map[string]bool{}
		}
		return append(open, l), nil
	}
	if len(open) > 0 {
		top().value = false
	}
	return open, nil
}

// pathOf names a member by the objects around it. Names come from outside, so
// they are cut to what a message can hold.
func pathOf(open []level, name string) string {
	parts := make([]string, 0, len(open)+1)
	for _, l := range open[:len(open)-1] {
		if l.names != nil {
			parts = append(parts, shown(l.name))
		}
	}
	return strings.Join(append(parts, shown(name)), ".")
}

// shown makes a name from outside fit to stand in an answer.
func shown(name string) string {
	const most = 40
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, name)
	if rs := []rune(clean); len(rs) > most {
		return string(rs[:most]) + "…"
	}
	return clean
}
