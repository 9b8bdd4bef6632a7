package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

// What tells of a decision waits for the decision's seal: unsealed it cannot be served,
// and nobody is called to it. Whether a notice waits follows from the entries of its
// case, so that there is nothing to release and nothing to lose; it is queued when the
// decision is recorded, as all others are. What tells of days that run, or that nothing
// goes on, is told at once: a seal that is forgotten must leave nobody untold.

// awaitSeal notes of a notice whether it waits for a seal, and since when it does not.
func (s *Store) awaitSeal(ctx context.Context, n *notice.Notice) error {
	n.From = n.At
	if !n.Kind.AwaitsSeal() {
		return nil
	}
	var kind ledger.Kind
	var of string
	var idx int64
	var agreed bool
	err := s.read.QueryRowContext(ctx, `SELECT kind, case_id, coalesce(idx, 0), coalesce(json_extract(CAST(entry AS TEXT), '$.body.agreed'), 0) FROM entries WHERE id = ?`, n.ID).Scan(&kind, &of, &idx, &agreed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return storage("read entry", err)
	}
	switch {
	case kind == ledger.ResultDecide && agreed:
		return s.released(ctx, n, of, idx, document.CorrectionDecision, document.RevocationDecision)
	case kind == ledger.ResultDecide:
		n.Kind = notice.NotMeasured // there is no document of it
		return nil
	case kind == ledger.ResultReissue:
		return nil
	case n.Subject == of:
		return s.released(ctx, n, of, 0, document.GrantDecision, document.RefusalDecision)
	}
	decided, err := s.decidedOf(ctx, n, of, idx)
	for _, id := range decided {
		if err == nil {
			err = s.released(ctx, n, id, 0, document.GrantDecision, document.RefusalDecision)
		}
	}
	return err
}

// decidedOf are the decided cases of a joint matter that a notice about the whole tells
// of: all of them once every case has come to its conclusion, until then the one that it
// was made for.
func (s *Store) decidedOf(ctx context.Context, n *notice.Notice, of string, idx int64) ([]string, error) {
	const concluded = `EXISTS (SELECT 1 FROM entries e WHERE e.case_id = m.case_id AND e.case_id <> e.id AND e.status = 'applied' AND e.idx BETWEEN 1 AND ?2 AND e.kind IN ('case.decide', 'case.reject', 'case.terminate'))`
	open, err := count(ctx, s.read, `SELECT count(*) FROM joint_members m WHERE m.joint = ?1 AND NOT `+concluded, n.Subject, idx)
	if err != nil || open > 0 {
		return []string{of}, err
	}
	return rowsOf(ctx, s.read, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		`SELECT m.case_id FROM joint_members m WHERE m.joint = ? AND EXISTS (SELECT 1 FROM entries e WHERE e.case_id = m.case_id AND e.case_id <> e.id AND e.kind = 'case.decide' AND e.status = 'applied' AND e.idx > 0)`, n.Subject)
}

// released notes whether one of two kinds of documents of a case was sealed, and not
// declared void since, or was served, after a place in the ledger.
func (s *Store) released(ctx context.Context, n *notice.Notice, id string, after int64, one, other document.Kind) error {
	var at sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT min(e.recorded_at) FROM entries e
		WHERE e.case_id = ?1 AND e.case_id <> e.id AND e.status = 'applied' AND e.idx > ?2
		AND (e.kind = 'case.deliver' AND ?2 = 0 OR e.kind = 'result.serve' AND ?2 > 0 OR e.kind = 'case.seal' AND json_extract(CAST(e.entry AS TEXT), '$.body.kind') IN (?3, ?4)
			AND NOT EXISTS (SELECT 1 FROM entries v WHERE v.case_id = ?1 AND v.case_id <> v.id AND v.kind = 'case.void' AND v.status = 'applied' AND v.idx > e.idx
				AND json_extract(CAST(v.entry AS TEXT), '$.body.hash') = json_extract(CAST(e.entry AS TEXT), '$.body.hash')))`,
		id, after, string(one), string(other)).Scan(&at)
	if err != nil {
		return storage("read seals of a case", err)
	}
	n.Awaits = n.Awaits || !at.Valid
	n.From = max(n.From, at.Int64)
	return nil
}

// LateDocuments are the cases of a filter's reach in which something that takes a seal was
// told after a moment (Unix milliseconds) although nothing is left to do in them: they were not
// accepted, or what was issued is put right or revoked. The latest come first.
func (s *Store) LateDocuments(ctx context.Context, f CaseFilter, after int64) ([]casework.Case, error) {
	return all[casework.Case](ctx, s.read, selectLate, string(f.Within), f.Department, after, f.Limit)
}

const selectLate = `SELECT body FROM cases WHERE verb = '' AND division >= ?1 AND division < ?1 || ':' AND (?2 = '' OR department = ?2)
	AND id IN (SELECT case_id FROM entries WHERE kind IN ('case.reject', 'result.propose', 'result.decide') AND occurred_at > ?3 AND status = 'applied')
	ORDER BY handed_in DESC, id DESC LIMIT ?4`
