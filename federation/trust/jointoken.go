package trust

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
)

// The parts of a join token, in characters of five bits: 120 bits of
// fingerprint, 40 of id, 130 of secret, and two to catch typing errors.
const (
	joinPrintLen  = fingerprintN * 8 / 5
	joinIDLen     = 8
	joinSecretLen = 26
	joinCheckLen  = 2
	joinLen       = joinPrintLen + joinIDLen + joinSecretLen + joinCheckLen
	joinGroup     = 5
	// maxJoinText allows for any separators.
	maxJoinText = 512
	// joinPrime makes the check: any one wrong character and any two
	// exchanged ones change the sum, because no weight or difference is a
	// multiple of it. It is the largest prime below 32².
	joinPrime  = 1021
	joinDomain = "tongban join v1\n"
)

// crockford is base 32 without the letters that are taken for digits.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// JoinToken is a one-time invitation: it tells a new node which county is the
// right one, and the county that the node was invited. Expiry, tier and
// division are in the county's record under ID; the record keeps Hash, never
// the token.
type JoinToken struct {
	County Fingerprint
	// ID finds the record; it is no secret.
	ID string
	// Secret is 26 characters, 130 bits.
	Secret string
}

// NewJoinToken makes a token for a county whose current bundle has the
// fingerprint.
func NewJoinToken(county Fingerprint) (JoinToken, error) { return newJoinToken(rand.Reader, county) }

func newJoinToken(random io.Reader, county Fingerprint) (JoinToken, error) {
	raw := make([]byte, joinIDLen+joinSecretLen)
	if _, err := io.ReadFull(random, raw); err != nil {
		return JoinToken{}, fmt.Errorf("new join token: %w", err)
	}
	for i, b := range raw {
		raw[i] = crockford[b&31] // 256 is a multiple of 32: no bias
	}
	return JoinToken{County: county, ID: string(raw[:joinIDLen]), Secret: string(raw[joinIDLen:])}, nil
}

// Encode writes the token for people: twelve groups of five characters.
func (t JoinToken) Encode() string {
	plain := encodeFingerprint(t.County) + t.ID + t.Secret
	sum := joinSum(plain)
	plain += string(crockford[sum>>5]) + string(crockford[sum&31])
	var b strings.Builder
	for i := 0; i < len(plain); i += joinGroup {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(plain[i:min(i+joinGroup, len(plain))])
	}
	return b.String()
}

// String hides the secret, for logs.
func (t JoinToken) String() string { return "join token " + t.ID }

// GoString hides the secret, for logs.
func (t JoinToken) GoString() string { return t.String() }

// DecodeJoinToken reads what a person typed: any case, any spaces or dashes,
// full-width characters of a Chinese input method, O for 0 and I or L for 1.
func DecodeJoinToken(text string) (JoinToken, error) {
	if len(text) > maxJoinText {
		return JoinToken{}, fmt.Errorf("join token: %w: too long 口令过长", ErrMalformed)
	}
	var b strings.Builder
	for _, r := range text {
		c, skip, ok := joinChar(r)
		if !ok {
			return JoinToken{}, fmt.Errorf("join token: %w: character %q cannot occur 含有无效字符", ErrMalformed, r)
		}
		if !skip {
			b.WriteByte(c)
		}
	}
	plain := b.String()
	if len(plain) != joinLen {
		return JoinToken{}, fmt.Errorf("join token: %w: %d characters instead of %d 应为%d个字符", ErrMalformed, len(plain), joinLen, joinLen)
	}
	body, check := plain[:joinLen-joinCheckLen], plain[joinLen-joinCheckLen:]
	sum := strings.IndexByte(crockford, check[0])<<5 | strings.IndexByte(crockford, check[1])
	if sum != joinSum(body) {
		return JoinToken{}, fmt.Errorf("join token: %w: mistyped, please compare it again 输入有误，请核对", ErrMalformed)
	}
	return JoinToken{
		County: decodeFingerprint(body[:joinPrintLen]),
		ID:     body[joinPrintLen : joinPrintLen+joinIDLen],
		Secret: body[joinPrintLen+joinIDLen:],
	}, nil
}

// Hash is what the county keeps of a token. A plain hash will do: 130 random
// bits cannot be guessed.
func (t JoinToken) Hash() [sha256.Size]byte {
	return sha256.Sum256([]byte(joinDomain + t.ID + t.Secret))
}

// Matches compares the token with a kept hash in constant time.
func (t JoinToken) Matches(hash []byte) bool {
	own := t.Hash()
	return subtle.ConstantTimeCompare(own[:], hash) == 1
}

// joinChar maps a typed character to one of the alphabet, or says to skip it.
func joinChar(r rune) (c byte, skip, ok bool) {
	if r >= '！' && r <= '～' { // full-width ASCII
		r -= '！' - '!'
	}
	switch r {
	case ' ', '\t', '\n', '\r', '-', '\u3000', '—', '–', '－', '_', '\u00a0':
		return 0, true, true
	case 'o', 'O':
		return '0', false, true
	case 'i', 'I', 'l', 'L':
		return '1', false, true
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	if r > 0 && r < 0x80 && strings.IndexByte(crockford, byte(r)) >= 0 {
		return byte(r), false, true
	}
	return 0, false, false
}

func joinSum(plain string) int {
	sum := 0
	for i := range len(plain) {
		// The offset keeps a row of zeros from being its own check.
		sum = (sum + (i+1)*(strings.IndexByte(crockford, plain[i])+1)) % joinPrime
	}
	return sum
}

func encodeFingerprint(f Fingerprint) string {
	var b strings.Builder
	var acc, bits uint
	for _, by := range f {
		acc, bits = acc<<8|uint(by), bits+8
		for bits >= 5 {
			bits -= 5
			b.WriteByte(crockford[acc>>bits&31])
		}
	}
	return b.String()
}

func decodeFingerprint(s string) Fingerprint {
	var f Fingerprint
	var acc, bits uint
	n := 0
	for i := range len(s) {
		acc, bits = acc<<5|uint(strings.IndexByte(crockford, s[i])), bits+5
		if bits >= 8 {
			bits -= 8
			f[n] = byte(acc >> bits)
			n++
		}
	}
	return f
}
