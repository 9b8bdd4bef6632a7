package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are what
// people say of the service they had, and what is done about it. None of them
// belongs to a case's entries, for who reads a case must not learn from it who
// rated or complained.

// ServiceRulesV1 sets the limits for what comes after a case. The latest one
// stands; without one, those of the package rating and complaint do.
type ServiceRulesV1 struct {
	// ContactDays and FinishDays are the working days in which a rater is
	// contacted and a bad rating is finished; ReplyDays those for a complaint.
	ContactDays int `json:"contact_days"`
	FinishDays  int `json:"finish_days"`
	ReplyDays   int `json:"reply_days"`
	// LeastShown is how many ratings a figure must rest on before those who were
	// rated may see it: of fewer they could tell who said what.
	LeastShown int `json:"least_shown"`
}

// Check implements Body.
func (b *ServiceRulesV1) Check() error {
	if b.ContactDays < 1 || b.FinishDays < b.ContactDays || b.FinishDays > 60 || b.ReplyDays < 1 || b.ReplyDays > 60 {
		return fmt.Errorf("limits of %d, %d and %d days", b.ContactDays, b.FinishDays, b.ReplyDays)
	}
	if b.LeastShown < 2 || b.LeastShown > 100 {
		return fmt.Errorf("least_shown %d", b.LeastShown)
	}
	return nil
}

// Grade is one of the five grades of a rating (好差评): 5 非常满意, 4 满意,
// 3 基本满意, 2 不满意, 1 非常不满意; 0 where none was given.
type Grade int

// Valid reports whether a grade was given and is one of the five.
func (g Grade) Valid() bool { return g >= 1 && g <= 5 }

// Bad reports whether it is one of the two that ask for rectification (差评).
func (g Grade) Bad() bool { return g == 1 || g == 2 }

// How the rater showed to be the applicant.
const (
	RatedOnDevice = "device" // on the spot, on a device that the desk put before them
	RatedByCode   = "code"   // later, with the code on the receipt
)

