package staffing

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

func person(department string, disabled bool, roles ...identity.Role) identity.Staff {
	return identity.Staff{Department: department, History: []identity.Standing{{Roles: roles, Disabled: disabled}}}
}

func item(code, department string) catalog.Item {
	return catalog.Item{Code: code, Department: department, AcceptTiers: []node.Tier{node.Village}, DecideTier: node.County,
		ReviewSteps: []catalog.ReviewStep{{Tier: node.Village, Role: catalog.StepAcceptance}, {Tier: node.Township, Role: catalog.StepPreReview}, {Tier: node.County, Role: catalog.StepDecide}}}
}

func TestGaps(t *testing.T) {
	staff := []identity.Staff{
		person("县民政局", false, identity.DepartmentWindow), person("县民政局", false, identity.DepartmentReviewer), person("县民政局", false, identity.DepartmentLeader),
		person("县教育局", false, identity.DepartmentWindow), person("县教育局", true, identity.DepartmentLeader),
		person("", false, identity.CountyOperator),
	}
	atCounty, reviewed, township := item("D", "县民政局"), item("E", "县教育局"), item("F", "乡镇人民政府（街道办事处）")
	atCounty.AcceptTiers = []node.Tier{node.County}
	reviewed.AcceptTiers = []node.Tier{node.County}
	reviewed.ReviewSteps[1] = catalog.ReviewStep{Tier: node.County, Role: catalog.StepReview}
	township.DecideTier, township.ReviewSteps = node.Township, township.ReviewSteps[:2]
	township.ReviewSteps = append(slices.Clone(township.ReviewSteps[:1]), catalog.ReviewStep{Tier: node.Township, Role: catalog.StepDecide})
	offered, alone, mistyped := township, township, township
	offered.Code, offered.AcceptTiers = "G", []node.Tier{node.County, node.Township, node.Village}
	alone.Code, alone.AcceptTiers = "H", []node.Tier{node.County}
	mistyped.Code, mistyped.Department, mistyped.AcceptTiers = "I", "县民政居", offered.AcceptTiers
	for _, row := range []struct {
		what  string
		items []catalog.Item
		want  []Gap
	}{
		{"everybody is there", []catalog.Item{item("A", "县民政局"), atCounty}, nil},
		{"a department that is not there", []catalog.Item{item("A", "县民政局"), item("B", "不存在局"), item("C", "不存在局")},
			[]Gap{{"不存在局", []ledger.Verb{ledger.VerbDecide, ledger.VerbIssue}, []string{"B", "C"}, 1}}},
		{"one whose leader's account is disabled", []catalog.Item{item("C", "县教育局")}, []Gap{{"县教育局", []ledger.Verb{ledger.VerbDecide}, []string{"C"}, 0}}},
		{"and that has no reviewer", []catalog.Item{item("C", "县教育局"), reviewed},
			[]Gap{{"县教育局", []ledger.Verb{ledger.VerbDecide}, []string{"C"}, 0}, {"县教育局", []ledger.Verb{ledger.VerbReview, ledger.VerbDecide}, []string{"E"}, 1}}},
		{"what never comes to the county", []catalog.Item{township}, nil},
		{"what a township's window takes in too, where the county has none of its department", []catalog.Item{offered}, nil},
		{"and no window but the county's", []catalog.Item{alone}, []Gap{{"乡镇人民政府（街道办事处）", []ledger.Verb{ledger.VerbAccept, ledger.VerbDeliver}, []string{"H"}, 0}}},
		{"a department that was mistyped", []catalog.Item{mistyped}, []Gap{{"县民政居", []ledger.Verb{ledger.VerbAccept, ledger.VerbDeliver}, []string{"I"}, 0}}},
		{"what is no item yet", []catalog.Item{{Code: "X", Department: "县教育局", AcceptTiers: []node.Tier{"province"}, ReviewSteps: []catalog.ReviewStep{{Tier: "province", Role: "批"}}}, {}}, nil},
	} {
		got := Gaps(row.items, staff)
		if !slices.EqualFunc(got, row.want, func(a, b Gap) bool {
			return a.Department == b.Department && slices.Equal(a.Steps, b.Steps) && slices.Equal(a.Items, b.Items) && a.First == b.First
		}) {
			t.Errorf("%s: %+v, want %+v", row.what, got, row.want)
		}
	}
}

// A gap is told with its department, its steps and its items, and with the name that may
// have been meant.
func TestFaults(t *testing.T) {
	staff := []identity.Staff{person("县民政局", false, identity.DepartmentWindow), person("县市场监督管理局", false, identity.DepartmentWindow), person("县林业局", true, identity.DepartmentWindow)}
	steps := []ledger.Verb{ledger.VerbAccept, ledger.VerbPreReview, ledger.VerbReview, ledger.VerbDecide, ledger.VerbIssue, ledger.VerbDeliver}
	for _, row := range []struct{ department, near string }{
		{"县民政居", "县民政局"}, {"市场监督管理局", "县市场监督管理局"}, {"县气象局", ""}, {"县林业居", ""}, {"县民政局", ""},
	} {
		got := Faults([]Gap{{row.department, steps, []string{"TB-A-001", "TB-A-002", "TB-A-003", "TB-A-004", "TB-A-005", "TB-A-006"}, 3}}, staff)
		if len(got) != 1 || got[0].Path != "items[3].department" || row.near != "" != strings.Contains(got[0].ZH, "是否应为") {
			t.Fatalf("%s: %v", row.department, got)
		}
		for _, want := range []string{row.department, row.near, "受理、初审、审核、审批、制发、送达", "TB-A-005等 6 项"} {
			if !strings.Contains(got[0].ZH, want) {
				t.Errorf("%q is not in %s", want, got[0].ZH)
			}
		}
		for _, want := range []string{row.department, row.near, "acceptance, preliminary review, review, decision, issue, delivery", "6 items in all"} {
			if !strings.Contains(got[0].EN, want) {
				t.Errorf("%q is not in %s", want, got[0].EN)
			}
		}
	}
}

// Every item the program carries can be judged, and the whole of a county without people
// is told at once.
func TestCarriedItems(t *testing.T) {
	items := catalogtest.Items(t)
	// Once every department of the county has its people, all of it can be published;
	// a township's is no department of the county.
	var everybody []identity.Staff
	for _, i := range items {
		if !strings.HasPrefix(i.Department, "乡镇") {
			everybody = append(everybody, person(i.Department, false, identity.DepartmentWindow, identity.DepartmentReviewer, identity.DepartmentLeader))
		}
	}
	if gaps := Gaps(items, everybody); len(gaps) != 0 {
		t.Errorf("%+v", gaps)
	}
	gaps := Gaps(items, nil)
	n := 0
	for _, g := range gaps {
		n += len(g.Items)
		if !slices.Contains(g.Steps, ledger.VerbDecide) && !slices.Contains(g.Steps, ledger.VerbAccept) {
			t.Errorf("%+v", g)
		}
	}
	if n < 100 || n == len(items) || len(Faults(gaps, nil)) != len(gaps) {
		t.Errorf("%d of %d items, in %d gaps", n, len(items), len(gaps))
	}
}
