package catalog

import "strings"

// present are matters for which a law wants the applicant in person, whatever
// the item says.
var present = []struct{ matter, law string }{
	{"结婚登记", "双方须共同到婚姻登记机关申请（婚姻登记条例）"},
	{"离婚登记", "双方须共同到婚姻登记机关申请（婚姻登记条例）"},
	{"收养登记", "收养人须亲自到收养登记机关办理（中国公民收养子女登记办法）"},
}

// Presence is why an item cannot be applied for from home; empty when it can.
func Presence(item *Item) string {
	if item.InPerson != "" {
		return item.InPerson
	}
	for _, p := range present {
		if strings.Contains(item.Name, p.matter) {
			return p.law
		}
	}
	return ""
}
