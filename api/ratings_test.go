package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// ticketOf is what a desk puts before an applicant.
func (h *site) ticketOf(desk, id string) string {
	h.t.Helper()
	var ticket gen.RatingTicket
	h.decode(h.must(desk, "POST", "/api/v1/cases/"+id+"/rating-ticket", gen.RatingOffer{}, 201), &ticket)
	return ticket.Ticket
}

func (h *site) give(key string, r gen.RatingRequest) string {
	h.t.Helper()
	a := h.send(request0{method: "POST", path: "/api/v1/ratings", body: r, header: map[string]string{"Idempotency-Key": key}})
	return fmt.Sprint(a.Code, " ", codeOf(a.Body.String()))
}

func codeOf(body string) string {
	_, rest, ok := strings.Cut(body, `"code":"`)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// A rating is given on a device without login, once; who was rated finds it on
// no path, and sees a count only when it rests on enough.
//
// Rules: 6.3, 6.4.
func TestRatingOnTheSpot(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow, identity.Supervisor)
	h.person("colleague", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("auditor", theCounty, "", identity.Auditor)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	id := receipt.Case.Id

	if r := h.as("auditor", "POST", "/api/v1/cases/"+id+"/rating-ticket", gen.RatingOffer{}); !strings.HasPrefix(r, "403") {
		t.Errorf("an auditor offers a rating: %s", r)
	}
	if r := h.give("rating-none", gen.RatingRequest{Ticket: strings.Repeat("0", 32), Institution: 5}); r != "403 rating_ticket" {
		t.Errorf("without a ticket: %s", r)
	}
	ticket := h.ticketOf("window", id)
	bad := gen.RatingRequest{Ticket: ticket, Institution: 2, Person: 1, Tags: []string{"态度差"}, Text: "请回电13812345678"}
	if r := h.give("rating-wrong", gen.RatingRequest{Ticket: ticket, Institution: 6}); r != "400 invalid_request" {
		t.Errorf("a sixth grade: %s", r)
	}
	for range 2 { // a double touch is one rating
		if r := h.give("rating-0001", bad); r != "201 " {
			t.Fatalf("given: %s", r)
		}
	}
	submission, err := h.node.Store.Entry(t.Context(), id)
	check(t, err)
	code := proof.QueryCode(&submission.Entry)
	for want, r := range map[string]gen.RatingRequest{
		"409 rated_already": {Number: receipt.Case.Number, Code: code, Institution: 5},
		"404 lookup_failed": {Number: receipt.Case.Number, Code: "AAAAA-AAAAA", Institution: 5},
	} {
		if got := h.give("rating-code-"+want[:3], r); got != want {
			t.Errorf("by code: %s, want %s", got, want)
		}
	}
	if r := h.give("rating-nothing", gen.RatingRequest{Institution: 5}); r != "404 lookup_failed" {
		t.Errorf("with no proof: %s", r)
	}
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	second, err := h.node.Store.Entry(t.Context(), receipt.Case.Id)
	check(t, err)
	if r := h.give("rating-by-code", gen.RatingRequest{Number: receipt.Case.Number, Code: proof.QueryCode(&second.Entry), Institution: 5}); r != "201 " {
		t.Errorf("later, by the code on the receipt: %s", r)
	}
	if r := h.give("rating-0002", gen.RatingRequest{Ticket: ticket, Institution: 5}); r != "409 rated_already" {
		t.Errorf("a second time: %s", r)
	}
	// The desk cannot find out by asking whether it was rated.
	h.ticketOf("window", id)

	var list gen.RatingList
	h.get("supervisor", "/api/v1/ratings?open=true", &list)
	if len(list.Ratings) != 1 {
		t.Fatalf("%+v", list)
	}
	r := list.Ratings[0]
	if r.State != gen.RatingOpened || r.Department != department || r.Number == "" || r.ContactDue.IsZero() || strings.Contains(r.Text, "13812345678") {
		t.Errorf("%+v", r)
	}
	h.get("auditor", "/api/v1/ratings", &list)
	if len(list.Ratings) != 2 || list.Ratings[0].Means != gen.RatedByCode {
		t.Errorf("the auditor sees %+v", list)
	}

	// Each path on which somebody who was rated, or their colleague, may look.
	month := calendar.DateOf(h.api.o.Now()).String()[:7]
	for _, who := range []string{"window", "colleague", "chief"} {
		for _, path := range []string{"/api/v1/cases/" + id, "/api/v1/cases/" + id + "/timeline", "/api/v1/cases", "/api/v1/attention", "/api/v1/attention?resolved=true",
			"/api/v1/reveals", "/api/v1/ratings", "/api/v1/rectifications", "/api/v1/ratings/figures?by=person&from=" + month + "&to=" + month, "/api/v1/ratings/figures?from=2026-01&to=" + month,
			"/api/v1/ratings/figures", "/api/v1/complaints"} {
			a := h.send(request0{method: "GET", path: path, token: h.token(who)})
			for _, secret := range []string{"态度差", "rating.give", r.Id, `"institution"`} {
				if strings.Contains(a.Body.String(), secret) {
					t.Errorf("%s sees %q at %s: %s", who, secret, path, a.Body)
				}
			}
		}
		a := h.send(request0{method: "POST", path: "/api/v1/ratings/" + r.Id + "/actions", body: gen.RatingAction{Kind: gen.RatingActContact, Note: "x"}, token: h.token(who), header: map[string]string{"Idempotency-Key": "rating-act-" + who}})
		if a.Code != 403 && a.Code != 404 {
			t.Errorf("%s acts on it: %d %s", who, a.Code, a.Body)
		}
	}
}

// Before level 3 of the county a call-back has no field for its way and moment: they
// are written into its note.
func TestCallBackBeforeItsLevel(t *testing.T) {
	in := &gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByPhone, ContactedAt: 1795395600000, Reached: true, Verified: true, Note: "属实"}
	need := needs{}
	old, _ := callBackOf("r", in, true, &need).(*ledger.RatingContactV1)
	if need.err() != nil || old == nil || old.Note != "电话，2026-11-23 09:00：属实" || !old.Reached || !old.Verified {
		t.Errorf("%+v, %v", old, need)
	}
	in.Channel, in.ContactedAt = "", 0
	if old, _ := callBackOf("r", in, true, &need).(*ledger.RatingContactV1); need.err() != nil || old == nil || old.Note != "属实" {
		t.Errorf("as it was sent before: %+v, %v", old, need)
	}
	if callBackOf("r", in, false, &need); len(need) != 2 {
		t.Errorf("from level 3 on both are required: %+v", need)
	}
}

