package catalog

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check says what keeps an item from being published. It covers what a person
// can overlook: a missing legal basis, a promise longer than the law, papers
// that cannot be told apart, a review that ends nowhere, a form that cannot be
// filled in. No fault means that a case of this item can be handed in, decided
// and delivered.
func Check(item Item) []Fault {
	faults := checkTexts(reflect.ValueOf(item), "")
	if slices.ContainsFunc(faults, func(f Fault) bool { return f.Code == FaultLimit }) {
		return capped(faults) // the rules below compare lists element by element
	}
	faults = append(faults, checkHead(item)...)
	faults = append(faults, checkBasis(item.LegalBasis)...)
	faults = append(faults, checkRoute(item)...)
	faults = append(faults, checkLimits(item)...)
	faults = append(faults, checkProcedures(item)...)
	faults = append(faults, checkFee(item.Fee)...)
	faults = append(faults, checkRates(item.Fee)...)
	faults = append(faults, checkMaterialList(item.Materials)...)
	faults = append(faults, checkForm(item)...)
	faults = append(faults, checkResults(item.Results)...)
	faults = append(faults, checkLife(item.LifeEvents)...)
	faults = append(faults, checkConditions(item.Conditions)...)
	return capped(faults)
}

var (
	itemCode   = regexp.MustCompile(`^TB-[A-Z]{2,6}-[0-9]{3}$`)
	itemPhone  = regexp.MustCompile(`^[0-9][0-9 、，;转-]{2,59}$`)
	lawArticle = regexp.MustCompile(`^第[〇零一二三四五六七八九十百千]+条(之[一二三四五六七八九十]+)?(第[一二三四五六七八九十]+款)?(第[一二三四五六七八九十]+项)?$`)
)

// IsCode reports whether a text looks like the code of an item.
func IsCode(text string) bool { return itemCode.MatchString(text) }

func checkHead(item Item) []Fault {
	var faults []Fault
	if !itemCode.MatchString(item.Code) {
		faults = append(faults, newFault("code", FaultFormat, "事项编码“%s”应形如TB-SCJG-001", "code %q must look like TB-SCJG-001", show(item.Code)))
	}
	faults = append(faults, needText("name", "事项名称", item.Name)...)
	faults = append(faults, needText("department", "实施部门", item.Department)...)
	faults = append(faults, needText("location", "办理地点", item.Location)...)
	if !item.Type.Valid() {
		faults = append(faults, newFault("type", FaultUnknown, "没有“%s”这一事项类型", "%q is not an item type", show(string(item.Type))))
	}
	if !item.Subject.Valid() {
		faults = append(faults, newFault("subject", FaultUnknown, "服务对象“%s”应为自然人、法人或both", "subject %q must be 自然人, 法人 or both", show(string(item.Subject))))
	}
	if !itemPhone.MatchString(item.Phone) {
		faults = append(faults, newFault("phone", FaultFormat, "咨询电话“%s”不是电话号码", "phone %q is not a telephone number", show(item.Phone)))
	}
	return faults
}

// checkBasis: without a law there is no power to decide, and nothing to print
// on the notice sheet.
func checkBasis(basis []LegalBasis) []Fault {
	if len(basis) == 0 {
		return []Fault{newFault("legal_basis", FaultLaw, "没有法律依据的事项不得公布", "an item without a legal basis cannot be published")}
	}
	var faults []Fault
	seen := make([]LegalBasis, 0, len(basis))
	for i, b := range basis {
		path := fmt.Sprintf("legal_basis[%d]", i)
		faults = append(faults, needText(path+".law", "法律名称", b.Law)...)
		if b.Article != "" && !lawArticle.MatchString(b.Article) {
			faults = append(faults, newFault(path+".article", FaultFormat, "条款“%s”应形如第三十二条", "article %q must look like 第三十二条", show(b.Article)))
		}
		if slices.Contains(seen, b) {
			faults = append(faults, newFault(path, FaultDuplicate, "法律依据重复", "the same legal basis is given twice"))
		}
		seen = append(seen, b)
	}
	return faults
}

