package ledger

import (
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
)

// The bodies in this file are frozen: a change is a new version.

// StaffRosterV1 sets what the roster (花名册) says of a person, from the moment
// it was recorded on, instead of what it said before.
type StaffRosterV1 struct {
	Staff string `json:"staff"`
	// Established: the person is in the establishment (在编).
	Established    bool                     `json:"established"`
	Qualifications []identity.Qualification `json:"qualifications,omitempty"`
	Rank           identity.Rank            `json:"rank"`
	// Office is the office within the department or centre (科室).
	Office string          `json:"office,omitempty"`
	Heads  identity.Headed `json:"heads,omitempty"`
	Reason string          `json:"reason"`
}

const maxQualifications = 20

// Check implements Body.
func (b *StaffRosterV1) Check() error {
	if len(b.Qualifications) > maxQualifications {
		return fmt.Errorf("%d qualifications", len(b.Qualifications))
	}
	for i, q := range b.Qualifications {
		if q.Until.IsZero() {
			return fmt.Errorf("qualifications[%d] has no last day", i)
		}
		if err := first(required("kind", q.Kind, maxName), optional("number", q.Number, maxName)); err != nil {
			return fmt.Errorf("qualifications[%d]: %w", i, err)
		}
		if len(q.Departments) > maxQualifications {
			return fmt.Errorf("qualifications[%d]: %d departments", i, len(q.Departments))
		}
		for _, d := range q.Departments {
			if err := required(fmt.Sprintf("qualifications[%d].departments", i), d, maxName); err != nil {
				return err
			}
		}
	}
	if !b.Rank.Valid() || !b.Heads.Valid() {
		return fmt.Errorf("rank %q, heads %q", b.Rank, b.Heads)
	}
	return first(required("staff", b.Staff, maxIDBytes), optional("office", b.Office, maxName), required("reason", b.Reason, maxText))
}

// StaffSubstituteV1 says who stands in for a person on some days (AB岗), or that the
// person is on leave and nobody does. An empty substitute without leave takes back what
// was said of those days.
type StaffSubstituteV1 struct {
	Staff      string        `json:"staff"`
	Substitute string        `json:"substitute,omitempty"`
	Absent     bool          `json:"absent,omitempty"`
	From       calendar.Date `json:"from"`
	Until      calendar.Date `json:"until"`
	Reason     string        `json:"reason"`
}

// Check implements Body.
func (b *StaffSubstituteV1) Check() error {
	if b.From.IsZero() || b.Until.Before(b.From) || b.Until.DaysSince(b.From) > 366 {
		return fmt.Errorf("from %s until %s", b.From, b.Until)
	}
	if b.Substitute == b.Staff {
		return errors.New("nobody stands in for themselves")
	}
	if b.Absent && b.Substitute != "" {
		return errors.New("whoever has a substitute is absent anyway")
	}
	return first(required("staff", b.Staff, maxIDBytes), optional("substitute", b.Substitute, maxIDBytes), required("reason", b.Reason, maxText))
}
