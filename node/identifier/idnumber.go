package identifier

import (
	"strings"

	"github.com/tongban/tongban/node/calendar"
)

// Sex is what the sequence digits of an ID number say.
type Sex string

// The sexes.
const (
	Male   Sex = "male"   // 男: odd sequence
	Female Sex = "female" // 女: even sequence
)

// IDNumber is a resident ID number (公民身份号码, GB 11643) that passed all
// checks, and what it tells.
type IDNumber struct {
	Number string // 18 characters, normalised
	Area   string // the first 6 digits; area codes are abolished over time, so any is accepted
	Birth  calendar.Date
	Sex    Sex
}

// The province-level prefixes of GB/T 2260, and 83, which residence permits for
// Taiwan residents use.
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 "

const idDigits = 18

// ParseIDNumber normalises and checks an ID number. The birth date must exist
// and not lie after today, a date in Asia/Shanghai. The error is an *Error.
func ParseIDNumber(text string, today calendar.Date) (IDNumber, error) {
	number := Normalise(text)
	refuse := func(reason Reason) (IDNumber, error) {
		return IDNumber{}, &Error{Kind: KindIDNumber, Reason: reason}
	}
	switch {
	case len(number) != idDigits:
		return refuse(ReasonLength)
	case !allDigits(number[:idDigits-1]) || !strings.Contains("0123456789X", number[idDigits-1:]):
		return refuse(ReasonCharacters)
	case !strings.Contains(provinces, " "+number[:2]+" "):
		return refuse(ReasonProvince)
	case idCheck(number[:idDigits-1]) != number[idDigits-1]:
		return refuse(ReasonCheck)
	}
	birth, err := calendar.ParseCompact(number[6:14])
	if err != nil {
		return refuse(ReasonBirthDate)
	}
	if birth.After(today) {
		return refuse(ReasonFuture)
	}
	sex := Female
	if number[16]%2 == 1 { // the ASCII codes of odd digits are odd
		sex = Male
	}
	return IDNumber{Number: number, Area: number[:6], Birth: birth, Sex: sex}, nil
}

// idCheck returns the check character of the 17 digits (ISO 7064 MOD 11-2).
func idCheck(digits string) byte {
	weights := [idDigits - 1]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += weight * int(digits[i]-'0')
	}
	return "10X98765432"[sum%11]
}
