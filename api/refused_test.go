package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
)

// refused is a region with a hand-in that the county refused: the village's
// worker had been disabled while the line was down. The village's deputy can
// still log in there.
func refused(t *testing.T) (region, gen.CaseReceipt, []byte) {
	t.Helper()
	r := newRegion(t)
	r.hub.person("deputy", theVillage, "", identity.VillageWorker)
	r.hub.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	until(t, "the deputy to come down", func() bool {
		_, err := r.village.node.Store.StaffByLogin(t.Context(), "deputy")
		return err == nil
	})
	worker, err := r.village.node.Store.StaffByLogin(t.Context(), "worker")
	check(t, err)
	r.village.token("worker")
	r.hub.cut()
	r.hub.must("operator", "POST", "/api/v1/staff/"+worker.ID+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)
	scan := picture(t)
	in := r.village.submission("TB-XZRZ-005", theVillage)
	in.Materials[0].Attachments = []catalog.AttachmentRef{r.village.upload("worker", scan, "登记表.png")}
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	r.hub.heal()
	r.village.node.Kick()
	until(t, "the refusal to come down", func() bool {
		_, err := r.village.node.Store.AttentionFor(t.Context(), receipt.Case.Id)
		return err == nil
	})
	return r, receipt, scan
}

// TestRefusedStaysReadable: whoever holds the receipt finds what became of it,
// at both ends and in full, masked like a case, and nobody else does.
func TestRefusedStaysReadable(t *testing.T) {
	r, receipt, scan := refused(t)
	id, number := receipt.Case.Id, receipt.Case.Number
	whole := []string{`"status":"refused"`, "未接收", number, `"code":"not_authorised"`, `"way":"resubmit"`, hashOf(scan), `"handed_in_by":{"staff":`, "王*", `"actions":[]`}
	for _, row := range []struct {
		at *site
		ApiScenario
	}{
		{r.village, ApiScenario{name: "by number at the village", as: "deputy", path: "/api/v1/cases/" + number, status: 200, must: whole, not: []string{"王芳", "13800000000"}}},
		{r.hub, ApiScenario{name: "by number at the county", as: "supervisor", path: "/api/v1/cases/" + number, status: 200, must: whole, not: []string{"王芳", "13800000000"}}},
		{r.hub, ApiScenario{name: "in full, to whoever may see that", as: "supervisor", path: "/api/v1/cases/" + id + "?reveal=true", status: 200, must: []string{"王芳", `"revealed":true`}}},
		{r.hub, ApiScenario{name: "not to another department", as: "window", path: "/api/v1/cases/" + number, status: 404, not: []string{"王"}}},
		{r.hub, ApiScenario{name: "not to nobody", path: "/api/v1/cases/" + number, status: 401}},
		{r.village, ApiScenario{name: "its timeline", as: "deputy", path: "/api/v1/cases/" + number + "/timeline", status: 200, must: []string{`"standing":"refused"`, `"word":"refused"`, "李worker"}}},
		{r.village, ApiScenario{name: "in the list", as: "deputy", path: "/api/v1/cases", status: 200, must: []string{number, "未接收"}}},
		{r.hub, ApiScenario{name: "by its status", as: "supervisor", path: "/api/v1/cases?status=refused", status: 200, must: []string{number}}},
		{r.hub, ApiScenario{name: "by the beginning of its number", as: "supervisor", path: "/api/v1/cases?query=" + number[:12], status: 200, must: []string{number}}},
		{r.hub, ApiScenario{name: "not among others", as: "supervisor", path: "/api/v1/cases?status=handed_in", status: 200, not: []string{number}}},
		{r.hub, ApiScenario{name: "not in another department's list", as: "window", path: "/api/v1/cases", status: 200, not: []string{number}}},
		{r.village, ApiScenario{name: "it waits for nobody", as: "deputy", path: "/api/v1/cases?view=waiting", status: 200, not: []string{number}}},
		{r.hub, ApiScenario{name: "behind the attention", as: "supervisor", path: "/api/v1/attention/" + id, status: 200, must: append(whole, `"item":{`, `"standing":"refused"`), not: []string{"王芳"}}},
		{r.hub, ApiScenario{name: "which others do not see", as: "window", path: "/api/v1/attention/" + id, status: 404}},
		{r.hub, ApiScenario{name: "nor under another id", as: "supervisor", path: "/api/v1/attention/nothing", status: 404}},
	} {
		row.method = "GET"
		row.run(t, row.at)
	}
	ApiScenario{name: "nothing can be done with it", as: "deputy", method: "POST", path: "/api/v1/cases/" + id + "/actions", body: gen.CaseAction{Kind: gen.ActComment, Text: "x"},
		header: map[string]string{"Idempotency-Key": "act-on-it"}, status: 409, must: []string{"case_refused", "重新提交"}, not: []string{"tongban "}}.run(t, r.village)

	path := "/api/v1/attachments/" + hashOf(scan) + "?case=" + id
	until(t, "the county to have the scan of what it refused", func() bool {
		got := r.hub.send(request0{method: "GET", path: path, token: r.hub.token("supervisor")})
		return got.Code == 200 && bytes.Equal(got.Body.Bytes(), scan)
	})
	until(t, "the village to know", func() bool {
		n, _, err := r.village.node.Store.OutstandingCount(t.Context())
		return err == nil && n == 0
	})
	if here, err := r.village.node.Blobs.Has(hashOf(scan)); err != nil || !here {
		t.Errorf("the refusal took the village's own copy away: %v", err)
	}
	r.hub.must("window", "GET", path, nil, 404)
}

