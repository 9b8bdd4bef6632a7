// Package fee is the money of a case: what is charged by the published list, paid
// at the one fee counter, waived on a ground in law, or paid back. Nothing is
// charged that a law or an administrative regulation does not provide for
// (Administrative Licence Law art. 58), and nothing above the list. It is pure.
//
// What happens stands beside the case and adds up: the account of a case is what
// its entries make, in the order of the ledger.
package fee

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// State is how far a charge has come.
type State string

// The states of a charge.
const (
	Outstanding State = "outstanding" // 待缴
	Paid        State = "paid"        // 已缴
	Waived      State = "waived"      // 已减免
	Refunded    State = "refunded"    // 已退（部分或全部）
	Cancelled   State = "cancelled"   // 已撤销：误开，视同未开
)

// Charge is what a payment notice (缴款通知) asks for, and what came of it.
// Amounts are in fen.
type Charge struct {
	// ID is the entry that made it.
	ID    string           `json:"id"`
	AtMS  int64            `json:"at_ms"`
	By    identity.Actor   `json:"by"`
	Lines []ledger.FeeLine `json:"lines"`
	Total int64            `json:"total"`
	State State            `json:"state"`
	// Waived is what need not be paid, Paid what was, Returned what was paid back.
	Waived   int64 `json:"waived,omitempty"`
	Paid     int64 `json:"paid,omitempty"`
	Returned int64 `json:"returned,omitempty"`
	// Events are what came of it, in order.
	Events []Event `json:"events,omitempty"`
}

// Event is one thing that came of a charge.
type Event struct {
	Entry  string         `json:"entry"`
	Kind   ledger.Kind    `json:"kind"`
	AtMS   int64          `json:"at_ms"`
	By     identity.Actor `json:"by"`
	Amount int64          `json:"amount"`
	// Text is the number of the bill, the ground in law, or the reason.
	Text string `json:"text,omitempty"`
}

// Due is what is still to be paid.
func (c *Charge) Due() int64 {
	if c.State != Outstanding {
		return 0
	}
	return c.Total - c.Waived
}

// Stands reports whether a charge is owed or paid: it was not cancelled, waived as a
// whole or paid back as a whole.
func (c *Charge) Stands() bool {
	return c.State == Outstanding || c.State == Paid || c.State == Refunded && c.Returned < c.Paid
}

// CancelledMS is when it was cancelled, Unix milliseconds; 0 where it was not.
func (c *Charge) CancelledMS() int64 {
	if c.State != Cancelled {
		return 0
	}
	return c.Events[len(c.Events)-1].AtMS
}

// Account is all that was charged in a case, in order.
type Account []Charge

// Outstanding is what is still to be paid in a case.
func (a Account) Outstanding() int64 {
	var due int64
	for i := range a {
		due += a[i].Due()
	}
	return due
}

// Charged reports whether anything was charged that was not a mistake.
func (a Account) Charged() bool {
	return slices.ContainsFunc(a, func(c Charge) bool { return c.State != Cancelled })
}

func (a Account) find(id string) int {
	return slices.IndexFunc(a, func(c Charge) bool { return c.ID == id })
}

// Kinds are the kinds of entries that make an account.
var Kinds = []ledger.Kind{ledger.FeeCharge, ledger.FeePay, ledger.FeeWaive, ledger.FeeRefund, ledger.FeeCancel}

// Apply is what one entry makes of the account of a case, whose item is given in
// the version it is bound to. The account given is not changed. The error is a
// *casework.Refusal.
func Apply(a Account, item *catalog.Item, e *ledger.Entry, body ledger.Body) (Account, error) {
	next := slices.Clone(a)
	if b, ok := body.(*ledger.FeeChargeV1); ok {
		if err := mayCharge(a, item, b); err != nil {
			return nil, err
		}
		return append(next, Charge{ID: e.ID, AtMS: e.OccurredAt, By: e.Actor, Lines: b.Lines, Total: total(b.Lines), State: Outstanding}), nil
	}
	ev := Event{Entry: e.ID, Kind: e.Kind, AtMS: e.OccurredAt, By: e.Actor}
	i := -1
	switch b := body.(type) {
	case *ledger.FeePayV1:
		i, ev.Amount, ev.Text = a.find(b.Charge), b.Amount, b.Bill
	case *ledger.FeeWaiveV1:
		i, ev.Amount, ev.Text = a.find(b.Charge), b.Amount, b.Ground
	case *ledger.FeeRefundV1:
		i, ev.Amount, ev.Text = a.find(b.Charge), b.Amount, b.Reason
	case *ledger.FeeCancelV1:
		if i, ev.Text = a.find(b.Charge), b.Reason; i >= 0 {
			ev.Amount = a[i].Total
		}
	}
	if i < 0 {
		return nil, refuse("charge_unknown", "没有这笔缴款通知，请核对后再办", "there is no such charge in this case; look it up again")
	}
	charge := next[i]
	if err := charge.happen(body, ev.Amount); err != nil {
		return nil, err
	}
	charge.Events = append(slices.Clip(charge.Events), ev)
	next[i] = charge
	return next, nil
}

