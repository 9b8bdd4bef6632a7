package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
)

// Cases by what is due first.

// maxQueue is how many cases are put into order, those that wait longest; a desk
// with more has another problem.
var maxQueue = 2000

// deadlines finds the deadlines of many cases with one look at the calendar.
type deadlines struct {
	s     *Server
	days  *calendar.Calendar
	items map[string]*catalog.Item
}

func (s *Server) newDeadlines(ctx context.Context) (*deadlines, error) {
	days, err := s.workingDays(ctx)
	return &deadlines{s: s, days: days, items: map[string]*catalog.Item{}}, err
}

// of is the deadline that a case has next; false when none runs.
func (d *deadlines) of(ctx context.Context, c *casework.Case) (gen.Deadline, bool, error) {
	if c.Status.Ended() {
		return gen.Deadline{}, false, nil
	}
	key := c.Item + "@" + strconv.Itoa(c.ItemVersion)
	item, known := d.items[key]
	if !known {
		v, err := d.s.store.Item(ctx, c.Item, c.ItemVersion)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return gen.Deadline{}, false, err
		}
		if err == nil {
			item = &v.Item
		}
		d.items[key] = item
	}
	if item == nil {
		return gen.Deadline{}, false, nil // handed in by an item that never was in force
	}
	limits, err := c.Limits(item, d.days)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		return gen.Deadline{Kind: gen.DeadlinePromised, Instant: item.Instant && c.DecidedMS == 0}, true, nil
	}
	if err != nil {
		return gen.Deadline{}, false, err
	}
	step, runs, err := c.StepLimit(item, d.days)
	if err != nil && !errors.As(err, &missing) {
		return gen.Deadline{}, false, err
	}
	if runs && err == nil {
		limits = append(limits, step) // last: where it ends with the promise that is what is named
	}
	return d.next(limits, item.Instant && c.DecidedMS == 0)
}

// next is the first limit to end of those that are open.
func (d *deadlines) next(limits []casework.Limit, instant bool) (gen.Deadline, bool, error) {
	var first *casework.Limit
	for i := range limits {
		l := &limits[i]
		if l.Done.IsZero() && (first == nil || !l.Due().IsZero() && (first.Due().IsZero() || l.Due().Before(first.Due()))) {
			first = l
		}
	}
	if first == nil {
		return gen.Deadline{}, false, nil
	}
	out := gen.Deadline{Kind: gen.DeadlineKind(first.Kind), Due: first.Due(), Instant: instant}
	if out.Due.IsZero() {
		return out, true, nil
	}
	today := d.s.today()
	out.Overdue = len(casework.Overdue([]casework.Limit{*first}, today)) > 0
	left, err := d.days.WorkingDaysBetween(today, out.Due)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		return out, true, nil
	}
	out.Left = left
	return out, true, err
}

// due is a case with what it is ordered by.
type due struct {
	c        *casework.Case
	deadline gen.Deadline
	has      bool
}

// place is where a case stands in a queue: what is overdue first, what waits at
// a counter before what has days, what has no date last; of equals the one that
// came first. Places are in the order of their text.
func (x due) place() string {
	rank := "3"
	switch {
	case x.has && x.deadline.Overdue:
		rank = "0" + x.deadline.Due.String()
	case x.has && x.deadline.Instant:
		rank = "1"
	case x.has && !x.deadline.Due.IsZero():
		rank = "2" + x.deadline.Due.String()
	}
	return fmt.Sprintf("due|%s|%015d|%s", rank, x.c.HandedInMS, x.c.ID)
}

// queue is a page of the cases by what is due first, from after a place on.
func (s *Server) queue(ctx context.Context, f store.CaseFilter, want func(*casework.Case) bool, after string) (page []due, next string, err error) {
	size := f.Limit
	f.Limit, f.Open = maxQueue, true
	found, err := s.store.Cases(ctx, f)
	if err != nil {
		return nil, "", err
	}
	d, err := s.newDeadlines(ctx)
	if err != nil {
		return nil, "", err
	}
	var list []due
	for i := range found {
		c := &found[i]
		if c.Status.Ended() || want != nil && !want(c) {
			continue
		}
		x := due{c: c}
		if x.deadline, x.has, err = d.of(ctx, c); err != nil {
			return nil, "", err
		}
		if x.place() > after {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b due) int { return strings.Compare(a.place(), b.place()) })
	if len(list) > size {
		list = list[:size]
		next = base64.RawURLEncoding.EncodeToString([]byte(list[size-1].place()))
	}
	return list, next, nil
}

// ended is a page of the cases that came to their end, or never became one, newest
// first: what stands behind a queue.
func (s *Server) ended(ctx context.Context, f store.CaseFilter, want func(*casework.Case) bool) (page []due, next string, err error) {
	f.Statuses = slices.DeleteFunc(append([]casework.Status{casework.Refused, casework.Held}, casework.Statuses...), func(x casework.Status) bool {
		return !x.Ended() || len(f.Statuses) > 0 && !slices.Contains(f.Statuses, x)
	})
	if len(f.Statuses) == 0 {
		return nil, "", nil
	}
	found, next, err := s.page(ctx, f, want)
	for i := range found {
		page = append(page, due{c: &found[i]})
	}
	if next != "" {
		next = afterQueue + next
	}
	return page, next, err
}

// afterQueue begins the cursors of what stands behind a queue.
const afterQueue = "ended."

// placeOf reads the cursor of a queue.
func placeOf(text string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || text != "" && !strings.HasPrefix(string(raw), "due|") {
		return "", errCursor
	}
	return string(raw), nil
}
