package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/importfile"
	"github.com/tongban/tongban/store/blob"
)

// bodies are the operations whose bodies are not small JSON documents.
var bodies = map[string]bodyRule{
	"validateItems":       {raw: true, max: 64 << 20},
	"importItems":         {raw: true, max: 64 << 20},
	"importPackages":      {raw: true, max: 16 << 20},
	"validatePackages":    {raw: true, max: 16 << 20},
	"importDivisions":     {raw: true, max: 64 << 20},
	"importCalendar":      {raw: true, max: 16 << 20},
	"draftItem":           {raw: true},
	"appendAttachment":    {stream: true, paper: true},
	"appendMyAttachment":  {stream: true, paper: true},
	"putMyAttachment":     {stream: true, paper: true},
	"readAttendanceTable": {stream: true, max: 2 * maxTableFile},
	"importCarry":         {stream: true, max: 8 << 30},
}

type bodyRule struct {
	// raw: a file in JSON that has a strict reader of its own, which reports
	// every fault; only its size is checked here.
	raw bool
	// stream: not JSON, and not held in memory.
	stream bool
	// paper: a scanned paper or a piece of one; what it may have is the node's
	// setting.
	paper bool
	max   int64 // 0: the node's limit
}

// bodyOf is the rule for an operation's body at a node that takes papers of up to
// paperBytes.
func bodyOf(operation string, paperBytes int64) bodyRule {
	rule := bodies[operation]
	if rule.paper {
		// One more is read, for the store to say what is too large.
		rule.max = paperBytes + 1
	}
	return rule
}

const (
	jsonType   = "application/json"
	streamType = "application/octet-stream"
	maxDepth   = 32
)

// readBody bounds the body of a request and makes sure that a JSON body is
// one well-formed document: UTF-8, not nested too deep, no name twice. It is
// read whole, so that it can be validated and then decoded.
func readBody(w http.ResponseWriter, r *http.Request, rule bodyRule, limit int64) ([]byte, error) {
	if rule.max > 0 {
		limit = rule.max
	}
	if r.Body == nil || r.Body == http.NoBody {
		if !rule.raw {
			return nil, nil
		}
		// An empty file is a file with a fault, which its reader tells.
		r.Body = http.NoBody
		if r.Header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", jsonType)
		}
	}
	if rule.paper && r.ContentLength >= limit {
		return nil, &blob.SizeError{Size: r.ContentLength, Limit: limit - 1}
	}
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	want := jsonType
	if rule.stream {
		want = streamType
	}
	if rule.stream {
		return nil, contentType(r, want)
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyFault(err)
	}
	if rule.raw {
		// The generated code would read it with encoding/json, which gives up
		// at the first fault, and lets text after the document pass.
		requestOf(r.Context()).file, data = data, []byte("{}")
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	if len(data) == 0 {
		r.Body = http.NoBody
		return nil, nil
	}
	if err := contentType(r, want); err != nil {
		return nil, err
	}
	if rule.raw {
		return data, nil
	}
	return data, checkJSON(data)
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
// a name twice in one object, and depth without end. It runs on every body,
// so it makes no tree: json.Valid has seen to the grammar, and only strings
// and brackets are looked at.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errJSON.with(catalog.Fault{Code: catalog.FaultSyntax, ZH: "不是 UTF-8 编码", EN: "not UTF-8"})
	}
	if !json.Valid(data) {
		return errJSON.with(syntaxFault(data))
	}
	open := make([]level, 0, 8)
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(open) == maxDepth {
				return errJSON.with(catalog.Fault{Code: catalog.FaultSyntax, ZH: "嵌套过深", EN: "nested too deep"})
			}
			open = append(open, level{object: data[i] == '{', name: data[i] == '{'})
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			open[len(open)-1].name = open[len(open)-1].object
		case '"':
			end := stringEnd(data, i)
			if n := len(open); n > 0 && open[n-1].name {
				if !open[n-1].add(data[i : end+1]) {
					return errJSON.with(catalog.Fault{Path: pathOf(open), Code: catalog.FaultDuplicate, ZH: "字段重复出现", EN: "the name stands twice"})
				}
			}
			i = end
		}
	}
	return nil
}

// syntaxFault says where a document stops being JSON.
func syntaxFault(data []byte) catalog.Fault {
	f := importfile.SyntaxFault(data)
	return catalog.Fault{Line: f.Line, Code: catalog.FaultSyntax, ZH: f.ZH, EN: f.EN}
}

// level is an object or a list that is open at some point of a document.
type level struct {
	object bool
	name   bool // the next string is a name
	last   []byte
	names  [][]byte
	many   map[string]bool // instead of names, once there are many
}

const manyNames = 16

// add notes a name, as it stands between its quotation marks; false when it
// was there already.
func (l *level) add(quoted []byte) bool {
	l.name = false
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if json.Unmarshal(quoted, &plain) == nil {
			name = []byte(plain)
		}
	}
	l.last = name
	if l.many != nil {
		if l.many[string(name)] {
			return false
		}
		l.many[string(name)] = true
		return true
	}
	for _, known := range l.names {
		if bytes.Equal(known, name) {
			return false
		}
	}
	if l.names = append(l.names, name); len(l.names) == manyNames {
		l.many = make(map[string]bool, 4*manyNames)
		for _, known := range l.names {
			l.many[string(known)] = true
		}
	}
	return true
}

// stringEnd is where the string that begins at i ends.
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// pathOf names the member that was read last. Names come from outside, so
// they are cut to what a message can hold.
func pathOf(open []level) string {
	var parts []string
	for _, l := range open {
		if l.object {
			parts = append(parts, shown(string(l.last)))
		}
	}
	return strings.Join(parts, ".")
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

// bodyFault is why a body could not be read: what the limits and the time allowed say
// of themselves, and else how whoever sent it framed it, which is no fault of this node.
func bodyFault(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("read body: %w", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTimeout
	}
	return errBody
}
