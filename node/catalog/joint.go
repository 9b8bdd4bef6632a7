package catalog

import (
	"slices"
	"strings"
)

// Joint is what a package asks of somebody who wants some of its items: one
// form in which nothing is asked twice, and one set of papers in which none
// repeats (联办件“一张表单、一套材料”). What one of the items makes for another is
// not asked for at all.
type Joint struct {
	Package *Package
	// Items are those asked for, in the package's order, each in the version it
	// is handed in under.
	Items     []Item
	Form      []JointField
	Materials []JointMaterial
}

// JointField is a question of the one form, with the items that want the answer.
// Items mean the same by a key; where two offer other choices or want another
// kind of answer, the second is asked apart, under the key with @ and the item.
type JointField struct {
	Field
	Items []string `json:"items"`
}

// JointMaterial is a paper of the one set, with the items that it goes to.
type JointMaterial struct {
	Material
	Items []string `json:"items"`
}

// Optional reports whether an item is left out when nobody asks for it.
func (p *Package) Optional(item string) bool {
	return slices.ContainsFunc(p.OptionalItems, func(o OptionalItem) bool { return o.Item == item })
}

// After are the items that an item waits for, among those that are asked for.
func (p *Package) After(item string, asked []string) []string {
	var after []string
	for _, code := range p.Items { // in one order, whatever that of the dependencies
		if !slices.Contains(asked, code) || code == item {
			continue
		}
		waits := slices.ContainsFunc(p.Dependencies, func(d Dependency) bool { return d.Item == item && slices.Contains(d.After, code) })
		makes := slices.ContainsFunc(p.Internal, func(r InternalResult) bool { return r.Producer == code && slices.Contains(r.Consumers, item) })
		if waits || makes {
			after = append(after, code)
		}
	}
	return after
}

// Gives reports whether an item makes a paper that another needs.
func (p *Package) Gives(producer, consumer string) bool {
	return slices.ContainsFunc(p.Internal, func(r InternalResult) bool {
		return r.Producer == producer && slices.Contains(r.Consumers, consumer)
	})
}

// StageOf is the number of the stage an item is handled in, from 1; 0 for one
// that is not in the package.
func (p *Package) StageOf(item string) int { return p.stageOf(item) }

// Promise is the promise for the items asked for, in working days: the longest
// of each stage, added up.
func (j *Joint) Promise() int {
	days := map[int]int{}
	sum := 0
	for _, item := range j.Items {
		stage := j.Package.stageOf(item.Code)
		if more := item.PromisedWorkingDays - days[stage]; more > 0 {
			days[stage] += more
			sum += more
		}
	}
	return sum
}

// NewJoint lays out what is asked for the given items of a package.
func NewJoint(p *Package, items []Item) *Joint {
	j := &Joint{Package: p, Items: items}
	for i := range items {
		item := j.Member(items[i].Code)
		for _, f := range item.Form {
			j.addField(f, item.Code)
		}
		for _, m := range item.Materials {
			j.addMaterial(m, item.Code)
		}
	}
	return j
}

// Member is an item as it is handed in within the package: wherever the package
// is, and without what another of the items asked for makes for it. Its number
// as an organisation is one of those things, where the founding of the
// organisation is one of the items.
func (j *Joint) Member(code string) *Item {
	i := slices.IndexFunc(j.Items, func(i Item) bool { return i.Code == code })
	if i < 0 {
		return nil
	}
	item := normal(j.Items[i])
	item.AcceptTiers = slices.Clone(j.Package.AcceptTiers)
	founded := false
	item.Materials = slices.DeleteFunc(item.Materials, func(m Material) bool {
		return slices.ContainsFunc(j.Package.Internal, func(r InternalResult) bool {
			made := slices.Contains(r.Consumers, code) && alike(r.Result, m.Name) && j.asked(r.Producer)
			founded = founded || made && !j.knowsUSCC(r.Producer)
			return made
		})
	})
	if founded {
		item.Form = slices.DeleteFunc(item.Form, func(f Field) bool { return f.Key == KeyUSCC })
		if item.Subject == SubjectBoth { // whom it is for is asked by the founding
			item.Subject = SubjectLegal
		}
	}
	return &item
}

func (j *Joint) asked(code string) bool {
	return slices.ContainsFunc(j.Items, func(i Item) bool { return i.Code == code })
}

func (j *Joint) knowsUSCC(code string) bool {
	return slices.ContainsFunc(j.Items, func(i Item) bool {
		return i.Code == code && slices.ContainsFunc(i.Form, func(f Field) bool { return f.Key == KeyUSCC })
	})
}

func (j *Joint) addField(f Field, item string) {
	for i := range j.Form {
		have := &j.Form[i]
		if have.Key == f.Key && have.Type == f.Type && slices.Equal(have.Options, f.Options) {
			have.Required = have.Required || f.Required
			have.Items = append(have.Items, item)
			return
		}
	}
	if slices.ContainsFunc(j.Form, func(have JointField) bool { return have.Key == f.Key }) {
		f.Key = apart(f.Key, item)
	}
	j.Form = append(j.Form, JointField{Field: f, Items: []string{item}})
}

