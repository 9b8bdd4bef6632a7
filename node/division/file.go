package division

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/importfile"
)

// Division is one division of the county as the divisions file names it.
type Division struct {
	Code         Code   `json:"code"`
	Name         string `json:"name"`          // 荆湾村
	OfficialName string `json:"official_name"` // 荆湾村委会; the name where the file gives no other
	Kind         Kind   `json:"kind"`
	UrbanRural   string `json:"urban_rural,omitempty"` // 城乡分类代码 of a village, as 220; empty above villages
}

// The shape of a divisions file: one county with its townships, each with its
// villages.
type (
	file struct {
		Notes          []string   `json:"notes,omitempty"`
		CodesGenerated bool       `json:"village_codes_generated,omitempty"`
		Province       place      `json:"province"`
		Prefecture     place      `json:"prefecture"`
		County         place      `json:"county"`
		TownshipCount  int        `json:"township_count"`
		VillageCount   int        `json:"village_count"`
		Townships      []township `json:"townships"`
	}
	place struct {
		Code string `json:"code"`
		Name string `json:"name"`
	}
	township struct {
		Code     string    `json:"code"`
		Name     string    `json:"name"`
		Type     string    `json:"type"`
		Villages []village `json:"villages"`
	}
	village struct {
		Code         string `json:"code"`
		Name         string `json:"name"`
		OfficialName string `json:"official_name,omitempty"`
		Type         string `json:"type"`
		UrbanRural   string `json:"urban_rural_code,omitempty"`
	}
)

// ParseFile reads a divisions file and returns its divisions in the order of
// the file: the county, then each township followed by its villages. Every
// fault is reported with its path; the error is an importfile.Faults, and no
// division is returned unless the whole file is well.
func ParseFile(data []byte) ([]Division, error) {
	var f file
	faults, read := importfile.DecodeAll(data, &f)
	if !read {
		return nil, fmt.Errorf("read divisions file: %w", faults.Err())
	}
	r := reader{seen: map[Code]string{}}
	r.file(f)
	r.faults = slices.DeleteFunc(r.faults, func(f importfile.Fault) bool {
		lists := uncounted[f.Path]
		return lists != nil && slices.ContainsFunc(faults, func(s importfile.Fault) bool { return lists.MatchString(s.Path) })
	})
	if err := faults.Beside(importfile.Locate(data, r.faults)).Err(); err != nil {
		return nil, fmt.Errorf("check divisions file: %w", err)
	}
	return r.divisions, nil
}

// uncounted are, for each number the file states, the lists that it counts: where one of
// them could not be read, nothing is known of the number. What is wrong inside an element
// leaves it counted.
var uncounted = map[string]*regexp.Regexp{
	"township_count": regexp.MustCompile(`^townships$`),
	"village_count":  regexp.MustCompile(`^townships(\[[0-9]+\](\.villages)?)?$`),
}

// reader flattens the file and notes what is wrong with it.
type reader struct {
	divisions []Division
	seen      map[Code]string // where each code stood first
	faults    importfile.Faults
}

func (r *reader) file(f file) {
	r.above("province", f.Province, 2, "")
	r.above("prefecture", f.Prefecture, 4, f.Province.Code)
	r.name("county.name", f.County.Name)
	county := r.code("county.code", f.County.Code, node.County)
	if county != "" && !strings.HasPrefix(string(county), f.Prefecture.Code) {
		r.faults.Add("county.code", "不属于该地级市 "+importfile.Clip(f.Prefecture.Code),
			"does not lie in the prefecture "+importfile.Clip(f.Prefecture.Code))
	}
	r.add(Division{Code: county, Name: f.County.Name, Kind: KindCounty})

	villages := 0
	for i, t := range f.Townships {
		path := importfile.Index("townships", i)
		r.township(path, county, t)
		villages += len(t.Villages)
	}
	r.count("township_count", f.TownshipCount, len(f.Townships))
	r.count("village_count", f.VillageCount, villages)
}

func (r *reader) township(path string, county Code, t township) {
	r.name(path+".name", t.Name)
	code := r.code(path+".code", t.Code, node.Township)
	r.parent(path+".code", code, county)
	r.kind(path+".type", code, t.Type)
	r.add(Division{Code: code, Name: t.Name, Kind: code.Kind()})
	for i, v := range t.Villages {
		r.village(importfile.Index(path+".villages", i), code, v)
	}
}

