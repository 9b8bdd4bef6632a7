package catalog

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with data that a person or an office handed in. It
// reaches users, so it names the place, says in Chinese and English what is
// wrong, and carries a stable code for programs.
type Fault struct {
	// Path is the JSON path, such as items[12].materials[3].name or
	// form.id_number; empty for the document as a whole.
	Path string    `json:"path"`
	Code FaultCode `json:"code"`
	ZH   string    `json:"zh"`
	EN   string    `json:"en"`
}

// FaultCode classifies a fault. Codes cross the API and are only ever added.
type FaultCode string

// The fault codes.
const (
	FaultSyntax    FaultCode = "syntax"    // not JSON, not UTF-8, nested too deep
	FaultUnknown   FaultCode = "unknown"   // a name that nothing defines
	FaultDuplicate FaultCode = "duplicate" // named twice
	FaultMissing   FaultCode = "missing"   // required and absent
	FaultType      FaultCode = "type"      // the wrong kind of value
	FaultLength    FaultCode = "length"    // too long
	FaultText      FaultCode = "text"      // control characters or stray spaces
	FaultFormat    FaultCode = "format"    // the right kind, badly formed
	FaultRange     FaultCode = "range"     // a number or date out of bounds
	FaultConflict  FaultCode = "conflict"  // contradicts another value
	FaultLaw       FaultCode = "law"       // breaks a rule of law or of the centre
	FaultLimit     FaultCode = "limit"     // too many or too large
)

// String renders the fault for logs and command lines.
func (f Fault) String() string {
	return fmt.Sprintf("%s: %s (%s) [%s]", f.Path, f.ZH, f.EN, f.Code)
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
