package catalog

import "strings"

// Match reports whether an item is what somebody looks for: every word of the
// query occurs in its code, name or department. Letter case and full-width
// forms do not matter; an empty query matches everything.
func Match(item Item, query string) bool {
	text := fold(item.Code + "\n" + item.Name + "\n" + item.Department)
	for word := range strings.FieldsSeq(fold(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func fold(text string) string { return strings.ToLower(strings.Map(halfWidth, text)) }

// halfWidth maps the full-width forms of ASCII, which Chinese input methods
// produce, to ASCII.
func halfWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}
