package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are what
// supervision (电子监察) does beside a case: cards and what becomes of them,
// questions, and the settings of it all. What they mean is in node/supervision.

// SupervisionThresholdsV1 sets when a case becomes amber, yellow or red, how
// long a card waits for its answer, and when offices are open. It holds from
// the moment the county records it.
type SupervisionThresholdsV1 struct {
	// AmberLeft, RedOver and AnswerDays are working days, RedYellows cards.
	AmberLeft  int `json:"amber_left"`
	RedOver    int `json:"red_over"`
	RedYellows int `json:"red_yellows"`
	AnswerDays int `json:"answer_days"`
	// Opens and Closes are the hours of business, minutes after midnight.
	Opens  int `json:"opens"`
	Closes int `json:"closes"`
	// LineMinutes is from how many minutes of business on a silent line is
	// recorded.
	LineMinutes int    `json:"line_minutes"`
	Reason      string `json:"reason"`
}

// Check implements Body.
func (b *SupervisionThresholdsV1) Check() error {
	for _, r := range []struct {
		name             string
		value, low, high int
	}{
		{"amber_left", b.AmberLeft, 0, 30}, {"red_over", b.RedOver, 1, 60}, {"red_yellows", b.RedYellows, 2, 20}, {"answer_days", b.AnswerDays, 1, 30},
		{"opens", b.Opens, 0, 23*60 + 59}, {"closes", b.Closes, b.Opens + 1, 24 * 60}, {"line_minutes", b.LineMinutes, 5, 24 * 60},
	} {
		if r.value < r.low || r.value > r.high {
			return fmt.Errorf("%s is %d, from %d to %d", r.name, r.value, r.low, r.high)
		}
	}
	return required("reason", b.Reason, maxText)
}

// NamedPerson is a member of staff as an entry names them for good; empty
// where nobody could be named.
type NamedPerson struct {
	Staff string `json:"staff,omitempty"`
	Name  string `json:"name,omitempty"`
	// For is the staff number of whom the person stands in for (AB岗).
	For string `json:"for,omitempty"`
}

func (p NamedPerson) check(field string) error {
	if p.Staff == "" && (p.Name != "" || p.For != "") {
		return fmt.Errorf("%s has a name and no staff number", field)
	}
	return first(optional(field, p.Staff, maxIDBytes), optional(field, p.Name, maxName), optional(field, p.For, maxIDBytes))
}

// Desk is where a case lay when something was found about it.
type Desk struct {
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	Verb       Verb          `json:"verb,omitempty"`
}

func (d Desk) check() error {
	_, err := division.Parse(string(d.Division))
	return first(err, optional("department", d.Department, maxName), optional("verb", string(d.Verb), maxIDBytes))
}

// CardIssueV1 issues a card (监察牌) on a case, once for each rule: the id of
// the entry derives from both. The county does it by itself.
type CardIssueV1 struct {
	Rule   string `json:"rule"`
	Colour string `json:"colour"`
	// Due is the last day of the limit that it is about, none for a rule
	// without one; On the day it was found, AnswerBy the last day for a written
	// answer, none where none is wanted.
	Due      calendar.Date `json:"due,omitzero"`
	On       calendar.Date `json:"on"`
	AnswerBy calendar.Date `json:"answer_by,omitzero"`
	Desk     Desk          `json:"desk"`
	// Handler answers first; where nobody could be named, the desk does. Head
	// heads the reviewing office, Supervisor follows it up.
	Handler    NamedPerson `json:"handler,omitzero"`
	Head       NamedPerson `json:"head,omitzero"`
	Supervisor NamedPerson `json:"supervisor,omitzero"`
	// LineDown is for how many minutes of business the desk's line to the
	// county was down since the limit began; Excused that the case is late by
	// no more than that, so that the card is counted against nobody.
	LineDown int  `json:"line_down,omitempty"`
	Excused  bool `json:"excused,omitempty"`
}

// Check implements Body.
func (b *CardIssueV1) Check() error {
	if b.On.IsZero() || b.LineDown < 0 {
		return fmt.Errorf("on %s, %d minutes", b.On, b.LineDown)
	}
	return first(b.Desk.check(), required("rule", b.Rule, maxIDBytes), required("colour", b.Colour, maxIDBytes), b.Handler.check("handler"), b.Head.check("head"), b.Supervisor.check("supervisor"))
}

// CardRiseV1 passes a card that nobody answered to the next person who is
// answerable: the head of the office, then the leader in charge.
type CardRiseV1 struct {
	Card     string        `json:"card"`
	Level    int           `json:"level"`
	To       NamedPerson   `json:"to,omitzero"`
	On       calendar.Date `json:"on"`
	AnswerBy calendar.Date `json:"answer_by"`
}

// Check implements Body.
func (b *CardRiseV1) Check() error {
	if b.Level < 1 || b.Level > 2 || b.On.IsZero() || b.AnswerBy.IsZero() {
		return fmt.Errorf("level %d on %s until %s", b.Level, b.On, b.AnswerBy)
	}
	return first(required("card", b.Card, maxIDBytes), b.To.check("to"))
}

// CardAnswerV1 explains how it came to a card, by whom it asks.
type CardAnswerV1 struct {
	Card string `json:"card"`
	Text string `json:"text"`
}

// Check implements Body.
func (b *CardAnswerV1) Check() error {
	return first(required("card", b.Card, maxIDBytes), required("text", b.Text, maxText))
}

