package storetest

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// Divisions are the county's divisions.
func Divisions(tb TB) []division.Division {
	tb.Helper()
	divisions, err := division.ParseFile(divisionsFile)
	if err != nil {
		tb.Fatalf("storetest: divisions: %v", err)
	}
	return divisions
}

// Years are the years whose working days the county knows.
func Years(tb TB) []calendar.Year {
	tb.Helper()
	years, err := calendar.ParseFile(calendarFile)
	if err != nil {
		tb.Fatalf("storetest: calendar: %v", err)
	}
	return years
}
