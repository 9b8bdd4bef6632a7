package catalog

import (
	"slices"
	"strings"

	"github.com/tongban/tongban/node/importfile"
)

// unsound holds the faults of a document's shape against those of its rules. A
// value of the wrong kind was left empty, so that what the rules say about it
// would be told a second time, or be wrong; all else is told together.
type unsound importfile.Faults

func (u unsound) touches(path string) bool { return importfile.Faults(u).Touched(path) }

// beside drops what the rules say of values that could not be read, of the item
// at a path.
func (u unsound) beside(faults []Fault, item string) []Fault {
	if len(u) == 0 {
		return faults
	}
	return slices.DeleteFunc(faults, func(f Fault) bool {
		if u.touches(f.Path) {
			return true
		}
		for _, also := range readBy(strings.TrimPrefix(f.Path, item+"."), f.Code) {
			if u.touches(item + "." + also) {
				return true
			}
		}
		return false
	})
}

// readBy are the other values that the rule reads which found a fault.
func readBy(path string, code FaultCode) []string {
	top, _, _ := strings.Cut(path, "[")
	parent, last := "", path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, last = path[:i], path[i+1:]
	}
	switch {
	case path == "promised_working_days" && code == FaultLaw:
		return []string{"statutory_working_days"}
	case path == "promised_working_days" && code == FaultConflict:
		return []string{"instant"}
	case path == "promise_reason":
		return []string{"promised_working_days"}
	case path == "fee.standard", top == "fee.rates":
		return []string{"fee"}
	case top == "review_steps", top == "accept_tiers", path == "decide_tier":
		return []string{"review_steps", "accept_tiers", "decide_tier"}
	case top == "special_procedures" && code == FaultLaw:
		return []string{"legal_basis", parent}
	case top == "form" && strings.HasPrefix(last, "options"):
		return []string{parent + ".type"}
	case top == "form" && (last == "key" || last == "label" || last == "type"):
		return nil
	case last == "condition", top == "form" && parent != "":
		return []string{parent, "subject"}
	case path == "form":
		return []string{"form", "subject"}
	}
	return nil
}
