package catalog

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// What has to be met is part of a version from when it is said on: a version without
// it has the bytes it always had.
func TestConditionsAreOnlyAdded(t *testing.T) {
	bare := sample()
	if c := Canonical(bare); bytes.Contains(c, []byte(`"conditions"`)) || bytes.Contains(c, []byte(`"quantity"`)) {
		t.Fatalf("%s", Canonical(bare))
	}
	said := sample()
	said.Conditions = []Condition{{Text: "有与经营规模相适应的场所", Basis: "食品安全法第三十三条"}, {Text: "有食品安全管理制度"}}
	said.Quantity = "每个街道不超过十家"
	if faults := Check(said); len(faults) > 0 {
		t.Fatal(faults)
	}
	v, err := FirstVersion(bare).Next(said)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := OpenVersion(said.Code, 2, v.Hash, Canonical(said))
	if err != nil || len(opened.Item.Conditions) != 2 || opened.Item.Quantity != said.Quantity {
		t.Fatalf("%+v %v", opened.Item, err)
	}
	if !bare.Unconditioned() || said.Unconditioned() {
		t.Error("a licence says what has to be met, or does not")
	}
	var labels []string
	for _, c := range Diff(bare, said) {
		labels = append(labels, c.Path+" "+c.Label+" "+c.After)
	}
	if want := []string{"conditions[有与经营规模相适应的场所] 办理条件 条件：有与经营规模相适应的场所；依据：食品安全法第三十三条", "conditions[有食品安全管理制度] 办理条件 条件：有食品安全管理制度", "quantity 数量限制 每个街道不超过十家"}; !slices.Equal(labels, want) {
		t.Errorf("%q", labels)
	}
	v.Item.Conditions[0].Text = "改了"
	if said.Conditions[0].Text == "改了" {
		t.Error("a version changes with the draft it was made from")
	}
}

// 优化营商环境条例 art. 35: no condition without a law, so none that leaves to a window
// what is meant.
func TestConditionsSaySomething(t *testing.T) {
	for text, vague := range map[string]bool{
		"法律、行政法规规定的其他条件": true, "其他条件": true, "符合法律法规规定的其他条件。": true, "审批机关要求的其他情形": true, "具备相关条件": true,
		"有与经营规模相适应的场所": false, "符合当地烟草制品零售点合理布局规定": false, "夫妻一方年满60周岁的农村户籍人员": false, "注册资本不少于二百万元": false,
		"无国家规定的禁止情形所列传染病": false,
	} {
		item := sample()
		item.Conditions = []Condition{{Text: text}}
		faults := Check(item)
		if got := len(faults) == 1 && faults[0].Path == "conditions[0].text" && faults[0].Code == FaultLaw; got != vague || !vague && len(faults) > 0 {
			t.Errorf("%q: %v", text, faults)
		}
		mustBeTold(t, faults)
	}
	item := sample()
	item.Conditions = []Condition{{Text: "有场所"}, {}, {Text: " 有场所"}}
	var found []string
	for _, f := range Check(item) {
		found = append(found, f.Path+" "+string(f.Code))
	}
	for _, want := range []string{"conditions[1].text missing", "conditions[2].text duplicate"} {
		if !slices.Contains(found, want) {
			t.Errorf("%q is not in %q", want, found)
		}
	}
	item.Conditions = []Condition{{Text: strings.Repeat("长", maxLabel+1)}}
	if faults := Check(item); len(faults) != 1 || faults[0].Code != FaultLength {
		t.Errorf("%v", faults)
	}
}
