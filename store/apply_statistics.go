package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/statistics"
)

// Counts of cases are kept while entries are applied: what a case added before
// is taken off, and what it adds now is put on. They are a function of the cases
// and the calendar alone, so that counting anew gives the same.

// countsVersion is that of what is counted; a database with counts of another is
// counted anew when it is opened.
const countsVersion = 3

const metaCounts = "counts"

// cellKey is a row of the table.
type cellKey struct {
	rollup string
	statistics.Key
}

// The rollups.
const (
	rollupCell   = "cell"
	rollupItem   = "item"   // of all offices
	rollupOffice = "office" // of all items
)

// recount takes off what a case added and puts on what it adds now; nil is no
// case.
func (a *applier) recount(was, now *casework.Case) error {
	if statistics.Same(was, now) {
		return nil
	}
	a.rework(was, now)
	days, err := a.workingDays()
	if err != nil {
		return err
	}
	if was != nil {
		a.count(statistics.Of(was, days), -1)
	}
	if now != nil {
		a.count(statistics.Of(now, days), 1)
	}
	return nil
}

func (a *applier) count(shares []statistics.Share, sign int64) {
	if a.pending.cells == nil {
		a.pending.cells = map[cellKey]*statistics.Cell{}
	}
	for i := range shares {
		s := &shares[i]
		item, office := s.Key, s.Key
		item.Division, office.Item, office.Department = "", "", ""
		for _, k := range []cellKey{{rollupCell, s.Key}, {rollupItem, item}, {rollupOffice, office}} {
			cell := a.pending.cells[k]
			if cell == nil {
				cell = new(statistics.Cell)
				a.pending.cells[k] = cell
			}
			cell.Add(&s.Cell, sign)
		}
	}
}

// flushCells writes what has been counted. Each row is its own, so that their
// order says nothing.
func (a *applier) flushCells() error {
	for k, change := range a.pending.cells {
		if change.Zero() {
			continue
		}
		if err := a.changeCell(k, change); err != nil {
			return err
		}
	}
	clear(a.pending.cells)
	return nil
}

// onlyMore reports whether a change adds to counts and to nothing else: then the
// row need not be read.
func onlyMore(change *statistics.Cell) bool {
	for _, f := range change.Fields() {
		if *f < 0 {
			return false
		}
	}
	return len(change.Took) == 0
}

const whereCell = ` WHERE rollup = ? AND division = ? AND month = ? AND item = ? AND channel = ? AND department = ?`

var (
	selectCell = `SELECT took, ` + strings.Join(statistics.Columns, ", ") + ` FROM statistics` + whereCell
	deleteCell = `DELETE FROM statistics` + whereCell
	upsertCell = intoCell(func() (sets []string) {
		for _, c := range append([]string{"took"}, statistics.Columns...) {
			sets = append(sets, c+" = excluded."+c)
		}
		return sets
	}())
	addToCell = intoCell(func() (sets []string) {
		for _, c := range statistics.Columns {
			sets = append(sets, c+" = "+c+" + excluded."+c)
		}
		return sets
	}())
)

func intoCell(sets []string) string {
	return `INSERT INTO statistics (rollup, division, month, item, channel, department, took, ` + strings.Join(statistics.Columns, ", ") + `)
			VALUES (?, ?, ?, ?, ?, ?, ?` + strings.Repeat(", ?", len(statistics.Columns)) + `)
			ON CONFLICT DO UPDATE SET ` + strings.Join(sets, ", ")
}

func (a *applier) changeCell(k cellKey, change *statistics.Cell) error {
	key := []any{k.rollup, string(k.Division), k.Month, k.Item, k.Channel, k.Department}
	if onlyMore(change) {
		return a.w.exec(a.ctx, addToCell, cellArgs(key, change)...)
	}
	var cell statistics.Cell
	var took string
	into := []any{&took}
	for _, f := range cell.Fields() {
		into = append(into, f)
	}
	err := a.w.row(a.ctx, selectCell, key...).Scan(into...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return storage("read counts", err)
	}
	if cell.Took, err = statistics.ParseHistogram(took); err != nil {
		return storage("read counts", err)
	}
	cell.Add(change, 1)
	if cell.Zero() {
		return a.w.exec(a.ctx, deleteCell, key...)
	}
	return a.w.exec(a.ctx, upsertCell, cellArgs(key, &cell)...)
}

func cellArgs(key []any, cell *statistics.Cell) []any {
	args := append(key, cell.Took.String())
	for _, f := range cell.Fields() {
		args = append(args, *f)
	}
	return args
}

// countsDependOn reports whether cases were decided in years that are about to
// change, or after them: next year's calendar mostly comes before the year.
func (a *applier) countsDependOn(years []calendar.Year) (bool, error) {
	if err := a.flushCells(); err != nil {
		return false, err
	}
	for _, y := range years {
		body, err := json.Marshal(y)
		if err != nil {
			return false, err
		}
		n, err := a.w.number(a.ctx, `SELECT NOT EXISTS (SELECT 1 FROM calendar_years WHERE year = ?1 AND body = ?2)
			AND EXISTS (SELECT 1 FROM statistics WHERE rollup = 'office' AND month >= ?3 AND granted + declined > 0)`, y.Year, body, fmt.Sprintf("%04d-01", y.Year))
		if err != nil || n != 0 {
			return n != 0, err
		}
	}
	return false, nil
}

// countAnew counts all cases from the beginning.
func (a *applier) countAnew() error {
	clear(a.pending.cells)
	clear(a.pending.work)
	for _, table := range []string{`DELETE FROM statistics`, `DELETE FROM workload`} {
		if err := a.w.exec(a.ctx, table); err != nil {
			return err
		}
	}
	days, err := a.workingDays()
	if err != nil {
		return err
	}
	rows, err := a.w.query(a.ctx, `SELECT body FROM cases`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return storage("read cases", err)
		}
		var c casework.Case
		if err := json.Unmarshal(body, &c); err != nil {
			return storage("read cases", err)
		}
		a.count(statistics.Of(&c, days), 1)
		a.rework(nil, &c)
	}
	if err := rows.Err(); err != nil {
		return storage("read cases", err)
	}
	rows.Close()
	return errors.Join(a.flushCells(), a.flushWork())
}

// countOnce counts the cases of a database that has no counts of this version.
func (s *Store) countOnce(ctx context.Context) error {
	version, err := s.w.number(ctx, `SELECT value FROM meta WHERE key = '`+metaCounts+`'`)
	if err != nil || version == countsVersion {
		return err
	}
	return s.w.transaction(ctx, func(w *writer) error {
		a := &applier{s: s, w: w, ctx: ctx}
		if err := a.countAnew(); err != nil {
			return err
		}
		return w.setMeta(ctx, metaCounts, countsVersion)
	})
}
