package store

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// checkDeemed holds a deemed acceptance against the calendar of the ledger. A
// clock that is ahead makes no day pass sooner: the earlier of the entry's time
// and of its recording counts. Where the node itself accepts, it names who owed
// the notice: whoever took the papers in.
func (a *applier) checkDeemed(c *casework.Case, e *ledger.Entry, b *ledger.CaseAcceptV1) error {
	days, err := a.workingDays()
	if err != nil {
		return err
	}
	if err := c.CheckDeemed(days, min(e.OccurredAt-e.SkewMS, a.now)); err != nil {
		return err
	}
	want := identity.Actor{}
	if system(e.Actor) {
		submitted, err := a.entry(c.OpenedBy())
		if err != nil {
			return err
		}
		want = casework.Answerable(submitted.Actor)
	}
	if b.Answerable != want {
		return refuse("answerable", "视为受理的责任人与收件人不符", "whoever is answerable for the missing notice is not who took the papers in")
	}
	return nil
}

// workingDays is the calendar of the state as it is.
func (a *applier) workingDays() (*calendar.Calendar, error) {
	if a.s.watching.days != nil {
		return a.s.watching.days, nil
	}
	var text string
	err := a.w.row(a.ctx, `SELECT '[' || coalesce(group_concat(body, ','), '') || ']' FROM (SELECT body FROM calendar_years ORDER BY year)`).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, storage("read calendar", err)
	}
	var years []calendar.Year
	if err := json.Unmarshal([]byte(text), &years); err != nil {
		return nil, storage("read calendar", err)
	}
	days, err := calendar.New(years)
	if err != nil {
		return nil, storage("read calendar", err)
	}
	a.s.watching.days = days
	return days, nil
}
