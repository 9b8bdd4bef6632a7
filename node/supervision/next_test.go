package supervision

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Looking at a case on the days that NextLook names, and on no others, issues
// the same cards on the same days as looking at it every day.
func TestNextLookMissesNothing(t *testing.T) {
	cal := calendartest.Calendar(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := accepted(t)
		c.Status, c.Instant = casework.Accepted, rapid.Bool().Draw(rt, "instant")
		day := func(name string) int64 {
			return c.HandedInMS + int64(rapid.IntRange(0, 45).Draw(rt, name))*24*time.Hour.Milliseconds()
		}
		if rapid.Bool().Draw(rt, "decided") {
			c.DecidedMS = day("decided on")
			if rapid.Bool().Draw(rt, "delivered") {
				c.DeliveredMS = max(c.DecidedMS, day("delivered on"))
			}
		}
		if rapid.Bool().Draw(rt, "procedure") {
			from := c.AcceptedOn.AddDays(rapid.IntRange(0, 5).Draw(rt, "from"))
			c.Suspensions = []casework.Suspension{{Procedure: "听证", Lawful: rapid.Bool().Draw(rt, "lawful"), From: from, Until: from.AddDays(rapid.IntRange(0, 10).Draw(rt, "for"))}}
		}
		for _, flag := range []string{casework.FlagSecondNotice, casework.FlagBareReturn} {
			if rapid.Bool().Draw(rt, flag) {
				c.Flag(flag)
			}
		}
		set := Defaults
		set.AmberLeft, set.RedOver = rapid.IntRange(0, 3).Draw(rt, "amber"), rapid.IntRange(1, 6).Draw(rt, "red")
		limits, err := c.Limits(item, cal)
		if err != nil {
			rt.Fatal(err)
		}
		issue := func(cards []Card, today calendar.Date) []Card {
			found, err := Look(c, limits, cal, Moment{today, true}, set, cards)
			if err != nil {
				rt.Fatal(err)
			}
			more, err := Issue(c.ID, found, cards, cal, today, set, nil)
			if err != nil {
				rt.Fatal(err)
			}
			return append(cards, more...)
		}
		var daily, named []Card
		looks := 0
		for n := range 60 {
			today := c.AcceptedOn.AddDays(n)
			daily = issue(daily, today)
			for {
				next, err := NextLook(c, limits, cal, set, named)
				if err != nil {
					rt.Fatal(err)
				}
				if next.IsZero() || next.After(today) {
					break
				}
				before := len(named)
				if named = issue(named, today); len(named) == before {
					rt.Fatalf("NextLook says %s, and nothing is found on %s", next, today)
				}
				looks++
			}
		}
		show := func(cards []Card) (all []string) {
			for _, c := range cards {
				all = append(all, fmt.Sprint(c.Rule, " ", c.On))
			}
			slices.Sort(all)
			return all
		}
		if got, want := show(named), show(daily); !slices.Equal(got, want) {
			rt.Fatalf("looked %d times: %v, every day: %v", looks, got, want)
		}
	})
}

func person(id string, role identity.Role, heads identity.Headed, rank identity.Rank) identity.Staff {
	return identity.Staff{ID: id, Name: "职员" + id, Department: "县民政局", History: []identity.Standing{{Roles: []identity.Role{role}}},
		Roster: []identity.RosterEntry{{Heads: heads, Rank: rank}}}
}

