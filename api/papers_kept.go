package api

import (
	"encoding/json"
	"slices"

	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// paper is what the ledger here has of one document: a text that was printed or
// sealed under a number.
type paper struct {
	hash, text, code string
	sealed           bool
	// copies is how often it was printed.
	copies int
	// at is when it was printed or sealed first; recorded when the county
	// recorded that, 0 while it has not.
	at, recorded int64
	why          string // why it took another's place
	voided       int64
	voidedWhy    string
}

// papersOf are the documents of one number, the one that holds now last, as the
// entries of the case tell.
func papersOf(entries []store.EntryView, number string) []*paper {
	var all []*paper
	by := func(hash string) *paper {
		i := slices.IndexFunc(all, func(p *paper) bool { return p.hash == hash })
		if i < 0 {
			return nil
		}
		return all[i]
	}
	take := func(e *store.EntryView, b *ledger.Paper) *paper {
		p := by(b.Hash)
		if p == nil {
			p = &paper{hash: b.Hash, at: e.OccurredAt, why: b.Why}
			all = append(all, p)
		}
		if b.Text != "" {
			p.text = b.Text
		}
		if b.Replaces != "" {
			// Reissued, which makes good what was void; it is the last again.
			all = append(slices.DeleteFunc(all, func(o *paper) bool { return o == p }), p)
			p.voided, p.why = 0, b.Why
		}
		if p.code == "" {
			p.code = b.Code
		}
		if e.Index > 0 && (p.recorded == 0 || e.RecordedAt < p.recorded) {
			p.recorded = e.RecordedAt
		}
		return p
	}
	for i := range entries {
		e := &entries[i]
		if e.Status != ledger.Applied || e.Kind != ledger.CaseSeal && e.Kind != ledger.CasePrint && e.Kind != ledger.CaseVoid {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			continue
		}
		switch b := body.(type) {
		case *ledger.CaseSealV1:
			if b.Number == number {
				p := take(e, &b.Paper)
				p.sealed, p.code = true, b.Code
			}
		case *ledger.CasePrintV1:
			if b.Number == number {
				take(e, &b.Paper).copies++
			}
		case *ledger.CaseVoidV1:
			if p := by(b.Hash); b.Number == number && p != nil {
				p.voided, p.voidedWhy = e.OccurredAt, b.Reason
			}
		}
	}
	return all
}

// present is the document that holds now; nil before the first. A text that is
// not here, because the entry that has it has not come, cannot be printed again.
func present(all []*paper) *paper {
	for _, p := range slices.Backward(all) {
		if p.text != "" {
			return p
		}
	}
	return nil
}

// document reads the text again.
func (p *paper) document() (*document.Document, error) {
	d := new(document.Document)
	return d, json.Unmarshal([]byte(p.text), d)
}

// printedAt is when a document was printed or sealed first, by its hash; 0 where that is
// not known.
func printedAt(all []*paper, hash string) int64 {
	if i := slices.IndexFunc(all, func(p *paper) bool { return p.hash == hash }); i >= 0 {
		return all[i].at
	}
	return 0
}

// standing is what the ledger says of a document by its hash.
func standing(all []*paper, hash string) proof.Standing {
	s := proof.Standing{Known: true}
	i := slices.IndexFunc(all, func(p *paper) bool { return p.hash == hash })
	if i < 0 {
		return s
	}
	s.Recorded, s.Voided, s.VoidedWhy = all[i].recorded, all[i].voided, all[i].voidedWhy
	if next := all[len(all)-1]; next.hash != hash && next.why != "" {
		s.Superseded, s.Why = next.at, next.why
	}
	return s
}

// paperSaid is what a timeline says of a document.
func paperSaid(number string, copies int, why string) string {
	switch {
	case copies > 1:
		number += "（" + reprinted(copies) + "）"
	case copies == 1:
		number += "（首次打印）"
	}
	if why != "" {
		number += "：" + why
	}
	return number
}
