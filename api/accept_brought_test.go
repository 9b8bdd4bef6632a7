package api

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Whoever accepts need not name the entries that brought what was missing: once all of it
// has come they follow from the case, and until then it is refused.
func TestAcceptanceNamesWhatCame(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	first, second := in.Materials[0].Name, in.Materials[1].Name
	in.Materials, in.Lacking = in.Materials[2:], true
	bring := func(id, name string) string {
		r := h.act("window", id, gen.CaseAction{Kind: gen.ActSupplement, Materials: []catalog.SubmittedMaterial{{Name: name, Form: catalog.SubmittedOriginal, Copies: 1}}})
		return r.Recorded.Entry
	}
	accept := gen.CaseAction{Kind: gen.ActAccept}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	one := bring(id, first)
	if r := h.act0("window", id, accept); !strings.HasSuffix(r, "papers_lacking") {
		t.Errorf("one of two came: %s", r)
	}
	two := bring(id, second)
	// Asked for anew it must come anew.
	h.act("window", id, gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: first, Problem: ledger.ProblemUnclear, How: "请提交清晰的原件"}}, Before: calendar.DateOf(time.Now()).AddDays(9)})
	if r := h.act0("window", id, accept); !strings.HasSuffix(r, "papers_lacking") {
		t.Errorf("what was asked for since has not come: %s", r)
	}
	again := bring(id, first)
	if r := h.keyed("window", id, "accept-0001", accept); !strings.HasPrefix(r, "200") {
		t.Fatalf("all has come: %s", r)
	}
	if r := h.keyed("window", id, "accept-0001", accept); !strings.HasPrefix(r, "200") {
		t.Errorf("repeated: %s", r)
	}
	entries, err := h.node.Store.Timeline(t.Context(), id)
	check(t, err)
	for i := range entries {
		if body, err := entries[i].Decode(); err == nil {
			if b, ok := body.(*ledger.CaseAcceptV1); ok {
				if got := strings.Join(b.Supplements, " "); !strings.Contains(got, two) || !strings.Contains(got, again) || strings.Contains(got, one) {
					t.Errorf("it names %s, of %s %s %s", got, one, two, again)
				}
			}
		}
	}
}
