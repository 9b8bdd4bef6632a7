package casework

import (
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// NumberTaken refuses a result under a number that its authority gave to another
// one of the same kind: whoever looks it up would be told of the other.
func NumberTaken(d ledger.IssuedDocument) error {
	return refuse("result_number_taken", "“"+d.Name+"”的编号 "+d.Number+" 已被使用，请核对后换用新的编号", "the number "+d.Number+" was given to another "+d.Name+"; look it up and use a new one")
}

// CheckTerm holds the last day of a result that is made out on a day against that
// day and the validity that the item states for its kind, which a renewal counts
// from the end of the term before it. One that names no last day gets the item's.
func (c *Case) CheckTerm(item *catalog.Item, d *ledger.IssuedDocument, on calendar.Date) error {
	var until calendar.Date
	if d.ValidUntil != "" {
		var err error
		if until, err = calendar.Parse(d.ValidUntil); err != nil {
			return refuse("result_until", "有效期至“"+d.ValidUntil+"”不是日期，应为 2031-11-22 这样的日期", "valid until "+d.ValidUntil+" is no date; write one as 2031-11-22")
		}
		if until.Before(on) {
			return refuse("result_until", "有效期至 "+until.String()+" 早于制发日 "+on.String()+"，请核对", "it would have expired on "+until.String()+", before the day it is made out, "+on.String())
		}
	}
	years := validity(item, d.Name)
	if years == 0 {
		return nil
	}
	from := on
	if c.Renews.Until.After(on) {
		from = c.Renews.Until
	}
	last := yearsAfter(from, years)
	switch {
	case until.IsZero():
		d.ValidUntil = last.AddDays(-1).String()
	case until.After(last):
		return refuse("result_until", "该事项规定的有效期截至 "+last.String()+"，不能超过", "the item's validity ends on "+last.String()+"; it cannot hold longer")
	}
	return nil
}

// validity is for how many years an item's result holds; 0 for no end.
func validity(item *catalog.Item, name string) int {
	for _, r := range item.Results {
		if r.Name == name {
			return r.ValidityYears
		}
	}
	return 0
}

// yearsAfter is the same day some years later, the last of February for the 29th.
func yearsAfter(d calendar.Date, years int) calendar.Date {
	day, err := calendar.NewDate(d.Year()+years, d.Month(), d.Day())
	if err != nil {
		day, _ = calendar.NewDate(d.Year()+years, time.February, 28)
	}
	return day
}
