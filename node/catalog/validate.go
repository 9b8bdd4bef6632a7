package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tongban/tongban/node/calendar"
)

// Longest values of a form field, in characters.
const (
	MaxStringValue  = 100
	MaxAddressValue = 200
	MaxTextValue    = 2000
)

// maxValues bounds what is looked at; no form has as many fields.
const maxValues = 2 * maxList

// ValidateForm says what is wrong with a filled-in form, each fault at
// form.KEY in the order of the item's fields, so that the applicant is told
// everything at once. Values are expected as NormaliseForm leaves them. An
// empty value counts as not filled in. today is the Beijing date that birth
// dates may not lie after.
func ValidateForm(item Item, values []FieldValue, today calendar.Date) []Fault {
	if len(values) > maxValues {
		return []Fault{newFault("form", FaultLimit, "申请表字段多于%d个", "the form has more than %d values", maxValues)}
	}
	var faults, strangers []Fault
	given := make([]string, len(item.Form)) // by the field's place
	seen := make([]bool, len(item.Form))
	for _, v := range values {
		f, i, ok := find(item.Form, v.Key)
		switch {
		case !ok:
			strangers = append(strangers, newFault("form."+show(v.Key), FaultUnknown, "本事项的申请表没有字段“%s”", "this item's form has no field %q", show(v.Key)))
		case seen[i]:
			strangers = append(strangers, newFault("form."+f.Key, FaultDuplicate, "“%[1]s”填写了两次", "field %[2]q is given twice", f.Label, f.Key))
		default:
			seen[i], given[i] = true, v.Value
		}
	}
	for i, f := range item.Form {
		switch {
		case given[i] != "":
			if fault, bad := checkValue(f, given[i], today); bad {
				faults = append(faults, fault)
			}
		case f.Required:
			faults = append(faults, newFault("form."+f.Key, FaultMissing, "请填写“%[1]s”", "field %[2]q is required", f.Label, f.Key))
		}
	}
	value := func(key string) string {
		if _, i, ok := find(item.Form, key); ok {
			return given[i]
		}
		return ""
	}
	if item.Subject == SubjectBoth {
		faults = append(faults, checkEither(value(KeyApplicantType), value(KeyIDNumber), value(KeyUSCC))...)
	}
	faults = append(faults, checkPeriod(value(KeyStartDate), value(KeyEndDate))...)
	return capped(append(faults, strangers...))
}

// checkEither: a person is identified by an ID number and an organisation by
// its credit code, never by both, or one file would stand for two applicants.
func checkEither(kind, id, uscc string) []Fault {
	missing := func(key, label string) []Fault {
		return []Fault{newFault("form."+key, FaultMissing, "请填写“%[1]s”", "field %[2]q is required for this kind of applicant", label, key)}
	}
	tooMuch := func(key, kind, label string) []Fault {
		return []Fault{newFault("form."+key, FaultConflict, "申请人为“%[1]s”时不填写“%[2]s”", "%[3]q must be empty for this kind of applicant", kind, label, key)}
	}
	var faults []Fault
	switch kind {
	case ApplicantNatural:
		if id == "" {
			faults = missing(KeyIDNumber, "居民身份证号码")
		}
		if uscc != "" {
			faults = append(faults, tooMuch(KeyUSCC, kind, "统一社会信用代码")...)
		}
	case ApplicantLegal:
		if uscc == "" {
			faults = missing(KeyUSCC, "统一社会信用代码")
		}
		if id != "" {
			faults = append(faults, tooMuch(KeyIDNumber, kind, "居民身份证号码")...)
		}
	default: // missing or unknown: that is reported; which number is wanted cannot be said yet
		switch {
		case id == "" && uscc == "":
			faults = []Fault{newFault("form."+KeyIDNumber, FaultMissing, "请填写居民身份证号码或统一社会信用代码", "id_number or uscc is missing")}
		case id != "" && uscc != "":
			faults = []Fault{newFault("form."+KeyIDNumber, FaultConflict, "居民身份证号码和统一社会信用代码须填写且只填写一个", "exactly one of id_number and uscc must be filled in")}
		}
	}
	return faults
}

func checkPeriod(start, end string) []Fault {
	from, err1 := calendar.Parse(start)
	to, err2 := calendar.Parse(end)
	if err1 != nil || err2 != nil || !to.Before(from) {
		return nil
	}
	return []Fault{newFault("form."+KeyEndDate, FaultRange, "结束日期%[2]s早于开始日期%[1]s", "the end %[2]s lies before the start %[1]s", start, end)}
}

// number is a plain decimal: what forms count is never negative, and one
// spelling per value keeps two tiers from reading it differently.
var number = regexp.MustCompile(`^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$`)

