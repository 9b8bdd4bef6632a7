package trust

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
)

func mustRequest(t testing.TB, k *NodeKeys, p Place, names ...string) EnrolRequest {
	t.Helper()
	r, err := NewEnrolRequest(k, p, "TOKEN123", names)
	if err != nil {
		t.Fatalf("enrol request: %v", err)
	}
	return r
}

func TestEnrolment(t *testing.T) {
	county, keys := mustCounty(t, 1), mustNode(t, 2)
	p := place("village-1", testVillage)
	data, err := json.Marshal(mustRequest(t, keys, p, "village.example", "10.0.0.7", "fd00::7"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := DecodeEnrolRequest(data)
	if err != nil {
		t.Fatal(err)
	}
	der, err := county.CertificateFor(seeded(3), r, testNow, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keys.Certificate(der)
	if err != nil {
		t.Fatal(err)
	}
	got, err := placeOf(cert.Leaf)
	if err != nil || got != p {
		t.Errorf("certificate names %+v, %v", got, err)
	}
	if cert.Leaf.Subject.CommonName != "village-1" || len(cert.Leaf.IPAddresses) != 2 || len(cert.Leaf.DNSNames) != 1 || cert.Leaf.IsCA {
		t.Errorf("certificate %+v", cert.Leaf.Subject)
	}
	if _, err := mustNode(t, 5).Certificate(der); !errors.Is(err, ErrMalformed) {
		t.Errorf("certificate with another node's key: %v", err)
	}
}

func TestEnrolRequestRefusals(t *testing.T) {
	keys, other := mustNode(t, 1), mustNode(t, 2)
	p := place("village-1", testVillage)
	theirs := mustRequest(t, other, p)
	for name, c := range map[string]struct {
		change func(*EnrolRequest)
		want   error
	}{
		"node":           {func(r *EnrolRequest) { r.Node = "village-2" }, ErrSignature},
		"token":          {func(r *EnrolRequest) { r.Token = "OTHER" }, ErrSignature},
		"names":          {func(r *EnrolRequest) { r.Names = []string{"evil.example"} }, ErrSignature},
		"their sign key": {func(r *EnrolRequest) { r.SignKey = theirs.SignKey }, ErrSignature},
		"their TLS key":  {func(r *EnrolRequest) { r.TLSKey = theirs.TLSKey }, ErrSignature},
		"no sign proof":  {func(r *EnrolRequest) { r.SignProof = nil }, ErrSignature},
		"no TLS proof":   {func(r *EnrolRequest) { r.TLSProof = nil }, ErrSignature},
		"id path":        {func(r *EnrolRequest) { r.Node = "../../etc" }, ErrMalformed},
		"tier":           {func(r *EnrolRequest) { r.Tier = node.County }, ErrMalformed},
		"other county":   {func(r *EnrolRequest) { r.Division = "330522100201" }, ErrWrongCounty},
		"wildcard":       {func(r *EnrolRequest) { r.Names = []string{"*.example"} }, ErrMalformed},
		"format":         {func(r *EnrolRequest) { r.Format = 9 }, ErrMalformed},
		"key garbage":    {func(r *EnrolRequest) { r.TLSKey = []byte{1} }, ErrMalformed},
	} {
		r := mustRequest(t, keys, p)
		c.change(&r)
		if err := r.Verify(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestHostNames(t *testing.T) {
	for name, want := range map[string]bool{
		"hub1": true, "hub-1.county.gov.cn": true, "10.1.2.3": true, "::1": true, "HUB": true,
		"": false, "*.x": false, "a..b": false, "-a": false, "a-": false, "a b": false, "安吉": false,
		"fe80::1%eth0": false, "a/b": false, "a\x00": false, strings.Repeat("a", 64): false, strings.Repeat("a.", 130) + "a": false,
	} {
		if validHost(name) != want {
			t.Errorf("validHost(%.40q) = %v", name, !want)
		}
	}
}

func TestCredential(t *testing.T) {
	county, keys := mustCounty(t, 1), mustNode(t, 2)
	good := credentialFor(place("town-1", testTownship), keys)
	signed := mustSign(t, county, good)
	data, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeCredential(data)
	if err != nil || !reflect.DeepEqual(back, signed) {
		t.Fatalf("round trip: %v", err)
	}
	if err := county.Trust().VerifyCredential(back, testNow); err != nil {
		t.Fatalf("good credential: %v", err)
	}
	end := time.UnixMilli(good.ExpiresAt)
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"last moment":     {end.Add(-time.Millisecond), nil},
		"ended":           {end, ErrExpired},
		"clock behind 1m": {time.UnixMilli(good.IssuedAt).Add(-clockSkew), nil},
		"before":          {time.UnixMilli(good.IssuedAt).Add(-clockSkew - time.Millisecond), ErrExpired},
		"1970":            {time.Unix(0, 0), ErrExpired},
	} {
		if err := county.Trust().VerifyCredential(signed, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*identity.Credential){
		"node":     func(c *identity.Credential) { c.Node = "town-2" },
		"division": func(c *identity.Credential) { c.Division = "330523101" },
		"raised":   func(c *identity.Credential) { c.Tier, c.Division = node.County, testCounty },
		"ordinal":  func(c *identity.Credential) { c.Ordinal = 2 },
		"key":      func(c *identity.Credential) { c.SignKey = mustNode(t, 3).SignPublic() },
		"longer":   func(c *identity.Credential) { c.ExpiresAt++ },
	} {
		bad := signed
		change(&bad.Credential)
		if err := county.Trust().VerifyCredential(bad, testNow); !errors.Is(err, ErrSignature) {
			t.Errorf("changed %s: %v", name, err)
		}
	}
	if err := mustCounty(t, 8).Trust().VerifyCredential(signed, testNow); !errors.Is(err, ErrSignature) {
		t.Errorf("another county's root: %v", err)
	}
}

func TestSignCredentialRefusesNonsense(t *testing.T) {
	county, keys := mustCounty(t, 1), mustNode(t, 2)
	for name, change := range map[string]func(*identity.Credential){
		"id":       func(c *identity.Credential) { c.Node = "Town 1" },
		"tier":     func(c *identity.Credential) { c.Tier = "province" },
		"mismatch": func(c *identity.Credential) { c.Tier = node.Village },
		"county":   func(c *identity.Credential) { c.Division = "330522100" },
		"ordinal":  func(c *identity.Credential) { c.Ordinal = 100 },
		"zeroth":   func(c *identity.Credential) { c.Ordinal = 0 },
		"key":      func(c *identity.Credential) { c.SignKey = nil },
		"times":    func(c *identity.Credential) { c.ExpiresAt = c.IssuedAt },
	} {
		c := credentialFor(place("town-1", testTownship), keys)
		change(&c)
		if _, err := county.SignCredential(c); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
}

func TestNodeURIHasOneSpelling(t *testing.T) {
	good := place("town-1", testTownship).URI().String()
	for name, text := range map[string]string{
		"scheme":   strings.Replace(good, "tongban:", "http:", 1),
		"fragment": good + "#x",
		"extra":    good + "&x=1",
		"repeated": good + "&tier=county",
		"user":     strings.Replace(good, "//", "//a@", 1),
		"port":     strings.Replace(good, "330523/", "330523:1/", 1),
		"escaped":  strings.Replace(good, "town-1", "town%2d1", 1),
		"path":     strings.Replace(good, "/node/", "/NODE/", 1),
		"deeper":   strings.Replace(good, "town-1", "town-1/x", 1),
		"opaque":   "tongban:330523",
	} {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		if p, err := parsePlace(u); err == nil {
			t.Errorf("%s: %s was read as %+v", name, text, p)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := place(rapid.StringMatching(`[a-z0-9-]{3,40}`).Draw(rt, "id"), testVillage)
		u, err := url.Parse(p.URI().String())
		if err != nil {
			rt.Fatal(err)
		}
		if back, err := parsePlace(u); err != nil || back != p {
			rt.Fatalf("%+v came back as %+v, %v", p, back, err)
		}
	})
}

func TestIssueCertificateLimits(t *testing.T) {
	county, keys := mustCounty(t, 1), mustNode(t, 2)
	p := place("town-1", testTownship)
	foreign := Place{County: "330522", Node: "town-1", Tier: node.Township, Division: "330522100"}
	if _, err := county.IssueCertificate(seeded(1), foreign, &keys.TLS.PublicKey, nil, testNow, time.Hour); !errors.Is(err, ErrWrongCounty) {
		t.Errorf("another county's node: %v", err)
	}
	if _, err := county.IssueCertificate(seeded(1), p, &keys.TLS.PublicKey, nil, testNow, 0); !errors.Is(err, ErrMalformed) {
		t.Errorf("no validity: %v", err)
	}
	if _, err := county.IssueCertificate(seeded(1), p, &keys.TLS.PublicKey, []string{"a b"}, testNow, time.Hour); !errors.Is(err, ErrMalformed) {
		t.Errorf("bad name: %v", err)
	}
	der, err := county.IssueCertificate(seeded(1), p, &keys.TLS.PublicKey, nil, testNow, 100*365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if cert.NotAfter.After(county.caCert.NotAfter) {
		t.Error("the certificate outlives its authority")
	}
}
