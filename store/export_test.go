package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/statistics"
)

// HotQueries run for every entry, every page or every screen.
var HotQueries = []string{
	selectLate,
	feedQuery(4),
	outboxQuery,
	selectStored + `id = ?1`,
	selectStored + `origin = ?1 AND seq = ?2 AND seq > 0`,
	selectStored + `status = 'waiting' AND prev = ?1 ORDER BY n`,
	selectHead,
	selectCell,
	selectInForce,
	selectView + `e.id = ?1`,
	selectTimeline,
	selectView + `e.kind = 'case.reveal' AND e.scope >= ?1 AND e.scope < ?2 AND (e.occurred_at, e.id) < (?3, ?4) ORDER BY e.occurred_at DESC, e.id DESC LIMIT ?5`,
	selectAttachment + `case_id = ?1`,
	selectAttachment + `confirmed = 0 AND hash > ?1 ORDER BY hash LIMIT ?2`,
	selectStanding,
	selectPast + pastFees + pastOrder,
	selectPast + pastResults + pastOrder,
	selectPast + pastArchives + pastOrder,
	selectPast + pastVoices + pastOrder,
	selectFees,
	selectResultEntries,
	selectVoices,
	`SELECT body FROM cases WHERE department = ?1` + voiced + ` ORDER BY handed_in DESC, id DESC LIMIT 50`,
	countAll,
	countOfOrigin,
	selectWaiting,
	selectLooks,
	selectOpen,
	selectSeen,
	`SELECT EXISTS (SELECT 1 FROM cases WHERE number = ?1 AND id <> ?2)`,
	`SELECT body FROM cases WHERE id = ?1 OR number = ?1`,
	`SELECT body FROM cases WHERE holder = ?1 AND verb IN ('accept') ORDER BY handed_in DESC, id DESC LIMIT 50`,
	`SELECT body FROM cases WHERE department = ?1 ORDER BY handed_in DESC, id DESC LIMIT 50`,
	`SELECT body FROM cases WHERE division >= ?1 AND division < ?2 ORDER BY handed_in DESC, id DESC LIMIT 50`,
}

// CountedOneByOne counts the submissions from the entries themselves.
func (s *Store) CountedOneByOne(ctx context.Context, origin string) (c Counts, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), count(idx),
		count(*) FILTER (WHERE status = 'applied') - count(DISTINCT CASE WHEN status = 'applied' THEN json_extract(entry, '$.body.number') END)
		FROM entries NOT INDEXED WHERE kind IN ('case.submit', 'package.submit') AND (?1 = '' OR origin = ?1)`, origin).Scan(&c.HandedIn, &c.Confirmed, &c.Duplicated)
	return c, err
}

// Plan is how SQLite goes about a query.
func (s *Store) Plan(ctx context.Context, query string) ([]string, error) {
	var args []any
	for i := 1; strings.Contains(query, fmt.Sprint("?", i)); i++ {
		args = append(args, "1")
	}
	for range strings.Count(query, "?") {
		if !strings.Contains(query, "?1") {
			args = append(args, "1")
		}
	}
	rows, err := s.read.QueryContext(ctx, `EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			return nil, err
		}
		plan = append(plan, line)
	}
	return plan, rows.Err()
}

// Pragma reads a pragma of the writing connection.
func (s *Store) Pragma(ctx context.Context, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var v string
	err := s.w.row(ctx, `PRAGMA `+name).Scan(&v)
	return v, err
}

// MadeTables are the tables that entries make.
var MadeTables = made

// CountAnew counts all cases of a store from the beginning.
func CountAnew(ctx context.Context, s *Store) error {
	return s.write(ctx, func(w *writer) error { return (&applier{s: s, w: w, ctx: ctx}).countAnew() })
}

// CountShares counts shares as if cases had made them, so many in a transaction.
func CountShares(ctx context.Context, s *Store, shares []statistics.Share) error {
	return s.write(ctx, func(w *writer) error {
		a := &applier{s: s, w: w, ctx: ctx}
		a.count(shares, 1)
		return a.flushCells()
	})
}

