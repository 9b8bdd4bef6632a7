package result

import (
	"errors"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

const (
	county  division.Code = "330523"
	village division.Code = "330523110200"
)

// licence is a case of the county with one licence that holds until the end of
// 2031.
func licence() *casework.Case {
	return &casework.Case{ID: "c-1", Division: village, HandedInAt: village, Holder: village, Status: casework.Closed, Decision: casework.Granted, Department: "县市场监督管理局",
		Applicant: ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "330599200103152464"},
		Steps:     []ledger.Step{{Tier: "county", Verb: ledger.VerbAccept}, {Tier: "county", Verb: ledger.VerbDecide}, {Tier: "county", Verb: ledger.VerbIssue}, {Tier: "village", Verb: ledger.VerbDeliver}},
		IssuedMS:  at("2026-11-16"), Documents: []ledger.IssuedDocument{{Name: "食品经营许可证", Number: "JY-1", ValidUntil: "2031-11-15"}}}
}

func at(text string) int64 { return date(text).Midnight().UnixMilli() + 9*3600_000 }

func date(text string) calendar.Date {
	d, err := calendar.Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

func entry(id, day, staff string) *ledger.Entry {
	return &ledger.Entry{ID: id, OccurredAt: at(day), Actor: identity.Actor{Staff: staff, Name: staff}}
}

func code(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// step is one entry of a table: what it does, when, by whom, from where, and the
// code of its refusal.
type step struct {
	id, day, staff string
	from           division.Code
	body           ledger.Body
	want           string
}

func run(t *testing.T, c *casework.Case, f File, steps ...step) File {
	t.Helper()
	for _, s := range steps {
		if s.from == "" {
			s.from = county
		}
		next, err := Apply(f, c, entry(s.id, s.day, s.staff), s.body, s.from)
		if got := code(err); got != s.want {
			t.Fatalf("%s %T by %s: %q, want %q", s.day, s.body, s.staff, got, s.want)
		}
		f = next
	}
	return f
}

func correct(number string) *ledger.ResultProposeV1 {
	return &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "门牌号有误", Replacement: ledger.IssuedDocument{Name: "食品经营许可证", Number: number, ValidUntil: "2031-11-15"}}
}

func revoke(before string) *ledger.ResultProposeV1 {
	return &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "提交虚假租赁合同", Before: date(before)}
}

// domain.md section 4, one leader, one seal: a clerical error is put right by the
// authority that decided, under a new number, by two people; the old one says
// that it was superseded.
func TestCorrection(t *testing.T) {
	c := licence()
	f := run(t, c, Of(c),
		step{"p0", "2026-12-01", "clerk", village, correct("JY-2"), "not_authority"},
		step{"p0", "2026-12-01", "clerk", "", correct("JY-1"), "same_number"},
		step{"p1", "2026-12-01", "clerk", "", correct("JY-2"), ""},
		step{"p2", "2026-12-01", "clerk", "", correct("JY-3"), "proposal_open"},
		step{"r1", "2026-12-01", "clerk", "", &ledger.ResultReissueV1{Result: "1", Number: "JY-4", Reason: "遗失"}, "proposal_open"},
		step{"d0", "2026-12-02", "clerk", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, "same_person"},
		step{"d0", "2026-12-02", "chief", "", &ledger.ResultDecideV1{Proposal: "p9", Agreed: true, Reasons: "属实"}, "proposal_unknown"},
		step{"d1", "2026-12-02", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, ""},
		step{"d2", "2026-12-02", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, "proposal_decided"},
		step{"p3", "2026-12-02", "clerk", "", correct("JY-5"), "result_ended"})
	if old, fresh := f.Find("1"), f.Find("d1"); old.State != Superseded || old.By != "d1" || old.EndedOn != date("2026-12-02") || fresh == nil || fresh.State != Valid || fresh.Number != "JY-2" || fresh.Until != old.Until {
		t.Errorf("%+v", f.Results)
	}
	if on, state, _ := f.Ended(); state != Valid || !on.IsZero() {
		t.Errorf("ended %s %s", on, state)
	}
	wrong := correct("JY-9")
	wrong.Result, wrong.Replacement.Name = "d1", "营业执照"
	run(t, c, f, step{"p4", "2026-12-03", "clerk", "", wrong, "correction_name"})
}

