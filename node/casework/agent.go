package casework

import (
	"slices"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// AuthorityPaper is how the proof that an agent may act (授权委托书) is called where
// it is missing, asked for and handed in later: a paper like those of the item, but
// one that follows from who comes. It is never left for later, for without it nobody
// has applied.
const AuthorityPaper = "代办人授权凭证"

// lacksAuthority reports whether somebody hands in for another person at a desk
// without a proof that they may: neither is there a scan, nor was the original looked
// at by whoever took the case in. From home CheckHandIn says what is wanted.
func lacksAuthority(b *ledger.CaseSubmitV1) bool {
	a := b.Agent
	return a != (ledger.Agent{}) && b.Online.Account == "" && len(b.Authority) == 0 && (!a.Seen || a.Authority == "")
}

// Asks is an item with what else its case asks for: of somebody who acts for the
// applicant, the proof that they may.
func Asks(item *catalog.Item, agent ledger.Agent) *catalog.Item {
	if agent == (ledger.Agent{}) {
		return item
	}
	asked := *item
	asked.Materials = append(slices.Clip(item.Materials), catalog.Material{Name: AuthorityPaper, Form: catalog.FormOriginal, Copies: 1, Required: true, Source: "申请人自备"})
	return &asked
}

// ProofAmong parts the proof that an agent may act from the papers of items, where
// there is an agent.
func ProofAmong(papers []catalog.SubmittedMaterial, agent ledger.Agent) (proof, rest []catalog.SubmittedMaterial) {
	if agent == (ledger.Agent{}) {
		return nil, papers
	}
	for _, p := range papers {
		if p.Name == AuthorityPaper {
			proof = append(proof, p)
		} else {
			rest = append(rest, p)
		}
	}
	return proof, rest
}
