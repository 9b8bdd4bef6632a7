package trust

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// merkle is a ledger's hashes in memory.
type merkle struct{ hashes []tlog.Hash }

func (m *merkle) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = m.hashes[x]
	}
	return out, nil
}

func (m *merkle) add(t testing.TB, n int64, leaf []byte) {
	t.Helper()
	h, err := tlog.StoredHashes(n, leaf, m)
	if err != nil {
		t.Fatal(err)
	}
	m.hashes = append(m.hashes, h...)
}

func (m *merkle) tree(t testing.TB, n int64) tlog.Tree {
	t.Helper()
	if n == 0 {
		return tlog.Tree{}
	}
	h, err := tlog.TreeHash(n, m)
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: n, Hash: h}
}

// leafOf is the n-th record (from 0) of a ledger that forks at some record.
func leafOf(n, forkAt int64) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(n))
	if n >= forkAt {
		b = append(b, 'x')
	}
	return b
}

func newMerkle(t testing.TB, size, forkAt int64) *merkle {
	m := &merkle{}
	for i := range size {
		m.add(t, i, leafOf(i, forkAt))
	}
	return m
}

func TestCheckpointRoundTrip(t *testing.T) {
	county := mustCounty(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		want := Checkpoint{County: testCounty, At: rapid.Int64Range(0, math.MaxInt64).Draw(rt, "at")}
		want.Tree.N = rapid.Int64Range(0, maxTree).Draw(rt, "n")
		copy(want.Tree.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "hash"))
		msg, err := county.SignCheckpoint(want.Tree, want.At)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := county.Trust().OpenCheckpoint(msg)
		if err != nil || got != want {
			rt.Fatalf("%+v, %v", got, err)
		}
		i := rapid.IntRange(0, len(msg)-1).Draw(rt, "byte")
		bad := bytes.Clone(msg)
		bad[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if got, err := county.Trust().OpenCheckpoint(bad); err == nil && got != want {
			rt.Fatalf("changed byte %d accepted as %+v", i, got)
		}
	})
}

func TestCheckpointRefusals(t *testing.T) {
	county := mustCounty(t, 1)
	sign := func(k *CountyKeys, text string) []byte {
		msg, err := note.Sign(&note.Note{Text: text}, k.ledger)
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}
	hash := tlog.Hash{}.String()
	good := "tongban/330523\n5\n" + hash + "\nat 7\n"
	if _, err := county.Trust().OpenCheckpoint(sign(county, good)); err != nil {
		t.Fatalf("the pattern itself: %v", err)
	}
	for name, text := range map[string]string{
		"other ledger":    strings.Replace(good, "330523", "330522", 1),
		"go.sum tree":     string(tlog.FormatTree(tlog.Tree{N: 5})),
		"negative":        strings.Replace(good, "\n5\n", "\n-5\n", 1),
		"leading zero":    strings.Replace(good, "\n5\n", "\n05\n", 1),
		"plus":            strings.Replace(good, "\n5\n", "\n+5\n", 1),
		"endless size":    strings.Replace(good, "\n5\n", "\n9223372036854775807\n", 1),
		"overflow":        strings.Replace(good, "\n5\n", "\n92233720368547758070\n", 1),
		"short hash":      strings.Replace(good, hash, "AAAA", 1),
		"no time":         strings.Replace(good, "at 7\n", "", 1),
		"other extension": strings.Replace(good, "at 7", "by 7", 1),
		"more lines":      good + "more\n",
		"negative time":   strings.Replace(good, "at 7", "at -7", 1),
	} {
		if c, err := county.Trust().OpenCheckpoint(sign(county, text)); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrWrongCounty) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if _, err := county.Trust().OpenCheckpoint(sign(mustCounty(t, 2), good)); !errors.Is(err, ErrSignature) {
		t.Errorf("another county's key: %v", err)
	}
	if _, err := county.Trust().OpenCheckpoint([]byte(strings.Repeat("a", maxCheckpoint+1))); !errors.Is(err, ErrMalformed) {
		t.Errorf("huge: %v", err)
	}
	for _, tree := range []tlog.Tree{{N: -1}, {N: maxTree + 1}} {
		if _, err := county.SignCheckpoint(tree, 0); !errors.Is(err, ErrMalformed) {
			t.Errorf("size %d was signed: %v", tree.N, err)
		}
	}
}

