package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
)

// Rules: 2.31.
func TestIsWorkingDay(t *testing.T) {
	c := calendartest.Calendar(t)
	rows := []struct {
		date    string
		working bool
	}{
		{"2026-09-18", true},  // an ordinary Friday
		{"2026-09-19", false}, // an ordinary Saturday
		{"2026-09-20", true},  // a Sunday worked for National Day
		{"2026-09-25", false}, // Mid-Autumn, a Friday
		{"2026-02-14", true},  // a Saturday worked for Spring Festival
		{"2026-10-07", false}, // a Wednesday of National Day
		{"2024-09-29", true},
		{"2025-10-08", false},
	}
	for _, row := range rows {
		if got, err := c.IsWorkingDay(mustDate(t, row.date)); err != nil || got != row.working {
			t.Errorf("IsWorkingDay(%s) = %v, %v", row.date, got, err)
		}
	}
	var missing *calendar.MissingYearError
	if _, err := c.IsWorkingDay(mustDate(t, "2028-01-03")); !errors.As(err, &missing) || missing.Year != 2028 {
		t.Errorf("a year the calendar does not hold: %v", err)
	}
	if _, err := c.IsWorkingDay(calendar.Date{}); err == nil {
		t.Error("no date is a working day")
	}
	if !c.IsProvisional(2027) || c.IsProvisional(2026) || c.IsProvisional(2028) || len(c.Years()) != 4 {
		t.Error("IsProvisional or Years is wrong")
	}
}

// The worked vectors of the domain handbook, section 2.
//
// Rules: 2.22, 2.32, 2.41.
func TestWorkedVectors(t *testing.T) {
	c := calendartest.Calendar(t)
	expert := []calendar.Suspension{{Start: mustDate(t, "2026-04-28"), End: mustDate(t, "2026-05-12"), Reason: "专家评审"}}
	extended := calendar.Extension{Days: 10, Approved: mustDate(t, "2026-11-02")}
	rows := []struct {
		name   string
		start  string
		days   int
		period calendar.Period
		due    string
	}{
		{"5 days, a Sunday worked", "2026-09-18", 5, calendar.Period{}, "2026-09-24"},
		{"20 days with expert review", "2026-04-24", 20, calendar.Period{Suspensions: expert}, "2026-06-05"},
		{"20 days without it", "2026-04-24", 20, calendar.Period{}, "2026-05-26"},
		{"5 days over National Day", "2026-09-29", 5, calendar.Period{}, "2026-10-12"},
		{"20 days over National Day", "2026-09-29", 20, calendar.Period{}, "2026-11-02"},
		{"20+10 days over National Day", "2026-09-29", 20, calendar.Period{Extension: extended}, "2026-11-16"},
		{"notice limit", "2026-02-11", 5, calendar.Period{}, "2026-02-25"},
		{"deemed accepted", "2026-02-11", 20, calendar.Period{}, "2026-03-17"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			row.period.Start, row.period.Days = mustDate(t, row.start), row.days
			result, err := c.Due(row.period)
			if err != nil || result.Due.String() != row.due {
				t.Fatalf("due %s, %v; want %s\n%s", result.Due, err, row.due, result.Explanation())
			}
			if len(result.Provisional) != 0 || result.Warning() != "" {
				t.Errorf("warned of %v", result.Provisional)
			}
			left, err := c.WorkingDaysBetween(result.Start, result.Due, row.period.Suspensions...)
			if err != nil || left != result.Limit {
				t.Errorf("%d working days to the due date, %v; want %d", left, err, result.Limit)
			}
		})
	}
}

