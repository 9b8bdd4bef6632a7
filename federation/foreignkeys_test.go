package federation_test

import (
	"bytes"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestForeignKeys: a township's seal and a village's key become known, through
// the township, to a village elsewhere that asks: with their proofs, kept over a
// restart with the line down, and with their revocation once they are old.
func TestForeignKeys(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Townships: []division.Code{"330523110", "330523111"}, Villages: []division.Code{"330523110200", "330523111201"}})
	town, other := f.Township(0), f.Township(1)
	village, away := f.Village(0), f.Village(1)
	_, err := town.MakeSeal(t.Context(), f.Person(town.Division, "", identity.TownshipLeader), "", "")
	must(t, err)
	f.Settle()
	f.Cut(away.ID, f.Hub().ID) // its way is through its own township alone
	seals, err := town.Store.Seals(t.Context())
	must(t, err)
	known, err := village.Store.Node(t.Context(), village.ID)
	must(t, err)
	seal, key := seals[0].Certificate.Public, known.SignKey
	ask := func(public []byte) federation.ForeignKey {
		t.Helper()
		k, err := away.ForeignKey(t.Context(), identity.KeyID(public))
		must(t, err)
		for i := range k.Keys {
			if bytes.Equal(k.Keys[i].Public, public) {
				k.Keys = k.Keys[i : i+1]
				return k
			}
		}
		k.Keys = nil
		return k
	}
	for what, public := range map[string][]byte{"seal": seal, "village's key": key} {
		if k := ask(public); len(k.Keys) != 1 || k.AsOf == 0 || k.Keys[0].Seal != (what == "seal") {
			t.Errorf("%s: %+v", what, k)
		}
	}
	if k := ask(make([]byte, 32)); len(k.Keys) != 0 || !k.Certain {
		t.Errorf("a key that nobody has: %+v", k)
	}
	f.Cut(away.ID, "*")
	f.Restart(away)
	if k := ask(key); len(k.Keys) != 1 {
		t.Errorf("with the line down: %+v", k)
	}
	if k := ask(town.Issuer().Credential.SignKey); len(k.Keys) != 0 || k.Certain {
		t.Errorf("never asked for, with the line down: %+v", k)
	}
	f.Heal(away.ID, other.ID)
	f.Do(f.Hub(), f.Operator(), &ledger.NodeRevokeV1{Node: village.ID, At: f.Hub().Clock.Now().UnixMilli(), Reason: "电脑失窃"})
	f.Advance(federation.ForeignFresh)
	f.Eventually("the revocation to be told", func() bool { k := ask(key); return len(k.Keys) == 1 && k.Keys[0].RevokedAt > 0 })
}
