package sealedvfs

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/store/atrest"
)

// What C seals is what Go seals: a disk may move to a machine that has no
// instructions for it.
func TestNativeIsTheSameCipher(t *testing.T) {
	if _, ok := newNative(make([]byte, atrest.XTSKeyBytes)); !ok {
		t.Skip("this processor has no instructions for AES")
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), atrest.XTSKeyBytes, atrest.XTSKeyBytes).Draw(t, "key")
		blocks := rapid.IntRange(1, 300).Draw(t, "blocks")
		plain := rapid.SliceOfN(rapid.Byte(), blocks*16, blocks*16).Draw(t, "plain")
		unit := rapid.Uint64().Draw(t, "unit")
		want := bytes.Clone(plain)
		atrest.NewXTS(key).Seal(want, unit)
		n, ok := newNative(key)
		if !ok {
			t.Fatal("no cipher")
		}
		defer n.free()
		got := bytes.Clone(plain)
		n.crypt(true, got, unit)
		if !bytes.Equal(got, want) {
			t.Fatal("C seals otherwise than Go")
		}
		part := got[:16*rapid.IntRange(1, blocks).Draw(t, "part")]
		n.crypt(false, part, unit)
		if !bytes.Equal(part, plain[:len(part)]) {
			t.Fatal("the beginning of a unit does not open alone")
		}
	})
}

func BenchmarkPage(b *testing.B) {
	n, ok := newNative(make([]byte, atrest.XTSKeyBytes))
	if !ok {
		b.Skip("this processor has no instructions for AES")
	}
	defer n.free()
	page := make([]byte, 4096)
	b.SetBytes(int64(len(page)))
	for i := range b.N {
		n.crypt(true, page, uint64(i))
	}
}
