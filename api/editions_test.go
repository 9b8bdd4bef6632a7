package api

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// Now is now, whatever is announced for later; what was announced can be
// cancelled, and everybody is told what holds and since when.
func TestNowIsNow(t *testing.T) {
	h := newHub(t)
	says := func(r *httptest.ResponseRecorder, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(r.Body.String(), w) {
				t.Errorf("%q is not in %s", w, r.Body)
			}
		}
	}
	const announced, other = "TB-SCJG-001", "TB-XZRZ-005"
	month := time.Now().Add(30 * 24 * time.Hour).UnixMilli()
	day := instant(month)

	// A second version of one item is announced for next month.
	var shown struct{ Item map[string]any }
	h.get("", "/api/v1/items/"+announced, &shown)
	shown.Item["remarks"] = "下月起改"
	h.must("operator", "POST", "/api/v1/items/"+announced+"/draft", shown.Item, 201)
	h.must("second", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: []gen.ItemRef{{Code: announced, Version: 2}}}, 200)
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, EffectiveFrom: month}, 201)

	in := h.submission(announced, theCounty)
	in.ItemVersion = 2
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	says(h.must("window", "POST", "/api/v1/cases/check", in, 200), "item_not_yet", "第2版自 "+day+" 起生效，现请用第1版")

	// Another one is withdrawn at once.
	before := time.Now().UnixMilli()
	var out gen.PublishedEdition
	h.decode(h.must("operator", "POST", "/api/v1/items/"+other+"/withdraw", gen.WithdrawRequest{Note: "立即"}, 201), &out)
	if out.Edition.Number != 3 || out.Edition.EffectiveFrom < before || out.Edition.EffectiveFrom > time.Now().UnixMilli() || len(out.Coming) != 0 {
		t.Fatalf("%+v", out)
	}
	// Whoever asks for it hears since when, and what to do; so does who hands it in.
	gone := []string{"item_withdrawn", "第 3 期目录自 " + instant(out.Edition.EffectiveFrom) + " 起下架", "by edition 3", "另选现行事项", "choose an item in force"}
	says(h.must("", "GET", "/api/v1/items/"+other, nil, 404), gone...)
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	late := in
	late.Item, late.ItemVersion = other, 0
	says(h.must("civil", "POST", "/api/v1/cases/check", late, 200), gone[:3]...)
	says(h.must("civil", "POST", "/api/v1/cases", late, 404), gone...)
	says(h.must("", "GET", "/api/v1/items/TB-NONE-001", nil, 404), "not_found")
	says(h.must("operator", "POST", "/api/v1/items/"+other+"/withdraw", gen.WithdrawRequest{Note: "再次"}, 409),
		"item_withdrawn", "第 3 期目录自 "+instant(out.Edition.EffectiveFrom)+" 起下架")
	h.must("operator", "POST", "/api/v1/items/TB-NONE-001/withdraw", gen.WithdrawRequest{Note: "无"}, 404)

	// So is the announced one, and whoever does so hears that it comes back.
	h.decode(h.must("operator", "POST", "/api/v1/items/"+announced+"/withdraw", gen.WithdrawRequest{Note: "立即"}, 201), &out)
	if len(out.Coming) != 1 || out.Coming[0].Number != 2 || len(out.Coming[0].Entries) != 1 {
		t.Fatalf("%+v", out)
	}
	statuses := func() string {
		var all [3]gen.ItemList
		for i, status := range []string{"in_force", "coming", "withdrawn"} {
			h.get("", "/api/v1/items?status="+status, &all[i])
		}
		return fmt.Sprint(all[0].Total, all[1].Total, all[2].Total)
	}
	if got := statuses(); got != "2 1 2" {
		t.Errorf("in force, coming and withdrawn: %s", got)
	}
	says(h.must("operator", "POST", "/api/v1/editions/9/cancel", gen.CancelEditionRequest{Reason: "x"}, 404), "edition_unknown")
	says(h.must("operator", "POST", "/api/v1/editions/1/cancel", gen.CancelEditionRequest{Reason: "x"}, 409), "edition_in_force", "下架")
	h.must("operator", "POST", "/api/v1/editions/2/cancel", gen.CancelEditionRequest{Reason: "政策暂缓实施"}, 200)
	says(h.must("operator", "POST", "/api/v1/editions/2/cancel", gen.CancelEditionRequest{Reason: "x"}, 409), "edition_cancelled")
	if got := statuses(); got != "2 0 2" {
		t.Errorf("in force, coming and withdrawn: %s", got)
	}
	says(h.must("operator", "GET", "/api/v1/drafts", nil, 200), `"status":"approved"`, announced)
	says(h.must("", "GET", "/api/v1/editions", nil, 200), `"cancelled_at":`)

	says(h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, EffectiveFrom: 1}, 409), "edition_date", "不填生效时间")
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true}, 201)
	var back struct {
		Version int
		Item    json.RawMessage
	}
	h.get("", "/api/v1/items/"+announced, &back)
	if back.Version != 2 || !strings.Contains(string(back.Item), "下月起改") {
		t.Errorf("version %d", back.Version)
	}

	// A department where nobody works is warned of at the draft, and nothing is
	// published for it unless that is meant: nobody would take its cases up.
	shown.Item["department"] = "县市场监督管理居"
	whole := map[string]any{"count": 1, "items": []any{shown.Item}}
	says(h.must("operator", "POST", "/api/v1/items/validate", whole, 200), `"ok":true`, `"path":"items[0].department"`, "是否应为“县市场监督管理局”")
	says(h.must("operator", "POST", "/api/v1/items/import", whole, 200), "县市场监督管理居", announced)
	h.must("second", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: []gen.ItemRef{{Code: announced, Version: 3}}}, 200)
	typed := []gen.ItemRef{{Code: announced, Version: 3}}
	says(h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Items: typed}, 409), "steps_unstaffed", announced, "县市场监督管理居", "受理", "审批", "仍然发布", "nevertheless")
	h.decode(h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true, Items: typed}, 201), &out)
	if out.Edition.Number != 6 || len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0].EN, "nobody works") {
		t.Errorf("%+v", out.Warnings)
	}
}

// A draft begins from the item as the county publishes it, not from what an
// office has laid over it.
func TestAnItemPlain(t *testing.T) {
	h := newHub(t)
	const code = "TB-XZRZ-005"
	h.must("operator", "PUT", "/api/v1/items/"+code+"/overlay", gen.OverlayRequest{Phone: "0572-5000999"}, 200)
	var offered, plain gen.ItemAtVersion
	h.get("operator", "/api/v1/items/"+code, &offered)
	h.get("operator", "/api/v1/items/"+code+"?plain=true", &plain)
	if offered.Item.Phone != "0572-5000999" || plain.Item.Phone == offered.Item.Phone || plain.Overlay.Office != "" {
		t.Errorf("offered with %q, plain with %q", offered.Item.Phone, plain.Item.Phone)
	}
	if r := h.must("operator", "POST", "/api/v1/items/"+code+"/draft", plain.Item, 409); !strings.Contains(r.Body.String(), "nothing_changed") {
		t.Errorf("%s", r.Body)
	}
}
