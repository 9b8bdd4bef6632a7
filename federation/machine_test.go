package federation

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/store"
)

func TestProposalSurvivesPacking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := store.Proposal{Together: rapid.Bool().Draw(t, "together"), FromRevoked: rapid.Bool().Draw(t, "from revoked"),
			Entries: rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 200), 0, 20).Draw(t, "entries")}
		if rapid.Bool().Draw(t, "large") {
			p.Entries = append(p.Entries, bytes.Repeat([]byte("item "), compressFrom/5+1))
		}
		got, err := unpack(pack(p))
		if err != nil || got.Together != p.Together || got.FromRevoked != p.FromRevoked || len(got.Entries) != len(p.Entries) {
			t.Fatalf("%v, together %v, %d entries; want %v, %d", err, got.Together, len(got.Entries), p.Together, len(p.Entries))
		}
		for i := range p.Entries {
			if !bytes.Equal(got.Entries[i], p.Entries[i]) {
				t.Fatalf("entry %d differs", i)
			}
		}
	})
}

func TestLargeProposalIsCompressed(t *testing.T) {
	p := store.Proposal{Entries: [][]byte{bytes.Repeat([]byte("item "), compressFrom)}}
	if packed := pack(p); len(packed) > compressFrom/4 {
		t.Errorf("%d bytes of %d", len(packed), len(p.Entries[0]))
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add(pack(store.Proposal{Entries: [][]byte{[]byte("{}")}}))
	f.Add(pack(store.Proposal{Together: true, Entries: [][]byte{bytes.Repeat([]byte("a"), compressFrom)}}))
	f.Add([]byte{flagCompressed, 0x28, 0xb5, 0x2f, 0xfd})
	f.Add([]byte{0x80, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := unpack(b)
		if err != nil {
			if !errors.Is(err, errPacked) {
				t.Errorf("untyped: %v", err)
			}
			return
		}
		if again, err := unpack(pack(p)); err != nil || len(again.Entries) != len(p.Entries) {
			t.Errorf("packed again: %v", err)
		}
	})
}
