// Package appraisal is the monthly appraisal (考核) of windows, departments,
// townships, villages and persons: what is counted of each, what points it gives
// by a scorecard that the county sets, and how an appraisal goes from a draft over
// a second person's signature to being published, after which it is changed by a
// new edition alone. It is pure: the same figures give the same points anywhere,
// in whole numbers.
package appraisal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Scorecard is what is appraised by from a month on.
type Scorecard struct {
	From    string                      `json:"from"`
	Offices []ledger.AppraisalCriterion `json:"offices"`
	Persons []ledger.AppraisalCriterion `json:"persons"`
	Reason  string                      `json:"reason,omitempty"`
}

// Default is the scorecard where none was set *(convention)*: in time counts most
// (限时办结), then how many cases, ratings, what was told once (一次性告知), and
// for persons attendance; cards and bad ratings take off.
var Default = Scorecard{
	From: "2000-01",
	Offices: append([]ledger.AppraisalCriterion{
		{Measure: "volume", Points: 15_00, None: 0, All: 1000},
		{Measure: "on_time", Points: 40_00, None: 800, All: 1000},
		{Measure: "early", Points: 10_00, None: 0, All: 500},
		{Measure: "corrections", Points: 10_00, None: 300, All: 50},
		{Measure: "satisfaction", Points: 20_00, None: 800, All: 1000},
		{Measure: "rectified", Points: 5_00, None: 0, All: 1000},
	}, taking...),
	Persons: append([]ledger.AppraisalCriterion{
		{Measure: "volume", Points: 15_00, None: 0, All: 1000},
		{Measure: "on_time", Points: 30_00, None: 800, All: 1000},
		{Measure: "early", Points: 10_00, None: 0, All: 500},
		{Measure: "corrections", Points: 10_00, None: 300, All: 50},
		{Measure: "satisfaction", Points: 15_00, None: 800, All: 1000},
		{Measure: "rectified", Points: 5_00, None: 0, All: 1000},
		{Measure: "attendance", Points: 15_00, None: 900, All: 1000},
	}, append(slices.Clone(taking), ledger.AppraisalCriterion{Measure: "absent", Points: 10_00, Each: 1_00})...),
}

var taking = []ledger.AppraisalCriterion{
	{Measure: "yellow", Points: 10_00, Each: 2_00},
	{Measure: "red", Points: 20_00, Each: 5_00},
	{Measure: "bad", Points: 10_00, Each: 1_00},
	{Measure: ledger.AppraisalManual, Points: 5_00},
}

// ScorecardOf is what an entry sets.
func ScorecardOf(b *ledger.AppraisalScorecardV1) Scorecard {
	return Scorecard{From: b.From, Offices: b.Offices, Persons: b.Persons, Reason: b.Reason}
}

// For are the criteria for a kind of the appraised.
func (s *Scorecard) For(kind string) []ledger.AppraisalCriterion {
	if kind == "person" {
		return s.Persons
	}
	return s.Offices
}

// Measures are the words for what a scorecard asks about.
var Measures = map[string][2]string{
	"volume": {"办件量", "cases"}, "on_time": {"按时办结率", "in time"}, "early": {"提前办结率", "early"}, "corrections": {"补正率", "sent for more papers"},
	"satisfaction": {"好评率", "satisfied"}, "rectified": {"差评整改率", "bad ratings put right"}, "attendance": {"出勤率", "attendance"},
	"yellow": {"黄牌", "yellow cards"}, "red": {"红牌", "red cards"}, "bad": {"差评", "bad ratings"}, "absent": {"缺勤", "half days absent"},
	ledger.AppraisalManual: {"加减分", "by hand"},
}

