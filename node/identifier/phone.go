package identifier

import "regexp"

// PhoneKind tells mobile numbers from landlines: only the first can be sent a
// message.
type PhoneKind string

// The kinds of phone.
const (
	Mobile   PhoneKind = "mobile"
	Landline PhoneKind = "landline"
)

// Phone is a phone number that passed its check.
type Phone struct {
	Number string // as written, normalised; a landline may have a hyphen
	Kind   PhoneKind
}

var (
	mobileShape   = regexp.MustCompile(`^1[3-9]\d{9}$`)
	landlineShape = regexp.MustCompile(`^0\d{2,3}-?\d{7,8}$`)
)

// ParsePhone normalises and checks a phone number. The error is an *Error.
func ParsePhone(text string) (Phone, error) {
	number := Normalise(text)
	switch {
	case mobileShape.MatchString(number):
		return Phone{Number: number, Kind: Mobile}, nil
	case landlineShape.MatchString(number):
		return Phone{Number: number, Kind: Landline}, nil
	}
	return Phone{}, &Error{Kind: KindPhone, Reason: ReasonFormat}
}
