package ledger

import (
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are about
// those who apply by themselves. What a password depends on stays at the county.

// AccountOpenV1 says that a clerk looked at somebody's ID in person and gave
// them an activation code (线下实名核验). The same number again gives a new code:
// that is how a lost password is recovered.
type AccountOpenV1 struct {
	// Account is the id of a new account; where the number has one already, that
	// one is meant.
	Account string `json:"account"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Number  string `json:"number"`
	Phone   string `json:"phone,omitempty"`
	// Division is the office where they came in person.
	Division division.Code `json:"division"`
	// Shown is the document that was looked at.
	Shown string `json:"shown"`
	// CodeHash is account.HashCode of the code that was printed.
	CodeHash  string `json:"code_hash"`
	ExpiresAt int64  `json:"expires_at"`
	// Agents may act for an organisation; they replace those there were.
	Agents []account.Agent `json:"agents,omitempty"`
}

const maxAgents = 50

// Check implements Body.
func (b *AccountOpenV1) Check() error {
	if len(b.CodeHash) != 64 || b.ExpiresAt <= 0 {
		return fmt.Errorf("code hash of %d, expiry %d", len(b.CodeHash), b.ExpiresAt)
	}
	if b.Type != account.Organisation && len(b.Agents) > 0 {
		return errors.New("only an organisation has agents here")
	}
	_, err := division.Parse(string(b.Division))
	return first(err, applicantKind(b.Type), required("account", b.Account, maxIDBytes), required("name", b.Name, maxName), required("number", b.Number, maxName),
		optional("phone", b.Phone, maxName), required("shown", b.Shown, maxName), agents(b.Agents))
}

// AccountAgentsV1 sets who may act for an organisation, whoever did before.
type AccountAgentsV1 struct {
	// Number is the organisation's USCC, Division the office where it was set.
	Number   string          `json:"number"`
	Division division.Code   `json:"division"`
	Agents   []account.Agent `json:"agents"`
}

// Check implements Body.
func (b *AccountAgentsV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("number", b.Number, maxName), agents(b.Agents))
}

// AccountActivateV1 uses an activation code up and sets the password.
type AccountActivateV1 struct {
	Account      string `json:"account"`
	CodeHash     string `json:"code_hash"`
	PasswordHash string `json:"password_hash"`
}

// Check implements Body.
func (b *AccountActivateV1) Check() error {
	if len(b.CodeHash) != 64 {
		return fmt.Errorf("code hash of %d", len(b.CodeHash))
	}
	return first(required("account", b.Account, maxIDBytes), required("password_hash", b.PasswordHash, 512))
}

// AccountPasswordV1 sets the password, with the secret of the one-time codes
// sealed anew, if there is one.
type AccountPasswordV1 struct {
	Account      string `json:"account"`
	PasswordHash string `json:"password_hash"`
	Seal         []byte `json:"seal,omitempty"`
}

// Check implements Body.
func (b *AccountPasswordV1) Check() error {
	return first(required("account", b.Account, maxIDBytes), required("password_hash", b.PasswordHash, 512), sealed(b.Seal))
}

// AccountTOTPV1 asks for one-time codes (RFC 6238) at login from now on, or with
// no seal not any more.
type AccountTOTPV1 struct {
	Account string `json:"account"`
	Seal    []byte `json:"seal,omitempty"`
}

// Check implements Body.
func (b *AccountTOTPV1) Check() error {
	return first(required("account", b.Account, maxIDBytes), sealed(b.Seal))
}

// AccountStepV1 uses the one-time code of a time step up, at every hub.
type AccountStepV1 struct {
	Account string `json:"account"`
	Step    int64  `json:"step"`
}

// Check implements Body.
func (b *AccountStepV1) Check() error {
	if b.Step <= 0 {
		return fmt.Errorf("step %d", b.Step)
	}
	return required("account", b.Account, maxIDBytes)
}

// AccountDisableV1 closes an account, or opens it again.
type AccountDisableV1 struct {
	Account  string `json:"account"`
	Disabled bool   `json:"disabled"`
	Reason   string `json:"reason"`
}

// Check implements Body.
func (b *AccountDisableV1) Check() error {
	return first(required("account", b.Account, maxIDBytes), required("reason", b.Reason, maxText))
}

func applicantKind(kind string) error {
	if kind != account.Person && kind != account.Organisation {
		return fmt.Errorf("applicant type %q", kind)
	}
	return nil
}

func agents(list []account.Agent) error {
	if len(list) > maxAgents {
		return fmt.Errorf("%d agents, at most %d", len(list), maxAgents)
	}
	for i, g := range list {
		path := fmt.Sprintf("agents[%d]", i)
		if err := first(required(path+".name", g.Name, maxName), required(path+".number", g.Number, maxName), required(path+".authority", g.Authority, maxName)); err != nil {
			return err
		}
	}
	return nil
}

func sealed(b []byte) error {
	if len(b) > 256 {
		return fmt.Errorf("seal of %d bytes", len(b))
	}
	return nil
}
