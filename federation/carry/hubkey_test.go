package carry

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A stick may bring a hub's word for its key of before its ledger went back: it
// counts with the county's root, for a hub that is known, as the line has it.
func TestHubKeyOnAStick(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	renewed := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	c := hub.Credential
	c.SignKey = renewed.Public().(ed25519.PublicKey)
	vouched, err := w.keys.SignCredential(c)
	must(t, err)
	line := func(root []byte, outcome ledger.Outcome) *store.FeedLine {
		e := hub.Entry(0, w.Operator(), &ledger.LevelRaiseV1{Level: 1}, storetest.About{ID: "hub-key"})
		e.Kind = ledger.NodeRenew
		e.Body, err = json.Marshal(&ledger.NodeRenewV1{Credential: c, Root: root})
		must(t, err)
		must(t, e.Sign(renewed))
		return &store.FeedLine{Head: ledger.Head{Index: 1, Outcome: outcome}, Entry: &e}
	}
	for name, row := range map[string]struct {
		line *store.FeedLine
		ok   bool
	}{
		"vouched":           {line(vouched.Sig, ledger.Applied), true},
		"not vouched":       {line(make([]byte, 64), ledger.Applied), false},
		"refused by county": {line(vouched.Sig, ledger.Refused), false},
	} {
		k := keys{ctx: context.Background(), st: village.Store, trust: w.keys.Trust(), known: map[string]ledger.Keys{}}
		known, err := k.ofLine(row.line)
		must(t, err)
		if err := known.Verify(row.line.Entry); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err := k.renew(row.line.Entry); row.ok && (err != nil || len(k.known[hub.ID()]) != 2) {
			t.Errorf("%s: %d keys, %v", name, len(k.known[hub.ID()]), err)
		}
	}
	k := keys{ctx: context.Background(), st: village.Store, trust: trust.CountyTrust{}, known: map[string]ledger.Keys{}}
	if known, err := k.ofLine(line(vouched.Sig, ledger.Applied)); err != nil || len(known) != 1 {
		t.Errorf("without the county's keys: %d keys, %v", len(known), err)
	}
}
