package api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store/storetest"
)

// ofApplicants are closed to all staff: an applicant's token is none of theirs.
// TestApplicantsSeeOnlyTheirs opens them.
var ofApplicants = []string{"getMySession", "logOutApplicant", "changeMyPassword", "newTOTP", "getMyBrowserKey", "setTOTP", "beginProviderLink", "finishProviderLink", "unlinkProvider", "setMyAgents", "getMyPrefill", "getMyRecord", "giveMyConsent", "withdrawMyConsent", "putMyAttachment", "getMyAttachment", "submitMyCase",
	"submitMyJointCase", "checkMyJointCase", "listMyJointCases", "getMyJointCase", "actOnMyJointCase", "listMyJointDocuments", "getMyJointDocument", "checkMyCase", "listMyResults", "streamMyChanges", "listMyCases", "getMyCase", "getMyTimeline", "listMyDocuments", "openMyDocument", "actOnMyCase", "listMyNotices", "listMyComplaints", "openMyComplaint", "setMyContact", "sendMyContactCode", "confirmMyContact"}

// What applicants may ask for before they are logged in, everybody may.
func init() {
	everybody = append(everybody, "activateAccount", "logInApplicant", "refreshApplicant", "getProvider", "beginProviderLogin", "finishProviderLogin", "listOnlineItems", "listOnlinePackages", "getPaperFigures")
}

// guest is an applicant with an account.
type guest struct {
	*site
	kind, name, number string
	token, account     string
}

// open has somebody's account opened by a clerk at a node, and gives the code.
func (h *site) open(login string, kind gen.ApplicantType, name, number string, agents ...account.Agent) gen.AccountOpened {
	h.t.Helper()
	var out gen.AccountOpened
	h.decode(h.must(login, "POST", "/api/v1/accounts", gen.AccountOpening{Type: kind, Name: name, Number: number, Phone: "13800000000", Shown: "居民身份证", Agents: agents}, 201), &out)
	return out
}

// activate activates an account at a hub.
func (h *site) activate(kind gen.ApplicantType, name, number, code string) *guest {
	h.t.Helper()
	r := h.send(request0{method: "POST", path: "/api/v1/my/activation", body: gen.Activation{Type: kind, Number: number, Code: code, Password: password}})
	if r.Code != 200 {
		h.t.Fatalf("activate: %d %s", r.Code, r.Body)
	}
	var in gen.MySessionTokens
	h.decode(r, &in)
	return &guest{h, string(kind), name, number, in.AccessToken, in.Account.Account}
}

func (g *guest) ask(method, path string, body any) *httptest.ResponseRecorder {
	g.t.Helper()
	q := request0{method: method, path: path, body: body, token: g.token, header: map[string]string{"Idempotency-Key": storetest.IDNumber(1) + time.Now().Format("150405.000000000")}}
	if _, stream := body.([]byte); stream {
		q.header["Content-Type"] = streamType
	}
	return g.send(q)
}

func (g *guest) want(method, path string, body any, status int, into any) {
	g.t.Helper()
	r := g.ask(method, path, body)
	if r.Code != status {
		g.t.Fatalf("%s %s: %d, want %d: %s", method, path, r.Code, status, r.Body)
	}
	if into != nil {
		g.decode(r, into)
	}
}

// upload uploads a file as its owner.
func (g *guest) upload(content []byte, name string) catalog.AttachmentRef {
	g.t.Helper()
	sum := sha256.Sum256(content)
	ref := catalog.AttachmentRef{Hash: hex.EncodeToString(sum[:]), Name: name, Size: int64(len(content)), Type: "image/png"}
	g.want("PUT", "/api/v1/my/attachments/"+ref.Hash, content, 200, nil)
	return ref
}

// application is a complete hand-in of an item in the guest's own name.
func (g *guest) application(code string) gen.MySubmission {
	g.t.Helper()
	in := g.submission(code, theVillage)
	in.Form = answer(answer(in.Form, catalog.KeyIDNumber, g.number), "applicant_name", g.name)
	out := gen.MySubmission{Item: code, Division: theVillage, Form: in.Form, Materials: in.Materials, Phone: "13800000000"}
	for i := range out.Materials {
		out.Materials[i].Form = catalog.SubmittedElectronic
		out.Materials[i].Attachments = []catalog.AttachmentRef{g.upload(append(picture(g.t), []byte(g.number+out.Materials[i].Name)...), "扫描件.png")}
	}
	return out
}

// A county with two persons, a firm and its agent who apply from home. The first
// person's account is opened at a village while its line is down.
type guests struct {
	region
	one, two, agent, firm *guest
}

