package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// dayNumber is a day as the databases keep it, 20261123; 0 for none.
func dayNumber(d calendar.Date) int {
	if d.IsZero() {
		return 0
	}
	return (d.Year()*100+int(d.Month()))*100 + d.Day()
}

func millis(ms int64) time.Time { return time.UnixMilli(ms) }

// Look is a case that is due to be looked at. Day is the day from which on
// (20261123), 0 where it was not known when the case changed last; Head is its
// last entry then.
type Look struct {
	Number, Case, Head string
	Day                int
}

// LooksDue lists the cases to be looked at by a day, in pages: those after one.
func (s *Store) LooksDue(ctx context.Context, by calendar.Date, after Look, limit int) ([]Look, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (l Look, err error) { return l, r.Scan(&l.Number, &l.Case, &l.Day, &l.Head) },
		selectLooks, dayNumber(by), after.Day, after.Number, limit)
}

// CardsRising lists the cards that rise by a day when nobody answers them, in
// pages: those after an id.
func (s *Store) CardsRising(ctx context.Context, by calendar.Date, after string, limit int) ([]supervision.Card, error) {
	return all[supervision.Card](ctx, s.read, `SELECT body FROM cards WHERE rises > 0 AND rises <= ? AND id > ? ORDER BY id LIMIT ?`, dayNumber(by), after, limit)
}

// CardsOf lists the cards of a case, by rule.
func (s *Store) CardsOf(ctx context.Context, caseID string) ([]supervision.Card, error) {
	return all[supervision.Card](ctx, s.read, `SELECT body FROM cards WHERE case_id = ? ORDER BY rule, issued, id`, caseID)
}

// Card finds a card by its id.
func (s *Store) Card(ctx context.Context, id string) (*supervision.Card, error) {
	return one[supervision.Card](ctx, s.read, `SELECT body FROM cards WHERE id = ?`, id)
}

// CardFilter selects cards. Empty fields select everything.
type CardFilter struct {
	// Within is a division: cards of its desks and of those below; Department
	// those of a department's desks.
	Within     division.Code
	Department string
	// Colour, State and Person select by these; Open those that wait for
	// somebody, Live those whose case has not ended.
	Colour supervision.Colour
	State  supervision.State
	Person string
	Open   bool
	Live   bool
	// Before continues a listing: the day (20261123) and id of its last card.
	BeforeDay int64
	BeforeID  string
	// Limit is at most this many; 0 means 50.
	Limit int
}

