package casework

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
)

// Longest names, in characters.
const (
	maxPersonName = 50
	maxOrgName    = 100
	maxAuthority  = 100
)

// NormaliseApplicant returns the applicant as it is checked and kept: without
// spaces around the name, numbers in half-width capitals without spaces.
func NormaliseApplicant(a ledger.Applicant) ledger.Applicant {
	a.Name, a.IDNumber, a.Phone = strings.TrimSpace(a.Name), plainNumber(a.IDNumber), plainNumber(a.Phone)
	return a
}

// NormaliseAgent does the same for who acts for the applicant.
func NormaliseAgent(a ledger.Agent) ledger.Agent {
	a.Name, a.IDNumber, a.Phone = strings.TrimSpace(a.Name), plainNumber(a.IDNumber), plainNumber(a.Phone)
	a.Authority = strings.TrimSpace(a.Authority)
	return a
}

func plainNumber(text string) string {
	return strings.Join(strings.Fields(identifier.Normalise(text)), "")
}

// CheckApplicant says everything that is wrong with who applies for an item,
// and with who acts for them. Numbers are held against GB 11643 and GB 32100;
// today is the Beijing date that birth dates may not lie after.
func CheckApplicant(b *ledger.CaseSubmitV1, item *catalog.Item, today calendar.Date) []catalog.Fault {
	var f faults
	a := b.Applicant
	f.kind(b, item)
	f.phone("applicant.phone", a.Phone)
	if a.Type == "organisation" {
		f.organisationName("applicant.name", a.Name)
		switch {
		case a.IDNumber != "":
			f.uscc("applicant.id_number", a.IDNumber)
		case hasField(item, catalog.KeyUSCC): // one that is only being founded has none yet
			f.add("applicant.id_number", catalog.FaultMissing, "请填写统一社会信用代码", "the unified social credit code is missing")
		}
	} else {
		f.personName("applicant.name", a.Name)
		switch other := otherDocument(b, item); {
		case a.IDNumber == "" && item.Subject != catalog.SubjectLegal:
			f.add("applicant.id_number", catalog.FaultMissing, "请填写申请人证件号码", "the applicant's ID number is missing")
		case a.IDNumber == "":
		case other:
			f.document("applicant.id_number", a.IDNumber)
		default:
			f.idNumber("applicant.id_number", a.IDNumber, today)
		}
	}
	f.agent(b, today)
	return f
}

type faults []catalog.Fault

func (f *faults) add(path string, code catalog.FaultCode, zh, en string) {
	*f = append(*f, catalog.Fault{Path: path, Code: code, ZH: zh, EN: en})
}

// kind holds the kind of applicant against who may apply for the item.
func (f *faults) kind(b *ledger.CaseSubmitV1, item *catalog.Item) {
	const path = "applicant.type"
	want := ""
	switch item.Subject {
	case catalog.SubjectNatural:
		want = "person"
	case catalog.SubjectLegal:
		if hasField(item, catalog.KeyUSCC) {
			want = "organisation"
		}
	case catalog.SubjectBoth:
		want = map[string]string{catalog.ApplicantNatural: "person", catalog.ApplicantLegal: "organisation"}[formValue(b, catalog.KeyApplicantType)]
	}
	switch got := b.Applicant.Type; {
	case got != "person" && got != "organisation":
		f.add(path, catalog.FaultUnknown, "申请人类型应为自然人（person）或法人（organisation）", "the applicant is a person or an organisation")
	case want == "" || want == got:
	case item.Subject == catalog.SubjectBoth:
		f.add(path, catalog.FaultConflict, "申请人类型与申请表所填不一致", "it is not the kind of applicant that the form says")
	case want == "person":
		f.add(path, catalog.FaultConflict, "该事项只面向自然人", "only persons may apply for this item")
	default:
		f.add(path, catalog.FaultConflict, "该事项只面向法人或其他组织", "only organisations may apply for this item")
	}
}

// otherDocument reports whether the item lets a person name another document
// than the resident ID card (护照、港澳台居民来往大陆通行证 …), and they did.
func otherDocument(b *ledger.CaseSubmitV1, item *catalog.Item) bool {
	kind := formValue(b, catalog.KeyIDType)
	return kind != "" && kind != catalog.ResidentIDCard && hasField(item, catalog.KeyIDType)
}

