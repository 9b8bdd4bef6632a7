package casework

import (
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// Once a case was accepted its applicant stays who they are: a slip of the pen is
// put right, and another person is refused, in one step or in several.
func TestApplicantAfterAcceptance(t *testing.T) {
	const slip, other = "110105194912310038", "330599200103152464"
	correct := func(name, number string) ledger.Body {
		return &ledger.CaseCorrectV1{Name: name, IDNumber: number, Shown: "居民身份证", Reason: "录错一位"}
	}
	open := mustOpen(t, village)
	was := open.Applicant
	if next, err := apply(open, entry(open, "e1"), correct("李强", other), holder(open)); err != nil || next.Applicant.Name != "李强" || len(next.Flags) != 0 {
		t.Errorf("before acceptance: %v", err)
	}
	taken := mustApply(t, open, "e1", bodies[ledger.CaseAccept])
	decided := mustApply(t, mustApply(t, taken, "e2", bodies[ledger.CaseReview]), "e3", bodies[ledger.CaseDecide])
	ended := mustApply(t, open, "e1", bodies[ledger.CaseReject])
	for name, c := range map[string]*Case{"accepted": taken, "decided": decided, "not accepted": ended} {
		for _, row := range []struct{ name, number, want string }{
			{"李强", other, "applicant_other"},
			{was.Name, other, "applicant_other"},
			{"欧阳建国", was.IDNumber, "applicant_other"},
			{"王方", slip, "applicant_other"},
			{"王方", was.IDNumber, ""},
			{was.Name, slip, ""},
			{was.Name, was.IDNumber, "applicant_unchanged"},
		} {
			next, err := apply(c, entry(c, "x"), correct(row.name, row.number), holder(c))
			if code(err) != row.want {
				t.Errorf("%s, to %s %s: %v, want %q", name, row.name, row.number, err, row.want)
			}
			if err == nil && (next.Applicant.Name != row.name || next.Applicant.IDNumber != row.number || next.Flags[0] != FlagCorrected) {
				t.Errorf("%s: %+v", name, next)
			}
		}
		next := mustApply(t, c, "x", correct("王方", was.IDNumber))
		for _, step := range [][2]string{{"李方", was.IDNumber}, {"王方", slip}} {
			if step[0] == "李方" {
				if _, err := apply(next, entry(next, "y"), correct(step[0], step[1]), holder(next)); code(err) != "applicant_other" {
					t.Errorf("%s: another name, a character at a time: %v", name, err)
				}
				continue
			}
			if _, err := apply(next, entry(next, "y"), correct(step[0], step[1]), holder(next)); code(err) != "applicant_other" {
				t.Errorf("%s: name and number, one after the other: %v", name, err)
			}
		}
	}
}

// Acceptor and decider differ, and the reviewer too, also when a case was sent
// back and accepted by another.
//
// Rules: 4.3.
func TestWhoEverLookedIntoItMayNotDecide(t *testing.T) {
	by := func(c *Case, id, staff string, kind ledger.Kind) (*Case, error) {
		e := entry(c, id)
		e.Actor.Staff = staff
		return apply(c, e, bodies[kind], holder(c))
	}
	must := func(c *Case, err error) *Case {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := must(by(mustOpen(t, village), "e1", "one", ledger.CaseAccept))
	c = must(by(c, "e2", "two", ledger.CaseReview))
	c = must(apply(c, entry(c, "e3"), &ledger.CaseReturnV1{ToStep: 0, Reason: "请核实收入"}, holder(c)))
	c = must(by(c, "e4", "three", ledger.CaseAccept))
	c = must(by(c, "e5", "four", ledger.CaseReview))
	for _, staff := range []string{"one", "two", "three", "four"} {
		if _, err := by(c, "x", staff, ledger.CaseDecide); code(err) != "same_person" {
			t.Errorf("%s decided: %v", staff, err)
		}
	}
	if c.AcceptedBy.Staff != "three" {
		t.Errorf("accepted by %+v", c.AcceptedBy)
	}
	must(by(c, "e6", "five", ledger.CaseDecide))
	c.Instant = true
	must(by(c, "e6", "one", ledger.CaseDecide))
}
