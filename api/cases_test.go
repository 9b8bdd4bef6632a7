package api

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// region is a hub, a township and a village of one county, with their people.
type region struct{ hub, township, village *site }

func newRegion(t *testing.T, change ...func(*federation.Options)) region {
	t.Helper()
	h := newHub(t, change...)
	h.person("worker", theVillage, "", identity.VillageWorker)
	h.person("clerk", theTownship, "", identity.TownshipClerk)
	h.person("reviewer", theTownship, "", identity.TownshipReviewer)
	h.person("leader", theTownship, "", identity.TownshipLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	r := region{hub: h, township: h.below(theTownship), village: h.below(theVillage)}
	for s, login := range map[*site]string{r.township: "clerk", r.village: "worker"} {
		until(t, login+" and the catalog to come down", func() bool {
			_, err := s.node.Store.StaffByLogin(t.Context(), login)
			editions, _ := s.node.Store.Editions(t.Context())
			return err == nil && len(editions) == 1
		})
	}
	return r
}

// act takes a step of a case as somebody, once the case waits for it there.
func (h *site) act(login, id string, in gen.CaseAction) gen.CaseReceipt {
	h.t.Helper()
	until(h.t, string(in.Kind)+" by "+login, func() bool {
		r := h.send(request0{method: "GET", path: "/api/v1/cases/" + id, token: h.token(login)})
		if r.Code != 200 {
			return false
		}
		var c gen.Case
		h.decode(r, &c)
		if in.Kind == gen.ActDecide && *in.Granted && slices.ContainsFunc(c.Awaited, func(p gen.AwaitedPaper) bool { return !p.AtCounty }) {
			return false
		}
		for _, k := range c.Actions {
			if k == in.Kind {
				return true
			}
		}
		return false
	})
	var out gen.CaseReceipt
	h.decode(h.must(login, "POST", "/api/v1/cases/"+id+"/actions", in, 200), &out)
	return out
}

// TestCaseFromVillageToDelivery hands a case in at a village, has the township
// decide it and the village hand the result over, and looks at it from every
// side.
func TestCaseFromVillageToDelivery(t *testing.T) {
	r := newRegion(t)
	in := r.village.submission("TB-XZRZ-005", theVillage)
	scan := picture(t)
	in.Materials[0].Attachments = []catalog.AttachmentRef{r.village.upload("worker", scan, "登记表.png")}

	first := r.village.send(request0{method: "POST", path: "/api/v1/cases", body: in, token: r.village.token("worker"), header: map[string]string{"Idempotency-Key": "desk-1-0001"}})
	if first.Code != 201 {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	var receipt, again gen.CaseReceipt
	r.village.decode(first, &receipt)
	if !strings.HasPrefix(receipt.Case.Number, string(theVillage)+"-") || receipt.Recorded.WordZh == "" || len(receipt.Attachments) != 0 {
		t.Fatalf("%+v", receipt)
	}
	// A double click is one case.
	r.village.decode(r.village.send(request0{method: "POST", path: "/api/v1/cases", body: in, token: r.village.token("worker"), header: map[string]string{"Idempotency-Key": "desk-1-0001"}}), &again)
	if again.Case.Id != receipt.Case.Id || again.Case.Number != receipt.Case.Number {
		t.Fatalf("a repeat made %s beside %s", again.Case.Number, receipt.Case.Number)
	}
	id := receipt.Case.Id

	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActAccept})
	granted := true
	r.township.act("leader", id, gen.CaseAction{Kind: gen.ActDecide, Granted: &granted, Opinion: "准予登记"})
	r.township.act("clerk", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "生育登记服务单", Number: "2026-1"}}})
	r.township.sealDecision("clerk", id)
	r.village.untilSealed(id)
	closed := r.village.act("worker", id, gen.CaseAction{Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByDirect})
	if closed.Case.Status != "closed" || closed.Case.StatusZh != "已送达" {
		t.Fatalf("%+v", closed.Case)
	}

	until(t, "the county to have the whole case", func() bool {
		resp := r.hub.send(request0{method: "GET", path: "/api/v1/cases/" + receipt.Case.Number, token: r.hub.token("supervisor")})
		return resp.Code == 200 && strings.Contains(resp.Body.String(), `"status":"closed"`)
	})
	var timeline gen.Timeline
	r.hub.get("supervisor", "/api/v1/cases/"+id+"/timeline", &timeline)
	chain := ""
	for _, e := range timeline.Entries {
		if e.Index == 0 || e.Word == gen.SavedHere || e.Actor.Node == "" {
			t.Errorf("at the county: %+v", e)
		}
		if e.Kind != "attachment.confirm" {
			chain += e.What + " "
		}
	}
	if chain != "收件 受理 审批 制发 加盖电子印章 送达 " {
		t.Errorf("timeline: %s", chain)
	}

	// Everything is confirmed at the village, once.
	until(t, "the village to hear of it", func() bool {
		var c gen.Reconciliation
		r.village.get("worker", "/api/v1/reconcile", &c)
		return c.HandedIn == 1 && c.Confirmed == 1 && c.Duplicated == 0 && c.Waiting == 0 && c.Outbox == 0
	})
	var sum gen.CaseList
	r.village.get("worker", "/api/v1/cases?view=mine", &sum)
	if len(sum.Cases) != 1 || sum.Cases[0].Word != gen.TakenUp {
		t.Errorf("%+v", sum)
	}

	t.Run("masked unless revealed", func(t *testing.T) { r.masking(t, id) })
	t.Run("attachments", func(t *testing.T) { r.attachments(t, id, scan) })
	t.Run("reach", func(t *testing.T) { r.reach(t, id) })
	t.Run("found by the number on the card", func(t *testing.T) { r.byNumber(t, id) })
}

