package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/oidc"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// How applicants log in with an identity provider, at the county:
//
//	GET  /api/v1/my/provider          GetProvider
//	POST /api/v1/my/provider/login    BeginProviderLogin
//	POST /api/v1/my/provider/session  FinishProviderLogin
//	POST /api/v1/my/provider/link     BeginProviderLink
//	PUT  /api/v1/my/provider/link     FinishProviderLink
//	POST /api/v1/my/provider/unlink   UnlinkProvider
//
// The provider sends the browser back to a page of the county (oidc.ReturnPath),
// which hands in what it came with: so the cookies of both ways stay within the
// county's own pages (SameSite=Strict), and a failure is told in words.

// ticketCookie keeps what began in a browser until it comes back.
const (
	ticketCookie = "tongban_provider"
	ticketPath   = "/api/v1/my/provider"
)

var (
	errProviderNone     = &problem{http.StatusNotFound, "provider_none", "the county has configured no identity provider", "本县没有配置统一身份认证", "请用证件号码和密码登录", nil, 0}
	errProviderDown     = &problem{http.StatusServiceUnavailable, "provider_unreachable", "the identity provider does not answer as it should; try later, or log in with number and password", "统一身份认证暂时无法使用", "请稍后再试，或用证件号码和密码登录", nil, time.Minute}
	errProviderState    = &problem{http.StatusUnprocessableEntity, "provider_state", "this login did not begin in this browser, took too long or was used; begin again", "本次认证已失效", "请回到登录页重新开始，并在同一浏览器中完成", nil, 0}
	errProviderCode     = &problem{http.StatusUnprocessableEntity, "provider_refused", "the identity provider did not take the login; begin again", "统一身份认证未认可本次登录", "请回到登录页重新开始", nil, 0}
	errProviderToken    = &problem{http.StatusBadGateway, "provider_token", "what the identity provider says cannot be verified; nothing was done", "统一身份认证的结果无法验证，未作任何处理", "请稍后重新开始；多次出现请联系县中心", nil, 0}
	errProviderUnlinked = &problem{http.StatusConflict, "provider_unlinked", "this identity is linked to no account: activate one in person with the ID, then link the identity in its settings", "该身份还没有关联账户", "请先持证件到任一窗口或村便民服务点激活账户，登录后在“我的账户”中关联", nil, 0}
)

// errProviderAddress says at which addresses a login with the provider begins.
func errProviderAddress(addresses []string) *problem {
	all := strings.Join(addresses, "、")
	return &problem{http.StatusUnprocessableEntity, "provider_address", "the identity provider can be used at these addresses only: " + strings.Join(addresses, ", "),
		"此地址不能使用统一身份认证", "请从 " + all + " 打开页面后重试，或用证件号码和密码登录", nil, 0}
}

// GetProvider says whether there is a provider, and what stands on its button.
func (s *Server) GetProvider(context.Context, gen.GetProviderRequestObject) (gen.GetProviderResponseObject, error) {
	if err := s.atCounty(); err != nil {
		return nil, err
	}
	if s.o.Provider == nil {
		return gen.GetProvider200JSONResponse{}, nil
	}
	zh, en := s.o.Provider.Labels()
	return gen.GetProvider200JSONResponse{Configured: true, LabelZh: zh, LabelEn: en, Opens: s.o.Provider.Opens()}, nil
}

// BeginProviderLogin sends a browser to the provider.
func (s *Server) BeginProviderLogin(ctx context.Context, _ gen.BeginProviderLoginRequestObject) (gen.BeginProviderLoginResponseObject, error) {
	if err := s.providerHere(ctx); err != nil {
		return nil, err
	}
	return s.toProvider(ctx, oidc.Login, "", "")
}

