package ledger

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// The bodies in this file are frozen: a change is a new version.

// Verb is what a step of a case asks for.
type Verb string

// The verbs of a case's steps, in the order they can appear.
const (
	VerbCollect   Verb = "collect"    // 代收: taken in below the tier that accepts
	VerbRelay     Verb = "relay"      // 转报: checked and passed on by a tier in between
	VerbAccept    Verb = "accept"     // 受理
	VerbPreReview Verb = "pre_review" // 初审
	VerbReview    Verb = "review"     // 审核
	VerbDecide    Verb = "decide"     // 审批(决定)
	VerbIssue     Verb = "issue"      // 制发
	VerbDeliver   Verb = "deliver"    // 送达
)

// Step is one step of a case: who does what, at which tier.
type Step struct {
	Tier node.Tier `json:"tier"`
	Verb Verb      `json:"verb"`
}

// Applicant is the person or organisation a case is for.
type Applicant struct {
	// Type is "person" (自然人) or "organisation" (法人).
	Type string `json:"type"`
	Name string `json:"name"`
	// IDNumber is the person's GB 11643 number or the organisation's USCC;
	// empty for an organisation that is only being founded.
	IDNumber string `json:"id_number,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

// Agent is who hands a case in for the applicant (代办人).
type Agent struct {
	Name string `json:"name"`
	// IDNumber is the agent's GB 11643 number.
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone,omitempty"`
	// Authority names the proof of authority (授权委托书).
	Authority string `json:"authority"`
	// Seen: whoever took the case in saw the original of it, and answers for that.
	Seen bool `json:"seen,omitempty"`
}

// CaseSubmitV1 hands a case in.
type CaseSubmitV1 struct {
	// Number is the case number in compact form, final once printed.
	Number      string `json:"number"`
	Item        string `json:"item"`
	ItemVersion int    `json:"item_version"`
	Department  string `json:"department"`
	// Division is where the matter belongs; it is the entry's scope too.
	Division  division.Code `json:"division"`
	Applicant Applicant     `json:"applicant"`
	// Agent acts for the applicant; zero when the applicant comes in person.
	Agent     Agent                       `json:"agent,omitzero"`
	Form      []catalog.FieldValue        `json:"form"`
	Materials []catalog.SubmittedMaterial `json:"materials"`
	// Applying names the conditional materials the applicant declared to
	// apply.
	Applying []string `json:"applying,omitempty"`
	// Steps is the whole way the case will go, and HandedInAt the division
	// whose desk took it in and will hand the result over.
	Steps      []Step        `json:"steps"`
	HandedInAt division.Code `json:"handed_in_at"`
	// Corrects is the id of a refused submission that this one replaces.
	Corrects string `json:"corrects,omitempty"`
	// Lacking: taken in although papers or answers are missing. Whoever accepts
	// asks for them, once, or tolerates that they come later.
	Lacking bool `json:"lacking,omitempty"`
	// Authority are scans of the proof that the agent may act (授权委托书).
	Authority []catalog.AttachmentRef `json:"authority,omitempty"`
	// Online is set when the applicant handed it in from home; zero at a desk.
	Online Online `json:"online,omitzero"`
	// Renews is what is to be renewed (延续); zero for a case that renews nothing.
	Renews Renewal `json:"renews,omitzero"`
	// Guide is the question at a window that it came of, and First who was asked
	// then (首问负责); zero where whoever hands it in was asked first.
	Guide string      `json:"guide,omitempty"`
	First NamedPerson `json:"first,omitzero"`
}

// Renewal names what its holder wants to have renewed (延续, Administrative
// Licence Law art. 50).
type Renewal struct {
	// Case is the case that it was issued in, Result which of its results it is.
	Case   string `json:"case"`
	Result string `json:"result"`
	Number string `json:"number,omitempty"`
	// Until is the last day on which it holds.
	Until calendar.Date `json:"until"`
}

// Online is what is special about a case that was handed in from home.
type Online struct {
	// Account is whom the case belongs to: the actor's own, or that of the
	// organisation they act for.
	Account string `json:"account"`
	// ReceivedOn is the day on which it counts as received, where that is not
	// the day it was handed in: the next working day.
	ReceivedOn calendar.Date `json:"received_on,omitzero"`
	// Electronic: the applicant agrees to be served electronically.
	Electronic bool `json:"electronic,omitempty"`
}

