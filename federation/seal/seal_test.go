package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

var theHeader = Header{Kind: Bundle, County: "330523", From: "v-330523110200-1", To: "t-330523110-1", MadeAt: 1795395600000}

func sealed(t testing.TB, content []byte, to ...ed25519.PublicKey) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := Create(&b, theHeader, to...)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// opened is what a file holds for a key, or why it cannot be read.
func opened(file []byte, keys ...ed25519.PrivateKey) (Header, []byte, error) {
	h, r, err := Open(bytes.NewReader(file), nil, keys...)
	if err != nil {
		return h, nil, err
	}
	content, err := io.ReadAll(r)
	return h, content, err
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

func TestWhoCanOpen(t *testing.T) {
	for _, size := range []int{0, 1, 64<<10 - 32, 64 << 10, 300_000} {
		content := random(size)
		file := sealed(t, content, public(key(1)), public(key(2)))
		for _, k := range []ed25519.PrivateKey{key(1), key(2)} {
			h, got, err := opened(file, key(9), k)
			if err != nil || !bytes.Equal(got, content) || h != theHeader {
				t.Fatalf("%d bytes: %+v, %d bytes, %v", size, h, len(got), err)
			}
		}
		if _, _, err := opened(file, key(3), key(4)); !errors.Is(err, ErrNotForUs) {
			t.Errorf("a stranger: %v", err)
		}
		if _, _, err := opened(file); !errors.Is(err, ErrNotForUs) {
			t.Errorf("nobody: %v", err)
		}
	}
}

// What is sealed shows nowhere in the file; the header does, and has no more
// than it says.
func TestNothingInTheClear(t *testing.T) {
	secret := strings.Repeat("欧阳金丝雀 330523195006150079 $argon2id$v=19$", 50)
	file := sealed(t, []byte(secret), public(key(1)))
	for _, part := range []string{"金丝雀", "330523195", "argon2id"} {
		if bytes.Contains(file, []byte(part)) {
			t.Errorf("%q is in the clear", part)
		}
	}
	if !bytes.Contains(file, []byte(theHeader.From)) {
		t.Error("the header is not")
	}
	if bytes.Equal(file, sealed(t, []byte(secret), public(key(1)))) {
		t.Error("sealing twice gives the same bytes")
	}
}

func TestCutAndFlipped(t *testing.T) {
	content := random(150_000)
	file := sealed(t, content, public(key(1)))
	step := 1
	for n := 0; n < len(file); n += step {
		if n > 1200 {
			step = 997
		}
		_, got, err := opened(file[:n], key(1))
		want := ErrTruncated
		if n == 0 {
			want = ErrNotSealed
		}
		if !errors.Is(err, want) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if !bytes.HasPrefix(content, got) {
			t.Fatalf("cut at %d: other content", n)
		}
		flipped := bytes.Clone(file)
		flipped[n] ^= 0x20
		_, got, err = opened(flipped, key(1))
		if err == nil {
			t.Fatalf("flipped at %d: taken", n)
		}
		if n > 1200 && !errors.Is(err, ErrDamaged) {
			t.Fatalf("flipped at %d: %v", n, err)
		}
		if !bytes.HasPrefix(content, got) {
			t.Fatalf("flipped at %d: other content", n)
		}
	}
	if _, _, err := opened(append(bytes.Clone(file), 0), key(1)); err == nil {
		t.Error("with more after the end: taken")
	}
}

func TestHostileHeaders(t *testing.T) {
	good := sealed(t, []byte("x"), public(key(1)))
	length := binary.BigEndian.Uint32(good[10:])
	with := func(header string) []byte {
		head := binary.BigEndian.AppendUint16([]byte(magic), format)
		head = append(binary.BigEndian.AppendUint32(head, uint32(len(header))), header...)
		return append(head, good[14+length:]...)
	}
	newer := bytes.Clone(good)
	newer[9] = 2
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[10:], 1<<31)
	ageHuge := append(bytes.Clone(good[:14+length]), "age-encryption.org/v1\n-> ssh-ed25519 "+strings.Repeat("A", 4<<20)+"\n"...)
	stanzas := append(bytes.Clone(good[:14+length]), "age-encryption.org/v1\n"+strings.Repeat("-> x y\n\n", 3000)...)
	for name, row := range map[string]struct {
		file []byte
		want error
	}{
		"another file":        {[]byte("PK\x03\x04" + strings.Repeat("x", 100)), ErrNotSealed},
		"a newer one":         {newer, ErrNewer},
		"a huge header":       {huge, ErrDamaged},
		"no JSON":             {with("{"), ErrDamaged},
		"unknown fields":      {with(`{"kind":"bundle","county":"330523","from":"a","made_at":1,"x":1}`), ErrDamaged},
		"two values":          {with(`{"kind":"bundle","county":"330523","from":"a","made_at":1}{}`), ErrDamaged},
		"no county":           {with(`{"kind":"bundle","county":"1","from":"a","made_at":1}`), ErrDamaged},
		"another kind":        {with(`{"kind":"letter","county":"330523","from":"a","made_at":1}`), ErrDamaged},
		"an exchanged header": {with(`{"kind":"bundle","county":"330523","from":"somebody-else","made_at":1}`), ErrDamaged},
		"a huge age header":   {ageHuge, nil},
		"many stanzas":        {stanzas, nil},
	} {
		_, _, err := opened(row.file, key(1))
		if err == nil || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refusal := errors.New("not this one")
	if _, _, err := Open(bytes.NewReader(good), func(h Header) error { return fmt.Errorf("%s: %w", h.To, refusal) }, key(1)); !errors.Is(err, refusal) {
		t.Errorf("refused by its header: %v", err)
	}
	if _, err := Create(io.Discard, Header{}, public(key(1))); err == nil {
		t.Error("an empty header was sealed")
	}
	if _, err := Create(io.Discard, theHeader); err == nil {
		t.Error("sealed for nobody")
	}
	if _, err := Create(io.Discard, theHeader, ed25519.PublicKey("short")); err == nil {
		t.Error("sealed for half a key")
	}
}

// A reader that fails is not taken for a file that is damaged.
func TestReaderFails(t *testing.T) {
	file := sealed(t, random(150_000), public(key(1)))
	failure := errors.New("the stick was pulled out")
	for _, n := range []int{0, 5, 20, 400, 70_000, len(file) - 3} {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(failure))
		_, content, err := Open(r, nil, key(1))
		if err == nil {
			_, err = io.ReadAll(content)
		}
		if !errors.Is(err, failure) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	_, content, err := Open(iotest.OneByteReader(bytes.NewReader(file)), nil, key(1))
	must(t, err)
	got, err := io.ReadAll(content)
	if err != nil || !bytes.Equal(got, random(150_000)) {
		t.Errorf("a byte at a time: %d bytes, %v", len(got), err)
	}
}

func FuzzOpen(f *testing.F) {
	good := sealed(f, []byte("内容"), public(key(1)))
	f.Add(good)
	f.Add(good[:40])
	f.Add([]byte(magic))
	f.Add(slices.Concat(good[:14], good[20:]))
	f.Fuzz(func(t *testing.T, file []byte) {
		h, content, err := opened(file, key(1))
		if err == nil && (h != theHeader || string(content) != "内容") {
			// Only who has the public key can make another, and the fuzzer has not.
			t.Fatalf("opened %+v: %q", h, content)
		}
		for _, known := range []error{ErrNotSealed, ErrNewer, ErrTruncated, ErrDamaged, ErrNotForUs} {
			if errors.Is(err, known) {
				return
			}
		}
		if err != nil {
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
