package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A substitute on duty decides for whoever is absent (AB岗), and whoever is absent does
// not. It counts as it was when the decision was made, however late that arrives.
//
// Rules: 4.6.
func TestSubstituteDecides(t *testing.T) {
	w := newWatched(t)
	as := func(role identity.Role) error {
		c := w.town.MustCase(w.id)
		by := w.substitute(t)
		by.Role = role
		_, err := w.town.Do(by, storetest.BodyFor(c, ledger.VerbDecide), storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
		return err
	}
	w.substitute(t)
	wantRefused(t, "before anybody is absent", as(identity.TownshipLeader), "not_authorised")
	w.hub.MustDo(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.leader.Staff, Substitute: "deputy", From: w.today.AddDays(1), Until: w.today.AddDays(2), Reason: "休假"})
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	wantRefused(t, "the day before", as(identity.TownshipLeader), "not_authorised")
	w.Clock.Advance(24 * time.Hour)
	_, err := w.town.Step(w.id, storetest.BodyFor(w.town.MustCase(w.id), ledger.VerbDecide))
	wantRefused(t, "the absent leader", err, "absent")
	wantRefused(t, "in a role that is not lent", as(identity.TownshipClerk), "not_authorised")
	w.hub.MustDo(w.Operator(), &ledger.StaffRosterV1{Staff: "deputy", Established: true, Rank: identity.RankSection, Reason: "无证"})
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	wantRefused(t, "a substitute without a certificate", as(identity.TownshipLeader), "not_qualified")
	w.hub.MustDo(w.Operator(), storetest.Qualified("deputy"))
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	if err := as(identity.TownshipLeader); err != nil {
		t.Fatal(err)
	}
	// It arrives when the leader is back.
	w.Clock.Advance(5 * 24 * time.Hour)
	w.Settle()
	if got := w.hub.MustCase(w.id); got.DecidedMS == 0 || got.DecidedBy.Staff != "deputy" || got.DecidedBy.Role != identity.TownshipLeader {
		t.Errorf("the county did not take it: %+v", got)
	}
}

// What was decided before somebody was entered as absent stands.
func TestAbsenceIsNotBackdated(t *testing.T) {
	w := newWatched(t)
	w.town.MustStep(w.id, storetest.BodyFor(w.town.MustCase(w.id), ledger.VerbDecide))
	w.substitute(t)
	w.Clock.Advance(time.Hour)
	w.hub.MustDo(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.leader.Staff, Substitute: "deputy", From: w.today, Until: w.today, Reason: "补登"})
	w.Settle()
	if got := w.hub.MustCase(w.id); got.DecidedMS == 0 {
		t.Errorf("an absence that was entered afterwards undid a decision: %+v", got)
	}
}

// A substitute works for the same department.
func TestSubstituteElsewhere(t *testing.T) {
	w := newWatched(t)
	w.hub.MustDo(w.Operator(), &ledger.StaffAddV1{Staff: "insurer", Login: "insurer", Name: "赵敏", Division: storetest.Code, Department: "县医疗保障局", Roles: []identity.Role{identity.DepartmentWindow}, PasswordHash: "x"})
	_, err := w.hub.Do(w.Operator(), &ledger.StaffSubstituteV1{Staff: "insurer", Substitute: w.supervisor.Staff, From: w.today, Until: w.today, Reason: "休假"}, storetest.About{})
	wantRefused(t, "somebody of another department", err, "substitute_elsewhere")
}

// substitute is a person of the township who heads an office there.
func (w *watched) substitute(t *testing.T) identity.Actor {
	t.Helper()
	if p, err := w.hub.StaffByLogin(ctx, "deputy"); err != nil || p == nil {
		w.hub.MustDo(w.Operator(), &ledger.StaffAddV1{Staff: "deputy", Login: "deputy", Name: "吴涛", Division: town, Roles: []identity.Role{identity.TownshipReviewer}, PasswordHash: "x"})
		w.hub.MustDo(w.Operator(), storetest.Qualified("deputy"))
		w.Settle()
		w.Clock.Advance(2 * time.Minute)
	}
	return identity.Actor{Staff: "deputy", Name: "吴涛", Role: identity.TownshipReviewer, Node: w.town.ID()}
}

// Somebody can be on leave with nobody standing in: they decide nothing on those days,
// others who may still do, and what they decided before it was entered stands.
func TestLeaveWithoutSubstitute(t *testing.T) {
	w := newWatched(t)
	decide := func(by identity.Actor) error {
		c := w.town.MustCase(w.id)
		_, err := w.town.Do(by, storetest.BodyFor(c, ledger.VerbDecide), storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
		return err
	}
	_, err := w.hub.Do(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.leader.Staff, Substitute: "x", Absent: true, From: w.today, Until: w.today, Reason: "休假"}, storetest.About{})
	wantRefused(t, "on leave with a substitute", err, "malformed")
	w.hub.MustDo(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.leader.Staff, Absent: true, From: w.today, Until: w.today, Reason: "休假"})
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	wantRefused(t, "on leave", decide(w.leader), "absent")
	w.hub.MustDo(w.Operator(), &ledger.StaffAddV1{Staff: "other", Login: "other", Name: "钱伟", Division: town, Roles: []identity.Role{identity.TownshipLeader}, PasswordHash: "x"})
	w.hub.MustDo(w.Operator(), storetest.Qualified("other"))
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	if err := decide(identity.Actor{Staff: "other", Name: "钱伟", Role: identity.TownshipLeader, Node: w.town.ID()}); err != nil {
		t.Fatal(err)
	}
}

// A certificate that is for the matters of some departments lets nobody decide in
// those of another.
func TestCertificateOfAnotherDepartment(t *testing.T) {
	w := newWatched(t)
	department := w.town.MustCase(w.id).Department
	decide := func(departments ...string) error {
		b := storetest.Qualified(w.leader.Staff)
		b.Qualifications[0].Departments = departments
		w.hub.MustDo(w.Operator(), b)
		w.Settle()
		w.Clock.Advance(2 * time.Minute)
		_, err := w.town.Step(w.id, storetest.BodyFor(w.town.MustCase(w.id), ledger.VerbDecide))
		return err
	}
	wantRefused(t, "for another department", decide("县林业局"), "qualification_scope")
	if err := decide("县林业局", department); err != nil {
		t.Fatal(err)
	}
}
