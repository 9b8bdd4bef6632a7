// Package calendartest has the real calendar, and days of it, for tests.
package calendartest

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/tongban/tongban/node/calendar"
)

// TB is what is needed of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Calendar is the calendar of the years that tongban ships.
func Calendar(tb TB) *calendar.Calendar {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	data, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "testdata", "calendar.json"))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	years, err := calendar.ParseFile(data)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	c, err := calendar.New(years)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return c
}

// Date is a day written as 2026-11-02.
func Date(tb TB, text string) calendar.Date {
	tb.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return d
}