// byNumber: by a whole number one finds those cases that one may read, masked; by
// a part of it nothing.
func (r region) byNumber(t *testing.T, id string) {
	number := r.village.submission("TB-XZRZ-005", theVillage).Applicant.IDNumber
	for _, row := range []struct {
		who    string
		at     *site
		number string
		finds  bool
	}{
		{"worker", r.village, number, true},
		{"worker", r.village, " " + strings.ToLower(number[:6]) + " " + number[6:], true},
		{"worker", r.village, number[:17], false},
		{"supervisor", r.hub, number, true},
		{"window", r.hub, number, false}, // of another department
	} {
		var found gen.CaseList
		body := row.at.must(row.who, "POST", "/api/v1/cases/find", gen.AccountNumber{Type: gen.TypePerson, Number: row.number}, 200)
		row.at.decode(body, &found)
		if got := len(found.Cases) == 1 && found.Cases[0].Id == id; got != row.finds || !row.finds && len(found.Cases) > 0 {
			t.Errorf("%s by %q: %+v", row.who, row.number, found)
		}
		if text := body.Body.String(); strings.Contains(text, number) || strings.Contains(text, "王芳") {
			t.Errorf("unmasked: %s", text)
		}
	}
}

func (r region) masking(t *testing.T, id string) {
	number := r.village.submission("TB-XZRZ-005", theVillage).Applicant.IDNumber
	plain := r.hub.must("supervisor", "GET", "/api/v1/cases/"+id, nil, 200).Body.String()
	if strings.Contains(plain, number) || strings.Contains(plain, "王芳") || strings.Contains(plain, "13800000000") {
		t.Errorf("unmasked: %s", plain)
	}
	list := r.hub.must("supervisor", "GET", "/api/v1/cases", nil, 200).Body.String()
	if strings.Contains(list, "王芳") || !strings.Contains(list, "王*") {
		t.Errorf("list: %s", list)
	}
	shown := r.hub.must("supervisor", "GET", "/api/v1/cases/"+id+"?reveal=true", nil, 200).Body.String()
	if !strings.Contains(shown, number) || !strings.Contains(shown, `"revealed":true`) {
		t.Errorf("not revealed: %s", shown)
	}
	r.hub.person("auditor", theCounty, "", identity.Auditor)
	if got := r.hub.must("auditor", "GET", "/api/v1/cases/"+id+"?reveal=true", nil, 403).Body.String(); strings.Contains(got, number) {
		t.Error("an auditor sees an ID number")
	}
}

