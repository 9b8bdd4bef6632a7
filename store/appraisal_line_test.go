package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store/storetest"
)

// The hours a line was down count against nobody: a case that was late for them alone
// is in time in the appraisal of everybody who had a hand in it and of their offices;
// one that was late for longer, or for anything else, is late.
//
// Rules: 5.11.
func TestLineDownIsNoMarkAgainstAnybody(t *testing.T) {
	w := newWatched(t)
	due := w.today.AddDays(1)
	var late []string
	for range 3 {
		c := w.village.Submit(birth)
		w.village.MustStep(c.ID, &ledger.CaseAcceptV1{Dues: ledger.Dues{Promised: due, Statutory: due}})
		late = append(late, c.ID)
	}
	w.Settle()
	w.Clock.Advance(72 * time.Hour)
	on := calendar.DateOf(w.Clock.Now())
	card := func(id string, rule supervision.Rule, colour supervision.Colour, excused bool) {
		b := w.issue()
		b.Rule, b.Colour, b.Due, b.On, b.AnswerBy = string(rule), string(colour), due, on, on.AddDays(2)
		if excused {
			b.Excused, b.LineDown, b.AnswerBy = true, 960, calendar.Date{}
		}
		w.hub.MustDo(w.system, b, storetest.About{ID: supervision.CardID(id, rule), Case: id, Scope: town})
	}
	card(late[0], supervision.PromisePassed, supervision.Yellow, true)
	card(late[1], supervision.PromisePassed, supervision.Yellow, false)
	card(late[2], supervision.PromisePassed, supervision.Yellow, true)
	card(late[2], supervision.StatutePassed, supervision.Red, false)
	for _, id := range late {
		w.through(id)
	}
	rows, _, _, err := w.hub.Appraise(ctx, november)
	must(t, err)
	seen := 0
	for _, r := range rows {
		of := r.Of == ledger.Appraised{Kind: "village", Division: here} || r.Of == ledger.Appraised{Kind: "township", Division: town} ||
			r.Of.Kind == "person" && (r.Of.Staff == w.leader.Staff || r.Of.Division == here)
		if !of {
			continue
		}
		seen++
		if f := r.Figures; f.OnTime != 1 || f.Overdue != 2 || f.Early != 0 {
			t.Errorf("%+v: %+v", r.Of, f)
		}
	}
	if seen != 4 {
		t.Errorf("%d of those who had a hand in it", seen)
	}
	again, _, _, err := w.hub.Appraise(ctx, november)
	must(t, err)
	card1, card2 := appraisal.Default, appraisal.Default
	a, _ := appraisal.Hash(rows, &card1)
	if b, _ := appraisal.Hash(again, &card2); a != b {
		t.Error("computed again, it is another")
	}
}
