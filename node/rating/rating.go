// Package rating is what applicants think of the service they had (好差评,
// handbook section 6) and what must follow a bad rating: who gave it is asked,
// the office puts it right, the rater hears of it and may grade it again, each
// within its limit. It is pure, and a rating is what its entries make of it.
package rating

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
)

// DefaultRules are the limits while the county has set none: one working day to
// contact, five to finish, five to reply to a complaint (convention).
var DefaultRules = ledger.ServiceRulesV1{ContactDays: 1, FinishDays: 5, ReplyDays: 5, LeastShown: 5}

// Rating is one rating of one visit, with what followed.
type Rating struct {
	// ID is the id of the entry that gave it.
	ID       string `json:"id"`
	Case     string `json:"case"`
	Occasion string `json:"occasion"`
	// Division and Department are the office that was rated: where the visit
	// was. Staff is who received the applicant there.
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	Staff      string        `json:"staff"`
	Item       string        `json:"item,omitempty"`
	// GivenMS is when it was given, Unix milliseconds.
	GivenMS     int64        `json:"given_ms"`
	Institution ledger.Grade `json:"institution"`
	Platform    ledger.Grade `json:"platform,omitempty"`
	Person      ledger.Grade `json:"person,omitempty"`
	Tags        []string     `json:"tags,omitempty"`
	Text        string       `json:"text,omitempty"`
	Means       string       `json:"means"`

	Contact *Contact `json:"contact,omitempty"`
	// Attempts are the call-backs that reached nobody, in their order.
	Attempts []Contact `json:"attempts,omitempty"`
	Report   *Report   `json:"report,omitempty"`
	Mark     *Mark     `json:"mark,omitempty"`
}

// Contact is how the rater was called back, or that it was tried.
type Contact struct {
	// Entry says it. Channel and AtMS are by which way and when; not known of what
	// was recorded before level 3.
	Entry     string                `json:"entry,omitempty"`
	Channel   ledger.ContactChannel `json:"channel,omitempty"`
	AtMS      int64                 `json:"at_ms,omitempty"`
	Satisfied bool                  `json:"satisfied,omitempty"`
	Reached   bool                  `json:"reached"`
	Verified  bool                  `json:"verified"`
	Note      string                `json:"note"`
	MS        int64                 `json:"ms"`
	By        identity.Actor        `json:"by"`
}

// Report is what the rater was told at the end.
type Report struct {
	Note  string         `json:"note"`
	Again ledger.Grade   `json:"again,omitempty"`
	MS    int64          `json:"ms"`
	By    identity.Actor `json:"by"`
}

// Mark says that a rating is malicious, and why.
type Mark struct {
	Reason string         `json:"reason"`
	MS     int64          `json:"ms"`
	By     identity.Actor `json:"by"`
}

// Rectification is what an office was told to put right, and what it did. It
// names neither rater nor case.
type Rectification struct {
	Rating     string        `json:"rating"`
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	What       string        `json:"what"`
	Before     calendar.Date `json:"before"`
	OrderedMS  int64         `json:"ordered_ms"`
	// OrderedBy is the supervisor.
	OrderedBy identity.Actor  `json:"ordered_by"`
	Done      string          `json:"done,omitempty"`
	DoneMS    int64           `json:"done_ms,omitempty"`
	DoneBy    *identity.Actor `json:"done_by,omitempty"`
	// Contest is why the office holds the rating to be wrong.
	Contest     string          `json:"contest,omitempty"`
	ContestMS   int64           `json:"contest_ms,omitempty"`
	ContestedBy *identity.Actor `json:"contested_by,omitempty"`
}

// Occasions are the kinds of entries that are a visit: somebody stood at a desk.
var Occasions = []ledger.Kind{ledger.CaseSubmit, ledger.PackageSubmit, ledger.CaseSupplement, ledger.PackageSupplement, ledger.CaseDeliver}

