package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// What is announced for next month delays nothing: an item is withdrawn and
// another published meanwhile, at once, at all tiers, and the announced edition
// comes at its time on top of that, also where the line is down.
func TestAnAnnouncedEditionDelaysNothing(t *testing.T) {
	c := storetest.NewCounty(t)
	village, cut := c.Village(here), c.Village(next)
	c.ApproveItem(c.Item(welfare), 2)
	c.ApproveItem(c.Item(birth), 2)
	month := c.Clock.UnixMilli() + 30*24*time.Hour.Milliseconds()
	publish := func(number int, from int64, items ...catalog.EditionItem) error {
		_, err := c.Hub().Do(c.Operator(), &ledger.EditionPublishV1{Edition: catalog.Edition{Number: number, EffectiveFrom: from, Entries: items}}, storetest.About{})
		return err
	}
	in := func(n *storetest.Node, code string, at int64) int {
		t.Helper()
		v, err := n.ItemInForce(ctx, code, at)
		if errors.Is(err, store.ErrNotFound) {
			return 0
		}
		must(t, err)
		all, err := n.ItemsInForce(ctx, at)
		must(t, err)
		for _, i := range all {
			if i.Code == code && i.Version == v.Version {
				return v.Version
			}
		}
		t.Errorf("%s version %d is not among all in force at %d", code, v.Version, at)
		return v.Version
	}
	must(t, publish(2, month, catalog.EditionItem{Code: birth, Version: 2}))
	c.Settle()
	cut.Pull(c.Hub()) // and hears nothing more

	now := c.Clock.UnixMilli()
	must(t, publish(3, now, catalog.EditionItem{Code: welfare, Version: 1, Withdrawn: true}))
	village.Pull(c.Hub())
	for _, n := range []*storetest.Node{c.Hub(), village} {
		if got := in(n, welfare, now); got != 0 {
			t.Errorf("%s: version %d of the withdrawn item is in force", n.ID(), got)
		}
	}
	if _, err := village.TrySubmit(welfare); err == nil {
		t.Error("a withdrawn item takes cases in")
	}
	must(t, publish(4, now+1, catalog.EditionItem{Code: welfare, Version: 2}))
	village.Pull(c.Hub())
	for _, n := range []*storetest.Node{c.Hub(), village, cut} {
		if in(n, birth, month-1) != 1 || in(n, birth, month) != 2 {
			t.Errorf("%s: the announced edition does not come at its time", n.ID())
		}
	}
	if in(village, welfare, month) != 2 || in(c.Hub(), welfare, now+1) != 2 {
		t.Error("the announced edition touches what it does not name")
	}
	c.Clock.Advance(time.Minute)
	wantRefused(t, "before what is in force", publish(5, now, catalog.EditionItem{Code: welfare, Version: 1}), "edition_date")
}

// An edition can be cancelled until it takes effect; everybody who hears of it
// knows, and what it named can be published again.
func TestCancelEdition(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	c.ApproveItem(c.Item(welfare), 2)
	from := c.Clock.UnixMilli() + time.Hour.Milliseconds()
	second := catalog.EditionItem{Code: welfare, Version: 2}
	publish := func(number int, from int64) {
		t.Helper()
		c.Hub().MustDo(c.Operator(), &ledger.EditionPublishV1{Edition: catalog.Edition{Number: number, EffectiveFrom: from, Entries: []catalog.EditionItem{second}}})
	}
	cancel := func(number int) error {
		_, err := c.Hub().Do(c.Operator(), &ledger.EditionCancelV1{Number: number, Reason: "政策暂缓实施"}, storetest.About{})
		return err
	}
	publish(2, from)
	village.Pull(c.Hub())
	wantRefused(t, "unknown", cancel(9), "edition_unknown")
	wantRefused(t, "in force", cancel(1), "edition_in_force")
	must(t, cancel(2))
	wantRefused(t, "again", cancel(2), "edition_cancelled")
	village.Pull(c.Hub())
	for _, n := range []*storetest.Node{c.Hub(), village} {
		if v, err := n.ItemInForce(ctx, welfare, from); err != nil || v.Version != 1 {
			t.Errorf("%s: %+v, %v", n.ID(), v, err)
		}
		all, err := n.Editions(ctx)
		if err != nil || len(all) != 2 || all[0].CancelledAt != 0 || all[1].CancelledAt == 0 {
			t.Errorf("%s: %+v, %v", n.ID(), all, err)
		}
	}
	c.Clock.Advance(2 * time.Hour)
	village.Submit(welfare)
	publish(3, c.Clock.UnixMilli())
	wantRefused(t, "too late", cancel(3), "edition_in_force")
	c.Settle()
	if v, err := village.ItemInForce(ctx, welfare, c.Clock.UnixMilli()); err != nil || v.Version != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}
