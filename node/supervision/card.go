package supervision

import (
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Card is a warning, yellow or red card on a case (监察牌). It is never taken
// back: an explanation and a supervisor's finding close it, and it stays in the
// statistics.
type Card struct {
	// ID is the entry that issued it. Case and Rule are its identity: a case has
	// one card of a rule, and ID derives from them; a second one only where the first
	// was excused by a line and the case lies longer than that (AgainID).
	ID     string        `json:"id,omitempty"`
	Case   string        `json:"case"`
	Rule   Rule          `json:"rule"`
	Colour Colour        `json:"colour"`
	Due    calendar.Date `json:"due,omitzero"`
	On     calendar.Date `json:"on"`
	// AnswerBy is the last day for a written answer at the level it is now; none
	// for a card that wants none.
	AnswerBy calendar.Date `json:"answer_by,omitzero"`
	// Since is the day it was issued, or rose last.
	Since    calendar.Date `json:"since,omitzero"`
	Level    Level         `json:"level"`
	Answered bool          `json:"answered,omitempty"`
	Closed   bool          `json:"closed,omitempty"`

	// Desk is where the case lay, To who has to answer now (the desk, where
	// nobody is named); Asked are all who were, the handler first.
	Desk       ledger.Desk          `json:"desk,omitzero"`
	To         ledger.NamedPerson   `json:"to,omitzero"`
	Asked      []ledger.NamedPerson `json:"asked,omitempty"`
	Head       ledger.NamedPerson   `json:"head,omitzero"`
	Supervisor ledger.NamedPerson   `json:"supervisor,omitzero"`
	// LineDown are the minutes of business for which the desk's line was down,
	// Excused that the lateness is no more than that: it counts against nobody.
	LineDown int  `json:"line_down,omitempty"`
	Excused  bool `json:"excused,omitempty"`

	Answers   []Said `json:"answers,omitempty"`
	Finding   *Found `json:"finding,omitempty"`
	Statement *Said  `json:"statement,omitempty"`
	Measure   *Taken `json:"measure,omitempty"`
	Appeal    *Said  `json:"appeal,omitempty"`
	Settled   *Found `json:"settled,omitempty"` // Breach: the card stands
}

// Said is what somebody wrote, when (Unix milliseconds).
type Said struct {
	By   identity.Actor `json:"by"`
	At   int64          `json:"at"`
	Text string         `json:"text"`
}

// Found is a finding, or the decision on an appeal, with its reasons.
type Found struct {
	Said
	Breach      bool               `json:"breach"`
	Person      ledger.NamedPerson `json:"person,omitzero"`
	StatementBy calendar.Date      `json:"statement_by,omitzero"`
}

// Taken is the measure decided on a breach of duty, with its reasons.
type Taken struct {
	Said
	Measure ledger.Measure `json:"measure"`
}

// Level is how far a card has risen along the line of answerability.
type Level int

// The levels: who has to answer.
const (
	Handler    Level = 0 // 经办人
	OfficeHead Level = 1 // 科室负责人
	InCharge   Level = 2 // 分管领导
)

// State is where a card stands.
type State string

// The states of a card.
const (
	Noted     State = "noted"     // 提示，无需说明
	Open      State = "open"      // 待说明
	Explained State = "answered"  // 已说明，待认定
	Justified State = "justified" // 认定理由成立
	Breached  State = "breach"    // 认定失职，待处理
	Measured  State = "measured"  // 已作出处理
	Contested State = "appealed"  // 申诉中
	Overruled State = "upheld"    // 申诉成立
)

// States lists every state.
var States = []State{Noted, Open, Explained, Justified, Breached, Measured, Contested, Overruled}

// State is where the card stands.
func (c *Card) State() State {
	switch {
	case c.Settled != nil && !c.Settled.Breach:
		return Overruled
	case c.Appeal != nil && c.Settled == nil:
		return Contested
	case c.Measure != nil:
		return Measured
	case c.Finding != nil && c.Finding.Breach:
		return Breached
	case c.Finding != nil:
		return Justified
	case c.Answered:
		return Explained
	case !c.wantsAnswer():
		return Noted
	}
	return Open
}

// Against is the staff number of whoever a card is counted against; empty for
// one that counts against nobody.
func (c *Card) Against() string {
	if c.Excused || c.Colour == Amber || c.State() == Overruled || c.State() == Justified {
		return ""
	}
	if c.Finding != nil {
		return c.Finding.Person.Staff
	}
	if len(c.Asked) > 0 {
		return c.Asked[0].Staff
	}
	return ""
}

func (c *Card) wantsAnswer() bool { return c.Colour != Amber && !c.Excused }

// CardID is the id of the entry that issues a card: the same at every hub, so
// that a repeat is the same entry.
func CardID(caseID string, rule Rule) string { return ledger.IDFromKey("card", caseID, string(rule)) }

// AgainID is the id of the entry that issues the card of a rule whose first card was
// excused by a line, once the case lies longer than that.
func AgainID(caseID string, rule Rule) string {
	return ledger.IDFromKey("card again", caseID, string(rule))
}

// unjudged reports whether a finding has no card yet, or one that a line excused on an
// earlier day: what a line cost shifts a limit, and does not lift it.
func (f Finding) unjudged(cards []Card) (unjudged, again bool) {
	for _, c := range cards {
		if c.Rule != f.Rule {
			continue
		}
		if !c.Excused || f.Due.IsZero() || !f.AsOf.After(c.On) {
			return false, false
		}
		again = true
	}
	return true, again
}

// RiseID is the id of the entry by which a card rises to a level.
func RiseID(card string, to Level) string { return ledger.IDFromKey("rise", card, fmt.Sprint(to)) }

// Issue is which cards a case gets now: one for each finding that has none, or whose
// card is excused by less than the case is late by now.
// Amber is a card as well: people are to act on it before it is too late.
// excused tells of a finding that it is for the line that was down, where it
// is; such a card counts against nobody, towards a red one either.
func Issue(id string, found []Finding, cards []Card, cal *calendar.Calendar, today calendar.Date, t Thresholds, excused func(Finding) bool) ([]Card, error) {
	var issued []Card
	for _, f := range found {
		unjudged, again := f.unjudged(cards)
		if !unjudged {
			continue
		}
		c := Card{ID: CardID(id, f.Rule), Case: id, Rule: f.Rule, Colour: f.Colour, Due: f.Due, On: today, Excused: excused != nil && excused(f)}
		if again {
			if c.Excused {
				continue
			}
			c.ID = AgainID(id, f.Rule)
		}
		if f.Rule == TwoYellows && yellows(slices.Concat(cards, issued), nil) < t.RedYellows {
			continue
		}
		if c.wantsAnswer() {
			answer, err := cal.Due(calendar.Period{Start: today, Days: t.AnswerDays})
			if err != nil {
				return nil, err
			}
			c.AnswerBy = answer.Due
		}
		issued = append(issued, c)
	}
	return issued, nil
}

// Rise is the card one level higher, when its answer is overdue; false when it
// stays. A card that wants no answer does not rise. silent are the working days
// since the card was issued, or rose last, on which the line to whoever has to
// answer was down: they are not counted.
func Rise(c Card, cal *calendar.Calendar, today calendar.Date, t Thresholds, silent int) (Card, bool, error) {
	if !c.rises() || !today.After(c.AnswerBy) {
		return c, false, nil
	}
	if silent > 0 {
		until, err := cal.Due(calendar.Period{Start: c.AnswerBy, Days: silent})
		if err != nil || !today.After(until.Due) {
			return c, false, err
		}
	}
	answer, err := cal.Due(calendar.Period{Start: today, Days: t.AnswerDays})
	if err != nil {
		return c, false, err
	}
	c.Level, c.AnswerBy = c.Level+1, answer.Due
	return c, true, nil
}

// rises reports whether a card can still rise.
func (c *Card) rises() bool {
	return c.wantsAnswer() && !c.Answered && !c.Closed && c.Level < InCharge && c.Appeal == nil
}

// RisesOn is the first day on which the card is to rise; none for one that
// does not.
func (c *Card) RisesOn() calendar.Date {
	if !c.rises() {
		return calendar.Date{}
	}
	return c.AnswerBy.AddDays(1)
}

// Refusal is the no of supervision: stable code, and what to do in both
// languages.
type Refusal struct {
	Code   string
	ZH, EN string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.EN }

func refuse(code, zh, en string) error { return &Refusal{code, zh, en} }

// New is the card that an entry issues.
func New(e *ledger.Entry, b *ledger.CardIssueV1) (*Card, error) {
	c := &Card{ID: e.ID, Case: e.Case, Rule: Rule(b.Rule), Colour: Colour(b.Colour), Due: b.Due, On: b.On, Since: b.On, AnswerBy: b.AnswerBy, Desk: b.Desk,
		To: b.Handler, Asked: []ledger.NamedPerson{b.Handler}, Head: b.Head, Supervisor: b.Supervisor, LineDown: b.LineDown, Excused: b.Excused}
	if _, known := ruleWords[c.Rule]; !known || c.Colour.Rank() <= 0 || c.wantsAnswer() == c.AnswerBy.IsZero() {
		return nil, refuse("card_malformed", "监察牌的规则、颜色或说明期限有误", "the card's rule, colour or day for the answer is not right")
	}
	if e.ID != CardID(e.Case, c.Rule) && (c.Excused || e.ID != AgainID(e.Case, c.Rule)) {
		return nil, refuse("card_id", "监察牌的编号须由办件和规则推出", "a card's id derives from its case and rule")
	}
	return c, nil
}

// Happen is what an entry makes of a card. stands reports whether the actor
// stands in for a person on the day of the entry (AB岗). The card given is not
// changed. The error is a *Refusal where the entry may not happen.
func (c *Card) Happen(e *ledger.Entry, body ledger.Body, stands func(person string) bool) (*Card, error) {
	next := *c
	next.Asked, next.Answers = slices.Clone(c.Asked), slices.Clone(c.Answers)
	var err error
	switch b := body.(type) {
	case *ledger.CardRiseV1:
		err = next.rise(e, b)
	case *ledger.CardAnswerV1:
		err = next.answer(e, b, stands)
	case *ledger.CardFindV1:
		err = next.find(e, b)
	case *ledger.CardStateV1:
		err = next.state(e, b)
	case *ledger.CardMeasureV1:
		err = next.measure(e, b)
	case *ledger.CardAppealV1:
		err = next.appeal(e, b, stands)
	case *ledger.CardSettleV1:
		err = next.settle(e, b)
	default:
		err = refuse("wrong_kind", "该操作不适用于监察牌", "this is not done to a card")
	}
	if err != nil {
		return nil, err
	}
	return &next, nil
}

func (c *Card) rise(e *ledger.Entry, b *ledger.CardRiseV1) error {
	switch {
	case !c.rises() || Level(b.Level) != c.Level+1 || !b.On.After(c.AnswerBy) || !b.AnswerBy.After(b.On):
		return refuse("card_stays", "监察牌无需上报，或已上报", "the card does not rise, or has risen already")
	case e.ID != RiseID(c.ID, Level(b.Level)):
		return refuse("card_id", "上报的编号须由监察牌和层级推出", "the id of a rise derives from the card and its level")
	}
	c.Level, c.To, c.Since, c.AnswerBy = Level(b.Level), b.To, b.On, b.AnswerBy
	c.Asked = append(c.Asked, b.To)
	return nil
}

func (c *Card) answer(e *ledger.Entry, b *ledger.CardAnswerV1, stands func(string) bool) error {
	switch {
	case c.Closed:
		return cardClosed
	case !c.asks(e.Actor.Staff, stands):
		return notAsked
	}
	c.Answered = true
	c.Answers = append(c.Answers, said(e, b.Text))
	return nil
}

var (
	cardClosed = refuse("card_closed", "监察牌已有认定，如有异议请申诉", "there is a finding on the card already; contest it if you disagree")
	notAsked   = refuse("card_not_asked", "该监察牌不是发给您的，请由被要求说明的人员或其AB岗办理", "the card does not ask you; whoever it asks, or their substitute on duty, does this")
)

// asks reports whether the card asks a person, or asked them before it rose.
// One that names nobody asks everybody at its desk, which their right to answer
// there tells.
func (c *Card) asks(staff string, stands func(string) bool) bool {
	return slices.ContainsFunc(c.Asked, func(p ledger.NamedPerson) bool {
		return p.Staff == "" || p.Staff == staff || p.For == staff || stands(p.Staff)
	})
}

// Concerns reports whether a person is named on the card.
func (c *Card) Concerns(staff string) bool {
	return slices.ContainsFunc(c.Asked, func(p ledger.NamedPerson) bool { return p.Staff == staff || p.For == staff }) ||
		c.Finding != nil && c.Finding.Person.Staff == staff || c.Head.Staff == staff
}

func (c *Card) find(e *ledger.Entry, b *ledger.CardFindV1) error {
	switch {
	case c.Finding != nil:
		return cardClosed
	case c.Appeal != nil:
		return appealOpen
	case b.Person.Staff == e.Actor.Staff, c.Concerns(e.Actor.Staff):
		return refuse("card_own", "不得认定本人的监察牌", "nobody finds on themselves")
	case !c.Answered && c.wantsAnswer() && !dayOf(e).After(c.AnswerBy):
		return refuse("card_unheard", "说明期限未到，请等待书面说明", "whoever is asked still has time to answer; wait for it")
	case b.Breach && c.Excused:
		return refuse("card_excused", "线路中断造成的超期不计入个人", "what a line that was down cost counts against nobody")
	case b.Breach && b.StatementBy.Before(dayOf(e)):
		return refuse("card_unheard", "须给当事人陈述申辩的时间", "the person must be given time to be heard")
	}
	c.Finding = &Found{Said: said(e, b.Reasons), Breach: b.Breach, Person: b.Person, StatementBy: b.StatementBy}
	c.Closed = true
	return nil
}

var appealOpen = refuse("appeal_open", "申诉尚未处理，请先处理申诉", "an appeal is pending; settle it first")

func (c *Card) state(e *ledger.Entry, b *ledger.CardStateV1) error {
	switch {
	case c.Finding == nil || !c.Finding.Breach || c.Measure != nil || c.State() == Overruled:
		return refuse("card_no_breach", "没有待处理的失职认定", "no finding of a breach is open here")
	case c.Finding.Person.Staff != e.Actor.Staff:
		return refuse("card_not_asked", "陈述申辩须由本人提出", "the person found in breach is heard, and nobody else")
	}
	s := said(e, b.Text)
	c.Statement = &s
	return nil
}

func (c *Card) measure(e *ledger.Entry, b *ledger.CardMeasureV1) error {
	switch {
	case c.Finding == nil || !c.Finding.Breach || c.State() == Overruled:
		return refuse("card_no_breach", "没有待处理的失职认定", "no finding of a breach is open here")
	case c.Measure != nil:
		return refuse("card_measured", "已作出处理决定", "it has been decided already")
	case c.State() == Contested:
		return appealOpen
	case c.Finding.Person.Staff == e.Actor.Staff || c.Finding.By.Staff == e.Actor.Staff:
		return refuse("card_own", "本人或作出认定的人员不得决定处理", "neither the person nor whoever found on the card decides")
	case c.Statement == nil && !dayOf(e).After(c.Finding.StatementBy):
		return refuse("card_unheard", "须先听取本人陈述申辩，或等其期限届满", "the person is heard first; wait for the statement, or until its time has passed")
	}
	c.Measure = &Taken{Said: said(e, b.Reasons), Measure: b.Measure}
	return nil
}

func (c *Card) appeal(e *ledger.Entry, b *ledger.CardAppealV1, stands func(string) bool) error {
	found := c.Finding != nil && c.Finding.Person.Staff == e.Actor.Staff
	switch {
	case c.Appeal != nil:
		return refuse("appealed", "该监察牌已申诉过", "the card was contested already")
	case c.Finding != nil && !c.Finding.Breach:
		return refuse("card_closed", "该监察牌已认定理由成立", "the card was found justified")
	case !found && !c.asks(e.Actor.Staff, stands):
		return notAsked
	}
	s := said(e, b.Reasons)
	c.Appeal = &s
	return nil
}

func (c *Card) settle(e *ledger.Entry, b *ledger.CardSettleV1) error {
	switch {
	case c.Appeal == nil || c.Settled != nil:
		return refuse("appeal_none", "没有待处理的申诉", "no appeal is pending")
	case c.Appeal.By.Staff == e.Actor.Staff, c.Finding != nil && c.Finding.By.Staff == e.Actor.Staff, c.Finding == nil && c.Supervisor.Staff == e.Actor.Staff:
		return refuse("appeal_own", "申诉不得由申诉人或被申诉的监察人员处理，请由其他监察人员处理", "neither who contests nor the supervisor complained about decides; another supervisor does")
	}
	c.Settled = &Found{Said: said(e, b.Reasons), Breach: !b.Upheld}
	c.Closed = c.Closed || b.Upheld
	return nil
}

func said(e *ledger.Entry, text string) Said {
	return Said{By: e.Actor, At: e.OccurredAt, Text: text}
}

func dayOf(e *ledger.Entry) calendar.Date { return calendar.DateOf(time.UnixMilli(e.OccurredAt)) }
