package store

import (
	"context"
	"database/sql"

	"github.com/tongban/tongban/node/division"
)

// Untold lists the cases that a division holds, that were handed in before a
// moment (Unix milliseconds), and whose applicants have not been told what
// becomes of their papers; the oldest first.
func (s *Store) Untold(ctx context.Context, holder division.Code, before int64) ([]string, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM cases WHERE holder = ? AND verb IN ('accept', 'relay') AND status = 'handed_in' AND handed_in < ? ORDER BY handed_in, id`, string(holder), before)
}
