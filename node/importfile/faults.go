// Package importfile reads the JSON files an operator imports (divisions,
// calendar, items) strictly and names everything that is wrong with one at once, so
// that the file can be mended in one go. Import changes nothing unless a file
// has no fault at all.
package importfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fault is one thing wrong with a file.
type Fault struct {
	Path string `json:"path"`           // where, as years[2].holidays[0]; $ is the whole file
	Line int    `json:"line,omitempty"` // where in the text, from 1; 0 where there is no one line
	Code Code   `json:"code"`
	ZH   string `json:"zh"` // what, in Chinese
	EN   string `json:"en"` // the same in English
}

// Code classifies a fault. Codes cross the API and are only ever added.
type Code string

// The codes of faults.
const (
	Syntax    Code = "syntax"    // not JSON, not UTF-8
	Unknown   Code = "unknown"   // a name that nothing defines
	Duplicate Code = "duplicate" // named twice
	Missing   Code = "missing"   // required and absent
	Type      Code = "type"      // the wrong kind of value
	Format    Code = "format"    // the right kind, badly formed or against a rule
	Limit     Code = "limit"     // too many or too large
)

// String gives the fault as one line, Chinese first.
func (f Fault) String() string {
	if f.Line > 0 {
		return fmt.Sprintf("第 %d 行 line %d  %s: %s (%s)", f.Line, f.Line, f.Path, f.ZH, f.EN)
	}
	return fmt.Sprintf("%s: %s (%s)", f.Path, f.ZH, f.EN)
}

// Faults is everything wrong with a file, in the order it was met. It is an
// error when it is not empty; Err turns an empty one into nil.
type Faults []Fault

// Add notes one more fault, of the rules that a well-formed file is held
// against. An empty path is the whole file.
func (f *Faults) Add(path, zh, en string) { f.add(path, Format, zh, en) }

func (f *Faults) add(path string, code Code, zh, en string) {
	if path == "" {
		path = "$"
	}
	*f = append(*f, Fault{Path: path, Code: code, ZH: zh, EN: en})
}

// capped cuts a report to MaxFaults and says so in its last line.
func (f Faults) capped() Faults {
	if len(f) <= MaxFaults {
		return f
	}
	return append(f[:MaxFaults:MaxFaults], Fault{Path: "$", Code: Limit, ZH: fmt.Sprintf("错误过多，只列出前 %d 处", MaxFaults), EN: fmt.Sprintf("too many faults; only the first %d are listed", MaxFaults)})
}

// Err returns the faults as an error, or nil when there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Error lists the faults one a line. Beyond twenty only their number is told;
// the whole list is the slice itself.
func (f Faults) Error() string {
	const most = 20
	var b strings.Builder
	fmt.Fprintf(&b, "文件有 %d 处错误 (%d faults)", len(f), len(f))
	for _, fault := range f[:min(len(f), most)] {
		b.WriteString("\n  " + fault.String())
	}
	if more := len(f) - most; more > 0 {
		fmt.Fprintf(&b, "\n  …… 另有 %d 处 (%d more)", more, more)
	}
	return b.String()
}

// Index gives the path of element i of the list at path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Key gives the path of a member of the object at path. A name that is not a
// plain word is quoted and clipped.
func Key(path, name string) string {
	if !plainWord(name) {
		return path + "[" + strconv.Quote(Clip(name)) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// Clip shortens text that came out of a file so that it fits into a message.
func Clip(text string) string {
	const most = 40
	for i, n := 0, 0; i < len(text); n++ {
		if n == most {
			return text[:i] + "…"
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return text
}

func plainWord(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
