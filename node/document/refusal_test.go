package document

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// Whoever is told that something is to be decided against them is told how they state
// their case, from home too, until when, and that a hearing can be asked for; told
// anew, each notice says what it said.
//
// Rules: 2.27.
func TestIntendedRefusalSaysHowToBeHeard(t *testing.T) {
	told := calendartest.Date(t, "2026-11-26")
	intents := func(hearing *casework.Hearing) func(*casework.Case) {
		return func(c *casework.Case) {
			c.Intents = []casework.Intent{{Entry: "e1", Reason: "场所面积不足", ToldOn: told, Before: told.AddDays(5)},
				{Entry: "e2", Reason: "从业人员不足", ToldOn: told.AddDays(1), Before: told.AddDays(8), Parties: []string{"梅溪村"}}}
			c.Hearing = hearing
		}
	}
	said := func(nth int, hearing *casework.Hearing) string {
		s := lived(t, intents(hearing))
		s.Nth = nth
		d, err := Make(RefusalNotice, s)
		if err != nil {
			t.Fatal(err)
		}
		return mustJSON(t, d)
	}
	has := func(text string, wanted ...string) {
		t.Helper()
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
	home := []string{"网上办事账户", "便民服务站", "逾期未提出的视为放弃"}
	has(said(1, nil), append(home, "场所面积不足", "2026年12月1日前", "需要听证的", "拟不〔2026〕")...)
	has(said(0, nil), append(home, "从业人员不足", "2026年12月4日前", "之2", "梅溪村")...)
	has(said(1, &casework.Hearing{ToldOn: told, Before: told.AddDays(7)}), "听证权利已另行告知，可在2026年12月3日前")
	has(said(1, &casework.Hearing{ToldOn: told.AddDays(1), Before: told.AddDays(8)}), "需要听证的")
	if text := said(1, &casework.Hearing{ToldOn: told.AddDays(-20), HeldOn: told}); strings.Contains(text, "听证") {
		t.Errorf("a hearing was held, and another is offered:\n%s", text)
	}
	if _, err := Make(RefusalNotice, lived(t, nil)); err == nil {
		t.Error("nothing was told, and there is a notice")
	}

	s := lived(t, decided(true))
	f := result.File{Results: []result.Result{{ID: "1", Name: "许可证", Number: "1"}}, Proposals: []result.Proposal{{ID: "p", ResultProposeV1: ledger.ResultProposeV1{Result: "1",
		Measure: ledger.ResultRevoke, Ground: ledger.GroundDeceit, Reason: "材料虚假", Before: told}}}}
	d, err := MakeResult(RevocationNotice, s, f)
	if err != nil {
		t.Fatal(err)
	}
	has(mustJSON(t, d), append(home, "需要听证的")...)
}

// The decision says what became of what was said before it.
//
// Rules: 2.27.
func TestRefusalSaysWhatWasWeighed(t *testing.T) {
	d, err := Make(RefusalDecision, lived(t, func(c *casework.Case) {
		decided(false)(c)
		c.Weighed = "所提面积经复测仍不足，不予采纳"
	}))
	if err != nil {
		t.Fatal(err)
	}
	if text := mustJSON(t, d); !strings.Contains(text, "经复测仍不足") {
		t.Errorf("%s", text)
	}
}
