package ledger

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are the
// monthly appraisal (考核) of offices and persons, and what it is made of beside
// cases, cards and ratings. What they mean is in node/appraisal.

// How a half day was spent.
const (
	Present = "present" // 在岗
	Away    = "away"    // 公出
	Leave   = "leave"   // 请假
	Absent  = "absent"  // 缺勤
)

// AttendanceDay is one person's day; a half day of which nothing is known is
// empty.
type AttendanceDay struct {
	Staff     string        `json:"staff"`
	Day       calendar.Date `json:"day"`
	Morning   string        `json:"morning,omitempty"`
	Afternoon string        `json:"afternoon,omitempty"`
}

// AttendanceRecordV1 records who was there, at one office. The last word on a
// person's day stands.
type AttendanceRecordV1 struct {
	Division   division.Code   `json:"division"`
	Department string          `json:"department,omitempty"`
	Days       []AttendanceDay `json:"days"`
}

// MaxAttendance bounds the days in one entry.
const MaxAttendance = 2000

// Check implements Body.
func (b *AttendanceRecordV1) Check() error {
	if len(b.Days) == 0 || len(b.Days) > MaxAttendance {
		return fmt.Errorf("%d days, up to %d", len(b.Days), MaxAttendance)
	}
	type day struct {
		staff string
		on    calendar.Date
	}
	seen := map[day]bool{}
	for i, d := range b.Days {
		path := fmt.Sprintf("days[%d]", i)
		if d.Day.IsZero() || d.Morning == "" && d.Afternoon == "" {
			return fmt.Errorf("%s says nothing", path)
		}
		for _, half := range []string{d.Morning, d.Afternoon} {
			if !slices.Contains([]string{"", Present, Away, Leave, Absent}, half) {
				return fmt.Errorf("%s: %q", path, half)
			}
		}
		if err := required(path+".staff", d.Staff, maxIDBytes); err != nil {
			return err
		}
		if seen[day{d.Staff, d.Day}] {
			return fmt.Errorf("%s: a day stands twice", path)
		}
		seen[day{d.Staff, d.Day}] = true
	}
	_, err := division.Parse(string(b.Division))
	return first(err, optional("department", b.Department, maxName))
}

// AppraisalCriterion is one line of a scorecard. Of a measure that is a share
// (per mille) or a count (per mille of the mean of its like) Points are given in
// full at All, none at None, and in proportion between. Of one that takes off,
// Each is taken off for each, Points at most.
type AppraisalCriterion struct {
	Measure string `json:"measure"`
	// Points and Each are hundredths of a point.
	Points int `json:"points"`
	None   int `json:"none,omitempty"`
	All    int `json:"all,omitempty"`
	Each   int `json:"each,omitempty"`
}

// AppraisalScorecardV1 sets what offices and persons are appraised by, from a
// month on.
type AppraisalScorecardV1 struct {
	From    string               `json:"from"`
	Offices []AppraisalCriterion `json:"offices"`
	Persons []AppraisalCriterion `json:"persons"`
	Reason  string               `json:"reason"`
}

// The measures of a scorecard: those that give points, and those that take off.
var (
	AppraisalGiving = []string{"volume", "on_time", "early", "corrections", "satisfaction", "rectified", "attendance"}
	AppraisalTaking = []string{"yellow", "red", "bad", "absent"}
)

// AppraisalManual is the measure of what is given and taken by hand: Points at
// most, either way.
const AppraisalManual = "manual"

// Check implements Body.
func (b *AppraisalScorecardV1) Check() error {
	return first(checkCriteria("offices", b.Offices), checkCriteria("persons", b.Persons), checkMonth("from", b.From), required("reason", b.Reason, maxText))
}

