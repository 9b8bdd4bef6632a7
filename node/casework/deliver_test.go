package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// domain.md section 3, proof of delivery: each way of serving proves what it
// says, at any desk.
//
// Rules: 3.12.
func TestServiceIsProven(t *testing.T) {
	scan := []catalog.AttachmentRef{{Hash: "h", Name: "x.jpg", Size: 1, Type: "image/jpeg"}}
	day := func(text string) calendar.Date { return calendartest.Date(t, text) }
	for _, row := range []struct {
		what string
		body ledger.CaseDeliverV1
		want string
	}{
		{"the applicant", ledger.CaseDeliverV1{Method: "direct", Recipient: "王芳"}, ""},
		{"the applicant in person", ledger.CaseDeliverV1{Method: "direct", Recipient: "本人"}, ""},
		{"the agent", ledger.CaseDeliverV1{Method: "direct", Recipient: "李代办"}, ""},
		{"a stranger", ledger.CaseDeliverV1{Method: "direct", Recipient: "张三"}, "recipient_relation"},
		{"a relative without proof", ledger.CaseDeliverV1{Method: "direct", Recipient: "张三", Relation: "配偶"}, "recipient_relation"},
		{"a scan without a relation", ledger.CaseDeliverV1{Method: "direct", Recipient: "张三", Proof: scan}, "recipient_relation"},
		{"a relative with proof", ledger.CaseDeliverV1{Method: "direct", Recipient: "张三", Relation: "配偶", Proof: scan}, ""},
		{"left before nobody", ledger.CaseDeliverV1{Method: "left", Recipient: "王芳", Reason: "拒收"}, "left_unwitnessed"},
		{"left for no reason", ledger.CaseDeliverV1{Method: "left", Recipient: "王芳", Witness: "村干部"}, "left_unwitnessed"},
		{"left", ledger.CaseDeliverV1{Method: "left", Recipient: "王芳", Witness: "村干部", Reason: "拒收"}, ""},
		{"electronic without consent", ledger.CaseDeliverV1{Method: "electronic", Recipient: "王芳"}, "no_consent"},
		{"electronic with consent", ledger.CaseDeliverV1{Method: "electronic", Recipient: "王芳", Consent: scan}, ""},
		{"notice of no day", ledger.CaseDeliverV1{Method: "notice", Recipient: "王芳", Reason: "下落不明"}, "notice_since"},
		{"notice for no reason", ledger.CaseDeliverV1{Method: "notice", Recipient: "王芳", Since: day("2026-11-23")}, "notice_since"},
		{"notice before it was made out", ledger.CaseDeliverV1{Method: "notice", Recipient: "王芳", Reason: "下落不明", Since: day("2026-11-22")}, "notice_since"},
		{"notice on the thirtieth day", ledger.CaseDeliverV1{Method: "notice", Recipient: "王芳", Reason: "下落不明", Since: day("2026-11-24")}, "notice_running"},
		{"notice after thirty days", ledger.CaseDeliverV1{Method: "notice", Recipient: "王芳", Reason: "下落不明", Since: day("2026-11-23")}, ""},
		{"by post", ledger.CaseDeliverV1{Method: "post", Recipient: "王芳"}, ""},
	} {
		c := received(t, "TB-XFJY-001", "2026-11-16")
		c.Applicant.Name, c.Agent = "王芳", ledger.Agent{Name: "李代办"}
		c.Status, c.Decision, c.IssuedMS = Issued, Granted, on(t, "2026-11-23")
		c.Step = slices.IndexFunc(c.Steps, func(s ledger.Step) bool { return s.Verb == ledger.VerbDeliver })
		c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
		e := entry(c, "x")
		e.OccurredAt = on(t, "2026-12-24")
		next, err := Apply(c, catalogItems()["TB-XFJY-001"], e, &row.body, holder(c))
		if got := code(err); got != row.want {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
		if err == nil && (next.Status != Closed || next.Witness != row.body.Witness || next.Relation != row.body.Relation) {
			t.Errorf("%s: %+v", row.what, next)
		}
	}
}