func (r region) attachments(t *testing.T, id string, scan []byte) {
	hash := hashOf(scan)
	path := "/api/v1/attachments/" + hash + "?case=" + id
	got := r.village.must("worker", "GET", path, nil, 200)
	if !bytes.Equal(got.Body.Bytes(), scan) || got.Header().Get("Content-Type") != "image/png" || !strings.Contains(got.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v, %d bytes", got.Header(), got.Body.Len())
	}
	part := r.village.send(request0{method: "GET", path: path, token: r.village.token("worker"), header: map[string]string{"Range": "bytes=1-3"}})
	if part.Code != http.StatusPartialContent || part.Body.String() != "PNG" {
		t.Errorf("range: %d %q", part.Code, part.Body)
	}
	r.village.must("worker", "GET", "/api/v1/attachments/"+strings.Repeat("0", 64)+"?case="+id, nil, 404)
	r.village.must("", "GET", path, nil, 401)
	until(t, "the county to have the scan", func() bool {
		r := r.hub.send(request0{method: "GET", path: path, token: r.hub.token("supervisor")})
		return r.Code == 200 && bytes.Equal(r.Body.Bytes(), scan)
	})
	// Who says why, and is then shown the paper as a picture in a page, looked once.
	r.hub.person("inspector", theCounty, "", identity.Supervisor)
	for _, header := range []map[string]string{{"Tongban-Why": "%E6%A0%B8%E5%AF%B9", "Range": "bytes=0-0"}, nil} {
		if got := r.hub.send(request0{method: "GET", path: path, token: r.hub.token("inspector"), header: header}); got.Code/100 != 2 {
			t.Fatalf("%v: %d %s", header, got.Code, got.Body)
		}
	}
	var seen gen.RevealList
	r.hub.get("inspector", "/api/v1/reveals?case="+id+"&limit=500", &seen)
	seen.Reveals = slices.DeleteFunc(seen.Reveals, func(v gen.Reveal) bool { return v.Actor.Name != "李inspector" })
	if len(seen.Reveals) != 1 || seen.Reveals[0].Why != "核对" {
		t.Errorf("%+v", seen.Reveals)
	}
}

// reach: people of one place do not see another's cases, and cannot tell them
// from ones that do not exist.
func (r region) reach(t *testing.T, id string) {
	h := r.hub
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.must("window", "GET", "/api/v1/cases/"+id, nil, 404)
	h.must("window", "GET", "/api/v1/cases/"+id+"/timeline", nil, 404)
	h.must("window", "POST", "/api/v1/cases/"+id+"/actions", gen.CaseAction{Kind: gen.ActComment, Text: "x"}, 404)
	if got := h.must("window", "GET", "/api/v1/cases", nil, 200).Body.String(); !strings.Contains(got, `"cases":[]`) {
		t.Errorf("a window lists another department's cases: %s", got)
	}
	r.village.must("worker", "GET", "/api/v1/cases?division=330523110", nil, 403)
	// Somebody of the township does not log in at the village.
	if got := r.township.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "worker", Password: password}}); got.Code == 200 {
		t.Error("a village worker logged in at the township")
	}
}

