package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestCountyKeysRoundTrip(t *testing.T) {
	k := mustRotate(t, mustCounty(t, 1), 2)
	dir := filepath.Join(t.TempDir(), "keys")
	if err := k.Create(dir); err != nil {
		t.Fatalf("create: %v", err)
	}
	back, err := LoadCounty(dir)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if !reflect.DeepEqual(back.Trust(), k.Trust()) || !reflect.DeepEqual(back.Chain(), k.Chain()) {
		t.Error("bundle or chain changed on disk")
	}
	cp, err := back.SignCheckpoint(tlog.Tree{N: 3}, 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Trust().OpenCheckpoint(cp); err != nil {
		t.Errorf("loaded ledger key does not fit: %v", err)
	}
	if _, err := back.IssueCertificate(seeded(3), place("county-1", testCounty), &mustNode(t, 4).TLS.PublicKey, nil, testNow, time.Hour); err != nil {
		t.Errorf("loaded CA does not sign: %v", err)
	}
}

func TestGenerateIsDeterministicInItsKeys(t *testing.T) {
	a, b, c := mustCounty(t, 1), mustCounty(t, 1), mustCounty(t, 2)
	if !a.root.Equal(b.root) || a.ledgerKey != b.ledgerKey || !a.ca.Equal(b.ca) {
		t.Error("one seed gave two sets of keys")
	}
	if a.root.Equal(c.root) || a.ledgerKey == c.ledgerKey || a.ca.Equal(c.ca) {
		t.Error("two seeds share a key")
	}
}

func TestGenerateReportsABadRandomSource(t *testing.T) {
	full := seeded(1)
	for n := range 120 {
		short := make([]byte, n)
		full.Read(short)
		if _, err := GenerateCounty(bytes.NewReader(short), testCounty, testNow); n < 112 && err == nil {
			t.Fatalf("%d bytes of randomness were enough", n)
		}
	}
	if _, err := generateP256(bytes.NewReader(make([]byte, 4096))); !errors.Is(err, ErrMalformed) {
		t.Errorf("a source of zeros: %v", err)
	}
	if _, err := GenerateCounty(seeded(1), testTownship, testNow); !errors.Is(err, ErrMalformed) {
		t.Errorf("a township as county: %v", err)
	}
}

func TestKeysAreNeverWrittenOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	first, second := mustCounty(t, 1), mustCounty(t, 2)
	if err := first.Create(dir); err != nil {
		t.Fatal(err)
	}
	if err := second.Create(dir); !errors.Is(err, ErrKeysExist) {
		t.Fatalf("second create: %v", err)
	}
	back, err := LoadCounty(dir)
	if err != nil || !back.root.Equal(first.root) {
		t.Fatalf("keys changed: %v", err)
	}
	if err := second.Replace(dir); err != nil {
		t.Fatal(err)
	}
	if back, err = LoadCounty(dir); err != nil || !back.root.Equal(second.root) {
		t.Fatalf("keys not replaced: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("files left over: %v %v", left, err)
	}
}

func TestLaxPermissionsAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // rights are not in the mode there
	}
	parent := t.TempDir()
	dir := filepath.Join(parent, "keys")
	k := mustNode(t, 1)
	if err := k.Create(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, NodeKeyFile)
	assertMode(t, dir, 0o700)
	assertMode(t, file, 0o600)

	for _, c := range []struct {
		path      string
		bad, good os.FileMode
	}{{file, 0o640, 0o600}, {file, 0o604, 0o600}, {dir, 0o750, 0o700}, {dir, 0o701, 0o700}} {
		if err := os.Chmod(c.path, c.bad); err != nil {
			t.Fatal(err)
		}
		_, err := LoadNode(dir)
		if !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod") {
			t.Errorf("mode %o: %v", c.bad, err)
		}
		if err := os.Chmod(c.path, c.good); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadNode(dir); err != nil {
		t.Errorf("after repair: %v", err)
	}

	elsewhere := filepath.Join(parent, "elsewhere")
	if err := os.Rename(file, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, file); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadNode(dir); !errors.Is(err, ErrPermissions) {
		t.Errorf("link: %v", err)
	}
	if _, err := LoadNode(filepath.Join(parent, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func assertMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
	}
}

func TestDecodeCountyRefusesMixtures(t *testing.T) {
	a, b := mustCounty(t, 1), mustCounty(t, 2)
	encode := func(k *CountyKeys) map[string]json.RawMessage {
		data, err := k.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, field := range []string{"root", "ledger", "ca", "chain"} {
		m := encode(a)
		m[field] = encode(b)[field]
		mixed, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeCounty(mixed); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s of another county: %v", field, err)
		}
	}
}

