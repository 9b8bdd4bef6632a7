package catalog

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/tongban/tongban/node/importfile"
)

// Fault is one thing wrong with data that a person or an office handed in. It
// reaches users, so it names the place, says in Chinese and English what is
// wrong, and carries a stable code for programs.
type Fault struct {
	// Path is the JSON path, such as items[12].materials[3].name or
	// form.id_number; empty for the document as a whole.
	Path string `json:"path"`
	// Line is where in an imported file it stands, from 1; 0 where there is
	// no one line.
	Line int       `json:"line,omitempty"`
	Code FaultCode `json:"code"`
	ZH   string    `json:"zh"`
	EN   string    `json:"en"`
}

// FaultCode classifies a fault. Codes cross the API and are only ever added.
type FaultCode string

// The fault codes.
const (
	FaultSyntax    FaultCode = "syntax"       // not JSON, not UTF-8, nested too deep
	FaultUnknown   FaultCode = "unknown"      // a name that nothing defines
	FaultDuplicate FaultCode = "duplicate"    // named twice
	FaultMissing   FaultCode = "missing"      // required and absent
	FaultType      FaultCode = "type"         // the wrong kind of value
	FaultLength    FaultCode = "length"       // too long
	FaultText      FaultCode = "text"         // control characters or stray spaces
	FaultFormat    FaultCode = "format"       // the right kind, badly formed
	FaultRange     FaultCode = "range"        // a number or date out of bounds
	FaultConflict  FaultCode = "conflict"     // contradicts another value
	FaultLaw       FaultCode = "law"          // breaks a rule of law or of the centre
	FaultPerson    FaultCode = "other_person" // of somebody else than it has to be
	FaultLimit     FaultCode = "limit"        // too many or too large
)

// String renders the fault for logs and command lines.
func (f Fault) String() string {
	if f.Line > 0 {
		return fmt.Sprintf("第 %d 行 line %d  %s: %s (%s) [%s]", f.Line, f.Line, f.Path, f.ZH, f.EN, f.Code)
	}
	return fmt.Sprintf("%s: %s (%s) [%s]", f.Path, f.ZH, f.EN, f.Code)
}

// newFault formats both messages from the same arguments; the templates use
// indexed verbs where the languages order them differently.
func newFault(path string, code FaultCode, zh, en string, args ...any) Fault {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	return Fault{Path: path, Code: code, ZH: zh, EN: en}
}

// maxFaults bounds a report.
const maxFaults = importfile.MaxFaults

// capped cuts a report to maxFaults and says so in its last line.
func capped(faults []Fault) []Fault {
	if len(faults) <= maxFaults {
		return faults
	}
	return append(faults[:maxFaults:maxFaults], newFault("", FaultLimit,
		"错误过多，只列出前%d处", "too many faults; only the first %d are listed", maxFaults))
}

// at returns the faults with their paths moved below prefix.
func at(prefix string, faults []Fault) []Fault {
	for i := range faults {
		switch p := faults[i].Path; {
		case p == "":
			faults[i].Path = prefix
		case strings.HasPrefix(p, "["):
			faults[i].Path = prefix + p
		default:
			faults[i].Path = prefix + "." + p
		}
	}
	return faults
}

// Show makes a text of somebody's file fit to stand in a message: short, on one line.
func Show(text string) string { return show(text) }

// Capped cuts a report to as many faults as anybody corrects in one sitting.
func Capped(faults []Fault) []Fault { return capped(faults) }

// show makes text from outside fit to stand in a message: short, on one line,
// without characters that could disguise what is written.
func show(text string) string {
	const most = 40
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n == most {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