// Check implements Body.
func (b *CaseSubmitV1) Check() error {
	switch {
	case len(b.Number) != 29:
		return fmt.Errorf("number has %d digits, want 29", len(b.Number))
	case b.Item == "" || b.ItemVersion < 1:
		return fmt.Errorf("item %q version %d", b.Item, b.ItemVersion)
	case len(b.Steps) < 2 || len(b.Steps) > 16:
		return fmt.Errorf("%d steps", len(b.Steps))
	case len(b.Form) > 200 || len(b.Materials) > 100 || len(b.Applying) > 100:
		return fmt.Errorf("too many fields or materials")
	case b.Applicant.Type != "person" && b.Applicant.Type != "organisation":
		return fmt.Errorf("applicant type %q", b.Applicant.Type)
	case b.Applicant.Name == "":
		return fmt.Errorf("applicant without a name")
	case len(b.Authority) > 20:
		return fmt.Errorf("%d proofs of authority", len(b.Authority))
	}
	if _, err := division.Parse(string(b.Division)); err != nil {
		return err
	}
	if b.Renews != (Renewal{}) && (b.Renews.Case == "" || b.Renews.Result == "" || b.Renews.Until.IsZero()) {
		return errors.New("a renewal names the case, the result and its last day")
	}
	if (b.Guide == "") != (b.First == NamedPerson{}) {
		return errors.New("a question at a window, and nothing else, names who was asked")
	}
	_, err := division.Parse(string(b.HandedInAt))
	return first(err, onFile(b.Materials), b.First.check("first"), optional("guide", b.Guide, maxIDBytes), optional("renews.case", b.Renews.Case, maxIDBytes), optional("renews.result", b.Renews.Result, maxIDBytes), optional("renews.number", b.Renews.Number, maxName), optional("applicant.name", b.Applicant.Name, maxName), optional("applicant.id_number", b.Applicant.IDNumber, maxName), optional("applicant.phone", b.Applicant.Phone, maxName),
		optional("agent.name", b.Agent.Name, maxName), optional("agent.id_number", b.Agent.IDNumber, maxName), optional("agent.phone", b.Agent.Phone, maxName), optional("agent.authority", b.Agent.Authority, maxName),
		optional("corrects", b.Corrects, maxIDBytes), optional("online.account", b.Online.Account, maxIDBytes))
}

// CaseAcceptV1 accepts a case formally (受理) and starts its clock.
type CaseAcceptV1 struct {
	Note string `json:"note,omitempty"`
	// Deemed: nobody told the applicant in time what was missing, so that the
	// case counts as accepted on the day it was handed in (art. 32 no. 4).
	Deemed bool `json:"deemed,omitempty"`
	// Supplements are the entries that brought what was missing.
	Supplements []string            `json:"supplements,omitempty"`
	Tolerated   []ToleratedMaterial `json:"tolerated,omitempty"`
	// Dues are the dates the acceptance notice tells.
	Dues Dues `json:"dues,omitzero"`
	// Answerable is who owed the notice that was not given, where no person but
	// the law accepts the case.
	Answerable identity.Actor `json:"answerable,omitzero"`
}

// Check implements Body.
func (b *CaseAcceptV1) Check() error {
	if b.Answerable != (identity.Actor{}) && !b.Deemed {
		return errors.New("somebody is answerable for a notice that is not missing")
	}
	return first(checkBrought(b.Supplements, b.Tolerated), optional("note", b.Note, maxText),
		optional("answerable.staff", b.Answerable.Staff, maxIDBytes), optional("answerable.name", b.Answerable.Name, maxName))
}

// checkBrought bounds what is said of missing papers that came, or may come
// later.
func checkBrought(supplements []string, tolerated []ToleratedMaterial) error {
	if len(supplements) > maxPoints || len(tolerated) > maxPoints {
		return fmt.Errorf("%d supplements, %d tolerated materials", len(supplements), len(tolerated))
	}
	for i, s := range supplements {
		if err := required(fmt.Sprintf("supplements[%d]", i), s, maxIDBytes); err != nil {
			return err
		}
	}
	for i, t := range tolerated {
		if err := required(fmt.Sprintf("tolerated[%d].material", i), t.Material, maxName); err != nil {
			return err
		}
		if t.Before.IsZero() {
			return fmt.Errorf("tolerated[%d] without a day", i)
		}
	}
	return nil
}

// CaseRejectV1 refuses to accept a case (不予受理, Administrative Licence Law
// art. 32).
type CaseRejectV1 struct {
	Reason string `json:"reason"`
	// Ground is which of the law's grounds it is (art. 32).
	Ground RejectGround `json:"ground,omitempty"`
	// Authority names the right authority, where the matter is another's.
	Authority string `json:"authority,omitempty"`
}

