package api

import (
	"testing"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A township's desk is manned by whoever works there, whatever department's an
// item is; the county's by that department's people alone.
func TestUnmannedDesks(t *testing.T) {
	h := newHub(t)
	unmanned := func(d ledger.Desk) bool {
		var failed error
		unmanned, _ := h.api.whoIsAt(t.Context(), &failed)(d)
		if failed != nil {
			t.Fatal(failed)
		}
		return unmanned
	}
	town := ledger.Desk{Division: theTownship, Department: "县民政局", Verb: ledger.VerbPreReview}
	county := ledger.Desk{Division: theCounty, Department: "县民政局", Verb: ledger.VerbDecide}
	if !unmanned(town) || !unmanned(county) {
		t.Error("nobody works there, and it is said to be manned")
	}
	h.person("reviewer", theTownship, "", identity.TownshipReviewer)
	h.person("otherleader", theCounty, "县林业局", identity.DepartmentLeader)
	if unmanned(town) {
		t.Error("the township's reviewer is there")
	}
	if !unmanned(county) {
		t.Error("another department's leader is nobody here")
	}
	h.person("leader", theCounty, "县民政局", identity.DepartmentLeader)
	if unmanned(county) {
		t.Error("the department's leader is there")
	}
	if unmanned(ledger.Desk{Division: theCounty, Department: "县民政局"}) {
		t.Error("a desk that waits for no step")
	}
}