// Compute gives every row its points, score and rank. Volume is per mille of the
// mean of those of the same kind who had any. The rows are put into their order:
// by kind, place and person.
func Compute(rows []ledger.AppraisalRow, card *Scorecard) {
	slices.SortFunc(rows, func(a, b ledger.AppraisalRow) int {
		kind := func(r ledger.AppraisalRow) int { return slices.Index(ledger.AppraisedKinds, r.Of.Kind) }
		return cmp.Or(cmp.Compare(kind(a), kind(b)), cmp.Compare(a.Of.Division, b.Of.Division), cmp.Compare(a.Of.Department, b.Of.Department), cmp.Compare(a.Of.Staff, b.Of.Staff))
	})
	sum, had := map[string]int64{}, map[string]int64{}
	for i := range rows {
		if r := &rows[i]; r.Figures.Volume > 0 {
			sum[r.Of.Kind] += r.Figures.Volume
			had[r.Of.Kind]++
		}
	}
	for i := range rows {
		r := &rows[i]
		r.Points, r.Score = score(&r.Figures, card.For(r.Of.Kind), sum[r.Of.Kind], had[r.Of.Kind])
	}
	for i := range rows {
		rows[i].Rank = 1
		for j := range rows {
			if rows[j].Of.Kind == rows[i].Of.Kind && rows[j].Score > rows[i].Score {
				rows[i].Rank++
			}
		}
	}
}

// score is the points of each criterion and what they come to: what gives points
// is scaled up to a hundred where there was nothing to judge a part of it by;
// then what takes off is taken off. 0 at least, 120 at most.
func score(f *ledger.AppraisalFigures, criteria []ledger.AppraisalCriterion, sum, had int64) (points []int, total int) {
	points = make([]int, len(criteria))
	given, of, other := 0, 0, 0
	for i, c := range criteria {
		switch value, kind := measure(f, c.Measure, sum, had); {
		case kind == gives && value < 0:
			points[i] = -1
		case kind == gives:
			points[i] = between(value, c)
			given += points[i]
			of += c.Points
		case kind == takes:
			points[i] = int(min(value*int64(c.Each), int64(c.Points)))
			other -= points[i]
		default:
			points[i] = int(max(-int64(c.Points), min(value, int64(c.Points))))
			other += points[i]
		}
	}
	if of > 0 {
		total = (given*100_00 + of/2) / of
	}
	return points, max(0, min(total+other, 120_00))
}

type effect int

const (
	gives effect = iota
	takes
	byHand
)

// measure is the value of a measure, -1 where there is nothing to have one of.
func measure(f *ledger.AppraisalFigures, name string, sum, had int64) (int64, effect) {
	switch name {
	case "volume":
		if sum == 0 {
			return -1, gives
		}
		return f.Volume * 1000 * had / sum, gives
	case "on_time":
		return perMille(f.OnTime, f.OnTime+f.Overdue), gives
	case "early":
		return perMille(f.Early, f.OnTime+f.Overdue), gives
	case "corrections":
		return perMille(f.Corrected, f.Volume), gives
	case "satisfaction":
		return perMille(f.Satisfied, f.Rated), gives
	case "rectified":
		return perMille(f.Rectified, f.Bad), gives
	case "attendance":
		return perMille(f.Present, f.HalfDays), gives
	case "yellow":
		return f.Yellow, takes
	case "red":
		return f.Red, takes
	case "bad":
		return f.Bad, takes
	case "absent":
		return f.HalfDays - f.Present, takes
	}
	return f.Plus - f.Minus, byHand
}

func perMille(part, whole int64) int64 {
	if whole <= 0 {
		return -1
	}
	return part * 1000 / whole
}

// between is what a value gives: nothing at None, all at All, in proportion
// between, whichever of the two is the larger.
func between(value int64, c ledger.AppraisalCriterion) int {
	at, span := value-int64(c.None), int64(c.All)-int64(c.None)
	if span < 0 {
		at, span = -at, -span
	}
	return int(max(0, min(at, span)) * int64(c.Points) / span)
}

// Hash commits to rows and the scorecard that they were judged by.
func Hash(rows []ledger.AppraisalRow, card *Scorecard) (string, error) {
	text, err := json.Marshal(struct {
		Card *Scorecard            `json:"card"`
		Rows []ledger.AppraisalRow `json:"rows"`
	}{card, rows})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
