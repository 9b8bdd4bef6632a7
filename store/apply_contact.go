package store

import (
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/ledger"
)

// contactOf is what becomes of an account when the applicant says where notices
// go: an address that is new waits to be confirmed, and the one of before stays
// until then, for whoever has the password alone must not be able to silence it.
// None is none at once.
func (a *applier) contactOf(b *ledger.AccountContactV1) func(*account.Account) error {
	return func(k *account.Account) error {
		k.Language = b.Language
		switch b.Email {
		case "":
			k.Email, k.EmailBy, k.Unconfirmed, k.UnconfirmedAt = "", "", "", 0
		case k.Email:
			k.Unconfirmed, k.UnconfirmedAt = "", 0
		default:
			k.Unconfirmed, k.UnconfirmedAt = b.Email, a.now
		}
		return nil
	}
}

// confirmContact takes an address whose code came back.
func confirmContact(b *ledger.AccountConfirmV1) func(*account.Account) error {
	return func(k *account.Account) error {
		if k.Unconfirmed != b.Email {
			return refuse("contact_changed", "邮箱已变更或已确认，请刷新后再看", "the address has changed since, or is confirmed already")
		}
		k.Email, k.EmailBy, k.Unconfirmed, k.UnconfirmedAt = b.Email, "", "", 0
		return nil
	}
}

// prepareAttest takes an address that a clerk heard from the person whose ID they
// looked at. A village need not know the account: the county does.
func (a *applier) prepareAttest(e *ledger.Entry, b *ledger.AccountAttestV1, from origin) (func() error, error) {
	if b.Division != from.Division && !a.told {
		return nil, refuse("division_elsewhere", "办理地点与本机不符", "it was not said at the node that recorded it")
	}
	known, err := a.account(`type = ? AND number = ?`, b.Type, b.Number)
	switch {
	case err != nil:
		return nil, err
	case known == nil && isCounty(a.s.self.Tier):
		return nil, accountUnknown
	case known == nil:
		return func() error { return nil }, nil
	}
	known.Email, known.EmailBy, known.Unconfirmed, known.UnconfirmedAt = b.Email, e.Actor.Name, "", 0
	return func() error { return a.saveAccount(known) }, nil
}