// Administrative Licence Law art. 69: what should not have been granted is
// revoked, after its holder could state and defend, by somebody else than whoever
// proposed it; a leader may leave it as it is.
func TestRevocation(t *testing.T) {
	c := licence()
	decide := func(agreed bool) *ledger.ResultDecideV1 {
		return &ledger.ResultDecideV1{Proposal: "p1", Agreed: agreed, Reasons: "经调查属实"}
	}
	f := run(t, c, Of(c),
		step{"p0", "2026-12-01", "clerk", "", revoke("2026-12-05"), "heard_days"},
		step{"p1", "2026-12-01", "clerk", "", revoke("2026-12-08"), ""},
		step{"d0", "2026-12-08", "chief", "", decide(true), "holder_unheard"})
	if p := f.Open(); p == nil || p.ID != "p1" {
		t.Errorf("%+v", p)
	}
	late := run(t, c, f, step{"d1", "2026-12-09", "chief", "", decide(true), ""})
	if on, state, why := late.Ended(); on != date("2026-12-09") || state != Revoked || why != "提交虚假租赁合同" {
		t.Errorf("%s %s %s", on, state, why)
	}
	heard := run(t, c, f, step{"s1", "2026-12-02", "village", village, &ledger.ResultStateV1{Proposal: "p1", Text: "合同为房东提供"}, ""},
		step{"d1", "2026-12-03", "chief", "", decide(true), ""},
		step{"s2", "2026-12-04", "village", village, &ledger.ResultStateV1{Proposal: "p1", Text: "再次申辩"}, "proposal_decided"},
		step{"r1", "2026-12-04", "clerk", "", &ledger.ResultReissueV1{Result: "1", Number: "JY-4", Reason: "遗失"}, "result_ended"})
	if p, nth := heard.Last(ledger.ResultRevoke, ledger.ResultCancel); nth != 1 || len(p.Statements) != 1 || !p.Decision.Agreed {
		t.Errorf("%+v", p)
	}
	left := run(t, c, f, step{"d1", "2026-12-02", "chief", "", decide(false), ""})
	if left.Find("1").State != Valid || left.Open() != nil {
		t.Errorf("%+v", left)
	}
	declined := licence()
	declined.Decision = casework.Declined
	run(t, declined, Of(declined), step{"p1", "2026-12-01", "clerk", "", revoke("2026-12-08"), "not_granted"})
}

// Art. 70: what holds no more is cancelled; what expired, only once it has.
func TestCancellation(t *testing.T) {
	c := licence()
	cancel := func(g ledger.Ground) *ledger.ResultProposeV1 {
		return &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCancel, Ground: g, Reason: "注销"}
	}
	f := run(t, c, Of(c),
		step{"p0", "2031-11-15", "clerk", "", cancel(ledger.GroundExpired), "not_expired"},
		step{"p1", "2031-11-16", "clerk", "", cancel(ledger.GroundExpired), ""},
		step{"d1", "2031-11-17", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "届满"}, ""})
	if on, state, _ := f.Ended(); on != date("2031-11-17") || state != Cancelled {
		t.Errorf("%s %s", on, state)
	}
	run(t, c, Of(c), step{"p0", "2027-01-01", "clerk", "", cancel(ledger.GroundDeceased), ""})
	for _, b := range []*ledger.ResultProposeV1{cancel(ledger.GroundDeceit), {Result: "1", Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "x"}, {Result: "1", Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "x"}} {
		if b.Check() == nil {
			t.Errorf("%+v is well-formed", b)
		}
	}
}

// A lost result is made out again under another number and holds as long as the
// lost one did.
func TestReissue(t *testing.T) {
	c := licence()
	again := func(result, number string) *ledger.ResultReissueV1 {
		return &ledger.ResultReissueV1{Result: result, Number: number, Reason: "持有人声明遗失"}
	}
	f := run(t, c, Of(c),
		step{"r0", "2027-03-01", "clerk", village, again("1", "JY-2"), "not_authority"},
		step{"r0", "2027-03-01", "clerk", "", again("1", "JY-1"), "same_number"},
		step{"r0", "2027-03-01", "clerk", "", again("7", "JY-2"), "result_unknown_id"},
		step{"r0", "2031-11-16", "clerk", "", again("1", "JY-2"), "result_expired"},
		step{"r1", "2027-03-01", "clerk", "", again("1", "JY-2"), ""},
		step{"r2", "2027-03-01", "clerk", "", again("1", "JY-3"), "result_ended"})
	if old, fresh := f.Find("1"), f.Find("r1"); old.State != Reissued || fresh.Until != date("2031-11-15") || fresh.Name != old.Name {
		t.Errorf("%+v", f.Results)
	}
}