func (r *reader) village(path string, township Code, v village) {
	r.name(path+".name", v.Name)
	if v.OfficialName != "" {
		r.name(path+".official_name", v.OfficialName)
	}
	code := r.code(path+".code", v.Code, node.Village)
	r.parent(path+".code", code, township)
	r.kind(path+".type", code, v.Type)
	switch v.UrbanRural {
	case "", "111", "112", "121", "122", "123", "210", "220":
	default:
		r.faults.Add(path+".urban_rural_code", "不是城乡分类代码（111、112、121、122、123、210、220）",
			"is no urban-rural class (111, 112, 121, 122, 123, 210, 220)")
	}
	r.add(Division{Code: code, Name: v.Name, OfficialName: v.OfficialName, Kind: code.Kind(), UrbanRural: v.UrbanRural})
}

func (r *reader) add(d Division) {
	if d.OfficialName == "" {
		d.OfficialName = d.Name
	}
	r.divisions = append(r.divisions, d)
}

// above checks the province and the prefecture, which are named in the file but
// are no divisions of the county.
func (r *reader) above(path string, p place, digits int, prefix string) {
	r.name(path+".name", p.Name)
	allDigits := strings.Trim(p.Code, "0123456789") == ""
	if len(p.Code) != digits || !allDigits || !strings.HasPrefix(p.Code, prefix) {
		r.faults.Add(path+".code", fmt.Sprintf("应为以 %q 开头的 %d 位数字", importfile.Clip(prefix), digits),
			fmt.Sprintf("must be %d digits beginning with %q", digits, importfile.Clip(prefix)))
	}
}

// code reads a code of the given tier, notes a second use of it, and
// returns the empty Code when it is of no use.
func (r *reader) code(path, text string, tier node.Tier) Code {
	if reason := check(text); reason != "" {
		zh, en := reason.Text()
		r.faults.Add(path, fmt.Sprintf("区划代码 %q %s", clip(text), zh), fmt.Sprintf("division code %q: %s", clip(text), en))
		return ""
	}
	code := Code(text)
	if code.Tier() != tier {
		r.faults.Add(path, "应为"+tier.Chinese()+"级代码", fmt.Sprintf("must be the code of a %s", tier))
		return ""
	}
	if first, twice := r.seen[code]; twice {
		r.faults.Add(path, "代码重复，已用于 "+first, "code already used at "+first)
		return code
	}
	r.seen[code] = path
	return code
}

func (r *reader) parent(path string, code, parent Code) {
	if code != "" && parent != "" && code.Parent() != parent {
		r.faults.Add(path, "不属于上级 "+string(parent), "does not lie in "+string(parent))
	}
}

// kind checks that the type the file states agrees with the code's digits.
func (r *reader) kind(path string, code Code, stated string) {
	if code != "" && stated != code.Kind().Chinese() {
		r.faults.Add(path, fmt.Sprintf("写的是%q，按代码应为%q", importfile.Clip(stated), code.Kind().Chinese()),
			fmt.Sprintf("says %q, the code says %q", importfile.Clip(stated), code.Kind().Chinese()))
	}
}

func (r *reader) name(path, name string) {
	const most = 60
	switch {
	case strings.TrimSpace(name) == "":
		r.faults.Add(path, "名称没有填写", "the name is empty")
	case name != strings.TrimSpace(name):
		r.faults.Add(path, "名称前后有空格", "the name has spaces around it")
	case utf8.RuneCountInString(name) > most:
		r.faults.Add(path, "名称超过 60 字", "the name is longer than 60 characters")
	case strings.ContainsFunc(name, unprintable):
		r.faults.Add(path, "名称含有不可见字符", "the name has unprintable characters")
	}
}

func (r *reader) count(path string, stated, found int) {
	if stated != found {
		r.faults.Add(path, fmt.Sprintf("写的是 %d，实际有 %d，文件可能不完整", stated, found),
			fmt.Sprintf("says %d but there are %d; the file may be incomplete", stated, found))
	}
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) }