// Rules: 2.33.
func TestDueExplains(t *testing.T) {
	c := calendartest.Calendar(t)
	result := mustDue(t, c, calendar.Period{
		Start: mustDate(t, "2026-09-18"), Days: 6,
		Suspensions: []calendar.Suspension{{Start: mustDate(t, "2026-09-22"), End: mustDate(t, "2026-09-23"), Reason: "检验"}},
	})
	want := `2026-09-18 星期五 起始日，不计入
2026-09-19 星期六 周末
2026-09-20 星期日 调休上班（国庆节） 第1日
2026-09-21 星期一 第2日
2026-09-22 星期二 第3日
2026-09-23 星期三 特别程序，不计时（检验）
2026-09-24 星期四 第4日
2026-09-25 星期五 节假日（中秋节）
2026-09-26 星期六 节假日（中秋节）
2026-09-27 星期日 节假日（中秋节）
2026-09-28 星期一 第5日
2026-09-29 星期二 第6日
到期日 2026-09-29（下班前）`
	if got := result.Explanation(); got != want {
		t.Errorf("explanation:\n%s\nwant:\n%s", got, want)
	}
	want = `2026-09-18 Friday, the starting day, not counted
2026-09-19 Saturday, weekend
2026-09-20 Sunday, worked instead of a holiday (国庆节), day 1
2026-09-21 Monday, day 2
2026-09-22 Tuesday, day 3
2026-09-23 Wednesday, special procedure, not counted (检验)
2026-09-24 Thursday, day 4
2026-09-25 Friday, holiday (中秋节)
2026-09-26 Saturday, holiday (中秋节)
2026-09-27 Sunday, holiday (中秋节)
2026-09-28 Monday, day 5
2026-09-29 Tuesday, day 6
due 2026-09-29, until the close of business`
	if got := result.EnglishExplanation(); got != want {
		t.Errorf("explanation:\n%s\nwant:\n%s", got, want)
	}
}

func TestResultJSON(t *testing.T) {
	c := calendartest.Calendar(t)
	data, err := json.Marshal(mustDue(t, c, calendar.Period{Start: mustDate(t, "2026-10-09"), Days: 2}))
	want := `{"due":"2026-10-12","start":"2026-10-09","limit":2,"counted":2,"days":[` +
		`{"date":"2026-10-09","mark":"start"},{"date":"2026-10-10","mark":"makeup","name":"国庆节","count":1},` +
		`{"date":"2026-10-11","mark":"weekend"},{"date":"2026-10-12","mark":"counted","count":2}]}`
	if err != nil || string(data) != want {
		t.Errorf("JSON = %s, %v", data, err)
	}
}

// Rules: 2.35.
func TestOpenSuspension(t *testing.T) {
	c := calendartest.Calendar(t)
	p := calendar.Period{Start: mustDate(t, "2026-09-29"), Days: 5,
		Suspensions: []calendar.Suspension{{Start: mustDate(t, "2026-10-08")}}}
	held := mustDue(t, c, p)
	if !held.Due.IsZero() || held.Counted != 2 || held.Suspended.String() != "2026-10-08" || !strings.Contains(held.Explanation(), "暂无到期日") {
		t.Errorf("held: %+v", held)
	}
	if last := held.Days[len(held.Days)-1].Date; last != held.Suspended {
		t.Errorf("explained to %s, held since %s", last, held.Suspended)
	}
	twice := p
	twice.Suspensions = append([]calendar.Suspension{{Start: mustDate(t, "2026-10-09")}}, p.Suspensions...)
	if got := mustDue(t, c, twice); got.Suspended != held.Suspended || len(got.Days) != len(held.Days) {
		t.Errorf("held twice: since %s, want the earlier %s", got.Suspended, held.Suspended)
	}
	if data, err := json.Marshal(held); err != nil || strings.Contains(string(data), `"due"`) {
		t.Errorf("a held clock has a due date: %s, %v", data, err)
	}
	p.Days = 2 // the last day is the day the notice was issued, which counts
	if over := mustDue(t, c, p); over.Due.String() != "2026-10-08" || !over.Suspended.IsZero() {
		t.Errorf("over before it was held: %+v", over)
	}
}

// Rules: 2.37.
func TestOnlineReceipt(t *testing.T) {
	c := calendartest.Calendar(t)
	online := mustDue(t, c, calendar.Period{Start: mustDate(t, "2026-10-03"), Days: 5, Online: true})
	if online.Start.String() != "2026-10-08" || online.Due.String() != "2026-10-14" {
		t.Errorf("online: start %s, due %s", online.Start, online.Due)
	}
	if first := online.Days[0]; first.Date.String() != "2026-10-03" || first.Mark != calendar.MarkHoliday {
		t.Errorf("the waiting days are not explained: %+v", first)
	}
	window := mustDue(t, c, calendar.Period{Start: mustDate(t, "2026-10-03"), Days: 5})
	if window.Start.String() != "2026-10-03" || window.Due.String() != "2026-10-13" {
		t.Errorf("at the window: start %s, due %s", window.Start, window.Due)
	}
	if next, err := c.NextWorkingDay(mustDate(t, "2026-10-03")); err != nil || next != online.Start {
		t.Errorf("NextWorkingDay = %s, %v", next, err)
	}
}

