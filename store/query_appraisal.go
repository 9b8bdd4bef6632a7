package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/node/supervision"
)

// asker asks a transaction under way, or the last committed state.
type asker func(query string, args ...any) (*sql.Rows, error)

// each calls do for every row of a query.
func (ask asker) each(do func(*sql.Rows) error, query string, args ...any) error {
	rows, err := ask(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return storage("read appraisal", err)
		}
	}
	return storage("read appraisal", rows.Err())
}

// appraise computes a month at the county: what the ledger has made so far, by
// the scorecard that is in force in the month. It reads rows that are kept while
// entries are applied, cards, ratings and attendance of the month, and no case.
func appraise(month string, county division.Code, ask asker) ([]ledger.AppraisalRow, *appraisal.Scorecard, error) {
	g := &gathering{county: county, at: map[ledger.Appraised]*ledger.AppraisalRow{}, staff: map[string]*identity.Staff{}}
	for _, part := range []func(string, asker) error{g.people, g.offices, g.cases, g.work, g.excused, g.cards, g.ratings, g.attendance, g.marks} {
		if err := part(month, ask); err != nil {
			return nil, nil, err
		}
	}
	card := appraisal.Default
	err := ask.each(func(r *sql.Rows) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		card = appraisal.Scorecard{}
		return json.Unmarshal(body, &card)
	}, `SELECT body FROM scorecards WHERE month <= ? ORDER BY month DESC, at DESC LIMIT 1`, month)
	rows := make([]ledger.AppraisalRow, 0, len(g.at))
	for _, r := range g.at {
		rows = append(rows, *r)
	}
	appraisal.Compute(rows, &card)
	return rows, &card, err
}

// gathering is the figures of a month on their way.
type gathering struct {
	county division.Code
	at     map[ledger.Appraised]*ledger.AppraisalRow
	staff  map[string]*identity.Staff
}

func (g *gathering) row(of ledger.Appraised) *ledger.AppraisalFigures {
	r := g.at[of]
	if r == nil {
		r = &ledger.AppraisalRow{Of: of}
		g.at[of] = r
	}
	return &r.Figures
}

// person is a person's row; nil for somebody who is not on the staff.
func (g *gathering) person(id string) *ledger.AppraisalFigures {
	s := g.staff[id]
	if s == nil {
		return nil
	}
	of := ledger.Appraised{Kind: "person", Division: s.Division, Department: s.Department, Staff: id}
	f := g.row(of)
	g.at[of].Name = s.Name
	return f
}

// placed are the rows of the offices that something at a desk counts for: the
// window, the department where one answers, and the place.
func (g *gathering) placed(at division.Code, department string) []*ledger.AppraisalFigures {
	var all []*ledger.AppraisalFigures
	switch at.Tier() {
	case node.County:
		all = append(all, g.row(ledger.Appraised{Kind: "window", Division: at, Department: department}))
	case node.Township:
		all = append(all, g.row(ledger.Appraised{Kind: "window", Division: at}), g.row(ledger.Appraised{Kind: "township", Division: at}))
	default:
		all = append(all, g.row(ledger.Appraised{Kind: "village", Division: at}), g.row(ledger.Appraised{Kind: "township", Division: at.Township()}))
	}
	if department != "" {
		all = append(all, g.row(ledger.Appraised{Kind: "department", Division: g.county, Department: department}))
	}
	return all
}

// people are the staff who handle cases.
func (g *gathering) people(_ string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		s := new(identity.Staff)
		if err := json.Unmarshal(body, s); err != nil {
			return err
		}
		g.staff[s.ID] = s
		now := s.Now()
		for _, role := range now.Roles {
			if _, handles := identity.ReachOf(role, identity.AppraisalOwn); handles && !now.Disabled {
				g.person(s.ID)
			}
		}
		return nil
	}, `SELECT body FROM staff`)
}

// offices are those that have a node: they are appraised though nothing happened.
func (g *gathering) offices(_ string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		var d division.Code
		if err := r.Scan(&d); err != nil {
			return err
		}
		if d.Tier() != node.County {
			g.placed(d, "")
		}
		return nil
	}, `SELECT DISTINCT division FROM nodes WHERE revoked_at = 0`)
}

