package catalog

import (
	"fmt"
	"regexp"
	"slices"
)

var fieldKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// checkForm makes sure that a form can be filled in and validated.
func checkForm(item Item) []Fault {
	if len(item.Form) == 0 {
		return []Fault{newFault("form", FaultMissing, "没有申请表字段", "the form has no fields")}
	}
	var faults []Fault
	keys := make([]string, 0, len(item.Form))
	for i, f := range item.Form {
		path := fmt.Sprintf("form[%d]", i)
		if !fieldKey.MatchString(f.Key) {
			faults = append(faults, newFault(path+".key", FaultFormat, "字段“%s”应为小写字母开头的字母、数字、下划线", "key %q must be lower-case letters, digits and underscores", show(f.Key)))
		}
		faults = append(faults, once(&keys, path+".key", f.Key)...)
		faults = append(faults, needText(path+".label", "字段名称", f.Label)...)
		if !f.Type.Valid() {
			faults = append(faults, newFault(path+".type", FaultUnknown, "没有“%s”这一字段类型", "%q is not a field type", show(string(f.Type))))
		}
		faults = append(faults, checkOptions(path+".options", f)...)
	}
	if item.Subject == SubjectBoth {
		faults = append(faults, checkBothKeys(item.Form)...)
	}
	return faults
}

func checkOptions(path string, f Field) []Fault {
	if f.Type != TypeEnum {
		if len(f.Options) > 0 {
			return []Fault{newFault(path, FaultConflict, "只有enum字段才有选项", "only an enum has options")}
		}
		return nil
	}
	var faults []Fault
	if len(f.Options) < 2 {
		faults = append(faults, newFault(path, FaultMissing, "至少要有两个选项", "there must be at least two options"))
	}
	seen := make([]string, 0, len(f.Options))
	for i, option := range f.Options {
		at := fmt.Sprintf("%s[%d]", path, i)
		faults = append(faults, needText(at, "选项", option)...)
		faults = append(faults, once(&seen, at, option)...)
	}
	return faults
}

// checkBothKeys: where people and organisations may both apply, the form must
// be able to tell which, and must demand neither number from everybody.
func checkBothKeys(form []Field) []Fault {
	var faults []Fault
	if f, _, ok := find(form, KeyApplicantType); !ok || f.Type != TypeEnum || !f.Required ||
		!slices.Equal(f.Options, []string{ApplicantNatural, ApplicantLegal}) {
		faults = append(faults, newFault("form", FaultMissing, "自然人和法人均可申请时，须有必填字段applicant_type，选项为“自然人”“法人或其他组织”",
			"with subject both the form needs a required applicant_type with the options 自然人 and 法人或其他组织"))
	}
	for _, want := range []Field{{Key: KeyIDNumber, Type: TypeIDNumber}, {Key: KeyUSCC, Type: TypeUSCC}} {
		f, i, ok := find(form, want.Key)
		switch {
		case !ok || f.Type != want.Type:
			faults = append(faults, newFault("form", FaultMissing, "自然人和法人均可申请时，须有%[1]s类型的字段%[1]s", "with subject both the form needs %[1]s of type %[1]s", want.Key))
		case f.Required:
			faults = append(faults, newFault(fmt.Sprintf("form[%d].required", i), FaultConflict, "自然人和法人均可申请时，%s不能对所有人必填", "with subject both %s cannot be required of everybody", want.Key))
		}
	}
	return faults
}

// find returns the field with the key and its place in the form.
func find(form []Field, key string) (Field, int, bool) {
	for i, f := range form {
		if f.Key == key {
			return f, i, true
		}
	}
	return Field{}, -1, false
}
