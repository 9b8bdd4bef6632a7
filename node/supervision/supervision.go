// Package supervision watches every case against its limits and the rules of
// one window, one notice, one seal (电子监察): it says which colour a case has,
// which cards are due, and how far a card that nobody answers has risen. It is
// pure: the same case, calendar and day give the same cards on every node, so
// that a card is issued once, whichever hub leads.
package supervision

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
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
	RenewalPassed Rule = "renewal_passed" // 延续申请届满未作决定
	HearingLate   Rule = "hearing_late"   // 听证晚于法定期限
	SecondNotice  Rule = "second_notice"  // 再次要求补正
	ProcedureLate Rule = "procedure_late" // 特别程序超过告知的期限
	StepSkipped   Rule = "step_skipped"   // 越过办理环节
	BareReturn    Rule = "bare_return"    // 退回未说明理由
	FeeAbove      Rule = "fee_above"      // 收费超出标准
	TwoYellows    Rule = "two_yellows"    // 同一办件两张黄牌
	// What an inspection of cases drawn at random found.
	SampleFault Rule = "sample_fault" // 抽查不合格
	SampleGrave Rule = "sample_grave" // 抽查严重不合格
)

// RuleZH names a rule as a card shows it.
func RuleZH(r Rule) (zh, en string) {
	w := ruleWords[r]
	return w[0], w[1]
}

var ruleWords = map[Rule][2]string{
	PromiseNear:   {"承诺时限将到", "the promised limit is near"},
	PromisePassed: {"超过承诺时限", "the promised limit has passed"},
	PromiseFar:    {"超过承诺时限多日", "the promised limit passed days ago"},
	StatutePassed: {"超过法定时限", "the law's limit has passed"},
	NoticeLate:    {"逾期未一次性告知", "what is missing was not told in time"},
	ServiceLate:   {"逾期未送达", "the result was not delivered in time"},
	RenewalPassed: {"有效期届满前未对延续申请作出决定", "a renewal was not decided before what it renews expired"},
	HearingLate:   {"听证晚于申请后二十日举行", "the hearing is held later than twenty working days after it was asked for"},
	SecondNotice:  {"再次要求补正", "what is missing was asked for more than once"},
	ProcedureLate: {"特别程序超过告知的期限", "a special procedure takes longer than told"},
	StepSkipped:   {"越过办理环节", "a step was skipped"},
	BareReturn:    {"退回未说明理由", "sent back without a reason"},
	FeeAbove:      {"收费超出公布的标准或目录", "a fee above its published standard, or outside the list"},
	TwoYellows:    {"同一办件两张黄牌", "two yellow cards on one case"},
	SampleFault:   {"抽查不合格", "an inspection found faults"},
	SampleGrave:   {"抽查严重不合格", "an inspection found grave faults"},
}

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
	// Opens and Closes are the hours of business, minutes after midnight.
	Opens  int `json:"opens"`
	Closes int `json:"closes"`
	// LineMinutes: a line silent for so many minutes of business is recorded.
	LineMinutes int `json:"line_minutes"`
}

// Defaults are the thresholds where none were set.
var Defaults = Thresholds{AmberLeft: 1, RedOver: 3, RedYellows: 2, AnswerDays: 2, Opens: 8*60 + 30, Closes: 17 * 60, LineMinutes: 30}

// Moment is when a case is looked at.
type Moment struct {
	Today calendar.Date
	// Closed: business has closed for the day; what was due today is late for an
	// instant item.
	Closed bool
}

// MomentAt is the moment of an instant.
func (t Thresholds) MomentAt(now time.Time) Moment {
	today := calendar.DateOf(now)
	return Moment{Today: today, Closed: !now.Before(today.Midnight().Add(time.Duration(t.Closes) * time.Minute))}
}

// Finding is one rule that a case does not keep, or is about not to.
type Finding struct {
	Rule   Rule   `json:"rule"`
	Colour Colour `json:"colour"`
	// Due is the last day of the limit it is about; none for a rule without one.
	Due calendar.Date `json:"due,omitzero"`
	// AsOf is the day it is about: today, or the day on which it was done late.
	AsOf calendar.Date `json:"-"`
}

