package identifier

import "strings"

// USCC is a unified social credit code (GB 32100) that passed its check.
type USCC struct {
	Code     string // 18 characters, normalised
	Registry string // the registering authority's character, as 9 for market regulation
	Class    string // the class within it, as 2 for an individual business
	Division string // 6 division digits of the registration

	// OrganisationFits says whether the organisation code inside (GB 11714,
	// characters 9 to 17) fits its own check character. Codes in use exist that
	// do not: warn, and do not refuse.
	OrganisationFits bool
}

const (
	usccDigits = 18
	// usccAlphabet leaves out I, O, S, V and Z; a character's place is its value.
	usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
)

// ParseUSCC normalises and checks a unified social credit code. The error is an
// *Error.
func ParseUSCC(text string) (USCC, error) {
	code := Normalise(text)
	refuse := func(reason Reason) (USCC, error) {
		return USCC{}, &Error{Kind: KindUSCC, Reason: reason}
	}
	switch {
	case len(code) != usccDigits:
		return refuse(ReasonLength)
	case strings.Trim(code, usccAlphabet) != "" || !allDigits(code[2:8]):
		return refuse(ReasonCharacters)
	case usccCheck(code[:usccDigits-1]) != code[usccDigits-1]:
		return refuse(ReasonCheck)
	}
	return USCC{
		Code: code, Registry: code[:1], Class: code[1:2], Division: code[2:8],
		OrganisationFits: organisationCheck(code[8:16]) == code[16],
	}, nil
}

// usccCheck returns the check character of the 17 characters.
func usccCheck(code string) byte {
	weights := [usccDigits - 1]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	sum := 0
	for i, weight := range weights {
		sum += weight * strings.IndexByte(usccAlphabet, code[i])
	}
	return usccAlphabet[(31-sum%31)%31]
}

// organisationCheck returns the check character of an organisation code's 8
// characters, whose values are those of base 36.
func organisationCheck(code string) byte {
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		value := int(code[i] - '0')
		if code[i] >= 'A' {
			value = int(code[i]-'A') + 10
		}
		sum += weight * value
	}
	return "0X987654321"[sum%11] // 11 − Σ mod 11, where 10 is X and 11 is 0
}
