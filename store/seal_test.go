package store_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// Seals are made one after the other by who may, are known everywhere, and are
// put on what their holder makes out and on nothing else (domain: section 4,
// one seal).
func TestSeals(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Township("330523111")
	opened := village.Submit("TB-YBJ-003")
	c.Settle()
	for townNode.MustCase(opened.ID).Holder == town {
		townNode.Advance(opened.ID)
	}
	c.Settle()
	department := opened.Department
	first, second := storetest.SealKey("first"), storetest.SealKey("second")
	operator, leader := c.Operator(), townNode.Actor(identity.TownshipLeader)
	try := func(n *storetest.Node, actor identity.Actor, b ledger.Body) error {
		_, err := n.Do(actor, b, storetest.About{})
		return err
	}

	hub.MustDo(operator, storetest.SealOf(hub, department, 1, first))
	wantRefused(t, "the same generation again", try(hub, operator, storetest.SealOf(hub, department, 1, second)), "seal_generation")
	wantRefused(t, "the same key again", try(hub, operator, storetest.SealOf(hub, "县公安局", 1, first)), "seal_generation")
	wantRefused(t, "a window makes a seal", try(hub, hub.DepartmentActor(identity.DepartmentWindow, department), storetest.SealOf(hub, department, 2, second)), "not_authorised")
	townNode.MustDo(leader, storetest.SealOf(townNode, "", 1, storetest.SealKey("town")))
	wantRefused(t, "a township makes a department's", try(townNode, leader, &ledger.SealMakeV1{Certificate: storetest.SealOf(hub, department, 2, second).Certificate, Sig: make([]byte, 64)}), "not_authorised")

	step := func(n *storetest.Node, b ledger.Body) error { _, err := n.Step(opened.ID, b); return err }
	must(t, step(hub, storetest.SealedPaper(t, document.AcceptanceNotice, opened, first)))
	wantRefused(t, "an unknown key", step(hub, storetest.SealedPaper(t, document.AcceptanceNotice, opened, second)), "seal_unknown")
	wantRefused(t, "a township's seal on a county's document", step(townNode, storetest.SealedPaper(t, document.GrantDecision, opened, storetest.SealKey("town"))), "seal_not_theirs")
	wantRefused(t, "a seal on a receipt", step(hub, storetest.SealedPaper(t, document.ReceiptSlip, opened, first)), "seal_not_theirs")
	wantRefused(t, "a village seals", step(village, storetest.SealedPaper(t, document.AcceptanceNotice, opened, first)), "not_authorised")
	other := storetest.SealedPaper(t, document.AcceptanceNotice, opened, first)
	other.Number = "受〔2026〕1"
	wantRefused(t, "another number", step(hub, other), "paper_code")
	forged := storetest.SealedPaper(t, document.AcceptanceNotice, opened, second)
	code, err := proof.Parse(forged.Code)
	must(t, err)
	code.Key = identity.KeyID(first.Public().(ed25519.PublicKey))
	forged.Code, err = code.Text()
	must(t, err)
	wantRefused(t, "a false signature", step(hub, forged), "seal_forged")

	c.Clock.Advance(time.Hour)
	hub.MustDo(operator, storetest.SealOf(hub, department, 2, second))
	c.Clock.Advance(time.Hour)
	wantRefused(t, "the former seal", step(hub, storetest.SealedPaper(t, document.AcceptanceNotice, opened, first)), "seal_ended")
	must(t, step(hub, storetest.SealedPaper(t, document.AcceptanceNotice, opened, second)))
	revoke := &ledger.SealRevokeV1{Key: identity.KeyID(second.Public().(ed25519.PublicKey)), Division: storetest.Code, Department: department, At: c.Clock.UnixMilli(), Reason: "密钥可能泄露"}
	astray := *revoke
	astray.Department = "县公安局"
	wantRefused(t, "under another department's name", try(hub, operator, &astray), "seal_unknown")
	hub.MustDo(operator, revoke)
	wantRefused(t, "revoked twice", try(hub, operator, revoke), "seal_revoked")
	c.Clock.Advance(time.Minute)
	wantRefused(t, "a revoked seal", step(hub, storetest.SealedPaper(t, document.AcceptanceNotice, opened, second)), "seal_ended")
	_, err = hub.SealOf(ctx, storetest.Code, department)
	if err != store.ErrNotFound {
		t.Errorf("a seal in use after it was revoked: %v", err)
	}

	must(t, step(village, &ledger.CasePrintV1{Paper: storetest.SealedPaper(t, document.ReceiptSlip, opened, storetest.NodeKey(village.ID())).Paper, Copy: 1}))
	must(t, step(hub, &ledger.CaseVoidV1{Kind: "acceptance_notice", Number: "受", Hash: forged.Hash, Reason: "有误"}))
	c.Settle()
	want := storetest.Dump(t, hub.Store, "seals")
	for _, n := range []*storetest.Node{village, townNode} {
		if got := storetest.Dump(t, n.Store, "seals"); got != want {
			t.Errorf("%s has other seals:\n%s\nthe hub:\n%s", n.ID(), got, want)
		}
	}
	all, err := hub.Seals(ctx)
	if err != nil || len(all) != 3 || all[0].Certificate.Generation != 2 || all[0].RevokedAt == 0 || all[1].EndedAt == 0 || all[1].RevokedAt != 0 || all[2].Certificate.Signer != townNode.ID() {
		t.Errorf("%+v, %v", all, err)
	}
}

// A township's seal that the county refuses is taken back, and the one before
// is in use again.
func TestSealUndone(t *testing.T) {
	c := storetest.NewCounty(t)
	townNode, hub := c.Township(town), c.Hub()
	leader := townNode.Actor(identity.TownshipLeader)
	townNode.MustDo(leader, storetest.SealOf(townNode, "", 1, storetest.SealKey("town")))
	c.Settle()
	c.Clock.Advance(time.Hour)
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: leader.Staff, Disabled: true, Reason: "离岗"})
	c.Clock.Advance(time.Hour)
	townNode.MustDo(leader, storetest.SealOf(townNode, "", 2, storetest.SealKey("town again")))
	if s, err := townNode.SealOf(ctx, town, ""); err != nil || s.Certificate.Generation != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	c.Settle()
	if s, err := townNode.SealOf(ctx, town, ""); err != nil || s.Certificate.Generation != 1 {
		t.Errorf("after the refusal: %+v, %v", s, err)
	}
	if got, want := storetest.Dump(t, townNode.Store, "seals"), storetest.Dump(t, hub.Store, "seals"); got != want {
		t.Errorf("the township has\n%s\nthe hub\n%s", got, want)
	}
}
