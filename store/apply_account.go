package store

import (
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// This file is what entries make of those who apply by themselves, and what
// they themselves may record.

var (
	accountUnknown = refuse("account_unknown", "没有这个账户，请先到窗口实名开户", "there is no such account; it is opened in person at a window first")
	codeWrong      = refuse("code_wrong", "激活码不正确或已失效，请核对，或持证件到窗口重新开具", "the activation code is wrong or has ended; look again, or have a new one made out in person")
)

// applicant reports whether an actor is somebody who applies by themselves.
func applicant(a identity.Actor) bool { return a.Role == identity.Applicant }

// authoriseApplicant lets an applicant do what is theirs. They reach the county
// only, so that nothing below it speaks for them.
func (a *applier) authoriseApplicant(e *ledger.Entry, body ledger.Body, from origin) error {
	if !isCounty(from.tier) {
		return refuse("not_authorised", "群众账户只能在县中心办理", "applicants act at the county only")
	}
	if b, ok := body.(*ledger.AccountRegisterV1); ok && b.Account == e.Actor.Staff {
		return nil // there may be no account yet
	}
	acting, err := a.account(`id = ?`, e.Actor.Staff)
	if err != nil {
		return err
	}
	if acting == nil {
		return accountUnknown
	}
	if acting.Disabled {
		return refuse("account_disabled", "账户已停用，请持证件到窗口办理", "the account is closed; go to a window with the ID")
	}
	own := func(id string) error {
		if id != acting.ID {
			return refuse("not_authorised", "不能操作他人的账户", "this is another's account")
		}
		return nil
	}
	switch b := body.(type) {
	case *ledger.AccountActivateV1:
		return own(b.Account)
	case *ledger.AccountPasswordV1:
		return own(b.Account)
	case *ledger.AccountTOTPV1:
		return own(b.Account)
	case *ledger.AccountStepV1:
		return own(b.Account)
	case *ledger.AccountContactV1:
		return own(b.Account)
	case *ledger.AccountConfirmV1:
		return own(b.Account)
	case *ledger.AccountBindV1:
		return own(b.Account)
	case *ledger.AccountUnbindV1:
		return own(b.Account)
	case *ledger.AccountAgentsV1:
		if acting.Type == account.Organisation && acting.Number == b.Number {
			return nil
		}
	case *ledger.RecordConsentV1, *ledger.RecordWithdrawV1:
		return a.ownsConsent(acting, b)
	case *ledger.CaseSubmitV1:
		return a.handsIn(e, b, acting)
	case *ledger.PackageSubmitV1:
		return a.handsIn(e, casework.HandInOf(b), acting)
	case *ledger.PackageSupplementV1, *ledger.PackageWithdrawV1:
		return a.ownsJoint(e, acting)
	case *ledger.CaseSupplementV1, *ledger.CaseWithdrawV1, *ledger.CaseCommentV1, *ledger.CaseConsentV1, *ledger.CaseOpenedV1,
		*ledger.HearingAskV1, *ledger.HearingAskV2, *ledger.RefusalStateV1, *ledger.ResultStateV1:
		return a.ownsCase(e, acting)
	}
	return refuse("not_authorised", "群众账户无权进行此项操作", "an applicant may not do this")
}

// handsIn holds what somebody hands in from home against the account that it is to
// belong to.
func (a *applier) handsIn(e *ledger.Entry, b *ledger.CaseSubmitV1, acting *account.Account) error {
	owner, err := a.account(`id = ?`, b.Online.Account)
	if err != nil {
		return err
	}
	if owner == nil {
		return accountUnknown
	}
	return casework.CheckHandIn(b, acting, owner, calendar.DateOf(time.UnixMilli(e.OccurredAt)))
}

// ownsJoint is ownsCase of a joint matter, whose cases are all for one applicant.
func (a *applier) ownsJoint(e *ledger.Entry, acting *account.Account) error {
	whole, err := a.jointByID(e.Case)
	if err != nil {
		return err
	}
	if whole == nil {
		return a.owns(nil, e, acting)
	}
	return a.owns(&casework.Case{Applicant: whole.Applicant, Online: whole.Online}, e, acting)
}

// ownsCase lets an applicant write beside a case that is theirs, or that of an
// organisation which they act for. One that is not is as one that is not there.
func (a *applier) ownsCase(e *ledger.Entry, acting *account.Account) error {
	c, err := a.caseByID(e.Case)
	if err != nil {
		return err
	}
	return a.owns(c, e, acting)
}

func (a *applier) owns(c *casework.Case, e *ledger.Entry, acting *account.Account) error {
	unknown := refuse("case_unknown", "没有这个办件", "there is no such case here")
	if c == nil {
		return unknown
	}
	if c.BelongsTo(acting) {
		return nil
	}
	day := calendar.DateOf(time.UnixMilli(e.OccurredAt))
	for _, firm := range []struct{ where, value string }{{`id = ?`, c.Online.Account}, {`type = 'organisation' AND number = ?`, c.Applicant.IDNumber}} {
		other, err := a.account(firm.where, firm.value)
		if err != nil {
			return err
		}
		if other != nil && c.BelongsTo(other) && acting.ActsFor(other, day) {
			return nil
		}
	}
	return unknown
}

// prepareOpening decides what a clerk recorded who looked at somebody's ID. A
// number that has an account keeps it: the new code is for that one.
func (a *applier) prepareOpening(e *ledger.Entry, b *ledger.AccountOpenV1, from origin) (func() error, error) {
	if b.Division != from.Division && !a.told {
		return nil, refuse("division_elsewhere", "开户地点与本机不符", "the account was not opened at the node that recorded it")
	}
	if err := checkNumber(b.Type, b.Number, e.OccurredAt); err != nil {
		return nil, err
	}
	if err := checkAgents(b.Agents, e.OccurredAt); err != nil {
		return nil, err
	}
	known, err := a.account(`type = ? AND number = ?`, b.Type, b.Number)
	if err != nil {
		return nil, err
	}
	if known == nil {
		taken, err := a.account(`id = ?`, b.Account)
		if err != nil {
			return nil, err
		}
		if taken != nil {
			return nil, refuse("account_taken", "账户编号已被使用，请重新开具", "this account id is in use; open it again")
		}
		known = &account.Account{ID: b.Account, Type: b.Type, Number: b.Number}
	}
	known.Rename(b.Name)
	known.Home, known.CodeHash, known.CodeExpires = b.Division, b.CodeHash, b.ExpiresAt
	if b.Phone != "" {
		known.Phone = b.Phone
	}
	if len(b.Agents) > 0 {
		known.Agents = b.Agents
	}
	return func() error { return a.saveAccount(known) }, nil
}

func (a *applier) prepareAgents(e *ledger.Entry, b *ledger.AccountAgentsV1, from origin) (func() error, error) {
	if b.Division != from.Division && !a.told {
		return nil, refuse("division_elsewhere", "办理地点与本机不符", "it was not set at the node that recorded it")
	}
	if err := checkAgents(b.Agents, e.OccurredAt); err != nil {
		return nil, err
	}
	firm, err := a.account(`type = 'organisation' AND number = ?`, b.Number)
	if err != nil {
		return nil, err
	}
	if firm == nil {
		return nil, accountUnknown
	}
	firm.Agents = b.Agents
	return func() error { return a.saveAccount(firm) }, nil
}

// prepareActivation uses a code up. It is good once, and so is the password of
// before: whoever lost it comes in person, and one-time codes, the address for
// notices and linked identities end with it, for another may have set them.
func (a *applier) prepareActivation(e *ledger.Entry, b *ledger.AccountActivateV1) (func() error, error) {
	known, err := a.account(`id = ?`, b.Account)
	if err != nil {
		return nil, err
	}
	switch {
	case known == nil:
		return nil, accountUnknown
	case known.CodeHash == "", subtle.ConstantTimeCompare([]byte(known.CodeHash), []byte(b.CodeHash)) != 1, max(e.OccurredAt, a.now) > known.CodeExpires:
		return nil, codeWrong
	}
	known.CodeHash, known.CodeExpires = "", 0
	known.PasswordHash, known.Seal, known.Links, known.Changed = b.PasswordHash, nil, nil, a.now
	known.Email, known.EmailBy, known.Unconfirmed, known.UnconfirmedAt = "", "", "", 0
	return func() error { return a.saveAccount(known) }, nil
}

// changeAccount changes an account that is there.
func (a *applier) changeAccount(id string, change func(*account.Account) error) (func() error, error) {
	known, err := a.account(`id = ?`, id)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, accountUnknown
	}
	if err := change(known); err != nil {
		return nil, err
	}
	return func() error { return a.saveAccount(known) }, nil
}

