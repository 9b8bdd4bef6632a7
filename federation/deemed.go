package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The law takes a case for accepted when nobody told in time what it lacks
// (casework.Deem). The node that holds the case says so, in an entry of its own,
// on the day after the limit: below the county that is one node, at the county
// the hub that leads. Two leaders that follow each other make the same entry of
// it, and the chain of the case takes but one acceptance.
//
// The day is read from the clock here, once, and stands in the entry; what is
// applied is held against it (store.checkDeemed).

// deemEvery is between two looks; a day begins within it.
const deemEvery = time.Minute

// deemUntold looks after the cases this node holds.
func (n *Node) deemUntold(ctx context.Context) {
	said := ""
	for {
		problem := ""
		if err := n.deem(ctx); err != nil {
			problem = err.Error()
		}
		if problem != "" && problem != said && ctx.Err() == nil {
			n.log.Warn("cases that count as accepted could not be recorded as such", "error", problem)
		}
		said = problem
		select {
		case <-ctx.Done():
			return
		case <-n.after(n.deemEvery):
		}
	}
}

// deem accepts every case whose notice is late today. One that does not go, as
// when somebody has just told the applicant, keeps no other back.
func (n *Node) deem(ctx context.Context) error {
	if n.hub != nil && !n.hub.Leading() {
		return nil
	}
	if _, cast := n.Revocation(); cast {
		return nil
	}
	years, err := n.Store.CalendarYears(ctx)
	if err != nil || len(years) == 0 {
		return err
	}
	days, err := calendar.New(years)
	if err != nil {
		return err
	}
	today := calendar.DateOf(n.now().Add(-time.Duration(n.markedSkew()) * time.Millisecond))
	before, err := casework.UntoldBefore(days, today)
	if err != nil {
		return err
	}
	ids, err := n.Store.Untold(ctx, n.self.Division, before.Midnight().UnixMilli())
	if err != nil {
		return err
	}
	var problems []error
	for _, id := range ids {
		if err := n.deemOne(ctx, id, days, today); err != nil {
			problems = append(problems, fmt.Errorf("case %s: %w", id, err))
		}
	}
	return errors.Join(problems...)
}

func (n *Node) deemOne(ctx context.Context, id string, days *calendar.Calendar, today calendar.Date) error {
	c, err := n.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	item, err := n.Store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return err
	}
	submitted, err := n.Store.Entry(ctx, c.OpenedBy())
	if err != nil {
		return err
	}
	body, err := n.deemed(ctx, c, &item.Item, days, today, casework.Answerable(submitted.Actor))
	if err != nil || body == nil {
		return err
	}
	// The day is in the key: what the county refused because a clock was ahead is
	// said again when the day has come.
	_, err = n.Record(ctx, Action{Actor: identity.Actor{Staff: "system", Name: "系统", Role: identity.System}, Kind: ledger.CaseAccept,
		Body: body, Case: c.ID, Prev: c.Head, Key: "deemed " + c.ID + " " + today.Compact()})
	var no *store.Refused
	if errors.As(err, &no) && (no.Code == "stale" || no.Code == "accepted" || no.Code == "told_in_time" || no.Code == "not_holder" || no.Code == "withdrawal_asked") {
		return nil // somebody was first, or the applicant gave it up
	}
	return err
}

// deemed is the acceptance that the law makes of a case; of one that is part of a
// joint matter with the dates of the whole.
func (n *Node) deemed(ctx context.Context, c *casework.Case, item *catalog.Item, days *calendar.Calendar, today calendar.Date, answerable identity.Actor) (*ledger.CaseAcceptV1, error) {
	if c.Package == nil {
		return c.Deem(item, days, today, answerable)
	}
	whole, err := n.Store.Joint(ctx, c.Package.ID)
	if err != nil {
		return nil, err
	}
	members, err := n.Store.JointMembers(ctx, whole)
	if err != nil {
		return nil, err
	}
	return whole.Deem(members, c, item, days, today, answerable)
}
