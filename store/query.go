package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/ledger"
)

// ErrNotFound is a look-up of something that this node does not have.
var ErrNotFound = errors.New("store: not found")

// one reads a single JSON body; no row is ErrNotFound.
func one[T any](ctx context.Context, db querier, query string, args ...any) (*T, error) {
	var body []byte
	err := db.QueryRowContext(ctx, query, args...).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("read", err)
	}
	v := new(T)
	if err := json.Unmarshal(body, v); err != nil {
		return nil, storage("read", err)
	}
	return v, nil
}

// all reads JSON bodies.
func all[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	return rowsOf(ctx, db, func(rows *sql.Rows) (v T, err error) {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return v, err
		}
		return v, json.Unmarshal(body, &v)
	}, query, args...)
}

func rowsOf[T any](ctx context.Context, db querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	out := []T{}
	err := eachRow(ctx, db, func(rows *sql.Rows) error {
		v, err := scan(rows)
		if err == nil {
			out = append(out, v)
		}
		return err
	}, query, args)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// eachRow is rowsOf, once for all types.
func eachRow(ctx context.Context, db querier, scan func(*sql.Rows) error, query string, args []any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return storage("read", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return storage("read", err)
		}
	}
	return storage("read", rows.Err())
}

func count(ctx context.Context, db querier, query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := db.QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n.Int64, storage("read", err)
}

// Head is the index of the last record this node has of the county's ledger.
func (s *Store) Head(ctx context.Context) (uint64, error) {
	n, err := count(ctx, s.read, `SELECT max(idx) FROM entries`)
	return uint64(n), err
}

// LastRecorded is when (Unix milliseconds, by the county's clock) the last
// record of the ledger was made; 0 for an empty one.
func (s *Store) LastRecorded(ctx context.Context) (int64, error) {
	return count(ctx, s.read, `SELECT coalesce((SELECT recorded_at FROM entries WHERE idx = (SELECT max(idx) FROM entries)), 0)`)
}

// Cursor is the county index up to which this node has followed the feed.
func (s *Store) Cursor(ctx context.Context) (uint64, error) {
	n, err := count(ctx, s.read, `SELECT value FROM meta WHERE key = 'cursor'`)
	return uint64(n), err
}

// Level is the level in force: kinds above it are not recorded yet.
func (s *Store) Level(ctx context.Context) (int, error) {
	rights := s.Rights()
	if known := s.level.Load(); known != nil && known.rights == rights {
		return known.level, nil
	}
	n, err := count(ctx, s.read, `SELECT value FROM meta WHERE key = 'level'`)
	level := max(int(n), 1)
	if err == nil {
		s.level.Store(&levelThen{rights, level})
	}
	return level, err
}

// levelThen is a level, and the state of Rights before it was read.
type levelThen struct {
	rights uint64
	level  int
}

// EntryView is an entry with how this node holds it.
type EntryView struct {
	ledger.Entry
	// Index is its place in the county's ledger, 0 until confirmed.
	Index      uint64
	RecordedAt int64
	// Status is applied, refused, waiting or held.
	Status       ledger.Outcome
	Code, Reason string
	// Stored is who stored it last on its way up: "", township or county. What
	// a village has of its township's and the county has not confirmed is at
	// the township.
	Stored string

	// n is its row: the order in which this node came to know its entries.
	n int64
}

const selectView = `SELECT e.n, coalesce(e.idx, 0), e.recorded_at, e.status, e.code, e.reason, e.entry, coalesce(o.stored, CASE WHEN e.idx IS NULL AND e.status <> 'refused' THEN 'township' ELSE '' END)
	FROM entries e LEFT JOIN outbox o ON o.id = e.id WHERE `

func scanView(rows *sql.Rows) (v EntryView, err error) {
	var raw []byte
	if err := rows.Scan(&v.n, &v.Index, &v.RecordedAt, &v.Status, &v.Code, &v.Reason, &raw, &v.Stored); err != nil {
		return v, err
	}
	v.Entry, err = ledger.ParseEntry(raw)
	return v, err
}

