package store_test

import (
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A village foresees what its township did, in the township's order, each
// entry once, and never as something to send; the county's word then stands.
func TestForesee(t *testing.T) {
	c := storetest.NewCounty(t)
	village, town := c.Village("330523110200"), c.Township("330523110")
	other := c.Village("330523110201")
	town.Pull(c.Hub())
	village.Pull(c.Hub())
	opened := village.Submit("TB-XZRZ-005")
	elsewhere := other.Submit("TB-XZRZ-005")
	for n, id := range map[*storetest.Node]string{village: opened.ID, other: elsewhere.ID} {
		for step, _ := n.MustCase(id).Current(); step.Tier == n.Credential.Tier; step, _ = n.MustCase(id).Current() {
			n.Advance(id)
		}
		n.Push(town)
	}
	town.Advance(elsewhere.ID)
	town.Advance(opened.ID)
	decided := town.Advance(opened.ID)

	raws, upTo, err := town.Unconfirmed(t.Context(), village.Division(), 0, 1<<20)
	if err != nil || len(raws) != 2 {
		t.Fatalf("%d entries for the village, want 2: %v", len(raws), err)
	}
	entries := make([]ledger.Entry, len(raws))
	for i, raw := range raws {
		if err := json.Unmarshal(raw, &entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	if none, again, err := town.Unconfirmed(t.Context(), village.Division(), upTo, 1<<20); err != nil || len(none) != 0 || again != upTo {
		t.Errorf("after the last there are %d more, up to %d of %d: %v", len(none), again, upTo, err)
	}
	if some, _, err := town.Unconfirmed(t.Context(), village.Division(), 0, 1); err != nil || len(some) != 1 {
		t.Errorf("%d entries in a small answer: %v", len(some), err)
	}

	foresee := func(want int, entries ...ledger.Entry) {
		t.Helper()
		if done, err := village.Foresee(t.Context(), entries); err != nil || done != want {
			t.Errorf("done with %d, want %d: %v", done, want, err)
		}
	}
	foresee(0, entries[1], entries[0]) // its previous one has not come
	foresee(2, entries...)
	before := storetest.Dump(t, village.Store)
	foresee(2, entries...)
	forged := entries[1]
	forged.ID, forged.Body = "another under the same number", json.RawMessage(`{}`)
	foresee(1, forged)
	stale := entries[1]
	stale.ID, stale.Seq = "follows what was followed already", stale.Seq+1
	foresee(1, stale)
	if after := storetest.Dump(t, village.Store); after != before {
		t.Error("repeats, forgeries or what does not fit changed the village's state")
	}
	got := village.MustCase(opened.ID)
	if got.Head != decided.Head || got.Status != casework.Issued {
		t.Errorf("the village has the case %s at %s", got.Status, got.Head)
	}
	if sending, err := village.Outbox(t.Context(), 0, nil, 100, 1<<20); err != nil {
		t.Fatal(err)
	} else {
		for _, e := range sending {
			if e.Origin != village.ID() {
				t.Errorf("the village would send %s/%d", e.Origin, e.Seq)
			}
		}
	}

	village.Advance(opened.ID)
	town.Push(c.Hub())
	c.Settle()
	for _, n := range []*storetest.Node{village, town, c.Hub()} {
		if got := n.MustCase(opened.ID); got.Status != casework.Closed {
			t.Errorf("at %s it is %s", n.ID(), got.Status)
		}
	}
	if count, err := village.Count(t.Context(), ""); err != nil || count.Waiting != 0 || count.Attention != 0 || count.Outbox != 0 {
		t.Errorf("%+v, %v", count, err)
	}
}
