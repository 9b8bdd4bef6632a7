package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Art. 7 and 36: a refusal that is intended is told with its reasons and with days to
// be heard; told anew on other grounds, the days begin anew. The clock runs on.
//
// Rules: 2.27.
func TestTellRefusal(t *testing.T) {
	tell := func(reason, before string) *ledger.RefusalTellV1 {
		return &ledger.RefusalTellV1{Reason: reason, Before: date(t, before), Parties: []string{"梅溪村"}}
	}
	c := received(t, "TB-SCJG-005", "2026-11-16")
	live(t, c, act{"2026-11-16", "w", tell("经营场所面积不足", "2026-11-23"), "not_accepted_yet"})
	c = live(t, c,
		act{"2026-11-16", "a", &ledger.CaseAcceptV1{}, ""},
		act{"2026-11-17", "w", tell("不行", "2026-11-23"), "reason_short"},
		act{"2026-11-17", "w", tell("经营场所面积不足", "2026-11-21"), "heard_days"},
		act{"2026-11-17", "w", tell("经营场所面积不足", "2026-11-22"), ""},
		act{"2026-11-18", "w", tell("经营场所面积不足", "2026-11-30"), "refusal_told"},
		act{"2026-11-18", "w", tell("从业人员健康证明不符", "2026-11-24"), ""})
	if i := c.Intended(); len(c.Intents) != 2 || i.Reason != "从业人员健康证明不符" || i.ToldOn != date(t, "2026-11-18") || i.Before != date(t, "2026-11-24") {
		t.Errorf("%+v", c.Intents)
	}
	if len(c.Suspensions) != 0 {
		t.Error("the clock stands still")
	}
}

// Who may state their case, in which state; from home nobody but the applicant; given
// up at a desk with a signed statement alone, and only once it was told.
//
// Rules: 2.27.
func TestMayState(t *testing.T) {
	told := Case{Status: Accepted, Intents: []Intent{{Entry: "i1"}, {Entry: "i2"}}}
	told.Applicant.Name = "王芳"
	with := func(change func(*Case)) Case { c := told; change(&c); return c }
	home, desk := identity.Actor{Staff: "a1", Role: identity.Applicant}, identity.Actor{Staff: "s1", Role: identity.DepartmentWindow}
	own, scan := ledger.RefusalStateV1{Party: "王芳", Text: "面积已扩大", Proposal: "i2"}, []catalog.AttachmentRef{{Hash: "x"}}
	but := func(change func(*ledger.RefusalStateV1)) ledger.RefusalStateV1 { b := own; change(&b); return b }
	for _, x := range []struct {
		what string
		c    Case
		by   identity.Actor
		b    ledger.RefusalStateV1
		want string
	}{
		{"from home", told, home, own, ""},
		{"at a desk", told, desk, own, ""},
		{"of what was told before", told, home, but(func(b *ledger.RefusalStateV1) { b.Proposal = "i1" }), ""},
		{"untold", Case{Status: Accepted, Applicant: told.Applicant}, home, but(func(b *ledger.RefusalStateV1) { b.Proposal = "" }), ""},
		{"of what was never told", told, desk, but(func(b *ledger.RefusalStateV1) { b.Proposal = "i3" }), "refusal_untold"},
		{"not taken up", with(func(c *Case) { c.Status = HandedIn }), desk, own, "not_accepted_yet"},
		{"decided", with(func(c *Case) { c.Status, c.Decision = Declined, Declined }), desk, own, "decided"},
		{"ended", with(func(c *Case) { c.Status = Terminated }), desk, own, "decided"},
		{"a neighbour from home", told, home, but(func(b *ledger.RefusalStateV1) { b.Party, b.Interested = "梅溪村", true }), "statement_party"},
		{"in another's name from home", told, home, but(func(b *ledger.RefusalStateV1) { b.Party = "李强" }), "statement_party"},
		{"a neighbour at a desk", told, desk, but(func(b *ledger.RefusalStateV1) { b.Party, b.Interested = "梅溪村", true }), ""},
		{"given up at a desk", told, desk, but(func(b *ledger.RefusalStateV1) { b.Waived = true }), "waiver_unproven"},
		{"given up at a desk, signed", told, desk, but(func(b *ledger.RefusalStateV1) { b.Waived, b.Proof = true, scan }), ""},
		{"given up from home", told, home, but(func(b *ledger.RefusalStateV1) { b.Waived = true }), ""},
	} {
		e := &ledger.Entry{Actor: x.by, OccurredAt: on(t, "2026-11-20")}
		if got := code(x.c.MayState(e, &x.b)); got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
	}
}

