package store

import (
	"cmp"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/ledger"
)

// The money of a case is what its entries add up to: there is no table of it to
// be undone or made anew.

// prepareFee holds an entry about money against the published list and what was
// charged and paid before.
func (a *applier) prepareFee(c *casework.Case, e *ledger.Entry, body ledger.Body) (func() error, error) {
	if b, ok := body.(*ledger.FeeExcessV1); ok {
		return a.prepareExcess(c, e, b)
	}
	if c != nil && !a.told {
		account, err := a.feesOf(c, e.ID, 0)
		if err != nil {
			return nil, err
		}
		list, err := a.listOf(c, e)
		if err != nil {
			return nil, err
		}
		if _, charges := body.(*ledger.FeeChargeV1); charges {
			if a.desk {
				err = cmp.Or(fee.MayCharge(c), a.goesOn(c, e, body))
			}
			if err = cmp.Or(err, fee.Priced(list)); err != nil {
				return nil, err
			}
		}
		if b, cancels := body.(*ledger.FeeCancelV1); cancels && a.desk {
			if err := fee.Reasoned(b); err != nil {
				return nil, err
			}
		}
		if _, err := fee.Apply(account, list, e, body); err != nil {
			return nil, err
		}
	}
	if b, pays := body.(*ledger.FeePayV1); pays {
		twice, err := a.billFree(e, b)
		switch {
		case err != nil:
			return nil, err
		case twice != nil && a.desk:
			return nil, twice
		case twice != nil && isCounty(a.s.self.Tier):
			return func() error { return a.attend(e, a.head, refusalOf(twice).Code, refusalOf(twice).Reason(), a.now) }, nil
		}
	}
	return func() error { return nil }, nil
}

// listOf is the item by whose list a case was charged when an entry happened.
func (a *applier) listOf(c *casework.Case, e *ledger.Entry) (*catalog.Item, error) {
	bound, err := a.itemOf(c)
	if err != nil || !bound.Fee.Charged || len(bound.Fee.Tariff()) > 0 {
		return bound, err
	}
	version, withdrawn, err := a.inForce(c.Item, e.OccurredAt-e.SkewMS)
	if err != nil || withdrawn || version == 0 {
		return bound, err
	}
	inForce, err := a.item(c.Item, version)
	return fee.ListOf(bound, inForce), err
}

// prepareExcess takes that somebody tried to charge above the published list, and has
// the case looked at for it.
func (a *applier) prepareExcess(c *casework.Case, e *ledger.Entry, b *ledger.FeeExcessV1) (func() error, error) {
	if c == nil {
		return func() error { return nil }, nil
	}
	if !a.told {
		list, err := a.listOf(c, e)
		if err != nil {
			return nil, err
		}
		if err := fee.CheckExcess(list, b); err != nil {
			return nil, err
		}
	}
	return func() error {
		if !isCounty(a.s.self.Tier) {
			return nil
		}
		return a.lookNow(c.ID, e.ID)
	}, nil
}

// paidBefore keeps a result from being made out, and from being handed over at
// whatever desk, before it is paid for, unless the item is paid for afterwards. The
// desk is told; and the county judges again when it records what a node below did, by
// what its ledger has: a payment that anybody below knew of is there by then. A charge
// that was made after it happened is not held against it, and money that came in the
// meantime is.
func (a *applier) paidBefore(c *casework.Case, e *ledger.Entry, body ledger.Body) error {
	if a.told || !a.desk && !isCounty(a.s.self.Tier) {
		return nil
	}
	switch body.(type) {
	case *ledger.CaseIssueV1, *ledger.CaseDeliverV1:
	default:
		return nil
	}
	item, err := a.itemOf(c)
	if err != nil {
		return err
	}
	rule, until := fee.MayIssue, int64(0)
	if !a.desk {
		if !item.Fee.Charged {
			return nil
		}
		rule, until = fee.Unpaid, e.OccurredAt-e.SkewMS
	}
	account, err := a.feesOf(c, "", until)
	if err != nil {
		return err
	}
	return rule(account, c, item, body)
}

const pastFees = restOf + ` AND kind IN (` + feeKinds + `) AND status = 'applied' AND id <> ?2`

// feesOf is the money of a case as the entries that stand make it, without one
// of them, and without what was charged after a moment, Unix milliseconds, where
// one is given.
func (a *applier) feesOf(c *casework.Case, without string, until int64) (fee.Account, error) {
	item, err := a.itemOf(c)
	if err != nil {
		return nil, err
	}
	entries, err := a.past(pastFees, c.ID, without)
	if err != nil {
		return nil, err
	}
	var account fee.Account
	for i := range entries {
		body, err := entries[i].e.Decode()
		if err != nil {
			return nil, err
		}
		if until > 0 && entries[i].e.Kind == ledger.FeeCharge && entries[i].e.OccurredAt-entries[i].e.SkewMS > until {
			continue
		}
		// One that does not add up was applied on the county's word.
		if next, err := fee.Apply(account, item, &entries[i].e, body); err == nil {
			account = next
		}
	}
	return account, nil
}

const feeKinds = `'fee.charge', 'fee.pay', 'fee.waive', 'fee.refund', 'fee.cancel'`