// A bad rating goes its whole way: contact, notice, rectification, report.
//
// Rules: 6.5, 6.7.
func TestBadRatingTask(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("otherchief", theCounty, "县民政局", identity.DepartmentLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	h.give("rating-0001", gen.RatingRequest{Ticket: h.ticketOf("window", receipt.Case.Id), Institution: 1})
	var list gen.RatingList
	h.get("supervisor", "/api/v1/ratings", &list)
	id := list.Ratings[0].Id
	n := 0
	act := func(who, path string, body any) string {
		t.Helper()
		n++
		a := h.send(request0{method: "POST", path: path, body: body, token: h.token(who), header: map[string]string{"Idempotency-Key": fmt.Sprintf("act-%06d", n)}})
		return fmt.Sprint(a.Code, " ", codeOf(a.Body.String()))
	}
	later := calendar.DateOf(h.api.o.Now()).AddDays(5)
	now := h.api.o.Now().UnixMilli()
	actions, answers := "/api/v1/ratings/"+id+"/actions", "/api/v1/rectifications/"+id+"/answers"
	for _, step := range []struct {
		who, path string
		body      any
		want      string
	}{
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知", Before: later}, "409 rating_step"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Reached: true, Verified: true, Note: "属实"}, "400 invalid_request"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: "pigeon", ContactedAt: now, Reached: true, Note: "属实"}, "400 invalid_request"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByPhone, ContactedAt: now, Verified: true, Note: "没人接"}, "400 invalid_request"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByPhone, ContactedAt: now + 3_600_000, Reached: true, Note: "属实"}, "409 contact_time"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByPhone, ContactedAt: now - 86_400_000, Reached: true, Note: "属实"}, "409 contact_time"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByMessage, ContactedAt: now, Note: "13812345678 没回"}, "200 "},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知", Before: later}, "409 rating_step"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActContact, Channel: gen.ContactByPhone, ContactedAt: now, Reached: true, Verified: true, Satisfied: true, Note: "属实"}, "200 "},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知"}, "400 invalid_request"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知", Before: later.AddDays(-6)}, "409 order_day"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知", Before: list.Ratings[0].FinishDue.AddDays(1)}, "409 order_day"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActOrder, Note: "一次性告知", Before: later}, "200 "},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActUnmark, Note: "标错了"}, "409 rating_unmarked"},
		{"otherchief", answers, gen.RectificationAnswer{Kind: gen.AnswerRectify, Text: "x"}, "404 not_found"},
		{"chief", answers, gen.RectificationAnswer{Kind: gen.AnswerContest, Text: "材料未带齐"}, "200 "},
		{"chief", answers, gen.RectificationAnswer{Kind: gen.AnswerRectify, Text: "已培训"}, "200 "},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActMark, Note: "查无此事"}, "409 rating_verified"},
		{"supervisor", actions, gen.RatingAction{Kind: gen.RatingActReport, Note: "已告知", Again: 4}, "200 "},
	} {
		if got := act(step.who, step.path, step.body); got != step.want {
			t.Errorf("%s %+v: %s, want %s", step.who, step.body, got, step.want)
		}
	}
	h.get("supervisor", "/api/v1/ratings", &list)
	if r := list.Ratings[0]; r.State != gen.RatingReported || r.Malicious || r.Again != 4 || r.Rectification.Contest == "" || r.Institution != 1 {
		t.Errorf("%+v", r)
	}
	tried, called := list.Ratings[0].Contacts[0], list.Ratings[0].Contacts[1]
	if tried.Reached || tried.Channel != gen.ContactByMessage || tried.At != now || strings.Contains(tried.Note, "13812345678") {
		t.Errorf("the attempt is shown as %+v", tried)
	}
	if !called.Reached || !called.Satisfied || called.Channel != gen.ContactByPhone || called.At != now || called.By.Name == "" || called.RecordedAt == 0 {
		t.Errorf("the call-back is shown as %+v", called)
	}
	var report gen.RatingReport
	h.get("supervisor", "/api/v1/ratings/figures", &report)
	if len(report.Units) != 1 || report.Units[0].Bad != 1 || report.Units[0].RectificationPermille != 1000 || report.Units[0].SatisfactionPermille != 0 {
		t.Errorf("%+v", report)
	}
	page := h.send(request0{method: "GET", path: "/api/v1/rectifications/" + id + "/notice?format=html", token: h.token("chief")})
	if page.Code != 200 || !strings.Contains(page.Body.String(), "整改通知书") || strings.Contains(page.Body.String(), receipt.Case.Number) || strings.Contains(page.Body.String(), "梅溪") {
		t.Errorf("%d %s", page.Code, page.Body)
	}
	var fixes gen.RectificationList
	h.get("otherchief", "/api/v1/rectifications", &fixes)
	if len(fixes.Rectifications) != 0 {
		t.Errorf("another department sees %+v", fixes)
	}
}

