package api

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// Whoever may read a case sees, from its acceptance to its decision, by when the step
// that it waits at is to be done, and the rule of that.
func TestStepLimitIsShown(t *testing.T) {
	h := newHub(t)
	const department = "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("leader", theCounty, department, identity.DepartmentLeader)
	var in gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &in)
	step := func() (found []gen.CaseLimit) {
		t.Helper()
		var limits gen.LimitReport
		h.get("window", "/api/v1/cases/"+in.Case.Id+"/limits", &limits)
		promised := slices.IndexFunc(limits.Limits, func(l gen.CaseLimit) bool { return l.Kind == gen.LimitPromised })
		for _, l := range limits.Limits {
			if l.Kind == gen.LimitStep {
				if l.RuleZh == "" || l.RuleEn == "" || l.Due != limits.Limits[promised].Due || len(l.Days) == 0 {
					t.Errorf("%+v, beside %+v", l, limits.Limits[promised])
				}
				found = append(found, l)
			}
		}
		return found
	}
	if n := len(step()); n != 0 {
		t.Errorf("%d before acceptance", n)
	}
	h.act("window", in.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	if n := len(step()); n != 1 {
		t.Errorf("%d after acceptance", n)
	}
	h.act("leader", in.Case.Id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予"})
	if n := len(step()); n != 0 {
		t.Errorf("%d after the decision", n)
	}
}
