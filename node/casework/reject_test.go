package casework

import (
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// A refusal to accept names its ground, and for want of competence who is competent
// (Administrative Licence Law art. 32 no. 1 and 2).
//
// Rules: 2.1, 2.2, 2.6.
func TestRejectGround(t *testing.T) {
	const item = "TB-XFJY-001"
	for _, row := range []struct {
		b    ledger.CaseRejectV1
		code string
	}{
		{ledger.CaseRejectV1{Reason: "该场所不在本县范围"}, "ground_missing"},
		{ledger.CaseRejectV1{Reason: "该场所不在本县范围", Ground: ledger.RejectCompetence}, "right_authority"},
		{ledger.CaseRejectV1{Reason: "该场所不在本县范围", Ground: ledger.RejectCompetence, Authority: "邻县消防救援大队"}, ""},
		{ledger.CaseRejectV1{Reason: "该场所依法不需要检查", Ground: ledger.RejectNeedless}, ""},
	} {
		c := live(t, received(t, item, "2026-11-16"), act{"2026-11-16", "w", &row.b, row.code})
		if row.code == "" && (c.Ground != row.b.Ground || c.RightAuthority != row.b.Authority) {
			t.Errorf("%+v", c)
		}
	}
}
