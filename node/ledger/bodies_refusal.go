package ledger

import (
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// The bodies in this file are frozen: a change is a new version. They are what is
// said before a case is refused (Administrative Licence Law art. 7 and 36): that it
// is to be, and what those whom it concerns have to say of it.

// RefusalTellV1 tells the applicant, and whoever has an interest, that a refusal is
// intended (拟不予许可事先告知), for which reasons, and until when they may state
// and defend. The clock runs on.
type RefusalTellV1 struct {
	Reason string `json:"reason"`
	// Before is the last day to state and defend.
	Before calendar.Date `json:"before"`
	// Parties are those beside the applicant who have an interest and were told.
	Parties []string `json:"parties,omitempty"`
}

// Check implements Body.
func (b *RefusalTellV1) Check() error {
	if b.Before.IsZero() {
		return errors.New("whoever is told of a refusal states their case until a day")
	}
	return first(checkParties(b.Parties), required("reason", b.Reason, maxText))
}

// checkParties bounds the names of those who have an interest.
func checkParties(parties []string) error {
	if len(parties) > 100 {
		return fmt.Errorf("%d parties", len(parties))
	}
	for i, p := range parties {
		if err := required(fmt.Sprintf("parties[%d]", i), p, maxName); err != nil {
			return err
		}
	}
	return nil
}

// RefusalStateV1 is what the applicant, or somebody with an interest, says of a case
// before it is decided (陈述申辩), taken at any desk or sent from home. It stands
// beside the case.
type RefusalStateV1 struct {
	// Proposal is the entry that told of the intended refusal; empty where none was
	// told: the right is there without it.
	Proposal string `json:"proposal,omitempty"`
	// Party is who says it; Interested, that it is not the applicant.
	Party      string `json:"party"`
	Interested bool   `json:"interested,omitempty"`
	Text       string `json:"text"`
	// Waived: they give up the right, which takes what they wrote.
	Waived bool `json:"waived,omitempty"`
	// Proof are scans of what they wrote or brought.
	Proof []catalog.AttachmentRef `json:"proof,omitempty"`
}

// Check implements Body.
func (b *RefusalStateV1) Check() error {
	if b.Waived && b.Proposal == "" {
		return errors.New("a right is given up once it was told")
	}
	return first(checkProof(b.Proof), optional("proposal", b.Proposal, maxIDBytes), required("party", b.Party, maxName), required("text", b.Text, maxText))
}

// checkProof bounds the scans that come with a statement.
func checkProof(proof []catalog.AttachmentRef) error {
	if len(proof) > 20 {
		return fmt.Errorf("%d proofs", len(proof))
	}
	return nil
}
