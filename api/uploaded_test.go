package api

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A scan that was never uploaded is refused at the desk that names it, in a hand-in, a
// supplement, a proof of authority, alone and jointly: nobody would ever send it.
func TestNamedAtADeskIsThere(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	nowhere := catalog.AttachmentRef{Hash: hashOf([]byte(rand.Text())), Name: "扫描.png", Size: 1234, Type: "image/png"}
	agent := ledger.Agent{Name: "李四", IDNumber: storetest.IDNumber(77), Authority: "授权委托书"}
	no := func(what, path string, body any, at string) {
		t.Helper()
		r := h.send(request0{method: "POST", path: path, body: body, token: h.token("window"), header: map[string]string{"Idempotency-Key": rand.Text()}})
		if text := r.Body.String(); r.Code != 400 && r.Code != 422 || !strings.Contains(text, "not uploaded") || !strings.Contains(text, "尚未上传") || !strings.Contains(text, at) {
			t.Errorf("%s: %d %s", what, r.Code, text)
		}
	}
	in := h.submission("TB-SCJG-001", theCounty)
	in.Materials[0].Attachments = []catalog.AttachmentRef{nowhere}
	no("hand-in", "/api/v1/cases", in, "materials[0].attachments[0]")

	in = h.submission("TB-SCJG-001", theCounty)
	in.Agent, in.Authority = agent, []catalog.AttachmentRef{nowhere}
	no("proof of authority", "/api/v1/cases", in, "authority[0]")

	in = h.submission("TB-SCJG-001", theCounty)
	scan := h.upload("window", picture(t), "扫描.png")
	in.Materials[0].Attachments = []catalog.AttachmentRef{scan}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	brings := []catalog.SubmittedMaterial{{Name: in.Materials[0].Name, Form: in.Materials[0].Form, Copies: 1, Attachments: []catalog.AttachmentRef{nowhere}}}
	no("supplement", "/api/v1/cases/"+receipt.Case.Id+"/actions", gen.CaseAction{Kind: gen.ActSupplement, Materials: brings}, "materials[0].attachments[0]")

	h.offerPackage()
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	joint := h.handIn()
	joint.Materials[0].Attachments = []catalog.AttachmentRef{nowhere}
	r := h.send(request0{method: "POST", path: "/api/v1/joint-cases", body: joint, token: h.token("civil"), header: map[string]string{"Idempotency-Key": rand.Text()}})
	if r.Code != 400 || !strings.Contains(r.Body.String(), "not uploaded") {
		t.Errorf("jointly: %d %s", r.Code, r.Body)
	}
}

// What was uploaded at one hub is named at another one, which fetches it: behind one
// address of the county, requests of one desk reach different hubs.
func TestUploadedAtAnotherHub(t *testing.T) {
	h := newHub(t, func(o *federation.Options) { o.Timing = county.Timing{} })
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	peer, other := h.anotherHub("county-2")
	h.must("operator", "POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: peer}, 204)
	until(t, "the other hub to know the desk", func() bool {
		_, err := other.node.Store.StaffByLogin(t.Context(), "window")
		return err == nil
	})
	other.tokens["window"] = h.token("window")

	scan := other.upload("window", picture(t), "扫描.png")
	in := h.submission("TB-SCJG-001", theCounty)
	in.Materials[0].Attachments = []catalog.AttachmentRef{scan}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	if len(receipt.Attachments) > 0 {
		t.Errorf("still missing here: %v", receipt.Attachments)
	}
	if here, err := h.node.Blobs.Has(scan.Hash); err != nil || !here {
		t.Errorf("not brought here: %v %v", here, err)
	}
}
