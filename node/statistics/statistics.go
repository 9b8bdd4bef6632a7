// Package statistics counts cases: what was handed in, taken up, granted,
// refused, in time or late, and how many working days it took, by month, item,
// department, office and channel. What a case adds to the counts is a function of
// the case and the calendar alone, so that the counts kept while entries are
// applied are the same as those computed anew. Whole numbers only: they are the
// same on every node.
package statistics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
)

// Key says where something is counted.
type Key struct {
	// Month is 2026-11, in which it happened by Beijing time.
	Month string
	// Division is the office whose desk took the case in; its length is the tier.
	Division division.Code
	Item     string
	// Department answers for the item.
	Department string
	Channel    string
}

// The channels.
const (
	Desk   = "desk"   // 窗口
	Online = "online" // 网上
)

// Counts are how many cases. Each is counted in the month in which it happened.
type Counts struct {
	HandedIn    int64 `json:"handed_in"`
	TakenUp     int64 `json:"taken_up"`
	NotAccepted int64 `json:"not_accepted"`
	Granted     int64 `json:"granted"`
	Declined    int64 `json:"declined"`
	Terminated  int64 `json:"terminated"`
	// Corrected are those whose applicant was sent for more papers (补正).
	Corrected int64 `json:"corrected"`
	// Of the decided: OnTime by the day that was promised, Early those of them
	// before it, Overdue after it; Undated had been promised no day.
	OnTime  int64 `json:"on_time"`
	Early   int64 `json:"early"`
	Overdue int64 `json:"overdue"`
	Undated int64 `json:"undated"`
	// Timed are the decided whose working days are known, Days their sum.
	Timed int64 `json:"timed"`
	Days  int64 `json:"days"`
	// Papers are those that were asked for at hand-in, Reused those of them that
	// were on file already.
	Papers int64 `json:"papers"`
	Reused int64 `json:"reused"`
}

// Fields are the counts in the order of their columns.
func (c *Counts) Fields() []*int64 {
	return []*int64{&c.HandedIn, &c.TakenUp, &c.NotAccepted, &c.Granted, &c.Declined, &c.Terminated, &c.Corrected,
		&c.OnTime, &c.Early, &c.Overdue, &c.Undated, &c.Timed, &c.Days, &c.Papers, &c.Reused}
}

// Columns name the counts, in the order of Fields.
var Columns = []string{"handed_in", "taken_up", "not_accepted", "granted", "declined", "terminated", "corrected",
	"on_time", "early", "overdue", "undated", "timed", "days", "papers", "reused"}

// Decided is how many were decided.
func (c *Counts) Decided() int64 { return c.Granted + c.Declined }

// Cell is what is counted in one place.
type Cell struct {
	Counts
	// Took is how many cases took how many working days.
	Took Histogram `json:"took,omitempty"`
}

// Add counts another cell, sign times: 1 or -1.
func (c *Cell) Add(o *Cell, sign int64) {
	mine, others := c.Fields(), o.Fields()
	for i := range mine {
		*mine[i] += sign * *others[i]
	}
	c.Took = c.Took.Add(o.Took, sign)
}

// Zero reports whether nothing is counted.
func (c *Cell) Zero() bool { return c.Counts == Counts{} && len(c.Took) == 0 }

// Bin is how many cases took so many working days.
type Bin struct{ Days, Cases int64 }

// Histogram holds the bins that are not empty, by days.
type Histogram []Bin

// Add is the sum of two histograms, the second taken sign times. The first is
// not changed.
func (h Histogram) Add(o Histogram, sign int64) Histogram {
	if len(o) == 0 {
		return h
	}
	sum := slices.Clone(h)
	for _, b := range o {
		i, found := slices.BinarySearchFunc(sum, b.Days, func(x Bin, days int64) int { return int(x.Days - days) })
		if !found {
			sum = slices.Insert(sum, i, Bin{Days: b.Days})
		}
		sum[i].Cases += sign * b.Cases
	}
	return slices.DeleteFunc(sum, func(b Bin) bool { return b.Cases == 0 })
}

// Percentile is the least number of working days within which so many of a
// hundred cases were decided; -1 of none.
func (h Histogram) Percentile(of100 int64) int64 {
	total := int64(0)
	for _, b := range h {
		total += b.Cases
	}
	want := (total*of100 + 99) / 100
	for _, b := range h {
		if want -= b.Cases; want <= 0 {
			return b.Days
		}
	}
	return -1
}

