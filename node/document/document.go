// Package document is what the papers say that a county hands out about a case:
// receipts, notices, decisions, proofs, and the notice sheet of an item. A
// document is data, made of a case and its item alone; the same case makes the
// same document on every node, so that a village can print one with the line
// down. How it looks is not decided here.
package document

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// Kind is a kind of document.
type Kind string

// The documents (domain: section 3).
const (
	ReceiptSlip            Kind = "receipt_slip"             // 收件凭证
	AcceptanceNotice       Kind = "acceptance_notice"        // 受理通知书
	RejectionNotice        Kind = "rejection_notice"         // 不予受理决定书
	SupplementNotice       Kind = "supplement_notice"        // 一次性补正告知书
	SpecialProcedureNotice Kind = "special_procedure_notice" // 特别程序告知书
	ExtensionNotice        Kind = "extension_notice"         // 延长审批期限告知书
	GrantDecision          Kind = "grant_decision"           // 准予行政许可决定书
	RefusalDecision        Kind = "refusal_decision"         // 不予行政许可决定书
	TerminationNotice      Kind = "termination_notice"       // 终止办理通知书
	ServiceReceipt         Kind = "service_receipt"          // 送达回证
	NoticeSheet            Kind = "notice_sheet"             // 窗口告知单
	PaymentNotice          Kind = "payment_notice"           // 缴款通知
	HearingNotice          Kind = "hearing_notice"           // 听证告知书
	HearingSummons         Kind = "hearing_summons"          // 听证通知书
	RefusalNotice          Kind = "refusal_notice"           // 拟不予行政许可事先告知书
	CorrectionDecision     Kind = "correction_decision"      // 更正决定书
	RevocationNotice       Kind = "revocation_notice"        // 拟撤销事先告知书
	RevocationDecision     Kind = "revocation_decision"      // 撤销、注销决定书
	ResultServiceReceipt   Kind = "result_service_receipt"   // 送达回证，对已发结果的决定
)

// Template is the version of what this package writes. A document keeps the
// version it was made with; a change of wording is a new version.
const Template = 1

// Document is one paper. Field order is the order of its canonical JSON, which
// is what is signed.
type Document struct {
	Kind     Kind `json:"kind"`
	Template int  `json:"template"`
	// Number is 〔year〕 and the case number, with which of its kind it is: unique
	// without asking anybody, so that it is final also where the line is down.
	Number string        `json:"number,omitempty"`
	Title  string        `json:"title"`
	Issuer Issuer        `json:"issuer"`
	Case   string        `json:"case,omitempty"` // the case number as printed
	Item   Item          `json:"item"`
	To     string        `json:"to,omitempty"` // the applicant
	Date   calendar.Date `json:"date"`
	// Lines are the facts, one a line of the table; Lists what is enumerated;
	// Text what is said in sentences.
	Lines []Line   `json:"lines,omitempty"`
	Lists []List   `json:"lists,omitempty"`
	Text  []string `json:"text,omitempty"`
	// Remedy is where the applicant can turn against it.
	Remedy []string `json:"remedy,omitempty"`
	// Signatures are what is signed by hand on paper, by whom.
	Signatures []string `json:"signatures,omitempty"`
}

// Issuer is who makes out a document.
type Issuer struct {
	Centre     string `json:"centre"`
	Department string `json:"department,omitempty"`
	Window     string `json:"window,omitempty"`
	Phone      string `json:"phone,omitempty"`
	// Supervision is the phone for complaints.
	Supervision string `json:"supervision,omitempty"`
	// Clerk is the name of who made it out.
	Clerk string `json:"clerk,omitempty"`
}

// Item names what a document is about.
type Item struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Line is one fact.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// List is a heading and what is under it.
type List struct {
	Heading string   `json:"heading"`
	Rows    []string `json:"rows"`
}

// Canonical is the bytes of a document that are signed and kept.
func (d *Document) Canonical() ([]byte, error) { return json.Marshal(d) }

