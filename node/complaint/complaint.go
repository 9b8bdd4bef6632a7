// Package complaint is what people turn to the centre for beside their cases:
// complaints, suggestions and inquiries (投诉、建议、咨询, handbook section 7). Each is
// acknowledged with a number, answered by a named person within its limit, and
// never by whoever it is about. Formal review and suits are not handled here:
// the reply says where to turn. It is pure.
package complaint

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Complaint is one complaint, suggestion or inquiry, as its entries make it.
type Complaint struct {
	Number string               `json:"number"`
	Type   ledger.ComplaintType `json:"type"`
	// At is where it was recorded, which is who may see it: that division's node
	// and those above.
	At   division.Code `json:"at"`
	Case string        `json:"case,omitempty"`
	Item string        `json:"item,omitempty"`
	// Division and Department are the office it is about, Staff the person.
	Division   division.Code `json:"division,omitempty"`
	Department string        `json:"department,omitempty"`
	Staff      string        `json:"staff,omitempty"`
	Text       string        `json:"text"`
	Name       string        `json:"name,omitempty"`
	Phone      string        `json:"phone,omitempty"`
	// Account is whose account is shown the reply.
	Account string `json:"account,omitempty"`
	// Entry opened it, by whom and when (Unix milliseconds).
	Entry    string         `json:"entry"`
	OpenedBy identity.Actor `json:"opened_by"`
	OpenedMS int64          `json:"opened_ms"`
	// Handler is the staff number of who answers for it.
	Handler    string          `json:"handler,omitempty"`
	AssignedMS int64           `json:"assigned_ms,omitempty"`
	AssignedBy *identity.Actor `json:"assigned_by,omitempty"`
	Upheld     bool            `json:"upheld,omitempty"`
	Reply      string          `json:"reply,omitempty"`
	Measures   string          `json:"measures,omitempty"`
	RepliedMS  int64           `json:"replied_ms,omitempty"`
	RepliedBy  *identity.Actor `json:"replied_by,omitempty"`
}

// Open makes a complaint of what was said.
func Open(e *ledger.Entry, b *ledger.ComplaintOpenV1) (*Complaint, error) {
	number, err := casework.ParseNumber(b.Number[1:])
	if err != nil || number.Division() != b.At || number.Date() != calendar.DateOf(time.UnixMilli(e.OccurredAt)) {
		return nil, refuse("complaint_number", "受理编号有误，请重新提交", "the number is not one of this place and day")
	}
	return &Complaint{Number: b.Number, Type: b.Type, At: b.At, Case: b.Case, Item: b.Item, Division: b.Division, Department: b.Department, Staff: b.Staff,
		Text: b.Text, Name: b.Name, Phone: b.Phone, Account: b.Account, Entry: e.ID, OpenedBy: e.Actor, OpenedMS: e.OccurredAt}, nil
}

// State is how far a complaint has come.
type State string

// The states.
const (
	Opened   State = "opened"   // 已登记
	Assigned State = "assigned" // 办理中
	Replied  State = "replied"  // 已答复
)

// State is how far it has come.
func (c *Complaint) State() State {
	switch {
	case c.RepliedMS != 0:
		return Replied
	case c.Handler != "":
		return Assigned
	}
	return Opened
}

// Concerned are the people a complaint is about, who may neither see nor handle
// it: who is named, else whoever took a step in the case. An inquiry and a
// suggestion are about nobody unless they name somebody.
func (c *Complaint) Concerned(of *casework.Case) []string {
	if c.Staff != "" {
		return []string{c.Staff}
	}
	if c.Type != ledger.Complaint || of == nil {
		return nil
	}
	return slices.Clone(of.Hands)
}

// MayAssign tells whether a handler can be named.
func (c *Complaint) MayAssign(handler string, concerned []string) error {
	if c.State() == Replied {
		return replied
	}
	return notConcerned(handler, concerned)
}

// MayReply tells whether somebody can reply: only who was named to.
func (c *Complaint) MayReply(by string, concerned []string) error {
	switch {
	case c.State() == Replied:
		return replied
	case c.Handler == "":
		return refuse("complaint_unassigned", "请先指定承办人", "name who answers for it first")
	case c.Handler != by:
		return refuse("complaint_handler", "只能由指定的承办人答复", "only the person who answers for it replies")
	}
	return notConcerned(by, concerned)
}

func notConcerned(staff string, concerned []string) error {
	for _, c := range concerned {
		if c == staff {
			return refuse("complaint_concerned", "被投诉人不能承办对本人的投诉，请另行指定承办人", "nobody handles what is said about themselves; name somebody else")
		}
	}
	return nil
}

var replied = refuse("complaint_replied", "已经答复，不能再办理", "it has been replied to")

// Due is the last day for the reply. Errors are those of calendar.Due.
func (c *Complaint) Due(rules ledger.ServiceRulesV1, days *calendar.Calendar) (calendar.Date, error) {
	r, err := days.Due(calendar.Period{Start: calendar.DateOf(time.UnixMilli(c.OpenedMS)), Days: rules.ReplyDays})
	return r.Due, err
}

// Remedy is the notice that stands under every reply: what the centre does not
// decide, and where to turn with it (handbook section 3).
func Remedy(government string) (zh, en string) {
	return "对本次答复不满意的，可向监督电话反映；对行政行为不服的，可自知道之日起60日内向" + government + "申请行政复议，或在6个月内依法提起行政诉讼。本中心不受理行政复议和诉讼。",
		"who is not content may call the supervision phone; against an administrative act, reconsideration can be asked of " + government + " within 60 days of knowing it, or a suit be brought within 6 months. The centre handles neither."
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