func newGuests(t *testing.T, change ...func(*federation.Options)) guests {
	t.Helper()
	r := newRegion(t, change...)
	r.hub.person("window", theCounty, socialBoard, identity.DepartmentWindow)
	g := guests{region: r}
	r.hub.cut()
	opened := r.village.open("worker", "person", "王芳", storetest.IDNumber(1))
	if !strings.Contains(opened.Code, "-") || opened.Recorded.Word == "" || len(opened.Slip.Lines) == 0 {
		t.Fatalf("%+v", opened)
	}
	if !strings.Contains(opened.Page, "https://zwfw.example.cn</td>") || !strings.Contains(opened.Page, "网上办事地址二维码") || strings.Contains(opened.Page, "文书核验") {
		t.Fatalf("the slip does not say where to go: %s", opened.Page)
	}
	early := gen.Activation{Type: "person", Number: storetest.IDNumber(1), Code: opened.Code, Password: password}
	if r := r.hub.send(request0{method: "POST", path: "/api/v1/my/activation", body: early}); r.Code != 422 || !strings.Contains(r.Body.String(), "once it has arrived") {
		t.Fatalf("before it arrived: %d %s", r.Code, r.Body)
	}
	r.hub.heal()
	until(t, "the opening to arrive", func() bool {
		_, err := r.hub.node.Store.AccountOf(t.Context(), "person", storetest.IDNumber(1))
		return err == nil
	})
	g.one = r.hub.activate("person", "王芳", storetest.IDNumber(1), strings.ToLower(opened.Code))
	// The village does not hear of it, and says of when its word is.
	var state gen.AccountState
	r.village.decode(r.village.must("worker", "POST", "/api/v1/accounts/find", gen.AccountNumber{Type: "person", Number: storetest.IDNumber(1)}, 200), &state)
	if state.Activated || !state.Unsure || state.SinceMs != opened.ExpiresAt-account.CodeLife.Milliseconds() {
		t.Errorf("the village says %+v", state)
	}
	g.two = r.hub.activate("person", "李强", storetest.IDNumber(2), r.hub.open("window", "person", "李强", storetest.IDNumber(2)).Code)
	g.agent = r.hub.activate("person", "赵敏", storetest.IDNumber(3), r.hub.open("window", "person", "赵敏", storetest.IDNumber(3)).Code)
	firm := r.hub.open("window", "organisation", "甲子茶业有限公司", "91330599MA000TB146", account.Agent{Name: "赵敏", Number: storetest.IDNumber(3), Authority: "授权委托书"})
	g.firm = r.hub.activate("organisation", "甲子茶业有限公司", "91330599MA000TB146", firm.Code)
	return g
}

