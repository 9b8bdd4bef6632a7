package store_test

import (
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A catalog is approved as a whole or not at all.
func TestTogetherAllOrNone(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	draft := func(code string, promise int) *ledger.ItemDraftV1 {
		item := c.Item(code)
		item.Remarks, item.PromisedWorkingDays = "下一版", promise
		return &ledger.ItemDraftV1{Code: code, Version: 2, Hash: catalog.Hash(item), Item: catalog.Canonical(item)}
	}
	good, bad := hub.Entry(0, c.Operator(), draft(welfare, 5), storetest.About{Scope: "330523"}), hub.Entry(0, c.Operator(), draft(chronic, 50), storetest.About{Scope: "330523"})
	propose := func(entries ...ledger.Entry) []store.Result {
		t.Helper()
		p := store.Proposal{RaftIndex: hub.Store.Applied() + 1, At: c.Clock.UnixMilli(), Together: true}
		for _, e := range entries {
			p.Entries = append(p.Entries, hub.Raw(e))
		}
		results, err := hub.Store.Commit(ctx, []store.Proposal{p})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}

	before := storetest.Dump(t, hub.Store, "entries", "items", "audience")
	results := propose(good, bad)
	if results[0].Status != store.Rejected || results[0].Code != "together" || results[1].Status != store.Rejected || results[1].Code != "item_faults" {
		t.Errorf("results %+v", results)
	}
	if after := storetest.Dump(t, hub.Store, "entries", "items", "audience"); after != before {
		t.Errorf("a refused batch left something behind:\n%s", after)
	}

	if results := propose(good); results[0].Status != store.Recorded {
		t.Errorf("the good one alone: %+v", results[0])
	}
	if _, err := hub.Store.Item(ctx, welfare, 2); err != nil {
		t.Errorf("its draft: %v", err)
	}
	head, err := hub.Store.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if tree, err := hub.Store.Tree(ctx, head); err != nil || tree.N != int64(head) {
		t.Errorf("tree of %d: %v", tree.N, err)
	}
}
