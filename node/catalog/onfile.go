package catalog

import (
	"strings"

	"github.com/tongban/tongban/node/calendar"
)

// OnFile says which paper of an earlier case stands for one that is asked for: it
// is not brought again (一表制).
type OnFile struct {
	// Case is the earlier case, Brought the entry that brought the paper to it,
	// Material what the paper is called there.
	Case     string `json:"case"`
	Brought  string `json:"brought"`
	Material string `json:"material"`
}

// Reusable reports whether a paper on file may stand for the material: the
// catalog shares it, and the office does not keep or take back the original
// itself.
func (m Material) Reusable() bool { return m.Shareable && m.Form != FormOriginal }

// SamePaper reports whether two names are of one paper, whoever asks for it:
// what stands in brackets, 申请人 and 本人 before it and 复印件 behind it say
// nothing of what it is.
func SamePaper(a, b string) bool { return paperType(a) == paperType(b) }

func paperType(name string) string {
	var plain strings.Builder
	depth := 0
	for _, r := range name {
		switch r {
		case '（', '(':
			depth++
		case '）', ')':
			depth = max(depth-1, 0)
		default:
			if depth == 0 && r != ' ' {
				plain.WriteRune(r)
			}
		}
	}
	t := plain.String()
	for _, whose := range []string{"申请人", "本人"} {
		if rest, ok := strings.CutPrefix(t, whose); ok && rest != "" {
			t = rest
			break
		}
	}
	if rest, ok := strings.CutSuffix(t, "复印件"); ok && rest != "" {
		t = rest
	}
	return t
}

// checkOnFile holds a paper that is not brought again against what the item lets
// stand for it. Whether the paper is there and good is not for the item to say.
func checkOnFile(item Item, s SubmittedMaterial, i int) []Fault {
	if s.OnFile == (OnFile{}) {
		return nil
	}
	path := element("materials", i) + ".on_file"
	var faults []Fault
	for _, m := range item.Materials {
		switch {
		case m.Name != s.Name:
		case !m.Reusable():
			faults = append(faults, newFault(path, FaultConflict, "“%s”不能以存档材料代替，须由申请人提交", "%q must be brought: a paper on file does not stand for it", show(s.Name)))
		case !SamePaper(s.OnFile.Material, m.Name):
			faults = append(faults, newFault(path, FaultConflict, "存档的“%s”不是“%s”", "%[1]q on file is not %[2]q", show(s.OnFile.Material), show(m.Name)))
		}
	}
	if s.Form != SubmittedElectronic || !s.IssuedOn.IsZero() || !s.ValidUntil.IsZero() {
		faults = append(faults, newFault(path, FaultConflict, "存档材料按电子件提交，日期以存档的为准", "a paper on file counts as electronic, with the dates it has there"))
	}
	return faults
}

// CheckDates refuses papers that had run out on the day they were handed in, and
// dates that cannot be.
func CheckDates(submitted []SubmittedMaterial, today calendar.Date) []Fault {
	var faults []Fault
	for i, s := range submitted {
		at := func(field string) string { return element("materials", i) + field }
		switch {
		case !s.ValidUntil.IsZero() && s.ValidUntil.Before(today):
			faults = append(faults, newFault(at(".valid_until"), FaultRange, "“%s”已过有效期，请提交有效的", "%q is no longer valid; a valid one is needed", show(s.Name)))
		case s.IssuedOn.After(today):
			faults = append(faults, newFault(at(".issued_on"), FaultRange, "“%s”的签发日期晚于今天", "%q is issued after today", show(s.Name)))
		case !s.ValidUntil.IsZero() && s.ValidUntil.Before(s.IssuedOn):
			faults = append(faults, newFault(at(".valid_until"), FaultRange, "“%s”的有效期早于签发日期", "%q ends before it was issued", show(s.Name)))
		}
	}
	return faults
}