func (g *gathering) cases(month string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		var at division.Code
		var department string
		var n ledger.AppraisalFigures
		var granted, declined int64
		if err := r.Scan(&at, &department, &n.Volume, &granted, &declined, &n.OnTime, &n.Early, &n.Overdue, &n.Corrected); err != nil {
			return err
		}
		n.Decided = granted + declined
		for _, f := range g.placed(at, department) {
			f.Volume += n.Volume
			f.Decided += n.Decided
			f.OnTime += n.OnTime
			f.Early += n.Early
			f.Overdue += n.Overdue
			f.Corrected += n.Corrected
		}
		return nil
	}, `SELECT division, department, sum(handed_in), sum(granted), sum(declined), sum(on_time), sum(early), sum(overdue), sum(corrected)
		FROM statistics WHERE rollup = 'cell' AND month = ? GROUP BY division, department`, month)
}

func (g *gathering) work(month string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		var w appraisal.Work
		into := []any{&w.Staff}
		for _, f := range w.Fields() {
			into = append(into, f)
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		if f := g.person(w.Staff); f != nil {
			f.Volume, f.Decided, f.OnTime, f.Early, f.Overdue, f.Corrected = w.Cases, w.Decided, w.OnTime, w.Early, w.Overdue, w.Corrected
		}
		return nil
	}, `SELECT staff, cases, decided, on_time, early, overdue, corrected FROM workload WHERE month = ?`, month)
}

// excused takes what was late for a line alone as done in time: the hours a line
// was down count against nobody, neither whoever had a hand in the case nor their
// office.
func (g *gathering) excused(month string, ask asker) error {
	type late struct {
		c     *casework.Case
		cards []supervision.Card
	}
	cases := map[string]*late{}
	err := ask.each(func(r *sql.Rows) error {
		var is, card []byte
		if err := r.Scan(&is, &card); err != nil {
			return err
		}
		l, c := &late{c: new(casework.Case)}, supervision.Card{}
		if err := errors.Join(json.Unmarshal(is, l.c), json.Unmarshal(card, &c)); err != nil {
			return err
		}
		if known := cases[l.c.ID]; known != nil {
			l = known
		}
		l.cards = append(l.cards, c)
		cases[l.c.ID] = l
		return nil
	}, `SELECT c.body, k.body FROM cards k JOIN cases c ON c.id = k.case_id
		WHERE k.rule IN ('promise_passed', 'promise_far', 'statute_passed') AND k.issued BETWEEN ? AND ?
		AND EXISTS (SELECT 1 FROM cards x WHERE x.case_id = k.case_id AND x.rule = 'promise_passed' AND json_extract(x.body, '$.excused'))`,
		monthNumber(month)-1_00_00, monthNumber(month)+1_00_00) // of a year before and after, for what is decided long after it was late, or judged so
	if err != nil {
		return err
	}
	for _, l := range cases {
		if slices.ContainsFunc(l.cards, func(c supervision.Card) bool { return !c.Excused }) {
			continue // later than the line accounts for
		}
		office := false
		for _, w := range appraisal.WorkOf(l.c) {
			if w.Month != month || w.Overdue == 0 {
				continue
			}
			office = true
			if f := g.person(w.Staff); f != nil {
				f.Overdue, f.OnTime = f.Overdue-1, f.OnTime+1
			}
		}
		if office {
			for _, f := range g.placed(l.c.HandedInAt, l.c.Department) {
				f.Overdue, f.OnTime = f.Overdue-1, f.OnTime+1
			}
		}
	}
	return nil
}

// cards of the month: those that count against nobody count against no office
// either.
func (g *gathering) cards(month string, ask asker) error {
	from := monthNumber(month)
	return ask.each(func(r *sql.Rows) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		var c supervision.Card
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		if c.Excused || c.Colour == supervision.Amber || c.State() == supervision.Overruled || c.State() == supervision.Justified {
			return nil
		}
		against := g.placed(c.Desk.Division, c.Desk.Department)
		if f := g.person(c.Against()); f != nil {
			against = append(against, f)
		}
		for _, f := range against {
			if c.Colour == supervision.Red {
				f.Red++
			} else {
				f.Yellow++
			}
		}
		return nil
	}, `SELECT body FROM cards WHERE issued BETWEEN ? AND ?`, from, from+31)
}