func checkLimits(item Item) []Fault {
	var faults []Fault
	if item.StatutoryWorkingDays < 1 || item.StatutoryWorkingDays > 366 {
		faults = append(faults, newFault("statutory_working_days", FaultRange, "法定时限应为1至366个工作日", "the statutory limit must be 1 to 366 working days"))
	}
	promise := item.PromisedWorkingDays
	switch {
	case promise < 1:
		faults = append(faults, newFault("promised_working_days", FaultRange, "承诺时限至少1个工作日", "the promise must be at least 1 working day"))
	case promise > item.StatutoryWorkingDays:
		faults = append(faults, newFault("promised_working_days", FaultLaw, "承诺时限%d个工作日长于法定时限%d个工作日",
			"the promise of %d working days is longer than the law's %d", promise, item.StatutoryWorkingDays))
	}
	if promise > MaxPromise && item.PromiseReason == "" {
		faults = append(faults, newFault("promise_reason", FaultMissing, "承诺时限超过%d个工作日须说明理由", "a promise over %d working days needs a stated reason", MaxPromise))
	}
	if promise <= MaxPromise && item.PromiseReason != "" {
		faults = append(faults, newFault("promise_reason", FaultConflict, "承诺时限未超过%d个工作日，不需说明理由", "a promise within %d working days needs no reason", MaxPromise))
	}
	if item.Instant && promise > 1 {
		faults = append(faults, newFault("promised_working_days", FaultConflict, "即办件当日办结，承诺时限应为1个工作日", "an instant item is decided the same day; its promise must be 1 working day"))
	}
	return faults
}

// clockStoppers are the kinds whose time art. 45 of the Administrative Licence
// Law excludes. A site survey or a public notice stops only the promise.
var clockStoppers = []string{"听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"}

// adoptionRules exclude the notice for the parents of a foundling (收养公告)
// from the time for registration: the one stop that art. 45 does not name.
const adoptionRules = "中国公民收养子女登记办法"

func checkProcedures(item Item) []Fault {
	adoption := slices.ContainsFunc(item.LegalBasis, func(b LegalBasis) bool { return b.Law == adoptionRules })
	var faults []Fault
	seen := make([]string, 0, len(item.SpecialProcedures))
	for i, p := range item.SpecialProcedures {
		path := fmt.Sprintf("special_procedures[%d]", i)
		faults = append(faults, needText(path+".name", "特别程序名称", p.Name)...)
		faults = append(faults, once(&seen, path+".name", p.Name)...)
		if p.TypicalDays < 1 || p.TypicalDays > 366 {
			faults = append(faults, newFault(path+".typical_days", FaultRange, "通常天数应为1至366", "typical days must be 1 to 366"))
		}
		if p.Unit != WorkingDays && p.Unit != NaturalDays {
			faults = append(faults, newFault(path+".unit", FaultUnknown, "单位“%s”应为工作日或自然日", "unit %q must be 工作日 or 自然日", show(string(p.Unit))))
		}
		lawful := slices.Contains(clockStoppers, p.Name) || adoption && p.Name == "公示"
		if p.SuspendsStatutoryClock && !lawful {
			faults = append(faults, newFault(path+".suspends_statutory_clock", FaultLaw, "“%s”不属于行政许可法第四十五条所列程序，其时间计入法定时限",
				"%q is not listed in art. 45 of the Administrative Licence Law; its time counts", show(p.Name)))
		}
	}
	return faults
}

const noFee = "不收费"

// checkFee: a fee needs a published tariff, and the tariff must not contradict
// the flag that the window goes by.
func checkFee(fee Fee) []Fault {
	faults := needText("fee.standard", "收费标准", fee.Standard)
	if fee.Charged && fee.Standard == noFee {
		faults = append(faults, newFault("fee.standard", FaultConflict, "标为收费而标准写“不收费”", "the fee is marked as charged but its standard says 不收费"))
	}
	return faults
}

func checkMaterialList(materials []Material) []Fault {
	var faults []Fault
	seen := make([]string, 0, len(materials))
	for i, m := range materials {
		path := fmt.Sprintf("materials[%d]", i)
		faults = append(faults, needText(path+".name", "材料名称", m.Name)...)
		faults = append(faults, needText(path+".source", "材料来源", m.Source)...)
		faults = append(faults, once(&seen, path+".name", sameName(m.Name))...)
		if namesNothing(m.Name) {
			faults = append(faults, newFault(path+".name", FaultLaw, "“%s”没有写明是哪一份材料：请逐项列出名称，不得设“其他材料”之类的兜底条款", "%q does not say which paper it is: name each paper; a catch-all is not allowed", show(m.Name)))
		}
		if !m.Form.Valid() {
			faults = append(faults, newFault(path+".form", FaultUnknown, "材料形式“%s”应为原件、复印件、原件和复印件或电子", "form %q must be 原件, 复印件, 原件和复印件 or 电子", show(string(m.Form))))
		}
		if m.Copies < 1 || m.Copies > maxCopies {
			faults = append(faults, newFault(path+".copies", FaultRange, "份数应为1至%d", "copies must be 1 to %d", maxCopies))
		}
		if len(m.SampleText) > maxSampleLines {
			faults = append(faults, newFault(path+".sample_text", FaultLimit, "样本文字最多%d行，须在一页内", "the wording of a specimen has at most %d lines: it is one page", maxSampleLines))
		}
		switch {
		case m.Required && m.Condition != "":
			faults = append(faults, newFault(path+".condition", FaultConflict, "必要材料不应再写适用情形", "a paper that is always required must not state a condition"))
		case !m.Required && m.Condition == "":
			faults = append(faults, newFault(path+".condition", FaultMissing, "非必要材料须写明适用情形，否则无法一次性告知", "a paper that is not always required must say when it is"))
		}
		faults = append(faults, checkMinor(m, path)...)
	}
	return faults
}

