package api

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/guide"
	"github.com/tongban/tongban/node/identity"
)

// TestFirstAsked: whoever is asked at a window stays responsible until the right
// window accepts; they are named on the case and its receipt, see what they are
// guiding, and supervision sees what is late (domain: section 4).
func TestFirstAsked(t *testing.T) {
	r := newRegion(t)
	v := r.village
	var opened gen.GuideReceipt
	first := v.keyedTo("worker", "/api/v1/guides", "guide-0001", gen.GuideRequest{About: "丧葬补助怎么领，身份证330599200103152464"})
	again := v.keyedTo("worker", "/api/v1/guides", "guide-0001", gen.GuideRequest{About: "丧葬补助怎么领，身份证330599200103152464"})
	if first.Code != 201 || again.Code != 201 {
		t.Fatalf("%d %s, %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	v.decode(again, &opened)
	if strings.Contains(again.Body.String(), "330599200103152464") || opened.Guide.Guide.State != guide.Open || opened.Guide.Due.IsZero() || opened.Guide.Overdue {
		t.Errorf("%s", again.Body)
	}
	id := opened.Guide.Guide.ID
	path := "/api/v1/guides/" + id + "/actions"
	for want, body := range map[string]any{
		"400 invalid_request":  gen.GuideAction{Kind: gen.GuideActClose},
		"409 guide_line":       gen.GuideAction{Kind: gen.GuideActHand, To: neighbours},
		"409 guide_same":       gen.GuideAction{Kind: gen.GuideActHand, To: theVillage},
		"409 guide_not_handed": gen.GuideAction{Kind: gen.GuideActAccept},
	} {
		if got := v.as("worker", "POST", path, body); got != want {
			t.Errorf("%+v: %s, want %s", body, got, want)
		}
	}
	if got := v.as("worker", "POST", "/api/v1/guides/nowhere/actions", gen.GuideAction{Kind: gen.GuideActAccept}); got != "404 not_found" {
		t.Errorf("what there is not: %s", got)
	}
	var list gen.GuideList
	v.get("worker", "/api/v1/guides", &list)
	if len(list.Guides) != 1 || list.Guides[0].Guide.ID != id || len(list.Cases) != 0 {
		t.Errorf("%+v", list)
	}
	in := v.submission("TB-XZRZ-005", theVillage)
	in.Guide = "nowhere"
	if got := v.as("worker", "POST", "/api/v1/cases", in); got != "409 guide_unknown" {
		t.Errorf("of a question there is not: %s", got)
	}
	in.Guide = id
	var receipt gen.CaseReceipt
	v.decode(v.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	var c gen.Case
	v.get("worker", "/api/v1/cases/"+receipt.Case.Id, &c)
	if c.FirstAsked.Name == "" || c.FirstAsked.Staff != opened.Guide.Guide.First.Staff {
		t.Errorf("%+v", c.FirstAsked)
	}
	page := v.must("worker", "GET", "/api/v1/cases/"+receipt.Case.Id+"/documents/receipt_slip?format=html", nil, 200).Body.String()
	if !strings.Contains(page, "首问负责人") || !strings.Contains(page, c.FirstAsked.Name) {
		t.Errorf("the receipt does not name them: %s", page)
	}
	v.get("worker", "/api/v1/guides", &list)
	if len(list.Guides) != 0 || len(list.Cases) != 1 || list.Cases[0].Id != receipt.Case.Id {
		t.Errorf("%+v", list)
	}
	v.get("worker", "/api/v1/guides?view=all", &list)
	if len(list.Guides) != 1 || list.Guides[0].Guide.State != guide.Closed || list.Guides[0].Guide.Case != receipt.Case.Id {
		t.Errorf("%+v", list)
	}
}

// TestGuidanceThatIsLate: what nobody has answered after a working day is seen by
// supervision; a window is any of its department, and no other.
func TestGuidanceThatIsLate(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("other", theCounty, "县林业局", identity.DepartmentWindow)
	h.person("boss", theCounty, "", identity.Supervisor)
	var opened gen.GuideReceipt
	h.decode(h.must("window", "POST", "/api/v1/guides", gen.GuideRequest{About: "怎么办证"}, 201), &opened)
	path := "/api/v1/guides/" + opened.Guide.Guide.ID + "/actions"
	if got := h.as("other", "POST", path, gen.GuideAction{Kind: gen.GuideActClose, Answer: "x"}); got != "404 not_found" {
		t.Errorf("another department: %s", got)
	}
	h.must("window", "POST", path, gen.GuideAction{Kind: gen.GuideActHand, To: theCounty, Department: "县林业局", Note: "已陪同"}, 200)
	if got := h.as("window", "POST", path, gen.GuideAction{Kind: gen.GuideActAccept}); got != "403 forbidden" {
		t.Errorf("accepted by who handed over: %s", got)
	}
	if got := h.as("boss", "POST", path, gen.GuideAction{Kind: gen.GuideActClose, Answer: "x"}); got != "403 forbidden" {
		t.Errorf("ended by supervision: %s", got)
	}
	var list gen.GuideList
	h.get("boss", "/api/v1/guides?view=overdue", &list)
	if len(list.Guides) != 0 {
		t.Errorf("late on the day: %+v", list)
	}
	now := h.api.o.Now
	h.api.o.Now = func() time.Time { return now().Add(7 * 24 * time.Hour) }
	delete(h.tokens, "boss") // the one it had has run out by then
	h.get("boss", "/api/v1/guides?view=overdue", &list)
	h.api.o.Now = now
	if len(list.Guides) != 1 || !list.Guides[0].Overdue || list.Guides[0].Guide.Responsible.Staff != opened.Guide.Guide.First.Staff {
		t.Errorf("%+v", list)
	}
	var out gen.GuideReceipt
	h.decode(h.must("other", "POST", path, gen.GuideAction{Kind: gen.GuideActAccept}, 200), &out)
	if g := out.Guide.Guide; g.Responsible.Staff == g.First.Staff || g.State != guide.Open {
		t.Errorf("%+v", g)
	}
	h.must("other", "POST", path, gen.GuideAction{Kind: gen.GuideActClose, Answer: "已答复"}, 200)
}
