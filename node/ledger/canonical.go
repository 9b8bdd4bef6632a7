package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// Every hub reads and writes each entry several times, and package json, which
// looks each field up, takes most of the time of applying one. What is in
// canonical form, as nearly every entry is, is read and written here field by
// field in their order. Whatever is not exactly that is left to package json:
// the two never differ in what they make of the same bytes, which
// TestCanonicalIsJSON and FuzzCanonical hold against each other.

// ParseEntry reads an entry as json.Unmarshal does.
func ParseEntry(raw []byte) (Entry, error) {
	e, ok := parseCanonical(raw)
	if ok {
		return e, nil
	}
	e = Entry{}
	err := json.Unmarshal(raw, &e)
	return e, err
}

// ParseCanonical reads an entry that is in canonical form, which json.Marshal
// makes of it again byte for byte; false says that it is not, or that this must
// be left to package json. The entry shares memory with raw.
func ParseCanonical(raw []byte) (Entry, bool) { return parseCanonical(raw) }

// Canonical is the entry's canonical JSON, the same as json.Marshal's.
func (e *Entry) Canonical() ([]byte, error) {
	const framing = 320 // names, numbers and signature
	b := make([]byte, 0, framing+len(e.ID)+len(e.Actor.Staff)+len(e.Actor.Name)+len(e.Case)+len(e.Prev)+len(e.Body))
	b, ok := e.appendCanonical(b)
	if ok {
		return b, nil
	}
	return json.Marshal(e)
}

func (e *Entry) appendCanonical(b []byte) (_ []byte, ok bool) {
	w := canonWriter{b: b, ok: true}
	w.text(`{"id":`, e.ID)
	w.text(`,"kind":`, string(e.Kind))
	w.number(`,"v":`, int64(e.V))
	w.text(`,"origin":`, e.Origin)
	if e.Seq != 0 {
		w.b = strconv.AppendUint(append(w.b, `,"seq":`...), e.Seq, 10)
	}
	w.text(`,"actor":{"staff":`, e.Actor.Staff)
	w.optional(`,"name":`, e.Actor.Name)
	w.text(`,"role":`, string(e.Actor.Role))
	w.text(`,"node":`, e.Actor.Node)
	w.b = append(w.b, '}')
	w.optional(`,"scope":`, string(e.Scope))
	if e.Subtree {
		w.b = append(w.b, `,"subtree":true`...)
	}
	w.optional(`,"case":`, e.Case)
	w.optional(`,"prev":`, e.Prev)
	w.number(`,"occurred_at":`, e.OccurredAt)
	if e.SkewMS != 0 {
		w.number(`,"skew_ms":`, e.SkewMS)
	}
	if end, ok := compactValue(e.Body, 0, 0); !ok || end != len(e.Body) {
		return nil, false
	}
	w.b = append(append(w.b, `,"body":`...), e.Body...)
	if len(e.Sig) > 0 {
		w.b = base64.StdEncoding.AppendEncode(append(w.b, `,"sig":"`...), e.Sig)
		w.b = append(w.b, '"')
	}
	return append(w.b, '}'), w.ok
}

// canonWriter appends the members of an object. ok is false once a text was met
// that has to be escaped.
type canonWriter struct {
	b  []byte
	ok bool
}

func (w *canonWriter) text(name, s string) {
	w.ok = w.ok && plain(s)
	w.b = append(append(append(append(w.b, name...), '"'), s...), '"')
}

func (w *canonWriter) optional(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

func (w *canonWriter) number(name string, n int64) {
	w.b = strconv.AppendInt(append(w.b, name...), n, 10)
}

// plain reports whether a text stands in canonical JSON as it is.
func plain(s string) bool {
	ascii := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
			if c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8 {
				return false // U+2028 and U+2029
			}
		}
	}
	return ascii || utf8.ValidString(s)
}

