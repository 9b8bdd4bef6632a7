package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// This file is what supervision's entries make: cards, inquiries, settings, and
// the index by which the county looks at a case on the day when there is
// something to see, and on no other.

// kindsOfSupervision stand beside a case, and belong to the desk that they are
// about: whoever works below it has no part in them.
var kindsOfSupervision = []ledger.Kind{ledger.CardIssue, ledger.CardRise, ledger.CardAnswer, ledger.CardFind, ledger.CardState, ledger.CardMeasure,
	ledger.CardAppeal, ledger.CardSettle, ledger.CaseUrge, ledger.InquiryOpen, ledger.InquiryAnswer, ledger.InquiryClose}

// Supervises reports whether a kind of entries is supervision's, and shown where
// that is.
func Supervises(k ledger.Kind) bool { return supervises(k) }

func supervises(k ledger.Kind) bool { return slices.Contains(kindsOfSupervision, k) }

// QuietView reports whether an entry says that a supervisor looked at personal
// data: it stays at the county, where auditors and supervisors read it, and
// nobody who is watched can see it.
func QuietView(k ledger.Kind, by identity.Actor) bool {
	return k == ledger.CaseReveal && by.Role == identity.Supervisor
}

var (
	cardUnknown    = refuse("card_unknown", "没有这张监察牌", "there is no such card here")
	inquiryUnknown = refuse("inquiry_unknown", "没有这条问询", "there is no such inquiry here")
)

// deskOf is the desk that an entry of supervision is about; empty for others.
func deskOf(ctx context.Context, db lookup, body ledger.Body) (ledger.Desk, error) {
	switch b := body.(type) {
	case *ledger.CardIssueV1:
		return b.Desk, nil
	case *ledger.CaseUrgeV1:
		return b.Desk, nil
	case *ledger.InquiryOpenV1:
		return b.Desk, nil
	case *ledger.InquiryAnswerV1:
		return deskIn(ctx, db, `SELECT division, department FROM inquiries WHERE id = ?`, b.Inquiry, inquiryUnknown)
	case *ledger.InquiryCloseV1:
		return deskIn(ctx, db, `SELECT division, department FROM inquiries WHERE id = ?`, b.Inquiry, inquiryUnknown)
	}
	if id := cardOf(body); id != "" {
		return deskIn(ctx, db, `SELECT division, department FROM cards WHERE id = ?`, id, cardUnknown)
	}
	return ledger.Desk{}, nil
}

func deskIn(ctx context.Context, db lookup, query, id string, unknown error) (d ledger.Desk, err error) {
	err = db.row(ctx, query, id).Scan(&d.Division, &d.Department)
	if errors.Is(err, sql.ErrNoRows) {
		return d, unknown
	}
	return d, storage("read desk", err)
}

// cardOf is the card that a body is about; empty for others, and for the one
// that issues it.
func cardOf(body ledger.Body) string {
	switch b := body.(type) {
	case *ledger.CardRiseV1:
		return b.Card
	case *ledger.CardAnswerV1:
		return b.Card
	case *ledger.CardFindV1:
		return b.Card
	case *ledger.CardStateV1:
		return b.Card
	case *ledger.CardMeasureV1:
		return b.Card
	case *ledger.CardAppealV1:
		return b.Card
	case *ledger.CardSettleV1:
		return b.Card
	}
	return ""
}

// prepareSupervision decides an entry of supervision beside a case.
func (a *applier) prepareSupervision(e *ledger.Entry, body ledger.Body) (func() error, error) {
	desk, err := deskOf(a.ctx, a.w, body)
	if err != nil {
		return nil, err
	}
	if e.Scope != desk.Division {
		return nil, refuse("scope", "条目的可见范围与办理单位不符", "the entry's scope is not the desk's division")
	}
	switch b := body.(type) {
	case *ledger.CardIssueV1:
		return a.prepareCard(e, b)
	case *ledger.CaseUrgeV1:
		return func() error { return nil }, a.liesAt(e.Case, b.Desk)
	case *ledger.InquiryOpenV1:
		q, err := supervision.NewInquiry(e, b)
		if err == nil {
			err = a.liesAt(e.Case, b.Desk)
		}
		return func() error { return a.saveInquiry(q) }, err
	case *ledger.InquiryAnswerV1:
		return a.changeInquiry(b.Inquiry, e, body)
	case *ledger.InquiryCloseV1:
		return a.changeInquiry(b.Inquiry, e, body)
	}
	c, err := a.card(cardOf(body))
	if err != nil {
		return nil, err
	}
	if c.Case != e.Case {
		return nil, cardUnknown
	}
	next, err := c.Happen(e, body, a.standsIn(e))
	return func() error { return a.saveCard(next) }, err
}