func TestConsistencyAndInclusion(t *testing.T) {
	const size = 70
	m := newMerkle(t, size, size)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64Range(1, size).Draw(rt, "newer")
		o := rapid.Int64Range(0, n).Draw(rt, "older")
		older, newer := Checkpoint{County: testCounty, Tree: m.tree(t, o)}, Checkpoint{County: testCounty, Tree: m.tree(t, n)}
		var proof tlog.TreeProof
		if o > 0 {
			var err error
			if proof, err = tlog.ProveTree(n, o, m); err != nil {
				rt.Fatal(err)
			}
		}
		if err := CheckConsistency(older, newer, proof); err != nil {
			rt.Fatalf("honest ledger %d to %d: %v", o, n, err)
		}
		// A ledger rewritten at or before the older size is found out, with
		// whatever proof its own tree gives.
		if o > 0 {
			forkAt := rapid.Int64Range(0, o-1).Draw(rt, "fork")
			f := newMerkle(t, n, forkAt)
			forged, err := tlog.ProveTree(n, o, f)
			if err != nil {
				rt.Fatal(err)
			}
			rewritten := Checkpoint{County: testCounty, Tree: f.tree(t, n)}
			if err := CheckConsistency(older, rewritten, forged); !errors.Is(err, ErrProof) && !errors.Is(err, ErrForked) {
				rt.Fatalf("rewritten at %d: %v", forkAt, err)
			}
		}
		index := rapid.Int64Range(1, n).Draw(rt, "index")
		rp, err := tlog.ProveRecord(n, index-1, m)
		if err != nil {
			rt.Fatal(err)
		}
		leaf := tlog.RecordHash(leafOf(index-1, size))
		if err := CheckInclusion(newer, index, leaf, rp); err != nil {
			rt.Fatalf("record %d of %d: %v", index, n, err)
		}
		if err := CheckInclusion(newer, index, tlog.RecordHash([]byte("edited")), rp); !errors.Is(err, ErrProof) {
			rt.Fatalf("edited record: %v", err)
		}
		if n > 1 {
			if err := CheckInclusion(newer, index%n+1, leaf, rp); err == nil {
				rt.Fatal("a record was proved at another's place")
			}
		}
	})
}

func TestProofRefusals(t *testing.T) {
	m := newMerkle(t, 8, 8)
	at := func(n int64) Checkpoint { return Checkpoint{County: testCounty, Tree: m.tree(t, n)} }
	if err := CheckConsistency(at(8), at(4), nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("backwards: %v", err)
	}
	fork := at(8)
	fork.Tree.Hash[0] ^= 1
	if err := CheckConsistency(at(8), fork, nil); !errors.Is(err, ErrForked) {
		t.Errorf("same size, other hash: %v", err)
	}
	if err := CheckConsistency(at(4), at(8), nil); !errors.Is(err, ErrProof) {
		t.Errorf("no proof: %v", err)
	}
	other := at(8)
	other.County = "330522"
	if err := CheckConsistency(at(4), other, nil); !errors.Is(err, ErrWrongCounty) {
		t.Errorf("another county: %v", err)
	}
	huge := Checkpoint{County: testCounty, Tree: tlog.Tree{N: math.MaxInt64}}
	if err := CheckConsistency(at(4), huge, make(tlog.TreeProof, 70)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a size on which package tlog would hang: %v", err)
	}
	for _, index := range []int64{0, -1, 9, math.MinInt64, math.MaxInt64} {
		if err := CheckInclusion(at(8), index, tlog.Hash{}, nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("index %d: %v", index, err)
		}
	}
	if err := CheckInclusion(huge, math.MaxInt64, tlog.Hash{}, make(tlog.RecordProof, 70)); !errors.Is(err, ErrMalformed) {
		t.Errorf("huge tree: %v", err)
	}
}
