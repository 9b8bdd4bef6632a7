package federation

import (
	"context"
	"slices"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/ledger"
)

// What an appraisal says of persons goes to their own office and to nobody else:
// once it is published, the hub that leads records it office by office. Whichever
// hub takes over in the middle records the rest, for the id of each derives from
// month, edition and division.

// appraisalsWatched are the last published editions that are looked after.
const appraisalsWatched = 24

// results sends what was published of persons to the offices that do not have it.
func (w *watch) results(ctx context.Context) error {
	published, err := w.n.Store.AppraisalsPublished(ctx, appraisalsWatched)
	if err != nil {
		return err
	}
	for _, e := range published {
		key := appraisalDone{e.Month, e.Edition}
		if w.appraised[key] {
			continue
		}
		sent, err := w.n.Store.ResultsSent(ctx, e.Month, e.Edition)
		if err != nil {
			return err
		}
		x, err := w.n.Store.Appraisal(ctx, e.Month, e.Edition)
		if err != nil {
			return err
		}
		var actions []Action
		for _, d := range x.Divisions() {
			if !slices.Contains(sent, d) {
				actions = append(actions, Action{Kind: ledger.AppraisalResult, Key: appraisal.ResultID(e.Month, e.Edition, d),
					Body: &ledger.AppraisalResultV1{Month: e.Month, Edition: e.Edition, Division: d, Criteria: x.Card.Persons, Persons: x.Persons(d)}})
			}
		}
		if _, err := w.record(ctx, actions); err != nil {
			return err
		}
		w.appraised[key] = true
	}
	return nil
}

type appraisalDone struct {
	month   string
	edition int
}