// liesAt refuses to urge or ask a desk where a case does not lie. Below the
// county it may have gone on already.
func (a *applier) liesAt(id string, desk ledger.Desk) error {
	if a.told {
		return nil
	}
	c, err := a.caseByID(id)
	switch {
	case err != nil:
		return err
	case c == nil:
		return refuse("case_unknown", "没有这个办件", "there is no such case here")
	case c.Status.Ended():
		return refuse("case_ended", "办件已办结，不能再办理", "the case has ended")
	}
	if at, _ := supervision.DeskOf(c, ""); at != desk {
		return refuse("stale", "办件已有新的进展，请刷新后再办", "the case has moved on since; look at it again")
	}
	return nil
}

// standsIn reports whether the actor of an entry stands in for a person on that
// day. What the county recorded, it has judged.
func (a *applier) standsIn(e *ledger.Entry) func(person string) bool {
	return func(person string) bool {
		if a.told || person == "" {
			return a.told
		}
		p, err := a.staff(person)
		return err == nil && p != nil && p.SubstituteOn(calendar.DateOf(millis(e.OccurredAt-e.SkewMS))) == e.Actor.Staff
	}
}

func (a *applier) prepareCard(e *ledger.Entry, b *ledger.CardIssueV1) (func() error, error) {
	c, err := supervision.New(e, b)
	if err != nil {
		return nil, err
	}
	cards, err := a.cardsOf(e.Case)
	if err != nil {
		return nil, err
	}
	again := e.ID == supervision.AgainID(e.Case, c.Rule)
	others := slices.DeleteFunc(cards, func(o supervision.Card) bool { return o.Rule != c.Rule || o.ID == e.ID })
	if again && len(others) == 0 && !a.told {
		return nil, refuse("card_id", "该规则的首张监察牌尚未发出", "no card of this rule came before")
	}
	if len(others) > 0 && !(again && others[0].Excused) {
		return nil, refuse("card_exists", "该办件已有同一规则的监察牌", "the case has a card of this rule already")
	}
	return func() error { return a.saveCard(c) }, nil
}

func (a *applier) card(id string) (*supervision.Card, error) {
	return oneOf[supervision.Card](a, `SELECT body FROM cards WHERE id = ?`, id, cardUnknown)
}

func oneOf[T any](a *applier, query, id string, unknown error) (*T, error) {
	var body []byte
	err := a.w.row(a.ctx, query, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unknown
	}
	if err != nil {
		return nil, storage("read", err)
	}
	v := new(T)
	return v, storage("read", json.Unmarshal(body, v))
}

func (a *applier) saveCard(c *supervision.Card) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	state := c.State()
	open := slices.Contains([]supervision.State{supervision.Open, supervision.Explained, supervision.Breached, supervision.Contested}, state)
	rises := 0
	if open {
		rises = dayNumber(c.RisesOn())
	}
	err = a.w.exec(a.ctx, `INSERT INTO cards (id, case_id, rule, worst, division, department, person, state, open, live, issued, rises, body)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, EXISTS (SELECT 1 FROM cases WHERE id = ?2 AND verb <> ''), ?10, ?11, ?12)
		ON CONFLICT (id) DO UPDATE SET person = excluded.person, state = excluded.state, open = excluded.open, rises = excluded.rises, body = excluded.body`,
		c.ID, c.Case, string(c.Rule), c.Colour.Rank(), string(c.Desk.Division), c.Desk.Department, c.To.Staff, string(state), open, dayNumber(c.On), rises, body)
	if err != nil || !isCounty(a.s.self.Tier) {
		return err
	}
	about, err := a.caseByID(c.Case)
	if err != nil || about == nil {
		return err
	}
	return a.lookAgain(about)
}

func (a *applier) changeInquiry(id string, e *ledger.Entry, body ledger.Body) (func() error, error) {
	q, err := oneOf[supervision.Inquiry](a, `SELECT body FROM inquiries WHERE id = ?`, id, inquiryUnknown)
	if err != nil {
		return nil, err
	}
	if q.Case != e.Case {
		return nil, inquiryUnknown
	}
	next, err := q.Happen(e, body)
	return func() error { return a.saveInquiry(next) }, err
}

