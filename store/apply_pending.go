package store

import (
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/statistics"
)

// pending are rows that nearly every entry of a transaction changes: how far
// its origin has come, the day's case counter, who may see it, whose it is, and
// when it is looked at. They are read once and written once a transaction, for
// each statement costs as much as what it writes. Whoever reads those rows within
// a transaction asks here.
type pending struct {
	origins  map[string]*originRow
	counters map[string]*counterRow
	audience []audienceRow
	cells    map[cellKey]*statistics.Cell
	work     map[workKey]*appraisal.Work
	owners   []ownerRow
	looks    map[string]lookRow
}

type originRow struct {
	last    uint64
	forked  bool
	changed bool
}

type counterRow struct {
	last    int
	changed bool
}

type audienceRow struct {
	audience string
	idx      uint64
}

// forget drops what a rollback took back.
func (p *pending) forget() { *p = pending{} }

// flush writes what is pending. It belongs before the end of the transaction
// and before a savepoint.
func (a *applier) flush() error {
	for node, o := range a.pending.origins {
		if !o.changed {
			continue
		}
		o.changed = false
		if err := a.w.exec(a.ctx, `INSERT INTO origins (node, last_seq, forked) VALUES (?, ?, ?)
			ON CONFLICT (node) DO UPDATE SET last_seq = max(last_seq, excluded.last_seq), forked = max(forked, excluded.forked)`, node, o.last, o.forked); err != nil {
			return err
		}
	}
	for prefix, c := range a.pending.counters {
		if !c.changed {
			continue
		}
		c.changed = false
		if err := a.w.exec(a.ctx, `INSERT INTO case_counters (prefix, counter) VALUES (?, ?)
			ON CONFLICT (prefix) DO UPDATE SET counter = max(counter, excluded.counter)`, prefix, c.last); err != nil {
			return err
		}
	}
	if err := errors.Join(a.flushCells(), a.flushWork(), a.flushOwners(), a.flushLooks()); err != nil {
		return err
	}
	if isCounty(a.s.self.Tier) {
		a.s.head = headThen{index: a.head, recorded: a.recorded, known: true}
	}
	return a.flushAudience()
}

// headThen is the last record in the county's ledger, as the transaction under
// way, or else the last one, left it.
type headThen struct {
	index    uint64
	recorded int64
	known    bool
}

// rowsAtOnce is how many rows one statement writes, where there are as many.
const rowsAtOnce = 32

// manyRows is a statement that inserts rows, for one and for rowsAtOnce.
type manyRows struct{ one, many string }

func insertRows(into, values, onConflict string) manyRows {
	of := func(rows int) string {
		return into + ` VALUES ` + values + strings.Repeat(`, `+values, rows-1) + onConflict
	}
	return manyRows{of(1), of(rowsAtOnce)}
}

var (
	insertAudience = insertRows(`INSERT OR IGNORE INTO audience (audience, idx)`, `(?, ?)`, ``)
	insertOwners   = insertRows(`INSERT OR IGNORE INTO case_owners (owner, handed_in, case_id)`, `(?, ?, ?)`, ``)
	insertLooks    = insertRows(`INSERT INTO looks (number, case_id, day, head)`, `(?, ?, ?, ?)`, ` ON CONFLICT (number) DO UPDATE SET day = excluded.day, head = excluded.head`)
)

