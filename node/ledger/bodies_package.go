package ledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are what
// happens to a joint matter (联办件, 一件事) beside what happens to each of its
// departments' cases, which are cases like all others.

// PackageDraftV1 is a new wording of a joint matter, for review.
type PackageDraftV1 struct {
	Code    string          `json:"code"`
	Version int             `json:"version"`
	Hash    string          `json:"hash"`
	Package json.RawMessage `json:"package"`
}

// Check implements Body.
func (b *PackageDraftV1) Check() error {
	return checkPackageVersion(b.Code, b.Version, b.Hash, b.Package)
}

// PackageApproveV1 approves a draft that somebody else made.
type PackageApproveV1 struct {
	Code    string          `json:"code"`
	Version int             `json:"version"`
	Hash    string          `json:"hash"`
	Package json.RawMessage `json:"package"`
}

// Check implements Body.
func (b *PackageApproveV1) Check() error {
	return checkPackageVersion(b.Code, b.Version, b.Hash, b.Package)
}

func checkPackageVersion(code string, version int, hash string, text json.RawMessage) error {
	if version < 1 || len(hash) != 64 || len(text) == 0 {
		return fmt.Errorf("version %d, hash of %d, %d bytes", version, len(hash), len(text))
	}
	return required("code", code, maxName)
}

// PackageMember is one department's case of a joint matter, as its hand-in
// numbers it.
type PackageMember struct {
	Item        string `json:"item"`
	ItemVersion int    `json:"item_version"`
	// Number is the case number in compact form, final once printed.
	Number string `json:"number"`
}

// PackageSubmitV1 hands a joint matter in: one form, one set of papers, one
// number to ask by. All of its departments' cases come of this entry, or none.
type PackageSubmitV1 struct {
	// Number is the joint matter's own number, in compact form.
	Number  string `json:"number"`
	Package string `json:"package"`
	Version int    `json:"version"`
	// Department leads the joint matter.
	Department string `json:"department"`
	// Division is where the matter belongs; it is the entry's scope too.
	Division  division.Code `json:"division"`
	Applicant Applicant     `json:"applicant"`
	Agent     Agent         `json:"agent,omitzero"`
	// Form and Materials are given once for all; the papers by the names under
	// which the package collects them.
	Form      []catalog.FieldValue        `json:"form"`
	Materials []catalog.SubmittedMaterial `json:"materials"`
	// Applying names the conditional papers that the applicant declared to apply.
	Applying []string `json:"applying,omitempty"`
	// Members are the items asked for, in the package's order.
	Members    []PackageMember `json:"members"`
	HandedInAt division.Code   `json:"handed_in_at"`
	// Lacking: taken in although papers or answers are missing; one notice asks
	// for all of them.
	Lacking bool `json:"lacking,omitempty"`
	// Corrects is the id of a refused submission of the same package that this one
	// replaces.
	Corrects string `json:"corrects,omitempty"`
	// Authority are scans of the proof that the agent may act (授权委托书).
	Authority []catalog.AttachmentRef `json:"authority,omitempty"`
	// Online is set when the applicant handed it in from home; zero at a desk.
	Online Online `json:"online,omitzero"`
}

const maxMembers = 40

// Check implements Body.
func (b *PackageSubmitV1) Check() error {
	switch {
	case len(b.Number) != 29:
		return fmt.Errorf("number has %d digits, want 29", len(b.Number))
	case b.Package == "" || b.Version < 1:
		return fmt.Errorf("package %q version %d", b.Package, b.Version)
	case len(b.Members) < 1 || len(b.Members) > maxMembers:
		return fmt.Errorf("%d members", len(b.Members))
	case len(b.Form) > 1000 || len(b.Materials) > 400 || len(b.Applying) > 400:
		return errors.New("too many fields or materials")
	case b.Applicant.Type != "person" && b.Applicant.Type != "organisation":
		return fmt.Errorf("applicant type %q", b.Applicant.Type)
	case b.Applicant.Name == "":
		return errors.New("applicant without a name")
	case len(b.Authority) > 20:
		return fmt.Errorf("%d proofs of authority", len(b.Authority))
	}
	seen := map[string]bool{b.Number: true}
	items := map[string]bool{}
	for i, m := range b.Members {
		if len(m.Number) != 29 || m.ItemVersion < 1 || m.Item == "" {
			return fmt.Errorf("members[%d]: item %q version %d, number of %d digits", i, m.Item, m.ItemVersion, len(m.Number))
		}
		if seen[m.Number] || items[m.Item] {
			return fmt.Errorf("members[%d]: a number or an item twice", i)
		}
		seen[m.Number], items[m.Item] = true, true
	}
	if _, err := division.Parse(string(b.Division)); err != nil {
		return err
	}
	_, err := division.Parse(string(b.HandedInAt))
	return first(err, onFile(b.Materials), optional("corrects", b.Corrects, maxIDBytes), optional("online.account", b.Online.Account, maxIDBytes), required("department", b.Department, maxName), optional("package", b.Package, maxName),
		optional("applicant.name", b.Applicant.Name, maxName), optional("applicant.id_number", b.Applicant.IDNumber, maxName), optional("applicant.phone", b.Applicant.Phone, maxName),
		optional("agent.name", b.Agent.Name, maxName), optional("agent.id_number", b.Agent.IDNumber, maxName), optional("agent.phone", b.Agent.Phone, maxName), optional("agent.authority", b.Agent.Authority, maxName))
}

