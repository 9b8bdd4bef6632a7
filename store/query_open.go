package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
)

// OpenCasesFilter selects cases that have not ended. Empty fields select
// everything.
type OpenCasesFilter struct {
	// Within is a division: cases at its desks and at those below, or Exactly
	// at its own.
	Within  division.Code
	Exactly bool
	// Department and Verb are those of the desk.
	Department, Verb string
	// Rank is the rank of the worst card on a case, 0 for one without; below 0
	// selects every rank.
	Rank  int
	Limit int
}

// OpenCase is a case that has not ended, with the rank of the worst card on it:
// 0 of none, else supervision.Colour.Rank.
type OpenCase struct {
	Case casework.Case
	Rank int
}

// OpenCases lists cases that have not ended, the worst first and then those
// handed in first, and says how many there are. It costs with the cases that
// are open, read from an index, and the cards on them.
func (s *Store) OpenCases(ctx context.Context, f OpenCasesFilter) (cases []OpenCase, total int64, err error) {
	// Codes are of digits: a colon sorts after all of them, a space before.
	end := string(f.Within) + ":"
	if f.Exactly {
		end = string(f.Within) + " "
	}
	cases, err = rowsOf(ctx, s.read, func(r *sql.Rows) (c OpenCase, err error) {
		var body []byte
		if err := r.Scan(&body, &c.Rank, &total); err != nil {
			return c, err
		}
		return c, json.Unmarshal(body, &c.Case)
	}, selectOpenCases, string(f.Within), end, f.Department, f.Verb, f.Rank, f.Limit)
	return cases, total, err
}

const selectOpenCases = withPlaces + `SELECT c.body, coalesce(w.worst, 0) AS rank, count(*) OVER ()` + openAtPlaces + `
	LEFT JOIN (SELECT case_id, max(worst) AS worst FROM cards WHERE live = 1 GROUP BY case_id) w ON w.case_id = c.id
	WHERE p.holder >= ?1 AND p.holder < ?2 AND (?3 = '' OR c.department = ?3) AND (?4 = '' OR c.verb = ?4) AND (?5 < 0 OR coalesce(w.worst, 0) = ?5)
	ORDER BY rank DESC, c.handed_in, c.id LIMIT ?6`
