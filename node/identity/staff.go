package identity

import (
	"slices"

	"github.com/tongban/tongban/node/division"
)

// Staff is a member of staff as the ledger knows them. It replicates only to
// the nodes of its region, so that people can log in when the line is down.
type Staff struct {
	ID         string        `json:"id"`
	Login      string        `json:"login"`
	Name       string        `json:"name"`
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	// PasswordHash is an argon2id hash in PHC form.
	PasswordHash string `json:"password_hash"`
	// MustChange asks for a new password at the next login.
	MustChange bool `json:"must_change"`
	// Changed is when the person's record last changed, Unix milliseconds by
	// the county's clock; tokens issued under an earlier record end with it.
	Changed int64 `json:"changed"`
	// History holds what the person could do since when, oldest first. It is
	// kept so that an entry arriving late is judged by the rights that held
	// when it happened.
	History []Standing `json:"history"`
	// Roster is what the roster said since when, oldest first, and Duty who
	// stands in for the person, in the order it was said.
	Roster []RosterEntry  `json:"roster,omitempty"`
	Duty   []Substitution `json:"duty,omitempty"`
}

// Standing is what a person may do from At (Unix milliseconds) on.
type Standing struct {
	At       int64  `json:"at"`
	Roles    []Role `json:"roles"`
	Disabled bool   `json:"disabled"`
}

// At is the person's standing at an instant (Unix milliseconds); false when
// they were not yet on the staff.
func (s *Staff) At(at int64) (Standing, bool) {
	for i := len(s.History) - 1; i >= 0; i-- {
		if s.History[i].At <= at {
			return s.History[i], true
		}
	}
	return Standing{}, false
}

// Now is the person's latest standing.
func (s *Staff) Now() Standing {
	if len(s.History) == 0 {
		return Standing{Disabled: true}
	}
	return s.History[len(s.History)-1]
}

// Holds reports whether the standing includes r.
func (st Standing) Holds(r Role) bool { return !st.Disabled && slices.Contains(st.Roles, r) }
