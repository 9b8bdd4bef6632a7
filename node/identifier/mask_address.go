package identifier

import (
	"strings"
	"unicode/utf8"
)

// MaskAddress keeps an address down to its village or community and cuts the
// rest, as 安吉县梅溪镇荆湾村***.
//
// Addresses are free text, so the mask is careful rather than clever. Nothing
// from the first sign of a house, a group or a street on is ever kept, and
// where the village cannot be told the address ends at the township or the
// county; where those cannot be told either, nothing is kept.
func MaskAddress(address string) string {
	address = strings.Join(strings.Fields(address), "")
	head := address[:detailAt(address)]
	county := countyEnd(head)
	township := townshipEnd(head, county)
	village := villageEnd(head, max(county, township))
	cut := max(county, township, village)
	switch {
	case address == "":
		return ""
	case cut == len(address):
		return address
	}
	return head[:cut] + "***"
}

// detailAt returns where an address becomes more exact than a village.
func detailAt(address string) int {
	at := strings.IndexFunc(address, func(c rune) bool {
		// Everything but Han characters: digits of any width, letters, signs, damage.
		return c < 0x3400 || c > 0x9fff && c < 0x20000 || c == utf8.RuneError ||
			strings.ContainsRune("路巷弄号組组队幢栋座楼室户", c)
	})
	if at < 0 {
		at = len(address)
	}
	for i := 0; i < at; {
		rest := address[i:]
		c, size := utf8.DecodeRuneInString(rest)
		if c == '街' && !strings.HasPrefix(rest, "街道") || strings.HasPrefix(rest, "小区") ||
			strings.HasPrefix(rest, "单元") || strings.HasPrefix(rest, "大道") {
			return i
		}
		i += size
	}
	return at
}

// countyEnd returns where the county's name ends: at the first 县 or 区, without
// them at the first 市 or 省; 0 when there is none. 社区 is no county.
func countyEnd(head string) int {
	for _, group := range []string{"县区", "市", "省"} {
		for i, c := range head {
			if strings.ContainsRune(group, c) && !strings.HasSuffix(head[:i], "社") {
				return i + utf8.RuneLen(c)
			}
		}
	}
	return 0
}

// townshipEnd returns where the township's name ends, the first 镇, 乡 or 街道
// after the county; 0 when there is none.
func townshipEnd(head string, from int) int {
	first := 0
	for _, word := range []string{"街道", "镇", "乡"} {
		i := strings.Index(head[from:], word)
		if end := from + i + len(word); i > 0 && (first == 0 || end < first) {
			first = end
		}
	}
	return first
}

// villageEnd returns where the village's or community's name ends, the first 村
// or 社区 after the township; 0 when there is none or when what stands before it
// is too long for a name.
func villageEnd(head string, from int) int {
	const longest = 10
	for i, c := range head[from:] {
		start := from + i
		if utf8.RuneCountInString(head[from:start]) > longest {
			return 0
		}
		if i == 0 {
			continue // a bare 村 names no village
		}
		if strings.HasPrefix(head[start:], "社区") {
			return start + len("社区")
		}
		if c != '村' {
			continue
		}
		end := start + len("村")
		if strings.HasPrefix(head[end:], "社区") {
			return end + len("社区")
		}
		return end
	}
	return 0
}
