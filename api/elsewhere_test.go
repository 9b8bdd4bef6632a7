package api

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
)

// Who has a number and its code is told at any node, also at one that does not have
// the case, which the county answers for; while it cannot be asked, the node says that
// it does not know, and the same of every number that may be anybody's.
//
// Rules: 9.3.
func TestLookUpElsewhere(t *testing.T) {
	r := newRegion(t)
	var receipt gen.CaseReceipt
	r.township.decode(r.township.must("clerk", "POST", "/api/v1/cases", r.township.submission("TB-XZRZ-005", theTownship), 201), &receipt)
	number := receipt.Case.Number
	code := codeOn(t, r.township.print("clerk", receipt.Case.Id, "receipt_slip", gen.PaperRequest{}))
	until(t, "the case to be looked up at the county", func() bool { got, _ := r.hub.lookUp(number, code); return got == "200" })

	got, told := r.village.lookUp(number, code)
	if got != "200" || told.Number != number || told.StatusZh != "已收件" {
		t.Errorf("at a village that does not have the case: %s %+v", got, told)
	}
	other, err := casework.NewNumber(theTownship, calendar.DateOf(time.Now()), 1, 77)
	check(t, err)
	for _, wrong := range [][2]string{{number, "22222-22222"}, {other.String(), code}} {
		if got, _ := r.village.lookUp(wrong[0], wrong[1]); got != "404 lookup_failed" {
			t.Errorf("%s: %s", wrong, got)
		}
	}
	if got, _ := r.village.lookUpComplaint("T"+strings.ReplaceAll(other.String(), "-", ""), code); got != "404 lookup_failed" {
		t.Errorf("a complaint that nobody has: %s", got)
	}
	rated := r.village.send(request0{method: "POST", path: "/api/v1/ratings", body: gen.RatingRequest{Number: number, Code: code, Institution: 5}, header: map[string]string{"Idempotency-Key": "rated-elsewhere"}})
	if rated.Code != 201 {
		t.Errorf("a visit at the township, rated at the village: %d %s", rated.Code, rated.Body)
	}

	// The county counts the tries that come through a node, and holds up nobody else.
	for range 6 {
		got, _ = r.village.lookUp(number, "22222-22222")
	}
	if got != "429 too_many_requests" {
		t.Errorf("the seventh guess: %s", got)
	}
	if got, _ := r.hub.lookUp(number, code); got != "200" {
		t.Errorf("at the county meanwhile: %s", got)
	}
	if _, wait, ok := r.hub.api.tries.begin(below+r.village.node.Store.Self().Node, strings.ReplaceAll(number, "-", ""), time.Now()); ok || wait <= 0 {
		t.Error("the county does not count what is guessed below")
	}
	if _, wait, ok := r.village.api.tries.begin("another address", strings.ReplaceAll(number, "-", ""), time.Now()); !ok {
		t.Errorf("another address at the village waits for %s", wait)
	}

	r.hub.cut()
	third, err := casework.NewNumber(theTownship, calendar.DateOf(time.Now()), 1, 78)
	check(t, err)
	for _, asked := range [][2]string{{other.String(), code}, {third.String(), "22222-22222"}} {
		if got, _ := r.village.lookUp(asked[0], asked[1]); got != "404 lookup_elsewhere" {
			t.Errorf("out of reach, %s: %s", asked, got)
		}
	}
	// What this node numbers itself it knows.
	own, err := casework.NewNumber(theVillage, calendar.DateOf(time.Now()), r.village.node.Store.Self().Ordinal, 77)
	check(t, err)
	if got, _ := r.village.lookUp(own.String(), code); got != "404 lookup_failed" {
		t.Errorf("a number of its own that it never gave: %s", got)
	}
}

func codeOn(t *testing.T, printed gen.PrintedPaper) string {
	t.Helper()
	for _, l := range printed.Document.Lines {
		if l.Label == "查询码" {
			return l.Value
		}
	}
	t.Fatalf("no query code: %+v", printed.Document)
	return ""
}

func (h *site) lookUpComplaint(number, code string) (string, gen.ComplaintOutcome) {
	h.t.Helper()
	r := h.send(request0{method: "POST", path: "/api/v1/public/complaints/lookup", body: gen.LookupRequest{Number: number, Code: code}})
	var out gen.ComplaintOutcome
	if r.Code == 200 {
		h.decode(r, &out)
	}
	return outcome(h, r), out
}