func TestSameDay(t *testing.T) {
	c := calendartest.Calendar(t)
	for start, due := range map[string]string{"2026-10-09": "2026-10-09", "2026-10-01": "2026-10-08"} {
		for _, unit := range []calendar.Unit{"", calendar.WorkingDays, calendar.NaturalDays} {
			if got := mustDue(t, c, calendar.Period{Start: mustDate(t, start), Unit: unit}).Due.String(); got != due {
				t.Errorf("same day from %s in %q: %s, want %s", start, unit, got, due)
			}
		}
	}
}

// Rules: 2.38.
func TestNaturalDays(t *testing.T) {
	c := calendartest.Calendar(t)
	rows := []struct {
		start string
		days  int
		due   string
		marks string // of the last days
	}{
		{"2026-08-10", 60, "2026-10-09", "counted counted"},               // a Friday
		{"2026-08-04", 60, "2026-10-08", "holiday holiday holiday moved"}, // 10-03 lies in National Day
		{"2026-03-01", 30, "2026-03-31", "counted"},
		{"2026-09-18", 2, "2026-09-20", "counted makeup"}, // a Sunday worked: no move
		{"2026-03-06", 1, "2026-03-09", "weekend weekend moved"},
	}
	for _, row := range rows {
		result := mustDue(t, c, calendar.Period{Start: mustDate(t, row.start), Days: row.days, Unit: calendar.NaturalDays})
		var marks []string
		for _, day := range result.Days {
			marks = append(marks, string(day.Mark))
		}
		if result.Due.String() != row.due || !strings.HasSuffix(strings.Join(marks, " "), row.marks) || result.Counted != row.days {
			t.Errorf("%d days from %s: %s, want %s\n%s", row.days, row.start, result.Due, row.due, result.Explanation())
		}
	}
}

// Rules: 2.40.
func TestProvisionalYearWarns(t *testing.T) {
	c := calendartest.Calendar(t)
	for _, unit := range []calendar.Unit{calendar.WorkingDays, calendar.NaturalDays} {
		result := mustDue(t, c, calendar.Period{Start: mustDate(t, "2026-12-25"), Days: 20, Unit: unit})
		if len(result.Provisional) != 1 || result.Provisional[0] != 2027 || !strings.Contains(result.Warning(), "2027 年") {
			t.Errorf("%s: provisional %v, warning %q", unit, result.Provisional, result.Warning())
		}
		if !strings.HasSuffix(result.Explanation(), result.Warning()) {
			t.Errorf("%s: the explanation does not warn", unit)
		}
	}
}