func (g *gathering) ratings(month string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		v, err := scanRating(r)
		if err != nil {
			return err
		}
		office := rating.Figures{}
		office.Add(&v.Rating, v.Rectification)
		add := func(f *ledger.AppraisalFigures, n *rating.Figures) {
			f.Rated += n.Rated
			f.Satisfied += n.Satisfied
			f.Bad += n.Bad
			f.Rectified += n.Rectified
		}
		for _, f := range g.placed(v.Division, v.Department) {
			add(f, &office)
		}
		if f := g.person(v.Staff); f != nil {
			add(f, &office)
		}
		return nil
	}, selectRating+` WHERE r.month = ?`, month)
}

func (g *gathering) attendance(month string, ask asker) error {
	from := monthNumber(month)
	return ask.each(func(r *sql.Rows) error {
		var staff, morning, afternoon string
		if err := r.Scan(&staff, &morning, &afternoon); err != nil {
			return err
		}
		if f := g.person(staff); f != nil {
			appraisal.Attended(f, morning, afternoon)
		}
		return nil
	}, `SELECT staff, morning, afternoon FROM attendance WHERE day BETWEEN ? AND ?`, from, from+31)
}

func (g *gathering) marks(month string, ask asker) error {
	return ask.each(func(r *sql.Rows) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		var m mark
		if err := json.Unmarshal(body, &m); err != nil {
			return err
		}
		f := g.row(m.Of)
		if m.Of.Staff != "" {
			if f = g.person(m.Of.Staff); f == nil {
				return nil
			}
		}
		if m.Points > 0 {
			f.Plus += int64(m.Points)
		} else {
			f.Minus -= int64(m.Points)
		}
		return nil
	}, `SELECT body FROM appraisal_marks WHERE month = ?`, month)
}

// monthNumber is the number before that of a month's first day: 20261100.
func monthNumber(month string) int {
	n := 0
	for _, r := range month {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n * 100
}

// Appraise computes a month as it stands now, and the hash that a draft of it
// names.
func (s *Store) Appraise(ctx context.Context, month string) ([]ledger.AppraisalRow, *appraisal.Scorecard, string, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, "", storage("read appraisal", err)
	}
	defer tx.Rollback()
	rows, card, err := appraise(month, s.self.County(), func(query string, args ...any) (*sql.Rows, error) { return tx.QueryContext(ctx, query, args...) })
	if err != nil {
		return nil, nil, "", err
	}
	hash, err := appraisal.Hash(rows, card)
	return rows, card, hash, err
}

// Appraisal is an edition of a month, the last one for edition 0.
func (s *Store) Appraisal(ctx context.Context, month string, edition int) (*appraisal.Appraisal, error) {
	return one[appraisal.Appraisal](ctx, s.read, `SELECT body FROM appraisals WHERE month = ?1 AND (?2 = 0 OR edition = ?2) ORDER BY edition DESC LIMIT 1`, month, edition)
}

// AppraisalEdition is one edition in a list.
type AppraisalEdition struct {
	Month   string
	Edition int
	State   appraisal.State
}

// Appraisals lists the editions, the latest month first.
func (s *Store) Appraisals(ctx context.Context, limit int) ([]AppraisalEdition, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (e AppraisalEdition, err error) { return e, r.Scan(&e.Month, &e.Edition, &e.State) },
		`SELECT month, edition, state FROM appraisals ORDER BY month DESC, edition DESC LIMIT ?`, limit)
}

// AppraisalsPublished lists those that were published of late, so that what they
// say of persons can be sent to their offices.
func (s *Store) AppraisalsPublished(ctx context.Context, limit int) ([]AppraisalEdition, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (e AppraisalEdition, err error) { return e, r.Scan(&e.Month, &e.Edition, &e.State) },
		`SELECT month, edition, state FROM appraisals WHERE state = 'published' ORDER BY month DESC, edition DESC LIMIT ?`, limit)
}

// ResultsSent are the divisions to which what an edition says of persons went.
func (s *Store) ResultsSent(ctx context.Context, month string, edition int) ([]division.Code, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (d division.Code, err error) { return d, r.Scan(&d) },
		`SELECT DISTINCT division FROM appraised_persons WHERE month = ? AND edition = ? ORDER BY division`, month, edition)
}

