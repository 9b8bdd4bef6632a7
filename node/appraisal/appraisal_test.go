package appraisal

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The shipped scorecard is one that an entry could set: what gives points adds up
// to a hundred.
func TestDefaultScorecard(t *testing.T) {
	b := &ledger.AppraisalScorecardV1{From: Default.From, Offices: Default.Offices, Persons: Default.Persons, Reason: "默认"}
	b.From = "2026-01"
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	for _, c := range slices.Concat(Default.Offices, Default.Persons) {
		if Measures[c.Measure][0] == "" {
			t.Errorf("%s has no words", c.Measure)
		}
	}
	for _, name := range slices.Concat(ledger.AppraisalGiving, ledger.AppraisalTaking, []string{ledger.AppraisalManual}) {
		if Measures[name][0] == "" || Measures[name][1] == "" {
			t.Errorf("%s has no words", name)
		}
	}
}

func TestScore(t *testing.T) {
	person := func(f ledger.AppraisalFigures) ledger.AppraisalFigures {
		f.Volume = 10
		return f
	}
	perfect := person(ledger.AppraisalFigures{Decided: 10, OnTime: 10, Early: 10, Rated: 5, Satisfied: 5, HalfDays: 40, Present: 40})
	for name, c := range map[string]struct {
		change func(*ledger.AppraisalFigures)
		want   int
	}{
		"all in order":                  {func(*ledger.AppraisalFigures) {}, 100_00},
		"nothing rated: scaled up":      {func(f *ledger.AppraisalFigures) { f.Rated, f.Satisfied = 0, 0 }, 100_00},
		"one of ten late":               {func(f *ledger.AppraisalFigures) { f.OnTime, f.Early, f.Overdue = 9, 9, 1 }, 84_21}, // 15 of the 30 points in time, of 95 in all
		"half of them early":            {func(f *ledger.AppraisalFigures) { f.Early = 5 }, 100_00},
		"a yellow card":                 {func(f *ledger.AppraisalFigures) { f.Yellow = 1 }, 98_00},
		"yellow cards take ten at most": {func(f *ledger.AppraisalFigures) { f.Yellow = 9 }, 90_00},
		"a red card":                    {func(f *ledger.AppraisalFigures) { f.Red = 1 }, 95_00},
		"a bad rating, put right":       {func(f *ledger.AppraisalFigures) { f.Rated, f.Bad, f.Rectified = 6, 1, 1 }, 86_47}, // 833 of a thousand satisfied: 2.47 of 15; and one taken off
		"half a day absent":             {func(f *ledger.AppraisalFigures) { f.Present = 39 }, 95_05},
		"plus":                          {func(f *ledger.AppraisalFigures) { f.Plus = 2_50 }, 102_50},
		"by hand five at most":          {func(f *ledger.AppraisalFigures) { f.Minus = 50_00 }, 95_00},
		"three of ten sent for more":    {func(f *ledger.AppraisalFigures) { f.Corrected = 3 }, 89_47},
		"cards may take all, and no more": {func(f *ledger.AppraisalFigures) {
			*f = ledger.AppraisalFigures{Volume: 10, Corrected: 10, Overdue: 10, Red: 9, Yellow: 9}
		}, 0},
	} {
		f := perfect
		c.change(&f)
		rows := []ledger.AppraisalRow{{Of: ledger.Appraised{Kind: "person", Staff: "a"}, Figures: f}}
		Compute(rows, &Default)
		if rows[0].Score != c.want {
			t.Errorf("%s: %d %v, want %d", name, rows[0].Score, rows[0].Points, c.want)
		}
	}
}

// Whatever the order in which figures are found, the rows, points and ranks are
// the same; no score is out of bounds, and none is for nothing.
func TestComputeIsOfTheFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []ledger.AppraisalRow
		for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
			n := rapid.Int64Range(0, 50)
			f := ledger.AppraisalFigures{Volume: n.Draw(t, "volume"), OnTime: n.Draw(t, "on time"), Overdue: n.Draw(t, "overdue"), Corrected: n.Draw(t, "corrected"), Yellow: n.Draw(t, "yellow"), Red: n.Draw(t, "red"),
				Rated: n.Draw(t, "rated"), HalfDays: n.Draw(t, "half days"), Plus: n.Draw(t, "plus"), Minus: n.Draw(t, "minus")}
			f.Early, f.Satisfied, f.Present = f.OnTime/2, f.Rated/2, f.HalfDays/2
			f.Bad = f.Rated - f.Satisfied
			rows = append(rows, ledger.AppraisalRow{Of: ledger.Appraised{Kind: rapid.SampledFrom(ledger.AppraisedKinds).Draw(t, "kind"), Staff: string(rune('a' + i))}, Figures: f})
		}
		other := rapid.Permutation(rows).Draw(t, "order")
		other = slices.Clone(other)
		Compute(rows, &Default)
		Compute(other, &Default)
		a, err := Hash(rows, &Default)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := Hash(other, &Default); a != b {
			t.Fatalf("%+v and %+v", rows, other)
		}
		for _, r := range rows {
			if r.Score < 0 || r.Score > 120_00 || r.Rank < 1 || r.Rank > len(rows) {
				t.Fatalf("%+v", r)
			}
			for i, c := range Default.For(r.Of.Kind) {
				if p := r.Points[i]; p > c.Points || p < -c.Points {
					t.Fatalf("%s gives %d", c.Measure, p)
				}
			}
		}
	})
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

