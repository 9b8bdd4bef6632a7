package federation_test

import (
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The county's only hub renewed its own keys after the backup from which it is
// restored: the ledger does not know the key it signs with. The nodes below go
// on following, what they hand in is confirmed, and what had been done at the
// hub, before its renewal and after it, can be recorded again.
func TestHubThatRenewedAfterTheBackup(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	ids := []string{f.Submit(village, "TB-MZJ-004").ID}
	f.Settle()
	backup := backupOf(t, hub)

	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "更新密钥之前的名称"})
	if _, err := hub.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: town.ID, Name: "更新密钥之后的名称"})
	ids = append(ids, f.Submit(village, "TB-MZJ-004").ID)
	f.Settle()
	f.CaughtUp()

	lostDisk(t, f, hub, backup)
	r := declare(t, f)
	inEpoch(t, f, r, town, village)
	for _, n := range []*federationtest.Node{town, village} {
		f.Restart(n) // so that it has no key that it remembers
	}
	signsWith(t, f, hub, 2)
	ids = append(ids, f.Submit(village, "TB-MZJ-004").ID)
	f.Settle()
	sameCases(t, f, ids, town, village)

	var lost []store.LostRecord
	f.Eventually("the county to list what it lost", func() bool {
		var err error
		lost, err = lostRecords(t, hub)
		return err == nil && len(lost) == 2
	})
	for _, l := range lost {
		if l.Why != "" || l.Was.Kind != ledger.NodeRename {
			t.Errorf("listed %s %s: %q", l.Was.Kind, l.Was.ID, l.Why)
		}
	}
	again, err := hub.RecordAgain(t.Context(), f.Operator(), nil)
	if err != nil || len(again) != 2 || again[0].Outcome != ledger.Applied || again[1].Outcome != ledger.Applied {
		t.Fatalf("recorded again: %+v, %v", again, err)
	}
	// A node that begins with nothing checks all of it.
	f.Enrol("village-330523110201-1", "330523110201")
	f.Settle()
	f.CaughtUp()
	for _, n := range []*federationtest.Node{hub, town, village} {
		f.Restart(n)
	}
	ids = append(ids, f.Submit(village, "TB-MZJ-004").ID)
	f.Settle()
	sameCases(t, f, ids, town, village)
	signsWith(t, f, hub, 2)
	if left := f.Attention(hub); len(left) > 0 {
		t.Errorf("needs attention: %+v", left)
	}
}

// Of a hub that renewed twice, the first renewal is not among what the county
// lists as lost: recorded again it would take the hub back to keys it has
// replaced, and stop it.
func TestHubThatRenewedTwiceAfterTheBackup(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	backup := backupOf(t, hub)
	for range 2 {
		if _, err := hub.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "备份之后的名称"})
	}
	f.Settle()
	f.CaughtUp()

	lostDisk(t, f, hub, backup)
	r := declare(t, f)
	inEpoch(t, f, r, town, village)
	var lost []store.LostRecord
	f.Eventually("the county to list what it lost", func() bool {
		var err error
		lost, err = lostRecords(t, hub)
		return err == nil && len(lost) >= 2
	})
	if _, err := hub.RecordAgain(t.Context(), f.Operator(), nil); err != nil {
		t.Fatal(err)
	}
	f.Settle()
	f.Restart(hub)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	signsWith(t, f, hub, 2)
	if err := hub.Fatal(); err != nil {
		t.Errorf("the hub stopped: %v", err)
	}
	for _, l := range lost {
		if l.Was.Kind == ledger.NodeRenew {
			t.Errorf("listed: %+v", l.Was)
		}
	}
}
