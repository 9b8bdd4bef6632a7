package api

import (
	"context"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The roster (花名册), at the county:
//
//	PUT  /api/v1/staff/{id}/roster      SetStaffRoster
//	POST /api/v1/staff/{id}/substitute  SetSubstitute

// SetStaffRoster sets what the roster says of a person from now on.
func (s *Server) SetStaffRoster(ctx context.Context, in gen.SetStaffRosterRequestObject) (gen.SetStaffRosterResponseObject, error) {
	actor, person, err := s.manage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.StaffRoster, Key: in.Params.IdempotencyKey, Body: &ledger.StaffRosterV1{Staff: person.ID, Established: in.Body.Established,
		Qualifications: in.Body.Qualifications, Rank: in.Body.Rank, Office: in.Body.Office, Heads: in.Body.Heads, Reason: in.Body.Reason}})
	return gen.SetStaffRoster200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// SetSubstitute says who stands in for a person on some days.
func (s *Server) SetSubstitute(ctx context.Context, in gen.SetSubstituteRequestObject) (gen.SetSubstituteResponseObject, error) {
	actor, person, err := s.manage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if in.Body.Until.Before(in.Body.From) {
		return nil, errInvalid.with(fault("until", "range"))
	}
	if in.Body.Absent && in.Body.Substitute != "" {
		return nil, errInvalid.with(fault("absent", "conflict"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.StaffSubstitute, Key: in.Params.IdempotencyKey,
		Body: &ledger.StaffSubstituteV1{Staff: person.ID, Substitute: in.Body.Substitute, Absent: in.Body.Absent, From: in.Body.From, Until: in.Body.Until, Reason: in.Body.Reason}})
	return gen.SetSubstitute200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// rosterView is what the roster says of a person now; zero where it says
// nothing.
func rosterView(p *identity.Staff) (r gen.Roster, duty []gen.Duty) {
	if len(p.Roster) > 0 {
		now := p.RosterNow()
		r = gen.Roster{SinceMs: now.At, Established: now.Established, Qualifications: now.Qualifications, Rank: now.Rank, Office: now.Office, Heads: now.Heads}
		if r.Qualifications == nil {
			r.Qualifications = []identity.Qualification{}
		}
	}
	for _, d := range p.Duty {
		duty = append(duty, gen.Duty{Substitute: d.Substitute, Absent: d.Absent, From: d.From, Until: d.Until})
	}
	return r, duty
}

// lending is what a person stood in for when that was looked up.
type lending struct {
	roles []identity.Role
	at    int64
}

// lentFor is how long, in milliseconds, it is not looked up again: every request asks.
const lentFor = 2000

// lentTo are the roles of absent colleagues for whom somebody who works here stands in
// today (AB岗).
func (s *Server) lentTo(ctx context.Context, staff string) ([]identity.Role, error) {
	now := s.o.Now().UnixMilli()
	if l, ok := s.lent.get(staff); ok && now >= l.at && now < l.at+lentFor {
		return l.roles, nil
	}
	var roles []identity.Role
	absent, err := s.store.AbsentFor(ctx, staff, s.self.Division)
	if err != nil {
		return nil, err
	}
	if len(absent) > 0 {
		person, err := s.store.Staff(ctx, staff)
		if err != nil {
			return nil, err
		}
		roles = identity.Lent(person, absent, now, dayOf(now))
	}
	s.lent.set(staff, lending{roles, now})
	return roles, nil
}

// dayOf is the day in Beijing of an instant, Unix milliseconds.
func dayOf(ms int64) calendar.Date { return calendar.DateOf(time.UnixMilli(ms)) }
