package api

import (
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// TestSubstituteOnDuty: while a leader is absent the substitute sees and decides what
// waits for the leader, who does not; what the leader may do beside casework is nobody's.
func TestSubstituteOnDuty(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("deputy", theCounty, department, identity.DepartmentReviewer)
	h.person("third", theCounty, department, identity.DepartmentReviewer)
	number := func(login string) string {
		p, err := h.node.Store.StaffByLogin(t.Context(), login)
		check(t, err)
		return p.ID
	}
	b := storetest.Qualified(number("deputy"))
	h.must("operator", "PUT", "/api/v1/staff/"+b.Staff+"/roster", gen.RosterRequest{Established: true, Qualifications: b.Qualifications, Rank: b.Rank, Reason: b.Reason}, 200)

	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	grant := gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"}
	if r := h.act0("deputy", id, grant); r != "403 forbidden" {
		t.Errorf("before anybody is absent: %s", r)
	}
	today := calendar.DateOf(time.Now())
	h.must("operator", "POST", "/api/v1/staff/"+number("chief")+"/substitute", gen.SubstituteRequest{Substitute: b.Staff, From: today, Until: today, Reason: "休假"}, 200)
	var who gen.Session
	until(t, "the deputy to stand in", func() bool {
		h.get("deputy", "/api/v1/session", &who)
		return len(who.Lent) == 1
	})
	may := map[string]bool{}
	for _, a := range who.Actions {
		may[a] = true
	}
	if !may["case.decide"] || may["card.measure"] || may["fee.waive"] || may["attendance.record"] || len(who.Roles) != 1 {
		t.Errorf("%+v", who)
	}
	if r := h.act0("chief", id, grant); r != "409 absent" {
		t.Errorf("by the absent leader: %s", r)
	}
	if r := h.act0("third", id, grant); r != "403 forbidden" {
		t.Errorf("by a colleague: %s", r)
	}
	h.act("deputy", id, grant)
	var c gen.Case
	h.get("window", "/api/v1/cases/"+id, &c)
	if c.DecidedBy.Staff != b.Staff || c.DecidedBy.Role != identity.DepartmentLeader {
		t.Errorf("decided by %+v", c.DecidedBy)
	}
}