// Nothing is refused while those who were told may still speak, unless all gave it up
// of what was told last; what anybody said is weighed in the decision against them.
//
// Rules: 2.27.
func TestWeighs(t *testing.T) {
	told := &Case{Status: Accepted, Intents: []Intent{{Entry: "i1"}, {Entry: "i2", Before: date(t, "2026-11-24"), Parties: []string{"梅溪村"}}}}
	said := func(party string, interested, waived bool, of string) Statement {
		return Statement{"s", ledger.RefusalStateV1{Party: party, Interested: interested, Waived: waived, Proposal: of, Text: "x"}}
	}
	own, gaveUp, theirs := said("王芳", false, false, "i2"), said("王芳", false, true, "i2"), said("梅溪村", true, true, "i2")
	no, weighed := ledger.CaseDecideV1{Opinion: "x"}, ledger.CaseDecideV1{Opinion: "x", Weighed: "经复测仍不足，不予采纳"}
	empty, yes := ledger.CaseDecideV1{Opinion: "x", Weighed: "无"}, ledger.CaseDecideV1{Granted: true, Opinion: "x"}
	for _, x := range []struct {
		what, day string
		c         *Case
		b         ledger.CaseDecideV1
		said      []Statement
		want      string
	}{
		{"never told, nobody spoke", "2026-11-20", &Case{Status: Accepted}, no, nil, ""},
		{"never told, but spoke", "2026-11-20", &Case{Status: Accepted}, no, []Statement{own}, "unweighed"},
		{"in time to speak", "2026-11-24", told, no, nil, "statement_wait"},
		{"in time to speak, granted", "2026-11-24", told, yes, nil, ""},
		{"after it", "2026-11-25", told, no, nil, ""},
		{"spoke, and may still", "2026-11-24", told, weighed, []Statement{own}, "statement_wait"},
		{"the applicant gave it up", "2026-11-20", told, no, []Statement{gaveUp}, "statement_wait"},
		{"all gave it up", "2026-11-20", told, no, []Statement{gaveUp, theirs}, ""},
		{"gave up what was told before", "2026-11-20", told, no, []Statement{said("王芳", false, true, "i1"), theirs}, "statement_wait"},
		{"gave it up, then spoke", "2026-11-20", told, weighed, []Statement{gaveUp, theirs, own}, "statement_wait"},
		{"spoke, then gave the rest up", "2026-11-20", told, no, []Statement{own, gaveUp, theirs}, "unweighed"},
		{"spoke, then gave the rest up, weighed", "2026-11-20", told, weighed, []Statement{own, gaveUp, theirs}, ""},
		{"weighed in no words", "2026-11-25", told, empty, []Statement{own}, "unweighed"},
		{"weighed", "2026-11-25", told, weighed, []Statement{own}, ""},
		{"granted what they asked for", "2026-11-25", told, yes, []Statement{own}, ""},
		{"granted against a neighbour", "2026-11-25", told, yes, []Statement{said("梅溪村", true, false, "i2")}, "unweighed"},
	} {
		if got := code(x.c.Weighs(x.said, &x.b, date(t, x.day))); got != x.want {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
	}
}

// What was said waits for whoever decides, until they convene the hearing, or decide.
func TestOpenVoices(t *testing.T) {
	asked, gaveUp := Ask{"q1", ledger.HearingAskV2{Party: "王芳"}}, Ask{"q2", ledger.HearingAskV2{Party: "王芳", Waived: true}}
	spoke, silent := Statement{"s1", ledger.RefusalStateV1{Party: "王芳", Text: "面积已扩大"}}, Statement{"s2", ledger.RefusalStateV1{Party: "王芳", Waived: true}}
	told := &Hearing{ToldOn: date(t, "2026-11-16")}
	for _, x := range []struct {
		what string
		c    Case
		asks []Ask
		said []Statement
		want []Voice
	}{
		{"nothing", Case{Status: Accepted}, nil, []Statement{silent}, nil},
		{"asked and spoke", Case{Status: Accepted, Hearing: told}, []Ask{asked}, []Statement{spoke}, []Voice{VoiceHearing, VoiceStatement}},
		{"asked, then gave it up", Case{Status: Accepted, Hearing: told}, []Ask{asked, gaveUp}, nil, nil},
		{"convened", Case{Status: Accepted, Hearing: &Hearing{Asked: []string{"q1"}}}, []Ask{asked}, nil, nil},
		{"held", Case{Status: Accepted, Hearing: &Hearing{HeldOn: date(t, "2026-12-10")}}, []Ask{asked}, []Statement{spoke}, []Voice{VoiceStatement}},
		{"decided", Case{Status: Declined, Decision: Declined, Hearing: told}, []Ask{asked}, []Statement{spoke}, nil},
	} {
		if got := x.c.OpenVoices(x.asks, x.said); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.what, got, x.want)
		}
	}
}
