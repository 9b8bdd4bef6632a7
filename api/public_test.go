package api

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func init() {
	everybody = append(everybody, "lookUpCase", "listPublicCases", "listRelief", "streamHall", "openItems", "openDecisions")
	rude["streamHall"] = true // it does not end
}

func (h *site) lookUp(number, code string) (string, gen.LookupAnswer) {
	h.t.Helper()
	r := h.send(request0{method: "POST", path: "/api/v1/public/lookup", body: gen.LookupRequest{Number: number, Code: code}})
	var out gen.LookupAnswer
	if r.Code == 200 {
		h.decode(r, &out)
	}
	return outcome(h, r), out
}

// An applicant follows a case by number and code, at the village while its line
// is cut and at the county; who has one of the two wrong learns nothing.
//
// Rules: 9.3.
func TestLookUp(t *testing.T) {
	r := newRegion(t)
	r.hub.cut()
	in := r.village.submission("TB-XZRZ-005", theVillage)
	in.Applicant.Name = canaryName
	in.Form = answer(in.Form, "applicant_name", canaryName)
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", in, 201), &receipt)
	id, number := receipt.Case.Id, receipt.Case.Number
	printed := r.village.print("worker", id, "receipt_slip", gen.PaperRequest{})
	code := ""
	for _, l := range printed.Document.Lines {
		if l.Label == "查询码" {
			code = l.Value
		}
	}
	if len(code) != 11 {
		t.Fatalf("the receipt has no query code: %+v", printed.Document)
	}
	before := time.Now()
	got, told := r.village.lookUp(number, strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	if got != "200" || told.Word != gen.SavedHere || told.StatusZh != "已收件" || told.ToDo == "" || told.Steps[0].State != gen.StepNow || told.AsOf > before.UnixMilli() {
		t.Errorf("%s %+v", got, told)
	}
	raw, err := json.Marshal(told)
	check(t, err)
	loose(t, "a look-up", string(raw))
	if strings.Contains(string(raw), in.Applicant.IDNumber) || strings.Contains(string(raw), id) {
		t.Errorf("too much: %s", raw)
	}
	// Whichever is wrong, the answer is the same, word for word and in time.
	other, err := casework.NewNumber(theVillage, calendar.DateOf(time.Now()), 1, 77)
	check(t, err)
	answers := map[string]bool{}
	for _, wrong := range [][2]string{{number, "22222-22222"}, {other.String(), code}, {"330523", code}, {number, "x"}} {
		start := time.Now()
		a := r.village.send(request0{method: "POST", path: "/api/v1/public/lookup", body: gen.LookupRequest{Number: wrong[0], Code: wrong[1]}, header: map[string]string{requestIDHeader: "same-request"}})
		if took := time.Since(start); took < lookupFloor {
			t.Errorf("%s failed after %s", wrong, took)
		}
		answers[a.Body.String()] = true
		if a.Code != 404 || !strings.Contains(a.Body.String(), "lookup_failed") {
			t.Errorf("%s: %d %s", wrong, a.Code, a.Body)
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActAccept})
	_, told = r.village.lookUp(number, code)
	if told.StatusZh != "已受理" || told.Promised.IsZero() || told.Steps[0].State != gen.StepDone || !strings.HasSuffix(told.Steps[0].Name, "受理") {
		t.Errorf("%+v", told)
	}
	r.hub.heal()
	until(t, "the county to tell the same", func() bool {
		got, told := r.hub.lookUp(number, code)
		return got == "200" && told.StatusZh == "已受理"
	})
	// Guessing is stopped for the number, also for one that there is not.
	for _, n := range []string{number, other.String()} {
		got := ""
		for range int(triesAtNumber.free) + 2 {
			got, _ = r.village.lookUp(n, "33333-33333")
		}
		if got != "429 too_many_requests" {
			t.Errorf("guessing at %s: %s", n, got)
		}
	}
	if text := r.village.log.String(); strings.Contains(text, code) || strings.Contains(text, number) {
		t.Error("the log has the code or the number")
	}
}

// A case that ended on its way shows what was done, and that the rest was not.
func TestLookupOfWhatEnded(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, marketBoard, identity.DepartmentWindow)
	h.person("chief", theCounty, marketBoard, identity.DepartmentLeader)
	for name, way := range map[string][]gen.CaseAction{
		"not_accepted": {{Kind: gen.ActReject, Ground: gen.RejectOther, Reason: "不属于本机关职权范围"}},
		"terminated":   {{Kind: gen.ActAccept}, {Kind: gen.ActTerminate, Cause: gen.CauseMoot, Reason: "申请事项已无须办理"}},
	} {
		in := h.submission("TB-SCJG-001", theCounty)
		in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
		var receipt gen.CaseReceipt
		h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
		for _, a := range way {
			who := "window"
			if a.Kind == gen.ActTerminate {
				who = "chief"
			}
			h.act(who, receipt.Case.Id, a)
		}
		c, err := h.node.Store.Case(t.Context(), receipt.Case.Id)
		check(t, err)
		submitted, err := h.node.Store.Entry(t.Context(), c.OpenedBy())
		check(t, err)
		got, told := h.lookUp(receipt.Case.Number, proof.QueryCode(&submitted.Entry))
		if got != "200" || told.Status != name || len(told.Steps) < 3 {
			t.Fatalf("%s: %s %+v", name, got, told)
		}
		for i, step := range told.Steps {
			want := gen.StepNotTaken
			if i < len(way)-1 {
				want = gen.StepDone
			}
			if step.State != want {
				t.Errorf("%s: %s is %s, want %s", name, step.Name, step.State, want)
			}
		}
	}
}

