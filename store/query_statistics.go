package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/statistics"
)

// Grouping is what statistics are listed by.
type Grouping string

// The groupings; ByAll gives one row.
const (
	ByAll        Grouping = ""
	ByMonth      Grouping = "month"
	ByItem       Grouping = "item"
	ByDepartment Grouping = "department"
	ByDivision   Grouping = "division"
	ByTier       Grouping = "tier"
	ByChannel    Grouping = "channel"
)

// StatisticsFilter selects what is counted. Empty fields select everything.
type StatisticsFilter struct {
	// From and To are months, 2026-11, both included.
	From, To string
	// Within is a division and those below: whose desk took the case in.
	Within division.Code
	// At is one office alone.
	At         division.Code
	Department string
	Item       string
	Channel    string
	By         Grouping
}

// StatisticsRow is what is counted under one key of the grouping.
type StatisticsRow struct {
	Key string
	statistics.Cell
}

// Statistics counts cases, in the order of the keys. What it costs grows with
// the items, offices and months it is asked for, and not with the cases.
func (s *Store) Statistics(ctx context.Context, f StatisticsFilter) ([]StatisticsRow, error) {
	rollup := f.rollup(s.self.County())
	c := new(conditions)
	c.add(`rollup = ?`, rollup)
	if f.Within != "" && f.Within != s.self.County() {
		// Division codes are digits, so a colon sorts after all of them.
		c.add(`division >= ? AND division < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.At != "" {
		c.add(`division = ?`, string(f.At))
	}
	for _, is := range []struct{ column, value string }{{"department", f.Department}, {"item", f.Item}, {"channel", f.Channel}} {
		if is.value != "" {
			c.add(is.column+` = ?`, is.value)
		}
	}
	if f.From != "" {
		c.add(`month >= ?`, f.From)
	}
	if f.To != "" {
		c.add(`month <= ?`, f.To)
	}
	key := string(f.By)
	switch f.By {
	case ByAll:
		key = `''`
	case ByTier:
		key = `length(division)`
	}
	sums := make([]string, len(statistics.Columns))
	for i, column := range statistics.Columns {
		sums[i] = `sum(` + column + `)`
	}
	query := `SELECT ` + key + `, coalesce(group_concat(nullif(took, '')), ''), ` + strings.Join(sums, ", ") + ` FROM statistics` + c.String() + ` GROUP BY 1 ORDER BY 1`
	rows, err := rowsOf(ctx, s.read, scanStatistics, query, c.args...)
	if f.By == ByTier {
		for i := range rows {
			rows[i].Key = string(tierOfLength(rows[i].Key))
		}
	}
	return rows, err
}

// rollup is the smallest set of rows from which the answer can be summed.
func (f StatisticsFilter) rollup(county division.Code) string {
	whole := (f.Within == "" || f.Within == county) && f.At == ""
	places := f.By == ByDivision || f.By == ByTier
	items := f.By == ByItem || f.By == ByDepartment || f.Department != "" || f.Item != ""
	switch {
	case whole && !places:
		return rollupItem
	case !items:
		return rollupOffice
	}
	return rollupCell
}

func scanStatistics(rows *sql.Rows) (r StatisticsRow, err error) {
	var took string
	into := []any{&r.Key, &took}
	for _, field := range r.Fields() {
		into = append(into, field)
	}
	if err := rows.Scan(into...); err != nil {
		return r, err
	}
	r.Took, err = statistics.ParseHistogram(took)
	return r, err
}

func tierOfLength(digits string) node.Tier {
	switch digits {
	case "6":
		return node.County
	case "9":
		return node.Township
	}
	return node.Village
}

// CatalogChange is how many items an edition left in force.
type CatalogChange struct {
	Edition int
	// From is when it took effect, Unix milliseconds.
	From int64
	// InForce are the items in force from then on; Added and Cut those that came
	// and went with it (精简). An item that was merged into another is cut.
	InForce, Added, Cut int
}

// CatalogChanges are the editions that have taken effect by a moment (Unix
// milliseconds), the earliest first.
func (s *Store) CatalogChanges(ctx context.Context, by int64) ([]CatalogChange, error) {
	editions, err := s.Editions(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(editions, func(a, b catalog.Edition) int {
		return cmp.Or(cmp.Compare(a.EffectiveFrom, b.EffectiveFrom), cmp.Compare(a.Number, b.Number))
	})
	inForce := map[string]bool{}
	out := []CatalogChange{}
	for _, e := range editions {
		if e.EffectiveFrom > by || e.CancelledAt != 0 {
			continue
		}
		change := CatalogChange{Edition: e.Number, From: e.EffectiveFrom}
		for _, item := range e.Entries {
			switch {
			case catalog.IsPackageCode(item.Code): // a way through several items, none of its own
				continue
			case item.Withdrawn && inForce[item.Code]:
				change.Cut++
			case !item.Withdrawn && !inForce[item.Code]:
				change.Added++
			}
			inForce[item.Code] = !item.Withdrawn
			if item.Withdrawn {
				delete(inForce, item.Code)
			}
		}
		change.InForce = len(inForce)
		out = append(out, change)
	}
	return out, nil
}
