package catalog

import (
	"fmt"
	"slices"
)

// CheckMaterials compares what was handed in with what the item demands.
// applying names the conditional materials whose condition the applicant
// declares to hold. Everything that is missing or wrong is listed at once, for
// the law allows the office to ask only once (行政许可法 art. 32, 一次性告知):
// first what is missing, in the item's order, then what is wrong with what is
// there.
//
// An original is accepted for a copy. An electronic document stands for every
// form, as an electronic licence is equal to paper, but must come with the
// file itself. Where original and copy are demanded, both are handed in.
func CheckMaterials(item Item, submitted []SubmittedMaterial, applying []string, limits Limits) []Fault {
	if len(submitted) > maxSubmitted || len(applying) > maxSubmitted {
		return []Fault{newFault("materials", FaultLimit, "提交的材料多于%d份", "more than %d materials are submitted", maxSubmitted)}
	}
	wrong := checkApplying(item, applying)
	var missing []Fault
	for _, m := range item.Materials {
		handedIn := named(submitted, m.Name)
		switch {
		case len(handedIn) > 0:
			missing = append(missing, checkAgainst(m, handedIn)...)
		case m.Required:
			missing = append(missing, newFault("materials", FaultMissing, "缺少“%[1]s”（%[2]s%[3]d份）", "missing: %[1]q (%[2]s, %[3]d)", m.Name, m.Form, m.Copies))
		case slices.Contains(applying, m.Name):
			missing = append(missing, newFault("materials", FaultMissing, "缺少“%[1]s”（%[2]s%[3]d份；适用情形：%[4]s）", "missing: %[1]q (%[2]s, %[3]d; needed because: %[4]s)", m.Name, m.Form, m.Copies, m.Condition))
		}
	}
	return capped(append(append(missing, wrong...), checkSubmitted(item, submitted, limits)...))
}

// Lacking names the materials and the required fields of the form that are not
// there at all, in the item's order.
func Lacking(item Item, form []FieldValue, submitted []SubmittedMaterial, applying []string) []string {
	var lacking []string
	for _, m := range item.Materials {
		needed := m.Required || slices.Contains(applying, m.Name)
		handedIn := named(submitted, m.Name)
		if needed && (len(handedIn) == 0 || len(checkAgainst(m, handedIn)) > 0) {
			lacking = append(lacking, m.Name)
		}
	}
	for _, f := range item.Form {
		answered := slices.ContainsFunc(form, func(v FieldValue) bool { return v.Key == f.Key && v.Value != "" })
		if f.Required && !answered {
			lacking = append(lacking, f.Key)
		}
	}
	return lacking
}

// maxSubmitted bounds a submission; what is demanded twice comes as two.
const maxSubmitted = 2 * maxList

func checkApplying(item Item, applying []string) []Fault {
	var faults []Fault
	seen := make([]string, 0, len(applying))
	for i, name := range applying {
		path := fmt.Sprintf("applying[%d]", i)
		conditional := slices.ContainsFunc(item.Materials, func(m Material) bool { return m.Name == name && !m.Required })
		if !conditional {
			faults = append(faults, newFault(path, FaultUnknown, "“%s”不是本事项按情形提交的材料", "%q is not a conditional material of this item", show(name)))
		}
		faults = append(faults, once(&seen, path, name)...)
	}
	return faults
}

// place is a submitted material and where it stands in the submission.
type place struct {
	*SubmittedMaterial
	index int
}

func named(submitted []SubmittedMaterial, name string) []place {
	var found []place
	for i := range submitted {
		if submitted[i].Name == name {
			found = append(found, place{&submitted[i], i})
		}
	}
	return found
}

// checkAgainst says what a material that was handed in still lacks.
func checkAgainst(m Material, handedIn []place) []Fault {
	if slices.ContainsFunc(handedIn, func(p place) bool { return p.Form == SubmittedElectronic }) {
		return nil
	}
	original, hasOriginal := inForm(handedIn, SubmittedOriginal)
	paperCopy, hasCopy := inForm(handedIn, SubmittedCopy)
	lacks := func(form MaterialForm) []Fault {
		return []Fault{newFault(element("materials", handedIn[0].index)+".form", FaultMissing, "“%[1]s”缺少%[2]s", "%[1]q: the %[2]s is missing", m.Name, form)}
	}
	switch m.Form {
	case FormElectronic:
		return lacks(FormElectronic)
	case FormOriginal:
		if !hasOriginal {
			return lacks(FormOriginal)
		}
		return tooFew(m, original.index, original.Copies)
	case FormOriginalAndCopy:
		switch {
		case !hasOriginal:
			return lacks(FormOriginal)
		case !hasCopy:
			return lacks(FormCopy)
		}
		return tooFew(m, paperCopy.index, paperCopy.Copies)
	}
	if !hasOriginal && !hasCopy {
		return lacks(m.Form)
	}
	return tooFew(m, handedIn[0].index, original.Copies+paperCopy.Copies)
}

func inForm(handedIn []place, form SubmittedForm) (place, bool) {
	for _, p := range handedIn {
		if p.Form == form {
			return p, true
		}
	}
	return place{new(SubmittedMaterial), 0}, false
}

func tooFew(m Material, index, copies int) []Fault {
	if copies >= m.Copies {
		return nil
	}
	return []Fault{newFault(fmt.Sprintf("materials[%d].copies", index), FaultMissing,
		"“%s”需%d份，只有%d份", "%q: %d needed, %d handed in", m.Name, m.Copies, max(copies, 0))}
}

// checkSubmitted checks each submitted material by itself.
func checkSubmitted(item Item, submitted []SubmittedMaterial, limits Limits) []Fault {
	var faults []Fault
	sum := contents{sizes: map[string]int64{}}
	for i, s := range submitted {
		at := func(field string) string { return element("materials", i) + field }
		if !slices.ContainsFunc(item.Materials, func(m Material) bool { return m.Name == s.Name }) {
			faults = append(faults, newFault(at(".name"), FaultUnknown, "本事项不需要“%s”，不得要求或收取", "%q is no material of this item and must not be asked for", show(s.Name)))
		}
		if slices.ContainsFunc(submitted[:i], func(o SubmittedMaterial) bool { return o.Name == s.Name && o.Form == s.Form }) {
			faults = append(faults, newFault(at(""), FaultDuplicate, "“%s”重复提交", "%q is submitted twice", show(s.Name)))
		}
		faults = append(faults, checkOnFile(item, s, i)...)
		switch s.Form {
		case SubmittedOriginal, SubmittedCopy:
		case SubmittedElectronic:
			if len(s.Attachments) == 0 {
				faults = append(faults, newFault(at(".attachments"), FaultMissing, "“%s”为电子材料，须上传文件", "%q is electronic and needs its file", show(s.Name)))
			}
		default:
			faults = append(faults, newFault(at(".form"), FaultUnknown, "提交形式“%s”应为original、copy或electronic", "form %q must be original, copy or electronic", show(string(s.Form))))
		}
		if s.Copies < 1 || s.Copies > maxCopies {
			faults = append(faults, newFault(at(".copies"), FaultRange, "份数应为1至%d", "copies must be 1 to %d", maxCopies))
		}
		faults = append(faults, checkAttachments(i, s.Attachments, limits, &sum)...)
	}
	if sum.total > limits.CaseBytes {
		faults = append(faults, newFault("materials", FaultLimit, "全部附件超过%s", "all attachments together exceed %s", inMB(limits.CaseBytes)))
	}
	return faults
}
