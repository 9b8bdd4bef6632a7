package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A refusal in a township's case: told, answered at the village, weighed. What was said
// with the line down counts where it has come, and what comes after the decision is
// refused where it is recorded, for the desk that took it to see (art. 7, 36).
//
// Rules: 2.27.
func TestStatementAcrossTiers(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	c.Settle()
	var cases [2]*casework.Case
	for i := range cases {
		cases[i] = village.Submit("TB-XZRZ-005")
	}
	for range 8 {
		c.Settle()
		for _, opened := range cases {
			for _, n := range []*storetest.Node{village, townNode} {
				x, err := n.Case(ctx, opened.ID)
				if err != nil || x.Holder != n.Division() {
					continue
				}
				if step, _ := x.Current(); step.Verb != ledger.VerbDecide {
					n.MustStep(opened.ID, storetest.BodyFor(x, step.Verb))
				}
			}
		}
	}
	clerk := village.Actor(identity.VillageWorker)
	about := func(x *casework.Case) storetest.About { return storetest.About{Case: x.ID, Scope: x.Division} }
	before := calendar.DateOf(c.Clock.Now()).AddDays(casework.HeardDays)
	no := &ledger.CaseDecideV1{Opinion: "不符合规定条件"}
	first, second := cases[0], cases[1]

	told := townNode.MustStep(first.ID, &ledger.RefusalTellV1{Reason: "宅基地面积超过标准", Before: before}).Intended()
	_, err := village.Do(clerk, &ledger.RefusalStateV1{Proposal: told.Entry, Party: "王芳", Text: "家庭人口已变动"}, about(first))
	wantRefused(t, "of what has not come here yet", err, "refusal_untold")
	c.Settle()
	scan := []catalog.AttachmentRef{storetest.Attachment("放弃声明")}
	for what, b := range map[string]*ledger.RefusalStateV1{
		"a stranger in the applicant's place": {Proposal: told.Entry, Party: "过路人", Text: "放弃", Waived: true, Proof: scan},
		"a stranger speaks as the applicant":  {Proposal: told.Entry, Party: "过路人", Text: "有异议"},
		"given up by who was never told":      {Proposal: told.Entry, Party: "过路人", Interested: true, Text: "放弃", Waived: true, Proof: scan},
	} {
		_, err := village.Do(clerk, b, about(first))
		wantRefused(t, what, err, "statement_party")
	}
	said, err := village.Do(clerk, &ledger.RefusalStateV1{Proposal: told.Entry, Party: "王芳", Text: "家庭人口已变动"}, about(first))
	must(t, err)
	_, err = townNode.Step(first.ID, no)
	wantRefused(t, "refused while they may speak", err, "statement_wait")
	c.Settle()
	c.Clock.Advance((casework.HeardDays + 1) * 24 * time.Hour)
	_, err = townNode.Step(first.ID, no)
	wantRefused(t, "refused without weighing it", err, "unweighed")
	voices := func(n *storetest.Node, x *casework.Case) int {
		open, err := n.Voices(ctx, n.MustCase(x.ID))
		must(t, err)
		return len(open)
	}
	for _, n := range []*storetest.Node{village, townNode, c.Hub()} {
		if got := voices(n, first); got != 1 {
			t.Errorf("%s: %d voices", n.ID(), got)
		}
	}
	townNode.MustStep(first.ID, &ledger.CaseDecideV1{Opinion: no.Opinion, Weighed: "人口变动未登记，不予采纳"})
	c.Settle()
	if x := c.Hub().MustCase(first.ID); x.Decision != casework.Declined || x.Weighed == "" || voices(c.Hub(), first) != 0 {
		t.Errorf("%s, %q", x.Decision, x.Weighed)
	}
	if e, err := c.Hub().Store.Entry(ctx, said.ID); err != nil || e.Status != ledger.Applied {
		t.Errorf("%+v, %v", e, err)
	}

	// Said at the village after the township, of which it hears nothing, decided.
	townNode.MustStep(second.ID, &ledger.CaseDecideV1{Granted: true, Opinion: "准予"})
	townNode.Push(c.Hub())
	late, err := village.Do(clerk, &ledger.RefusalStateV1{Party: "邻居", Interested: true, Text: "影响采光"}, about(second))
	must(t, err)
	c.Settle()
	e, err := village.Store.Entry(ctx, late.ID)
	if err != nil || e.Status != ledger.Refused || e.Code != "decided" {
		t.Errorf("%+v, %v", e, err)
	}
}

// A hearing is given up in writing: from level 3 on nobody at a desk records it without
// what was signed, and what was signed is kept with the case. From home it is the
// applicant's own account that says it.
func TestHearingIsGivenUpInWriting(t *testing.T) {
	for _, level := range []int{1, 3} {
		c := storetest.NewCounty(t)
		village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
		hub.MustDo(c.Operator(), &ledger.LevelRaiseV1{Level: level})
		opened := village.Submit(birth)
		for range 3 {
			c.Settle()
			for _, n := range []*storetest.Node{village, townNode} {
				if x, err := n.Case(ctx, opened.ID); err == nil && x.Holder == n.Division() {
					if step, _ := x.Current(); step.Verb != ledger.VerbDecide {
						n.MustStep(opened.ID, storetest.BodyFor(x, step.Verb))
					}
				}
			}
		}
		townNode.MustStep(opened.ID, &ledger.HearingTellV1{Matter: "临近住宅", Before: calendar.DateOf(c.Clock.Now()).AddDays(14), Parties: []string{"邻居"}})
		c.Settle()
		about := storetest.About{Case: opened.ID, Scope: opened.Division}
		clerk := village.Actor(identity.VillageWorker)
		_, err := village.Do(clerk, &ledger.HearingAskV2{Party: "王芳", Waived: true}, about)
		wantRefused(t, "with nothing signed", err, "waiver_unproven")
		_, err = village.Do(clerk, &ledger.HearingAskV2{Party: "邻居", Interested: true, Waived: true}, about)
		wantRefused(t, "another's, with nothing signed", err, "waiver_unproven")
		_, err = village.Do(clerk, &ledger.HearingAskV1{Party: "邻居", Interested: true, Waived: true}, about)
		if level == 1 {
			must(t, err)
		} else {
			wantRefused(t, "in the version before", err, "waiver_unproven")
		}
		must(t, err2(village.Do(clerk, &ledger.HearingAskV2{Party: "邻居", Interested: true, Reason: "担心采光"}, about)))
		about.ID = "given-up"
		signed := &ledger.HearingAskV2{Party: "王芳", Waived: true, Proof: []catalog.AttachmentRef{storetest.Attachment("放弃听证声明")}}
		for range 2 { // pressed twice it is one
			must(t, err2(village.Do(clerk, signed, about)))
		}
		c.Settle()
		for _, n := range []*storetest.Node{village, townNode, hub} {
			files, err := n.AttachmentsOf(ctx, opened.ID)
			must(t, err)
			if !slices.ContainsFunc(files, func(a store.Attachment) bool { return a.Entry == "given-up" && a.Hash == signed.Proof[0].Hash }) {
				t.Errorf("level %d: %s has %+v", level, n.ID(), files)
			}
			e, err := n.Store.Entry(ctx, "given-up")
			if err != nil || e.V != 2 || e.Status != ledger.Applied {
				t.Errorf("level %d: at %s it is %+v, %v", level, n.ID(), e, err)
			}
		}
	}
}
