package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/casework"
)

// PublishedFilter selects cases that were taken up or decided.
type PublishedFilter struct {
	// Decided selects those that were decided.
	Decided bool
	// BeforeMS and BeforeID go on after a page: its last case's time and id.
	BeforeMS int64
	BeforeID string
	Limit    int
}

// PublishedCase is a case with when it was taken up or decided last.
type PublishedCase struct {
	casework.Case
	AtMS int64
}

// Published lists cases by when they were taken up or decided, the latest first.
// What of them may be published is not decided here.
func (s *Store) Published(ctx context.Context, f PublishedFilter) ([]PublishedCase, error) {
	before, id := f.BeforeMS, f.BeforeID
	if before == 0 {
		before, id = 1<<62, ""
	}
	return rowsOf(ctx, s.read, func(r *sql.Rows) (p PublishedCase, err error) {
		var body []byte
		if err := r.Scan(&p.AtMS, &body); err != nil {
			return p, err
		}
		return p, json.Unmarshal(body, &p.Case)
	}, `SELECT p.at, c.body FROM published p JOIN cases c ON c.id = p.case_id
		WHERE (p.at, p.case_id) < (?, ?) AND (NOT ? OR p.decided = 1) ORDER BY p.at DESC, p.case_id DESC LIMIT ?`, before, id, f.Decided, f.Limit)
}

// Posted lists the cases whose result is posted for objections now or was
// lately: those of these items that have a special procedure and are open.
func (s *Store) Posted(ctx context.Context, items []string, limit int) ([]casework.Case, error) {
	list, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	return all[casework.Case](ctx, s.read, `SELECT c.body FROM published p JOIN cases c ON c.id = p.case_id
		WHERE c.item IN (SELECT value FROM json_each(?)) AND p.decided = 0 AND c.status = 'accepted' AND json_array_length(c.body, '$.suspensions') > 0
		ORDER BY p.at DESC, p.case_id DESC LIMIT ?`, string(list), limit)
}

// Moved is a case that something happened to.
type Moved struct {
	N int64
	casework.Case
}

// Moves lists the cases to which something happened after the n-th entry here,
// each once, in that order; the first call's n is LastMove.
func (s *Store) Moves(ctx context.Context, after int64, limit int) ([]Moved, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (m Moved, err error) {
		var body []byte
		if err := r.Scan(&m.N, &body); err != nil {
			return m, err
		}
		return m, json.Unmarshal(body, &m.Case)
	}, `SELECT max(e.n), c.body FROM (SELECT n, case_id FROM entries WHERE n > ? AND case_id <> '' AND status = 'applied' AND kind LIKE 'case.%'
			AND kind NOT IN ('case.comment', 'case.reveal', 'case.print', 'case.seal', 'case.void', 'case.supplement', 'case.withdraw') ORDER BY n LIMIT ?) e
		JOIN cases c ON c.id = e.case_id GROUP BY c.id ORDER BY 1`, after, limit)
}

// LastMove is the place of the newest entry here.
func (s *Store) LastMove(ctx context.Context) (int64, error) {
	return count(ctx, s.read, `SELECT max(n) FROM entries`)
}