// MeanHundredths is the mean of working days in hundredths, rounded to the
// nearest; -1 of none.
func (c *Counts) MeanHundredths() int64 {
	if c.Timed == 0 {
		return -1
	}
	return (c.Days*200 + c.Timed) / (2 * c.Timed)
}

// String is the histogram as 3:12,5:1.
func (h Histogram) String() string {
	var b strings.Builder
	for i, bin := range h {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(bin.Days, 10))
		b.WriteByte(':')
		b.WriteString(strconv.FormatInt(bin.Cases, 10))
	}
	return b.String()
}

// ParseHistogram reads what String wrote, several of them one behind the other
// with commas between; a number of days may come again, and is summed.
func ParseHistogram(text string) (Histogram, error) {
	sums := map[int64]int64{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		days, cases, ok := strings.Cut(part, ":")
		d, err := strconv.ParseInt(days, 10, 64)
		n, err2 := strconv.ParseInt(cases, 10, 64)
		if !ok || err != nil || err2 != nil {
			return nil, fmt.Errorf("statistics: histogram %.40q", part)
		}
		sums[d] += n
	}
	h := make(Histogram, 0, len(sums))
	for d, n := range sums {
		h = append(h, Bin{d, n})
	}
	slices.SortFunc(h, func(a, b Bin) int { return int(a.Days - b.Days) })
	return h, nil
}

// Share is what a case adds to one cell.
type Share struct {
	Key  Key
	Cell Cell
}

// Of is what a case adds, a share for each month in which something happened. A
// year that the calendar lacks leaves its working days out.
func Of(c *casework.Case, days *calendar.Calendar) []Share {
	var shares []Share
	channel := Desk
	if c.Online.Account != "" {
		channel = Online
	}
	at := func(ms int64) *Cell {
		k := Key{Month: Month(ms), Division: c.HandedInAt, Item: c.Item, Department: c.Department, Channel: channel}
		for i := range shares {
			if shares[i].Key == k {
				return &shares[i].Cell
			}
		}
		shares = append(shares, Share{Key: k})
		return &shares[len(shares)-1].Cell
	}
	handed := at(c.HandedInMS)
	handed.HandedIn, handed.Papers = 1, int64(len(c.Materials))
	for _, m := range c.Materials {
		if m.OnFile != (catalog.OnFile{}) {
			handed.Reused++
		}
	}
	if c.AcceptedMS != 0 {
		at(c.AcceptedMS).TakenUp = 1
	}
	if c.RejectedMS != 0 {
		at(c.RejectedMS).NotAccepted = 1
	}
	if c.TerminatedMS != 0 {
		at(c.TerminatedMS).Terminated = 1
	}
	if c.Notice != nil {
		at(noon(c.Notice.On)).Corrected = 1
	}
	if c.DecidedMS != 0 {
		decided(at(c.DecidedMS), c, days)
	}
	return shares
}

func decided(cell *Cell, c *casework.Case, days *calendar.Calendar) {
	if c.Decision == casework.Granted {
		cell.Granted = 1
	} else {
		cell.Declined = 1
	}
	on := calendar.DateOf(time.UnixMilli(c.DecidedMS))
	switch due := c.Told.Promised; {
	case due.IsZero():
		cell.Undated = 1
	case on.After(due):
		cell.Overdue = 1
	default:
		cell.OnTime = 1
		if on.Before(due) {
			cell.Early = 1
		}
	}
	if n, err := c.WorkingDays(days); err == nil && n >= 0 {
		cell.Timed, cell.Days, cell.Took = 1, int64(n), Histogram{{int64(n), 1}}
	}
}

// Same reports whether two versions of a case certainly add the same, by what is
// quickly compared.
func Same(a, b *casework.Case) bool {
	return a != nil && b != nil && a.HandedInMS == b.HandedInMS && a.AcceptedMS == b.AcceptedMS && a.RejectedMS == b.RejectedMS &&
		a.TerminatedMS == b.TerminatedMS && a.DecidedMS == b.DecidedMS && (a.Notice == nil) == (b.Notice == nil) && len(a.Materials) == len(b.Materials) &&
		a.DecidedMS == 0 && (a.Notice == nil || a.Notice.On == b.Notice.On)
}

// Month is the month of a moment (Unix milliseconds), as 2026-11.
func Month(ms int64) string { return calendar.DateOf(time.UnixMilli(ms)).String()[:7] }

// noon is a moment of a day.
func noon(d calendar.Date) int64 {
	t, err := time.ParseInLocation(time.DateOnly, d.String(), time.FixedZone("", 8*3600))
	if err != nil {
		return 0
	}
	return t.UnixMilli() + 12*3600_000
}