// Strays tells what a store keeps about cases otherwise than its cases make it:
// whose they are, what may be published, whose cards are live, and when the
// county looks at them.
func Strays(ctx context.Context, s *Store) (strays []string, err error) {
	return strays, s.write(ctx, func(w *writer) error {
		a := &applier{s: s, w: w, ctx: ctx}
		compare := func(what, table string, want []string) error {
			kept, err := a.texts(table)
			slices.Sort(kept)
			slices.Sort(want)
			if !slices.Equal(kept, want) {
				strays = append(strays, fmt.Sprintf("%s: kept %q, made of the cases %q", what, kept, want))
			}
			return err
		}
		bodies, err := a.texts(`SELECT body FROM cases`)
		if err != nil {
			return err
		}
		var owners, published, ends []string
		for _, body := range bodies {
			var c casework.Case
			if err := json.Unmarshal([]byte(body), &c); err != nil {
				return err
			}
			for _, o := range s.numbers.Load().ownersOf(&c) {
				owners = append(owners, fmt.Sprint(o, " ", c.HandedInMS, " ", c.ID))
			}
			if c.AcceptedMS > 0 {
				decided := 0
				if c.Decision != "" {
					decided = 1
				}
				published = append(published, fmt.Sprint(c.ID, " ", max(c.AcceptedMS, c.DecidedMS), " ", decided))
			}
			if outcome, ms := sampling.Outcome(&c); outcome != "" && isCounty(s.self.Tier) {
				ends = append(ends, fmt.Sprint(c.ID, " ", dayNumber(calendar.DateOf(millis(ms))), " ", outcome))
			}
			_, open := c.Current()
			live, err := a.texts(`SELECT id FROM cards WHERE live <> ? AND case_id = ?`, open, c.ID)
			if err != nil {
				return err
			}
			if len(live) > 0 {
				strays = append(strays, fmt.Sprintf("cards of %s, open %t: %q", c.ID, open, live))
			}
			if !isCounty(s.self.Tier) {
				continue
			}
			day, ok, err := a.nextLook(&c)
			if err != nil {
				return err
			}
			want := []string{fmt.Sprint(dayNumber(day), " ", c.Head)}
			if ok && day.IsZero() {
				want = nil
			}
			looks, err := a.texts(`SELECT day || ' ' || head FROM looks WHERE case_id = ?`, c.ID)
			if err != nil {
				return err
			}
			if !slices.Equal(looks, want) && (len(looks) != 1 || !strings.HasPrefix(looks[0], "0 ")) { // 0: asked for anew
				strays = append(strays, fmt.Sprintf("looks at %s: kept %q, want %q", c.ID, looks, want))
			}
		}
		if err := compare("owners", `SELECT owner || ' ' || handed_in || ' ' || case_id FROM case_owners`, owners); err != nil {
			return err
		}
		if err := compare("ends", `SELECT case_id || ' ' || day || ' ' || outcome FROM case_ends`, ends); err != nil {
			return err
		}
		return compare("published", `SELECT case_id || ' ' || at || ' ' || decided FROM published`, published)
	})
}

// HandsOn lists who took a step in a case.
func HandsOn(ctx context.Context, s *Store, id string) (hands []string, err error) {
	return hands, s.write(ctx, func(w *writer) error {
		hands, err = (&applier{s: s, w: w, ctx: ctx}).handsOn(id)
		return err
	})
}

// AtCommit has do called when a transaction is about to be seen by others.
func (s *Store) AtCommit(do func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return raw(s.w.conn, func(c *sqlite3.SQLiteConn) error {
		c.RegisterCommitHook(func() int {
			do()
			return 0
		})
		return nil
	})
}

// Remembered is a case that is shown without the database being asked for it.
func (s *Store) Remembered(id string) *casework.Case { return s.recent.get(id) }

// InOrder is the order in which entries about a case are told.
var InOrder = inOrder

// WithRow is an entry as the n-th that a node came to know.
func WithRow(e EntryView, n int64) EntryView {
	e.n = n
	return e
}
