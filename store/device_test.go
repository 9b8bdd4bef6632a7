package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const deviceID = "ABCDEFGHIJKLMNOPQRSTUVWX23"

// takenOut registers a device of a village's worker, as the node does: its half of
// the key and a login are kept there, the fact is in the ledger.
func takenOut(t *testing.T, village *storetest.Node) identity.Actor {
	t.Helper()
	worker := village.Actor(identity.VillageWorker)
	now := village.County.Clock.UnixMilli()
	must(t, village.AddDevice(ctx, store.Device{ID: deviceID, Staff: worker.Staff, Name: "平板", Key: []byte("half"), RegisteredAt: now}))
	must(t, village.StartSession(ctx, store.Session{ID: "login", Staff: worker.Staff, TokenHash: "h", CreatedAt: now, ExpiresAt: now + 1e9}))
	village.MustDo(worker, &ledger.DeviceRegisterV1{Device: deviceID, Staff: worker.Staff, Division: here, Name: "平板"})
	return worker
}

// deviceGone holds a device at its node against what it should be there.
func deviceGone(t *testing.T, village *storetest.Node, want bool) {
	t.Helper()
	_, err := village.ForgetRevokedDevices(ctx, village.County.Clock.UnixMilli())
	must(t, err)
	d, err := village.Device(ctx, deviceID)
	must(t, err)
	ended, err := village.SessionEnded(ctx, "login")
	must(t, err)
	if gone := len(d.Key) == 0; gone != want || ended != want || (d.RevokedAt > 0) != want {
		t.Errorf("key gone %v, login ended %v, revoked at %d; want %v", gone, ended, d.RevokedAt, want)
	}
}

// A device that was lost is revoked from the county and from its township, and
// holds at its node from its arrival there, with the line down too.
func TestDeviceRevokedFromAbove(t *testing.T) {
	for name, above := range map[string]func(hub, township *storetest.Node) (*storetest.Node, identity.Actor){
		"county": func(hub, _ *storetest.Node) (*storetest.Node, identity.Actor) { return hub, hub.County.Operator() },
		"township clerk": func(_, n *storetest.Node) (*storetest.Node, identity.Actor) {
			return n, n.Actor(identity.TownshipClerk)
		},
		"township leader": func(_, n *storetest.Node) (*storetest.Node, identity.Actor) {
			return n, n.Actor(identity.TownshipLeader)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := storetest.NewCounty(t)
			village, townNode := c.Village(here), c.Township(town)
			worker := takenOut(t, village)
			c.Settle()
			at, by := above(c.Hub(), townNode)
			c.Settle()
			listed, err := at.FieldDevicesWithin(ctx, at.Division())
			must(t, err)
			if len(listed) != 1 || listed[0].Node != village.ID() || listed[0].Name != "平板" || listed[0].RevokedAt != 0 {
				t.Fatalf("listed there: %+v", listed)
			}
			deviceGone(t, village, false)
			at.MustDo(by, &ledger.DeviceRevokeV1{Device: deviceID, Staff: worker.Staff, Division: here, Reason: "下乡途中遗失"})
			deviceGone(t, village, false) // it has not arrived
			c.Settle()
			deviceGone(t, village, true)
			must(t, village.StartSession(ctx, store.Session{ID: "new", Staff: worker.Staff, TokenHash: "n", CreatedAt: c.Clock.UnixMilli() + 1, ExpiresAt: c.Clock.UnixMilli() + 1e9}))
			village.Reopen()
			deviceGone(t, village, true)
			if ended, err := village.SessionEnded(ctx, "new"); err != nil || ended {
				t.Errorf("the owner's next login has ended too: %v %v", ended, err)
			}
			for _, n := range []*storetest.Node{village, townNode, c.Hub()} {
				d, err := n.FieldDevice(ctx, deviceID)
				must(t, err)
				if d.RevokedAt == 0 || d.RevokedBy != by.Name || d.Reason != "下乡途中遗失" || d.Revocation == 0 {
					t.Errorf("at %s: %+v", n.ID(), d)
				}
			}
		})
	}
}

