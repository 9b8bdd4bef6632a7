// Package division knows the administrative divisions (行政区划) of one county:
// their codes, their names and which of them lies within which.
//
// A code is digits only: 6 for a county, 9 for a township, 12 for a village,
// and a parent's code is the prefix of its children's codes. Nothing but the
// code is needed to decide who may see or hold something, which is why scopes,
// holders and credentials carry codes and never names.
package division

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node"
)

// Lengths of a code in digits.
const (
	countyDigits   = 6
	townshipDigits = 9
	villageDigits  = 12
)

// Code is a division code. Parse makes a well-formed one; a Code converted from
// other text answers every method without a panic, as a code of no tier that
// contains nothing and lies in nothing. The empty Code means "no division".
type Code string

// Parse reads a division code exactly as written: no spaces, no separators, no
// padding. The error is a *CodeError.
func Parse(text string) (Code, error) {
	if reason := check(text); reason != "" {
		return "", &CodeError{Text: clip(text), Reason: reason}
	}
	return Code(text), nil
}

// provinces are the province-level codes of GB/T 2260.
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 "

// ParseKnown is Parse for a code that somebody asks about: it has to lie in a province
// too. What is in the ledger is read by Parse.
func ParseKnown(text string) (Code, error) {
	c, err := Parse(text)
	if err == nil && !strings.Contains(provinces, " "+text[:2]+" ") {
		return "", &CodeError{Text: clip(text), Reason: ReasonProvince}
	}
	return c, err
}

// ParsePadded reads a code padded with zeros to 12 digits, the form that
// Padded writes. It is unambiguous because no township ends in 000 and no
// village does. The error is a *CodeError.
func ParsePadded(text string) (Code, error) {
	if len(text) != villageDigits {
		return "", &CodeError{Text: clip(text), Reason: ReasonLength}
	}
	trimmed := text
	for len(trimmed) > countyDigits && strings.HasSuffix(trimmed, "000") {
		trimmed = trimmed[:len(trimmed)-3]
	}
	return Parse(trimmed)
}

// Valid reports whether Parse would accept the code.
func (c Code) Valid() bool { return check(string(c)) == "" }

// Tier returns the tier the code's length stands for, and no tier ("") when
// the code is not well-formed.
func (c Code) Tier() node.Tier {
	if !c.Valid() {
		return ""
	}
	switch len(c) {
	case countyDigits:
		return node.County
	case townshipDigits:
		return node.Township
	default:
		return node.Village
	}
}

// Kind returns what sort of division the code's last three digits say it is,
// and the empty Kind when the code is not well-formed.
func (c Code) Kind() Kind {
	switch c.Tier() {
	case node.County:
		return KindCounty
	case node.Township:
		return townshipKind(number(c[countyDigits:]))
	case node.Village:
		return villageKind(number(c[townshipDigits:]))
	}
	return ""
}

// Parent returns the division right above: a village's township, a township's
// county. A county has none here and returns the empty Code.
func (c Code) Parent() Code {
	switch c.Tier() {
	case node.Village:
		return c[:townshipDigits]
	case node.Township:
		return c[:countyDigits]
	}
	return ""
}

// County returns the county the division lies in; a county returns itself.
func (c Code) County() Code {
	if !c.Valid() {
		return ""
	}
	return c[:countyDigits]
}

// Township returns the township the division lies in; a township returns
// itself, a county the empty Code.
func (c Code) Township() Code {
	if !c.Valid() || len(c) < townshipDigits {
		return ""
	}
	return c[:townshipDigits]
}

// Ancestors returns the divisions above, the nearest first; none for a county.
func (c Code) Ancestors() []Code {
	var above []Code
	for p := c.Parent(); p != ""; p = p.Parent() {
		above = append(above, p)
	}
	return above
}

// Contains reports whether other is this division or lies below it. It is false
// when either code is not well-formed: an empty or damaged code must never
// turn out to contain everything.
func (c Code) Contains(other Code) bool {
	return c.Valid() && other.Valid() && strings.HasPrefix(string(other), string(c))
}

// Padded returns the code padded with zeros to 12 digits, as case numbers carry
// it, and the empty string when the code is not well-formed.
func (c Code) Padded() string {
	if !c.Valid() {
		return ""
	}
	return string(c) + strings.Repeat("0", villageDigits-len(c))
}

// Reason says what is wrong with a code.
type Reason string

// The reasons Parse gives.
const (
	ReasonEmpty    Reason = "empty"
	ReasonDigits   Reason = "digits"
	ReasonLength   Reason = "length"
	ReasonProvince Reason = "province"
	ReasonTownship Reason = "township"
	ReasonVillage  Reason = "village"
)

// CodeError is what Parse returns for text that is no division code.
type CodeError struct {
	Text   string // what was given, clipped
	Reason Reason
}

// Error says in Chinese and English what is wrong and what would be right.
func (e *CodeError) Error() string {
	zh, en := e.Reason.Text()
	return fmt.Sprintf("区划代码 %q 有误：%s (division code: %s)", e.Text, zh, en)
}

// Text says in Chinese and English what is wrong and what would be right.
func (r Reason) Text() (zh, en string) {
	switch r {
	case ReasonEmpty:
		return "没有填写", "it is empty"
	case ReasonDigits:
		return "只能是数字 0–9", "only the digits 0-9 are allowed"
	case ReasonLength:
		return "长度应为 6 位（县）、9 位（乡镇）或 12 位（村）",
			"it must have 6 (county), 9 (township) or 12 (village) digits"
	case ReasonProvince:
		return "前两位不是省级代码", "the first two digits are no province's"
	case ReasonTownship:
		return "第 7–9 位应为 001–099（街道）、100–199（镇）或 200–399（乡）",
			"digits 7-9 must be 001-099 (street), 100-199 (town) or 200-399 (township)"
	case ReasonVillage:
		return "第 10–12 位不能是 000：001–199 为社区，200–399 为村，400 起为类似单位",
			"digits 10-12 must not be 000: 001-199 community, 200-399 village, 400 and up similar units"
	}
	return "格式不对", "it is malformed"
}

func check(text string) Reason {
	if text == "" {
		return ReasonEmpty
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return ReasonDigits
		}
	}
	switch len(text) {
	case countyDigits, townshipDigits, villageDigits:
	default:
		return ReasonLength
	}
	if len(text) >= townshipDigits && townshipKind(number(Code(text[countyDigits:townshipDigits]))) == "" {
		return ReasonTownship
	}
	if len(text) == villageDigits && villageKind(number(Code(text[townshipDigits:]))) == "" {
		return ReasonVillage
	}
	return ""
}

// number reads three digits that check has seen.
func number(digits Code) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// clip keeps a wrong code short enough for a message.
func clip(text string) string {
	const most = 32
	runes := []rune(text[:min(len(text), 4*most)])
	if len(runes) <= most && len(text) <= 4*most {
		return text
	}
	return string(runes[:min(len(runes), most)]) + "…"
}
