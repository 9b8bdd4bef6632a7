package api

import (
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A township's desk is manned by whoever works there, whatever department's an
// item is; the county's by that department's people alone.
func TestUnmannedDesks(t *testing.T) {
	h := newHub(t)
	roster := func(d division.Code) []identity.Staff {
		people, err := h.api.store.StaffAt(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return people
	}
	today := calendar.DateOf(h.api.o.Now())
	town := ledger.Desk{Division: theTownship, Department: "县民政局", Verb: ledger.VerbPreReview}
	county := ledger.Desk{Division: theCounty, Department: "县民政局", Verb: ledger.VerbDecide}
	if !h.api.unmanned(town, roster, today) || !h.api.unmanned(county, roster, today) {
		t.Error("nobody works there, and it is said to be manned")
	}
	h.person("reviewer", theTownship, "", identity.TownshipReviewer)
	h.person("otherleader", theCounty, "县林业局", identity.DepartmentLeader)
	if h.api.unmanned(town, roster, today) {
		t.Error("the township's reviewer is there")
	}
	if !h.api.unmanned(county, roster, today) {
		t.Error("another department's leader is nobody here")
	}
	h.person("leader", theCounty, "县民政局", identity.DepartmentLeader)
	if h.api.unmanned(county, roster, today) {
		t.Error("the department's leader is there")
	}
	if h.api.unmanned(ledger.Desk{Division: theCounty, Department: "县民政局"}, roster, today) {
		t.Error("a desk that waits for no step")
	}
}
