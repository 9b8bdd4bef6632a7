package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/ledger"
)

// Art. 45: the clock stands still for what the item names and for as long as it
// says; for anything else whoever heads the authority answers.
//
// Rules: 2.14.
func TestWhoStopsTheClock(t *testing.T) {
	const item = "TB-XFJY-001" // 现场勘验, three working days
	suspend := func(p string, lawful bool, until string) ledger.Body {
		return &ledger.CaseSuspendV1{Procedure: p, Lawful: lawful, Until: calendartest.Date(t, until), Reason: "需要"}
	}
	visit := func(until string, officers ...string) ledger.Body { // art. 34: two or more
		b := suspend("现场勘验", false, until).(*ledger.CaseSuspendV1)
		b.Officers = officers
		return b
	}
	c := live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "w", accepted, ""})
	live(t, c,
		act{"2026-11-16", "w", suspend("鉴定", true, "2026-11-20"), "procedure_leader"},
		act{"2026-11-16", "r", suspend("鉴定", true, "2026-11-20"), "procedure_leader"},
		act{"2026-11-16", "w", suspend("公示", false, "2026-11-20"), "procedure_leader"},
		act{"2026-11-16", "l", suspend("鉴定", true, "2027-02-17"), "procedure_days"},
		act{"2026-11-16", "w", suspend("现场勘验", false, "2026-12-31"), "procedure_days"},
		act{"2026-11-16", "l", suspend("鉴定", true, "2026-12-20"), ""},
		act{"2026-11-16", "r", suspend("公示", false, "2026-11-20"), ""},
		act{"2026-11-16", "w", suspend("现场勘验", false, "2026-11-19"), "visit_officers"},
		act{"2026-11-16", "w", visit("2026-11-19", "李明"), "visit_officers"},
		act{"2026-11-16", "w", visit("2026-11-19", "李明", "周平"), ""})
	cal, own := calendartest.Calendar(t), catalogItems()[item]
	for until, want := range map[string]string{"2026-11-19": "", "2026-11-20": "procedure_days"} {
		b := suspend("现场勘验", false, until).(*ledger.CaseSuspendV1)
		if err := CheckProcedure(cal, own, &ledger.Entry{OccurredAt: on(t, "2026-11-16")}, b); code(err) != want {
			t.Errorf("until %s: %v", until, err)
		}
	}
}

// An extension does no more than double the item's own limit.
//
// Rules: 2.9.
func TestExtensionIsBounded(t *testing.T) {
	const item = "TB-SCJG-001" // three working days
	extend := func(days int) ledger.Body { return &ledger.CaseExtendV1{Days: days, Reason: "情况复杂"} }
	c := live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "w", accepted, ""})
	live(t, c, act{"2026-11-16", "l", extend(10), "extension_days"}, act{"2026-11-16", "l", extend(4), "extension_days"}, act{"2026-11-16", "l", extend(3), ""})
	c.Package = &Joined{ID: "j"} // its own department's leader extends a case of a joint matter
	live(t, c, act{"2026-11-16", "l", extend(3), ""})
}

// 容缺受理: what was left for later comes before the case is granted, and in time for
// the law's limit; who somebody is, and a licence, is never left for later.
func TestWhatWasLeftForLater(t *testing.T) {
	const item = "TB-SCJG-001"
	minor := material(t, item, true)
	later := func(day string) *ledger.CaseAcceptV1 {
		return &ledger.CaseAcceptV1{Tolerated: []ledger.ToleratedMaterial{{Material: minor, Before: calendartest.Date(t, day)}},
			Dues: ledger.Dues{Statutory: calendartest.Date(t, "2026-11-19")}}
	}
	c := live(t, received(t, item, "2026-11-16", minor),
		act{"2026-11-16", "w", later("2029-11-16"), "tolerated_late"},
		act{"2026-11-16", "w", later("2026-11-20"), "tolerated_late"},
		act{"2026-11-16", "w", later("2026-11-19"), ""})
	e := func(day string) *ledger.Entry { return &ledger.Entry{OccurredAt: on(t, day)} }
	yes, no := &ledger.CaseDecideV1{Granted: true}, &ledger.CaseDecideV1{}
	for _, row := range []struct {
		day  string
		b    *ledger.CaseDecideV1
		came []string
		want string
	}{
		{"2026-11-18", yes, nil, "tolerated_missing"}, {"2026-11-18", no, nil, "tolerated_missing"},
		{"2026-11-20", yes, nil, "tolerated_missing"}, {"2026-11-20", no, nil, ""},
		{"2026-11-18", yes, []string{minor}, ""},
	} {
		if err := c.CheckTolerated(e(row.day), row.b, func(name string) bool { return slices.Contains(row.came, name) }); code(err) != row.want {
			t.Errorf("on %s: %v, want %q", row.day, err, row.want)
		}
	}
	for _, i := range catalogItems() {
		for _, m := range i.Materials {
			if m.Tolerable() && (m.Name == "居民身份证" || m.Name == "居民户口簿" || m.Name == "营业执照") {
				t.Errorf("%s can be left for later", m.Name)
			}
		}
	}
}

// What a second notice asks for comes after it, or the case is not accepted.
func TestSecondNoticeIsAnswered(t *testing.T) {
	const item = "TB-XFJY-001"
	lacks := material(t, item, false)
	point := []ledger.SupplementPoint{{Material: lacks, Problem: ledger.ProblemUnclear, How: "请重新提交"}}
	c := live(t, received(t, item, "2026-11-16"),
		act{"2026-11-16", "w", &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Field: "phone", Problem: ledger.ProblemWrong, How: "请更正"}}}, ""},
		act{"2026-11-17", "w", &ledger.CaseRequestSupplementV1{Points: point, Again: "仍不清晰"}, ""})
	b := &ledger.CaseAcceptV1{Supplements: []string{"s1"}}
	if err := c.CheckSecondNotice(b, func(string) bool { return false }); code(err) != "papers_lacking" {
		t.Errorf("accepted for what came before: %v", err)
	}
	if err := c.CheckSecondNotice(b, func(name string) bool { return name == lacks }); err != nil {
		t.Error(err)
	}
}

// Art. 32 and 38: who is refused is told why.
//
// Rules: 3.10.
func TestRefusalsSayWhy(t *testing.T) {
	const item = "TB-XFJY-001"
	for reason, want := range map[string]string{"x": "reason_short", "不符合": "reason_short", "无，略。。。。": "reason_short", "不属于本机关职权范围": ""} {
		live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "w", &ledger.CaseRejectV1{Reason: reason, Ground: ledger.RejectOther}, want})
	}
}
