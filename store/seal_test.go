package store_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// sealKey is a seal's key in these tests: which it is decides it.
func sealKey(of string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("seal of " + of))
	return ed25519.NewKeyFromSeed(seed[:])
}

func sealOf(n *storetest.Node, department string, generation int, key ed25519.PrivateKey) *ledger.SealMakeV1 {
	c := identity.SealCertificate{County: storetest.Code, Division: n.Division(), Department: department, Generation: generation,
		Public: key.Public().(ed25519.PublicKey), IssuedAt: n.County.Clock.UnixMilli()}
	if department == "" {
		c.Signer = n.ID()
	}
	return &ledger.SealMakeV1{Certificate: c, Sig: make([]byte, ed25519.SignatureSize)}
}

// sealed is a document of a case with a seal on it.
func sealed(t *testing.T, k document.Kind, c *casework.Case, key ed25519.PrivateKey) *ledger.CaseSealV1 {
	t.Helper()
	n, err := casework.ParseNumber(c.Number)
	must(t, err)
	d := &document.Document{Kind: k, Template: 1, Title: k.Name(), Case: n.String(), Item: document.Item{Code: c.Item, Name: c.ItemName}, To: c.Applicant.Name, Date: n.Date()}
	d.Number = document.Number(k, d.Date, d.Case, 1)
	code, err := proof.Of(d, c.Applicant, 1)
	must(t, err)
	must(t, code.Sign(key))
	text, err := d.Canonical()
	must(t, err)
	printed, err := code.Text()
	must(t, err)
	return &ledger.CaseSealV1{Paper: ledger.Paper{Kind: string(k), Number: d.Number, Hash: code.HashText(), Text: string(text), Code: printed}}
}

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
	first, second := sealKey("first"), sealKey("second")
	operator, leader := c.Operator(), townNode.Actor(identity.TownshipLeader)
	try := func(n *storetest.Node, actor identity.Actor, b ledger.Body) error {
		_, err := n.Do(actor, b, storetest.About{})
		return err
	}

	hub.MustDo(operator, sealOf(hub, department, 1, first))
	wantRefused(t, "the same generation again", try(hub, operator, sealOf(hub, department, 1, second)), "seal_generation")
	wantRefused(t, "the same key again", try(hub, operator, sealOf(hub, "县公安局", 1, first)), "seal_generation")
	wantRefused(t, "a window makes a seal", try(hub, hub.DepartmentActor(identity.DepartmentWindow, department), sealOf(hub, department, 2, second)), "not_authorised")
	townNode.MustDo(leader, sealOf(townNode, "", 1, sealKey("town")))
	wantRefused(t, "a township makes a department's", try(townNode, leader, &ledger.SealMakeV1{Certificate: sealOf(hub, department, 2, second).Certificate, Sig: make([]byte, 64)}), "not_authorised")

	step := func(n *storetest.Node, b ledger.Body) error { _, err := n.Step(opened.ID, b); return err }
	must(t, step(hub, sealed(t, document.AcceptanceNotice, opened, first)))
	wantRefused(t, "an unknown key", step(hub, sealed(t, document.AcceptanceNotice, opened, second)), "seal_unknown")
	wantRefused(t, "a township's seal on a county's document", step(townNode, sealed(t, document.GrantDecision, opened, sealKey("town"))), "seal_not_theirs")
	wantRefused(t, "a seal on a receipt", step(hub, sealed(t, document.ReceiptSlip, opened, first)), "seal_not_theirs")
	wantRefused(t, "a village seals", step(village, sealed(t, document.AcceptanceNotice, opened, first)), "not_authorised")
	other := sealed(t, document.AcceptanceNotice, opened, first)
	other.Number = "受〔2026〕1"
	wantRefused(t, "another number", step(hub, other), "paper_code")
	forged := sealed(t, document.AcceptanceNotice, opened, second)
	code, err := proof.Parse(forged.Code)
	must(t, err)
	code.Key = identity.KeyID(first.Public().(ed25519.PublicKey))
	forged.Code, err = code.Text()
	must(t, err)
	wantRefused(t, "a false signature", step(hub, forged), "seal_forged")

	c.Clock.Advance(time.Hour)
	hub.MustDo(operator, sealOf(hub, department, 2, second))
	c.Clock.Advance(time.Hour)
	wantRefused(t, "the former seal", step(hub, sealed(t, document.AcceptanceNotice, opened, first)), "seal_ended")
	must(t, step(hub, sealed(t, document.AcceptanceNotice, opened, second)))
	revoke := &ledger.SealRevokeV1{Key: identity.KeyID(second.Public().(ed25519.PublicKey)), Division: storetest.Code, Department: department, At: c.Clock.UnixMilli(), Reason: "密钥可能泄露"}
	astray := *revoke
	astray.Department = "县公安局"
	wantRefused(t, "under another department's name", try(hub, operator, &astray), "seal_unknown")
	hub.MustDo(operator, revoke)
	wantRefused(t, "revoked twice", try(hub, operator, revoke), "seal_revoked")
	c.Clock.Advance(time.Minute)
	wantRefused(t, "a revoked seal", step(hub, sealed(t, document.AcceptanceNotice, opened, second)), "seal_ended")
	_, err = hub.SealOf(ctx, storetest.Code, department)
	if err != store.ErrNotFound {
		t.Errorf("a seal in use after it was revoked: %v", err)
	}

	must(t, step(village, &ledger.CasePrintV1{Paper: sealed(t, document.ReceiptSlip, opened, storetest.NodeKey(village.ID())).Paper, Copy: 1}))
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
	townNode.MustDo(leader, sealOf(townNode, "", 1, sealKey("town")))
	c.Settle()
	c.Clock.Advance(time.Hour)
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: leader.Staff, Disabled: true, Reason: "离岗"})
	c.Clock.Advance(time.Hour)
	townNode.MustDo(leader, sealOf(townNode, "", 2, sealKey("town again")))
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
