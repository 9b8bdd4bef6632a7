package rating_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

func day(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func code(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	return ""
}

// Handbook section 6: grades 1 and 2 are bad, of the institution, the platform
// or the person.
//
// Rules: 6.1.
func TestBad(t *testing.T) {
	for _, c := range []struct {
		institution, platform, person ledger.Grade
		want                          bool
	}{{5, 0, 0, false}, {3, 3, 3, false}, {2, 0, 0, true}, {5, 1, 0, true}, {5, 5, 2, true}} {
		r := rating.Rating{Institution: c.institution, Platform: c.platform, Person: c.person}
		if r.Bad() != c.want {
			t.Errorf("%+v: %v", c, r.Bad())
		}
	}
}

// Handbook section 6: one rating per visit. The visit at which a joint matter was
// handed in is one, whichever of its cases the rating names.
//
// Rules: 6.2.
func TestVisitIsAboutItsCases(t *testing.T) {
	number := func(of string) string { return strings.Repeat(of, 29) }
	members := &ledger.PackageSubmitV1{Number: number("0"), Package: "P", Version: 1, Department: "县民政局", Division: "330523110200", HandedInAt: "330523110200",
		Applicant: ledger.Applicant{Type: "person", Name: "王芳"},
		Members:   []ledger.PackageMember{{Item: "A", ItemVersion: 1, Number: number("1")}, {Item: "B", ItemVersion: 2, Number: number("2")}}}
	visit := func(kind ledger.Kind, body ledger.Body) *ledger.Entry {
		e := &ledger.Entry{ID: "visit", Case: "opened", Origin: "village-330523110200-1", OccurredAt: 1, Kind: kind, V: 1, Actor: identity.Actor{Staff: "desk"}}
		var err error
		if e.Body, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
		return e
	}
	handedIn := visit(ledger.PackageSubmit, members)
	office := rating.Office{Division: "330523110200", Item: "P"}
	for name, c := range map[string]struct {
		visit *ledger.Entry
		of    string
		want  string
	}{
		"its case":                       {visit(ledger.CaseSubmit, &ledger.CaseSubmitV1{}), "opened", ""},
		"another case":                   {visit(ledger.CaseSubmit, &ledger.CaseSubmitV1{}), "other", "occasion_unknown"},
		"the joint matter":               {handedIn, "opened", ""},
		"its first case":                 {handedIn, joint.MemberID("visit", "A"), ""},
		"its last case":                  {handedIn, joint.MemberID("visit", "B"), ""},
		"an item it did not ask for":     {handedIn, joint.MemberID("visit", "C"), "occasion_unknown"},
		"a case of another joint matter": {handedIn, joint.MemberID("other", "A"), "occasion_unknown"},
		"a member, not at its hand-in":   {visit(ledger.CaseSupplement, members), joint.MemberID("visit", "A"), "occasion_unknown"},
		"no visit":                       {visit(ledger.CaseComment, &ledger.CaseCommentV1{}), "opened", "occasion_unknown"},
		"what is not here":               {nil, "opened", "occasion_unknown"},
	} {
		r, err := rating.Give(&ledger.Entry{ID: "rating"}, &ledger.RatingGiveV1{Case: c.of, Occasion: "visit", Institution: 5}, c.visit, office)
		if got := code(err); got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
			continue
		}
		if err == nil && (r.Case != c.of || r.Occasion != "visit" || r.Staff != "desk" || r.Item != "P") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// An online hand-in is rated as every visit, but for the person: its actor is the
// applicant.
//
// Rules: 6.5.
func TestNobodyServedOnline(t *testing.T) {
	e := &ledger.Entry{ID: "visit", Case: "opened", Kind: ledger.CaseSubmit, V: 1, Actor: identity.Actor{Staff: "account", Role: identity.Applicant}}
	give := ledger.RatingGiveV1{Case: "opened", Occasion: "visit", Institution: 5, Platform: 4}
	r, err := rating.Give(&ledger.Entry{ID: "rating"}, &give, e, rating.Office{})
	if err != nil || r.Staff != "" || r.Platform != 4 {
		t.Errorf("%+v %v", r, err)
	}
	give.Person = 1
	if _, err := rating.Give(&ledger.Entry{ID: "rating"}, &give, e, rating.Office{}); code(err) != "rating_online" {
		t.Errorf("the applicant's own account was rated as the person: %v", err)
	}
}

// What a supervisor may do, state by state.
//
// Rules: 6.5.
func TestSteps(t *testing.T) {
	bad := func(change func(*rating.Rating)) *rating.Rating {
		r := &rating.Rating{Institution: 1}
		if change != nil {
			change(r)
		}
		return r
	}
	verified := func(r *rating.Rating) { r.Contact = &rating.Contact{Verified: true} }
	unverified := func(r *rating.Rating) { r.Contact = &rating.Contact{} }
	reported := func(r *rating.Rating) { verified(r); r.Report = &rating.Report{} }
	ordered, done := &rating.Rectification{}, &rating.Rectification{DoneMS: 1}
	for _, c := range []struct {
		name                   string
		r                      *rating.Rating
		fix                    *rating.Rectification
		state                  rating.State
		contact, order, report string
	}{
		{"good", &rating.Rating{Institution: 4}, nil, rating.None, "rating_not_bad", "rating_not_bad", "rating_not_bad"},
		{"opened", bad(nil), nil, rating.Opened, "", "rating_step", "rating_step"},
		{"verified", bad(verified), nil, rating.Contacted, "rating_step", "", "rating_unrectified"},
		{"not verified", bad(unverified), nil, rating.Contacted, "rating_step", "rating_unverified", ""},
		{"ordered", bad(verified), ordered, rating.Ordered, "rating_step", "rating_step", "rating_step"},
		{"rectified", bad(verified), done, rating.Rectified, "rating_step", "rating_step", ""},
		{"reported", bad(reported), done, rating.Reported, "rating_finished", "rating_finished", "rating_finished"},
	} {
		if got := rating.StateOf(c.r, c.fix); got != c.state {
			t.Errorf("%s: state %q", c.name, got)
		}
		for kind, want := range map[ledger.Kind]string{ledger.RatingContact: c.contact, ledger.RatingOrder: c.order, ledger.RatingReport: c.report} {
			if got := code(rating.May(kind, c.r, c.fix)); got != want {
				t.Errorf("%s: %s: %q, want %q", c.name, kind, got, want)
			}
		}
	}
}

// A call-back that reached nobody leaves what is owed to be done; after three attempts
// on two days the matter goes on without the rater's word.
//
// Rules: 6.5, 6.6.
func TestAttempts(t *testing.T) {
	at := func(day, hour int) int64 {
		return time.Date(2026, 11, day, hour, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()
	}
	r := &rating.Rating{Institution: 1, GivenMS: at(23, 9)}
	for i, call := range []struct {
		day, hour   int
		unreachable bool
	}{{23, 10, false}, {23, 11, false}, {23, 12, false}, {24, 9, true}} {
		r.Called(rating.Contact{Entry: string(rune('a' + i)), Channel: ledger.ByPhone, AtMS: at(call.day, call.hour)})
		want := map[bool]string{true: "", false: "rating_step"}[call.unreachable]
		if rating.StateOf(r, nil) != rating.Opened || r.Unreachable() != call.unreachable || len(r.Attempts) != i+1 ||
			code(rating.May(ledger.RatingReport, r, nil)) != want || code(rating.May(ledger.RatingOrder, r, nil)) != want || rating.May(ledger.RatingContact, r, nil) != nil {
			t.Errorf("after %d attempts: %+v", i+1, r)
		}
	}
	r.Called(rating.Contact{Entry: "a", Channel: ledger.ByVisit, AtMS: at(23, 10)})
	if len(r.Attempts) != 4 {
		t.Errorf("an entry that is applied again counts twice: %+v", r.Attempts)
	}
	r.Called(rating.Contact{Entry: "z", Channel: ledger.ByPhone, AtMS: at(24, 10), Reached: true, Verified: true})
	if rating.StateOf(r, nil) != rating.Contacted || r.Unreachable() || r.Contact.Channel != ledger.ByPhone || code(rating.May(ledger.RatingReport, r, nil)) != "rating_unrectified" {
		t.Errorf("reached at last: %+v", r)
	}
	for _, c := range []struct {
		at   int64
		want string
	}{{at(23, 9), ""}, {at(23, 9) - 1000, ""}, {at(23, 8), "contact_time"}, {at(24, 9) + 1000, ""}, {at(24, 10), "contact_time"}} {
		if got := code(rating.CheckCall(c.at, r.GivenMS, at(24, 9), 60_000)); got != c.want {
			t.Errorf("called at %d: %q, want %q", c.at, got, c.want)
		}
	}
}

func TestMayAnswer(t *testing.T) {
	by := identity.Actor{Staff: "leader"}
	for _, c := range []struct {
		kind  ledger.Kind
		fix   *rating.Rectification
		rated string
		want  string
	}{
		{ledger.RatingRectify, nil, "", "rectification_unknown"},
		{ledger.RatingRectify, &rating.Rectification{}, "leader", "rated_person"},
		{ledger.RatingRectify, &rating.Rectification{}, "clerk", ""},
		{ledger.RatingRectify, &rating.Rectification{DoneMS: 1}, "", "rating_step"},
		{ledger.RatingContest, &rating.Rectification{DoneMS: 1}, "", ""},
		{ledger.RatingContest, &rating.Rectification{ContestMS: 1}, "", "rating_step"},
	} {
		if got := code(rating.MayAnswer(c.kind, c.fix, c.rated, by)); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// One working day to contact and five to finish, over the National Day holiday.
//
// Rules: 6.6.
func TestDue(t *testing.T) {
	r := rating.Rating{Institution: 1, GivenMS: time.Date(2026, 9, 29, 15, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()}
	contact, finish, err := r.Due(rating.DefaultRules, calendartest.Calendar(t))
	if err != nil || contact != day(t, "2026-09-30") || finish != day(t, "2026-10-12") {
		t.Errorf("%s, %s, %v", contact, finish, err)
	}
	for today, want := range map[string]string{"2026-09-30": "2026-10-12", "2026-10-12": "2026-10-12", "2026-10-13": "2026-10-20"} {
		if last, err := r.OrderUntil(rating.DefaultRules, calendartest.Calendar(t), day(t, today)); err != nil || last != day(t, want) {
			t.Errorf("ordered on %s until %s, %v", today, last, err)
		}
	}
	for _, c := range []struct {
		state rating.State
		today string
		want  bool
	}{{rating.Opened, "2026-09-30", false}, {rating.Opened, "2026-10-01", true}, {rating.Contacted, "2026-10-12", false},
		{rating.Ordered, "2026-10-13", true}, {rating.Reported, "2026-12-01", false}, {rating.None, "2026-12-01", false}} {
		if got := rating.Overdue(c.state, contact, finish, day(t, c.today)); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Satisfaction is grades 3 to 5 of rated, rectification rectified of bad
// (handbook section 6), and no rating is lost between the two.
//
// Rules: 6.9.
func TestFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f rating.Figures
		n := rapid.IntRange(0, 50).Draw(t, "n")
		good, bad, fixed := int64(0), int64(0), int64(0)
		for range n {
			r := rating.Rating{Institution: ledger.Grade(rapid.IntRange(1, 5).Draw(t, "grade")), Person: ledger.Grade(rapid.IntRange(0, 5).Draw(t, "person"))}
			var fix *rating.Rectification
			if r.Institution <= 2 || r.Person == 1 || r.Person == 2 {
				bad++
				if rapid.Bool().Draw(t, "fixed") {
					fix = &rating.Rectification{DoneMS: 1}
					fixed++
				}
			} else {
				good++
			}
			f.Add(&r, fix)
		}
		sum := int64(0)
		for _, g := range f.Grades {
			sum += g
		}
		if f.Rated != int64(n) || sum != f.Rated || f.Satisfied != good || f.Bad != bad || f.Rectified != fixed || f.Satisfied+f.Bad != f.Rated {
			t.Fatalf("%+v: %d good, %d bad, %d fixed", f, good, bad, fixed)
		}
		if n == 0 && f.Satisfaction() != -1 || n > 0 && f.Satisfaction() != good*1000/int64(n) {
			t.Fatalf("satisfaction %d", f.Satisfaction())
		}
	})
}
