package federation_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// What a township accepted in time comes to the county days later, for its line was
// down: the department that has it now got no part of the time, and its card counts
// against nobody. A case that came in time and lay there counts as before.
//
// Rules: 5.11.
func TestLineDownOnTheWayCountsAgainstNobody(t *testing.T) {
	const item = "TB-MZJ-004" // handed in at the township: it accepts and pre-reviews, the county decides
	f := federationtest.New(t, federationtest.Config{})
	hub, town := f.Hub(), f.Township(0)
	prompt := f.Submit(town, item)
	f.Act(town, prompt.ID, ledger.VerbAccept)
	f.Act(town, prompt.ID, ledger.VerbPreReview)
	f.Confirmed(town)
	f.Cut(town.ID, "*")
	late := f.Submit(town, item)
	f.Act(town, late.ID, ledger.VerbAccept)
	f.Act(town, late.ID, ledger.VerbPreReview)
	f.Advance(8 * 24 * time.Hour) // the promise is five working days
	f.HealAll()
	for id, excused := range map[string]bool{prompt.ID: false, late.ID: true} {
		var card *supervision.Card
		f.Eventually("a card", func() bool {
			f.Advance(11 * time.Second)
			card = hasCard(t, hub, id, supervision.PromisePassed)
			return card != nil
		})
		if card.Desk.Division != federationtest.Code || card.Excused != excused || excused && (card.Against() != "" || card.LineDown < 5*8*60) {
			t.Errorf("excused: %v, want %v: %+v", card.Excused, excused, card)
		}
	}
}