func parseCanonical(raw []byte) (Entry, bool) {
	var e Entry
	c := canonReader{raw: raw, s: string(raw)}
	c.want(`{"id":`)
	e.ID = c.text()
	c.want(`,"kind":`)
	e.Kind = Kind(c.text())
	c.want(`,"v":`)
	e.V = int(c.number())
	c.want(`,"origin":`)
	e.Origin = c.text()
	if c.has(`,"seq":`) {
		seq := c.number()
		c.check(seq > 0)
		e.Seq = uint64(seq)
	}
	c.want(`,"actor":{"staff":`)
	e.Actor.Staff = c.text()
	e.Actor.Name = c.optional(`,"name":`)
	c.want(`,"role":`)
	e.Actor.Role = identity.Role(c.text())
	c.want(`,"node":`)
	e.Actor.Node = c.text()
	c.want(`}`)
	e.Scope = division.Code(c.optional(`,"scope":`))
	e.Subtree = c.has(`,"subtree":true`)
	e.Case = c.optional(`,"case":`)
	e.Prev = c.optional(`,"prev":`)
	c.want(`,"occurred_at":`)
	e.OccurredAt = c.number()
	if c.has(`,"skew_ms":`) {
		e.SkewMS = c.number()
		c.check(e.SkewMS != 0)
	}
	c.want(`,"body":`)
	e.Body = c.value()
	if c.has(`,"sig":`) {
		e.Sig = c.bytes()
	}
	c.want(`}`)
	return e, c.ended()
}

// parseSubmission reads the canonical body of a submission.
func parseSubmission(raw []byte) (*CaseSubmitV1, bool) {
	b := new(CaseSubmitV1)
	c := canonReader{raw: raw, s: string(raw)}
	c.want(`{"number":`)
	b.Number = c.text()
	c.want(`,"item":`)
	b.Item = c.text()
	c.want(`,"item_version":`)
	b.ItemVersion = int(c.number())
	c.want(`,"department":`)
	b.Department = c.text()
	c.want(`,"division":`)
	b.Division = division.Code(c.text())
	c.want(`,"applicant":{"type":`)
	b.Applicant.Type = c.text()
	c.want(`,"name":`)
	b.Applicant.Name = c.text()
	b.Applicant.IDNumber = c.optional(`,"id_number":`)
	b.Applicant.Phone = c.optional(`,"phone":`)
	c.want(`},"form":`)
	b.Form = list(&c, func() (f catalog.FieldValue) {
		c.want(`{"key":`)
		f.Key = c.text()
		c.want(`,"value":`)
		f.Value = c.text()
		c.want(`}`)
		return f
	})
	c.want(`,"materials":`)
	b.Materials = list(&c, func() (m catalog.SubmittedMaterial) {
		c.want(`{"name":`)
		m.Name = c.text()
		c.want(`,"form":`)
		m.Form = catalog.SubmittedForm(c.text())
		c.want(`,"copies":`)
		m.Copies = int(c.number())
		c.want(`,"attachments":`)
		m.Attachments = list(&c, func() (a catalog.AttachmentRef) {
			c.want(`{"hash":`)
			a.Hash = c.text()
			c.want(`,"name":`)
			a.Name = c.text()
			c.want(`,"size":`)
			a.Size = c.number()
			c.want(`,"type":`)
			a.Type = c.text()
			c.want(`}`)
			return a
		})
		c.want(`}`)
		return m
	})
	if c.has(`,"applying":`) {
		b.Applying = list(&c, c.text)
		c.check(len(b.Applying) > 0)
	}
	c.want(`,"steps":`)
	b.Steps = list(&c, func() (s Step) {
		c.want(`{"tier":`)
		s.Tier = node.Tier(c.text())
		c.want(`,"verb":`)
		s.Verb = Verb(c.text())
		c.want(`}`)
		return s
	})
	c.want(`,"handed_in_at":`)
	b.HandedInAt = division.Code(c.text())
	b.Corrects = c.optional(`,"corrects":`)
	c.want(`}`)
	return b, c.ended()
}

