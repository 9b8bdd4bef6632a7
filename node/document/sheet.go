package document

import (
	"cmp"
	"fmt"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
)

// Sheet is the notice sheet of an item (窗口告知单, 一纸明) as an office offers
// it: everything that the law wants told before anybody applies (Administrative
// Licence Law art. 30). missing names the materials that the applicant does not
// have with them; those are ticked.
//
// issuer.Clerk is who hands it out, with their staff number; nobody on one that people
// print themselves.
//
// centres names the office of each tier that the issuer belongs to; the others
// are named by their kind.
func Sheet(o catalog.Offered, issuer Issuer, centres map[node.Tier]string, on calendar.Date, missing []string) *Document {
	item := o.Item
	d := &Document{Kind: NoticeSheet, Template: Template, Title: titles[NoticeSheet], Issuer: issuer, Item: Item{item.Code, item.Name}, Date: on}
	d.Issuer.Window, d.Issuer.Phone = o.Window, item.Phone
	d.add("事项类型", string(item.Type)).add("谁可以申请", subjects[item.Subject]).add("收件地点", tiers(item.AcceptTiers, centres)).add("实施机关", issuer.Department).add("数量限制", item.Quantity)
	d.add("办理环节", steps(item.ReviewSteps))
	d.add("法定时限", fmt.Sprintf("%d 个工作日", item.StatutoryWorkingDays)).add("承诺时限", promise(item))
	d.add("收费", feeText(item.Fee)).add("办理地点", item.Location).add("咨询电话", cmp.Or(item.Phone, notSet)).add("窗口", o.Window).add("办公时间", cmp.Or(o.Hours, notSet))
	d.list("法律依据", bases(&item))
	d.list(conditionsTitle(&item), conditions(&item))
	var rows []string
	for _, m := range item.Materials {
		rows = append(rows, material(m, missing))
	}
	d.list("申请材料（□ 为本次尚缺）", rows)
	var special []string
	for _, p := range item.SpecialProcedures {
		special = append(special, fmt.Sprintf("%s（约 %d %s）", p.Name, p.TypicalDays, p.Unit))
	}
	d.list("特别程序（不计入承诺时限）", special)
	var made []string
	for _, r := range item.Results {
		made = append(made, r.Name)
	}
	d.list("办理结果", made)
	if item.Remarks != "" {
		d.Text = append(d.Text, item.Remarks)
	}
	if issuer.Clerk != "" {
		d.add("告知人", issuer.Clerk)
	}
	d.Text = append(d.Text, "本告知单一式两份，窗口和申请人各执一份。")
	d.Signatures = []string{"窗口人员", "申请人"}
	return d
}

// notSet stands where an office has not told what people need to know: somebody has
// to notice it before the sheet is handed out.
const notSet = "尚未公布，请向窗口询问"

func conditionsTitle(item *catalog.Item) string {
	if item.Type == catalog.Licence {
		return "许可条件"
	}
	return "办理条件"
}

// conditions are what has to be met, each with the law that says so.
func conditions(item *catalog.Item) []string {
	if item.Unconditioned() {
		return []string{"目录尚未写明，以上列法律依据的规定为准，请向窗口询问"}
	}
	var rows []string
	for i, c := range item.Conditions {
		row := fmt.Sprintf("%d. %s", i+1, c.Text)
		if c.Basis != "" {
			row += "（" + c.Basis + "）"
		}
		rows = append(rows, row)
	}
	return rows
}

func material(m catalog.Material, missing []string) string {
	mark := "　"
	for _, name := range missing {
		if name == m.Name {
			mark = "□"
		}
	}
	row := fmt.Sprintf("%s%s　%s %d 份　%s", mark, m.Name, m.Form, m.Copies, m.Source)
	if m.Condition != "" {
		row += "（" + m.Condition + "时提供）"
	}
	if m.Shareable {
		row += "【可共享复用，已有的不再提交】"
	}
	if m.Tolerable() {
		row += "【可容缺受理，限期补交】"
	}
	return row
}

var subjects = map[catalog.Subject]string{catalog.SubjectNatural: "自然人", catalog.SubjectLegal: "法人或其他组织", catalog.SubjectBoth: "自然人、法人或其他组织"}

func tiers(all []node.Tier, centres map[node.Tier]string) string {
	names := map[node.Tier]string{node.County: "县政务服务中心", node.Township: "乡镇便民服务中心", node.Village: "村便民服务站"}
	text := ""
	for i, t := range all {
		if i > 0 {
			text += "、"
		}
		text += cmp.Or(centres[t], names[t])
	}
	return text
}

func steps(all []catalog.ReviewStep) string {
	names := map[node.Tier]string{node.County: "县", node.Township: "乡镇", node.Village: "村"}
	text := ""
	for i, s := range all {
		if i > 0 {
			text += " → "
		}
		text += names[s.Tier] + string(s.Role)
		if s.WorkingDays > 0 {
			text += fmt.Sprintf("（%d 个工作日）", s.WorkingDays)
		}
	}
	return text
}

func promise(item catalog.Item) string {
	if item.Instant {
		return "即办"
	}
	return fmt.Sprintf("%d 个工作日", item.PromisedWorkingDays)
}

func feeText(f catalog.Fee) string {
	if !f.Charged {
		return "不收费"
	}
	text := f.Standard
	for i, r := range f.Rates {
		text += map[bool]string{true: "（", false: "；"}[i == 0] + fmt.Sprintf("%s %s 元/%s", r.Name, fee.Yuan(r.AmountFen), r.Unit)
		if r.Basis != "" {
			text += "，依据：" + r.Basis
		}
	}
	if len(f.Rates) > 0 {
		text += "）"
	}
	return text
}
