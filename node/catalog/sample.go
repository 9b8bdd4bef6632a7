package catalog

import (
	"slices"
	"strings"
)

// sampleRules say how a paper has to look, by a word in its name. The first that
// fits holds; a rule for what applicants write themselves holds for that alone.
var sampleRules = []struct {
	words []string
	own   bool // written by the applicant
	note  string
	text  []string
	form  bool
}{
	{words: []string{"授权委托书", "委托书"}, own: true, note: "委托人、受托人均须签名；写明委托事项和期限",
		text: []string{"授权委托书", "委托人：（姓名或单位名称），（身份证号码或统一社会信用代码）", "受托人：（姓名），（身份证号码），联系电话：（号码）",
			"委托人因不能到场，现委托受托人代为办理（事项名称），权限为：代为提交申请材料、接受询问、签收文书。", "委托期限：自（年月日）至（年月日）。",
			"委托人（签名或盖章）：", "受托人（签名）：", "日期：　　　年　　月　　日"}},
	{words: []string{"授权书"}, own: true, note: "全体需核对的家庭成员签名；未成年人由监护人代签",
		text: []string{"查询核对授权书", "本人及以下家庭成员自愿授权（部门名称）就（事项名称）查询、核对户籍、婚姻、收入、财产等信息。",
			"家庭成员：（姓名，身份证号码），逐人列明。", "授权期限：自签署之日起至本次办理结束。", "授权人（逐人签名、按手印）：", "日期：　　　年　　月　　日"}},
	{words: []string{"承诺书"}, own: true, note: "由申请人（单位为法定代表人）签名或盖章，写明日期",
		text: []string{"承诺书", "承诺人：（姓名或单位名称），（身份证号码或统一社会信用代码）", "本人（单位）申请办理（事项名称），已知晓办理条件和应承担的责任，现承诺：",
			"一、所提交的材料和所填写的内容真实、准确、完整；", "二、符合本事项规定的条件，并按规定接受检查；", "三、承诺不实的，愿意承担相应的法律责任。",
			"承诺人（签名或盖章）：", "日期：　　　年　　月　　日"}},
	{words: []string{"申请书", "申请表", "登记表", "申报表", "备案表", "报告表（备案）"}, own: true, note: "用黑色墨水填写或打印，不空项；由申请人（单位为法定代表人）签名或盖章，写明日期", form: true},
	{words: []string{"身份证"}, note: "在有效期内；复印件正反面印在同一页，四角完整、文字清晰，拍照不反光"},
	{words: []string{"户口簿"}, note: "首页、户主页和本人页（涉及他人的，含其页）；页码连续，文字清晰"},
	{words: []string{"营业执照"}, note: "正本或副本均可，在有效期内；复印件加盖单位公章，二维码完整"},
	{words: []string{"社会保障卡", "银行账户", "银行卡"}, note: "本人名下、状态正常；卡号和开户行清晰可读，复印正面即可"},
	{words: []string{"照片"}, note: "近六个月内、正面免冠、白色背景，清晰无修饰；纸质照片背面写姓名"},
	{words: []string{"结婚证", "离婚证", "婚姻状况证明"}, note: "含双方信息页和照片页，文字、印章清晰"},
	{words: []string{"出生医学证明"}, note: "正页完整，编号、印章清晰，未涂改"},
	{words: []string{"残疾人证"}, note: "含照片页和残疾类别、等级页，在有效期内"},
	{words: []string{"不动产权证书", "产权证明", "产权证"}, note: "含登记信息页和附图页；共有的，含共有人信息"},
	{words: []string{"租赁合同", "使用证明", "租赁证明", "使用权证明"}, note: "写明地址、面积和期限，双方签名或盖章；在租期内，附产权人的产权证明"},
	{words: []string{"章程"}, own: true, note: "全体股东（发起人、成员）签名或盖章，写明日期；页码连续"},
	{words: []string{"平面布局图", "平面图", "布置图", "布局图", "示意图"}, note: "标明各区域的用途、尺寸和出入口，注明方位，由申请人签名或盖章"},
	{words: []string{"合同", "协议"}, note: "各方签名或盖章齐全，页码连续；复印件与原件一致并注明"},
	{words: []string{"检验", "检测", "鉴定", "体检", "健康证明"}, note: "由有资质的机构出具，在有效期内，有编号和印章"},
	{words: []string{"清单", "名册", "名单"}, own: true, note: "逐项列明，写明合计，由申请人签名或盖章"},
}

// SuggestSample lays a description of how it has to look over a paper that has
// none: what the shipped catalog's papers begin with. It reports whether it knew one.
func SuggestSample(m *Material) bool {
	if m.HasSample() {
		return false
	}
	for _, r := range sampleRules {
		if r.own && m.Source != "申请人自备" || !slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(m.Name, w) }) {
			continue
		}
		m.SampleNote, m.SampleText, m.SampleForm = r.note, slices.Clone(r.text), r.form
		return true
	}
	return false
}
