package main

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// An attendance file is taken whole or not at all, and everything that is wrong
// with it is said.
func TestAttendanceFile(t *testing.T) {
	days, err := attendanceDays(strings.NewReader("工号,日期,上午,下午\ns-1,2026-11-23,在岗,请假\ns-2,2026-11-23,absent,\n"))
	must(t, err)
	if len(days) != 2 || days[0].Morning != ledger.Present || days[0].Afternoon != ledger.Leave || days[1].Morning != ledger.Absent || days[1].Afternoon != "" {
		t.Errorf("%+v", days)
	}
	for text, want := range map[string][]string{
		"工号,日期,上午,下午\n": {"1"},
		"工号,日期,上午,下午\ns-1,2026-11-31,在岗,在岗\n,2026-11-23,在岗,\ns-1,2026-11-23,迟到,\ns-1,2026-11-23,,\ns-1\n": {"line 2", "line 3", "line 4", "line 5", "line 6"},
	} {
		_, err := attendanceDays(strings.NewReader(text))
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %v lacks %q", text, err, w)
			}
		}
	}
}

// FuzzAttendance: a line is a day of somebody, or it is named as wrong.
func FuzzAttendance(f *testing.F) {
	f.Add("工号,日期,上午,下午\ns-1,2026-11-23,在岗,请假\n")
	f.Add("\xef\xbb\xbfa\n\"s\n1\",2026-11-23,absent\n")
	f.Add("a\n,,,,,,\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		days, err := attendanceDays(strings.NewReader(text))
		for _, d := range days {
			if err == nil && (d.Staff == "" || d.Day.IsZero() || d.Morning+d.Afternoon == "") {
				t.Fatalf("%q: %+v", text, d)
			}
		}
		if err == nil && len(days) == 0 {
			t.Fatalf("%q: nothing, and no word of it", text)
		}
	})
}

func TestPoints(t *testing.T) {
	for text, want := range map[string]int{"1": 100, "-0.5": -50, "2.25": 225, "+3": 300, "100": 100_00} {
		if got, err := parsePoints(text); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "0", "-", "1.234", "101", "x", ".5", "1.x", "--1x"} {
		if got, err := parsePoints(bad); err == nil {
			t.Errorf("%q is %d", bad, got)
		}
	}
	if points(-50) != "-0.50" || points(225) != "2.25" {
		t.Error(points(-50), points(225))
	}
}
