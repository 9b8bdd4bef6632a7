// Package notice is what an applicant is told when something happened to their
// case (告知): which entries are told, in which words, by which way, and what
// became of it. It is pure.
//
// A notice carries no more than the number of the case, the step and what to do.
// That is kept by its type: a Notice has no field that a person's name, number or
// paper could stand in, its words are the tables of this package, and what is
// not a number is refused by New. A message may be read on a locked screen by
// whoever is near, and lies with carriers afterwards.
//
// A notice is a reminder. It is not service of a document (送达) unless the
// applicant agreed to be served electronically, and then the proof is that they
// opened the document (case.opened), never that a message was sent.
package notice

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Kind is what a notice tells of.
type Kind string

// The kinds of notices.
const (
	Received    Kind = "received"     // 收件凭证: what was handed in from home has arrived
	Accepted    Kind = "accepted"     // 受理通知书
	NotAccepted Kind = "not_accepted" // 不予受理决定书
	Supplement  Kind = "supplement"   // 一次性补正告知书
	Suspended   Kind = "suspended"    // 特别程序告知书
	Hearing     Kind = "hearing"      // 听证
	HearingTold Kind = "hearing_told" // 听证告知书: a hearing can be asked for
	HearingDay  Kind = "hearing_day"  // 听证通知书: when it is held
	RefusalTold Kind = "refusal_told" // 拟不予事先告知书: a refusal is intended, and who is told may be heard
	Resumed     Kind = "resumed"
	Extended    Kind = "extended"     // 延长审批期限告知书
	Decided     Kind = "decided"      // 准予或不予行政许可决定书
	Ready       Kind = "ready"        // 可以领取
	Ended       Kind = "ended"        // 终止办理通知书
	Proposed    Kind = "proposed"     // 拟对已制发的结果作出处理: the holder may be heard
	Measured    Kind = "measured"     // 对已制发的结果的处理决定
	NotMeasured Kind = "not_measured" // 拟作的处理未获同意; kept as Measured, which a reader tells apart by the entry
	Payment     Kind = "payment"      // 缴款通知
	Waived      Kind = "waived"
	Refunded    Kind = "refunded"
	Uncharged   Kind = "uncharged" // 一笔缴款通知已撤销
	Replied     Kind = "replied"   // 投诉、建议、咨询已答复
	Rectified   Kind = "rectified"
	Corrected   Kind = "corrected" // 更正申请人
)

// Kinds lists every kind.
var Kinds = []Kind{Received, Accepted, NotAccepted, Supplement, Suspended, Hearing, HearingTold, HearingDay, RefusalTold, Resumed, Extended, Decided, Ready, Ended, Proposed, Measured, NotMeasured, Payment, Waived, Refunded, Uncharged, Replied, Rectified, Corrected}

// hearing is the special procedure (art. 46 f.) that asks something of people.
const hearing = "听证"

// Of is what an entry that stands tells the applicant, and the day that belongs
// to it; false for one of which nobody is told.
func Of(body ledger.Body) (k Kind, on calendar.Date, told bool) {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return Received, calendar.Date{}, b.Online.Account != "" // at a desk the slip is in hand
	case *ledger.PackageSubmitV1:
		return Received, calendar.Date{}, b.Online.Account != ""
	case *ledger.CaseAcceptV1:
		return Accepted, calendar.Date{}, true
	case *ledger.CaseRejectV1:
		return NotAccepted, calendar.Date{}, true
	case *ledger.CaseRequestSupplementV1:
		return Supplement, b.Before, true
	case *ledger.PackageNoticeV1:
		return Supplement, b.Before, true
	case *ledger.CaseSuspendV1:
		if b.Procedure == hearing {
			return Hearing, b.Until, true
		}
		return Suspended, b.Until, true
	case *ledger.HearingTellV1:
		return HearingTold, b.Before, true
	case *ledger.HearingConveneV1:
		return HearingDay, b.On, true
	case *ledger.RefusalTellV1:
		return RefusalTold, b.Before, true
	case *ledger.CaseResumeV1:
		return Resumed, calendar.Date{}, true
	case *ledger.CaseExtendV1:
		return Extended, calendar.Date{}, true
	case *ledger.CaseDecideV1:
		return Decided, calendar.Date{}, true
	case *ledger.CaseIssueV1:
		return Ready, calendar.Date{}, true
	case *ledger.ResultProposeV1:
		return Proposed, b.Before, true
	case *ledger.ResultDecideV1:
		return Measured, calendar.Date{}, true
	case *ledger.ResultReissueV1:
		return Ready, calendar.Date{}, true
	case *ledger.CaseTerminateV1:
		return Ended, calendar.Date{}, true
	case *ledger.FeeChargeV1:
		return Payment, calendar.Date{}, true
	case *ledger.FeeWaiveV1:
		return Waived, calendar.Date{}, true
	case *ledger.FeeRefundV1:
		return Refunded, calendar.Date{}, true
	case *ledger.FeeCancelV1:
		return Uncharged, calendar.Date{}, true
	case *ledger.ComplaintReplyV1:
		return Replied, calendar.Date{}, true
	case *ledger.RatingReportV1:
		return Rectified, calendar.Date{}, true
	case *ledger.CaseCorrectV1:
		return Corrected, calendar.Date{}, true
	}
	return "", calendar.Date{}, false
}

