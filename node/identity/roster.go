package identity

import (
	"math"
	"slices"
	"strings"

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
	// Departments are those in whose matters it lets its holder decide (执法领域), by
	// name; none for all that the holder's office handles.
	Departments []string `json:"departments,omitempty"`
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
// empty Substitute, that nobody does: the person is there or, Absent, is not. A later
// one goes before an earlier one.
type Substitution struct {
	// At is when the county recorded it, Unix milliseconds.
	At         int64         `json:"at,omitempty"`
	Substitute string        `json:"substitute,omitempty"`
	Absent     bool          `json:"absent,omitempty"`
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

// DutyAt is the staff number of whoever stands in for the person on a day, by what
// the county had recorded by an instant (Unix milliseconds); empty when nobody does.
func (s *Staff) DutyAt(at int64, day calendar.Date) string {
	sub, _ := s.AwayAt(at, day)
	return sub
}

// AwayAt reports whether the person is absent on a day, by what the county had
// recorded by an instant (Unix milliseconds), and who stands in then: whoever has a
// substitute on duty is absent, and so is who is on leave without one.
func (s *Staff) AwayAt(at int64, day calendar.Date) (substitute string, away bool) {
	for _, d := range slices.Backward(s.Duty) {
		if d.At <= at && !day.Before(d.From) && !day.After(d.Until) {
			return d.Substitute, d.Substitute != "" || d.Absent
		}
	}
	return "", false
}

// Missing reports whether the person is absent on a day and nobody stands in.
func (s *Staff) Missing(day calendar.Date) bool {
	sub, away := s.AwayAt(math.MaxInt64, day)
	return away && sub == ""
}

// Lends reports whether whoever stands in for a holder of the role may take an action
// in it: what is done with cases and their results. Nobody watches over the county, or
// runs it, by standing in.
func (r Role) Lends(a Action) bool {
	if r == Supervisor || r == CountyOperator || r == Auditor || !r.Valid() {
		return false
	}
	return strings.HasPrefix(string(a), "case.") || strings.HasPrefix(string(a), "result.")
}

// Lent are the roles that a person stands in for on a day, by what the county had
// recorded by an instant (Unix milliseconds): those that absent colleagues of the same
// place and department hold and lend.
func Lent(to *Staff, colleagues []Staff, at int64, day calendar.Date) []Role {
	var roles []Role
	for i := range colleagues {
		p := &colleagues[i]
		if p.ID == to.ID || p.Division != to.Division || p.Department != to.Department || p.DutyAt(at, day) != to.ID {
			continue
		}
		standing, _ := p.At(at)
		for _, r := range standing.Roles {
			if !standing.Disabled && r.Lends(CaseRead) && !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	slices.Sort(roles)
	return roles
}

// Unfit is why the roster keeps a person from something.
type Unfit struct {
	// Code is roster_missing, absent, not_established, not_qualified,
	// qualification_kind, qualification_scope, qualification_expired or rank_too_low.
	Code   string
	ZH, EN string
}

func (u *Unfit) Error() string { return u.Code + ": " + u.EN }

// Deciding is the certificate that lets a person decide in an authority's name. What
// follows it in the roster, such as the field in brackets, is for people.
const Deciding = "行政执法证"

// MayDecide says whether the roster lets a person decide on a day in a matter of a
// department: they are in the establishment, a section head or higher, and hold a
// certificate to decide that is good for that department on that day. known is false
// where the roster has no record, which lets nobody decide.
func (r RosterEntry) MayDecide(known bool, day calendar.Date, department string) error {
	var last calendar.Date
	deciding, covered := false, false
	for _, q := range r.Qualifications {
		if !strings.HasPrefix(q.Kind, Deciding) {
			continue
		}
		deciding = true
		if len(q.Departments) > 0 && !slices.Contains(q.Departments, department) {
			continue
		}
		covered = true
		if q.Until.After(last) {
			last = q.Until
		}
	}
	switch {
	case !known:
		return &Unfit{"roster_missing", "花名册中没有审批人的登记，不能作出决定：请县中心管理员先登记编制、资格和职级",
			"the roster has no record of whoever decides: have an operator of the county enter establishment, qualification and rank first"}
	case !r.Established:
		return &Unfit{"not_established", "编外人员不能作出决定，请由在编且有资格的人员审批", "a decision takes a person of the establishment; have one decide"}
	case len(r.Qualifications) == 0:
		return &Unfit{"not_qualified", "审批人没有登记执法（审批）资格，请由有资格的人员审批，或先登记资格", "whoever decides has no qualification on the roster; have a qualified person decide, or enter it first"}
	case !deciding:
		return &Unfit{"qualification_kind", "审批人登记的资格中没有“" + Deciding + "”，请由持证人员审批，或先登记该证", "none of the qualifications on the roster is a " + Deciding + " (certificate of administrative enforcement); have somebody who holds one decide, or enter it first"}
	case !covered:
		return &Unfit{"qualification_scope", "审批人的“" + Deciding + "”不适用于" + department + "的事项，请由持有相应资格的人员审批，或先登记", "the certificate on the roster is not for matters of " + department + "; have somebody whose certificate is decide, or enter it first"}
	case day.After(last):
		return &Unfit{"qualification_expired", "审批人的资格已于 " + last.String() + " 到期，请由资格有效的人员审批，或先登记换证", "the qualification ended on " + last.String() + "; have somebody whose qualification is good decide, or enter the new one first"}
	case !r.Rank.AtLeast(RankSection):
		return &Unfit{"rank_too_low", "审批人须为股（科）长以上人员，请由符合职级的人员审批", "a decision takes a section head or higher; have one decide"}
	}
	return nil
}

// Absent is why somebody who is on leave, or has a substitute on duty, decides nothing.
func Absent(substitute string) error {
	if substitute == "" {
		return &Unfit{"absent", "审批人当日不在岗（未安排AB岗），请由其他有权人员审批；已返岗的，请县中心管理员先取消请假",
			"whoever decides is on leave on that day; have somebody else who may decide, or have an operator of the county take the leave back"}
	}
	return &Unfit{"absent", "审批人当日不在岗（已安排AB岗顶岗），请由顶岗人员审批；已返岗的，请县中心管理员先取消顶岗安排",
		"whoever decides is absent on that day and has a substitute on duty, " + substitute + "; have the substitute decide, or have an operator of the county take the substitution back"}
}

// FitsHead says whether a person of this rank may head what the roster says
// they head: a window takes at least a section head.
func (r RosterEntry) FitsHead() error {
	if r.Heads == HeadsWindow && !r.Rank.AtLeast(RankSection) {
		return &Unfit{"rank_too_low", "窗口首席代表须为股（科）长以上人员", "a window is headed by a section head or higher"}
	}
	return nil
}
