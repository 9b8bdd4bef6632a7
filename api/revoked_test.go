package api

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
)

// TestRevokedWhileOffline: a village that was revoked while its line was down
// takes cases in unknowingly. Once the line is back it learns of it and says
// so, takes nothing more, and goes on showing what it has. The county has all
// of it as refused, with the scan, and somebody there sees it.
func TestRevokedWhileOffline(t *testing.T) {
	r := newRegion(t)
	id := r.village.node.Self().Node
	token := r.village.token("worker")
	r.hub.cut()
	scan := picture(t)
	in := r.village.submission("TB-XZRZ-005", theVillage)
	in.Materials[0].Attachments = []catalog.AttachmentRef{r.village.upload("worker", scan, "登记表.png")}
	var before, after gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &before)
	r.hub.must("operator", "POST", "/api/v1/nodes/"+id+"/revoke", map[string]string{"reason": "电脑失窃"}, 200)
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &after)

	r.hub.heal()
	r.village.node.Kick()
	until(t, "the village to hear of it", func() bool {
		_, cast := r.village.node.Revocation()
		return cast
	})
	says := []string{"node_revoked", "电脑失窃", "吊销"}
	body := r.village.submission("TB-XZRZ-005", theVillage)
	key := map[string]string{"Idempotency-Key": "after-that"}
	for _, a := range []ApiScenario{
		{name: "anybody is told", method: "GET", path: "/api/v1/node", status: 200, must: says},
		{name: "logging in says it", method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "worker", Password: password}, status: 200, must: says},
		{name: "so does the state of the line", as: "worker", method: "GET", path: "/api/v1/sync", status: 200, must: append(says, `"revoked":true`)},
		{name: "nothing new is handed in", as: "worker", method: "POST", path: "/api/v1/cases", header: key, body: body, status: 403, must: append(says, "携带包")},
		{name: "nor done", as: "worker", method: "POST", path: "/api/v1/cases/" + before.Case.Id + "/actions", header: key, body: gen.CaseAction{Kind: gen.ActAccept}, status: 403, must: says},
		{name: "a case it does not know the end of says so", as: "worker", method: "GET", path: "/api/v1/cases/" + before.Case.Id, status: 200, must: []string{"需处理"}, not: []string{"已到县中心", "已存本机"}},
		{name: "its list says what to do about each", as: "worker", method: "GET", path: "/api/v1/attention", status: 200,
			must: []string{before.Case.Number, after.Case.Number, `"way":"ask_county"`, "可能已退回", "may have been taken, or refused"}, not: []string{"王芳"}},
		{name: "what is here stays readable", as: "worker", method: "GET", path: "/api/v1/cases/" + after.Case.Number, status: 200, must: []string{after.Case.Number}},
	} {
		a.run(t, r.village)
	}
	// Who looks at people is recorded first, and it records nothing any more.
	for _, path := range []string{"/api/v1/attachments/" + hashOf(scan) + "?case=" + before.Case.Id, "/api/v1/cases/" + before.Case.Id + "?reveal=true"} {
		ApiScenario{name: "unmasked nothing is shown", as: "worker", method: "GET", path: path, status: 403, must: says, not: []string{"王芳"}}.run(t, r.village)
	}
	// Its tokens are good for nothing elsewhere.
	if got := r.hub.send(request0{method: "GET", path: "/api/v1/cases", token: token}); got.Code != http.StatusUnauthorized {
		t.Errorf("at the county: %d %s", got.Code, got.Body)
	}

	for _, c := range []gen.CaseReceipt{before, after} {
		until(t, "the county to have "+c.Case.Number, func() bool {
			_, err := r.hub.node.Store.AttentionFor(t.Context(), c.Case.Id)
			return err == nil
		})
		ApiScenario{name: "the county shows it", as: "supervisor", method: "GET", path: "/api/v1/cases/" + c.Case.Number + "?reveal=true", status: 200,
			must: []string{`"status":"refused"`, "revo", "王芳", "登记表.png"}}.run(t, r.hub)
	}
	until(t, "the county to have the scan", func() bool {
		got := r.hub.send(request0{method: "GET", path: "/api/v1/attachments/" + hashOf(scan) + "?case=" + after.Case.Id, token: r.hub.token("supervisor")})
		return got.Code == http.StatusOK && bytes.Equal(got.Body.Bytes(), scan)
	})
	var made gen.CaseReceipt
	r.township.decode(r.township.must("clerk", "POST", "/api/v1/cases/"+before.Case.Id+"/resubmit", gen.Resubmission{}, 201), &made)
	if made.Case.HandedInAt != theTownship || made.Case.Division != theVillage {
		t.Errorf("handed in again at the township: %+v", made.Case)
	}
}