// apart is the key of a question that is asked for one item alone.
func apart(key, item string) string { return key + "@" + item }

func (j *Joint) addMaterial(m Material, item string) {
	name := j.Package.nameOf(m.Name, item)
	for i := range j.Materials {
		have := &j.Materials[i]
		if have.Name != name {
			continue
		}
		if m.Required {
			have.Required, have.Condition = true, ""
		}
		have.Form, have.Copies = strictest(have.Form, m.Form), max(have.Copies, m.Copies)
		have.Shareable = have.Shareable && m.Shareable
		if !slices.Contains(have.Items, item) {
			have.Items = append(have.Items, item)
		}
		return
	}
	m.Name = name
	j.Materials = append(j.Materials, JointMaterial{Material: m, Items: []string{item}})
}

// strictest is the form of a paper that serves two demands.
func strictest(a, b MaterialForm) MaterialForm {
	rank := []MaterialForm{FormElectronic, FormCopy, FormOriginal, FormOriginalAndCopy}
	if slices.Index(rank, a) >= slices.Index(rank, b) {
		return a
	}
	return b
}

// Split is an item's part of what was handed in once: the answers under its own
// keys, the papers under its own names.
func (j *Joint) Split(code string, form []FieldValue, papers []SubmittedMaterial, applying []string) ([]FieldValue, []SubmittedMaterial, []string) {
	item := j.Member(code)
	if item == nil {
		return nil, nil, nil
	}
	answers, own, applies := []FieldValue{}, []SubmittedMaterial{}, []string{}
	for _, f := range item.Form {
		if v, ok := answerOf(form, apart(f.Key, code)); ok {
			answers = append(answers, FieldValue{Key: f.Key, Value: v})
		} else if v, ok := answerOf(form, f.Key); ok && j.shared(f, code) {
			answers = append(answers, FieldValue{Key: f.Key, Value: v})
		}
	}
	for _, m := range item.Materials {
		name := j.Package.nameOf(m.Name, code)
		for _, s := range papers {
			if s.Name == name {
				s.Name = m.Name
				own = append(own, s)
			}
		}
		if !m.Required && slices.Contains(applying, name) {
			applies = append(applies, m.Name)
		}
	}
	return answers, own, applies
}

// shared reports whether a question of an item is the one asked for all.
func (j *Joint) shared(f Field, code string) bool {
	return slices.ContainsFunc(j.Form, func(have JointField) bool { return have.Key == f.Key && slices.Contains(have.Items, code) })
}

func answerOf(form []FieldValue, key string) (string, bool) {
	for _, v := range form {
		if v.Key == key {
			return v.Value, true
		}
	}
	return "", false
}

// Stray says what was handed in that none of the items wants: it must not be
// asked for and is not taken.
func (j *Joint) Stray(form []FieldValue, papers []SubmittedMaterial, applying []string) []Fault {
	var faults []Fault
	var seen []string
	for i, v := range form {
		path := element("form", i)
		known := slices.ContainsFunc(j.Form, func(f JointField) bool { return f.Key == v.Key })
		if key, item, apart := strings.Cut(v.Key, "@"); apart && !known {
			known = slices.ContainsFunc(j.Items, func(i Item) bool {
				return i.Code == item && slices.ContainsFunc(i.Form, func(f Field) bool { return f.Key == key })
			})
		}
		if !known {
			faults = append(faults, newFault(path+".key", FaultUnknown, "表单没有“%s”这一项", "the form has no field %q", show(v.Key)))
		}
		faults = append(faults, once(&seen, path, v.Key)...)
	}
	wanted := func(name string) *JointMaterial {
		for i := range j.Materials {
			if j.Materials[i].Name == name {
				return &j.Materials[i]
			}
		}
		return nil
	}
	for i, s := range papers {
		if wanted(s.Name) == nil {
			faults = append(faults, newFault(element("materials", i)+".name", FaultUnknown, "本一件事不需要“%s”，不得要求或收取", "%q is no material of this package and must not be asked for", show(s.Name)))
		}
	}
	for i, name := range applying {
		if m := wanted(name); m == nil || m.Required {
			faults = append(faults, newFault(element("applying", i), FaultUnknown, "“%s”不是本一件事按情形提交的材料", "%q is not a conditional material of this package", show(name)))
		}
	}
	return capped(faults)
}

// Normal is a joint form as it is kept: as NormaliseForm has that of an item.
func (j *Joint) Normal(form []FieldValue) []FieldValue {
	fields := make([]Field, len(j.Form))
	for i, f := range j.Form {
		fields[i] = f.Field
	}
	return NormaliseForm(Item{Form: fields}, form)
}

// Collects reports whether the package collects an item's own material under a
// name of the one set.
func (j *Joint) Collects(name, material, item string) bool {
	return j.Package.nameOf(material, item) == name
}

// Asked are the names under which the package collects an item's own paper and asks
// its own question; empty stays empty.
func (j *Joint) Asked(material, key, item string) (paper, question string) {
	if material != "" {
		paper = j.Package.nameOf(material, item)
	}
	if question = key; key != "" && slices.ContainsFunc(j.Form, func(f JointField) bool { return f.Key == apart(key, item) }) {
		question = apart(key, item)
	}
	return paper, question
}