func checkCriteria(name string, list []AppraisalCriterion) error {
	if len(list) == 0 || len(list) > 20 {
		return fmt.Errorf("%d %s", len(list), name)
	}
	seen, giving := map[string]bool{}, 0
	for i, c := range list {
		path := fmt.Sprintf("%s[%d]", name, i)
		if c.Points <= 0 || c.Points > 100_00 || seen[c.Measure] {
			return fmt.Errorf("%s: %s for %d points", path, c.Measure, c.Points)
		}
		seen[c.Measure] = true
		switch {
		case slices.Contains(AppraisalGiving, c.Measure):
			if giving += c.Points; c.None == c.All || min(c.None, c.All) < 0 || max(c.None, c.All) > 10_000 || c.Each != 0 {
				return fmt.Errorf("%s: from %d to %d", path, c.None, c.All)
			}
		case slices.Contains(AppraisalTaking, c.Measure):
			if c.Each <= 0 || c.Each > c.Points || c.None != 0 || c.All != 0 {
				return fmt.Errorf("%s: %d for each", path, c.Each)
			}
		case c.Measure != AppraisalManual || c.None != 0 || c.All != 0 || c.Each != 0:
			return fmt.Errorf("%s: %q", path, c.Measure)
		}
	}
	if giving != 100_00 {
		return fmt.Errorf("%s give %d hundredths, not a hundred points", name, giving)
	}
	return nil
}

var month = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)

func checkMonth(field, text string) error {
	if !month.MatchString(text) {
		return fmt.Errorf("%s %q is no month", field, text)
	}
	return nil
}

// Appraised is who is appraised: an office of a kind, or a person.
type Appraised struct {
	// Kind is window, department, township, village or person.
	Kind       string        `json:"kind"`
	Division   division.Code `json:"division,omitempty"`
	Department string        `json:"department,omitempty"`
	Staff      string        `json:"staff,omitempty"`
}

// AppraisedKinds are the kinds, in the order in which they are listed.
var AppraisedKinds = []string{"window", "department", "township", "village", "person"}

func (a Appraised) check() error {
	if !slices.Contains(AppraisedKinds, a.Kind) || (a.Kind == "person") != (a.Staff != "") || a.Kind == "department" && a.Department == "" {
		return fmt.Errorf("appraised: %q %q %q", a.Kind, a.Department, a.Staff)
	}
	if a.Division != "" {
		if _, err := division.Parse(string(a.Division)); err != nil {
			return err
		}
	}
	return first(optional("department", a.Department, maxName), optional("staff", a.Staff, maxIDBytes))
}

