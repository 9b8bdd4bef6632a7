package catalog

import "slices"

// saying is a word that people use for what the catalogue calls otherwise, or a short
// word of it that they type by its reading.
type saying struct {
	word   string
	letter string // first letters of its reading
	sound  string // its whole reading
	means  []string
}

// sayings are the words of everyday life that a county's desks hear most.
var sayings = []saying{
	{"低保", "db", "dibao", []string{"最低生活保障"}},
	{"五保", "wb", "wubao", []string{"特困人员"}},
	{"低边", "db", "dibian", []string{"低保边缘"}},
	{"宅基地", "zjd", "zhaijidi", []string{"宅基地"}},
	{"建房", "jf", "jianfang", []string{"宅基地", "建房"}},
	{"房产证", "fcz", "fangchanzheng", []string{"不动产", "房屋所有权"}},
	{"准生证", "zsz", "zhunshengzheng", []string{"生育登记"}},
	{"生育登记", "sydj", "shengyudengji", []string{"生育登记"}},
	{"老年津贴", "lnjt", "laonianjintie", []string{"高龄津贴"}},
	{"高龄补贴", "glbt", "gaolingbutie", []string{"高龄津贴"}},
	{"高龄津贴", "gljt", "gaolingjintie", []string{"高龄津贴"}},
	{"残疾证", "cjz", "canjizheng", []string{"残疾人证"}},
	{"医保", "yb", "yibao", []string{"医疗保险", "医保", "基本医疗"}},
	{"社保", "sb", "shebao", []string{"社会保险", "社保", "养老保险"}},
	{"社保卡", "sbk", "shebaoka", []string{"社会保障卡"}},
	{"养老金", "ylj", "yanglaojin", []string{"养老保险"}},
	{"失业金", "syj", "shiyejin", []string{"失业保险金"}},
	{"营业执照", "yyzz", "yingyezhizhao", []string{"营业执照", "设立登记", "个体工商户登记"}},
	{"个体户", "gth", "getihu", []string{"个体工商户"}},
	{"慢病", "mb", "manbing", []string{"慢特病"}},
	{"临时救助", "lsjz", "linshijiuzhu", []string{"临时救助"}},
}

// meant are the words of the catalogue that what was typed stands for; none when it is
// no word of everyday life.
func meant(word string) []string {
	var out []string
	for _, s := range sayings {
		if word == s.word || word == s.letter || word == s.sound {
			out = append(out, s.means...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
