package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The worked vectors of the domain handbook, section 2, as a clerk asks them.
//
// Rules: 2.39, 2.41.
func TestCalendarDueVectors(t *testing.T) {
	desk(t)
	rows := []struct {
		args string
		due  string
	}{
		{"--from 2026-09-18 --days 5", "2026-09-24"},
		{"--from 2026-04-24 --days 20 --suspend 2026-04-28..2026-05-12=专家评审", "2026-06-05"},
		{"--from 2026-04-24 --days 20 --suspend 2026-04-28..2026-05-06 --suspend 2026-05-01..2026-05-12", "2026-06-05"},
		{"--from 2026-04-24 --days 20", "2026-05-26"},
		{"--from 2026-09-29T15:00 --days 5", "2026-10-12"},
		{"--from 2026-09-29 --days 20", "2026-11-02"},
		{"--from 2026-09-29 --days 20 --extend 10", "2026-11-16"},
		{"--from 2026-09-29 --days 20 --extend 10 --approved 2026-11-02", "2026-11-16"},
		{"--from 2026-02-11 --days 5", "2026-02-25"},
		{"--from 2026-02-11 --days 20", "2026-03-17"},
		// An instant counts by its date in Beijing, wherever it was written.
		{"--from 2026-09-28T16:30:00Z --days 5", "2026-10-12"},
		// 2026-11-28 is a Saturday: moved on to Monday.
		{"--from 2026-09-29 --natural-days 60", "2026-11-30"},
		{"--from 2026-09-19 --days 1 --online", "2026-09-21"},
	}
	for _, row := range rows {
		t.Run(row.args, func(t *testing.T) {
			args := append([]string{"calendar", "due"}, strings.Fields(row.args)...)
			r := tongban(t, append(args, "--json")...)
			var answer struct {
				Due     string `json:"due"`
				Warning string `json:"warning"`
			}
			if err := json.Unmarshal([]byte(r.out), &answer); err != nil || r.code != exitOK || answer.Due != row.due || answer.Warning != "" {
				t.Errorf("due %q, want %s: %v %+v", answer.Due, row.due, err, r)
			}
			if r := tongban(t, args...); r.code != exitOK || !strings.HasPrefix(r.out, "到期日 "+row.due) {
				t.Errorf("for people: %+v", r)
			}
			if r := tongban(t, append(args, "--lang", "en")...); !strings.HasPrefix(r.out, "due "+row.due) {
				t.Errorf("in English: %+v", r)
			}
			if r := tongban(t, append(args, "--explain")...); !strings.Contains(r.out, "到期日 "+row.due) || strings.Count(r.out, "\n") < 3 {
				t.Errorf("explained: %+v", r)
			}
		})
	}
}

func TestCalendarDueRefuses(t *testing.T) {
	desk(t)
	rows := []struct {
		args string
		code int
		says string
	}{
		{"--days 5", exitUsage, "from"},
		{"--from 2026-02-30 --days 5", exitUsage, "不是日期"},
		{"--from 2026-09-29", exitUsage, "days"},
		{"--from 2026-09-29 --days 5 --natural-days 5", exitUsage, "days"},
		{"--from 2026-09-29 --days -1", exitUsage, "正数"},
		{"--from 2026-09-29 --days 5 --suspend 2026-09-30", exitUsage, "FROM..TO"},
		{"--from 2026-09-29 --days 5 --suspend x..", exitUsage, "不是日期"},
		{"--from 2026-09-29 --days 5 --suspend 2026-09-30..x", exitUsage, "不是日期"},
		{"--from 2026-09-29 --days 5 --suspend 2026-09-30..2026-09-29", exitRefused, "特别程序"},
		{"--from 2026-09-29 --natural-days 5 --suspend 2026-09-30..", exitRefused, "自然日"},
		{"--from 2026-09-29 --days 20 --extend 11", exitUsage, "第四十二条"},
		{"--from 2026-09-29 --days 45 --extend 16", exitUsage, "第四十二条"},
		{"--from 2026-09-29 --days 20 --extend 5 --extend 5", exitUsage, "第四十二条"},
		{"--from 2026-09-29 --days 20 --extend ten", exitUsage, "ten"},
		{"--from 2026-09-29 --days 5 --approved 2026-09-30", exitUsage, "--extend"},
		{"--from 2026-09-29 --days 5 --extend 10 --approved 2026-11-30", exitRefused, "批准"},
		{"--from 2040-01-02 --days 5", exitRefused, "2040"},
		{"--from 2026-09-29 --days 5 --calendar /nowhere", exitUsage, "日历文件"},
		{"--from 2026-09-29 --days 999999999", exitRefused, "天数"},
	}
	for _, row := range rows {
		if r := tongban(t, append([]string{"calendar", "due"}, strings.Fields(row.args)...)...); r.code != row.code || !strings.Contains(r.err, row.says) {
			t.Errorf("%s: %+v, want %d and %q", row.args, r, row.code, row.says)
		}
	}
}

func TestCalendarDueOpenAndProvisional(t *testing.T) {
	desk(t)
	if r := tongban(t, "calendar", "due", "--from", "2026-09-18", "--days", "5", "--suspend", "2026-09-21.."); r.code != exitOK || !strings.Contains(r.out, "尚无到期日") {
		t.Errorf("open: %+v", r)
	}
	if r := tongban(t, "calendar", "due", "--from", "2026-12-20", "--days", "20"); r.code != exitOK || !strings.Contains(r.err, "2027") {
		t.Errorf("no warning of a provisional year: %+v", r)
	}
}

func TestCalendarDueInEnglish(t *testing.T) {
	desk(t)
	if r := tongban(t, "calendar", "due", "--from", "2026-09-29", "--days", "5", "--explain", "--lang", "en"); r.code != exitOK || !strings.Contains(r.out, "2026-10-12 Monday, day 5") || !strings.Contains(r.out, "due 2026-10-12") {
		t.Errorf("%+v", r)
	}
}

func TestCalendarDueOnAFile(t *testing.T) {
	desk(t)
	faulty := mustFile(t, `{"years": 1}`)
	r := tongban(t, "calendar", "due", "--from", "2026-09-18", "--days", "5", "--calendar", faulty)
	if r.code != exitRefused || !strings.Contains(r.err, "years") || !strings.Contains(r.err, "[file_faults]") {
		t.Errorf("%+v", r)
	}
}
