package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The reply to a complaint made from an account is in its inbox, and in no other.
func TestMyComplaints(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("leader", theCounty, "县市场监督管理局", identity.DepartmentLeader)
	leader, err := h.node.Store.StaffByLogin(t.Context(), "leader")
	check(t, err)
	one := h.activate("person", "王芳", "33059919850412005X", h.open("window", "person", "王芳", "33059919850412005X").Code)
	two := h.activate("person", "李强", "330599200103152464", h.open("window", "person", "李强", "330599200103152464").Code)
	var receipt gen.ComplaintReceipt
	one.want("POST", "/api/v1/my/complaints", gen.ComplaintRequest{Type: ledger.Complaint, Department: "县市场监督管理局", Text: "等候一小时"}, 201, &receipt)
	h.must("supervisor", "POST", "/api/v1/complaints/"+receipt.Number+"/assign", gen.ComplaintAssignment{Handler: leader.ID}, 200)
	h.must("leader", "POST", "/api/v1/complaints/"+receipt.Number+"/reply", gen.ComplaintAnswer{Upheld: true, Reply: "情况属实", Measures: "增设窗口"}, 200)
	var mine gen.MyComplaints
	one.want("GET", "/api/v1/my/complaints", nil, 200, &mine)
	if len(mine.Complaints) != 1 || mine.Complaints[0].Number != receipt.Number || mine.Complaints[0].Reply != "情况属实" {
		t.Errorf("%+v", mine)
	}
	two.want("GET", "/api/v1/my/complaints", nil, 200, &mine)
	if len(mine.Complaints) != 0 {
		t.Errorf("another's: %+v", mine)
	}
	// What was said without an account is in nobody's.
	h.must("", "POST", "/api/v1/complaints", gen.ComplaintRequest{Type: ledger.Inquiry, Division: theCounty, Text: "几点开门", Name: "王芳"}, 201)
	one.want("GET", "/api/v1/my/complaints", nil, 200, &mine)
	if len(mine.Complaints) != 1 {
		t.Errorf("%+v", mine)
	}
}

// With a receipt's code nobody rates in a browser in which a clerk logged in, also
// after the clerk has logged out: clerks see receipts.
func TestNoRatingAtADesk(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	in := h.send(request0{method: "POST", path: "/api/v1/session", body: gen.LoginRequest{Login: "window", Password: password, Mode: gen.ModeCookie}})
	var mark *http.Cookie
	for _, c := range in.Result().Cookies() {
		if c.Name == deskCookie {
			mark = c
		}
	}
	if mark == nil || !mark.HttpOnly || mark.SameSite != http.SameSiteStrictMode {
		t.Fatalf("%+v", in.Result().Cookies())
	}
	rate := gen.RatingRequest{Number: "330523-20261123-01-000001-7", Code: "22222-22222", Institution: 5}
	for _, c := range []struct {
		cookies []*http.Cookie
		want    string
	}{{[]*http.Cookie{mark}, "rating_at_desk"}, {nil, "lookup_failed"}} {
		r := h.send(request0{method: "POST", path: "/api/v1/ratings", body: rate, cookies: c.cookies, header: map[string]string{"Idempotency-Key": "rate-00001"}})
		if !strings.Contains(r.Body.String(), c.want) {
			t.Errorf("%v: %s", c.cookies, r.Body)
		}
	}
}