// RatingGiveV1 is what an applicant thought of one visit. The node records it,
// not the desk: whoever was rated has no hand in it.
type RatingGiveV1 struct {
	Case string `json:"case"`
	// Occasion is the entry of the visit: hand-in, supplement or delivery. Each
	// is rated at most once.
	Occasion string `json:"occasion"`
	// At is the division at whose node it was given.
	At division.Code `json:"at"`
	// Institution is always graded, platform and person where the rater wants.
	Institution Grade    `json:"institution"`
	Platform    Grade    `json:"platform,omitempty"`
	Person      Grade    `json:"person,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Text        string   `json:"text,omitempty"`
	Means       string   `json:"means"`
}

const maxTags = 10

// Check implements Body.
func (b *RatingGiveV1) Check() error {
	if !b.Institution.Valid() || b.Platform != 0 && !b.Platform.Valid() || b.Person != 0 && !b.Person.Valid() {
		return fmt.Errorf("grades %d, %d, %d", b.Institution, b.Platform, b.Person)
	}
	if b.Means != RatedOnDevice && b.Means != RatedByCode {
		return fmt.Errorf("means %q", b.Means)
	}
	if len(b.Tags) > maxTags {
		return fmt.Errorf("%d tags", len(b.Tags))
	}
	for i, t := range b.Tags {
		if err := required(fmt.Sprintf("tags[%d]", i), t, maxName); err != nil {
			return err
		}
	}
	_, err := division.Parse(string(b.At))
	return first(err, required("case", b.Case, maxIDBytes), required("occasion", b.Occasion, maxIDBytes), optional("text", b.Text, maxText))
}

// RatingContactV1 says that the rater of a bad rating was asked (回访核实).
type RatingContactV1 struct {
	Rating string `json:"rating"`
	// Reached: the rater was spoken to. Verified: what they said is so, and must
	// be put right.
	Reached  bool   `json:"reached"`
	Verified bool   `json:"verified"`
	Note     string `json:"note"`
}

// Check implements Body.
func (b *RatingContactV1) Check() error {
	return first(required("rating", b.Rating, maxIDBytes), required("note", b.Note, maxText))
}

// ContactChannel is by which way the rater of a bad rating was called back.
type ContactChannel string

// The ways.
const (
	ByPhone   ContactChannel = "phone"   // 电话
	ByVisit   ContactChannel = "visit"   // 上门
	AtWindow  ContactChannel = "window"  // 到窗口面谈
	ByMessage ContactChannel = "message" // 短信、即时消息
	ByLetter  ContactChannel = "letter"  // 信函
)

// ContactChannels are all of them.
var ContactChannels = []ContactChannel{ByPhone, ByVisit, AtWindow, ByMessage, ByLetter}

// RatingContactV2 says that the rater of a bad rating was called back (回访核实), or
// that it was tried: by which way and when.
type RatingContactV2 struct {
	Rating  string         `json:"rating"`
	Channel ContactChannel `json:"channel"`
	// AtMS is when it was, Unix milliseconds.
	AtMS int64 `json:"at_ms"`
	// Reached: the rater was spoken to. What reached nobody is an attempt, and does
	// not do what is owed. Verified: what they said is so, and must be put right.
	// Satisfied: with what they were told.
	Reached   bool `json:"reached"`
	Verified  bool `json:"verified,omitempty"`
	Satisfied bool `json:"satisfied,omitempty"`
	// Note is what the rater said and was found, or why nobody was reached.
	Note string `json:"note"`
}

// Check implements Body.
func (b *RatingContactV2) Check() error {
	switch {
	case !slices.Contains(ContactChannels, b.Channel):
		return fmt.Errorf("channel %q", b.Channel)
	case b.AtMS <= 0:
		return fmt.Errorf("at_ms %d", b.AtMS)
	case !b.Reached && (b.Verified || b.Satisfied):
		return errors.New("whoever was not reached said nothing")
	}
	return first(required("rating", b.Rating, maxIDBytes), required("note", b.Note, maxText))
}

// RatingOrderV1 is the rectification notice (整改通知) to an office. It names
// neither the rater nor the case.
type RatingOrderV1 struct {
	Rating     string        `json:"rating"`
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	// What is to be put right, until the end of Before.
	What   string        `json:"what"`
	Before calendar.Date `json:"before"`
}

// Check implements Body.
func (b *RatingOrderV1) Check() error {
	if b.Before.IsZero() {
		return errors.New("a rectification notice without a last day")
	}
	_, err := division.Parse(string(b.Division))
	return first(err, required("rating", b.Rating, maxIDBytes), optional("department", b.Department, maxName), required("what", b.What, maxText))
}

// RatingRectifyV1 says what the office has put right (整改).
type RatingRectifyV1 struct {
	Rating string `json:"rating"`
	Done   string `json:"done"`
}

// Check implements Body.
func (b *RatingRectifyV1) Check() error {
	return first(required("rating", b.Rating, maxIDBytes), required("done", b.Done, maxText))
}

// RatingContestV1 says why an office holds a rating to be wrong (申诉).
type RatingContestV1 struct {
	Rating string `json:"rating"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *RatingContestV1) Check() error {
	return first(required("rating", b.Rating, maxIDBytes), required("reason", b.Reason, maxText))
}

// RatingReportV1 tells the rater what was done and ends the matter (反馈).
type RatingReportV1 struct {
	Rating string `json:"rating"`
	Note   string `json:"note"`
	// Again is how the rater grades it now; 0 when they gave none.
	Again Grade `json:"again,omitempty"`
}

// Check implements Body.
func (b *RatingReportV1) Check() error {
	if b.Again != 0 && !b.Again.Valid() {
		return fmt.Errorf("again %d", b.Again)
	}
	return first(required("rating", b.Rating, maxIDBytes), required("note", b.Note, maxText))
}

