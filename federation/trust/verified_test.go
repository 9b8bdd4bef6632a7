package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// signedEntry is the seq-th entry of a node, signed with a key.
func signedEntry(t *testing.T, key ed25519.PrivateKey, seq uint64) ledger.Entry {
	t.Helper()
	e := ledger.Entry{ID: fmt.Sprint("entry-", seq), Kind: ledger.CaseComment, V: 1, Origin: "village-1", Seq: seq, Case: "case", Scope: "330523110200",
		OccurredAt: 1, Body: json.RawMessage(`{"text":"好"}`)}
	if err := e.Sign(key); err != nil {
		t.Fatal(err)
	}
	return e
}

// A signature that was checked on the way up is not checked again on the way
// down, which shows in that what was remembered is gone; and nothing else
// passes for it.
func TestVerified(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	stranger, forger, _ := ed25519.GenerateKey(nil)
	keys := ledger.Keys{{Public: public}}
	var v Verified
	e := signedEntry(t, private, 1)
	if err := v.Check(keys, &e); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ledger.Entry, *ledger.Keys){
		"another body":      func(e *ledger.Entry, _ *ledger.Keys) { e.Body = json.RawMessage(`{"text":"不好"}`) },
		"another scope":     func(e *ledger.Entry, _ *ledger.Keys) { e.Scope = "330523110201" },
		"another seq":       func(e *ledger.Entry, _ *ledger.Keys) { e.Seq = 2 },
		"another signature": func(e *ledger.Entry, _ *ledger.Keys) { e.Sig = signedEntry(t, forger, 1).Sig },
		"no signature":      func(e *ledger.Entry, _ *ledger.Keys) { e.Sig = nil },
		"another key":       func(_ *ledger.Entry, k *ledger.Keys) { *k = ledger.Keys{{Public: stranger}} },
		"a newer key":       func(_ *ledger.Entry, k *ledger.Keys) { *k = append(*k, ledger.Key{Since: 1, Public: stranger}) },
		"no key":            func(_ *ledger.Entry, k *ledger.Keys) { *k = nil },
	} {
		other, with := e, append(ledger.Keys(nil), keys...)
		change(&other, &with)
		if v.Recheck(with, &other) == nil {
			t.Errorf("%s passes", name)
		}
		if v.Check(with, &other) == nil {
			t.Errorf("%s is good", name)
		}
	}
	if !remembers(&v, keys, &e) {
		t.Error("what was checked is not remembered")
	}
	if err := v.Recheck(keys, &e); err != nil {
		t.Error(err)
	}
	if remembers(&v, keys, &e) {
		t.Error("it is remembered after it came down")
	}
	if err := v.Recheck(keys, &e); err != nil {
		t.Errorf("a second time it is checked anew: %v", err)
	}
	var none *Verified
	if err := none.Check(keys, &e); err != nil {
		t.Error(err)
	}
	if err := none.Recheck(keys, &e); err != nil {
		t.Error(err)
	}
}

// What never comes down does not fill the memory.
func TestVerifiedIsBounded(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	keys := ledger.Keys{{Public: public}}
	var v Verified
	first := signedEntry(t, private, 1)
	const many = 3*maxVerified + 1
	for seq := range uint64(many) {
		e := signedEntry(t, private, seq+1)
		if err := v.Check(keys, &e); err != nil {
			t.Fatal(err)
		}
	}
	if remembers(&v, keys, &first) {
		t.Error("the first is still remembered")
	}
	last := signedEntry(t, private, many)
	if !remembers(&v, keys, &last) {
		t.Error("the last is not remembered")
	}
}

func remembers(v *Verified, keys ledger.Keys, e *ledger.Entry) bool {
	digest, _ := digestOf(keys, e)
	_, recent := v.recent[digest]
	_, older := v.older[digest]
	return recent || older
}
