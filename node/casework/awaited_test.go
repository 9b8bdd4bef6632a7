package casework_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/casework"
)

// TestAwaited: a paper is awaited until all of its scans are here, or those of a
// later hand-in of it are.
func TestAwaited(t *testing.T) {
	in := func(entry, material string, files ...string) casework.HandIn {
		return casework.HandIn{Entry: entry, Material: material, Files: files}
	}
	for _, c := range []struct {
		name string
		all  []casework.HandIn
		here string
		want string
	}{
		{"nothing was scanned", []casework.HandIn{in("e1", "申请书")}, "", ""},
		{"all is here", []casework.HandIn{in("e1", "申请书", "a", "b")}, "a b", ""},
		{"one page is missing", []casework.HandIn{in("e1", "申请书", "a", "b"), in("e1", "章程", "c")}, "a c", "e1 申请书"},
		{"a later one stands for it", []casework.HandIn{in("e1", "申请书", "a"), in("e2", "申请书", "b")}, "b", ""},
		{"a later one of another paper does not", []casework.HandIn{in("e1", "申请书", "a"), in("e2", "章程", "b")}, "b", "e1 申请书"},
		{"a later one that is missing too", []casework.HandIn{in("e1", "申请书", "a"), in("e2", "申请书", "b")}, "", "e1 申请书, e2 申请书"},
		{"an earlier one does not stand for a later", []casework.HandIn{in("e1", "申请书", "a"), in("e2", "申请书", "b")}, "a", "e2 申请书"},
		{"one without scans stands for nothing", []casework.HandIn{in("e1", "申请书", "a"), in("e2", "申请书")}, "", "e1 申请书"},
	} {
		var got []string
		for _, h := range casework.Awaited(c.all, func(hash string) bool { return slices.Contains(strings.Fields(c.here), hash) }) {
			got = append(got, h.Entry+" "+h.Material)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

// TestAwaitedProperties: nothing is awaited where all is here, and of every paper that
// nothing is awaited of, the last scans are here.
func TestAwaitedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) casework.HandIn {
			return casework.HandIn{Material: name.Draw(t, "material"), Files: rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3", "4"}), 0, 3).Draw(t, "files")}
		}), 0, 8).Draw(t, "all")
		stored := rapid.SliceOf(rapid.SampledFrom([]string{"1", "2", "3", "4"})).Draw(t, "here")
		here := func(hash string) bool { return slices.Contains(stored, hash) }
		awaited := casework.Awaited(all, here)
		if n := len(casework.Awaited(all, func(string) bool { return true })); n != 0 {
			t.Fatalf("%d are awaited and all is here", n)
		}
		for _, material := range []string{"a", "b", "c"} {
			waits := slices.ContainsFunc(awaited, func(h casework.HandIn) bool { return h.Material == material })
			var last []string
			for _, h := range all {
				if h.Material == material && len(h.Files) > 0 {
					last = h.Files
				}
			}
			missing := slices.ContainsFunc(last, func(f string) bool { return !here(f) })
			if missing != waits {
				t.Fatalf("%s: the last scans %v, awaited %v", material, last, awaited)
			}
		}
	})
}
