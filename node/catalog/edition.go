package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edition is one publication of the catalogue: it lists what changes from
// EffectiveFrom on. Items it does not name stay as earlier editions left them.
// All tiers change over at that instant, however early the edition reached
// them.
type Edition struct {
	Number        int           `json:"number"`         // dense, from 1
	EffectiveFrom int64         `json:"effective_from"` // unix ms
	Entries       []EditionItem `json:"entries"`
	Note          string        `json:"note,omitempty"`
}

// EditionItem puts one version of an item into force, or withdraws the item;
// then Version is the one that was in force until then. A withdrawn item takes
// no new cases; running ones are finished under their own version.
type EditionItem struct {
	Code      string `json:"code"`
	Version   int    `json:"version"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// InForce returns the version of an item that is in force at an instant (unix
// ms): the one named by the latest edition effective at or before it. ok is
// false before the item's first edition and while it is withdrawn. Of editions
// with the same effective time the higher number decides.
func InForce(editions []Edition, code string, at int64) (version int, ok bool) {
	latest, found := -1, EditionItem{}
	for i, e := range editions {
		if e.EffectiveFrom > at || latest >= 0 && !later(e, editions[latest]) {
			continue
		}
		if j := slices.IndexFunc(e.Entries, func(n EditionItem) bool { return n.Code == code }); j >= 0 {
			latest, found = i, e.Entries[j]
		}
	}
	if latest < 0 || found.Withdrawn {
		return 0, false
	}
	return found.Version, true
}

// AllInForce lists what is in force at an instant, ordered by code.
func AllInForce(editions []Edition, at int64) []EditionItem {
	type named struct {
		EditionItem
		edition int
	}
	var all []named
	for i, e := range editions {
		if e.EffectiveFrom > at {
			continue
		}
		for _, entry := range e.Entries {
			all = append(all, named{entry, i})
		}
	}
	// For each code the deciding edition comes first; Compact keeps it.
	slices.SortStableFunc(all, func(a, b named) int {
		if c := strings.Compare(a.Code, b.Code); c != 0 || a.edition == b.edition {
			return c
		}
		if later(editions[a.edition], editions[b.edition]) {
			return -1
		}
		return 1
	})
	all = slices.CompactFunc(all, func(a, b named) bool { return a.Code == b.Code })
	current := make([]EditionItem, 0, len(all))
	for _, n := range all {
		if !n.Withdrawn {
			current = append(current, n.EditionItem)
		}
	}
	return current
}

func later(a, b Edition) bool {
	if a.EffectiveFrom != b.EffectiveFrom {
		return a.EffectiveFrom > b.EffectiveFrom
	}
	return a.Number > b.Number
}

// Reasons why an edition is refused; EditionError carries one of them.
var (
	ErrEditionNumber    = errors.New("edition numbers are dense from 1")
	ErrEditionBackwards = errors.New("takes effect before the previous edition")
	ErrEditionEmpty     = errors.New("changes nothing")
	ErrEditionDuplicate = errors.New("names an item twice")
	ErrEditionCode      = errors.New("names a malformed item code")
	ErrEditionVersion   = errors.New("names a version below 1")
	ErrEditionWithdrawn = errors.New("withdraws an item or version that is not in force")
)

// EditionError says which edition is refused, because of which item (empty
// where none is to blame), and why.
type EditionError struct {
	Number int
	Code   string
	Err    error
}

// Error implements error.
func (e *EditionError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("edition %d: %v", e.Number, e.Err)
	}
	return fmt.Sprintf("edition %d, item %q: %v", e.Number, show(e.Code), e.Err)
}

// Unwrap returns the reason.
func (e *EditionError) Unwrap() error { return e.Err }

// CheckEdition says whether next may follow the editions published so far,
// which are in order. Effective times may not go backwards: a later edition
// must never change what held before an earlier one took effect. The error is
// an *EditionError.
func CheckEdition(published []Edition, next Edition) error {
	refuse := func(code string, err error) error {
		return &EditionError{Number: next.Number, Code: code, Err: err}
	}
	if next.Number != len(published)+1 {
		return refuse("", ErrEditionNumber)
	}
	if n := len(published); next.EffectiveFrom <= 0 || n > 0 && next.EffectiveFrom < published[n-1].EffectiveFrom {
		return refuse("", ErrEditionBackwards)
	}
	if len(next.Entries) == 0 {
		return refuse("", ErrEditionEmpty)
	}
	seen := make(map[string]bool, len(next.Entries))
	for _, entry := range next.Entries {
		switch {
		case !itemCode.MatchString(entry.Code):
			return refuse(entry.Code, ErrEditionCode)
		case seen[entry.Code]:
			return refuse(entry.Code, ErrEditionDuplicate)
		case entry.Version < 1:
			return refuse(entry.Code, ErrEditionVersion)
		}
		seen[entry.Code] = true
		version, ok := InForce(published, entry.Code, next.EffectiveFrom)
		if entry.Withdrawn && (!ok || version != entry.Version) {
			return refuse(entry.Code, ErrEditionWithdrawn)
		}
		if !entry.Withdrawn && ok && version == entry.Version {
			return refuse(entry.Code, ErrEditionEmpty)
		}
	}
	return nil
}

// CheckEditions checks a whole history; the error is an *EditionError for the
// first edition that may not stand where it does.
func CheckEditions(editions []Edition) error {
	for i, e := range editions {
		if err := CheckEdition(editions[:i], e); err != nil {
			return err
		}
	}
	return nil
}
