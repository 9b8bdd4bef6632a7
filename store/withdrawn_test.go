package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Once the wish to withdraw is on record nothing goes on but the end by it, and a name
// put right: the applicant is not told that what they gave up was accepted, or takes
// longer. Taken back, it goes on.
func TestWithdrawnIsOnlyEnded(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	const item = "TB-SCJG-010"
	today := calendar.DateOf(c.Clock.Now())
	paper := c.Item(item).Materials[0].Name
	suspend := &ledger.CaseSuspendV1{Procedure: "检测", Lawful: true, Until: today.AddDays(5), Reason: "须送检"}
	moot := &ledger.CaseTerminateV1{Cause: ledger.CauseMoot, Reason: "申请事项已不存在", PapersReturned: true}
	end := &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true}
	brings := &ledger.CaseSupplementV1{Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}}
	refused := map[ledger.Verb][]ledger.Body{
		ledger.VerbAccept: {
			&ledger.CaseAcceptV1{Note: "予以受理"}, &ledger.CaseRejectV1{Ground: ledger.RejectNeedless, Reason: "依法不需要取得许可"},
			&ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: paper, Problem: ledger.ProblemMissing, How: "请提交"}}, Before: today.AddDays(20)},
			moot, brings,
		},
		ledger.VerbReview: {
			&ledger.CaseReviewV1{Opinion: "符合条件"}, &ledger.CaseReturnV1{ToStep: 0, Reason: "请核对材料的日期"}, suspend,
			&ledger.CaseExtendV1{Days: 5, Reason: "案情复杂，需补充核查"}, &ledger.CaseResumeV1{Procedure: "检测", On: today, Result: "合格"},
			&ledger.HearingTellV1{Matter: "相邻权益", Before: today.AddDays(20)}, moot, brings,
		},
		ledger.VerbDecide: {&ledger.CaseDecideV1{Granted: true, Opinion: "准予"}, &ledger.CaseDecideV1{Opinion: "不符合法定条件"}, moot},
	}
	for at, bodies := range refused {
		id := hub.Submit(item).ID
		for step, _ := hub.MustCase(id).Current(); step.Verb != at; step, _ = hub.MustCase(id).Current() {
			hub.Advance(id)
		}
		if at == ledger.VerbReview {
			hub.MustStep(id, suspend)
		}
		hub.MustStep(id, &ledger.CaseWithdrawV1{Reason: "不再需要"})
		before := storetest.Dump(t, hub.Store, "cases")
		for _, body := range bodies {
			_, err := hub.Step(id, body)
			wantRefused(t, string(at)+" "+string(storetest.KindOf(body)), err, "withdrawal_asked")
		}
		if after := storetest.Dump(t, hub.Store, "cases"); after != before {
			t.Errorf("at %s the case changed:\n%s\n%s", at, before, after)
		}
		hub.MustStep(id, &ledger.CaseWithdrawV1{Reason: "仍要办理", TakenBack: true})
		if at == ledger.VerbAccept {
			hub.MustStep(id, bodies[0])
		}
		hub.MustStep(id, &ledger.CaseWithdrawV1{Reason: "不再需要"})
		hub.MustStep(id, end)
		if got := hub.MustCase(id); got.Status != casework.Terminated || got.Cause != ledger.CauseWithdrawn {
			t.Errorf("at %s: %s %s", at, got.Status, got.Cause)
		}
	}
}

// A wish that a village took in while its line was down comes to a case that was
// accepted meanwhile: that stays, and nothing is done after it.
func TestWithdrawnBelowBeforeItArrives(t *testing.T) {
	c := storetest.NewCounty(t)
	hub, village := c.Hub(), c.Village(here)
	id := village.Submit("TB-YBJ-003").ID // the county accepts it
	c.Settle()
	for at := hub.MustCase(id).Holder; at != storetest.Code; at = hub.MustCase(id).Holder {
		c.Node(at).Advance(id)
		c.Settle()
	}
	c.Clock.Advance(time.Minute)
	wish, err := village.Step(id, &ledger.CaseWithdrawV1{Reason: "不再需要"})
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(time.Minute)
	was := hub.Advance(id)
	if was.Status != casework.Accepted {
		t.Fatalf("%s", was.Status)
	}
	c.Settle()
	if e, err := hub.Store.Entry(ctx, wish.ID); err != nil || e.Status != ledger.Applied {
		t.Fatalf("%+v, %v", e, err)
	}
	if got := hub.MustCase(id); got.Head != was.Head || got.Status != casework.Accepted {
		t.Errorf("what was done before does not stay: %s %s", got.Status, got.Head)
	}
	step, _ := was.Current()
	_, err = hub.Step(id, storetest.BodyFor(was, step.Verb))
	wantRefused(t, "after it came", err, "withdrawal_asked")
	hub.MustStep(id, &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true})
	c.Settle()
	if got := village.MustCase(id); got.Status != casework.Terminated {
		t.Errorf("the village has it as %s", got.Status)
	}
}
