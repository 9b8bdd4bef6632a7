// Package remedy is where somebody turns who does not accept what an authority
// decided, and in which words they are told: the body that reconsiders it
// (复议机关) under the Administrative Reconsideration Law (行政复议法, as of 2023)
// art. 24 and 27, within sixty days (art. 20), or a court within six months
// (Administrative Litigation Law art. 46). It is pure.
package remedy

import (
	"fmt"
	"strings"
)

// led are the authorities that a county's government does not lead, by what their
// names hold, each with who reconsiders what it decides.
var led = []struct{ holds, body string }{
	// Art. 27: led vertically, or of the state's taxes and security.
	{"税务", "上一级税务机关"},
	{"海关", "上一级海关"},
	{"海事", "上一级海事管理机构"},
	{"烟草专卖", "上一级烟草专卖行政主管部门"},
	{"国家安全", "上一级国家安全机关"},
	{"外汇管理", "上一级外汇管理机关"},
	{"金融监督管理", "上一级金融监督管理机构"},
	{"中国人民银行", "中国人民银行上一级机构"},
	{"证券监督管理", "中国证券监督管理委员会"},
	{"邮政管理", "上一级邮政管理机构"},
}

// Body is who reconsiders what a department decided: the body that the item
// names, where it names one; else who the law says. government is the county's,
// which reconsiders what its departments and the governments below it decide
// (art. 24 paragraph 1).
func Body(named, department, government string) string {
	if named != "" {
		return named
	}
	for _, l := range led {
		if strings.Contains(department, l.holds) {
			return l.body
		}
	}
	switch {
	case department == government:
		return "上一级人民政府"
	case strings.HasPrefix(department, "市") && strings.Contains(department, "分局"), strings.Contains(department, "市生态环境局"), strings.Contains(department, "生态环境局") && strings.HasSuffix(department, "分局"):
		// Art. 24 paragraph 4: an office that a city's department has in a county.
		return "设区的市人民政府（也可以向" + government + "）"
	}
	return government
}

// Text tells of both ways, where body reconsiders the decision.
func Text(body string) string {
	return fmt.Sprintf("如不服本决定，可自知道本决定之日起六十日内向%s申请行政复议，或自知道之日起六个月内依法向人民法院提起行政诉讼。", body)
}
