package catalog

import (
	"slices"
	"strings"
)

// LifeEvent is what happens in the life of a person or of a firm that makes them
// come to a centre (生活事件, 企业生命周期): people know that a child was born, not
// what the items are called that this needs. The list is closed, so that a page can
// show all of it; an item names those that it belongs to.
type LifeEvent string

// The events, those of persons first, in the order of a life.
const (
	LifeBirth      LifeEvent = "birth"
	LifeSchool     LifeEvent = "school"
	LifeWork       LifeEvent = "work"
	LifeService    LifeEvent = "service"
	LifeMarriage   LifeEvent = "marriage"
	LifePapers     LifeEvent = "papers"
	LifeHouse      LifeEvent = "house"
	LifeVehicle    LifeEvent = "vehicle"
	LifeHealth     LifeEvent = "health"
	LifeDisability LifeEvent = "disability"
	LifeHardship   LifeEvent = "hardship"
	LifeRetirement LifeEvent = "retirement"
	LifeDeath      LifeEvent = "death"
	LifeDispute    LifeEvent = "dispute"
	LifeOpening    LifeEvent = "opening"
	LifeTrade      LifeEvent = "trade"
	LifeHiring     LifeEvent = "hiring"
	LifeProject    LifeEvent = "project"
	LifeFarming    LifeEvent = "farming"
	LifeGathering  LifeEvent = "gathering"
	LifeChange     LifeEvent = "change"
	LifeSociety    LifeEvent = "society"
)

// Life is an event with its names.
type Life struct {
	Event LifeEvent `json:"event"`
	ZH    string    `json:"zh"`
	EN    string    `json:"en"`
	// Firm: it happens to an organisation or a trader, not to a person or family.
	Firm bool `json:"firm"`
	// Items is how many items belong to it, where somebody counted them.
	Items int `json:"items"`
}

var lives = []Life{
	{Event: LifeBirth, ZH: "生育与养育", EN: "Having a child"},
	{Event: LifeSchool, ZH: "入学与读书", EN: "Going to school"},
	{Event: LifeWork, ZH: "就业、失业与从业资格", EN: "Work and qualification"},
	{Event: LifeService, ZH: "参军与退役", EN: "Military service"},
	{Event: LifeMarriage, ZH: "结婚、离婚与收养", EN: "Marriage and adoption"},
	{Event: LifePapers, ZH: "户口、证件与出行", EN: "Household, papers and travel"},
	{Event: LifeHouse, ZH: "建房、买房与租房", EN: "Building, buying, renting a home"},
	{Event: LifeVehicle, ZH: "买车与驾驶", EN: "Cars and driving"},
	{Event: LifeHealth, ZH: "看病与医保", EN: "Illness and health insurance"},
	{Event: LifeDisability, ZH: "残疾与康复", EN: "Disability"},
	{Event: LifeHardship, ZH: "遇到困难、需要救助", EN: "In need of help"},
	{Event: LifeRetirement, ZH: "退休与养老", EN: "Retirement and old age"},
	{Event: LifeDeath, ZH: "亲人去世", EN: "A death in the family"},
	{Event: LifeDispute, ZH: "纠纷与法律援助", EN: "Disputes and legal aid"},
	{Event: LifeOpening, ZH: "开店、办企业", EN: "Opening a business", Firm: true},
	{Event: LifeTrade, ZH: "经营许可", EN: "Permits to trade", Firm: true},
	{Event: LifeHiring, ZH: "招人用工与社保", EN: "Employing people", Firm: true},
	{Event: LifeProject, ZH: "投资项目与工程建设", EN: "Building projects", Firm: true},
	{Event: LifeFarming, ZH: "种植、养殖与农林", EN: "Farming, forestry, fishing", Firm: true},
	{Event: LifeGathering, ZH: "办活动、占道与广告", EN: "Events, streets and advertising", Firm: true},
	{Event: LifeChange, ZH: "变更、延续与歇业", EN: "Changing, renewing, closing", Firm: true},
	{Event: LifeSociety, ZH: "社会组织、办学与办医", EN: "Associations, schools, clinics", Firm: true},
}

// Lives lists all events in the order in which they are shown.
func Lives() []Life { return slices.Clone(lives) }

// Valid reports whether e is one of the events.
func (e LifeEvent) Valid() bool {
	return slices.ContainsFunc(lives, func(l Life) bool { return l.Event == e })
}

// Names is what the event is called, in Chinese and in English.
func (e LifeEvent) Names() (zh, en string) {
	for _, l := range lives {
		if l.Event == e {
			return l.ZH, l.EN
		}
	}
	return string(e), string(e)
}

// maxLives is how many events an item may belong to: one that is everywhere is
// found nowhere.
const maxLives = 6

