package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
	"pgregory.net/rapid"
)

func TestCanonicalIsStable(t *testing.T) {
	item := sample()
	item.Name = "<a & b>"
	canonical := Canonical(item)
	if !bytes.Contains(canonical, []byte(`"name":"<a & b>"`)) {
		t.Errorf("HTML is escaped in %s", canonical)
	}
	// The hash is signed and kept with cases: this value must never change.
	const want = "8f23b074b5b597eab6a1a25e08a07783fe4db53beea79cfe3881bf845f034747"
	if got := Hash(sample()); got != want {
		t.Errorf("hash of the sample is %s", got)
	}
	empty := Item{SpecialProcedures: []SpecialProcedure{}}
	if !bytes.Equal(Canonical(empty), Canonical(Item{})) {
		t.Error("nil and empty lists differ")
	}
	if bytes.Contains(Canonical(Item{}), []byte("null")) {
		t.Error("a list is null")
	}
}

func TestVersions(t *testing.T) {
	first := FirstVersion(sample())
	if first.Number != 1 || first.Hash != Hash(sample()) {
		t.Fatalf("first version %d %s", first.Number, first.Hash)
	}
	changed := sample()
	changed.PromisedWorkingDays = 3
	second, err := first.Next(changed)
	if err != nil || second.Number != 2 || second.Hash == first.Hash {
		t.Fatalf("second version %+v, %v", second, err)
	}
	if _, err := second.Next(changed); !errors.Is(err, ErrVersionNothing) {
		t.Errorf("unchanged item: %v", err)
	}
	changed.Code = "TB-SCJG-002"
	if _, err := second.Next(changed); !errors.Is(err, ErrVersionCode) {
		t.Errorf("another item: %v", err)
	}
}

func TestVersionKeepsItsOwnCopy(t *testing.T) {
	item := sample()
	v := FirstVersion(item)
	item.Materials[0].Name = "改了"
	item.Form[0].Options[0] = "改了"
	if Hash(v.Item) != v.Hash {
		t.Error("a version changes with the draft it was made from")
	}
}

func TestOpenVersion(t *testing.T) {
	item := sample()
	canonical, hash := Canonical(item), Hash(item)
	v, err := OpenVersion(item.Code, 3, hash, canonical)
	if err != nil || v.Number != 3 || len(Diff(v.Item, item)) > 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	for name, c := range map[string]struct {
		code   string
		number int
		hash   string
		data   []byte
		want   error
	}{
		"number":   {item.Code, 0, hash, canonical, ErrVersionNumber},
		"code":     {"TB-SCJG-002", 3, hash, canonical, ErrVersionCode},
		"hash":     {item.Code, 3, strings.Repeat("0", 64), canonical, ErrVersionHash},
		"tampered": {item.Code, 3, hash, bytes.Replace(canonical, []byte(`_days":5`), []byte(`_days":4`), 1), ErrVersionHash},
		"spaced":   {item.Code, 3, hash, append([]byte(" "), canonical...), ErrVersionForm},
		"no item":  {item.Code, 3, hash, []byte(`{}`), ErrVersionForm},
		"no JSON":  {item.Code, 3, hash, []byte(`{`), ErrVersionForm},
	} {
		_, err := OpenVersion(c.code, c.number, c.hash, c.data)
		var typed *VersionError
		if !errors.Is(err, c.want) || !errors.As(err, &typed) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestDiff(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Item)
		want   []Change
	}{
		"nothing":  {func(*Item) {}, nil},
		"a limit":  {func(i *Item) { i.PromisedWorkingDays = 3 }, []Change{{"promised_working_days", "承诺时限（工作日）", "5", "3"}}},
		"a tariff": {func(i *Item) { i.Fee = Fee{Charged: true, Standard: "10元"} }, []Change{{"fee.charged", "是否收费", "否", "是"}, {"fee.standard", "收费标准", "不收费", "10元"}}},
		"copies":   {func(i *Item) { i.Materials[1].Copies = 1 }, []Change{{"materials[身份证].copies", "份数", "2", "1"}}},
		"a field":  {func(i *Item) { i.Form[5].Required = false }, []Change{{"form[premises_address].required", "必填", "是", "否"}}},
		"a paper inserted in front": {func(i *Item) {
			i.Materials = slices.Insert(i.Materials, 0, Material{Name: "章程", Form: FormCopy, Copies: 1, Source: "自备", Required: true})
		}, []Change{{"materials[章程]", "申请材料", "", "材料名称：章程；材料形式：复印件；份数：1；必要：是；来源：自备；可共享：否"}}},
		"a paper gone":  {func(i *Item) { i.Results = nil }, []Change{{"results[食品经营许可证]", "办理结果", "结果名称：食品经营许可证；有效期（年）：5", ""}}},
		"order":         {func(i *Item) { slices.Reverse(i.AcceptTiers) }, []Change{{"accept_tiers", "收件层级（顺序）", "county、township、village", "village、township、county"}}},
		"a step":        {func(i *Item) { i.ReviewSteps[1].Tier = node.County }, []Change{{"review_steps[乡镇初审]", "办理环节", "乡镇初审", ""}, {"review_steps[县初审]", "办理环节", "", "县初审"}}},
		"options":       {func(i *Item) { i.Form[0].Options = append(i.Form[0].Options, "其他") }, []Change{{"form[applicant_type].options[其他]", "选项", "", "其他"}}},
		"repeated name": {func(i *Item) { i.Materials = append(i.Materials, i.Materials[0]) }, []Change{{"materials[申请书#2]", "申请材料", "", "材料名称：申请书；材料形式：原件；份数：1；必要：是；来源：申请人自备；可共享：否"}}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := sample()
			c.change(&changed)
			if got := Diff(sample(), changed); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawItem(t, "a")
		b := a
		if rapid.Bool().Draw(t, "other") {
			b = drawItem(t, "b")
		}
		if d := Diff(a, a); len(d) > 0 {
			t.Fatalf("an item differs from itself: %v", d)
		}
		forth, back := Diff(a, b), Diff(b, a)
		if (len(forth) == 0) != (Hash(a) == Hash(b)) {
			t.Fatalf("%d changes, hashes equal: %v", len(forth), Hash(a) == Hash(b))
		}
		mirrored := map[string]int{}
		for _, c := range forth {
			mirrored[fmt.Sprintf("%q %q %q", c.Path, c.Before, c.After)]++
		}
		for _, c := range back {
			mirrored[fmt.Sprintf("%q %q %q", c.Path, c.After, c.Before)]--
		}
		for line, n := range mirrored {
			if n != 0 {
				t.Fatalf("not the mirror image: %s", line)
			}
		}
	})
}

