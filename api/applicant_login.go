package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/boombuler/barcode/qr"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
)

// How those who apply from home log in, at the county:
//
//	POST   /api/v1/my/activation        ActivateAccount
//	POST   /api/v1/my/session           LogInApplicant
//	GET    /api/v1/my/session           GetMySession
//	DELETE /api/v1/my/session           LogOutApplicant
//	POST   /api/v1/my/session/refresh   RefreshApplicant
//	POST   /api/v1/my/session/password  ChangeMyPassword
//	POST   /api/v1/my/totp              NewTOTP
//	PUT    /api/v1/my/totp              SetTOTP

// applicantSession stands before an account's id where logins and their failures
// are kept: it is no member of staff.
const applicantSession = "applicant:"

// The cookies of an applicant's browser, beside those of staff.
const (
	applicantCookie        = "tongban_applicant"
	applicantRefreshCookie = "tongban_applicant_refresh"
	applicantRefreshPath   = "/api/v1/my/session"
)

var (
	errTOTPNeeded = &problem{http.StatusUnauthorized, "totp_required", "the account asks for a one-time code as well", "请输入动态码", "请打开动态码应用，输入6位数字后重新登录", nil, 0}
	errTOTPWrong  = &problem{http.StatusUnauthorized, "totp_wrong", "the one-time code is wrong or was used; wait for the next", "动态码不正确或已使用过", "请等待下一个动态码后重试；手机遗失请持证件到窗口办理", nil, 0}
	errCodeWrong  = &problem{http.StatusUnprocessableEntity, "code_wrong", "number and code do not fit, or the code was used or has ended; one made out while a line was down is good once it has arrived", "证件号码与激活码不符，或激活码已使用、已过期", "请核对后重试；线路中断时出具的激活码请稍后再试，或持证件到窗口重新领取", nil, 0}
)

// ActivateAccount uses an activation code up, and logs in.
func (s *Server) ActivateAccount(ctx context.Context, in gen.ActivateAccountRequestObject) (gen.ActivateAccountResponseObject, error) {
	known, key, err := s.visitorLogin(ctx, in.Body.Type, in.Body.Number)
	if err != nil {
		return nil, err
	}
	failures, err := s.notLocked(ctx, key, known != nil)
	if err != nil {
		return nil, err
	}
	now := s.o.Now()
	number := plainNumber(in.Body.Number)
	code := account.HashCode(string(in.Body.Type), number, in.Body.Code)
	if known == nil || known.CodeHash != code || now.UnixMilli() > known.CodeExpires || known.Disabled {
		return nil, errors.Join(errCodeWrong, s.fail(ctx, key, known != nil, failures+1, now))
	}
	hash, err := s.hashPassword(ctx, in.Body.Password, number)
	if err != nil {
		return nil, err
	}
	v := &Visitor{Account: known, node: s.self.Node}
	_, err = s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountActivate, Body: &ledger.AccountActivateV1{Account: known.ID, CodeHash: code, PasswordHash: hash}})
	var refused *store.Refused
	if errors.As(err, &refused) && refused.Code == "code_wrong" {
		return nil, errCodeWrong
	}
	if err != nil {
		return nil, err
	}
	return s.beginAnew(ctx, known.ID, key, in.Body.Mode == gen.ActivationCookie)
}

// LogInApplicant logs an applicant in.
func (s *Server) LogInApplicant(ctx context.Context, in gen.LogInApplicantRequestObject) (gen.LogInApplicantResponseObject, error) {
	known, key, err := s.visitorLogin(ctx, in.Body.Type, in.Body.Number)
	if err != nil {
		return nil, err
	}
	if err := s.checkVisitor(ctx, known, key, in.Body.Password, in.Body.Otp); err != nil {
		return nil, err
	}
	return s.startVisit(ctx, known, in.Body.Mode == gen.MyLoginCookie)
}

