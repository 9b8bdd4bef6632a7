package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/proof"
)

// TestVerifyAtAnotherOffice: what one village printed is genuine at a village of
// another township: the node asks above for the key, and keeps it for when the
// line is down. A node that never asked says that it cannot tell, and does not
// accuse; a key that the county never had is another matter.
func TestVerifyAtAnotherOffice(t *testing.T) {
	r := newRegion(t)
	neighbour, elsewhere, late := r.hub.below("330523110201"), r.hub.below("330523103201"), r.hub.below("330523103202")
	receipt := func() gen.PrintedPaper {
		t.Helper()
		var c gen.CaseReceipt
		r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", r.village.submission("TB-XZRZ-005", theVillage), 201), &c)
		return r.village.print("worker", c.Case.Id, "receipt_slip", gen.PaperRequest{})
	}
	paper := receipt()
	for _, s := range []*site{neighbour, elsewhere} {
		got := s.wantVerdict("of another office", paper.Code, paper.Document, proof.Genuine, "elsewhere")
		if got.Number == "" || got.Signer == "" {
			t.Errorf("%+v", got)
		}
	}
	code, err := proof.Parse(paper.Code)
	check(t, err)
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	check(t, code.Sign(stranger))
	forged, err := code.Text()
	check(t, err)
	elsewhere.wantVerdict("signed by a stranger", forged, nil, proof.UnknownKey, "unknown_key")
	r.hub.wantVerdict("signed by a stranger, at the county", forged, nil, proof.UnknownKey, "unknown_key")

	r.hub.cut()
	elsewhere.wantVerdict("with the line down", paper.Code, paper.Document, proof.Genuine, "elsewhere")
	second := receipt()
	elsewhere.wantVerdict("another of it", second.Code, nil, proof.Genuine, "elsewhere")
	elsewhere.wantVerdict("changed", paper.Code, second.Document, proof.Forged, "content")
	late.wantVerdict("never asked", paper.Code, paper.Document, proof.NotHere, "key_not_here")
}
