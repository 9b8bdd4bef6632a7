package store

import (
	"context"
	"strings"

	"github.com/tongban/tongban/node/division"
)

// RevealFilter selects views of personal data. Empty fields select everything.
type RevealFilter struct {
	// Within is a division: views of its cases and of those of the divisions
	// below.
	Within division.Code
	// Case is a case's id, Staff who looked.
	Case, Staff string
	// SinceMS is the earliest moment, Unix milliseconds.
	SinceMS int64
	// Before continues a listing: the OccurredAt and ID of its last entry.
	BeforeMS int64
	BeforeID string
	// Limit is at most this many; 0 means 50.
	Limit int
}

// Reveals lists who looked at personal data unmasked, the newest first: also
// views that the county refused, for what was seen was seen.
func (s *Store) Reveals(ctx context.Context, f RevealFilter) ([]EntryView, error) {
	where := []string{`e.kind = 'case.reveal'`}
	var args []any
	add := func(cond string, vals ...any) {
		where = append(where, cond)
		args = append(args, vals...)
	}
	if f.Within != "" {
		// Division codes are digits, so a colon sorts after all of them.
		add(`e.scope >= ? AND e.scope < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.Case != "" {
		add(`e.case_id = ? AND e.case_id <> '' AND e.case_id <> e.id`, f.Case)
	}
	if f.Staff != "" {
		add(`json_extract(e.entry, '$.actor.staff') = ?`, f.Staff)
	}
	if f.SinceMS > 0 {
		add(`e.occurred_at >= ?`, f.SinceMS)
	}
	if f.BeforeMS > 0 {
		add(`(e.occurred_at, e.id) < (?, ?)`, f.BeforeMS, f.BeforeID)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	return rowsOf(ctx, s.read, scanView, selectView+strings.Join(where, ` AND `)+` ORDER BY e.occurred_at DESC, e.id DESC LIMIT ?`, append(args, limit)...)
}