// TestLineDownAndRefused: with the line down a village goes on; what its
// worker did after losing the right is refused when it arrives, shows at both
// ends with its reason, and is settled by a person.
func TestLineDownAndRefused(t *testing.T) {
	r := newRegion(t)
	person, err := r.village.node.Store.StaffByLogin(t.Context(), "worker")
	check(t, err)
	token := r.village.token("worker")
	r.hub.cut()
	until(t, "the village to notice", func() bool {
		var n gen.ThisNode
		r.village.get("", "/api/v1/node", &n)
		return n.Line.State == gen.LineDown
	})
	r.hub.must("operator", "POST", "/api/v1/staff/"+person.ID+"/disable", gen.DisableRequest{Reason: "离岗"}, 200)

	var in gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", r.village.submission("TB-XZRZ-005", theVillage), 201), &in)
	if in.Recorded.Word != gen.SavedHere || in.Recorded.WordZh != "已存本机" {
		t.Fatalf("with the line down: %+v", in.Recorded)
	}
	var sync gen.SyncReport
	r.village.get("worker", "/api/v1/sync", &sync)
	if sync.Self.OutboxEntries != 1 || sync.Self.OutboxUnsent != 1 || sync.Self.Line.State != gen.LineDown {
		t.Errorf("%+v", sync.Self)
	}

	r.hub.heal()
	r.village.node.Kick()
	open := func(s *site, token string) []gen.AttentionItem {
		var list gen.AttentionList
		if resp := s.send(request0{method: "GET", path: "/api/v1/attention", token: token}); resp.Code == 200 {
			s.decode(resp, &list)
		}
		return list.Items
	}
	supervisor := r.hub.token("supervisor")
	until(t, "the county to refuse it", func() bool { return len(open(r.hub, supervisor)) == 1 })
	item := open(r.hub, supervisor)[0]
	if from, err := r.hub.node.Store.Node(t.Context(), item.Origin); err != nil || from.Name == "" || item.OriginName != from.Name {
		t.Errorf("from %q named %q, not %+v %v", item.Origin, item.OriginName, from, err)
	}
	if item.Entry != in.Case.Id || item.Code != "not_authorised" || item.Zh == "" || item.Next == "" || item.Number != in.Case.Number {
		t.Errorf("%+v", item)
	}
	until(t, "the village to hear that its worker is out", func() bool {
		return r.village.send(request0{method: "GET", path: "/api/v1/attention", token: token}).Code == 401
	})
	until(t, "the refusal to show at the village", func() bool {
		open, err := r.village.node.Store.AttentionList(t.Context(), theVillage, false)
		return err == nil && len(open) == 1
	})
	var c gen.Reconciliation
	r.hub.get("supervisor", "/api/v1/reconcile", &c)
	if c.HandedIn != 1 || c.Confirmed != 1 || c.NeedsAttention != 1 || c.Duplicated != 0 {
		t.Errorf("%+v", c)
	}

	r.hub.must("supervisor", "POST", "/api/v1/attention/"+item.Entry+"/resolve", gen.ResolveRequest{Note: "x"}, 403)
	r.hub.must("operator", "POST", "/api/v1/attention/"+item.Entry+"/resolve", gen.ResolveRequest{Note: "已告知王芳（13800000000）由乡镇重新收件"}, 200)
	settled := r.hub.must("supervisor", "GET", "/api/v1/attention?resolved=true", nil, 200).Body.String()
	if !strings.Contains(settled, "由乡镇重新收件") || strings.Contains(settled, "王芳") || strings.Contains(settled, "13800000000") {
		t.Errorf("the note shows who it is about, or is not there: %s", settled)
	}
	if left := open(r.hub, supervisor); len(left) != 0 {
		t.Errorf("still open: %+v", left)
	}
	r.hub.must("operator", "POST", "/api/v1/attention/nothing/resolve", gen.ResolveRequest{Note: "x"}, 404)
}

// TestCarriedOnAStick: with the line down for good, a case goes up and its
// confirmation comes down in bundles.
func TestCarriedOnAStick(t *testing.T) {
	r := newRegion(t)
	r.hub.cut()
	r.village.must("worker", "POST", "/api/v1/cases", r.village.submission("TB-XZRZ-005", theVillage), 201)
	carry := func(from, to *site, exporter, importer string, what gen.CarryRequest) gen.CarryReport {
		t.Helper()
		bundle := from.must(exporter, "POST", "/api/v1/carry/export", what, 200)
		if bundle.Header().Get("Content-Type") != streamType {
			t.Errorf("%v", bundle.Header())
		}
		var report gen.CarryReport
		got := to.send(request0{method: "POST", path: "/api/v1/carry/import", body: bundle.Body.Bytes(), token: to.token(importer), header: map[string]string{"Content-Type": streamType}})
		if got.Code != 200 {
			t.Fatalf("import: %d %s", got.Code, got.Body)
		}
		to.decode(got, &report)
		return report
	}
	up := carry(r.village, r.hub, "worker", "operator", gen.CarryRequest{})
	if up.Entries != 1 || up.Known != 0 || up.Refused != 0 {
		t.Errorf("up: %+v", up)
	}
	if again := carry(r.village, r.hub, "worker", "operator", gen.CarryRequest{}); again.Entries != 0 || again.Known != 1 {
		t.Errorf("up again: %+v", again)
	}
	carry(r.hub, r.village, "operator", "worker", gen.CarryRequest{For: r.village.node.Self().Node})
	var c gen.Reconciliation
	r.village.get("worker", "/api/v1/reconcile", &c)
	if c.HandedIn != 1 || c.Confirmed != 1 || c.Duplicated != 0 || c.Outbox != 0 {
		t.Errorf("%+v", c)
	}
}