// Subject is a case with what its documents need to know of it.
type Subject struct {
	Case   *casework.Case
	Item   *catalog.Item
	Issuer Issuer
	Limits []casework.Limit
	// QueryCode is the code with which the applicant looks the case up; empty
	// where it is not known any more.
	QueryCode string
	// Government is the body to which an applicant turns for reconsideration.
	Government string
	// Nth is which of its kind the document is, for those that come more than once;
	// 0 is the last.
	Nth int
	// Calendar says which years are not announced yet; nil where there is none.
	Calendar *calendar.Calendar
}

// NotYet says that a case has not come so far that the document exists.
type NotYet struct{ Kind Kind }

func (e *NotYet) Error() string {
	return fmt.Sprintf("办件还没有到出具“%s”的环节 (the case has no %s yet)", titles[e.Kind], e.Kind)
}

// Make makes a document of a case. The error is a *NotYet.
func Make(k Kind, s Subject) (*Document, error) {
	m, ok := makers[k]
	if !ok || !m.ready(s.Case) || s.Nth > Nth(k, s.Case) || s.Nth < 0 {
		return nil, &NotYet{k}
	}
	if s.Nth > 0 {
		then := *s.Case
		switch k {
		case SpecialProcedureNotice:
			then.Suspensions = then.Suspensions[:s.Nth]
		case RefusalNotice:
			then.Intents = then.Intents[:s.Nth]
		}
		s.Case = &then
	}
	d := &Document{Kind: k, Template: Template, Title: Title(k, s.Item), Issuer: s.Issuer, Case: printed(s.Case.Number),
		Item: Item{s.Item.Code, s.Item.Name}, To: s.Case.Applicant.Name, Date: m.date(s.Case)}
	d.Number = Number(k, d.Date, d.Case, Nth(k, s.Case))
	m.fill(d, s)
	return d, nil
}

// By is the division whose office makes out a document of a case: the desk that
// took it in for its receipt, the one that handed it over for that, the office that accepts, decides
// or holds it for what is told then.
func By(k Kind, c *casework.Case) division.Code {
	switch k {
	case ServiceReceipt:
		if c.Status == casework.Closed {
			return c.Holder // who handed it over
		}
		return c.HandedInAt
	case ReceiptSlip:
		return c.HandedInAt
	case SupplementNotice, RejectionNotice, AcceptanceNotice:
		return c.HolderAt(ledger.VerbAccept)
	case TerminationNotice:
		return c.Holder
	}
	return c.HolderAt(ledger.VerbDecide)
}

// Authority is the division of the authority that answers for a document of a case: a
// village is none, so that its township answers for what it makes out.
func Authority(k Kind, c *casework.Case) division.Code {
	by := By(k, c)
	if by.Tier() == node.Village {
		return by.Parent()
	}
	return by
}

// Number is the number of a document: its sign, the year and the case number,
// and from the second of its kind on which of them it is.
func Number(k Kind, on calendar.Date, printedCase string, nth int) string {
	number := fmt.Sprintf("%s〔%d〕%s", signs[k], on.Year(), printedCase)
	if nth > 1 {
		number += fmt.Sprintf("之%d", nth)
	}
	return number
}

// NthOf is which of its kind a document is, by its Number.
func NthOf(number string) int {
	_, nth, found := strings.Cut(number, "之")
	if n, err := strconv.Atoi(nth); found && err == nil {
		return n
	}
	return 1
}

// Nth is which of its kind the document is that a case has now: special procedures
// come more than once, and an intended refusal is told anew on other grounds.
func Nth(k Kind, c *casework.Case) int {
	switch k {
	case SpecialProcedureNotice:
		return max(len(c.Suspensions), 1)
	case RefusalNotice:
		return max(len(c.Intents), 1)
	}
	return 1
}

// Kinds are all documents of a case, in the order of its life.
func Kinds() []Kind { return slices.Clone(order) }

// Known reports whether there is such a kind of document.
func (k Kind) Known() bool { return titles[k] != "" }

// Name is how a kind is called, whatever the item.
func (k Kind) Name() string { return titles[k] }

