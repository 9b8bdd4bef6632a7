package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
)

func TestParseDate(t *testing.T) {
	for _, text := range []string{"2026-10-12", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29"} {
		d, err := calendar.Parse(text)
		if err != nil || d.String() != text {
			t.Errorf("Parse(%q) = %q, %v", text, d, err)
		}
	}
	bad := []string{"", "2026-1-2", "2026-02-30", "2025-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "0000-01-01",
		"2026-10-00", "2026/10/12", "20261012", "2026-10-1x", "２０２６-10-12", "2026-10-12 ", "+026-10-12", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}
	for _, text := range bad {
		d, err := calendar.Parse(text)
		if err == nil || !d.IsZero() || err.Error() == "" {
			t.Errorf("Parse(%q) = %q, %v", text, d, err)
		}
	}
}

func TestDateForms(t *testing.T) {
	d := mustDate(t, "2026-10-02")
	if d.Year() != 2026 || d.Month() != time.October || d.Day() != 2 || d.Weekday() != time.Friday {
		t.Errorf("parts of %s: %d %d %d %s", d, d.Year(), d.Month(), d.Day(), d.Weekday())
	}
	if d.Compact() != "20261002" || d.Chinese() != "2026年10月2日" {
		t.Errorf("forms: %s %s", d.Compact(), d.Chinese())
	}
	if again, err := calendar.ParseCompact("20261002"); err != nil || again != d {
		t.Errorf("ParseCompact = %s, %v", again, err)
	}
	for _, text := range []string{"", "2026-10-2", "20260230", "2026100a"} {
		if got, err := calendar.ParseCompact(text); err == nil {
			t.Errorf("ParseCompact(%q) = %s", text, got)
		}
	}
}

func TestNoDate(t *testing.T) {
	var none calendar.Date
	if !none.IsZero() || none.String() != "" || none.Compact() != "" || none.Chinese() != "" || none.Year() != 0 ||
		none.Month() != 0 || none.Day() != 0 || !none.AddDays(5).IsZero() || !none.Midnight().IsZero() {
		t.Error("no date has parts")
	}
	if !none.Before(mustDate(t, "0001-01-01")) {
		t.Error("no date is not before all dates")
	}
}

func TestDateJSON(t *testing.T) {
	type body struct {
		Due  calendar.Date `json:"due"`
		None calendar.Date `json:"none"`
		Gone calendar.Date `json:"gone,omitzero"`
	}
	data, err := json.Marshal(body{Due: mustDate(t, "2026-10-12")})
	if err != nil || string(data) != `{"due":"2026-10-12","none":""}` {
		t.Fatalf("Marshal = %s, %v", data, err)
	}
	var b body
	if err := json.Unmarshal(data, &b); err != nil || b.Due.String() != "2026-10-12" || !b.None.IsZero() {
		t.Errorf("Unmarshal = %+v, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"due":"2026-02-30"}`), &b); err == nil {
		t.Error("February 30 was read")
	}
}

// The date changes at midnight in Asia/Shanghai, whatever the zone the instant
// is written in.
//
// Rules: 2.39.
func TestDateOf(t *testing.T) {
	rows := []struct{ instant, date string }{
		{"2026-10-11T15:59:59Z", "2026-10-11"},
		{"2026-10-11T16:00:00Z", "2026-10-12"},
		{"2026-10-12T00:30:00+08:00", "2026-10-12"},
		{"2026-10-11T12:00:00-05:00", "2026-10-12"},
	}
	for _, row := range rows {
		instant, err := time.Parse(time.RFC3339, row.instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.DateOf(instant).String(); got != row.date {
			t.Errorf("DateOf(%s) = %s, want %s", row.instant, got, row.date)
		}
	}
	if !calendar.DateOf(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		t.Error("an instant beyond the last year has a date")
	}
	if got := mustDate(t, "2026-10-12").Midnight().UTC().Format(time.RFC3339); got != "2026-10-11T16:00:00Z" {
		t.Errorf("Midnight = %s", got)
	}
}

func TestAddDaysStopsAtTheEnds(t *testing.T) {
	first, last := mustDate(t, "0001-01-01"), mustDate(t, "9999-12-31")
	if last.AddDays(1) != last || first.AddDays(-1) != first || first.AddDays(1<<62) != last || last.AddDays(-1<<63) != first {
		t.Error("AddDays leaves the range")
	}
}

// The standard library is the oracle for all date arithmetic.
func TestDateProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := time.Date(rapid.IntRange(1, 9990).Draw(t, "year"), 1, rapid.IntRange(1, 366).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		d, err := calendar.NewDate(instant.Date())
		if err != nil || d.String() != instant.Format(time.DateOnly) || d.Weekday() != instant.Weekday() {
			t.Fatalf("%s is %s a %s, %v", instant, d, d.Weekday(), err)
		}
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		later := d.AddDays(n)
		if later.String() != instant.AddDate(0, 0, n).Format(time.DateOnly) || later.DaysSince(d) != n || later.AddDays(-n) != d {
			t.Fatalf("%s + %d days is %s", d, n, later)
		}
		if calendar.DateOf(d.Midnight()) != d || calendar.DateOf(d.Midnight().Add(-time.Nanosecond)) == d {
			t.Fatalf("%s does not begin at its midnight", d)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2026-10-12", "2026-02-30", "", "0000-00-00", "20261012", "9999-12-31"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := calendar.Parse(text)
		want, wantErr := time.Parse(time.DateOnly, text)
		if (err == nil) != (wantErr == nil && want.Year() >= 1) {
			t.Fatalf("Parse(%q) = %s, %v; the standard library says %v, %v", text, d, err, want, wantErr)
		}
		if err == nil && d.String() != text {
			t.Fatalf("Parse(%q) = %s", text, d)
		}
		if c, err := calendar.ParseCompact(text); err == nil && c.Compact() != text {
			t.Fatalf("ParseCompact(%q) = %s", text, c)
		}
	})
}

func mustDate(tb testing.TB, text string) calendar.Date {
	tb.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
