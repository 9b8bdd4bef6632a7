package identity_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
)

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A decision takes a person of the establishment who is a section head or higher and
// holds a certificate of administrative enforcement that is good.
func TestMayDecide(t *testing.T) {
	today := day(t, "2026-11-23")
	good := identity.Qualification{Kind: "行政执法证", Until: today}
	for _, row := range []struct {
		what   string
		record identity.RosterEntry
		known  bool
		code   string
	}{
		{"no record", identity.RosterEntry{}, false, "roster_missing"},
		{"not in the establishment", identity.RosterEntry{Rank: identity.RankLeader, Qualifications: []identity.Qualification{good}}, true, "not_established"},
		{"no certificate", identity.RosterEntry{Established: true, Rank: identity.RankLeader}, true, "not_qualified"},
		{"another certificate", identity.RosterEntry{Established: true, Rank: identity.RankLeader, Qualifications: []identity.Qualification{{Kind: "驾驶证", Until: today}}}, true, "qualification_kind"},
		{"another one is good, this one ended", identity.RosterEntry{Established: true, Rank: identity.RankLeader, Qualifications: []identity.Qualification{{Kind: "驾驶证", Until: today}, {Kind: "行政执法证", Until: today.AddDays(-1)}}}, true, "qualification_expired"},
		{"a deputy section head", identity.RosterEntry{Established: true, Rank: identity.RankDeputy, Qualifications: []identity.Qualification{good}}, true, "rank_too_low"},
		{"a section head, on the last day", identity.RosterEntry{Established: true, Rank: identity.RankSection, Qualifications: []identity.Qualification{good}}, true, ""},
		{"for its department", identity.RosterEntry{Established: true, Rank: identity.RankVice, Qualifications: []identity.Qualification{{Kind: "行政执法证", Until: today, Departments: []string{"县林业局", "县民政局"}}}}, true, ""},
		{"for another department", identity.RosterEntry{Established: true, Rank: identity.RankVice, Qualifications: []identity.Qualification{{Kind: "行政执法证", Until: today, Departments: []string{"县林业局"}}}}, true, "qualification_scope"},
		{"the one for it ended", identity.RosterEntry{Established: true, Rank: identity.RankVice, Qualifications: []identity.Qualification{{Kind: "行政执法证", Until: today, Departments: []string{"县林业局"}}, {Kind: "行政执法证", Until: today.AddDays(-1), Departments: []string{"县民政局"}}}}, true, "qualification_expired"},
		{"with its field", identity.RosterEntry{Established: true, Rank: identity.RankVice, Qualifications: []identity.Qualification{{Kind: "行政执法证（民政）", Until: today}}}, true, ""},
	} {
		var unfit *identity.Unfit
		code := ""
		if errors.As(row.record.MayDecide(row.known, today, "县民政局"), &unfit) {
			code = unfit.Code
		}
		if code != row.code {
			t.Errorf("%s: %q, want %q", row.what, code, row.code)
		}
	}
}

// Whoever stands in for an absent colleague has, on those days and from when it was
// recorded, the colleague's role in casework; nobody watches or runs the county so.
func TestLent(t *testing.T) {
	from, until := day(t, "2026-11-23"), day(t, "2026-11-24")
	person := func(id, department string, roles ...identity.Role) identity.Staff {
		return identity.Staff{ID: id, Division: "330523", Department: department, History: []identity.Standing{{At: 1, Roles: roles}}}
	}
	sub := person("b", "县医疗保障局", identity.DepartmentReviewer)
	absent := person("a", "县医疗保障局", identity.DepartmentLeader, identity.CountyOperator)
	absent.Duty = []identity.Substitution{{At: 1000, Substitute: "b", From: from, Until: until}}
	elsewhere := person("c", "县林业局", identity.DepartmentWindow)
	elsewhere.Duty = absent.Duty
	disabled := person("d", "县医疗保障局", identity.DepartmentWindow)
	disabled.History[0].Disabled, disabled.Duty = true, absent.Duty
	all := []identity.Staff{absent, elsewhere, disabled, sub}
	for _, row := range []struct {
		what string
		at   int64
		day  calendar.Date
		want []identity.Role
	}{
		{"before it was recorded", 999, from, nil},
		{"the day before", 1000, from.AddDays(-1), nil},
		{"the first day", 1000, from, []identity.Role{identity.DepartmentLeader}},
		{"the last day", 9000, until, []identity.Role{identity.DepartmentLeader}},
		{"the day after", 9000, until.AddDays(1), nil},
	} {
		if got := identity.Lent(&sub, all, row.at, row.day); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.what, got, row.want)
		}
	}
	all[0].Duty = append(slices.Clip(absent.Duty), identity.Substitution{At: 2000, From: from, Until: from})
	if got := identity.Lent(&sub, all, 2000, from); len(got) != 0 {
		t.Errorf("taken back: %v", got)
	}
	if got := identity.Lent(&sub, all, 2000, until); len(got) != 1 {
		t.Errorf("taken back for the day before: %v", got)
	}
	for a, want := range map[identity.Action]bool{identity.CaseDecide: true, identity.ResultDecide: true, identity.SealManage: false, identity.CardMeasure: false} {
		if got := identity.TownshipLeader.Lends(a); got != want {
			t.Errorf("a leader lends %s: %t", a, got)
		}
	}
	if identity.Supervisor.Lends(identity.CaseRead) || identity.System.Lends(identity.CaseAccept) {
		t.Error("a role that is nobody's to lend")
	}
}

// Somebody can be on leave with nobody standing in: they are absent, and lend nothing.
func TestLeaveWithoutSubstitute(t *testing.T) {
	from, until := day(t, "2026-11-23"), day(t, "2026-11-24")
	p := identity.Staff{ID: "a", Duty: []identity.Substitution{{At: 10, Absent: true, From: from, Until: until}}}
	for _, row := range []struct {
		at         int64
		day        calendar.Date
		away, gone bool
	}{{9, from, false, true}, {10, from, true, true}, {10, until, true, true}, {10, until.AddDays(1), false, false}} {
		if sub, away := p.AwayAt(row.at, row.day); sub != "" || away != row.away || p.Missing(row.day) != row.gone {
			t.Errorf("%+v: %q %t %t", row, sub, away, p.Missing(row.day))
		}
	}
	p.Duty = append(p.Duty, identity.Substitution{At: 20, From: from, Until: from})
	if _, away := p.AwayAt(20, from); away || p.Missing(from) || !p.Missing(until) {
		t.Error("a leave that was taken back for a day")
	}
	p.Duty = append(p.Duty, identity.Substitution{At: 30, Substitute: "b", From: until, Until: until})
	if sub, away := p.AwayAt(30, until); sub != "b" || !away || p.Missing(until) {
		t.Error("somebody stands in after all")
	}
	var unfit *identity.Unfit
	if !errors.As(identity.Absent(""), &unfit) || unfit.Code != "absent" {
		t.Error("on leave")
	}
}