// SealedBy is the tier whose seal a document takes: that of the office that
// makes it out. Receipts and proofs of delivery take none: the node that prints
// them signs. Nor does what a village accepts and tells, which has no seal; it
// refuses and decides nothing (domain: section 4).
func SealedBy(k Kind, c *casework.Case) (tier node.Tier, sealed bool) {
	if !TakesSeal(k) {
		return "", false
	}
	tier = By(k, c).Tier()
	return tier, tier == node.Township || tier == node.County
}

// SealedAlways reports whether a kind of document is worth nothing without a
// seal, whoever printed it; of the others that take one, what a village made
// out itself is good with the village's signature.
func SealedAlways(k Kind) bool {
	switch k {
	case RejectionNotice, GrantDecision, RefusalDecision, ExtensionNotice, SpecialProcedureNotice,
		HearingNotice, HearingSummons, RefusalNotice, CorrectionDecision, RevocationNotice, RevocationDecision:
		return true
	}
	return false
}

// TakesSeal reports whether a kind of document takes a seal where there is one.
func TakesSeal(k Kind) bool {
	switch k {
	case AcceptanceNotice, SupplementNotice, TerminationNotice:
		return true
	}
	return SealedAlways(k)
}

// Ready lists the documents that a case has, in the order of its life.
func Ready(c *casework.Case) []Kind {
	var kinds []Kind
	for _, k := range order {
		if makers[k].ready(c) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

var order = []Kind{ReceiptSlip, SupplementNotice, RejectionNotice, AcceptanceNotice, SpecialProcedureNotice, HearingNotice, HearingSummons, ExtensionNotice, RefusalNotice,
	GrantDecision, RefusalDecision, TerminationNotice, ServiceReceipt}

var titles = map[Kind]string{
	ReceiptSlip: "收件凭证", AcceptanceNotice: "受理通知书", RejectionNotice: "不予受理决定书", SupplementNotice: "一次性补正告知书",
	SpecialProcedureNotice: "特别程序告知书", ExtensionNotice: "延长审批期限告知书", GrantDecision: "准予决定书", RefusalDecision: "不予决定书",
	TerminationNotice: "终止办理通知书", ServiceReceipt: "送达回证", NoticeSheet: "窗口告知单", PaymentNotice: "缴款通知", TransferList: "纸质材料交接单",
	HearingNotice: "听证告知书", HearingSummons: "听证通知书", RefusalNotice: "拟不予事先告知书", CorrectionDecision: "更正决定书", RevocationNotice: "拟撤销事先告知书", RevocationDecision: "撤销（注销）决定书", ResultServiceReceipt: "送达回证",
	JointReceipt: "联办件收件凭证", JointSupplementNotice: "联办件一次性补正告知书", JointAcceptanceNotice: "联办件受理通知书", JointExtensionNotice: "联办件延长期限告知书", JointResult: "联办件办理结果告知单",
}

// signs are the characters that begin a document's number.
var signs = map[Kind]string{
	ReceiptSlip: "收", AcceptanceNotice: "受", RejectionNotice: "不受", SupplementNotice: "补", SpecialProcedureNotice: "特", ExtensionNotice: "延",
	GrantDecision: "准", RefusalDecision: "不准", TerminationNotice: "终", PaymentNotice: "缴", ServiceReceipt: "送",
	HearingNotice: "听告", HearingSummons: "听通", RefusalNotice: "拟不", CorrectionDecision: "更", RevocationNotice: "拟撤", RevocationDecision: "撤", ResultServiceReceipt: "撤送",
	JointReceipt: "联收", JointSupplementNotice: "联补", JointAcceptanceNotice: "联受", JointExtensionNotice: "联延", JointResult: "联结",
}

// Title is how a kind of document is headed for an item; only a licence's
// decisions are called so by the law.
func Title(k Kind, item *catalog.Item) string {
	switch {
	case k == RefusalDecision:
		return casework.RefusalTitle(item)
	case k == RefusalNotice && item.Type == catalog.Licence:
		return "拟不予行政许可事先告知书"
	case k == GrantDecision && item.Type == catalog.Licence:
		return "准予行政许可决定书"
	}
	return titles[k]
}

func printed(compact string) string {
	n, err := casework.ParseNumber(compact)
	if err != nil {
		return compact
	}
	return n.String()
}
