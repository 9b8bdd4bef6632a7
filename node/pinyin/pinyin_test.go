package pinyin

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFind(t *testing.T) {
	for _, row := range []struct {
		text, letters string
		want          int
	}{
		{"社会保障卡申领", "shbzk", 0},
		{"社会保障卡申领", "bzk", 2},
		{"社会保障卡申领", "sl", 5},
		{"社会保障卡申领", "xx", -1},
		{"企业设立登记（有限责任公司）", "djyxzr", 4}, // over the bracket
		{"银行账户", "yh", 0},               // 行: háng
		{"行政许可", "xz", 0},               // 行: xíng
		{"重新登记", "cx", 0},
		{"重点项目", "zd", 0},
		{"B2证", "b2z", 0},
		{"龘", "d", 0},
		{"", "a", -1},
		{"任何", "", 0},
		{"（社）", "s", 1},
	} {
		if got := Find(row.text, row.letters); got != row.want {
			t.Errorf("Find(%q, %q) = %d, want %d", row.text, row.letters, got, row.want)
		}
	}
}

// Whatever part of a text is spelled by its usual readings is found.
func TestFindWhatIsThere(t *testing.T) {
	text := []rune("最低生活保障对象审核确认和临时救助")
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(text)).Draw(t, "to")
		spelled := ""
		for _, r := range text[from:to] {
			known := readings(r)
			spelled += string(known[rapid.IntRange(0, len(known)-1).Draw(t, "reading")])
		}
		if at := Find(string(text), spelled); at < 0 || at > from {
			t.Fatalf("%q is at %d, found at %d", spelled, from, at)
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("社会保障卡", "bz")
	f.Add("\xff（B2）", "b2")
	f.Fuzz(func(t *testing.T, text, letters string) {
		if at := Find(text, letters); at > len([]rune(text)) || at < -1 {
			t.Fatal(at)
		}
	})
}
