package api

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
)

// Anybody finds items by what happened in their life, and sees how the papers have
// to look.
func TestLifeEvents(t *testing.T) {
	h := newHub(t)
	var list gen.LifeEventList
	h.get("", "/api/v1/life-events", &list)
	if len(list.Events) != len(catalog.Lives()) {
		t.Fatalf("%d events", len(list.Events))
	}
	items := map[catalog.LifeEvent]int{}
	for _, e := range list.Events {
		items[e.Event] = e.Items
	}
	if items[catalog.LifeBirth] != 1 || items[catalog.LifeMarriage] != 1 || items[catalog.LifeDeath] != 0 {
		t.Errorf("%v", items)
	}
	var found gen.ItemList
	h.get("", "/api/v1/items?life=birth", &found)
	if found.Total != 1 || found.Items[0].Code != "TB-XZRZ-005" {
		t.Errorf("birth: %+v", found)
	}
	h.get("", "/api/v1/items?query="+url.QueryEscape("养育"), &found)
	if found.Total != 1 || found.Items[0].Code != "TB-XZRZ-005" {
		t.Errorf("by the event's name: %+v", found)
	}
	if r := h.as("", "GET", "/api/v1/items?life=lottery", nil); r != "400 invalid_request" {
		t.Errorf("an event that there is not: %s", r)
	}
	var online gen.OnlineItems
	h.get("", "/api/v1/my/items?life=marriage", &online)
	if len(online.Items) != 1 || online.Items[0].Code != "TB-MZJ-001" {
		t.Errorf("from home: %+v", online)
	}
}

// Rules: 2.25.
func TestPaperSample(t *testing.T) {
	h := newHub(t)
	var at gen.ItemAtVersion
	h.get("", "/api/v1/items/TB-SCJG-001", &at)
	form := slices.IndexFunc(at.Item.Materials, func(m catalog.Material) bool { return m.SampleForm })
	bare := slices.IndexFunc(at.Item.Materials, func(m catalog.Material) bool { return !m.HasSample() })
	if form < 0 || bare < 0 {
		t.Fatal("the item has no form, or nothing without a sample")
	}
	base := "/api/v1/items/TB-SCJG-001/sample?material="
	page := h.send(request0{method: "GET", path: base + url.QueryEscape(at.Item.Materials[form].Name) + "&format=html"})
	if page.Code != 200 || strings.Count(page.Body.String(), "样本") < 3 || !strings.Contains(page.Body.String(), at.Item.Form[1].Label) {
		t.Errorf("%d %s", page.Code, page.Body)
	}
	if strings.Contains(page.Body.String(), "<svg") {
		t.Error("a specimen has a code that proves something")
	}
	for _, name := range []string{at.Item.Materials[bare].Name, "彩票"} {
		if r := h.as("", "GET", base+url.QueryEscape(name), nil); r != "404 no_sample" {
			t.Errorf("%s: %s", name, r)
		}
	}
}
