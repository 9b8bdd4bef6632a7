package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// What comes after cases: people rate visits and complain, the county watches and
// issues cards, supervisors draw cases for inspection and appraise each month.

// secondSupervisor signs what the first one drafted, and inspects.
const secondSupervisor = "supervisor-2"

func (w *world) supervisors() (first, second identity.Actor) {
	hub := w.hub.node
	if _, err := hub.Staff(context.Background(), secondSupervisor); err != nil {
		hub.MustDo(w.county.Operator(), &ledger.StaffAddV1{Staff: secondSupervisor, Login: secondSupervisor, Name: "复核员", Division: storetest.Code, Roles: []identity.Role{identity.Supervisor}, PasswordHash: "x"})
	}
	return hub.Actor(identity.Supervisor), identity.Actor{Staff: secondSupervisor, Name: "复核员", Role: identity.Supervisor, Node: hub.ID()}
}

// voice is what an applicant says of a visit: one in twelve rates it, one in four
// hundred complains.
func (o *office) voice(c *casework.Case, visit string) {
	at := o.node.Division()
	if o.chance.IntN(12) == 0 {
		grades := []ledger.Grade{5, 5, 5, 5, 4, 4, 3, 2, 1}
		b := &ledger.RatingGiveV1{Case: c.ID, Occasion: visit, At: at, Institution: grades[o.chance.IntN(len(grades))], Means: ledger.RatedOnDevice}
		if _, err := o.record(o.node.System(), b, storetest.About{Scope: at}); err == nil {
			o.said.ratings++
		}
	}
	if o.chance.IntN(400) == 0 {
		prefix := "T" + o.node.Number(1)[:22]
		last, err := o.node.LastCounter(context.Background(), prefix)
		o.w.must(err, "counter")
		o.counters[prefix] = max(o.counters[prefix], last) + 1
		b := &ledger.ComplaintOpenV1{Number: "T" + o.node.Number(o.counters[prefix]), Type: ledger.Complaint, At: at, Case: c.ID, Text: "等候时间过长"}
		if _, err := o.record(o.node.System(), b, storetest.About{Scope: at}); err == nil {
			o.said.complaints++
		}
	}
}

// said counts what was said at an office.
type said struct{ ratings, complaints, intents, statements int }

// watch has the county look at the cases whose day has come, as its leading hub
// does by itself, and issue cards.
func (w *world) watch(now time.Time) {
	ctx, hub := context.Background(), w.hub.node
	at := supervision.Defaults.MomentAt(now)
	var after store.Look
	for {
		const page = 500
		due, err := hub.LooksDue(ctx, at.Today, after, page)
		w.must(err, "looks")
		var raws [][]byte
		for _, l := range due {
			raws = append(raws, w.cards(ctx, l.Case, at)...)
		}
		if len(raws) > 0 {
			for _, r := range w.county.Propose(raws...) {
				if r.Outcome != ledger.Applied {
					w.must(fmt.Errorf("%s %s", r.Code, r.EN), "card")
				}
				w.issued = append(w.issued, r.ID)
			}
		}
		if len(due) < page {
			return
		}
		after = due[len(due)-1]
	}
}

func (w *world) cards(ctx context.Context, id string, at supervision.Moment) (raws [][]byte) {
	hub := w.hub.node
	c, err := hub.Case(ctx, id)
	w.must(err, "case that is looked at")
	item := w.shelf.item(c.Item, c.ItemVersion)
	known, err := hub.CardsOf(ctx, id)
	w.must(err, "cards")
	seen, err := hub.SeenRules(ctx, id)
	w.must(err, "rules")
	limits, err := c.Limits(item, w.days)
	w.must(err, "limits of "+id)
	found, err := supervision.Look(c, limits, w.days, at, supervision.Defaults, known, seen...)
	w.must(err, "look at "+id)
	cards, err := supervision.Issue(id, found, known, w.days, at.Today, supervision.Defaults, nil)
	w.must(err, "cards of "+id)
	for _, card := range cards {
		desk, did := supervision.DeskOf(c, card.Rule)
		body := &ledger.CardIssueV1{Rule: string(card.Rule), Colour: string(card.Colour), Due: card.Due, On: card.On, AnswerBy: card.AnswerBy, Desk: desk,
			Handler: ledger.NamedPerson{Staff: did.Staff, Name: did.Name}}
		raws = append(raws, hub.Raw(hub.Entry(0, hub.System(), body, storetest.About{ID: card.ID, Case: id, Scope: desk.Division})))
	}
	return raws
}