// PublishedOffices is what was published of offices for a month, the last edition.
func (s *Store) PublishedOffices(ctx context.Context, month string) (*ledger.AppraisalPublishV1, error) {
	return one[ledger.AppraisalPublishV1](ctx, s.read, `SELECT body FROM appraised_offices WHERE month = ? ORDER BY edition DESC LIMIT 1`, month)
}

// PublishedMonths lists the months of which something was published, the latest
// first.
func (s *Store) PublishedMonths(ctx context.Context, limit int) ([]string, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (m string, err error) { return m, r.Scan(&m) },
		`SELECT DISTINCT month FROM appraised_offices ORDER BY month DESC LIMIT ?`, limit)
}

// PersonResult is what was published of a person.
type PersonResult struct {
	Month    string
	Edition  int
	Criteria []ledger.AppraisalCriterion
	Row      ledger.AppraisalRow
}

// PersonResults lists what was published of persons for a month: of one person,
// or of those of a division and below, of a department where one is given; of
// each the last edition. An empty month is all months.
func (s *Store) PersonResults(ctx context.Context, month, staff string, within division.Code, department string, limit int) ([]PersonResult, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (p PersonResult, err error) {
		var criteria, body []byte
		if err := r.Scan(&p.Month, &p.Edition, &criteria, &body); err != nil {
			return p, err
		}
		return p, errors.Join(json.Unmarshal(criteria, &p.Criteria), json.Unmarshal(body, &p.Row))
	}, `SELECT month, edition, criteria, body FROM appraised_persons p WHERE (?1 = '' OR month = ?1) AND (?2 = '' OR staff = ?2)
		AND (?3 = '' OR division >= ?3 AND division < ?3 || ':') AND (?4 = '' OR department = ?4)
		AND edition = (SELECT max(edition) FROM appraised_persons x WHERE x.staff = p.staff AND x.month = p.month)
		ORDER BY month DESC, division, department, staff LIMIT ?5`, month, staff, string(within), department, limit)
}

// Objections lists what persons said against their appraisal of a month.
func (s *Store) Objections(ctx context.Context, month, staff string, within division.Code, department string) ([]appraisal.Objection, error) {
	return all[appraisal.Objection](ctx, s.read, `SELECT body FROM appraisal_objections WHERE (?1 = '' OR month = ?1) AND (?2 = '' OR staff = ?2)
		AND (?3 = '' OR division >= ?3 AND division < ?3 || ':') AND (?4 = '' OR department = ?4) ORDER BY month DESC, staff LIMIT 1000`, month, staff, string(within), department)
}

// AppraisalMark is points given by hand.
type AppraisalMark = mark

// AppraisalMarks lists the points given by hand for a month.
func (s *Store) AppraisalMarks(ctx context.Context, month string) ([]AppraisalMark, error) {
	return all[mark](ctx, s.read, `SELECT body FROM appraisal_marks WHERE month = ? ORDER BY at`, month)
}

// Scorecards lists the scorecards, the last one first.
func (s *Store) Scorecards(ctx context.Context) ([]appraisal.Scorecard, error) {
	return all[appraisal.Scorecard](ctx, s.read, `SELECT body FROM scorecards ORDER BY month DESC, at DESC LIMIT 100`)
}

// Attendance is who was there, on the days of a month, within a division, and of
// a department where one is given.
func (s *Store) Attendance(ctx context.Context, month, staff string, within division.Code, department string) ([]ledger.AttendanceDay, error) {
	from := monthNumber(month)
	return rowsOf(ctx, s.read, func(r *sql.Rows) (d ledger.AttendanceDay, err error) {
		var day int
		if err := r.Scan(&d.Staff, &day, &d.Morning, &d.Afternoon); err != nil {
			return d, err
		}
		d.Day, err = dayOfNumber(day)
		return d, err
	}, `SELECT staff, day, morning, afternoon FROM attendance WHERE day BETWEEN ?1 AND ?2 AND (?3 = '' OR staff = ?3)
		AND (?4 = '' OR division >= ?4 AND division < ?4 || ':') AND (?5 = '' OR department = ?5) ORDER BY staff, day LIMIT 100000`, from, from+31, staff, string(within), department)
}

func dayOfNumber(n int) (calendar.Date, error) {
	return calendar.NewDate(n/10000, time.Month(n/100%100), n%100)
}
