package identifier

import (
	"strings"
	"unicode/utf8"
)

// hidden stands for a value of which nothing may be shown. All masks fall back
// to it for text of another shape than they expect, so that a slip in a form
// never publishes what the mask would have hidden.
const hidden = "****"

// MaskName masks the name of a natural person: the first character stays, as
// 张* and 张**. Longer names show no more than two stars, which hides their
// length. Names of legal persons are public and not masked.
func MaskName(name string) string {
	name = strings.TrimSpace(name)
	first, size := utf8.DecodeRuneInString(name)
	switch length := utf8.RuneCountInString(name); {
	case length == 0:
		return ""
	case length == 1 || first == utf8.RuneError:
		return "*"
	case length == 2:
		return name[:size] + "*"
	}
	return name[:size] + "**"
}

// MaskIDNumber masks an ID number to its last 4 characters, as it may be shown
// outside the hall.
func MaskIDNumber(number string) string {
	number = Normalise(number)
	if !idShaped(number) {
		return hide(number)
	}
	return strings.Repeat("*", idDigits-4) + number[idDigits-4:]
}

// MaskIDNumberInHall masks an ID number to its first 6 and last 4 characters, as
// 330599********005X. It is for use inside the hall only.
func MaskIDNumberInHall(number string) string {
	number = Normalise(number)
	if !idShaped(number) {
		return hide(number)
	}
	return number[:6] + strings.Repeat("*", idDigits-10) + number[idDigits-4:]
}

// MaskPhone masks a mobile number as 138****0000 and a landline to its area
// code and last 2 digits, as 0572-*****67.
func MaskPhone(number string) string {
	phone, err := ParsePhone(number)
	if err != nil {
		return hide(Normalise(number))
	}
	digits := phone.Number
	if phone.Kind == Mobile {
		return digits[:3] + "****" + digits[7:]
	}
	area, local, split := strings.Cut(digits, "-")
	if !split {
		// Area codes of two further digits are those of the largest cities, 01x and 02x.
		cut := 4
		if digits[1] <= '2' {
			cut = 3
		}
		area, local = digits[:cut], digits[cut:]
	}
	return area + "-" + strings.Repeat("*", len(local)-2) + local[len(local)-2:]
}

// MaskBankAccount masks a bank account to its last 4 digits.
func MaskBankAccount(account string) string {
	account = strings.ReplaceAll(Normalise(account), " ", "")
	if len(account) < 8 || len(account) > 34 || !allDigits(account) {
		return hide(account)
	}
	return strings.Repeat("*", len(account)-4) + account[len(account)-4:]
}

func idShaped(number string) bool {
	return len(number) == idDigits && allDigits(number[:idDigits-1]) && strings.Contains("0123456789X", number[idDigits-1:])
}

func hide(value string) string {
	if value == "" {
		return ""
	}
	return hidden
}
