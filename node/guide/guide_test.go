package guide

import (
	"errors"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

const (
	county  division.Code = "330523"
	town    division.Code = "330523110"
	village division.Code = "330523110200"
)

func by(staff string, at int64) *ledger.Entry {
	return &ledger.Entry{ID: staff + strconv.FormatInt(at, 10), OccurredAt: at, Actor: identity.Actor{Staff: staff, Name: staff}}
}

func code(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func asked() *Guide {
	return New(by("first", 1795395600000), &ledger.GuideOpenV1{Guide: "g", Division: village, About: "低保怎么办"})
}

// domain.md section 4, first-asked responsibility: the first person asked answers,
// or takes the visitor to the responsible window and logs the hand-over; until that
// window accepts, they stay responsible.
//
// Rules: 4.4.
func TestFirstAskedStaysResponsible(t *testing.T) {
	g := asked()
	must := func(e *ledger.Entry, body ledger.Body, from division.Code, want string) {
		t.Helper()
		next, err := Apply(g, e, body, from)
		if got := code(err); got != want {
			t.Fatalf("%T: %q, want %q", body, got, want)
		}
		if err == nil {
			g = next
		}
	}
	must(by("clerk", 2), &ledger.GuideAcceptV1{Guide: "g"}, town, "guide_not_handed")
	must(by("clerk", 1), &ledger.GuideHandV1{Guide: "g", To: county}, town, "guide_elsewhere")
	must(by("first", 2), &ledger.GuideHandV1{Guide: "g", To: village}, village, "guide_same")
	must(by("first", 2), &ledger.GuideHandV1{Guide: "g", To: "330523111"}, village, "guide_line")
	must(by("first", 2), &ledger.GuideHandV1{Guide: "g", To: town, Note: "已陪同前往"}, village, "")
	if g.State != Handed || g.Responsible.Staff != "first" {
		t.Errorf("%+v", g)
	}
	must(by("other", 3), &ledger.GuideAcceptV1{Guide: "g"}, county, "guide_not_handed")
	must(by("clerk", 3), &ledger.GuideAcceptV1{Guide: "g"}, town, "")
	if g.State != Open || g.Responsible.Staff != "clerk" || g.First.Staff != "first" || g.At.Division != town || g.Moves[0].AcceptedMS != 3 {
		t.Errorf("%+v", g)
	}
	must(by("first", 4), &ledger.GuideCloseV1{Guide: "g", Answer: "已答复"}, village, "guide_elsewhere")
	before := len(g.Moves)
	if again, err := Apply(g, by("first", 2), &ledger.GuideHandV1{Guide: "g", To: town, Note: "已陪同前往"}, village); err != nil || len(again.Moves) != before || again.State != Open {
		t.Errorf("what comes again changed it: %+v, %v", again, err)
	}
	must(by("clerk", 4), &ledger.GuideCloseV1{Guide: "g", Case: "c-1"}, town, "")
	must(by("clerk", 5), &ledger.GuideCloseV1{Guide: "g", Answer: "x"}, town, "guide_closed")
	if (&ledger.GuideCloseV1{Guide: "g"}).Check() == nil {
		t.Error("it ends with nothing")
	}
}

// It is late after one working day (convention): asked on a Monday, due on the
// Tuesday; over National Day, on the first working day after.
func TestGuidanceIsLateAfterAWorkingDay(t *testing.T) {
	cal := calendartest.Calendar(t)
	for asked, want := range map[string]string{"2026-11-23": "2026-11-24", "2026-11-27": "2026-11-30", "2026-09-30": "2026-10-08"} {
		g := &Guide{State: Open, SinceMS: calendartest.Date(t, asked).Midnight().UnixMilli()}
		due, err := g.Due(cal)
		if err != nil || due.String() != want {
			t.Errorf("asked on %s: due %s (%v), want %s", asked, due, err, want)
		}
	}
	if due, err := (&Guide{State: Closed}).Due(cal); err != nil || !due.IsZero() {
		t.Errorf("%s %v", due, err)
	}
}

// Whatever is done with it: until it is closed exactly one person is responsible,
// and only the window it was taken to takes that over.
func TestSomebodyIsAlwaysResponsible(t *testing.T) {
	places := []division.Code{county, town, village}
	rapid.Check(t, func(t *rapid.T) {
		g := asked()
		for n := range rapid.IntRange(1, 30).Draw(t, "entries") {
			from, staff := rapid.SampledFrom(places).Draw(t, "from"), rapid.SampledFrom([]string{"first", "a", "b"}).Draw(t, "staff")
			body := rapid.SampledFrom([]ledger.Body{&ledger.GuideHandV1{Guide: "g", To: rapid.SampledFrom(places).Draw(t, "to")}, &ledger.GuideAcceptV1{Guide: "g"},
				&ledger.GuideHandV1{Guide: "g", To: county, Department: "县民政局"}, &ledger.GuideCloseV1{Guide: "g", Answer: "x"}}).Draw(t, "body")
			next, err := Apply(g, by(staff, int64(n)), body, from) // each entry has an id of its own
			if err != nil {
				continue
			}
			_, accepted := body.(*ledger.GuideAcceptV1)
			switch {
			case next.Responsible.Staff == "" || next.First.Staff != "first":
				t.Fatalf("nobody is responsible: %+v", next)
			case !accepted && next.Responsible != g.Responsible:
				t.Fatalf("%T made %s responsible", body, next.Responsible.Staff)
			case accepted && (g.State != Handed || from != g.To.Division || next.At != g.To):
				t.Fatalf("accepted at %s: %+v", from, g)
			case g.State == Closed:
				t.Fatal("something happened after the end")
			}
			g = next
		}
	})
}
