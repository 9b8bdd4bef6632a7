package ledger

import (
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are what
// people agree to have kept and used again of what they handed in (一表制), and
// who looked at it.

// The purposes of a consent.
const (
	ConsentPapers = "papers" // papers on file stand for those that are asked for
	ConsentFields = "fields" // forms are filled in from earlier ones
)

// brings refuses papers on file where papers are brought: what is on file is known
// at hand-in.
func brings(materials []catalog.SubmittedMaterial) error {
	for i, m := range materials {
		if m.OnFile != (catalog.OnFile{}) {
			return fmt.Errorf("materials[%d] is on file: a supplement brings papers", i)
		}
	}
	return nil
}

// onFile bounds what a hand-in says of papers on file.
func onFile(materials []catalog.SubmittedMaterial) error {
	for i, m := range materials {
		if m.OnFile == (catalog.OnFile{}) {
			continue
		}
		path := fmt.Sprintf("materials[%d].on_file.", i)
		if err := first(required(path+"case", m.OnFile.Case, maxIDBytes), required(path+"brought", m.OnFile.Brought, maxIDBytes), required(path+"material", m.OnFile.Material, maxName)); err != nil {
			return err
		}
	}
	return nil
}

// RecordConsentV1 says that somebody agreed, at a desk or from their account.
type RecordConsentV1 struct {
	// Consent is its id.
	Consent string `json:"consent"`
	// Type, Number and Name are whose consent it is, as an account has them.
	Type   string `json:"type"`
	Number string `json:"number"`
	Name   string `json:"name"`
	// Division is where it is known, and above: the applicant's own village, or
	// the office.
	Division division.Code `json:"division"`
	Purposes []string      `json:"purposes"`
	// Until is the last day on which it holds.
	Until calendar.Date `json:"until"`
	// Shown is the document that was looked at; none from home, where the account
	// stands for it.
	Shown string `json:"shown,omitempty"`
}

// Check implements Body.
func (b *RecordConsentV1) Check() error {
	if len(b.Purposes) == 0 || len(b.Purposes) > 2 || len(b.Purposes) == 2 && b.Purposes[0] == b.Purposes[1] {
		return fmt.Errorf("%d purposes", len(b.Purposes))
	}
	for _, p := range b.Purposes {
		if !slices.Contains([]string{ConsentPapers, ConsentFields}, p) {
			return fmt.Errorf("purpose %q", p)
		}
	}
	if b.Until.IsZero() {
		return fmt.Errorf("a consent without an end")
	}
	_, err := division.Parse(string(b.Division))
	return first(err, required("consent", b.Consent, maxIDBytes), applicantKind(b.Type), required("number", b.Number, maxName), required("name", b.Name, maxName), optional("shown", b.Shown, maxName))
}

// RecordWithdrawV1 withdraws a consent, and with it everything that the person
// agreed to before.
type RecordWithdrawV1 struct {
	// Consent is the entry that recorded it.
	Consent string `json:"consent"`
	Reason  string `json:"reason,omitempty"`
}

// Check implements Body.
func (b *RecordWithdrawV1) Check() error {
	return first(required("consent", b.Consent, maxIDBytes), optional("reason", b.Reason, maxText))
}

// RecordLookV1 says that somebody looked at what is on file of a person, under
// their consent, for an item or a package.
type RecordLookV1 struct {
	Consent string `json:"consent"`
	// For is the code of the item or package that asks for the papers.
	For string `json:"for"`
}

// Check implements Body.
func (b *RecordLookV1) Check() error {
	return first(required("consent", b.Consent, maxIDBytes), required("for", b.For, maxName))
}

// PaperVoidV1 says of a paper of a case that it is not good any more: corrected,
// revoked by whoever issued it, or wrong. From then on it is used no more. It
// stands beside the case.
type PaperVoidV1 struct {
	// Brought is the entry that brought it, Material its name.
	Brought  string `json:"brought"`
	Material string `json:"material"`
	Reason   string `json:"reason"`
}

// Check implements Body.
func (b *PaperVoidV1) Check() error {
	return first(required("brought", b.Brought, maxIDBytes), required("material", b.Material, maxName), required("reason", b.Reason, maxText))
}
