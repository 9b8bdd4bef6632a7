package ledger

import (
	"crypto/ed25519"
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
)

// TestKeysOfTheirTime: each entry is checked with the key that its origin had
// when it numbered it; neither the key before nor the one after will do.
func TestKeysOfTheirTime(t *testing.T) {
	key := func(b byte) ed25519.PrivateKey {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = b
		return ed25519.NewKeyFromSeed(seed)
	}
	first, second, third := key(1), key(2), key(3)
	public := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
	signed := func(seq uint64, by ed25519.PrivateKey, body Body, kind Kind) *Entry {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		e := &Entry{ID: sampleCase, Kind: kind, V: 1, Origin: "village-200", Seq: seq, Scope: "330523110200", OccurredAt: sampleAt, Body: raw,
			Actor: identity.Actor{Staff: "system", Role: identity.System, Node: "village-200"}}
		if err := e.Sign(by); err != nil {
			t.Fatal(err)
		}
		return e
	}
	renewal := func(seq uint64, by, to ed25519.PrivateKey) *Entry {
		return signed(seq, by, &NodeRenewV1{Credential: identity.Credential{Node: "village-200", Tier: node.Village, Division: "330523110200", Ordinal: 1,
			SignKey: public(to), IssuedAt: sampleAt, ExpiresAt: sampleAt + 1}, Root: []byte("signature")}, NodeRenew)
	}
	other := func(seq uint64, by ed25519.PrivateKey) *Entry {
		return signed(seq, by, &NodeRenameV1{Node: "village-200", Name: "站"}, NodeRename)
	}
	keys := Keys{{Since: 0, Public: public(first)}}.With(renewal(5, first, second)).With(other(6, second)).With(renewal(9, second, third)).With(renewal(9, second, third))
	if len(keys) != 3 {
		t.Fatalf("keys %+v", keys)
	}
	for _, c := range []struct {
		name string
		e    *Entry
		ok   bool
	}{
		{"before the first renewal", other(4, first), true},
		{"before, with the later key", other(4, second), false},
		{"the renewal itself, by the old key", renewal(5, first, second), true},
		{"the renewal by the new key", renewal(5, second, second), false},
		{"after it", other(6, second), true},
		{"after it, by the old key", other(6, first), false},
		{"after the second", other(10, third), true},
		{"after the second, by the first", other(10, first), false},
		{"at the county, any of them", other(0, first), true},
		{"at the county, a stranger", other(0, key(4)), false},
	} {
		if err := keys.Verify(c.e); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := (Keys{}).Verify(other(1, first)); err == nil {
		t.Error("without keys nothing is signed")
	}
}
