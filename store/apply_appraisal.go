package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The appraisal (考核). Its figures are computed at the county when it is
// drafted, of what the ledger made until then, and are kept as they were: the
// same ledger makes the same appraisal. What was published goes down, of offices
// to everybody, of persons to their own office.

// rework takes off what a case added to the figures of those who had a hand in
// it, and puts on what it adds now; nil is no case.
func (a *applier) rework(was, now *casework.Case) {
	for _, part := range []struct {
		c    *casework.Case
		sign int64
	}{{was, -1}, {now, 1}} {
		if part.c == nil {
			continue
		}
		for _, w := range appraisal.WorkOf(part.c) {
			if a.pending.work == nil {
				a.pending.work = map[workKey]*appraisal.Work{}
			}
			k := workKey{w.Month, w.Staff}
			sum := a.pending.work[k]
			if sum == nil {
				sum = &appraisal.Work{Month: w.Month, Staff: w.Staff}
				a.pending.work[k] = sum
			}
			fields := w.Fields()
			for i, f := range sum.Fields() {
				*f += part.sign * *fields[i]
			}
		}
	}
}

type workKey struct{ month, staff string }

// flushWork writes what has been added. Each row is its own, so that their order
// says nothing.
func (a *applier) flushWork() error {
	for _, w := range a.pending.work {
		args := []any{w.Month, w.Staff}
		changed := false
		for _, f := range w.Fields() {
			args = append(args, *f)
			changed = changed || *f != 0
		}
		if !changed {
			continue
		}
		if err := a.w.exec(a.ctx, addToWork, args...); err != nil {
			return err
		}
		if w.Cases >= 0 {
			continue
		}
		if err := a.w.exec(a.ctx, `DELETE FROM workload WHERE month = ? AND staff = ? AND cases = 0`, w.Month, w.Staff); err != nil {
			return err
		}
	}
	clear(a.pending.work)
	return nil
}

var addToWork = func() string {
	var sets []string
	for _, c := range appraisal.WorkColumns {
		sets = append(sets, c+" = "+c+" + excluded."+c)
	}
	return `INSERT INTO workload (month, staff, ` + strings.Join(appraisal.WorkColumns, ", ") + `) VALUES (?, ?` + strings.Repeat(", ?", len(appraisal.WorkColumns)) + `)
		ON CONFLICT DO UPDATE SET ` + strings.Join(sets, ", ")
}()

// prepareAppraisal decides an entry of these kinds; false for one of another.
func (a *applier) prepareAppraisal(e *ledger.Entry, body ledger.Body, from origin) (effect func() error, ok bool, err error) {
	switch b := body.(type) {
	case *ledger.AttendanceRecordV1:
		effect, err = a.prepareAttendance(b)
	case *ledger.AppraisalScorecardV1:
		effect, err = a.prepareScorecard(e, b)
	case *ledger.AppraisalMarkV1:
		effect, err = a.prepareMark(e, b)
	case *ledger.AppraisalDraftV1:
		effect, err = a.prepareAppraisalDraft(e, b)
	case *ledger.AppraisalSignV1:
		effect, err = a.prepareSignature(e, b)
	case *ledger.AppraisalPublishV1:
		effect, err = a.preparePublication(e, b)
	case *ledger.AppraisalResultV1:
		effect, err = a.preparePersons(e, b)
	case *ledger.AppraisalObjectV1:
		effect, err = a.prepareObjection(e, b, from)
	case *ledger.AppraisalAnswerV1:
		effect, err = a.prepareObjectionAnswer(e, b)
	default:
		return nil, false, nil
	}
	return effect, true, err
}

