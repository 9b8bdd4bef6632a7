package store

import (
	"database/sql"
	"errors"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/ledger"
)

// This file is what entries make of identities at a provider (OpenID Connect).
// One identity logs in to one account, and an account has one identity of each
// provider.

var (
	providerTaken  = refuse("provider_taken", "该身份已关联另一账户，请先在那个账户中解除关联", "this identity is linked to another account; unlink it there first")
	providerLinked = refuse("provider_linked", "账户已关联另一身份，请先解除原来的关联", "the account is linked to another identity; unlink that first")
	providerPeople = refuse("provider_people", "统一身份认证只用于自然人账户；单位由其登记的经办人以本人账户办理", "an identity at a provider is a person's; a firm is acted for by its agents, each with their own account")
	providerName   = refuse("provider_name", "认证的姓名与该证件号码已有账户的姓名不一致，请持证件到窗口核对", "the name the provider vouches for is not that of the account this number has; go to a window with the ID")
	providerFirst  = refuse("provider_first", "您已有账户：请先用证件号码和密码登录，再在“我的账户”中关联统一身份认证", "you have an account: log in with number and password, then link the identity in its settings")
)

// link has an identity log in to an account.
func (a *applier) link(k *account.Account, issuer, subject string) error {
	if k.Type != account.Person {
		return providerPeople
	}
	holder, err := a.linkedTo(issuer, subject)
	switch {
	case err != nil:
		return err
	case holder == k.ID:
		return nil
	case holder != "":
		return providerTaken
	case k.LinkedTo(issuer):
		return providerLinked
	}
	k.Links = append(k.Links, account.Link{Issuer: issuer, Subject: subject})
	return nil
}

// unlink takes that back, and ends whatever was begun with it. The last way in
// stays: whoever has no password gets a code in person first.
func (a *applier) unlink(k *account.Account, issuer string) error {
	if !k.Unlink(issuer) {
		return refuse("provider_unlinked", "账户没有关联统一身份认证", "the account is not linked to an identity at a provider")
	}
	if k.PasswordHash == "" {
		return refuse("provider_only", "账户还没有密码，解除关联后将无法登录；请先持证件到窗口领取激活码，设置密码", "the account has no password, so that nothing would log in to it; get an activation code in person and set one first")
	}
	k.Changed = a.now
	return nil
}

// prepareRegistration opens an account on a provider's word. An account with a
// password is another's to link: its owner logs in first.
func (a *applier) prepareRegistration(e *ledger.Entry, b *ledger.AccountRegisterV1, from origin) (func() error, error) {
	if b.Division != from.Division {
		return nil, refuse("division_elsewhere", "开户地点与本机不符", "the account was not opened at the node that recorded it")
	}
	if err := checkNumber(account.Person, b.Number, e.OccurredAt); err != nil {
		return nil, err
	}
	known, err := a.account(`type = 'person' AND number = ?`, b.Number)
	if err != nil {
		return nil, err
	}
	if known == nil {
		taken, err := a.account(`id = ?`, b.Account)
		if err != nil {
			return nil, err
		}
		if taken != nil {
			return nil, refuse("account_taken", "账户编号已被使用，请重新登录", "this account id is in use; log in again")
		}
		known = &account.Account{ID: b.Account, Type: account.Person, Name: b.Name, Number: b.Number, Home: b.Division}
	}
	switch {
	case known.ID != b.Account:
		return nil, refuse("account_taken", "该证件号码的账户刚刚开立，请重新登录", "an account of this number was opened just now; log in again")
	case known.Disabled:
		return nil, refuse("account_disabled", "账户已停用，请持证件到窗口办理", "the account is closed; go to a window with the ID")
	case !known.Is(account.Person, b.Number, b.Name):
		return nil, providerName
	case known.PasswordHash != "":
		return nil, providerFirst
	}
	if err := a.link(known, b.Issuer, b.Subject); err != nil {
		return nil, err
	}
	if known.Phone == "" {
		known.Phone = b.Phone
	}
	known.Changed = a.now
	return func() error { return a.saveAccount(known) }, nil
}

// linkedTo is the account that an identity logs in to, empty for none.
func (a *applier) linkedTo(issuer, subject string) (id string, err error) {
	err = a.w.row(a.ctx, `SELECT account FROM account_links WHERE issuer = ? AND subject = ?`, issuer, subject).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", storage("read account links", err)
	}
	return id, nil
}

// saveLinks makes an account's rows what the account says.
func (a *applier) saveLinks(k *account.Account) error {
	if err := a.w.exec(a.ctx, `DELETE FROM account_links WHERE account = ?`, k.ID); err != nil {
		return err
	}
	for _, l := range k.Links {
		if err := a.w.exec(a.ctx, `INSERT INTO account_links (issuer, subject, account) VALUES (?, ?, ?)`, l.Issuer, l.Subject, k.ID); err != nil {
			return err
		}
	}
	return nil
}
