package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// What is made out holds no longer than the item says, never ended before it
// began, and has a number of its own.
func TestIssuedTermAndNumbers(t *testing.T) {
	const matter = "TB-XFJY-001"
	item := *catalogItems()[matter]
	item.Results = []catalog.Result{{Name: "合格证", ValidityYears: 5}, {Name: "附图"}}
	for _, row := range []struct {
		what      string
		documents []ledger.IssuedDocument
		renews    string
		want      string
		until     string
	}{
		{"no last day is the item's", []ledger.IssuedDocument{{Name: "合格证", Number: "1"}}, "", "", "2031-11-15"},
		{"the item's", []ledger.IssuedDocument{{Name: "合格证", Number: "1", ValidUntil: "2031-11-16"}}, "", "", "2031-11-16"},
		{"shorter", []ledger.IssuedDocument{{Name: "合格证", Number: "1", ValidUntil: "2026-11-16"}}, "", "", "2026-11-16"},
		{"beyond the item's", []ledger.IssuedDocument{{Name: "合格证", Number: "1", ValidUntil: "2031-11-17"}}, "", "result_until", ""},
		{"a renewal counts from the term before it", []ledger.IssuedDocument{{Name: "合格证", Number: "1", ValidUntil: "2031-12-16"}}, "2026-12-16", "", "2031-12-16"},
		{"before it was made out", []ledger.IssuedDocument{{Name: "附图", Number: "1", ValidUntil: "2026-11-15"}}, "", "result_until", ""},
		{"no date", []ledger.IssuedDocument{{Name: "附图", Number: "1", ValidUntil: "长期"}}, "", "result_until", ""},
		{"no end", []ledger.IssuedDocument{{Name: "附图", Number: "1"}}, "", "", ""},
		{"one number twice", []ledger.IssuedDocument{{Name: "附图", Number: "1"}, {Name: "附图", Number: "1"}}, "", "result_number_taken", ""},
		{"one number on two kinds", []ledger.IssuedDocument{{Name: "附图", Number: "1"}, {Name: "合格证", Number: "1"}}, "", "", ""},
		{"none on two", []ledger.IssuedDocument{{Name: "附图"}, {Name: "附图"}}, "", "", ""},
	} {
		c := received(t, matter, "2026-11-16")
		c.Status, c.Decision, c.Step = Granted, Granted, slices.IndexFunc(c.Steps, func(s ledger.Step) bool { return s.Verb == ledger.VerbIssue })
		if row.renews != "" {
			c.Renews.Until = calendartest.Date(t, row.renews)
		}
		e := entry(c, "x")
		e.OccurredAt = on(t, "2026-11-16")
		next, err := Apply(c, &item, e, &ledger.CaseIssueV1{Documents: row.documents}, holder(c))
		if got := code(err); got != row.want {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
		if err == nil && next.Documents[0].ValidUntil != row.until {
			t.Errorf("%s: until %q, want %q", row.what, next.Documents[0].ValidUntil, row.until)
		}
	}
}
