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

// What is missing is asked for by the county, brought to the village with the
// line cut, and taken up by the county; a procedure stops the clock, the leader
// extends it. Every node then has the same case.
func TestSupplementProcedureExtension(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	const chronic = "TB-YBJ-003"
	item := c.Item(chronic)
	paper := item.Materials[slices.IndexFunc(item.Materials, func(m catalog.Material) bool { return m.Required && !m.Tolerable() && !m.Shareable })].Name
	less := func(b *ledger.CaseSubmitV1) {
		b.Materials = slices.DeleteFunc(b.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == paper })
	}
	_, err := village.TrySubmit(chronic, less)
	wantRefused(t, "incomplete and not said to be", err, "incomplete")
	opened := village.Submit(chronic, less, func(b *ledger.CaseSubmitV1) { b.Lacking = true })
	if !slices.Equal(opened.Lacking, []string{paper}) {
		t.Fatalf("lacking: %q", opened.Lacking)
	}
	c.Settle()
	for townNode.MustCase(opened.ID).Holder == town {
		townNode.Advance(opened.ID)
	}
	c.Settle()
	point := ledger.SupplementPoint{Material: paper, Problem: ledger.ProblemMissing, How: "请提交原件"}
	hub.MustStep(opened.ID, &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{point}})
	_, err = hub.Step(opened.ID, &ledger.CaseAcceptV1{})
	wantRefused(t, "accepted without its papers", err, "papers_lacking")
	c.Settle()
	if got := village.MustCase(opened.ID); got.Status != casework.Supplementing || got.Notice.Points[0] != point {
		t.Fatalf("at the village: %+v", got)
	}
	scan := storetest.Attachment("scan")
	brought := &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: paper, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{scan}}}}
	_, err = village.Step(opened.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: "没有的材料", Form: catalog.SubmittedElectronic, Copies: 1}}})
	wantRefused(t, "a paper that the item does not know", err, "incomplete")
	supplement, err := village.Step(opened.ID, brought)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := village.AttachmentsOf(ctx, opened.ID); err != nil || !slices.ContainsFunc(files, func(a store.Attachment) bool { return a.Hash == scan.Hash }) {
		t.Fatalf("%+v, %v", files, err)
	}
	c.Settle()
	due := calendar.DateOf(c.Clock.Now()).AddDays(30)
	hub.MustStep(opened.ID, &ledger.CaseAcceptV1{Supplements: []string{supplement.ID}, Dues: ledger.Dues{Statutory: due}})
	today := calendar.DateOf(c.Clock.Now())
	hub.MustStep(opened.ID, &ledger.CaseSuspendV1{Procedure: "专家评审", Lawful: true, Until: today.AddDays(7), Reason: "需专家评审"})
	c.Clock.Advance(48 * time.Hour)
	hub.MustStep(opened.ID, &ledger.CaseExtendV1{Days: 10, Reason: "情况复杂"})
	hub.MustStep(opened.ID, &ledger.CaseResumeV1{Procedure: "专家评审", On: today.AddDays(2), Result: "通过"})
	for !hub.MustCase(opened.ID).Status.Ended() && hub.MustCase(opened.ID).Holder == hub.Division() {
		hub.Advance(opened.ID)
	}
	c.Settle()
	village.Advance(opened.ID) // handed over
	c.Settle()
	want := storetest.Dump(t, hub.Store, "cases")
	for _, n := range []*storetest.Node{village, townNode} {
		if got := storetest.Dump(t, n.Store, "cases"); got != want {
			t.Errorf("%s has another case:\n%s\nthe hub:\n%s", n.ID(), got, want)
		}
	}
	if got := hub.MustCase(opened.ID); got.Status != casework.Closed || got.ExtendedBy != 10 || got.Suspensions[0].End != today.AddDays(2) {
		t.Errorf("%+v", got)
	}
}

// A case that is withdrawn ends without a decision, everywhere.
func TestWithdrawnCase(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	opened := village.Submit("TB-YBJ-003")
	c.Settle()
	if _, err := village.Step(opened.ID, &ledger.CaseWithdrawV1{Reason: "不再需要"}); err != nil {
		t.Fatal(err)
	}
	townNode := c.Township(town)
	c.Settle()
	holder := townNode
	if townNode.MustCase(opened.ID).Holder == hub.Division() {
		holder = hub
	}
	holder.MustStep(opened.ID, &ledger.CaseTerminateV1{Cause: ledger.CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true})
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		if got := n.MustCase(opened.ID); got.Status != casework.Terminated || got.Decision != "" {
			t.Errorf("at %s: %+v", n.ID(), got)
		}
	}
}

// A scan that is named again in its case after it was confirmed is confirmed:
// nobody would send it, or confirm it, a second time.
func TestScanNamedAgainIsConfirmed(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	scan := storetest.Attachment("scan")
	item := c.Item("TB-YBJ-003")
	opened := village.Submit("TB-YBJ-003", func(b *ledger.CaseSubmitV1) { b.Materials[0].Attachments = []catalog.AttachmentRef{scan} })
	c.Settle()
	hub.MustDo(identity.Actor{Staff: hub.ID(), Role: identity.System, Node: hub.ID()}, &ledger.AttachmentConfirmV1{Hash: scan.Hash, Size: scan.Size, Hubs: []string{hub.ID()}}, storetest.About{Case: opened.ID, Scope: opened.Division})
	if _, err := village.Step(opened.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: item.Materials[0].Name, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{scan}}}}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, n := range []*storetest.Node{hub, village} {
		if left, _, err := n.OutstandingCount(ctx); err != nil || left != 0 {
			t.Errorf("%s: %d outstanding, %v", n.ID(), left, err)
		}
	}
}
