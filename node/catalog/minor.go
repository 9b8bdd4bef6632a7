package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Which papers are minor, so that a case may be accepted before they come (容缺受理), is
// for the catalog to say of each paper. A catalog that is imported and does not say it
// gets the word of a rule, which whoever imports it is shown, and whoever approves it
// reads among what changed.

// Tolerance is whether a paper may be left for later.
type Tolerance string

// What a catalog can say. A paper of which it says nothing is not left for later.
const (
	ToleratedLater Tolerance = "yes"
	NeverLater     Tolerance = "no"
)

// Tolerable reports whether a case may be accepted without the material for the
// time being.
func (m Material) Tolerable() bool { return m.Minor == ToleratedLater }

// minorByRule is the rule: a paper that is shared, so that it can be looked up
// meanwhile. What only the applicant can say is never left for later, and neither is a
// main paper.
func minorByRule(m Material) bool { return m.Shareable && mainWord(m.Name) == "" }

// neverMinor are words in the names of main papers: they say who somebody is, that they
// were licensed, or what is applied for.
var neverMinor = []string{"身份证", "户口簿", "护照", "通行证", "主体资格", "营业执照", "执照", "许可", "批准", "批复", "核准", "登记证", "资格证", "证书", "前置", "申请书", "申请表"}

// mainWord is the word by which a paper is a main one; empty where it is none.
func mainWord(name string) string {
	if i := slices.IndexFunc(neverMinor, func(word string) bool { return strings.Contains(name, word) }); i >= 0 {
		return neverMinor[i]
	}
	return ""
}

// checkMinor holds what an item says of its papers against what may be left for later.
func checkMinor(m Material, path string) []Fault {
	switch word := mainWord(m.Name); {
	case m.Minor != "" && m.Minor != ToleratedLater && m.Minor != NeverLater:
		return []Fault{newFault(path+".tolerable", FaultUnknown, "可容缺“%s”应为 yes 或 no", "tolerable %q must be yes or no", show(string(m.Minor)))}
	case m.Tolerable() && word != "":
		return []Fault{newFault(path+".tolerable", FaultLaw, "“%s”是主要材料（%s），不能容缺受理", "%q is a main paper (%s) and cannot be left for later", show(m.Name), word)}
	}
	return nil
}

// Ruled are the papers of an item that an imported file said nothing of and the rule
// takes to be minor.
type Ruled struct {
	Item      string   `json:"item"`
	Materials []string `json:"materials"`
}

// rule says of every paper of which nothing is said whether it is minor.
func rule(items []Item) []Ruled {
	var all []Ruled
	for i := range items {
		r := Ruled{Item: items[i].Code}
		for j := range items[i].Materials {
			m := &items[i].Materials[j]
			if m.Minor != "" {
				continue
			}
			m.Minor = NeverLater
			if minorByRule(*m) {
				m.Minor = ToleratedLater
				r.Materials = append(r.Materials, m.Name)
			}
		}
		if len(r.Materials) > 0 {
			all = append(all, r)
		}
	}
	return all
}

// RuledWords say how many papers the rule took to be minor.
func RuledWords(all []Ruled) (zh, en string) {
	n := 0
	for _, r := range all {
		n += len(r.Materials)
	}
	return fmt.Sprintf("目录未写明、按规则认定可容缺的材料 %d 份（%d 项事项），请复核", n, len(all)),
		fmt.Sprintf("%d papers of %d items are taken to be minor by the rule, for the file does not say; look at them", n, len(all))
}
