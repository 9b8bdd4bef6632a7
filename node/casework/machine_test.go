package casework

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The page says what the code does: who may do what, from which status, at
// which step and tier.
func TestMachineDocument(t *testing.T) {
	const path = "../../docs/casework-machine.md"
	got := machinePage()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date; run go test ./node/casework -run MachineDocument -update", path)
	}
}

func machinePage() string {
	var b strings.Builder
	b.WriteString(`# The life of a case

Printed from ` + "`casework.Transitions` and `identity.Grants`" + `, which enforce it
(` + "`go test ./node/casework -run MachineDocument -update`" + `). What no row allows is
refused. Only the node that holds the case writes it; but what was made out is handed
over (送达), once, where the case was handed in or at any office above it in its line.
While a case waits to be
passed on (转报) only the law accepts it, when nobody told in time what is missing
(视为受理).

| what happens | entry | the case waits for | from | becomes | by |
|---|---|---|---|---|---|
`)
	for _, t := range Transitions {
		verbs := "any step"
		if len(t.At) > 0 {
			verbs = join(t.At, func(v ledger.Verb) string { return VerbZH(v) + " `" + string(v) + "`" })
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", wordsOf[t.Kind], t.Kind, verbs, join(t.From, statusCell), join(t.To, statusCell), rolesOf(t.Kind))
	}
	b.WriteString("\n## Whether each can happen\n\nA dot: at the step that it completes, or at any.\n\n| status |")
	for _, t := range Transitions {
		fmt.Fprintf(&b, " %s |", wordsOf[t.Kind])
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(Transitions)) + "\n")
	for _, s := range Statuses {
		fmt.Fprintf(&b, "| %s |", statusCell(s))
		for _, t := range Transitions {
			mark := ""
			if slices.Contains(t.From, s) && !s.Ended() {
				mark = "•"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	b.WriteString("| `accepted` or before, the applicant's wish to withdraw on record |")
	for _, t := range Transitions {
		mark := ""
		if slices.Contains(Despite, t.Kind) {
			mark = "•"
		}
		fmt.Fprintf(&b, " %s |", mark)
	}
	b.WriteString(`

While a wish to withdraw (申请撤回) is on record and nothing is decided, the case is
ended for it, or goes on when it is taken back; a slip in the applicant's name is put
right. All else is refused (` + "`withdrawal_asked`" + `), beside the case too: a supplement, a
charge, a wish for a hearing, a joint matter's notice and findings; 终止办理 has no
other cause then. What was done elsewhere before the wish came stays.

## Beside the case

What stands beside a case is written by whoever has the right, whoever holds the
case, and changes neither its status nor its clock. What comes after the end is
here too: the authority that decided answers for its results, wherever the case was
handed over.

| what happens | entry | when | by |
|---|---|---|---|
`)
	for _, k := range besideOrder {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", besideWords[k][0], k, besideWords[k][1], rolesOf(k))
	}
	b.WriteString("\n## Limits\n\n| limit | 规则 | rule |\n|---|---|---|\n")
	for _, r := range Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Kind, r.ZH, r.EN)
	}
	return b.String()
}

func statusCell(s Status) string { return "`" + string(s) + "`" }

func join[T any](all []T, text func(T) string) string {
	var parts []string
	for _, x := range all {
		parts = append(parts, text(x))
	}
	return strings.Join(parts, "<br>")
}

func rolesOf(k ledger.Kind) string {
	info, _ := ledger.Lookup(k, 1)
	var roles []string
	for _, g := range identity.Grants {
		if g.Action == info.Action {
			roles = append(roles, "`"+string(g.Role)+"`")
		}
	}
	return strings.Join(roles, "<br>")
}

var wordsOf = map[ledger.Kind]string{
	ledger.CaseRelay: "转报", ledger.CaseRequestSupplement: "一次性告知补正", ledger.CaseReject: "不予受理", ledger.CaseAccept: "受理",
	ledger.CaseReview: "初审、审核", ledger.CaseReturn: "退回", ledger.CaseSuspend: "特别程序开始", ledger.CaseResume: "特别程序结束",
	ledger.CaseExtend: "延长期限", ledger.CaseCorrect: "更正申请人", ledger.CaseTerminate: "终止办理", ledger.CaseDecide: "审批", ledger.CaseIssue: "制发", ledger.CaseDeliver: "送达",
	ledger.HearingTell: "告知听证权利", ledger.HearingConvene: "听证通知", ledger.HearingRecord: "听证笔录",
	ledger.RefusalTell: "告知拟不予",
}

// besideOrder are the kinds beside a case, in the order of its life, and
// besideWords what they are and when they can happen.
var besideOrder = []ledger.Kind{ledger.CaseSupplement, ledger.CaseWithdraw, ledger.HearingAsk, ledger.RefusalState, ledger.PackageFinding, ledger.CaseComment, ledger.CustodySend, ledger.CustodyReceive,
	ledger.FeeCharge, ledger.FeePay, ledger.FeeWaive, ledger.FeeRefund, ledger.FeeCancel, ledger.FeeExcess, ledger.CasePrint, ledger.CaseSeal, ledger.CaseVoid, ledger.PaperVoid,
	ledger.ResultPropose, ledger.ResultState, ledger.ResultDecide, ledger.ResultServe, ledger.ResultReissue, ledger.CaseArchive}

var besideWords = map[ledger.Kind][2]string{
	ledger.CaseSupplement: {"补正", "any time, at any desk, and by the applicant from home"}, ledger.CaseWithdraw: {"申请撤回", "any time, at any desk, and by the applicant from home; whoever holds the case ends it"},
	ledger.HearingAsk:     {"申请或放弃听证", "from when the right was told until its last day, before the decision; at any desk, and by the applicant from home"},
	ledger.RefusalState:   {"陈述申辩", "from acceptance until the decision, told of a refusal or not; at any desk, and by the applicant from home; given up only once it was told"},
	ledger.PackageFinding: {"联办件审查意见", "before acceptance, in a joint matter"}, ledger.CaseComment: {"备注", "any time"},
	ledger.CustodySend: {"移交材料", "by the office that has the papers"}, ledger.CustodyReceive: {"签收材料", "by the office they were sent to, or that sent them"},
	ledger.FeeCharge: {"缴款通知", "after acceptance, by the published tariff"}, ledger.FeePay: {"缴费", "after a charge"}, ledger.FeeWaive: {"减免", "before it is paid"}, ledger.FeeRefund: {"退费", "after it was paid"},
	ledger.FeeCancel: {"撤销缴款通知", "before anything of it is paid or waived"},
	ledger.FeeExcess: {"超标准收费未成", "when a charge above the published list was refused; supervision sees it"},
	ledger.CasePrint: {"打印文书", "once the document exists"}, ledger.CaseSeal: {"加盖电子印章", "once the document exists"}, ledger.CaseVoid: {"文书作废", "once it was printed or sealed"},
	ledger.PaperVoid:     {"在档材料作废", "any time, of a paper on file that the case brought"},
	ledger.ResultPropose: {"拟更正、撤销或注销", "after issue, about a result that holds, while nothing else is proposed about it; revocation and cancellation of what was granted only; at the authority"},
	ledger.ResultState:   {"持有人陈述申辩", "until it is decided, at any desk, and by the holder from home"},
	ledger.ResultDecide:  {"决定更正、撤销或注销", "by another person than proposed; a revocation after the holder was heard or had the time; at the authority"},
	ledger.ResultServe:   {"送达更正、撤销、注销决定", "once it was decided, and not twice; at any desk"},
	ledger.ResultReissue: {"补发", "after issue, of a result that holds; at the authority"},
	ledger.CaseArchive:   {"归档", "after the end, once nothing is open about it, and again when something has come since; at the authority"},
}

// What stands beside a case has its row too, but for what is written by the node
// itself, by the applicant from home, by supervision and by whoever looks at it.
func TestEveryKindBesideACaseHasARow(t *testing.T) {
	other := []ledger.Kind{ledger.CaseReveal, ledger.CaseUrge, ledger.CardAnswer, ledger.CardFind, ledger.CardState, ledger.CardMeasure, ledger.CardAppeal, ledger.CardSettle,
		ledger.InquiryOpen, ledger.InquiryAnswer, ledger.InquiryClose}
	for _, i := range ledger.Kinds {
		if !i.Beside || i.Joint || i.Action == "" || slices.Contains(other, i.Kind) {
			continue
		}
		if !slices.Contains(besideOrder, i.Kind) || besideWords[i.Kind][0] == "" || besideWords[i.Kind][1] == "" {
			t.Errorf("%s has no row", i.Kind)
		}
	}
}

// Each cell of the machine: a kind can happen exactly where its row says.
func TestMayEveryCell(t *testing.T) {
	verbs := []ledger.Verb{ledger.VerbRelay, ledger.VerbAccept, ledger.VerbPreReview, ledger.VerbReview, ledger.VerbDecide, ledger.VerbIssue, ledger.VerbDeliver}
	cells := 0
	for _, s := range Statuses {
		for _, v := range verbs {
			c := &Case{Status: s, Steps: []ledger.Step{{Verb: v}}}
			for _, tr := range Transitions {
				want := (!s.Ended() || tr.Kind == ledger.CaseCorrect) && slices.Contains(tr.From, s) && (tr.At == nil || slices.Contains(tr.At, v))
				if err := c.May(tr.Kind); (err == nil) != want {
					t.Errorf("%s at %s in %s: %v", tr.Kind, v, s, err)
				}
				// What waits to be passed on is accepted by the law alone, not by people.
				law := tr.Kind == ledger.CaseAccept && v == ledger.VerbRelay
				if slices.Contains(c.Possible(), tr.Kind) != (want && !law) {
					t.Errorf("%s at %s in %s: %v", tr.Kind, v, s, c.Possible())
				}
				cells++
			}
			if c.May(ledger.CaseSubmit) == nil || c.May("") == nil {
				t.Error("what is no transition may happen")
			}
		}
	}
	if cells < 600 {
		t.Fatalf("%d cells", cells)
	}
}

// With the wish to withdraw on record nothing happens to an undecided case but its end
// by it, and a slip put right; a decided one goes on.
func TestWithdrawnEveryCell(t *testing.T) {
	bodies := map[ledger.Kind]ledger.Body{ledger.CaseRelay: &ledger.CaseRelayV1{}, ledger.CaseRequestSupplement: &ledger.CaseRequestSupplementV1{}, ledger.CaseReject: &ledger.CaseRejectV1{},
		ledger.CaseAccept: &ledger.CaseAcceptV1{}, ledger.CaseReview: &ledger.CaseReviewV1{}, ledger.CaseReturn: &ledger.CaseReturnV1{}, ledger.CaseSuspend: &ledger.CaseSuspendV1{},
		ledger.CaseResume: &ledger.CaseResumeV1{}, ledger.CaseExtend: &ledger.CaseExtendV1{}, ledger.HearingTell: &ledger.HearingTellV1{}, ledger.HearingConvene: &ledger.HearingConveneV1{},
		ledger.HearingRecord: &ledger.HearingRecordV1{}, ledger.CaseTerminate: &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn}, ledger.CaseCorrect: &ledger.CaseCorrectV1{},
		ledger.RefusalTell: &ledger.RefusalTellV1{}, ledger.CaseDecide: &ledger.CaseDecideV1{}, ledger.CaseIssue: &ledger.CaseIssueV1{}, ledger.CaseDeliver: &ledger.CaseDeliverV1{}}
	for _, tr := range Transitions {
		body, ok := bodies[tr.Kind]
		if !ok {
			t.Fatalf("%s is not tried", tr.Kind)
		}
		for _, s := range []Status{HandedIn, Supplementing, Accepted} {
			if err := (&Case{Status: s}).CheckWithdrawn(body); (err == nil) != slices.Contains(Despite, tr.Kind) {
				t.Errorf("%s in %s: %v", tr.Kind, s, err)
			}
		}
		for _, c := range []Case{{Status: Granted, Decision: Granted}, {Status: Issued, Decision: Declined}, {Status: Terminated}} {
			if err := c.CheckWithdrawn(body); err != nil {
				t.Errorf("%s in %s: %v", tr.Kind, c.Status, err)
			}
		}
	}
	for _, cause := range []ledger.Cause{ledger.CauseMoot, ledger.CauseNotSupplemented, ledger.CausePrerequisite} {
		if err := (&Case{Status: Accepted}).CheckWithdrawn(&ledger.CaseTerminateV1{Cause: cause}); code(err) != "withdrawal_asked" {
			t.Errorf("ended as %s: %v", cause, err)
		}
	}
}

// Every kind of a case's chain has its row, and its name.
func TestEveryChainKindHasARow(t *testing.T) {
	for _, i := range ledger.Kinds {
		if !i.Case || i.Beside || i.Joint || i.Kind == ledger.CaseSubmit {
			continue
		}
		if !slices.ContainsFunc(Transitions, func(tr Transition) bool { return tr.Kind == i.Kind }) || wordsOf[i.Kind] == "" {
			t.Errorf("%s is not in the machine", i.Kind)
		}
	}
}
