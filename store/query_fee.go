package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/fee"
)

const selectFees = selectView + restOf + ` AND e.kind IN (` + feeKinds + `) AND e.status = 'applied' ORDER BY e.idx IS NULL, e.idx, e.n`

// FeeAccount is the money of a case: what was charged, paid, waived, paid back
// and cancelled.
func (s *Store) FeeAccount(ctx context.Context, c *casework.Case) (fee.Account, error) {
	entries, err := rowsOf(ctx, s.read, scanView, selectFees, c.ID)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	item, err := s.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, err
	}
	var account fee.Account
	for i := range entries {
		body, err := entries[i].Decode()
		if err != nil {
			return nil, err
		}
		if next, err := fee.Apply(account, &item.Item, &entries[i].Entry, body); err == nil {
			account = next
		}
	}
	return account, nil
}

// BillUsed is the entry of the payment that has a bill's number here; empty for none.
func (s *Store) BillUsed(ctx context.Context, bill string) (id string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT id FROM entries WHERE kind = 'fee.pay' AND json_extract(CAST(entry AS TEXT), '$.body.bill') = ? AND status <> 'refused' ORDER BY n LIMIT 1`, bill).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, storage("read bill", err)
}

// FeeList is the item by whose list a case is charged at a moment, Unix milliseconds.
func (s *Store) FeeList(ctx context.Context, c *casework.Case, at int64) (*catalog.Item, error) {
	bound, err := s.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, err
	}
	if !bound.Fee.Charged || len(bound.Fee.Tariff()) > 0 {
		return &bound.Item, nil
	}
	inForce, err := s.ItemInForce(ctx, c.Item, at)
	if errors.Is(err, ErrNotFound) {
		return &bound.Item, nil
	}
	if err != nil {
		return nil, err
	}
	return fee.ListOf(&bound.Item, &inForce.Item), nil
}

// ChargedCases are the cases within a division in which something was charged,
// the latest charge first.
func (s *Store) ChargedCases(ctx context.Context, within division.Code, limit int) ([]casework.Case, error) {
	return all[casework.Case](ctx, s.read, `SELECT c.body FROM cases c JOIN (
		SELECT case_id, max(n) AS last FROM entries WHERE kind = 'fee.charge' AND status = 'applied' GROUP BY case_id) f ON f.case_id = c.id
		WHERE c.division >= ? AND c.division < ? ORDER BY f.last DESC LIMIT ?`, string(within), string(within)+":", limit)
}