func TestActionsAreChecked(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("leader", theCounty, "县市场监督管理局", identity.DepartmentLeader)
	var in gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &in)
	path := "/api/v1/cases/" + in.Case.Id + "/actions"
	key := map[string]string{"Idempotency-Key": "action-0001"}
	for _, a := range []ApiScenario{
		{name: "what a decision needs", as: "leader", method: "POST", path: path, header: key, body: `{"kind":"decide"}`, status: 400, must: []string{`"path":"opinion"`, `"path":"granted"`}},
		{name: "a decision before acceptance", as: "leader", method: "POST", path: path, header: key, body: `{"kind":"decide","granted":true,"opinion":"同意"}`, status: 409, must: []string{"wrong_step"}},
		{name: "a window decides nothing", as: "window", method: "POST", path: path, header: key, body: `{"kind":"decide","granted":true,"opinion":"同意"}`, status: 403},
		{name: "an action nobody knows", as: "window", method: "POST", path: path, header: key, body: `{"kind":"burn"}`, status: 400, must: []string{`"path":"kind"`}, not: []string{"burn"}},
		{name: "on a case that has moved on", as: "window", method: "POST", path: path, header: key, body: `{"kind":"accept","expected_head":"00000000-0000-0000-0000-000000000000"}`, status: 409, must: []string{"stale"}},
		{name: "acceptance", as: "window", method: "POST", path: path, header: key, body: `{"kind":"accept"}`, status: 200, must: []string{`"status":"accepted"`}},
		{name: "the same click again", as: "window", method: "POST", path: path, header: key, body: `{"kind":"accept"}`, status: 200, must: []string{`"status":"accepted"`}},
		{name: "the key for something else", as: "window", method: "POST", path: path, header: key, body: `{"kind":"comment","text":"x"}`, status: 409, must: []string{"key_reused"}},
		{name: "a remark", as: "leader", method: "POST", path: path, header: key, body: `{"kind":"comment","text":"请补充说明"}`, status: 200},
		{name: "the leader's queue", as: "leader", method: "GET", path: "/api/v1/cases?view=waiting", status: 200, must: []string{in.Case.Id, `"waiting_for_me":true`}},
		{name: "not the window's", as: "window", method: "GET", path: "/api/v1/cases?view=waiting", status: 200, must: []string{`"cases":[]`}},
		{name: "by the beginning of its number", as: "window", method: "GET", path: "/api/v1/cases?query=330523", status: 200, must: []string{in.Case.Id}},
		{name: "by another number", as: "window", method: "GET", path: "/api/v1/cases?query=9", status: 200, must: []string{`"cases":[]`}},
		{name: "a decision", as: "leader", method: "POST", path: path, header: map[string]string{"Idempotency-Key": "action-0002"}, body: `{"kind":"decide","granted":true,"opinion":"同意"}`, status: 200, must: []string{`"status":"granted"`}},
	} {
		t.Run(a.name, func(t *testing.T) { a.run(t, h) })
	}
}

func TestCasesArePaged(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	want := map[string]bool{}
	for range 7 {
		var in gen.CaseReceipt
		h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &in)
		want[in.Case.Id] = true
	}
	for _, view := range []string{"all", "mine", "waiting"} {
		got, next := map[string]bool{}, ""
		for pages := 1; ; pages++ {
			var page gen.CaseList
			h.get("window", fmt.Sprintf("/api/v1/cases?limit=3&view=%s&cursor=%s", view, next), &page)
			for _, c := range page.Cases {
				if got[c.Id] || !want[c.Id] {
					t.Fatalf("%s: %s twice or unknown", view, c.Id)
				}
				got[c.Id] = true
			}
			if next = page.NextCursor; next == "" {
				if pages != 3 {
					t.Errorf("%s: %d pages", view, pages)
				}
				break
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d of %d cases", view, len(got), len(want))
		}
	}
}

