// Package pinyin finds Chinese text by how it is read, as people type it: by the
// first letters (sbk for 社保卡), by whole syllables (shebaoka), or by some of each.
// A character with several readings is found by each of them, since nothing here
// knows which is meant.
package pinyin

//go:generate sh -c "cd ../../.ci/tools && go run ./pinyin ../../node/pinyin/table.go"

import "strings"

// Find returns the place of the first run of characters, in runes, whose
// readings are the letters (a to z and digits, lower case), or -1. A letter
// or a digit of the text stands for itself.
func Find(text, letters string) int {
	if letters == "" {
		return 0
	}
	runes := []rune(text)
	for at := range runes {
		if reads(runes[at:], letters, false, true) {
			return at
		}
	}
	return -1
}

// unfinished is how many letters of one syllable say what is meant before it is
// whole; fewer are first letters: sh is 社会, not whatever is read shi.
const unfinished = 3

// reads reports whether the characters begin as the letters say, each by the first
// letter or the whole of a reading; the last may lack its end where it is long enough
// or a whole one came before. What is no character, letter or digit (brackets, dashes)
// is passed over, but not at the start, where it would move the place of what was found.
func reads(runes []rune, letters string, whole, start bool) bool {
	if letters == "" {
		return true
	}
	if len(runes) == 0 {
		return false
	}
	known := readings(runes[0])
	if known == "" {
		return !start && reads(runes[1:], letters, whole, false)
	}
	for reading := range strings.SplitSeq(known, " ") {
		if rest, is := strings.CutPrefix(letters, reading); is && reads(runes[1:], rest, whole || len(reading) > 1, false) {
			return true
		}
		if (whole || len(letters) >= unfinished) && strings.HasPrefix(reading, letters) {
			return true
		}
		if len(reading) > 1 && letters[0] == reading[0] && reads(runes[1:], letters[1:], whole, false) {
			return true
		}
	}
	return false
}

var known = strings.Split(lists, "|")

// readings are the readings of a character, the usual one first, with a space between.
func readings(r rune) string {
	at := int(r-first) * 2
	switch {
	case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
		return string(r)
	case r >= 'A' && r <= 'Z':
		return string(r + 'a' - 'A')
	case r < first || at >= len(numbers):
		return ""
	}
	return known[strings.IndexByte(digits, numbers[at])*len(digits)+strings.IndexByte(digits, numbers[at+1])]
}