func (a *applier) saveInquiry(q *supervision.Inquiry) error {
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO inquiries (id, case_id, division, department, open, asked, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body`,
		q.ID, q.Case, string(q.Desk.Division), q.Desk.Department, !q.Closed(), q.Asked.At, body)
}

// remakeCards makes the cards and inquiries of a case anew from the entries that
// stand, in the county's order, and after them those it has not spoken on.
func (a *applier) remakeCards(id string) error {
	for _, q := range []string{`DELETE FROM cards WHERE case_id = ?`, `DELETE FROM inquiries WHERE case_id = ?`} {
		if err := a.w.exec(a.ctx, q, id); err != nil {
			return err
		}
	}
	kinds, err := json.Marshal(kindsOfSupervision)
	if err != nil {
		return err
	}
	standing, err := a.past(`case_id = ? AND case_id <> '' AND case_id <> id AND status = 'applied' AND kind IN (SELECT value FROM json_each(?))`, id, string(kinds))
	if err != nil {
		return err
	}
	told := a.told
	a.told = true
	defer func() { a.told = told }()
	for _, p := range standing {
		body, err := p.e.Decode()
		if err != nil {
			return err
		}
		effect, err := a.prepareSupervision(&p.e, body)
		if no := refusalOf(err); no != nil {
			if p.at > 0 { // the county's word, and it does not fit here
				if err := a.diverged(&p.e, no); err != nil {
					return err
				}
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := effect(); err != nil {
			return err
		}
	}
	return nil
}

// watching is what cases are watched by, as the transaction under way, or else
// the last one, left it.
type watching struct {
	days       *calendar.Calendar
	thresholds *supervision.Thresholds
}

func (a *applier) thresholds() (supervision.Thresholds, error) {
	if t := a.s.watching.thresholds; t != nil {
		return *t, nil
	}
	t := supervision.Defaults
	var body []byte
	err := a.w.row(a.ctx, selectThresholds).Scan(&body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return t, storage("read thresholds", err)
	default:
		if err := json.Unmarshal(body, &t); err != nil {
			return t, storage("read thresholds", err)
		}
	}
	a.s.watching.thresholds = &t
	return t, nil
}

const selectThresholds = `SELECT body FROM thresholds ORDER BY at DESC, entry DESC LIMIT 1`

func (a *applier) prepareThresholds(e *ledger.Entry, b *ledger.SupervisionThresholdsV1) (func() error, error) {
	body, err := json.Marshal(supervision.ThresholdsOf(b))
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := a.w.exec(a.ctx, `INSERT INTO thresholds (entry, at, body) VALUES (?, ?, ?) ON CONFLICT (entry) DO UPDATE SET at = excluded.at`, e.ID, a.now, body); err != nil {
			return err
		}
		return a.lookAtAll()
	}, nil
}

// lookAtAll has every case that is watched looked at anew: the calendar or the
// thresholds have changed, and with them the day for each.
func (a *applier) lookAtAll() error {
	a.s.watching = watching{}
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	if err := a.flushLooks(); err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `UPDATE looks SET day = 0`); err != nil {
		return err
	}
	// One that had nothing more to find may have it now.
	return a.w.exec(a.ctx, `INSERT OR IGNORE INTO looks (number, case_id, day, head) `+selectOpen)
}

// watch notes what a change of a case means for who watches it.
func (a *applier) watch(was, c *casework.Case, open bool) error {
	same := false
	if was != nil {
		_, wasOpen := was.Current()
		same = wasOpen == open
	}
	if !same && (was != nil || c.Head != c.ID) {
		if err := a.w.exec(a.ctx, `UPDATE cards SET live = ?1 WHERE case_id = ?2 AND live <> ?1`, open, c.ID); err != nil {
			return err
		}
	}
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	return a.lookAgain(c)
}

// lookAgain notes when a case is to be looked at next. What cannot be computed,
// for the calendar lacks a year, is looked at each day.
func (a *applier) lookAgain(c *casework.Case) error {
	day, ok, err := a.nextLook(c)
	switch {
	case err != nil:
		return err
	case ok && day.IsZero():
		a.pending.look(c.Number, lookRow{none: true})
	default:
		a.pending.look(c.Number, lookRow{id: c.ID, day: dayNumber(day), head: c.Head})
	}
	return nil
}

func (a *applier) nextLook(c *casework.Case) (day calendar.Date, ok bool, err error) {
	item, err := a.itemOf(c)
	if err != nil {
		return day, false, err
	}
	t, err := a.thresholds()
	if err != nil {
		return day, false, err
	}
	days, err := a.workingDays()
	if err != nil {
		return day, false, err
	}
	var cards []supervision.Card
	var seen []supervision.Rule
	if c.Head != c.ID {
		if cards, err = a.cardsOf(c.ID); err != nil {
			return day, false, err
		}
		bits, err := a.w.number(a.ctx, selectSeen, c.ID)
		if err != nil {
			return day, false, err
		}
		seen = seenRules(bits)
	}
	limits, err := c.Limits(item, days)
	if err == nil {
		day, err = supervision.NextLook(c, limits, days, t, cards, seen...)
	}
	if err != nil {
		return calendar.Date{}, false, nil
	}
	return day, true, nil
}

func (a *applier) cardsOf(id string) ([]supervision.Card, error) {
	bodies, err := a.texts(`SELECT body FROM cards WHERE case_id = ? ORDER BY rule, issued, id`, id)
	if err != nil {
		return nil, err
	}
	cards := make([]supervision.Card, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal([]byte(body), &cards[i]); err != nil {
			return nil, storage("read cards", err)
		}
	}
	return cards, nil
}

// lookForSkip has a case looked at when an entry of it left a step out or charged
// above the list: what selectSeen finds.
func (a *applier) lookForSkip(e *ledger.Entry, code string) error {
	if !isCounty(a.s.self.Tier) || e.Case == "" || !AboveList(code) && !slices.Contains([]string{"wrong_step", "not_accepted_yet"}, code) {
		return nil
	}
	return a.lookNow(e.Case, e.ID)
}

// AboveList tells whether a charge that was refused with a code was above the
// published list, or of what it does not have: selectSeen goes by the same.
func AboveList(code string) bool {
	return slices.Contains([]string{"fee_above_standard", "fee_not_listed", "no_fee"}, code)
}

func (a *applier) prepareOutage(b *ledger.LineOutageV1) (func() error, error) {
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM outages WHERE division = ? AND since < ? AND until > ? AND NOT (since = ? AND until = ?))`,
		string(b.Division), b.Until, b.From, b.From, b.Until)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("outage_known", "该时段的线路中断已登记", "this outage, or a part of it, is recorded already")
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT OR IGNORE INTO outages (division, since, until) VALUES (?, ?, ?)`, string(b.Division), b.From, b.Until)
	}, nil
}

// prepareRoster sets what the roster says of a person. Their logins stay good,
// for no right of theirs ends with it.
func (a *applier) prepareRoster(b *ledger.StaffRosterV1) (func() error, error) {
	r := identity.RosterEntry{Established: b.Established, Qualifications: b.Qualifications, Rank: b.Rank, Office: b.Office, Heads: b.Heads}
	if err := r.FitsHead(); err != nil {
		return nil, err
	}
	return a.enrich(b.Staff, func(s *identity.Staff) {
		r.At = a.now
		s.Roster = append(slices.Clip(s.Roster), r)
	})
}

func (a *applier) prepareSubstitute(b *ledger.StaffSubstituteV1) (func() error, error) {
	if b.Substitute != "" && !a.told {
		of, err := a.staff(b.Staff)
		if err != nil {
			return nil, err
		}
		if of == nil {
			return nil, staffUnknown
		}
		sub, err := a.staff(b.Substitute)
		if err != nil {
			return nil, err
		}
		if sub == nil || sub.Division != of.Division || sub.Department != of.Department || sub.Now().Disabled {
			return nil, refuse("substitute_elsewhere", "AB岗须为同一单位、同一部门的在岗人员", "a substitute works at the same place, for the same department, and is not disabled")
		}
	}
	return a.enrich(b.Staff, func(s *identity.Staff) {
		s.Duty = append(slices.Clip(s.Duty), identity.Substitution{At: a.now, Substitute: b.Substitute, Absent: b.Absent, From: b.From, Until: b.Until})
	})
}

func (a *applier) enrich(id string, change func(*identity.Staff)) (func() error, error) {
	s, err := a.staff(id)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, staffUnknown
	}
	change(s)
	return func() error { return a.saveStaff(s) }, nil
}
