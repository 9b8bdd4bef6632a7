package api

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	tooLong    = regexp.MustCompile(`(?:^|: )([\w.\[\]]+) has (\d+) characters, at most (\d+)$`)
	leftEmpty  = regexp.MustCompile(`(?:^|: )([\w.\[\]]+) is empty$`)
	latinWords = regexp.MustCompile(`[A-Za-z]{2,} [A-Za-z]{2,}`)
)

// malformedZH says in Chinese what is wrong with content that an entry may not have:
// the ledger says it in English only, naming the field.
func malformedZH(zh, en string) string {
	if m := tooLong.FindStringSubmatch(en); m != nil {
		return fmt.Sprintf("内容格式有误：“%s”过长（%s 字，最多 %s 字）", m[1], m[2], m[3])
	}
	if m := leftEmpty.FindStringSubmatch(en); m != nil {
		return fmt.Sprintf("内容格式有误：“%s”未填写", m[1])
	}
	if latinWords.MatchString(zh) {
		before, _, _ := strings.Cut(zh, "：")
		return before
	}
	return zh
}
