package privacy

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tongban/tongban/node/casework"
)

// token is something that identifies a person of the case, folded, and what is
// shown in its place.
type token struct{ folded, shown string }

// learn adds a value to what is not shown in free text. What is too short
// would take common words out of every sentence.
func (v *Veil) learn(value, shown string) {
	f := fold(value)
	least := 2
	if !strings.ContainsFunc(f.text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		least = 4
	}
	if utf8.RuneCountInString(f.text) < least {
		return
	}
	t := token{f.text, shown}
	at, found := slices.BinarySearchFunc(v.tokens, t, func(a, b token) int {
		return cmp.Or(cmp.Compare(len(b.folded), len(a.folded)), cmp.Compare(a.folded, b.folded))
	})
	if !found {
		v.tokens = slices.Insert(v.tokens, at, t) // the longest first: a name within an address goes with it
	}
}

// Text is what somebody wrote about the case, without what identifies the
// people of it and without numbers that a person may have: of identity cards,
// telephones and accounts. Letter case, full-width forms, and spaces and
// hyphens between the characters make no difference.
func (v *Veil) Text(text string) string {
	if text == "" {
		return ""
	}
	f := fold(text)
	var cuts []cut
	for _, t := range v.tokens {
		for at := 0; ; {
			i := strings.Index(f.text[at:], t.folded)
			if i < 0 {
				break
			}
			at += i
			cuts = f.add(cuts, at, at+len(t.folded), t.shown)
			at += len(t.folded)
		}
	}
	for _, n := range f.numbers() {
		cuts = f.add(cuts, n.from, n.to, Hidden)
	}
	return apply(text, cuts)
}

// Text is what somebody wrote, without numbers that a person may have: where
// there is no case to know people by.
func Text(text string) string { return new(Veil).Text(text) }

// cut is a part of a text, in bytes, and what takes its place.
type cut struct {
	from, to int
	shown    string
}

// apply replaces the cuts. They may overlap: what is common to two goes with
// both, and the one that begins first says what is shown.
func apply(text string, cuts []cut) string {
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	at := 0
	for _, c := range cuts {
		if c.from >= at {
			b.WriteString(text[at:c.from])
			b.WriteString(c.shown)
		}
		at = max(at, c.to)
	}
	b.WriteString(text[at:])
	return b.String()
}

// folded is a text without what people put between characters, in one letter
// case and width, with where each of its bytes came from.
type folded struct {
	text     string
	from, to []int
}

func fold(text string) folded {
	var b strings.Builder
	var f folded
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !between(r) {
			before := b.Len()
			b.WriteRune(plainRune(r))
			for range b.Len() - before {
				f.from, f.to = append(f.from, at), append(f.to, at+size)
			}
		}
		at += size
	}
	f.text = b.String()
	return f
}

// add adds the cut of the text that these bytes of the folded one came from.
func (f *folded) add(cuts []cut, from, to int, shown string) []cut {
	return append(cuts, cut{f.from[from], f.to[to-1], shown})
}

// between are the characters that people put between those of a name or a
// number: white space, hyphens, dots, and what is not seen at all.
func between(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Pd) || strings.ContainsRune("·•.．_﹒", r)
}

// plainRune is a character in lower case and half width.
func plainRune(r rune) rune {
	if r >= '！' && r <= '～' {
		r += '!' - '！'
	}
	return unicode.ToLower(r)
}

// numbers are the runs of digits that may be a person's: 11 digits and more
// (identity cards, mobiles, accounts, landlines with their area code) however
// they are written, and 7 to 10 written together. Dates in groups and amounts
// stay, and so do case numbers, which are no one's.
func (f *folded) numbers() []cut {
	var all []cut
	digit := func(i int) bool { return f.text[i] >= '0' && f.text[i] <= '9' }
	for i := 0; i < len(f.text); i++ {
		if !digit(i) {
			continue
		}
		end := i
		for end < len(f.text) && digit(end) {
			end++
		}
		run := f.text[i:end]
		together := f.to[end-1]-f.from[i] == f.width(i, end)
		if _, err := casework.ParseNumber(run); err != nil && (len(run) >= 11 || len(run) >= 7 && together) {
			all = append(all, cut{from: i, to: f.check(end)})
		}
		i = end
	}
	return all
}

// width is how many bytes of the text a part of the folded one has of its own.
func (f *folded) width(from, to int) (n int) {
	for i := from; i < to; i++ {
		if i == from || f.from[i] != f.from[i-1] {
			n += f.to[i] - f.from[i]
		}
	}
	return n
}

// check takes in the X that ends some identity cards.
func (f *folded) check(end int) int {
	if end < len(f.text) && f.text[end] == 'x' {
		return end + 1
	}
	return end
}
