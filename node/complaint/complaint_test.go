package complaint_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

func code(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	return ""
}

// Handbook section 7: a handler who is not the person complained about.
//
// Rules: 7.4.
func TestHandler(t *testing.T) {
	for _, c := range []struct {
		name          string
		c             complaint.Complaint
		by            string
		assign, reply string
	}{
		{"opened", complaint.Complaint{}, "a", "", "complaint_unassigned"},
		{"named", complaint.Complaint{Handler: "a"}, "a", "", ""},
		{"another", complaint.Complaint{Handler: "b"}, "a", "", "complaint_handler"},
		{"about oneself", complaint.Complaint{Handler: "bad"}, "bad", "complaint_concerned", "complaint_concerned"},
		{"replied", complaint.Complaint{Handler: "a", RepliedMS: 1}, "a", "complaint_replied", "complaint_replied"},
	} {
		concerned := []string{"bad"}
		if got := code(c.c.MayAssign(c.by, concerned)); got != c.assign {
			t.Errorf("%s: assign %q", c.name, got)
		}
		if got := code(c.c.MayReply(c.by, concerned)); got != c.reply {
			t.Errorf("%s: reply %q", c.name, got)
		}
	}
}

// Rules: 7.4.
func TestConcerned(t *testing.T) {
	of := &casework.Case{AcceptedBy: &identity.Actor{Staff: "accepted"}, TerminatedBy: &identity.Actor{Staff: "ended"}, Hands: []string{"accepted", "reviewed", "ended"}}
	for _, c := range []struct {
		c    complaint.Complaint
		want []string
	}{
		{complaint.Complaint{Type: ledger.Complaint, Staff: "x"}, []string{"x"}},
		{complaint.Complaint{Type: ledger.Complaint}, []string{"accepted", "reviewed", "ended"}},
		{complaint.Complaint{Type: ledger.Inquiry}, nil},
		{complaint.Complaint{Type: ledger.Suggestion, Staff: "x"}, []string{"x"}},
	} {
		if got := c.c.Concerned(of); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c.c, got)
		}
	}
}

// A reply within five working days, over the National Day holiday (convention).
//
// Rules: 7.1.
func TestDue(t *testing.T) {
	c := complaint.Complaint{OpenedMS: time.Date(2026, 9, 29, 15, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()}
	due, err := c.Due(rating.DefaultRules, calendartest.Calendar(t))
	if want, _ := calendar.Parse("2026-10-12"); err != nil || due != want {
		t.Errorf("%s, %v", due, err)
	}
}

// Reconsideration within 60 days, a suit within six months, and neither here.
//
// Rules: 7.3.
func TestRemedy(t *testing.T) {
	zh, en := complaint.Remedy("安吉县人民政府")
	for _, want := range []string{"60日", "6个月", "行政复议", "不受理"} {
		if !strings.Contains(zh, want) {
			t.Errorf("%q lacks %q", zh, want)
		}
	}
	if !strings.Contains(en, "60 days") {
		t.Error(en)
	}
}

// Rules: 7.6.
func TestNumberOfAnotherDay(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	n, err := casework.NewNumber("330523110200", calendar.DateOf(at), 1, 7)
	if err != nil {
		t.Fatal(err)
	}
	b := &ledger.ComplaintOpenV1{Number: "T" + n.Compact(), Type: ledger.Complaint, At: "330523110200"}
	e := &ledger.Entry{ID: "e", OccurredAt: at.UnixMilli()}
	if c, err := complaint.Open(e, b); err != nil || c.State() != complaint.Opened {
		t.Errorf("%+v, %v", c, err)
	}
	e.OccurredAt += 24 * 3600_000
	if _, err := complaint.Open(e, b); code(err) != "complaint_number" {
		t.Errorf("the next day: %v", err)
	}
}
