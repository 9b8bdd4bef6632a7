package federation_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/division"
)

// keptTrust is the bundle of county keys in a node's membership.json.
func keptTrust(t *testing.T, n *federationtest.Node) (bundle json.RawMessage, put func(json.RawMessage)) {
	t.Helper()
	path := filepath.Join(n.Dir(), "membership.json")
	raw, err := os.ReadFile(path)
	must(t, err)
	var m map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &m))
	return m["trust"], func(old json.RawMessage) {
		t.Helper()
		raw, err := os.ReadFile(path)
		must(t, err)
		must(t, json.Unmarshal(raw, &m))
		m["trust"] = old
		raw, err = json.Marshal(m)
		must(t, err)
		must(t, os.WriteFile(path, raw, 0o600))
	}
}

// TestRenewedUnderNewCountyKeys: nodes of every tier renew their keys after the
// county's were rotated, and start again: by what the renewal wrote, and where
// an earlier version of the program left the bundle of before in membership.json.
func TestRenewedUnderNewCountyKeys(t *testing.T) {
	for _, left := range []string{"new", "old"} {
		t.Run(left+" bundle in membership.json", func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{})
			nodes := []*federationtest.Node{f.Hub(), f.Township(0), f.Village(0)}
			putOld := map[string]func(){}
			for _, n := range nodes {
				old, put := keptTrust(t, n)
				putOld[n.ID] = func() { put(old) }
			}
			rotate(t, f, 1)
			f.Settle()
			for _, n := range nodes {
				f.Eventually(n.ID+" to have new keys", func() bool { _, err := n.Renew(t.Context()); return err == nil })
			}
			f.Settle()
			for _, n := range nodes {
				f.Kill(n)
				if left == "old" {
					putOld[n.ID]()
				}
				f.Restart(n)
			}
			f.Submit(f.Village(0), "TB-MZJ-004")
			f.Settle()
			provesWithNewKeys(t, f, f.Village(0), 2)
			signsWith(t, f, f.Village(0), 2)
		})
	}
}

// TestRestoredAcrossARotation: a village's disk is lost after the county's keys
// were rotated. Whichever backup is put back, or none, its machine goes on as
// another node, whose credential the new keys signed, and starts again.
func TestRestoredAcrossARotation(t *testing.T) {
	for name, c := range map[string]struct{ renewed, backup, after bool }{
		"backup of before":               {backup: true},
		"backup of after":                {backup: true, after: true},
		"no backup":                      {},
		"keys renewed, backup of before": {renewed: true, backup: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{})
			village := f.Village(0)
			f.Settle()
			var backup []byte
			if c.backup && !c.after {
				backup = backupOf(t, village)
			}
			old, put := keptTrust(t, village)
			rotate(t, f, 1)
			if c.renewed {
				f.Eventually("the village to have the county's keys", func() bool { return village.Trust().Serial == 2 })
				_, err := village.Renew(t.Context())
				must(t, err)
			}
			f.Settle()
			if c.after {
				backup = backupOf(t, village)
			}
			f.Kill(village)
			put(old) // the copy in the safe may be one that an earlier version wrote
			putBack(t, village, backup)
			f.Restart(village)
			f.Succeeded(village)
			f.Submit(village, "TB-MZJ-004")
			f.Settle()
			f.Restart(village)
			provesWithNewKeys(t, f, village, 2)
		})
	}
}

// TestHubRestoredAcrossARotation: the county's only hub is restored after the
// keys were rotated, with the keys folder of after. From a backup of before, its
// ledger tells of the new keys again, so that every node, old or new, learns of
// them.
func TestHubRestoredAcrossARotation(t *testing.T) {
	for name, after := range map[string]bool{"backup of before": false, "keys renewed, backup of after": true} {
		t.Run(name, func(t *testing.T) {
			f := federationtest.New(t, federationtest.Config{Villages: []division.Code{"330523110200", "330523110201"}})
			hub, village, away := f.Hub(), f.Village(0), f.Village(1)
			f.Settle()
			backup := backupOf(t, hub)
			f.Cut(away.ID, "*")
			old, put := keptTrust(t, hub)
			rotate(t, f, 1)
			f.Eventually(village.ID+" to have the county's new keys", func() bool { return village.Trust().Serial == 2 })
			if after {
				_, err := hub.Renew(t.Context())
				must(t, err)
				backup = backupOf(t, hub)
			}
			put(old)
			lostDisk(t, f, hub, backup)
			r := declare(t, f)
			f.HealAll()
			inEpoch(t, f, r, f.Township(0), village)
			f.Eventually("the ledger to tell of the keys", func() bool {
				chain, err := away.Store.TrustChain(t.Context())
				return err == nil && len(chain) == 2
			})
			f.Settle()
			for _, n := range []*federationtest.Node{hub, f.Township(0), village, away} {
				f.Restart(n)
				if n.Trust().Serial != 2 {
					t.Errorf("%s knows bundle %d", n.ID, n.Trust().Serial)
				}
			}
			f.Eventually("another rotation", func() bool { _, err := f.Hub().RotateCountyKeys(t.Context(), f.Operator(), ""); return err == nil })
			f.Enrol("village-330523110202-1", "330523110202")
			f.Submit(village, "TB-MZJ-004")
			f.Submit(away, "TB-MZJ-004")
			f.Settle()
			for _, n := range []*federationtest.Node{village, away} {
				provesWithNewKeys(t, f, n, 3)
			}
		})
	}
}