// canonReader reads canonical JSON from its beginning. Once something else is
// met it is bad, and what it returns means nothing.
type canonReader struct {
	raw []byte
	s   string // raw, which every text shares
	at  int
	bad bool
}

func (c *canonReader) check(ok bool) { c.bad = c.bad || !ok }

func (c *canonReader) ended() bool { return !c.bad && c.at == len(c.s) }

func (c *canonReader) has(literal string) bool {
	if c.bad || len(c.s)-c.at < len(literal) || c.s[c.at:c.at+len(literal)] != literal {
		return false
	}
	c.at += len(literal)
	return true
}

func (c *canonReader) want(literal string) { c.check(c.has(literal)) }

// text reads a text in which nothing is escaped.
func (c *canonReader) text() string {
	if !c.has(`"`) {
		c.bad = true
		return ""
	}
	s, _, ended := strings.Cut(c.s[c.at:], `"`)
	if c.check(ended && plain(s)); c.bad {
		return ""
	}
	c.at += len(s) + 1
	return s
}

// optional reads a text that is left out when it is empty.
func (c *canonReader) optional(name string) string {
	if !c.has(name) {
		return ""
	}
	s := c.text()
	c.check(s != "")
	return s
}

// number reads a whole number.
func (c *canonReader) number() int64 {
	from := c.at
	for c.at < len(c.s) && (c.s[c.at] >= '0' && c.s[c.at] <= '9' || c.at == from && c.s[c.at] == '-') {
		c.at++
	}
	text := c.s[from:c.at]
	n, err := strconv.ParseInt(text, 10, 64)
	c.check(err == nil && strconv.FormatInt(n, 10) == text)
	return n
}

// value reads any value as it stands.
func (c *canonReader) value() json.RawMessage {
	if c.bad {
		return nil
	}
	end, ok := compactValue(c.raw, c.at, 0)
	if !ok {
		c.bad = true
		return nil
	}
	v := c.raw[c.at:end:end]
	c.at = end
	return v
}

// bytes reads bytes in base64, at least one.
func (c *canonReader) bytes() []byte {
	s := c.text()
	if c.bad {
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	// Package base64 passes over line breaks; a text has none.
	c.check(err == nil && len(b) > 0)
	return b
}

func list[T any](c *canonReader, element func() T) []T {
	if c.has(`null`) {
		return nil
	}
	c.want(`[`)
	if c.has(`]`) {
		return []T{}
	}
	var few [8]T // so many are read before the list is made, as long as it is
	all := few[:0]
	for !c.bad {
		all = append(all, element())
		if c.has(`]`) {
			return slices.Clone(all)
		}
		c.want(`,`)
	}
	return nil
}

// maxCompactDepth bounds what is looked at here; package json goes deeper.
const maxCompactDepth = 32

// compactValue finds the end of the JSON value that begins at i. False: it is
// no JSON, or package json would write it differently.
func compactValue(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) || depth > maxCompactDepth {
		return i, false
	}
	switch c := b[i]; {
	case c == '"':
		return compactText(b, i)
	case c == '{':
		if i++; i < len(b) && b[i] == '}' {
			return i + 1, true
		}
		for {
			if i, ok = compactText(b, i); !ok || i >= len(b) || b[i] != ':' {
				return i, false
			}
			if i, ok = compactValue(b, i+1, depth+1); !ok || i >= len(b) {
				return i, false
			}
			if b[i] == '}' {
				return i + 1, true
			}
			if b[i] != ',' {
				return i, false
			}
			i++
		}
	case c == '[':
		if i++; i < len(b) && b[i] == ']' {
			return i + 1, true
		}
		for {
			if i, ok = compactValue(b, i, depth+1); !ok || i >= len(b) {
				return i, false
			}
			if b[i] == ']' {
				return i + 1, true
			}
			if b[i] != ',' {
				return i, false
			}
			i++
		}
	case c == 't':
		return compactWord(b, i, "true")
	case c == 'f':
		return compactWord(b, i, "false")
	case c == 'n':
		return compactWord(b, i, "null")
	case c == '-' || c >= '0' && c <= '9':
		from := i
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		}
		digits := b[from:i]
		if digits[0] == '-' {
			digits = digits[1:]
		}
		if len(digits) == 0 || digits[0] == '0' && len(digits) > 1 {
			return i, false
		}
		// Fractions and exponents are left to package json.
		return i, i >= len(b) || b[i] != '.' && b[i] != 'e' && b[i] != 'E'
	}
	return i, false
}

