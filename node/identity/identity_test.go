package identity

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity/identitytest"
)

func subject(r Role) Subject {
	s := Subject{Role: r, Tier: r.Tier()}
	switch r.Tier() {
	case node.Village:
		s.Division = "330523110200"
	case node.Township:
		s.Division = "330523110"
	default:
		s.Division = "330523"
	}
	if r.Departmental() {
		s.Department = "县民政局"
	}
	return s
}

// TestPermitEveryCell tries every role with every action on every kind of
// place. What is expected is written by hand, in identitytest/matrix.txt.
//
// Rules: 4.8, 4.9.
func TestPermitEveryCell(t *testing.T) {
	want := identitytest.Expected(t)
	for _, r := range Roles {
		for _, a := range want.Actions {
			for _, fault := range cellFaults(t, want, r, Action(a)) {
				t.Error(fault)
			}
		}
	}
}

// A wrong grant, whatever it is, is found.
func TestWrongGrantIsFound(t *testing.T) {
	want := identitytest.Expected(t)
	for _, r := range Roles {
		for _, a := range want.Actions {
			cell := grantKey{r, Action(a)}
			right, granted := index[cell]
			for _, wrong := range []Reach{"", Own, Subtree, Department, Whole} {
				if wrong == right {
					continue
				}
				if index[cell] = wrong; wrong == "" {
					delete(index, cell)
				}
				if len(cellFaults(t, want, r, Action(a))) == 0 {
					t.Errorf("%s may %s as far as %q, and nothing was found", r, a, wrong)
				}
			}
			if index[cell] = right; !granted {
				delete(index, cell)
			}
		}
	}
}

var places = []Target{
	{},
	{Department: "县民政局"},
	{Department: "县公安局"},
	{Division: "330523110200", Department: "县民政局"},
	{Division: "330523110200"},
	{Division: "330523110201", Department: "县民政局"},
	{Division: "330523110", Department: "县民政局"},
	{Division: "330523111", Department: "县民政局"},
	{Division: "330523111200", Department: "县民政局"},
	{Division: "330523", Department: "县民政局"},
	{Division: "330523", Department: "县公安局"},
	{Division: "330523110200", Department: "县公安局"},
	{Division: "330524110200", Department: "县民政局"},
	{Division: "330524", Department: "县民政局"},
}

func cellFaults(t *testing.T, want *identitytest.Matrix, r Role, a Action) (faults []string) {
	not := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%s %s ", r, a)+fmt.Sprintf(format, args...))
	}
	s := subject(r)
	for _, p := range places {
		allowed := want.May(t, string(r), string(a), identitytest.Place{Division: string(s.Division), Department: s.Department},
			identitytest.Place{Division: string(p.Division), Department: p.Department})
		err := Permit(s, a, p)
		if (err == nil) != allowed {
			not("at %q of %q: got %v, want allowed=%v", p.Division, p.Department, err, allowed)
		}
		var denied *Denied
		if err != nil && !errors.As(err, &denied) {
			not("error is %T, want *Denied", err)
		}
	}
	reach, granted := ReachOf(r, a)
	got := map[Reach]string{"": "-", Own: "own", Subtree: "sub", Department: "dept", Whole: "all"}[reach]
	if got != want.Reach(t, string(r), string(a)) || granted == (got == "-") {
		not("reaches %s, want %s", got, want.Reach(t, string(r), string(a)))
	}
	return faults
}

// What is granted stands in the table, and so do all the roles.
func TestEveryGrantIsExpected(t *testing.T) {
	want := identitytest.Expected(t)
	if len(want.Roles) != len(Roles) {
		t.Errorf("the table has the roles %v", want.Roles)
	}
	for _, g := range Grants {
		if !slices.Contains(want.Actions, string(g.Action)) {
			t.Errorf("%s %s is granted and has no row in matrix.txt", g.Role, g.Action)
		}
	}
}

func TestRoleOutsideItsTierMayDoNothing(t *testing.T) {
	for _, r := range Roles {
		for _, g := range Grants {
			for _, tier := range []node.Tier{node.Village, node.Township, node.County} {
				if tier == r.Tier() {
					continue
				}
				s := subject(r)
				s.Tier = tier
				if Permit(s, g.Action, Target{Division: s.Division}) == nil {
					t.Fatalf("%s acts at tier %s", r, tier)
				}
			}
		}
	}
	if err := Permit(Subject{Role: System, Tier: node.County, Division: "330523"}, CaseRead, Target{}); err == nil {
		t.Error("the system role passed as a person")
	}
}

func TestAuditorOnlyReads(t *testing.T) {
	for _, g := range Grants {
		if g.Role != Auditor {
			continue
		}
		switch g.Action {
		case CaseRead, GuideRead, NoticeRead, FeeRead, RatingFigures, RatingRead, RatingOrders, StatisticsRead, ComplaintRead, RevealRead, CardRead, SupervisionRead, SampleRead, AppraisalRead, ItemRead, StaffRead, NodeRead, SyncRead, AttentionRead, LedgerProve:
		default:
			t.Errorf("auditor is granted %s", g.Action)
		}
	}
}

func TestStandingAt(t *testing.T) {
	s := Staff{History: []Standing{
		{At: 100, Roles: []Role{VillageWorker}},
		{At: 200, Roles: []Role{VillageWorker}, Disabled: true},
	}}
	for _, c := range []struct {
		at   int64
		want bool
	}{{99, false}, {100, true}, {199, true}, {200, false}, {999, false}} {
		st, _ := s.At(c.at)
		if got := st.Holds(VillageWorker); got != c.want {
			t.Errorf("at %d: %v, want %v", c.at, got, c.want)
		}
	}
	var _ division.Code = s.Division
}

// Nobody is told that an empty role may not do something.
func TestDeniedWords(t *testing.T) {
	for _, row := range []struct {
		denied *Denied
		want   string
	}{
		{&Denied{Action: CaseRead, Why: "role"}, "no role of this person may case.read"},
		{&Denied{Role: Auditor, Action: CaseDecide, Why: "role"}, "role auditor may not case.decide: outside its role"},
	} {
		if got := row.denied.Error(); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
