package api

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	tooLong    = regexp.MustCompile(`(?:^|: )([\w.\[\]]+) has (\d+) characters, at most (\d+)$`)
	leftEmpty  = regexp.MustCompile(`(?:^|: )([\w.\[\]]+) is empty$`)
	latinWords = regexp.MustCompile(`[A-Za-z]{2,} [A-Za-z]{2,}`)
)

// malformedZH says in Chinese what is wrong with content that an entry may not have:
// the ledger says it in English only, naming the field.
func malformedZH(zh, en string) string {
	if m := tooLong.FindStringSubmatch(en); m != nil {
		return fmt.Sprintf("内容格式有误：“%s”过长（%s 字，最多 %s 字）", labelled(m[1]), m[2], m[3])
	}
	if m := leftEmpty.FindStringSubmatch(en); m != nil {
		return fmt.Sprintf("内容格式有误：“%s”未填写", labelled(m[1]))
	}
	if latinWords.MatchString(zh) {
		before, _, _ := strings.Cut(zh, "：")
		return before
	}
	return zh
}

// labelled is a field as people know it, with its name in the API behind it for whoever
// wrote a program. What no form has a word for keeps its name.
func labelled(field string) string {
	name, label := field, fieldZH[field]
	if i := strings.LastIndex(field, "."); label == "" && i >= 0 {
		name = field[i+1:]
		label = fieldZH[name]
	}
	if label == "" {
		return field
	}
	return label + "（" + field + "）"
}

// fieldZH are the labels of what people fill in, by its name in entries.
var fieldZH = map[string]string{
	"applicant.name": "申请人姓名或名称", "applicant.id_number": "申请人证件号码", "applicant.phone": "申请人电话",
	"agent.name": "代办人姓名", "agent.id_number": "代办人证件号码", "agent.phone": "代办人电话", "agent.authority": "代办授权",
	"name": "姓名或名称", "id_number": "证件号码", "phone": "电话", "reason": "理由", "reasons": "理由", "opinion": "意见", "note": "说明", "text": "内容",
	"recipient": "签收人", "relation": "与申请人的关系", "witness": "见证人", "shown": "核对的证件", "bill": "票据号码", "ground": "依据", "procedure": "特别程序",
	"result": "结果", "summary": "笔录摘要", "matter": "听证事项", "place": "地点", "party": "陈述人", "weighed": "对陈述申辩的采纳情况", "material": "材料", "document": "文书",
	"number": "编号", "replacement.name": "更正后的证照名称", "replacement.number": "更正后的证照编号", "subject": "标题", "question": "询问事项", "answer": "答复",
	"reply": "答复", "measures": "改进措施", "conclusion": "结论", "finding": "认定", "done": "整改情况", "what": "须整改的问题", "visitor": "来访人", "window": "窗口", "hours": "办公时间",
	"location": "办理地点", "carrier": "交接人", "volume": "卷号", "officer": "办理人", "office": "单位", "login": "登录名", "department": "部门", "staff": "人员", "item": "事项", "title": "标题", "colour": "颜色",
	"presider.name": "主持人", "free": "不收费的理由", "why": "原因",
}
