package identity

import (
	"errors"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
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
// place and compares with what the table says, spelled out independently.
func TestPermitEveryCell(t *testing.T) {
	actions := map[Action]bool{}
	for _, g := range Grants {
		actions[g.Action] = true
	}
	places := []Target{
		{Division: "330523110200", Department: "县民政局"},
		{Division: "330523110201", Department: "县民政局"},
		{Division: "330523110", Department: "县民政局"},
		{Division: "330523111200", Department: "县民政局"},
		{Division: "330523", Department: "县民政局"},
		{Division: "330523110200", Department: "县公安局"},
		{Division: "330524110200", Department: "县民政局"},
	}
	cells := 0
	for _, r := range Roles {
		for a := range actions {
			reach, granted := Reach(""), false
			for _, g := range Grants {
				if g.Role == r && g.Action == a {
					reach, granted = g.Reach, true
				}
			}
			for _, p := range places {
				want := granted && p.Division[:6] == "330523"
				if want {
					switch reach {
					case Own:
						want = p.Division == subject(r).Division
					case Subtree:
						want = len(p.Division) >= len(subject(r).Division) && p.Division[:len(subject(r).Division)] == subject(r).Division
					case Department:
						want = p.Department == "县民政局"
					}
				}
				err := Permit(subject(r), a, p)
				if (err == nil) != want {
					t.Errorf("%s %s at %s/%s: got %v, want allowed=%v", r, a, p.Division, p.Department, err, want)
				}
				var denied *Denied
				if err != nil && !errors.As(err, &denied) {
					t.Errorf("%s %s: error is %T, want *Denied", r, a, err)
				}
				cells++
			}
		}
	}
	if cells < 1500 {
		t.Fatalf("only %d cells tried", cells)
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
		case CaseRead, RevealRead, ItemRead, StaffRead, NodeRead, SyncRead, AttentionRead, LedgerProve:
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