// RejectGround is why an application is not accepted.
type RejectGround string

// The grounds of the law, and what another law says.
const (
	RejectNeedless   RejectGround = "needless"   // art. 32 no. 1: it takes no licence
	RejectCompetence RejectGround = "competence" // art. 32 no. 2: it is another authority's matter
	RejectOther      RejectGround = "other"
)

// Valid reports whether g is a ground.
func (g RejectGround) Valid() bool {
	return g == RejectNeedless || g == RejectCompetence || g == RejectOther
}

// Check implements Body.
func (b *CaseRejectV1) Check() error {
	if b.Ground != "" && !b.Ground.Valid() {
		return fmt.Errorf("ground %q", b.Ground)
	}
	return first(required("reason", b.Reason, maxText), optional("authority", b.Authority, maxName))
}

// CaseRelayV1 passes a collected case on to the next tier (转报).
type CaseRelayV1 struct {
	Opinion string `json:"opinion,omitempty"`
}

// Check implements Body.
func (b *CaseRelayV1) Check() error { return optional("opinion", b.Opinion, maxText) }

// CaseReviewV1 passes a review step (初审 or 审核) with an opinion. A review
// that finds fault returns the case instead.
type CaseReviewV1 struct {
	Opinion string `json:"opinion"`
}

// Check implements Body.
func (b *CaseReviewV1) Check() error { return required("opinion", b.Opinion, maxText) }

// CaseReturnV1 sends a case back to an earlier step, with a reason.
type CaseReturnV1 struct {
	// ToStep is the index of the step in the case's steps.
	ToStep int    `json:"to_step"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *CaseReturnV1) Check() error {
	if b.ToStep < 0 || b.ToStep > 15 {
		return fmt.Errorf("to_step %d", b.ToStep)
	}
	return required("reason", b.Reason, maxText)
}

// CaseDecideV1 grants or refuses what was applied for. A refusal states
// facts and reasons (Administrative Licence Law art. 38).
type CaseDecideV1 struct {
	Granted bool   `json:"granted"`
	Opinion string `json:"opinion"`
	// Weighed is what became of what the applicant, or others with an interest, had to
	// say before (陈述申辩的采纳情况); empty where nobody said anything.
	Weighed string `json:"weighed,omitempty"`
}

// Check implements Body.
func (b *CaseDecideV1) Check() error {
	return first(required("opinion", b.Opinion, maxText), optional("weighed", b.Weighed, maxText))
}

// IssuedDocument is a result made out for the applicant.
type IssuedDocument struct {
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
	// ValidUntil is a date (2006-01-02), empty for no end.
	ValidUntil string `json:"valid_until,omitempty"`
}

// CaseIssueV1 makes out the results (制发) and sends the case to where the
// applicant receives them.
type CaseIssueV1 struct {
	Documents []IssuedDocument `json:"documents"`
	// Free says why nothing is charged in a case of an item that charges: what its
	// standard leaves free (首次申领免费). Whoever makes the result out answers for it.
	Free string `json:"free,omitempty"`
}

// Check implements Body.
func (b *CaseIssueV1) Check() error {
	if len(b.Documents) == 0 || len(b.Documents) > 20 {
		return fmt.Errorf("%d documents", len(b.Documents))
	}
	for i, d := range b.Documents {
		if err := first(required(fmt.Sprintf("documents[%d].name", i), d.Name, maxName),
			optional("number", d.Number, maxName), optional("valid_until", d.ValidUntil, 10)); err != nil {
			return err
		}
	}
	return optional("free", b.Free, maxText)
}

// CaseDeliverV1 hands the results over (送达) and closes the case.
type CaseDeliverV1 struct {
	Recipient string `json:"recipient"`
	// Method is one of direct, left, post, electronic, entrusted, notice.
	Method string `json:"method"`
	// Proof are attachments: a signed receipt, a photograph.
	Proof []catalog.AttachmentRef `json:"proof,omitempty"`
	// Relation is what the recipient is to the applicant, where they are neither
	// the applicant nor the agent.
	Relation string `json:"relation,omitempty"`
	// Witness is before whom papers were left, Reason why they were left or served
	// by public notice, Since the day from which the notice stands.
	Witness string        `json:"witness,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Since   calendar.Date `json:"since,omitzero"`
	// Consent are scans of the written consent to electronic service, for a case
	// that was handed in at a desk.
	Consent []catalog.AttachmentRef `json:"consent,omitempty"`
}

