package identity

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
)

// The roster (花名册) is what the law and the centre's rules ask of a person
// beside a role: a decision needs a qualified person of the establishment, a
// window is headed by a section head or higher, and whoever is absent has a
// substitute on duty.

// Rank is a person's rank.
type Rank string

// The ranks, the lowest first.
const (
	RankClerk   Rank = "clerk"          // 一般工作人员
	RankDeputy  Rank = "deputy_section" // 副股（科）长
	RankSection Rank = "section_head"   // 股（科）长
	RankVice    Rank = "vice_leader"    // 单位副职
	RankLeader  Rank = "leader"         // 单位正职
)

// Ranks lists every rank, the lowest first.
var Ranks = []Rank{RankClerk, RankDeputy, RankSection, RankVice, RankLeader}

// Valid reports whether r is a rank.
func (r Rank) Valid() bool { return slices.Contains(Ranks, r) }

// AtLeast reports whether r is no lower than other.
func (r Rank) AtLeast(other Rank) bool { return slices.Index(Ranks, r) >= slices.Index(Ranks, other) }

// Headed is what a person heads; empty is nothing.
type Headed string

// What can be headed.
const (
	HeadsOffice Headed = "office" // 行政审批股、科室负责人
	HeadsWindow Headed = "window" // 窗口首席代表
	InCharge    Headed = "charge" // 分管领导
)

// Valid reports whether h is known, or nothing.
func (h Headed) Valid() bool {
	return slices.Contains([]Headed{"", HeadsOffice, HeadsWindow, InCharge}, h)
}

// Qualification is a certificate that lets a person decide in the authority's
// name, for example 行政执法证.
type Qualification struct {
	Kind   string `json:"kind"`
	Number string `json:"number,omitempty"`
	// Until is the last day on which it is good.
	Until calendar.Date `json:"until"`
}

// RosterEntry is what the roster says of a person from At (Unix milliseconds)
// on.
type RosterEntry struct {
	At             int64           `json:"at"`
	Established    bool            `json:"established"`
	Qualifications []Qualification `json:"qualifications,omitempty"`
	Rank           Rank            `json:"rank"`
	Office         string          `json:"office,omitempty"`
	Heads          Headed          `json:"heads,omitempty"`
}

// Substitution says who stands in for a person from one day to another; an
// empty Substitute, that nobody does. A later one goes before an earlier one.
type Substitution struct {
	Substitute string        `json:"substitute,omitempty"`
	From       calendar.Date `json:"from"`
	Until      calendar.Date `json:"until"`
}

// RosterAt is what the roster said of the person at an instant (Unix
// milliseconds); false when it had no record of them.
func (s *Staff) RosterAt(at int64) (RosterEntry, bool) {
	for _, r := range slices.Backward(s.Roster) {
		if r.At <= at {
			return r, true
		}
	}
	return RosterEntry{}, false
}

// RosterNow is the latest that the roster says of the person.
func (s *Staff) RosterNow() RosterEntry {
	if len(s.Roster) == 0 {
		return RosterEntry{}
	}
	return s.Roster[len(s.Roster)-1]
}

// SubstituteOn is the staff number of whoever stands in for the person on a
// day; empty when nobody does.
func (s *Staff) SubstituteOn(day calendar.Date) string {
	for _, d := range slices.Backward(s.Duty) {
		if !day.Before(d.From) && !day.After(d.Until) {
			return d.Substitute
		}
	}
	return ""
}

// Unfit is why the roster keeps a person from something.
type Unfit struct {
	// Code is roster_missing, not_established, not_qualified or
	// qualification_expired.
	Code   string
	ZH, EN string
}

func (u *Unfit) Error() string { return u.Code + ": " + u.EN }

// MayDecide says whether the roster lets a person decide on a day: they are in
// the establishment and hold a qualification that is good on that day. known
// is false where the roster has no record, which lets nobody decide.
func (r RosterEntry) MayDecide(known bool, day calendar.Date) error {
	var last calendar.Date
	for _, q := range r.Qualifications {
		if q.Until.After(last) {
			last = q.Until
		}
	}
	switch {
	case !known:
		return &Unfit{"roster_missing", "花名册中没有审批人的登记，不能作出决定：请县中心管理员先登记编制、资格和职级（tongban staff roster set）",
			"the roster has no record of whoever decides: have an operator of the county enter establishment, qualification and rank first (tongban staff roster set)"}
	case !r.Established:
		return &Unfit{"not_established", "编外人员不能作出决定，请由在编且有资格的人员审批", "a decision takes a person of the establishment; have one decide"}
	case len(r.Qualifications) == 0:
		return &Unfit{"not_qualified", "审批人没有登记执法（审批）资格，请由有资格的人员审批，或先登记资格", "whoever decides has no qualification on the roster; have a qualified person decide, or enter it first"}
	case day.After(last):
		return &Unfit{"qualification_expired", "审批人的资格已于 " + last.String() + " 到期，请由资格有效的人员审批，或先登记换证", "the qualification ended on " + last.String() + "; have somebody whose qualification is good decide, or enter the new one first"}
	}
	return nil
}

// FitsHead says whether a person of this rank may head what the roster says
// they head: a window takes at least a section head.
func (r RosterEntry) FitsHead() error {
	if r.Heads == HeadsWindow && !r.Rank.AtLeast(RankSection) {
		return &Unfit{"rank_too_low", "窗口首席代表须为股（科）长以上人员", "a window is headed by a section head or higher"}
	}
	return nil
}
