// Package account is what a county knows of the people and firms who apply by
// themselves: who was looked at in person against the ID, with which code an
// account is activated, and which persons may act for a firm. It is pure; the
// passwords' hashes, tokens and one-time codes are made in federation/trust.
package account

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// The types of applicants, as a submission has them.
const (
	Person       = "person"       // 自然人
	Organisation = "organisation" // 法人或其他组织
)

// Account is one applicant as the ledger knows them.
type Account struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Number is the person's GB 11643 number or the organisation's USCC, looked
	// at in person.
	Number string `json:"number"`
	Phone  string `json:"phone,omitempty"`
	// Former are names that were read on the document before the present one.
	Former []string `json:"former,omitempty"`
	// Home is the division whose desk opened it last: what the account consents
	// to is told there.
	Home division.Code `json:"home"`
	// CodeHash is of the activation code that was printed last, good until
	// CodeExpires (Unix milliseconds); empty once it was used.
	CodeHash    string `json:"code_hash,omitempty"`
	CodeExpires int64  `json:"code_expires,omitempty"`
	// PasswordHash is an argon2id hash in PHC form; it is known at the county
	// only, and empty until the account was activated.
	PasswordHash string `json:"password_hash,omitempty"`
	// Seal is the secret of the one-time codes, sealed with the password; StepUsed
	// the last time step whose code was used, for each works once.
	Seal     []byte `json:"seal,omitempty"`
	StepUsed int64  `json:"step_used,omitempty"`
	// Links are identities at providers with which the account is logged in to
	// (OpenID Connect), one of each provider.
	Links []Link `json:"links,omitempty"`
	// Agents may act for an organisation.
	Agents   []Agent `json:"agents,omitempty"`
	Disabled bool    `json:"disabled,omitempty"`
	// Email is where notices go too, once it was confirmed: by the code that was sent
	// there or, where EmailBy names one, by a clerk who looked at the ID. Unconfirmed
	// is an address that was named at UnconfirmedAt (Unix milliseconds, the county's
	// clock) and waits for its code: nothing else is sent there. Language is what
	// notices are written in ("zh", "en"; empty is Chinese).
	Email         string `json:"email,omitempty"`
	EmailBy       string `json:"email_by,omitempty"`
	Unconfirmed   string `json:"unconfirmed,omitempty"`
	UnconfirmedAt int64  `json:"unconfirmed_at,omitempty"`
	Language      string `json:"language,omitempty"`
	// Changed is when what a token depends on last changed, Unix milliseconds by
	// the county's clock: tokens issued before it have ended.
	Changed int64 `json:"changed"`
}

// Agent is a person who may act for an organisation (经办人), with the proof of
// authority that was shown.
type Agent struct {
	Name      string `json:"name"`
	Number    string `json:"number"`
	Authority string `json:"authority"`
	// Until is the last day of the authority; none when it was given for good.
	Until calendar.Date `json:"until,omitzero"`
}

// Link is an identity at a provider. What the provider calls the person is kept
// as its hash (HashSubject).
type Link struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// Active reports whether the account can be logged in to.
func (a *Account) Active() bool {
	return (a.PasswordHash != "" || len(a.Links) > 0) && !a.Disabled
}

// LinkedTo reports whether an identity of a provider is linked to the account.
func (a *Account) LinkedTo(issuer string) bool {
	return slices.ContainsFunc(a.Links, func(l Link) bool { return l.Issuer == issuer })
}

// Unlink takes the identity of a provider off, and reports whether there was one.
func (a *Account) Unlink(issuer string) bool {
	before := len(a.Links)
	a.Links = slices.DeleteFunc(slices.Clone(a.Links), func(l Link) bool { return l.Issuer == issuer })
	return len(a.Links) < before
}

// Is reports whether somebody of a type, with a number and a name, is whom the
// account was opened for. A number alone does not say so: one that was mistyped
// at a desk may be valid, and is then another person's.
func (a *Account) Is(kind, number, name string) bool {
	return a.Number != "" && a.Type == kind && a.Number == number &&
		(SameName(a.Name, name) || slices.ContainsFunc(a.Former, func(f string) bool { return SameName(f, name) }))
}

// Rename takes the name that was read on the document now, and keeps the one of
// before: what was handed in under it is theirs still.
func (a *Account) Rename(name string) {
	if a.Name != "" && a.Name != name && !slices.Contains(a.Former, a.Name) {
		a.Former = append(slices.Clip(a.Former), a.Name)
	}
	a.Former = slices.DeleteFunc(slices.Clone(a.Former), func(f string) bool { return f == name })
	a.Name = name
}

// SameName compares names as people type them: spaces, the case of letters, full
// width and the kind of separator in a name (买买提·吐尔逊) say nothing.
func SameName(a, b string) bool { return plainName(a) == plainName(b) }

func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case strings.ContainsRune("·•・‧∙⋅.．", r):
			return '·'
		case r >= '！' && r <= '～': // full width
			r += '!' - '！'
		}
		return unicode.ToUpper(r)
	}, name)
}

// ActsFor reports whether the person of an account may act, on a day, for
// another account: it is their own, or that of an organisation that named them.
func (a *Account) ActsFor(other *Account, on calendar.Date) bool {
	if a.ID == other.ID {
		return true
	}
	if a.Type != Person || other.Type != Organisation || a.Disabled || other.Disabled {
		return false
	}
	return slices.ContainsFunc(other.Agents, func(g Agent) bool {
		return g.Number == a.Number && (g.Until.IsZero() || !on.After(g.Until))
	})
}

// CodeLife is for how long an activation code is good *(convention)*.
const CodeLife = 14 * 24 * time.Hour

// codeBytes of randomness make a code of twelve characters: too many for
// anybody who comes to know its hash.
const (
	CodeBytes  = 12
	codeLetter = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // without I L O U
)

// NewCode makes an activation code, in groups of four, of CodeBytes random bytes.
func NewCode(random [CodeBytes]byte) string {
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetter[r&31])
	}
	return b.String()
}

// HashCode is what the ledger keeps of a code, which belongs to one number.
// Spelling does not matter: groups, case, and letters that look like digits.
func HashCode(kind, number, code string) string {
	sum := sha256.Sum256([]byte("tongban activation code v1\n" + kind + "\n" + number + "\n" + PlainCode(code)))
	return hex.EncodeToString(sum[:])
}

// HashSubject is what the ledger keeps of what a provider calls somebody, whose
// form is the provider's own: some use a phone number.
func HashSubject(issuer, subject string) string {
	sum := sha256.Sum256([]byte("tongban provider subject v1\n" + issuer + "\n" + subject))
	return hex.EncodeToString(sum[:])
}
