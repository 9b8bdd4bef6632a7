package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// What a case offers is not what it would refuse for what it went through: no end of
// a procedure that is not under way, no second extension, no record of a hearing
// that was not convened.
func TestLets(t *testing.T) {
	told := []ledger.Kind{ledger.CaseResume, ledger.CaseExtend, ledger.HearingTell, ledger.HearingConvene, ledger.HearingRecord}
	c := live(t, received(t, "TB-SCJG-005", "2026-11-16"), act{"2026-11-16", "a", &ledger.CaseAcceptV1{}, ""})
	offers := func(want ...ledger.Kind) {
		t.Helper()
		got := slices.DeleteFunc(slices.Clone(told), func(k ledger.Kind) bool { return !c.Lets(k) })
		if !slices.Equal(got, want) {
			t.Errorf("it offers %v, want %v", got, want)
		}
	}
	offers(ledger.CaseExtend, ledger.HearingTell, ledger.HearingConvene)
	if !c.Lets(ledger.CaseDecide) {
		t.Error("what nothing in the past stands against is not offered")
	}

	c = live(t, c,
		act{"2026-11-16", "b", &ledger.CaseSuspendV1{Procedure: "检疫", Lawful: true, Until: date(t, "2026-11-30"), Reason: "x"}, ""},
		act{"2026-11-16", "b", &ledger.CaseExtendV1{Days: 5, Reason: "x"}, ""},
		act{"2026-11-16", "a", tell(t, "2026-11-23"), ""})
	offers(ledger.CaseResume, ledger.HearingConvene)
	if p := c.Procedures(); !slices.Equal(p, []string{"检疫"}) {
		t.Errorf("under way: %v", p)
	}

	c = live(t, c,
		act{"2026-11-18", "b", &ledger.CaseResumeV1{Procedure: "检疫", On: date(t, "2026-11-18"), Result: "x"}, ""},
		act{"2026-11-18", "d", convene(t, "2026-11-30", "p"), ""})
	offers(ledger.HearingRecord)
	c = live(t, c, act{"2026-12-01", "d", &ledger.HearingRecordV1{On: date(t, "2026-11-30"), Held: true, Summary: "已质证"}, ""})
	offers()
}
