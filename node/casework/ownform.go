package casework

import (
	"slices"
	"strings"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// keyApplicantName is the answer that names the applicant, in most items.
const keyApplicantName = "applicant_name"

// ownLabels say of a key, by how an item asks for it, that the answer is the
// applicant's own. Where it asks for a husband's, a guardian's or a mother's, somebody
// else of them may be who applies.
var ownLabels = map[string][]string{
	keyApplicantName:    {"申请人", "申请人姓名", "申请人姓名（名称）", "申领人姓名", "单位名称", "申请单位", "申请单位（村民委员会）", "申请单位（集体经济组织）", "姓名"},
	catalog.KeyIDNumber: {"居民身份证号码", "申请人身份证号", "身份证号码", "身份证号"},
	catalog.KeyUSCC:     {"统一社会信用代码"},
}

// handlerLabel is how items ask for who comes to hand it in, whoever applies.
const handlerLabel = "申请人（经办人）姓名"

// OtherPerson tells which answers of a form name somebody else than the applicant
// where they ask for the applicant, or than the agent where they ask for who hands it
// in. A form of several items is held against what all of them ask for. It is for
// who records: what is in the ledger stays as it is.
func OtherPerson(a ledger.Applicant, agent ledger.Agent, form []catalog.FieldValue, items ...*catalog.Item) []catalog.Fault {
	var f faults
	for _, v := range form {
		labels := labelsOf(items, v.Key)
		if v.Value == "" || len(labels) == 0 {
			continue
		}
		all := func(one func(string) bool) bool {
			return !slices.ContainsFunc(labels, func(l string) bool { return !one(l) })
		}
		own := all(func(l string) bool { return slices.Contains(ownLabels[v.Key], l) })
		fits := true
		switch {
		case v.Key == keyApplicantName && all(func(l string) bool { return l == handlerLabel }):
			fits = sameName(v.Value, a.Name) || sameName(v.Value, agent.Name) || agent.Name == "" && a.Type == "organisation"
		case !own:
		case v.Key == keyApplicantName:
			fits = a.Name == "" || sameName(v.Value, a.Name)
		case a.IDNumber == "":
		case v.Key == catalog.KeyIDNumber && a.Type == "person":
			fits = foreign(form) || plainNumber(v.Value) == plainNumber(a.IDNumber)
		case v.Key == catalog.KeyUSCC && a.Type == "organisation":
			fits = plainNumber(v.Value) == plainNumber(a.IDNumber)
		}
		if !fits {
			f.add("form."+v.Key, catalog.FaultPerson, "“"+labels[0]+"”与申请人不一致：代他人办理的，申请人填写本人，另填写代办人并附授权",
				"it is not the applicant's: name whom it is for as the applicant, and who acts for them as the agent, with the proof of authority")
		}
	}
	return f
}

// foreign reports whether a form names another document than the resident ID card.
func foreign(form []catalog.FieldValue) bool {
	kind := formValue(&ledger.CaseSubmitV1{Form: form}, catalog.KeyIDType)
	return kind != "" && kind != catalog.ResidentIDCard
}

func labelsOf(items []*catalog.Item, key string) (labels []string) {
	for _, item := range items {
		for _, f := range item.Form {
			if f.Key == key {
				labels = append(labels, f.Label)
			}
		}
	}
	return labels
}

var nameSpelling = strings.NewReplacer(" ", "", "\u3000", "", "（", "(", "）", ")", "•", "·", "・", "·", ".", "·")

// sameName compares names but for spaces and the spellings of brackets and dots.
func sameName(one, other string) bool {
	return strings.EqualFold(nameSpelling.Replace(one), nameSpelling.Replace(other))
}
