// Package identifier checks the numbers by which people and organisations are
// known (GB 11643 resident ID numbers, GB 32100 unified social credit codes,
// phone numbers) and masks personal data for publication.
//
// Nothing here puts the checked value into an error: errors reach logs and
// screens, and the values are personal data.
package identifier

import (
	"fmt"
	"strings"
)

// Kind is which sort of number is meant. The text may be stored and sent.
type Kind string

// The kinds.
const (
	KindIDNumber Kind = "id_number" // 居民身份证号码
	KindUSCC     Kind = "uscc"      // 统一社会信用代码
	KindPhone    Kind = "phone"     // 电话号码
)

// Reason says what is wrong with a number.
type Reason string

// The reasons.
const (
	ReasonLength     Reason = "length"
	ReasonCharacters Reason = "characters"
	ReasonProvince   Reason = "province"
	ReasonBirthDate  Reason = "birth_date"
	ReasonFuture     Reason = "future"
	ReasonCheck      Reason = "check"
	ReasonFormat     Reason = "format"
	ReasonLandline   Reason = "landline" // where only a mobile number will do
)

// Error is what the Parse functions return. It never holds the number itself.
type Error struct {
	Kind   Kind
	Reason Reason
}

// Error says in Chinese and English what is wrong.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Chinese(), e.English()) }

// Chinese returns what is wrong for the person at the desk.
func (e *Error) Chinese() string {
	zh, _ := e.text()
	return zh
}

// English returns what is wrong for logs and foreign clients.
func (e *Error) English() string {
	_, en := e.text()
	return en
}

func (e *Error) text() (zh, en string) {
	what := map[Kind][2]string{
		KindIDNumber: {"身份证号码", "ID number"},
		KindUSCC:     {"统一社会信用代码", "unified social credit code"},
		KindPhone:    {"电话号码", "phone number"},
	}[e.Kind]
	why := map[Reason][2]string{
		ReasonLength:     {"应为 18 位", "it must have 18 characters"},
		ReasonCharacters: {"含有不允许的字符", "it has characters that are not allowed"},
		ReasonProvince:   {"前两位不是省份代码", "the first two digits are no province"},
		ReasonBirthDate:  {"其中的出生日期不存在", "its birth date does not exist"},
		ReasonFuture:     {"其中的出生日期晚于今天", "its birth date is in the future"},
		ReasonCheck:      {"校验位不符，请核对有无输错", "the check character does not fit; look for a slip"},
		ReasonFormat: {"应为 11 位手机号，或区号加 7–8 位固定电话",
			"it must be an 11-digit mobile number, or an area code and 7-8 digits"},
		ReasonLandline: {"为固定电话，不是手机号", "it is a landline and no mobile number"},
	}[e.Reason]
	return what[0] + why[0], what[1] + ": " + why[1]
}

// Normalise returns text as it is checked and stored: no spaces around it,
// full-width digits, letters and hyphens as ASCII, letters upper-case.
func Normalise(text string) string {
	ascii := func(c rune) rune {
		if c >= '！' && c <= '～' {
			return c - '！' + '!'
		}
		return c
	}
	return strings.ToUpper(strings.Map(ascii, strings.TrimSpace(text)))
}

func allDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }
