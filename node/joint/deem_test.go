package joint

import (
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Administrative Licence Law art. 32 no. 4: the last of the cases that the law accepts
// tells the date of the whole, counted from the day of receipt; those before it do not.
func TestDeemTellsTheDateOfTheWhole(t *testing.T) {
	cal := calendartest.Calendar(t)
	received := calendartest.Date(t, "2026-09-18")
	item := &catalog.Item{PromisedWorkingDays: 3, StatutoryWorkingDays: 20}
	c := &Case{Promise: 3, Members: []Member{{Case: "a", Stage: 1, Promise: 3}, {Case: "b", Stage: 1, Promise: 3}}}
	untaken := func(id string) *casework.Case {
		return &casework.Case{ID: id, Status: casework.HandedIn, HandedInMS: received.Midnight().UnixMilli(), Package: &casework.Joined{ID: "j"},
			Steps: []ledger.Step{{Verb: ledger.VerbAccept}}}
	}
	a, b := untaken("a"), untaken("b")
	members := []*casework.Case{a, b}
	by := identity.Actor{Staff: "s"}
	if body, err := c.Deem(members, a, item, cal, received, by); err != nil || body != nil {
		t.Fatalf("on the day of receipt: %+v %v", body, err)
	}
	late := calendartest.Date(t, "2026-09-28")
	first, err := c.Deem(members, a, item, cal, late, by)
	if err != nil || first == nil || first.Dues.Promised.IsZero() || !first.Dues.JointPromised.IsZero() || first.Answerable != by {
		t.Fatalf("the first of two: %+v %v", first, err)
	}
	a.Status, a.AcceptedOn = casework.Accepted, received
	last, err := c.Deem(members, b, item, cal, late, by)
	if err != nil || last == nil {
		t.Fatalf("%+v %v", last, err)
	}
	b.Status, b.AcceptedOn = casework.Accepted, received
	limits, err := c.Limits(members, cal)
	if err != nil || last.Dues.JointPromised != limits[0].Result.Due || last.Dues.JointStatutory != limits[1].Result.Due {
		t.Errorf("%+v, the whole is due %+v, %v", last.Dues, limits, err)
	}
	// A calendar that lacks the year of the joint date keeps no case from being accepted.
	b.Status, b.AcceptedOn = casework.HandedIn, calendar.Date{}
	a.ExtendedBy = 900
	if body, err := c.Deem(members, b, item, cal, late, by); err != nil || body == nil || !body.Dues.JointPromised.IsZero() || body.Dues.Promised.IsZero() {
		t.Errorf("without the year: %+v %v", body, err)
	}
}
