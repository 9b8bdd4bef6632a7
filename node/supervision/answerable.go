package supervision

import (
	"cmp"
	"slices"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Roster is the staff of a division by its code; nil for a division without.
type Roster func(division.Code) []identity.Staff

// DeskOf is where a case lay, or lies, when a rule was broken, and who did the
// step there, where the case says so.
func DeskOf(c *casework.Case, rule Rule) (ledger.Desk, identity.Actor) {
	verb, by := ledger.VerbDeliver, (*identity.Actor)(nil)
	if step, open := c.Current(); open {
		verb = step.Verb
	}
	switch {
	case rule == SecondNotice && c.Package != nil && c.Package.Again && c.Package.Notice != nil:
		verb, by = ledger.VerbAccept, &c.Package.Notice.By
	case rule == SecondNotice && c.Notice != nil:
		verb, by = ledger.VerbAccept, &c.Notice.By
	case rule == NoticeLate && c.AcceptedBy != nil && c.AcceptedBy.Role != identity.System: // the law may have accepted it
		verb, by = ledger.VerbAccept, c.AcceptedBy
	case slices.Contains([]Rule{PromisePassed, PromiseFar, StatutePassed, SampleFault, SampleGrave}, rule) && c.DecidedBy != nil:
		verb, by = ledger.VerbDecide, c.DecidedBy
	}
	desk := ledger.Desk{Division: c.Holder, Verb: verb}
	if by != nil {
		desk.Division = placeOf(c, by.Role.Tier())
	}
	if desk.Division.Tier() == node.County {
		desk.Department = c.Department
	}
	if by == nil {
		return desk, identity.Actor{}
	}
	return desk, *by
}

// DeskWhere is the desk at which somebody worked on a case, in the role they had then.
func DeskWhere(c *casework.Case, by identity.Actor, verb ledger.Verb) ledger.Desk {
	desk := ledger.Desk{Division: placeOf(c, by.Role.Tier()), Verb: verb}
	if desk.Division.Tier() == node.County {
		desk.Department = c.Department
	}
	return desk
}

// placeOf is the division of a tier at which a case was worked on.
func placeOf(c *casework.Case, t node.Tier) division.Code {
	switch {
	case t == c.HandedInAt.Tier():
		return c.HandedInAt
	case t == node.County:
		return c.Division.County()
	case t == node.Township && c.Division.Tier() != node.County:
		return c.Division.Township()
	}
	return c.Holder
}

// HandlerAt is who handles a case at a desk: who did the step, else the one
// person there whose step it is. Where several share it nobody is named, and
// the card goes to the desk. A substitute on duty takes the place of whoever is
// absent.
func HandlerAt(desk ledger.Desk, did identity.Actor, staff Roster, day calendar.Date) ledger.NamedPerson {
	people := active(staff(desk.Division), day)
	if did.Staff != "" {
		for _, p := range people {
			if p.ID == did.Staff {
				return onDuty(p, people, day)
			}
		}
		return ledger.NamedPerson{Staff: did.Staff, Name: did.Name}
	}
	able := slices.DeleteFunc(slices.Clone(people), func(p identity.Staff) bool { return !takes(p, desk) })
	if len(able) != 1 {
		return ledger.NamedPerson{}
	}
	return onDuty(able[0], people, day)
}

// AnswerableAt is who is answerable for a desk at a level above the handler: the
// head of the reviewing office, or the leader in charge. A village's are those
// of its township. The roster names them; where it names nobody, the one person
// in that role is it. Nobody named leaves it to the desk.
func AnswerableAt(desk ledger.Desk, at Level, staff Roster, day calendar.Date) ledger.NamedPerson {
	place, department := desk.Division, desk.Department
	if place.Tier() == node.Village {
		place = place.Township()
	}
	heads, role := identity.HeadsOffice, identity.TownshipReviewer
	switch {
	case at == InCharge && place.Tier() == node.County:
		heads, role = identity.InCharge, identity.DepartmentLeader
	case at == InCharge:
		heads, role = identity.InCharge, identity.TownshipLeader
	case place.Tier() == node.County:
		role = identity.DepartmentReviewer
	}
	people := slices.DeleteFunc(active(staff(place), day), func(p identity.Staff) bool { return p.Department != department })
	if p, ok := best(people, func(p identity.Staff) bool { return p.RosterNow().Heads == heads }); ok {
		return onDuty(p, people, day)
	}
	inRole := slices.DeleteFunc(slices.Clone(people), func(p identity.Staff) bool { return !p.Now().Holds(role) })
	if len(inRole) == 1 || at == InCharge && len(inRole) > 0 {
		p, _ := best(inRole, func(identity.Staff) bool { return true })
		return onDuty(p, people, day)
	}
	return ledger.NamedPerson{}
}

// Answers is who answers for what waits at a desk: the one person whose step it is,
// else whoever is answerable above them; nobody where the roster names nobody.
func Answers(desk ledger.Desk, staff Roster, day calendar.Date) ledger.NamedPerson {
	step := desk
	if step.Division.Tier() != node.County { // a village's and a township's steps are for whoever works there
		step.Department = ""
	}
	for _, p := range []ledger.NamedPerson{HandlerAt(step, identity.Actor{}, staff, day), AnswerableAt(step, OfficeHead, staff, day), AnswerableAt(step, InCharge, staff, day)} {
		if p.Staff != "" {
			return p
		}
	}
	return ledger.NamedPerson{}
}

// SupervisorOf is the supervisor who follows a card up.
func SupervisorOf(county division.Code, staff Roster, day calendar.Date) ledger.NamedPerson {
	people := active(staff(county), day)
	p, ok := best(people, func(p identity.Staff) bool { return p.Now().Holds(identity.Supervisor) })
	if !ok {
		return ledger.NamedPerson{}
	}
	return onDuty(p, people, day)
}

// best is the person of the highest rank among those wanted; of equals the one
// with the lowest number, so that every hub names the same.
func best(people []identity.Staff, want func(identity.Staff) bool) (identity.Staff, bool) {
	able := slices.DeleteFunc(slices.Clone(people), func(p identity.Staff) bool { return !want(p) })
	if len(able) == 0 {
		return identity.Staff{}, false
	}
	return slices.MinFunc(able, func(a, b identity.Staff) int {
		rank := func(s identity.Staff) int { return slices.Index(identity.Ranks, s.RosterNow().Rank) }
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a.ID, b.ID))
	}), true
}