// Who may: the owner, the operator, the township's clerk and leader for theirs;
// nobody else, and nobody by naming another owner.
func TestDeviceRevocationRights(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	worker := takenOut(t, village)
	c.Settle()
	revoke := &ledger.DeviceRevokeV1{Device: deviceID, Staff: worker.Staff, Division: here, Reason: "遗失"}
	other := townNode.Actor(identity.TownshipReviewer)
	window := hub.DepartmentActor(identity.DepartmentWindow, "县民政局")
	supervisor := hub.Actor(identity.Supervisor)
	c.Settle()
	if try(townNode, other, revoke) == nil || try(hub, window, revoke) == nil || try(hub, supervisor, revoke) == nil {
		t.Fatal("revoked by somebody who may not")
	}
	clerk := townNode.Actor(identity.TownshipClerk)
	c.Settle()
	wantRefused(t, "another's by one's own name", try(townNode, clerk, &ledger.DeviceRevokeV1{Device: deviceID, Staff: clerk.Staff, Division: town, Reason: "遗失"}), "device_other")
	if try(townNode, clerk, &ledger.DeviceRevokeV1{Device: "OTHER", Staff: "s-9", Division: "330523112201", Reason: "遗失"}) == nil {
		t.Fatal("a township revokes beyond its villages")
	}
	if try(village, worker, &ledger.DeviceRegisterV1{Device: "OTHER", Staff: clerk.Staff, Division: here, Name: "x"}) == nil {
		t.Fatal("registered for somebody else")
	}
	wantRefused(t, "registered anew by another", try(townNode, clerk, &ledger.DeviceRegisterV1{Device: deviceID, Staff: clerk.Staff, Division: town, Name: "x"}), "device_other")
	must(t, try(village, worker, revoke))
	must(t, try(village, worker, revoke)) // again changes nothing, and is no fault
}

// A revocation that reaches the county before the registration holds, and of two
// the one that happened first stands everywhere, in whatever order they come.
func TestDeviceRevocationsOvertake(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	worker := takenOut(t, village)
	first := c.Clock.UnixMilli()
	village.MustDo(worker, &ledger.DeviceRevokeV1{Device: deviceID, Staff: worker.Staff, Division: here, Reason: "本人挂失"})
	c.Clock.Advance(time.Minute)
	hub.MustDo(c.Operator(), &ledger.DeviceRevokeV1{Device: deviceID, Staff: worker.Staff, Division: here, Reason: "来电挂失"})
	d, err := hub.FieldDevice(ctx, deviceID)
	must(t, err)
	if d.RevokedAt == 0 || d.Node != "" || d.Reason != "来电挂失" {
		t.Fatalf("before its registration came: %+v", d)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		d, err := n.FieldDevice(ctx, deviceID)
		must(t, err)
		if d.RevokedAt != first || d.Reason != "本人挂失" || d.Node != village.ID() || d.Name != "平板" {
			t.Errorf("at %s: %+v", n.ID(), d)
		}
	}
	deviceGone(t, village, true)
}

// What the county refuses is undone in the list; a key that was destroyed stays so.
func TestDeviceRevocationRefused(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	worker := takenOut(t, village)
	c.Settle()
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "调离"})
	c.Clock.Advance(time.Hour)
	village.MustDo(worker, &ledger.DeviceRevokeV1{Device: deviceID, Staff: worker.Staff, Division: here, Reason: "遗失"})
	deviceGone(t, village, true)
	c.Settle()
	d, err := village.FieldDevice(ctx, deviceID)
	must(t, err)
	if d.RevokedAt != 0 || d.Name != "平板" {
		t.Errorf("after the refusal: %+v", d)
	}
	if gone, err := village.DeviceRevoked(ctx, deviceID); err != nil || !gone {
		t.Errorf("its key is back: %v %v", gone, err)
	}
}

func try(n *storetest.Node, by identity.Actor, body ledger.Body) error {
	_, err := n.Do(by, body, storetest.About{})
	return err
}