// Administrative Licence Law art. 50: renewal is applied for thirty days before
// what it renews expires; no answer before it expires is a renewal.
func TestRenewal(t *testing.T) {
	old := licence()
	f := Of(old)
	submit := func(change func(*ledger.CaseSubmitV1)) *ledger.CaseSubmitV1 {
		b := &ledger.CaseSubmitV1{Department: old.Department, Applicant: old.Applicant, Renews: ledger.Renewal{Case: old.ID, Result: "1", Number: "JY-1", Until: date("2031-11-15")}}
		change(b)
		return b
	}
	for _, x := range []struct {
		day, want string
		change    func(*ledger.CaseSubmitV1)
	}{
		{"2031-10-16", "", func(*ledger.CaseSubmitV1) {}},
		{"2031-11-15", "", func(*ledger.CaseSubmitV1) {}},
		{"2031-11-16", "result_expired", func(*ledger.CaseSubmitV1) {}},
		{"2031-10-16", "renewal_holder", func(b *ledger.CaseSubmitV1) { b.Applicant.IDNumber = "33059919850412005X" }},
		{"2031-10-16", "renewal_authority", func(b *ledger.CaseSubmitV1) { b.Department = "县林业局" }},
		{"2031-10-16", "renewal_mismatch", func(b *ledger.CaseSubmitV1) { b.Renews.Number = "JY-2" }},
		{"2031-10-16", "renewal_mismatch", func(b *ledger.CaseSubmitV1) { b.Renews.Until = date("2032-11-15") }},
		{"2031-10-16", "result_unknown_id", func(b *ledger.CaseSubmitV1) { b.Renews.Result = "2" }},
	} {
		if got := code(CheckRenewal(f, old, nil, submit(x.change), date(x.day))); got != x.want {
			t.Errorf("%s: %q, want %q", x.day, got, x.want)
		}
	}
	r := f.Find("1")
	renewal := func(handedIn, decided string, s casework.Status) *casework.Case {
		c := &casework.Case{HandedInMS: at(handedIn), Status: s, Renews: ledger.Renewal{Case: old.ID, Result: "1", Until: r.Until}}
		if decided != "" {
			c.DecidedMS = at(decided)
		}
		return c
	}
	for _, x := range []struct {
		what, on string
		by       *casework.Case
		want     State
	}{
		{"it holds", "2031-11-15", nil, Valid},
		{"nobody asked", "2031-11-16", nil, Expired},
		{"asked 30 days before, no answer", "2031-11-16", renewal("2031-10-16", "", casework.Accepted), DeemedRenewed},
		{"asked 29 days before", "2031-11-16", renewal("2031-10-17", "", casework.Accepted), Expired},
		{"answered on the last day", "2031-11-16", renewal("2031-10-16", "2031-11-15", casework.Declined), Expired},
		{"answered a day late", "2031-11-17", renewal("2031-10-16", "2031-11-16", casework.Granted), DeemedRenewed},
		{"not accepted", "2031-11-16", renewal("2031-10-16", "", casework.NotAccepted), Expired},
		{"and its term has passed again", "2036-11-15", renewal("2031-10-16", "", casework.Accepted), Expired},
	} {
		var by []*casework.Case
		if x.by != nil {
			by = append(by, x.by)
		}
		if got := r.StateOn(date(x.on), by); got != x.want {
			t.Errorf("%s: %s, want %s", x.what, got, x.want)
		}
	}
}

