package catalog

import (
	"cmp"
	"slices"
)

// Edition is one publication of the catalogue: it lists what changes from
// EffectiveFrom on. Items it does not name stay as the other editions leave
// them. All tiers change over at that instant, however early the edition
// reached them.
//
// Numbers are the order of publication, EffectiveFrom that of taking effect,
// and the two are independent: what is announced for next month delays nothing
// that is published until then.
type Edition struct {
	Number        int           `json:"number"`         // dense, from 1
	EffectiveFrom int64         `json:"effective_from"` // unix ms
	Entries       []EditionItem `json:"entries"`
	Note          string        `json:"note,omitempty"`
	// CancelledAt is when (unix ms) the edition was cancelled, before it took
	// effect: it never will. 0 for all others; never set in what is published.
	CancelledAt int64 `json:"cancelled_at,omitempty"`
}

// EditionItem puts one version of an item into force, or withdraws the item;
// then Version is the one that was in force until then. A withdrawn item takes
// no new cases; running ones are finished under their own version.
type EditionItem struct {
	Code      string `json:"code"`
	Version   int    `json:"version"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Term is what one edition makes of an item, from an instant (unix ms) until
// the item's next term.
type Term struct {
	Edition   int
	From      int64
	Version   int
	Withdrawn bool
}

// Terms are an item's terms in the order in which they take effect.
type Terms []Term

// TermsOf gathers the terms of every item that the editions name. Cancelled
// editions have none; of those that take effect at the same instant the higher
// number comes later, and so decides.
func TermsOf(editions []Edition) map[string]Terms {
	all := map[string]Terms{}
	for _, e := range editions {
		if e.CancelledAt != 0 {
			continue
		}
		for _, n := range e.Entries {
			all[n.Code] = append(all[n.Code], Term{Edition: e.Number, From: e.EffectiveFrom, Version: n.Version, Withdrawn: n.Withdrawn})
		}
	}
	for _, terms := range all {
		slices.SortFunc(terms, func(a, b Term) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Edition, b.Edition))
		})
	}
	return all
}

// At is the term that holds at an instant (unix ms): the one that took effect
// last. ok is false before the item's first.
func (t Terms) At(at int64) (term Term, ok bool) {
	for _, next := range t {
		if next.From > at {
			break
		}
		term, ok = next, true
	}
	return term, ok
}

// After are the terms that take effect after an instant (unix ms).
func (t Terms) After(at int64) Terms {
	i := slices.IndexFunc(t, func(n Term) bool { return n.From > at })
	if i < 0 {
		return nil
	}
	return t[i:]
}

// InForce returns the version that is in force at an instant (unix ms); ok is
// false before the item's first term and while it is withdrawn.
func (t Terms) InForce(at int64) (version int, ok bool) {
	term, ok := t.At(at)
	if !ok || term.Withdrawn {
		return 0, false
	}
	return term.Version, true
}
