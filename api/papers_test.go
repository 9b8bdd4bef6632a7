package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

func init() {
	everybody = append(everybody, "listSeals", "verifyDocument", "getKeyring")
}

// print prints a document as somebody.
func (h *site) print(login, id, kind string, in gen.PaperRequest) gen.PrintedPaper {
	h.t.Helper()
	var out gen.PrintedPaper
	h.decode(h.must(login, "POST", fmt.Sprintf("/api/v1/cases/%s/documents/%s/print", id, kind), in, 200), &out)
	return out
}

func (h *site) seal(login, id, kind string, in gen.PaperRequest) gen.PrintedPaper {
	h.t.Helper()
	var out gen.PrintedPaper
	h.decode(h.must(login, "POST", fmt.Sprintf("/api/v1/cases/%s/documents/%s/seal", id, kind), in, 200), &out)
	return out
}

// sealDecision puts the seal of whoever decided on the decision to grant, and makes
// the seal where there is none yet.
func (h *site) sealDecision(login, id string) gen.PrintedPaper {
	h.t.Helper()
	self := h.node.Self()
	who, in := "leader", gen.SealRequest{}
	if self.Tier == node.County {
		c, err := h.node.Store.Case(h.t.Context(), id)
		check(h.t, err)
		who, in.Department = "operator", c.Department
	}
	if _, err := h.node.Store.SealOf(h.t.Context(), self.Division, in.Department); errors.Is(err, store.ErrNotFound) {
		h.must(who, "POST", "/api/v1/seals", in, 201)
	}
	return h.seal(login, id, "grant_decision", gen.PaperRequest{})
}

// untilSealed waits until a node knows of the seal on a case's document.
func (h *site) untilSealed(id string) {
	h.t.Helper()
	until(h.t, "the seal to arrive", func() bool {
		entries, err := h.node.Store.Timeline(h.t.Context(), id)
		return err == nil && slices.ContainsFunc(entries, func(e store.EntryView) bool { return e.Kind == ledger.CaseSeal && e.Index > 0 })
	})
}

// verify asks a node, without logging in, what a document is worth.
func (h *site) verify(code string, document any) gen.VerifyReport {
	h.t.Helper()
	body := map[string]any{"code": code}
	if document != nil {
		text, err := json.Marshal(document)
		check(h.t, err)
		body["document"] = string(text)
	}
	r := h.send(request0{method: "POST", path: "/api/v1/verify", body: body})
	if r.Code != 200 {
		h.t.Fatalf("verify: %d %s", r.Code, r.Body)
	}
	var out gen.VerifyReport
	h.decode(r, &out)
	return out
}

func (h *site) wantVerdict(what, code string, document any, want proof.Verdict, reason string) gen.VerifyReport {
	h.t.Helper()
	r := h.verify(code, document)
	got := ""
	if len(r.Reasons) > 0 {
		got = r.Reasons[0].Code
	}
	if r.Verdict != want || got != reason || r.VerdictZh == "" || r.AsOf == 0 {
		h.t.Errorf("%s: %s (%s), want %s (%s): %+v", what, r.Verdict, got, want, reason, r)
	}
	return r
}

// offline judges a code with the trust file that a node gives.
func offline(t *testing.T, h *site, code string) proof.Report {
	t.Helper()
	ring, err := trust.DecodeKeyring(h.send(request0{method: "GET", path: "/api/v1/verify/keys"}).Body.Bytes())
	check(t, err)
	keys, err := ring.Keys()
	check(t, err)
	c, err := proof.Parse(code)
	check(t, err)
	return proof.Judge(c, keys, nil, nil)
}

