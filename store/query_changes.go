package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Touched lists the cases that an entry after the n-th here is about, whatever
// became of it, each once; the first call's n is LastMove. last is how far was
// looked: n when nothing came since.
func (s *Store) Touched(ctx context.Context, n int64, limit int) (moved []Moved, last int64, err error) {
	if last, err = count(ctx, s.read, `SELECT coalesce(max(n), ?1) FROM (SELECT n FROM entries WHERE n > ?1 ORDER BY n LIMIT ?2)`, n, limit); err != nil || last == n {
		return nil, n, err
	}
	moved, err = rowsOf(ctx, s.read, func(r *sql.Rows) (m Moved, err error) {
		var body []byte
		if err := r.Scan(&m.N, &body); err != nil {
			return m, err
		}
		return m, json.Unmarshal(body, &m.Case)
	}, `SELECT max(e.n), c.body FROM entries e JOIN cases c ON c.id = e.case_id WHERE e.n > ? AND e.n <= ? AND e.kind <> 'case.reveal' GROUP BY c.id ORDER BY 1`, n, last)
	return moved, last, err
}

// TouchedBy lists the cases that an entry of one of these kinds after the n-th here is
// about, as Touched does; of a joint matter's own entries, the cases of which it is
// made.
func (s *Store) TouchedBy(ctx context.Context, n int64, limit int, kinds []ledger.Kind) (cases []casework.Case, last int64, err error) {
	if last, err = count(ctx, s.read, `SELECT coalesce(max(n), ?1) FROM (SELECT n FROM entries WHERE n > ?1 ORDER BY n LIMIT ?2)`, n, limit); err != nil || last == n {
		return nil, n, err
	}
	of, err := json.Marshal(kinds)
	if err != nil {
		return nil, n, err
	}
	cases, err = all[casework.Case](ctx, s.read, `WITH moved AS (SELECT DISTINCT case_id FROM entries WHERE n > ?1 AND n <= ?2 AND case_id <> '' AND kind IN (SELECT value FROM json_each(?3)))
		SELECT body FROM cases WHERE id IN (SELECT case_id FROM moved UNION SELECT m.case_id FROM joint_members m JOIN moved ON moved.case_id = m.joint) ORDER BY id`, n, last, string(of))
	return cases, last, err
}
