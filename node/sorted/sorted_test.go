package sorted

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type pair struct{ key, place int }

// The order is that of the standard library, also of what is equal: nodes of versions
// that sorted with it make the same state.
func TestSameOrderAsTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, rapid.IntRange(1, 60).Draw(t, "most")), 0, 400).Draw(t, "keys")
		pairs := make([]pair, len(keys))
		for i, k := range keys {
			pairs[i] = pair{k, i}
		}
		byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
		ours, theirs := slices.Clone(pairs), slices.Clone(pairs)
		By(ours, byKey)
		slices.SortFunc(theirs, byKey)
		if !slices.Equal(ours, theirs) {
			t.Fatalf("%v is not %v", ours, theirs)
		}
		ours, theirs = slices.Clone(pairs), slices.Clone(pairs)
		StableBy(ours, byKey)
		slices.SortStableFunc(theirs, byKey)
		if !slices.Equal(ours, theirs) {
			t.Fatalf("stable: %v is not %v", ours, theirs)
		}
	})
}
