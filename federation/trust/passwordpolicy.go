package trust

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// DefaultMinPassword is how many characters a password has at least.
const DefaultMinPassword = 10

// Refusals of a new password, in words for the person choosing it.
var (
	ErrPasswordShort  = errors.New("密码太短 password is too short")
	ErrPasswordLogin  = errors.New("密码不能与登录名相同或包含登录名 password must not be or contain the login")
	ErrPasswordSame   = errors.New("新密码与原密码相同 the new password is the old one")
	ErrPasswordCommon = errors.New("密码过于常见或过于简单 password is too common or too simple")
	ErrPasswordForm   = errors.New("密码含有不能使用的字符 password has characters that cannot be used")
)

// CheckPassword decides whether a person may choose a password: long enough
// (minimum counts characters; 0 means DefaultMinPassword), not made of the
// login, not among the most used. It asks for no mixture of kinds of
// characters, which makes passwords worse (NIST SP 800-63B 5.1.1.2).
func CheckPassword(password, login string, minimum int) error {
	if minimum <= 0 {
		minimum = DefaultMinPassword
	}
	if len(password) > maxPassword {
		return ErrPasswordLength
	}
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return ErrPasswordForm
	}
	if utf8.RuneCountInString(norm.NFC.String(password)) < minimum {
		return fmt.Errorf("%w (至少%d个字符 at least %d characters)", ErrPasswordShort, minimum, minimum)
	}
	folded, own := fold(password), fold(login)
	const longLogin = 4
	if own != "" && (folded == own || folded == reverse(own) || len(own) >= longLogin && onlyAdds(folded, own)) {
		return ErrPasswordLogin
	}
	if isCommon(folded) {
		return ErrPasswordCommon
	}
	return nil
}

// onlyAdds reports whether a password is the login with little around it.
func onlyAdds(password, login string) bool {
	const little = 6
	return strings.Contains(password, login) && len(password)-len(login) < little
}

// isCommon looks for the most used passwords, also repeated or with a few
// digits behind, and for runs like 1234567890 and aaaaaaaaaa.
func isCommon(folded string) bool {
	if fewRunes(folded) || isRun(folded) {
		return true
	}
	stem := strings.TrimRight(folded, "0123456789!@#.*_")
	for _, word := range []string{folded, stem, repeated(folded)} {
		if _, ok := commonPasswords[word]; ok {
			return true
		}
	}
	return false
}

// fewRunes: three different characters or fewer make no password.
func fewRunes(s string) bool {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) <= 3
}

// isRun reports whether every character follows the one before in the same
// direction, up or down, 0 and 9 being neighbours.
func isRun(s string) bool {
	runes := []rune(s)
	for _, step := range []rune{1, -1} {
		run := len(runes) > 1
		for i := 1; i < len(runes) && run; i++ {
			a, b := runes[i-1], runes[i]
			run = b-a == step || step == 1 && a == '9' && b == '0' || step == -1 && a == '0' && b == '9'
		}
		if run {
			return true
		}
	}
	return false
}

// repeated gives the shortest part of which s is a repetition, or s.
func repeated(s string) string {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return s[:n]
		}
	}
	return s
}

func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// InitialPassword makes a first password to be read out or written down: six
// syllables and two digits, such as "ban-hou-lei-ming-zhu-tang-47"; 54 bits.
// The person changes it at the first login.
func InitialPassword() (string, error) {
	raw := make([]byte, 7)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("initial password: %w", err)
	}
	parts := make([]string, 0, len(raw))
	for _, b := range raw[:6] {
		parts = append(parts, syllables[b])
	}
	parts = append(parts, fmt.Sprintf("%02d", int(raw[6])*100/256))
	return strings.Join(parts, "-"), nil
}