// RefreshApplicant exchanges a refresh token.
func (s *Server) RefreshApplicant(ctx context.Context, in gen.RefreshApplicantRequestObject) (gen.RefreshApplicantResponseObject, error) {
	if err := s.atCounty(); err != nil {
		return nil, err
	}
	rq := requestOf(ctx).http
	token, byCookie := "", false
	if in.Body != nil {
		token = in.Body.RefreshToken
	}
	if token == "" {
		c, err := rq.Cookie(applicantRefreshCookie)
		if err != nil {
			return nil, errUnauthenticated
		}
		if err := checkForged(rq); err != nil {
			return nil, err
		}
		token, byCookie = c.Value, true
	}
	fresh, hash := trust.NewRefresh()
	old := trust.HashRefresh(token)
	session, err := s.store.RenewSession(ctx, hex.EncodeToString(old[:]), hex.EncodeToString(hash[:]), s.o.Now().UnixMilli())
	if errors.Is(err, store.ErrTokenReused) || errors.Is(err, store.ErrNotFound) {
		return nil, errSessionEnded
	}
	if err != nil {
		return nil, err
	}
	id, ok := strings.CutPrefix(session.Staff, applicantSession)
	if !ok {
		return nil, errSessionEnded
	}
	known, err := s.store.Account(ctx, id)
	if err != nil || !known.Active() || known.Changed > session.CreatedAt {
		return nil, errSessionEnded
	}
	return s.visitTokens(ctx, known, session, fresh, byCookie)
}

// GetMySession shows whose account it is.
func (s *Server) GetMySession(ctx context.Context, _ gen.GetMySessionRequestObject) (gen.GetMySessionResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.myAccount(ctx, v.Account)
	return gen.GetMySession200JSONResponse(out), err
}

// LogOutApplicant ends the session.
func (s *Server) LogOutApplicant(ctx context.Context, _ gen.LogOutApplicantRequestObject) (gen.LogOutApplicantResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.store.EndSession(ctx, v.claims.Session, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	return visitEnded{cookies: s.visitCookies("", "", "", time.Time{}, time.Time{})}, nil
}

// ChangeMyPassword sets a new password and ends all sessions but this one.
func (s *Server) ChangeMyPassword(ctx context.Context, in gen.ChangeMyPasswordRequestObject) (gen.ChangeMyPasswordResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.checkVisitorPassword(ctx, v.Account, in.Body.OldPassword); err != nil {
		return nil, err
	}
	if in.Body.NewPassword == in.Body.OldPassword {
		return nil, trust.ErrPasswordSame
	}
	b := &ledger.AccountPasswordV1{Account: v.ID}
	if b.PasswordHash, err = s.hashPassword(ctx, in.Body.NewPassword, v.Number); err != nil {
		return nil, err
	}
	if len(v.Seal) > 0 {
		secret, err := s.o.Hasher.Unseal(ctx, in.Body.OldPassword, v.Seal)
		if err != nil {
			return nil, err
		}
		if b.Seal, err = s.o.Hasher.Seal(ctx, in.Body.NewPassword, secret); err != nil {
			return nil, err
		}
	}
	if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountPassword, Body: b}); err != nil {
		return nil, err
	}
	_, err = requestOf(ctx).http.Cookie(applicantCookie)
	return s.beginAnew(ctx, v.ID, applicantSession+v.ID, err == nil)
}

// NewTOTP makes a secret for one-time codes.
func (s *Server) NewTOTP(ctx context.Context, _ gen.NewTOTPRequestObject) (gen.NewTOTPResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	secret := trust.NewTOTPSecret()
	address := trust.TOTPAddress(s.name(ctx), tail(v.Number), secret)
	side, path, err := qrPath(address, qr.Unicode)
	if err != nil {
		return nil, err
	}
	return gen.NewTOTP200JSONResponse{Secret: secret, Address: address, Qr: gen.QRCode{Side: side, Path: path}}, nil
}

// SetTOTP asks for one-time codes at login from now on, or not any more.
func (s *Server) SetTOTP(ctx context.Context, in gen.SetTOTPRequestObject) (gen.SetTOTPResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.checkVisitorPassword(ctx, v.Account, in.Body.Password); err != nil {
		return nil, err
	}
	b := &ledger.AccountTOTPV1{Account: v.ID}
	switch {
	case in.Body.Secret != "":
		if err := s.useUp(ctx, v.Account, in.Body.Secret, in.Body.Code); err != nil {
			return nil, err
		}
		if b.Seal, err = s.o.Hasher.Seal(ctx, in.Body.Password, in.Body.Secret); err != nil {
			return nil, err
		}
	case len(v.Seal) > 0:
		if err := s.useCode(ctx, v.Account, in.Body.Password, in.Body.Code); err != nil {
			return nil, err
		}
	}
	if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountTOTP, Body: b}); err != nil {
		return nil, err
	}
	known, err := s.store.Account(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.myAccount(ctx, known)
	return gen.SetTOTP200JSONResponse(out), err
}