// upload sends a file in two chunks, the first of them twice.
func (h *site) upload(login string, content []byte, name string) catalog.AttachmentRef {
	h.t.Helper()
	ref := catalog.AttachmentRef{Hash: hashOf(content), Name: name, Size: int64(len(content)), Type: "image/png"}
	h.must(login, "POST", "/api/v1/attachments", gen.AttachmentRequest{Hash: ref.Hash, Size: ref.Size}, 200)
	chunk := func(offset, end, status int) {
		h.t.Helper()
		r := h.send(request0{method: "PATCH", path: "/api/v1/attachments/" + ref.Hash, body: content[offset:end], token: h.token(login),
			header: map[string]string{"Content-Type": streamType, "Upload-Offset": fmt.Sprint(offset)}})
		if r.Code != status {
			h.t.Fatalf("chunk at %d: %d %s", offset, r.Code, r.Body)
		}
	}
	half := len(content) / 2
	chunk(0, half, 200)
	chunk(0, half, 409)
	head := h.send(request0{method: "HEAD", path: "/api/v1/attachments/" + ref.Hash, token: h.token(login)})
	if head.Header().Get("Upload-Offset") != fmt.Sprint(half) || head.Header().Get("Upload-Complete") != "false" {
		h.t.Fatalf("head: %v", head.Header())
	}
	chunk(half, len(content), 200)
	return ref
}

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))))
	return b.Bytes()
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestPaperMustBeWhatItIsSaidToBe keeps sizes and types that are not the
// file's out of the ledger, and lets nobody get a file by knowing its hash.
func TestPaperMustBeWhatItIsSaidToBe(t *testing.T) {
	r := newRegion(t)
	ref := r.village.upload("worker", picture(t), "登记表.png")
	hand := func(key string, change func(*catalog.AttachmentRef)) *httptest.ResponseRecorder {
		in := r.village.submission("TB-XZRZ-005", theVillage)
		a := ref
		change(&a)
		in.Materials[0].Attachments = []catalog.AttachmentRef{a}
		return r.village.send(request0{method: "POST", path: "/api/v1/cases", body: in, token: r.village.token("worker"), header: map[string]string{"Idempotency-Key": key}})
	}
	for key, change := range map[string]func(*catalog.AttachmentRef){
		"wrong-size": func(a *catalog.AttachmentRef) { a.Size = 5 },
		"wrong-type": func(a *catalog.AttachmentRef) { a.Type = "application/pdf" },
	} {
		if got := hand(key, change); got.Code < 400 || got.Code >= 500 || !strings.Contains(got.Body.String(), "materials[0].attachments[0]") {
			t.Errorf("%s: %d %s", key, got.Code, got.Body)
		}
	}

	// A hash that this village never had is no way to the content behind it.
	r.hub.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	elsewhere := r.hub.upload("window", append(picture(t), "x"...), "别处.png")
	if got := hand("named-by-hash", func(a *catalog.AttachmentRef) { *a = elsewhere }); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "materials[0].attachments[0]") {
		t.Errorf("named by its hash: %d %s", got.Code, got.Body)
	}
	var receipt gen.CaseReceipt
	r.village.decode(hand("its-own", func(*catalog.AttachmentRef) {}), &receipt)
	if got := r.village.send(request0{method: "GET", path: "/api/v1/attachments/" + elsewhere.Hash + "?case=" + receipt.Case.Id, token: r.village.token("worker")}); got.Code != http.StatusNotFound {
		t.Errorf("by its hash: %d, %d bytes", got.Code, got.Body.Len())
	}
}

