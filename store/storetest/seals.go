package storetest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// SealKey is a seal's key in tests: which it is decides it.
func SealKey(of string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("seal of " + of))
	return ed25519.NewKeyFromSeed(seed[:])
}

// SealOf makes a holder's next seal at a node.
func SealOf(n *Node, department string, generation int, key ed25519.PrivateKey) *ledger.SealMakeV1 {
	c := identity.SealCertificate{County: Code, Division: n.Division(), Department: department, Generation: generation,
		Public: key.Public().(ed25519.PublicKey), IssuedAt: n.County.Clock.UnixMilli()}
	if department == "" {
		c.Signer = n.ID()
	}
	return &ledger.SealMakeV1{Certificate: c, Sig: make([]byte, ed25519.SignatureSize)}
}

// SealedPaper is a document of a case with a seal on it.
func SealedPaper(t testing.TB, k document.Kind, c *casework.Case, key ed25519.PrivateKey) *ledger.CaseSealV1 {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := casework.ParseNumber(c.Number)
	must(err)
	d := &document.Document{Kind: k, Template: 1, Title: k.Name(), Case: n.String(), Item: document.Item{Code: c.Item, Name: c.ItemName}, To: c.Applicant.Name, Date: n.Date()}
	d.Number = document.Number(k, d.Date, d.Case, 1)
	code, err := proof.Of(d, c.Applicant, 1)
	must(err)
	must(code.Sign(key))
	text, err := d.Canonical()
	must(err)
	printed, err := code.Text()
	must(err)
	return &ledger.CaseSealV1{Paper: ledger.Paper{Kind: string(k), Number: d.Number, Hash: code.HashText(), Text: string(text), Code: printed}}
}