func checkValue(f Field, value string, today calendar.Date) (Fault, bool) {
	fail := func(code FaultCode, zh, en string) (Fault, bool) {
		return Fault{Path: "form." + f.Key, Code: code, ZH: "“" + f.Label + "”" + zh, EN: f.Key + " " + en}, true
	}
	most := maxLength(f.Type)
	switch {
	case !utf8.ValidString(value):
		return fail(FaultText, "不是有效的文字", "is not valid text")
	case utf8.RuneCountInString(value) > most:
		n := strconv.Itoa(most)
		return fail(FaultLength, "不能超过"+n+"个字", "must not exceed "+n+" characters")
	case !writable(value, f.Type == TypeText):
		return fail(FaultText, "含有控制字符或不可见字符，请重新输入", "holds control or invisible characters")
	case value != strings.TrimSpace(value):
		return fail(FaultText, "首尾不能有空格", "must not begin or end with a space")
	}
	switch f.Type {
	case TypeNumber:
		if !number.MatchString(value) {
			return fail(FaultFormat, "应为数字，例如120或85.5，不带单位和千分位", "must be a plain number such as 120 or 85.5")
		}
	case TypeDate:
		switch d, err := calendar.Parse(value); {
		case err != nil:
			return fail(FaultFormat, "应为日期，例如2026-03-15", "must be a date such as 2026-03-15")
		case d.Year() < 1900 || d.Year() > 2199:
			return fail(FaultRange, "年份应在1900至2199之间", "must lie between 1900 and 2199")
		}
	case TypeEnum:
		if !slices.Contains(f.Options, value) {
			return fail(FaultUnknown, "应从“"+strings.Join(f.Options, "”“")+"”中选择一项", "must be one of "+strings.Join(f.Options, ", "))
		}
	case TypeIDNumber, TypeUSCC, TypePhone:
		if zh, en := checkNumber(f.Type, value, today); zh != "" {
			return fail(FaultFormat, zh, en)
		}
	case TypeString, TypeText, TypeAddress:
	default:
		return fail(FaultType, "的字段类型未知，无法校验", "has an unknown field type")
	}
	return Fault{}, false
}

func maxLength(t FieldType) int {
	switch t {
	case TypeText:
		return MaxTextValue
	case TypeAddress:
		return MaxAddressValue
	}
	return MaxStringValue
}

var (
	unlined  = strings.NewReplacer("\n", "", "\t", "")
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

// writable is printable, with line breaks and tabs where several lines may be
// written.
func writable(value string, lines bool) bool {
	if lines {
		value = unlined.Replace(value)
	}
	return printable(value)
}

// NormaliseForm returns the values as they are checked and kept: without
// spaces at the ends, with ASCII digits for full-width ones, ID numbers and
// credit codes in upper case without spaces, dates in one spelling. Choices
// and values of unknown fields are only trimmed. Applying it twice changes
// nothing more; the argument is not changed.
func NormaliseForm(item Item, values []FieldValue) []FieldValue {
	normalised := make([]FieldValue, len(values))
	for i, v := range values {
		key := strings.TrimSpace(v.Key)
		f, _, _ := find(item.Form, key)
		normalised[i] = FieldValue{Key: key, Value: normaliseValue(f.Type, v.Value)}
	}
	return normalised
}

func normaliseValue(t FieldType, value string) string {
	value = strings.TrimFunc(value, blank)
	switch t {
	case TypeIDNumber, TypeUSCC:
		value = strings.ToUpper(strings.Map(dropBlank, strings.Map(halfWidth, value)))
	case TypePhone, TypeNumber:
		value = strings.Map(dropBlank, strings.Map(halfWidth, value))
	case TypeDate:
		value = normaliseDate(strings.Map(dropBlank, strings.Map(halfWidth, value)))
	case TypeText:
		value = strings.Map(asciiDigit, lineEnds.Replace(value))
	case TypeString, TypeAddress:
		value = strings.Map(asciiDigit, value)
	}
	return value
}

var datePattern = regexp.MustCompile(`^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?$`)

// normaliseDate writes 2026/3/5, 2026.3.5 and 2026年3月5日 as 2026-03-05. What
// it does not recognise stays as written, for ValidateForm to name.
func normaliseDate(value string) string {
	part := datePattern.FindStringSubmatch(value)
	if part == nil {
		return value
	}
	two := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
	return part[1] + "-" + two(part[2]) + "-" + two(part[3])
}

// blank is white space and what copying from web pages leaves behind.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u200e' || r == '\u200f'
}

func dropBlank(r rune) rune {
	if blank(r) {
		return -1
	}
	return r
}

func asciiDigit(r rune) rune {
	if r >= '０' && r <= '９' {
		return r - '０' + '0'
	}
	return r
}
