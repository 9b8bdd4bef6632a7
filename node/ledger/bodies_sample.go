package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are the
// draw of cases for inspection (抽查) and the sheets of those who inspect. They
// stay at the county: whoever is watched does not see that somebody looks.

// SampleDrawV1 commits a draw before anybody can know what it will give: which
// cases it is drawn from, how many, and after how many more records of the
// county's ledger the seed is taken from it. What it means is in node/sampling.
type SampleDrawV1 struct {
	// From and To are days, both included: cases that came to an end then.
	From calendar.Date `json:"from"`
	To   calendar.Date `json:"to"`
	// Division is where the matter belongs, that division and those below;
	// Department and Item narrow it further. Empty: all.
	Division   division.Code `json:"division,omitempty"`
	Department string        `json:"department,omitempty"`
	Item       string        `json:"item,omitempty"`
	// Outcomes are how the cases ended: granted, declined, not_accepted,
	// terminated. None: all four.
	Outcomes []string `json:"outcomes,omitempty"`
	// By is what the cases are divided by, each part being drawn from by itself:
	// department, township or item; empty is no division.
	By string `json:"by,omitempty"`
	// Permille of each part are drawn, rounded up, and Least at least, as far as
	// there are so many.
	Permille int `json:"permille"`
	Least    int `json:"least"`
	// After is how many records after this one the seed is taken.
	After  int    `json:"after"`
	Reason string `json:"reason"`
}

// SampleBy are the ways to divide a draw.
var SampleBy = []string{"department", "township", "item"}

// SampleOutcomes are how a case that may be drawn ended.
var SampleOutcomes = []string{"granted", "declined", "not_accepted", "terminated"}

// Check implements Body.
func (b *SampleDrawV1) Check() error {
	if b.From.IsZero() || b.To.IsZero() || b.To.Before(b.From) || b.To.DaysSince(b.From) > 366 {
		return fmt.Errorf("from %s to %s, a year at most", b.From, b.To)
	}
	if b.Division != "" {
		if _, err := division.Parse(string(b.Division)); err != nil {
			return err
		}
	}
	if b.By != "" && !slices.Contains(SampleBy, b.By) {
		return fmt.Errorf("by %q", b.By)
	}
	for i, o := range b.Outcomes {
		if !slices.Contains(SampleOutcomes, o) || slices.Contains(b.Outcomes[:i], o) {
			return fmt.Errorf("outcome %q", o)
		}
	}
	switch {
	case b.Permille < 0 || b.Permille > 1000 || b.Least < 0 || b.Least > 1000 || b.Permille+b.Least == 0:
		return fmt.Errorf("%d permille, %d at least", b.Permille, b.Least)
	case b.After < 20 || b.After > 100_000:
		return fmt.Errorf("the seed after %d records, from 20 to 100000", b.After)
	}
	return first(optional("department", b.Department, maxName), optional("item", b.Item, maxIDBytes), required("reason", b.Reason, maxText))
}

// SamplePoint is one point of a sheet.
type SamplePoint struct {
	Check string `json:"check"`
	// Result is ok, fault, or na where the point does not apply.
	Result string `json:"result"`
	Note   string `json:"note,omitempty"`
}

// What a point of a sheet came to.
const (
	PointOK    = "ok"
	PointFault = "fault"
	PointNA    = "na"
)

// SampleReviewV1 is the sheet of a case that was drawn, filled in by a supervisor
// who had no hand in it.
type SampleReviewV1 struct {
	Draw   string        `json:"draw"`
	Case   string        `json:"case"`
	Points []SamplePoint `json:"points"`
	// Grave: the faults are such that a red card follows and not a yellow one.
	Grave bool   `json:"grave,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Check implements Body.
func (b *SampleReviewV1) Check() error {
	if len(b.Points) == 0 || len(b.Points) > 50 {
		return fmt.Errorf("%d points", len(b.Points))
	}
	faults := 0
	for i, p := range b.Points {
		path := fmt.Sprintf("points[%d]", i)
		if err := first(required(path+".check", p.Check, maxIDBytes), optional(path+".note", p.Note, maxText)); err != nil {
			return err
		}
		switch p.Result {
		case PointOK, PointNA:
		case PointFault:
			faults++
			if err := required(path+".note", p.Note, maxText); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s.result %q", path, p.Result)
		}
	}
	if b.Grave && faults == 0 {
		return errors.New("grave without a fault")
	}
	return first(required("draw", b.Draw, maxIDBytes), required("case", b.Case, maxIDBytes), optional("note", b.Note, maxText))
}
