package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/supervision"
)

// Samples lists the draws, the latest first.
func (s *Store) Samples(ctx context.Context, limit int) ([]sampling.Sample, error) {
	return all[sampling.Sample](ctx, s.read, `SELECT body FROM samples ORDER BY idx DESC LIMIT ?`, limit)
}

// Sample finds a draw by its id.
func (s *Store) Sample(ctx context.Context, id string) (*sampling.Sample, error) {
	return one[sampling.Sample](ctx, s.read, `SELECT body FROM samples WHERE id = ?`, id)
}

// Population is the cases of a draw, in the order of its commitment.
func (s *Store) Population(ctx context.Context, draw string) ([]sampling.Member, error) {
	var lines string
	err := s.read.QueryRowContext(ctx, `SELECT members FROM samples WHERE id = ?`, draw).Scan(&lines)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("read draw", err)
	}
	return parseMembers(lines)
}

// Sheets are those of a draw, by case.
func (s *Store) Sheets(ctx context.Context, draw string) (map[string]sampling.Sheet, error) {
	list, err := rowsOf(ctx, s.read, func(r *sql.Rows) (sheet sampling.Sheet, err error) {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return sheet, err
		}
		return sheet, json.Unmarshal(body, &sheet)
	}, `SELECT body FROM sample_sheets WHERE draw = ?`, draw)
	sheets := make(map[string]sampling.Sheet, len(list))
	for _, sheet := range list {
		sheets[sheet.Case] = sheet
	}
	return sheets, err
}

// Inspected counts the sheets of a draw, and those that found faults.
func (s *Store) Inspected(ctx context.Context, draw string) (sheets, faulty int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(verdict <> 'passed'), 0) FROM sample_sheets WHERE draw = ?`, draw).Scan(&sheets, &faulty)
	return sheets, faulty, storage("read sheets", err)
}

// SeenRules are the rules that a case was seen to break and that do not show in
// the case itself.
func (s *Store) SeenRules(ctx context.Context, caseID string) ([]supervision.Rule, error) {
	bits, err := count(ctx, s.read, selectSeen, caseID)
	return seenRules(bits), err
}