// What is published of a person is masked, and of what is never public nothing
// (domain: section 9); the open-data feed says the same with stable ids.
//
// Rules: 9.2.
func TestPublication(t *testing.T) {
	h := newHub(t)
	const market, civil = "县市场监督管理局", "县民政局"
	h.person("window", theCounty, market, identity.DepartmentWindow)
	h.person("chief", theCounty, market, identity.DepartmentLeader)
	h.person("cwindow", theCounty, civil, identity.DepartmentWindow)
	hand := func(login, code string, who ledger.Applicant) string {
		in := h.submission(code, theCounty)
		if who.Type == "person" {
			who.IDNumber = in.Applicant.IDNumber
		}
		in.Applicant = who
		var receipt gen.CaseReceipt
		h.decode(h.must(login, "POST", "/api/v1/cases", in, 201), &receipt)
		h.act(login, receipt.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
		return receipt.Case.Id
	}
	firm := hand("window", "TB-SCJG-001", ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"})
	hand("cwindow", "TB-MZJ-001", ledger.Applicant{Type: "person", Name: canaryName, Phone: canaryPhone}) // marriage
	var list gen.PublicCaseList
	page := h.must("", "GET", "/api/v1/public/cases", nil, 200)
	h.decode(page, &list)
	if len(list.Cases) != 1 || list.Cases[0].Applicant != "梅溪竹业有限公司" || list.Cases[0].StatusZh != "已受理" || list.AsOf == 0 {
		t.Errorf("%s", page.Body)
	}
	loose(t, "the public list", page.Body.String())
	var feed gen.OpenFeed
	h.get("", "/api/v1/open/decisions", &feed)
	if len(feed.Entries) != 0 {
		t.Errorf("decided before it was: %+v", feed)
	}
	h.act("chief", firm, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	first := h.must("", "GET", "/api/v1/open/decisions", nil, 200)
	h.decode(first, &feed)
	number := strings.ReplaceAll(list.Cases[0].Number, "-", "")
	if len(feed.Entries) != 1 || feed.Entries[0].Id != "urn:tongban:330523:decision:"+number || !strings.HasPrefix(feed.Entries[0].Title, "准予") {
		t.Errorf("%+v", feed)
	}
	tag := first.Header().Get("ETag")
	same := h.send(request0{method: "GET", path: "/api/v1/open/decisions", header: map[string]string{"If-None-Match": tag}})
	if same.Code != 304 || same.Body.Len() != 0 || same.Header().Get("ETag") != tag || first.Header().Get("Last-Modified") == "" {
		t.Errorf("%d %s %s", same.Code, same.Header(), same.Body)
	}
	for _, path := range []string{"/api/v1/open/decisions?format=atom", "/api/v1/open/items?format=atom"} {
		r := h.must("", "GET", path, nil, 200)
		var atom atomFeed
		if err := xml.Unmarshal(r.Body.Bytes(), &atom); err != nil || len(atom.Entries) == 0 || atom.Entries[0].ID == "" || atom.Updated == "" || !strings.HasPrefix(r.Header().Get("Content-Type"), "application/atom+xml") {
			t.Errorf("%s: %v %s", path, err, r.Body)
		}
	}
	var items gen.OpenFeed
	h.get("", "/api/v1/open/items", &items)
	if len(items.Entries) != 4 || items.Entries[0].Author == "" || items.Entries[0].Updated == "" {
		t.Errorf("%+v", items)
	}
	var decided gen.PublicCaseList
	h.get("", "/api/v1/public/cases?stage=decided&limit=1", &decided)
	if len(decided.Cases) != 1 || decided.Cases[0].StatusZh != "准予" || decided.Cases[0].DecidedOn.IsZero() {
		t.Errorf("%+v", decided)
	}
	if got := h.as("", "GET", "/api/v1/public/cases?cursor=x", nil); got != "400 invalid_request" {
		t.Errorf("a cursor no page gave: %s", got)
	}
}

// Art. 30: open data tells what has to be met, and how many are granted at most.
func TestOpenItemsTellConditions(t *testing.T) {
	h := newHub(t)
	var shown struct{ Item map[string]any }
	h.get("", "/api/v1/items/TB-SCJG-001", &shown)
	shown.Item["conditions"] = []any{map[string]any{"text": "有固定住所", "basis": "某条例第五条"}, map[string]any{"text": "有章程"}}
	shown.Item["quantity"] = "每街一家"
	h.must("operator", "POST", "/api/v1/items/import", map[string]any{"count": 1, "items": []any{shown.Item}}, 200)
	h.approveAll()
	h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{Unstaffed: true}, 201)
	var items gen.OpenFeed
	h.get("", "/api/v1/open/items", &items)
	i := slices.IndexFunc(items.Entries, func(e gen.OpenEntry) bool { return e.Id == "urn:tongban:330523:item:TB-SCJG-001" })
	if i < 0 || !strings.HasSuffix(items.Entries[i].Summary, "；条件：有固定住所、有章程；数量限制：每街一家") {
		t.Errorf("%+v", items)
	}
	sheet := h.must("", "GET", "/api/v1/items/TB-SCJG-001/sheet?format=html", nil, 200).Body.String()
	if !strings.Contains(sheet, "1. 有固定住所（某条例第五条）") || !strings.Contains(sheet, "每街一家") {
		t.Error(sheet)
	}
}

// A person's licence is published by the first character of the name.
func TestPersonsAreMasked(t *testing.T) {
	c := store.PublishedCase{Case: casework.Case{Number: "330523110200202611230100004500", ItemName: "烟草专卖零售许可证核发", Decision: casework.Granted, DecidedMS: 1795395600000,
		Applicant: ledger.Applicant{Type: "person", Name: canaryName, IDNumber: storetest.IDNumber(7), Phone: canaryPhone}}}
	raw, err := json.Marshal(publicCase(&c, places{}))
	check(t, err)
	loose(t, "a published case", string(raw))
	if !strings.Contains(string(raw), "欧**") {
		t.Errorf("%s", raw)
	}
}

// Relief is posted by name, village, kind and amount while its days run, and
// not a day longer; never what tells of health, minors or disability.
//
// Rules: 9.11.
func TestReliefPosting(t *testing.T) {
	day := func(text string) calendar.Date { d, err := calendar.Parse(text); check(t, err); return d }
	item := &catalog.Item{Name: "临时救助（一般）", Type: catalog.Benefit, SpecialProcedures: []catalog.SpecialProcedure{{Name: catalog.Posting}}}
	c := &casework.Case{ItemName: item.Name, Division: theVillage, Applicant: ledger.Applicant{Type: "person", Name: "王小芳", IDNumber: storetest.IDNumber(7), Phone: canaryPhone},
		Form:        []catalog.FieldValue{{Key: "requested_amount", Value: "2000"}, {Key: "bank_account", Value: canaryAccount}, {Key: "reason", Value: canarySpouse}},
		Suspensions: []casework.Suspension{{Procedure: "公示", From: day("2026-11-23"), Until: day("2026-11-30")}}}
	all := places{theVillage: {Code: theVillage, Name: "荆湾村"}}
	p, posted := posting(c, item, all, day("2026-11-25"))
	raw, err := json.Marshal(p)
	check(t, err)
	loose(t, "a posting", string(raw))
	if !posted || p.Name != "王小芳" || p.Village != "荆湾村" || p.Amount != "2000" || p.Kind != item.Name {
		t.Errorf("%+v", p)
	}
	for _, on := range []string{"2026-11-22", "2026-12-01"} {
		if _, posted := posting(c, item, all, day(on)); posted {
			t.Errorf("posted on %s", on)
		}
	}
	c.Suspensions[0].End = day("2026-11-24")
	if _, posted := posting(c, item, all, day("2026-11-25")); posted {
		t.Error("posted after it ended")
	}
	c.Suspensions[0].End = calendar.Date{}
	for _, name := range []string{"残疾儿童康复救助", "医疗救助对象待遇核准支付", "孤儿基本生活费"} {
		other := *item
		other.Name = name
		if _, posted := posting(c, &other, all, day("2026-11-25")); posted {
			t.Errorf("%s is posted", name)
		}
	}
}

// The hall's screens get the end of the number, the item and the step, at once,
// and go on where a connection was lost.
//
// Rules: 9.4.
func TestHall(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("cwindow", theCounty, "县民政局", identity.DepartmentWindow)
	server := httptest.NewServer(h.api)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	screen := func(last string) (*bufio.Scanner, func()) {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/public/hall", nil)
		check(t, err)
		if last != "" {
			q.Header.Set("Last-Event-ID", last)
		}
		res, err := server.Client().Do(q)
		check(t, err)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %s", res.StatusCode, res.Header)
		}
		return bufio.NewScanner(res.Body), func() { res.Body.Close() }
	}
	next := func(lines *bufio.Scanner) (id string, step map[string]string) {
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = v
			}
			// A beat has no id and no step.
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok && v != "{}" {
				check(t, json.Unmarshal([]byte(v), &step))
				return id, step
			}
		}
		t.Fatal("the stream ended")
		return "", nil
	}
	lines, off := screen("")
	// Of what is never public nothing is on a screen.
	never := h.submission("TB-MZJ-001", theCounty)
	h.must("cwindow", "POST", "/api/v1/cases", never, 201)
	h.must("operator", "PUT", "/api/v1/items/TB-SCJG-001/overlay", gen.OverlayRequest{Window: "7 号窗口", Location: "二楼东厅；周六在一楼"}, 200)
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: canaryName + "公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id, step := next(lines)
	// Without the county and the year, the number as it stands on the receipt.
	if number := step["lead"] + step["tail"]; !strings.HasSuffix(receipt.Case.Number, number[7:]) || number[:7] != receipt.Case.Number[6:12]+"-" || step["tail"] != receipt.Case.Number[25:] || step["step"] != "已收件，待县受理" || !strings.HasPrefix(step["item"], "企业设立登记") || step["where"] != "7 号窗口 二楼东厅" || step["call"] != "" || len(step) != 5 || id == "" {
		t.Errorf("%s %v, number %s", id, step, receipt.Case.Number)
	}
	off()
	h.act("window", receipt.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	lines, off = screen(id)
	defer off()
	if again, step := next(lines); again == id || !strings.HasPrefix(step["step"], "已受理") || step["call"] != "" {
		t.Errorf("after %s: %s %v", id, again, step)
	}
	// Whoever has to bring something, or to collect, is called to the window.
	h.person("leader", theCounty, "县市场监督管理局", identity.DepartmentLeader)
	granted := true
	for _, does := range []struct {
		as     string
		action gen.CaseAction
		call   string
	}{
		{"leader", gen.CaseAction{Kind: gen.ActDecide, Granted: &granted, Opinion: "同意"}, ""},
		{"window", gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "营业执照", Number: "1"}}}, "collect"},
	} {
		h.act(does.as, receipt.Case.Id, does.action)
		if _, step := next(lines); step["call"] != does.call || step["where"] != "7 号窗口 二楼东厅" {
			t.Errorf("after %s: %v", does.action.Kind, step)
		}
	}
	in.Applicant.Name = canaryName + "二公司"
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	next(lines)
	h.act("window", receipt.Case.Id, gen.CaseAction{Kind: gen.ActRequestSupplement, Points: []ledger.SupplementPoint{{Material: in.Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新提交"}}})
	if _, step := next(lines); step["call"] != "supplement" || strings.Contains(strings.Join(slices.Collect(maps.Values(step)), ""), canaryName) {
		t.Errorf("asked for more: %v", step)
	}
	h.api.EndStreams()
	for lines.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream did not end with the node")
	}
}

// A joint matter is followed by its one number and one code, with each of its
// cases; each case answers to the same code.
func TestLookUpJoint(t *testing.T) {
	h := newHub(t)
	h.offerPackage()
	h.person("civil", theCounty, "县民政局", identity.DepartmentWindow)
	var receipt gen.JointReceipt
	h.decode(h.must("civil", "POST", "/api/v1/joint-cases", h.handIn(), 201), &receipt)
	whole := receipt.Joint.Summary
	var doc struct {
		Lines []struct{ Label, Value string }
	}
	h.get("civil", "/api/v1/joint-cases/"+whole.Id+"/documents/joint_receipt", &doc)
	code := ""
	for _, l := range doc.Lines {
		if l.Label == "查询码" {
			code = l.Value
		}
	}
	got, told := h.lookUp(whole.Number, code)
	if got != "200" || len(told.Parts) != whole.Cases || len(told.Parts) == 0 || told.ItemName != whole.Name || told.Parts[0].Number == whole.Number {
		t.Fatalf("%s %+v with %q", got, told, code)
	}
	if got, part := h.lookUp(told.Parts[0].Number, code); got != "200" || part.ItemName != told.Parts[0].ItemName {
		t.Errorf("%s %+v", got, part)
	}
	if got, _ := h.lookUp(whole.Number, "22222-22222"); got != "404 lookup_failed" {
		t.Errorf("a wrong code: %s", got)
	}
}
