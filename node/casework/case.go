// Package casework is the life of a case: the steps an item asks for, who
// holds the case at each, and what every entry makes of it. It is pure: a
// case is what its entries make, in the order of their chain, and the same
// entries make the same case on every node.
package casework

import (
	"fmt"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Status is how far a case has come.
type Status string

// The statuses of a case.
const (
	HandedIn    Status = "handed_in"    // 已收件
	Accepted    Status = "accepted"     // 已受理
	NotAccepted Status = "not_accepted" // 不予受理
	Granted     Status = "granted"      // 准予
	Declined    Status = "declined"     // 不予
	Issued      Status = "issued"       // 已制发
	Closed      Status = "closed"       // 已送达

	// A hand-in that is no case: the county refused it (未接收), or the node
	// that has it doubts it and leaves it to the county (待县中心裁定).
	Refused Status = "refused"
	Held    Status = "held"
)

// Ended reports whether nothing more can happen to the case itself.
func (s Status) Ended() bool { return s == NotAccepted || s == Closed || s.Aside() }

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
	// The moments, Unix milliseconds by the clock of the node that acted;
	// zero when it has not happened.
	HandedInMS  int64 `json:"handed_in_ms"`
	AcceptedMS  int64 `json:"accepted_ms,omitempty"`
	DecidedMS   int64 `json:"decided_ms,omitempty"`
	IssuedMS    int64 `json:"issued_ms,omitempty"`
	DeliveredMS int64 `json:"delivered_ms,omitempty"`
	// Decision is Granted or Declined once the case is decided; the status
	// moves on from there.
	Decision Status `json:"decision,omitempty"`
	// AcceptedBy and DecidedBy answer for their steps by name.
	AcceptedBy *identity.Actor `json:"accepted_by,omitempty"`
	DecidedBy  *identity.Actor `json:"decided_by,omitempty"`
	// Flags mark what a desk must know: see the Flag constants.
	Flags []string `json:"flags,omitempty"`
	// Corrects is the refused submission this case replaces.
	Corrects string `json:"corrects,omitempty"`
	// Head is the last entry of the chain; the next one names it as its prev.
	Head string `json:"head"`
}

// Flags on a case.
const (
	// FlagItemChanged: the item was changed or withdrawn between hand-in and
	// arrival; the case goes on under its own version.
	FlagItemChanged = "item_changed"
	// FlagClockSkew: an entry was made by a clock known to be off.
	FlagClockSkew = "clock_skew"
)

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