// Give makes a rating of what the applicant said about a visit. office is where
// the visit was; a visit online was served by nobody. The visit at which a joint matter was handed in may be rated
// under the joint matter or under any of its cases: it is the same visit.
func Give(e *ledger.Entry, b *ledger.RatingGiveV1, visit *ledger.Entry, office Office) (*Rating, error) {
	if visit == nil || !slices.Contains(Occasions, visit.Kind) || !concerns(visit, b.Case) {
		return nil, refuse("occasion_unknown", "没有这次办事记录，不能评价", "there was no such visit to rate")
	}
	served := visit.Actor.Staff
	if visit.Actor.Role == identity.Applicant {
		// Handed in online: the actor is the applicant, and nobody served them.
		if served = ""; b.Person != 0 {
			return nil, refuse("rating_online", "该次为网上提交，没有工作人员可评价", "this visit was online: no person served it who could be rated")
		}
	}
	return &Rating{ID: e.ID, Case: b.Case, Occasion: b.Occasion, Division: office.Division, Department: office.Department, Item: office.Item,
		Staff: served, GivenMS: e.OccurredAt, Institution: b.Institution, Platform: b.Platform, Person: b.Person,
		Tags: b.Tags, Text: b.Text, Means: b.Means}, nil
}

// concerns reports whether a visit was about a case: that of its entry, or one
// that its entry opened with others.
func concerns(visit *ledger.Entry, caseID string) bool {
	if visit.Case == caseID {
		return true
	}
	if visit.Kind != ledger.PackageSubmit {
		return false
	}
	body, err := visit.Decode()
	b, ok := body.(*ledger.PackageSubmitV1)
	return err == nil && ok && slices.ContainsFunc(b.Members, func(m ledger.PackageMember) bool { return joint.MemberID(visit.ID, m.Item) == caseID })
}

// Office is where a visit was, and about what.
type Office struct {
	Division   division.Code
	Department string
	Item       string
}

// Bad reports whether the rating asks for rectification: one of its grades is
// one of the two lowest.
func (r *Rating) Bad() bool { return r.Institution.Bad() || r.Platform.Bad() || r.Person.Bad() }

// State is how far the task of a bad rating has come.
type State string

// The states. A rating that is not bad has none.
const (
	None      State = ""
	Opened    State = "opened"    // 待回访
	Contacted State = "contacted" // 已回访，待整改通知或反馈
	Ordered   State = "ordered"   // 整改中
	Rectified State = "rectified" // 已整改，待反馈
	Reported  State = "reported"  // 已反馈，办结
)

// StateOf is the state of a rating with its rectification, nil where there is
// none.
func StateOf(r *Rating, fix *Rectification) State {
	switch {
	case !r.Bad():
		return None
	case r.Report != nil:
		return Reported
	case fix != nil && fix.DoneMS != 0:
		return Rectified
	case fix != nil:
		return Ordered
	case r.Contact != nil:
		return Contacted
	}
	return Opened
}

// The attempts, on as many days, after which nobody could be reached (convention).
const (
	triedTimes = 3
	triedDays  = 2
)

// Called records a call-back. What reached nobody is an attempt, and what is owed
// stays to be done.
func (r *Rating) Called(c Contact) {
	r.Attempts = slices.DeleteFunc(slices.Clone(r.Attempts), func(a Contact) bool { return a.Entry == c.Entry })
	if c.Reached {
		r.Contact = &c
	} else {
		r.Attempts = append(r.Attempts, c)
	}
}

// Unreachable reports whether the rater was tried so often, on different days, that
// the matter goes on without their word.
func (r *Rating) Unreachable() bool {
	days := map[calendar.Date]bool{}
	for _, a := range r.Attempts {
		days[calendar.DateOf(time.UnixMilli(a.AtMS))] = true
	}
	return r.Contact == nil && len(r.Attempts) >= triedTimes && len(days) >= triedDays
}

// CheckCall refuses a call-back that was before the rating was given, or is still to
// come. now is when it is recorded; slack by how much clocks may differ.
func CheckCall(at, given, now, slack int64) error {
	if at < given-slack || at > now+slack {
		return refuse("contact_time", "回访时间应在评价之后、登记之前", "a call-back is after the rating, and not in the future")
	}
	return nil
}

// Transitions say in which states each step may be taken; a mark needs none, for
// any rating may be malicious.
var Transitions = map[ledger.Kind][]State{
	ledger.RatingContact: {Opened},
	ledger.RatingOrder:   {Contacted},
	ledger.RatingReport:  {Contacted, Rectified},
}