// lifeRules say which words in the name of an item make it part of which event. A
// rule with a subject holds only for items that those may apply for.
var lifeRules = []struct {
	event   LifeEvent
	subject Subject // empty: any
	words   []string
}{
	{LifeBirth, "", []string{"出生", "生育登记", "生育津贴", "育儿", "孤儿", "无人抚养儿童", "收养", "残疾儿童"}},
	{LifeBirth, SubjectNatural, []string{"居民基本医疗保险参保", "社会保障卡"}},
	{LifeSchool, SubjectNatural, []string{"入学", "学生", "转学", "户口迁移"}},
	{LifeWork, SubjectNatural, []string{"失业", "就业", "资格认定", "执业注册", "传承人", "公积金提取", "社会保障卡", "无犯罪记录"}},
	{LifeWork, "", []string{"工伤"}},
	{LifeService, "", []string{"退役", "义务兵", "烈士", "军人"}},
	{LifeMarriage, "", []string{"结婚", "离婚", "收养", "夫妻"}},
	{LifePapers, SubjectNatural, []string{"户口", "身份证", "居住证", "护照", "通行证", "姓名变更", "无犯罪记录", "社会保障卡", "档案"}},
	{LifeHouse, "", []string{"宅基地", "存量房", "不动产转移登记", "租赁住房", "房屋租赁", "危房", "乡村建设规划", "低压用电", "倒损住房", "公积金提取", "购房"}},
	{LifeVehicle, "", []string{"机动车驾驶证", "机动车注册"}},
	{LifeHealth, SubjectNatural, []string{"医疗保险", "就医", "慢特病", "医疗费用", "医疗救助", "医保"}},
	{LifeHealth, "", []string{"工伤", "生育津贴"}},
	{LifeDisability, "", []string{"残疾"}},
	{LifeHardship, "", []string{"救助", "最低生活", "低保", "特困", "孤儿", "无人抚养", "困难", "危房", "因灾", "公共租赁", "扶助", "抚恤", "法律援助"}},
	{LifeRetirement, SubjectNatural, []string{"退休", "养老", "高龄", "奖励扶助"}},
	{LifeDeath, "", []string{"死亡", "继承", "丧葬", "遗属", "墓地", "残疾人证注销", "个人账户一次性支取"}},
	{LifeDispute, "", []string{"调解", "法律援助"}},
	{LifeOpening, "", []string{"企业设立登记", "个体工商户", "合作社设立登记", "新办", "公章刻制", "社会保险登记", "缴存登记", "低压用电", "营业前", "预包装食品", "食品经营许可", "食品小作坊", "诊所备案", "药品零售", "公共场所卫生", "旅馆业", "户外广告", "排水管网"}},
	{LifeTrade, "", []string{"经营许可", "经营备案", "特种行业", "食品生产", "小作坊", "运输许可", "购买许可", "购买备案", "回收经营", "预付卡", "粮食收购", "卫生许可", "放射诊疗", "娱乐场所", "上网服务", "演出", "文艺表演", "电影放映", "高危险性体育", "烟草", "烟花爆竹", "应急预案", "计量标准", "特种设备", "代理记账", "出版物", "开票", "诊疗许可", "收购站", "防疫条件", "出租汽车", "超限", "校车", "托育", "养老机构", "垃圾", "排污许可", "危险废物", "预售", "排水管网", "取水", "采砂", "采矿", "仅销售"}},
	{LifeHiring, "", []string{"用人单位", "人力资源", "劳务派遣", "不定时", "公积金缴存", "工伤", "生育津贴"}},
	{LifeProject, "", []string{"投资项目", "建设项目", "建设工程", "建筑工程", "施工", "规划许可", "用地", "环境影响", "水土保持", "消防", "防空地下室", "雷电", "节能", "管道保护", "可行性", "初步设计", "排污口", "河道", "水工程", "灌溉", "水库", "采矿", "预售", "竣工", "临时建筑", "历史建筑", "文物", "原址保护", "建筑垃圾", "挖掘", "占用林地", "临时使用林地", "取水", "电力设施"}},
	{LifeFarming, "", []string{"种子", "农药", "兽药", "动物", "渔业", "养殖", "拖拉机", "畜禽", "生鲜乳", "植物检疫", "土地经营权", "农机", "耕地", "林木", "林地", "林业", "野外用火", "设施农业", "合作社", "灌溉", "水库", "村企业"}},
	{LifeGathering, "", []string{"大型群众性", "焰火", "演出", "聚餐", "户外广告", "占用街道", "临时占用", "占用、挖掘", "宗教临时", "气球", "城市树木", "非公路标志", "护路林", "涉路"}},
	{LifeChange, SubjectLegal, []string{"变更登记", "变更审批", "注销登记", "停歇业", "延续", "延长", "出质", "改变土地用途"}},
	{LifeSociety, "", []string{"民办", "社会团体", "慈善", "培训", "医疗机构", "诊所", "托育", "养老机构", "事业单位", "幼儿园设立", "宗教", "母婴保健技术服务机构", "公益性墓地", "校车"}},
}

// SuggestLife says which events an item belongs to by the words in its name and
// who may apply: what the shipped catalog is tagged with, and what the editor of an
// item proposes. Whoever drafts the item has the last word.
func SuggestLife(item Item) []LifeEvent {
	found := map[LifeEvent]bool{}
	for _, r := range lifeRules {
		if r.subject != "" && item.Subject != r.subject && item.Subject != SubjectBoth {
			continue
		}
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(item.Name, w) }) {
			found[r.event] = true
		}
	}
	var out []LifeEvent
	for _, l := range lives {
		if found[l.Event] && len(out) < maxLives {
			out = append(out, l.Event)
		}
	}
	return out
}
