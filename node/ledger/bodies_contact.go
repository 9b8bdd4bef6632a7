package ledger

import (
	"errors"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are about
// whose a mail address is; until one of them says so, nothing is sent to it but a
// code.

// AccountConfirmV1 says that an applicant gave back the code that was sent to the
// address that they had named (AccountContactV1).
type AccountConfirmV1 struct {
	Account string `json:"account"`
	Email   string `json:"email"`
}

// Check implements Body.
func (b *AccountConfirmV1) Check() error {
	if !plainEmail(b.Email) {
		return errors.New("not an e-mail address")
	}
	return required("account", b.Account, maxIDBytes)
}

// AccountAttestV1 says that somebody named the address in person and that a clerk
// looked at their ID: it needs no code.
type AccountAttestV1 struct {
	// Type and Number are those of the account.
	Type   string `json:"type"`
	Number string `json:"number"`
	Email  string `json:"email"`
	// Division is the office where they came in person, Shown the document that was
	// looked at.
	Division division.Code `json:"division"`
	Shown    string        `json:"shown"`
}

// Check implements Body.
func (b *AccountAttestV1) Check() error {
	if !plainEmail(b.Email) {
		return errors.New("not an e-mail address")
	}
	_, err := division.Parse(string(b.Division))
	return first(err, applicantKind(b.Type), required("number", b.Number, maxName), required("shown", b.Shown, maxName))
}