// TestResubmit: what was refused is handed in again as it was, with what is
// different; both are linked, the attention is settled at both ends, and a
// second time is refused with the number of the first.
func TestResubmit(t *testing.T) {
	r, receipt, scan := refused(t)
	id := receipt.Case.Id
	ApiScenario{name: "with what is wrong", as: "deputy", method: "POST", path: "/api/v1/cases/" + id + "/resubmit", header: map[string]string{"Idempotency-Key": "again-wrong"},
		body: gen.Resubmission{Form: []gen.FieldValue{{Key: "id_number", Value: ""}}}, status: 422, must: []string{"form.id_number"}}.run(t, r.village)
	send := func(key string) (gen.CaseReceipt, int, string) {
		var made gen.CaseReceipt
		got := r.village.send(request0{method: "POST", path: "/api/v1/cases/" + id + "/resubmit", token: r.village.token("deputy"), header: map[string]string{"Idempotency-Key": key},
			body: gen.Resubmission{Form: []gen.FieldValue{{Key: "address", Value: "梅溪镇甲子村2号"}}, Applicant: gen.ApplicantChange{Phone: "13900000000"}}})
		if got.Code == http.StatusCreated {
			r.village.decode(got, &made)
		}
		return made, got.Code, got.Body.String()
	}
	made, code, text := send("again-0001")
	if code != http.StatusCreated || made.Case.Number == receipt.Case.Number || len(made.Attachments) != 0 {
		t.Fatalf("%d %s", code, text)
	}
	if again, code, text := send("again-0001"); code != http.StatusCreated || again.Case.Id != made.Case.Id {
		t.Errorf("repeated: %d %s", code, text)
	}
	if _, code, text := send("again-0002"); code != http.StatusConflict || !strings.Contains(text, "corrected_already") || !strings.Contains(text, made.Case.Number) {
		t.Errorf("a second time: %d %s", code, text)
	}
	for _, at := range []*site{r.village, r.township, r.hub} {
		until(t, "the attention to be settled", func() bool {
			a, err := at.node.Store.AttentionFor(t.Context(), id)
			return err == nil && a.ReplacedBy == made.Case.Id
		})
	}
	var c gen.Case
	r.hub.get("supervisor", "/api/v1/cases/"+made.Case.Id+"?reveal=true", &c)
	if c.Corrects != id || c.Applicant.Name != "王芳" || c.Applicant.Phone != "13900000000" || !strings.Contains(string(mustJSON(t, c.Form)), "梅溪镇甲子村2号") ||
		c.Materials[0].Attachments[0].Hash != hashOf(scan) {
		t.Errorf("%+v", c)
	}
	r.hub.get("supervisor", "/api/v1/cases/"+id, &c)
	if c.Setback.CorrectedBy != made.Case.Id || c.Setback.CorrectedNumber != made.Case.Number || !strings.Contains(c.Setback.Next, made.Case.Number) {
		t.Errorf("%+v", c.Setback)
	}
	r.village.must("deputy", "POST", "/api/v1/cases/"+made.Case.Id+"/resubmit", gen.Resubmission{}, 409)
	r.village.must("deputy", "POST", "/api/v1/cases/nothing/resubmit", gen.Resubmission{}, 404)
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	check(t, err)
	return b
}
