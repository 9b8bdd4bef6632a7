package document

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// A notice that is first printed later tells the dates as they were told then, each
// special procedure has its own, and a date in a year that is not announced yet is told
// with the warning.
func TestNoticesTellWhatWasTold(t *testing.T) {
	date := func(s string) calendar.Date { return calendartest.Date(t, s) }
	item := mustItem(t, "TB-SCJG-001")
	c := &casework.Case{Number: "33052300000020261123010000457", AcceptedMS: 1, AcceptedOn: date("2026-11-23"), Status: casework.Accepted,
		FirstTold: ledger.Dues{Promised: date("2026-11-24"), Statutory: date("2026-11-26")},
		Told:      ledger.Dues{Promised: date("2027-01-11"), Statutory: date("2027-01-13")},
		Suspensions: []casework.Suspension{
			{Procedure: "检验", Lawful: true, From: date("2026-11-23"), Until: date("2026-12-23"), Told: ledger.Dues{Promised: date("2026-12-24"), Statutory: date("2026-12-28")}},
			{Procedure: "现场勘验", From: date("2026-12-24"), Until: date("2027-01-08"), Officers: []string{"李明", "周平"}, Told: ledger.Dues{Promised: date("2027-01-11"), Statutory: date("2027-01-13")}},
		}}
	s := Subject{Case: c, Item: item, Calendar: calendartest.Calendar(t)}
	said := func(k Kind, nth int) string {
		s.Nth = nth
		d, err := Make(k, s)
		if err != nil {
			t.Fatal(err)
		}
		text := d.Number + " " + d.Date.String()
		for _, l := range d.Lines {
			text += " " + l.Label + l.Value
		}
		return text
	}
	for _, row := range []struct {
		kind       Kind
		nth        int
		has, lacks []string
	}{
		{AcceptanceNotice, 0, []string{"承诺办结日期2026年11月24日", "法定办结日期2026年11月26日"}, []string{"2027", "尚未公布"}},
		{SpecialProcedureNotice, 1, []string{"2026-11-23", "特别程序检验", "法定办结日期2026年12月28日"}, []string{"勘验", "之2", "2027"}},
		{SpecialProcedureNotice, 2, []string{"之2", "特别程序现场勘验", "勘验人员李明、周平", "法定办结日期2027年1月13日（2027年节假日安排尚未公布，日期可能变动）"}, nil},
		{SpecialProcedureNotice, 0, []string{"之2", "特别程序现场勘验"}, nil},
	} {
		text := said(row.kind, row.nth)
		for _, w := range row.has {
			if !strings.Contains(text, w) {
				t.Errorf("%s %d lacks %q: %s", row.kind, row.nth, w, text)
			}
		}
		for _, w := range row.lacks {
			if strings.Contains(text, w) {
				t.Errorf("%s %d has %q: %s", row.kind, row.nth, w, text)
			}
		}
	}
	s.Nth = 3
	if _, err := Make(SpecialProcedureNotice, s); err == nil {
		t.Error("a third notice of two procedures")
	}
}
