package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// Actor is the person behind a request. Handlers get nothing else of a token.
type Actor struct {
	Staff      string
	Name       string
	Division   division.Code
	Department string
	Roles      []identity.Role
	// Lent are roles of absent colleagues for whom the person stands in today.
	Lent []identity.Role

	claims     trust.Claims
	node       string // where the request arrived
	mustChange bool
}

// roles are the roles in which the person may take an action, where the role has it:
// their own, and those lent for it.
func (a *Actor) roles(action identity.Action) []identity.Role {
	roles := a.Roles
	for _, r := range a.Lent {
		if r.Lends(action) && !slices.Contains(roles, r) {
			roles = append(slices.Clip(roles), r)
		}
	}
	return roles
}

// Can reports whether one of the person's roles has an action at all.
func (a *Actor) Can(action identity.Action) bool {
	return slices.ContainsFunc(a.roles(action), func(r identity.Role) bool {
		_, ok := identity.ReachOf(r, action)
		return ok
	})
}

// As picks the role in which the person may take an action on a target, and
// is the actor that the entry will name. The error is the *identity.Denied of
// the role that came closest.
func (a *Actor) As(action identity.Action, on identity.Target) (identity.Actor, error) {
	var closest error = &identity.Denied{Action: action, Why: "role"}
	for _, r := range a.roles(action) {
		subject, own := a.claims.SubjectAs(r)
		if !own {
			subject = identity.Subject{Role: r, Tier: a.claims.Tier, Division: a.Division, Department: a.Department}
		}
		err := identity.Permit(subject, action, on)
		if err == nil {
			return a.claims.ActorAs(r, a.node), nil
		}
		var denied *identity.Denied
		if errors.As(err, &denied) && denied.Why != "role" {
			closest = err
		}
	}
	return identity.Actor{}, closest
}

// Self is the person as the actor of what they do to what is their own.
func (a *Actor) Self() identity.Actor { return a.claims.ActorAs(a.Roles[0], a.node) }

// Reach is the farthest an action of the person goes: the division within
// which it holds, or the whole county, and the department it is bound to.
func (a *Actor) Reach(action identity.Action) (within division.Code, department string, ok bool) {
	for _, r := range a.roles(action) {
		reach, granted := identity.ReachOf(r, action)
		if !granted {
			continue
		}
		w, d := a.Division, ""
		switch reach {
		case identity.Whole:
			w = a.Division.County()
		case identity.Department:
			w, d = a.Division.County(), a.Department
		}
		if !ok || len(w) < len(within) || len(w) == len(within) && d == "" {
			within, department, ok = w, d, true
		}
	}
	return within, department, ok
}

// actorOf is the person behind a request; the permission table makes sure
// that there is one where a handler asks.
func actorOf(ctx context.Context) (*Actor, error) {
	if a := requestOf(ctx).actor; a != nil {
		return a, nil
	}
	return nil, errUnauthenticated
}

// as is the person behind a request in a role that may take an action.
func as(ctx context.Context, action identity.Action, on identity.Target) (identity.Actor, error) {
	a, err := actorOf(ctx)
	if err != nil {
		return identity.Actor{}, err
	}
	return a.As(action, on)
}

// identify finds out who asks and whether they may ask for this operation.
func (s *Server) identify(r *http.Request, rq *request, p permission) error {
	if err := s.heedDevice(r); err != nil {
		return err
	}
	if p.applicant {
		return s.identifyVisitor(r, rq)
	}
	actor, byCookie, err := s.authenticate(r)
	switch {
	case err == nil && actor != nil:
		rq.actor = actor
		if wait, ok := s.accounts.take(actor.Staff, s.o.Now()); !ok {
			return errTooMany.retry(wait)
		}
	default:
		if wait, ok := s.addresses.take(s.address(r), s.o.Now()); !ok {
			return errTooMany.retry(wait)
		}
	}
	if p.public {
		return nil
	}
	switch {
	case err != nil:
		return err
	case actor == nil:
		return errUnauthenticated
	}
	if byCookie {
		if err := checkForged(r); err != nil {
			return err
		}
	}
	if actor.mustChange && !p.initial {
		return errMustChange
	}
	if !p.login && !actor.Can(p.action) {
		return &identity.Denied{Role: actor.Roles[0], Action: p.action, Why: "role"}
	}
	if p.here {
		_, err := actor.As(p.action, identity.Target{Division: s.self.Division, Department: actor.Department})
		return err
	}
	return nil
}

// authenticate reads the token of a request, from the header or the cookie.
// No token is nobody and no error.
func (s *Server) authenticate(r *http.Request) (actor *Actor, byCookie bool, err error) {
	token, byHeader := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !byHeader {
		c, err := r.Cookie(sessionCookie)
		if err != nil || c.Value == "" {
			return nil, false, nil
		}
		token = c.Value
	}
	claims, err := s.node.Verifier().Verify(token, s.o.Now())
	if err != nil {
		var refused *trust.TokenError
		if errors.As(err, &refused) {
			s.metrics.denied.WithLabelValues(string(refused.Reason)).Inc()
		}
		return nil, !byHeader, err
	}
	mustChange, err := s.mustChange(r.Context(), claims)
	if err != nil {
		return nil, !byHeader, err
	}
	lent, err := s.lentTo(r.Context(), claims.Subject)
	if err != nil {
		return nil, !byHeader, err
	}
	return &Actor{
		Staff: claims.Subject, Name: claims.Name, Division: claims.Division, Department: claims.Department, Roles: claims.Roles, Lent: lent,
		claims: claims, node: s.self.Node, mustChange: mustChange,
	}, !byHeader, nil
}

// notice is what everybody at this node must know, empty when nothing: the
// county has cast it out.
func (s *Server) notice() gen.Notice {
	r, cast := s.node.Revocation()
	if !cast {
		return gen.Notice{}
	}
	zh, en := r.Words()
	return gen.Notice{Code: r.Refusal().Code, Zh: zh, En: en, Since: r.At, Reason: r.Reason}
}

// mustChange tells whether the person has to change the password first. Every
// change of a person ends the tokens of the epoch before, so for one epoch
// the answer stays as it is.
func (s *Server) mustChange(ctx context.Context, c trust.Claims) (bool, error) {
	key := epoch{c.Subject, c.Epoch}
	if known, ok := s.epochs.get(key); ok {
		return known, nil
	}
	person, err := s.store.Staff(ctx, c.Subject)
	if err != nil {
		return false, err
	}
	s.epochs.set(key, person.MustChange)
	return person.MustChange, nil
}

type epoch struct {
	staff string
	at    int64
}
