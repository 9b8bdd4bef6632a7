package casework

import (
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// Online hand-in on a non-working day counts as received on the next working day
// (handbook, section 2).
//
// Rules: 2.37.
func TestReceivedOn(t *testing.T) {
	days := calendartest.Calendar(t)
	for from, want := range map[string]string{
		"2026-09-30": "2026-09-30", "2026-10-01": "2026-10-08", "2026-10-07": "2026-10-08", "2026-09-20": "2026-09-20", // a Sunday that is worked
		"2026-11-28": "2026-11-30", "2026-11-27": "2026-11-27",
	} {
		got, err := ReceivedOn(days, date(t, from))
		if err != nil || got != date(t, want) {
			t.Errorf("%s: %s %v, want %s", from, got, err, want)
		}
	}
	if _, err := ReceivedOn(days, date(t, "2040-01-01")); err == nil {
		t.Error("a year that the calendar lacks is guessed")
	}
	c := &Case{HandedInMS: date(t, "2026-10-03").Midnight().UnixMilli(), Online: ledger.Online{Account: "a", ReceivedOn: date(t, "2026-10-08")}}
	if c.receivedOn() != date(t, "2026-10-08") {
		t.Error("the limits run from hand-in")
	}
}

// Every item's online way begins at the desk that accepts it and ends there.
func TestPlanOnline(t *testing.T) {
	for code, item := range catalogItems() {
		steps := PlanOnline(item)
		accepts := node.Tier(item.ReviewSteps[0].Tier)
		if steps[0] != (ledger.Step{Tier: accepts, Verb: ledger.VerbAccept}) || steps[len(steps)-1] != (ledger.Step{Tier: accepts, Verb: ledger.VerbDeliver}) {
			t.Errorf("%s: %v", code, steps)
		}
	}
	closed := 0
	for _, item := range catalogItems() {
		if catalog.Presence(item) != "" {
			closed++
		}
	}
	if closed == 0 || closed > 10 {
		t.Errorf("%d items take the applicant in person", closed)
	}
}

func TestCheckHandIn(t *testing.T) {
	on := date(t, "2026-11-23")
	person := &account.Account{ID: "p", Type: account.Person, Name: "王芳", Number: "330599200103152464", PasswordHash: "x"}
	firm := &account.Account{ID: "f", Type: account.Organisation, Name: "甲子茶业有限公司", Number: "91330599MA000TB146", PasswordHash: "x", Agents: []account.Agent{{Name: "王芳", Number: person.Number, Authority: "授权委托书"}}}
	fresh := *person
	fresh.PasswordHash = ""
	self := ledger.Applicant{Type: "person", Name: "王芳", IDNumber: person.Number}
	ofFirm := ledger.Applicant{Type: "organisation", Name: firm.Name, IDNumber: firm.Number}
	other := ledger.Applicant{Type: "person", Name: "李强", IDNumber: "33059919850412005X"}
	agent := ledger.Agent{Name: "王芳", IDNumber: person.Number, Authority: "授权委托书"}
	proof := []catalog.AttachmentRef{{Hash: "x"}}
	for name, row := range map[string]struct {
		b             ledger.CaseSubmitV1
		acting, owner *account.Account
		want          string
	}{
		"oneself":                     {ledger.CaseSubmitV1{Applicant: self}, person, person, ""},
		"not activated":               {ledger.CaseSubmitV1{Applicant: self}, &fresh, &fresh, "not_authorised"},
		"an agent for oneself":        {ledger.CaseSubmitV1{Applicant: self, Agent: agent}, person, person, "agent_needless"},
		"the firm itself":             {ledger.CaseSubmitV1{Applicant: ofFirm}, firm, firm, ""},
		"the firm's agent":            {ledger.CaseSubmitV1{Applicant: ofFirm, Agent: agent}, person, firm, ""},
		"the agent unnamed":           {ledger.CaseSubmitV1{Applicant: ofFirm}, person, firm, "agent_other"},
		"another with proof":          {ledger.CaseSubmitV1{Applicant: other, Agent: agent, Authority: proof}, person, person, ""},
		"another without proof":       {ledger.CaseSubmitV1{Applicant: other, Agent: agent}, person, person, "authority_missing"},
		"another without agent":       {ledger.CaseSubmitV1{Applicant: other}, person, person, "agent_other"},
		"another in the firm's place": {ledger.CaseSubmitV1{Applicant: other, Agent: agent, Authority: proof}, person, firm, "authority_missing"},
		"a firm for somebody":         {ledger.CaseSubmitV1{Applicant: other, Authority: proof}, firm, firm, "agent_other"},
		"another name":                {ledger.CaseSubmitV1{Applicant: ledger.Applicant{Type: "person", Name: "王方", IDNumber: person.Number}}, person, person, "applicant_name"},
		"the firm for its agent":      {ledger.CaseSubmitV1{Applicant: self}, firm, person, "not_authorised"},
	} {
		err := CheckHandIn(&row.b, row.acting, row.owner, on)
		no, _ := err.(*Refusal)
		if row.want == "" && err != nil || row.want != "" && (no == nil || no.Code != row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
