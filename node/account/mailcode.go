package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/tongban/tongban/node/identifier"
)

// MailCodeSpan is a quarter of an hour: a code is made for one, and holds in the
// next one too.
const MailCodeSpan = 15 * time.Minute

// MailCode is the code that shows that whoever has it reads the mail of the address
// that an account has named: 40 bits, in two groups of four. It depends on the
// secret, the address and when it was named, and the span (Unix time in
// MailCodeSpan).
func MailCode(secret []byte, k *Account, span int64) string {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "tongban mail code v1\n%s\n%s\n%d\n%d", k.ID, k.Unconfirmed, k.UnconfirmedAt, span)
	var b strings.Builder
	for i, r := range h.Sum(nil)[:8] {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetter[r&31])
	}
	return b.String()
}

// PlainCode is a code as it was meant, however it was typed: groups, case, and
// letters that look like digits do not matter.
func PlainCode(typed string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(identifier.Normalise(typed))
}