// FinishProviderLogin logs whoever came back in, and opens an account where the
// provider's word is enough for that.
func (s *Server) FinishProviderLogin(ctx context.Context, in gen.FinishProviderLoginRequestObject) (gen.FinishProviderLoginResponseObject, error) {
	if err := s.providerHere(ctx); err != nil {
		return nil, err
	}
	who, _, err := s.fromProvider(ctx, oidc.Login, *in.Body)
	if err != nil {
		return nil, err
	}
	known, err := s.store.AccountLinkedTo(ctx, who.Issuer, who.Subject)
	if errors.Is(err, store.ErrNotFound) {
		known, err = s.register(ctx, who)
	}
	if err != nil {
		return nil, err
	}
	if !known.Active() {
		return nil, &store.Refused{Code: "account_disabled", ZH: "账户已停用，请持证件到窗口办理", EN: "the account is closed; go to a window with the ID"}
	}
	begun, err := s.startVisit(ctx, known, true)
	begun.cookies = append(begun.cookies, s.ticketCookie("", 0))
	return begun, err
}

// BeginProviderLink sends a browser to the provider for an identity to link.
func (s *Server) BeginProviderLink(ctx context.Context, in gen.BeginProviderLinkRequestObject) (gen.BeginProviderLinkResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.providerHere(ctx); err != nil {
		return nil, err
	}
	if err := s.checkVisitorPassword(ctx, v.Account, in.Body.Password); err != nil {
		return nil, err
	}
	return s.toProvider(ctx, oidc.Link, v.ID, v.claims.Session)
}

// FinishProviderLink links the identity that came back to the account in whose
// login it was begun.
func (s *Server) FinishProviderLink(ctx context.Context, in gen.FinishProviderLinkRequestObject) (gen.FinishProviderLinkResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.providerHere(ctx); err != nil {
		return nil, err
	}
	who, ticket, err := s.fromProvider(ctx, oidc.Link, *in.Body)
	if err != nil {
		return nil, err
	}
	if ticket.Account != v.ID || ticket.Session != v.claims.Session {
		return nil, errProviderState
	}
	if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountBind, Body: &ledger.AccountBindV1{Account: v.ID, Issuer: who.Issuer, Subject: who.Subject}}); err != nil {
		return nil, err
	}
	known, err := s.store.Account(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	mine, err := s.myAccount(ctx, known)
	return providerLinked{mine, s.ticketCookie("", 0)}, err
}

// UnlinkProvider takes the identity off, and ends all other sessions.
func (s *Server) UnlinkProvider(ctx context.Context, in gen.UnlinkProviderRequestObject) (gen.UnlinkProviderResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.providerHere(ctx); err != nil {
		return nil, err
	}
	if v.PasswordHash != "" { // else the ledger says what to do first
		if err := s.checkVisitorPassword(ctx, v.Account, in.Body.Password); err != nil {
			return nil, err
		}
	}
	if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountUnbind, Body: &ledger.AccountUnbindV1{Account: v.ID, Issuer: s.o.Provider.Issuer()}}); err != nil {
		return nil, err
	}
	_, err = requestOf(ctx).http.Cookie(applicantCookie)
	return s.beginAnew(ctx, v.ID, applicantSession+v.ID, err == nil)
}

// register opens an account for an identity whose name and number the county
// takes the provider's word for.
func (s *Server) register(ctx context.Context, who *oidc.Identity) (*account.Account, error) {
	if !who.RealName {
		return nil, errProviderUnlinked
	}
	body := &ledger.AccountRegisterV1{Account: uuid.Must(uuid.NewV7()).String(), Name: strings.TrimSpace(who.Name), Number: plainNumber(who.Number),
		Division: s.self.Division, Issuer: who.Issuer, Subject: who.Subject}
	if phone, err := identifier.ParsePhone(who.Mobile); err == nil && phone.Kind == identifier.Mobile {
		body.Phone = phone.Number
	}
	known, err := s.store.AccountOf(ctx, account.Person, body.Number)
	switch {
	case err == nil:
		body.Account = known.ID
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	if err := body.Check(); err != nil {
		return nil, errors.Join(errProviderToken, err)
	}
	actor := (&Visitor{Account: &account.Account{ID: body.Account}, node: s.self.Node}).actor()
	if _, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AccountRegister, Body: body}); err != nil {
		return nil, err
	}
	return s.store.Account(ctx, body.Account)
}

// providerHere refuses where there is no provider, and whoever asks too often.
func (s *Server) providerHere(ctx context.Context) error {
	if err := s.atCounty(); err != nil {
		return err
	}
	if s.o.Provider == nil {
		return errProviderNone
	}
	if wait, ok := s.logins.take(s.address(requestOf(ctx).http), s.o.Now()); !ok {
		return errTooMany.retry(wait)
	}
	return nil
}