// TestApplyFromHome goes the whole way: apply, upload, follow, supplement, be
// served electronically; the clerks of the township take the case up like any
// other.
func TestApplyFromHome(t *testing.T) {
	g := newGuests(t)
	var items gen.OnlineItems
	g.one.want("GET", "/api/v1/my/items", nil, 200, &items)
	if i := slices.IndexFunc(items.Items, func(i gen.OnlineItem) bool { return i.Code == "TB-XZRZ-005" }); i < 0 || !items.Items[i].Online {
		t.Fatalf("%+v", items)
	}
	in := g.one.application("TB-XZRZ-005")
	var report gen.CheckReport
	g.one.want("POST", "/api/v1/my/cases/check", in, 200, &report)
	if !report.Ok {
		t.Fatalf("%+v", report)
	}
	lacking := in
	lacking.Materials = lacking.Materials[1:]
	if g.one.want("POST", "/api/v1/my/cases/check", lacking, 200, &report); report.Ok || len(report.Faults) == 0 {
		t.Fatalf("%+v", report)
	}
	var first, again gen.MyReceipt
	send := func() *httptest.ResponseRecorder {
		return g.hub.send(request0{method: "POST", path: "/api/v1/my/cases", body: in, token: g.one.token, header: map[string]string{"Idempotency-Key": "from-home-0001"}})
	}
	g.hub.decode(send(), &first)
	g.hub.decode(send(), &again)
	if first.Case.Id == "" || first.Case.Id != again.Case.Id || !first.Case.Online || first.Case.ApplicantName != "王芳" {
		t.Fatalf("%+v, again %+v", first, again)
	}
	id := first.Case.Id

	// The desk that accepts the item sees it, masked, and takes it up.
	village := g.village
	until(t, "the village to have it", func() bool {
		_, err := village.node.Store.Case(t.Context(), id)
		return err == nil
	})
	stored, err := g.hub.node.Store.Case(t.Context(), id)
	check(t, err)
	desk, clerk := g.township, "clerk"
	if stored.Holder == theVillage {
		desk, clerk = g.village, "worker"
	}
	var seen gen.Case
	desk.get(clerk, "/api/v1/cases/"+id, &seen)
	if !seen.Online || seen.Applicant.Name == "王芳" || seen.HandedInBy.Role != identity.Applicant || strings.Contains(seen.HandedInBy.Name, "王") {
		t.Fatalf("%+v", seen)
	}
	desk.act(clerk, id, gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: in.Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新上传清晰的扫描件"}}})
	var mine gen.MyCase
	until(t, "the notice to arrive", func() bool {
		g.one.want("GET", "/api/v1/my/cases/"+id, nil, 200, &mine)
		return len(mine.Notice) == 1
	})
	g.one.want("POST", "/api/v1/public/lookup", gen.LookupRequest{Number: mine.Summary.Number, Code: mine.LookupCode}, 200, nil)
	if !slices.Contains(mine.Actions, gen.MySupplement) || mine.Applicant.IDNumber != g.one.number {
		t.Fatalf("%+v", mine)
	}
	better := in.Materials[0]
	better.Attachments = []catalog.AttachmentRef{g.one.upload(append(picture(t), "better"...), "清晰.png")}
	g.one.want("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MySupplement, Materials: []catalog.SubmittedMaterial{better}}, 200, nil)
	g.one.want("GET", "/api/v1/my/attachments/"+better.Attachments[0].Hash+"?case="+id, nil, 200, nil)
	var list gen.MyCases
	g.one.want("GET", "/api/v1/my/cases", nil, 200, &list)
	if i := slices.IndexFunc(list.Cases, func(c gen.MyCaseSummary) bool { return c.Id == id }); list.Cases[i].StatusZh != suppliedZH {
		t.Errorf("what was asked for has come, and the list says %q", list.Cases[i].StatusZh)
	}
	g.one.want("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MyComment, Text: "已补齐"}, 200, nil)

	var supplements []gen.CaseSupplement
	until(t, "the supplement to come down", func() bool {
		var c gen.Case
		desk.get(clerk, "/api/v1/cases/"+id, &c)
		supplements = c.Supplements
		return len(supplements) == 1
	})
	desk.act(clerk, id, gen.CaseAction{Kind: gen.ActAccept, Supplements: []string{supplements[0].Entry}})
	granted := true
	g.township.act("leader", id, gen.CaseAction{Kind: gen.ActDecide, Granted: &granted, Opinion: "准予登记"})
	g.township.act("clerk", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "生育登记服务单", Number: "2026-1"}}})

	until(t, "the result to arrive", func() bool {
		g.one.want("GET", "/api/v1/my/cases/"+id, nil, 200, &mine)
		return mine.Summary.Status == "issued"
	})
	if r := g.one.ask("GET", "/api/v1/my/cases/"+id+"/documents/grant_decision", nil); r.Code != 409 || !strings.Contains(r.Body.String(), "no_consent") {
		t.Fatalf("without consent: %d %s", r.Code, r.Body)
	}
	g.one.want("GET", "/api/v1/my/cases/"+id+"/documents/receipt_slip", nil, 200, nil)
	g.one.want("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MyServeElectronically}, 200, nil)
	until(t, "the consent to come down", func() bool {
		var c gen.Case
		desk.get(clerk, "/api/v1/cases/"+id, &c)
		return c.ElectronicService
	})
	deliver := gen.CaseAction{Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByElectronic}
	unsealed := func(what string, r *httptest.ResponseRecorder) {
		if r.Code != 409 || !strings.Contains(r.Body.String(), "decision_unsealed") {
			t.Fatalf("%s: %d %s", what, r.Code, r.Body)
		}
	}
	unsealed("opened without a seal", g.one.ask("GET", "/api/v1/my/cases/"+id+"/documents/grant_decision", nil))
	for _, a := range []gen.CaseAction{deliver, {Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByDirect}} {
		unsealed("served without a seal", desk.send(request0{method: "POST", path: "/api/v1/cases/" + id + "/actions", body: a, token: desk.token(clerk), header: map[string]string{"Idempotency-Key": "unsealed-" + string(a.Method)}}))
	}
	sealed := g.township.sealDecision("clerk", id)
	desk.untilSealed(id)
	g.hub.untilSealed(id)
	if r := desk.send(request0{method: "POST", path: "/api/v1/cases/" + id + "/actions", body: deliver, token: desk.token(clerk), header: map[string]string{"Idempotency-Key": "deliver-too-soon"}}); r.Code != 409 || !strings.Contains(r.Body.String(), "not_opened") {
		t.Fatalf("delivered unopened: %d %s", r.Code, r.Body)
	}
	var paper gen.MyPaper
	g.one.want("GET", "/api/v1/my/cases/"+id+"/documents/grant_decision", nil, 200, &paper)
	if paper.Code != sealed.Code || paper.Hash != sealed.Hash || !paper.Sealed || !paper.Valid || paper.Mark != "" {
		t.Fatalf("not what was sealed: %+v", paper)
	}
	submitted, err := g.hub.node.Store.Entry(t.Context(), id)
	check(t, err)
	if got, told := g.hub.lookUp(mine.Summary.Number, proof.QueryCode(&submitted.Entry)); got != "200" || !strings.Contains(told.ToDo, "电子送达") || !strings.Contains(told.ToDo, "已打开") {
		t.Errorf("looked up after it was served from home: %s %+v", got, told)
	}
	page := g.one.ask("GET", "/api/v1/my/cases/"+id+"/documents/grant_decision?format=html", nil).Body.String()
	if scanned(t, page) != sealed.Code || !strings.Contains(page, "（电子印章）") {
		t.Fatalf("%s", page)
	}
	g.hub.wantVerdict("the decision from home", paper.Code, paper.Document, proof.Genuine, "")
	var slip gen.MyPaper
	g.one.want("GET", "/api/v1/my/cases/"+id+"/documents/receipt_slip", nil, 200, &slip)
	if !slip.Valid || slip.Sealed || scanned(t, g.one.ask("GET", "/api/v1/my/cases/"+id+"/documents/receipt_slip?format=html", nil).Body.String()) == "" {
		t.Fatalf("%+v", slip)
	}
	g.hub.wantVerdict("the receipt from home", slip.Code, slip.Document, proof.Genuine, "")
	var notice gen.MyPaper
	g.one.want("GET", "/api/v1/my/cases/"+id+"/documents/acceptance_notice", nil, 200, &notice)
	if due := desk == g.township; notice.Valid == due || (notice.Mark != "") != due {
		t.Fatalf("%+v", notice)
	}
	until(t, "the proof of service to come down", func() bool {
		var c gen.Case
		desk.get(clerk, "/api/v1/cases/"+id, &c)
		return slices.ContainsFunc(c.Opened, func(o gen.OpenedDocument) bool { return o.Kind == "grant_decision" })
	})
	desk.act(clerk, id, deliver)
	until(t, "the end to arrive", func() bool {
		g.one.want("GET", "/api/v1/my/cases/"+id, nil, 200, &mine)
		return mine.Summary.Status == "closed"
	})
	var line gen.MyTimeline
	g.one.want("GET", "/api/v1/my/cases/"+id+"/timeline", nil, 200, &line)
	kinds := ""
	for _, s := range line.Steps {
		kinds += s.Kind + " "
	}
	want := "case.submit case.request_supplement case.supplement case.comment case.accept case.decide case.issue case.opened case.consent case.opened case.opened case.deliver "
	if kinds != want {
		t.Errorf("timeline: %s", kinds)
	}
	if r := g.one.ask("POST", "/api/v1/my/cases/"+id+"/actions", gen.MyAction{Kind: gen.MyWithdraw, Reason: "不要了"}); r.Code != 409 {
		t.Errorf("withdrawn after the end: %d %s", r.Code, r.Body)
	}
}

// TestOnlineHandInOnAHoliday: an online hand-in on a day that is no working day
// counts as received on the next working day (handbook, section 2).
func TestOnlineHandInOnAHoliday(t *testing.T) {
	g := newGuests(t)
	on, err := g.hub.api.receivedOn(t.Context(), mustDay(t, "2026-10-03"))
	check(t, err)
	if on != mustDay(t, "2026-10-08") {
		t.Errorf("received on %s, want 2026-10-08", on)
	}
	if on, err = g.hub.api.receivedOn(t.Context(), mustDay(t, "2026-09-20")); err != nil || !on.IsZero() {
		t.Errorf("a Sunday that is worked: %s %v", on, err)
	}
}

// TestApplicantsSeeOnlyTheirs asks for everything an applicant can, as two
// persons, a firm, its agent, staff and nobody, on cases of each of them and
// under ids that are nobody's. What is another's is answered like what does not
// exist.
func TestApplicantsSeeOnlyTheirs(t *testing.T) {
	g := newGuests(t)
	ids := map[string]string{}
	hand := func(name string, who *guest, in gen.MySubmission) {
		var r gen.MyReceipt
		who.want("POST", "/api/v1/my/cases", in, 201, &r)
		ids[name] = r.Case.Id
	}
	hand("one", g.one, g.one.application("TB-XZRZ-005"))
	hand("two", g.two, g.two.application("TB-XZRZ-005"))
	firms := g.agent.application("TB-RSJ-006")
	firms.ActingFor = g.firm.account
	if r := g.agent.ask("POST", "/api/v1/my/cases/check", firms); !strings.Contains(r.Body.String(), "只面向自然人") && !strings.Contains(r.Body.String(), `"ok":true`) {
		t.Fatalf("%s", r.Body)
	}
	// A window hands one in for the second person: it is theirs as well.
	at := g.hub.submission("TB-XZRZ-005", theVillage)
	at.Applicant = ledger.Applicant{Type: "person", Name: "李强", IDNumber: g.two.number, Phone: "13800000000"}
	at.Form = answer(answer(at.Form, catalog.KeyIDNumber, g.two.number), "applicant_name", "李强")
	var receipt gen.CaseReceipt
	g.village.decode(g.village.must("worker", "POST", "/api/v1/cases", at, 201), &receipt)
	ids["two at a window"] = receipt.Case.Id
	until(t, "it to arrive", func() bool {
		_, err := g.hub.node.Store.Case(t.Context(), receipt.Case.Id)
		return err == nil
	})
	ids["nobody's"] = "01979c5e-8a7b-7000-8000-00000000dead"
	owns := map[string][]string{"one": {"one"}, "two": {"two", "two at a window"}}
	hashes := map[string]string{}
	for name, id := range ids {
		if c, err := g.hub.node.Store.Case(t.Context(), id); err == nil && len(c.Materials[0].Attachments) > 0 {
			hashes[name] = c.Materials[0].Attachments[0].Hash
		}
	}
	for who, actor := range map[string]*guest{"one": g.one, "two": g.two, "agent": g.agent, "firm": g.firm} {
		var list gen.MyCases
		actor.want("GET", "/api/v1/my/cases", nil, 200, &list)
		if len(list.Cases) != len(owns[who]) {
			t.Errorf("%s sees %d cases, want %v", who, len(list.Cases), owns[who])
		}
		for name, id := range ids {
			theirs := slices.Contains(owns[who], name)
			number := id
			if c, err := g.hub.node.Store.Case(t.Context(), id); err == nil {
				number = c.Number
			}
			for _, key := range []string{id, number} {
				for _, q := range []struct {
					method, path string
					body         any
				}{
					{"GET", "", nil}, {"GET", "/timeline", nil}, {"GET", "/documents", nil}, {"GET", "/documents/receipt_slip", nil},
					{"POST", "/actions", gen.MyAction{Kind: gen.MyComment, Text: "您好"}},
					{"POST", "/actions", gen.MyAction{Kind: gen.MyServeOnPaper}},
				} {
					r := actor.ask(q.method, "/api/v1/my/cases/"+key+q.path, q.body)
					if theirs && r.Code != 200 || !theirs && r.Code != 404 {
						t.Errorf("%s %s%s on %s's: %d %s", who, q.method, q.path, name, r.Code, r.Body)
					}
				}
			}
			if !theirs {
				for _, q := range []gen.MyAction{{Kind: gen.MyWithdraw, Reason: "不要了"}, {Kind: gen.MySupplement, Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}}} {
					if r := actor.ask("POST", "/api/v1/my/cases/"+id+"/actions", q); r.Code != 404 {
						t.Errorf("%s %s on %s's: %d", who, q.Kind, name, r.Code)
					}
				}
			}
			if hash := hashes[name]; hash != "" {
				r := actor.ask("GET", "/api/v1/my/attachments/"+hash+"?case="+id, nil)
				if theirs && r.Code != 200 || !theirs && r.Code != 404 {
					t.Errorf("%s reads a paper of %s's: %d", who, name, r.Code)
				}
			}
		}
	}
	// Nobody takes another's paper for their own by its hash.
	stolen := g.two.application("TB-XZRZ-005")
	theirs, err := g.hub.node.Store.Case(t.Context(), ids["one"])
	check(t, err)
	stolen.Materials[0].Attachments = theirs.Materials[0].Attachments
	if r := g.two.ask("POST", "/api/v1/my/cases", stolen); r.Code != 400 {
		t.Errorf("another's paper: %d %s", r.Code, r.Body)
	}
	// Nobody applies in another's name without the proof of authority, nor for a
	// firm that did not name them.
	another := g.two.application("TB-XZRZ-005")
	another.Applicant = ledger.Applicant{Type: "person", Name: "王芳", IDNumber: g.one.number}
	another.Form = answer(answer(another.Form, catalog.KeyIDNumber, g.one.number), "applicant_name", "王芳")
	another.AuthorityName = "授权委托书"
	if r := g.two.ask("POST", "/api/v1/my/cases", another); r.Code != 422 || !strings.Contains(r.Body.String(), "authority_missing") {
		t.Errorf("in another's name: %d %s", r.Code, r.Body)
	}
	another.Authority = []catalog.AttachmentRef{g.two.upload(append(picture(t), "authority"...), "委托书.png")}
	var acted gen.MyReceipt
	g.two.want("POST", "/api/v1/my/cases", another, 201, &acted)
	for _, who := range []*guest{g.one, g.two} { // whose it is, and who acts
		who.want("GET", "/api/v1/my/cases/"+acted.Case.Id, nil, 200, nil)
	}
	if r := g.agent.ask("GET", "/api/v1/my/cases/"+acted.Case.Id, nil); r.Code != 404 {
		t.Errorf("a third: %d", r.Code)
	}
	foreign := g.two.application("TB-XZRZ-005")
	foreign.ActingFor = g.firm.account
	if r := g.two.ask("POST", "/api/v1/my/cases", foreign); r.Code != 400 {
		t.Errorf("for a firm that did not name them: %d %s", r.Code, r.Body)
	}
}

