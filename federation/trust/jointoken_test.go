package trust

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustJoin(t testing.TB, seed uint64) JoinToken {
	t.Helper()
	fp, err := mustCounty(t, seed).Trust().Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	token, err := newJoinToken(seeded(seed), fp)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestJoinToken(t *testing.T) {
	county := mustCounty(t, 1)
	fp, err := county.Trust().Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	token, err := NewJoinToken(fp)
	if err != nil {
		t.Fatal(err)
	}
	text := token.Encode()
	if len(text) != 60+11 || strings.Count(text, "-") != 11 {
		t.Errorf("form %q", text)
	}
	back, err := DecodeJoinToken(text)
	if err != nil || back != token {
		t.Fatalf("round trip: %v", err)
	}
	if _, err := Anchor(back.County, county.Chain()); err != nil {
		t.Errorf("the token does not lead to its county: %v", err)
	}
	hash := token.Hash()
	other := mustJoin(t, 2)
	if !back.Matches(hash[:]) || other.Matches(hash[:]) || back.Matches(nil) || back.Matches(hash[:31]) {
		t.Error("hash comparison")
	}
	moved := token
	moved.ID = other.ID
	if moved.Matches(hash[:]) {
		t.Error("the hash does not bind the id")
	}
}

func TestJoinTokensDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, err := NewJoinToken(Fingerprint{})
		if err != nil {
			t.Fatal(err)
		}
		if seen[token.Secret] {
			t.Fatal("a secret twice")
		}
		seen[token.Secret] = true
	}
	if _, err := newJoinToken(strings.NewReader("short"), Fingerprint{}); err == nil {
		t.Error("short random source")
	}
}

func TestJoinTokenAsTyped(t *testing.T) {
	token := mustJoin(t, 3)
	text := token.Encode()
	wide := strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + '！' - '!'
		}
		return r
	}, text)
	for name, typed := range map[string]string{
		"lower case": strings.ToLower(text),
		"no dashes":  strings.ReplaceAll(text, "-", ""),
		"spaces":     "  " + strings.ReplaceAll(text, "-", "  ") + "\r\n",
		"full width": wide,
		"o for 0":    strings.ReplaceAll(text, "0", "o"),
		"I for 1":    strings.ReplaceAll(text, "1", "I"),
		"l for 1":    strings.ReplaceAll(text, "1", "l"),
		"long dash":  strings.ReplaceAll(text, "-", "—"),
	} {
		if back, err := DecodeJoinToken(typed); err != nil || back != token {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, typed := range map[string]string{
		"empty": "", "short": text[:len(text)-1], "long": text + "0", "huge": strings.Repeat("0", 1000),
		"U": "U" + text[1:], "Chinese": "口" + text, "zeros": strings.Repeat("0", 60), "NUL": "\x00" + text, "bad UTF-8": "\xff" + text,
	} {
		if _, err := DecodeJoinToken(typed); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Typing errors are caught for certain, not only probably.
func TestJoinTokenCatchesTypingErrors(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plain := []byte(strings.ReplaceAll(mustJoin(t, rapid.Uint64Range(1, 50).Draw(rt, "seed")).Encode(), "-", ""))
		i := rapid.IntRange(0, len(plain)-1).Draw(rt, "place")
		j := rapid.IntRange(0, len(plain)-1).Draw(rt, "other")
		before := string(plain)
		if rapid.Bool().Draw(rt, "swap") {
			plain[i], plain[j] = plain[j], plain[i]
		} else {
			plain[i] = rapid.SampledFrom([]byte(crockford)).Draw(rt, "character")
		}
		_, err := DecodeJoinToken(string(plain))
		inCheck := i >= joinLen-joinCheckLen || j >= joinLen-joinCheckLen
		if string(plain) != before && err == nil && !inCheck {
			rt.Fatalf("%s read as %s", plain, before)
		}
	})
}

func TestRefresh(t *testing.T) {
	a, ha := NewRefresh()
	b, hb := NewRefresh()
	if a == b || ha == hb || len(a) != 43 {
		t.Errorf("tokens %q %q", a, b)
	}
	if HashRefresh(a) != ha || HashRefresh(a+"x") == ha {
		t.Error("hash")
	}
}
