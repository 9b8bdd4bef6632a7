package store

import (
	"cmp"
	"slices"

	"github.com/tongban/tongban/node/ledger"
)

// inOrder puts entries about one case, and about the joint matter it is part
// of, into the order in which they are told. No clock has a say in it: a
// machine that is fast would put what it did after what others did upon it.
//
// The order is that of the county's ledger, which everybody gets to know
// sooner or later: nothing stands in it before what its author had been told
// of. What the county has not confirmed yet comes after that, as this node
// came to know it, which is where it will most likely stay. Two things are
// known of an entry that the ledger may contradict, because lines of different
// nodes are held up for different times, and there they win: an entry never
// stands before the one it names as its previous one (the county records one
// that overtook it as waiting), and those of one origin stand as that counted
// them. What was held up is then moved forward to what followed it, rather
// than that back: it had happened. What stands beside a case (a comment, a
// paper brought, an attachment confirmed) names no previous entry; it follows
// the hand-in and what its origin recorded before. Whether its author knew of
// what other nodes did meanwhile is written nowhere, and the ledger decides.
//
// The order depends on the entries alone, so that nodes that have the same
// ones tell them alike.
func inOrder(entries []EntryView) []EntryView {
	left := slices.Clone(entries)
	slices.SortFunc(left, func(a, b EntryView) int {
		if a.Index == 0 || b.Index == 0 { // unconfirmed last
			return cmp.Or(cmp.Compare(b.Index, a.Index), cmp.Compare(a.n, b.n))
		}
		return cmp.Compare(a.Index, b.Index)
	})
	causes := causesOf(left)
	out := make([]EntryView, 0, len(left))
	told := make([]bool, len(left))
	var tell func(int)
	tell = func(i int) {
		if told[i] {
			return
		}
		told[i] = true // before its causes: entries of a liar may go in circles
		for _, cause := range causes[i] {
			tell(cause)
		}
		out = append(out, left[i])
	}
	for i := range left {
		tell(i)
	}
	return out
}

// causesOf are, for each entry, those that it is known to follow, by their
// place among the entries.
func causesOf(entries []EntryView) [][]int {
	places := make(map[string]int, len(entries))
	matter := -1 // the hand-in of the joint matter
	origins := map[string][]int{}
	for i := range entries {
		e := &entries[i]
		places[e.ID] = i
		if e.Kind == ledger.PackageSubmit {
			matter = i
		}
		if e.Seq > 0 {
			origins[e.Origin] = append(origins[e.Origin], i)
		}
	}
	causes := make([][]int, len(entries))
	for i := range entries {
		e := &entries[i]
		cause, known := places[e.Prev]
		if !known {
			cause, known = places[e.Case]
		}
		if !known && matter >= 0 {
			cause, known = matter, true
		}
		if known && cause != i {
			causes[i] = append(causes[i], cause)
		}
	}
	for _, own := range origins {
		slices.SortFunc(own, func(a, b int) int { return cmp.Compare(entries[a].Seq, entries[b].Seq) })
		for k := 1; k < len(own); k++ {
			causes[own[k]] = append(causes[own[k]], own[k-1])
		}
	}
	return causes
}