// inspect draws cases of a quarter, and has those of the draw before inspected,
// whose seed is there by now. One in five has a fault.
func (w *world) inspect(day time.Time) {
	ctx, hub := context.Background(), w.hub.node
	first, second := w.supervisors()
	if w.draw != "" {
		s, err := hub.Sample(ctx, w.draw)
		w.must(err, "draw")
		all, err := hub.Population(ctx, w.draw)
		w.must(err, "population")
		tree, err := hub.Tree(ctx, s.Size)
		w.must(err, "seed")
		for _, i := range sampling.Draw([32]byte(tree.Hash), s.Rule.Permille, s.Rule.Least, all) {
			b := &ledger.SampleReviewV1{Draw: w.draw, Case: all[i].Case}
			fault := w.chance.IntN(5) == 0
			for k, check := range sampling.Checks {
				p := ledger.SamplePoint{Check: check.Code, Result: ledger.PointOK}
				if fault && k == 0 {
					p.Result, p.Note = ledger.PointFault, "凭证缺页"
				}
				b.Points = append(b.Points, p)
			}
			hub.MustDo(second, b)
			w.inspected++
		}
	}
	to := calendar.DateOf(day).AddDays(-1)
	r, err := hub.Do(first, &ledger.SampleDrawV1{From: calendar.DateOf(day.AddDate(0, -1, 0)), To: to, By: "department", Permille: 10, Least: 1, After: 20, Reason: "月度抽查"}, storetest.About{})
	w.must(err, "draw")
	w.draw = r.ID
}

// appraise drafts, signs and publishes the month before.
func (w *world) appraise(day time.Time) {
	ctx, hub := context.Background(), w.hub.node
	first, second := w.supervisors()
	month := appraisal.MonthOf(day.AddDate(0, 0, -1).UnixMilli())
	_, _, hash, err := hub.Appraise(ctx, month)
	w.must(err, "appraisal of "+month)
	hub.MustDo(first, &ledger.AppraisalDraftV1{Month: month, Edition: 1, Hash: hash})
	hub.MustDo(second, &ledger.AppraisalSignV1{Month: month, Edition: 1, Hash: hash})
	x, err := hub.Appraisal(ctx, month, 1)
	w.must(err, "appraisal of "+month)
	hub.MustDo(first, &ledger.AppraisalPublishV1{Month: month, Edition: 1, Hash: hash, Criteria: x.Card.Offices, Offices: x.Offices()})
	var raws [][]byte
	for _, d := range x.Divisions() {
		raws = append(raws, hub.Raw(hub.Entry(0, hub.System(), &ledger.AppraisalResultV1{Month: month, Edition: 1, Division: d, Criteria: x.Card.Persons, Persons: x.Persons(d)},
			storetest.About{ID: appraisal.ResultID(month, 1, d), Scope: d})))
	}
	for _, r := range w.county.Propose(raws...) {
		if r.Outcome != ledger.Applied {
			w.must(fmt.Errorf("%s %s", r.Code, r.EN), "result")
		}
	}
	w.appraised++
}

// afterwards holds what came after cases against what offices and the county were
// told: every card, rating and complaint is there, once.
func (w *world) afterwards(ctx context.Context, a *account) error {
	for _, o := range append([]*office{w.hub}, w.below...) {
		a.Ratings += o.said.ratings
		a.Complaints += o.said.complaints
		a.Intents += o.said.intents
		a.Statements += o.said.statements
	}
	a.Cards, a.Inspected, a.Appraised = len(w.issued), w.inspected, w.appraised
	for _, id := range w.issued {
		if _, err := w.hub.node.Card(ctx, id); err != nil {
			a.lost("card %s: %v", id, err)
		}
	}
	figures, err := w.hub.node.RatingFigures(ctx, store.OfficeFilter{}, false)
	if err != nil {
		return err
	}
	rated := 0
	for _, f := range figures {
		rated += int(f.Rated)
	}
	complaints, err := w.hub.node.Complaints(ctx, store.OfficeFilter{Limit: 1 << 30}, "")
	if err != nil {
		return err
	}
	switch {
	case rated > a.Ratings || len(complaints) > a.Complaints:
		a.duplicated("%d ratings and %d complaints at the county, %d and %d were given", rated, len(complaints), a.Ratings, a.Complaints)
	case rated < a.Ratings-a.Refused-len(w.refusedVisits(ctx)) || len(complaints) < a.Complaints:
		a.lost("%d ratings and %d complaints at the county, %d and %d were given", rated, len(complaints), a.Ratings, a.Complaints)
	}
	return nil
}

// refusedVisits are the ratings that the county refused, since the visit was.
func (w *world) refusedVisits(ctx context.Context) (ids []string) {
	list, err := w.hub.node.AttentionList(ctx, storetest.Code, true)
	w.must(err, "attention")
	for _, x := range list {
		if e, err := w.hub.node.Store.Entry(ctx, x.Entry); err == nil && e.Kind == ledger.RatingGive {
			ids = append(ids, x.Entry)
		}
	}
	return ids
}