func checkResults(results []Result) []Fault {
	if len(results) == 0 {
		return []Fault{newFault("results", FaultMissing, "没有办理结果", "the item has no result")}
	}
	var faults []Fault
	seen := make([]string, 0, len(results))
	for i, r := range results {
		path := fmt.Sprintf("results[%d]", i)
		faults = append(faults, needText(path+".name", "结果名称", r.Name)...)
		faults = append(faults, once(&seen, path+".name", r.Name)...)
		if r.ValidityYears < 0 || r.ValidityYears > 100 {
			faults = append(faults, newFault(path+".validity_years", FaultRange, "有效期应为1至100年", "validity must be 1 to 100 years"))
		}
	}
	return faults
}

// checkLife: an event that is not in the list would be found by nobody.
func checkLife(events []LifeEvent) []Fault {
	var faults []Fault
	if len(events) > maxLives {
		faults = append(faults, newFault("life_events", FaultLimit, "生活事件最多选%d个", "at most %d life events", maxLives))
	}
	seen := make([]string, 0, len(events))
	for i, e := range events {
		path := fmt.Sprintf("life_events[%d]", i)
		if !e.Valid() {
			faults = append(faults, newFault(path, FaultUnknown, "没有生活事件“%s”；可选的见 GET /api/v1/life-events", "there is no life event %q; GET /api/v1/life-events lists them", show(string(e))))
		}
		faults = append(faults, once(&seen, path, string(e))...)
	}
	return faults
}

// Bounds on every text (in characters) and every list of an item.
const (
	maxLabel = 500
	maxList  = 200
)

// checkTexts finds, anywhere in v, text that does not print as it looks:
// control characters, direction overrides and zero-width characters, spaces
// at the ends. Two papers must never differ in something nobody can see.
func checkTexts(v reflect.Value, path string) []Fault {
	var faults []Fault
	switch v.Kind() {
	case reflect.String:
		switch text := v.String(); {
		case utf8.RuneCountInString(text) > maxLabel:
			faults = append(faults, newFault(path, FaultLength, "文字超过%d字", "the text is longer than %d characters", maxLabel))
		case !printable(text):
			faults = append(faults, newFault(path, FaultText, "含有控制字符或不可见字符", "the text holds control or invisible characters"))
		case text != strings.TrimSpace(text):
			faults = append(faults, newFault(path, FaultText, "首尾有空格", "the text begins or ends with a space"))
		}
	case reflect.Slice:
		if v.Len() > maxList {
			return []Fault{newFault(path, FaultLimit, "多于%d项", "there are more than %d entries", maxList)}
		}
		for i := range v.Len() {
			faults = append(faults, checkTexts(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if path != "" {
				name = path + "." + name
			}
			faults = append(faults, checkTexts(v.Field(i), name)...)
		}
	}
	return faults
}

// printable refuses U+FFFD too: it is what a decoder leaves of broken text.
func printable(text string) bool {
	for _, r := range text {
		if r >= ' ' && r <= '~' || r >= '\u4e00' && r <= '\u9fff' { // mostly, and looking up takes a while
			continue
		}
		if r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			return false
		}
	}
	return true
}

func needText(path, label, text string) []Fault {
	if strings.TrimSpace(text) != "" {
		return nil
	}
	return []Fault{newFault(path, FaultMissing, "%[1]s不能为空", "%[2]s must not be empty", label, path)}
}

// once reports a name that is already in seen, and remembers it.
func once(seen *[]string, path, name string) []Fault {
	if slices.Contains(*seen, name) {
		return []Fault{newFault(path, FaultDuplicate, "“%s”重复", "%q is named twice", show(name))}
	}
	*seen = append(*seen, name)
	return nil
}
