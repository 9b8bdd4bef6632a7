package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Login answers POST /api/v1/session.
func (s *Server) Login(ctx context.Context, in gen.LoginRequestObject) (gen.LoginResponseObject, error) {
	if wait, ok := s.logins.take(s.address(requestOf(ctx).http), s.o.Now()); !ok {
		return nil, errTooMany.retry(wait)
	}
	login := strings.ToLower(strings.TrimSpace(in.Body.Login))
	person, err := s.checkLogin(ctx, login, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return s.startSession(ctx, person, in.Body.Mode == gen.ModeCookie)
}

// RefreshSession answers POST /api/v1/session/refresh.
func (s *Server) RefreshSession(ctx context.Context, in gen.RefreshSessionRequestObject) (gen.RefreshSessionResponseObject, error) {
	rq := requestOf(ctx).http
	token, byCookie := "", false
	if in.Body != nil {
		token = in.Body.RefreshToken
	}
	if token == "" {
		c, err := rq.Cookie(refreshCookie)
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
	if errors.Is(err, store.ErrTokenReused) {
		s.metrics.denied.WithLabelValues("refresh_reused").Inc()
		s.o.Logger.WarnContext(ctx, "a refresh token was used twice; its session is ended", "request_id", requestOf(ctx).id)
		return nil, errSessionEnded
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, errSessionEnded
	}
	if err != nil {
		return nil, err
	}
	person, err := s.store.Staff(ctx, session.Staff)
	if err != nil || person.Now().Disabled {
		return nil, errSessionEnded
	}
	if session.Password != "" && session.Password != passwordMark(person) {
		// It was changed, or set anew, at another node.
		return nil, errors.Join(errSessionEnded, s.store.EndSession(ctx, session.ID, s.o.Now().UnixMilli()))
	}
	return s.tokens(ctx, person, session, fresh, byCookie)
}

// GetSession answers GET /api/v1/session.
func (s *Server) GetSession(ctx context.Context, _ gen.GetSessionRequestObject) (gen.GetSessionResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	person, err := s.store.Staff(ctx, actor.Staff)
	if err != nil {
		return nil, err
	}
	return gen.GetSession200JSONResponse(s.session(person, actor.Roles, actor.Lent)), nil
}

// Logout answers DELETE /api/v1/session.
func (s *Server) Logout(ctx context.Context, _ gen.LogoutRequestObject) (gen.LogoutResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.store.EndSession(ctx, actor.claims.Session, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	return loggedOut{cookies: s.cookies("", "", "", time.Time{}, time.Time{})}, nil
}

// ChangePassword answers POST /api/v1/session/password.
func (s *Server) ChangePassword(ctx context.Context, in gen.ChangePasswordRequestObject) (gen.ChangePasswordResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	person, err := s.store.Staff(ctx, actor.Staff)
	if err != nil {
		return nil, err
	}
	if _, err := s.checkLogin(ctx, person.Login, in.Body.OldPassword); err != nil {
		return nil, err
	}
	if in.Body.NewPassword == in.Body.OldPassword {
		return nil, trust.ErrPasswordSame
	}
	hash, err := s.hashPassword(ctx, in.Body.NewPassword, person.Login)
	if err != nil {
		return nil, err
	}
	_, err = s.record(ctx, Action{Actor: actor.claims.ActorAs(actor.Roles[0], s.self.Node), Kind: ledger.StaffPassword,
		Body: &ledger.StaffPasswordV1{Staff: person.ID, PasswordHash: hash}})
	if err != nil {
		return nil, err
	}
	if err := s.store.EndSessions(ctx, person.ID, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	if person, err = s.store.Staff(ctx, actor.Staff); err != nil {
		return nil, err
	}
	_, err = requestOf(ctx).http.Cookie(sessionCookie)
	return s.startSession(ctx, person, err == nil)
}

// checkLogin compares a login and password. A wrong login, a wrong password
// and a person who may not log in take as long and are answered alike.
func (s *Server) checkLogin(ctx context.Context, login, password string) (*identity.Staff, error) {
	now := s.o.Now()
	person, err := s.store.StaffByLogin(ctx, login)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	failures, lockedUntil, err := s.failures(ctx, login, known)
	if err != nil {
		return nil, err
	}
	if wait := time.UnixMilli(lockedUntil).Sub(now); lockedUntil > 0 && wait > 0 {
		return nil, lockedFor(now, wait)
	}
	hash := ""
	if known {
		hash = person.PasswordHash
	}
	check, err := s.o.Hasher.Verify(ctx, password, hash)
	if err != nil {
		return nil, err
	}
	if !check.OK || person.Now().Disabled {
		s.metrics.denied.WithLabelValues("password").Inc()
		return nil, errors.Join(errLoginFailed, s.fail(ctx, login, known, failures+1, now))
	}
	if failures > 0 {
		if err := s.store.SetLoginFailures(ctx, login, 0, 0); err != nil {
			return nil, err
		}
	}
	return person, nil
}

func (s *Server) startSession(ctx context.Context, person *identity.Staff, cookie bool) (signedIn, error) {
	refresh, hash := trust.NewRefresh()
	now := s.o.Now()
	session := store.Session{
		ID: rand.Text(), Staff: person.ID,
		TokenHash: hex.EncodeToString(hash[:]), CSRF: newCSRF(), Password: passwordMark(person),
		CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(s.o.Refresh).UnixMilli(),
	}
	// The token is made first: a person who may not log in here leaves no
	// session behind.
	in, err := s.tokens(ctx, person, &session, refresh, cookie)
	if err != nil {
		return in, err
	}
	return in, s.store.StartSession(ctx, session)
}

// passwordMark tells a person's password from the one before, and nothing else of it.
func passwordMark(person *identity.Staff) string {
	mark := sha256.Sum256([]byte("session " + person.PasswordHash))
	return hex.EncodeToString(mark[:8])
}

// tokens makes what a session's holder gets: an access token and the next
// refresh token.
func (s *Server) tokens(ctx context.Context, person *identity.Staff, session *store.Session, refresh string, cookie bool) (signedIn, error) {
	if person.Division != s.self.Division {
		return signedIn{}, trust.ErrNotAllowed
	}
	state := federation.StaffState(person)
	access, claims, err := s.node.Issuer().Issue(trust.Login{Staff: person.ID, Name: person.Name, Session: session.ID,
		Department: person.Department, Roles: state.Roles, Epoch: state.Epoch}, s.o.Now())
	if err != nil {
		return signedIn{}, err
	}
	lent, err := s.lentTo(ctx, person.ID)
	if err != nil {
		return signedIn{}, err
	}
	out := signedIn{body: gen.SessionTokens{Session: s.session(person, state.Roles, lent), ExpiresAt: claims.ExpiresAt * 1000, Notice: s.notice()}}
	if !cookie {
		out.body.AccessToken, out.body.RefreshToken = access, refresh
		return out, nil
	}
	out.body.CsrfToken = session.CSRF
	out.cookies = s.cookies(access, refresh, session.CSRF, time.Unix(claims.ExpiresAt, 0), time.UnixMilli(session.ExpiresAt))
	if !s.o.Demo { // there one browser is everybody's
		out.cookies = append(out.cookies, s.deskMark())
	}
	return out, nil
}

// session shows who is logged in, in their own roles and those that are lent to them.
func (s *Server) session(person *identity.Staff, roles, lent []identity.Role) gen.Session {
	actions := []string{}
	for _, g := range identity.Grants {
		has := slices.Contains(roles, g.Role) || slices.Contains(lent, g.Role) && g.Role.Lends(g.Action)
		if has && !slices.Contains(actions, string(g.Action)) {
			actions = append(actions, string(g.Action))
		}
	}
	return gen.Session{
		Staff: person.ID, Login: person.Login, Name: person.Name, Division: person.Division, Department: person.Department,
		Tier: s.self.Tier, Node: s.self.Node, Roles: roles, Lent: lent, Actions: actions, MustChangePassword: person.MustChange,
	}
}

// hashPassword checks a new password against the policy and hashes it.
func (s *Server) hashPassword(ctx context.Context, password, login string) (string, error) {
	if !utf8.ValidString(password) {
		return "", trust.ErrPasswordForm
	}
	if err := trust.CheckPassword(password, login, 0); err != nil {
		return "", err
	}
	return s.o.Hasher.Hash(ctx, password)
}

// signedIn is the answer to a login: the tokens in the body or in cookies.
type signedIn struct {
	body    gen.SessionTokens
	cookies []*http.Cookie
}

func (a signedIn) write(w http.ResponseWriter) error {
	for _, c := range a.cookies {
		http.SetCookie(w, c)
	}
	w.Header().Set("Content-Type", jsonType)
	return json.NewEncoder(w).Encode(a.body)
}

// VisitLoginResponse implements gen.LoginResponseObject.
func (a signedIn) VisitLoginResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitRefreshSessionResponse implements gen.RefreshSessionResponseObject.
func (a signedIn) VisitRefreshSessionResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitChangePasswordResponse implements gen.ChangePasswordResponseObject.
func (a signedIn) VisitChangePasswordResponse(w http.ResponseWriter) error { return a.write(w) }

type loggedOut struct{ cookies []*http.Cookie }

// VisitLogoutResponse implements gen.LogoutResponseObject.
func (a loggedOut) VisitLogoutResponse(w http.ResponseWriter) error {
	for _, c := range a.cookies {
		http.SetCookie(w, c)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