// One change made anywhere in a list is found there and nowhere else.
func TestDiffFindsWhatWasChanged(t *testing.T) {
	items := realItems(t)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(items).Draw(t, "item")
		b := normal(a)
		i := rapid.IntRange(0, len(b.Materials)-1).Draw(t, "material")
		b.Materials[i].Copies += rapid.IntRange(1, 5).Draw(t, "more")
		want := "materials[" + b.Materials[i].Name + "].copies"
		if d := Diff(a, b); len(d) != 1 || d[0].Path != want {
			t.Fatalf("got %v, want one change at %s", d, want)
		}
	})
}

// drawItem makes unchecked items whose names often coincide, so that lists
// overlap, repeat and change order.
func drawItem(t *rapid.T, label string) Item {
	name := rapid.SampledFrom([]string{"甲", "乙", "丙", "甲#2"})
	flag, small := rapid.Bool(), rapid.IntRange(0, 2)
	return Item{
		Code: "TB-SCJG-001", Name: name.Draw(t, label+" name"), PromisedWorkingDays: small.Draw(t, label+" days"),
		LegalBasis: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) LegalBasis {
			return LegalBasis{Law: name.Draw(t, "law"), Article: rapid.SampledFrom([]string{"", "甲"}).Draw(t, "article")}
		}), 0, 3).Draw(t, label+" basis"),
		AcceptTiers: rapid.SliceOfN(rapid.SampledFrom([]node.Tier{node.County, node.Village, "", "x"}), 0, 3).Draw(t, label+" tiers"),
		ReviewSteps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ReviewStep {
			return ReviewStep{Tier: rapid.SampledFrom([]node.Tier{node.County, "y", "x"}).Draw(t, "tier"), Role: StepReview}
		}), 0, 3).Draw(t, label+" steps"),
		Materials: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Material {
			return Material{Name: name.Draw(t, "name"), Copies: small.Draw(t, "copies"), Required: flag.Draw(t, "required")}
		}), 0, 4).Draw(t, label+" materials"),
		Form: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Field {
			return Field{Key: name.Draw(t, "key"), Options: rapid.SliceOfN(name, 0, 3).Draw(t, "options")}
		}), 0, 3).Draw(t, label+" form"),
	}
}
