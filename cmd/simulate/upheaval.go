package main

import (
	"context"
	"slices"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// upheaval is what disturbs the ordinary course: a new edition of the catalog
// each quarter, a village worker dismissed each month while the line is down,
// who works on without knowing, and comes back to order a week after.
func (w *world) upheaval(day time.Time, hour time.Duration) {
	if hour != ticks[0] {
		return
	}
	if day.Day() <= 7 && day.Weekday() == time.Thursday && day.Month()%3 == 1 && day.Month() > 1 {
		w.publish()
	}
	if day.Weekday() == time.Tuesday && day.Day() <= 7 {
		w.dismiss()
	}
	for _, o := range w.below {
		if o.idle != 0 && w.tick > o.idle+7*len(ticks) && o.downUntil <= w.tick {
			w.reinstate(o)
		}
	}
	if day.Weekday() == time.Monday {
		for _, o := range append([]*office{w.hub}, w.below...) {
			o.sweep()
		}
		w.deliver()
	}
}

// publish makes an edition in which five items read otherwise and one is
// withdrawn.
func (w *world) publish() {
	codes := make([]string, 0, len(w.shelf.versions))
	for code := range w.shelf.versions {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	w.chance.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
	w.edition++
	var entries []catalog.EditionItem
	for _, code := range codes[:min(5, len(codes))] {
		versions := w.shelf.versions[code]
		item := versions[len(versions)-1]
		item.Name += "（修订）"
		w.shelf.versions[code] = append(versions, item)
		w.county.ApproveItem(item, len(versions)+1)
		entries = append(entries, catalog.EditionItem{Code: code, Version: len(versions) + 1})
	}
	last := codes[len(codes)-1]
	entries = append(entries, catalog.EditionItem{Code: last, Version: len(w.shelf.versions[last]), Withdrawn: true})
	w.county.Publish(w.edition, entries...)
}

// dismiss takes his rights from the worker of a village that cannot hear it.
func (w *world) dismiss() {
	for _, o := range w.below {
		if o.tier == node.Village && o.idle == 0 && o.downUntil > w.tick+len(ticks) {
			w.disable(o, true)
			o.idle = w.tick
			return
		}
	}
}

// reinstate lets a worker work again, who then hands in anew what was refused.
func (w *world) reinstate(o *office) {
	w.disable(o, false)
	o.push(w.hub)
	o.node.Pull(w.hub.node)
	o.idle = 0
	o.correct()
	o.sweep()
}

func (w *world) disable(o *office, disabled bool) {
	w.hub.node.MustDo(w.county.Operator(), &ledger.StaffDisableV1{Staff: o.people[identity.VillageWorker][""].Staff, Disabled: disabled, Reason: "考勤"})
}

// correct hands in again, and names, each hand-in that was refused.
func (o *office) correct() {
	ctx := context.Background()
	list, err := o.node.AttentionList(ctx, o.node.Division(), false)
	o.w.must(err, "attention at "+o.node.ID())
	for _, a := range list {
		e, err := o.node.Store.Entry(ctx, a.Entry)
		o.w.must(err, "entry that was refused")
		if e.Kind != ledger.CaseSubmit || o.corrected[a.Entry] {
			continue
		}
		body, err := e.Decode()
		o.w.must(err, "entry that was refused")
		b, ok := body.(*ledger.CaseSubmitV1)
		if !ok || o.node.Division() != b.HandedInAt {
			continue
		}
		again := *b
		again.Corrects, again.Lacking = a.Entry, b.Lacking
		o.handIn(&again)
	}
}
