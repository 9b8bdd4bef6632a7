package store

import (
	"github.com/tongban/tongban/node/casework"
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
		account, err := a.feesOf(c, e.ID)
		if err != nil {
			return nil, err
		}
		item, err := a.itemOf(c)
		if err != nil {
			return nil, err
		}
		if _, charges := body.(*ledger.FeeChargeV1); charges && a.desk {
			if err := fee.MayCharge(c); err != nil {
				return nil, err
			}
		}
		if _, err := fee.Apply(account, item, e, body); err != nil {
			return nil, err
		}
	}
	return func() error { return nil }, nil
}

// prepareExcess takes that somebody tried to charge above the published list, and has
// the case looked at for it.
func (a *applier) prepareExcess(c *casework.Case, e *ledger.Entry, b *ledger.FeeExcessV1) (func() error, error) {
	if c == nil {
		return func() error { return nil }, nil
	}
	if !a.told {
		item, err := a.itemOf(c)
		if err != nil {
			return nil, err
		}
		if err := fee.CheckExcess(item, b); err != nil {
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
// whatever desk, before it is paid for, unless the item is paid for afterwards. Money is taken at
// the fee counter and not where the case is held, so that only the person at the
// desk is told: what was made out elsewhere, where the payment was not known, is not
// undone.
func (a *applier) paidBefore(c *casework.Case, body ledger.Body) error {
	if !a.desk {
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
	account, err := a.feesOf(c, "")
	if err != nil {
		return err
	}
	return fee.MayIssue(account, c, item, body)
}

// feesOf is the money of a case as the entries that stand make it, without one
// of them.
func (a *applier) feesOf(c *casework.Case, without string) (fee.Account, error) {
	item, err := a.itemOf(c)
	if err != nil {
		return nil, err
	}
	entries, err := a.past(`case_id = ? AND kind IN (`+feeKinds+`) AND status = 'applied' AND id <> ?`, c.ID, without)
	if err != nil {
		return nil, err
	}
	var account fee.Account
	for i := range entries {
		body, err := entries[i].e.Decode()
		if err != nil {
			return nil, err
		}
		// One that does not add up was applied on the county's word.
		if next, err := fee.Apply(account, item, &entries[i].e, body); err == nil {
			account = next
		}
	}
	return account, nil
}

const feeKinds = `'fee.charge', 'fee.pay', 'fee.waive', 'fee.refund'`