// A complaint needs no login and no name; whoever it is about does not see it,
// the named handler alone replies, and the reply says where to turn.
//
// Rules: 7.5, 7.6.
func TestComplaints(t *testing.T) {
	h := newHub(t)
	const department = "县市场监督管理局"
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("deputy", theCounty, department, identity.DepartmentLeader)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	var staff gen.StaffList
	h.get("operator", "/api/v1/staff", &staff)
	ids := map[string]string{}
	for _, p := range staff.Staff {
		ids[p.Login] = p.Id
	}
	open := func(key string, b gen.ComplaintRequest, want int) (out gen.ComplaintReceipt) {
		t.Helper()
		a := h.send(request0{method: "POST", path: "/api/v1/complaints", body: b, header: map[string]string{"Idempotency-Key": key}})
		if a.Code != want {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
		if want == 201 {
			h.decode(a, &out)
		}
		return out
	}
	request := gen.ComplaintRequest{Type: ledger.Complaint, Department: department, Division: theCounty, Staff: ids["chief"], Text: "王芳等候一小时，电话13812345678", Name: "王芳", Phone: "13812345678"}
	first := open("complaint-1", request, 201)
	if again := open("complaint-1", request, 201); again.Number != first.Number || first.Due.IsZero() {
		t.Errorf("%+v, then %+v", first, again)
	}
	open("complaint-2", gen.ComplaintRequest{Type: ledger.Complaint, Text: "x", Phone: "123"}, 400)
	anonymous := open("complaint-3", gen.ComplaintRequest{Type: ledger.Inquiry, Text: "几点开门", Case: "33052311020020261123010000450"}, 201)
	if anonymous.Number == first.Number {
		t.Error("two with one number")
	}
	path := "/api/v1/complaints/" + first.Number
	if r := h.as("chief", "GET", path, nil); r != "404 not_found" {
		t.Errorf("whom it is about reads it: %s", r)
	}
	var list gen.ComplaintList
	h.get("chief", "/api/v1/complaints", &list)
	if len(list.Complaints) != 0 {
		t.Errorf("whom it is about finds it in the list: %+v", list)
	}
	var c gen.Complaint
	h.get("supervisor", path, &c)
	if !c.Masked || c.Name != "王*" || strings.Contains(c.Text+c.Phone, "13812345678") || strings.Contains(c.Text, "王芳") {
		t.Errorf("%+v", c)
	}
	n := 0
	act := func(who, what string, body any) string {
		t.Helper()
		n++
		a := h.send(request0{method: "POST", path: path + what, body: body, token: h.token(who), header: map[string]string{"Idempotency-Key": fmt.Sprintf("complaint-act-%d", n)}})
		return fmt.Sprint(a.Code, " ", codeOf(a.Body.String()))
	}
	for _, step := range []struct {
		who, what string
		body      any
		want      string
	}{
		{"deputy", "/assign", gen.ComplaintAssignment{Handler: ids["deputy"]}, "403 forbidden"},
		{"supervisor", "/assign", gen.ComplaintAssignment{Handler: ids["chief"]}, "403 complaint_concerned"},
		{"supervisor", "/assign", gen.ComplaintAssignment{Handler: ids["deputy"]}, "200 "},
		{"supervisor", "/reply", gen.ComplaintAnswer{Upheld: true, Reply: "x"}, "403 complaint_handler"},
		{"chief", "/reply", gen.ComplaintAnswer{Upheld: false, Reply: "x"}, "404 not_found"},
		{"deputy", "/reply", gen.ComplaintAnswer{Upheld: true, Reply: "王芳女士：情况属实", Measures: "增设窗口"}, "200 "},
	} {
		if got := act(step.who, step.what, step.body); got != step.want {
			t.Errorf("%s %s: %s, want %s", step.who, step.what, got, step.want)
		}
	}
	c = gen.Complaint{}
	h.get("deputy", path+"?reveal=true", &c)
	if c.Masked || c.Name != "王芳" || c.State != gen.ComplaintReplied || !strings.Contains(c.RemedyZh, "行政复议") || !strings.Contains(c.RemedyZh, "60日") {
		t.Errorf("%+v", c)
	}
	page := h.send(request0{method: "GET", path: path + "/notice?format=html", token: h.token("deputy")})
	if page.Code != 200 || !strings.Contains(page.Body.String(), "投诉答复书") || !strings.Contains(page.Body.String(), "行政复议") {
		t.Errorf("%d %s", page.Code, page.Body)
	}
	var looked int
	for i := uint64(1); ; i++ {
		line, err := h.node.Store.RecordAt(t.Context(), i)
		if err != nil {
			break
		}
		if strings.Contains(string(line), `"kind":"complaint.reveal"`) {
			looked++
		}
	}
	if looked != 2 {
		t.Errorf("%d views are in the ledger, want 2", looked)
	}
}