// PackageFindingV1 is what a department's window found when it looked at the
// papers of its case of a joint matter. It stands beside that case. The window
// that leads the joint matter puts the findings of all into one notice.
type PackageFindingV1 struct {
	// Complete says that all is in order; else Points are what is missing or
	// wrong.
	Complete bool              `json:"complete,omitempty"`
	Points   []SupplementPoint `json:"points,omitempty"`
}

// Check implements Body.
func (b *PackageFindingV1) Check() error {
	if b.Complete == (len(b.Points) > 0) {
		return errors.New("a finding says that all is in order, or what is not")
	}
	return checkPoints(b.Points)
}

// MemberPoints are the points of a notice that concern one department's case.
type MemberPoints struct {
	// Case is the department's case.
	Case   string            `json:"case"`
	Points []SupplementPoint `json:"points"`
}

// PackageNoticeV1 is the one-time notice of everything that is missing or wrong
// in all of a joint matter (Administrative Licence Law art. 32 no. 4). The
// window that leads it sends it.
type PackageNoticeV1 struct {
	Members []MemberPoints `json:"members"`
	// Before is the last day on which the applicant may hand it in; none when
	// the notice sets no limit.
	Before calendar.Date `json:"before,omitzero"`
	// Again says why a second notice is sent although the law knows but one.
	Again string `json:"again,omitempty"`
	// Supplements are the entries that have brought what was missing at hand-in by
	// now: the notice need not name it.
	Supplements []string `json:"supplements,omitempty"`
}

// Check implements Body.
func (b *PackageNoticeV1) Check() error {
	if len(b.Members) == 0 || len(b.Members) > maxMembers {
		return fmt.Errorf("a notice about %d cases", len(b.Members))
	}
	seen := map[string]bool{}
	for i, m := range b.Members {
		if err := required(fmt.Sprintf("members[%d].case", i), m.Case, maxIDBytes); err != nil {
			return err
		}
		if seen[m.Case] || len(m.Points) == 0 {
			return fmt.Errorf("members[%d]: the same case twice, or without points", i)
		}
		seen[m.Case] = true
		if err := checkPoints(m.Points); err != nil {
			return fmt.Errorf("members[%d]: %w", i, err)
		}
	}
	return first(checkBrought(b.Supplements, nil), optional("again", b.Again, maxText))
}

// PackageSupplementV1 hands in what was missing, once for all departments. It
// stands beside the joint matter.
type PackageSupplementV1 struct {
	Materials []catalog.SubmittedMaterial `json:"materials,omitempty"`
	Form      []catalog.FieldValue        `json:"form,omitempty"`
	Note      string                      `json:"note,omitempty"`
}

// Check implements Body.
func (b *PackageSupplementV1) Check() error {
	if len(b.Materials)+len(b.Form) == 0 {
		return errors.New("a supplement holds materials or answers")
	}
	if len(b.Form) > 1000 || len(b.Materials) > 400 {
		return errors.New("too many fields or materials")
	}
	return first(brings(b.Materials), optional("note", b.Note, maxText))
}

// PackageWithdrawV1 is the applicant's wish to withdraw all of a joint matter.
// It stands beside it; whoever holds one of its cases ends that.
type PackageWithdrawV1 struct {
	Reason string `json:"reason"`
	// TakenBack: the applicant wants it to go on after all.
	TakenBack bool `json:"taken_back,omitempty"`
}

// Check implements Body.
func (b *PackageWithdrawV1) Check() error { return required("reason", b.Reason, maxText) }
