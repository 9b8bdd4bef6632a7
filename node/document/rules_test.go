package document

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// A hearing costs the parties nothing, and whoever is told the right to one is told
// until when and that (art. 47).
//
// Rules: 2.20, 3.8.
func TestHearingCostsNothing(t *testing.T) {
	d, err := Make(HearingNotice, lived(t, func(c *casework.Case) {
		c.Hearing = &casework.Hearing{Matter: "临近住宅", ToldOn: calendartest.Date(t, "2026-11-26"), Before: calendartest.Date(t, "2026-12-03")}
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2026年12月3日", "不承担组织听证的费用", "视为放弃"} {
		if text := mustJSON(t, d); !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// Whoever is refused, at the door or by the decision, has body and both periods on the
// paper itself: no review period begins untold.
//
// Rules: 3.14.
func TestWhoIsRefusedIsToldTheRemedy(t *testing.T) {
	for kind, change := range map[Kind]func(*casework.Case){
		RejectionNotice: func(c *casework.Case) {
			c.Status, c.RejectedMS, c.Reason, c.Ground = casework.NotAccepted, c.HandedInMS, "不属于本机关职权范围", ledger.RejectOther
		},
		RefusalDecision: decided(false),
	} {
		d, err := Make(kind, lived(t, change))
		if err != nil {
			t.Fatal(err)
		}
		told := strings.Join(d.Remedy, "")
		for _, want := range []string{"安吉县人民政府", "六十日", "行政复议", "六个月", "行政诉讼"} {
			if !strings.Contains(told, want) {
				t.Errorf("%s does not say %q: %q", kind, want, told)
			}
		}
	}
}
