package federation

import (
	"context"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/account"
	words "github.com/tongban/tongban/node/notice"
)

// The code with which an applicant shows that a mail address is theirs is made from
// a secret that all hubs have, from the address and from when it was named: any hub
// can check what another sent, nothing is kept, and an address that is named anew
// has another code. It holds for the quarter of an hour in which it was made and the
// one after. Once the address is confirmed there is none any more.

// ContactCode is the code for the address that an account has named; empty below
// the county.
func (n *Node) ContactCode(k *account.Account) string { return n.contactCode(k, 0) }

// CheckContactCode reports whether a code as somebody typed it is that of the address
// that an account has named.
func (n *Node) CheckContactCode(k *account.Account, typed string) bool {
	if n.county == nil || k.Unconfirmed == "" {
		return false
	}
	typed = account.PlainCode(typed)
	now := subtle.ConstantTimeCompare([]byte(account.PlainCode(n.contactCode(k, 0))), []byte(typed))
	before := subtle.ConstantTimeCompare([]byte(account.PlainCode(n.contactCode(k, 1))), []byte(typed))
	return now|before == 1
}

func (n *Node) contactCode(k *account.Account, before int64) string {
	if n.county == nil {
		return ""
	}
	quarter := n.now().UnixMilli()/account.MailCodeSpan.Milliseconds() - before
	return account.MailCode(n.county.now().Secret("mail code"), k, quarter)
}

// SendContactCode sends the code of an account's address. The text names nobody.
func (n *Node) SendContactCode(ctx context.Context, k *account.Account) error {
	if n.notices == nil {
		return notify.ErrNoMail
	}
	language := words.Language(k.Language)
	random := uuid.New()
	return n.notices.SendCode(ctx, base64.RawURLEncoding.EncodeToString(random[:]), k.Unconfirmed, language, words.CodeText(n.ContactCode(k), language))
}
