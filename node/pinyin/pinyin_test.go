package pinyin

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"

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
		{"居民身份证申领", "shenfenzheng", 2},
		{"居民身份证申领", "jumin", 0},
		{"居民身份证申领", "shenfzh", 2}, // some of each, the last not whole
		{"居民身份证申领", "shenfenzhengming", -1},
		{"最低生活保障", "zuidi", 0},
		{"企业（有限责任公司）设立", "zerengongsisheli", 5},
		{"银行账户", "yinhang", 0},
		{"行政许可", "xingzheng", 0},
		{"重新登记", "chongxin", 0},
		{"社会保障", "sh", 0},
		{"审批", "sh", -1}, // two first letters, not the beginning of one syllable
		{"审批", "she", 0},
		{"女职工", "nvzhigong", 0},
		{"B2证", "b2zheng", 0},
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
			known := strings.Split(readings(r), " ")
			reading := known[rapid.IntRange(0, len(known)-1).Draw(t, "reading")]
			if rapid.Bool().Draw(t, "first letter") {
				reading = reading[:1]
			}
			spelled += reading
		}
		if at := Find(string(text), spelled); at < 0 || at > from {
			t.Fatalf("%q is at %d, found at %d", spelled, from, at)
		}
	})
}

// Each item of the catalog is found by the whole of its name as it is read.
func TestFindEveryItem(t *testing.T) {
	data, err := os.ReadFile("../catalog/catalogtest/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Items []struct{ Name string } }
	if err := json.Unmarshal(data, &file); err != nil || len(file.Items) != 226 {
		t.Fatal(len(file.Items), err)
	}
	for _, item := range file.Items {
		spelled, first := "", -1
		for i, r := range []rune(item.Name) {
			usual, _, _ := strings.Cut(readings(r), " ")
			if unicode.Is(unicode.Han, r) && usual == "" {
				t.Fatalf("%c of %s is not read", r, item.Name)
			}
			if usual != "" && first < 0 {
				first = i
			}
			spelled += usual
		}
		if at := Find(item.Name, spelled); at != first {
			t.Errorf("%s: %s is at %d", item.Name, spelled, at)
		}
	}
}

var update = flag.Bool("update", false, "write the table of the pages")

// The pages search by the same readings where they have no node to ask.
func TestPagesHaveTheSameTable(t *testing.T) {
	const path = "../../api/web/src/lib/pinyinTable.ts"
	want := fmt.Sprintf("// Written by go test ./node/pinyin -update from its table; do not edit.\nexport const first = %#x\nexport const digits = '%s'\nexport const numbers = '%s'\nexport const lists = '%s'\n",
		first, digits, numbers, lists)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != want {
		t.Fatalf("%s differs: go test ./node/pinyin -run Pages -update (%v)", path, err)
	}
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