func compactWord(b []byte, i int, word string) (end int, ok bool) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, false
	}
	return i + len(word), true
}

// compactText finds the end of a text that package json would copy as it is:
// it does so with escapes, and with bytes that are not UTF-8.
func compactText(b []byte, i int) (end int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false
	}
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, true
		case c == '\\':
			if i++; i >= len(b) {
				return i, false
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i >= len(b) || !isHex(b[i]) {
						return i, false
					}
				}
			default:
				return i, false
			}
		case c < ' ' || c == '<' || c == '>' || c == '&':
			return i, false
		case c == 0xe2:
			if i+2 < len(b) && b[i+1] == 0x80 && b[i+2]&^1 == 0xa8 {
				return i, false
			}
		}
	}
	return i, false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// ParseHead reads the head with which the canonical JSON of a record begins,
// and returns what follows it: a comma or a brace. False: it gives a reason, or
// must be left to package json otherwise.
func ParseHead(record []byte) (h Head, rest []byte, ok bool) {
	const mostHead = 160
	c := canonReader{s: string(record[:min(len(record), mostHead)])}
	c.want(`{"index":`)
	index := c.number()
	c.check(index >= 0)
	h.Index = uint64(index)
	c.want(`,"recorded_at":`)
	h.RecordedAt = c.number()
	c.want(`,"outcome":`)
	h.Outcome = Outcome(c.text())
	if c.bad || c.at >= len(c.s) || c.has(`,"code":`) || c.has(`,"reason":`) || c.has(`,"resolves":`) {
		return Head{}, nil, false
	}
	return h, record[c.at:], true
}

// RecordBytes is a record's canonical JSON, from its head and the canonical
// JSON of its entry. It equals json.Marshal of the Record.
func RecordBytes(h *Head, entry []byte) ([]byte, error) {
	b, err := appendHead(make([]byte, 0, headFraming+len(entry)), h)
	if err != nil {
		return nil, err
	}
	return append(append(b, entry...), '}'), nil
}

// RecordHash is the leaf of a record in the county's Merkle tree: LeafHash of what
// RecordBytes makes, which is not made for it.
func RecordHash(h *Head, entry []byte) (leaf tlog.Hash, err error) {
	head, err := appendHead(append(make([]byte, 0, 1+headFraming), leafPrefix), h)
	if err != nil {
		return leaf, err
	}
	sum := sha256.New()
	sum.Write(head)
	sum.Write(entry)
	sum.Write([]byte{'}'})
	sum.Sum(leaf[:0])
	return leaf, nil
}

const (
	// leafPrefix is the byte that a leaf is hashed behind (RFC 6962).
	leafPrefix = 0
	// headFraming is about how long a head is that gives no reason.
	headFraming = 160
)

// appendHead appends a record's canonical JSON up to its entry.
func appendHead(b []byte, h *Head) ([]byte, error) {
	if h.Code == "" && h.Reason == "" && len(h.Resolves) == 0 && plain(string(h.Outcome)) {
		w := canonWriter{b: b, ok: true}
		w.b = strconv.AppendUint(append(w.b, `{"index":`...), h.Index, 10)
		w.number(`,"recorded_at":`, h.RecordedAt)
		w.text(`,"outcome":`, string(h.Outcome))
		b = w.b
	} else {
		head, err := json.Marshal(h)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		b = append(b, head[:len(head)-1]...)
	}
	return append(b, `,"entry":`...), nil
}