func TestPrivateKeysStayOutOfLogs(t *testing.T) {
	county, keys := mustCounty(t, 1), mustNode(t, 1)
	token, err := NewJoinToken(Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		out := fmt.Sprintf(format+format+format+format+format, county, *county, keys, *keys, token)
		for name, secret := range map[string]string{
			"root": fmt.Sprint([]byte(county.root.Seed())), "ledger": county.ledgerKey, "node": fmt.Sprint([]byte(keys.Sign.Seed())),
			"join": token.Secret, "root base64": base64.StdEncoding.EncodeToString(county.root.Seed()),
		} {
			if strings.Contains(out, strings.Trim(secret, "[]")) {
				t.Errorf("%s shows the %s secret", format, name)
			}
		}
	}
}

func TestRotationKeepsOldKeysUntilRetired(t *testing.T) {
	first := mustCounty(t, 1)
	cred := mustSign(t, first, credentialFor(place("town-1", testTownship), mustNode(t, 9)))
	oldCP, err := first.SignCheckpoint(tlog.Tree{N: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	second := mustRotate(t, first, 2)
	if second.root.Equal(first.root) || second.ca.Equal(first.ca) || second.ledgerKey == first.ledgerKey {
		t.Fatal("a key was not changed")
	}
	trust, err := first.Trust().Advance(second.Chain()...)
	if err != nil {
		t.Fatalf("advance: %v", err)
	}
	newCP, err := second.SignCheckpoint(tlog.Tree{N: 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"old credential": trust.VerifyCredential(cred, testNow),
		"old checkpoint": errorOf(trust.OpenCheckpoint(oldCP)),
		"new checkpoint": errorOf(trust.OpenCheckpoint(newCP)),
	} {
		if err != nil {
			t.Errorf("%s after rotation: %v", name, err)
		}
	}
	if _, err := first.Trust().OpenCheckpoint(newCP); !errors.Is(err, ErrSignature) {
		t.Errorf("new checkpoint under the old bundle: %v", err)
	}

	retired, err := second.Retire(testNow.Add(2 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if trust, err = first.Trust().Advance(retired.Chain()...); err != nil {
		t.Fatalf("advance over two: %v", err)
	}
	if trust.Serial != 3 {
		t.Errorf("serial %d", trust.Serial)
	}
	if err := trust.VerifyCredential(cred, testNow); !errors.Is(err, ErrSignature) {
		t.Errorf("old credential after retirement: %v", err)
	}
	if _, err := trust.OpenCheckpoint(oldCP); !errors.Is(err, ErrSignature) {
		t.Errorf("old checkpoint after retirement: %v", err)
	}
	if _, err := retired.Encode(); err != nil {
		t.Fatal(err)
	}
	if len(second.Trust().Roots) != 2 {
		t.Error("retiring changed the keys it began with")
	}
}

func TestRotationHasALimit(t *testing.T) {
	k := mustCounty(t, 1)
	for i := range uint64(maxKeys - 1) {
		k = mustRotate(t, k, 10+i)
	}
	if _, err := k.Rotate(seeded(99), testNow); err == nil {
		t.Error("more keys than a bundle may hold")
	}
	data, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeCounty(data); err != nil {
		t.Errorf("largest bundle: %v", err)
	}
}

func TestChainRefusals(t *testing.T) {
	a1 := mustCounty(t, 1)
	a2 := mustRotate(t, a1, 2)
	a3 := mustRotate(t, a2, 3)
	chain := a3.Chain()
	stranger := mustRotate(t, mustCounty(t, 7), 8).Chain()
	forged := SignedTrust{Bundle: chain[1].Bundle, Sig: ed25519.Sign(mustNode(t, 5).Sign, append([]byte(trustDomain), chain[1].Bundle...))}
	undomained := SignedTrust{Bundle: chain[1].Bundle, Sig: ed25519.Sign(a1.root, chain[1].Bundle)}
	for name, c := range map[string]struct {
		chain []SignedTrust
		want  error
	}{
		"gap":                      {[]SignedTrust{chain[2]}, ErrMalformed},
		"signed by a stranger":     {stranger, ErrSignature},
		"signed by another key":    {[]SignedTrust{forged}, ErrSignature},
		"signature of other kind":  {[]SignedTrust{undomained}, ErrSignature},
		"no signature":             {[]SignedTrust{{Bundle: chain[1].Bundle}}, ErrSignature},
		"self-signed next":         {[]SignedTrust{{Bundle: chain[1].Bundle, Sig: mustSelfSign(t, a2)}}, ErrSignature},
		"not a bundle":             {[]SignedTrust{{Bundle: []byte("{}"), Sig: chain[1].Sig}}, ErrMalformed},
		"good, then tampered with": {[]SignedTrust{chain[1], {Bundle: bytes.Replace(chain[2].Bundle, []byte(`"serial":3`), []byte(`"serial":3 `), 1), Sig: chain[2].Sig}}, ErrSignature},
	} {
		got, err := a1.Trust().Advance(c.chain...)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if !reflect.DeepEqual(got, a1.Trust()) {
			t.Errorf("%s: trust moved in spite of the refusal", name)
		}
	}
	other, err := GenerateCounty(seeded(1), "330522", testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a1.Trust().Advance(other.Chain()...); !errors.Is(err, ErrWrongCounty) {
		t.Errorf("bundle of another county: %v", err)
	}
	if got, err := a3.Trust().Advance(chain...); err != nil || got.Serial != 3 {
		t.Errorf("older bundles must be passed over: %v", err)
	}
}

func mustSelfSign(t *testing.T, k *CountyKeys) []byte {
	t.Helper()
	s, err := signTrust(k.Trust(), k.root)
	if err != nil {
		t.Fatal(err)
	}
	return s.Sig
}

func TestAnchor(t *testing.T) {
	k := mustRotate(t, mustRotate(t, mustCounty(t, 1), 2), 3)
	for i, s := range k.Chain() {
		got, err := Anchor(fingerprint(s.Bundle), k.Chain())
		if err != nil || got.Serial != 3 {
			t.Errorf("fingerprint of bundle %d: serial %d, %v", i+1, got.Serial, err)
		}
	}
	if _, err := Anchor(Fingerprint{1}, k.Chain()); !errors.Is(err, ErrWrongCounty) {
		t.Errorf("unknown fingerprint: %v", err)
	}
	if _, err := Anchor(fingerprint(k.Chain()[0].Bundle), mustCounty(t, 9).Chain()); !errors.Is(err, ErrWrongCounty) {
		t.Errorf("chain of an impostor: %v", err)
	}
}

func TestDecodeTrustRefusals(t *testing.T) {
	k := mustRotate(t, mustCounty(t, 1), 2)
	if fp, err := k.Trust().Fingerprint(); err != nil || fp == (Fingerprint{}) {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*CountyTrust){
		"format":             func(b *CountyTrust) { b.Format = 2 },
		"county":             func(b *CountyTrust) { b.County = "33" },
		"serial":             func(b *CountyTrust) { b.Serial = 0 },
		"no roots":           func(b *CountyTrust) { b.Roots = nil },
		"short root":         func(b *CountyTrust) { b.Roots = [][]byte{{1}} },
		"root twice":         func(b *CountyTrust) { b.Roots = append(b.Roots, b.Roots[0]) },
		"ledger key twice":   func(b *CountyTrust) { b.Ledger = append(b.Ledger, b.Ledger[0]) },
		"ledger key garbage": func(b *CountyTrust) { b.Ledger = []string{"tongban/330523+xx"} },
		"no CA":              func(b *CountyTrust) { b.CAs = nil },
		"CA garbage":         func(b *CountyTrust) { b.CAs = []string{"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"} },
		"two CAs in one":     func(b *CountyTrust) { b.CAs = []string{b.CAs[0] + b.CAs[1]} },
		"too many":           func(b *CountyTrust) { b.Ledger = make([]string, maxKeys+1) },
	} {
		b, err := DecodeTrust(mustEncode(t, k.Trust()))
		if err != nil {
			t.Fatal(err)
		}
		change(&b)
		if _, err := DecodeTrust(mustEncode(t, b)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := k.Trust()
	b.Ledger = []string{strings.Replace(b.Ledger[0], "330523", "330522", 1)}
	if _, err := DecodeTrust(mustEncode(t, b)); err == nil {
		t.Error("ledger key under another name was taken")
	}
	good := mustEncode(t, k.Trust())
	for name, bad := range map[string]string{
		"trailing":  string(good) + "{}",
		"repeated":  strings.Replace(string(good), `"serial":2`, `"serial":9,"serial":2`, 1),
		"case":      strings.Replace(string(good), `"serial"`, `"Serial"`, 1),
		"unknown":   strings.Replace(string(good), `{`, `{"x":1,`, 1),
		"too large": strings.Repeat(" ", maxBundle) + string(good),
	} {
		if _, err := DecodeTrust([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnyChangedByteOfABundleBreaksTheChain(t *testing.T) {
	first := mustCounty(t, 1)
	second := mustRotate(t, first, 2).Chain()[1]
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(second.Bundle)-1).Draw(rt, "byte")
		bit := rapid.IntRange(0, 7).Draw(rt, "bit")
		bad := SignedTrust{Bundle: bytes.Clone(second.Bundle), Sig: second.Sig}
		bad.Bundle[i] ^= 1 << bit
		if _, err := first.Trust().Advance(bad); err == nil && !bytes.Contains(bad.Bundle, []byte(`"serial":0`)) {
			// A changed serial may make the bundle an old one, which is
			// passed over; then trust must not have moved.
			got, _ := first.Trust().Advance(bad)
			if got.Serial != 1 {
				rt.Fatalf("bit %d of byte %d changed unnoticed", bit, i)
			}
		}
	})
}

func mustEncode(t testing.TB, b CountyTrust) []byte {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func errorOf[T any](_ T, err error) error { return err }