// The line of answerability: handler → head of the reviewing office → leader in
// charge, as the roster names them, with the substitute on duty.
//
// Rules: 5.4.
func TestAnswerable(t *testing.T) {
	day := calendartest.Date(t, "2026-11-10")
	desk := ledger.Desk{Division: "330523", Department: "县民政局", Verb: ledger.VerbReview}
	a, b := person("a", identity.DepartmentReviewer, "", identity.RankClerk), person("b", identity.DepartmentReviewer, identity.HeadsOffice, identity.RankSection)
	leader, deputy := person("l", identity.DepartmentLeader, "", identity.RankVice), person("d", identity.DepartmentLeader, identity.InCharge, identity.RankVice)
	elsewhere := person("z", identity.DepartmentReviewer, identity.HeadsOffice, identity.RankLeader)
	elsewhere.Department = "县林业局"
	away := b
	away.Duty = []identity.Substitution{{Substitute: "a", From: day, Until: day}}
	gone := b
	gone.History = []identity.Standing{{Disabled: true}}
	for _, row := range []struct {
		what                    string
		people                  []identity.Staff
		handler, head, inCharge string
	}{
		{"all there", []identity.Staff{a, b, deputy, elsewhere, leader}, "", "b", "d"},
		{"one reviewer alone", []identity.Staff{a, leader, elsewhere}, "a", "a", "l"},
		{"the head is away", []identity.Staff{a, away, leader}, "", "a for b", "l"},
		{"the head has left", []identity.Staff{a, gone, leader}, "a", "a", "l"},
		{"nobody", nil, "", "", ""},
	} {
		staff := func(division.Code) []identity.Staff { return row.people }
		show := func(p ledger.NamedPerson) string {
			if p.For != "" {
				return p.Staff + " for " + p.For
			}
			return p.Staff
		}
		got := []string{show(HandlerAt(desk, identity.Actor{}, staff, day)), show(AnswerableAt(desk, OfficeHead, staff, day)), show(AnswerableAt(desk, InCharge, staff, day))}
		if want := []string{row.handler, row.head, row.inCharge}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", row.what, got, want)
		}
		first := cmp.Or(row.handler, row.head, row.inCharge)
		if who := Answers(desk, staff, day); show(who) != first {
			t.Errorf("%s: %+v answers, want %q", row.what, who, first)
		}
	}
	// A township's desk is for whoever works there, whose department the item is.
	clerk, clerk2, boss := person("c", identity.TownshipClerk, "", identity.RankClerk), person("e", identity.TownshipClerk, "", identity.RankClerk), person("t", identity.TownshipLeader, "", identity.RankVice)
	clerk.Department, clerk2.Department, boss.Department = "", "", ""
	town := func(division.Code) []identity.Staff { return []identity.Staff{clerk, clerk2, boss} }
	if who := Answers(ledger.Desk{Division: "330523110", Department: "县民政局", Verb: ledger.VerbRelay}, town, day); who.Staff != "t" {
		t.Errorf("%+v answers at a township", who)
	}
	// Who did the step is the handler, also where others might have.
	staff := func(division.Code) []identity.Staff { return []identity.Staff{a, b} }
	if !Manned(desk, staff, day) || Manned(desk, func(division.Code) []identity.Staff { return nil }, day) {
		t.Error("who is on duty")
	}
	allAway := func(d division.Code) []identity.Staff {
		all := slices.Clone(staff(d))
		for i := range all {
			all[i].Duty = []identity.Substitution{{Absent: true, From: day, Until: day}}
		}
		return all
	}
	if Manned(desk, allAway, day) || !Manned(desk, allAway, day.AddDays(1)) || HandlerAt(desk, identity.Actor{}, allAway, day).Staff != "" {
		t.Error("everybody is on leave, and somebody is on duty")
	}
	if got := HandlerAt(desk, identity.Actor{Staff: "b"}, staff, day); got.Staff != "b" {
		t.Errorf("%+v", got)
	}
}

// Hours the line was down are counted in business only, and excuse as many
// working days as there were.
// Outages of several lines at one time are that time once, whatever their order.
func TestMergedOutages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Outage {
			from := rapid.Int64Range(0, 60).Draw(t, "from")
			return Outage{from, from + rapid.Int64Range(1, 20).Draw(t, "for")}
		}), 0, 6)
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		at := func(list []Outage, moment int64) (n int) {
			for _, o := range list {
				if o.From <= moment && moment < o.Until {
					n++
				}
			}
			return n
		}
		merged := Merge(a, b)
		for moment := range int64(80) {
			if want := min(1, at(a, moment)+at(b, moment)); at(merged, moment) != want {
				t.Fatalf("%v and %v make %v: at %d", a, b, merged, moment)
			}
		}
	})
}

