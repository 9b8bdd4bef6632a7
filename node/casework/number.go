package casework

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// Number is a case number (办件编号), unique and final from the moment a village
// prints it, with no word from the county: no other node writes the same
// division and ordinal, and one node never gives the same date and counter
// twice. It has 29 digits:
//
//	330523110200-20261123-01-000045-0
//	│            │        │  │      └ check digit
//	│            │        │  └ counter of that node on that day, 000001–999999
//	│            │        └ ordinal of the node within its division, 01–99;
//	│            │          a PC that replaces another gets the next one
//	│            └ date in Asia/Shanghai
//	└ division, padded with zeros to 12 digits
//
// The check digit is Damm's: it catches every single wrong digit and every two
// neighbouring digits exchanged, the usual slips of reading aloud and typing.
//
// The zero Number is "no number". Numbers are comparable with == and may key a
// map. As text, and so in JSON and the ledger, a number is its 29 digits; people
// are shown String.
type Number struct{ digits string }

// Where the parts of a number end, in digits.
const (
	divisionEnd  = 12
	dateEnd      = divisionEnd + 8
	ordinalEnd   = dateEnd + 2
	counterEnd   = ordinalEnd + 6
	numberDigits = counterEnd + 1

	maxOrdinal = 99
	maxCounter = 999999
)

// NewNumber makes the number of a case handed in at the node with this ordinal
// in its division, as that node's counter-th case of the day. The error is a
// *NumberError; a counter beyond 999999 means that the node has no numbers left
// for the day.
func NewNumber(at division.Code, on calendar.Date, ordinal, counter int) (Number, error) {
	switch {
	case !at.Valid():
		return Number{}, &NumberError{Reason: NumberDivision}
	case on.IsZero():
		return Number{}, &NumberError{Reason: NumberDate}
	case ordinal < 1 || ordinal > maxOrdinal:
		return Number{}, &NumberError{Reason: NumberOrdinal}
	case counter < 1 || counter > maxCounter:
		return Number{}, &NumberError{Reason: NumberCounter}
	}
	b := make([]byte, 0, numberDigits)
	b = append(append(b, at.Padded()...), on.Compact()...)
	b = appendDigits(appendDigits(b, ordinal, ordinalEnd-dateEnd), counter, counterEnd-ordinalEnd)
	return Number{string(append(b, byte('0'+damm(string(b)))))}, nil
}

// appendDigits writes a number that is not negative with zeros before it.
func appendDigits(b []byte, n, digits int) []byte {
	for unit := pow10(digits - 1); unit > 0; unit /= 10 {
		b = append(b, byte('0'+n/unit%10))
	}
	return b
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// ParseNumber reads a number as people type it and scanners send it: with or
// without hyphens and spaces, in ASCII or full-width digits. The error is a
// *NumberError.
func ParseNumber(text string) (Number, error) {
	digits, ok := bareDigits(text)
	if !ok {
		return Number{}, &NumberError{Reason: NumberCharacters}
	}
	return parseDigits(digits)
}

func parseDigits(digits string) (Number, error) {
	if len(digits) != numberDigits {
		return Number{}, &NumberError{Reason: NumberLength}
	}
	if damm(digits) != 0 {
		return Number{}, &NumberError{Reason: NumberCheck}
	}
	at, err := division.ParsePadded(digits[:divisionEnd])
	if err != nil {
		return Number{}, &NumberError{Reason: NumberDivision}
	}
	on, err := calendar.ParseCompact(digits[divisionEnd:dateEnd])
	if err != nil {
		return Number{}, &NumberError{Reason: NumberDate}
	}
	return NewNumber(at, on, decimal(digits[dateEnd:ordinalEnd]), decimal(digits[ordinalEnd:counterEnd]))
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n.digits == "" }

// Division returns the division whose node gave the number.
func (n Number) Division() division.Code {
	code, err := division.ParsePadded(n.part(0, divisionEnd))
	if err != nil {
		return ""
	}
	return code
}

// Date returns the day the number was given.
func (n Number) Date() calendar.Date {
	on, err := calendar.ParseCompact(n.part(divisionEnd, dateEnd))
	if err != nil {
		return calendar.Date{}
	}
	return on
}

// Ordinal returns which node of the division gave the number, 1 to 99, and 0
// for no number.
func (n Number) Ordinal() int { return decimal(n.part(dateEnd, ordinalEnd)) }

// Counter returns the place of the case in its node's day, 1 to 999999, and 0
// for no number.
func (n Number) Counter() int { return decimal(n.part(ordinalEnd, counterEnd)) }

// CheckDigit returns the last digit, and 0 for no number.
func (n Number) CheckDigit() int { return decimal(n.part(counterEnd, numberDigits)) }

// String returns the number in groups, as it is printed and read aloud, and the
// empty string for no number.
func (n Number) String() string {
	if n.IsZero() {
		return ""
	}
	return strings.Join([]string{
		n.part(0, divisionEnd), n.part(divisionEnd, dateEnd), n.part(dateEnd, ordinalEnd),
		n.part(ordinalEnd, counterEnd), n.part(counterEnd, numberDigits),
	}, "-")
}

// Compact returns the 29 digits, as they are stored and put into bar codes, and
// the empty string for no number.
func (n Number) Compact() string { return n.digits }

// MarshalText writes the number as Compact does.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.digits), nil }

// UnmarshalText reads what MarshalText writes and nothing else, so that a signed
// entry has one spelling only. ParseNumber is for what people type.
func (n *Number) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = Number{}
		return nil
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return &NumberError{Reason: NumberCharacters}
		}
	}
	parsed, err := parseDigits(string(text))
	if err != nil {
		return err
	}
	*n = parsed
	return nil
}

