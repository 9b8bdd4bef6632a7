package atrest

import (
	"bytes"
	"crypto/aes"
	"testing"

	"golang.org/x/crypto/xts"
	"pgregory.net/rapid"
)

// XTS is what golang.org/x/crypto/xts is, and a unit's beginning opens alone.
func TestXTSIsTheStandardOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "key")
		blocks := rapid.IntRange(1, 300).Draw(t, "blocks")
		plain := rapid.SliceOfN(rapid.Byte(), blocks*16, blocks*16).Draw(t, "plain")
		unit := rapid.Uint64().Draw(t, "unit")
		oracle, err := xts.NewCipher(aes.NewCipher, key)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, len(plain))
		oracle.Encrypt(want, plain, unit)
		got := bytes.Clone(plain)
		x := NewXTS(key)
		x.Seal(got, unit)
		if !bytes.Equal(got, want) {
			t.Fatal("sealed otherwise than by golang.org/x/crypto/xts")
		}
		part := got[:16*rapid.IntRange(1, blocks).Draw(t, "part")]
		x.Open(part, unit)
		if !bytes.Equal(part, plain[:len(part)]) {
			t.Fatal("the beginning of a unit does not open alone")
		}
	})
}

func BenchmarkXTS(b *testing.B) {
	x := NewXTS(make([]byte, 64))
	page := make([]byte, 4096)
	b.SetBytes(int64(len(page)))
	for i := range b.N {
		x.Seal(page, uint64(i))
	}
}