// TestAgentsOfAFirm: the agents a firm names act for it, and no longer once it
// names others.
func TestAgentsOfAFirm(t *testing.T) {
	g := newGuests(t)
	in := g.agent.application("TB-SCJG-001")
	in.Division, in.ActingFor = theCounty, g.firm.account
	var r gen.MyReceipt
	g.agent.want("POST", "/api/v1/my/cases", in, 201, &r)
	for _, who := range []*guest{g.agent, g.firm} {
		who.want("GET", "/api/v1/my/cases/"+r.Case.Id, nil, 200, nil)
	}
	c, err := g.hub.node.Store.Case(t.Context(), r.Case.Id)
	check(t, err)
	if c.Agent.IDNumber != g.agent.number || c.Applicant.Name != g.firm.name || c.Holder != theCounty {
		t.Errorf("%+v", c)
	}
	g.firm.want("PUT", "/api/v1/my/agents", gen.MyAgents{Agents: []account.Agent{{Name: "李强", Number: g.two.number, Authority: "授权委托书"}}}, 200, nil)
	if r := g.agent.ask("GET", "/api/v1/my/cases/"+r.Case.Id, nil); r.Code != 404 {
		t.Errorf("a former agent still sees it: %d", r.Code)
	}
	g.two.want("GET", "/api/v1/my/cases/"+r.Case.Id, nil, 200, nil)
	if r := g.agent.ask("PUT", "/api/v1/my/agents", gen.MyAgents{Agents: []account.Agent{{Name: "赵敏", Number: g.agent.number, Authority: "授权委托书"}}}); r.Code != 403 {
		t.Errorf("a person names agents: %d %s", r.Code, r.Body)
	}
}

