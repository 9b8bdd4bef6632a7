package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

// ServiceRules are the limits in force for ratings and complaints.
func (s *Store) ServiceRules(ctx context.Context) (ledger.ServiceRulesV1, error) {
	var raw string
	err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = '`+metaServiceRules+`'`).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return rating.DefaultRules, nil
	}
	rules := rating.DefaultRules
	if err == nil {
		err = json.Unmarshal([]byte(raw), &rules)
	}
	return rules, storage("read service rules", err)
}

// OfficeFilter selects by the office that something is about. Empty fields
// select everything.
type OfficeFilter struct {
	// Within is a division and those below; Department one of the county's.
	Within     division.Code
	Department string
	// Not leaves out what is about a person, for whoever was rated must not read
	// about themselves.
	Not string
	// From and To are months, 2026-11, both included.
	From, To string
	// Open selects what has not been finished.
	Open bool
	// Before continues a listing: the moment (Unix milliseconds) and id of its
	// last row.
	BeforeMS int64
	BeforeID string
	// Limit is at most this many; 0 means 50.
	Limit int
}

// conditions of a query, with their arguments.
type conditions struct {
	where []string
	args  []any
}

func (c *conditions) add(cond string, args ...any) {
	c.where = append(c.where, cond)
	c.args = append(c.args, args...)
}

func (c *conditions) String() string {
	if len(c.where) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(c.where, ` AND `)
}

func (f OfficeFilter) conditions(prefix, at, id string) *conditions {
	c := new(conditions)
	if f.Within != "" {
		// Division codes are digits, so a colon sorts after all of them.
		c.add(prefix+`division >= ? AND `+prefix+`division < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.Department != "" {
		c.add(prefix+`department = ?`, f.Department)
	}
	if f.BeforeMS > 0 {
		c.add(`(`+at+`, `+id+`) < (?, ?)`, f.BeforeMS, f.BeforeID)
	}
	return c
}

func (f OfficeFilter) limit() int {
	if f.Limit <= 0 {
		return 50
	}
	return f.Limit
}

// RatingView is a rating with what its office was told to put right.
type RatingView struct {
	rating.Rating
	Rectification *rating.Rectification
}

// State is how far the task of a bad rating has come.
func (v *RatingView) State() rating.State { return rating.StateOf(&v.Rating, v.Rectification) }

const selectRating = `SELECT r.body, x.body FROM ratings r LEFT JOIN rectifications x ON x.rating = r.id`

func scanRating(rows *sql.Rows) (v RatingView, err error) {
	var body, fix []byte
	if err := rows.Scan(&body, &fix); err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &v.Rating); err != nil || fix == nil {
		return v, err
	}
	v.Rectification = new(rating.Rectification)
	return v, json.Unmarshal(fix, v.Rectification)
}

// Ratings lists single ratings, the latest first.
func (s *Store) Ratings(ctx context.Context, f OfficeFilter) ([]RatingView, error) {
	c := f.conditions("r.", "r.given", "r.id")
	f.months(c, "r.month")
	if f.Not != "" {
		c.add(`r.staff <> ?`, f.Not)
	}
	if f.Open {
		c.add(`r.open = 1`)
	}
	return rowsOf(ctx, s.read, scanRating, selectRating+c.String()+` ORDER BY r.given DESC, r.id DESC LIMIT ?`, append(c.args, f.limit())...)
}

func (f OfficeFilter) months(c *conditions, column string) {
	if f.From != "" {
		c.add(column+` >= ?`, f.From)
	}
	if f.To != "" {
		c.add(column+` <= ?`, f.To)
	}
}

// Rating finds a rating by its id.
func (s *Store) Rating(ctx context.Context, id string) (*RatingView, error) {
	return theOne(rowsOf(ctx, s.read, scanRating, selectRating+` WHERE r.id = ?`, id))
}

