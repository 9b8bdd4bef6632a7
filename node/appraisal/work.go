package appraisal

import (
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Work is what a case adds to the figures of a person who had a hand in it, in
// the month in which it came to an end: to whoever took it in as to whoever
// decided it, for each of them could be what made it late.
type Work struct {
	Staff, Month string
	Cases        int64
	Decided      int64
	OnTime       int64
	Early        int64
	Overdue      int64
	// Corrected: this person asked the applicant for more papers.
	Corrected int64
}

// Fields are the counts in the order of their columns.
func (w *Work) Fields() []*int64 {
	return []*int64{&w.Cases, &w.Decided, &w.OnTime, &w.Early, &w.Overdue, &w.Corrected}
}

// WorkColumns name the counts, in the order of Fields.
var WorkColumns = []string{"cases", "decided", "on_time", "early", "overdue", "corrected"}

// WorkOf is what a case adds; nothing while it has not come to an end.
func WorkOf(c *casework.Case) []Work {
	at := c.DecidedMS
	switch {
	case at != 0:
	case c.RejectedMS != 0:
		at = c.RejectedMS
	case c.TerminatedMS != 0:
		at = c.TerminatedMS
	default:
		return nil
	}
	work := Work{Month: MonthOf(at), Cases: 1}
	if c.DecidedMS != 0 {
		work.Decided = 1
		on := calendar.DateOf(time.UnixMilli(c.DecidedMS))
		switch due := c.Told.Promised; {
		case due.IsZero():
		case on.After(due):
			work.Overdue = 1
		default:
			work.OnTime = 1
			if on.Before(due) {
				work.Early = 1
			}
		}
	}
	all := make([]Work, len(c.Hands))
	for i, staff := range c.Hands {
		all[i] = work
		all[i].Staff = staff
		if c.Notice != nil && c.Notice.By.Staff == staff {
			all[i].Corrected = 1
		}
	}
	return all
}

// Attended adds a day to a person's figures. Leave is no working time.
func Attended(f *ledger.AppraisalFigures, halves ...string) {
	for _, half := range halves {
		switch half {
		case ledger.Present, ledger.Away:
			f.HalfDays++
			f.Present++
		case ledger.Absent:
			f.HalfDays++
		}
	}
}
