package ledger

import (
	"errors"
	"fmt"
)

// The bodies in this file are frozen: a change is a new version. They are the
// money of a case, and stand beside it: the fee counter takes it wherever the
// case is held. Amounts are in fen.

// FeeLine is one line of a payment notice.
type FeeLine struct {
	// Rate is a line of the item's published tariff, by its name there.
	Rate     string `json:"rate"`
	Quantity int    `json:"quantity"`
	// Amount is for all of the quantity, in fen: at most what the tariff says.
	Amount int64 `json:"amount"`
}

const (
	maxFeeLines = 20
	maxFen      = 100_000_000_00 // a hundred million yuan
)

// FeeChargeV1 is a payment notice (缴款通知).
type FeeChargeV1 struct {
	Lines []FeeLine `json:"lines"`
}

// Check implements Body.
func (b *FeeChargeV1) Check() error {
	if len(b.Lines) == 0 || len(b.Lines) > maxFeeLines {
		return fmt.Errorf("%d lines", len(b.Lines))
	}
	for i, l := range b.Lines {
		if l.Quantity < 1 || l.Quantity > 1_000_000 || l.Amount < 1 || l.Amount > maxFen {
			return fmt.Errorf("lines[%d]: quantity %d, %d fen", i, l.Quantity, l.Amount)
		}
		if err := required(fmt.Sprintf("lines[%d].rate", i), l.Rate, maxName); err != nil {
			return err
		}
	}
	return nil
}

// FeeExcessV1 says that somebody tried to charge above the published list, or outside
// it, and was refused. Nothing is charged by it: it is for supervision.
type FeeExcessV1 struct {
	Lines []FeeLine `json:"lines"`
}

// Check implements Body.
func (b *FeeExcessV1) Check() error { return (&FeeChargeV1{Lines: b.Lines}).Check() }

// FeePayV1 says that a charge was paid in full at the fee counter.
type FeePayV1 struct {
	// Charge is the entry that made the charge.
	Charge string `json:"charge"`
	Amount int64  `json:"amount"`
	// Method is cash, card, transfer or online.
	Method string `json:"method"`
	// Bill is the number of the fiscal bill (财政票据).
	Bill string `json:"bill"`
}

// Check implements Body.
func (b *FeePayV1) Check() error {
	switch b.Method {
	case "cash", "card", "transfer", "online":
	default:
		return fmt.Errorf("method %q", b.Method)
	}
	return first(checkFen(b.Amount), required("charge", b.Charge, maxIDBytes), required("bill", b.Bill, maxName))
}

// FeeWaiveV1 says that all or part of a charge need not be paid, on which ground
// in law. Whoever waives is the actor of the entry.
type FeeWaiveV1 struct {
	Charge string `json:"charge"`
	Amount int64  `json:"amount"`
	Ground string `json:"ground"`
}

// Check implements Body.
func (b *FeeWaiveV1) Check() error {
	return first(checkFen(b.Amount), required("charge", b.Charge, maxIDBytes), required("ground", b.Ground, maxText))
}

// FeeRefundV1 says that all or part of what was paid was paid back, and why.
type FeeRefundV1 struct {
	Charge string `json:"charge"`
	Amount int64  `json:"amount"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *FeeRefundV1) Check() error {
	return first(checkFen(b.Amount), required("charge", b.Charge, maxIDBytes), required("reason", b.Reason, maxText))
}

// FeeCancelV1 takes back a charge that was made by mistake, of which nothing was paid
// or waived: it counts as never due. Why is for those who look at the case.
type FeeCancelV1 struct {
	Charge string `json:"charge"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *FeeCancelV1) Check() error {
	return first(required("charge", b.Charge, maxIDBytes), required("reason", b.Reason, maxText))
}

func checkFen(amount int64) error {
	if amount < 1 || amount > maxFen {
		return errors.New("an amount is positive, in fen")
	}
	return nil
}
