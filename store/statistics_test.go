package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/statistics"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// recounted fails unless a node's counts, and what else it keeps about cases, are
// what its cases make.
func recounted(t storetest.TB, n *storetest.Node) {
	t.Helper()
	kept := storetest.Dump(t, n.Store, "statistics", "workload")
	if err := store.CountAnew(ctx, n.Store); err != nil {
		t.Fatalf("%s: %v", n.ID(), err)
	}
	if anew := storetest.Dump(t, n.Store, "statistics", "workload"); anew != kept {
		t.Fatalf("%s keeps other counts than its cases make:\n%s\ncounted anew:\n%s", n.ID(), kept, anew)
	}
	strays, err := store.Strays(ctx, n.Store)
	if err != nil || len(strays) > 0 {
		t.Fatalf("%s: %v, %s", n.ID(), err, strings.Join(strays, "\n"))
	}
}

// Cases are counted where and when things happened, by all groupings alike, on
// every node; a calendar that changes counts anew what it concerns.
func TestStatistics(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	promised := calendar.DateOf(c.Clock.Now()).AddDays(7)
	accept := &ledger.CaseAcceptV1{Dues: ledger.Dues{Promised: promised, Statutory: promised}}
	var ids []string
	for range 3 {
		ids = append(ids, village.Submit(birth).ID)
	}
	hub.Submit(welfare)
	// The first is accepted today and decided in time, the second too late, the
	// third refused acceptance.
	c.Settle()
	finish := func(id string, wait time.Duration) {
		for !hub.MustCase(id).Status.Ended() {
			for _, n := range []*storetest.Node{village, townNode, hub} {
				x := n.MustCase(id)
				step, open := x.Current()
				if x.Holder != n.Division() || !open {
					continue
				}
				if step.Verb == ledger.VerbAccept {
					n.MustStep(id, accept)
				} else {
					if step.Verb == ledger.VerbDecide {
						c.Clock.Advance(wait)
					}
					n.Advance(id)
				}
				c.Settle()
			}
		}
	}
	finish(ids[0], 24*time.Hour)
	finish(ids[1], 14*24*time.Hour)
	get := func(n *storetest.Node, f store.StatisticsFilter) map[string]statistics.Cell {
		t.Helper()
		rows, err := n.Statistics(ctx, f)
		must(t, err)
		all := map[string]statistics.Cell{}
		for _, r := range rows {
			all[r.Key] = r.Cell
		}
		return all
	}
	total := get(hub, store.StatisticsFilter{})[""]
	if total.HandedIn != 4 || total.TakenUp < 2 || total.Granted != 2 || total.OnTime != 1 || total.Overdue != 1 || total.Timed != 2 || total.Papers == 0 {
		t.Errorf("all: %+v", total)
	}
	for _, by := range []store.Grouping{store.ByMonth, store.ByItem, store.ByDepartment, store.ByDivision, store.ByTier, store.ByChannel} {
		for _, f := range []store.StatisticsFilter{{By: by}, {By: by, Within: here}, {By: by, Item: birth}, {By: by, Within: town, Item: birth}} {
			var sum statistics.Cell
			for _, cell := range get(hub, f) {
				sum.Add(&cell, 1)
			}
			f.By = store.ByAll
			if whole := get(hub, f)[""]; !reflect.DeepEqual(sum, whole) {
				t.Errorf("by %q of %+v: %+v, whole %+v", by, f, sum, whole)
			}
		}
	}
	if months := get(hub, store.StatisticsFilter{By: store.ByMonth}); months["2026-11"].HandedIn != 4 || months["2026-12"].Granted != 1 {
		t.Errorf("%+v", months)
	}
	if one := get(hub, store.StatisticsFilter{From: "2026-12"})[""]; one.HandedIn != 0 || one.Granted != 1 {
		t.Errorf("from December: %+v", one)
	}
	mine := get(village, store.StatisticsFilter{Within: here})[""]
	if theirs := get(hub, store.StatisticsFilter{Within: here})[""]; !reflect.DeepEqual(mine, theirs) {
		t.Errorf("the village counts %+v, the county of it %+v", mine, theirs)
	}
	for _, n := range []*storetest.Node{village, townNode, hub} {
		recounted(t, n)
	}

	// The first working day after the first acceptance becomes a holiday.
	years, err := hub.CalendarYears(ctx)
	must(t, err)
	for i, y := range years {
		if y.Year == 2026 {
			day := calendar.DateOf(storetest.Beginning).AddDays(1)
			years[i].Holidays = append(years[i].Holidays, day)
			years[i].Names = append(years[i].Names, calendar.DayName{Date: day, Name: "放假"})
		}
	}
	before := get(hub, store.StatisticsFilter{})[""]
	hub.MustDo(c.Operator(), &ledger.CalendarImportV1{Years: years})
	c.Settle()
	after := get(hub, store.StatisticsFilter{})[""]
	if after.Days != before.Days-1 {
		t.Errorf("%d working days before the holiday came, %d after", before.Days, after.Days)
	}
	for _, n := range []*storetest.Node{village, townNode, hub} {
		recounted(t, n)
	}
}

// A case that the county refuses is not counted any more.
func TestRefusedIsNotCounted(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	village.Submit(birth)
	c.Hub().MustDo(c.Operator(), &ledger.NodeRevokeV1{Node: village.ID(), At: c.Clock.UnixMilli() - 1, Reason: "遗失"})
	village.Push(c.Hub())
	village.Pull(c.Hub())
	for _, n := range []*storetest.Node{village, c.Hub()} {
		rows, err := n.Statistics(ctx, store.StatisticsFilter{})
		must(t, err)
		if len(rows) != 0 && rows[0].HandedIn != 0 {
			t.Errorf("%s counts %+v", n.ID(), rows)
		}
		recounted(t, n)
	}
}

// Items in force over time: what is withdrawn is cut.
func TestCatalogChanges(t *testing.T) {
	c := storetest.NewCounty(t)
	at := c.Clock.UnixMilli()
	c.Publish(2, catalog.EditionItem{Code: birth, Version: 1, Withdrawn: true})
	got, err := c.Hub().CatalogChanges(ctx, at+1)
	must(t, err)
	if len(got) != 2 || got[0].InForce != 6 || got[0].Added != 6 || got[1].InForce != 5 || got[1].Cut != 1 {
		t.Errorf("%+v", got)
	}
	c = storetest.NewCounty(t) // a package is a way through several items and none itself
	c.OfferPackage()
	got, err = c.Hub().CatalogChanges(ctx, c.Clock.UnixMilli()+1)
	must(t, err)
	if len(got) != 2 || got[1].InForce != 6 || got[1].Added != 0 || got[1].Cut != 0 {
		t.Errorf("with a package: %+v", got)
	}
}
