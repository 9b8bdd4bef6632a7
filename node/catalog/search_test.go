package catalog

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
)

func searchable(tb testing.TB) ([]*Item, []Package) {
	tb.Helper()
	data, err := os.ReadFile("catalogtest/items.json")
	if err != nil {
		tb.Fatal(err)
	}
	items, faults := ParseItems(data)
	if len(faults) > 0 {
		tb.Fatal(faults)
	}
	if data, err = os.ReadFile("catalogtest/packages.json"); err != nil {
		tb.Fatal(err)
	}
	packages, faults := ParsePackages(data, items)
	if len(faults) > 0 {
		tb.Fatal(faults)
	}
	var all []*Item
	for i := range items {
		all = append(all, &items[i])
	}
	return all, packages
}

func TestSearchFinds(t *testing.T) {
	items, packages := searchable(t)
	for _, row := range []struct {
		q    Query
		want string // among the first three
	}{
		{Query{Text: "TB-MZJ-004"}, "TB-MZJ-004"},
		{Query{Text: "tb-mzj-004"}, "TB-MZJ-004"},
		{Query{Text: "ＴＢ－ＭＺＪ－００４"}, "TB-MZJ-004"},
		{Query{Text: "最低生活保障"}, "TB-MZJ-004"},
		{Query{Text: "zdshbz"}, "TB-MZJ-004"},
		{Query{Text: "ZDSHBZ"}, "TB-MZJ-004"},
		{Query{Text: "最低 民政局"}, "TB-MZJ-004"},
		{Query{Text: "　最低　确认 "}, "TB-MZJ-004"},
		{Query{Text: "zuidishenghuobaozhang"}, "TB-MZJ-004"},
		{Query{Text: "zuidi minzhengju"}, "TB-MZJ-004"},
		{Query{Text: "餐饮"}, "TB-SCJG-004"}, // by the matter of life
		{Query{Text: "营业执照", Subject: SubjectLegal}, "TB-SCJG-001"},
	} {
		var got []string
		for _, h := range Search(items, packages, row.q) {
			got = append(got, h.Item.Code)
		}
		if !slices.Contains(got[:min(3, len(got))], row.want) {
			t.Errorf("%+v: %q, want %s", row.q, got[:min(8, len(got))], row.want)
		}
	}
	// What people call it, by its characters, its first letters or its whole reading.
	for text, want := range map[string]string{"低保": "最低生活保障", "dibao": "最低生活保障", "zjd": "宅基地", "zhaijidi": "宅基地", "房产证": "不动产", "gljt": "高龄津贴",
		"shenfenzheng": "身份证", "yingyezhizhao": "登记", "linmucaifa": "林木采伐", "menzhenmante": "门诊慢特病"} {
		if hits := Search(items, packages, Query{Text: text}); len(hits) == 0 || !strings.Contains(hits[0].Item.Name, want) {
			t.Errorf("%s finds first: %+v", text, hits[:min(1, len(hits))])
		}
	}
	for _, q := range []Query{{Text: "没有这个事项"}, {Text: "zdshbz 公安局"}, {Department: "没有的局"}, {Package: "PK-99"}, {Text: "最低", Tier: "province"}} {
		if hits := Search(items, packages, q); len(hits) != 0 {
			t.Errorf("%+v found %s", q, hits[0].Item.Code)
		}
	}
	if all := Search(items, packages, Query{}); len(all) != len(items) {
		t.Errorf("everything is %d of %d", len(all), len(items))
	}
}

// Whatever is narrowed down holds for all that is found, and part of a name
// finds its item.
func TestSearchProperty(t *testing.T) {
	items, packages := searchable(t)
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SampledFrom(items).Draw(t, "item")
		name := []rune(wanted.Name)
		from := rapid.IntRange(0, len(name)-1).Draw(t, "from")
		q := Query{Text: string(name[from:rapid.IntRange(from+1, len(name)).Draw(t, "to")])}
		if rapid.Bool().Draw(t, "narrow") {
			q.Department, q.Type = wanted.Department, wanted.Type
			q.Tier = rapid.SampledFrom(wanted.AcceptTiers).Draw(t, "tier")
		}
		hits := Search(items, packages, q)
		if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Item == wanted }) {
			t.Fatalf("%+v does not find %s %s", q, wanted.Code, wanted.Name)
		}
		for _, h := range hits {
			if q.Department != "" && h.Item.Department != q.Department || q.Tier != node.Tier("") && !slices.Contains(h.Item.AcceptTiers, q.Tier) {
				t.Fatalf("%+v finds %s", q, h.Item.Code)
			}
		}
	})
}

func FuzzSearch(f *testing.F) {
	items, packages := searchable(f)
	f.Add("最低 bz")
	f.Add("\xff　（")
	f.Fuzz(func(t *testing.T, text string) { Search(items, packages, Query{Text: text}) })
}
