package catalog

import (
	"strings"
	"unicode"
)

// What an item says where the law wants a reason has to be one. It is asked of what is
// handed in from now on (a file, a draft, an edition), and not of what the ledger has:
// Check, by which that is judged, stays as it was.

// CheckReasons lists reasons of an item that say nothing.
func CheckReasons(item Item) []Fault {
	if item.PromisedWorkingDays > MaxPromise && item.PromiseReason != "" && hollow(item.PromiseReason) {
		return []Fault{newFault("promise_reason", FaultText, "承诺时限超过%d个工作日须说明理由，“%s”不是理由", "a promise over %d working days needs a stated reason, and %q is none", MaxPromise, show(item.PromiseReason))}
	}
	return nil
}

// hollow reports whether a text has no words beside those that only say that there is
// none. Two letters are the least that say something.
func hollow(text string) bool {
	var letters strings.Builder
	for _, r := range strings.ToLower(text) {
		if unicode.IsLetter(r) {
			letters.WriteRune(r)
		}
	}
	left := letters.String()
	for _, word := range hollowWords {
		if left == word {
			return true
		}
	}
	for _, word := range hollowParts {
		left = strings.ReplaceAll(left, word, "")
	}
	return len([]rune(left)) < 2
}

var (
	hollowWords = []string{"na", "none", "nil", "null", "no", "tbd", "todo", "nothing", "test", "xx", "xxx"}
	hollowParts = []string{"暂无", "没有", "不适用", "同上", "见上", "详见", "待定", "待补充", "其他", "其它", "理由", "原因", "说明", "无", "略"}
)
