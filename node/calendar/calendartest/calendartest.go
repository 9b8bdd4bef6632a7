// Package calendartest has the real calendar, and days of it, for tests.
package calendartest

import (
	_ "embed" // the calendar

	"github.com/tongban/tongban/node/calendar"
)

// File is the import file of the years that tongban ships.
//
//go:embed calendar.json
var File []byte

// TB is what is needed of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Years are the years of File.
func Years(tb TB) []calendar.Year {
	tb.Helper()
	years, err := calendar.ParseFile(File)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return years
}

// Calendar is the calendar of these years.
func Calendar(tb TB) *calendar.Calendar {
	tb.Helper()
	c, err := calendar.New(Years(tb))
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