// A renewal is asked for once: not while one is being decided, nor after it was
// granted; one that was declined, not taken up or withdrawn can be asked for again.
func TestRenewedOnce(t *testing.T) {
	old := licence()
	f := Of(old)
	for _, x := range []struct {
		what   string
		before casework.Case
		want   string
	}{
		{"being decided", casework.Case{Status: casework.Accepted}, "renewal_open"},
		{"not taken up yet", casework.Case{Status: casework.HandedIn}, "renewal_open"},
		{"granted", casework.Case{Status: casework.Granted, Decision: casework.Granted}, "renewal_granted"},
		{"granted and handed over", casework.Case{Status: casework.Closed, Decision: casework.Granted}, "renewal_granted"},
		{"declined", casework.Case{Status: casework.Issued, Decision: casework.Declined}, ""},
		{"withdrawn", casework.Case{Status: casework.Terminated}, ""},
		{"not accepted", casework.Case{Status: casework.NotAccepted}, ""},
		{"held for the county's word", casework.Case{Status: casework.Held}, ""},
	} {
		x.before.Renews = ledger.Renewal{Case: old.ID, Result: "1"}
		if got := code(f.Find("1").Renewable(date("2031-10-16"), []*casework.Case{&x.before})); got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
		x.before.Renews.Result = "2"
		if err := f.Find("1").Renewable(date("2031-10-16"), []*casework.Case{&x.before}); err != nil {
			t.Errorf("%s, of another: %v", x.what, err)
		}
	}
}

// Whatever is done, in any order, by anybody: no result is lost, each that ended
// says when, one number holds at a time, and nobody decides what they proposed.
func TestResultsStayWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := licence()
		c.Documents = append(c.Documents, ledger.IssuedDocument{Name: "附图", Number: "F-1"})
		f := Of(c)
		today := date("2026-12-01")
		for n := range rapid.IntRange(1, 40).Draw(t, "entries") {
			id := "e" + strconv.Itoa(n)
			today = today.AddDays(rapid.IntRange(0, 9).Draw(t, "days"))
			e := entry(id, today.String(), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "staff"))
			r := rapid.SampledFrom(f.Results).Draw(t, "result")
			proposal := "none"
			if p := f.Open(); p != nil {
				proposal = p.ID
			}
			var body ledger.Body
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				body = &ledger.ResultProposeV1{Result: r.ID, Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "x", Replacement: ledger.IssuedDocument{Name: r.Name, Number: "N" + id}}
			case 1:
				body = &ledger.ResultProposeV1{Result: r.ID, Measure: ledger.ResultRevoke, Ground: ledger.GroundAbuse, Reason: "x", Before: today.AddDays(rapid.IntRange(0, 9).Draw(t, "before"))}
			case 2:
				body = &ledger.ResultStateV1{Proposal: proposal, Text: "x"}
			case 3, 4:
				body = &ledger.ResultDecideV1{Proposal: proposal, Agreed: rapid.Bool().Draw(t, "agreed"), Reasons: "x"}
			case 5:
				body = &ledger.ResultReissueV1{Result: r.ID, Number: "N" + id, Reason: "x"}
			}
			from := rapid.SampledFrom([]division.Code{county, county, county, village}).Draw(t, "from")
			next, err := Apply(f, c, e, body, from)
			if err != nil {
				if code(err) == err.Error() {
					t.Fatalf("%T: %v", body, err)
				}
				continue
			}
			if _, anywhere := body.(*ledger.ResultStateV1); from != county && !anywhere {
				t.Fatalf("%T from %s", body, from)
			}
			if len(next.Results) < len(f.Results) || len(next.Proposals) < len(f.Proposals) {
				t.Fatal("something was lost")
			}
			f = next
			numbers := map[string]bool{}
			for _, r := range f.Results {
				if (r.State == Valid) != r.EndedOn.IsZero() || (r.State == Superseded || r.State == Reissued) != (r.By != "") {
					t.Fatalf("%+v", r)
				}
				if r.State == Valid && numbers[r.Name] {
					t.Fatalf("two of %s hold", r.Name)
				}
				numbers[r.Name] = numbers[r.Name] || r.State == Valid
			}
			for _, p := range f.Proposals {
				if p.Decision != nil && p.Decision.By.Staff == p.ProposedBy.Staff {
					t.Fatalf("%s proposed and decided", p.ProposedBy.Staff)
				}
				if p.Decision != nil && p.Decision.Agreed && p.Measure == ledger.ResultRevoke && len(p.Statements) == 0 && !day(p.Decision.AtMS).After(p.Before) {
					t.Fatal("revoked unheard")
				}
			}
		}
	})
}