// onDuty is a person, or whoever stands in for them on a day.
func onDuty(p identity.Staff, people []identity.Staff, day calendar.Date) ledger.NamedPerson {
	if sub := p.SubstituteOn(day); sub != "" {
		for _, s := range people {
			if s.ID == sub {
				return ledger.NamedPerson{Staff: s.ID, Name: s.Name, For: p.ID}
			}
		}
	}
	return ledger.NamedPerson{Staff: p.ID, Name: p.Name}
}

// active are those who work on a day, themselves or through whoever stands in.
func active(people []identity.Staff, day calendar.Date) []identity.Staff {
	return slices.DeleteFunc(slices.Clone(people), func(p identity.Staff) bool { return p.Now().Disabled || p.Missing(day) })
}

// Manned reports whether somebody is on duty at a desk on a day who may take its step:
// whoever holds the right, or stands in for them.
func Manned(desk ledger.Desk, staff Roster, day calendar.Date) bool {
	people := active(staff(desk.Division), day)
	return slices.ContainsFunc(people, func(p identity.Staff) bool {
		if !takes(p, desk) {
			return false
		}
		sub := p.SubstituteOn(day)
		return sub == "" || slices.ContainsFunc(people, func(s identity.Staff) bool { return s.ID == sub })
	})
}

// CanTake reports whether a step at a desk is for an account that is not disabled,
// whoever is on duty.
func CanTake(p identity.Staff, desk ledger.Desk) bool { return !p.Now().Disabled && takes(p, desk) }

// Staffed reports whether anybody's account can take a step at a desk at all, on any day.
// Where nobody's can, a case stands until somebody is registered for it.
func Staffed(desk ledger.Desk, staff Roster) bool {
	return slices.ContainsFunc(staff(desk.Division), func(p identity.Staff) bool { return CanTake(p, desk) })
}

// takes reports whether a step at a desk is a person's.
func takes(p identity.Staff, desk ledger.Desk) bool {
	return (desk.Department == "" || p.Department == desk.Department) && slices.ContainsFunc(p.Now().Roles, func(r identity.Role) bool {
		_, ok := identity.ReachOf(r, actionOf[desk.Verb])
		return ok
	})
}

// actionOf is what a step takes.
var actionOf = map[ledger.Verb]identity.Action{
	ledger.VerbRelay: identity.CaseRelay, ledger.VerbAccept: identity.CaseAccept, ledger.VerbPreReview: identity.CaseReview,
	ledger.VerbReview: identity.CaseReview, ledger.VerbDecide: identity.CaseDecide, ledger.VerbIssue: identity.CaseIssue, ledger.VerbDeliver: identity.CaseDeliver,
}