// visitorLogin finds the account of a number, nil when there is none that was
// activated or waits for it, and the key under which failures are counted.
func (s *Server) visitorLogin(ctx context.Context, kind gen.ApplicantType, number string) (*account.Account, string, error) {
	if err := s.atCounty(); err != nil {
		return nil, "", err
	}
	if wait, ok := s.logins.take(s.address(requestOf(ctx).http), s.o.Now()); !ok {
		return nil, "", errTooMany.retry(wait)
	}
	number = plainNumber(number)
	known, err := s.store.AccountOf(ctx, string(kind), number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, applicantSession + string(kind) + number, nil // kept in memory only
	}
	if err != nil {
		return nil, "", err
	}
	return known, applicantSession + known.ID, nil
}

func (s *Server) notLocked(ctx context.Context, key string, known bool) (failures int, err error) {
	failures, lockedUntil, err := s.failures(ctx, key, known)
	if err != nil {
		return 0, err
	}
	if wait := time.UnixMilli(lockedUntil).Sub(s.o.Now()); lockedUntil > 0 && wait > 0 {
		p := lockedFor(s.o.Now(), wait)
		p.next = "请等待后再试；忘记密码请凭证件到任一窗口重新激活"
		return 0, p
	}
	return failures, nil
}

// checkVisitor compares a number, a password and a one-time code. An unknown
// number, one that was never activated and a wrong password take as long and are
// answered alike.
func (s *Server) checkVisitor(ctx context.Context, known *account.Account, key, password, code string) error {
	failures, err := s.notLocked(ctx, key, known != nil)
	if err != nil {
		return err
	}
	hash := ""
	if known != nil {
		hash = known.PasswordHash
	}
	check, err := s.o.Hasher.Verify(ctx, password, hash)
	if err != nil {
		return err
	}
	now := s.o.Now()
	if !check.OK || !known.Active() {
		s.metrics.denied.WithLabelValues("password").Inc()
		return errors.Join(errMyLoginFailed, s.fail(ctx, key, known != nil, failures+1, now))
	}
	if len(known.Seal) > 0 {
		if code == "" {
			return errTOTPNeeded
		}
		if err := s.useCode(ctx, known, password, code); err != nil {
			if errors.Is(err, errTOTPWrong) {
				err = errors.Join(err, s.fail(ctx, key, true, failures+1, now))
			}
			return err
		}
	}
	if failures > 0 {
		return s.store.SetLoginFailures(ctx, key, 0, 0)
	}
	return nil
}

// checkVisitorPassword asks somebody who is logged in for their password again.
func (s *Server) checkVisitorPassword(ctx context.Context, known *account.Account, password string) error {
	key := applicantSession + known.ID
	failures, err := s.notLocked(ctx, key, true)
	if err != nil {
		return err
	}
	check, err := s.o.Hasher.Verify(ctx, password, known.PasswordHash)
	if err != nil {
		return err
	}
	if !check.OK {
		return errors.Join(errMyLoginFailed, s.fail(ctx, key, true, failures+1, s.o.Now()))
	}
	return nil
}

// useCode checks a one-time code and uses it up, at every hub: the ledger says
// which step was used last.
func (s *Server) useCode(ctx context.Context, known *account.Account, password, code string) error {
	secret, err := s.o.Hasher.Unseal(ctx, password, known.Seal)
	if err != nil {
		return err
	}
	return s.useUp(ctx, known, secret, code)
}

// useUp is useCode for who has the secret.
func (s *Server) useUp(ctx context.Context, known *account.Account, secret, code string) error {
	step, err := trust.CheckTOTP(secret, code, known.StepUsed, s.o.Now())
	if err != nil {
		return errTOTPWrong
	}
	v := &Visitor{Account: known, node: s.self.Node}
	_, err = s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountStep, Body: &ledger.AccountStepV1{Account: known.ID, Step: step}})
	var refused *store.Refused
	if errors.As(err, &refused) && refused.Code == "totp_used" {
		return errTOTPWrong
	}
	return err
}

// beginAnew ends all sessions of an account and begins a new one.
func (s *Server) beginAnew(ctx context.Context, id, key string, cookie bool) (visitBegun, error) {
	if err := s.store.EndSessions(ctx, applicantSession+id, s.o.Now().UnixMilli()); err != nil {
		return visitBegun{}, err
	}
	if err := s.store.SetLoginFailures(ctx, key, 0, 0); err != nil {
		return visitBegun{}, err
	}
	known, err := s.store.Account(ctx, id)
	if err != nil {
		return visitBegun{}, err
	}
	return s.startVisit(ctx, known, cookie)
}

