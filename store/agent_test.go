package store_test

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A case for another person whose proof of authority is missing is not taken up before
// it is brought, to whatever desk: the notice asks for it, and its scans are the case's.
func TestAgentBringsProof(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	c.Settle()
	agent := ledger.Agent{Name: "李四", IDNumber: storetest.IDNumber(7), Authority: "授权委托书"}
	_, err := village.TrySubmit(chronic, func(b *ledger.CaseSubmitV1) { b.Agent = agent })
	wantRefused(t, "no proof", err, "incomplete")
	seen := agent
	seen.Seen = true
	if opened := village.Submit(chronic, func(b *ledger.CaseSubmitV1) { b.Agent = seen }); len(opened.Lacking) != 0 || !opened.Agent.Seen {
		t.Errorf("%+v", opened)
	}
	opened := village.Submit(chronic, func(b *ledger.CaseSubmitV1) { b.Agent, b.Lacking = agent, true })
	if !slices.Equal(opened.Lacking, []string{casework.AuthorityPaper}) {
		t.Fatalf("%q", opened.Lacking)
	}
	c.Settle()
	for c.Township(town).MustCase(opened.ID).Holder == town {
		c.Township(town).Advance(opened.ID)
	}
	c.Settle()
	at := hub
	_, err = at.Step(opened.ID, &ledger.CaseAcceptV1{})
	wantRefused(t, "taken up without it", err, "papers_lacking")
	at.MustStep(opened.ID, &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: casework.AuthorityPaper, Problem: ledger.ProblemMissing, How: "请提交授权委托书"}}})
	scan := storetest.Attachment("proof")
	made, err := village.Step(opened.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: casework.AuthorityPaper, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{scan}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	files, err := hub.AttachmentsOf(ctx, opened.ID)
	if err != nil || !slices.ContainsFunc(files, func(f store.Attachment) bool { return f.Hash == scan.Hash }) {
		t.Errorf("%+v, %v", files, err)
	}
	if got := at.MustStep(opened.ID, &ledger.CaseAcceptV1{Supplements: []string{made.ID}}); got.Status != casework.Accepted {
		t.Errorf("%+v", got)
	}
}

// Of a joint matter the proof is brought once, for all its cases.
func TestJointAgentBringsProofOnce(t *testing.T) {
	c := joints(t)
	village := c.Village(here)
	c.Settle()
	agent := ledger.Agent{Name: "李四", IDNumber: storetest.IDNumber(7), Authority: "授权委托书"}
	b := village.HandIn(storetest.Package(), birth, welfare)
	b.Agent, b.Lacking = agent, true
	opened := village.MustHandIn(b)
	point := ledger.SupplementPoint{Material: casework.AuthorityPaper, Problem: ledger.ProblemMissing, How: "请提交授权委托书"}
	for _, m := range opened.Members {
		if got := village.MustCase(m.Case).Lacking; !slices.Equal(got, []string{casework.AuthorityPaper}) {
			t.Fatalf("%s lacks %q", m.Item, got)
		}
		if _, err := village.Step(m.Case, &ledger.PackageFindingV1{Points: []ledger.SupplementPoint{point}}); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := village.Findings(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	members, err := village.JointMembers(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	points, _ := opened.Compose(findings, members)
	village.MustJointStep(opened.ID, &ledger.PackageNoticeV1{Members: points})
	scan := storetest.Attachment("proof for all")
	made, err := village.JointStep(opened.ID, &ledger.PackageSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: casework.AuthorityPaper, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{scan}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range opened.Members {
		if files, err := village.AttachmentsOf(ctx, m.Case); err != nil || !slices.ContainsFunc(files, func(f store.Attachment) bool { return f.Hash == scan.Hash }) {
			t.Errorf("%s: %+v, %v", m.Item, files, err)
		}
		_, err := village.Step(m.Case, &ledger.CaseAcceptV1{})
		wantRefused(t, "taken up without it", err, "papers_lacking")
		village.MustStep(m.Case, &ledger.CaseAcceptV1{Supplements: []string{made.ID}})
	}
}
