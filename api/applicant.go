package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
)

// Visitor is the applicant behind a request: somebody who applies from home. It
// is another thing than Actor, and no operation takes both.
type Visitor struct {
	*account.Account
	claims trust.ApplicantClaims
	node   string
}

// actor is how an entry names them: by their account, for everybody who may see
// a case sees who acted on it, and a name is for those alone who may unmask it.
func (v *Visitor) actor() identity.Actor {
	return identity.Actor{Staff: v.ID, Name: "申请人", Role: identity.Applicant, Node: v.node}
}

// visitorOf is the applicant behind a request; the permission table makes sure
// that there is one where a handler asks.
func visitorOf(ctx context.Context) (*Visitor, error) {
	if v := requestOf(ctx).visitor; v != nil {
		return v, nil
	}
	return nil, errUnauthenticated
}

// atCounty refuses what only the county does: applicants reach its address, and
// nothing below knows their passwords.
func (s *Server) atCounty() error {
	if s.self.Tier != node.County {
		return errCountyOnly
	}
	return nil
}

// identifyVisitor finds out which applicant asks.
func (s *Server) identifyVisitor(r *http.Request, rq *request) error {
	if err := s.atCounty(); err != nil {
		return err
	}
	claims, byCookie, err := s.visitorClaims(r)
	if err != nil {
		if wait, ok := s.addresses.take(s.address(r), s.o.Now()); !ok {
			return errTooMany.retry(wait)
		}
		return err
	}
	if wait, ok := s.accounts.take(applicantSession+claims.Account, s.o.Now()); !ok {
		return errTooMany.retry(wait)
	}
	if byCookie {
		if err := checkForged(r); err != nil {
			return err
		}
	}
	known, err := s.store.Account(r.Context(), claims.Account)
	if errors.Is(err, store.ErrNotFound) {
		return errUnauthenticated
	}
	if err != nil {
		return err
	}
	rq.visitor = &Visitor{Account: known, claims: claims, node: s.self.Node}
	return nil
}

// visitorClaims reads an applicant's token, from the header or the cookie.
func (s *Server) visitorClaims(r *http.Request) (c trust.ApplicantClaims, byCookie bool, err error) {
	token, byHeader := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !byHeader {
		cookie, err := r.Cookie(applicantCookie)
		if err != nil || cookie.Value == "" {
			return c, false, errUnauthenticated
		}
		token = cookie.Value
	}
	c, err = s.node.ApplicantVerifier().Verify(token, s.o.Now())
	var refused *trust.TokenError
	if errors.As(err, &refused) {
		s.metrics.denied.WithLabelValues("applicant_" + string(refused.Reason)).Inc()
	}
	return c, !byHeader, err
}

// principals are the accounts that an applicant may act for today: their own,
// and those of the organisations that named them.
func (s *Server) principals(ctx context.Context, v *Visitor) ([]account.Account, error) {
	all := []account.Account{*v.Account}
	if v.Type != account.Person {
		return all, nil
	}
	firms, err := s.store.AccountsNaming(ctx, v.Number)
	if err != nil {
		return nil, err
	}
	today := calendar.DateOf(s.o.Now())
	for i := range firms {
		if v.ActsFor(&firms[i], today) {
			all = append(all, firms[i])
		}
	}
	return all, nil
}

// ownCase finds a case by id or number that is the applicant's own, or that of
// an organisation they act for. Another's is answered like one that does not
// exist.
func (s *Server) ownCase(ctx context.Context, idOrNumber string) (*Visitor, *casework.Case, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, nil, err
	}
	if n, err := casework.ParseNumber(idOrNumber); err == nil {
		idOrNumber = n.Compact()
	}
	c, err := s.store.Case(ctx, idOrNumber)
	if err != nil {
		return nil, nil, noSuchNumber(idOrNumber, found(err))
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	for i := range mine {
		if c.BelongsTo(&mine[i]) {
			return v, c, nil
		}
	}
	return nil, nil, errNotFound
}