func (s *Server) startVisit(ctx context.Context, known *account.Account, cookie bool) (visitBegun, error) {
	refresh, hash := trust.NewRefresh()
	now := s.o.Now()
	session := store.Session{ID: rand.Text(), Staff: applicantSession + known.ID, TokenHash: hex.EncodeToString(hash[:]), CSRF: newCSRF(),
		CreatedAt: max(now.UnixMilli(), known.Changed), ExpiresAt: now.Add(s.o.Refresh).UnixMilli()}
	in, err := s.visitTokens(ctx, known, &session, refresh, cookie)
	if err != nil {
		return in, err
	}
	return in, s.store.StartSession(ctx, session)
}

func (s *Server) visitTokens(ctx context.Context, known *account.Account, session *store.Session, refresh string, cookie bool) (visitBegun, error) {
	access, claims, err := s.node.Issuer().IssueApplicant(known.ID, session.ID, known.Changed, s.o.Now())
	if err != nil {
		return visitBegun{}, err
	}
	mine, err := s.myAccount(ctx, known)
	if err != nil {
		return visitBegun{}, err
	}
	out := visitBegun{body: gen.MySessionTokens{Account: mine, ExpiresAt: claims.ExpiresAt * 1000}}
	if !cookie {
		out.body.AccessToken, out.body.RefreshToken = access, refresh
		return out, nil
	}
	out.body.CsrfToken = session.CSRF
	out.cookies = s.visitCookies(access, refresh, session.CSRF, time.Unix(claims.ExpiresAt, 0), time.UnixMilli(session.ExpiresAt))
	return out, nil
}

func (s *Server) myAccount(ctx context.Context, known *account.Account) (gen.MyAccount, error) {
	out := gen.MyAccount{Account: known.ID, Type: gen.ApplicantType(known.Type), Name: known.Name, Number: known.Number, Totp: len(known.Seal) > 0, Password: known.PasswordHash != "", Firms: []gen.MyFirm{}, Agents: known.Agents}
	out.EmailUnconfirmed = known.Unconfirmed
	out.Email, out.Language = known.Email, gen.NoticeLanguage(cmp.Or(known.Language, string(notice.Chinese)))
	out.Linked = s.o.Provider != nil && known.LinkedTo(s.o.Provider.Issuer())
	if known.Type == account.Person {
		out.Number = tail(known.Number)
	}
	mine, err := s.principals(ctx, &Visitor{Account: known})
	if err != nil {
		return out, err
	}
	for _, firm := range mine[1:] {
		out.Firms = append(out.Firms, gen.MyFirm{Account: firm.ID, Name: firm.Name})
	}
	return out, nil
}

// visitCookies are the cookies of an applicant's session; with empty tokens they
// clear it.
func (s *Server) visitCookies(access, refresh, csrf string, accessUntil, refreshUntil time.Time) []*http.Cookie {
	all := s.cookies(access, refresh, csrf, accessUntil, refreshUntil)
	all[0].Name, all[1].Name, all[1].Path = applicantCookie, applicantRefreshCookie, applicantRefreshPath
	return all
}

// plainNumber is a number as it is kept.
func plainNumber(text string) string {
	if !utf8.ValidString(text) {
		return ""
	}
	return strings.Join(strings.Fields(identifier.Normalise(text)), "")
}

// tail is as much of a number as its owner needs to know it by.
func tail(number string) string { return "…" + number[max(0, len(number)-4):] }

// visitBegun is the answer to an applicant's login.
type visitBegun struct {
	body    gen.MySessionTokens
	cookies []*http.Cookie
}

func (a visitBegun) write(w http.ResponseWriter) error {
	for _, c := range a.cookies {
		http.SetCookie(w, c)
	}
	w.Header().Set("Content-Type", jsonType)
	return json.NewEncoder(w).Encode(a.body)
}

// VisitActivateAccountResponse implements gen.ActivateAccountResponseObject.
func (a visitBegun) VisitActivateAccountResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitLogInApplicantResponse implements gen.LogInApplicantResponseObject.
func (a visitBegun) VisitLogInApplicantResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitRefreshApplicantResponse implements gen.RefreshApplicantResponseObject.
func (a visitBegun) VisitRefreshApplicantResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitChangeMyPasswordResponse implements gen.ChangeMyPasswordResponseObject.
func (a visitBegun) VisitChangeMyPasswordResponse(w http.ResponseWriter) error { return a.write(w) }

type visitEnded struct{ cookies []*http.Cookie }

// VisitLogOutApplicantResponse implements gen.LogOutApplicantResponseObject.
func (a visitEnded) VisitLogOutApplicantResponse(w http.ResponseWriter) error {
	for _, c := range a.cookies {
		http.SetCookie(w, c)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
