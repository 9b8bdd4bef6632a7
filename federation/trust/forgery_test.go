package trust

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
)

// forge builds a token from raw JSON texts with any signature.
func forge(header, claims string, sign func(text string) []byte) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	return text + "." + b64(sign(text))
}

func withKey(k ed25519.PrivateKey) func(string) []byte {
	return func(text string) []byte { return ed25519.Sign(k, []byte(text)) }
}

func withHMAC(secret []byte) func(string) []byte {
	return func(text string) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
}

func unsigned(string) []byte { return nil }

// claimsWith is the township's good claims with changes; nil drops a claim.
func claimsWith(t testing.TB, r *realm, changes map[string]any) string {
	t.Helper()
	id, l := r.login(node.Township)
	_, c, err := r.issuer(id).Issue(l, testNow)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	maps.Copy(m, changes)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	if data, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

type crafted struct {
	name, token string
	want        Reason
}

const goodHeader = `{"alg":"EdDSA","typ":"JWT","kid":"town-1"}`

// craftedTokens is every forgery of the list, each wrong in one way and right
// in all others.
func craftedTokens(t testing.TB, r *realm) []crafted {
	var all []crafted
	add := func(want Reason, name, token string) { all = append(all, crafted{name, token, want}) }
	own := withKey(r.keys["town-1"].Sign)
	good := claimsWith(t, r, nil)

	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "eddsa", "EdDSA ", "Ed25519", "HS256", "HS384", "HS512",
		"RS256", "ES256", "PS256", "SM2SM3", "ES256K", "dir"} {
		h := fmt.Sprintf(`{"alg":%q,"typ":"JWT","kid":"town-1"}`, alg)
		add("alg", "alg "+alg+", node's signature", forge(h, good, own))
		add("alg", "alg "+alg+", unsigned", forge(h, good, unsigned))
	}
	public := r.keys["town-1"].SignPublic()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"raw": public, "DER": spki, "base64": []byte(base64.StdEncoding.EncodeToString(public)),
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), "empty": nil,
	} {
		add("alg", "HS256 with the public key as "+name, forge(`{"alg":"HS256","typ":"JWT","kid":"town-1"}`, good, withHMAC(secret)))
		add("signature", "HMAC under alg EdDSA with "+name, forge(goodHeader, good, withHMAC(secret)))
	}

	for _, kid := range []string{"../town-1", "../../etc/passwd", "/dev/null", "town-1' OR '1'='1", "town-1;--", "http://evil.example/key",
		"", "TOWN-1", "town-1\x00", "town-1 ", "ｔown-1", strings.Repeat("a", 41), "$(id)", "file:///proc/self/environ"} {
		h, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "JWT", "kid": kid})
		if err != nil {
			t.Fatal(err)
		}
		add("kid", fmt.Sprintf("kid %.40q", kid), forge(string(h), claimsWith(t, r, map[string]any{"iss": kid}), own))
	}
	add("unknown_node", "kid of no node", forge(`{"alg":"EdDSA","typ":"JWT","kid":"town-9"}`, claimsWith(t, r, map[string]any{"iss": "town-9"}), own))
	add("iss", "kid of another node", forge(`{"alg":"EdDSA","typ":"JWT","kid":"county-1"}`, good, own))
	add("signature", "in another node's name", forge(`{"alg":"EdDSA","typ":"JWT","kid":"county-1"}`, claimsWith(t, r, map[string]any{"iss": "county-1"}), own))
	add("header", "no kid but number", forge(`{"alg":"EdDSA","typ":"JWT","kid":1}`, good, own))
	add("kid", "no kid", forge(`{"alg":"EdDSA","typ":"JWT"}`, good, own))

	attacker := mustNode(t, 666)
	jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, base64.RawURLEncoding.EncodeToString(attacker.SignPublic()))
	for name, extra := range map[string]string{
		"jwk": `"jwk":` + jwk, "jku": `"jku":"http://127.0.0.1:1/keys"`, "x5u": `"x5u":"http://127.0.0.1:1/cert"`,
		"x5c": `"x5c":["AAAA"]`, "x5t": `"x5t":"AAAA"`, "crit": `"crit":["exp"]`, "b64": `"b64":false,"crit":["b64"]`,
		"zip": `"zip":"DEF"`, "cty": `"cty":"JWT"`, "alg twice": `"alg":"none"`, "kid twice": `"kid":"county-1"`, "Alg": `"Alg":"none"`,
	} {
		h := strings.Replace(goodHeader, "}", ","+extra+"}", 1)
		add("header", "header with "+name, forge(h, good, withKey(attacker.Sign)))
		add("header", "header with "+name+", node's signature", forge(h, good, own))
	}
	for _, typ := range []string{"", "jwt", "at+jwt", "JWE"} {
		add("typ", "typ "+typ, forge(fmt.Sprintf(`{"alg":"EdDSA","typ":%q,"kid":"town-1"}`, typ), good, own))
	}

	at := testNow.Unix()
	for _, c := range []struct {
		name    string
		want    Reason
		changes map[string]any
	}{
		{"audience of another county", "aud", map[string]any{"aud": "tongban/330522"}},
		{"audience of another program", "aud", map[string]any{"aud": "tongban"}},
		{"no audience", "aud", map[string]any{"aud": nil}},
		{"list of audiences", "claims", map[string]any{"aud": []string{"tongban/330523"}}},
		{"no issuer", "iss", map[string]any{"iss": nil}},
		{"no subject", "sub", map[string]any{"sub": nil}},
		{"subject unknown", "unknown_staff", map[string]any{"sub": "s-nobody"}},
		{"subject of another tier", "staff_division", map[string]any{"sub": "s-county"}},
		{"subject injection", "unknown_staff", map[string]any{"sub": "' OR 1=1 --"}},
		{"no id", "jti", map[string]any{"jti": nil}},
		{"no session", "sid", map[string]any{"sid": nil}},
		{"tier raised", "tier", map[string]any{"tier": "county"}},
		{"tier raised whole", "tier", map[string]any{"tier": "county", "division": "330523", "roles": []string{"county_operator"}}},
		{"tier lowered", "tier", map[string]any{"tier": "village", "division": string(testVillage), "roles": []string{"village_worker"}}},
		{"tier unknown", "tier", map[string]any{"tier": "province"}},
		{"no tier", "tier", map[string]any{"tier": nil}},
		{"division of a neighbour", "division", map[string]any{"division": "330523101"}},
		{"division of the county", "division", map[string]any{"division": "330523"}},
		{"division of a village below", "division", map[string]any{"division": string(testVillage)}},
		{"division empty", "division", map[string]any{"division": ""}},
		{"role of the county", "role_tier", map[string]any{"roles": []string{"township_clerk", "county_operator"}}},
		{"role of a village", "role_tier", map[string]any{"roles": []string{"village_worker"}}},
		{"role the person has not", "role", map[string]any{"roles": []string{"township_leader"}}},
		{"role system", "roles", map[string]any{"roles": []string{"system"}}},
		{"role unknown", "roles", map[string]any{"roles": []string{"*"}}},
		{"role twice", "roles", map[string]any{"roles": []string{"township_clerk", "township_clerk"}}},
		{"no roles", "roles", map[string]any{"roles": []string{}}},
		{"roles as text", "claims", map[string]any{"roles": "township_clerk"}},
		{"department invented", "staff_department", map[string]any{"department": "d-civil"}},
		{"old epoch", "epoch", map[string]any{"epoch": -1}},
		{"expired", "exp", map[string]any{"iat": at - 1000, "nbf": at - 1000, "exp": at - 100}},
		{"expires this second", "exp", map[string]any{"iat": at - 900, "nbf": at - 900, "exp": at}},
		{"not yet", "nbf", map[string]any{"nbf": at + 120}},
		{"issued in the future", "nbf", map[string]any{"iat": at + 120, "nbf": at + 120, "exp": at + 900}},
		{"no exp", "times", map[string]any{"exp": nil}},
		{"no iat", "times", map[string]any{"iat": nil}},
		{"no nbf", "times", map[string]any{"nbf": nil}},
		{"exp null in effect", "times", map[string]any{"exp": 0}},
		{"exp negative", "times", map[string]any{"exp": -1}},
		{"exp as text", "claims", map[string]any{"exp": fmt.Sprint(at + 900)}},
		{"exp as fraction", "claims", map[string]any{"exp": json.RawMessage(fmt.Sprintf("%d.5", at+800))}},
		{"exp as exponent", "claims", map[string]any{"exp": json.RawMessage("1e12")}},
		{"exp beyond int64", "claims", map[string]any{"exp": json.RawMessage("99999999999999999999")}},
		{"lives an hour", "life", map[string]any{"exp": at + 3600}},
		{"lives for ever", "life", map[string]any{"exp": int64(1) << 62}},
		{"exp before nbf", "times", map[string]any{"exp": at}},
		{"nbf before iat", "times", map[string]any{"nbf": at - 1}},
		{"unknown claim", "claims", map[string]any{"admin": true}},
		{"claim in capitals", "claims", map[string]any{"Roles": []string{"county_operator"}}},
		{"kid as node path", "iss", map[string]any{"iss": "../county-1"}},
		{"name too long", "name", map[string]any{"name": strings.Repeat("x", 257)}},
	} {
		add(c.want, c.name, forge(goodHeader, claimsWith(t, r, c.changes), own))
	}
	for name, claims := range map[string]string{
		"claim twice":         strings.Replace(good, "{", `{"roles":["township_clerk"],`, 1),
		"sub twice":           strings.Replace(good, "{", `{"sub":"s-township",`, 1),
		"sub twice, escaped":  strings.Replace(good, "{", `{"\u0073ub":"s-township",`, 1),
		"trailing object":     good + "{}",
		"array":               "[" + good + "]",
		"null":                "null",
		"empty":               "",
		"deep nesting":        `{"sub":` + strings.Repeat("[", 800) + strings.Repeat("]", 800) + "}",
		"not JSON":            "alg=none",
		"broken off":          good[:len(good)-1],
		"comment":             good + "//",
		"byte order mark":     "\ufeff" + good,
		"UTF-16":              "\x00{\x00}",
		"unescaped new lines": strings.Replace(good, "s-township", "s-town\nship", 1),
	} {
		add("claims", name, forge(goodHeader, claims, own))
	}

	token := forge(goodHeader, good, own)
	parts := strings.Split(token, ".")
	flipped := []byte(parts[2])
	flipped[10] = map[bool]byte{true: 'B', false: 'A'}[flipped[10] == 'A'] // another letter of base64url
	for name, c := range map[string]struct {
		token string
		want  Reason
	}{
		"nothing":                   {"", "parts"},
		"one part":                  {parts[1], "parts"},
		"stripped signature":        {parts[0] + "." + parts[1], "parts"},
		"empty signature":           {parts[0] + "." + parts[1] + ".", "signature"},
		"four parts":                {token + ".", "parts"},
		"JWE":                       {token + ".a.b", "parts"},
		"only dots":                 {"..", "header"},
		"1 MB of dots":              {strings.Repeat(".", 1<<20), "size"},
		"1 MB of letters":           {strings.Repeat("a", 1<<20), "size"},
		"1 MB signature":            {token + strings.Repeat("A", 1<<20), "size"},
		"dots below the limit":      {strings.Repeat(".", maxToken), "parts"},
		"flipped signature":         {parts[0] + "." + parts[1] + "." + string(flipped), "signature"},
		"signature of another part": {parts[0] + "." + parts[1] + "." + parts[0], "signature"},
		"padding":                   {parts[0] + "=." + parts[1] + "." + parts[2], "characters"},
		"padded signature":          {token + "==", "characters"},
		"signature and zero bytes":  {token + "AAAA", "signature"},
		"standard base64":           {parts[0] + "." + parts[1] + "+/." + parts[2], "characters"},
		"space before":              {" " + token, "characters"},
		"new line after":            {token + "\n", "characters"},
		"new line inside":           {parts[0] + ".\r\n" + parts[1] + "." + parts[2], "characters"},
		"Bearer":                    {"Bearer " + token, "characters"},
		"signed by a stranger":      {forge(goodHeader, good, withKey(attacker.Sign)), "signature"},
		"signed by the county root": {forge(goodHeader, good, withKey(r.county.root)), "signature"},
		"signed by a lower node":    {forge(goodHeader, good, withKey(r.keys["village-1"].Sign)), "signature"},
		"prehashed signature": {forge(goodHeader, good, func(text string) []byte {
			sum := crypto.SHA512.New()
			sum.Write([]byte(text))
			sig, err := r.keys["town-1"].Sign.Sign(rand.Reader, sum.Sum(nil), crypto.SHA512)
			if err != nil {
				t.Fatal(err)
			}
			return sig
		}), "signature"},
		"zero signature": {forge(goodHeader, good, func(string) []byte { return make([]byte, ed25519.SignatureSize) }), "signature"},
	} {
		add(c.want, name, c.token)
	}
	return all
}