// Look is all that is to be found about a case. cards are those it has, seen
// the rules that it was seen to break and that do not show in the case itself.
// The error is calendar's, where a year is missing.
func Look(c *casework.Case, limits []casework.Limit, cal *calendar.Calendar, at Moment, t Thresholds, cards []Card, seen ...Rule) ([]Finding, error) {
	var found []Finding
	for _, l := range limits {
		f, err := lookAt(c, l, cal, at, t)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	for _, f := range []struct {
		rule  Rule
		found bool
	}{
		{SecondNotice, slices.Contains(c.Flags, casework.FlagSecondNotice) || c.Package != nil && c.Package.Again},
		{ProcedureLate, slices.Contains(c.Flags, casework.FlagLateResult) || slices.ContainsFunc(c.Suspensions, func(s casework.Suspension) bool { return overrun(c, s, at.Today) })},
		{HearingLate, slices.Contains(c.Flags, casework.FlagHearingLate)},
		{BareReturn, slices.Contains(c.Flags, casework.FlagBareReturn)},
		{StepSkipped, slices.Contains(seen, StepSkipped)},
		{FeeAbove, slices.Contains(seen, FeeAbove)},
		{SampleFault, slices.Contains(seen, SampleFault)},
	} {
		if f.found {
			found = append(found, Finding{Rule: f.rule, Colour: Yellow, AsOf: at.Today})
		}
	}
	if slices.Contains(seen, SampleGrave) {
		found = append(found, Finding{Rule: SampleGrave, Colour: Red, AsOf: at.Today})
	}
	if yellows(cards, found) >= t.RedYellows {
		found = append(found, Finding{Rule: TwoYellows, Colour: Red, AsOf: at.Today})
	}
	slices.SortFunc(found, func(a, b Finding) int { return slices.Index(ruleOrder, a.Rule) - slices.Index(ruleOrder, b.Rule) })
	return found, nil
}

var ruleOrder = []Rule{PromiseNear, PromisePassed, PromiseFar, StatutePassed, RenewalPassed, NoticeLate, ServiceLate, HearingLate, SecondNotice, ProcedureLate, StepSkipped, BareReturn, FeeAbove, SampleFault, SampleGrave, TwoYellows}

// overrun reports whether a special procedure without a result takes longer
// than the applicant was told.
func overrun(c *casework.Case, s casework.Suspension, today calendar.Date) bool {
	return s.End.IsZero() && c.Status == casework.Accepted && today.After(s.Until)
}

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
	late := today.After(due)
	if l.Kind == casework.LimitRenewal { // years off, of which there is no calendar yet
		if late {
			return []Finding{{RenewalPassed, Red, due, today}}, nil
		}
		return nil, nil
	}
	left, err := cal.WorkingDaysBetween(today, due)
	if err != nil {
		return nil, err
	}
	rule := map[casework.LimitKind]Rule{casework.LimitNotice: NoticeLate, casework.LimitService: ServiceLate, casework.LimitStatutory: StatutePassed}[l.Kind]
	switch {
	case l.Kind == casework.LimitPromised && late:
		found := []Finding{{PromisePassed, Yellow, due, today}}
		if -left >= t.RedOver {
			found = append(found, Finding{PromiseFar, Red, due, today})
		}
		return found, nil
	case l.Kind == casework.LimitPromised && !done && (!c.Instant && left <= t.AmberLeft || c.Instant && at.Closed && !today.Before(c.AcceptedOn)):
		return []Finding{{PromiseNear, Amber, due, today}}, nil
	case rule != "" && late:
		colour := Yellow
		if rule == StatutePassed {
			colour = Red
		}
		return []Finding{{rule, colour, due, today}}, nil
	}
	return nil, nil
}

// yellows counts the yellow cards there are and will be. One that is counted
// against nobody does not count here either.
func yellows(cards []Card, found []Finding) int {
	rules := map[Rule]bool{}
	for _, f := range found {
		if f.Colour == Yellow {
			rules[f.Rule] = true
		}
	}
	excused := func(c Card) bool { return c.Excused }
	for _, c := range cards {
		if c.Colour == Yellow {
			of := slices.DeleteFunc(slices.Clone(cards), func(o Card) bool { return o.Rule != c.Rule })
			rules[c.Rule] = slices.IndexFunc(of, func(o Card) bool { return !excused(o) }) >= 0
		}
	}
	n := 0
	for _, counts := range rules {
		if counts {
			n++
		}
	}
	return n
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

// ThresholdsOf are the thresholds that an entry sets.
func ThresholdsOf(b *ledger.SupervisionThresholdsV1) Thresholds {
	return Thresholds{AmberLeft: b.AmberLeft, RedOver: b.RedOver, RedYellows: b.RedYellows, AnswerDays: b.AnswerDays, Opens: b.Opens, Closes: b.Closes, LineMinutes: b.LineMinutes}
}
