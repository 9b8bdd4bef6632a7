package document

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
)

// The notices of a joint matter tell its one date as it was told then, whatever moved
// it since, and with the warning where it lies in a year that is not announced yet; as
// those of a single case do.
func TestJointNoticesTellWhatWasTold(t *testing.T) {
	date := func(s string) calendar.Date { return calendartest.Date(t, s) }
	item := mustItem(t, "TB-SCJG-001")
	told := func(promised, statutory string) ledger.Dues {
		return ledger.Dues{Promised: date("2026-12-01"), Statutory: date("2026-12-02"), JointPromised: date(promised), JointStatutory: date(statutory)}
	}
	a := &casework.Case{ID: "a", ItemName: "甲", AcceptedMS: 5, AcceptedOn: date("2026-11-20"), Status: casework.Accepted, Package: &casework.Joined{ID: "j"}}
	b := &casework.Case{ID: "b", ItemName: "乙", AcceptedMS: 9, AcceptedOn: date("2026-11-23"), Status: casework.Accepted, Package: &casework.Joined{ID: "j"}, FirstTold: told("2026-12-30", "2027-01-27")}
	s := JointSubject{Case: &joint.Case{Number: "33052300000020261123010000457", Name: "一件事", Members: []joint.Member{{Case: "a"}, {Case: "b"}}}, Members: []*casework.Case{a, b},
		Items: []*catalog.Item{item, item}, Calendar: calendartest.Calendar(t)}
	said := func(k Kind) string {
		t.Helper()
		d, err := MakeJoint(k, s)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, l := range d.Lines {
			text += l.Label + l.Value + "。"
		}
		return text
	}
	const warning = "（2027年节假日安排尚未公布，日期可能变动）"
	first := []string{"承诺办结日期2026年12月30日。", "法定办结日期2027年1月27日" + warning}
	holds := func(k Kind, want ...string) {
		t.Helper()
		for _, w := range want {
			if text := said(k); !strings.Contains(text, w) {
				t.Errorf("%s lacks %q: %s", k, w, text)
			}
		}
	}
	holds(JointAcceptanceNotice, first...)

	// An extension tells its own date, and changes nothing in what was told before.
	a.ExtendedBy, a.ExtendedOn, a.ExtendTold = 5, date("2026-12-20"), told("2027-01-07", "2027-02-03")
	later := casework.Limit{Kind: casework.LimitPromised, Told: date("2027-01-12")}
	s.Limits = []casework.Limit{later, {Kind: casework.LimitStatutory, Told: date("2027-02-08")}}
	holds(JointAcceptanceNotice, first...)
	holds(JointExtensionNotice, "新的承诺办结日期2027年1月7日"+warning, "新的法定办结日期2027年2月3日"+warning)

	// One that moved nothing leaves the date that was told last.
	a.ExtendTold = ledger.Dues{Promised: date("2026-12-08")}
	holds(JointExtensionNotice, "新的承诺办结日期2027年1月12日"+warning)

	// Where no acceptance told a date, the one there is now is told.
	b.FirstTold = ledger.Dues{}
	holds(JointAcceptanceNotice, "承诺办结日期2027年1月12日"+warning)
	if text := said(JointReceipt); strings.Contains(text, "尚未公布") {
		t.Errorf("the receipt tells no date: %s", text)
	}
}
