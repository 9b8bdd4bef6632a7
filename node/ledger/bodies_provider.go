package ledger

import (
	"fmt"
	"net/url"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are about
// identities at a provider (OpenID Connect) with which applicants log in, and
// stay at the county.

// AccountBindV1 says that whoever is logged in to an account proved an identity at
// a provider: it logs in to the account from now on.
type AccountBindV1 struct {
	Account string `json:"account"`
	Issuer  string `json:"issuer"`
	// Subject is account.HashSubject of what the provider calls the person.
	Subject string `json:"subject"`
}

// Check implements Body.
func (b *AccountBindV1) Check() error {
	return first(required("account", b.Account, maxIDBytes), identityOf(b.Issuer, b.Subject))
}

// AccountUnbindV1 takes the identity of a provider off an account.
type AccountUnbindV1 struct {
	Account string `json:"account"`
	Issuer  string `json:"issuer"`
}

// Check implements Body.
func (b *AccountUnbindV1) Check() error {
	return first(required("account", b.Account, maxIDBytes), issuer(b.Issuer))
}

// AccountRegisterV1 opens a person's account on the word of a provider which
// looked at their document (实名认证), and which the county trusts with that. A
// number that has an account without a password, in the same name, keeps it.
type AccountRegisterV1 struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Number  string `json:"number"`
	Phone   string `json:"phone,omitempty"`
	// Division is the county's.
	Division division.Code `json:"division"`
	Issuer   string        `json:"issuer"`
	Subject  string        `json:"subject"`
}

// Check implements Body.
func (b *AccountRegisterV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("account", b.Account, maxIDBytes), required("name", b.Name, maxName), required("number", b.Number, maxName),
		optional("phone", b.Phone, maxName), identityOf(b.Issuer, b.Subject))
}

func identityOf(provider, subject string) error {
	if len(subject) != 64 {
		return fmt.Errorf("subject hash of %d", len(subject))
	}
	return issuer(provider)
}

func issuer(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("issuer %.80q is not an https address", address)
	}
	return required("issuer", address, maxText)
}
