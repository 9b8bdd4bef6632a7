package joint

import (
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
)

// What is missing is told once (Administrative Licence Law art. 32 no. 4): who brought
// all of it has done what was asked, and the windows are next.
func TestWhatWasAskedForWasBrought(t *testing.T) {
	c := &Case{Notice: &casework.Notice{}, Members: []Member{{Case: "a", Stage: 1}, {Case: "b", Stage: 1}, {Case: "c", Stage: 2, After: []string{"a"}}}}
	untaken := func(id string) *casework.Case { return &casework.Case{ID: id, Status: casework.HandedIn} }
	taken := func(id string) *casework.Case {
		return &casework.Case{ID: id, Status: casework.Accepted, AcceptedOn: calendartest.Date(t, "2026-09-18")}
	}
	ended := func(id string) *casework.Case { return &casework.Case{ID: id, Status: casework.NotAccepted} }
	open := []*casework.Case{untaken("a"), untaken("b"), untaken("c")}
	asked := []Said{{"a", "申请表", 10, 10}, {"b", "照片", 10, 10}}
	for name, row := range map[string]struct {
		members     []*casework.Case
		asked, came []Said
		since       int64
		windows     string // empty: something is to come, or nothing is waited for
	}{
		"nothing yet":                      {open, asked, nil, 0, ""},
		"one of two":                       {open, asked, []Said{{"a", "申请表", 20, 20}}, 0, ""},
		"for another case":                 {open, asked, []Said{{"a", "申请表", 20, 20}, {"a", "照片", 20, 20}}, 0, ""},
		"before it was asked for":          {open, asked, []Said{{"a", "申请表", 20, 20}, {"b", "照片", 9, 9}}, 0, ""},
		"all of it":                        {open, asked, []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}}, 30, "ab"},
		"once more":                        {open, asked, []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}, {"b", "照片", 40, 40}}, 30, "ab"},
		"asked by a clock that is fast":    {open, []Said{{"a", "申请表", 10, 90}, {"b", "照片", 10, 90}}, []Said{{"a", "申请表", 20, 40}, {"b", "照片", 30, 50}}, 50, "ab"},
		"asked for again":                  {open, append(asked, Said{"b", "照片", 50, 50}), []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}}, 0, ""},
		"and brought again":                {open, append(asked, Said{"b", "照片", 50, 50}), []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}, {"b", "照片", 60, 60}}, 60, "ab"},
		"other things were asked later":    {open, append(asked, Said{"b", "合同", 50, 50}), []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}, {"b", "合同", 60, 60}}, 60, "ab"},
		"one window was satisfied":         {[]*casework.Case{taken("a"), untaken("b"), untaken("c")}, asked, []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}}, 30, "b"},
		"one went on without it":           {[]*casework.Case{untaken("a"), taken("b"), untaken("c")}, asked, []Said{{"a", "申请表", 20, 20}}, 20, "a"},
		"one refused":                      {[]*casework.Case{untaken("a"), ended("b"), untaken("c")}, asked, []Said{{"a", "申请表", 20, 20}}, 20, "a"},
		"all were taken up":                {[]*casework.Case{taken("a"), taken("b"), untaken("c")}, asked, []Said{{"a", "申请表", 20, 20}}, 0, ""},
		"what is first ended, one waits":   {[]*casework.Case{ended("a"), ended("b"), untaken("c")}, asked, nil, 0, "c"},
		"what waits lacks something still": {open, append(asked, Said{"c", "地图", 10, 10}), []Said{{"a", "申请表", 20, 20}, {"b", "照片", 30, 30}}, 0, ""},
	} {
		got := c.Answered(row.members, row.asked, row.came)
		windows := ""
		var since int64
		if got != nil {
			since = got.SinceMS
			for _, m := range got.Windows {
				windows += m.Case
			}
		}
		if windows != row.windows || since != row.since {
			t.Errorf("%s: %q since %d, want %q since %d", name, windows, since, row.windows, row.since)
		}
	}
	if (&Case{Members: c.Members}).Answered(open, nil, nil) != nil {
		t.Error("answered without a notice")
	}
}
