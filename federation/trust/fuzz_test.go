package trust

import (
	"encoding/json"
	"reflect"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/ledger"
)

// What these targets hold beside "no panic": what is accepted is genuine, or
// comes back the same when it is written again.

func FuzzVerifyToken(f *testing.F) {
	r := newRealm(f)
	// The same in every process that fuzzes: nothing in it is random.
	genuine := forge(goodHeader, claimsWith(f, r, map[string]any{"jti": "fixed"}), withKey(r.keys["town-1"].Sign))
	if _, err := r.verifier.Verify(genuine, testNow); err != nil {
		f.Fatal(err)
	}
	f.Add(genuine)
	for _, c := range craftedTokens(f, r) {
		if len(c.token) < 1<<16 {
			f.Add(c.token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := r.verifier.Verify(token, testNow); err == nil && token != genuine {
			t.Fatalf("accepted %q as %+v", token, c)
		}
	})
}

func FuzzDecodeJoinToken(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(mustJoin(f, seed+1).Encode())
	}
	f.Add("ＡＢＣ—０１２")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := DecodeJoinToken(text)
		if err != nil {
			return
		}
		if back, err := DecodeJoinToken(token.Encode()); err != nil || back != token {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzDecodeTrust(f *testing.F) {
	k := mustRotate(f, mustCounty(f, 1), 2)
	f.Add(mustEncode(f, k.Trust()))
	f.Add(mustEncode(f, mustCounty(f, 3).Trust()))
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeTrust(data)
		if err != nil {
			return
		}
		back, err := DecodeTrust(mustEncode(t, b))
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Fatalf("%v", err)
		}
		if _, err := b.pool(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeSignedTrust(f *testing.F) {
	first := mustCounty(f, 1)
	second := mustRotate(f, first, 2)
	for _, s := range second.Chain() {
		data, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedTrust(data)
		if err != nil {
			return
		}
		got, err := first.Trust().Advance(s)
		// Certificates differ from one process that fuzzes to the next, the
		// other keys do not.
		want := second.Trust()
		if err == nil && got.Serial > 1 && (!reflect.DeepEqual(got.Roots, want.Roots) || !reflect.DeepEqual(got.Ledger, want.Ledger)) {
			t.Fatalf("accepted %s", s.Bundle)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	county := mustCounty(f, 1)
	genuine := map[Checkpoint]bool{}
	for _, n := range []int64{0, 1, 1000, maxTree} {
		msg, err := county.SignCheckpoint(tlog.Tree{N: n}, 7)
		if err != nil {
			f.Fatal(err)
		}
		genuine[Checkpoint{County: testCounty, Tree: tlog.Tree{N: n}, At: 7}] = true
		f.Add(msg)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		if c, err := county.Trust().OpenCheckpoint(msg); err == nil && !genuine[c] {
			t.Fatalf("accepted %+v", c)
		}
		// The text itself, as a holder of the key could sign it.
		if c, err := parseCheckpoint(string(msg)); err == nil && c.text() != string(msg) {
			t.Fatalf("%q has a second spelling", msg)
		}
	})
}

func FuzzDecodeKeys(f *testing.F) {
	county, err := mustRotate(f, mustCounty(f, 1), 2).Encode()
	if err != nil {
		f.Fatal(err)
	}
	nodeKeys, err := mustNode(f, 1).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(county)
	f.Add(nodeKeys)
	f.Add([]byte(`{"format":1,"root":"","ledger":"PRIVATE+KEY+a+0+AQ==","ca":"","chain":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := DecodeCounty(data); err == nil {
			if _, err := k.SignCheckpoint(tlog.Tree{N: 1}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if k, err := DecodeNode(data); err == nil {
			if _, err := k.Encode(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeEnrolRequest(f *testing.F) {
	data, err := json.Marshal(mustRequest(f, mustNode(f, 1), place("village-1", testVillage), "a.example", "10.0.0.1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":1,"tls_key":"MFkw"}`))
	county := mustCounty(f, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeEnrolRequest(data)
		if err != nil {
			return
		}
		if _, err := county.CertificateFor(seeded(1), r, testNow, 1e12); err != nil {
			t.Fatalf("a sound request cannot be certified: %v", err)
		}
	})
}

func FuzzDecodeCredential(f *testing.F) {
	county := mustCounty(f, 1)
	genuine := mustSign(f, county, credentialFor(place("town-1", testTownship), mustNode(f, 1)))
	data, err := json.Marshal(genuine)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeCredential(data)
		if err == nil && county.Trust().VerifyCredential(s, testNow) == nil && !reflect.DeepEqual(s, genuine) {
			t.Fatalf("accepted %+v", s)
		}
	})
}

func FuzzPasswordHash(f *testing.F) {
	h := mustHasher(f, cheap)
	f.Add(h.decoy)
	f.Add("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG")
	f.Fuzz(func(t *testing.T, hash string) {
		p, salt, key, err := readHash(hash)
		if err != nil {
			return
		}
		if p.Iterations < 1 || p.Parallelism < 1 || p.Memory > maxMemoryKiB || len(salt) == 0 || len(key) == 0 {
			t.Fatalf("%q gives %+v", hash, p)
		}
	})
}

// A request for new keys is taken only as the node's present key signed it.
func FuzzDecodeRenewal(f *testing.F) {
	present := mustNode(f, 1)
	genuine, err := NewRenewal(present.Sign, mustNode(f, 2), place("village-1", testVillage), []string{"a.example"})
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(genuine)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"request":{},"proof":""}`))
	f.Add([]byte(`{"proof":"AA==","request":{"format":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeRenewal(data)
		if err != nil || r.Verify(present.SignPublic()) != nil {
			return
		}
		// TLS keys differ from one process that fuzzes to the next, the rest does
		// not.
		got, want := r.Request, genuine.Request
		got.TLSKey, got.SignProof, got.TLSProof = want.TLSKey, want.SignProof, want.TLSProof
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("accepted %+v", r)
		}
	})
}

// That a ledger went back is believed only as the county's root signed it.
func FuzzVerifyRecovery(f *testing.F) {
	county := mustCounty(f, 1)
	genuine, err := county.SignRecovery(ledger.Recovery{County: testCounty, At: 7, Kept: 3, Root: make([]byte, 32), Reason: "恢复备份"})
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(genuine)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"recovery":{},"sig":""}`))
	f.Add([]byte(`{"recovery":{"county":"330523","at":-1,"kept":18446744073709551615,"root":"AA==","reason":"x"},"sig":"AA=="}`))
	kind, _ := ledger.Lookup(ledger.CountyRecovery, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := kind.Decode(data)
		if err != nil {
			return
		}
		b := body.(*ledger.CountyRecoveryV1)
		if county.Trust().VerifyRecovery(*b) == nil && !reflect.DeepEqual(*b, genuine) {
			t.Fatalf("believed %+v", b)
		}
	})
}