func TestOutages(t *testing.T) {
	cal := calendartest.Calendar(t)
	at := func(text string) int64 {
		ms, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("Asia/Shanghai", 8*3600))
		if err != nil {
			t.Fatal(err)
		}
		return ms.UnixMilli()
	}
	day := func(text string) calendar.Date { return calendartest.Date(t, text) }
	for _, row := range []struct {
		from, until   string
		minutes, days int
	}{
		{"2026-11-10 16:45", "2026-11-10 23:00", 15, 0},
		{"2026-11-10 16:00", "2026-11-11 09:00", 90, 2},
		{"2026-11-13 17:00", "2026-11-16 08:30", 0, 0}, // a weekend
		{"2026-11-12 00:00", "2026-11-17 00:00", 3 * 510, 3},
	} {
		minutes, days, err := Defaults.Business([]Outage{{at(row.from), at(row.until)}}, day("2026-11-02"), day("2026-11-30"), cal)
		if err != nil || minutes != row.minutes || days != row.days {
			t.Errorf("%s to %s: %d minutes, %d days (%v), want %d, %d", row.from, row.until, minutes, days, err, row.minutes, row.days)
		}
		if worth, err := Defaults.Worth(Outage{at(row.from), at(row.until)}, cal); err != nil || worth != (row.minutes >= Defaults.LineMinutes) {
			t.Errorf("%s to %s is worth recording: %v, %v", row.from, row.until, worth, err)
		}
	}
	due := day("2026-11-09")
	for _, row := range []struct {
		f    Finding
		down int
		want bool
	}{
		{Finding{PromisePassed, Yellow, due, day("2026-11-11")}, 2, true},
		{Finding{PromisePassed, Yellow, due, day("2026-11-11")}, 1, false},
		{Finding{PromiseFar, Red, due, day("2026-11-13")}, 2, true},
		{Finding{PromiseFar, Red, due, day("2026-11-13")}, 1, false},
		{Finding{SecondNotice, Yellow, calendar.Date{}, due}, 9, false},
		{Finding{PromiseNear, Amber, due, due}, 9, false},
	} {
		if got, err := Excuses(row.f, row.down, cal, Defaults); err != nil || got != row.want {
			t.Errorf("%+v with %d days down: %v, %v", row.f, row.down, got, err)
		}
	}
	// A silent line holds a card back, for as many days as it was silent.
	c := Card{Colour: Yellow, AnswerBy: day("2026-11-10")}
	for today, want := range map[string]bool{"2026-11-11": false, "2026-11-12": false, "2026-11-13": true} {
		if _, rose, err := Rise(c, cal, day(today), Defaults, 2); err != nil || rose != want {
			t.Errorf("on %s: rose %v, %v", today, rose, err)
		}
	}
}

// A case is late by two days, for which its line was down: the card is excused. It lies
// on, and on the third day its card comes, once.
func TestExcusedLinesOnlyShiftALimit(t *testing.T) {
	cal := calendartest.Calendar(t)
	day := func(text string) calendar.Date { return calendartest.Date(t, text) }
	due := day("2026-11-09")
	down := func(days int) func(Finding) bool {
		return func(f Finding) bool {
			ok, err := Excuses(f, days, cal, Defaults)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
	}
	var cards []Card
	look := func(today string, days int) []Card {
		on := day(today)
		issued, err := Issue("k", []Finding{{PromisePassed, Yellow, due, on}}, cards, cal, on, Defaults, down(days))
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, issued...)
		return issued
	}
	if got := look("2026-11-10", 2); len(got) != 1 || !got[0].Excused || got[0].ID != CardID("k", PromisePassed) {
		t.Fatalf("%+v", got)
	}
	if n := yellows(cards, nil); n != 0 {
		t.Errorf("%d yellow cards count", n)
	}
	if got := look("2026-11-11", 2); len(got) != 0 {
		t.Errorf("still excused: %+v", got)
	}
	got := look("2026-11-12", 2)
	if len(got) != 1 || got[0].Excused || got[0].ID != AgainID("k", PromisePassed) || got[0].AnswerBy.IsZero() || got[0].Due != due {
		t.Fatalf("three days late, two of them for the line: %+v", got)
	}
	if n := yellows(cards, nil); n != 1 {
		t.Errorf("%d yellow cards count", n)
	}
	for _, later := range []string{"2026-11-12", "2026-11-13"} {
		if got := look(later, 0); len(got) != 0 {
			t.Errorf("twice: %+v", got)
		}
	}
	if _, again := (Finding{PromisePassed, Yellow, due, day("2026-11-10")}).unjudged(cards[:1]); again {
		t.Error("done on the day of the card: it was judged")
	}
	body := func(c Card) *ledger.CardIssueV1 {
		return &ledger.CardIssueV1{Rule: string(c.Rule), Colour: string(c.Colour), Due: c.Due, On: c.On, AnswerBy: c.AnswerBy, Excused: c.Excused}
	}
	if _, err := New(&ledger.Entry{ID: cards[1].ID, Case: "k"}, body(cards[1])); err != nil {
		t.Error(err)
	}
	if _, err := New(&ledger.Entry{ID: AgainID("k", PromisePassed), Case: "k"}, body(cards[0])); err == nil {
		t.Error("a second card that is excused as well")
	}
}

// What a change of a case costs the county's watch.
func BenchmarkNextLook(b *testing.B) {
	cal := calendartest.Calendar(b)
	c := accepted(b)
	for b.Loop() {
		limits, err := c.Limits(item, cal)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := NextLook(c, limits, cal, Defaults, nil); err != nil {
			b.Fatal(err)
		}
	}
}
