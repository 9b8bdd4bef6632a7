package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/result"
)

const selectResultEntries = selectView + restOf + ` AND e.kind IN (` + resultKinds + `) AND e.status = 'applied' ORDER BY e.idx IS NULL, e.idx, e.n`

// Results is what became of a case's results.
func (s *Store) Results(ctx context.Context, c *casework.Case) (result.File, error) {
	f := result.Of(c)
	if len(f.Results) == 0 {
		return f, nil
	}
	entries, err := rowsOf(ctx, s.read, scanView, selectResultEntries, c.ID)
	if err != nil {
		return f, err
	}
	for i := range entries {
		body, err := entries[i].Decode()
		if err != nil {
			return f, err
		}
		f, _ = result.Apply(f, c, &entries[i].Entry, body, result.Authority(c))
	}
	return f, nil
}

// Renewals are the cases in which a holder asked to have results of a case
// renewed.
func (s *Store) Renewals(ctx context.Context, id string) ([]*casework.Case, error) {
	cases, err := all[casework.Case](ctx, s.read, `SELECT c.body FROM renewals r JOIN cases c ON c.id = r.case_id WHERE r.of_case = ? ORDER BY c.handed_in, c.id`, id)
	out := make([]*casework.Case, len(cases))
	for i := range cases {
		out[i] = &cases[i]
	}
	return out, err
}

// Expiring is a result with a last day, and its case.
type Expiring struct {
	Result string
	casework.Case
}

// Expiring lists the results that hold and whose last day lies between two days,
// within a division and, unless it is empty, of a department; the first to expire
// first.
func (s *Store) Expiring(ctx context.Context, within division.Code, department string, from, until calendar.Date, limit int) ([]Expiring, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (x Expiring, err error) {
		var body []byte
		if err := r.Scan(&x.Result, &body); err != nil {
			return x, err
		}
		return x, json.Unmarshal(body, &x.Case)
	}, `SELECT r.result, c.body FROM results r JOIN cases c ON c.id = r.case_id
		WHERE r.state = 'valid' AND r.until <> '' AND r.until >= ?1 AND r.until <= ?2 AND r.division >= ?3 AND r.division < ?4 AND (?5 = '' OR r.department = ?5)
		ORDER BY r.until, r.case_id, r.place LIMIT ?6`, from.String(), until.String(), string(within), string(within)+":", department, limit)
}

// EndedResults counts the results of a case, and those that were revoked or
// cancelled with the last day on which that was done.
func (s *Store) EndedResults(ctx context.Context, id string) (holding int, ended string, on string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(sum(state = 'valid'), 0), coalesce(max(CASE WHEN state IN ('revoked', 'cancelled') THEN state END), ''),
		coalesce(max(CASE WHEN state IN ('revoked', 'cancelled') THEN ended_on END), '') FROM results WHERE case_id = ?`, id).Scan(&holding, &ended, &on)
	return holding, ended, on, storage("read results", err)
}
