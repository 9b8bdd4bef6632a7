package feed

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// The county has less than this node: no fault while a hub may be catching up
// or another has it all, then a fault that stands until the county proves that
// its ledger is the one known here.
func TestSetback(t *testing.T) {
	r := newRealm(t)
	ctx := context.Background()
	clock := newManual(storetest.Beginning)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	st := replica(t, r.Village(villageA))
	head := mustHead(t, r.Hub().Store)
	up := countyUp(t, url, st)
	first, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{up}})
	reaches(t, st, head)
	eventually(t, "the checkpoint", func() bool { return first.Status().Checkpoint == head })
	stop()
	f := NewFollower(st, FollowerOptions{Upstreams: []Upstream{up}, Trust: r.keys.Trust, Clock: clock})
	if err := f.witness.load(ctx); err != nil {
		t.Fatal(err)
	}
	c := &connection{f: f, up: up, at: head}
	behind := &heartbeat{Head: head - 1}
	look := func(hb *heartbeat) {
		t.Helper()
		if err := c.lookBack(ctx, hb, clock.Now()); err != nil {
			t.Fatal(err)
		}
	}

	look(behind)
	clock.Advance(f.o.Grace)
	look(behind)
	if f.WentBack() {
		t.Error("a fault though the county has it all")
	}
	look(&heartbeat{Head: head})
	if f.setback.open() {
		t.Error("not over when the hub has caught up")
	}

	c.at = head + 2
	look(behind)
	clock.Advance(f.o.Grace - time.Second)
	look(behind)
	if f.WentBack() || f.Status().LastError != nil {
		t.Error("a fault within the time a hub may take")
	}
	if err := c.settled(ctx); err != nil {
		t.Errorf("entries of the ledger known here are not taken: %v", err)
	}
	look(behind)
	clock.Advance(f.o.Grace)
	look(behind)
	if s := f.Status(); !f.WentBack() || s.LastError == nil || s.LastError.Code != "county_went_back" || !f.Sighting().WentBack {
		t.Fatalf("no fault: %+v", s)
	}
	if raw, err := st.Setting(ctx, EvidenceKey+"setback"); err != nil || raw == "" {
		t.Errorf("evidence %q, %v", raw, err)
	}
	r.change(2)
	look(&heartbeat{Head: mustHead(t, r.Hub().Store)})
	if f.WentBack() || f.Status().LastError != nil {
		t.Errorf("the fault stands though the ledger is the same: %+v", f.Status().LastError)
	}
}

// A county that has as much again, but not what this node knows, is found out
// before any of it is taken.
func TestSetbackIntoAnotherLedger(t *testing.T) {
	honest, restored := newRealm(t), newRealm(t)
	ctx := context.Background()
	village := honest.Village(villageA)
	restored.Village(villageA)
	_, url := serve(t, honest.Hub().Store, ServerOptions{County: honest.ledger(RealClock{})})
	_, other := serve(t, restored.Hub().Store, ServerOptions{County: restored.ledger(RealClock{})})
	st := replica(t, village)
	_, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}})
	honest.Hub().MustDo(honest.Operator(), &ledger.NodeRenameV1{Node: village.ID(), Name: "原名"})
	reaches(t, st, mustHead(t, honest.Hub().Store))
	stop()
	for _, name := range []string{"恢复之后", "又改"} {
		restored.Hub().MustDo(restored.Operator(), &ledger.NodeRenameV1{Node: village.ID(), Name: name})
	}
	up := countyUp(t, other, st)
	f := NewFollower(st, FollowerOptions{Upstreams: []Upstream{up}, Trust: honest.keys.Trust})
	f.setback.begin(time.Now()) // it had less; and no checkpoint is left to compare
	c := &connection{f: f, up: up, at: mustCursor(t, st)}
	if err := c.settled(ctx); !errors.Is(err, ErrRewritten) || !f.isBlocked(up.Name) {
		t.Errorf("got %v, blocked %v", err, f.isBlocked(up.Name))
	}
	if raw, err := st.Setting(ctx, EvidenceKey+"record"); err != nil || raw == "" {
		t.Errorf("evidence %q, %v", raw, err)
	}
	away := up
	away.BaseURL = "http://127.0.0.1:1"
	f = NewFollower(st, FollowerOptions{Upstreams: []Upstream{away, {Name: "town", Tier: node.Township}}, Trust: honest.keys.Trust})
	f.setback.begin(time.Now())
	c = &connection{f: f, up: away, at: mustCursor(t, st)}
	if err := c.settled(ctx); !errors.Is(err, ErrTrouble) {
		t.Errorf("with nobody to prove it: %v", err)
	}
}
