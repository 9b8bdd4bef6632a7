package catalog

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A guide names each paper, so that what is missing can be told once and
// nobody at a window adds to it: the Regulation on Improving the Business
// Environment (优化营商环境条例, art. 35) has guides say in detail what is asked
// for and allows no condition beyond the law. A name that says nothing of the
// paper, or leaves the list open, is a catch-all and keeps an item from being
// published.

var (
	aside = regexp.MustCompile(`（[^（）]*）|\([^()]*\)`)
	// openEnd is a list that goes on after the papers it names.
	openEnd = regexp.MustCompile(`等(其他|其它|相关|有关|必要|必需|所需|需要)?的?(证明)?(材料|资料|文件|证件|文书|手续)$`)
	// joins part a name that holds several papers.
	joins = regexp.MustCompile(`以及|[、，,；;及和与或]`)
)

// open are the words that leave open which paper is meant, filler those that
// can stand beside them or alone and still name none.
var (
	open   = []string{"其他", "其它", "相关", "有关", "必要", "必需", "所需", "需要", "规定", "要求", "相应", "一切", "任何"}
	filler = append(slices.Clone(open), "法律法规", "法律", "行政法规", "法规", "规章", "规范性文件", "国家", "省", "市", "县",
		"审批机关", "登记机关", "行政机关", "主管部门", "主管机关", "有权机关", "机关", "部门", "窗口", "工作人员", "本机关",
		"依法", "依照", "按照", "按", "应当", "应", "须", "需", "认为", "明确", "另行", "补充", "提交", "提供", "出具", "递交", "报送", "的", "等", "所",
		"证明", "佐证", "支撑", "辅助", "材料", "资料", "文件", "证件", "文书", "手续", "附件", "若干", "各类", "各种", "视情况", "视情", "申请", "申报", "办理", "事项", "人")
)

// namesNothing reports whether a paper's name is a catch-all.
func namesNothing(name string) bool {
	name = aside.ReplaceAllString(sameName(name), "")
	if openEnd.MatchString(name) || empty(name) {
		return true
	}
	for i, part := range joins.Split(name, -1) {
		// 申请人的技艺特点、成就及相关证明材料 proves what stands before it.
		proof := i > 0 && strings.Contains(part, "证明") && !strings.Contains(part, "其")
		if !proof && empty(part) && slices.ContainsFunc(open, func(w string) bool { return strings.Contains(part, w) }) {
			return true
		}
	}
	return false
}

// checkConditions: each condition says something, and something else than the others.
// One that leaves to a window what is meant would be a condition without a law.
func checkConditions(conditions []Condition) []Fault {
	var faults []Fault
	var seen []string
	for i, c := range conditions {
		path := element("conditions", i) + ".text"
		faults = append(faults, needText(path, "条件", c.Text)...)
		faults = append(faults, once(&seen, path, sameName(c.Text))...)
		if leavesOpen(c.Text) {
			faults = append(faults, newFault(path, FaultLaw, "“%s”没有写明是什么条件：请逐项列出，不得设“其他条件”之类的兜底条款", "%q does not say what has to be met: name each condition; a catch-all is not allowed", show(c.Text)))
		}
	}
	return faults
}

// leavesOpen reports whether a condition is a catch-all, as 法律、法规规定的其他条件.
func leavesOpen(text string) bool {
	text = strings.TrimRight(sameName(text), "。；;")
	for _, w := range []string{"符合", "具备", "满足", "条件", "情形"} {
		text = strings.ReplaceAll(text, w, "材料")
	}
	return namesNothing(text)
}

// empty reports whether nothing is left of a text without filler. Longer
// fillers are taken out first: 有权机关 is not 机关 with something before it.
func empty(text string) bool {
	if text == "" {
		return false
	}
	for _, w := range byLength {
		text = strings.ReplaceAll(text, w, "\x00")
	}
	return strings.Trim(text, "\x00、，,；;及和与或以") == ""
}

var byLength = slices.SortedStableFunc(slices.Values(filler), func(a, b string) int { return len(b) - len(a) })

// sameName is a name without what people do not see as a difference: spaces,
// full and half width, case.
func sameName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '！' && r <= '～' && r != '（' && r != '）' && r != '，' && r != '；':
			r -= '！' - '!'
		case r == '(':
			return '（'
		case r == ')':
			return '）'
		}
		return unicode.ToLower(r)
	}, name)
}