// A village whose line is cut prints a receipt that proves itself: with its
// key, its query code and a QR code that a scanner reads. Printed again it is
// the same, and says so.
func TestReceiptOffline(t *testing.T) {
	r := newRegion(t)
	r.hub.cut()
	in := r.village.submission("TB-XZRZ-005", theVillage)
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id

	look := r.village.must("worker", "GET", "/api/v1/cases/"+id+"/documents/receipt_slip?format=html", nil, 200).Body.String()
	if !strings.Contains(look, "查阅件") || strings.Contains(look, "<svg") {
		t.Error("a page that was only looked at looks like one that was handed out")
	}
	path := "/api/v1/cases/" + id + "/documents/receipt_slip/print"
	first := r.village.print("worker", id, "receipt_slip", gen.PaperRequest{})
	again := r.village.print("worker", id, "receipt_slip", gen.PaperRequest{})
	if first.Copy != 1 || first.Mark != "" || !first.Valid || first.Sealed || again.Copy != 2 || again.Mark != "副本，补打第 1 次" || again.Code != first.Code || again.Hash != first.Hash {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	if first.Recorded.WordZh != "已存本机" || first.Document.To != "王芳" {
		t.Errorf("%+v", first)
	}
	page := r.village.must("worker", "POST", path+"?format=html", gen.PaperRequest{}, 200)
	if got := scanned(t, page.Body.String()); got != first.Code {
		t.Errorf("scanned %q, printed %q", got, first.Code)
	}
	if !strings.Contains(page.Body.String(), "副本，补打第 2 次") || !strings.Contains(page.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s", page.Body)
	}
	key := map[string]string{"Idempotency-Key": "print-0001"}
	twice := [2]gen.PrintedPaper{}
	for i := range twice {
		r.village.decode(r.village.send(request0{method: "POST", path: path, body: "{}", token: r.village.token("worker"), header: key}), &twice[i])
	}
	if twice[0].Recorded.Entry != twice[1].Recorded.Entry || twice[0].Copy != 4 || twice[1].Copy != 4 {
		t.Errorf("a double click: %+v, %+v", twice[0].Recorded, twice[1].Recorded)
	}
	if got := r.village.as("worker", "POST", "/api/v1/cases/"+id+"/documents/acceptance_notice/print", gen.PaperRequest{}); got != "409 document_not_yet" {
		t.Errorf("an acceptance before there is one: %s", got)
	}

	seen := r.village.wantVerdict("at the village", first.Code, first.Document, proof.Genuine, "unrecorded")
	if seen.Applicant != "王*" || seen.Number != first.Document.Number || seen.Sealed || seen.ItemName != in.Item && seen.ItemName == "" {
		t.Errorf("%+v", seen)
	}
	if got := offline(t, r.village, first.Code); got.Verdict != proof.Genuine {
		t.Errorf("offline: %+v", got)
	}
	r.hub.heal()
	until(t, "the print to be at the county", func() bool {
		e, err := r.hub.node.Store.Entry(t.Context(), first.Recorded.Entry)
		return err == nil && e.Index > 0
	})
	r.hub.wantVerdict("at the hub", first.Code, first.Document, proof.Genuine, "")
	until(t, "the print to be at the township", func() bool {
		e, err := r.township.node.Store.Entry(t.Context(), first.Recorded.Entry)
		return err == nil && e.Index > 0
	})
	r.township.wantVerdict("at the township", first.Code, nil, proof.Genuine, "")

	// Whoever changed a letter of the text, or added one that nobody signed.
	var text map[string]any
	raw, err := json.Marshal(first.Document)
	check(t, err)
	check(t, json.Unmarshal(raw, &text))
	text["to"] = "王小芳"
	r.hub.wantVerdict("another name", first.Code, text, proof.Forged, "content")
	text["to"], text["note"] = "王芳", "准予"
	r.hub.wantVerdict("a field that was added", first.Code, text, proof.Forged, "content")
	r.hub.wantVerdict("cut off", first.Code[:len(first.Code)-9], nil, proof.Forged, "malformed")
	r.hub.wantVerdict("something else", "https://example.com", nil, proof.Forged, "malformed")
	if other := newHub(t); true {
		got := other.wantVerdict("in another county", first.Code, nil, proof.UnknownKey, "unknown_key")
		if got.Number != "" || got.Applicant != "" {
			t.Errorf("what proves nothing is told: %+v", got)
		}
	}

	var told gen.Timeline
	r.hub.get("supervisor", "/api/v1/cases/"+id+"/timeline", &told)
	prints := 0
	for _, e := range told.Entries {
		if e.Kind == string(ledger.CasePrint) {
			prints++
			if e.What != "打印文书" || !strings.Contains(e.Said, first.Document.Number) || e.Actor.Name == "" {
				t.Errorf("%+v", e)
			}
		}
	}
	if prints != 4 {
		t.Errorf("%d prints on the timeline", prints)
	}
}

// A department's notice is worth nothing before the seal is on it, and genuine
// after; a new one takes its place, one is declared void, the seal is replaced
// and revoked. Each use of the seal says who, on what and when.
//
// Rules: 2.7.
func TestSealedNotice(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	path := "/api/v1/cases/" + id + "/documents/acceptance_notice/"

	bare := h.print("window", id, "acceptance_notice", gen.PaperRequest{})
	if bare.Valid || bare.Sealed || bare.Mark != "未加盖电子印章，不作为有效文书" {
		t.Errorf("%+v", bare)
	}
	h.wantVerdict("before it is sealed", bare.Code, bare.Document, proof.Unsealed, "unsealed")
	if got := h.as("window", "POST", path+"seal", gen.PaperRequest{}); got != "409 seal_missing" {
		t.Errorf("sealed without a seal: %s", got)
	}
	if got := h.as("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: "县无此局"}); got != "422 department_unknown" {
		t.Errorf("a seal of nobody: %s", got)
	}
	if got := h.as("operator", "POST", "/api/v1/seals", gen.SealRequest{}); got != "409 department_needed" {
		t.Errorf("a seal of no department: %s", got)
	}
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	if got := h.as("chief", "POST", path+"seal", gen.PaperRequest{}); got != "403 forbidden" {
		t.Errorf("whoever decides has no seal: %s", got)
	}
	first := h.seal("window", id, "acceptance_notice", gen.PaperRequest{})
	if !first.Valid || !first.Sealed || first.Mark != "" || first.Hash != bare.Hash || first.Code == bare.Code || first.Copy != 0 {
		t.Errorf("%+v", first)
	}
	report := h.wantVerdict("sealed", first.Code, first.Document, proof.Genuine, "")
	if report.Signer != department || !report.Sealed || report.Applicant != "梅溪竹业有限公司" || report.Title != "受理通知书" {
		t.Errorf("%+v", report)
	}
	h.wantVerdict("the print from before", bare.Code, nil, proof.Unsealed, "unsealed")
	if got := h.as("window", "POST", path+"seal", gen.PaperRequest{}); got != "409 sealed" {
		t.Errorf("sealed twice: %s", got)
	}
	if got := h.as("window", "POST", "/api/v1/cases/"+id+"/documents/receipt_slip/seal", gen.PaperRequest{}); got != "409 no_seal_due" {
		t.Errorf("a seal on a receipt: %s", got)
	}
	page := h.must("window", "POST", path+"print?format=html", gen.PaperRequest{}, 200).Body.String()
	if scanned(t, page) != first.Code || !strings.Contains(page, department+"（电子印章）") || !strings.Contains(page, "副本，补打第 1 次") {
		t.Errorf("%s", page)
	}

	// Another takes its place.
	if got := h.as("window", "POST", path+"print", gen.PaperRequest{Reissue: true, Why: "更正"}); got != "409 reissue_by_seal" {
		t.Errorf("reissued without a seal: %s", got)
	}
	if got := h.as("window", "POST", path+"seal", gen.PaperRequest{Reissue: true}); got != "400 invalid_request" {
		t.Errorf("reissued without a reason: %s", got)
	}
	if got := h.as("window", "POST", path+"seal", gen.PaperRequest{Reissue: true, Why: "更正"}); got != "409 document_unchanged" {
		t.Errorf("reissued as it was: %s", got)
	}
	h.must("operator", "PUT", "/api/v1/items/"+item+"/overlay", gen.OverlayRequest{Window: "9 号窗口"}, 200)
	second := h.seal("window", id, "acceptance_notice", gen.PaperRequest{Reissue: true, Why: "窗口更正"})
	if second.Hash == first.Hash || second.Document.Issuer.Window != "9 号窗口" {
		t.Errorf("%+v", second)
	}
	h.wantVerdict("replaced", first.Code, first.Document, proof.Superseded, "superseded")
	h.wantVerdict("the new one", second.Code, nil, proof.Genuine, "")
	if got := offline(t, h, first.Code); got.Verdict != proof.Genuine || got.Reasons[0].Code != "offline" {
		t.Errorf("offline nobody knows that it was replaced, and says so: %+v", got)
	}
	h.must("window", "POST", path+"void", gen.VoidRequest{Reason: "另案处理"}, 200)
	h.wantVerdict("void", second.Code, nil, proof.Revoked, "voided")
	if got := h.as("window", "POST", path+"print", gen.PaperRequest{}); got != "409 document_void" {
		t.Errorf("printed although void: %s", got)
	}

	// A new seal ends the one before, whose documents stay good; revoked, only
	// what the ledger shows to be older does.
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	grant := h.seal("window", id, "grant_decision", gen.PaperRequest{})
	if grant.Key == second.Key || grant.Document.Title != "准予行政许可决定书" {
		t.Errorf("%+v", grant)
	}
	h.wantVerdict("of the former seal", first.Code, nil, proof.Superseded, "superseded")
	h.must("operator", "POST", "/api/v1/seals/"+grant.Key+"/revoke", gen.VoidRequest{Reason: "密钥可能泄露"}, 200)
	h.wantVerdict("of the revoked seal, in the ledger before", grant.Code, nil, proof.Genuine, "key_revoked_since")
	if got := offline(t, h, grant.Code); got.Verdict != proof.Revoked || got.Reasons[0].Code != "key_revoked" {
		t.Errorf("offline: %+v", got)
	}
	if got := h.as("operator", "POST", "/api/v1/seals/"+grant.Key+"/revoke", gen.VoidRequest{Reason: "x"}); got != "409 seal_revoked" {
		t.Errorf("revoked twice: %s", got)
	}
	if got := h.as("operator", "POST", "/api/v1/seals/0f0f0f0f0f0f0f0f/revoke", gen.VoidRequest{Reason: "x"}); got != "404 not_found" {
		t.Errorf("revoked what is not: %s", got)
	}
	var seals gen.SealList
	h.get("", "/api/v1/seals", &seals)
	if len(seals.Seals) != 2 || seals.Seals[0].InUse || seals.Seals[1].InUse || seals.Seals[0].Holder != department || seals.Seals[0].RevokedAt == 0 || seals.Seals[1].EndedAt == 0 {
		t.Errorf("%+v", seals)
	}

	e, err := h.node.Store.Entry(t.Context(), grant.Recorded.Entry)
	check(t, err)
	var said ledger.CaseSealV1
	check(t, json.Unmarshal(e.Body, &said))
	if e.Kind != ledger.CaseSeal || e.Actor.Name != "李window" || said.Number != grant.Document.Number || said.Hash != grant.Hash || e.OccurredAt == 0 {
		t.Errorf("%+v %+v", e.Entry, said)
	}
	// The county's keys are replaced: the seal has to be made anew, and what it
	// sealed before stays good.
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	h.must("operator", "POST", "/api/v1/trust/rotate", nil, 200)
	until(t, "the hub to take up its new keys", func() bool {
		code, err := proof.Parse(grant.Code)
		check(t, err)
		var no *store.Refused
		return errors.As(h.node.SealCode(t.Context(), &code, department), &no) && no.Code == "seal_renew"
	})
	if got := h.as("window", "POST", path+"seal", gen.PaperRequest{Reissue: true, Why: "更换密钥后"}); got != "409 seal_renew" {
		t.Errorf("sealed with a seal of the former keys: %s", got)
	}
	wantOutdated := func(when string, want ...bool) {
		t.Helper()
		var list gen.SealList
		h.decode(h.must("", "GET", "/api/v1/seals", nil, 200), &list)
		var got []bool
		for _, s := range list.Seals {
			if s.InUse && s.Holder == department {
				got = append(got, s.Outdated)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s the seal in use is shown as outdated %v, want %v", when, got, want)
		}
	}
	wantOutdated("under the new keys", true)
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	wantOutdated("made anew,", false)
	last := h.seal("window", id, "acceptance_notice", gen.PaperRequest{Reissue: true, Why: "更换密钥后"})
	h.wantVerdict("under the new keys", last.Code, last.Document, proof.Genuine, "")
	h.wantVerdict("under the former keys", grant.Code, nil, proof.Genuine, "key_revoked_since")
}

// A township seals what it decides itself with a seal of its own, also while
// the county is away, and the county's trust file proves it.
func TestTownshipSeal(t *testing.T) {
	r := newRegion(t)
	r.township.must("leader", "POST", "/api/v1/seals", gen.SealRequest{}, 201)
	if got := r.township.as("leader", "POST", "/api/v1/seals", gen.SealRequest{Department: "县民政局"}); got != "409 seal_elsewhere" {
		t.Errorf("a department's seal at a township: %s", got)
	}
	if got := r.township.as("clerk", "POST", "/api/v1/seals", gen.SealRequest{}); got != "403 forbidden" {
		t.Errorf("a clerk makes a seal: %s", got)
	}
	in := r.village.submission("TB-XZRZ-005", theVillage)
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id
	until(t, "the case to be at the township", func() bool {
		_, err := r.township.node.Store.Case(t.Context(), id)
		return err == nil
	})
	r.hub.cut()
	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActAccept})
	if p := r.village.print("worker", id, "acceptance_notice", gen.PaperRequest{}); !p.Valid || p.Sealed {
		t.Errorf("what a village accepts it signs itself: %+v", p)
	}
	if p := r.village.as("worker", "POST", "/api/v1/cases/"+id+"/documents/grant_decision/print", gen.PaperRequest{}); p != "409 document_not_yet" {
		t.Errorf("a decision before there is one: %s", p)
	}
	r.hub.heal()
	until(t, "the acceptance to be at the township", func() bool {
		c, err := r.township.node.Store.Case(t.Context(), id)
		return err == nil && c.AcceptedMS > 0
	})
	r.hub.cut()
	r.township.act("leader", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "准予登记"})
	notice := r.township.seal("clerk", id, "grant_decision", gen.PaperRequest{})
	if !notice.Valid || !notice.Sealed {
		t.Errorf("%+v", notice)
	}
	r.township.wantVerdict("at the township, line cut", notice.Code, notice.Document, proof.Genuine, "unrecorded")
	r.hub.heal()
	until(t, "the seal's use to be at the county", func() bool {
		e, err := r.hub.node.Store.Entry(t.Context(), notice.Recorded.Entry)
		return err == nil && e.Index > 0 && e.Status == ledger.Applied
	})
	got := r.hub.wantVerdict("at the county", notice.Code, notice.Document, proof.Genuine, "")
	if !got.Sealed || got.Applicant != "王*" {
		t.Errorf("%+v", got)
	}
	if got := offline(t, r.hub, notice.Code); got.Verdict != proof.Genuine {
		t.Errorf("%+v", got)
	}
	if got := r.village.as("worker", "POST", "/api/v1/cases/"+id+"/documents/grant_decision/seal", gen.PaperRequest{}); got != "403 forbidden" {
		t.Errorf("a village seals: %s", got)
	}
	until(t, "the sealed decision to come down to the village, which prints it", func() bool {
		e, err := r.village.node.Store.Entry(t.Context(), notice.Recorded.Entry)
		return err == nil && e.Index > 0
	})
	if p := r.village.print("worker", id, "grant_decision", gen.PaperRequest{}); !p.Valid || p.Code != notice.Code || p.Copy != 1 {
		t.Errorf("%+v", p)
	}
	// The township renews its node's keys: everybody is told that the seal is to be
	// made anew, until it is.
	told := func(want bool) {
		t.Helper()
		for name, at := range map[string]*site{"the township": r.township, "the hub": r.hub, "the village": r.village} {
			until(t, name+" to tell it", func() bool {
				var list gen.SealList
				at.decode(at.must("", "GET", "/api/v1/seals", nil, 200), &list)
				i := slices.IndexFunc(list.Seals, func(s gen.Seal) bool { return s.InUse && s.Division == r.township.node.Self().Division })
				return i >= 0 && list.Seals[i].Outdated == want
			})
		}
	}
	told(false)
	_, err := r.township.node.Renew(t.Context())
	check(t, err)
	told(true)
	delete(r.township.tokens, "leader") // of before the renewal
	r.township.must("leader", "POST", "/api/v1/seals", gen.SealRequest{}, 201)
	told(false)
}