// happen makes the change to one charge.
func (c *Charge) happen(body ledger.Body, amount int64) error {
	if c.State == Cancelled {
		return refuse("charge_cancelled", "该缴款通知已撤销，不能再收、减免、退费或再次撤销；款项已收的，请如数退还缴款人", "the charge was cancelled and nothing more is done about it; if money was taken for it, give it back")
	}
	switch body.(type) {
	case *ledger.FeePayV1:
		switch {
		case c.State != Outstanding:
			return refuse("charge_settled", "该笔费用已缴清或已减免，不能再收", "the charge is settled; nothing more is to be paid")
		case amount != c.Due():
			return refuse("amount", "应缴 "+Yuan(c.Due())+" 元，与所收金额不符", "the amount to be paid is "+Yuan(c.Due())+" yuan")
		}
		c.State, c.Paid = Paid, amount
	case *ledger.FeeWaiveV1:
		if c.State != Outstanding {
			return refuse("charge_settled", "该笔费用已缴清或已减免；已缴的请办理退费", "the charge is settled; what was paid can be paid back")
		}
		if amount > c.Due() {
			return refuse("amount", "减免不能超过应缴的 "+Yuan(c.Due())+" 元", "no more can be waived than the "+Yuan(c.Due())+" yuan that are due")
		}
		if c.Waived += amount; c.Waived == c.Total {
			c.State = Waived
		}
	case *ledger.FeeRefundV1:
		if left := c.Paid - c.Returned; c.Paid == 0 || amount > left {
			return refuse("amount", "可退 "+Yuan(left)+" 元，退费不能超过已缴金额", "no more can be paid back than the "+Yuan(left)+" yuan that were paid")
		}
		c.State, c.Returned = Refunded, c.Returned+amount
	case *ledger.FeeCancelV1:
		if c.State != Outstanding || c.Waived > 0 {
			return refuse("charge_begun", "该笔费用已缴或已减免，不能撤销；已缴的请由负责人办理退费，误减免的请由负责人处理其余部分", "the charge was paid or waived, at least in part, and is not cancelled; a leader pays back what was paid, or waives the rest")
		}
		c.State = Cancelled
	}
	return nil
}

// MayCharge refuses to charge for a case that has not been accepted, or was ended
// without a decision. It is for the desk: how far a case has come is not known
// everywhere at the same time.
func MayCharge(c *casework.Case) error {
	if c.Status == casework.NotAccepted || c.Status == casework.Terminated || c.AcceptedMS == 0 {
		return refuse("not_accepted_yet", "办件尚未受理或已终止，不能收费", "the case has not been accepted, or was ended; nothing is charged")
	}
	return nil
}

// Reasoned refuses to cancel a charge without a reason that says anything. It is for
// the desk.
func Reasoned(b *ledger.FeeCancelV1) error {
	if !casework.SaysSomething(b.Reason) {
		return refuse("cancel_reason", "请写明为什么撤销，例如开错件、选错收费项目", "say why the charge is cancelled, as that it was made in the wrong case or by the wrong line")
	}
	return nil
}

// Further refuses a charge beside another that stands, by other lines of the list,
// until whoever charges says that both are meant: the list does not say which of its
// lines stand in for each other. It is for the desk.
func Further(a Account, b *ledger.FeeChargeV1) error {
	var rates []string
	for i := range a {
		if a[i].Stands() {
			for _, l := range a[i].Lines {
				rates = append(rates, l.Rate)
			}
		}
	}
	if len(rates) == 0 || slices.ContainsFunc(b.Lines, func(l ledger.FeeLine) bool { return a.standing(l.Rate) }) {
		return nil
	}
	charged := strings.Join(rates, "”“")
	return refuse("charged_before", "本件已按“"+charged+"”开具缴款通知；开错的请先撤销，确需另收的请注明后再开", "this case was charged for “"+charged+"” already; cancel that if it was a mistake, or say that this is charged beside it")
}

// mayCharge holds a charge against the published list: nothing outside it, and
// nothing above it. What is charged twice is charged above it.
func mayCharge(a Account, item *catalog.Item, b *ledger.FeeChargeV1) error {
	if err := Excess(item, b.Lines); err != nil {
		return err
	}
	for i, l := range b.Lines {
		if slices.ContainsFunc(b.Lines[:i], func(o ledger.FeeLine) bool { return o.Rate == l.Rate }) || a.standing(l.Rate) {
			return refuse("charged_twice", "“"+l.Rate+"”已开具缴款通知，不得重复收费；原通知开错的，请先撤销", l.Rate+" is charged already in this case; cancel that charge first if it was a mistake")
		}
	}
	return nil
}

