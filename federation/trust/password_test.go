package trust

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// cheap is the least that NewHasher takes; tests do not need more.
var cheap = PasswordParams{MemoryKiB: 8 << 10, Iterations: 1, Threads: 1, AtOnce: 2}

func mustHasher(t testing.TB, p PasswordParams) *Hasher {
	t.Helper()
	h, err := NewHasher(p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustHash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestPasswords(t *testing.T) {
	h, ctx := mustHasher(t, cheap), context.Background()
	hash := mustHash(t, h, "青山绿水 anji café")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=8192,t=1,p=1$") {
		t.Errorf("hash %s", hash)
	}
	for password, want := range map[string]bool{
		"青山绿水 anji café":         true,
		"青山绿水 anji cafe\u0301":   true, // the same text, composed in another way
		"青山绿水 anji cafe":         false,
		"":                       false,
		"青山绿水 anji café\x00":     false,
		strings.Repeat("x", 1e6): false,
	} {
		if c, err := h.Verify(ctx, password, hash); err != nil || c.OK != want || c.Rehash {
			t.Errorf("%.30q: %+v, %v", password, c, err)
		}
	}
	if mustHash(t, h, "same") == mustHash(t, h, "same") {
		t.Error("no salt")
	}
	if _, err := h.Hash(ctx, strings.Repeat("x", maxPassword+1)); !errors.Is(err, ErrPasswordLength) {
		t.Errorf("long password: %v", err)
	}
}

func TestUnknownPersonIsNeverLetIn(t *testing.T) {
	h, ctx := mustHasher(t, cheap), context.Background()
	for _, password := range []string{"", "x", h.decoy} {
		if c, err := h.Verify(ctx, password, ""); err != nil || c.OK || c.Rehash {
			t.Errorf("%q: %+v, %v", password, c, err)
		}
	}
	// A password too long is hashed as empty; where the stored one is empty
	// it must not be let in for that.
	if c, err := h.Verify(ctx, strings.Repeat("x", maxPassword+1), mustHash(t, h, "")); err != nil || c.OK {
		t.Errorf("long for empty: %+v, %v", c, err)
	}
}

func TestUnknownPersonCostsAHash(t *testing.T) {
	h, ctx := mustHasher(t, cheap), context.Background()
	known := mustHash(t, h, "right")
	cost := func(hash string) uint64 {
		return uint64(testing.AllocsPerRun(3, func() {
			if _, err := h.Verify(ctx, "wrong", hash); err != nil {
				t.Error(err)
			}
		}))
	}
	// Equal work, seen in what cannot be off by a scheduler's mood: the
	// decoy's parameters and the number of allocations.
	a, _, _, err := readHash(known)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _, err := readHash(h.decoy)
	if err != nil || *a != *b {
		t.Errorf("costs %+v and %+v, %v", a, b, err)
	}
	if k, u := cost(known), cost(""); u < k {
		t.Errorf("known %d allocations, unknown %d", k, u)
	}
}

func TestRehash(t *testing.T) {
	old := mustHash(t, mustHasher(t, cheap), "right")
	dearer := cheap
	dearer.Iterations = 2
	h, ctx := mustHasher(t, dearer), context.Background()
	if c, err := h.Verify(ctx, "right", old); err != nil || !c.OK || !c.Rehash {
		t.Errorf("right: %+v, %v", c, err)
	}
	if c, err := h.Verify(ctx, "wrong", old); err != nil || c.OK || c.Rehash {
		t.Errorf("wrong: %+v, %v", c, err)
	}
}

func TestHostileHashes(t *testing.T) {
	h, ctx := mustHasher(t, cheap), context.Background()
	tail := "$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b+dWRWJTmaaJObGRdescudvJCs"
	for _, hash := range []string{
		"x", "$", "$argon2id$", "$argon2i$v=19$m=8192,t=1,p=1" + tail,
		"$argon2id$v=18$m=8192,t=1,p=1" + tail,
		"$argon2id$v=19$m=4294967295,t=1,p=1" + tail,
		"$argon2id$v=19$m=8192,t=0,p=1" + tail,
		"$argon2id$v=19$m=8192,t=4294967295,p=1" + tail,
		"$argon2id$v=19$m=8192,t=1,p=0" + tail,
		"$argon2id$v=19$m=8192,t=1,p=255" + tail,
		"$argon2id$v=19$m=8192,t=1,p=1$$",
		"$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$",
		"$argon2id$" + strings.Repeat("a", 1000),
	} {
		if c, err := h.Verify(ctx, "", hash); !errors.Is(err, ErrMalformed) || c.OK {
			t.Errorf("%.60s: %+v, %v", hash, c, err)
		}
	}
}

func TestHasherRefusesUnreasonableCosts(t *testing.T) {
	for name, change := range map[string]func(*PasswordParams){
		"no memory": func(p *PasswordParams) { p.MemoryKiB = 0 }, "too much": func(p *PasswordParams) { p.MemoryKiB = 1 << 20 },
		"no rounds": func(p *PasswordParams) { p.Iterations = 0 }, "no threads": func(p *PasswordParams) { p.Threads = 0 },
		"none at once": func(p *PasswordParams) { p.AtOnce = 0 },
	} {
		p := cheap
		change(&p)
		if _, err := NewHasher(p); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustHasher(t, DefaultPasswordParams)
}

func TestHashesAtOnceAreBounded(t *testing.T) {
	h := mustHasher(t, cheap)
	hash := mustHash(t, h, "right")
	for range cheap.AtOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Verify(ctx, "right", hash); !errors.Is(err, context.Canceled) {
		t.Errorf("verify with no slot: %v", err)
	}
	if _, err := h.Hash(ctx, "right"); !errors.Is(err, context.Canceled) {
		t.Errorf("hash with no slot: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if c, err := h.Verify(context.Background(), "right", hash); err != nil || !c.OK {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	if len(h.slots) != cheap.AtOnce {
		t.Errorf("%d hashes at once", len(h.slots))
	}
	for range cheap.AtOnce {
		<-h.slots
	}
	wg.Wait()
	if len(h.slots) != 0 {
		t.Error("a slot was not given back")
	}
}

func TestPasswordPolicy(t *testing.T) {
	for _, c := range []struct {
		password, login string
		want            error
	}{
		{"竹海里的一只小松鼠", "zhang", ErrPasswordShort},
		{"竹海里的一只红色小松鼠", "zhang", nil},
		{"kettle-river-moon", "zhang", nil},
		{"9f!kQ2zz7p", "zhang", nil},
		{"short", "zhang", ErrPasswordShort},
		{"123456789", "zhang", ErrPasswordShort},
		{"1234567890", "zhang", ErrPasswordCommon},
		{"0987654321", "zhang", ErrPasswordCommon},
		{"abcdefghijkl", "zhang", ErrPasswordCommon},
		{"aaaaaaaaaaaa", "zhang", ErrPasswordCommon},
		{"121212121212", "zhang", ErrPasswordCommon},
		{"woaini1314520", "zhang", ErrPasswordCommon},
		{"WoAiNi1314520", "zhang", ErrPasswordCommon},
		{"woaini520woaini520", "zhang", ErrPasswordCommon},
		{"password2026", "zhang", ErrPasswordCommon},
		{"Ｐａｓｓｗｏｒｄ２０２６", "zhang", ErrPasswordCommon},
		{"zhengwu12345!", "zhang", ErrPasswordCommon},
		{"1qaz2wsx3edc", "zhang", ErrPasswordCommon},
		{"zhangxiaohong", "zhangxiaohong", ErrPasswordLogin},
		{"ZhangXiaoHong", "zhangxiaohong", ErrPasswordLogin},
		{"gnohoaixgnahz", "zhangxiaohong", ErrPasswordLogin},
		{"zhangxiaohong1", "zhangxiaohong", ErrPasswordLogin},
		{"tab\tcharacter", "zhang", ErrPasswordForm},
		{"bad\xffutf8 text", "zhang", ErrPasswordForm},
		{strings.Repeat("长", 100), "zhang", ErrPasswordLength},
	} {
		if err := CheckPassword(c.password, c.login, 0); !errors.Is(err, c.want) {
			t.Errorf("%q for %q: %v, want %v", c.password, c.login, err, c.want)
		}
	}
	if err := CheckPassword("kettle-river", "x", 16); !errors.Is(err, ErrPasswordShort) || !strings.Contains(err.Error(), "16") {
		t.Errorf("own minimum: %v", err)
	}
}

func TestPasswordPolicyNeverPanics(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		_ = CheckPassword(rapid.String().Draw(rt, "password"), rapid.String().Draw(rt, "login"), rapid.IntRange(-1, 20).Draw(rt, "minimum"))
	})
}

func TestInitialPasswords(t *testing.T) {
	if len(syllables) != 256 || len(wordSet(strings.Join(syllables, " "))) != 256 {
		t.Fatalf("%d syllables", len(syllables))
	}
	seen := map[string]bool{}
	for range 500 {
		p, err := InitialPassword()
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckPassword(p, "zhang", 0); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if seen[p] || strings.Count(p, "-") != 6 {
			t.Errorf("%s", p)
		}
		seen[p] = true
	}
	for word := range commonPasswords {
		if word != fold(word) {
			t.Errorf("%q is not in the spelling it is compared in", word)
		}
	}
}

func BenchmarkPassword(b *testing.B) {
	h := mustHasher(b, DefaultPasswordParams)
	hash := mustHash(b, h, "right")
	for b.Loop() {
		if c, err := h.Verify(context.Background(), "right", hash); err != nil || !c.OK {
			b.Fatal(err)
		}
	}
}
