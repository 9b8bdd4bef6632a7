package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// What the county refused has no case: number, holder and steps belong to
// those that stand, and a number may stand on two receipts. The entry holds
// everything that was handed in, so it is read from there.

// SetAside is a hand-in that was recorded and has no case: the county refused
// it, or this node holds it back until the county speaks.
type SetAside struct {
	EntryView
	// Row is the entry's id here. It is the entry's own, unless the county has
	// another entry under that id: a forked origin made it twice.
	Row string
	// Submission is what was handed in, as far as it can be read.
	Submission ledger.CaseSubmitV1
	// Readers is the division whose people and those above may read it.
	Readers division.Code
	// CorrectedBy is the submission that was handed in for it and stands,
	// empty while there is none.
	CorrectedBy string
}

// Case shows it as a case that goes nowhere. Its item's name is left out, for
// the item may be what is wrong with it.
func (a *SetAside) Case() *casework.Case {
	c := casework.Aside(&a.Entry, &a.Submission, a.Status == ledger.Refused)
	c.ID, c.Division = a.Row, a.Readers
	return c
}

const (
	asideRows   = `e.kind = 'case.submit' AND e.status IN ('refused', 'held')`
	asideNumber = `json_extract(CAST(e.entry AS TEXT), '$.body.number')`
	selectAside = `SELECT e.id, coalesce(n.division, ''), coalesce((SELECT min(entry) FROM corrections WHERE refused = e.id), ''),
		coalesce(e.idx, 0), e.recorded_at, e.status, e.code, e.reason, e.entry, coalesce(o.stored, '')
		FROM entries e LEFT JOIN outbox o ON o.id = e.id LEFT JOIN nodes n ON n.id = e.origin WHERE ` + asideRows
)

// SetAside finds hand-ins without a case by the id of their entry or their
// number in compact form. A number finds more than one where it was given out
// twice, by a disk that was restored from an old copy.
func (s *Store) SetAside(ctx context.Context, idOrNumber string) ([]SetAside, error) {
	found, err := rowsOf(ctx, s.read, s.scanAside, selectAside+` AND e.id = ?`, idOrNumber)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return rowsOf(ctx, s.read, s.scanAside, selectAside+` AND `+asideNumber+` = ? ORDER BY e.n`, idOrNumber)
}

// AllSetAside lists hand-ins without a case, the latest first, as Cases lists
// cases. Whoever filters by holder or step wants cases.
func (s *Store) AllSetAside(ctx context.Context, f CaseFilter) ([]SetAside, error) {
	if f.Holder != "" || len(f.Verbs) > 0 {
		return nil, nil
	}
	query, args := selectAside, []any{}
	if f.BeforeMS > 0 {
		query += ` AND (e.occurred_at, e.id) < (?, ?)`
		args = append(args, f.BeforeMS, f.BeforeID)
	}
	rows, err := s.read.QueryContext(ctx, query+` ORDER BY e.occurred_at DESC, e.id DESC`, args...)
	if err != nil {
		return nil, storage("read refused", err)
	}
	defer rows.Close()
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	var all []SetAside
	for len(all) < limit && rows.Next() {
		a, err := s.scanAside(rows)
		if err != nil {
			return nil, storage("read refused", err)
		}
		if f.fits(&a) {
			all = append(all, a)
		}
	}
	return all, storage("read refused", rows.Err())
}

func (f *CaseFilter) fits(a *SetAside) bool {
	b := &a.Submission
	status := casework.Held
	if a.Status == ledger.Refused {
		status = casework.Refused
	}
	wanted := len(f.Statuses) == 0
	for _, s := range f.Statuses {
		wanted = wanted || s == status
	}
	return wanted && (f.Within == "" || f.Within.Contains(a.Readers)) && (f.Department == "" || f.Department == b.Department) &&
		(f.Item == "" || f.Item == b.Item) && strings.HasPrefix(b.Number, f.Number)
}

func (s *Store) scanAside(rows *sql.Rows) (a SetAside, err error) {
	var home string
	var raw []byte
	if err := rows.Scan(&a.Row, &home, &a.CorrectedBy, &a.Index, &a.RecordedAt, &a.Status, &a.Code, &a.Reason, &raw, &a.Stored); err != nil {
		return a, err
	}
	if err := json.Unmarshal(raw, &a.Entry); err != nil {
		return a, err
	}
	if a.Readers = s.self.County(); home != "" {
		a.Readers = refusedScope(division.Code(home), a.Scope)
	}
	// One that is not well-formed is shown as far as it can be read.
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(a.Body, &a.Submission); err != nil && !errors.As(err, &wrong) {
		return a, err
	}
	return a, nil
}