// writeRows runs the statement for n rows, whose values add appends.
func (a *applier) writeRows(q manyRows, n int, add func(args []any, i int) []any) error {
	var args []any
	for i := 0; i < n; {
		rows, query := 1, q.one
		if n-i >= rowsAtOnce {
			rows, query = rowsAtOnce, q.many
		}
		args = args[:0]
		for range rows {
			args = add(args, i)
			i++
		}
		if err := a.w.exec(a.ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) flushAudience() error {
	rows := a.pending.audience
	a.pending.audience = rows[:0]
	return a.writeRows(insertAudience, len(rows), func(args []any, i int) []any { return append(args, rows[i].audience, rows[i].idx) })
}

// ownerRow says whose a case is.
type ownerRow struct {
	owner    string
	handedIn int64
	id       string
}

func (a *applier) flushOwners() error {
	rows := a.pending.owners
	a.pending.owners = rows[:0]
	return a.writeRows(insertOwners, len(rows), func(args []any, i int) []any { return append(args, rows[i].owner, rows[i].handedIn, rows[i].id) })
}

// lookRow is when a case is to be looked at next; none is never. The rows are
// ordered by the cases' numbers, which each node gives out one after the other:
// ordered by ids, which are random, each would lie in a page of its own.
type lookRow struct {
	id   string
	day  int
	head string
	none bool
}

func (p *pending) look(number string, r lookRow) {
	if p.looks == nil {
		p.looks = map[string]lookRow{}
	}
	p.looks[number] = r
}

func (a *applier) flushLooks() error {
	numbers := make([]string, 0, len(a.pending.looks))
	for _, number := range slices.Sorted(maps.Keys(a.pending.looks)) {
		if !a.pending.looks[number].none {
			numbers = append(numbers, number)
			continue
		}
		if err := a.w.exec(a.ctx, `DELETE FROM looks WHERE number = ?`, number); err != nil {
			return err
		}
	}
	err := a.writeRows(insertLooks, len(numbers), func(args []any, i int) []any {
		r := a.pending.looks[numbers[i]]
		return append(args, numbers[i], r.id, r.day, r.head)
	})
	clear(a.pending.looks)
	return err
}

// show puts a record into feeds.
func (a *applier) show(idx uint64, to []string) {
	for _, audience := range to {
		a.pending.audience = append(a.pending.audience, audienceRow{audience, idx})
	}
}

func (a *applier) originRow(node string) (*originRow, error) {
	if o := a.pending.origins[node]; o != nil {
		return o, nil
	}
	o := new(originRow)
	err := a.w.row(a.ctx, `SELECT last_seq, forked FROM origins WHERE node = ?`, node).Scan(&o.last, &o.forked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, storage("read origin", err)
	}
	if a.pending.origins == nil {
		a.pending.origins = map[string]*originRow{}
	}
	a.pending.origins[node] = o
	return o, nil
}

// origin is how far a node's own counter has come here, and whether it forked.
func (a *applier) origin(node string) (last uint64, forked bool, err error) {
	o, err := a.originRow(node)
	if err != nil {
		return 0, false, err
	}
	return o.last, o.forked, nil
}

// advance notes that an origin's counter has come to an entry.
func (a *applier) advance(e *ledger.Entry) error {
	if e.Seq == 0 {
		return nil
	}
	o, err := a.originRow(e.Origin)
	if err != nil {
		return err
	}
	o.last, o.changed = max(o.last, e.Seq), true
	return nil
}

func (a *applier) counterRow(prefix string) (*counterRow, error) {
	if c := a.pending.counters[prefix]; c != nil {
		return c, nil
	}
	n, err := a.w.number(a.ctx, `SELECT counter FROM case_counters WHERE prefix = ?`, prefix)
	if err != nil {
		return nil, err
	}
	if a.pending.counters == nil {
		a.pending.counters = map[string]*counterRow{}
	}
	c := &counterRow{last: int(n)}
	a.pending.counters[prefix] = c
	return c, nil
}

// counter is the last case number given out under a prefix.
func (a *applier) counter(prefix string) (int, error) {
	c, err := a.counterRow(prefix)
	if err != nil {
		return 0, err
	}
	return c.last, nil
}

// countCase remembers the number given out, so that it never comes twice.
func (a *applier) countCase(number string) error {
	n, err := casework.ParseNumber(number)
	if err != nil {
		return err
	}
	c, err := a.counterRow(counterPrefix(number))
	if err != nil {
		return err
	}
	c.last, c.changed = max(c.last, n.Counter()), true
	return nil
}
