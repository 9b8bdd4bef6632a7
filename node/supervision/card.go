package supervision

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
)

// Card is a warning, yellow or red card on a case (监察牌). It is never taken
// back: an explanation and a supervisor's finding close it, and it stays in the
// statistics.
type Card struct {
	// Case and Rule are its identity: a case has one card of a rule.
	Case   string        `json:"case"`
	Rule   Rule          `json:"rule"`
	Colour Colour        `json:"colour"`
	Due    calendar.Date `json:"due,omitzero"`
	On     calendar.Date `json:"on"`
	// AnswerBy is the last day for a written answer at the level it is now.
	AnswerBy calendar.Date `json:"answer_by"`
	Level    Level         `json:"level"`
	Answered bool          `json:"answered,omitempty"`
	Closed   bool          `json:"closed,omitempty"`
}

// Level is how far a card has risen along the line of answerability.
type Level int

// The levels: who has to answer.
const (
	Handler    Level = 0 // 经办人
	OfficeHead Level = 1 // 科室负责人
	InCharge   Level = 2 // 分管领导
)

// Issue is which cards a case gets now: one for each finding that has none.
// Amber is a card as well: people are to act on it before it is too late.
func Issue(id string, found []Finding, cards []Card, cal *calendar.Calendar, today calendar.Date, t Thresholds) ([]Card, error) {
	var issued []Card
	for _, f := range found {
		if slices.ContainsFunc(cards, func(c Card) bool { return c.Rule == f.Rule }) {
			continue
		}
		answer, err := cal.Due(calendar.Period{Start: today, Days: t.AnswerDays})
		if err != nil {
			return nil, err
		}
		issued = append(issued, Card{Case: id, Rule: f.Rule, Colour: f.Colour, Due: f.Due, On: today, AnswerBy: answer.Due})
	}
	return issued, nil
}

// Rise is the card one level higher, when its answer is overdue; false when it
// stays. An amber card wants no answer and does not rise.
func Rise(c Card, cal *calendar.Calendar, today calendar.Date, t Thresholds) (Card, bool, error) {
	if c.Colour == Amber || c.Answered || c.Closed || c.Level == InCharge || !today.After(c.AnswerBy) {
		return c, false, nil
	}
	answer, err := cal.Due(calendar.Period{Start: today, Days: t.AnswerDays})
	if err != nil {
		return c, false, err
	}
	c.Level, c.AnswerBy = c.Level+1, answer.Due
	return c, true, nil
}
