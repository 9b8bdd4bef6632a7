package store

import (
	"context"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/guide"
)

// GuideFilter selects questions at windows. Empty fields select everything.
type GuideFilter struct {
	// Staff answers for it.
	Staff string
	// Within and Department are whose desk answers for it or is to accept it.
	Within     division.Code
	Department string
	// Open selects what is not closed.
	Open  bool
	Limit int
}

// Guides lists questions at windows, the oldest open ones first.
func (s *Store) Guides(ctx context.Context, f GuideFilter) ([]guide.Guide, error) {
	return all[guide.Guide](ctx, s.read, `SELECT body FROM guides
		WHERE (?1 = '' OR staff = ?1) AND (?2 = '' OR at_div >= ?2 AND at_div < ?3 OR to_div >= ?2 AND to_div < ?3)
		AND (?4 = '' OR at_dept = ?4 OR to_dept = ?4) AND (NOT ?5 OR state <> 'closed') ORDER BY state = 'closed', opened, id LIMIT ?6`,
		f.Staff, string(f.Within), string(f.Within)+":", f.Department, f.Open, f.Limit)
}

// Guide finds one; ErrNotFound where there is none.
func (s *Store) Guide(ctx context.Context, id string) (*guide.Guide, error) {
	return one[guide.Guide](ctx, s.read, `SELECT body FROM guides WHERE id = ?`, id)
}
