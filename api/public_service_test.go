package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/node/rating"
)

// A clerk who holds the ticket, or knows the code, does not rate their own visit
// while logged in, whichever way the session comes; the applicant chooses with
// the code which visit to rate.
func TestStaffDoNotRate(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &receipt)
	e, err := h.node.Store.Entry(t.Context(), receipt.Case.Id)
	check(t, err)
	code := proof.QueryCode(&e.Entry)
	by := gen.RatingRequest{Number: receipt.Case.Number, Code: code, Institution: 5}
	device := gen.RatingRequest{Ticket: h.ticketOf("window", receipt.Case.Id), Institution: 5}
	for _, who := range []string{"window", "supervisor", "operator"} {
		for _, in := range []gen.RatingRequest{by, device} {
			if r := h.must(who, "POST", "/api/v1/ratings", in, 403); !strings.Contains(r.Body.String(), "rating_by_staff") {
				t.Errorf("%s rates: %s", who, r.Body)
			}
		}
	}
	login := h.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "window", Password: password, Mode: gen.ModeCookie}})
	if cookies := login.Result().Cookies(); len(cookies) > 0 {
		if r := h.send(request0{method: "POST", path: "/api/v1/ratings", body: device, cookies: cookies, header: map[string]string{"Idempotency-Key": "rating-cookie"}}); r.Code == 201 {
			t.Errorf("a browser with a clerk's session rates: %s", r.Body)
		}
	}
	var found gen.LookupAnswer
	h.decode(h.must("", "POST", "/api/v1/public/lookup", gen.LookupRequest{Number: receipt.Case.Number, Code: code}, 200), &found)
	if len(found.Visits) != 1 || found.Visits[0].At == 0 || found.Visits[0].KindZh == "" {
		t.Fatalf("%+v", found.Visits)
	}
	by.VisitAt = 5
	if r := h.give("rating-none", by); r != "409 occasion_unknown" {
		t.Errorf("a visit that was not: %s", r)
	}
	by.VisitAt = found.Visits[0].At
	if r := h.give("rating-first", by); r != "201 " {
		t.Errorf("the visit that was chosen: %s", r)
	}
	if r := h.give("rating-device", device); r != "409 rated_already" {
		t.Errorf("the same visit again: %s", r)
	}
}

// A complainant looks the reply up by number and code, and nobody else does; what
// was said is masked, for paper is lost.
func TestComplaintLookUp(t *testing.T) {
	h := newHub(t)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("leader", theCounty, "县市场监督管理局", identity.DepartmentLeader)
	leader, err := h.node.Store.StaffByLogin(t.Context(), "leader")
	check(t, err)
	var receipt gen.ComplaintReceipt
	h.decode(h.must("", "POST", "/api/v1/complaints", gen.ComplaintRequest{Type: ledger.Complaint, Department: "县市场监督管理局", Division: theCounty, Text: "等候一小时，请回13800000000", Name: "王芳", Phone: "13800000000"}, 201), &receipt)
	look := func(number, code string, status int) gen.ComplaintOutcome {
		t.Helper()
		var out gen.ComplaintOutcome
		r := h.must("", "POST", "/api/v1/public/complaints/lookup", gen.ComplaintLookup{Number: number, Code: code}, status)
		if status == 200 {
			h.decode(r, &out)
			if strings.Contains(r.Body.String(), "13800000000") || strings.Contains(r.Body.String(), "王芳") {
				t.Errorf("%s", r.Body)
			}
		}
		return out
	}
	if out := look(receipt.Number, receipt.Code, 200); out.State != gen.AnswerOpened || out.Reply != "" || out.Due.IsZero() {
		t.Errorf("%+v", out)
	}
	look(receipt.Number, "22222-22222", 404)
	look("T"+strings.Repeat("0", 29), receipt.Code, 404)
	h.must("supervisor", "POST", "/api/v1/complaints/"+receipt.Number+"/assign", gen.ComplaintAssignment{Handler: leader.ID}, 200)
	h.must("leader", "POST", "/api/v1/complaints/"+receipt.Number+"/reply", gen.ComplaintAnswer{Upheld: true, Reply: "王芳同志：情况属实", Measures: "增设窗口"}, 200)
	out := look(strings.ToLower(receipt.Number), strings.ToLower(receipt.Code), 200)
	if out.State != gen.AnswerReplied || !out.Upheld || out.Measures != "增设窗口" || out.RemedyZh == "" {
		t.Errorf("%+v", out)
	}
}

// Handbook section 6: ratings are published by office, of months that are over,
// and never of a person.
//
// Rules: 6.8.
func TestPublicRatings(t *testing.T) {
	h := newHub(t)
	h.must("", "GET", "/api/v1/public/ratings?month=2999-01", nil, 400)
	var out gen.PublicRatings
	r := h.must("", "GET", "/api/v1/public/ratings?month=2020-01", nil, 200)
	h.decode(r, &out)
	if out.Least != rating.DefaultRules.LeastShown || len(out.Offices) != 0 || strings.Contains(r.Body.String(), "staff") {
		t.Errorf("%s", r.Body)
	}
}