// The codes that are printed are on no log and in no address.
func TestCodesAreNotLogged(t *testing.T) {
	h := newHub(t)
	r := h.send(request0{method: "GET", path: "/api/v1/items/TB-XZRZ-005/sheet?format=html"})
	code := scanned(t, r.Body.String())
	h.wantVerdict("a notice sheet", code, nil, proof.Genuine, "")
	if strings.Contains(h.log.String(), code[:40]) {
		t.Error("the log has the code")
	}
}

var (
	svgPath = regexp.MustCompile(`<path fill="#000" d="([^"]+)"`)
	svgBox  = regexp.MustCompile(`viewBox="0 0 (\d+) `)
	svgRun  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)
)

// scanned is what a QR reader sees on a page.
func scanned(t *testing.T, page string) string {
	t.Helper()
	box, path := svgBox.FindStringSubmatch(page), svgPath.FindStringSubmatch(page)
	if box == nil || path == nil {
		t.Fatalf("no QR code on the page: %.300s", page)
	}
	const scale = 4
	side := number(t, box[1]) * scale
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for _, run := range svgRun.FindAllStringSubmatch(html.UnescapeString(path[1]), -1) {
		x, y, w := number(t, run[1]), number(t, run[2]), number(t, run[3])
		for dx := range w * scale {
			for dy := range scale {
				img.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	check(t, err)
	// It is drawn and not photographed; a reader that looks for its corners is
	// off by a module for some codes.
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_PURE_BARCODE: true})
	check(t, err)
	return result.GetText()
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	check(t, err)
	return n
}

// The trust file has public halves alone.
func TestKeyringIsPublic(t *testing.T) {
	h := newHub(t)
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: "县市场监督管理局"}, 201)
	raw := h.send(request0{method: "GET", path: "/api/v1/verify/keys"}).Body.Bytes()
	ring, err := trust.DecodeKeyring(raw)
	check(t, err)
	keys, err := ring.Keys()
	check(t, err)
	if len(keys) != 2 || ring.County != theCounty {
		t.Errorf("%+v", keys)
	}
	// The ledger has no more of a seal than the trust file.
	seals, err := h.node.Store.Seals(t.Context())
	check(t, err)
	head, err := h.node.Store.Head(t.Context())
	check(t, err)
	line, err := h.node.Store.RecordAt(t.Context(), head)
	check(t, err)
	public := base64.StdEncoding.EncodeToString(seals[0].Certificate.Public)
	if !bytes.Contains(line, []byte(public)) || !bytes.Contains(raw, []byte(public)) {
		t.Errorf("%s", line)
	}
}