// Draft, signature of a second person, publication; then frozen.
func TestSteps(t *testing.T) {
	december := time.Date(2026, 12, 3, 9, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()
	by := func(staff string) Step { return Step{By: identity.Actor{Staff: staff}} }
	signed, public := by("b"), by("a")
	draft := &Appraisal{Month: "2026-11", Edition: 1, Hash: "h", Drafted: by("a")}
	afterSign := &Appraisal{Month: "2026-11", Edition: 1, Hash: "h", Drafted: by("a"), Signed: &signed}
	afterPublic := &Appraisal{Month: "2026-11", Edition: 1, Hash: "h", Drafted: by("a"), Signed: &signed, Public: &public}
	edition := func(month string, n int) *ledger.AppraisalDraftV1 {
		return &ledger.AppraisalDraftV1{Month: month, Edition: n}
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"the first draft":              {MayDraft(edition("2026-11", 1), nil, december), ""},
		"a month under way":            {MayDraft(edition("2026-12", 1), nil, december), "appraisal_month"},
		"drafted anew":                 {MayDraft(edition("2026-11", 1), draft, december), ""},
		"drafted anew after signing":   {MayDraft(edition("2026-11", 1), afterSign, december), ""},
		"changing what is published":   {MayDraft(edition("2026-11", 1), afterPublic, december), "appraisal_edition"},
		"correcting what is published": {MayDraft(edition("2026-11", 2), afterPublic, december), ""},
		"an edition ahead":             {MayDraft(edition("2026-11", 2), draft, december), "appraisal_edition"},
		"signing":                      {MaySign("h", draft, "b"), ""},
		"signing one's own":            {MaySign("h", draft, "a"), "appraisal_own"},
		"signing another draft":        {MaySign("x", draft, "b"), "appraisal_stale"},
		"signing twice":                {MaySign("h", afterSign, "c"), "appraisal_signed"},
		"signing nothing":              {MaySign("h", nil, "c"), "appraisal_unknown"},
		"publishing":                   {MayPublish("h", afterSign), ""},
		"publishing unsigned":          {MayPublish("h", draft), "appraisal_unsigned"},
		"publishing twice":             {MayPublish("h", afterPublic), "appraisal_published"},
		"publishing another":           {MayPublish("x", afterSign), "appraisal_stale"},
		"objecting":                    {MayObject(nil, true), ""},
		"objecting to nothing":         {MayObject(nil, false), "appraisal_unpublished"},
		"objecting twice":              {MayObject(&Objection{}, true), "appraisal_objected"},
		"answering oneself":            {MayAnswer(&Objection{By: identity.Actor{Staff: "a"}}, "a"), "appraisal_own"},
		"answering twice":              {MayAnswer(&Objection{Answer: &Answer{}}, "a"), "appraisal_answered"},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A case counts once for each who had a hand in it, in the month in which it came
// to an end; who sent for more papers is noted.
func TestWorkOf(t *testing.T) {
	at := time.Date(2026, 11, 30, 23, 30, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()
	due := func(text string) calendar.Date {
		d, err := calendar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	c := &casework.Case{Hands: []string{"a", "b"}, AcceptedMS: at}
	if got := WorkOf(c); len(got) != 0 {
		t.Errorf("under way: %+v", got)
	}
	c.DecidedMS, c.Decision, c.Told.Promised = at, casework.Granted, due("2026-11-30")
	c.Notice = &casework.Notice{By: identity.Actor{Staff: "b"}}
	got := WorkOf(c)
	want := []Work{{Staff: "a", Month: "2026-11", Cases: 1, Decided: 1, OnTime: 1}, {Staff: "b", Month: "2026-11", Cases: 1, Decided: 1, OnTime: 1, Corrected: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	c.Told.Promised = due("2026-11-27")
	if got := WorkOf(c); got[0].Overdue != 1 || got[0].OnTime != 0 {
		t.Errorf("late: %+v", got)
	}
	c.Told.Promised = due("2026-12-01")
	if got := WorkOf(c); got[0].Early != 1 {
		t.Errorf("early: %+v", got)
	}
	if got := WorkOf(&casework.Case{Hands: []string{"a"}, TerminatedMS: at}); len(got) != 1 || got[0].Decided != 0 || got[0].Cases != 1 {
		t.Errorf("ended without a decision: %+v", got)
	}
}

// Attendance: leave is no working time; who is on duty elsewhere is at work.
func TestAttended(t *testing.T) {
	var f ledger.AppraisalFigures
	Attended(&f, ledger.Present, ledger.Away, ledger.Leave, ledger.Absent, "")
	if f.HalfDays != 3 || f.Present != 2 {
		t.Errorf("%+v", f)
	}
}