// May tells whether a supervisor's step can be taken now. Whoever gave the rating and
// cannot be reached holds nothing up.
func May(k ledger.Kind, r *Rating, fix *Rectification) error {
	switch s := StateOf(r, fix); {
	case s == Opened && r.Unreachable() && (k == ledger.RatingOrder || k == ledger.RatingReport):
		return nil
	case slices.Contains(Transitions[k], s):
		if k == ledger.RatingOrder && !r.Contact.Verified {
			return refuse("rating_unverified", "回访未核实属实，不发整改通知；请直接反馈办结", "what was said was not found to be so; report and end it")
		}
		if k == ledger.RatingReport && s == Contacted && r.Contact.Verified {
			return refuse("rating_unrectified", "情况属实，须先整改再反馈", "what was said is so; it must be put right before the rater is told")
		}
		return nil
	case s == None:
		return refuse("rating_not_bad", "该评价不是差评，无须处理", "the rating is not a bad one")
	case s == Reported:
		return refuse("rating_finished", "该差评已处理完毕", "this bad rating has been finished")
	default:
		return refuse("rating_step", "差评处理尚未到这一步，或已办过", "this step is not the next one")
	}
}

// MayAnswer tells whether an office's leader can rectify or contest. The person
// who was rated does neither, where it is known who that is.
func MayAnswer(k ledger.Kind, fix *Rectification, rated string, by identity.Actor) error {
	switch {
	case fix == nil:
		return refuse("rectification_unknown", "没有这份整改通知", "there is no such rectification notice")
	case rated != "" && rated == by.Staff:
		return refuse("rated_person", "被评价人不能办理对本人的整改或申诉，请由单位其他负责人办理", "whoever was rated does not answer for it; another of the office does")
	case k == ledger.RatingRectify && fix.DoneMS != 0:
		return refuse("rating_step", "整改结果已报送", "the rectification has been reported already")
	case k == ledger.RatingContest && fix.ContestMS != 0:
		return refuse("rating_step", "已提出过申诉", "it has been contested already")
	}
	return nil
}

// Due are the last days for contacting the rater of a bad rating and for
// finishing it. Errors are those of calendar.Due.
func (r *Rating) Due(rules ledger.ServiceRulesV1, days *calendar.Calendar) (contact, finish calendar.Date, err error) {
	given := calendar.DateOf(time.UnixMilli(r.GivenMS))
	c, err := days.Due(calendar.Period{Start: given, Days: rules.ContactDays})
	if err != nil {
		return contact, finish, err
	}
	f, err := days.Due(calendar.Period{Start: given, Days: rules.FinishDays})
	return c.Due, f.Due, err
}

// OrderUntil is the last day that an order to put a bad rating right may name: its
// own last day, and where that has gone by, as many days from today. Errors are
// those of calendar.Due.
func (r *Rating) OrderUntil(rules ledger.ServiceRulesV1, days *calendar.Calendar, today calendar.Date) (calendar.Date, error) {
	_, finish, err := r.Due(rules, days)
	if err != nil || !finish.Before(today) {
		return finish, err
	}
	anew, err := days.Due(calendar.Period{Start: today, Days: rules.FinishDays})
	return anew.Due, err
}

// CheckOrder refuses an order by a day that has gone by, or one after the last.
func CheckOrder(before, today, last calendar.Date) error {
	if before.Before(today) || before.After(last) {
		return refuse("order_day", "整改期限应在 "+today.String()+" 至 "+last.String()+" 之间（差评办结期限内）",
			"the day to put it right by is from "+today.String()+" to "+last.String()+", within the limit of the bad rating")
	}
	return nil
}

// CheckMark refuses to mark as malicious what was found to be so, and to take back a
// mark that there is not.
func (r *Rating) CheckMark(malicious bool) error {
	switch {
	case malicious && r.Mark == nil && r.Contact != nil && r.Contact.Verified:
		return refuse("rating_verified", "回访已核实属实，不能标记为恶意评价", "what was said was found to be so; it is not marked as malicious")
	case !malicious && r.Mark == nil:
		return refuse("rating_unmarked", "该评价没有被标记为恶意评价，无须取消", "the rating is not marked as malicious; there is nothing to take back")
	}
	return nil
}

// Overdue reports whether a step of a bad rating should have been taken.
func Overdue(s State, contact, finish, today calendar.Date) bool {
	switch s {
	case None, Reported:
		return false
	case Opened:
		return today.After(contact) || today.After(finish)
	}
	return today.After(finish)
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
