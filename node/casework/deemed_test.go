package casework

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var receiver = identity.Actor{Staff: "s-1", Name: "甲", Role: identity.VillageWorker, Node: "v-1"}

// Licence law art. 32 no. 4, the handbook's vector: papers received 2026-02-11,
// nobody told, notice limit 2026-02-25; then deemed accepted 02-11, 20 days.
//
// Rules: 2.5, 2.41.
func TestDeemedAcceptance(t *testing.T) {
	cal := calendartest.Calendar(t)
	const licence = "TB-XFJY-001"
	item := *catalogItems()[licence]
	item.StatutoryWorkingDays = 20
	c := received(t, licence, "2026-02-11", "营业执照")
	day := func(text string) calendar.Date { return calendartest.Date(t, text) }
	if b, err := c.Deem(&item, cal, day("2026-02-25"), receiver); b != nil || err != nil {
		t.Errorf("deemed on the last day: %+v, %v", b, err)
	}
	b, err := c.Deem(&item, cal, day("2026-02-26"), receiver)
	if err != nil || b == nil || !b.Deemed || b.Answerable != receiver || b.Dues.Statutory != day("2026-03-17") || b.Check() != nil {
		t.Fatalf("%+v, %v", b, err)
	}
	for at, want := range map[string]string{"2026-02-25": "notice_open", "2026-02-26": ""} {
		if got := code(c.CheckDeemed(cal, on(t, at))); got != want {
			t.Errorf("on %s: %q, want %q", at, got, want)
		}
	}
	done := live(t, c, act{"2026-02-26", "system", b, ""})
	if done.Status != Accepted || done.AcceptedOn != day("2026-02-11") || done.Told.Statutory != day("2026-03-17") || !slices.Equal(done.Flags, []string{FlagDeemed}) {
		t.Errorf("%+v", done)
	}
	if again, err := done.Deem(&item, cal, day("2026-03-30"), receiver); again != nil || err != nil {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	told := live(t, received(t, licence, "2026-02-11"), act{"2026-02-25", "a", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: item.Materials[0].Name, Problem: ledger.ProblemWrong, How: "x"}}}, ""})
	if b, err := told.Deem(&item, cal, day("2026-03-30"), receiver); b != nil || err != nil {
		t.Errorf("told on the last day, and deemed all the same: %+v, %v", b, err)
	}
	far := received(t, licence, "2031-02-11")
	if _, err := far.Deem(&item, cal, day("2031-03-30"), receiver); err == nil {
		t.Error("a year that the calendar lacks was guessed")
	}
	if got := code(far.CheckDeemed(cal, on(t, "2031-03-30"))); got != "calendar_year" {
		t.Errorf("a year that the calendar lacks: %q", got)
	}
}

// An applicant who handed in from home does not answer for a desk.
func TestWhoIsAnswerable(t *testing.T) {
	if got := Answerable(receiver); got != receiver {
		t.Errorf("%+v", got)
	}
	for _, role := range []identity.Role{identity.Applicant, identity.System} {
		if got := Answerable(identity.Actor{Staff: "a-1", Role: role}); got != (identity.Actor{}) {
			t.Errorf("%s answers: %+v", role, got)
		}
	}
}

// A case that waits to be passed on is accepted where it waits, by the law
// alone; it goes on from there, and nobody may hold it up for papers any more.
func TestDeemedWhileItWaitsToBePassedOn(t *testing.T) {
	item := catalogItems()["TB-YBJ-003"]
	c := &Case{ID: "e0", Head: "e0", Item: item.Code, Division: village, HandedInAt: village, Status: HandedIn, Steps: Plan(item, village.Tier()), Step: 1,
		HandedInMS: on(t, "2026-11-16"), Lacking: []string{item.Materials[0].Name}}
	c.Holder, _ = holderOf(c.Steps[1], c.Division, c.HandedInAt)
	if c.Steps[1].Verb != ledger.VerbRelay || slices.Contains(c.Possible(), ledger.CaseAccept) {
		t.Fatalf("%+v", c.Steps)
	}
	deemed := &ledger.CaseAcceptV1{Deemed: true, Answerable: receiver}
	c = live(t, c,
		act{"2026-11-24", "a", accepted, "wrong_step"},
		act{"2026-11-24", "system", deemed, ""},
		act{"2026-11-24", "system", deemed, "accepted"})
	if c.Status != Accepted || c.Step != 1 || c.AcceptedOn != calendartest.Date(t, "2026-11-16") {
		t.Fatalf("%+v", c)
	}
	c = live(t, c,
		act{"2026-11-25", "b", &ledger.CaseRelayV1{}, ""},
		act{"2026-11-25", "w", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: item.Materials[0].Name, Problem: ledger.ProblemMissing, How: "x"}}}, "accepted"},
		act{"2026-11-25", "w", accepted, ""})
	if c.AcceptedOn != calendartest.Date(t, "2026-11-16") || c.AcceptedBy.Staff != "w" || c.Step != 3 {
		t.Errorf("%+v", c)
	}
}

// UntoldBefore parts the days exactly: what came before it is late, what came on
// it or later is not.
func TestUntoldBefore(t *testing.T) {
	cal := calendartest.Calendar(t)
	first := calendartest.Date(t, "2026-02-01")
	rapid.Check(t, func(r *rapid.T) {
		today := first.AddDays(rapid.IntRange(0, 320).Draw(r, "today"))
		before, err := UntoldBefore(cal, today)
		if err != nil {
			r.Fatal(err)
		}
		late := func(received calendar.Date) bool {
			due, err := noticeDue(cal, received)
			if err != nil {
				r.Fatal(err)
			}
			return today.After(due)
		}
		if !late(before.AddDays(-1)) || late(before) {
			r.Fatalf("today %s: %s", today, before)
		}
	})
}
