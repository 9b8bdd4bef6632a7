// Package pinyin finds Chinese text by the first letters of its reading, as
// people type it: sbk for 社保卡. A character with several readings is found by
// each of them, since nothing here knows which is meant.
package pinyin

//go:generate sh -c "cd ../../.ci/tools && go run ./pinyin ../../node/pinyin/table.go"

import (
	"strings"
	"unicode/utf8"
)

// Find returns the place of the first run of characters, in runes, whose
// readings begin with letters (a to z and digits, lower case), or -1. A letter
// or a digit of the text stands for itself.
func Find(text, letters string) int {
	if letters == "" {
		return 0
	}
	runes := []rune(text)
	for at := range runes {
		if begins(runes[at:], letters) {
			return at
		}
	}
	return -1
}

// begins reports whether the characters begin with the letters. What is no
// character, letter or digit (brackets, dashes) is passed over, but not at the
// start, where it would move the place of what was found.
func begins(runes []rune, letters string) bool {
	for i, r := range runes {
		if letters == "" {
			return true
		}
		known := readings(r)
		if known == "" && i > 0 {
			continue
		}
		if !strings.Contains(known, letters[:1]) {
			return false
		}
		letters = letters[1:]
	}
	return letters == ""
}

// readings are the letters with which the readings of a character begin.
func readings(r rune) string {
	switch {
	case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
		return string(r)
	case r >= 'A' && r <= 'Z':
		return string(r + 'a' - 'A')
	case r < first || int(r-first) >= len(letters) || letters[r-first] == '-':
		return ""
	}
	usual := letters[r-first : r-first+1]
	at := strings.IndexRune(others, r)
	if at < 0 {
		return usual
	}
	more, _, _ := strings.Cut(others[at+utf8.RuneLen(r):], " ")
	return usual + more
}
