package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/time/rate"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Whose a mail address is, before anything but a code is sent there:
//
//	POST /api/v1/my/contact/code     SendMyContactCode
//	POST /api/v1/my/contact/confirm  ConfirmMyContact
//	POST /api/v1/accounts/contact    AttestAccountContact

// mailCodeRate and mailCodeBurst bound codes for one account, and to one address
// whoever names it: nobody's mailbox is filled from here.
const (
	mailCodeRate  = rate.Limit(1.0 / 600)
	mailCodeBurst = 3
)

var (
	errNoContact  = &problem{http.StatusConflict, "contact_none", "no address waits to be confirmed", "没有待确认的邮箱", "请先填写邮箱并保存", nil, 0}
	errMailOff    = &problem{http.StatusServiceUnavailable, "mail_off", "this centre sends no mail", "本中心未开通邮件告知", "请持证件到窗口当面确认", nil, 0}
	errMailFailed = &problem{http.StatusServiceUnavailable, "mail_failed", "the code could not be sent", "确认码未能发出", "请核对邮箱后稍候再试，或持证件到窗口当面确认", nil, 0}
	errMailCode   = &problem{http.StatusConflict, "mail_code", "the code is wrong, or its time is over", "确认码不正确或已过期", "请核对最近一封邮件中的确认码，或重新发送", nil, 0}
)

// SendMyContactCode sends a code to the address that waits.
func (s *Server) SendMyContactCode(ctx context.Context, _ gen.SendMyContactCodeRequestObject) (gen.SendMyContactCodeResponseObject, error) {
	_, known, err := s.ownAccount(ctx)
	if err != nil {
		return nil, err
	}
	if known.Unconfirmed == "" {
		return nil, errNoContact
	}
	for _, key := range []string{"account " + known.ID, "address " + strings.ToLower(known.Unconfirmed)} {
		if wait, ok := s.mailCodes.take(key, s.o.Now()); !ok {
			return nil, errTooMany.retry(wait)
		}
	}
	err = s.node.SendContactCode(ctx, known)
	switch {
	case errors.Is(err, notify.ErrNoMail):
		return nil, errMailOff
	case err != nil:
		// What the server said may have the address in it.
		s.o.Logger.WarnContext(ctx, "the code for a mail address was not sent", "account", known.ID, "reason", notify.ReasonOf(err))
		return nil, errMailFailed
	}
	return gen.SendMyContactCode204Response{}, nil
}

// ConfirmMyContact takes the code back.
func (s *Server) ConfirmMyContact(ctx context.Context, in gen.ConfirmMyContactRequestObject) (gen.ConfirmMyContactResponseObject, error) {
	v, known, err := s.ownAccount(ctx)
	if err != nil {
		return nil, err
	}
	// The repeat of one that was answered already finds nothing to confirm.
	if _, err := s.store.Entry(ctx, s.node.ActionID(v.ID, in.Params.IdempotencyKey)); err != nil || known.Email == "" || known.Unconfirmed != "" {
		right, err := s.try(requestOf(ctx).http, "mail "+known.ID)
		switch {
		case err != nil:
			return nil, err
		case known.Unconfirmed == "":
			right()
			return nil, errNoContact
		case !s.node.CheckContactCode(known, in.Body.Code):
			return nil, errMailCode
		}
		right()
		if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountConfirm, Key: in.Params.IdempotencyKey,
			Body: &ledger.AccountConfirmV1{Account: known.ID, Email: known.Unconfirmed}}); err != nil {
			return nil, err
		}
		if known, err = s.store.Account(ctx, v.ID); err != nil {
			return nil, err
		}
	}
	out, err := s.myAccount(ctx, known)
	return gen.ConfirmMyContact200JSONResponse(out), err
}

// ownAccount is the visitor, and the account as it stands.
func (s *Server) ownAccount(ctx context.Context) (v *Visitor, known *account.Account, err error) {
	if v, err = visitorOf(ctx); err != nil {
		return nil, nil, err
	}
	known, err = s.store.Account(ctx, v.ID)
	return v, known, err
}

// AttestAccountContact records an address that was named in person.
func (s *Server) AttestAccountContact(ctx context.Context, in gen.AttestAccountContactRequestObject) (gen.AttestAccountContactResponseObject, error) {
	actor, err := as(ctx, identity.AccountOpen, s.thisDesk(ctx))
	if err != nil {
		return nil, err
	}
	email := strings.TrimSpace(in.Body.Email)
	if !ledger.ValidEmail(email) {
		return nil, errEmail
	}
	need := needs{}
	need.text("shown", in.Body.Shown)
	if err := need.err(); err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AccountAttest, Key: in.Params.IdempotencyKey,
		Body: &ledger.AccountAttestV1{Type: string(in.Body.Type), Number: plainNumber(in.Body.Number), Email: email, Division: s.self.Division, Shown: strings.TrimSpace(in.Body.Shown)}})
	return gen.AttestAccountContact200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}
