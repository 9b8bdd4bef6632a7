// Package casework is the life of a case: the steps an item asks for, who
// holds the case at each, and what every entry makes of it. It is pure: a
// case is what its entries make, in the order of their chain, and the same
// entries make the same case on every node.
package casework

import (
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Status is how far a case has come.
type Status string

// The statuses of a case.
const (
	HandedIn      Status = "handed_in"     // 已收件
	Supplementing Status = "supplementing" // 待补正
	Accepted      Status = "accepted"      // 已受理
	NotAccepted   Status = "not_accepted"  // 不予受理
	Granted       Status = "granted"       // 准予
	Declined      Status = "declined"      // 不予
	Issued        Status = "issued"        // 已制发
	Closed        Status = "closed"        // 已送达
	Terminated    Status = "terminated"    // 终止办理

	// A hand-in that is no case: the county refused it (未接收), or the node
	// that has it doubts it and leaves it to the county (待县中心裁定).
	Refused Status = "refused"
	Held    Status = "held"
)

// Statuses lists every status, in the order in which a case can have them.
var Statuses = []Status{HandedIn, Supplementing, Accepted, NotAccepted, Granted, Declined, Issued, Closed, Terminated}

// Ended reports whether nothing more can happen to the case itself.
func (s Status) Ended() bool { return s == NotAccepted || s == Closed || s == Terminated || s.Aside() }

// Aside reports whether there is no case, but only what was handed in.
func (s Status) Aside() bool { return s == Refused || s == Held }

// Case is one application, from hand-in to delivery. At any time exactly one
// division holds it, and only that division's node writes it.
type Case struct {
	// ID is the id of the submission that opened it.
	ID          string `json:"id"`
	Number      string `json:"number"`
	Item        string `json:"item"`
	ItemVersion int    `json:"item_version"`
	ItemName    string `json:"item_name"`
	Department  string `json:"department"`
	// Instant items are decided at once; whoever accepts may decide.
	Instant bool `json:"instant"`
	// Division is where the matter belongs, HandedInAt whose desk took it in,
	// Holder whose node writes it now.
	Division   division.Code               `json:"division"`
	HandedInAt division.Code               `json:"handed_in_at"`
	Holder     division.Code               `json:"holder"`
	Status     Status                      `json:"status"`
	Steps      []ledger.Step               `json:"steps"`
	Step       int                         `json:"step"`
	Applicant  ledger.Applicant            `json:"applicant"`
	Agent      ledger.Agent                `json:"agent,omitzero"`
	Form       []catalog.FieldValue        `json:"form"`
	Materials  []catalog.SubmittedMaterial `json:"materials"`
	Applying   []string                    `json:"applying,omitempty"`
	Documents  []ledger.IssuedDocument     `json:"documents,omitempty"`
	// Free is why nothing was charged although the item charges.
	Free string `json:"free,omitempty"`
	// The moments, Unix milliseconds by the clock of the node that acted;
	// zero when it has not happened.
	HandedInMS  int64 `json:"handed_in_ms"`
	AcceptedMS  int64 `json:"accepted_ms,omitempty"`
	RejectedMS  int64 `json:"rejected_ms,omitempty"`
	DecidedMS   int64 `json:"decided_ms,omitempty"`
	IssuedMS    int64 `json:"issued_ms,omitempty"`
	DeliveredMS int64 `json:"delivered_ms,omitempty"`
	// Decision is Granted or Declined once the case is decided; the status
	// moves on from there.
	Decision Status `json:"decision,omitempty"`
	// Lacking are the materials and fields that were missing at hand-in, and
	// Notice what the applicant was told of it, once.
	Lacking []string `json:"lacking,omitempty"`
	Notice  *Notice  `json:"notice,omitempty"`
	// Tolerated materials may come after acceptance (容缺受理).
	Tolerated []ledger.ToleratedMaterial `json:"tolerated,omitempty"`
	// AcceptedOn is the day from which the limits of a decision run: that of
	// acceptance, or of hand-in where acceptance is deemed.
	AcceptedOn  calendar.Date `json:"accepted_on,omitzero"`
	Suspensions []Suspension  `json:"suspensions,omitempty"`
	// ExtendedBy are the working days added by the authority's head.
	ExtendedBy int           `json:"extended_by,omitempty"`
	ExtendedOn calendar.Date `json:"extended_on,omitzero"`
	Extender   string        `json:"extender,omitempty"` // the head's name
	// What was said for the documents of the case: why it was refused, extended
	// or ended, the opinion of the decision, and who received the result how.
	Reason         string `json:"reason,omitempty"`
	ExtendReason   string `json:"extend_reason,omitempty"`
	RightAuthority string `json:"right_authority,omitempty"`
	// Ground is on which of the law's grounds it was not accepted.
	Ground         ledger.RejectGround `json:"ground,omitempty"`
	Opinion        string              `json:"opinion,omitempty"`
	PapersReturned bool                `json:"papers_returned,omitempty"`
	Recipient      string              `json:"recipient,omitempty"`
	Method         string              `json:"method,omitempty"`
	// Relation is what the recipient is to the applicant, Witness before whom
	// papers were left, ServedWhy why they were left or served by public notice,
	// NoticeSince since when that stood.
	Relation    string        `json:"relation,omitempty"`
	Witness     string        `json:"witness,omitempty"`
	ServedWhy   string        `json:"served_why,omitempty"`
	NoticeSince calendar.Date `json:"notice_since,omitzero"`
	// Told are the due dates that the applicant was told last, FirstTold those told
	// with acceptance and ExtendTold those told with the extension.
	Told       ledger.Dues `json:"told,omitzero"`
	FirstTold  ledger.Dues `json:"first_told,omitzero"`
	ExtendTold ledger.Dues `json:"extend_told,omitzero"`
	// Cause is why a terminated case has no decision.
	Cause        ledger.Cause `json:"cause,omitempty"`
	TerminatedMS int64        `json:"terminated_ms,omitempty"`
	// TerminatedBy is who ended it.
	TerminatedBy *identity.Actor `json:"terminated_by,omitempty"`
	// AcceptedBy and DecidedBy answer for their steps by name.
	AcceptedBy *identity.Actor `json:"accepted_by,omitempty"`
	// Acceptors are the staff numbers of all who ever accepted it: one that was
	// sent back is accepted again, by AcceptedBy at last.
	Acceptors []string        `json:"acceptors,omitempty"`
	DecidedBy *identity.Actor `json:"decided_by,omitempty"`
	// Hands are the staff numbers of those who took it in and took its steps, in
	// the order of their first one.
	Hands []string `json:"hands,omitempty"`
	// Flags mark what a desk must know: see the Flag constants.
	Flags []string `json:"flags,omitempty"`
	// Package ties the case to the joint matter it is part of; nil for a case
	// that stands alone.
	Package *Joined `json:"package,omitempty"`
	// Corrects is the refused submission this case replaces.
	Corrects string `json:"corrects,omitempty"`
	// Authority are scans of the proof that the agent may act.
	Authority []catalog.AttachmentRef `json:"authority,omitempty"`
	// Online is set when the applicant handed it in from home.
	Online ledger.Online `json:"online,omitzero"`
	// First is who was asked first and answers for guiding the applicant (首问负责):
	// whoever took the papers in, or was asked before; nobody for what came from home.
	First ledger.NamedPerson `json:"first,omitzero"`
	// Renews is what the case asks to have renewed; zero for one that renews nothing.
	Renews ledger.Renewal `json:"renews,omitzero"`
	// Hearing is the hearing of the case, from when the right to it was told; nil
	// where there is none.
	Hearing *Hearing `json:"hearing,omitempty"`
	// Intents are the refusals that were told of before they were decided, the last
	// being what counts, and Weighed what the decision says of what was said of it.
	Intents []Intent `json:"intents,omitempty"`
	Weighed string   `json:"weighed,omitempty"`
	// Reviewers are the staff numbers of those who looked into it.
	Reviewers []string `json:"reviewers,omitempty"`
	// AgainMS is when what is missing was asked for a second time, and AgainFrom the
	// first of the notice's points that are of that; zero where it was not.
	AgainMS   int64 `json:"again_ms,omitempty"`
	AgainFrom int   `json:"again_from,omitempty"`
	// FirstApplicant is whom the case was for when it was accepted, and CorrectedMS
	// when that was put right last after it; nil and 0 where it was not.
	FirstApplicant *ledger.Applicant `json:"first_applicant,omitempty"`
	CorrectedMS    int64             `json:"corrected_ms,omitempty"`
	// Head is the last entry of the chain; the next one names it as its prev.
	Head string `json:"head"`
}

// touch notes who took a step in the case. The node itself and the applicant
// have no hand in it.
func (c *Case) touch(by identity.Actor) {
	if by.Role == identity.System || by.Role == identity.Applicant || slices.Contains(c.Hands, by.Staff) {
		return
	}
	c.Hands = append(slices.Clip(c.Hands), by.Staff)
}

// Flags on a case.
const (
	// FlagItemChanged: the item was changed or withdrawn when the case was handed in,
	// or before it arrived; the case goes on under its own version.
	FlagItemChanged = "item_changed"
	// FlagClockSkew: an entry was made by a clock known to be off.
	FlagClockSkew = "clock_skew"
	// FlagSecondNotice: what is missing was asked for more than once.
	FlagSecondNotice = "second_notice"
	// FlagLateResult: a special procedure took longer than the applicant was told.
	FlagLateResult = "late_result"
	// FlagDeemed: nobody told in time what is missing; the law took the case for
	// accepted.
	FlagDeemed = "deemed_accepted"
	// FlagHearingLate: a hearing is held later than twenty working days after it
	// was asked for.
	FlagHearingLate = "hearing_late"
	// FlagBareReturn: it was sent back with no reason that says anything.
	FlagBareReturn = "bare_return"
	// FlagCorrected: a slip in the applicant's name or number was put right after
	// acceptance.
	FlagCorrected = "applicant_corrected"
)

// FlagWords say what a flag means; of one that this program does not know, its
// name.
func FlagWords(flag string) (zh, en string) {
	switch flag {
	case FlagItemChanged:
		return "收件时或送达县中心前，事项已变更或停办；仍按收件所用的版本办理", "the item was changed or withdrawn by the time of hand-in, or before it arrived; the case goes on under the version it was handed in with"
	case FlagClockSkew:
		return "有环节由时钟不准的机器记录", "a step was recorded by a clock that was off"
	case FlagSecondNotice:
		return "不止一次要求补正", "what is missing was asked for more than once"
	case FlagLateResult:
		return "特别程序超出告知的时间", "a special procedure took longer than told"
	case FlagDeemed:
		return "逾期未一次性告知，自收件之日起视为受理", "nobody told in time what is missing, so that it counts as accepted on receipt"
	case FlagHearingLate:
		return "听证晚于申请后二十日举行", "the hearing is held later than twenty working days after it was asked for"
	case FlagBareReturn:
		return "退回时未说明理由", "it was sent back without a reason"
	case FlagCorrected:
		return "受理后更正过申请人的姓名或号码", "the applicant's name or number was put right after acceptance"
	}
	return flag, flag
}

// OpenedBy is the entry that opened the case: its own submission, or that of the
// joint matter it is part of.
func (c *Case) OpenedBy() string {
	if c.Package != nil {
		return c.Package.ID
	}
	return c.ID
}

// Notice is the one-time notice of what is missing (一次性补正告知).
type Notice struct {
	// On is the day of the first notice: it is what the law limits.
	On     calendar.Date            `json:"on"`
	Points []ledger.SupplementPoint `json:"points"`
	Before calendar.Date            `json:"before,omitzero"`
	By     identity.Actor           `json:"by"`
}

// Suspension is a special procedure of a case (特别程序).
type Suspension struct {
	Procedure string `json:"procedure"`
	// Lawful says that the law leaves its time out; otherwise only the promise
	// does.
	Lawful bool `json:"lawful,omitempty"`
	// From is the day of the notice, Until the last day told in it, End the day
	// the result came; no date while it has not.
	From  calendar.Date `json:"from"`
	Until calendar.Date `json:"until"`
	End   calendar.Date `json:"end,omitzero"`
	// Officers are those who look at the place (现场勘验), Told the due dates that
	// the notice of it tells.
	Officers []string    `json:"officers,omitempty"`
	Told     ledger.Dues `json:"told,omitzero"`
}

// Open reports whether the clock stands still on a day. It goes on by itself
// after the day that the applicant was told.
func (s Suspension) Open(on calendar.Date) bool { return s.End.IsZero() && !on.After(s.Until) }

// Current is the step the case waits at; false once it has ended.
func (c *Case) Current() (ledger.Step, bool) {
	if c.Status.Ended() || c.Step >= len(c.Steps) {
		return ledger.Step{}, false
	}
	return c.Steps[c.Step], true
}

// Refusal is the domain's no: stable code, and a message in both languages
// that says what to do.
type Refusal struct {
	Code   string
	ZH, EN string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.EN) }

func refuse(code, zh, en string) error { return &Refusal{Code: code, ZH: zh, EN: en} }

// Place is the node an entry came from.
type Place struct {
	Division division.Code
	// Ordinal is the node's number within its division.
	Ordinal int
}