// May reports whether an entry of a kind may be told, without reading it.
func May(k ledger.Kind) bool { return telling[k] }

var telling = map[ledger.Kind]bool{
	ledger.CaseSubmit: true, ledger.PackageSubmit: true, ledger.CaseAccept: true, ledger.CaseReject: true, ledger.CaseRequestSupplement: true, ledger.PackageNotice: true,
	ledger.CaseSuspend: true, ledger.CaseResume: true, ledger.CaseExtend: true, ledger.CaseDecide: true,
	ledger.CaseIssue: true, ledger.CaseTerminate: true, ledger.FeeCharge: true, ledger.FeeWaive: true, ledger.FeeRefund: true, ledger.FeeCancel: true,
	ledger.HearingTell: true, ledger.HearingConvene: true, ledger.RefusalTell: true, ledger.ResultPropose: true, ledger.ResultDecide: true, ledger.ResultReissue: true, ledger.ComplaintReply: true, ledger.RatingReport: true, ledger.CaseCorrect: true,
}

// Quiet reports whether a notice is for the applicant alone: of a complaint or a
// rating, which those who handle the case must not learn from it.
func (k Kind) Quiet() bool { return k == Replied || k == Rectified }

// AwaitsSeal reports whether what a notice of this kind calls the applicant to may take
// a seal before it can be served: a decision to open or to collect.
func (k Kind) AwaitsSeal() bool { return k == Decided || k == Ready || k == Measured }

// Notice is one thing an applicant is told.
type Notice struct {
	// ID is the entry that it tells of: each is told once.
	ID string `json:"id"`
	// Subject is what it is about: a case, a joint matter, or a complaint by its
	// number.
	Subject string `json:"subject"`
	Kind    Kind   `json:"kind"`
	// Number is that of the case, in compact form, or of the complaint.
	Number string `json:"number"`
	// On is the day by which, or until which; none where there is no such day.
	On calendar.Date `json:"on,omitzero"`
	// Unannounced: the holidays of that day's year are not announced yet, so that it
	// may change.
	Unannounced bool `json:"unannounced,omitempty"`
	// Electronic: the applicant had agreed to be served electronically.
	Electronic bool `json:"electronic,omitempty"`
	// At is when the county's ledger had it, Unix milliseconds.
	At int64 `json:"at"`
	// Index is the entry's place in the county's ledger.
	Index uint64 `json:"index"`
	// Awaits: it tells of a decision that has no seal yet, and so of nothing that could
	// be served; it goes out, and stands in the applicant's inbox, when it has. From is
	// since when it goes out, Unix milliseconds.
	Awaits     bool       `json:"awaits,omitempty"`
	From       int64      `json:"from,omitempty"`
	Deliveries []Delivery `json:"deliveries,omitempty"`
}

// complaintPrefix begins the number of a complaint.
const complaintPrefix = "T"

// Check refuses a notice whose number is not one, or whose kind has no words.
func (n *Notice) Check() error {
	if _, ok := wordsOf[n.Kind]; !ok {
		return fmt.Errorf("notice: kind %q", n.Kind)
	}
	_, err := n.printed()
	return err
}

// printed is the number as it is read aloud.
func (n *Notice) printed() (string, error) {
	digits, complaint := strings.CutPrefix(n.Number, complaintPrefix)
	number, err := casework.ParseNumber(digits)
	if err != nil {
		return "", fmt.Errorf("notice: %w", err)
	}
	if complaint {
		return complaintPrefix + number.String(), nil
	}
	return number.String(), nil
}
