package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/importfile"
)

// Package is a "one thing" (一件事, 联办件): several items that people see as
// one matter, handed in once and handled jointly. Stages run in order; the
// items of one stage run side by side.
//
// AcceptTiers may be wider than those of the items: where an item is not
// accepted, its part is collected and forwarded (代收).
type Package struct {
	Code           string           `json:"code" zh:"编码"`
	Name           string           `json:"name" zh:"名称"`
	Description    string           `json:"description" zh:"说明"`
	LeadDepartment string           `json:"lead_department" zh:"牵头部门"`
	AcceptTiers    []node.Tier      `json:"accept_tiers" zh:"收件层级"`
	Items          []string         `json:"items" zh:"事项"`
	OptionalItems  []OptionalItem   `json:"optional_items" zh:"可选事项"`
	Stages         []Stage          `json:"stages" zh:"阶段"`
	Dependencies   []Dependency     `json:"dependencies" zh:"前后关系"`
	Internal       []InternalResult `json:"internal_results" zh:"内部流转结果"`
	Merged         []MergedMaterial `json:"merged_materials" zh:"合并材料"`
	// CriticalPath is the promise for the whole in working days: the sum over
	// the stages of the longest promise in each, without special procedures.
	CriticalPath int      `json:"promised_working_days_critical_path" zh:"总承诺时限（工作日）"`
	Notes        []string `json:"notes" zh:"备注"`
}

// OptionalItem is left out when its condition does not hold.
type OptionalItem struct {
	Item string `json:"item" zh:"事项"`
	When string `json:"when" zh:"适用情形"`
}

// Stage is a group of items handled side by side.
type Stage struct {
	Number int      `json:"stage" zh:"阶段序号"` // dense, from 1
	Items  []string `json:"parallel_items" zh:"并联事项"`
}

// Dependency says that an item can be decided only after others, and why.
type Dependency struct {
	Item   string   `json:"item" zh:"事项"`
	After  []string `json:"after" zh:"先办事项"`
	Reason string   `json:"reason" zh:"理由"`
}

// InternalResult is a document that one item produces and others need, so that
// the applicant never hands it in.
type InternalResult struct {
	Result    string   `json:"result" zh:"结果"`
	Producer  string   `json:"produced_by" zh:"产生事项"`
	Consumers []string `json:"satisfies_material_of" zh:"使用事项"`
}

// MergedMaterial is a paper collected once for several items. Its name is for
// people: the items may call the same paper by different names. Entries of the
// same name add up.
type MergedMaterial struct {
	Material string   `json:"material" zh:"材料"`
	Items    []string `json:"submit_once_for" zh:"共用事项"`
	Note     string   `json:"note" zh:"说明"`
}

type packagesFile struct {
	Notes    []string  `json:"notes,omitempty" zh:"说明"`
	Packages []Package `json:"packages" zh:"一件事"`
}

// ParsePackages reads a file of packages over the given items and reports
// everything that is wrong, as ParseItems does. Packages are returned only
// when there is no fault at all.
func ParsePackages(data []byte, items []Item) ([]Package, []Fault) {
	var file packagesFile
	found, read := importfile.DecodeAll(data, &file)
	faults := ofFile(found)
	if !read {
		return nil, faults
	}
	known := make(map[string]Item, len(items))
	for _, item := range items {
		known[item.Code] = item
	}
	lookup := func(code string) (Item, bool) { item, ok := known[code]; return item, ok }
	first := make(map[string]int, len(file.Packages))
	for i, p := range file.Packages {
		path := "packages[" + strconv.Itoa(i) + "]"
		if found.Touched(path) {
			continue // what the rules say of half a package says nothing
		}
		if j, ok := first[p.Code]; ok {
			faults = append(faults, newFault(path+".code", FaultDuplicate, "编码“%s”与packages[%d]重复", "code %q is also that of packages[%d]", show(p.Code), j))
		} else {
			first[p.Code] = i
		}
		if len(faults) <= maxFaults {
			faults = append(faults, at(path, CheckPackage(p, lookup))...)
		}
	}
	if len(faults) > 0 {
		return nil, located(data, capped(faults))
	}
	return file.Packages, nil
}

// FirstPackage is the first package of a file, whatever is wrong with it; nil
// when there is none that could be laid out.
func FirstPackage(data []byte) *Package {
	var file packagesFile
	if faults := decodeStrict(data, &file); len(faults) > 0 || len(file.Packages) == 0 {
		return nil
	}
	return &file.Packages[0]
}

var packageCode = regexp.MustCompile(`^PK-[0-9]{2,3}$`)

// stageOf returns the number of the stage an item is handled in, or 0.
func (p Package) stageOf(item string) int {
	for _, s := range p.Stages {
		if slices.Contains(s.Items, item) {
			return s.Number
		}
	}
	return 0
}

// cycle returns an item that, by the dependencies, would have to wait for
// itself.
func (p Package) cycle() (string, bool) {
	waiting := slices.Clone(p.Items)
	for len(waiting) > 0 {
		before := len(waiting)
		// An item can go as soon as none that it waits for is still waiting.
		waiting = slices.DeleteFunc(slices.Clone(waiting), func(item string) bool {
			for _, d := range p.Dependencies {
				if d.Item == item && slices.ContainsFunc(d.After, func(a string) bool { return slices.Contains(waiting, a) }) {
					return false
				}
			}
			return true
		})
		if len(waiting) == before {
			return waiting[0], true
		}
	}
	return "", false
}

// criticalPath adds up the longest promise of each stage.
func (p Package) criticalPath(lookup func(string) (Item, bool)) int {
	days := 0
	for _, s := range p.Stages {
		longest := 0
		for _, code := range s.Items {
			if item, ok := lookup(code); ok {
				longest = max(longest, item.PromisedWorkingDays)
			}
		}
		days += longest
	}
	return days
}

// element names an element of a list.
func element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
