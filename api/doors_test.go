package api

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store/blob"
)

// soundPDF is a sound PDF of about size bytes.
func soundPDF(size int) []byte {
	b := []byte("%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n")
	b = append(b, bytes.Repeat([]byte("% nothing to see\n"), size/17)...)
	return fmt.Appendf(b, "xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(b))
}

// TestTheSetLimitHoldsAtTheDoor: a node takes files as large as it is set to and no
// larger, says so to everybody, and a file that it took goes up through nodes that
// are set to less.
func TestTheSetLimitHoldsAtTheDoor(t *testing.T) {
	hub := newHub(t)
	hub.person("worker", theVillage, "", identity.VillageWorker)
	hub.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	hub.below(theTownship)
	village := hub.below(theVillage, func(o *federation.Options) {
		o.Limits = catalog.DefaultLimits()
		o.Limits.AttachmentBytes, o.Limits.CaseBytes = 40<<20, 100<<20
	})
	until(t, "the worker and the catalog to come down", func() bool {
		_, err := village.node.Store.StaffByLogin(t.Context(), "worker")
		editions, _ := village.node.Store.Editions(t.Context())
		return err == nil && len(editions) == 1
	})
	for s, want := range map[*site]gen.PaperLimits{hub: {AttachmentBytes: 20 << 20, CaseBytes: 200 << 20}, village: {AttachmentBytes: 40 << 20, CaseBytes: 100 << 20}} {
		var n gen.ThisNode
		s.decode(s.send(request0{method: "GET", path: "/api/v1/node"}), &n)
		if n.Papers.AttachmentBytes != want.AttachmentBytes || n.Papers.CaseBytes != want.CaseBytes || len(n.Papers.Types) == 0 {
			t.Errorf("the limits in force are told as %+v, want %+v", n.Papers, want)
		}
	}

	scan := soundPDF(21 << 20)
	size := int64(len(scan))
	begin := func(s *site, login string, size int64, status int) string {
		t.Helper()
		return s.must(login, "POST", "/api/v1/attachments", gen.AttachmentRequest{Hash: hashOf(scan), Size: size}, status).Body.String()
	}
	if told := begin(village, "worker", 40<<20+1, 413); !strings.Contains(told, "超过 40 MB") {
		t.Errorf("%s", told)
	}
	if told := begin(hub, "window", size, 413); !strings.Contains(told, "超过 20 MB") {
		t.Errorf("%s", told)
	}
	ref := village.upload("worker", scan, "登记表.pdf")
	ref.Type = "application/pdf"
	in := village.submission("TB-XZRZ-005", theVillage)
	in.Materials[0].Attachments = []catalog.AttachmentRef{ref}
	got := village.send(request0{method: "POST", path: "/api/v1/cases", body: in, token: village.token("worker"), header: map[string]string{"Idempotency-Key": "a-large-scan"}})
	if got.Code != 201 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	until(t, "the county to hold the file", func() bool {
		uses, err := hub.node.Store.AttachmentUses(t.Context(), ref.Hash)
		has, _ := hub.node.Blobs.Has(ref.Hash)
		return err == nil && has && len(uses) == 1 && uses[0].Confirmed
	})
}

// brokenPapers begin as papers do.
func brokenPapers(t *testing.T) map[string][]byte {
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 3000, 2000))))
	return map[string][]byte{"a script": []byte("%PDF-1.7\n<script>"), "a picture cut off": b.Bytes()[:300], "a document cut off": soundPDF(5000)[:4000]}
}

// TestABrokenPaperIsRefusedWhereItIsBrought: staff and applicants are told while
// they can scan it again, and nothing of it stays.
func TestABrokenPaperIsRefusedWhereItIsBrought(t *testing.T) {
	g := newGuests(t)
	hub := g.one.site
	for name, content := range brokenPapers(t) {
		hash := hashOf(content)
		announced := gen.AttachmentRequest{Hash: hash, Size: int64(len(content))}
		for _, way := range []struct{ method, begin, at, token string }{
			{"PATCH", "/api/v1/attachments", "/api/v1/attachments/", hub.token("window")},
			{"PATCH", "/api/v1/my/attachments", "/api/v1/my/attachments/", g.one.token},
			{"PUT", "", "/api/v1/my/attachments/", g.one.token},
		} {
			if way.begin != "" {
				if r := hub.send(request0{method: "POST", path: way.begin, body: announced, token: way.token}); r.Code != 200 {
					t.Fatalf("%s: begin: %d %s", name, r.Code, r.Body)
				}
			}
			r := hub.send(request0{method: way.method, path: way.at + hash, body: content, token: way.token,
				header: map[string]string{"Content-Type": streamType, "Upload-Offset": "0"}})
			if r.Code != 422 || !strings.Contains(r.Body.String(), `"attachment_damaged"`) || !strings.Contains(r.Body.String(), "重新扫描") {
				t.Errorf("%s: %s %s: %d %s", name, way.method, way.at, r.Code, r.Body)
			}
			if has, err := hub.node.Blobs.Has(hash); has || err != nil {
				t.Errorf("%s: %s %s: it stayed (%v)", name, way.method, way.at, err)
			}
		}
	}
}

// TestTheDoorTakesWhatAHandInTakes: a file that no case may name is refused when it
// is brought, in the words that list what is taken, and not when the case is handed in.
func TestTheDoorTakesWhatAHandInTakes(t *testing.T) {
	for _, mediaType := range blob.Types() {
		if !slices.Contains(catalog.DefaultLimits().Types, mediaType) {
			t.Errorf("the door takes %s, which no case may name", mediaType)
		}
	}
	var moving bytes.Buffer
	check(t, gif.Encode(&moving, image.NewGray(image.Rect(0, 0, 3, 2)), nil))
	hub := newHub(t)
	hub.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	hash := hashOf(moving.Bytes())
	hub.must("window", "POST", "/api/v1/attachments", gen.AttachmentRequest{Hash: hash, Size: int64(moving.Len())}, 200)
	r := hub.send(request0{method: "PATCH", path: "/api/v1/attachments/" + hash, body: moving.Bytes(), token: hub.token("window"),
		header: map[string]string{"Content-Type": streamType, "Upload-Offset": "0"}})
	if body := r.Body.String(); r.Code != 415 || !strings.Contains(body, `"wrong_type"`) || strings.Contains(body, "GIF") {
		t.Errorf("%d %s", r.Code, body)
	}
}

// TestPaperBodies: a body is refused by its length before it is read, by the node's
// own limit.
func TestPaperBodies(t *testing.T) {
	for op, rule := range bodies {
		if rule.paper != strings.HasSuffix(op, "Attachment") {
			t.Errorf("%s: %+v", op, rule)
		}
		if got := bodyOf(op, 40<<20).max; rule.paper && got != 40<<20+1 || !rule.paper && got != rule.max {
			t.Errorf("%s takes %d bytes", op, got)
		}
	}
}