func (n Number) part(from, to int) string {
	if n.IsZero() {
		return ""
	}
	return n.digits[from:to]
}

// NumberReason says what is wrong with a case number.
type NumberReason string

// The reasons.
const (
	NumberCharacters NumberReason = "characters"
	NumberLength     NumberReason = "length"
	NumberCheck      NumberReason = "check"
	NumberDivision   NumberReason = "division"
	NumberDate       NumberReason = "date"
	NumberOrdinal    NumberReason = "ordinal"
	NumberCounter    NumberReason = "counter"
)

// NumberError is what is returned for something that is no case number.
type NumberError struct{ Reason NumberReason }

// Error says in Chinese and English what is wrong.
func (e *NumberError) Error() string {
	zh, en := "格式不对", "it is malformed"
	switch e.Reason {
	case NumberCharacters:
		zh, en = "只能有数字、空格和连字符", "only digits, spaces and hyphens are allowed"
	case NumberLength:
		zh, en = "应为 29 位数字", "it must have 29 digits"
	case NumberCheck:
		zh, en = "校验位不符，请核对有无输错或颠倒的数字", "the check digit does not fit; look for wrong or exchanged digits"
	case NumberDivision:
		zh, en = "前 12 位不是区划代码", "the first 12 digits are no division code"
	case NumberDate:
		zh, en = "第 13–20 位不是日期", "digits 13-20 are no date"
	case NumberOrdinal:
		zh, en = "节点序号应为 01–99", "the node's ordinal must be 01-99"
	case NumberCounter:
		zh, en = "当日流水号应为 000001–999999", "the day's counter must be 000001-999999"
	}
	return fmt.Sprintf("办件编号有误：%s (case number: %s)", zh, en)
}

// bareDigits takes separators away and turns full-width digits into ASCII. It
// reads no further than a number with generous separators can be long.
func bareDigits(text string) (string, bool) {
	const most = 4 * 3 * numberDigits // four 3-byte characters a digit
	if len(text) > most || !utf8.ValidString(text) {
		return "", false
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			b.WriteByte(byte(c))
		case c >= '０' && c <= '９':
			b.WriteByte(byte('0' + c - '０'))
		case strings.ContainsRune(" \t\r\n\u00a0\u3000-‐‑‒–—−－﹣", c):
		default:
			return "", false
		}
	}
	return b.String(), true
}

func decimal(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// dammTable is Damm's totally anti-symmetric quasigroup of order 10 (H. M. Damm,
// 2004). Its diagonal is zero, so a string with its check digit gives 0.
var dammTable = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// damm returns the check digit of digits, and 0 when digits end in theirs.
func damm(digits string) byte {
	var interim byte
	for i := range len(digits) {
		interim = dammTable[interim][digits[i]-'0']
	}
	return interim
}