// useStep uses a one-time code up: a later one takes the earlier ones with it.
func useStep(step int64) func(*account.Account) error {
	return func(k *account.Account) error {
		if step <= k.StepUsed {
			return refuse("totp_used", "动态码已使用过，请等下一个", "this one-time code was used; wait for the next")
		}
		k.StepUsed = step
		return nil
	}
}

func (a *applier) account(where string, args ...any) (*account.Account, error) {
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM accounts WHERE `+where, args...).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read account", err)
	}
	var k account.Account
	if err := json.Unmarshal(body, &k); err != nil {
		return nil, storage("read account", err)
	}
	return &k, nil
}

func (a *applier) saveAccount(k *account.Account) error {
	body, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `INSERT INTO accounts (id, type, number, home, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET home = excluded.home, body = excluded.body`, k.ID, k.Type, k.Number, string(k.Home), body); err != nil {
		return err
	}
	return a.saveLinks(k)
}

// own notes whose a case is.
func (a *applier) own(c *casework.Case) {
	for _, owner := range a.s.numbers.Load().ownersOf(c) {
		a.pending.owners = append(a.pending.owners, ownerRow{owner, c.HandedInMS, c.ID})
	}
}

// disown takes that back; nil is no case.
func (a *applier) disown(c *casework.Case) error {
	if c == nil {
		return nil
	}
	if err := a.flushOwners(); err != nil {
		return err
	}
	for _, owner := range a.s.numbers.Load().ownersOf(c) {
		if err := a.w.exec(a.ctx, `DELETE FROM case_owners WHERE owner = ? AND handed_in = ? AND case_id = ?`, owner, c.HandedInMS, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// ownAnew moves a case from whom it was for to whom it is for.
func (a *applier) ownAnew(was, now *casework.Case) error {
	if err := a.disown(was); err != nil {
		return err
	}
	a.own(now)
	return nil
}

func accountKey(id string) string { return "account:" + id }

// checkNumber holds a number against its standard (GB 11643, GB 32100).
func checkNumber(kind, number string, at int64) error {
	var err error
	spelled := ""
	if kind == account.Organisation {
		var code identifier.USCC
		code, err = identifier.ParseUSCC(number)
		spelled = code.Code
	} else {
		var id identifier.IDNumber
		id, err = identifier.ParseIDNumber(number, calendar.DateOf(time.UnixMilli(at)))
		spelled = id.Number
	}
	var wrong *identifier.Error
	switch {
	case errors.As(err, &wrong):
		return refuse("number_wrong", wrong.Chinese(), wrong.English())
	case err != nil:
		return err
	case spelled != number:
		return refuse("number_wrong", "证件号码应使用半角大写，中间无空格", "the number must be in ASCII capitals without spaces")
	}
	return nil
}

func checkAgents(agents []account.Agent, at int64) error {
	for _, g := range agents {
		if err := checkNumber(account.Person, g.Number, at); err != nil {
			return err
		}
	}
	return nil
}