func TestForgedTokens(t *testing.T) {
	r := newRealm(t)
	// The pattern that all forgeries vary is itself good.
	if _, err := r.verifier.Verify(forge(goodHeader, claimsWith(t, r, nil), withKey(r.keys["town-1"].Sign)), testNow); err != nil {
		t.Fatalf("unchanged pattern: %v", err)
	}
	all := craftedTokens(t, r)
	accepted := 0
	texts := map[string]bool{}
	for _, c := range all {
		for range 2 { // a refusal must not be remembered as anything else
			_, err := r.verifier.Verify(c.token, testNow)
			if err == nil {
				accepted++
				t.Errorf("ACCEPTED: %s", c.name)
				continue
			}
			texts[err.Error()] = true
			assertReason(t, c.name, err, c.want)
		}
	}
	if len(texts) != 1 {
		t.Errorf("the refusals tell each other apart: %v", slices.Collect(maps.Keys(texts)))
	}
	if len(all) < 60 || accepted != 0 {
		t.Errorf("%d tokens, %d accepted", len(all), accepted)
	}
	t.Logf("%d crafted tokens, %d accepted", len(all), accepted)
}

func TestForgedCredentialInTheDirectory(t *testing.T) {
	r := newRealm(t)
	// Even a directory that was tampered with brings in no node: the county's
	// signature is part of the chain.
	attacker := mustNode(t, 666)
	fake := credentialFor(place("town-1", testTownship), attacker)
	r.directory.creds["town-1"] = mustSign(t, mustCounty(t, 13), fake)
	_, err := r.verifier.Verify(forge(goodHeader, claimsWith(t, newRealm(t), nil), withKey(attacker.Sign)), testNow)
	assertReason(t, "credential of another county", err, "credential")
	r.directory.creds["town-1"] = r.directory.creds["county-1"]
	_, err = r.verifier.Verify(r.mustIssueForged(t), testNow)
	assertReason(t, "credential of another node", err, "unknown_node")
}

func (r *realm) mustIssueForged(t *testing.T) string {
	t.Helper()
	return forge(goodHeader, claimsWith(t, newRealm(t), nil), withKey(r.keys["county-1"].Sign))
}

func TestHugeTokensCostNothing(t *testing.T) {
	r := newRealm(t)
	huge := strings.Repeat(".", 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if _, err := r.verifier.Verify(huge, testNow); !errors.Is(err, ErrUnauthenticated) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("100 refusals took %d bytes", grown)
	}
	if r.directory.asked != 0 {
		t.Error("the directory was asked about a token over the limit")
	}
}