// AppraisalMarkV1 gives or takes points by hand, with the reason.
type AppraisalMarkV1 struct {
	Month string    `json:"month"`
	Of    Appraised `json:"of"`
	// Points are hundredths, below 0 for those that are taken.
	Points int    `json:"points"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *AppraisalMarkV1) Check() error {
	if b.Points == 0 || b.Points < -100_00 || b.Points > 100_00 {
		return fmt.Errorf("%d points", b.Points)
	}
	return first(checkMonth("month", b.Month), b.Of.check(), required("reason", b.Reason, maxText))
}

// AppraisalDraftV1 computes a month from all that the county has recorded by
// then. Hash is that of what whoever drafted saw: where something came between,
// it is refused.
type AppraisalDraftV1 struct {
	Month string `json:"month"`
	// Edition is 1, and one more for each correction of what was published, which
	// needs its reason.
	Edition int    `json:"edition"`
	Reason  string `json:"reason,omitempty"`
	Hash    string `json:"hash"`
}

// Check implements Body.
func (b *AppraisalDraftV1) Check() error {
	if b.Edition > 1 && b.Reason == "" {
		return errors.New("a correction without its reason")
	}
	return first(checkEdition(b.Month, b.Edition, b.Hash), optional("reason", b.Reason, maxText))
}

func checkEdition(month string, edition int, hash string) error {
	if edition < 1 || edition > 1000 {
		return fmt.Errorf("edition %d", edition)
	}
	if len(hash) != 64 {
		return fmt.Errorf("hash %.80q", hash)
	}
	return checkMonth("month", month)
}

// AppraisalSignV1 is the signature of a second person under a draft.
type AppraisalSignV1 struct {
	Month   string `json:"month"`
	Edition int    `json:"edition"`
	Hash    string `json:"hash"`
}

// Check implements Body.
func (b *AppraisalSignV1) Check() error { return checkEdition(b.Month, b.Edition, b.Hash) }

// AppraisalFigures are what is counted of an office or a person in a month.
type AppraisalFigures struct {
	// Volume are the cases taken in at an office, or those that ended in which a
	// person had a hand.
	Volume  int64 `json:"volume"`
	Decided int64 `json:"decided"`
	OnTime  int64 `json:"on_time"`
	Early   int64 `json:"early"`
	Overdue int64 `json:"overdue"`
	// Corrected are those whose applicant was sent for more papers.
	Corrected int64 `json:"corrected"`
	Yellow    int64 `json:"yellow"`
	Red       int64 `json:"red"`
	Rated     int64 `json:"rated"`
	Satisfied int64 `json:"satisfied"`
	Bad       int64 `json:"bad"`
	Rectified int64 `json:"rectified"`
	// HalfDays were recorded, leave aside; Present those of them at work.
	HalfDays int64 `json:"half_days"`
	Present  int64 `json:"present"`
	// Plus and Minus are points by hand, hundredths.
	Plus  int64 `json:"plus"`
	Minus int64 `json:"minus"`
}

// AppraisalRow is what an office or a person came to.
type AppraisalRow struct {
	Of      Appraised        `json:"of"`
	Name    string           `json:"name,omitempty"`
	Figures AppraisalFigures `json:"figures"`
	// Points are hundredths for each line of the scorecard, -1 where there was
	// nothing to be judged by; Score is what they come to.
	Points []int `json:"points"`
	Score  int   `json:"score"`
	Rank   int   `json:"rank,omitempty"`
}

// AppraisalPublishV1 publishes what was drafted and signed: offices to everybody.
// What it says of persons goes to their own office.
type AppraisalPublishV1 struct {
	Month    string               `json:"month"`
	Edition  int                  `json:"edition"`
	Hash     string               `json:"hash"`
	Criteria []AppraisalCriterion `json:"criteria"`
	Offices  []AppraisalRow       `json:"offices"`
	Reason   string               `json:"reason,omitempty"`
}

// Check implements Body.
func (b *AppraisalPublishV1) Check() error {
	if len(b.Offices) > 5000 {
		return fmt.Errorf("%d offices", len(b.Offices))
	}
	return first(checkEdition(b.Month, b.Edition, b.Hash), checkCriteria("criteria", b.Criteria), optional("reason", b.Reason, maxText))
}

// AppraisalResultV1 is what a published appraisal says of the persons of one
// division, and seen there and above.
type AppraisalResultV1 struct {
	Month    string               `json:"month"`
	Edition  int                  `json:"edition"`
	Division division.Code        `json:"division"`
	Criteria []AppraisalCriterion `json:"criteria"`
	Persons  []AppraisalRow       `json:"persons"`
}

// Check implements Body.
func (b *AppraisalResultV1) Check() error {
	if len(b.Persons) == 0 || len(b.Persons) > 1000 || b.Edition < 1 {
		return fmt.Errorf("%d persons in edition %d", len(b.Persons), b.Edition)
	}
	for i := range b.Persons {
		if b.Persons[i].Of.Staff == "" {
			return fmt.Errorf("persons[%d] is nobody", i)
		}
	}
	_, err := division.Parse(string(b.Division))
	return first(err, checkMonth("month", b.Month), checkCriteria("criteria", b.Criteria))
}

// AppraisalObjectV1 is what a person says against what was published of them,
// once a month.
type AppraisalObjectV1 struct {
	Month    string        `json:"month"`
	Division division.Code `json:"division"`
	Staff    string        `json:"staff"`
	Text     string        `json:"text"`
}

// Check implements Body.
func (b *AppraisalObjectV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, checkMonth("month", b.Month), required("staff", b.Staff, maxIDBytes), required("text", b.Text, maxText))
}

// AppraisalAnswerV1 answers an objection; one that is upheld is followed by a new
// edition.
type AppraisalAnswerV1 struct {
	Month    string        `json:"month"`
	Division division.Code `json:"division"`
	Staff    string        `json:"staff"`
	Upheld   bool          `json:"upheld"`
	Text     string        `json:"text"`
}

// Check implements Body.
func (b *AppraisalAnswerV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, checkMonth("month", b.Month), required("staff", b.Staff, maxIDBytes), required("text", b.Text, maxText))
}
