package ledger

import (
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// The bodies in this file are frozen: a change is a new version. They are the
// hearing (听证, Administrative Licence Law art. 46 to 48).

// HearingTellV1 tells the applicant and whoever has an interest that they may
// ask for a hearing (听证告知书, art. 47).
type HearingTellV1 struct {
	// Matter is what it would be about: the great interests that stand between
	// the applicant and others.
	Matter string `json:"matter"`
	// Before is the last day on which a hearing can be asked for: at least five
	// working days from being told.
	Before calendar.Date `json:"before"`
	// Parties are those beside the applicant who have an interest and were told.
	Parties []string `json:"parties,omitempty"`
}

// Check implements Body.
func (b *HearingTellV1) Check() error {
	if b.Before.IsZero() {
		return errors.New("a hearing can be asked for until a day")
	}
	return first(checkParties(b.Parties), required("matter", b.Matter, maxText))
}

// HearingAskV1 asks for a hearing, or gives the right up. It stands beside the
// case: any desk that may take the case in takes it.
type HearingAskV1 struct {
	// Party is who asks; Interested, that it is not the applicant.
	Party      string `json:"party"`
	Interested bool   `json:"interested,omitempty"`
	Waived     bool   `json:"waived,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

// Check implements Body.
func (b *HearingAskV1) Check() error {
	return first(required("party", b.Party, maxName), optional("reason", b.Reason, maxText))
}

// HearingAskV2 is HearingAskV1 with what whoever gave the right up at a desk has signed.
type HearingAskV2 struct {
	Party      string `json:"party"`
	Interested bool   `json:"interested,omitempty"`
	Waived     bool   `json:"waived,omitempty"`
	Reason     string `json:"reason,omitempty"`
	// Proof are scans of what they signed. From home it is the applicant's own account
	// that says it.
	Proof []catalog.AttachmentRef `json:"proof,omitempty"`
}

// Check implements Body.
func (b *HearingAskV2) Check() error {
	return first(checkProof(b.Proof), required("party", b.Party, maxName), optional("reason", b.Reason, maxText))
}

// V1 is the same wish as it was recorded before level 3, without its proof.
func (b *HearingAskV2) V1() *HearingAskV1 {
	return &HearingAskV1{Party: b.Party, Interested: b.Interested, Waived: b.Waived, Reason: b.Reason}
}

// WishOf is the wish for a hearing that a body says, in whichever version.
func WishOf(body Body) (*HearingAskV2, bool) {
	switch b := body.(type) {
	case *HearingAskV1:
		return &HearingAskV2{Party: b.Party, Interested: b.Interested, Waived: b.Waived, Reason: b.Reason}, true
	case *HearingAskV2:
		return b, true
	}
	return nil, false
}

// HearingConveneV1 sets when and where a hearing is held, and gives notice of it
// (听证通知书): seven days before at least, twenty working days after it was asked
// for at most. The clock stands still from then until it is held.
type HearingConveneV1 struct {
	// Asked are the entries that asked for it; none where the authority holds one
	// of its own accord (art. 46).
	Asked []string      `json:"asked,omitempty"`
	On    calendar.Date `json:"on"`
	// Time is the time of day, 14:30.
	Time  string `json:"time"`
	Place string `json:"place"`
	// Presider chairs it, and has not looked into the case.
	Presider NamedPerson `json:"presider"`
	// Closed: not in public, for state or business secrets or privacy.
	Closed bool `json:"closed,omitempty"`
	// HeldBefore is the last day on which it should be held, twenty working days
	// after the first asked, by the calendar of the day; none where nobody asked.
	HeldBefore calendar.Date `json:"held_before,omitzero"`
	Dues       Dues          `json:"dues,omitzero"`
}

// Check implements Body.
func (b *HearingConveneV1) Check() error {
	switch {
	case b.On.IsZero():
		return errors.New("a hearing without a day")
	case len(b.Asked) > 100:
		return fmt.Errorf("%d asked", len(b.Asked))
	case len(b.Time) != 5 || b.Time < "00:00" || b.Time > "23:59" || b.Time[2] != ':' || b.Time[3] > '5':
		return fmt.Errorf("time %q", b.Time)
	}
	for i, id := range b.Asked {
		if err := required(fmt.Sprintf("asked[%d]", i), id, maxIDBytes); err != nil {
			return err
		}
	}
	return first(required("place", b.Place, maxName), required("presider.staff", b.Presider.Staff, maxIDBytes), required("presider.name", b.Presider.Name, maxName))
}

// HearingRecordV1 is the record of a hearing (听证笔录), which those present have
// signed and by which the case is decided (art. 48).
type HearingRecordV1 struct {
	// On is the day on which it was held, the last that does not count.
	On calendar.Date `json:"on"`
	// Held is false where it was not: whoever asked withdrew, or stayed away.
	Held    bool                    `json:"held"`
	Summary string                  `json:"summary"`
	Record  []catalog.AttachmentRef `json:"record,omitempty"`
	Dues    Dues                    `json:"dues,omitzero"`
}

// Check implements Body.
func (b *HearingRecordV1) Check() error {
	if b.On.IsZero() {
		return errors.New("a hearing was held on a day")
	}
	if len(b.Record) > 20 {
		return fmt.Errorf("%d records", len(b.Record))
	}
	return required("summary", b.Summary, maxText)
}