// Rules: 2.36.
func TestDueRefuses(t *testing.T) {
	c := calendartest.Calendar(t)
	start := mustDate(t, "2026-09-29")
	suspended := func(s ...calendar.Suspension) []calendar.Suspension { return s }
	rows := []struct {
		name   string
		period calendar.Period
		want   error
	}{
		{"negative", calendar.Period{Start: start, Days: -1}, calendar.ErrDays},
		{"negative extension", calendar.Period{Start: start, Days: 5, Extension: calendar.Extension{Days: -5, Approved: start}}, calendar.ErrDays},
		{"too long", calendar.Period{Start: start, Days: 3661}, calendar.ErrDays},
		{"overflow", calendar.Period{Start: start, Days: 5, Extension: calendar.Extension{Days: 1<<63 - 1, Approved: start}}, calendar.ErrDays},
		{"unit", calendar.Period{Start: start, Days: 5, Unit: "weeks"}, calendar.ErrUnit},
		{"natural and suspended", calendar.Period{Start: start, Days: 5, Unit: calendar.NaturalDays,
			Suspensions: suspended(calendar.Suspension{Start: start})}, calendar.ErrNaturalSuspended},
		{"suspension backwards", calendar.Period{Start: start, Days: 5,
			Suspensions: suspended(calendar.Suspension{Start: start, End: start.AddDays(-1)})}, calendar.ErrSuspensionDates},
		{"suspension without start", calendar.Period{Start: start, Days: 5,
			Suspensions: suspended(calendar.Suspension{End: start})}, calendar.ErrSuspensionDates},
		{"extension not approved", calendar.Period{Start: start, Days: 5, Extension: calendar.Extension{Days: 10}}, calendar.ErrExtensionApproval},
		{"extension approved before the start", calendar.Period{Start: start, Days: 5,
			Extension: calendar.Extension{Days: 10, Approved: start.AddDays(-1)}}, calendar.ErrExtensionApproval},
		{"extension a day late", calendar.Period{Start: start, Days: 5,
			Extension: calendar.Extension{Days: 10, Approved: mustDate(t, "2026-10-13")}}, calendar.ErrExtensionLate},
	}
	for _, row := range rows {
		if result, err := c.Due(row.period); !errors.Is(err, row.want) || !result.Due.IsZero() {
			t.Errorf("%s: due %s, %v; want %v", row.name, result.Due, err, row.want)
		}
	}
	var noDate *calendar.DateError
	if _, err := c.Due(calendar.Period{Days: 5}); !errors.As(err, &noDate) {
		t.Errorf("no start: %v", err)
	}
	var missing *calendar.MissingYearError
	for _, unit := range []calendar.Unit{calendar.WorkingDays, calendar.NaturalDays} {
		if _, err := c.Due(calendar.Period{Start: mustDate(t, "2027-12-20"), Days: 20, Unit: unit}); !errors.As(err, &missing) || missing.Year != 2028 {
			t.Errorf("past the last year in %s: %v", unit, err)
		}
	}
	empty, err := calendar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Due(calendar.Period{Start: start, Days: 1}); !errors.As(err, &missing) {
		t.Errorf("an empty calendar: %v", err)
	}
	if _, err := empty.NextWorkingDay(mustDate(t, "9999-12-31")); !errors.As(err, &missing) {
		t.Errorf("the last date there is: %v", err)
	}
}

// While an open suspension holds the clock, an extension cannot be too late.
func TestExtensionWhileHeld(t *testing.T) {
	c := calendartest.Calendar(t)
	held := mustDue(t, c, calendar.Period{Start: mustDate(t, "2026-09-29"), Days: 5,
		Suspensions: []calendar.Suspension{{Start: mustDate(t, "2026-10-08")}},
		Extension:   calendar.Extension{Days: 10, Approved: mustDate(t, "2026-12-01")}})
	if held.Limit != 15 || !held.Due.IsZero() {
		t.Errorf("held: %+v", held)
	}
}

func TestWorkingDaysBetween(t *testing.T) {
	c := calendartest.Calendar(t)
	rows := []struct {
		from, to string
		want     int
	}{
		{"2026-09-18", "2026-09-24", 5},
		{"2026-09-24", "2026-09-18", -5},
		{"2026-09-24", "2026-09-24", 0},
		{"2026-09-30", "2026-10-07", 0},
		{"2026-09-30", "2026-10-08", 1},
		{"2026-01-01", "2026-12-31", 248},
	}
	for _, row := range rows {
		if got, err := c.WorkingDaysBetween(mustDate(t, row.from), mustDate(t, row.to)); err != nil || got != row.want {
			t.Errorf("from %s to %s: %d, %v; want %d", row.from, row.to, got, err, row.want)
		}
	}
	if _, err := c.WorkingDaysBetween(mustDate(t, "2027-12-31"), mustDate(t, "2028-01-02")); err == nil {
		t.Error("counted into a missing year")
	}
	if _, err := c.WorkingDaysBetween(calendar.Date{}, mustDate(t, "2026-01-02")); err == nil {
		t.Error("counted from no date")
	}
}

func mustDue(tb testing.TB, c *calendar.Calendar, p calendar.Period) calendar.Result {
	tb.Helper()
	result, err := c.Due(p)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}