// TestApplicantLogin: activation once, lockout, one-time codes once, recovery in
// person, and that what ends a session ends it.
func TestApplicantLogin(t *testing.T) {
	g := newGuests(t)
	h := g.hub
	h.api.logins = newBuckets(1e9, 1e9)
	login := func(number, word, otp string) *httptest.ResponseRecorder {
		return h.send(request0{method: "POST", path: "/api/v1/my/session", body: gen.MyLogin{Type: "person", Number: number, Password: word, Otp: otp}})
	}
	if r := login(g.one.number, password, ""); r.Code != 200 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	// The code works once, and a wrong one does not tell whether there is an account.
	code := h.open("window", "person", "钱七", storetest.IDNumber(7)).Code
	for name, in := range map[string]gen.Activation{
		"wrong code": {Type: "person", Number: storetest.IDNumber(7), Code: "0000-0000-0000", Password: password}, "unknown": {Type: "person", Number: storetest.IDNumber(8), Code: code, Password: password},
	} {
		if r := h.send(request0{method: "POST", path: "/api/v1/my/activation", body: in}); r.Code != 422 || !strings.Contains(r.Body.String(), "code_wrong") {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	if r := h.send(request0{method: "POST", path: "/api/v1/my/activation", body: gen.Activation{Type: "person", Number: storetest.IDNumber(7), Code: code, Password: "short"}}); r.Code != 422 || !strings.Contains(r.Body.String(), "weak_password") {
		t.Errorf("a weak password: %d %s", r.Code, r.Body)
	}
	seven := h.activate("person", "钱七", storetest.IDNumber(7), code)
	if r := h.send(request0{method: "POST", path: "/api/v1/my/activation", body: gen.Activation{Type: "person", Number: seven.number, Code: code, Password: password + "x"}}); r.Code != 422 {
		t.Errorf("a code works twice: %d", r.Code)
	}
	// One-time codes.
	var secret gen.TOTPSecret
	h.must("operator", "POST", "/api/v1/nodes/county-1/rename", gen.RenameRequest{Name: "安吉新址政务服务中心"}, 200)
	seven.want("POST", "/api/v1/my/totp", nil, 200, &secret)
	if address, err := url.Parse(secret.Address); err != nil || address.Query().Get("issuer") != "安吉新址政务服务中心" {
		t.Errorf("an authenticator names the centre as the settings do: %s", secret.Address)
	}
	if secret.Qr.Side < 21 || secret.Qr.Path == "" {
		t.Errorf("a phone has nothing to scan: %+v", secret.Qr)
	}
	// What the browser keeps sealed opens after a new login, for this account alone.
	var kept, again, others gen.MyBrowserKey
	seven.want("GET", "/api/v1/my/browser-key", nil, 200, &kept)
	now := time.Now()
	h.api.o.Now = func() time.Time { return now }
	otp := func() string { return mustTOTP(t, secret.Secret, now) }
	seven.want("PUT", "/api/v1/my/totp", gen.TOTPSetting{Password: password, Secret: secret.Secret, Code: otp()}, 200, nil)
	if r := login(seven.number, password, ""); r.Code != 401 || !strings.Contains(r.Body.String(), "totp_required") {
		t.Errorf("without a code: %d %s", r.Code, r.Body)
	}
	if r := login(seven.number, password, otp()); r.Code != 401 || !strings.Contains(r.Body.String(), "totp_wrong") {
		t.Errorf("the code that switched codes on works for a login: %d %s", r.Code, r.Body)
	}
	now = now.Add(30 * time.Second)
	if r := login(seven.number, password, otp()); r.Code != 200 {
		t.Errorf("with a code: %d %s", r.Code, r.Body)
	}
	if r := login(seven.number, password, otp()); r.Code != 401 || !strings.Contains(r.Body.String(), "totp_wrong") {
		t.Errorf("a code works twice: %d %s", r.Code, r.Body)
	}
	now = now.Add(30 * time.Second)
	seven.want("POST", "/api/v1/my/session/password", gen.PasswordChange{OldPassword: password, NewPassword: "another-" + password}, 200, nil)
	if r := seven.ask("GET", "/api/v1/my/session", nil); r.Code != 401 {
		t.Errorf("the old token outlives the password: %d", r.Code)
	}
	if r := login(seven.number, "another-"+password, otp()); r.Code != 200 {
		t.Errorf("the secret did not come with the password: %d %s", r.Code, r.Body)
	}
	// Recovery in person: a new code, a new password, no one-time codes.
	seven = h.activate("person", "钱七", seven.number, h.open("window", "person", "钱七", seven.number).Code)
	seven.want("GET", "/api/v1/my/browser-key", nil, 200, &again)
	g.one.want("GET", "/api/v1/my/browser-key", nil, 200, &others)
	if len(kept.Key) != browserKeyBytes || !bytes.Equal(kept.Key, again.Key) || bytes.Equal(kept.Key, others.Key) {
		t.Error("the key of a browser is not the account's own")
	}
	if r := login(seven.number, password, ""); r.Code != 200 {
		t.Errorf("after recovery: %d %s", r.Code, r.Body)
	}
	h.must("operator", "POST", "/api/v1/accounts/disable", gen.AccountDisabling{Type: "person", Number: seven.number, Reason: "本人申请"}, 200)
	if r := seven.ask("GET", "/api/v1/my/session", nil); r.Code != 401 {
		t.Errorf("a closed account goes on: %d", r.Code)
	}
	if r := login(seven.number, password, ""); r.Code != 401 {
		t.Errorf("a closed account logs in: %d", r.Code)
	}
	// Lockout, alike for who exists and who does not.
	for _, number := range []string{g.two.number, storetest.IDNumber(55)} {
		locked := 0
		for range 8 {
			if r := login(number, "wrong-wrong-wrong", ""); r.Code == 429 {
				locked++
			}
		}
		if locked == 0 {
			t.Errorf("%s is not locked", number[14:])
		}
	}
	// Below the county nobody of them is known.
	if r := g.village.send(request0{method: "POST", path: "/api/v1/my/session", body: gen.MyLogin{Type: "person", Number: g.one.number, Password: password}}); r.Code != 409 {
		t.Errorf("at a village: %d", r.Code)
	}
	dump := storetest.Dump(t, g.village.node.Store, "accounts", "entries")
	if strings.Contains(dump, "argon2id") && strings.Contains(dump, "account.activate") {
		t.Error("a password's hash went down to a village")
	}
	for _, text := range []string{g.one.number, "王芳", password} {
		if strings.Contains(h.log.String(), text) {
			t.Errorf("the log has %q", text)
		}
	}
}

// TestTokensOfStaffAndApplicants: each operation with the other kind of token.
func TestTokensOfStaffAndApplicants(t *testing.T) {
	g := newGuests(t)
	g.hub.api.addresses = newBuckets(1e9, 1e9) // there are more operations than one address may ask for at once
	document, err := loadDocument()
	check(t, err)
	n := 0
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			p := routePermissions[op.OperationID]
			if between(op) || p.public {
				continue
			}
			path := strings.NewReplacer("{id}", "county-1", "{code}", "TB-XZRZ-005", "{hash}", strings.Repeat("ab", 32), "{kind}", "receipt_slip", "{entry}", "e-1", "{number}", "1").Replace(path)
			token, whose := g.one.token, "an applicant's"
			if p.applicant {
				token, whose = g.hub.token("operator"), "a staff"
			}
			for _, cookie := range []bool{false, true} {
				q := request0{method: method, path: path, token: token}
				if cookie {
					q = request0{method: method, path: path, cookies: cookiesFor(token)}
				}
				if r := g.hub.send(q); r.Code != 401 {
					t.Errorf("%s takes %s token (cookie %v): %d", op.OperationID, whose, cookie, r.Code)
				}
				n++
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d requests", n)
	}
}

func mustDay(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	check(t, err)
	return d
}

// mustTOTP finds the code of a moment as an authenticator would show it: the one
// that holds.
func mustTOTP(t testing.TB, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	check(t, err)
	mac := hmac.New(sha1.New, key)
	check(t, binary.Write(mac, binary.BigEndian, now.Unix()/30))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// cookiesFor are the cookies of both kinds of session with one token.
func cookiesFor(token string) []*http.Cookie {
	return []*http.Cookie{{Name: sessionCookie, Value: token}, {Name: applicantCookie, Value: token}}
}

// TestPrefillOfOnesOwn: a form filled once comes back for the next item, to its
// owner and to nobody else.
func TestPrefillOfOnesOwn(t *testing.T) {
	g := newGuests(t)
	in := g.one.application("TB-XZRZ-005")
	for i := range in.Form {
		if in.Form[i].Key == "address" {
			in.Form[i].Value = "梅溪镇甲子村金丝雀路1号"
		}
	}
	var receipt gen.MyReceipt
	g.one.want("POST", "/api/v1/my/cases", in, 201, &receipt)
	values := func(who *guest, query string) map[string]gen.PrefilledField {
		var p gen.Prefill
		who.want("GET", "/api/v1/my/prefill?item=TB-XZRZ-005"+query, nil, 200, &p)
		all := map[string]gen.PrefilledField{}
		for _, f := range p.Fields {
			all[f.Key] = f
		}
		return all
	}
	mine := values(g.one, "")
	if mine["address"].Value != "梅溪镇甲子村金丝雀路1号" || mine["address"].Case != receipt.Case.Number || mine[catalog.KeyIDNumber].Value != g.one.number || mine["applicant_name"].Value != "王芳" {
		t.Errorf("%+v", mine)
	}
	theirs := values(g.two, "")
	if theirs["address"].Value != "" || theirs[catalog.KeyIDNumber].Value != g.two.number {
		t.Errorf("%+v", theirs)
	}
	if r := g.two.ask("GET", "/api/v1/my/prefill?item=TB-XZRZ-005&acting_for="+g.one.account, nil); r.Code != 400 {
		t.Errorf("for somebody else: %d %s", r.Code, r.Body)
	}
	if r := g.two.ask("GET", "/api/v1/my/prefill?item=TB-NONE-001", nil); r.Code != 404 {
		t.Errorf("of no item: %d", r.Code)
	}
	var figures gen.PaperFigures
	g.one.want("GET", "/api/v1/figures/papers", nil, 200, &figures)
	sum := 0
	for _, f := range figures.Items {
		if f.Asked > f.Demanded || f.Demanded > 0 && f.SavedPerMille != (f.Demanded-f.Asked)*1000/f.Demanded {
			t.Errorf("%+v", f)
		}
		sum += f.Demanded
	}
	if len(figures.Items) != 4 || sum != figures.AllItems.Demanded || sum == 0 {
		t.Errorf("%+v", figures)
	}
}
