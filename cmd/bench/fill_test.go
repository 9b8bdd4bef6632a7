package main

import (
	"crypto/rand"
	"testing"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// What fills a county is what a village would send: signed, well-formed, and a
// case by the item's own rules; no two are the same.
func TestFillersSendCases(t *testing.T) {
	papers, err := newSubmissions()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := trust.GenerateNode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{filler: filler{Node: "village-fill-0", Division: "330523111210", Staff: "s-1"}, papers: papers, keys: keys, ordinal: 1}
	seen := map[string]bool{}
	for seq := uint64(1); seq <= 3; seq++ {
		e, err := s.entry(seq, int(seq))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Verify(keys.SignPublic()); err != nil {
			t.Fatal(err)
		}
		body, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		b := body.(*ledger.CaseSubmitV1)
		if _, err := casework.Open(e, b, &papers.item, casework.Place{Division: division.Code(s.Division), Ordinal: 1}, catalog.DefaultLimits()); err != nil {
			t.Fatal(err)
		}
		if e.Seq != seq || seen[e.ID] || seen[b.Number] {
			t.Errorf("case %d: seq %d, id %s, number %s", seq, e.Seq, e.ID, b.Number)
		}
		seen[e.ID], seen[b.Number] = true, true
	}
}
