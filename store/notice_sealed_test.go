package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store/storetest"
)

// decidedAtTheCounty is a case that the county decided and has no seal on yet.
func decidedAtTheCounty(t *testing.T, hub *storetest.Node) (id string) {
	t.Helper()
	opened := hub.Submit("TB-SCJG-010")
	for hub.MustCase(opened.ID).Decision == "" {
		hub.Advance(opened.ID)
	}
	return opened.ID
}

// waiting are the kinds of notices about a case that wait for a seal, and those that
// go out.
func waiting(t *testing.T, hub *storetest.Node, id string) (held, free []notice.Kind) {
	t.Helper()
	awaits := map[string]bool{}
	for _, n := range noticesOf(t, hub, id) {
		if awaits[n.ID] = n.Awaits; n.Awaits {
			held = append(held, n.Kind)
		} else {
			free = append(free, n.Kind)
		}
	}
	for _, o := range openNotices(t, hub, ledger.NoticeQueued) {
		n, err := hub.NoticeOf(ctx, o.Subject, o.Notice)
		must(t, err)
		if o.Subject == id && o.Awaits != awaits[n.ID] {
			t.Errorf("%s: listed as open it waits: %t", n.Kind, o.Awaits)
		}
	}
	return held, free
}

// Nobody is called to open or to collect a decision that has no seal, for it cannot be
// served before (domain: section 4, one seal): what tells of it waits until it is
// sealed, or was served, and what tells of something else does not.
func TestDecisionIsToldOnceItIsSealed(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.SMS)
	id := decidedAtTheCounty(t, hub)
	key := storetest.SealKey("first")
	hub.MustDo(c.Operator(), storetest.SealOf(hub, hub.MustCase(id).Department, 1, key))
	if held, free := waiting(t, hub, id); !slices.Equal(held, []notice.Kind{notice.Decided}) || !slices.Equal(free, []notice.Kind{notice.Accepted}) {
		t.Fatalf("decided and not sealed: %v wait, %v go", held, free)
	}
	hub.Advance(id)
	if held, _ := waiting(t, hub, id); !slices.Equal(held, []notice.Kind{notice.Decided, notice.Ready}) {
		t.Fatalf("issued and not sealed: %v wait", held)
	}
	must(t, err2(hub.Step(id, storetest.SealedPaper(t, document.AcceptanceNotice, hub.MustCase(id), key))))
	if held, _ := waiting(t, hub, id); len(held) != 2 {
		t.Errorf("the seal on another document released it: %v wait", held)
	}
	c.Clock.Advance(time.Hour)
	grant := storetest.SealedPaper(t, document.GrantDecision, hub.MustCase(id), key)
	must(t, err2(hub.Step(id, grant)))
	at := c.Clock.UnixMilli()
	if held, free := waiting(t, hub, id); len(held) != 0 || len(free) != 3 {
		t.Errorf("sealed: %v wait, %v go", held, free)
	}
	for _, o := range openNotices(t, hub, ledger.NoticeQueued) {
		if n, err := hub.NoticeOf(ctx, o.Subject, o.Notice); err != nil || n.Kind != notice.Accepted && (o.From < at || o.From < o.Since) {
			t.Errorf("%s goes from %d on, sealed %d (%v)", n.Kind, o.From, at, err)
		}
	}
	must(t, err2(hub.Step(id, &ledger.CaseVoidV1{Kind: grant.Kind, Number: grant.Number, Hash: grant.Hash, Reason: "有误"})))
	if held, _ := waiting(t, hub, id); len(held) != 2 {
		t.Errorf("what is void was not sealed anew: %v wait", held)
	}
	for hub.MustCase(id).Status != "closed" {
		hub.Advance(id)
	}
	if held, _ := waiting(t, hub, id); len(held) != 0 {
		t.Errorf("served: %v wait still", held)
	}
}

func err2[T any](_ T, err error) error { return err }

// A refusal to accept, an extension and a special procedure are told at once: days run, and
// a seal that is forgotten must leave nobody untold.
func TestWhatDaysRunOfIsToldUnsealed(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.SMS)
	id, refused := hub.Submit("TB-SCJG-010").ID, hub.Submit("TB-SCJG-010").ID
	hub.Advance(id)
	hub.MustStep(id, &ledger.CaseExtendV1{Days: 5, Reason: "情况复杂"})
	hub.MustStep(id, &ledger.CaseSuspendV1{Procedure: "专家评审", Lawful: true, Until: calendar.DateOf(c.Clock.Now()).AddDays(7), Reason: "需专家评审"})
	hub.MustStep(refused, &ledger.CaseRejectV1{Ground: ledger.RejectNeedless, Reason: "不需要许可"})
	for of, told := range map[string]notice.Kind{id: notice.Suspended, refused: notice.NotAccepted} {
		if held, free := waiting(t, hub, of); len(held) > 0 || !slices.Contains(free, told) {
			t.Errorf("%v wait, %v go out", held, free)
		}
	}
}

// A holder whose measure was not agreed to is not sent for a decision that nobody makes
// out.
func TestMeasureNotAgreedToHasNothingToCollect(t *testing.T) {
	c := storetest.NewCounty(t)
	townNode, hub := c.Township(town), c.Hub()
	c.Settle()
	id, about := issued(t, c, "")
	proposed, err := townNode.Do(townNode.Actor(identity.TownshipClerk), &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCancel, Ground: ledger.GroundWish, Reason: "申请注销"}, about)
	must(t, err)
	_, err = townNode.Do(townNode.Actor(identity.TownshipLeader), &ledger.ResultDecideV1{Proposal: proposed.ID, Reasons: "不属实"}, about)
	must(t, err)
	c.Settle()
	list := noticesOf(t, hub, id)
	last := &list[len(list)-1]
	if last.Kind != notice.NotMeasured || last.Awaits || !strings.Contains(last.ToDo(notice.Chinese), "没有需要领取") || !strings.Contains(last.ToDo(notice.English), "nothing to do") {
		t.Errorf("%s: %s / %s", last.Kind, last.ToDo(notice.Chinese), last.ToDo(notice.English))
	}
}
