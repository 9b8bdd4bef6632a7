package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/joint"
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

// AccountLinkedTo finds the account that an identity at a provider logs in to.
func (s *Store) AccountLinkedTo(ctx context.Context, issuer, subject string) (*account.Account, error) {
	return one[account.Account](ctx, s.read, `SELECT a.body FROM account_links l JOIN accounts a ON a.id = l.account WHERE l.issuer = ? AND l.subject = ?`, issuer, subject)
}

// AccountsNaming lists the organisations that named a person as their agent.
func (s *Store) AccountsNaming(ctx context.Context, number string) ([]account.Account, error) {
	return all[account.Account](ctx, s.read, `SELECT a.body FROM accounts a WHERE a.type = 'organisation'
		AND EXISTS (SELECT 1 FROM json_each(a.body, '$.agents') g WHERE json_extract(g.value, '$.number') = ?) ORDER BY a.id`, number)
}

// CasesOwnedBy lists the cases of an account, the latest handed in first. beforeMS
// and beforeID continue a listing.
func (s *Store) CasesOwnedBy(ctx context.Context, k *account.Account, beforeMS int64, beforeID string, limit int) ([]casework.Case, error) {
	return s.casesOf(ctx, []string{accountKey(k.ID), s.numberKey(k.Type, k.Number)}, func(c *casework.Case) bool { return c.BelongsTo(k) }, beforeMS, beforeID, limit)
}

// CasesWithResults lists the cases of an account in which something was issued, the
// latest handed in first.
func (s *Store) CasesWithResults(ctx context.Context, k *account.Account, limit int) ([]casework.Case, error) {
	found, err := all[casework.Case](ctx, s.read, `SELECT body FROM cases WHERE id IN (SELECT o.case_id FROM case_owners o JOIN results r ON r.case_id = o.case_id WHERE o.owner IN (?1, ?2))
		ORDER BY handed_in DESC, id DESC LIMIT ?3`, accountKey(k.ID), s.numberKey(k.Type, k.Number), limit)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(c casework.Case) bool { return !c.BelongsTo(k) }), nil
}

// CasesOf lists the cases in the name and under the number of a person or an
// organisation that are here, the latest handed in first. is tells whether a name
// is theirs.
func (s *Store) CasesOf(ctx context.Context, kind, number string, is func(name string) bool, limit int) ([]casework.Case, error) {
	theirs := func(c *casework.Case) bool {
		return c.Applicant.Type == kind && c.Applicant.IDNumber == number && is(c.Applicant.Name)
	}
	return s.casesOf(ctx, []string{s.numberKey(kind, number)}, theirs, 0, "", limit)
}

// casesOf lists cases by the keys of whom they may belong to, those that do.
func (s *Store) casesOf(ctx context.Context, owners []string, theirs func(*casework.Case) bool, beforeMS int64, beforeID string, limit int) ([]casework.Case, error) {
	keys, err := json.Marshal(owners)
	if err != nil {
		return nil, err
	}
	var found []casework.Case
	for {
		query := `SELECT body FROM cases WHERE id IN (SELECT case_id FROM case_owners WHERE owner IN (SELECT value FROM json_each(?1)))`
		args := []any{string(keys)}
		if beforeMS > 0 {
			query += ` AND (handed_in, id) < (?2, ?3)`
			args = append(args, beforeMS, beforeID)
		}
		page, err := all[casework.Case](ctx, s.read, query+` ORDER BY handed_in DESC, id DESC LIMIT `+strconv.Itoa(limit), args...)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if theirs(&page[i]) && len(found) < limit {
				found = append(found, page[i])
			}
		}
		if len(page) < limit || len(found) == limit {
			return found, nil
		}
		beforeMS, beforeID = page[len(page)-1].HandedInMS, page[len(page)-1].ID
	}
}

// JointsOwnedBy lists the joint matters that are an account's own, the latest
// handed in first; those before a moment and id, where they continue a list.
func (s *Store) JointsOwnedBy(ctx context.Context, k *account.Account, beforeMS int64, beforeID string, limit int) ([]joint.Case, error) {
	var found []joint.Case
	for {
		query := `SELECT body FROM joint_cases WHERE id IN (SELECT joint FROM joint_members WHERE case_id IN (SELECT case_id FROM case_owners WHERE owner IN (?1, ?2)))`
		args := []any{accountKey(k.ID), s.numberKey(k.Type, k.Number)}
		if beforeMS > 0 {
			query += ` AND (handed_in, id) < (?3, ?4)`
			args = append(args, beforeMS, beforeID)
		}
		page, err := all[joint.Case](ctx, s.read, query+` ORDER BY handed_in DESC, id DESC LIMIT `+strconv.Itoa(limit), args...)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if page[i].BelongsTo(k) && len(found) < limit {
				found = append(found, page[i])
			}
		}
		if len(page) < limit || len(found) == limit {
			return found, nil
		}
		beforeMS, beforeID = page[len(page)-1].HandedInMS, page[len(page)-1].ID
	}
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