// Entry finds an entry by its id.
func (s *Store) Entry(ctx context.Context, id string) (*EntryView, error) {
	found, err := rowsOf(ctx, s.read, scanView, selectView+`e.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// ofCase selects the entries of case ?1: the submission, which has the case's
// id, and what the index of cases holds; saying so is what lets it be used.
const ofCase = `(e.id = ?1 AND e.case_id = ?1 OR e.case_id = ?1 AND e.case_id <> '' AND e.case_id <> e.id)`

// restOf selects the entries of case ?1 but its submission, by the same index.
const restOf = `e.case_id = ?1 AND e.case_id <> '' AND e.case_id <> e.id`

// sameCase is the case that an entry's id names, or the id itself.
const sameCase = `coalesce((SELECT case_id FROM entries WHERE id = ?1), ?1)`

const selectTimeline = selectView + `(e.id = ` + sameCase + ` AND e.case_id = e.id OR e.case_id = ` + sameCase + ` AND e.case_id <> '' AND e.case_id <> e.id)`

// Timeline lists everything that happened to a case, in the order in which one
// thing followed from another: the county's, and never that of clocks. Once
// everything has arrived it is the same at every node (see inOrder).
func (s *Store) Timeline(ctx context.Context, caseID string) ([]EntryView, error) {
	entries, err := rowsOf(ctx, s.read, scanView, selectTimeline, caseID)
	if err != nil {
		return nil, err
	}
	var joint string
	err = s.read.QueryRowContext(ctx, `SELECT joint FROM joint_members WHERE case_id = ?`, caseID).Scan(&joint)
	if errors.Is(err, sql.ErrNoRows) {
		return inOrder(entries), nil
	}
	if err != nil {
		return nil, storage("read joint matter", err)
	}
	// What happens to a joint matter happens to each of its cases.
	whole, err := rowsOf(ctx, s.read, scanView, selectTimeline, joint)
	return inOrder(append(whole, entries...)), err
}

// LastSeq is how far an origin's own counter has come here, and whether the
// origin forked.
func (s *Store) LastSeq(ctx context.Context, origin string) (last uint64, forked bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT last_seq, forked FROM origins WHERE node = ?`, origin).Scan(&last, &forked)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return last, forked, storage("read origin", err)
}

// LastCounter is the last case number counter given out under a prefix.
func (s *Store) LastCounter(ctx context.Context, prefix string) (int, error) {
	n, err := count(ctx, s.read, `SELECT counter FROM case_counters WHERE prefix = ?`, prefix)
	return int(n), err
}

// Counts is what this node's ledger adds up to.
type Counts struct {
	// HandedIn are submissions made or known here; Confirmed those the
	// county's ledger has; Duplicated submissions whose case number another
	// one has too.
	HandedIn   int64 `json:"handed_in"`
	Confirmed  int64 `json:"confirmed"`
	Refused    int64 `json:"refused"`
	Waiting    int64 `json:"waiting"`
	Attention  int64 `json:"needs_attention"`
	Duplicated int64 `json:"duplicated"`
	Outbox     int64 `json:"outbox"`
	// Records are those of the county's ledger, of an origin those it sent.
	Records int64 `json:"records"`
}

// Count counts what this node holds, at one moment. With an origin, only what
// that node recorded.
func (s *Store) Count(ctx context.Context, origin string) (Counts, error) {
	query, args := countAll, []any{}
	if origin != "" {
		query, args = countOfOrigin, []any{origin}
	}
	var c Counts
	err := s.read.QueryRowContext(ctx, query, args...).
		Scan(&c.HandedIn, &c.Confirmed, &c.Duplicated, &c.Refused, &c.Waiting, &c.Attention, &c.Outbox, &c.Records)
	if err != nil {
		return c, fmt.Errorf("count: %w", storage("read", err))
	}
	return c, nil
}

// Each submission that was applied has a case, or a joint matter, of its own
// number, which no two share: what there is more of them than of cases was applied under a
// number that another one has.
var (
	countAll      = countQuery(`SELECT (SELECT count(*) FROM cases) - (SELECT count(*) FROM joint_members) + (SELECT count(*) FROM joint_cases)`, ``, ``)
	countOfOrigin = countQuery(`SELECT (SELECT count(DISTINCT json_extract(entry, '$.body.number')) FROM entries WHERE kind = 'case.submit' AND status = 'applied' AND origin = ?1)
		+ (SELECT count(DISTINCT json_extract(entry, '$.body.number')) FROM entries WHERE kind = 'package.submit' AND status = 'applied' AND origin = ?1)`, ` AND origin = ?1`, ` AND origin = ?1 AND seq > 0`)
)

// countQuery reads indexes alone, but for the numbers of one origin: the
// entries themselves are gigabytes.
func countQuery(numbers, within, sent string) string {
	return `SELECT handed_in, confirmed, applied - (` + numbers + `),
		(SELECT count(*) FROM entries WHERE status = 'refused'` + within + `),
		(SELECT count(*) FROM entries WHERE status = 'waiting'` + within + `) + (SELECT count(*) FROM entries WHERE status = 'held'` + within + `),
		(SELECT count(*) FROM attention WHERE resolved_by = ''` + within + `),
		(SELECT count(*) FROM outbox WHERE true` + within + `),
		(SELECT count(*) FROM entries WHERE idx IS NOT NULL` + sent + `)
		FROM (SELECT sum(n) AS handed_in, sum(confirmed) AS confirmed, sum(applied) AS applied FROM (
			SELECT count(*) AS n, count(idx) AS confirmed, coalesce(sum(status = 'applied'), 0) AS applied FROM entries WHERE kind = 'case.submit'` + within + `
			UNION ALL SELECT count(*), count(idx), coalesce(sum(status = 'applied'), 0) FROM entries WHERE kind = 'package.submit'` + within + `))`
}