// RatingMarkV1 marks a rating as malicious (恶意差评), or takes the mark back. The
// rating stays.
type RatingMarkV1 struct {
	Rating    string `json:"rating"`
	Malicious bool   `json:"malicious"`
	Reason    string `json:"reason"`
}

// Check implements Body.
func (b *RatingMarkV1) Check() error {
	return first(required("rating", b.Rating, maxIDBytes), required("reason", b.Reason, maxText))
}

// ComplaintType is what somebody turns to the centre for.
type ComplaintType string

// The types.
const (
	Complaint  ComplaintType = "complaint"  // 投诉
	Suggestion ComplaintType = "suggestion" // 建议
	Inquiry    ComplaintType = "inquiry"    // 咨询
)

// ComplaintOpenV1 is a complaint, a suggestion or an inquiry, about a case, an
// item, an office or a person.
type ComplaintOpenV1 struct {
	// Number is what the person is told: T and the digits of a case number.
	Number string        `json:"number"`
	Type   ComplaintType `json:"type"`
	// At is the division at whose node it was recorded.
	At   division.Code `json:"at"`
	Case string        `json:"case,omitempty"`
	Item string        `json:"item,omitempty"`
	// Division and Department are the office it is about, Staff the person.
	Division   division.Code `json:"division,omitempty"`
	Department string        `json:"department,omitempty"`
	Staff      string        `json:"staff,omitempty"`
	Text       string        `json:"text"`
	// Name and Phone are empty when it is anonymous.
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	// Account is the applicant's account that it was made from and that is shown the
	// reply; empty for one without.
	Account string `json:"account,omitempty"`
}

// Check implements Body.
func (b *ComplaintOpenV1) Check() error {
	switch {
	case len(b.Number) != 30 || b.Number[0] != 'T':
		return fmt.Errorf("number of %d characters", len(b.Number))
	case !slices.Contains([]ComplaintType{Complaint, Suggestion, Inquiry}, b.Type):
		return fmt.Errorf("type %q", b.Type)
	case len(b.Account) > 64:
		return fmt.Errorf("account of %d characters", len(b.Account))
	case b.Case+b.Item+string(b.Division)+b.Department+b.Staff == "":
		return errors.New("about nothing: name a case, an item, an office or a person")
	}
	if b.Division != "" {
		if _, err := division.Parse(string(b.Division)); err != nil {
			return err
		}
	}
	_, err := division.Parse(string(b.At))
	return first(err, optional("case", b.Case, maxIDBytes), optional("item", b.Item, maxIDBytes), optional("department", b.Department, maxName),
		optional("staff", b.Staff, maxIDBytes), required("text", b.Text, maxText), optional("name", b.Name, maxName), optional("phone", b.Phone, maxName))
}

// ComplaintAssignV1 names the person who answers for a complaint.
type ComplaintAssignV1 struct {
	Complaint string `json:"complaint"` // its number
	Handler   string `json:"handler"`   // staff number
}

// Check implements Body.
func (b *ComplaintAssignV1) Check() error {
	return first(required("complaint", b.Complaint, maxIDBytes), required("handler", b.Handler, maxIDBytes))
}

// ComplaintReplyV1 is the written reply, which ends the matter here.
type ComplaintReplyV1 struct {
	Complaint string `json:"complaint"`
	// Upheld: what was complained of is so. Measures are what was done about it.
	Upheld   bool   `json:"upheld"`
	Reply    string `json:"reply"`
	Measures string `json:"measures,omitempty"`
}

// Check implements Body.
func (b *ComplaintReplyV1) Check() error {
	return first(required("complaint", b.Complaint, maxIDBytes), required("reply", b.Reply, maxText), optional("measures", b.Measures, maxText))
}

// ComplaintRevealV1 says that the actor looked at who complained, unmasked.
type ComplaintRevealV1 struct {
	Complaint string `json:"complaint"`
	Why       string `json:"why,omitempty"`
}

// Check implements Body.
func (b *ComplaintRevealV1) Check() error {
	return first(required("complaint", b.Complaint, maxIDBytes), optional("why", b.Why, maxText))
}