// Cards lists cards, the latest first.
func (s *Store) Cards(ctx context.Context, f CardFilter) ([]supervision.Card, error) {
	where, args := []string{`true`}, []any{}
	add := func(cond string, vals ...any) {
		where = append(where, cond)
		args = append(args, vals...)
	}
	if f.Within != "" {
		add(`division >= ? AND division < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.Department != "" {
		add(`department = ?`, f.Department)
	}
	if f.Colour != "" {
		add(`worst = ?`, f.Colour.Rank())
	}
	if f.State != "" {
		add(`state = ?`, string(f.State))
	}
	if f.Person != "" {
		add(`person = ?`, f.Person)
	}
	if f.Open {
		add(`open = 1`)
	}
	if f.Live {
		add(`live = 1`)
	}
	if f.BeforeDay > 0 {
		add(`(issued, id) < (?, ?)`, f.BeforeDay, f.BeforeID)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	return all[supervision.Card](ctx, s.read, `SELECT body FROM cards WHERE `+strings.Join(where, ` AND `)+` ORDER BY issued DESC, id DESC LIMIT ?`, append(args, limit)...)
}

// DayNumber is a day as CardFilter takes it.
func DayNumber(d calendar.Date) int64 { return int64(dayNumber(d)) }

// Waiting is how many cases wait at a desk, and how many of them are of which
// colour by their worst card.
type Waiting struct {
	Desk               ledger.Desk
	Cases              int64
	Amber, Yellow, Red int64
}

// WaitingCases counts what waits at each desk, within a division and of a
// department where one is given. It costs with the cases that are open, read
// from an index, and the cards on them.
func (s *Store) WaitingCases(ctx context.Context, within division.Code, department string) ([]Waiting, error) {
	waiting, err := rowsOf(ctx, s.read, func(r *sql.Rows) (w Waiting, err error) {
		return w, r.Scan(&w.Desk.Division, &w.Desk.Department, &w.Desk.Verb, &w.Cases)
	}, selectWaiting, string(within), department)
	if err != nil {
		return nil, err
	}
	at := make(map[ledger.Desk]*Waiting, len(waiting))
	for i := range waiting {
		at[waiting[i].Desk] = &waiting[i]
	}
	type coloured struct {
		desk  ledger.Desk
		worst int
		n     int64
	}
	cards, err := rowsOf(ctx, s.read, func(r *sql.Rows) (c coloured, err error) {
		return c, r.Scan(&c.desk.Division, &c.desk.Department, &c.desk.Verb, &c.worst, &c.n)
	}, `SELECT holder, department, verb, worst, count(*) FROM (SELECT case_id, max(worst) AS worst FROM cards WHERE live = 1 GROUP BY case_id) JOIN cases ON id = case_id
		WHERE verb <> '' AND holder >= ?1 AND holder < ?1 || ':' AND (?2 = '' OR department = ?2) GROUP BY holder, department, verb, worst`, string(within), department)
	if err != nil {
		return nil, err
	}
	for _, c := range cards {
		w := at[c.desk]
		switch {
		case w == nil: // it came between the two questions
		case c.worst == supervision.Red.Rank():
			w.Red += c.n
		case c.worst == supervision.Yellow.Rank():
			w.Yellow += c.n
		default:
			w.Amber += c.n
		}
	}
	return waiting, nil
}

// Open cases are read by going from one place to the next: those that have ended
// are beside them in the index, and are many more.
const (
	withPlaces = `WITH RECURSIVE places (holder) AS (
		SELECT min(holder) FROM cases
		UNION ALL
		SELECT (SELECT min(c.holder) FROM cases c WHERE c.holder > places.holder) FROM places WHERE places.holder IS NOT NULL) `
	openAtPlaces  = ` FROM places p CROSS JOIN cases c ON c.holder = p.holder AND c.verb > '' `
	selectLooks   = `SELECT number, case_id, day, head FROM looks WHERE day <= ? AND (day, number) > (?, ?) ORDER BY day, number LIMIT ?`
	selectOpen    = withPlaces + `SELECT c.number, c.id, 0, c.head` + openAtPlaces + `WHERE true`
	selectWaiting = withPlaces + `SELECT p.holder, c.department, c.verb, count(*)` + openAtPlaces + `
		WHERE p.holder >= ?1 AND p.holder < ?1 || ':' AND (?2 = '' OR c.department = ?2) GROUP BY p.holder, c.department, c.verb`
)

// Asked is how many cards wait for a person; without one, for a desk.
type Asked struct {
	Desk        ledger.Desk
	Person      string
	Yellow, Red int64
}

// AskedPeople counts the cards that wait for somebody.
func (s *Store) AskedPeople(ctx context.Context, within division.Code, department string) ([]Asked, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (w Asked, err error) {
		return w, r.Scan(&w.Desk.Division, &w.Desk.Department, &w.Person, &w.Yellow, &w.Red)
	}, `SELECT division, department, person, sum(worst = 2), sum(worst = 3) FROM cards WHERE open = 1 AND division >= ?1 AND division < ?1 || ':' AND (?2 = '' OR department = ?2)
		GROUP BY division, department, person`, string(within), department)
}

// InquiriesOf lists the inquiries about a case, the oldest first by the ledger: the
// clocks of those who asked may differ.
func (s *Store) InquiriesOf(ctx context.Context, caseID string) ([]supervision.Inquiry, error) {
	return all[supervision.Inquiry](ctx, s.read, `SELECT q.body FROM inquiries q JOIN entries e ON e.id = q.id WHERE q.case_id = ? ORDER BY e.idx IS NULL, e.idx, e.n`, caseID)
}

// OpenInquiries lists the inquiries that wait at desks within a division, of a
// department where one is given, the oldest first.
func (s *Store) OpenInquiries(ctx context.Context, within division.Code, department string, limit int) ([]supervision.Inquiry, error) {
	return all[supervision.Inquiry](ctx, s.read, `SELECT q.body FROM inquiries q JOIN entries e ON e.id = q.id WHERE q.open = 1 AND q.division >= ?1 AND q.division < ?1 || ':' AND (?2 = '' OR q.department = ?2)
		ORDER BY e.idx IS NULL, e.idx, e.n LIMIT ?3`, string(within), department, limit)
}

// Urges lists how a case was urged, the first one first, as the timeline has
// them.
func (s *Store) Urges(ctx context.Context, caseID string) ([]EntryView, error) {
	urges, err := rowsOf(ctx, s.read, scanView, selectView+`e.case_id = ? AND e.case_id <> '' AND e.case_id <> e.id AND e.kind = ? AND e.status = 'applied'`, caseID, ledger.CaseUrge)
	return inOrder(urges), err
}

// Thresholds are the settings of supervision in force.
func (s *Store) Thresholds(ctx context.Context) (supervision.Thresholds, error) {
	t, err := one[supervision.Thresholds](ctx, s.read, selectThresholds)
	if errors.Is(err, ErrNotFound) {
		return supervision.Defaults, nil
	}
	if err != nil {
		return supervision.Thresholds{}, err
	}
	return *t, nil
}

// ThresholdChanges lists the entries that set the thresholds, newest first.
func (s *Store) ThresholdChanges(ctx context.Context) ([]EntryView, error) {
	return rowsOf(ctx, s.read, scanView, selectView+`e.id IN (SELECT entry FROM thresholds) ORDER BY e.recorded_at DESC, e.id DESC LIMIT 200`)
}

// Outages lists when the county did not hear a division after an instant, Unix
// milliseconds, the earliest first.
func (s *Store) Outages(ctx context.Context, d division.Code, after int64) ([]supervision.Outage, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (o supervision.Outage, err error) { return o, r.Scan(&o.From, &o.Until) },
		`SELECT since, until FROM outages WHERE division = ? AND until > ? ORDER BY since`, string(d), after)
}

// OnTheWay is when a line kept a case on its way up: from when a step of it was
// taken below until the county had that, as far as this node has heard, and where
// it was longer than least (milliseconds). Whoever comes next could not have
// known of it meanwhile.
func (s *Store) OnTheWay(ctx context.Context, caseID string, least int64) ([]supervision.Outage, error) {
	entries, err := s.Timeline(ctx, caseID)
	if err != nil {
		return nil, err
	}
	var held []supervision.Outage
	for i := range entries {
		e := &entries[i]
		info, known := ledger.Lookup(e.Kind, e.V)
		steps := known && info.Case && !info.Beside || e.Kind == ledger.PackageSubmit
		o := supervision.Outage{From: e.OccurredAt - e.SkewMS, Until: e.RecordedAt}
		if steps && e.Index != 0 && e.Status == ledger.Applied && o.Until-o.From > least {
			held = append(held, o)
		}
	}
	return supervision.Merge(held), nil
}

// StaffAt lists the staff of a division itself.
func (s *Store) StaffAt(ctx context.Context, d division.Code) ([]identity.Staff, error) {
	return all[identity.Staff](ctx, s.read, `SELECT body FROM staff WHERE division = ? ORDER BY id`, string(d))
}

// AbsentFor lists those for whom a person stands in, on some days (AB岗).
func (s *Store) AbsentFor(ctx context.Context, staff string, at division.Code) ([]identity.Staff, error) {
	return all[identity.Staff](ctx, s.read, `SELECT body FROM staff WHERE division = ? AND instr(body, ?) > 0 ORDER BY id`, string(at), substituteIn(staff))
}