// CardFindV1 is the supervisor's finding, which closes a card: it was
// justified, or there was a breach of duty of a person.
type CardFindV1 struct {
	Card    string `json:"card"`
	Breach  bool   `json:"breach"`
	Reasons string `json:"reasons"`
	// Person answers for the breach; StatementBy is the last day on which they
	// may state a defence before a measure is decided.
	Person      NamedPerson   `json:"person,omitzero"`
	StatementBy calendar.Date `json:"statement_by,omitzero"`
}

// Check implements Body.
func (b *CardFindV1) Check() error {
	if b.Breach != (b.Person.Staff != "") || b.Breach == b.StatementBy.IsZero() {
		return errors.New("a breach names the person and until when they are heard, and nothing else does")
	}
	return first(required("card", b.Card, maxIDBytes), required("reasons", b.Reasons, maxText), b.Person.check("person"))
}

// CardStateV1 is the statement of whoever is found in breach (陈述申辩).
type CardStateV1 CardAnswerV1

// Check implements Body.
func (b *CardStateV1) Check() error { return (*CardAnswerV1)(b).Check() }

// Measure is what a breach of duty leads to.
type Measure string

// The measures, the mildest first.
const (
	MeasureNone       Measure = "none"       // 不予追究
	MeasureTalk       Measure = "talk"       // 谈话提醒
	MeasureCorrect    Measure = "correct"    // 责令改正
	MeasureCriticism  Measure = "criticism"  // 通报批评
	MeasureTransfer   Measure = "transfer"   // 调离岗位
	MeasureDiscipline Measure = "discipline" // 移送处分
)

// Measures lists every measure, the mildest first.
var Measures = []Measure{MeasureNone, MeasureTalk, MeasureCorrect, MeasureCriticism, MeasureTransfer, MeasureDiscipline}

// CardMeasureV1 decides on a breach of duty (失职追究), after the person was
// heard.
type CardMeasureV1 struct {
	Card    string  `json:"card"`
	Measure Measure `json:"measure"`
	Reasons string  `json:"reasons"`
}

// Check implements Body.
func (b *CardMeasureV1) Check() error {
	if !slices.Contains(Measures, b.Measure) {
		return fmt.Errorf("measure %q", b.Measure)
	}
	return first(required("card", b.Card, maxIDBytes), required("reasons", b.Reasons, maxText))
}

// CardAppealV1 contests a card (申诉).
type CardAppealV1 struct {
	Card    string `json:"card"`
	Reasons string `json:"reasons"`
}

// Check implements Body.
func (b *CardAppealV1) Check() error {
	return first(required("card", b.Card, maxIDBytes), required("reasons", b.Reasons, maxText))
}

// CardSettleV1 decides an appeal, by somebody it does not complain about.
type CardSettleV1 struct {
	Card    string `json:"card"`
	Upheld  bool   `json:"upheld"`
	Reasons string `json:"reasons"`
}

// Check implements Body.
func (b *CardSettleV1) Check() error {
	return first(required("card", b.Card, maxIDBytes), required("reasons", b.Reasons, maxText))
}

// CaseUrgeV1 urges whoever holds a case to go on with it (催办).
type CaseUrgeV1 struct {
	// Desk is where the case lay when it was urged.
	Desk Desk   `json:"desk"`
	Text string `json:"text"`
}

// Check implements Body.
func (b *CaseUrgeV1) Check() error {
	return first(b.Desk.check(), required("text", b.Text, maxText))
}

// InquiryOpenV1 asks whoever holds a case a question, or opens an inquiry into
// how it is handled (立案调查).
type InquiryOpenV1 struct {
	// Desk is where the case lay when it was asked about, which answers.
	Desk     Desk          `json:"desk"`
	Formal   bool          `json:"formal"`
	Question string        `json:"question"`
	AnswerBy calendar.Date `json:"answer_by"`
}

// Check implements Body.
func (b *InquiryOpenV1) Check() error {
	if b.AnswerBy.IsZero() {
		return errors.New("an inquiry names the last day for its answer")
	}
	return first(b.Desk.check(), required("question", b.Question, maxText))
}

// InquiryAnswerV1 answers an inquiry, which is the entry that opened it.
type InquiryAnswerV1 struct {
	Inquiry string `json:"inquiry"`
	Text    string `json:"text"`
}

// Check implements Body.
func (b *InquiryAnswerV1) Check() error {
	return first(required("inquiry", b.Inquiry, maxIDBytes), required("text", b.Text, maxText))
}

// InquiryCloseV1 ends an inquiry with what came of it.
type InquiryCloseV1 struct {
	Inquiry    string `json:"inquiry"`
	Conclusion string `json:"conclusion"`
}

// Check implements Body.
func (b *InquiryCloseV1) Check() error {
	return first(required("inquiry", b.Inquiry, maxIDBytes), required("conclusion", b.Conclusion, maxText))
}

// LineOutageV1 records that the county did not hear a division in hours of
// business. The county does it by itself when it hears the division again.
type LineOutageV1 struct {
	Division division.Code `json:"division"`
	// From and Until are Unix milliseconds by the county's clock.
	From  int64 `json:"from"`
	Until int64 `json:"until"`
}

// Check implements Body.
func (b *LineOutageV1) Check() error {
	if b.From <= 0 || b.Until <= b.From {
		return fmt.Errorf("from %d until %d", b.From, b.Until)
	}
	_, err := division.Parse(string(b.Division))
	return err
}
