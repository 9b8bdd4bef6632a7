package catalog

import (
	"reflect"
	"slices"
)

// CheckPackage says what keeps a package from being offered: items that do not
// exist, stages that leave an item out or contradict the dependencies,
// dependencies that wait for themselves, internal results nobody produces in
// time, a promise that is not the sum of its parts. lookup finds the items.
func CheckPackage(p Package, lookup func(code string) (Item, bool)) []Fault {
	faults := checkTexts(reflect.ValueOf(p), "")
	if slices.ContainsFunc(faults, func(f Fault) bool { return f.Code == FaultLimit }) {
		return capped(faults) // the rules below compare lists element by element
	}
	c := packageCheck{p: p, faults: faults}
	c.head()
	c.items(lookup)
	c.stages()
	c.dependencies()
	c.internal(lookup)
	c.merged()
	if want := p.criticalPath(lookup); p.CriticalPath != want {
		c.add("promised_working_days_critical_path", FaultConflict, "总承诺时限写明%d个工作日，按各阶段最长承诺合计为%d",
			"the critical path is given as %d working days; the stages add up to %d", p.CriticalPath, want)
	}
	return capped(c.faults)
}

type packageCheck struct {
	p      Package
	faults []Fault
}

func (c *packageCheck) add(path string, code FaultCode, zh, en string, args ...any) {
	c.faults = append(c.faults, newFault(path, code, zh, en, args...))
}

func (c *packageCheck) head() {
	if !packageCode.MatchString(c.p.Code) {
		c.add("code", FaultFormat, "编码“%s”应形如PK-01", "code %q must look like PK-01", show(c.p.Code))
	}
	c.faults = append(c.faults, needText("name", "名称", c.p.Name)...)
	c.faults = append(c.faults, needText("lead_department", "牵头部门", c.p.LeadDepartment)...)
	if len(c.p.AcceptTiers) == 0 {
		c.add("accept_tiers", FaultMissing, "没有收件层级", "there is no tier to hand papers in at")
	}
	var seen []string
	for i, t := range c.p.AcceptTiers {
		path := element("accept_tiers", i)
		if !t.Valid() {
			c.faults = append(c.faults, unknownTier(path, t))
		}
		c.faults = append(c.faults, once(&seen, path, string(t))...)
	}
}

func (c *packageCheck) items(lookup func(string) (Item, bool)) {
	if len(c.p.Items) < 2 {
		c.add("items", FaultMissing, "一件事至少包含两个事项", "a package joins at least two items")
	}
	var seen []string
	for i, code := range c.p.Items {
		path := element("items", i)
		if _, ok := lookup(code); !ok {
			c.add(path, FaultUnknown, "事项“%s”不存在", "there is no item %q", show(code))
		}
		c.faults = append(c.faults, once(&seen, path, code)...)
	}
	seen = nil
	for i, o := range c.p.OptionalItems {
		path := element("optional_items", i)
		c.member(path+".item", o.Item)
		c.faults = append(c.faults, once(&seen, path+".item", o.Item)...)
		c.faults = append(c.faults, needText(path+".when", "适用情形", o.When)...)
	}
	if len(c.p.Items) > 0 && len(seen) == len(c.p.Items) {
		c.add("optional_items", FaultConflict, "不能所有事项都可选", "not every item can be optional")
	}
}

// member reports an item that is not part of the package.
func (c *packageCheck) member(path, code string) bool {
	if slices.Contains(c.p.Items, code) {
		return true
	}
	c.add(path, FaultUnknown, "事项“%s”不在本一件事之内", "item %q is not part of the package", show(code))
	return false
}

// members reports a list of items that is empty, repeats one, or names one
// that is not part of the package.
func (c *packageCheck) members(path string, codes []string, least int) {
	if len(codes) < least {
		c.add(path, FaultMissing, "至少要有%d个事项", "there must be at least %d items", least)
	}
	var seen []string
	for i, code := range codes {
		c.member(element(path, i), code)
		c.faults = append(c.faults, once(&seen, element(path, i), code)...)
	}
}

func (c *packageCheck) stages() {
	var placed []string
	for i, s := range c.p.Stages {
		path := element("stages", i)
		if s.Number != i+1 {
			c.add(path+".stage", FaultConflict, "阶段序号应为%d", "the stage number must be %d", i+1)
		}
		if len(s.Items) == 0 {
			c.add(path+".parallel_items", FaultMissing, "阶段没有事项", "the stage has no items")
		}
		for j, code := range s.Items {
			here := element(path+".parallel_items", j)
			c.member(here, code)
			c.faults = append(c.faults, once(&placed, here, code)...)
		}
	}
	for i, code := range c.p.Items {
		if !slices.Contains(placed, code) {
			c.add(element("items", i), FaultMissing, "事项“%s”未排入任何阶段", "item %q is in no stage", show(code))
		}
	}
}

func (c *packageCheck) dependencies() {
	for i, d := range c.p.Dependencies {
		path := element("dependencies", i)
		c.faults = append(c.faults, needText(path+".reason", "理由", d.Reason)...)
		known := c.member(path+".item", d.Item)
		c.members(path+".after", d.After, 1)
		for j, code := range d.After {
			if known && slices.Contains(c.p.Items, code) {
				c.inOrder(element(path+".after", j), code, d.Item)
			}
		}
	}
	if code, ok := c.p.cycle(); ok {
		c.add("dependencies", FaultConflict, "前后关系成环：“%s”要等待自己", "the dependencies form a circle: %q waits for itself", show(code))
	}
}

// inOrder reports two items whose stages do not keep the order they need.
// An item in no stage is reported elsewhere.
func (c *packageCheck) inOrder(path, earlier, later string) {
	a, b := c.p.stageOf(earlier), c.p.stageOf(later)
	if a > 0 && b > 0 && a >= b {
		c.add(path, FaultConflict, "“%s”须排在“%s”之前的阶段", "%q must be in an earlier stage than %q", show(earlier), show(later))
	}
}

func (c *packageCheck) internal(lookup func(string) (Item, bool)) {
	for i, r := range c.p.Internal {
		path := element("internal_results", i)
		if c.member(path+".produced_by", r.Producer) {
			item, ok := lookup(r.Producer)
			if ok && !slices.ContainsFunc(item.Results, func(x Result) bool { return x.Name == r.Result }) {
				c.add(path+".result", FaultUnknown, "“%s”不是事项“%s”的办理结果", "%q is not a result of item %q", show(r.Result), show(r.Producer))
			}
		}
		c.members(path+".satisfies_material_of", r.Consumers, 1)
		for j, code := range r.Consumers {
			c.inOrder(element(path+".satisfies_material_of", j), r.Producer, code)
		}
	}
}

// merged lets a paper be listed for several groups of items, as the county's
// data does; the groups add up. Only the same group twice is a mistake.
func (c *packageCheck) merged() {
	for i, m := range c.p.Merged {
		path := element("merged_materials", i)
		c.faults = append(c.faults, needText(path+".material", "材料", m.Material)...)
		if slices.ContainsFunc(c.p.Merged[:i], func(o MergedMaterial) bool {
			return o.Material == m.Material && slices.Equal(o.Items, m.Items)
		}) {
			c.add(path, FaultDuplicate, "“%s”对同一组事项重复", "%q is listed twice for the same items", show(m.Material))
		}
		c.members(path+".submit_once_for", m.Items, 2)
	}
}
