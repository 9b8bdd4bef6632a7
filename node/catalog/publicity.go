package catalog

import "strings"

// Publicity is how much of a case the public may read.
type Publicity string

// The degrees of publicity (domain: section 9).
const (
	// Public: taken-up and decided cases are published, persons masked.
	Public Publicity = "public"
	// Relief: while the result is posted for objections (公示), and no longer,
	// the name, the village, the kind and the amount; else nothing.
	Relief Publicity = "relief"
	// NeverPublic: nothing, not even masked.
	NeverPublic Publicity = "never"
)

// PublicityOf is how much of a case of this item the public may read. The rule
// is closed: of a person only licences are published, whose publication the law
// asks for (Administrative Licence Law art. 40), and none whose name touches
// health, disability, a family's means, minors, adoption, marriage, legal aid,
// belief or papers of identity; relief is what the handbook names. A firm's
// cases are published unless they are about its people.
func PublicityOf(item *Item, person bool) Publicity {
	switch {
	case item.Publicity != "":
		return NeverPublic
	case !person && touches(item.Name, ofPeople):
		return NeverPublic
	case !person && (item.Type == Licence || item.Type == Confirmation || item.Type == OtherPower):
		return Public
	case !person:
		return NeverPublic
	case touches(item.Name, relief) && !touches(item.Name, private) && posted(item):
		return Relief
	case item.Type == Licence && !touches(item.Name, private) && !touches(item.Name, means):
		return Public
	}
	return NeverPublic
}

var (
	// private is what is never public of a person.
	private = []string{"残疾", "医疗费", "医疗救助", "医疗保", "病", "健康", "工伤", "生育", "育儿", "计划生育", "独生子女", "婚", "收养", "儿童", "少年", "学生", "入学", "孤儿",
		"出生", "死亡", "法律援助", "调解", "宗教", "户口", "身份证", "护照", "通行证", "居住证", "无犯罪", "姓名"}
	// means is what tells of a family's means.
	means = []string{"救助", "低保", "最低生活", "特困", "困难", "优待", "抚恤", "扶助", "补贴", "补助", "津贴", "援助", "失业", "公共租赁"}
	// ofPeople is what a firm's case can tell of the people in it.
	ofPeople = []string{"工伤", "生育", "病"}
	// relief is what is posted by name for its days (低保、特困、补贴……).
	relief = []string{"最低生活保障", "特困人员", "临时救助", "耕地地力保护补贴", "农机购置与应用补贴", "危房改造补助", "生活救助", "住房恢复重建补助"}
)

func touches(name string, words []string) bool {
	for _, w := range words {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// posted reports whether an item's results are posted for objections at all.
func posted(item *Item) bool {
	for _, p := range item.SpecialProcedures {
		if p.Name == Posting {
			return true
		}
	}
	return false
}

// Posting is the special procedure in which a result is posted for objections.
const Posting = "公示"