func (s *Server) toProvider(ctx context.Context, purpose oidc.Purpose, id, session string) (providerAddress, error) {
	address, ticket, err := s.o.Provider.Begin(ctx, addressOf(requestOf(ctx).http, s.o.Provider.Addresses()), purpose, id, session)
	if err != nil {
		return providerAddress{}, s.providerProblem(err)
	}
	return providerAddress{gen.ProviderAddress{Address: address}, s.ticketCookie(ticket, int(oidc.TicketLife/time.Second))}, nil
}

func (s *Server) fromProvider(ctx context.Context, purpose oidc.Purpose, in gen.ProviderReturn) (*oidc.Identity, *oidc.Ticket, error) {
	c, err := requestOf(ctx).http.Cookie(ticketCookie)
	if err != nil {
		return nil, nil, errProviderState
	}
	who, ticket, err := s.o.Provider.Finish(ctx, purpose, c.Value, in.State, in.Code, in.Issuer)
	if err != nil {
		return nil, nil, s.providerProblem(err)
	}
	return who, ticket, nil
}

// addressOf is the configured address at which a browser is: as its Origin says,
// or where it says none, its Host.
func addressOf(r *http.Request, addresses []string) string {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" {
		return origin
	}
	for _, a := range addresses {
		if u, err := url.Parse(a); err == nil && strings.EqualFold(u.Host, r.Host) {
			return a
		}
	}
	return ""
}

// providerProblem is what a failure is to whoever logs in.
func (s *Server) providerProblem(err error) error {
	var e *oidc.Error
	if !errors.As(err, &e) {
		return err
	}
	s.metrics.denied.WithLabelValues("provider_" + string(e.Reason)).Inc()
	switch e.Reason {
	case oidc.Address:
		return errProviderAddress(s.o.Provider.Addresses())
	case oidc.State:
		return errProviderState
	case oidc.Refused:
		s.o.Logger.Warn("the identity provider refused a login", "error", err)
		return errProviderCode
	case oidc.Token:
		s.o.Logger.Warn("what the identity provider says was not believed", "error", err)
		return errProviderToken
	}
	s.o.Logger.Warn("the identity provider does not answer as it should", "error", err)
	return errProviderDown
}

func (s *Server) ticketCookie(ticket string, seconds int) *http.Cookie {
	c := &http.Cookie{Name: ticketCookie, Value: ticket, Path: ticketPath, MaxAge: seconds, Secure: s.o.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if ticket == "" {
		c.MaxAge = -1
	}
	return c
}

// providerAddress is the answer that sends a browser away.
type providerAddress struct {
	body   gen.ProviderAddress
	cookie *http.Cookie
}

func (a providerAddress) write(w http.ResponseWriter) error {
	http.SetCookie(w, a.cookie)
	w.Header().Set("Content-Type", jsonType)
	return json.NewEncoder(w).Encode(a.body)
}

// VisitBeginProviderLoginResponse implements gen.BeginProviderLoginResponseObject.
func (a providerAddress) VisitBeginProviderLoginResponse(w http.ResponseWriter) error {
	return a.write(w)
}

// VisitBeginProviderLinkResponse implements gen.BeginProviderLinkResponseObject.
func (a providerAddress) VisitBeginProviderLinkResponse(w http.ResponseWriter) error {
	return a.write(w)
}

// VisitFinishProviderLoginResponse implements gen.FinishProviderLoginResponseObject.
func (a visitBegun) VisitFinishProviderLoginResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitUnlinkProviderResponse implements gen.UnlinkProviderResponseObject.
func (a visitBegun) VisitUnlinkProviderResponse(w http.ResponseWriter) error { return a.write(w) }

type providerLinked struct {
	body   gen.MyAccount
	cookie *http.Cookie
}

// VisitFinishProviderLinkResponse implements gen.FinishProviderLinkResponseObject.
func (a providerLinked) VisitFinishProviderLinkResponse(w http.ResponseWriter) error {
	http.SetCookie(w, a.cookie)
	w.Header().Set("Content-Type", jsonType)
	return json.NewEncoder(w).Encode(a.body)
}
