package supervision

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

var item = &catalog.Item{PromisedWorkingDays: 5, StatutoryWorkingDays: 20}

func at(tb calendartest.TB, day string) int64 {
	return calendartest.Date(tb, day).Midnight().Add(9 * time.Hour).UnixMilli()
}

// accepted on Monday 2026-11-02: promised until 11-09, statutory until 11-30.
func accepted(tb calendartest.TB) *casework.Case {
	return &casework.Case{ID: "c", HandedInMS: at(tb, "2026-11-02"), AcceptedMS: at(tb, "2026-11-02"), AcceptedOn: calendartest.Date(tb, "2026-11-02"), Status: casework.Accepted}
}

func look(t *testing.T, c *casework.Case, day string, closed bool, cards ...Card) string {
	t.Helper()
	cal := calendartest.Calendar(t)
	limits, err := c.Limits(item, cal)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Look(c, limits, cal, Moment{calendartest.Date(t, day), closed}, Defaults, cards)
	if err != nil {
		t.Fatal(err)
	}
	text := []string{string(ColourOf(found))}
	for _, f := range found {
		text = append(text, string(f.Rule))
	}
	return strings.Join(text, " ")
}

// Nobody told in time: the law accepted the case on receipt, and supervision
// sees that the notice was late, beside the limits that run from then on.
func TestDeemedAcceptanceIsAFinding(t *testing.T) {
	c := accepted(t)
	c.AcceptedMS, c.Flags = at(t, "2026-11-10"), []string{casework.FlagDeemed}
	if got := look(t, c, "2026-11-10", false); !strings.Contains(got, string(NoticeLate)) || strings.HasPrefix(got, "green") {
		t.Errorf("%s", got)
	}
}

