// Package supervision watches every case against its limits and the rules of
// one window, one notice, one seal (电子监察): it says which colour a case has,
// which cards are due, and how far a card that nobody answers has risen. It is
// pure: the same case, calendar and day give the same cards on every node, so
// that a card is issued once, whichever hub leads.
package supervision

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
)

// Colour is how a case stands.
type Colour string

// The colours, from good to bad.
const (
	Green  Colour = "green"
	Amber  Colour = "amber"  // 预警
	Yellow Colour = "yellow" // 黄牌
	Red    Colour = "red"    // 红牌
)

// Rank orders colours, 0 the best.
func (c Colour) Rank() int { return slices.Index([]Colour{Green, Amber, Yellow, Red}, c) }

// Rule is what a finding is about.
type Rule string

// The rules (domain: section 5).
const (
	PromiseNear   Rule = "promise_near"   // 承诺时限将到
	PromisePassed Rule = "promise_passed" // 超过承诺时限
	PromiseFar    Rule = "promise_far"    // 超过承诺时限多日
	StatutePassed Rule = "statute_passed" // 超过法定时限
	NoticeLate    Rule = "notice_late"    // 逾期未一次性告知
	ServiceLate   Rule = "service_late"   // 逾期未送达
	SecondNotice  Rule = "second_notice"  // 再次要求补正
	ProcedureLate Rule = "procedure_late" // 特别程序超过告知的期限
	TwoYellows    Rule = "two_yellows"    // 同一办件两张黄牌
)

// Thresholds are the centre's own settings; a change of them is an entry.
type Thresholds struct {
	// AmberLeft: a promise with so many working days left, or fewer, is near.
	AmberLeft int `json:"amber_left"`
	// RedOver: a promise passed by so many working days, or more, is far.
	RedOver int `json:"red_over"`
	// RedYellows: so many yellow cards on one case make a red one.
	RedYellows int `json:"red_yellows"`
	// AnswerDays: a card wants its answer within so many working days, and rises
	// each time they pass.
	AnswerDays int `json:"answer_days"`
}

// Defaults are the thresholds where none were set.
var Defaults = Thresholds{AmberLeft: 1, RedOver: 3, RedYellows: 2, AnswerDays: 2}

// Moment is when a case is looked at.
type Moment struct {
	Today calendar.Date
	// Closed: business has closed for the day; what was due today is late for an
	// instant item.
	Closed bool
}

// Finding is one rule that a case does not keep, or is about not to.
type Finding struct {
	Rule   Rule   `json:"rule"`
	Colour Colour `json:"colour"`
	// Due is the last day of the limit it is about; none for a rule without one.
	Due calendar.Date `json:"due,omitzero"`
}

// Look is all that is to be found about a case. cards are those it has. The
// error is calendar's, where a year is missing.
func Look(c *casework.Case, limits []casework.Limit, cal *calendar.Calendar, at Moment, t Thresholds, cards []Card) ([]Finding, error) {
	var found []Finding
	for _, l := range limits {
		f, err := lookAt(c, l, cal, at, t)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	for flag, rule := range map[string]Rule{casework.FlagSecondNotice: SecondNotice, casework.FlagLateResult: ProcedureLate} {
		if slices.Contains(c.Flags, flag) {
			found = append(found, Finding{Rule: rule, Colour: Yellow})
		}
	}
	if yellows(cards, found) >= t.RedYellows {
		found = append(found, Finding{Rule: TwoYellows, Colour: Red})
	}
	slices.SortFunc(found, func(a, b Finding) int { return slices.Index(ruleOrder, a.Rule) - slices.Index(ruleOrder, b.Rule) })
	return found, nil
}

var ruleOrder = []Rule{PromiseNear, PromisePassed, PromiseFar, StatutePassed, NoticeLate, ServiceLate, SecondNotice, ProcedureLate, TwoYellows}

// lookAt is what is to be found about one limit. A limit that was kept, or
// passed before what it limits was done, is looked at as of the day it was done.
func lookAt(c *casework.Case, l casework.Limit, cal *calendar.Calendar, at Moment, t Thresholds) ([]Finding, error) {
	due, today := l.Due(), at.Today
	if due.IsZero() {
		return nil, nil // a procedure without an end holds the clock
	}
	done := !l.Done.IsZero()
	if done {
		today = l.Done
	}
	left, err := cal.WorkingDaysBetween(today, due)
	if err != nil {
		return nil, err
	}
	late := today.After(due)
	rule := map[casework.LimitKind]Rule{casework.LimitNotice: NoticeLate, casework.LimitService: ServiceLate, casework.LimitStatutory: StatutePassed}[l.Kind]
	switch {
	case l.Kind == casework.LimitPromised && late:
		found := []Finding{{PromisePassed, Yellow, due}}
		if -left >= t.RedOver {
			found = append(found, Finding{PromiseFar, Red, due})
		}
		return found, nil
	case l.Kind == casework.LimitPromised && !done && (!c.Instant && left <= t.AmberLeft || c.Instant && at.Closed && !today.Before(c.AcceptedOn)):
		return []Finding{{PromiseNear, Amber, due}}, nil
	case rule != "" && late:
		colour := Yellow
		if rule == StatutePassed {
			colour = Red
		}
		return []Finding{{rule, colour, due}}, nil
	}
	return nil, nil
}

// yellows counts the yellow cards there are and will be.
func yellows(cards []Card, found []Finding) int {
	rules := map[Rule]bool{}
	for _, c := range cards {
		if c.Colour == Yellow {
			rules[c.Rule] = true
		}
	}
	for _, f := range found {
		if f.Colour == Yellow {
			rules[f.Rule] = true
		}
	}
	return len(rules)
}

// ColourOf is the worst of what was found.
func ColourOf(found []Finding) Colour {
	worst := Green
	for _, f := range found {
		if f.Colour.Rank() > worst.Rank() {
			worst = f.Colour
		}
	}
	return worst
}