func (a *applier) prepareAttendance(b *ledger.AttendanceRecordV1) (func() error, error) {
	for _, d := range b.Days {
		s, err := a.staff(d.Staff)
		if err != nil {
			return nil, err
		}
		if !a.told && (s == nil || s.Division != b.Division || s.Department != b.Department) {
			return nil, refuse("attendance_elsewhere", "人员 "+d.Staff+" 不属于该单位", "staff "+d.Staff+" do not belong to this office")
		}
		if !a.told && d.Day.After(calendar.DateOf(millis(a.now)).AddDays(1)) {
			return nil, refuse("attendance_ahead", "不得登记未到日期的考勤", "attendance is recorded of days that have come")
		}
	}
	return func() error {
		for _, d := range b.Days {
			if err := a.w.exec(a.ctx, `INSERT INTO attendance (staff, day, division, department, morning, afternoon) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (staff, day) DO UPDATE SET division = excluded.division, department = excluded.department, morning = excluded.morning, afternoon = excluded.afternoon`,
				d.Staff, dayNumber(d.Day), string(b.Division), b.Department, d.Morning, d.Afternoon); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (a *applier) prepareScorecard(e *ledger.Entry, b *ledger.AppraisalScorecardV1) (func() error, error) {
	if b.From < appraisal.MonthOf(e.OccurredAt-e.SkewMS) {
		return nil, refuse("scorecard_past", "评分标准不得溯及以往月份", "a scorecard holds from this month on, or a later one")
	}
	card := appraisal.ScorecardOf(b)
	body, err := json.Marshal(card)
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO scorecards (entry, month, at, body) VALUES (?, ?, ?, ?)`, e.ID, b.From, a.head, body)
	}, err
}

func (a *applier) prepareMark(e *ledger.Entry, b *ledger.AppraisalMarkV1) (func() error, error) {
	if b.Month > appraisal.MonthOf(e.OccurredAt-e.SkewMS) {
		return nil, refuse("appraisal_month", "不得对未到的月份加减分", "points are given for a month that has begun")
	}
	if b.Of.Staff == e.Actor.Staff {
		return nil, refuse("appraisal_own", "不得给本人加减分", "nobody gives points to themselves")
	}
	if b.Of.Staff != "" {
		s, err := a.staff(b.Of.Staff)
		if err != nil {
			return nil, err
		}
		if s == nil || s.Division != b.Of.Division || s.Department != b.Of.Department {
			return nil, staffUnknown
		}
	}
	if err := a.mayMark(b.Month); err != nil {
		return nil, err
	}
	body, err := json.Marshal(mark{ID: e.ID, AppraisalMarkV1: *b, By: e.Actor, At: e.OccurredAt})
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO appraisal_marks (entry, month, at, body) VALUES (?, ?, ?, ?)`, e.ID, b.Month, a.head, body)
	}, err
}

// mark is a row of points given by hand.
type mark struct {
	ID string `json:"id"`
	ledger.AppraisalMarkV1
	By identity.Actor `json:"by"`
	At int64          `json:"at"`
}

// lastAppraisal is the last edition of a month; nil for none.
func (a *applier) lastAppraisal(month string) (*appraisal.Appraisal, error) {
	return jsonOf[appraisal.Appraisal](a, `SELECT body FROM appraisals WHERE month = ? ORDER BY edition DESC LIMIT 1`, month)
}

func (a *applier) edition(month string, edition int) (*appraisal.Appraisal, error) {
	return jsonOf[appraisal.Appraisal](a, `SELECT body FROM appraisals WHERE month = ? AND edition = ?`, month, edition)
}

func (a *applier) saveAppraisal(x *appraisal.Appraisal) error {
	body, err := json.Marshal(x)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO appraisals (month, edition, state, body) VALUES (?, ?, ?, ?)
		ON CONFLICT (month, edition) DO UPDATE SET state = excluded.state, body = excluded.body`, x.Month, x.Edition, string(x.State()), body)
}

func (a *applier) prepareAppraisalDraft(e *ledger.Entry, b *ledger.AppraisalDraftV1) (func() error, error) {
	last, err := a.lastAppraisal(b.Month)
	if err != nil {
		return nil, err
	}
	if err := appraisal.MayDraft(b, last, e.OccurredAt-e.SkewMS); err != nil {
		return nil, err
	}
	rows, card, err := a.appraise(b.Month)
	if err != nil {
		return nil, err
	}
	hash, err := appraisal.Hash(rows, card)
	if err != nil {
		return nil, err
	}
	if hash != b.Hash {
		return nil, refuse("appraisal_stale", "考核数据已有变动，请重新拟稿", "the figures have changed since; draft it again")
	}
	x := &appraisal.Appraisal{Month: b.Month, Edition: b.Edition, Reason: b.Reason, Hash: hash, Card: *card, Rows: rows, Drafted: appraisal.StepOf(e)}
	return func() error { return a.saveAppraisal(x) }, nil
}

// appraise are the figures of a month as they are within the transaction: what it has
// counted so far belongs to them.
func (a *applier) appraise(month string) ([]ledger.AppraisalRow, *appraisal.Scorecard, error) {
	if err := errors.Join(a.flushCells(), a.flushWork()); err != nil {
		return nil, nil, err
	}
	return appraise(month, a.s.self.County(), func(query string, args ...any) (*sql.Rows, error) { return a.w.query(a.ctx, query, args...) })
}

func (a *applier) prepareSignature(e *ledger.Entry, b *ledger.AppraisalSignV1) (func() error, error) {
	x, err := a.edition(b.Month, b.Edition)
	if err != nil {
		return nil, err
	}
	if err := appraisal.MaySign(b.Hash, x, e.Actor.Staff); err != nil {
		return nil, err
	}
	if err := a.asDrafted(x); err != nil {
		return nil, err
	}
	step := appraisal.StepOf(e)
	x.Signed = &step
	return func() error { return a.saveAppraisal(x) }, nil
}

func (a *applier) preparePublication(e *ledger.Entry, b *ledger.AppraisalPublishV1) (func() error, error) {
	effect := func() error {
		body, err := json.Marshal(b)
		if err != nil {
			return err
		}
		return a.w.exec(a.ctx, `INSERT INTO appraised_offices (month, edition, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, b.Month, b.Edition, body)
	}
	if !isCounty(a.s.self.Tier) {
		return effect, nil
	}
	x, err := a.edition(b.Month, b.Edition)
	if err != nil {
		return nil, err
	}
	if err := appraisal.MayPublish(b.Hash, x); err != nil {
		return nil, err
	}
	if same, err := sameJSON(b.Offices, x.Offices()); err != nil || !same || !slices.Equal(b.Criteria, x.Card.Offices) {
		return nil, cmpErr(err, refuse("appraisal_other", "公布的内容与签字的不符", "this is not what was signed"))
	}
	if err := a.asDrafted(x); err != nil {
		return nil, err
	}
	step := appraisal.StepOf(e)
	x.Public = &step
	return func() error { return errors.Join(a.saveAppraisal(x), effect()) }, nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func sameJSON(x, y any) (bool, error) {
	a, err := json.Marshal(x)
	if err != nil {
		return false, err
	}
	b, err := json.Marshal(y)
	return bytes.Equal(a, b), err
}

func (a *applier) preparePersons(e *ledger.Entry, b *ledger.AppraisalResultV1) (func() error, error) {
	if isCounty(a.s.self.Tier) {
		x, err := a.edition(b.Month, b.Edition)
		if err != nil {
			return nil, err
		}
		if x == nil || x.State() != appraisal.Published || e.ID != appraisal.ResultID(b.Month, b.Edition, b.Division) {
			return nil, refuse("appraisal_unsigned", "该月考核尚未公布", "the month has not been published")
		}
		if same, err := sameJSON(b.Persons, x.Persons(b.Division)); err != nil || !same || !slices.Equal(b.Criteria, x.Card.Persons) {
			return nil, cmpErr(err, refuse("appraisal_other", "内容与签字的不符", "this is not what was signed"))
		}
	}
	criteria, err := json.Marshal(b.Criteria)
	if err != nil {
		return nil, err
	}
	return func() error {
		for i := range b.Persons {
			row := &b.Persons[i]
			body, err := json.Marshal(row)
			if err != nil {
				return err
			}
			if err := a.w.exec(a.ctx, `INSERT INTO appraised_persons (month, edition, division, staff, department, criteria, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				b.Month, b.Edition, string(b.Division), row.Of.Staff, row.Of.Department, criteria, body); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (a *applier) prepareObjection(e *ledger.Entry, b *ledger.AppraisalObjectV1, from origin) (func() error, error) {
	known, err := a.objection(b.Month, e.Actor.Staff)
	if err != nil {
		return nil, err
	}
	if b.Division != from.Division || b.Staff != e.Actor.Staff {
		return nil, refuse("scope", "申诉须由本人在本单位提出", "an objection is made by oneself, at one's own office")
	}
	if !a.told {
		n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM appraised_persons WHERE staff = ? AND month = ?)`, e.Actor.Staff, b.Month)
		if err != nil {
			return nil, err
		}
		if err := appraisal.MayObject(known, n != 0); err != nil {
			return nil, err
		}
	}
	o := &appraisal.Objection{Month: b.Month, Division: b.Division, Department: from.subject.Department, By: e.Actor, At: e.OccurredAt, Text: b.Text}
	if known != nil {
		o.Answer = known.Answer // what followed stays when it is applied again
	}
	return func() error { return a.saveObjection(o) }, nil
}

func (a *applier) prepareObjectionAnswer(e *ledger.Entry, b *ledger.AppraisalAnswerV1) (func() error, error) {
	o, err := a.objection(b.Month, b.Staff)
	if err != nil {
		return nil, err
	}
	if o == nil || !a.told {
		if err := appraisal.MayAnswer(o, e.Actor.Staff); err != nil {
			return nil, err
		}
	}
	if o.Division != b.Division {
		return nil, refuse("scope", "答复的单位与申诉不符", "the objection was made at another office")
	}
	o.Answer = &appraisal.Answer{Step: appraisal.StepOf(e), Upheld: b.Upheld, Text: b.Text}
	return func() error { return a.saveObjection(o) }, nil
}

func (a *applier) objection(month, staff string) (*appraisal.Objection, error) {
	return jsonOf[appraisal.Objection](a, `SELECT body FROM appraisal_objections WHERE month = ? AND staff = ?`, month, staff)
}

func (a *applier) saveObjection(o *appraisal.Objection) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO appraisal_objections (month, staff, division, department, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (month, staff) DO UPDATE SET body = excluded.body`, o.Month, o.By.Staff, string(o.Division), o.Department, body)
}
