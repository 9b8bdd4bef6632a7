package trust

import (
	"errors"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/proof"
)

// ringOf is a county's keyring with a department's seal, a township with its
// own, and the private halves of both.
func ringOf(t *testing.T, county *CountyKeys, seed uint64) (Keyring, PrivateKey, PrivateKey) {
	t.Helper()
	township, err := GenerateNode(seeded(seed + 1000))
	ok(t, err)
	credential, err := county.SignCredential(identity.Credential{Node: "township-1", Tier: node.Township, Division: testTownship, Ordinal: 1,
		SignKey: township.SignPublic(), IssuedAt: testNow.UnixMilli(), ExpiresAt: testNow.AddDate(5, 0, 0).UnixMilli()})
	ok(t, err)
	seal, err := county.SealKey("县民政局", 1)
	ok(t, err)
	own, err := township.SealKey(string(testTownship), 1)
	ok(t, err)
	department := identity.SealCertificate{County: testCounty, Division: testCounty, Department: "县民政局", Generation: 1, Public: seal.Public().(PublicKey), IssuedAt: testNow.UnixMilli()}
	departmentSig, err := county.SignSeal(department)
	ok(t, err)
	local := identity.SealCertificate{County: testCounty, Division: testTownship, Generation: 1, Public: own.Public().(PublicKey), IssuedAt: testNow.UnixMilli(), Signer: "township-1"}
	localSig, err := township.SignSeal(local)
	ok(t, err)
	return NewKeyring(testCounty, testNow.UnixMilli(), county.Chain(), []RingNode{{Credential: credential.Credential, Sig: credential.Sig, Name: "某镇"}},
		[]RingSeal{{Certificate: department, Sig: departmentSig}, {Certificate: local, Sig: localSig}}), seal, own
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeyring(t *testing.T) {
	county := mustCounty(t, 1)
	ring, seal, own := ringOf(t, county, 1)
	text, err := ring.Encode()
	ok(t, err)
	ring, err = DecodeKeyring(text)
	ok(t, err)
	keys, err := ring.Keys()
	ok(t, err)
	if len(keys) != 3 || !keys[1].Seal || keys[1].Holder != "县民政局" || !seal.Public().(PublicKey).Equal(PublicKey(keys[1].Public)) ||
		keys[2].Holder != "某镇" || keys[2].Tier != node.Township || !own.Public().(PublicKey).Equal(PublicKey(keys[2].Public)) {
		t.Errorf("%+v", keys)
	}
	want, err := county.Chain()[0].fingerprintOf()
	ok(t, err)
	if got, err := ring.Fingerprint(); err != nil || got != want {
		t.Errorf("fingerprint %s, %v", got, err)
	}

	// What the county's former root signed stays proved after a rotation.
	next := mustRotate(t, county, 2)
	later := ring
	later.Chain = next.Chain()
	if _, err := later.Keys(); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	// A seal made under the former root is another key under the new one.
	again, err := next.SealKey("县民政局", 1)
	ok(t, err)
	if again.Equal(seal) {
		t.Error("two roots give the same seal")
	}
	// A township's seal ends with its node.
	ring.Nodes[0].RevokedAt, ring.Nodes[0].Reason = testNow.Add(time.Hour).UnixMilli(), "电脑遗失"
	keys, err = ring.Keys()
	ok(t, err)
	if keys[2].RevokedAt != ring.Nodes[0].RevokedAt || keys[1].RevokedAt != 0 {
		t.Errorf("%+v", keys)
	}
}

// A keyring in which anything was changed or put in is no keyring.
func TestKeyringForged(t *testing.T) {
	county, other := mustCounty(t, 1), mustCounty(t, 9)
	for name, change := range map[string]func(*Keyring, *Keyring){
		"another root":               func(k, o *Keyring) { k.Chain = o.Chain },
		"a node nobody vouched for":  func(k, o *Keyring) { k.Nodes = append(k.Nodes, o.Nodes...) },
		"a seal of somebody's":       func(k, o *Keyring) { k.Seals = append(k.Seals, o.Seals[0]) },
		"another department":         func(k, _ *Keyring) { k.Seals[0].Certificate.Department = "县公安局" },
		"a node's seal for a county": func(k, _ *Keyring) { k.Seals[1].Certificate.Signer = "" },
		"a seal of an unknown node":  func(k, _ *Keyring) { k.Nodes = nil },
		"a bundle in between missing": func(k, _ *Keyring) {
			c := mustRotate(t, mustRotate(t, county, 2), 3).Chain()
			k.Chain = append(c[:1], c[2])
		},
		"another county's name": func(k, _ *Keyring) { k.County = "330522" },
	} {
		ring, _, _ := ringOf(t, county, 1)
		forged, _, _ := ringOf(t, other, 9)
		change(&ring, &forged)
		if keys, err := ring.Keys(); err == nil {
			t.Errorf("%s: %d keys", name, len(keys))
		}
	}
	for _, text := range []string{"", "{}", "[]", `{"format":2,"county":"330523","as_of":1,"chain":[],"nodes":[],"seals":[]}`, `{"format":1,"format":1}`, `{"x":1}`} {
		if _, err := DecodeKeyring([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A document of one county is nothing in another.
func TestOtherCounty(t *testing.T) {
	_, seal, _ := ringOf(t, mustCounty(t, 9), 9)
	ring, _, _ := ringOf(t, mustCounty(t, 1), 1)
	keys, err := ring.Keys()
	ok(t, err)
	code := proof.Code{Kind: "grant_decision", Nth: 1, Item: "TB-1", Date: calendar.DateOf(testNow)}
	ok(t, code.Sign(seal))
	if r := proof.Judge(code, keys, nil, nil); r.Verdict != proof.UnknownKey {
		t.Errorf("%+v", r)
	}
}

func FuzzKeyring(f *testing.F) {
	f.Add([]byte(`{"format":1,"county":"330523","as_of":1,"chain":[{"bundle":"e30=","sig":"AA=="}],"nodes":[],"seals":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := DecodeKeyring(data); err == nil {
			if keys, err := k.Keys(); err == nil && len(keys) > 0 && len(k.Chain) == 0 {
				t.Fatal("keys of no county")
			}
		}
	})
}

func (s SignedTrust) fingerprintOf() (Fingerprint, error) { return fingerprint(s.Bundle), nil }