func (f *faults) agent(b *ledger.CaseSubmitV1, today calendar.Date) {
	a := b.Agent
	if a == (ledger.Agent{}) {
		return
	}
	f.personName("agent.name", a.Name)
	if a.IDNumber == "" {
		f.add("agent.id_number", catalog.FaultMissing, "请填写代办人身份证号码", "the agent's ID number is missing")
	} else {
		f.idNumber("agent.id_number", a.IDNumber, today)
	}
	f.phone("agent.phone", a.Phone)
	switch {
	case a.Authority == "":
		f.add("agent.authority", catalog.FaultMissing, "请写明代办人出示的授权凭证，如授权委托书", "name the proof of the agent's authority, as a power of attorney")
	case utf8.RuneCountInString(a.Authority) > maxAuthority:
		f.add("agent.authority", catalog.FaultLength, "授权凭证名称过长", "the name of the proof of authority is too long")
	case !plainText(a.Authority):
		f.add("agent.authority", catalog.FaultText, "授权凭证名称含有不能使用的字符", "the name of the proof of authority has characters that cannot be used")
	}
	if a.IDNumber != "" && a.IDNumber == b.Applicant.IDNumber {
		f.add("agent.id_number", catalog.FaultConflict, "代办人与申请人是同一人，无需填写代办人", "the agent is the applicant; leave the agent out")
	}
}

// personName takes the letters of any script, with the separators that names
// have: 买买提·吐尔逊, Anne-Marie O'Neil.
func (f *faults) personName(path, name string) {
	n := utf8.RuneCountInString(name)
	separator := func(r rune) bool { return strings.ContainsRune("·•・.-' ’", r) }
	letter := func(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.Nl) }
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	switch {
	case n == 0:
		f.add(path, catalog.FaultMissing, "请填写姓名", "the name is missing")
	case n < 2 || n > maxPersonName:
		f.add(path, catalog.FaultLength, "姓名应为 2 至 50 个字", "a name has 2 to 50 characters")
	case strings.ContainsFunc(name, func(r rune) bool { return !letter(r) && !separator(r) }), !letter(first), separator(last) && last != '.':
		f.add(path, catalog.FaultText, "姓名含有不能使用的字符（数字、星号等），请按证件填写", "the name has characters that no name has (digits, asterisks); write it as in the document")
	}
}

func (f *faults) organisationName(path, name string) {
	n := utf8.RuneCountInString(name)
	switch {
	case n == 0:
		f.add(path, catalog.FaultMissing, "请填写单位名称", "the name of the organisation is missing")
	case n < 2 || n > maxOrgName:
		f.add(path, catalog.FaultLength, "单位名称应为 2 至 100 个字", "the name of an organisation has 2 to 100 characters")
	case !plainText(name) || !strings.ContainsFunc(name, unicode.IsLetter):
		f.add(path, catalog.FaultText, "单位名称含有不能使用的字符", "the name of the organisation has characters that cannot be used")
	}
}

func (f *faults) idNumber(path, text string, today calendar.Date) {
	id, err := identifier.ParseIDNumber(text, today)
	f.number(path, text, id.Number, err)
}

func (f *faults) uscc(path, text string) {
	code, err := identifier.ParseUSCC(text)
	f.number(path, text, code.Code, err)
}

func (f *faults) phone(path, text string) {
	if text == "" {
		return
	}
	phone, err := identifier.ParsePhone(text)
	f.number(path, text, phone.Number, err)
}

// document takes the number of a document other than the resident ID card,
// whose forms are many.
func (f *faults) document(path, text string) {
	odd := strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && !strings.ContainsRune("()-/", r)
	})
	if odd || len(text) < 5 || len(text) > 30 {
		f.add(path, catalog.FaultFormat, "证件号码应为 5 至 30 位数字或大写字母，请按证件填写", "a document number has 5 to 30 digits or capital letters")
	}
}

// number adds what is wrong with a number, or that it is spelled otherwise than
// it is kept: in two spellings it would be two applicants.
func (f *faults) number(path, text, spelled string, err error) {
	var wrong *identifier.Error
	switch {
	case errors.As(err, &wrong):
		f.add(path, catalog.FaultFormat, wrong.Chinese(), wrong.English())
	case err != nil:
		f.add(path, catalog.FaultFormat, "填写有误", "it is not valid")
	case spelled != text:
		f.add(path, catalog.FaultFormat, "应使用半角大写，中间无空格", "it must be in ASCII capitals without spaces")
	}
}

func hasField(item *catalog.Item, key string) bool {
	return slices.ContainsFunc(item.Form, func(f catalog.Field) bool { return f.Key == key })
}

func formValue(b *ledger.CaseSubmitV1, key string) string {
	for _, v := range b.Form {
		if v.Key == key {
			return v.Value
		}
	}
	return ""
}

// plainText is valid text on one line, without characters that do not show.
func plainText(text string) bool {
	return utf8.ValidString(text) && text == strings.TrimSpace(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' })
}
