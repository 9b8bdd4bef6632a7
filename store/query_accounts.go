package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Account finds an applicant's account by its id.
func (s *Store) Account(ctx context.Context, id string) (*account.Account, error) {
	return one[account.Account](ctx, s.read, `SELECT body FROM accounts WHERE id = ?`, id)
}

// AccountOf finds the account of a person or an organisation by their number.
func (s *Store) AccountOf(ctx context.Context, kind, number string) (*account.Account, error) {
	return one[account.Account](ctx, s.read, `SELECT body FROM accounts WHERE type = ? AND number = ?`, kind, number)
}

// AccountsNaming lists the organisations that named a person as their agent.
func (s *Store) AccountsNaming(ctx context.Context, number string) ([]account.Account, error) {
	return all[account.Account](ctx, s.read, `SELECT a.body FROM accounts a WHERE a.type = 'organisation'
		AND EXISTS (SELECT 1 FROM json_each(a.body, '$.agents') g WHERE json_extract(g.value, '$.number') = ?) ORDER BY a.id`, number)
}

// CasesOwnedBy lists the cases of an account, the latest handed in first. beforeMS
// and beforeID continue a listing.
func (s *Store) CasesOwnedBy(ctx context.Context, k *account.Account, beforeMS int64, beforeID string, limit int) ([]casework.Case, error) {
	query := `SELECT body FROM cases WHERE id IN (SELECT case_id FROM case_owners WHERE owner IN (?1, ?2))`
	args := []any{accountKey(k.ID), numberKey(k.Type, k.Number)}
	if beforeMS > 0 {
		query += ` AND (handed_in, id) < (?3, ?4)`
		args = append(args, beforeMS, beforeID)
	}
	return all[casework.Case](ctx, s.read, query+` ORDER BY handed_in DESC, id DESC LIMIT `+strconv.Itoa(limit), args...)
}

// CasesOf lists the cases of a person or an organisation by their number that
// are here, the latest handed in first.
func (s *Store) CasesOf(ctx context.Context, kind, number string, limit int) ([]casework.Case, error) {
	return all[casework.Case](ctx, s.read, `SELECT c.body FROM case_owners o JOIN cases c ON c.id = o.case_id WHERE o.owner = ? ORDER BY o.handed_in DESC, o.case_id DESC LIMIT ?`,
		numberKey(kind, number), limit)
}

// Service is how the applicant of a case agreed to be served: at hand-in, or by
// what they said last.
func (s *Store) Service(ctx context.Context, c *casework.Case) (string, error) {
	var said string
	err := s.read.QueryRowContext(ctx, `SELECT service FROM case_service WHERE case_id = ?`, c.ID).Scan(&said)
	switch {
	case err == nil:
		return said, nil
	case !errors.Is(err, sql.ErrNoRows):
		return "", storage("read consent", err)
	case c.Online.Electronic:
		return ledger.ServiceElectronic, nil
	}
	return ledger.ServicePaper, nil
}
