package catalog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/pinyin"
)

// Query is what somebody looks for in the catalog. All of what is set must
// hold; an empty Query finds everything.
type Query struct {
	// Text is words, or first letters of a reading (sbk), separated by spaces.
	Text string
	// Department, Type and Tier (where it is handed in) narrow it down.
	Department string
	Type       ItemType
	Tier       node.Tier
	// Subject is who asks: a person or an organisation.
	Subject Subject
	// Life is the event that makes them ask.
	Life LifeEvent
	// Package is a matter of life (一件事) that the item is part of.
	Package string
}

// Hit is an item that was found, with the matters of life it is part of.
type Hit struct {
	Item     *Item
	Packages []string // codes
	rank     int
}

// Search finds items, the best first: those whose code or name is what was
// typed before those in which it stands somewhere.
func Search(items []*Item, packages []Package, q Query) []Hit {
	words := strings.Fields(fold(q.Text))
	var hits []Hit
	for _, item := range items {
		if q.Department != "" && item.Department != q.Department || q.Type != "" && item.Type != q.Type ||
			q.Tier != "" && !slices.Contains(item.AcceptTiers, q.Tier) ||
			q.Life != "" && !slices.Contains(item.LifeEvents, q.Life) ||
			q.Subject != "" && item.Subject != SubjectBoth && item.Subject != q.Subject {
			continue
		}
		hit := Hit{Item: item}
		var lives []string
		for _, p := range packages {
			if slices.Contains(p.Items, item.Code) {
				hit.Packages = append(hit.Packages, p.Code)
				lives = append(lives, p.Name)
			}
		}
		if q.Package != "" && !slices.Contains(hit.Packages, q.Package) {
			continue
		}
		var ok bool
		if hit.rank, ok = rank(item, lives, words); ok {
			hits = append(hits, hit)
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.Item.Name), len(b.Item.Name)), cmp.Compare(a.Item.Code, b.Item.Code))
	})
	return hits
}

// Match reports whether an item is what somebody looks for: it answers to every
// word of the query. An empty query matches everything.
func Match(item Item, query string) bool {
	_, ok := Rank(&item, query)
	return ok
}

// Rank is how well an item answers to all words of a query, 0 and less best; false
// when it does not answer to one of them.
func Rank(item *Item, query string) (int, bool) {
	return rank(item, nil, strings.Fields(fold(query)))
}

// rank tells how well an item answers to all words, 0 best; false when it does
// not answer to one of them.
func rank(item *Item, lives, words []string) (int, bool) {
	total := 0
	for _, e := range item.LifeEvents {
		zh, en := e.Names()
		lives = append(lives[:len(lives):len(lives)], zh, en)
	}
	for _, w := range words {
		best := worst
		for _, f := range []struct {
			text string
			rank int
		}{{item.Code, 0}, {item.Name, 2}, {strings.Join(lives, " "), 20}, {item.Department, 30}, {results(item), 40}, {item.Remarks, 60}} {
			if at, asRead := placeOf(f.text, w); at >= 0 {
				best = min(best, f.rank+min(at, 9)+asRead)
			}
			for _, m := range meant(w) {
				if at := strings.Index(fold(f.text), m); at >= 0 {
					best = min(best, f.rank+min(len([]rune(fold(f.text)[:at])), 9)-1)
				}
			}
		}
		if best == worst {
			return 0, false
		}
		total += best
	}
	return total, true
}

const worst = 1 << 20

func results(item *Item) string {
	var names []string
	for _, r := range item.Results {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// placeOf is the place of a word in a text, in characters, or of the first letters
// of a reading, which weigh less, for three letters are in many a name; -1 where it
// is not.
func placeOf(text, word string) (at, asRead int) {
	if at := strings.Index(fold(text), word); at >= 0 {
		return len([]rune(fold(text)[:at])), 0
	}
	if strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLower(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII }) >= 0 {
		return -1, 0
	}
	return pinyin.Find(text, word), 8
}

// fold makes text comparable: lower case, and the full-width forms of ASCII,
// which Chinese input methods produce, as ASCII.
func fold(text string) string { return strings.ToLower(strings.Map(halfWidth, text)) }

func halfWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}