// RatedOccasion reports whether a visit has been rated, as far as this node
// knows.
func (s *Store) RatedOccasion(ctx context.Context, occasion string) (bool, error) {
	n, err := count(ctx, s.read, `SELECT EXISTS (SELECT 1 FROM ratings WHERE occasion = ?)`, occasion)
	return n != 0, err
}

func theOne[T any](found []T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// Rectifications lists what offices were told to put right, the latest first.
func (s *Store) Rectifications(ctx context.Context, f OfficeFilter) ([]rating.Rectification, error) {
	c := f.conditions("", "ordered", "rating")
	if f.Open {
		c.add(`json_extract(body, '$.done_ms') IS NULL`)
	}
	return all[rating.Rectification](ctx, s.read, `SELECT body FROM rectifications`+c.String()+` ORDER BY ordered DESC, rating DESC LIMIT ?`, append(c.args, f.limit())...)
}

// Rectification finds a rectification notice by its rating.
func (s *Store) Rectification(ctx context.Context, rated string) (*rating.Rectification, error) {
	return one[rating.Rectification](ctx, s.read, `SELECT body FROM rectifications WHERE rating = ?`, rated)
}

// RatedUnit is an office or, with Staff, a person.
type RatedUnit struct {
	Division   division.Code
	Department string
	Staff      string
}

// RatingFigures counts the ratings of offices or, if persons is set, of each
// person, by all that this node knows.
func (s *Store) RatingFigures(ctx context.Context, f OfficeFilter, persons bool) (map[RatedUnit]*rating.Figures, error) {
	c := f.conditions("r.", "r.given", "r.id")
	f.months(c, "r.month")
	found := map[RatedUnit]*rating.Figures{}
	rows, err := s.read.QueryContext(ctx, selectRating+c.String(), c.args...)
	if err != nil {
		return nil, storage("read ratings", err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scanRating(rows)
		if err != nil {
			return nil, storage("read ratings", err)
		}
		u := RatedUnit{Division: v.Division, Department: v.Department}
		if persons {
			u.Staff = v.Staff
			if v.Person != 0 {
				v.Institution = v.Person // the grade that is the person's
			}
		}
		if found[u] == nil {
			found[u] = new(rating.Figures)
		}
		found[u].Add(&v.Rating, v.Rectification)
	}
	return found, storage("read ratings", rows.Err())
}

// Complaints lists complaints, suggestions and inquiries, the latest first. Not
// leaves out those that name a person.
func (s *Store) Complaints(ctx context.Context, f OfficeFilter, handler string) ([]complaint.Complaint, error) {
	c := new(conditions)
	if f.Within != "" {
		c.add(`(division >= ?1 AND division < ?1 || ':' OR division = '' AND scope >= ?1 AND scope < ?1 || ':')`, string(f.Within))
	}
	if f.Department != "" {
		c.add(`department = ?`, f.Department)
	}
	if handler != "" {
		c.add(`handler = ?`, handler)
	}
	if f.Open {
		c.add(`state <> 'replied'`)
	}
	if f.BeforeMS > 0 {
		c.add(`(opened, number) < (?, ?)`, f.BeforeMS, f.BeforeID)
	}
	return all[complaint.Complaint](ctx, s.read, `SELECT body FROM complaints`+c.String()+` ORDER BY opened DESC, number DESC LIMIT ?`, append(c.args, f.limit())...)
}

// ComplaintsOf lists what was made from an applicant's account, the latest first.
func (s *Store) ComplaintsOf(ctx context.Context, account string, limit int) ([]complaint.Complaint, error) {
	return all[complaint.Complaint](ctx, s.read, `SELECT body FROM complaints WHERE account = ? AND account <> '' ORDER BY opened DESC, number DESC LIMIT ?`, account, limit)
}

// Complaint finds one by its number.
func (s *Store) Complaint(ctx context.Context, number string) (*complaint.Complaint, error) {
	return one[complaint.Complaint](ctx, s.read, `SELECT body FROM complaints WHERE number = ?`, number)
}
