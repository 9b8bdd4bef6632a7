// Package catalogtest has the real items and packages for tests.
package catalogtest

import (
	_ "embed" // the catalog
	"encoding/json"
	"slices"
	"sync"

	"github.com/tongban/tongban/node/catalog"
)

// ItemsFile and PackagesFile are import files of what tongban ships.
var (
	//go:embed items.json
	ItemsFile []byte
	//go:embed packages.json
	PackagesFile []byte
)

// TB is what is needed of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Items are those of ItemsFile, each call's own.
func Items(tb TB) []catalog.Item {
	tb.Helper()
	return own(tb, parsed())
}

// Item is one of them.
func Item(tb TB, code string) *catalog.Item {
	tb.Helper()
	all := parsed()
	i := slices.IndexFunc(all, func(i catalog.Item) bool { return i.Code == code })
	if i < 0 {
		tb.Fatalf("no item %s", code)
	}
	item := own(tb, all[i])
	return &item
}

// Packages are those of PackagesFile.
func Packages(tb TB) []catalog.Package {
	tb.Helper()
	packages, faults := catalog.ParsePackages(PackagesFile, parsed())
	if len(faults) > 0 {
		tb.Fatalf("%v", faults)
	}
	return packages
}

// parsed are the items, read once: judging 226 of them takes longer than most tests.
var parsed = sync.OnceValue(func() []catalog.Item {
	items, faults := catalog.ParseItems(ItemsFile)
	if len(faults) > 0 {
		panic(faults[0].EN)
	}
	return items
})

// own is a copy that its test may change.
func own[T any](tb TB, of T) (copied T) {
	tb.Helper()
	text, err := json.Marshal(of)
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return copied
}