// domain.md section 5: amber, yellow, red.
//
// Rules: 2.13, 2.21, 2.40, 5.1, 5.2, 5.3.
func TestColours(t *testing.T) {
	for _, row := range []struct {
		what   string
		change func(*casework.Case)
		day    string
		closed bool
		want   string
	}{
		{"two days left", nil, "2026-11-05", true, "green"},
		{"one day left", nil, "2026-11-06", false, "amber promise_near"},
		{"the weekend before the last day", nil, "2026-11-08", false, "amber promise_near"},
		{"the last day", nil, "2026-11-09", true, "amber promise_near"},
		{"the day after", nil, "2026-11-10", false, "yellow promise_passed"},
		{"two working days over", nil, "2026-11-11", false, "yellow promise_passed"},
		{"three working days over", nil, "2026-11-12", false, "red promise_passed promise_far"},
		{"the last day of the law", nil, "2026-11-30", true, "red promise_passed promise_far"},
		{"past the law", nil, "2026-12-01", false, "red promise_passed promise_far statute_passed"},
		{"decided in time", func(c *casework.Case) { c.DecidedMS, c.DeliveredMS = at(t, "2026-11-09"), at(t, "2026-11-09") }, "2026-12-01", true, "green"},
		{"decided late, and looked at much later", func(c *casework.Case) { c.DecidedMS, c.DeliveredMS = at(t, "2026-11-10"), at(t, "2026-11-11") }, "2026-12-01", true, "yellow promise_passed"},
		{"not delivered", func(c *casework.Case) { c.DecidedMS = at(t, "2026-11-09") }, "2026-11-24", false, "yellow service_late"},
		{"not told what is missing", func(c *casework.Case) { c.AcceptedMS, c.AcceptedOn, c.Status = 0, calendar.Date{}, casework.HandedIn }, "2026-11-10", false, "yellow notice_late"},
		{"told in time", func(c *casework.Case) {
			c.AcceptedMS, c.AcceptedOn, c.Notice = 0, calendar.Date{}, &casework.Notice{On: calendartest.Date(t, "2026-11-09")}
		}, "2026-11-20", false, "green"},
		{"told twice", func(c *casework.Case) { c.Flags = []string{casework.FlagSecondNotice} }, "2026-11-03", false, "yellow second_notice"},
		{"a procedure took too long", func(c *casework.Case) { c.Flags = []string{casework.FlagLateResult} }, "2026-11-03", false, "yellow procedure_late"},
		{"a procedure without a result runs over", func(c *casework.Case) {
			c.Suspensions = []casework.Suspension{{Procedure: "听证", Lawful: true, From: calendartest.Date(t, "2026-11-03"), Until: calendartest.Date(t, "2026-11-05")}}
		}, "2026-11-06", false, "yellow procedure_late"},
		{"sent back without a reason", func(c *casework.Case) { c.Flags = []string{casework.FlagBareReturn} }, "2026-11-03", false, "yellow bare_return"},
		{"a hearing is held too late", func(c *casework.Case) { c.Flags = []string{casework.FlagHearingLate} }, "2026-11-03", false, "yellow hearing_late"},
		{"a renewal years off", func(c *casework.Case) {
			c.Renews = ledger.Renewal{Case: "c-0", Result: "1", Until: calendartest.Date(t, "2036-12-02")}
		}, "2026-11-03", false, "green"},
		{"a renewal that was not decided before it expired", func(c *casework.Case) {
			c.Renews = ledger.Renewal{Case: "c-0", Result: "1", Until: calendartest.Date(t, "2026-12-02")}
		}, "2026-12-03", false, "red promise_passed promise_far statute_passed renewal_passed"},
		{"two yellows make a red", func(c *casework.Case) { c.Flags = []string{casework.FlagLateResult, casework.FlagSecondNotice} }, "2026-11-03", false, "red second_notice procedure_late two_yellows"},
		{"instant, during the day", func(c *casework.Case) { c.Instant = true }, "2026-11-02", false, "green"},
		{"instant, at the close of business", func(c *casework.Case) { c.Instant = true }, "2026-11-02", true, "amber promise_near"},
		{"suspended", func(c *casework.Case) {
			c.Suspensions = []casework.Suspension{{Procedure: "听证", Lawful: true, From: calendartest.Date(t, "2026-11-03"), Until: calendartest.Date(t, "2026-11-20")}}
		}, "2026-11-12", false, "green"},
		{"told another day than a later calendar gives", func(c *casework.Case) { c.Told = ledger.Dues{Promised: calendartest.Date(t, "2026-11-11")} }, "2026-11-11", false, "amber promise_near"},
	} {
		c := accepted(t)
		if row.change != nil {
			row.change(c)
		}
		if got := look(t, c, row.day, row.closed); got != row.want {
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
	if got := look(t, accepted(t), "2026-11-10", false, Card{Rule: SecondNotice, Colour: Yellow}); got != "red promise_passed two_yellows" {
		t.Errorf("a second yellow beside a card: %s", got)
	}
}

// Whatever the order and however often a case is looked at, it has one card of
// each rule, none is taken back, and a card rises to the leader and no further.
//
// Rules: 5.5.
func TestCardsAreIssuedOnce(t *testing.T) {
	cal := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		c := accepted(t)
		if rapid.Bool().Draw(t, "noticed twice") {
			c.Flags = []string{casework.FlagSecondNotice}
		}
		limits, err := c.Limits(item, cal)
		if err != nil {
			t.Fatal(err)
		}
		var cards []Card
		day := calendartest.Date(t, "2026-11-02")
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			day = day.AddDays(rapid.IntRange(0, 4).Draw(t, "days"))
			found, err := Look(c, limits, cal, Moment{day, rapid.Bool().Draw(t, "closed")}, Defaults, cards)
			if err != nil {
				t.Fatal(err)
			}
			issued, err := Issue(c.ID, found, cards, cal, day, Defaults, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range issued {
				if slices.ContainsFunc(cards, func(c Card) bool { return c.Rule == i.Rule }) || i.Colour != Amber && !i.AnswerBy.After(day) {
					t.Fatalf("issued again, or without time to answer: %+v", i)
				}
			}
			cards = append(cards, issued...)
			for n := range cards {
				before := cards[n]
				risen, rose, err := Rise(before, cal, day, Defaults, 0)
				if err != nil {
					t.Fatal(err)
				}
				if rose != (risen.Level == before.Level+1) || risen.Level > InCharge || rose && (before.Colour == Amber || !day.After(before.AnswerBy)) {
					t.Fatalf("%+v rose to %+v", before, risen)
				}
				cards[n] = risen
			}
		}
	})
}

// Rules: 5.5.
func TestAnsweredCardStays(t *testing.T) {
	cal := calendartest.Calendar(t)
	c := Card{Colour: Red, AnswerBy: calendartest.Date(t, "2026-11-10")}
	for name, change := range map[string]func(*Card){"answered": func(c *Card) { c.Answered = true }, "closed": func(c *Card) { c.Closed = true }, "in time": func(c *Card) { c.AnswerBy = calendartest.Date(t, "2026-11-20") }} {
		card := c
		change(&card)
		if _, rose, err := Rise(card, cal, calendartest.Date(t, "2026-11-12"), Defaults, 0); rose || err != nil {
			t.Errorf("%s: rose %v, %v", name, rose, err)
		}
	}
	risen, rose, err := Rise(c, cal, calendartest.Date(t, "2026-11-12"), Defaults, 0)
	if err != nil || !rose || risen.Level != OfficeHead || fmt.Sprint(risen.AnswerBy) != "2026-11-16" {
		t.Errorf("%+v %v %v", risen, rose, err)
	}
}