// TestHandedOverAtTheTownship: who comes to the township for what the village took in
// gets it there, printed and signed for, and nobody gets it twice.
func TestHandedOverAtTheTownship(t *testing.T) {
	r := newRegion(t)
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", r.village.submission("TB-XZRZ-005", theVillage), 201), &receipt)
	id := receipt.Case.Id
	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActAccept})
	r.township.act("leader", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予登记"})
	r.township.act("clerk", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "生育登记服务单", Number: "2026-1"}}})
	r.township.sealDecision("clerk", id)
	deliver := gen.CaseAction{Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByDirect}
	if closed := r.township.act("clerk", id, deliver); closed.Case.Status != "closed" {
		t.Fatalf("%+v", closed.Case)
	}
	r.township.must("clerk", "GET", "/api/v1/cases/"+id+"/documents/service_receipt?format=html", nil, 200)
	until(t, "the village to know", func() bool {
		c, err := r.village.node.Store.Case(t.Context(), id)
		return err == nil && c.DeliveredMS != 0
	})
	if got := r.village.as("worker", "POST", "/api/v1/cases/"+id+"/actions", deliver); got != "409 case_ended" {
		t.Errorf("twice: %s", got)
	}
}

// TestNoGrantBeforeThePapers: a case comes to the township before its scans do. It can
// be refused there, and granted once they are there, or those of a paper that was
// handed in anew.
func TestNoGrantBeforeThePapers(t *testing.T) {
	r := newRegion(t)
	handIn := func(scan []byte, send bool) (id, material string) {
		in := r.village.submission("TB-XZRZ-005", theVillage)
		ref := catalog.AttachmentRef{Hash: hashOf(scan), Name: "登记表.png", Size: int64(len(scan)), Type: "image/png"}
		if send {
			ref = r.village.upload("worker", scan, ref.Name)
		}
		in.Materials[0].Attachments = []catalog.AttachmentRef{ref}
		body, _, err := r.village.api.submission(t.Context(), &in)
		check(t, err)
		worker, err := r.village.node.Store.StaffByLogin(t.Context(), "worker")
		check(t, err)
		// The desk takes in what it has; here it is lost before it went up.
		taken, err := r.village.node.Record(t.Context(), federation.Action{Actor: identity.Actor{Staff: worker.ID, Name: worker.Name, Role: identity.VillageWorker}, Kind: ledger.CaseSubmit, Body: body, Key: rand.Text()})
		check(t, err)
		r.village.act("worker", taken.ID, gen.CaseAction{Kind: gen.ActAccept})
		return taken.ID, in.Materials[0].Name
	}
	grant := gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予登记"}
	tryGrant := func(id string) *httptest.ResponseRecorder {
		return r.township.send(request0{method: "POST", path: "/api/v1/cases/" + id + "/actions", body: grant, token: r.township.token("leader"), header: map[string]string{"Idempotency-Key": rand.Text()}})
	}
	arrived := func(id string) (c gen.Case) {
		until(t, "the case to wait for the leader", func() bool {
			answer := r.township.send(request0{method: "GET", path: "/api/v1/cases/" + id, token: r.township.token("leader")})
			if answer.Code != 200 {
				return false
			}
			r.township.decode(answer, &c)
			return slices.Contains(c.Actions, gen.ActDecide)
		})
		return c
	}

	late := picture(t)
	id, material := handIn(late, false)
	if c := arrived(id); len(c.Awaited) != 1 || c.Awaited[0].Material != material || c.Awaited[0].Division != theVillage || c.Awaited[0].Node == "" {
		t.Errorf("awaited: %+v", c.Awaited)
	}
	if no := tryGrant(id); no.Code != 409 || !strings.Contains(no.Body.String(), "papers_awaited") || !strings.Contains(no.Body.String(), material) {
		t.Fatalf("granted without the scan: %d %s", no.Code, no.Body)
	}
	r.village.upload("worker", late, "登记表.png")
	until(t, "the scan to come up", func() bool { return tryGrant(id).Code == 200 })

	lost, _ := handIn(append(picture(t), 'x'), false)
	arrived(lost)
	anew := append(picture(t), 'z')
	ref := r.village.upload("worker", anew, "登记表.png")
	r.village.act("worker", lost, gen.CaseAction{Kind: gen.ActSupplement, Materials: []catalog.SubmittedMaterial{{Name: material, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{ref}}}})
	until(t, "the paper that was handed in anew", func() bool { return tryGrant(lost).Code == 200 })

	refused, _ := handIn(append(picture(t), 'y'), false)
	arrived(refused)
	r.township.act("leader", refused, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(false), Opinion: "不符合生育登记的条件"})
}