// Check implements Body.
func (b *CaseDeliverV1) Check() error {
	switch b.Method {
	case "direct", "left", "post", "electronic", "entrusted", "notice":
	default:
		return fmt.Errorf("method %q", b.Method)
	}
	if len(b.Proof) > 20 || len(b.Consent) > 20 {
		return fmt.Errorf("%d proofs", len(b.Proof)+len(b.Consent))
	}
	return first(required("recipient", b.Recipient, maxName), optional("relation", b.Relation, maxName), optional("witness", b.Witness, maxName), optional("reason", b.Reason, maxText))
}

// CaseCommentV1 adds a remark beside a case, whoever holds it.
type CaseCommentV1 struct {
	Text string `json:"text"`
}

// Check implements Body.
func (b *CaseCommentV1) Check() error { return required("text", b.Text, maxText) }

// CaseRevealV1 says that somebody looked at personal data of a case unmasked:
// the actor of the entry, at its node, before it was shown.
type CaseRevealV1 struct {
	// What was shown: "case" (applicant, form, papers, documents), "timeline"
	// (what people wrote) or "attachment:" and the hash of a file.
	What []string `json:"what"`
	// Why is what they gave as the reason, if anything.
	Why string `json:"why,omitempty"`
}

// What can be shown of a case unmasked.
const (
	RevealCase       = "case"
	RevealTimeline   = "timeline"
	RevealAttachment = "attachment:"
	RevealDocument   = "document:" // with the kind of document that was made out
	RevealArchive    = "archive"   // the whole volume
)

// Check implements Body.
func (b *CaseRevealV1) Check() error {
	if len(b.What) == 0 || len(b.What) > 20 {
		return fmt.Errorf("%d things shown", len(b.What))
	}
	for _, w := range b.What {
		hash, file := strings.CutPrefix(w, RevealAttachment)
		kind, paper := strings.CutPrefix(w, RevealDocument)
		if w != RevealCase && w != RevealTimeline && w != RevealArchive && !(file && len(hash) == 64) && !(paper && kind != "" && len(kind) <= 40) {
			return fmt.Errorf("shown: %.80q", w)
		}
	}
	return optional("why", b.Why, maxText)
}

// CaseConsentV1 says how an applicant agrees to be served from now on
// (电子送达同意). It stands beside the case.
type CaseConsentV1 struct {
	// Service is ServiceElectronic or ServicePaper.
	Service string `json:"service"`
}

// How an applicant agrees to be served.
const (
	ServiceElectronic = "electronic"
	ServicePaper      = "paper"
)

// Check implements Body.
func (b *CaseConsentV1) Check() error {
	if b.Service != ServiceElectronic && b.Service != ServicePaper {
		return fmt.Errorf("service %q", b.Service)
	}
	return nil
}

// CaseOpenedV1 is the proof of electronic service: the applicant opened a
// document of the case, and this is recorded before it is shown (送达回证).
type CaseOpenedV1 struct {
	// Document is the kind of document that was opened.
	Document string `json:"document"`
	// Hash is the SHA-256 of its canonical text, in lower-case hex.
	Hash string `json:"hash"`
}

// Check implements Body.
func (b *CaseOpenedV1) Check() error {
	if len(b.Hash) != 64 {
		return fmt.Errorf("hash of %d", len(b.Hash))
	}
	return required("document", b.Document, 40)
}

// AttachmentConfirmV1 says that an attachment is stored on a majority of the
// county's hub processes.
type AttachmentConfirmV1 struct {
	// Hash is the SHA-256 of the content in lower-case hex, Size its bytes.
	Hash string   `json:"hash"`
	Size int64    `json:"size"`
	Hubs []string `json:"hubs"`
}

// Check implements Body.
func (b *AttachmentConfirmV1) Check() error {
	if len(b.Hash) != 64 || b.Size <= 0 || len(b.Hubs) == 0 || len(b.Hubs) > 9 {
		return fmt.Errorf("hash of %d, size %d, %d hubs", len(b.Hash), b.Size, len(b.Hubs))
	}
	return nil
}

// AttentionResolveV1 closes what asked for attention, saying what was done.
type AttentionResolveV1 struct {
	// Entry is the refused entry.
	Entry string `json:"entry"`
	Note  string `json:"note"`
	// ReplacedBy is the entry that corrects it, if one does.
	ReplacedBy string `json:"replaced_by,omitempty"`
}

// Check implements Body.
func (b *AttentionResolveV1) Check() error {
	return first(required("entry", b.Entry, maxIDBytes), required("note", b.Note, maxText), optional("replaced_by", b.ReplacedBy, maxIDBytes))
}