// ListOf is the item by whose list a case is charged: the version it is bound to, or,
// where that charges and gives no figures, the one in force, in which they were
// published since. No case has to be free for want of a figure, and none is charged
// otherwise than it was told. inForce is nil where there is none.
func ListOf(bound, inForce *catalog.Item) *catalog.Item {
	if bound.Fee.Charged && len(bound.Fee.Tariff()) == 0 && inForce != nil && len(inForce.Fee.Tariff()) > 0 {
		return inForce
	}
	return bound
}

// Priced refuses to charge by a list without figures.
func Priced(list *catalog.Item) error {
	if list.Fee.Charged && len(list.Fee.Tariff()) == 0 {
		return refuse("no_tariff", "目录只写明“"+list.Fee.Standard+"”，没有具体标准；请中心管理员先在目录中填写并发布收费明细，发布后本件即可按明细开具", "the catalog gives no amounts for this item; have the operator publish them in the catalog, and this case is charged by them")
	}
	return nil
}

// Excess is how lines are outside the published list of an item or above it, by the
// list alone; nil where they are not, or where there are no amounts to hold them
// against.
func Excess(item *catalog.Item, lines []ledger.FeeLine) error {
	if !item.Fee.Charged {
		return refuse("no_fee", "该事项不收费，不得收取任何费用", "the item is free; nothing may be charged")
	}
	rates := item.Fee.Tariff()
	if len(rates) == 0 {
		return nil
	}
	for _, l := range lines {
		r := slices.IndexFunc(rates, func(r catalog.FeeRate) bool { return r.Name == l.Rate })
		if r < 0 {
			return refuse("fee_not_listed", "“"+l.Rate+"”不在收费目录内，不得收取", l.Rate+" is not on the published list and must not be charged")
		}
		most := rates[r].AmountFen * int64(l.Quantity)
		if l.Amount > most {
			return refuse("fee_above_standard", fmt.Sprintf("“%s”超过收费标准：%d%s最多 %s 元", l.Rate, l.Quantity, rates[r].Unit, Yuan(most)),
				fmt.Sprintf("%s is above the published standard: at most %s yuan for %d", l.Rate, Yuan(most), l.Quantity))
		}
	}
	return nil
}

// standing reports whether a charge that stands has a rate.
func (a Account) standing(rate string) bool {
	return slices.ContainsFunc(a, func(c Charge) bool {
		return c.Stands() && slices.ContainsFunc(c.Lines, func(l ledger.FeeLine) bool { return l.Rate == rate })
	})
}

func total(lines []ledger.FeeLine) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// CheckExcess refuses to say of lines that are within the list that they were above
// it.
func CheckExcess(item *catalog.Item, b *ledger.FeeExcessV1) error {
	if Excess(item, b.Lines) == nil {
		return refuse("fee_within", "所列收费未超出公布的项目和标准", "these lines are within the published list")
	}
	return nil
}

// MayIssue refuses to make out what was granted, or to hand it over, before its fee is
// paid or waived, unless the item is paid for afterwards; and to make it out while
// nothing was charged, unless it is said why nothing is. A refusal costs nothing and
// waits for nothing. Waiting for payment stops no clock: the law does not list it
// (art. 45).
func MayIssue(a Account, c *casework.Case, item *catalog.Item, body ledger.Body) error {
	issue, issues := body.(*ledger.CaseIssueV1)
	if issues && issue.Free != "" && (!item.Fee.Charged || a.Charged() || c.Decision != casework.Granted) {
		return refuse("free_needless", "该事项不收费、未准予，或本件已开具缴款通知，不能注明免收理由", "the item is free, or was refused, or was charged for in this case; leave out why nothing is charged")
	}
	return Unpaid(a, c, item, body)
}

// Unpaid refuses what was granted to be made out, or handed over, unpaid.
func Unpaid(a Account, c *casework.Case, item *catalog.Item, body ledger.Body) error {
	if !item.Fee.Charged || item.Fee.AfterIssue || c.Decision != casework.Granted {
		return nil
	}
	if due := a.Outstanding(); due > 0 {
		return refuse("fee_outstanding", "尚有 "+Yuan(due)+" 元未缴，该事项须缴费后制发和送达；请到收费窗口缴费", Yuan(due)+" yuan are still to be paid; this item is issued and handed over after payment; pay at the fee counter")
	}
	if issue, issues := body.(*ledger.CaseIssueV1); issues && !a.Charged() && issue.Free == "" {
		return refuse("fee_uncharged", "该事项收费，本件尚未开具缴款通知；按标准不收费的（如首次申领免费），制发时请写明免收理由", "this item charges and nothing was charged in this case; charge first, or say why nothing is charged when you make the result out")
	}
	return nil
}

// Yuan writes an amount in fen as yuan.
func Yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