// Whoever proposed to revoke a result does not speak for its holder, and the
// holder gives up the right to be heard in writing.
func TestTheHolderSpeaksForThemselves(t *testing.T) {
	scan := []catalog.AttachmentRef{{Hash: "h", Name: "声明.jpg", Size: 1, Type: "image/jpeg"}}
	c := licence()
	run(t, c, Of(c),
		step{"p1", "2026-12-01", "clerk", "", revoke("2026-12-07"), ""},
		step{"s0", "2026-12-01", "clerk", "", &ledger.ResultStateV1{Proposal: "p1", Text: "无意见", Waived: true, Proof: scan}, "statement_by_proposer"},
		step{"s0", "2026-12-01", "clerk", "", &ledger.ResultStateV1{Proposal: "p1", Text: "无意见"}, "statement_by_proposer"},
		step{"s0", "2026-12-01", "village", village, &ledger.ResultStateV1{Proposal: "p1", Text: "无意见", Waived: true}, "waiver_unproven"},
		step{"d0", "2026-12-02", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, "holder_unheard"},
		step{"s1", "2026-12-02", "village", village, &ledger.ResultStateV1{Proposal: "p1", Text: "无意见", Waived: true, Proof: scan}, ""},
		step{"d1", "2026-12-02", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, ""})
}

// From home the holder's own account says that they give up being heard: no paper
// has to prove it.
func TestTheHolderIsHeardFromHome(t *testing.T) {
	c := licence()
	f := run(t, c, Of(c), step{"p1", "2026-12-01", "clerk", "", revoke("2026-12-07"), ""})
	said := func() *ledger.Entry {
		e := entry("s1", "2026-12-02", "account-1")
		e.Actor.Role = identity.Applicant
		return e
	}
	for _, waived := range []bool{false, true} {
		heard, err := Apply(f, c, said(), &ledger.ResultStateV1{Proposal: "p1", Text: "当时已如实申报", Waived: waived}, county)
		if err != nil {
			t.Fatal(err)
		}
		run(t, c, heard, step{"d1", "2026-12-03", "chief", "", &ledger.ResultDecideV1{Proposal: "p1", Agreed: true, Reasons: "属实"}, ""})
	}
}

// Where several results have a number, whoever looks it up is told of the one
// that is worth least, whichever was made out first.
func TestWorst(t *testing.T) {
	for _, first := range []bool{true, false} {
		f := File{Results: []Result{{ID: "1", Number: "JY-1", State: Valid}, {ID: "2", Number: "JY-1", State: Valid}, {ID: "3", Number: "JY-3", State: Valid}}}
		if first {
			f.Results[0].State = Revoked
		} else {
			f.Results[1].State = Revoked
		}
		if r := f.Worst("JY-1", date("2026-12-01"), nil); r == nil || r.State != Revoked {
			t.Errorf("%+v", r)
		}
		if r := f.Worst("JY-2", date("2026-12-01"), nil); r != nil {
			t.Errorf("%+v", r)
		}
	}
	for _, s := range []State{Valid, Superseded, Reissued, Revoked, Cancelled, Expired, DeemedRenewed} {
		if rank(s) < 0 {
			t.Errorf("%s has no rank", s)
		}
	}
}

// A number is given once in a case, to what is put right or made out again too.
func TestNumbersAreGivenOnce(t *testing.T) {
	c := licence()
	c.Documents = append(c.Documents, ledger.IssuedDocument{Name: "食品经营许可证", Number: "JY-2", ValidUntil: "2031-11-15"})
	run(t, c, Of(c),
		step{"p0", "2026-12-01", "clerk", "", correct("JY-2"), "result_number_taken"},
		step{"r0", "2026-12-01", "clerk", "", &ledger.ResultReissueV1{Result: "1", Number: "JY-2", Reason: "遗失"}, "result_number_taken"},
		step{"r1", "2026-12-01", "clerk", "", &ledger.ResultReissueV1{Result: "1", Number: "JY-3", Reason: "遗失"}, ""},
		step{"r2", "2026-12-01", "clerk", "", &ledger.ResultReissueV1{Result: "2", Number: "JY-1", Reason: "遗失"}, "result_number_taken"})
}
